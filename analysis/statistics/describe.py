"""Mean, standard deviation, relative spread and median of events, with what the instruments add to their intervals."""

import math

import numpy as np

from tsbench.analysis.statistics.distribution import Distribution
from tsbench.analysis.statistics.estimate import Estimate
from tsbench.analysis.statistics.intervals import NORMAL_95, t_quantile_95
from tsbench.records import Flag, FloatArray

#: values below which the t-interval of their mean has the flag TOO_FEW: it rests on their normal distribution, and is
#: wider than the mean itself for spreads that are common
FEWEST_OF_MEAN = 5
_FEWEST_ORDERED = 6
_NOTHING = Estimate(None, None, None)


def widened(found: Estimate, common: float) -> Estimate:
    """Return an interval joined with the 95 % half-width ``common`` of an error that all values share.

    Such an error does not average out over cycles. Root of the sum of squares, on each side.

    Parameters
    ----------
    found : value and interval
    common : in the unit of the value; zero or less: the interval stays
    """
    if found.value is None or common <= 0:
        return found
    low = None if found.low is None else found.value - math.hypot(found.value - found.low, common)
    high = None if found.high is None else found.value + math.hypot(found.high - found.value, common)
    return Estimate(found.value, low, high)


def mean(values: FloatArray, common: float = 0.0) -> tuple[Estimate, Flag]:
    """Return the mean with its t-interval; TOO_FEW below five values, and no mean of one.

    OVERFLOW, and no mean, where a value is no finite number.

    Parameters
    ----------
    values : shape (n,)
    common : 95 % half-width of an error that all values share, in their unit
    """
    n = values.size
    if not np.isfinite(values).all():
        return _NOTHING, Flag.OVERFLOW
    if n < 2:
        return _NOTHING, Flag.TOO_FEW if n else Flag.NO_EVENT
    centre = float(values.mean())
    half = t_quantile_95(n - 1) * float(values.std(ddof=1)) / math.sqrt(n)
    flags = Flag.TOO_FEW if n < FEWEST_OF_MEAN else Flag.NONE
    return widened(Estimate(centre, centre - half, centre + half), common), flags


def standard_deviation(values: FloatArray, own: float = 0.0) -> tuple[Estimate, Flag]:
    """Return the standard deviation with an interval that holds for other than normal distributions too.

    The interval is that of D. G. Bonett, Comput. Stat. Data Anal. 50 (2006) 775, which uses the kurtosis of the sample,
    with Student's quantile, because of a few values of a skewed distribution the normal one covers too little.

    Parameters
    ----------
    values : shape (n,)
    own : 95 % half-width of the measurement of one value. A part of the spread may be this error, so the lower end is
        reduced by it. Where it may be all of the spread, only an upper bound is known (UNDER_SAMPLED).

    Returns
    -------
    Nothing, and OVERFLOW, where a value is no finite number; nothing, and TOO_FEW, below five values.
    """
    n = values.size
    if not np.isfinite(values).all():
        return _NOTHING, Flag.OVERFLOW
    if n < FEWEST_OF_MEAN:
        return _NOTHING, Flag.TOO_FEW
    spread, error = float(values.std(ddof=1)), own / NORMAL_95
    if spread <= max(2.0 * error, 1e-12 * float(np.abs(values).max())):
        # each value may be off by its half-width: the spread of the true values is at most this much larger
        bounds = _bonett(values, spread)
        return Estimate(None, None, bounds[1] + own), Flag.UNDER_SAMPLED | Flag.CENSORED
    low, high = _bonett(values, spread)
    return Estimate(spread, math.sqrt(max(low * low - error * error, 0.0)), high), Flag.NONE


def _bonett(values: FloatArray, spread: float) -> tuple[float, float]:
    n = values.size
    ordered = np.sort(values)
    cut = int(n * 0.5 / math.sqrt(max(n - 4, 1)))
    middle = ordered[cut : n - cut].mean() if n > 2 * cut else np.median(ordered)
    squares = float(((values - values.mean()) ** 2).sum())
    if squares == 0.0:
        return 0.0, 0.0
    kurtosis = n * float(((values - middle) ** 4).sum()) / squares**2
    factor = n / (n - NORMAL_95)
    error = math.sqrt(max(kurtosis - (n - 3) / n, 0.0) / (n - 1))
    half = t_quantile_95(n - 1) * factor * error
    return spread * math.sqrt(factor * math.exp(-half)), spread * math.sqrt(factor * math.exp(half))


def relative_spread(centre: Estimate, spread: Estimate) -> Estimate:
    """Return standard deviation / magnitude of the mean; none where the mean could be zero.

    The interval is that of the standard deviation: for spreads up to a third of the mean, the error of the mean adds
    less than a tenth to it. Above that no relative spread is given.
    """
    if centre.value is None or centre.low is None or centre.high is None or centre.low <= 0 <= centre.high:
        return _NOTHING
    size = abs(centre.value)
    if spread.value is not None and spread.value > size / 3:
        return _NOTHING
    return Estimate(*(None if number is None else number / size for number in (spread.value, spread.low, spread.high)))


def median(found: Distribution, common: float = 0.0) -> tuple[Estimate, Flag]:
    """Return the median of a distribution with the interval at each value.

    TOO_FEW below six values, whose order tells no interval; then there is no median either. CENSORED where an end of
    the interval is not known.

    Parameters
    ----------
    found : of the values
    common : 95 % half-width of an error that all values share, in their unit
    """
    value, low, high = found.quantile(0.5)
    if low is None and high is None:
        return _NOTHING, Flag.CENSORED if found.bounded and found.number >= _FEWEST_ORDERED else Flag.TOO_FEW
    if value is None:   # only a bound: the error of the values moves it outwards
        bounds = Estimate(None, None if low is None else low - common, None if high is None else high + common)
        return bounds, Flag.CENSORED
    flags = Flag.CENSORED if low is None or high is None else Flag.NONE
    return widened(Estimate(value, low, high), common), flags

