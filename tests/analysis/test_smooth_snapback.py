"""A smooth turning point of the voltage under current drive: the ends of its interval, by hand."""

import math

import numpy as np
import pytest

from tests.analysis.test_interval_ends import FACTS, Z, amperes_apart
from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.level_change import LevelStep
from tsbench.analysis.threshold.snapback import Snapback, _sudden, snapback
from tsbench.analysis.threshold.switching_results import SweepFacts
from tsbench.records import Flag

STEPS = np.arange(201.0)   # [uA]
#: up to 1 V at 60 uA, down to 0.8 V at 140 uA, and up again; the steeper neighbour of the first is 1/3600 V lower
CURVE = np.where(STEPS <= 60, 1 - (1 - STEPS / 60) ** 2, np.where(
    STEPS <= 140, 0.9 + 0.1 * np.cos(np.pi * (STEPS - 60) / 80), 0.8 + 0.1 * ((STEPS - 140) / 60) ** 2))
UP, BESIDE = 1 / 3600, 0.1 * (1 - math.cos(math.pi / 80))


def turned(facts: SweepFacts, side: int = 1, noise: float = 0.0, flags: np.ndarray | None = None) -> Snapback:
    drive = 1e-6 * np.concatenate((STEPS, STEPS[-2::-1]))
    volts = np.concatenate((CURVE, CURVE[-2::-1]))
    volts = volts * (1.0 + noise * np.random.default_rng(7).standard_normal(volts.size))
    (found,) = snapback(IVPoints(side * volts, side * drive, side * drive, flags), facts)
    return found


@pytest.mark.parametrize("side", [1, -1])
def test_a_quiet_one_lies_between_its_reading_and_where_the_steeper_slope_would_have_led(side: int) -> None:
    found = turned(SweepFacts(), side)
    assert (found.threshold_index, found.hold_index) == (60, 260)
    voltage, hold = found.threshold_voltage, found.hold_voltage
    assert voltage.value == pytest.approx(side * (1.0 + UP / 2))
    assert hold.value == pytest.approx(side * (0.8 - BESIDE / 2))
    for result, ends in ((voltage, (1.0, 1.0 + UP)), (hold, (0.8 - BESIDE, 0.8))):
        low, high = sorted(side * end for end in ends)
        assert low - 3e-4 < result.low < low and high < result.high < high + 3e-4   # the curve itself looks like noise
        assert result.flags == Flag.NONE
    current, held = found.threshold_current, found.hold_current
    assert (current.value, held.value) == (pytest.approx(side * 60e-6), pytest.approx(side * 140e-6))
    assert sorted((abs(current.low), abs(current.high))) == pytest.approx([59e-6, 61e-6])
    assert sorted((abs(held.low), abs(held.high))) == pytest.approx([139e-6, 141e-6])
    fall = found.snapback_voltage
    assert (fall.value, fall.unit) == (pytest.approx(side * 0.2), "V")
    assert sorted((abs(fall.low), abs(fall.high))) == pytest.approx([0.2, 0.2 + UP])


def test_the_source_meter_and_the_wires_widen_it() -> None:
    """By root of sum of squares, with what the readings themselves scatter."""
    own = (turned(SweepFacts()).threshold_voltage.low - 1.0) / -Z
    for facts, uncertainty in (
            (SweepFacts(voltage_gain=2e-3), 2e-3 / math.sqrt(3)),
            (SweepFacts(path_resistance=100.0), 0.02 * 100.0 * 60e-6 / math.sqrt(3)),
            (SweepFacts(path_resistance=100.0, path_tolerance=0.1), 0.1 * 100.0 * 60e-6 / math.sqrt(3)),
            (SweepFacts(path_resistance=100.0, path_tolerance=0.0, current_gain=0.2),
             100.0 * 0.2 * 60e-6 / math.sqrt(3)),
    ):
        found = turned(facts).threshold_voltage
        assert found.low == pytest.approx(1.0 - Z * math.hypot(uncertainty, own), rel=1e-9)
        assert found.high == pytest.approx(1.0 + UP + Z * math.hypot(uncertainty, own), rel=1e-9)
    found = turned(FACTS)
    apart = amperes_apart(60e-6)
    assert (found.threshold_current.low, found.threshold_current.high) == (
        pytest.approx(59e-6 - apart), pytest.approx(61e-6 + apart))
    apart = Z * (math.sqrt(2) * 1e-3 + 1e-3 * 0.2 / math.sqrt(3))
    assert found.snapback_voltage.low == pytest.approx(0.2 - apart)
    assert found.snapback_voltage.high == pytest.approx(0.2 + UP + apart)


