"""Mean, standard deviation, median and their intervals, without SciPy: t-intervals and a seeded bootstrap."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray

_AT_ONCE = 1_000_000  #: values that are drawn at once, for the memory they take
#: normal quantile of a two-sided 95 % interval
NORMAL_95 = 1.959963984540054
_MORE = 2.0  #: times as large as the noise: then the scatter about a curve counts
#: Student's t quantiles of a two-sided 95 % interval for 1 to 10 degrees of freedom (beyond: expansion below)
_T_95 = (
    12.7062047,
    4.3026527,
    3.1824463,
    2.7764451,
    2.5705818,
    2.4469119,
    2.3646243,
    2.3060041,
    2.2621572,
    2.2281389,
)


def t_quantile_95(degrees_of_freedom: int) -> float:
    """Return Student's t for a two-sided 95 % interval, to 1e-5; infinite below one degree of freedom.

    Beyond ten degrees of freedom the Cornish-Fisher expansion in 1/dof (Abramowitz and Stegun 26.7.5).
    """
    if degrees_of_freedom < 1:
        return math.inf
    if degrees_of_freedom <= len(_T_95):
        return _T_95[degrees_of_freedom - 1]
    z, n = NORMAL_95, float(degrees_of_freedom)
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * n**4)
    )


def standard_uncertainty(limit: float) -> float:
    """Return the standard uncertainty of a data-sheet limit: the error is uniform within ± ``limit``."""
    return abs(limit) / math.sqrt(3.0)


def uniform_limit(uncertainty: float) -> float:
    """Return the limit of a uniform error with a standard ``uncertainty``; inverse of :func:`standard_uncertainty`."""
    return math.sqrt(3.0) * uncertainty


def combined(*standard: float) -> float:
    """Return the root of the sum of squares of independent standard uncertainties.

    Parameters
    ----------
    *standard : in one unit: that of what is returned
    """
    return math.sqrt(math.fsum(part * part for part in standard))


def noise_or_scatter(noise: float, scatter: float, degrees: int) -> float:
    """Return the standard uncertainty of one reading beside a fitted curve, in the unit of both.

    The noise is known from many readings. What exceeds it about the curve is known from the few of them, so it is
    widened by Student's t.

    Parameters
    ----------
    noise, scatter : standard deviations, of one reading and about the curve
    degrees : of freedom of the scatter
    """
    return noise if scatter <= _MORE * noise else scatter * t_quantile_95(degrees) / NORMAL_95


def wider_half(noise: float, scatter: float, degrees: int) -> float:
    """Return half of the 95 % interval of a number fitted to a few points: by their intervals, or by their scatter.

    The wider of two counts. Unlike the noise of an instrument (:func:`noise_or_scatter`), the interval of a point may
    be too narrow: it often holds the measurement, but not what the device varies by. Then a scatter of less than twice
    these intervals must count too.

    Parameters
    ----------
    noise, scatter : standard uncertainty of the number by the intervals of the points, and by their scatter
    degrees : of freedom of the scatter; with none, the noise alone counts
    """
    known = NORMAL_95 * noise
    return known if degrees < 1 else max(known, t_quantile_95(degrees) * scatter)


def expanded(standard: float, *limits: float) -> float:
    """Return the 95 % half width of the sum of a normal error and of errors that are uniform within limits.

    A factor of 1.96 belongs to a normal error alone: of a uniform one it covers more than all. The largest limit is
    convolved with the normal error exactly; the others join the normal one by their variances (then 94.5 to 95.4 % are
    covered). 95 % of a uniform error lie within 0.95 of its limit.

    Parameters
    ----------
    standard : standard deviation of the normal error
    limits : of the uniform errors, each within ± its limit, in the same unit
    """
    sizes = sorted(abs(limit) for limit in limits)
    largest = sizes.pop() if sizes else 0.0
    sigma = combined(standard, *(standard_uncertainty(limit) for limit in sizes))
    if largest < 1e-6 * sigma or largest == 0.0:
        return NORMAL_95 * sigma
    if sigma < 1e-6 * largest:
        return 0.95 * largest
    low, high = 0.0, largest + 4.0 * sigma
    for _ in range(50):
        middle = 0.5 * (low + high)
        inside = sum(sign * _integral_of_normal((side * middle + sign * largest) / sigma) * side
                     for side in (1.0, -1.0) for sign in (1.0, -1.0))
        low, high = (middle, high) if sigma * inside / (2.0 * largest) < 0.95 else (low, middle)
    return 0.5 * (low + high)


def _integral_of_normal(x: float) -> float:
    """Return the integral of the cumulative normal distribution up to ``x``."""
    return 0.5 * x * math.erfc(-x / math.sqrt(2.0)) + math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


@dataclass(frozen=True)
class Summary:
    """Number, mean, standard deviation and median of a sample, and the 95 % interval of the mean."""

    number: int
    mean: float
    standard_deviation: float  #: with n - 1; NaN for one value
    median: float
    low: float  #: 95 % interval of the mean
    high: float


def summarise(values: FloatArray, systematic: float = 0.0) -> Summary:
    """Summarise a sample.

    Parameters
    ----------
    values : shape (n,), finite
    systematic : standard uncertainty common to all values, in their unit; does not shrink with n

    Returns
    -------
    Summary
        The interval of the mean joins the t-interval of the scatter and 1.96 x ``systematic`` by root of sum
        of squares. One value has no standard deviation and no interval: they are NaN, also with ``systematic``.
        Without a value, all but ``number`` is NaN.
    """
    values = np.asarray(values, dtype=np.float64)
    n = values.size
    if n == 0:
        return Summary(0, math.nan, math.nan, math.nan, math.nan, math.nan)
    mean, median = float(values.mean()), float(np.median(values))
    if n == 1:
        return Summary(1, mean, math.nan, median, math.nan, math.nan)
    deviation = float(values.std(ddof=1))
    half = combined(t_quantile_95(n - 1) * deviation / math.sqrt(n), NORMAL_95 * systematic)
    return Summary(n, mean, deviation, median, mean - half, mean + half)


def bootstrap_interval(
    values: FloatArray,
    statistic: Callable[[FloatArray], FloatArray],
    seed: int = 0,
    draws: int = 2000,
) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of a statistic of a sample.

    Parameters
    ----------
    values : the sample, shape (n,); NaN are returned where n is below 2
    statistic : takes samples drawn from it, shape (m, n), and returns the statistic of each, shape (m,)
    seed : of the draws
    draws : how many samples are drawn
    """
    values = np.asarray(values, dtype=np.float64)
    if values.size < 2:
        return math.nan, math.nan
    random = np.random.default_rng(seed)
    at_once = max(1, _AT_ONCE // values.size)
    drawn = np.concatenate([
        statistic(values[random.integers(0, values.size, (min(at_once, draws - first), values.size))])
        for first in range(0, draws, at_once)])
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def proportion_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % Wilson score interval of a probability from ``successes`` of ``trials``."""
    if trials < 1:
        return 0.0, 1.0
    z2, p = NORMAL_95**2, successes / trials
    centre = (p + z2 / (2 * trials)) / (1 + z2 / trials)
    half = NORMAL_95 / (1 + z2 / trials) * math.sqrt(p * (1 - p) / trials + z2 / (4 * trials**2))
    low = max(0.0, centre - half) if successes else 0.0
    return low, min(1.0, centre + half) if successes < trials else 1.0


def median_interval(values: FloatArray) -> tuple[float, float] | None:
    """Return the distribution-free 95 % interval of the median, from order statistics; None below six values.

    Parameters
    ----------
    values : in any unit, shape (n,); infinities are those that are only known to be small or large
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = ordered.size
    if n < 6:
        return None
    below, rank = 0.5**n if n < 1000 else 0.0, 0  # P(fewer than rank + 1 values below the median)
    if n >= 1000:
        rank = math.floor(0.5 * n - 0.5 * NORMAL_95 * math.sqrt(n))
        return float(ordered[rank]), float(ordered[n - 1 - rank])
    total = below
    while total + below * (n - rank) / (rank + 1) <= 0.025:
        below *= (n - rank) / (rank + 1)
        rank += 1
        total += below
    return float(ordered[rank]), float(ordered[n - 1 - rank])


def not_negative(low: float, value: float | None) -> float:
    """Return the lower end of an interval of a quantity that is not below 0 (a time, a rate), unless its value is.

    Parameters
    ----------
    low : end of the interval
    value : of the quantity, in the same unit; None: not known
    """
    return max(low, 0.0 if value is None else min(value, 0.0))
