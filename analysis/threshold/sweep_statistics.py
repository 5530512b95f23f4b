"""Mean, standard deviation and median over half-sweeps, those that are only bounded counted in.

A device that is still on at the end of the way down holds at most at the last voltage there, and one that is on from
the first reading switched at most at the first. To leave such half-sweeps out would raise the mean. With some of them
the mean is bounded from above only; the median is known as long as fewer than half are bounded, since their order
below the others is.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tsbench.analysis.statistics import bootstrap_interval, median_interval, summarise
from tsbench.records import Flag, FloatArray, Result

_FEW = 5


def censored_at(found: Sequence[Result]) -> FloatArray:
    """Return the bounds [V], as magnitudes, of the results that are bounded from above only."""
    bounds = (
        min(abs(bound) for bound in (result.low, result.high) if bound is not None)
        for result in found
        if result.value is None and Flag.CENSORED in result.flags and (result.low, result.high) != (None, None)
    )
    return np.array(list(bounds), dtype=np.float64)


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
        return _censored(quantity, sign, values, bounds, {**conditions, "censored": int(bounds.size)}, flags)
    summary = summarise(values)
    spread = bootstrap_interval(values, lambda drawn: drawn.std(axis=1, ddof=1))
    middle = bootstrap_interval(values, lambda drawn: np.median(drawn, axis=1))
    return [
        _signed(f"{quantity}_mean", sign, summary.mean, (summary.low, summary.high), "mean, t-interval", conditions,
                flags),
        _signed(f"{quantity}_standard_deviation", 1, summary.standard_deviation, spread, "bootstrap", conditions,
                flags),
        _signed(f"{quantity}_median", sign, summary.median, middle, "bootstrap", conditions, flags),
    ]


def _censored(
    quantity: str, sign: int, values: FloatArray, bounds: FloatArray, conditions: Mapping[str, Any], flags: Flag
) -> list[Result]:
    number = f"{bounds.size} of {bounds.size + values.size} values are only upper limits"
    highest = summarise(np.concatenate((values, bounds)))
    deviation = float(np.std(values, ddof=1)) if values.size > 1 else math.nan
    spread = bootstrap_interval(values, lambda drawn: drawn.std(axis=1, ddof=1))
    at_bounds, below_all = np.concatenate((values, bounds)), np.concatenate((values, np.full(bounds.size, -math.inf)))
    # the median of two order statistics, of which one may be anywhere below
    middle = float(np.median(at_bounds))
    ordered = np.sort(below_all)
    lowest = 0.5 * (float(ordered[(ordered.size - 1) // 2]) + float(ordered[ordered.size // 2]))
    high, low = median_interval(at_bounds), median_interval(below_all)
    interval = (
        lowest if low is None and lowest == middle else -math.inf if low is None else low[0],
        float(at_bounds.max()) if high is None else high[1])
    open_below = Flag.NONE if math.isfinite(interval[0]) and lowest == middle else Flag.CENSORED
    return [
        _signed(f"{quantity}_mean", sign, math.nan, (math.nan, highest.high), f"upper limit of the mean; {number}",
                conditions, flags | Flag.CENSORED),
        _signed(f"{quantity}_standard_deviation", 1, deviation, spread,
                f"bootstrap of the {values.size} measured values; {number}", conditions, flags | Flag.CENSORED),
        _signed(f"{quantity}_median", sign, middle if lowest == middle else math.nan, interval,
                f"order statistics; {number}", conditions, flags | open_below),
    ]


def _signed(
    quantity: str, sign: int, value: float, interval: tuple[float, float], method: str, conditions: Mapping[str, Any],
    flags: Flag,
) -> Result:
    low, high = interval[::sign]
    return Result(quantity, "V", _finite(sign * value), _finite(sign * low), _finite(sign * high), method, conditions,
                  flags)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
