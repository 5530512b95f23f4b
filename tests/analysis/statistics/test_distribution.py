"""Cumulative distributions with bands, beside lifelines, SciPy and the definition."""

import math

import numpy as np
import pytest
from scipy import stats

from tsbench.analysis.statistics.censored import CensoredSample
from tsbench.analysis.statistics.distribution import distribution, kolmogorov_95, turnbull

TRIALS = 100


def inside(found, truth) -> bool:
    """Whether a true distribution is within the band everywhere: just at each value, and just before it."""
    share = truth(found.values)
    before = np.concatenate([[found.band_before], found.band_high[:-1]])
    return bool((found.band_low <= share + 1e-12).all() and (before >= share - 1e-12).all())


def weibull(values):
    return 1.0 - np.exp(-np.asarray(values) ** 2)


@pytest.mark.thin(2)
@pytest.mark.parametrize(("kind", "least", "most"), [
    ("complete", 0.87, 1.0), ("above", 0.87, 1.0), ("brackets", 0.9, 1.0)])
def test_bands_and_medians_hold_the_truth_at_their_rate(kind: str, least: float, most: float) -> None:
    random, bands, medians = np.random.default_rng(1), 0, 0
    true = math.sqrt(math.log(2.0))
    for _ in range(TRIALS):
        values = random.weibull(2.0, 30)
        low, high = values, values
        if kind == "above":
            limit = random.uniform(0.5, 2.0, 30)
            low, high = np.minimum(values, limit), np.where(values > limit, np.inf, values)
        elif kind == "brackets":
            low = np.floor(values / 0.3) * 0.3
            high = low + 0.3
        found = distribution(CensoredSample(low, high))
        bands += inside(found, weibull)
        _, lower, upper = found.quantile(0.5)
        medians += (lower is None or lower <= true) and (upper is None or upper >= true)
    assert least <= bands / TRIALS <= most and medians / TRIALS >= 0.86


def test_the_product_limit_estimate_agrees_with_lifelines() -> None:
    lifelines = pytest.importorskip("lifelines")
    random = np.random.default_rng(0)
    values, limit = random.weibull(2.0, 40), random.uniform(0.5, 2.0, 40)
    seen, shown = values < limit, np.minimum(values, limit)
    found = distribution(CensoredSample.of(shown[seen], shown[~seen]))
    theirs = lifelines.KaplanMeierFitter().fit(shown, seen)
    assert 1.0 - found.share == pytest.approx(theirs.survival_function_at_times(found.values).to_numpy())
    ends = theirs.confidence_interval_.loc[found.values].to_numpy()
    rest = found.share < 1.0
    assert 1.0 - found.high[rest] == pytest.approx(ends[rest, 0])
    assert 1.0 - found.low[rest] == pytest.approx(ends[rest, 1])


def test_without_bounds_kaplan_and_meier_give_the_empirical_distribution() -> None:
    values = np.random.default_rng(2).normal(size=20)
    found = distribution(CensoredSample.of(values))
    assert found.values == pytest.approx(np.sort(values)) and found.share == pytest.approx(np.arange(1, 21) / 20)
    middle = stats.binomtest(10, 20).proportion_ci(0.95, method="exact")
    assert (found.low[9], found.high[9]) == (pytest.approx(middle.low), pytest.approx(middle.high))
    assert found.low[-1] < 1.0 == found.high[-1] and found.before == pytest.approx(1 - 0.025 ** (1 / 20))
    assert kolmogorov_95(20) == pytest.approx(0.29408, abs=1e-5)   # Miller 1956, table of the two-sided test


def test_turnbull_agrees_with_lifelines() -> None:
    npmle = pytest.importorskip("lifelines.fitters.npmle").npmle
    random = np.random.default_rng(0)
    low = np.round(random.normal(5.0, 2.0, 60), 1)
    high = low + random.choice([0.5, 1.0, 2.0, np.inf], 60)
    high[:5], low[:5] = low[:5] + 0.3, -np.inf
    high[10:20] = low[10:20]
    cells, mass = turnbull(CensoredSample(low, high))
    theirs, places = npmle(np.where(np.isinf(low), -1e3, low), high, tol=1e-9)
    known = {float(place.right): share for share, place in zip(theirs, places, strict=True) if share > 1e-3}
    ours = {float(cell[1]): share for share, cell in zip(mass, cells, strict=True) if share > 1e-3}
    assert ours.keys() == known.keys()
    assert [ours[place] for place in known] == pytest.approx(list(known.values()), abs=1e-3)


def test_a_quantile_is_not_guessed_beyond_the_bounds() -> None:
    above = distribution(CensoredSample.of([1.0, 2.0, 3.0], above=[3.0] * 7))
    assert above.quantile(0.5)[0] is None and above.quantile(0.5)[2] is None
    below = distribution(CensoredSample.of([], below=[1.0] * 8))
    assert below.quantile(0.5)[:2] == (None, None)
    with pytest.raises(ValueError, match="no observations"):
        distribution(CensoredSample.of([]))


def test_a_bracket_counts_in_its_middle_and_the_band_holds_all_of_it() -> None:
    found = distribution(CensoredSample(np.full(40, 1.0), np.full(40, 2.0)))
    assert found.quantile(0.5) == (1.5, 1.0, 2.0)


@pytest.mark.parametrize(("low", "high"), [
    ([1.0], [0.5]), ([np.nan], [1.0]), ([-np.inf], [np.inf]), ([[1.0]], [[1.0]])])
def test_what_is_no_observation_is_refused(low, high) -> None:
    with pytest.raises(ValueError):
        CensoredSample(np.array(low), np.array(high))
    with pytest.raises(ValueError, match="positive"):
        CensoredSample.of([1.0], below=[-1.0]).logarithm()
