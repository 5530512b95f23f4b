"""Intervals of means, medians and proportions."""

import math

import numpy as np
import pytest

from tsbench.analysis.statistics import (
    NORMAL_95,
    bootstrap_interval,
    combined,
    expanded,
    median_interval,
    not_negative,
    proportion_interval,
    standard_uncertainty,
    summarise,
    t_quantile_95,
)


def test_t_quantiles_agree_with_scipy():
    stats = pytest.importorskip("scipy.stats")
    for dof in (1, 2, 5, 10, 11, 12, 20, 50, 1000):
        assert t_quantile_95(dof) == pytest.approx(stats.t.ppf(0.975, dof), rel=1e-5)
    assert math.isinf(t_quantile_95(0))


def test_interval_of_the_mean_covers_at_its_rate():
    random = np.random.default_rng(0)
    hits = 0
    for _ in range(2000):
        summary = summarise(random.standard_normal(5))
        hits += summary.low <= 0 <= summary.high
    assert 0.935 < hits / 2000 < 0.965


def test_a_systematic_part_does_not_shrink():
    many = summarise(np.zeros(10_000), systematic=1.0)
    assert many.high == pytest.approx(1.96, abs=0.01)


def test_small_samples():
    assert summarise(np.array([])).number == 0
    one = summarise(np.array([2.0]))
    assert (one.number, one.mean, one.median) == (1, 2.0, 2.0)
    assert math.isnan(one.low)


def test_a_data_sheet_limit_is_uniform():
    assert standard_uncertainty(0.3) == pytest.approx(
        np.random.default_rng(0).uniform(-0.3, 0.3, 100_000).std(), rel=0.01
    )


def test_bootstrap_is_repeatable_and_holds_the_median():
    values = np.random.default_rng(1).standard_normal(200) + 3
    low, high = bootstrap_interval(values, lambda drawn: np.median(drawn, axis=1))
    assert low < 3 < high
    assert (low, high) == bootstrap_interval(values, lambda drawn: np.median(drawn, axis=1))


def test_bootstrap_does_not_depend_on_how_many_samples_are_drawn_at_once(monkeypatch):
    values = np.random.default_rng(2).standard_normal(30)
    whole = bootstrap_interval(values, lambda drawn: drawn.mean(axis=1))
    monkeypatch.setattr("tsbench.analysis.statistics.intervals._AT_ONCE", 1000)
    assert bootstrap_interval(values, lambda drawn: drawn.mean(axis=1)) == whole


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (10, 10), (3, 10), (0, 0)])
def test_proportions_stay_between_zero_and_one(successes, trials):
    low, high = proportion_interval(successes, trials)
    assert 0 <= low < high <= 1


def test_the_table_of_t_quantiles_has_eight_digits():
    stats = pytest.importorskip("scipy.stats")
    for dof in range(1, 11):
        assert t_quantile_95(dof) == pytest.approx(stats.t.ppf(0.975, dof), rel=5e-8)
    for dof in (11, 13, 20):
        assert t_quantile_95(dof) == pytest.approx(stats.t.ppf(0.975, dof), abs=1e-5)


@pytest.mark.parametrize(("successes", "trials"), [(3, 10), (1, 4), (999, 1000), (5, 10)])
def test_the_ends_of_wilsons_interval_are_normal_quantiles_away(successes, trials):
    """Wilson 1927: (share - p)^2 = z^2 p (1 - p) / n at both ends."""
    low, high = proportion_interval(successes, trials)
    for end in (low, high):
        assert (successes / trials - end) ** 2 == pytest.approx(NORMAL_95**2 * end * (1 - end) / trials)
    assert low < successes / trials < high
    assert proportion_interval(0, 4)[0] == 0.0 and proportion_interval(4, 4)[1] == 1.0
    assert proportion_interval(0, 4)[1] == pytest.approx(NORMAL_95**2 / (4 + NORMAL_95**2))
    assert proportion_interval(0, 0) == (0.0, 1.0) and proportion_interval(0, 1)[1] < 1.0


@pytest.mark.parametrize("number", [6, 7, 8, 9, 20, 37, 100, 999])
def test_the_median_lies_between_order_statistics_by_the_binomial_distribution(number):
    stats = pytest.importorskip("scipy.stats")
    rank = int(np.flatnonzero(stats.binom.cdf(np.arange(number), number, 0.5) <= 0.025)[-1])
    assert median_interval(np.arange(float(number))) == (rank, number - 1 - rank)


def test_of_a_thousand_values_the_normal_distribution_tells_the_order_statistics():
    assert median_interval(np.arange(1000.0)) == (469.0, 530.0)   # 500 - 1.96 sqrt(1000) / 2 = 469.01
    assert median_interval(np.arange(5.0)) is None


def test_a_summary_by_hand():
    found = summarise(np.array([1.0, 2.0, 6.0]), systematic=0.5)
    assert (found.number, found.mean, found.median) == (3, 3.0, 2.0)
    assert found.standard_deviation == pytest.approx(math.sqrt(7.0))
    half = math.hypot(4.3026527 * math.sqrt(7.0 / 3.0), NORMAL_95 * 0.5)
    assert (found.low, found.high) == (pytest.approx(3.0 - half), pytest.approx(3.0 + half))
    assert combined(3.0, -4.0) == 5.0 and combined() == 0.0
    assert [not_negative(low, value) for low, value in ((-1.0, None), (-1.0, 2.0), (-3.0, -2.0), (1.0, 2.0))] == [
        0.0, 0.0, -2.0, 1.0]
    assert all(math.isnan(end) for end in bootstrap_interval(np.array([1.0]), lambda drawn: drawn.mean(axis=1)))
    low, high = bootstrap_interval(np.array([0.0, 1.0]), lambda drawn: drawn.mean(axis=1))
    assert (low, high) == (0.0, 1.0)


@pytest.mark.parametrize(("standard", "limits"), [
    (1.0, ()), (0.0, (1.0,)), (1.0, (1.0,)), (0.1, (1.0,)), (1.0, (0.1,)), (0.3, (1.0, 0.2)), (0.0, (1.0, 0.5))])
def test_the_expanded_uncertainty_covers_95_percent(standard: float, limits: tuple[float, ...]) -> None:
    rng = np.random.default_rng(5)
    errors = rng.normal(0.0, standard, 400_000) + sum(rng.uniform(-limit, limit, 400_000) for limit in limits)
    covered = float(np.mean(np.abs(errors) <= expanded(standard, *limits)))
    assert covered == pytest.approx(0.95, abs=0.001 if len(limits) < 2 else 0.006)


def test_the_expanded_uncertainty_of_nothing_and_of_one_kind_alone() -> None:
    assert expanded(0.0) == 0.0
    assert expanded(2.0, 0.0) == pytest.approx(2 * 1.959964)
    assert expanded(0.0, -3.0) == pytest.approx(2.85)
    assert expanded(1e-12, 1.0) == pytest.approx(0.95)
