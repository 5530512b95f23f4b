"""Spread between cycles and between devices."""

import numpy as np
import pytest
from scipy import stats

from tsbench.analysis.statistics.variance import variance_components, with_resolution
from tsbench.records import Flag

TRIALS = 60


@pytest.mark.thin(2)
@pytest.mark.parametrize(("between", "within", "counts"), [
    (0.1, 0.05, [10] * 8), (0.02, 0.1, [5, 10, 20, 3, 8, 8, 15, 4, 2, 9]), (0.3, 0.1, [30] * 5)])
def test_intervals_hold_the_truth_at_their_rate(between: float, within: float, counts: list[int]) -> None:
    random, hits = np.random.default_rng(1), []
    share = between**2 / (between**2 + within**2)
    for trial in range(TRIALS):
        groups = [random.normal(random.normal(1.0, between), within, n) for n in counts]
        found = variance_components(groups, seed=trial, draws=400)
        hits.append([(estimate.low or 0.0) <= true <= (estimate.high or np.inf) for estimate, true in (
            (found.mean, 1.0), (found.within, within), (found.between, between), (found.share, share))])
    assert (np.mean(hits, axis=0) > 0.85).all()


def test_equal_numbers_give_the_analysis_of_variance() -> None:
    random = np.random.default_rng(2)
    groups = [random.normal(random.normal(1.0, 0.2), 0.1, 12) for _ in range(6)]
    found = variance_components(groups)
    inside = np.mean([group.var(ddof=1) for group in groups])
    outside = 12 * np.var([group.mean() for group in groups], ddof=1)
    assert found.within.value == pytest.approx(np.sqrt(inside), rel=1e-4)
    assert found.between.value == pytest.approx(np.sqrt((outside - inside) / 12), rel=1e-4)
    assert found.significance == pytest.approx(stats.f_oneway(*groups).pvalue, rel=1e-9, abs=0.0)
    squares = stats.f.ppf([0.975, 0.025], 5, 66)
    ratio = (outside / inside / squares - 1) / 12
    assert (found.share.low, found.share.high) == pytest.approx(tuple(ratio / (1 + ratio)), rel=1e-6)


def test_devices_that_do_not_differ_have_an_upper_bound_only() -> None:
    random = np.random.default_rng(3)
    found = variance_components([random.normal(1.0, 0.1, 10) for _ in range(6)])
    assert found.between.value is None and found.between.low is None and found.between.high > 0
    assert Flag.CENSORED in found.flags and found.share.value is None


def test_means_that_are_too_much_alike_tell_no_bound() -> None:
    random = np.random.default_rng(3)
    found = variance_components([random.permutation([1.0, 1.1, 0.9, 1.05]) for _ in range(6)])
    assert found.between.value is None and found.between.high is None


def test_what_the_data_do_not_tell_has_no_value() -> None:
    single = variance_components([np.array([1.0]), np.array([1.2]), np.array([1.1])])
    assert single.within.value is None and single.between.value is None and Flag.TOO_FEW in single.flags
    one = variance_components([np.array([1.0, 1.1, 1.2])])
    assert one.within.value == pytest.approx(0.1) and one.between.value is None and one.mean.low is None
    equal = variance_components([np.full(5, 1.0), np.full(5, 1.1)])
    assert equal.within.value is None and Flag.UNDER_SAMPLED in equal.flags
    for nothing in ([], [np.array([])]):
        found = variance_components(nothing)
        assert found.mean.value is None and Flag.TOO_FEW in found.flags


def test_a_spread_below_the_resolution_is_a_bound() -> None:
    random = np.random.default_rng(4)
    found = variance_components([random.normal(center, 1e-4, 10) for center in (1.0, 1.1, 1.05, 0.98, 1.02)])
    coarse = with_resolution(found, 3e-3)
    assert coarse.within.value is None and coarse.within.high == pytest.approx(found.within.high + 3e-3)
    assert Flag.UNDER_SAMPLED in coarse.flags and 0.9 < coarse.share.low < 1.0
    assert with_resolution(found, 0.0) == found


def test_the_resolution_of_the_values_is_in_the_spread_between_cycles() -> None:
    """Values on a grid of set-points spread by the grid too; the interval holds the spread without it."""
    random = np.random.default_rng(4)
    true = [1.0 + 0.015 * random.standard_normal() + 0.0068 * random.standard_normal(100) for _ in range(10)]
    read = [np.round(one / 0.01) * 0.01 for one in true]
    spread = float(np.sqrt(np.mean([one.var(ddof=1) for one in true])))
    bare = variance_components(read, 0)
    found = with_resolution(bare, 0.0056).within
    assert bare.within.low > spread
    assert found.low < spread < found.high and found.value == bare.within.value


def test_intervals_that_hide_the_cycles_hide_the_spread_between_devices_too() -> None:
    """Hold voltages of 20 filaments, spread by 9 mV between cycles and 3 mV between devices, each known to 14 mV.

    The readings are nearer to each other than the true values, as those of a filament that dissolves between two
    set-points are. Before, the spread between devices was told as if only chance moved the means.
    """
    for seed in range(30):
        random = np.random.default_rng(seed)
        true = [0.11 + 0.003 * random.standard_normal() + 0.009 * random.standard_normal(100) for _ in range(20)]
        spread = float(np.array([one.mean() for one in true]).std(ddof=1))
        found = with_resolution(variance_components([0.11 + 0.6 * (one - 0.11) for one in true], 0, 500), 0.014)
        assert found.within.value is None and found.between.value is None and found.share.value is None
        assert (found.between.low or 0.0) <= spread <= found.between.high


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_have_no_components(bad: float) -> None:
    found = variance_components([np.array([bad, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])], draws=50)
    assert found.flags == Flag.OVERFLOW and found.significance is None
    assert {one.value for one in (found.mean, found.within, found.between, found.share)} == {None}
