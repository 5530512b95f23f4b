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
    """Return the instant [s] of the steepest slope from a parabola through three neighbouring slopes.

    Parameters
    ----------
    times : of the samples [s], shape (n,)
    peak : index of the steepest slope
    slope : from each sample to the next [A/s], shape (n - 1,) or less
    """
    middle = 0.5 * (times[peak] + times[peak + 1])
    if not 0 < peak < slope.size - 1:
        return float(middle)
    x = 0.5 * (times[peak - 1 : peak + 2] + times[peak : peak + 3]) - middle
    before, after = float(x[0]), float(x[2])  # x[1] is 0
    if not before < 0.0 < after:
        return float(middle)
    fall, rise = (float(slope[k] - slope[peak]) for k in (peak - 1, peak + 1))
    curvature = (rise / after - fall / before) / (after - before)
    if curvature >= 0:
        return float(middle)
    top = -0.5 * (rise / after - curvature * after) / curvature
    half = 0.5 * float(times[peak + 1] - times[peak])
    return float(middle) + min(max(top, -half), half)
