"""How many cycles or devices an interval of a wanted width needs."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri

from tsbench.analysis.statistics.intervals import t_quantile_95
from tsbench.records import FloatArray

_MOST = 10**9


@dataclass(frozen=True)
class Enough:
    """How many observations in all are needed, and how many that may become.

    ``most`` is None where the spread is so uncertain that no number is known to be enough.
    """

    what: str  #: "mean"
    wanted: float  #: half-width of the 95 % interval, relative to the value
    now: float | None  #: half-width that is reached
    have: int
    needed: int | None  #: by the spread as it is estimated
    most: int | None  #: by the upper end of the 95 % interval of the spread
    why: str = ""  #: why no number is known to be enough

    @property
    def more(self) -> int | None:
        """Return how many are missing; 0 where there are enough."""
        return None if self.needed is None else max(0, self.needed - self.have)


def cycles_for_mean(values: FloatArray, relative: float, common: float = 0.0) -> Enough:
    """Return how many values give the mean with a half-width of ``relative`` x its magnitude.

    Holds for independent values; a drift or a memory makes more necessary. No number is enough where ``common``, the
    95 % half-width of an error that all values share, is wider than wanted.

    Parameters
    ----------
    values : shape (n,)
    relative : wanted half-width over the magnitude of the mean, above 0
    common : in the unit of the values
    """
    x = np.asarray(values, dtype=np.float64)
    n = x.size
    if n < 2 or not x.mean():
        return Enough("mean", relative, None, n, None, None, "a spread needs two values" if n < 2 else "the mean is 0")
    deviation, size = float(x.std(ddof=1)), abs(float(x.mean()))
    now = math.hypot(t_quantile_95(n - 1) * deviation / math.sqrt(n), common) / size
    largest = deviation * math.sqrt((n - 1) / float(chdtri(n - 1, 0.975)))
    left = relative**2 - (common / size) ** 2   # for the spread
    if left <= 0:
        return Enough("mean", relative, now, n, None, None,
                      f"the error that all values share is {100.0 * common / size:.2g} % of the mean, and more values "
                      "do not reduce it")
    wanted = math.sqrt(left)
    return Enough("mean", relative, now, n, _for_mean(deviation / size, wanted), _for_mean(largest / size, wanted))


def _for_mean(spread: float, relative: float) -> int | None:
    """Return the least n with t(n - 1) x spread / sqrt(n) <= relative."""
    return _least(lambda n: t_quantile_95(n - 1) * spread / math.sqrt(n) <= relative)


def _least(holds: Callable[[int], bool]) -> int | None:
    """Return the least number from 2 on for which a condition holds that stays true; None beyond 1e9."""
    if holds(2):
        return 2
    low, high = 2, 4
    while not holds(high):
        low, high = high, 2 * high
        if high > _MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
