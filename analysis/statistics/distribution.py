"""Cumulative distribution of a sample with a 95 % band, censored observations included, and its quantiles.

* All values known: the empirical distribution. The simultaneous band is Kolmogorov's with the exact quantile of a
  finite sample, which is within the bound of Dvoretzky, Kiefer, Wolfowitz and Massart. The interval at each value is
  that of Clopper and Pearson.
* Lower bounds beside known values (pulses that did not switch): the product-limit estimate (E. L. Kaplan and P. Meier,
  J. Am. Stat. Assoc. 53 (1958) 457), the interval by Greenwood's formula on log(-log S), the simultaneous band of W. J.
  Hall and J. A. Wellner, Biometrika 67 (1980) 133.
* Brackets or upper bounds: the estimate of B. W. Turnbull, J. R. Stat. Soc. B 38 (1976) 290. The band is Kolmogorov's
  around the two distributions in which every observation is at its lower and at its upper bound. It holds whatever made
  the brackets; no narrower interval is given.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import betaincinv

from tsbench.analysis.statistics.censored import CensoredSample
from tsbench.analysis.statistics.intervals import NORMAL_95
from tsbench.records import FloatArray

#: 95 % quantile of the largest distance of a Brownian bridge from 0 (Kolmogorov's distribution)
_BRIDGE_95 = 1.3580986393225505
_PRODUCT_LIMIT = (
    "product-limit estimate of Kaplan and Meier; interval by Greenwood's formula, band of Hall and Wellner")
_EM_STEPS, _EM_CHANGE = 5000, 1e-9


@dataclass(frozen=True)
class Distribution:
    """Share of a population at or below each value: a step function that rises at ``values``.

    ``low`` and ``high`` bound the share at each value with 95 % probability there; ``band_low`` and ``band_high`` bound
    all of it at once. The share before the first value is 0, with the upper bounds ``before`` and ``band_before``.
    """

    values: FloatArray  #: in rising order, shape (n,)
    share: FloatArray
    low: FloatArray
    high: FloatArray
    band_low: FloatArray
    band_high: FloatArray
    before: float
    band_before: float
    number: int
    bounded: int  #: of them, those of which only bounds are known
    method: str
    unbounded: float = 0.0  #: share that the estimate puts below the first value, where only upper bounds are known

    def quantile(self, share: float) -> tuple[float | None, float | None, float | None]:
        """Return the value below which a share of the population lies, and its 95 % interval.

        The interval holds the values at which the interval of the distribution holds ``share``. None: not known, where
        the distribution does not reach that far, or where it consists of upper bounds alone.

        Parameters
        ----------
        share : cumulative probability, 0 to 1
        """
        def first(reached: FloatArray) -> float | None:
            k = np.flatnonzero(reached >= share - 1e-12)
            return float(self.values[k[0]]) if k.size else None

        value = None if self.unbounded >= share - 1e-12 else first(self.share)
        # where not even the upper bound reaches the share, the quantile is beyond the last value
        beyond = bool(self.values.size) and float(self.high.max()) < share - 1e-12
        low = None if self.before >= share else float(self.values[-1]) if beyond else first(self.high)
        # the last value at which the lower bound is still below the share: the next one is beyond the quantile
        high = first(self.low)
        return value, low, high


def distribution(sample: CensoredSample) -> Distribution:
    """Return the cumulative distribution of a sample; ValueError for an empty one."""
    if sample.number == 0:
        raise ValueError("there are no observations")
    if sample.below.any() or sample.between.any():
        return _with_brackets(sample)
    return _empirical(sample) if sample.complete else _product_limit(sample)


def _empirical(sample: CensoredSample) -> Distribution:
    n = sample.number
    values, counts = np.unique(sample.low, return_counts=True)
    below = np.cumsum(counts).astype(np.float64)
    share, half = below / n, kolmogorov_95(n)
    low = np.where(below > 0, betaincinv(below, n - below + 1, 0.025), 0.0)
    high = np.where(below < n, betaincinv(below + 1, np.maximum(n - below, 1e-9), 0.975), 1.0)
    return Distribution(
        values, share, low, high, np.clip(share - half, 0.0, 1.0), np.clip(share + half, 0.0, 1.0),
        1.0 - 0.025 ** (1.0 / n), min(half, 1.0), n, 0,
        "empirical distribution; interval of Clopper and Pearson, band of Kolmogorov")


@lru_cache(maxsize=1024)
def kolmogorov_95(number: int) -> float:
    """Return the half-width of the simultaneous 95 % band of the empirical distribution of ``number`` values."""
    from scipy.stats import kstwo  # noqa: PLC0415  a large library for one quantile

    return float(kstwo.ppf(0.95, number))


def _product_limit(sample: CensoredSample) -> Distribution:
    n, known = sample.number, sample.known
    if not known.any():   # no event up to the least limit
        most, zero = np.array([1.0 - 0.025 ** (1.0 / n)]), np.zeros(1)
        return Distribution(np.array([float(sample.low.min())]), zero, zero, most, zero, most, float(most[0]),
                            float(most[0]), n, n, "no event; the upper bound is that of Clopper and Pearson")
    values, events = np.unique(sample.low[known], return_counts=True)
    at_risk = np.array([(sample.low >= value).sum() for value in values], dtype=np.float64)
    survival = np.cumprod(1.0 - events / at_risk)
    left = at_risk - events
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(events / (at_risk * left))
        inner = np.sqrt(greenwood) / np.abs(np.log(survival)) * NORMAL_95
        ends = np.stack([survival ** np.exp(sign * inner) for sign in (1.0, -1.0)])   # survival: least, largest
    ends = np.where(survival > 0, ends, np.array([[0.0], [1.0]]))
    if values.size and survival[-1] == 0:   # nobody is left: as for the empirical distribution
        ends[1, -1] = 1.0 - float(betaincinv(n, 1, 0.025)) if left[-1] == 0 else ends[1, -1]
    spread = np.where(survival > 0, n * greenwood, 0.0)
    half = np.where(survival > 0, _BRIDGE_95 / math.sqrt(n) * (1.0 + spread) * survival, 1.0)
    half = np.minimum(half, 1.0)
    return Distribution(
        values, np.asarray(1.0 - survival, dtype=np.float64), 1.0 - ends[1], 1.0 - ends[0],
        np.clip(1.0 - survival - half, 0.0, 1.0), np.clip(1.0 - survival + half, 0.0, 1.0),
        1.0 - 0.025 ** (1.0 / n), min(kolmogorov_95(n), 1.0), n, int((~known).sum()), _PRODUCT_LIMIT)


def _with_brackets(sample: CensoredSample) -> Distribution:
    n, half = sample.number, kolmogorov_95(sample.number)
    cells, mass = turnbull(sample)
    # where in its cell a share lies is not known: the middle is the estimate, and the band holds the whole cell
    places = np.where(np.isinf(cells).any(axis=1), cells[:, 1], cells.mean(axis=1))
    finite = np.concatenate([places, sample.low, sample.high])
    values = np.unique(finite[np.isfinite(finite)])
    share = np.array([mass[places <= value].sum() for value in values], dtype=np.float64)
    unbounded = float(mass[np.isneginf(cells[:, 0])].sum())
    lows, highs = np.sort(sample.low), np.sort(sample.high)
    # at a value the share of observations that are surely at or below it, and of those that may be
    surely = np.searchsorted(highs, values, side="right") / n
    maybe = np.searchsorted(lows, values, side="right") / n
    low, high = np.clip(surely - half, 0.0, 1.0), np.clip(maybe + half, 0.0, 1.0)
    before = min(float(np.isneginf(sample.low).mean()) + half, 1.0)
    return Distribution(values, np.minimum(share, 1.0), low, high, low, high, before, before, n,
                        n - int(sample.known.sum()), "estimate of Turnbull; band of Kolmogorov around the bounds",
                        unbounded)


def turnbull(sample: CensoredSample) -> tuple[FloatArray, FloatArray]:
    """Return the innermost intervals (cells), shape (m, 2), and the probability of each."""
    starts = np.unique(sample.low)
    found = []
    for start in starts:
        end = sample.high[sample.high >= start].min()
        inside = starts[(starts > start) & (starts < end)]
        if not inside.size and not (start < end and (starts == end).any() and _known_at(sample, end)):
            found.append((start, end))
    cells = np.array(sorted(set(found)))
    holds = ((sample.low[:, None] <= cells[None, :, 0]) & (sample.high[:, None] >= cells[None, :, 1])).astype(float)
    mass = np.full(len(cells), 1.0 / len(cells))
    for _ in range(_EM_STEPS):
        shares = holds * mass
        renewed = (shares / shares.sum(axis=1, keepdims=True)).mean(axis=0)
        changed, mass = float(np.abs(renewed - mass).max()), renewed
        if changed < _EM_CHANGE:
            break
    return cells, mass


def _known_at(sample: CensoredSample, value: float) -> bool:
    return bool((sample.known & (sample.low == value)).any())
