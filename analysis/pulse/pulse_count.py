"""Integrate and fire: how many pulses of a train it takes until the device fires.

Pulses that are each too weak or too short to switch the device leave something behind; the number of the first pulse
that fires tells how the device adds them up. A train that ends without firing bounds its count from below: the median
and its distribution-free interval take that as it is.
"""

import math
from collections.abc import Sequence

import numpy as np

from tsbench.analysis.statistics import median_interval, summarise
from tsbench.records import Flag, Result

_METHOD = "number of the first pulse that fired, from 1"


def train_result(count: int | None, pulses: int, conditions: dict[str, object]) -> Result:
    """Return one train's count; CENSORED with a lower bound where none of its ``pulses`` fired."""
    if count is None:
        return Result("pulses_to_fire", "", None, float(pulses + 1), None, _METHOD, conditions, Flag.CENSORED)
    return Result("pulses_to_fire", "", float(count), float(count), float(count), _METHOD, conditions, Flag.NONE)


def count_results(counts: Sequence[int | None], pulses: int, conditions: dict[str, object]) -> list[Result]:
    """Return median, and mean where every train fired, over trains of ``pulses`` under the same conditions.

    CENSORED where the median, or the upper end of its interval, is only bounded; TOO_FEW below six trains.
    """
    values = np.sort(np.array([math.inf if count is None else count for count in counts], dtype=np.float64))
    fired = int(np.isfinite(values).sum())
    conditions = {**conditions, "trains": values.size, "fired": fired}
    method = f"{_METHOD}; {fired} of {values.size} trains fired"
    if not values.size:
        conditions["statistic"] = "median"
        return [Result("pulses_to_fire_median", "", None, None, None, method, conditions, Flag.NO_EVENT)]
    middle = 0.5 * (values[(values.size - 1) // 2] + values[values.size // 2])
    interval, flags = median_interval(values), Flag.NONE
    if interval is None:
        interval, flags = (float(values[0]), float(values[-1])), Flag.TOO_FEW
    if not math.isfinite(interval[1]):
        flags |= Flag.CENSORED
    if fired == 0:
        flags |= Flag.NO_EVENT
    low, high = (bound if math.isfinite(bound) else None for bound in interval)
    results = [Result(
        "pulses_to_fire_median", "", float(middle) if math.isfinite(middle) else None,
        float(pulses + 1) if low is None else low, high, method, {**conditions, "statistic": "median"}, flags)]
    if fired == values.size and fired > 1:
        summary = summarise(values)
        results.append(Result(
            "pulses_to_fire_mean", "", summary.mean, summary.low, summary.high, method,
            {**conditions, "statistic": "mean"}, flags))
    return results
