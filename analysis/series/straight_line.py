"""A straight line through points of known uncertainty, with the interval of its slope and the evidence of a bend.

Weighted least squares. The interval of the slope is the larger of two: that of the given uncertainties (1.96 standard
errors), and that of the scatter about the line (Student's t). So neither optimistic uncertainties nor few points make
it too narrow.
"""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.statistics import NORMAL_95, combined, t_quantile_95
from tsbench.records import FloatArray

#: standard errors from which on a quadratic term is a bend and no chance: 1 in 16,000 for Gaussian errors
BENT = 4.0
_ENOUGH_FOR_BEND = 4


@dataclass(frozen=True)
class FittedLine:
    """y = intercept + slope (x - centre)."""

    slope: float
    low: float  #: 95 % interval of the slope
    high: float
    intercept: float  #: y at ``centre``
    centre: float  #: weighted mean of x
    bend: float  #: quadratic coefficient in its standard errors; 0 where too few points tell

    @property
    def bent(self) -> bool:
        """Whether one straight line does not describe the points."""
        return abs(self.bend) > BENT

    def at(self, x: FloatArray) -> FloatArray:
        """Return the line at x."""
        return self.intercept + self.slope * (x - self.centre)


def straight_line(x: FloatArray, y: FloatArray, sigma: FloatArray, common: float = 0.0) -> FittedLine | None:
    """Fit a line.

    Parameters
    ----------
    x, y : shape (n,)
    sigma : standard uncertainty of each y, shape (n,), above zero
    common : standard uncertainty of the slope, relative, that all points share

    Returns
    -------
    FittedLine, or None where fewer than two different x are known
    """
    known = np.isfinite(x) & np.isfinite(y) & np.isfinite(sigma) & (sigma > 0)
    x, y, sigma = (np.asarray(one, dtype=np.float64)[known] for one in (x, y, sigma))
    if np.unique(x).size < 2:
        return None
    weights = 1.0 / sigma**2
    centre = float(np.average(x, weights=weights))
    spread = float(np.sum(weights * (x - centre) ** 2))
    slope = float(np.sum(weights * (x - centre) * y)) / spread
    intercept = float(np.average(y, weights=weights))
    error, freedom = 1.0 / math.sqrt(spread), x.size - 2
    half = NORMAL_95 * error
    if freedom >= 1:
        chi = math.sqrt(float(np.sum(weights * (y - intercept - slope * (x - centre)) ** 2)) / freedom)
        half = max(half, t_quantile_95(freedom) * chi * error)
    half = combined(half, NORMAL_95 * common * slope)
    return FittedLine(slope, slope - half, slope + half, intercept, centre, _bend(x - centre, y, weights))


def _bend(x: FloatArray, y: FloatArray, weights: FloatArray) -> float:
    """Return the quadratic coefficient in its standard errors."""
    if np.unique(x).size < _ENOUGH_FOR_BEND:
        return 0.0
    scale = float(np.abs(x).max())
    terms = np.stack([np.ones_like(x), x / scale, (x / scale) ** 2], axis=1) * np.sqrt(weights)[:, None]
    inverse = np.linalg.pinv(terms.T @ terms)
    found = inverse @ terms.T @ (y * np.sqrt(weights))
    freedom = x.size - 3
    scatter = 1.0
    if freedom >= 1:
        left = y * np.sqrt(weights) - terms @ found
        scatter = max(1.0, math.sqrt(float(left @ left) / freedom))
    return float(found[2] / (scatter * math.sqrt(max(inverse[2, 2], 1e-300))))
