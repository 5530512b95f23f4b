"""How regular a spike train is: variation, local variation and serial correlation of its inter-spike intervals.

Definitions (docs/definitions.md), of the intervals I(k), k = 1 ... n, with mean m and standard deviation s:

* coefficient of variation CV = s / m;
* local variation CV2 = mean of 2 |I(k+1) - I(k)| / (I(k+1) + I(k)) (G. R. Holt, W. R. Softky, C. Koch,
  R. J. Douglas, J. Neurophysiol. 75, 1806, 1996). A slow change of the rate raises CV and hardly CV2. Both are 1 for a
  Poisson process;
* serial correlation: correlation coefficient of an interval and the next one.

The error e of a spike time (noise of the record over the slope of the edge) lengthens one interval and shortens the
next. It adds 2 e^2 to the variance, -e^2 to the covariance of neighbours and 6 e^2 to the variance of I(k+1) - I(k).
All three numbers are given without it. e is known to a factor, so the intervals hold what a larger and a smaller e
gives.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tsbench.analysis.oscillation.jitter import Jitter
from tsbench.analysis.statistics import t_quantile_95
from tsbench.records import Flag, FloatArray, Result

#: fewer intervals give no interval of the number that holds what it says
FEWEST_INTERVALS = 10
_FEWEST_PAIRS = 30
#: an estimate of the timing error is good to this factor, 95 % (in :mod:`.jitter` exp(0.5), one standard deviation)
_TIMING_FACTOR = math.exp(1.0)
#: share of a variance that the timing error may explain: of the rest nothing is known then
_MOST_TIMING = 0.5
#: share of a variance below which it does not matter how well the timing error is known
_LITTLE = 0.1
#: local variation over coefficient of variation of independent normal intervals that vary little: the mean difference
#: of two normal numbers is 2 / sqrt(pi) standard deviations
_OF_NORMAL = 2.0 / math.sqrt(math.pi)
#: coefficient of variation below which the posterior of the jitter, for normal errors, is used as well
_REGULAR = 0.1
#: correlation of neighbours above which it is asked how many independent intervals there are
_ALIKE = 0.7


@dataclass(frozen=True)
class TrainNumber:
    """A number with its 95 % interval; CENSORED: ``high`` alone is known."""

    value: float | None
    low: float | None
    high: float | None
    flags: Flag = Flag.NONE


_UNKNOWN = TrainNumber(None, None, None, Flag.TOO_FEW)
_IN_DOUBT = TrainNumber(None, None, None, Flag.AMBIGUOUS)


def variation(intervals: FloatArray, timing: float, jitter: Jitter | None) -> TrainNumber:
    """Return the coefficient of variation without timing noise.

    The interval is that of the logarithm by the delta method: the mean of (I - m)^2 / (2 s^2) - (I - m) / m, whose
    variance the sample itself gives, so that no distribution of the intervals is assumed.

    Parameters
    ----------
    intervals : [s], shape (n,), in order
    timing : [s] standard uncertainty of one spike time
    jitter : of the same intervals, or None
    """
    n = intervals.size
    if n < FEWEST_INTERVALS or jitter is None:
        return _UNKNOWN
    mean, variance = float(intervals.mean()), float(intervals.var(ddof=1))
    if jitter.value is None:
        return TrainNumber(None, None, jitter.high / mean, Flag.CENSORED)
    away = intervals - mean
    influence = 0.5 * away**2 / variance - away / mean
    half = _half_width(influence)
    # of a skewed distribution a sample shows the rare long intervals too seldom
    half *= 1.0 + abs(_skewness(influence)) / math.sqrt(n)
    if math.sqrt(variance) / mean < _REGULAR and 2.0 * (timing * _TIMING_FACTOR) ** 2 > _LITTLE * variance:
        value = jitter.value / mean
        low, high = ((jitter.value if end is None else end) / mean for end in (jitter.low, jitter.high))
        return TrainNumber(value, min(low, value * math.exp(-half)), max(high, value * math.exp(half)), jitter.flags)
    least, value, most = (math.sqrt(max(variance - 2.0 * (timing * factor) ** 2, 0.0)) / mean
                          for factor in (_TIMING_FACTOR, 1.0, 1.0 / _TIMING_FACTOR))
    return _beside(TrainNumber(value, least * math.exp(-half), most * math.exp(half)), 1.0 / mean, jitter)


def _changes_slowly(intervals: FloatArray) -> bool:
    """Return whether neighbours are so alike that all intervals tell no more than few independent ones.

    Then the frequency drifts, or changes once within the record, so one number cannot describe the variation.
    """
    away = intervals - intervals.mean()
    squares = float(away @ away)
    seen = float(away[1:] @ away[:-1]) / squares if squares > 0.0 else 0.0
    return seen > _ALIKE and away.size * (1.0 - seen) < FEWEST_INTERVALS * (1.0 + seen)


def _beside(found: TrainNumber, per_jitter: float, jitter: Jitter | None) -> TrainNumber:
    """Return a number in doubt where the jitter is in doubt or contradicts it.

    Neighbours that take back what an interval has too much look like timing errors. A device may do that. Where the
    jitter has two readings, the interval holds both.

    Parameters
    ----------
    per_jitter : [1/s] the number of independent intervals with a jitter of 1 s
    """
    if jitter is None or found.low is None or found.high is None:
        return found
    if Flag.AMBIGUOUS in jitter.flags:
        low = min(found.low, per_jitter * (jitter.low or 0.0))
        return replace(found, low=low, high=max(found.high, per_jitter * jitter.high), flags=Flag.AMBIGUOUS)
    return replace(found, flags=Flag.AMBIGUOUS) if found.low > per_jitter * jitter.high else found


def _unhidden(found: TrainNumber, hidden: float) -> TrainNumber:
    """Return a variation, its interval widened by what the sampling hides (:func:`.jitter.within_samples`).

    ``hidden``: the variation that this part alone would have.
    """
    if hidden <= 0.0 or found.high is None:
        return found
    high = math.hypot(found.high, hidden)
    low = 0.0 if found.low is None else math.sqrt(max(found.low**2 - hidden**2, 0.0))
    if found.value is None or low <= 0.0:
        return replace(found, value=None, low=None, high=high, flags=found.flags | Flag.CENSORED)
    return replace(found, low=low, high=high)


def local_variation(intervals: FloatArray, timing: float, jitter: Jitter | None = None) -> TrainNumber:
    """Return the local variation CV2 without timing noise; parameters as for :func:`variation`.

    Where timing noise of any size explains all of the variation (a jitter without a value), only a bound is known.
    """
    if intervals.size < FEWEST_INTERVALS:
        return _UNKNOWN
    change, total = np.diff(intervals), intervals[1:] + intervals[:-1]
    each = 2.0 * np.abs(change) / total
    mean = float(each.mean())
    half = _half_width(each)
    squares = float(np.mean(change**2))
    shares = [6.0 * (timing * factor) ** 2 / squares if squares > 0.0 else 1.0
              for factor in (_TIMING_FACTOR, 1.0, 1.0 / _TIMING_FACTOR)]
    if shares[1] > _MOST_TIMING or (jitter is not None and jitter.value is None):
        least = 0.0 if jitter is None else _OF_NORMAL * jitter.high / float(intervals.mean())
        return TrainNumber(None, None, max(mean + half, least), Flag.CENSORED)
    least, value, most = (math.sqrt(max(1.0 - share, 0.0)) for share in shares)
    known = TrainNumber(value * mean, max(least * (mean - half), 0.0), most * (mean + half))
    return _beside(known, _OF_NORMAL / float(intervals.mean()), jitter)


def serial_correlation(intervals: FloatArray, timing: float, jitter: Jitter | None = None) -> TrainNumber:
    """Return the correlation of neighbouring intervals without timing noise; parameters as for :func:`variation`.

    The interval is that of Fisher's z, or of the mean of the products of neighbours, whichever is wider.
    """
    n = intervals.size
    if n < _FEWEST_PAIRS:
        return _UNKNOWN
    away = intervals - intervals.mean()
    variance = float(np.mean(away**2))
    # timing noise alone correlates neighbours by -1/2
    explained = variation(intervals, timing, jitter).flags & (Flag.CENSORED | Flag.AMBIGUOUS)
    if not variance > 0.0 or explained or 2.0 * timing**2 > _MOST_TIMING * variance:
        return _IN_DOUBT
    products = away[1:] * away[:-1]
    seen = float(products.sum()) / (n * variance)
    seen += (1.0 + seen) / n   # the mean of the sample is not that of the process (Marriott and Pope 1954, first order)
    influence = products / variance - seen * 0.5 * (away[1:] ** 2 + away[:-1] ** 2) / variance
    half = max(_half_width(influence) / (1.0 - min(seen**2, 0.99)), t_quantile_95(n - 2) / math.sqrt(n - 3))
    ends = []
    for factor, side in ((_TIMING_FACTOR, 1.0), (1.0, 0.0), (1.0 / _TIMING_FACTOR, -1.0)):
        share = min((timing * factor) ** 2 / variance, 0.49)
        without = min(max((seen + share) / (1.0 - 2.0 * share), -0.999), 0.999)
        ends.append(math.tanh(math.atanh(without) + side * half))
    high, value, low = ends
    return TrainNumber(value, min(low, value), max(high, value))


def _half_width(values: FloatArray) -> float:
    """Return the half width of the 95 % interval of the mean of values that may be correlated with their neighbours.

    Bartlett's weights on the autocovariances up to the cube root of their number (W. K. Newey, K. D. West,
    Econometrica 55, 703, 1987), never less than without. So many values tell a variance as ``n / (lags + 1)``
    independent ones.
    """
    n = values.size
    away = values - values.mean()
    own = float(away @ away) / (n - 1)
    lags = max(1, round(n ** (1.0 / 3.0)))
    others = sum((1.0 - lag / (lags + 1.0)) * float(away[lag:] @ away[:-lag]) / n for lag in range(1, lags + 1))
    return t_quantile_95(max(n // (lags + 1), 3)) * math.sqrt(max(own + 2.0 * others, own) / n)


def _skewness(values: FloatArray) -> float:
    away = values - values.mean()
    spread = math.sqrt(float(np.mean(away**2)))
    return float(np.mean(away**3)) / spread**3 if spread > 0.0 else 0.0


def regularity_results(
    intervals: FloatArray, timing: float, jitter: Jitter | None, regime: str, conditions: Mapping[str, Any],
    flags: Flag = Flag.NONE,
) -> list[Result]:
    """Return variation, local variation and serial correlation of a train as results; the method names the regime.

    Parameters
    ----------
    intervals : [s], shape (n,), n > 0, in order
    timing : [s] standard uncertainty of one spike time
    jitter : of the same intervals, or None
    regime : of the firing, in words
    conditions, flags : of the results
    """
    n, mean = intervals.size, float(intervals.mean())
    hidden, hides = 0.0, False
    if jitter is not None:
        hidden, hides, jitter = jitter.hidden, jitter.is_much_hidden(intervals), jitter.without_hidden()
    said = f"{n} inter-spike intervals, timing noise subtracted"
    spread = _unhidden(variation(intervals, timing, jitter), hidden / mean)
    if _changes_slowly(intervals):
        spread = replace(spread, flags=spread.flags | Flag.AMBIGUOUS)
    rows = (
        ("inter_spike_interval_variation", spread,
         f"standard deviation over mean of {said}; firing regime: {regime}"),
        ("inter_spike_interval_local_variation",
         _unhidden(local_variation(intervals, timing, jitter), _OF_NORMAL * hidden / mean),
         f"CV2 (Holt 1996) of {said}"),
        ("inter_spike_interval_correlation",
         _IN_DOUBT if hides and n >= _FEWEST_PAIRS else serial_correlation(intervals, timing, jitter),
         f"correlation of neighbours among {said}"))
    return [Result(name, "", one.value, one.low, one.high, method, dict(conditions), flags | one.flags)
            for name, one, method in rows]
