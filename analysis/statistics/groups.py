"""Whether the values of one device are in two groups, with the evidence that one group cannot make such a gap.

The test is that of B. W. Silverman (J. R. Statist. Soc. B 43 (1981) 97). A kernel estimate of the density has one
maximum from a critical bandwidth on. Samples are drawn from the density at this bandwidth. The significance is the
share of them that show more than one maximum at the same bandwidth. It needs no family of distributions, and a skewed
or heavy-tailed distribution with one maximum does not count as two groups. The test is conservative.

Thresholds form two groups if the filament sometimes does not dissolve between two cycles, or if the device has
two states.
"""

from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray
from tsbench.samples import spread_out

FEWEST = 20  #: values for a test
LEVEL = 0.01  #: significance below which two groups are reported
_LEAST_SHARE, _LEAST_NUMBER = 0.05, 5  #: of the smaller group: one outlier, or two, are no group
_MOST = 500  #: values; of more, some over the whole length are tested
_GRID, _HALVINGS, _DRAWS = 300, 25, 400
_BEYOND = 3.0  #: bandwidths beyond the values at which the density ends


@dataclass(frozen=True)
class TwoGroups:
    """Two groups of values: ``split`` lies between them."""

    split: float
    lower: float  #: median of the lower group
    upper: float
    number_lower: int
    number_upper: int
    significance: float  #: of more than one maximum


def two_groups(values: FloatArray, own: float = 0.0, seed: int = 0) -> TwoGroups | None:
    """Return the two groups of some values; None where one group explains them, or where there are fewer than 20.

    Parameters
    ----------
    values : of one device, finite, shape (n,)
    own : 95 % half-width of the measurement of one value. Values on a grid of set-points would be groups of their own,
        so each is moved by a random part of it
    seed : of the random numbers
    """
    given = np.asarray(values, dtype=np.float64)
    if given.size < FEWEST or float(np.ptp(given)) <= 2.0 * own:
        return None
    random = np.random.default_rng(seed)
    x = given[spread_out(given.size, _MOST)]
    x = x + own * random.uniform(-1.0, 1.0, x.size)
    width = _critical(x)
    if width <= own:   # the gap is no wider than the error of a value
        return None
    maxima = _maxima(x, 0.98 * width)
    if maxima.size < 2:
        return None
    highest = maxima[np.argsort(_density(x, maxima, 0.98 * width))[-2:]]
    grid = np.linspace(float(highest.min()), float(highest.max()), _GRID)
    split = float(grid[int(np.argmin(_density(x, grid, 0.98 * width)))])
    low, high = given[given < split], given[given >= split]
    if min(low.size, high.size) < max(_LEAST_NUMBER, _LEAST_SHARE * given.size):
        return None
    spread = float(x.std())
    more = 0
    for _ in range(_DRAWS):
        drawn = random.choice(x, x.size) + width * random.standard_normal(x.size)
        shrunk = x.mean() + (drawn - x.mean()) / np.sqrt(1.0 + (width / spread) ** 2)
        more += _maxima(shrunk, width).size > 1
    significance = (more + 1) / (_DRAWS + 1)
    if significance >= LEVEL:
        return None
    return TwoGroups(split, float(np.median(low)), float(np.median(high)), low.size, high.size, significance)


def _critical(x: FloatArray) -> float:
    """Return the smallest bandwidth at which the density has one maximum."""
    low, high = 1e-6 * float(np.ptp(x)), float(np.ptp(x))
    for _ in range(_HALVINGS):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if _maxima(x, middle).size > 1 else (low, middle)
    return high


def _maxima(x: FloatArray, width: float) -> FloatArray:
    """Return where the density has its maxima."""
    step = min(0.25 * width, float(np.ptp(x)) / _GRID)
    number = int(min(max((float(np.ptp(x)) + 2 * _BEYOND * width) / step, _GRID), 10 * _GRID))
    grid = np.linspace(x.min() - _BEYOND * width, x.max() + _BEYOND * width, number)
    density = _density(x, grid, width)
    return grid[1:-1][(density[1:-1] > density[:-2]) & (density[1:-1] >= density[2:])]


def _density(x: FloatArray, grid: FloatArray, width: float) -> FloatArray:
    """Return the kernel estimate on a grid, without its constant factor."""
    return np.asarray(np.exp(-0.5 * ((grid[:, None] - x[None, :]) / width) ** 2).sum(axis=1))
