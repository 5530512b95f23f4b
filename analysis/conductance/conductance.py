"""Conductance at low voltage, and how far a device departs from Ohm's law, from readings at several voltages.

The slope is Sen's: the median of the slopes of all pairs of readings, with the interval that Kendall's statistic gives
(P. K. Sen, J. Am. Stat. Assoc. 63 (1968) 1379). An offset of the ammeter does not change it, and one wild reading in
four does not either. The limits of the data sheet for the gain of voltage and current widen the interval.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tsbench.analysis.statistics import NORMAL_95
from tsbench.records import Flag, FloatArray, Result

FEWEST = 5  #: different voltages for a slope with an interval of 95 %
_METHOD = (
    "median of the slopes between all pairs of readings (Sen); 95 % interval from Kendall's statistic, the gain "
    "accuracy and that of the path and of conductances beside the device")
_NONLINEARITY = (
    "slope over the upper half of the voltages relative to that over the lower half, less one; each is the median of "
    "the slopes between all pairs of readings (Sen); the interval joins the far ends of both 95 % intervals from "
    "Kendall's statistic")


@dataclass(frozen=True)
class Slope:
    """A conductance [S] with its 95 % interval; None where there were too few readings."""

    value: float | None
    low: float | None
    high: float | None


def conductance(voltage: FloatArray, current: FloatArray, gain: float = 0.0) -> Slope:
    """Return the slope of current over voltage.

    Parameters
    ----------
    voltage : [V] at the device, shape (n,); NaN is left out
    current : [A], shape (n,)
    gain : relative limit of error of current over voltage, by the data sheets

    Returns
    -------
    Slope
        All of it is None below five different voltages.
    """
    known = np.isfinite(voltage) & np.isfinite(current)
    v, i = np.asarray(voltage, dtype=float)[known], np.asarray(current, dtype=float)[known]
    if np.unique(v).size < FEWEST:
        return Slope(None, None, None)
    first, second = np.triu_indices(v.size, 1)
    apart = v[second] != v[first]
    slopes = np.sort((i[second] - i[first])[apart] / (v[second] - v[first])[apart])
    spread = NORMAL_95 * math.sqrt(v.size * (v.size - 1) * (2 * v.size + 5) / 18.0)
    low = slopes[max(math.floor(0.5 * (slopes.size - spread)) - 1, 0)]
    high = slopes[min(math.ceil(0.5 * (slopes.size + spread)), slopes.size - 1)]
    widest = gain * max(abs(float(low)), abs(float(high)))
    return Slope(float(np.median(slopes)), float(low) - widest, float(high) + widest)


def low_voltage_results(
    voltage: FloatArray, current: FloatArray, gain: float = 0.0, flags: Flag = Flag.NONE, beside: float = 0.0,
    in_series: Callable[[float], float] | None = None,
) -> list[Result]:
    """Return the resistance over the lower half of the voltages, and the non-linearity.

    ``resistance`` [Ohm]: where the interval of the conductance holds zero the device is not told from an open circuit;
    then only the lower bound is known. Where the interval of the resistance holds zero the device is not told from a
    short, and only the upper bound is known.
    ``nonlinearity``: conductance over the upper half of the voltages, relative to that over the lower half, less one; 0
    for an ohmic device.

    Parameters
    ----------
    voltage, current : as :func:`conductance` takes them
    gain : as :func:`conductance` takes it; it does not act on the non-linearity
    flags : of the readings together
    beside : [S] limit of error of what was subtracted for conductances beside the device
    in_series : limit of error [Ohm] of what was subtracted for resistances in series with a device of so much [Ohm]
    """
    highest = float(np.nanmax(np.abs(voltage), initial=0.0))
    inside = np.abs(voltage) <= 0.5 * highest
    lower = conductance(voltage[inside], current[inside], gain)
    if lower.low is not None and lower.high is not None:
        lower = replace(lower, low=lower.low - beside, high=lower.high + beside)
    resistance = resistance_result(lower, {"up to": 0.5 * highest}, flags)
    results = [resistance if in_series is None else _less_path(resistance, in_series, (voltage, current))]
    plain = conductance(voltage[inside], current[inside])
    sides = (voltage >= 0.5 * highest, voltage <= -0.5 * highest)
    outer = [conductance(voltage[side], current[side]) for side in sides]
    results += [_nonlinearity(plain, upper, polarity, flags)
                for upper, polarity in zip(outer, "+-", strict=True) if upper.value is not None]
    return results


def _less_path(
    result: Result, in_series: Callable[[float], float], readings: tuple[FloatArray, FloatArray],
) -> Result:
    """Return a resistance with the error of what was subtracted; SHORT with an upper bound if its interval contains 0.

    Behind a large path, the voltage of a short is nothing but error. Then the slope of the voltages over the currents
    tells the bound: the current is known, and not zero.
    """
    if result.low is None or result.low <= 0.0:
        slope = conductance(readings[1], readings[0])   # of the voltage over the current [Ohm]
        if slope.high is None or slope.low is None or slope.low > in_series(0.0) or slope.high < -in_series(0.0):
            return result
        most = max(slope.high, 0.0)
        return replace(result, value=None, low=None, high=most + in_series(most),
                       flags=result.flags & ~(Flag.IMPLAUSIBLE | Flag.TOO_FEW) | Flag.CENSORED | Flag.SHORT)
    low = result.low - in_series(result.low)
    high = None if result.high is None else result.high + in_series(result.high)
    if low > 0.0:
        return replace(result, low=low, high=high)
    short = Flag.NONE if high is None else Flag.SHORT
    return replace(result, value=None, low=None, high=high, flags=result.flags | Flag.CENSORED | short)


def unread_nonlinearity(polarity: str) -> Result:
    """Return the row of a polarity at which nearly all readings are in compliance."""
    return Result("nonlinearity", "", None, None, None, f"{_NONLINEARITY}; too few readings are below the compliance",
                  {"polarity": polarity}, Flag.COMPLIANCE | Flag.TOO_FEW)


def resistance_result(found: Slope, conditions: Mapping[str, Any], flags: Flag = Flag.NONE) -> Result:
    """Return the resistance [Ohm] of a slope; only its lower bound where the slope is not told from zero."""
    if found.value is None or found.low is None or found.high is None:
        return Result("resistance", "Ohm", None, None, None, _METHOD, conditions, flags | Flag.TOO_FEW)
    if found.high <= 0.0:
        return Result("resistance", "Ohm", None, None, None, _METHOD, conditions, flags | Flag.IMPLAUSIBLE)
    if found.low <= 0.0:
        return Result(
            "resistance", "Ohm", None, 1.0 / found.high, None, _METHOD, conditions, flags | Flag.OPEN | Flag.CENSORED)
    return Result("resistance", "Ohm", 1.0 / found.value, 1.0 / found.high, 1.0 / found.low, _METHOD, conditions, flags)


def _nonlinearity(lower: Slope, upper: Slope, polarity: str, flags: Flag) -> Result:
    conditions = {"polarity": polarity}
    bounds = (lower.low, lower.high, upper.low, upper.high)
    if lower.value is None or None in bounds or min(lower.low or 0.0, lower.value) <= 0.0:
        return Result("nonlinearity", "", None, None, None, _NONLINEARITY, conditions, flags | Flag.NO_EVENT)
    assert lower.low is not None and lower.high is not None and upper.low is not None and upper.high is not None
    assert upper.value is not None
    return Result(
        "nonlinearity", "", upper.value / lower.value - 1.0, upper.low / lower.high - 1.0, upper.high / lower.low - 1.0,
        _NONLINEARITY, conditions, flags)
