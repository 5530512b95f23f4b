"""Records with gaps, crossings, and the frequency of a few spikes: numbers by hand."""

import math
from typing import Any

import numpy as np
import pytest

from tsbench.analysis.oscillation.frequency import (
    FEWEST_FOR_JITTER,
    _regime,
    frequency_result,
    jitter_result,
    oscillation,
    regime_text,
)
from tsbench.analysis.oscillation.jitter import jitter_of
from tsbench.analysis.oscillation.noise_with_memory import _like_a_telegraph, _spread, is_told_apart
from tsbench.analysis.oscillation.spikes import Spikes, spike_times
from tsbench.analysis.signal import steepest_rise, upward_crossings, usable_record
from tsbench.analysis.statistics import expanded
from tsbench.records import Flag

NAN, INF, OVERFLOWN = math.nan, math.inf, 9.9e37


def usable(time: Any, *signals: Any) -> tuple[list[float], list[list[float]], Flag]:
    found, others, flags = usable_record(np.array(time), *(np.array(signal) for signal in signals))
    return found.tolist(), [signal.tolist() for signal in others], flags


def test_a_whole_record_stays_as_it_is() -> None:
    assert usable([0.0, 1, 3], [5.0, -7, 9.9e19]) == ([0, 1, 3], [[5, -7, 9.9e19]], Flag.NONE)
    assert usable([], []) == ([], [[]], Flag.NONE)
    assert usable([0.0, 1], [1.0, 2], [3.0, 4]) == ([0, 1], [[1, 2], [3, 4]], Flag.NONE)


@pytest.mark.parametrize("bad", [NAN, INF, -INF, OVERFLOWN, -OVERFLOWN, 1e20, -1e22])
def test_samples_that_are_no_numbers_lie_between_their_neighbours(bad: float) -> None:
    """In both signals, for they belong together."""
    time, signals, flags = usable([0.0, 1, 2, 3, 4], [1.0, bad, 5, 6, 7], [9.0, 8, 7, bad, 5])
    assert (time, flags) == ([0, 1, 2, 3, 4], Flag.OVERFLOW)
    assert signals == [[1, 3, 5, 6, 7], [9, 8, 7, 6, 5]]
    assert usable([0.0, 1, 2], [bad, 2, 3])[1] == [[2, 2, 3]]   # at an end its neighbour


def test_where_time_is_not_known_the_sample_is_left_out() -> None:
    for bad in (NAN, INF):
        assert usable([0.0, bad, 2, 3], [1.0, 2, 3, 4]) == ([0, 2, 3], [[1, 3, 4]], Flag.OVERFLOW)


@pytest.mark.parametrize(("good", "whole"), [(4, True), (3, False)])
def test_a_record_of_which_less_than_half_is_left_is_not_used(good: int, whole: bool) -> None:
    values = np.where(np.arange(9) < good, 1.0, NAN)
    time, _, flags = usable(np.arange(9.0), values)
    assert (len(time) == 9) is whole and flags == Flag.OVERFLOW
    assert usable([0.0, 1], [1.0, NAN])[0] == [] and usable([0.0, 1, 2], [1.0, 2, NAN])[0] == [0, 1, 2]


def test_time_must_rise() -> None:
    for time in ([0.0, 2, 1], [0.0, 1, 1]):
        assert usable(time, [1.0, 2, 3]) == ([], [[]], Flag.UNDER_SAMPLED)
    assert usable([0.0, 2, 1, 3], [1.0, NAN, 3, 4])[2] == Flag.UNDER_SAMPLED | Flag.OVERFLOW


def test_crossings_are_where_a_line_between_samples_passes() -> None:
    assert upward_crossings(np.array([0.0, 1, 0, 4, 4, 1]), 1.0).tolist() == [1.0, 2.25]
    assert upward_crossings(np.array([3.0, 1, 0.5]), 1.0).size == 0
    assert upward_crossings(np.array([0.0, 4]), 1.0).tolist() == [0.25]


def test_the_steepest_rise_between_two_samples() -> None:
    """Of two rises of tanh the one that lies within the bounds, to a fraction of a sample."""
    number = np.arange(400.0)
    values = np.tanh((number - 100.3) / 8) + 2 * np.tanh((number - 300.6) / 8)
    found = steepest_rise(values, 50, 200, 12, 1e-3)
    assert found.place == pytest.approx(100.3, abs=0.1) and 0 < found.random < 0.5 and 0 <= found.model < 0.5
    assert found.passes == pytest.approx(8 * math.acosh(math.sqrt(2)), rel=0.25)
    assert steepest_rise(values, 0, 999, 12, 1e-3).place == pytest.approx(300.6, abs=0.1)
    assert steepest_rise(values, -5, 200, 12, 1e-3).place == pytest.approx(100.3, abs=0.1)


