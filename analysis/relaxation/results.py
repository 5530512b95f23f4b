"""Relaxation times of single shots as results, and their median and mean."""

import functools
import math
import operator
from collections.abc import Sequence

import numpy as np

from tsbench.analysis.relaxation.relaxation import Relaxed
from tsbench.analysis.statistics import NORMAL_95, combined, median_interval, not_negative, summarise
from tsbench.records import Flag, Result

_METHOD = "time from the falling edge (50 %) until the current stays below the level"


def shot_result(shot: Relaxed, conditions: dict[str, object]) -> Result:
    """Return one shot's relaxation time [s] with its 95 % interval, or the bound that is known.

    Parameters
    ----------
    shot : one pulse
    conditions : of the pulse, in SI units; the level [A] is added
    """
    conditions = {**conditions, "level": shot.level} if math.isfinite(shot.level) else conditions
    if shot.value is None:
        return Result("relaxation_time", "s", None, shot.low, shot.high, _METHOD, conditions, shot.flags)
    half = NORMAL_95 * combined(shot.random, shot.systematic)
    low, high = not_negative(shot.value - half, shot.value), shot.value + half
    return Result(
        "relaxation_time", "s", shot.value, low, high, _METHOD, conditions, shot.flags, shot.random, shot.systematic)


def median_result(shots: Sequence[Relaxed], conditions: dict[str, object]) -> Result:
    """Return the median over the shots that fired, with its interval by order statistics.

    CENSORED where one end of the interval, or the median, is only bounded; TOO_FEW below six shots.

    Parameters
    ----------
    shots : of the same amplitude and width
    conditions : of the pulses, in SI units; the statistic and the number of pulses are added
    """
    known = [shot for shot in shots if shot.fired and shot.bounded is not None]
    values = np.array([shot.bounded for shot in known], dtype=np.float64)
    censored = sum(shot.value is None for shot in known)
    unknown = [shot for shot in shots if shot.fired and shot.bounded is None]
    flags = Flag.CENSORED if unknown else Flag.NONE
    for shot in known + unknown:
        flags |= shot.flags & ~Flag.CENSORED
    why = "clipped" if any(Flag.CLIPPED in shot.flags for shot in unknown) else "not above the noise"
    others = f"{len(unknown)} other pulse{'s' * (len(unknown) > 1)}"
    lost = f"; in {others} the current is {why}" if unknown else ""
    method = (f"median of {values.size} of {len(shots)} pulses; {censored} of the {values.size} pulses give only a "
              f"bound{lost}; {_METHOD}")
    conditions = {**conditions, "statistic": "median", "pulses": values.size}
    if not values.size:
        return Result("relaxation_time_median", "s", None, None, None, method, conditions, flags | Flag.NO_EVENT)
    middle = np.sort(values)[[(values.size - 1) // 2, values.size // 2]]
    value: float | None = float(middle.mean()) if np.isfinite(middle).all() and middle[0] > 0 else None
    interval = median_interval(values)
    if interval is None:
        interval, flags = (float(values.min()), float(values.max())), flags | Flag.TOO_FEW
    common = [NORMAL_95 * combined(shot.random, shot.systematic) for shot in known if shot.value is not None]
    wide = float(np.median(common)) if common else 0.0
    lasted = [shot.low for shot in known if shot.low is not None]
    at_most = [shot.high for shot in known if shot.high is not None]
    low: float | None = not_negative(interval[0] - wide, value)
    high: float | None = interval[1] + wide
    if not math.isfinite(interval[1]):
        high, flags = None, flags | Flag.CENSORED
    if not math.isfinite(interval[0]):
        low = min(lasted)
    if interval[0] == 0.0:
        low, flags = None, flags | Flag.CENSORED
    if interval[1] == 0.0:
        high = max(at_most)
    random, systematic = None, None
    if value is not None and math.isfinite(interval[1] - interval[0]) and common:
        single = [shot for shot in known if shot.value is not None]
        own = float(np.median([shot.random for shot in single])) / math.sqrt(len(single))
        random = max((interval[1] - interval[0]) / (2.0 * NORMAL_95), own)
        systematic = float(np.median([shot.systematic for shot in single]))
    return Result(
        "relaxation_time_median", "s", value, low, high, method, conditions, flags, random, systematic)


def mean_result(shots: Sequence[Relaxed], conditions: dict[str, object]) -> Result:
    """Return the mean over the shots that fired, with its t-interval; no value where any is only bounded.

    Parameters
    ----------
    shots, conditions : as :func:`median_result` takes them
    """
    known = [shot for shot in shots if shot.fired]
    times = np.array([shot.value for shot in known if shot.value is not None], dtype=np.float64)
    method = f"mean of {times.size} pulses; {_METHOD}"
    conditions = {**conditions, "statistic": "mean", "pulses": times.size}
    name = "relaxation_time_mean"
    flags = functools.reduce(operator.or_, (shot.flags & ~Flag.CENSORED for shot in known), Flag.NONE)
    if times.size < len(known) or times.size == 0:
        flags |= Flag.CENSORED if times.size < len(known) else Flag.NO_EVENT
        return Result(name, "s", None, None, None, method, conditions, flags)
    if times.size == 1:
        half = NORMAL_95 * combined(known[0].random, known[0].systematic)
        one = float(times[0])
        return Result(name, "s", one, not_negative(one - half, one), one + half, method, conditions,
                      flags | Flag.TOO_FEW, known[0].random, known[0].systematic)
    summary, common = summarise(times), max(shot.systematic for shot in known)
    own = float(np.mean([shot.random for shot in known])) / math.sqrt(times.size)
    random = max((summary.high - summary.mean) / NORMAL_95, own)
    half = NORMAL_95 * combined(random, common)
    low, high = not_negative(summary.mean - half, summary.mean), summary.mean + half
    return Result(name, "s", summary.mean, low, high, method, conditions, flags, random, common)
