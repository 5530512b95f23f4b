"""Fitted distributions: their intervals hold the truth, and the test rejects the wrong family."""

import math

import numpy as np
import pytest
from scipy import stats

from tsbench.analysis.statistics.censored import CensoredSample
from tsbench.analysis.statistics.fits import FAMILIES, fit
from tsbench.records import Flag

DRAWN, TRIALS = 400, 100


def covers(found, truth: dict[str, float]) -> list[bool]:
    return [found.parameters[name].low <= value <= found.parameters[name].high for name, value in truth.items()]


@pytest.mark.thorough
@pytest.mark.parametrize("limit", [None, 2.0])
def test_intervals_of_weibull_hold_the_truth_at_their_rate(limit: float | None) -> None:
    random, hits, significances = np.random.default_rng(1), [], []
    tenth = 2.0 * (-math.log(0.9)) ** (1 / 3)
    for trial in range(TRIALS):
        values = 2.0 * random.weibull(3.0, 15)
        above = np.empty(0) if limit is None else np.full((values > limit).sum(), limit)
        sample = CensoredSample.of(values if limit is None else values[values <= limit], above)
        found = fit(sample, "weibull", seed=trial, draws=DRAWN)
        if not found.parameters:
            continue
        low, high = found.quantiles[0.1].low, found.quantiles[0.1].high
        hits.append([*covers(found, {"scale": 2.0, "shape": 3.0}), low <= tenth <= high])
        significances.append(found.significance)
    shares = np.mean(hits, axis=0)
    for share in shares:   # the benchmark statistics has more trials
        assert 0.87 < share <= 1.0, shares
    assert stats.kstest(significances, "uniform").pvalue > 0.001


def test_the_interval_of_a_normal_mean_is_students() -> None:
    values = np.random.default_rng(2).normal(3.0, 0.5, 12)
    found = fit(CensoredSample.of(values), "normal", draws=20_000)
    low, high = stats.t.interval(0.95, 11, values.mean(), values.std(ddof=1) / math.sqrt(12))
    estimate = found.parameters["mean"]
    assert (estimate.low, estimate.high) == (pytest.approx(low, abs=0.01), pytest.approx(high, abs=0.01))
    spread = found.parameters["standard_deviation"]
    squares = ((values - values.mean()) ** 2).sum()
    ends = np.sqrt(squares / stats.chi2.ppf([0.975, 0.025], 11))
    assert (spread.low, spread.high) == (pytest.approx(ends[0], rel=0.02), pytest.approx(ends[1], rel=0.02))


def test_the_wrong_family_is_rejected_and_the_right_one_is_the_likeliest() -> None:
    values = np.exp(np.random.default_rng(4).normal(0.0, 1.0, 80))
    fits = {family: fit(CensoredSample.of(values), family) for family in FAMILIES}
    assert min(fits, key=lambda family: fits[family].aic) == "lognormal"
    assert fits["lognormal"].significance > 0.05 and fits["normal"].significance < 0.01
    known = stats.lognorm.logpdf(values, *stats.lognorm.fit(values, floc=0)).sum()
    assert fits["lognormal"].log_likelihood == pytest.approx(known)


def test_censored_weibull_agrees_with_lifelines() -> None:
    lifelines = pytest.importorskip("lifelines")
    values = 2.0 * np.random.default_rng(6).weibull(2.0, 40)
    seen = values < 2.2
    found = fit(CensoredSample.of(values[seen], np.full((~seen).sum(), 2.2)), "weibull")
    theirs = lifelines.WeibullFitter().fit(np.minimum(values, 2.2), seen)
    assert found.parameters["scale"].value == pytest.approx(theirs.lambda_, rel=1e-3)
    assert found.parameters["shape"].value == pytest.approx(theirs.rho_, rel=1e-3)
    assert Flag.CENSORED in found.flags and found.bounded == (~seen).sum()


def test_what_cannot_be_fitted_says_why() -> None:
    few = fit(CensoredSample.of([1.0, 2.0], above=[3.0] * 8), "weibull")
    assert not few.parameters and Flag.TOO_FEW in few.flags and "2 of 10" in few.why
    equal = fit(CensoredSample.of([1.0] * 6), "normal")
    assert not equal.parameters and Flag.UNDER_SAMPLED in equal.flags
    cell = fit(CensoredSample(np.full(6, 1.0), np.full(6, 1.1)), "normal")
    assert not cell.parameters and cell.aic is None and cell.share(np.ones(1)) is None
    negative = fit(CensoredSample.of([-1.0, 1.0, 2.0, 3.0, 4.0]), "lognormal")
    assert not negative.parameters and "positive" in negative.why
    with pytest.raises(ValueError, match="gamma"):
        fit(CensoredSample.of([1.0]), "gamma")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_fit_does_not_depend_on_the_unit(family: str) -> None:
    values = np.random.default_rng(8).weibull(2.0, 30)
    one, other = (fit(CensoredSample.of(scale * values), family, draws=400) for scale in (1.0, 1e-9))
    assert other.quantiles[0.9].value == pytest.approx(1e-9 * one.quantiles[0.9].value, rel=1e-9)
    assert other.quantiles[0.9].high == pytest.approx(1e-9 * one.quantiles[0.9].high, rel=1e-6)
    assert other.significance == one.significance and other.flags == one.flags
    assert one.share(np.array([one.quantiles[0.9].value]))[0] == pytest.approx(0.9)