@pytest.mark.parametrize("noise", [1e-6, 1e-3, 1e-2])
def test_the_steepest_point_of_a_rise_that_is_uneven_as_a_whole(noise: float) -> None:
    """A slow exponential rise that ends in a sudden bend: its steepest point is near the end of the rise."""
    number = np.arange(400.0)
    values = np.exp(np.minimum(number - 200.0, 0.0) / 25)
    values = np.convolve(values, np.exp(-0.5 * (np.arange(-20, 21) / 4.0) ** 2), mode="same") / 10.03
    truth = float(np.argmax(np.gradient(values)[150:250])) + 150
    values = values + np.random.default_rng(4).normal(0, noise, 400)
    found = steepest_rise(values, 140, 210, 25, noise)
    assert abs(found.place - truth) < 1.0 + 3 * math.hypot(found.random, found.model)
    assert math.hypot(found.random, found.model) < 8.0


def spikes(times: Any, uncertainty: float = 0.0, flags: Flag = Flag.NONE) -> Spikes:
    found = np.asarray(times, dtype=np.float64)
    return Spikes(found, uncertainty, False, np.zeros(found.size), 1.0, 0.0, flags)


def test_the_frequency_of_two_intervals() -> None:
    """1 s and 2 s: the mean is known to 12.7 times 0.5 s, so the frequency has no upper end."""
    found = oscillation(spikes([0, 1, 3]))
    assert found.frequency == pytest.approx(1 / 1.5) and found.low == pytest.approx(1 / (1.5 + 12.7062047 * 0.5))
    assert found.high is None and found.flags == Flag.CENSORED | Flag.TOO_FEW and found.jitter is None
    result = frequency_result(found, {"bias": 2.0})
    assert (result.unit, result.value, result.conditions) == ("Hz", found.frequency, {"bias": 2.0})
    assert "2 inter-spike intervals, too few to name a regime" in result.method
    quiet = oscillation(spikes([0, 1], flags=Flag.CLIPPED))
    assert (quiet.frequency, quiet.regime, quiet.flags) == (None, "quiet", Flag.NO_EVENT | Flag.CLIPPED)
    assert frequency_result(quiet, {}).method == "no oscillation" and regime_text(quiet) == "quiet"


def test_timing_noise_and_the_time_base_widen_a_frequency() -> None:
    """Four even intervals of 2 s, spikes known to 0.1 s, a time base of 1 %."""
    noise = math.sqrt(2) * 0.1 / 4
    for accuracy, half in ((0.0, 1.959964 * noise), (0.01, expanded(noise, 0.01 * 2.0))):
        found = oscillation(spikes([0, 2, 4, 6, 8], 0.1), accuracy)
        assert (found.low, found.high) == (pytest.approx(1 / (2 + half)), pytest.approx(1 / (2 - half)))
    assert jitter_result(oscillation(spikes(range(10))), {}).flags == Flag.TOO_FEW
    enough = jitter_result(oscillation(spikes(range(11))), {})
    assert Flag.TOO_FEW not in enough.flags and enough.flags & Flag.CENSORED and enough.value is None


@pytest.mark.parametrize(("intervals", "regime"), [
    ([1.0] * 9, "too few"), ([1.0] * 10, "tonic"),
    ([1 + 0.047 * (-1) ** k for k in range(10)], "tonic"), ([1 + 0.048 * (-1) ** k for k in range(10)], "variable"),
    (np.linspace(0.6, 1.4, 10), "variable"), (np.linspace(0.5, 1.5, 10), "irregular"),
    ([1.0] * 10 + [3.0] * 2, "bursting"), ([1.0] * 11 + [3.0], "irregular"), ([1.0] * 2 + [3.0] * 10, "bursting"),
    ([1.0] + [3.0] * 11, "variable"), ([1.0] * 8 + [1.45] * 4, "variable"), ([1.0] * 8 + [1.55] * 4, "bursting"),
    ([1.0, 1.0, 1.3, 1.6, 1.9, 1.9, 3.4, 3.5, 3.6, 3.7], "irregular"),   # within: 1.9, between: 1.79
    ([1.0, 1.0, 1.3, 1.6, 1.7, 1.7, 3.4, 3.5, 3.6, 3.7], "bursting"),
])
def test_the_regime_of_intervals(intervals: Any, regime: str) -> None:
    known = np.asarray(intervals, dtype=np.float64)
    jitter = jitter_of(known, 1e-3 * float(known.std(ddof=1))) if known.size >= FEWEST_FOR_JITTER else None
    assert _regime(known, jitter) == regime