def test_a_noisy_one_is_the_median_of_three_readings() -> None:
    for noise in (0.003, 0.005):
        found = turned(SweepFacts(), noise=noise)
        voltage, k = found.threshold_voltage, found.threshold_index
        assert k is not None
        assert voltage.value == pytest.approx(float(np.median(found.half.voltage[k - 1 : k + 2])))
        assert voltage.high - voltage.value == pytest.approx(voltage.value - voltage.low)
        assert voltage.high - voltage.value == pytest.approx(Z * noise * voltage.value, rel=0.5)
        assert voltage.low < 1.0 < voltage.high + 0.01
        assert found.threshold_current.value == found.half.current[k]


def test_flags_of_the_readings_beside_it_are_passed_on() -> None:
    for place, seen in ((58, False), (59, True), (60, True), (61, True), (62, False)):
        flags = np.zeros(401, np.uint32)
        flags[place] = int(Flag.UNSETTLED | Flag.TIMEOUT)
        found = turned(SweepFacts(), flags=flags)
        assert found.threshold_voltage.flags == (Flag.UNSETTLED if seen else Flag.NONE), place
        assert found.threshold_current.flags == found.threshold_voltage.flags and not found.hold_voltage.flags


@pytest.mark.parametrize("side", [1, -1])
def test_means_of_an_oscillation_are_bounds_of_the_voltages_and_no_turning_points(side: int) -> None:
    """The scope saw an oscillation from 30 to 170 uA: the device goes beyond the means on both sides."""
    drive = np.concatenate((STEPS, STEPS[-2::-1]))
    flags = np.where((drive >= 30) & (drive <= 170), int(Flag.OSCILLATING), 0).astype(np.uint32)
    found = turned(FACTS, side, flags=flags)
    assert (found.threshold_index, found.hold_index) == (60, 260)
    for result, bound, outwards in ((found.threshold_voltage, 1.0, -1), (found.hold_voltage, 0.8, 1),
                                    (found.snapback_voltage, 0.2, -1)):
        inner, other = (result.low, result.high) if (outwards < 0) == (side > 0) else (result.high, result.low)
        assert result.value is None and other is None and inner is not None, result.quantity
        assert 0.0 < outwards * (side * inner - bound) < 0.02, result.quantity
        assert result.flags == Flag.OSCILLATING | Flag.CENSORED and "means" in result.method
    for result in (found.threshold_current, found.hold_current):
        assert (result.value, result.low, result.high) == (None, None, None)
        assert result.flags == Flag.OSCILLATING | Flag.NO_EVENT


def test_an_oscillation_behind_a_quiet_reading_leaves_the_turning_point() -> None:
    """The last reading before the fall is quiet, so it is one of the device."""
    drive = np.concatenate((STEPS, STEPS[-2::-1]))
    flags = np.where((drive > 60) & (drive < 140), int(Flag.OSCILLATING), 0).astype(np.uint32)
    found, quiet = turned(SweepFacts(), flags=flags), turned(SweepFacts())
    for one, other in zip(found.results()[:4], quiet.results()[:4], strict=True):
        assert (one.value, one.low, one.high) == (other.value, other.low, other.high)
        assert one.flags == Flag.OSCILLATING


def fallen_after(series: np.ndarray, before: int, after: int, window: int = 3, noise: float = 0.05) -> int | None:
    return _sudden(np.asarray(series, dtype=np.float64), LevelStep(before, after, 5.0, 50.0, window, noise))


def test_a_fall_at_once_is_half_of_the_whole_within_a_gap() -> None:
    """And three standard deviations of a difference more; here 2.5 + 0.21."""
    for readings in (1, 6):   # the fall in the first gap of all, in the last, and between
        assert fallen_after(np.where(np.arange(7) >= readings, 5.0, 0.0), readings - 1, readings) == readings - 1
    for first, at in ((2.65, None), (2.75, 5)):
        two_gaps = np.concatenate((np.zeros(6), [first], np.full(5, 5.0)))
        assert fallen_after(two_gaps, 5, 6) == at
    assert fallen_after(np.where(np.arange(12) >= 6, 5.0, 0.0), 4, 7) == 5   # seen over three gaps


@pytest.mark.parametrize(("noise", "window", "seen"), [
    (0.1, 3, True), (0.15, 4, False), (0.15, 6, True), (0.2, 8, False)])
def test_many_readings_show_two_levels_where_two_do_not(noise: float, window: int, seen: bool) -> None:
    readings = np.arange(16)
    series = np.where(readings > 7, 1.0, 0.0) + noise * np.where(readings % 2, 1.0, -1.0)
    assert fallen_after(series, 7, 8, window, noise) == (7 if seen else None)
