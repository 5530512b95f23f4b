"""The Anderson-Darling statistic of a fitted distribution, also where values are censored from above."""

import numpy as np

from tsbench.analysis.statistics.location_scale import Standard
from tsbench.records import FloatArray

_LEAST = 1e-300


def anderson_darling(
    standard: Standard, low: FloatArray, high: FloatArray, location: FloatArray, scale: FloatArray
) -> FloatArray:
    """Return the statistic of several samples, shape (m,).

    The integral n (F_n - F)^2 / (F (1 - F)) dF, where F is the fitted distribution and F_n that of the observations:
    the product-limit estimate of Kaplan and Meier. The integral ends where only lower bounds are left, because nothing
    is known beyond. Without bounds it is the usual statistic. A bracket counts as its middle; that is the same for the
    drawn samples to which the statistic is compared.

    Parameters
    ----------
    standard : the distribution at location 0 and scale 1
    low, high : bounds of the observations, shape (m, n); no upper bound without a lower one
    location, scale : fitted, shape (m,)
    """
    above = np.isinf(high)
    centre = np.where(above, low, 0.5 * low + 0.5 * np.where(above, low, high))
    # of equal values the known ones come first: a bound is a value beyond it
    order = np.lexsort((above, centre), axis=1)
    centre, above = np.take_along_axis(centre, order, axis=1), np.take_along_axis(above, order, axis=1)
    n = centre.shape[1]
    at_risk = n - np.arange(n)
    survival = np.cumprod(np.where(above, 1.0, 1.0 - 1.0 / at_risk), axis=1)
    log_below, log_above = standard.cumulative((centre - location[:, None]) / scale[:, None])
    edge = ((centre.shape[0], 1), np.array(0.0))
    log_u = np.concatenate([np.maximum(log_below, np.log(_LEAST)), np.full(*edge)], axis=1)   # of u = F
    log_v = np.concatenate([np.full(*edge), np.maximum(log_above, np.log(_LEAST))], axis=1)   # of 1 - F
    # between two values: (p - u)^2 / (u (1 - u)) = p^2 / u + (1 - p)^2 / (1 - u) - 1
    p, q = 1.0 - survival, survival
    following = np.concatenate([log_below[:, 1:], np.zeros(edge[0])], axis=1)
    following_v = np.concatenate([np.maximum(log_above, np.log(_LEAST))[:, 1:], np.full(edge[0], -np.inf)], axis=1)
    ended = above[:, -1]   # the last observation is a bound
    total = -log_v[:, 1] - np.exp(log_below[:, 0])   # before the first value p = 0: integral of u / (1 - u)
    with np.errstate(invalid="ignore"):
        rise = np.where(p > 0, p * p * (following - log_u[:, :-1]), 0.0)
        fall = np.where(q > 0, q * q * (following_v - log_v[:, 1:]), 0.0)
    between = rise - fall - (np.exp(following) - np.exp(log_below))
    counted = np.ones_like(between, dtype=bool)
    counted[:, -1] = ~ended
    return np.asarray(n * (total + np.where(counted, between, 0.0).sum(axis=1)))
