"""Energy per spike, of waveforms whose energy is known by arithmetic."""

from dataclasses import replace

import numpy as np
import pytest

from tsbench.analysis.energy.spike_energy import PowerFacts, SourcePath, energy_result, spike_energies
from tsbench.analysis.oscillation.spikes import spike_times
from tsbench.records import Flag

PERIOD, DT, PERIODS = 1e-6, 1e-9, 40
TIME = np.arange(round(PERIODS * PERIOD / DT) + 1) * DT
PHASE = (TIME / PERIOD + 0.3) % 1.0
#: a ramp from 0.5 to 1.0 V with a fast fall, and a current that flows while it falls
VOLTAGE = np.where(PHASE < 0.9, 0.5 + 0.5 * PHASE / 0.9, 1.0 - 0.5 * (PHASE - 0.9) / 0.1)
CURRENT = 1e-4 + 2e-3 * np.exp(-(((PHASE - 0.95) / 0.02) ** 2))
FACTS = PowerFacts()


def true_energy(voltage=VOLTAGE, current=CURRENT):
    """Of the mean period [J], by a sum over whole periods."""
    whole = round(PERIOD / DT) * (PERIODS - 2)
    return float((voltage * current)[:whole].sum()) * DT / (PERIODS - 2)


def found(voltage=VOLTAGE, current=CURRENT, facts=FACTS, noise=0.0):
    random = np.random.default_rng(1)
    seen = voltage + random.normal(0, noise, TIME.size)
    current = current + random.normal(0, noise / 50.0, TIME.size)
    return spike_energies(TIME, seen, current, spike_times(TIME, seen), facts)


def test_every_period_has_the_energy_of_the_wave() -> None:
    taken = found()
    assert taken.energies.size >= PERIODS - 2 and taken.flags == Flag.NONE
    assert taken.energies == pytest.approx(true_energy(), rel=2e-4, abs=0.0)


def test_noise_widens_the_interval_and_does_not_shift_it() -> None:
    facts = replace(FACTS, voltage_gain=2e-3)
    result = energy_result(found(facts=facts, noise=5e-3), {"bias": 2.0})
    assert result.low < true_energy() < result.high and result.value == pytest.approx(true_energy(), rel=5e-3, abs=0.0)
    assert result.conditions == {"bias": 2.0} and "40" not in result.unit


def test_a_late_current_is_set_right() -> None:
    """A sensor with a time constant of 5 ns: the current is seen late by that, and smoother."""
    late = np.interp(TIME - 5e-9, TIME, CURRENT)
    raw, corrected = found(current=late), found(current=late, facts=replace(FACTS, sense_delay=5e-9))
    assert abs(raw.energies.mean() / true_energy() - 1) > 5e-3
    assert corrected.energies.mean() == pytest.approx(true_energy(), rel=1e-3, abs=0.0)


def test_the_current_of_a_capacitance_at_the_device_carries_no_energy() -> None:
    """Over a whole period it sums to nothing, wherever the period begins."""
    capacitance = 20e-12
    seen = CURRENT + capacitance * np.gradient(VOLTAGE, DT)
    taken = found(current=seen, facts=replace(FACTS, capacitance=capacitance))
    assert taken.energies.mean() == pytest.approx(true_energy(), rel=1e-3, abs=0.0)


def source(of=CURRENT, level=2.0, **more):
    """A source that drives the mean current of the wave."""
    inside = slice(0, round(PERIOD / DT) * (PERIODS - 2))
    mean_v, mean_i = float(VOLTAGE[inside].mean()), float(of[inside].mean())
    return SourcePath(level, more.get("volts", 5e-3), (level - mean_v) / mean_i, more.get("part", 5e-3))


def test_the_source_tells_the_zero_of_the_current() -> None:
    wrong = CURRENT + 5e-5   # a zero that is off by a sixth of the mean current
    facts = PowerFacts(current_offset=4e-5)
    alone, known = found(current=wrong, facts=facts), found(current=wrong, facts=replace(facts, source=source()))
    assert alone.energies.mean() > 1.1 * true_energy() and not alone.by_source
    assert known.energies.mean() == pytest.approx(true_energy(), rel=0.02, abs=0.0) and known.by_source
    assert known.uncertainty < 0.15 * alone.uncertainty and known.flags == Flag.NONE


def test_a_source_that_cannot_drive_the_current_is_not_believed() -> None:
    facts = PowerFacts(current_offset=1e-6, source=source(of=3 * CURRENT))
    taken = found(facts=facts)
    assert Flag.AMBIGUOUS in taken.flags and not taken.by_source
    assert taken.energies.mean() == pytest.approx(true_energy(), rel=1e-3, abs=0.0)


def test_a_bench_without_errors_has_the_interval_of_its_scatter() -> None:
    assert found(facts=PowerFacts(source=source(volts=0.0, part=0.0))).uncertainty == pytest.approx(0.0, abs=1e-30)


def test_both_polarities_take_energy() -> None:
    mirrored = found(voltage=-VOLTAGE, current=-CURRENT)
    assert mirrored.energies.mean() == pytest.approx(true_energy(), rel=1e-3, abs=0.0)


@pytest.mark.parametrize("current", [np.full(TIME.size, 1e-4), np.zeros(TIME.size)])
def test_a_current_without_spikes_is_no_event(current) -> None:
    result = energy_result(found(current=current), {})
    assert result.value is None and Flag.NO_EVENT in result.flags


def test_broken_records_give_a_flag_and_no_number() -> None:
    spikes = spike_times(TIME, VOLTAGE)
    for time, voltage in ((TIME[:0], VOLTAGE[:0]), (TIME[:1], VOLTAGE[:1]), (TIME, np.full(TIME.size, np.nan))):
        result = energy_result(spike_energies(time, voltage, voltage, spikes, FACTS), {})
        assert result.value is None and Flag.NO_EVENT in result.flags
    few = energy_result(spike_energies(TIME[:4000], VOLTAGE[:4000], CURRENT[:4000], spike_times(
        TIME[:4000], VOLTAGE[:4000]), FACTS), {})
    assert Flag.TOO_FEW in few.flags and few.value == pytest.approx(true_energy(), rel=2e-3, abs=0.0)


@pytest.mark.parametrize(("current", "offset", "flag"), [
    (-CURRENT, 1e-6, Flag.AMBIGUOUS), (-CURRENT, 1e-3, Flag.CENSORED), (CURRENT, 1e-6, Flag.NONE)])
def test_an_energy_that_no_passive_device_has_is_ambiguous(current, offset, flag) -> None:
    """The device would give energy. With an uncertain zero of the current, only an upper bound is known."""
    result = energy_result(found(current=current, facts=PowerFacts(current_offset=offset)), {})
    assert result.flags == flag and (result.high < 0.0) is (flag is Flag.AMBIGUOUS)
    assert (result.value is None and result.low is None) is (flag is Flag.CENSORED)
