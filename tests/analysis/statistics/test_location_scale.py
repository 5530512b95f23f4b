"""Maximum likelihood of location and scale, beside SciPy and lifelines."""

import numpy as np
import pytest
from scipy import stats

from tsbench.analysis.statistics.goodness import anderson_darling
from tsbench.analysis.statistics.location_scale import Normal, SmallestExtreme, maximise


def test_complete_samples_agree_with_scipy() -> None:
    values = 2.0 * np.random.default_rng(0).weibull(3.0, 50)
    shape, _, scale = stats.weibull_min.fit(values, floc=0)
    found = maximise(SmallestExtreme(), np.log(values), np.log(values))
    assert np.exp(found.location[0]) == pytest.approx(scale, rel=1e-4)
    assert 1.0 / found.scale[0] == pytest.approx(shape, rel=1e-4)
    likelihood = stats.weibull_min.logpdf(values, shape, 0, scale).sum()
    assert found.log_likelihood[0] - np.log(values).sum() == pytest.approx(likelihood, abs=1e-5)
    normal = maximise(Normal(), values, values)
    assert (normal.location[0], normal.scale[0]) == (pytest.approx(values.mean()), pytest.approx(values.std()))


@pytest.mark.parametrize("kind", ["above", "below", "between", "mixed"])
def test_bounds_agree_with_scipy(kind: str) -> None:
    random = np.random.default_rng(3)
    values = random.normal(5.0, 2.0, 40)
    cell = np.floor(values / 1.5) * 1.5
    low, high = values.copy(), values.copy()
    if kind in {"above", "mixed"}:
        low, high = np.minimum(values, 6.0), np.where(values > 6.0, np.inf, values)
    if kind in {"below", "mixed"}:
        high, low = np.maximum(high, 4.0), np.where(values < 4.0, -np.inf, low)
    if kind == "between":
        low, high = cell, cell + 1.5
    found = maximise(Normal(), low, high)
    known = low == high
    data = stats.CensoredData(
        uncensored=low[known], left=high[np.isinf(low)], right=low[np.isinf(high)],
        interval=np.stack([low, high], axis=1)[np.isfinite(low) & np.isfinite(high) & ~known])
    mean, deviation = stats.norm.fit(data)
    assert (found.location[0], found.scale[0]) == (pytest.approx(mean, rel=1e-4), pytest.approx(deviation, rel=1e-4))


def test_a_likelihood_without_a_maximum_gives_no_number() -> None:
    one_cell = maximise(Normal(), np.zeros((1, 5)), np.ones((1, 5)))
    equal = maximise(SmallestExtreme(), np.ones((1, 5)), np.ones((1, 5)))
    only_above = maximise(Normal(), np.array([[0.0, 1.0, 2.0]]), np.full((1, 3), np.inf))
    one_value = maximise(Normal(), np.array([[2.0, 1.0, 1.5]]), np.array([[2.0, np.inf, np.inf]]))
    for found in (one_cell, equal, only_above, one_value):
        assert np.isnan(found.scale[0]) and np.isnan(found.location[0])


def test_samples_side_by_side_do_not_disturb_each_other() -> None:
    random = np.random.default_rng(5)
    samples = random.gumbel(size=(20, 30))
    samples[3] = 1.0
    low, high = np.minimum(samples, 1.5), np.where(samples > 1.5, np.inf, samples)
    together = maximise(SmallestExtreme(), low, high)
    for k in (0, 3, 19):
        alone = maximise(SmallestExtreme(), low[k], high[k])
        assert together.scale[k] == pytest.approx(alone.scale[0], nan_ok=True)


def test_the_statistic_of_anderson_and_darling() -> None:
    values = np.random.default_rng(0).normal(size=30)
    share = stats.norm.cdf(np.sort(values))
    weights = 2 * np.arange(1, 31) - 1
    known = -30 - (weights / 30 * (np.log(share) + np.log(1 - share[::-1]))).sum()
    one, zero = np.ones(1), np.zeros(1)
    assert anderson_darling(Normal(), values[None], values[None], zero, one)[0] == pytest.approx(known)
    # with bounds: the integral of its definition, by numbers
    low, high = np.minimum(values, 0.5), np.where(values > 0.5, np.inf, values)
    steps = np.sort(values[values <= 0.5])
    u = np.linspace(1e-9, stats.norm.cdf(0.5), 2_000_001)
    empirical = np.searchsorted(steps, stats.norm.ppf(u), side="right") / 30
    integral = np.trapezoid(30 * (empirical - u) ** 2 / (u * (1 - u)), u)
    found = anderson_darling(Normal(), low[None], high[None], zero, one)[0]
    assert found == pytest.approx(integral, rel=1e-3)
