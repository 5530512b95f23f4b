"""Mean, standard deviation and median over half-sweeps, those that are only bounded counted in.

A device that is still on at the end of the way down holds at most at the last voltage there, and one that is on from
the first reading switched at most at the first. To leave such half-sweeps out would raise the mean. With some of them
the mean is bounded from above only; the median is known as long as fewer than half are bounded, since their order
below the others is.

A value between two set-points is known to a step only, and so is the mean of values in one step. If all half-sweeps
have a value, the numbers are those that the statistics of stored runs give for the same events.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tsbench.analysis.statistics import median_interval, summarise
from tsbench.analysis.statistics.brackets import grid_of
from tsbench.analysis.statistics.censored import CensoredSample
from tsbench.analysis.statistics.describe import mean, median, standard_deviation
from tsbench.analysis.statistics.distribution import distribution
from tsbench.analysis.statistics.estimate import Estimate
from tsbench.records import Flag, FloatArray, Result

_FEW = 5


def censored_at(found: Sequence[Result]) -> FloatArray:
    """Return the bounds [V], as magnitudes, of the results that are bounded from above only."""
    bounds = (
        min(abs(bound) for bound in (result.low, result.high) if bound is not None)
        for result in found
        if result.value is None and Flag.CENSORED in result.flags and (result.low, result.high) != (None, None)
        and not _from_below(result)
    )
    return np.array(list(bounds), dtype=np.float64)


def _from_below(result: Result) -> bool:
    """Return whether a magnitude is known to be above a bound, and no more (means of an oscillation)."""
    return (result.high is None and (result.low or 0.0) > 0.0) or (result.low is None and (result.high or 0.0) < 0.0)


def half_width(result: Result) -> float:
    """Return half of the interval of a result, in its unit; 0 without an interval."""
    return 0.0 if result.low is None or result.high is None else 0.5 * abs(result.high - result.low)


def statistics(quantity: str, sign: int, found: Sequence[Result], conditions: Mapping[str, Any]) -> list[Result]:
    """Return mean, standard deviation and median of a quantity over the half-sweeps of one polarity.

    Parameters
    ----------
    quantity : "threshold_voltage" or "hold_voltage"
    sign : polarity of the half-sweeps
    found : the results of that quantity, at least one with a value
    conditions : passed on; ``censored`` is added where some are only bounded

    Returns
    -------
    list of Result
        CENSORED where the number is a bound or leaves the bounded ones out; TOO_FEW below five values.
    """
    values: FloatArray = np.array([abs(result.value) for result in found if result.value is not None])
    bounds = censored_at(found)
    flags = Flag.TOO_FEW if values.size < _FEW else Flag.NONE
    if bounds.size:
        own = _errors(found)[1] if values.size else 0.0
        counted = {**conditions, "censored": int(bounds.size)}
        return _censored(quantity, sign, values, bounds, counted, flags, own)
    values = np.array([result.value for result in found if result.value is not None])  # with their sign
    sample, own, shared, of_mean = _errors(found)
    centre, few = mean(values, of_mean)
    if centre.value is None:  # of one value: itself
        centre = Estimate(float(values[0]), float(values[0]) - own, float(values[0]) + own)
    spread, poor = standard_deviation(values, own)
    middle, open_end = median(distribution(sample), shared)
    return [
        _signed(f"{quantity}_mean", 1, centre, "mean, t-interval and the interval of a value", conditions,
                flags | few),
        _signed(f"{quantity}_standard_deviation", 1, spread, "interval of Bonett", conditions, flags | poor),
        _signed(f"{quantity}_median", 1, middle, "order statistics and the interval of a value", conditions,
                flags | open_end),
    ]


def _errors(found: Sequence[Result]) -> tuple[CensoredSample, float, float, float]:
    """Return the events as brackets or values, and three 95 % half-widths [V]: of one value, shared, of the mean.

    Only results with a value count; there is at least one.
    """
    known = [(result.value, result.value if result.low is None else result.low,
              result.value if result.high is None else result.high, result.method)
             for result in found if result.value is not None]
    values = np.array([value for value, _, _, _ in known])
    ends = np.array([(low, high) for _, low, high, _ in known])
    own = float(np.median(0.5 * (ends[:, 1] - ends[:, 0])))
    deviation = float(values.std(ddof=1)) if values.size > 1 else 0.0
    if grid := grid_of(ends[:, 0], ends[:, 1], [method for _, _, _, method in known], deviation):
        # errors within brackets average out where the values spread over steps (Sheppard)
        of_mean = grid.common if deviation >= 0.5 * grid.step else own
        return CensoredSample(grid.low, grid.high), own, grid.common, of_mean
    return CensoredSample(values, values), own, own, own


def _censored(
    quantity: str, sign: int, values: FloatArray, bounds: FloatArray, conditions: Mapping[str, Any], flags: Flag,
    own: float,
) -> list[Result]:
    number = f"{bounds.size} of {bounds.size + values.size} values are only upper limits"
    highest = summarise(np.concatenate((values, bounds)))
    spread, poor = standard_deviation(values, own)
    at_bounds, below_all = np.concatenate((values, bounds)), np.concatenate((values, np.full(bounds.size, -math.inf)))
    # the median of two order statistics, of which one may be anywhere below
    middle = float(np.median(at_bounds))
    ordered = np.sort(below_all)
    lowest = 0.5 * (float(ordered[(ordered.size - 1) // 2]) + float(ordered[ordered.size // 2]))
    high, low = median_interval(at_bounds), median_interval(below_all)
    interval = (
        lowest - own if low is None and lowest == middle else -math.inf if low is None else low[0] - own,
        (float(at_bounds.max()) if high is None else high[1]) + own)
    open_below = Flag.NONE if math.isfinite(interval[0]) and lowest == middle else Flag.CENSORED
    return [
        _signed(f"{quantity}_mean", sign, Estimate(None, None, highest.high + own),
                f"upper limit of the mean; {number}", conditions, flags | Flag.CENSORED),
        _signed(f"{quantity}_standard_deviation", 1, spread,
                f"interval of Bonett, of the {values.size} measured values; {number}", conditions,
                flags | poor | Flag.CENSORED),
        _signed(f"{quantity}_median", sign, Estimate(middle if lowest == middle else None, *interval),
                f"order statistics; {number}", conditions, flags | open_below),
    ]


def _signed(
    quantity: str, sign: int, found: Estimate, method: str, conditions: Mapping[str, Any], flags: Flag,
) -> Result:
    value, low, high = (None if number is None or not math.isfinite(number) else sign * number
                        for number in (found.value, *(found.low, found.high)[::sign]))
    return Result(quantity, "V", value, low, high, method, conditions, flags)
