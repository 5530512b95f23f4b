"""Intervals of means, medians and proportions."""

import math

import numpy as np
import pytest

from tsbench.analysis.statistics import (
    bootstrap_interval,
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
    monkeypatch.setattr("tsbench.analysis.statistics._AT_ONCE", 1000)
    assert bootstrap_interval(values, lambda drawn: drawn.mean(axis=1)) == whole


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (10, 10), (3, 10), (0, 0)])
def test_proportions_stay_between_zero_and_one(successes, trials):
    low, high = proportion_interval(successes, trials)
    assert 0 <= low < high <= 1
