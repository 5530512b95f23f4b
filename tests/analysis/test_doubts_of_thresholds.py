"""What a sweep does not show of its thresholds is said: an event not seen, coarse steps, 0 V, bounds of half-sweeps."""

import numpy as np
import pytest

from tests.analysis.test_threshold import curve
from tsbench.analysis.statistics import summarise
from tsbench.analysis.threshold.half_sweeps import IVPoints, split
from tsbench.analysis.threshold.sweep_statistics import statistics
from tsbench.analysis.threshold.switching_results import finished, result_of, step_flags
from tsbench.analysis.threshold.switching_rule import Jump, doubt_of_no_event
from tsbench.analysis.threshold.threshold import switching
from tsbench.records import Flag, Result

UP = np.arange(0.0, 1.001, 0.02)
LEVEL = np.concatenate((UP, UP[::-1][1:]))


def test_a_device_that_surely_switches_back_was_switched_on_unseen():
    """Its conductance rises evenly on the way up, by a factor of 1,000, and falls at once on the way down."""
    conductance = np.concatenate((1e-6 * 1e3 ** (UP**1.5), np.where(UP[::-1][1:] > 0.3, 1e-3, 1e-6)))
    (found,) = switching(IVPoints(LEVEL, LEVEL * conductance, LEVEL))
    assert found.hold_voltage.value == pytest.approx(0.31, abs=0.01) and found.hold_voltage.flags == Flag.NONE
    for result in found.results()[:2]:
        assert result.value is None and Flag.AMBIGUOUS in result.flags


@pytest.mark.parametrize(("share", "flag"), [(0.05, Flag.NONE), (0.15, Flag.UNDER_SAMPLED), (0.2, Flag.UNDER_SAMPLED)])
def test_steps_of_more_than_a_tenth_of_a_value_are_coarse(share, flag):
    assert step_flags(share, 1.0) == step_flags(share, -1.0) == flag


@pytest.mark.parametrize(("step", "flag"), [(0.02, Flag.NONE), (0.1, Flag.UNDER_SAMPLED)])
def test_coarse_steps_are_said_of_both_events(step, flag):
    (found,) = switching(curve(0.95, 0.3, step, path=0.0))
    assert found.threshold_voltage.value is not None and found.hold_voltage.value is not None
    assert found.threshold_voltage.flags & Flag.UNDER_SAMPLED == flag
    assert found.hold_voltage.flags & Flag.UNDER_SAMPLED == flag


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("low", "known"), [(-0.5e-3, True), (-1.5e-3, False), (-0.2, False)])
def test_an_interval_goes_beyond_zero_only_by_the_error_of_the_meter(low, known, side):
    (half,) = split(IVPoints(side * LEVEL, side * LEVEL * 1e-3, side * LEVEL))
    voltage = result_of(half, "hold_voltage", "V", "", value=0.1, low=low, high=0.4)
    found, _ = finished(half, (voltage, result_of(half, "hold_current", "A", "")), Flag.NONE, 1e-3)
    ends = (found.low, found.high)[::side]
    if known:
        assert found.value == side * 0.1 and ends == (0.0, side * 0.4) and found.flags == Flag.NONE
    else:
        assert found.value is None and ends == (None, side * 0.4) and found.flags == Flag.CENSORED


@pytest.mark.parametrize(("times", "readings", "flag"), [
    (20.0, 7, Flag.AMBIGUOUS), (20.0, 11, Flag.AMBIGUOUS), (200.0, 7, Flag.AMBIGUOUS), (2.0, 11, Flag.NONE)])
def test_a_step_to_some_times_the_least_current_may_hide_a_switching(times, readings, flag):
    floor, up = 1e-9, np.linspace(0.1, 1.0, readings)
    level = np.concatenate((up, up[::-1][1:]))
    current = np.where(level > 0.55, times, 0.05) * floor * level
    (half,) = split(IVPoints(level, current, level))
    assert doubt_of_no_event(half, Jump(), floor, Flag.NONE)[1] == flag


@pytest.mark.parametrize("bounded", [1, 4])
def test_the_error_of_a_value_is_in_the_bounds_of_mean_and_median(bounded):
    """Nine half-sweeps have a value within 50 mV, others an upper bound that is among these values."""
    values, wide = 0.3 + 0.001 * np.arange(9), 0.05
    found = [Result("hold_voltage", "V", value, value - wide, value + wide, "") for value in values]
    found += [Result("hold_voltage", "V", None, None, 0.304, "", flags=Flag.CENSORED)] * bounded
    mean, _, middle = statistics("hold_voltage", 1, found, {})
    seen = np.concatenate((values, np.full(bounded, 0.304)))
    assert mean.value is None and mean.high == pytest.approx(summarise(seen).high + wide, rel=1e-6)
    assert middle.high >= np.median(seen) + wide
    assert middle.low is None or middle.low <= 0.304 - wide
