"""Maximum likelihood of location-scale distributions, for many samples at once, with bounds in place of values.

The logarithm of the likelihood is concave in the slope and the offset of z = slope * x + offset, for values as for
bounds, because the densities are log-concave (J. Burridge, J. R. Stat. Soc. B 43 (1981) 41). So Newton's method with
halved steps finds the maximum, if there is one. SciPy's ``CensoredData`` fits one sample per call; the intervals of
:mod:`tsbench.analysis.statistics.fits` need a thousand.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtri

from tsbench.records import FloatArray

_ITERATIONS = 60
_CONVERGED = 1e-9  #: rise of the mean logarithm of the likelihood that a Newton step promises
_LOG_ROOT_2_PI = 0.5 * float(np.log(2.0 * np.pi))


class Normal:
    """The standard normal distribution.

    In its methods ``z`` is (x - location) / scale of any shape, a ``share`` is a cumulative probability from 0 to 1.
    """

    def quantile(self, share: FloatArray) -> FloatArray:
        """Return z at the cumulative probability ``share``."""
        return np.asarray(ndtri(share))

    def log_density(self, z: FloatArray) -> FloatArray:
        """Return the logarithm of the density."""
        return np.asarray(-0.5 * z * z - _LOG_ROOT_2_PI)

    def slopes(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the first and second derivative of the logarithm of the density."""
        return -z, np.full_like(z, -1.0)

    def log_between(self, low: FloatArray, high: FloatArray) -> FloatArray:
        """Return the logarithm of the probability between two z, also far out in a tail."""
        flip = low > 0   # the smaller tail is the accurate one
        lower, upper = np.where(flip, -high, low), np.where(flip, -low, high)
        log_upper, log_lower = log_ndtr(upper), log_ndtr(lower)
        return np.asarray(log_upper + np.log(-np.expm1(np.minimum(log_lower - log_upper, -1e-300))))

    def cumulative(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the logarithms of the cumulative probability and of its complement."""
        return np.asarray(log_ndtr(z)), np.asarray(log_ndtr(-z))


class SmallestExtreme:
    """The standard distribution of smallest extremes: the logarithm of a Weibull variable.

    ``z`` and ``share`` as in :class:`Normal`.
    """

    def quantile(self, share: FloatArray) -> FloatArray:
        """Return z at the cumulative probability ``share``."""
        return np.asarray(np.log(-np.log1p(-np.asarray(share))))

    def log_density(self, z: FloatArray) -> FloatArray:
        """Return the logarithm of the density."""
        return np.asarray(z - _exp(z))

    def slopes(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the first and second derivative of the logarithm of the density."""
        grown = _exp(z)
        return 1.0 - grown, -grown

    def log_between(self, low: FloatArray, high: FloatArray) -> FloatArray:
        """Return the logarithm of the probability between two z."""
        lower, upper = _exp(low), _exp(high)
        with np.errstate(divide="ignore"):
            return np.asarray(-lower + np.log(-np.expm1(-(upper - lower))))

    def cumulative(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the logarithms of the cumulative probability and of its complement."""
        grown = _exp(z)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(-np.expm1(-grown))), -grown


Standard = Normal | SmallestExtreme


def _exp(z: FloatArray) -> FloatArray:
    return np.exp(np.minimum(z, 500.0))


@dataclass(frozen=True)
class Maximum:
    """Location, scale and logarithm of the likelihood of each sample; NaN where the likelihood has no maximum."""

    location: FloatArray  #: shape (m,)
    scale: FloatArray
    log_likelihood: FloatArray


def maximise(standard: Standard, low: FloatArray, high: FloatArray) -> Maximum:
    """Fit location and scale to each of several samples.

    Parameters
    ----------
    standard : the distribution at location 0 and scale 1
    low, high : bounds of the observations, shape (m, n); equal where a value is known, infinite where there is none
    """
    low, high = np.atleast_2d(low), np.atleast_2d(high)
    finite = np.where(np.isfinite(low), np.where(np.isfinite(high), 0.5 * low + 0.5 * high, low), high)
    centre = np.median(finite, axis=1, keepdims=True)
    spread = finite.std(axis=1, keepdims=True)
    varied = spread[:, 0] > 1e-12 * np.maximum(np.abs(finite).max(axis=1), 1e-300)
    unit = np.where(varied[:, None], spread, 1.0)
    slope, offset = np.ones(low.shape[0]), np.zeros(low.shape[0])
    x_low, x_high = (low - centre) / unit, (high - centre) / unit
    value, gradient, hessian = _likelihood(standard, x_low, x_high, slope, offset)
    active = varied.copy()
    done = np.zeros_like(active)
    for _ in range(_ITERATIONS):
        k = np.flatnonzero(active)
        if not k.size:
            break
        step = _newton(gradient[k], hessian[k])
        promise = np.einsum("ij,ij->i", gradient[k], step)
        done[k] = promise <= _CONVERGED * low.shape[1]
        size = np.minimum(1.0, 0.9 * slope[k] / np.maximum(-step[:, 0], 1e-300))
        size = np.where(step[:, 0] < 0, size, 1.0)
        waiting = np.ones(k.size, dtype=bool)
        for _ in range(40):
            j = k[waiting]
            tried = _likelihood(standard, x_low[j], x_high[j], slope[j] + size[waiting] * step[waiting, 0],
                                offset[j] + size[waiting] * step[waiting, 1])
            better = tried[0] >= value[j] - 1e-12 * np.abs(value[j])
            at = j[better]
            chosen = np.flatnonzero(waiting)[better]
            slope[at] += size[chosen] * step[chosen, 0]
            offset[at] += size[chosen] * step[chosen, 1]
            value[at], gradient[at], hessian[at] = tried[0][better], tried[1][better], tried[2][better]
            waiting[chosen] = False
            size[waiting] *= 0.5
            if not waiting.any():
                break
        active[k] = ~done[k] & ~waiting & (slope[k] < 1e7) & (slope[k] > 1e-7)
    known = (low == high).sum(axis=1)
    # bounds alone that one point agrees with have the probability 1 there: no scale is the likeliest
    held = done & (slope < 1e7) & (slope > 1e-7) & ((known > 0) | (value < -0.01))
    with np.errstate(invalid="ignore"):
        scale = np.where(held, unit[:, 0] / slope, np.nan)
        location = np.where(held, centre[:, 0] - unit[:, 0] * offset / slope, np.nan)
        return Maximum(location, scale, np.where(held, value - known * np.log(unit[:, 0]), np.nan))


def _newton(gradient: FloatArray, hessian: FloatArray) -> FloatArray:
    """Return the steps -H^-1 g; a negligible part of the trace keeps H regular."""
    a, b, c = hessian[:, 0, 0], hessian[:, 0, 1], hessian[:, 1, 1]
    ridge = 1e-12 * np.abs(a + c) + 1e-300
    a, c = a - ridge, c - ridge
    determinant = a * c - b * b
    determinant = np.where(determinant == 0.0, 1e-300, determinant)
    return np.stack([-(c * gradient[:, 0] - b * gradient[:, 1]), -(a * gradient[:, 1] - b * gradient[:, 0])],
                    axis=1) / determinant[:, None]


def _likelihood(
    standard: Standard, low: FloatArray, high: FloatArray, slope: FloatArray, offset: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the logarithm of the likelihood, its gradient and its second derivatives in slope and offset."""
    known = low == high
    bounded = ~known
    value = np.zeros(low.shape)
    a, b = slope[:, None], offset[:, None]
    x = np.where(known, low, 0.0)
    z = a * x + b
    first, second = standard.slopes(z)
    value += np.where(known, np.log(a) + standard.log_density(z), 0.0)
    parts = (1.0 / a + first * x, first, second * x * x - 1.0 / a**2, second * x, second)
    terms = [np.where(known, part, 0.0) for part in parts]   # by slope, offset; slope^2, slope*offset, offset^2
    if bounded.any():
        rows, columns = np.nonzero(bounded)
        lower, upper, a_of, b_of = low[rows, columns], high[rows, columns], slope[rows], offset[rows]
        z_low, z_high = a_of * lower + b_of, a_of * upper + b_of
        log_p = standard.log_between(z_low, z_high)
        value[rows, columns] = log_p
        found = [np.zeros(rows.size) for _ in range(5)]
        for bound, z_of, sign in ((lower, z_low, -1.0), (upper, z_high, 1.0)):
            here = np.isfinite(bound)
            x_of, z_here = bound[here], z_of[here]
            with np.errstate(over="ignore", invalid="ignore"):
                ratio = sign * np.exp(np.minimum(standard.log_density(z_here) - log_p[here], 300.0))
            bend = ratio * standard.slopes(z_here)[0]
            for k, part in enumerate((ratio * x_of, ratio, bend * x_of * x_of, bend * x_of, bend)):
                found[k][here] += part
        found[2] -= found[0] * found[0]
        found[3] -= found[0] * found[1]
        found[4] -= found[1] * found[1]
        for term, part in zip(terms, found, strict=True):
            term[rows, columns] = part
    total = [term.sum(axis=1) for term in terms]
    gradient = np.stack(total[:2], axis=1)
    hessian = np.stack([np.stack([total[2], total[3]], axis=1), np.stack([total[3], total[4]], axis=1)], axis=1)
    summed = value.sum(axis=1)
    return np.where(np.isfinite(summed), summed, -np.inf), gradient, hessian
