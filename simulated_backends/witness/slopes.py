"""When a current rises or falls fastest.

Compiled: a witness asks for each switching of an oscillation, of which a run may have a hundred thousand.
"""

import math

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.numerics.compilation import compiled

SLOPE_END = 0.2  #: the rise is over where the slope is below this part of its maximum
_ROUNDING = 1e-9  #: share of its usual size below which the spread about a line is that of rounding errors


def slopes_between(times: FloatArray, current: FloatArray, sign: float) -> FloatArray:
    """Return the slopes [A/s] of the current's magnitude from each sample to the next, times ``sign``.

    ``times`` [s] and ``current`` [A] have shape (n,), the slopes (n - 1,).
    """
    slopes = np.empty(max(times.size - 1, 0))
    _slopes(times, current, sign, slopes)
    return slopes


@compiled
def _slopes(times: FloatArray, current: FloatArray, sign: float, out: FloatArray) -> None:
    for k in range(out.size):
        step = times[k + 1] - times[k]
        out[k] = sign * (abs(current[k + 1]) - abs(current[k])) / step if step > 0.0 else 0.0


@compiled
def first_rise(slopes: FloatArray, inside: int) -> tuple[int, float, bool]:
    """Return (index, value) of the steepest slope of the first rise, and whether its end was seen.

    ``slopes`` [A/s] has shape (n,); the end is not looked for among the first ``inside`` of them.
    """
    peak, highest = 0, -math.inf
    for k in range(slopes.size):
        if slopes[k] > highest:
            peak, highest = k, slopes[k]
        elif k >= inside and slopes[k] < highest and slopes[k] < SLOPE_END * highest:
            return peak, highest, True
    return peak, highest, False


@compiled
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
    width: float = times[peak + 1] - times[peak]
    middle: float = times[peak] + 0.5 * width
    if not 0 < peak < slope.size - 1 or slope[peak] <= 0.0 or width <= 0.0:
        return middle
    half: float = 0.5 * slope[peak]
    first, end = peak - 1, peak + 1
    while first > 0 and slope[first] > half and slope[first - 1] > half:
        first -= 1
    while end < slope.size and slope[end] > half:
        end += 1
    end = max(end, peak + 2)
    place: float = _top_of_parabola(times, slope, first, end, middle, width, half)
    lowest: float = (0.5 * (times[first] + times[first + 1]) - middle) / width
    highest: float = (0.5 * (times[end - 1] + times[end]) - middle) / width
    return middle + width * min(max(place, lowest), highest)


@compiled
def _top_of_parabola(
    times: FloatArray, slope: FloatArray, first: int, end: int, middle: float, width: float, half: float,
) -> float:
    """Return the top of the weighted parabola through slopes, from ``middle`` in units of ``width``; 0 without one.

    Closed form with orthogonal polynomials: the fit of three numbers for each switching would cost more than its
    simulation with a general solver.
    """
    total = moment = 0.0
    for k in range(first, end):
        x = (0.5 * (times[k] + times[k + 1]) - middle) / width
        weight = max(slope[k] - half, 0.1 * half) * (times[k + 1] - times[k])
        total += weight
        moment += weight * x
    centre = moment / total
    second = third = along = 0.0
    for k in range(first, end):
        u = (0.5 * (times[k] + times[k + 1]) - middle) / width - centre
        weight = max(slope[k] - half, 0.1 * half) * (times[k + 1] - times[k])
        second += weight * u * u
        third += weight * u * u * u
        along += weight * u * (slope[k] - 2.0 * half)   # a constant tells nothing
    if second <= 0.0:
        return 0.0
    size = bent = 0.0
    for k in range(first, end):
        u = (0.5 * (times[k] + times[k + 1]) - middle) / width - centre
        weight = max(slope[k] - half, 0.1 * half) * (times[k + 1] - times[k])
        bend = u * u - third / second * u - second / total
        size += weight * bend * bend
        bent += weight * bend * (slope[k] - 2.0 * half)
    # with fewer than three points there is no curvature but that of rounding errors
    curvature = bent / size if size > _ROUNDING * second * second / total else 0.0
    if curvature >= 0.0:
        return 0.0
    linear = along / second - curvature * third / second
    return centre - 0.5 * linear / curvature
