"""What errors of the spike times and the sampling hide of a train: each as large as arithmetic says, and never lost."""

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from scipy.stats import chi2

from tsbench.analysis.oscillation.frequency import oscillation
from tsbench.analysis.oscillation.interval_statistics import (
    local_variation,
    regularity_results,
    serial_correlation,
    variation,
)
from tsbench.analysis.oscillation.jitter import Jitter, _degrees, _of_both_readings, jitter_of, within_samples
from tsbench.analysis.oscillation.line_width import train_results
from tsbench.analysis.oscillation.spikes import Spikes
from tsbench.records import Flag, FloatArray, Result

NORMAL_95 = NormalDist().inv_cdf(0.975)


def normal(count: int, spread: float = 0.02) -> FloatArray:
    """Return intervals of a mean of 1 s at equal steps of probability, in random order."""
    values = np.array([NormalDist(1.0, spread).inv_cdf((k + 0.5) / count) for k in range(count)])
    return np.random.default_rng(count).permutation(values)


def rows_of(intervals: FloatArray, hidden: float) -> dict[str, Result]:
    jitter = Jitter(0.02, 0.015, 0.03, 0.0, hidden=hidden)
    rows = regularity_results(intervals, 0.0, jitter, "tonic", {})
    return {row.quantity.removeprefix("inter_spike_interval_"): row for row in rows}


def test_a_sample_hides_the_difference_of_two_errors_that_are_uniform_within_it() -> None:
    """The variance of such a difference is twice a twelfth of the square of the sample interval."""
    found = within_samples(Jitter(0.02, 0.018, 0.022, 0.0), normal(40), 1e-3)
    assert found.hidden == pytest.approx(math.sqrt(2.0 / 12.0) * 1e-3)
    assert found.low == pytest.approx(math.sqrt(0.018**2 - 1e-6 / 6.0)) and found.value == 0.02


@pytest.mark.parametrize("count", [20, 40])
def test_a_jitter_within_samples_reaches_to_what_correlated_intervals_tell_of_their_variance(count: int) -> None:
    """Neighbours that correlate by -1/2 tell a variance as two thirds as many independent intervals do."""
    intervals = normal(count)
    found = within_samples(Jitter(0.02, 0.018, 0.022, 0.0), intervals, 1e-6)
    degrees = _degrees(intervals) / 1.5
    most = math.sqrt(degrees / float(chi2.ppf(0.02, degrees)))
    assert found.high == pytest.approx(most * float(intervals.std(ddof=1)), rel=0.02)


def test_a_jitter_of_two_readings_reaches_to_what_correlated_intervals_tell_of_their_variance() -> None:
    found = _of_both_readings(Jitter(None, None, 0.0, 0.0), 1.0, 0.0, 30.0)
    assert found.high == pytest.approx(math.sqrt(20.0 / float(chi2.ppf(0.025, 20.0))), rel=0.05)


@pytest.mark.parametrize(("share", "much"), [(0.05, False), (0.2, True)])
def test_a_tenth_of_the_variance_is_much_to_hide(share: float, much: bool) -> None:
    """The correlation, which nothing bounds then, has no value."""
    intervals = normal(50)
    hidden = math.sqrt(share * float(intervals.var()))
    assert Jitter(0.02, 0.0, 0.03, 0.0, hidden=hidden).is_much_hidden(intervals) is much
    found = rows_of(intervals, hidden)["correlation"]
    assert (found.value is None) is much and (found.flags == Flag.AMBIGUOUS) is much


def test_equal_intervals_may_hide_a_jitter_as_large_as_their_timing_errors() -> None:
    found = jitter_of(np.ones(50), 1e-9)
    assert found.value is None and found.high == pytest.approx(NORMAL_95 * 1e-9)
    assert found.mean_uncertainty == pytest.approx(math.sqrt(2.0) * 1e-9 / 50)


def test_what_the_sampling_hides_widens_the_variation_and_the_local_one() -> None:
    """The local variation of normal intervals is 2/sqrt(pi) times their variation."""
    intervals, hidden = normal(50), 5e-3
    free, widened = rows_of(intervals, 0.0), rows_of(intervals, hidden)
    for name, part in (("variation", hidden), ("local_variation", 2.0 / math.sqrt(math.pi) * hidden)):
        assert widened[name].high == pytest.approx(math.hypot(free[name].high, part))
        assert widened[name].low == pytest.approx(math.sqrt(free[name].low ** 2 - part**2))


def test_the_bound_of_a_local_variation_is_no_smaller_than_that_of_the_jitter() -> None:
    found = local_variation(np.ones(50), 0.0, Jitter(None, None, 0.1, 0.0))
    assert found.value is None and found.flags == Flag.CENSORED
    assert found.high == pytest.approx(0.2 / math.sqrt(math.pi))


@pytest.mark.parametrize(("share", "known"), [(0.4, True), (0.6, False)])
def test_where_timing_errors_explain_most_of_the_variance_no_number_is_left(share: float, known: bool) -> None:
    intervals = normal(60)
    local = local_variation(intervals, math.sqrt(share * float(np.mean(np.diff(intervals) ** 2)) / 6.0))
    assert (local.value is not None) is known and (local.flags == Flag.CENSORED) is not known
    serial = serial_correlation(intervals, math.sqrt(share * float(intervals.var()) / 2.0))
    assert (serial.value is not None) is known and (serial.flags == Flag.AMBIGUOUS) is not known


def test_the_variation_of_few_skewed_intervals_holds_the_truth_nineteen_of_twenty_times() -> None:
    """Intervals of a Poisson process, whose variation is 1: a sample shows the rare long ones too seldom."""
    jitter, count, held = Jitter(1.0, 0.0, 100.0, 0.0), 15, 0
    for seed in range(1000):
        found = variation(np.random.default_rng([seed, count]).exponential(1.0, count), 0.0, jitter)
        held += found.low <= 1.0 <= found.high
    assert held >= 960


def test_a_jitter_is_in_doubt_where_the_variation_of_the_same_intervals_contradicts_it() -> None:
    """Neither number tells which of both is right."""
    spikes = Spikes(np.cumsum(normal(300, 0.05)), 1e-4, falling=False, levels=np.zeros(300), swing=1.0, noise=0.0)
    measured = oscillation(spikes)
    assert measured.jitter is not None and measured.jitter.flags == Flag.NONE
    for high, doubt in ((measured.jitter.high, Flag.NONE), (0.02, Flag.AMBIGUOUS)):
        jitter = replace(measured.jitter, value=0.9 * high, low=0.8 * high, high=high)
        rows = {row.quantity: row for row in train_results(replace(measured, jitter=jitter), 1e-4, {})}
        assert rows["inter_spike_interval_variation"].flags & Flag.AMBIGUOUS == doubt
        assert rows["inter_spike_interval_jitter"].flags & Flag.AMBIGUOUS == doubt
