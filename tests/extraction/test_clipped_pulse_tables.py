"""Pulses of a table with readings at an end of the range, or uneven times: what is known of each, and its flags."""

import math
from pathlib import Path

import numpy as np
import pytest

from tests.extraction.test_fast_pulse_tables import fast_pulses
from tsbench.analysis.tables.table import Table
from tsbench.analysis.threshold.switching_rule import Jump
from tsbench.extraction import pulse_tables
from tsbench.extraction.tables import analyse_table
from tsbench.records import Flag


def delays(time, voltage, current, windows=None):
    table = Table({"time": time, "voltage": voltage, "current": current}, (), {}, windows=windows or {})
    found = analyse_table(table, Path("t.csv"), Jump(), None, "pulses")
    return [result for result in found.results if result.quantity == "switching_delay"]


@pytest.mark.parametrize("windows", [{}, {"voltage": (-1.3, 1.3)}])
def test_a_voltage_at_its_end_behind_the_switching_is_said_and_bounds_no_delay(windows):
    time, voltage, current, truths = fast_pulses(pulses=2, load=1e-3)
    late = (time % 2.5e-6 > 1.05e-6) & (time % 2.5e-6 < 1.2e-6)
    found = delays(time, np.where(late, np.minimum(voltage + 0.3, 1.3), voltage), current, windows)
    assert [result.flags for result in found] == [Flag.CLIPPED] * 2
    assert [result.value for result in found] == pytest.approx(truths, abs=2e-9)


@pytest.mark.parametrize("windows", [{}, {"current": (-5e-4, 5e-4)}])
def test_a_current_at_its_end_in_the_rise_bounds_the_delay_from_below(windows):
    time, voltage, current, truths = fast_pulses(pulses=2)
    for result, truth in zip(delays(time, voltage, np.minimum(current, 5e-4), windows), truths, strict=True):
        assert result.value is None and result.high is None and result.low is not None
        assert truth - 20e-9 < result.low <= truth
        assert result.flags == Flag.CLIPPED | Flag.CENSORED


def test_no_end_no_flag():
    assert [result.flags for result in delays(*fast_pulses(pulses=2)[:3])] == [Flag.NONE] * 2


def test_lines_between_uneven_times_do_not_hide_the_noise_of_the_samples(monkeypatch):
    time, voltage, current, _ = fast_pulses(pulses=2, noise=(0.02, 2e-5))
    keep = np.random.default_rng(0).uniform(size=time.size) < 0.7
    told, measured = [], pulse_tables.outcome
    monkeypatch.setattr(pulse_tables, "outcome", lambda *record, **more: told.append(record[3]) or measured(
        *record, **more))
    delays(time[keep], voltage[keep], current[keep])
    assert len(told) == 2
    for facts in told:   # a code of so much scatters by its size / sqrt 12
        assert facts.voltage_resolution == pytest.approx(math.sqrt(12.0) * 0.02, rel=0.3)
        assert facts.current_resolution == pytest.approx(math.sqrt(12.0) * 2e-5, rel=0.3)
