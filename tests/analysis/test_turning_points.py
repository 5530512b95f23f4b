"""Half-sweeps of a voltage that was read back with noise, against how the drive was made."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tsbench.analysis.threshold.half_sweeps import IVPoints, split
from tsbench.analysis.threshold.switching_results import SweepFacts
from tsbench.analysis.threshold.threshold import switching
from tsbench.analysis.threshold.turning_points import drive_noise, is_closed, least_reversal

STEPS = st.integers(20, 200)


def drive(shape, sides, number):
    """Half-sweeps from 0 to 1 V and back, ``number`` points up."""
    if shape == "sine":
        one = np.sin(np.linspace(0.0, np.pi, 2 * number + 1))
    else:
        up = np.linspace(0.0, 1.0, number + 1)
        one = np.concatenate((up, up[-2::-1]))
    if shape == "dwells":
        one = np.repeat(one, 3)
    return np.concatenate([side * one for side in sides])


def device(source, resistance=0.0, threshold=0.6, hold=0.3, on=1e3, off=1e8):
    """Device voltage and current behind a resistance, point by point."""
    volts, amps, switched = np.empty(source.size), np.empty(source.size), False
    for k, level in enumerate(source):
        for _ in range(2):
            across = level * (on if switched else off) / ((on if switched else off) + resistance)
            changed = not switched if abs(across) >= threshold and not switched else (
                False if abs(across) < hold and switched else switched)
            if changed == switched:
                break
            switched = changed
        volts[k], amps[k] = across, across / (on if switched else off)
    return volts, amps


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    shape=st.sampled_from(["triangle", "sine", "dwells"]), number=STEPS, noise=st.sampled_from([0.0, 0.05, 0.2, 0.4]),
    sides=st.lists(st.sampled_from([1, -1]), min_size=1, max_size=6), seed=st.integers(0, 1000),
    offset=st.sampled_from([0.0, 1e-4]),
)
@example(shape="triangle", number=20, noise=0.0, sides=[-1], seed=0, offset=1e-4)
@example(shape="triangle", number=20, noise=0.0, sides=[-1, -1, 1], seed=0, offset=2e-5)
def test_as_many_half_sweeps_as_were_made(shape, number, noise, sides, seed, offset):
    source = drive(shape, sides, number)
    _, current = device(source)
    read = source + noise / number * np.random.default_rng(seed).standard_normal(source.size) + offset
    found = list(split(IVPoints(read, current)))
    assert [half.polarity for half in found] == sides
    near = 12 * max(noise, 0.1) + (source.size / len(sides)) * 0.02 + 2
    assert [half.first for half in found] == pytest.approx(source.size / len(sides) * np.arange(len(sides)), abs=near)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(resistance=st.floats(100.0, 900.0), sides=st.lists(st.sampled_from([1, -1]), min_size=1, max_size=4),
       noise=st.sampled_from([0.0, 1e-3]), seed=st.integers(0, 99))
def test_a_device_that_switches_behind_a_resistance_does_not_end_a_half_sweep(resistance, sides, noise, seed):
    source = 1.5 * drive("triangle", sides, 150)
    volts, current = device(source, resistance)
    read = volts + noise * np.random.default_rng(seed).standard_normal(volts.size)
    assert [half.polarity for half in split(IVPoints(read, current))] == sides


@pytest.mark.parametrize("noise", [0.0, 1e-4, 2e-3])
@pytest.mark.parametrize("start", [0, 37, 140, 199])
def test_a_loop_cut_open_anywhere_is_two_half_sweeps(noise, start):
    phase = 2 * np.pi * np.arange(200) / 200
    source = np.roll(np.sin(phase), -start)
    current = 1e-3 * source**3 + 1e-6 * np.roll(np.cos(phase), -start)
    read = source + noise * np.random.default_rng(3).standard_normal(200)
    found = list(split(IVPoints(read, current)))
    assert sorted(half.polarity for half in found) == [-1, 1]
    assert sum(half.voltage.size for half in found) == 200


def test_thresholds_under_read_back_noise():
    source = drive("triangle", [1] * 40, 200)
    _, current = device(source)
    read = source + 2e-3 * np.random.default_rng(5).standard_normal(source.size)
    noise = drive_noise(read)
    assert noise == pytest.approx(2e-3, rel=0.2)
    found = switching(IVPoints(read, current), SweepFacts(voltage_noise=noise))
    thresholds = [one.threshold_voltage for one in found]
    assert len(found) == 40
    assert np.mean([one.value for one in thresholds]) == pytest.approx(0.5975, abs=0.002)
    assert sum(one.low <= 0.6 and one.high >= 0.595 for one in thresholds) >= 38


def test_what_is_not_finite_is_left_out():
    source = drive("triangle", [1, -1], 50)
    current = 1e-3 * source
    spoilt = source.copy()
    spoilt[[3, 60, 120]] = [np.nan, np.inf, -np.inf]
    found = list(split(IVPoints(spoilt, current)))
    assert [half.polarity for half in found] == [1, -1]
    assert sum(half.voltage.size for half in found) == source.size - 3
    assert not list(split(IVPoints(np.full(5, np.nan), np.ones(5))))
    assert not list(split(IVPoints(np.empty(0), np.empty(0))))
    assert least_reversal(np.empty(0)) == 0.0


def last_point(fires, noise, seed, points=100, sign=1.0, repeats=1):
    """A half-sweep to 1 V and back; the device switches on at the last set-point and off below 0.945 V."""
    up = np.linspace(0.0, 1.0, points + 1)
    level = np.concatenate((up[:-1], np.full(repeats, 1.0), up[-2::-1]))
    number = np.arange(level.size)
    on = fires & (number >= points) & (level > 0.945)
    clean = level * np.where(on, 1e-3, 1e-6)
    return sign * level, sign * clean * (1.0 + noise * np.random.default_rng(seed).standard_normal(level.size))


@pytest.mark.thin(2)
@pytest.mark.parametrize("noise", [0.0, 0.02, 0.1])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("repeats", [1, 3])
def test_a_threshold_at_the_last_set_point_is_bracketed(noise, sign, repeats):
    for seed in range(5):
        (half,) = switching(IVPoints(*last_point(True, noise, seed, sign=sign, repeats=repeats)))
        threshold = half.threshold_voltage
        assert sorted((abs(threshold.low), abs(threshold.high))) == pytest.approx([0.99, 1.0], abs=1e-9)
        assert half.hold_voltage.value == pytest.approx(sign * 0.945)


@pytest.mark.thorough
@settings(max_examples=80, deadline=None, derandomize=True)
@given(noise=st.sampled_from([0.0, 0.02, 0.1, 0.3]), wild=st.sampled_from([1.0, 3.0, 1e3]), seed=st.integers(0, 999),
       power=st.sampled_from([1.0, 1.5, 2.0]))
def test_one_wild_reading_at_the_peak_is_no_threshold(noise, wild, seed, power):
    voltage, current = last_point(False, noise, seed)
    current = current * np.maximum(voltage, 1e-9) ** (power - 1.0)
    current[100] *= wild
    (half,) = switching(IVPoints(voltage, current))
    assert half.threshold_voltage.value is None
    assert half.hold_voltage.value is None


def test_a_record_that_ends_at_the_last_set_point_has_no_threshold_there():
    voltage, current = last_point(True, 0.0, 0)
    (half,) = switching(IVPoints(voltage[:101], current[:101]))
    assert half.threshold_voltage.value is None


@pytest.mark.parametrize("slope", [10.0, 20.0, 38.0])
@pytest.mark.parametrize("repeats", [1, 8])
@pytest.mark.parametrize("points", [10, 20])
def test_a_diode_that_rests_at_the_peak_has_no_threshold_there(slope, repeats, points):
    up = np.linspace(0.0, 1.0, points + 1)
    level = np.concatenate((up[:-1], np.full(repeats, 1.0), up[-2::-1]))
    noise = np.random.default_rng(1).standard_normal(level.size)
    current = 1e-3 * (np.exp(slope * (level - 1.0)) - np.exp(-slope)) * (1.0 + 0.02 * noise) + 1e-12 * noise
    (half,) = switching(IVPoints(level, current))
    assert half.threshold_voltage.value is None


@pytest.mark.parametrize(("end", "last_current", "closed"), [
    (2.0, 0.2, True),      # three steps before the beginning: the loop is cut open
    (1.0, 0.2, False),     # four steps before: the end is somewhere else
    (8.0, 0.2, True),      # three steps behind it
    (9.0, 0.2, False),
    (2.0, 1.51, False),    # the device is in another state: the current is more than a tenth of its maximum away
    (2.0, 1.49, True),
])
def test_a_loop_is_closed_where_its_end_meets_its_beginning(end, last_current, closed):
    """A drive in steps of 1 V begins at 5 V, turns at 10 V and at 0 V, and ends on the way up (or at the top)."""
    first, back, rest = np.arange(5.0, 11.0), np.arange(9.0, -1.0, -1.0), np.arange(1.0, end + 0.5)
    drive = np.concatenate((first, back, rest))
    current = np.full(drive.size, 0.5)
    current[first.size - 1], current[-1] = 10.0, last_current
    begin = first.size + back.size
    assert is_closed(drive, current, end=first.size, begin=begin, least=0.5) is closed


def test_a_record_of_whole_half_sweeps_is_no_loop_cut_open():
    drive = np.concatenate((np.arange(0.0, 11.0), np.arange(9.0, -1.0, -1.0)))
    assert not is_closed(drive, 0.1 * drive, end=21, begin=0, least=0.5)
