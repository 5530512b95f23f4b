"""Flags, bounds and interval of a stored search, one property at a time."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tsbench.analysis.adaptive.belief import Interval, belief
from tsbench.analysis.adaptive.drift import Drift
from tsbench.analysis.adaptive.search import ABOVE, BELOW, NARROW, SILENT, SPENT, threshold_goal
from tsbench.analysis.statistics import NORMAL_95, expanded
from tsbench.protocols.adapting.extraction import Searched
from tsbench.records import Flag

GOAL = threshold_goal(0.1, 2.0, 0.05, 50)
STEADY = Drift(Interval(0.0, -0.1, 0.1), 1.0, False)
OFF = 0.2  #: [V] limit of the error of an amplitude


def search(threshold: float = 1.0, pulses: int = 20, **how: Any) -> Searched:
    """A search with pulses of the whole range, of which those above ``threshold`` [V] fired."""
    volts = np.linspace(GOAL.prior.lowest, GOAL.prior.highest, pulses)
    found = belief(GOAL.prior, volts, (volts > threshold).astype(float))
    return replace(Searched(GOAL, found, pulses, 0, 0, NARROW, STEADY), **how)


def same(amplitude: float) -> float:
    return amplitude


def test_a_search_of_a_sharp_threshold_has_an_interval_and_no_flag() -> None:
    found = search()
    value, low, high = found.bounds(same)
    assert found.flags == Flag.NONE and low < 1.0 < high and low < value < high


@pytest.mark.parametrize("ended", [SPENT, SILENT, ""])
def test_a_search_that_ended_before_its_interval_was_narrow_has_too_few_pulses(ended: str) -> None:
    assert search(ended=ended).flags == Flag.TOO_FEW


@pytest.mark.parametrize("ended", [NARROW, ABOVE, BELOW])
def test_a_search_that_has_its_answer_has_not_too_few_pulses(ended: str) -> None:
    assert Flag.TOO_FEW not in search(ended=ended).flags


@pytest.mark.parametrize("why", ["at_once", "unreadable"])
def test_one_pulse_whose_record_does_not_tell_leaves_the_search_in_doubt(why: str) -> None:
    assert search(**{why: 1}).flags == Flag.AMBIGUOUS


def test_pulses_that_the_scope_missed_or_that_do_not_count_are_no_doubt() -> None:
    assert search(missed=1, uncounted=3).flags == Flag.NONE


@pytest.mark.parametrize("change", [Interval(0.2, 0.1, 0.5), Interval(-0.2, -0.5, -0.1)])
def test_after_a_drift_the_interval_holds_its_whole_way(change: Interval) -> None:
    """The place moved by up to 0.5 V, half of it before and half after the middle of the run."""
    steady, moved = search(), search(drift=Drift(change, 100.0, True))
    assert moved.interval.low == pytest.approx(steady.interval.low - 0.25)
    assert moved.interval.high == pytest.approx(steady.interval.high + 0.25)
    assert moved.interval.value == steady.interval.value and moved.flags == Flag.AMBIGUOUS
    assert search(drift=Drift(change, 2.0, False)).interval == steady.interval


def test_the_error_of_an_amplitude_joins_both_ends_of_the_interval() -> None:
    value, low, high = search().bounds(same)
    again, lower, higher = search().bounds(same, lambda amplitude: OFF)
    assert again == value
    assert value - lower == pytest.approx(expanded((value - low) / NORMAL_95, OFF))
    assert higher - value == pytest.approx(expanded((high - value) / NORMAL_95, OFF))
    assert value - lower > 0.9 * OFF and higher - value > 0.9 * OFF


@pytest.mark.parametrize(("threshold", "side"), [(5.0, 1), (0.0, -1)])
def test_a_bound_beyond_the_range_is_moved_by_the_error_of_an_amplitude(threshold: float, side: int) -> None:
    """No pulse fires, or all do: 95 % of the errors stay within 0.95 of their limit."""
    found = search(threshold)
    value, *ends = found.bounds(same)
    _, *moved = found.bounds(same, lambda amplitude: OFF)
    known, other = (0, 1) if side > 0 else (1, 0)
    assert value is None and ends[other] is None and moved[other] is None and Flag.CENSORED in found.flags
    assert side * (ends[known] - moved[known]) == pytest.approx(0.95 * OFF)