def test_timing_errors_are_no_variation_of_a_tonic_train() -> None:
    """Spikes every microsecond, each known to 60 ns: the intervals differ by 8 %."""
    spikes = 1e-6 * np.arange(400) + 60e-9 * np.random.default_rng(1).standard_normal(400)
    intervals = np.diff(spikes)
    assert intervals.std() > 0.05 * intervals.mean() and _regime(intervals, jitter_of(intervals, 60e-9)) == "tonic"


def test_a_record_with_one_edge_has_one_passage() -> None:
    time = np.arange(400.0)
    for up in (True, False):
        found = spike_times(time, np.interp(time, [0, 100, 110, 399], [0, 0, 1, 1] if up else [1, 1, 0, 0]))
        assert found.times == pytest.approx([105.0]) and found.falling is not up
        assert found.levels == pytest.approx([0.5]) and found.swing == 1.0 and found.flags == Flag.NONE


def test_the_spread_of_intervals() -> None:
    assert _spread(np.array([1.0, 3.0])) == pytest.approx(math.sqrt(2) / 2)
    assert _spread(np.array([-1.0, -3.0])) == pytest.approx(math.sqrt(2) / 2)
    assert _spread(np.array([1.0])) == _spread(np.array([1.0, -1.0])) == math.inf


@pytest.mark.parametrize(("count", "jitter", "told"), [
    (4, 0.05, True), (3, 0.05, False), (3, 0.01, True), (1, 0.0, False)])
def test_intervals_and_heights_that_repeat_are_no_noise(count: int, jitter: float, told: bool) -> None:
    """Of four intervals within 15 %; of fewer within 4 %. So short a record has no line and no distribution."""
    times = np.cumsum([3.0, *(10.0 * (1 + jitter * (-1) ** k) for k in range(count))])
    time = np.arange(0.0, 60.0)
    values = np.where(np.isin(time, np.round(times)), 1.0, 0.0)
    assert is_told_apart(time, values, spikes(times)) is told
    uneven = values * np.where(time < 20.0, 1.0, 0.5)   # the heights vary
    assert not is_told_apart(time, uneven, spikes(times))


def test_a_telegraph_has_two_levels_and_times_of_any_length() -> None:
    random = np.random.default_rng(3)
    ends = np.cumsum(random.exponential(50.0, 60))
    time = np.arange(2500.0)
    values = np.searchsorted(ends, time) % 2 + 0.01 * random.standard_normal(time.size)
    rises = np.flatnonzero(np.diff(np.round(values)) > 0).astype(float)
    found = Spikes(rises, 0.0, False, np.full(rises.size, 0.5), 1.0, 0.01, Flag.NONE)
    inside = np.searchsorted(time, rises)
    assert _like_a_telegraph(time, values, found, inside)
    assert not _like_a_telegraph(time, np.sin(time / 20.0), found, inside)   # most of it is between two levels
    even = (time // 40) % 2
    starts = np.flatnonzero(np.diff(even) > 0).astype(float)
    regular = Spikes(starts, 0.0, False, np.full(starts.size, 0.5), 1.0, 0.0, Flag.NONE)
    assert not _like_a_telegraph(time, even, regular, np.searchsorted(time, starts))


def test_the_steps_of_a_digitiser_do_not_tell_an_oscillation_from_noise() -> None:
    from scipy.signal import lfilter

    from tsbench.analysis.oscillation.noise_with_memory import not_gaussian

    smooth = np.random.default_rng(3).standard_normal(60_000)
    for _ in range(2):
        smooth = lfilter([1.0], [1.0, -np.exp(-1 / 300)], smooth)
    coded = np.round(smooth / smooth.std() / 0.05) * 0.05   # from sample to sample it changes by far less than a code
    assert not_gaussian(coded) and not not_gaussian(coded, 0.05)
    spiky = coded + 3.0 * (np.arange(coded.size) % 7000 < 50)
    assert not_gaussian(spiky, 0.05)


@pytest.mark.parametrize(("size", "most", "block"), [(10, 10, 1), (11, 5, 3), (600_001, 1000, 601)])
def test_a_record_is_averaged_in_equal_blocks(size: int, most: int, block: int) -> None:
    from tsbench.analysis.oscillation.samples import ArraySamples, averaged

    means, each = averaged(ArraySamples(np.arange(size, dtype=np.float64)), most)
    assert each == block and means.size == size // block <= most
    assert means == pytest.approx(block * np.arange(means.size) + 0.5 * (block - 1))
