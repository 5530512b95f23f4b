"""When a current rises or falls fastest."""

import math

import numpy as np

from tsbench.records import FloatArray

SLOPE_END = 0.2  #: the rise is over where the slope is below this part of its maximum


def first_rise(slopes: FloatArray, inside: int) -> tuple[int, float, bool]:
    """Return (index, value) of the steepest slope of the first rise, and whether its end was seen.

    ``slopes`` [A/s] has shape (n,); the end is not looked for among the first ``inside`` of them.
    """
    if not slopes.size:
        return 0, -math.inf, False
    highest = np.maximum.accumulate(slopes)
    ended = (slopes < SLOPE_END * highest) & (slopes < highest)
    ended[:inside] = False
    end = int(np.argmax(ended))
    over = bool(ended[end])
    peak = int(np.argmax(slopes[: end + 1] if over else slopes))
    return peak, float(slopes[peak]), over


def steepest_instant(times: FloatArray, peak: int, slope: FloatArray) -> float:
    """Return the instant [s] of the steepest slope: the top of a parabola through the upper half of the slope's peak.

    The slope is nearly constant where it is steepest, so the top of three of them depends on where the solver's steps
    lie. Here each slope counts by its step and by how far it is above half of the highest: in a steady oscillation the
    instant recurs to a few picoseconds.

    Parameters
    ----------
    times : of the samples [s], shape (n,)
    peak : index of the steepest slope
    slope : from each sample to the next [A/s], shape (n - 1,) or less
    """
    width = float(times[peak + 1] - times[peak])
    middle = float(times[peak]) + 0.5 * width
    if not 0 < peak < slope.size - 1 or slope[peak] <= 0.0 or width <= 0.0:
        return middle
    high = slope - 0.5 * slope[peak]
    before, after = np.flatnonzero(high[:peak] <= 0.0), np.flatnonzero(high[peak:] <= 0.0)
    first = min(int(before[-1]) + 1 if before.size else 0, peak - 1)
    end = max(peak + int(after[0]) if after.size else slope.size, peak + 2)
    begin, until = times[first:end], times[first + 1 : end + 1]
    x = (0.5 * (begin + until) - middle) / width
    weights = np.maximum(high[first:end], 0.05 * slope[peak]) * (until - begin)
    linear, curvature, centre = _weighted_parabola(x, slope[first:end], weights)
    if curvature >= 0.0:
        return middle
    return middle + width * float(np.clip(centre - 0.5 * linear / curvature, x[0], x[-1]))


def _weighted_parabola(x: FloatArray, y: FloatArray, weights: FloatArray) -> tuple[float, float, float]:
    """Return slope and curvature of the parabola through weighted points, about the centre of their weights.

    Closed form with orthogonal polynomials: the fit of three numbers for each switching would cost more than its
    simulation with a general solver.
    """
    total = weights.sum()
    centre = float(weights @ x / total)
    u = x - centre
    second, third = float(weights @ u**2), float(weights @ u**3)
    if second <= 0.0:
        return 0.0, 0.0, centre
    bend = u**2 - third / second * u - second / total
    size = float(weights @ bend**2)
    curvature = float((weights * bend) @ y) / size if size > 0.0 else 0.0   # with fewer than three points: none
    return float((weights * u) @ y) / second - curvature * third / second, curvature, centre
