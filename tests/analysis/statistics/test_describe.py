"""Mean, spread and median with the error of the instruments; needed numbers."""

import math

import numpy as np
import pytest

from tsbench.analysis.statistics.censored import CensoredSample
from tsbench.analysis.statistics.describe import mean, median, relative_spread, standard_deviation, widened
from tsbench.analysis.statistics.distribution import distribution
from tsbench.analysis.statistics.enough import cycles_for_mean
from tsbench.analysis.statistics.estimate import Estimate
from tsbench.records import Flag

TRIALS = 600


@pytest.mark.parametrize("draw", [
    lambda random: random.normal(1.0, 0.2, 20), lambda random: 1.0 + 0.2 * random.uniform(-1, 1, 20) * math.sqrt(3),
    lambda random: 1.0 + 0.2 * (random.gamma(4.0, size=20) - 4.0) / 2.0])
def test_the_interval_of_the_spread_holds_it_for_other_distributions_too(draw) -> None:
    random = np.random.default_rng(1)
    found = [standard_deviation(draw(random))[0] for _ in range(TRIALS)]
    assert np.mean([one.low <= 0.2 <= one.high for one in found]) > 0.90


def test_an_error_that_all_values_share_does_not_average_out() -> None:
    values = np.random.default_rng(2).normal(1.0, 1e-4, 1000)
    found, flags = mean(values, 0.01)
    assert found.high - found.value == pytest.approx(0.01, rel=1e-3) and flags == Flag.NONE
    assert mean(values[:1])[0].value is None and mean(values[:0])[1] == Flag.NO_EVENT
    assert widened(Estimate(1.0, 0.7, None), 0.4) == Estimate(1.0, pytest.approx(0.5), None)


def test_a_spread_below_the_error_of_a_value_is_a_bound() -> None:
    values = np.random.default_rng(3).normal(1.0, 1e-3, 50)
    found, flags = standard_deviation(values, 3e-3)
    assert found.value is None and found.low is None and found.high > 3e-3 and Flag.UNDER_SAMPLED in flags
    resolved, none = standard_deviation(values, 5e-4)
    assert resolved.value == pytest.approx(values.std(ddof=1)) and none == Flag.NONE
    assert resolved.low < standard_deviation(values)[0].low
    equal, flags = standard_deviation(np.ones(10))
    assert equal.value is None and Flag.UNDER_SAMPLED in flags
    assert standard_deviation(values[:3])[1] == Flag.TOO_FEW


def test_a_relative_spread_needs_a_mean_that_is_not_zero() -> None:
    assert relative_spread(Estimate(2.0, 1.9, 2.1), Estimate(0.2, 0.1, 0.3)) == Estimate(0.1, 0.05, 0.15)
    assert relative_spread(Estimate(0.1, -0.1, 0.3), Estimate(0.2, 0.1, 0.3)).value is None
    assert relative_spread(Estimate(2.0, 1.0, 3.0), Estimate(1.0, 0.5, 2.0)).value is None


def test_the_median_of_bounds_is_a_bound() -> None:
    found, flags = median(distribution(CensoredSample.of([1.0, 2.0], above=[3.0] * 20)))
    assert found == Estimate(None, 2.0, None)
    assert Flag.CENSORED in flags
    none, _ = median(distribution(CensoredSample.of([], above=[3.0, 4.0] * 10)), 0.5)
    assert none == Estimate(None, 2.5, None)   # no event; the error of a value moves the bound
    few, flags = median(distribution(CensoredSample.of([1.0, 2.0, 3.0])))
    assert few.value is None and Flag.TOO_FEW in flags


def test_the_needed_number_is_the_first_that_is_enough() -> None:
    random = np.random.default_rng(4)
    values = random.normal(1.0, 0.05, 20)
    found = cycles_for_mean(values, 0.01)
    relative = values.std(ddof=1) / values.mean()
    from scipy.stats import t
    assert t.ppf(0.975, found.needed - 1) * relative / math.sqrt(found.needed) <= 0.01 + 1e-9
    assert t.ppf(0.975, found.needed - 2) * relative / math.sqrt(found.needed - 1) > 0.01
    assert found.most > found.needed and found.more == found.needed - 20
    assert cycles_for_mean(values, 0.01, common=0.02).needed is None   # the instruments do not allow it
    assert cycles_for_mean(values[:1], 0.01).needed is None


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_values_that_are_no_numbers_have_no_mean_and_no_spread(bad: float) -> None:
    values = np.array([bad, *range(19)])
    for found, flags in (mean(values), standard_deviation(values)):
        assert found == Estimate(None, None, None) and flags == Flag.OVERFLOW
