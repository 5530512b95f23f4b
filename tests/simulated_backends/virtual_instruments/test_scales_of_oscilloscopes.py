"""Times and volts of a square wave in the record of each model of oscilloscope, through its driver.

The wave is known: it is a source of the circuit. Its period must be right within the stated accuracy of the time base,
and its levels within that of the input. The tests of imperfections measure each of these errors more exactly.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.acceptance.scope_levels import Screen, levels_of
from tests.fixtures.model_bench import ModelBench, every, first_of_drivers_or_soak
from tsbench.instruments import EdgeTrigger, Timebase, Vertical
from tsbench.records import FloatArray, Waveform

MODELS = every("oscilloscope")
HIGH, PERIOD, EDGE = 0.8, 100e-6, 100e-9  #: [V], [s], [s]
PERIODS = 10  #: in the record
NETLIST = f"V_square in 0 PULSE(0 {HIGH:g} 0 {EDGE:g} {EDGE:g} {PERIOD / 2 - EDGE:g} {PERIOD:g})\nR_in in 0 50\n"


def rising_edges(times: FloatArray, volts: FloatArray) -> FloatArray:
    """Return when the wave rises [s]: between its last sample below 30 % and its first above 70 %.

    Noise crosses the level of 50 % several times in one edge.
    """
    sure = np.flatnonzero(np.abs(volts / HIGH - 0.5) > 0.2)
    above = volts[sure] > HIGH / 2
    at = np.flatnonzero(above[1:] & ~above[:-1])
    return np.asarray((times[sure[at]] + times[sure[at + 1]]) / 2, dtype=float)


def scales_are_true(record: Waveform, shown: Screen) -> None:
    """Compare levels and period of the wave with those that it has."""
    times, volts = record.times(), record.values()[0]
    found = levels_of(volts)
    assert found.high == pytest.approx(HIGH, abs=shown.level_bound(HIGH, found.samples))
    assert found.low == pytest.approx(0.0, abs=shown.level_bound(0.0, found.samples))
    assert found.swing == pytest.approx(HIGH, abs=shown.swing_bound(HIGH, found.samples))
    up = rising_edges(times, volts)
    assert len(up) >= PERIODS - 1
    of_an_edge = record.dt + 2.0 * shown.noise() * EDGE / HIGH
    error = shown.sheet.timebase_accuracy * PERIOD + of_an_edge / (len(up) - 1)
    assert (up[-1] - up[0]) / (len(up) - 1) == pytest.approx(PERIOD, abs=error)


def record_of(model: str, folder: Path) -> tuple[Waveform, Screen]:
    """Return a record of the wave, and how the channel was set."""
    with ModelBench(folder, MODELS[model], NETLIST, {"1": "in"}, "scope") as table:
        scope, sheet = table.bench.oscilloscope(), getattr(table.virtual, "data_sheet", None) or table.virtual.sheet
        accepted = scope.configure_channel(1, Vertical(1.6, HIGH / 2))
        for channel in range(2, scope.capabilities.channels + 1):
            scope.disable_channel(channel)
        scope.configure_timebase(Timebase(PERIODS * PERIOD, 0.0, 1))
        scope.configure_trigger(EdgeTrigger(1, HIGH / 2))
        scope.arm()
        for _ in range(100):
            if scope.complete():
                break
            table.wait(PERIOD)
        return scope.fetch([1])[1], Screen(sheet, accepted.range / sheet.divisions, HIGH / 2)


@pytest.mark.thin(8)
@pytest.mark.parametrize("model", first_of_drivers_or_soak("oscilloscope"))
def test_a_square_wave_has_its_period_and_its_levels(model: str, tmp_path: Path) -> None:
    record, shown = record_of(model, tmp_path)
    scales_are_true(record, shown)
    gain = shown.sheet.gain_accuracy
    for wrong in (
        replace(record, dt=1.003 * record.dt), replace(record, dt=0.997 * record.dt),
        *(replace(record, scale=factor * record.scale, offset=factor * record.offset)
          for factor in (1.02 + 2.0 * gain, 0.98 - 2.0 * gain)),
    ):
        with pytest.raises(AssertionError):
            scales_are_true(wrong, shown)
