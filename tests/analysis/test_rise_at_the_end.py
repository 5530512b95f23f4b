"""A device that switches just before the end of a pulse has not stayed off: what it did is not known."""

import numpy as np
import pytest

from tsbench.analysis.pulse.shown import rises_at_the_end
from tsbench.analysis.pulse.switching_delay import switching_delay
from tsbench.records import Flag

DT, NOISE = 2e-9, 2e-7   #: [s], [A]


def record(before_the_end: float | None, seed: int, load: float = 0.0, edge: float = 20e-9):
    """Return a pulse of 1 us and 1.2 V on 1 MOhm, that switches to 5 kOhm so long [s] before its end; None: never.

    ``load``: [Ohm] in series, by which the voltage falls. ``edge``: [s] of rise and fall.
    """
    random, time = np.random.default_rng(seed), DT * np.arange(-250, 750)
    shape = np.clip(time / edge + 0.5, 0.0, 1.0) - np.clip((time - 1e-6) / edge + 0.5, 0.0, 1.0)
    since = -1.0 if before_the_end is None else time - 1e-6 + before_the_end
    on = 1.0 / (1.0 + np.exp(-np.clip(since / 1.25e-9, -60.0, 60.0)))
    conductance = 1e-6 + on * 2e-4
    voltage = 1.2 * shape / (1.0 + load * conductance)
    current = voltage * conductance + NOISE * random.standard_normal(time.size)
    return time, voltage + 5e-3 * random.standard_normal(time.size), current


@pytest.mark.parametrize("edge", [4e-9, 20e-9])
@pytest.mark.parametrize("load", [0.0, 1e3, 20e3])
@pytest.mark.parametrize("before_the_end", [12e-9, 20e-9, 30e-9, 38e-9, 42e-9, 46e-9, 50e-9, 54e-9, 70e-9])
@pytest.mark.parametrize("seed", range(5))
def test_a_pulse_that_switches_just_before_its_end_is_not_called_quiet(before_the_end, load, edge, seed):
    """The voltage of a device behind a load falls as it switches, as it does at the end of a pulse."""
    found = switching_delay(*record(before_the_end, seed, load, edge))
    assert found.value is not None or (not found.told and Flag.AMBIGUOUS in found.flags)
    assert found.value is not None or before_the_end < 50e-9


@pytest.mark.parametrize("edge", [4e-9, 20e-9, 100e-9])
@pytest.mark.parametrize("seed", range(10))
def test_a_pulse_that_does_not_switch_is_quiet(seed, edge):
    found = switching_delay(*record(None, seed, edge=edge))
    assert found.told and found.flags == Flag.NO_EVENT


def test_two_wild_samples_are_no_rise():
    voltage, current = np.ones(400), np.full(400, 1e-6)
    current[390:392] = 1e-3
    assert not rises_at_the_end(voltage, current, (0, 399), NOISE)
    current[392] = 1e-3
    assert rises_at_the_end(voltage, current, (0, 399), NOISE)


@pytest.mark.parametrize(("left", "counts"), [(0.25, True), (0.15, False)])
def test_a_rise_behind_the_end_counts_while_a_fifth_of_the_voltage_is_left(left, counts):
    voltage, current = np.ones(400), np.full(400, 1e-6)
    voltage[360:], current[360:] = left, 1e-3
    assert rises_at_the_end(voltage, current, (0, 359), NOISE) is counts


@pytest.mark.parametrize(("share", "counts"), [(0.94, False), (0.96, True)])
def test_a_rise_within_the_last_twentieth_counts(share, counts):
    """One before that is a part of what it is compared with: it is a switching, or none."""
    current = np.where(np.arange(400) < share * 400, 1e-6, 1e-3)
    assert rises_at_the_end(np.ones(400), current, (0, 399), NOISE) is counts


@pytest.mark.parametrize(("factor", "counts"), [(2.8, False), (3.2, True)])
def test_a_rise_of_three_times_the_median_counts(factor, counts):
    current = np.where(np.arange(400) < 385, 1e-6, factor * 1e-6)
    assert rises_at_the_end(np.ones(400), current, (0, 399), 1e-9) is counts


@pytest.mark.parametrize(("largest", "counts"), [(1.9, True), (2.3, False)])
def test_a_rise_must_be_above_the_largest_current_before(largest, counts):
    current = np.where(np.arange(400) < 385, 1e-6, 3.2e-6)
    current[350] = largest * 1e-6
    assert rises_at_the_end(np.ones(400), current, (0, 399), 1e-9) is counts


@pytest.mark.parametrize(("noise", "counts"), [(0.26e-6, True), (0.29e-6, False)])
def test_a_rise_must_be_above_the_noise(noise, counts):
    current = np.where(np.arange(400) < 385, 1e-6, 3.2e-6)
    assert rises_at_the_end(np.ones(400), current, (0, 399), noise) is counts
