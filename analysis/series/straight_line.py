"""A straight line through points of known uncertainty: the interval of its slope, and whether the points lie on it.

Weighted least squares. The interval of the slope follows the rule of :func:`tsbench.analysis.statistics.wider_half`.
So neither optimistic uncertainties nor few points make it too narrow.

Points that are bent are farther from the line than their uncertainties explain, whatever the form of the curve: this is
Pearson's test. A quadratic term is no such test: it does not see a divergence such as ln(x - 1), whose points are as
far from the parabola as from the line. Points that were measured again at the same x show how much they scatter; then
the distances from the line must also exceed this scatter (lack of fit, a test of Fisher).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from tsbench.analysis.statistics import NORMAL_95, combined, wider_half
from tsbench.records import FloatArray

#: of all sets of points on a line whose uncertainties are right, how many count as bent at most
BENT = 0.001
#: of all sets of points on a line whose uncertainties are too small, but that were repeated, how many count as bent
BENT_AGAINST_REPEATS = 0.01
_SAME = 0.01  #: part of the range of x: points closer than this are repeats, as of a temperature that was set again
_ROUNDING = 1e-9  #: relative: x that differ by less differ by rounding
_FEWEST_FOR_BEND = 3  #: different x


@dataclass(frozen=True)
class FittedLine:
    """y = intercept + slope (x - centre)."""

    slope: float
    low: float  #: 95 % interval of the slope
    high: float
    intercept: float  #: y at ``centre``
    centre: float  #: weighted mean of x
    bent: bool  #: whether one straight line does not describe the points

    def at(self, x: FloatArray) -> FloatArray:
        """Return the line at x.

        Parameters
        ----------
        x : any shape, in the unit of the points
        """
        return self.intercept + self.slope * (x - self.centre)


def known_points(x: FloatArray, y: FloatArray, sigma: FloatArray) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Return which points can be on a line: all three numbers are known, and the uncertainty is above zero.

    Parameters
    ----------
    x, y : shape (n,)
    sigma : standard uncertainty of each y, shape (n,), in its unit
    """
    return np.isfinite(x) & np.isfinite(y) & np.isfinite(sigma) & (sigma > 0)


def straight_line(
    x: FloatArray, y: FloatArray, sigma: FloatArray, common: float = 0.0, same: float = 0.0,
) -> FittedLine | None:
    """Fit a line.

    Parameters
    ----------
    x, y : shape (n,)
    sigma : standard uncertainty of each y, shape (n,), above zero
    common : standard uncertainty of the slope, relative, that all points share
    same : as :func:`places` takes it

    Returns
    -------
    FittedLine, or None where fewer than two different x are known
    """
    known = known_points(x, y, sigma)
    x, y, sigma = (np.asarray(one, dtype=np.float64)[known] for one in (x, y, sigma))
    if places(x, same) < 2:
        return None
    weights = 1.0 / sigma**2
    centre = float(np.average(x, weights=weights))
    spread = float(np.sum(weights * (x - centre) ** 2))
    slope = float(np.sum(weights * (x - centre) * y)) / spread
    intercept = float(np.average(y, weights=weights))
    error, freedom = 1.0 / math.sqrt(spread), x.size - 2
    away = y - intercept - slope * (x - centre)
    chi = math.sqrt(float(weights @ away**2) / freedom) if freedom else 0.0
    half = combined(wider_half(error, chi * error, freedom), NORMAL_95 * common * slope)
    return FittedLine(slope, slope - half, slope + half, intercept, centre, _bent(x, away, weights, same))


def places(x: FloatArray, same: float = 0.0) -> int:
    """Return how many different x there are.

    Parameters
    ----------
    x : shape (n,)
    same : measured x that differ by at most this are repeats of one that was set; at least 1 % of the range of x
    """
    return len(_places(np.sort(x), same)) if x.size else 0


def same_place(x: FloatArray, same: float = 0.0) -> float:
    """Return by how much two of these x differ at most if one is the repeat of the other; as for :func:`places`.

    Parameters
    ----------
    x : shape (n,)
    same : as of :func:`places`, in the unit of ``x``
    """
    if not x.size:
        return same
    return max(same, _SAME * float(x.max() - x.min()), _ROUNDING * float(np.max(np.abs(x))))


def _bent(x: FloatArray, away: FloatArray, weights: FloatArray, same: float) -> bool:
    """Return whether neither the uncertainties nor the repeats of points explain their distances from the line."""
    order = np.argsort(x)
    x, away, weights = x[order], away[order], weights[order]
    first = _places(x, same)
    freedom, repeats = len(first) - 2, x.size - len(first)
    if len(first) < _FEWEST_FOR_BEND:
        return False
    total = float(weights @ away**2)
    of_means = float(np.sum(np.add.reduceat(weights * away, first) ** 2 / np.add.reduceat(weights, first)))
    if not special.chdtrc(freedom, of_means) < BENT:
        return False
    among = total - of_means
    if repeats == 0 or among <= 0.0:
        return True
    return bool(special.fdtrc(freedom, repeats, (of_means / freedom) / (among / repeats)) < BENT_AGAINST_REPEATS)


def _places(x: FloatArray, same: float) -> list[int]:
    """Return the first of the points at each place, of points in rising order."""
    first, same = [0], same_place(x, same)
    for k, one in enumerate(x.tolist()):
        if one - x[first[-1]] > same:
            first.append(k)
    return first
