"""A straight line through the logarithms of results at several levels, such as delays at several amplitudes.

The slope of ln(delay) against the amplitude is also its slope against the overvoltage: both differ by the threshold
voltage, which is the same at every amplitude. So it needs no threshold.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tsbench.analysis.series.straight_line import places, straight_line
from tsbench.analysis.statistics import NORMAL_95
from tsbench.records import Flag, FloatArray, Result

#: levels of a line, at least: two always lie on one
FEWEST_LEVELS = 3


@dataclass(frozen=True)
class LogLine:
    """``ln(value) = intercept + slope * x`` through points with logarithms ``y`` at ``x``, shape (n,)."""

    x: FloatArray
    y: FloatArray
    slope: float
    intercept: float
    half: float  #: half of the 95 % interval of the slope
    curved: bool  #: whether the points are farther from the line than their intervals explain

    def at(self, x: FloatArray) -> FloatArray:
        """Return the values of the line at ``x``.

        Parameters
        ----------
        x : any shape, in the unit of the points
        """
        return np.asarray(np.exp(self.intercept + self.slope * x))


def log_line(x: Sequence[float], results: Sequence[Result]) -> LogLine | None:
    """Fit a line (:mod:`tsbench.analysis.series.straight_line`); None below three points with value and both bounds.

    Parameters
    ----------
    x : of each result, n of them
    results : positive values with 95 % intervals, n of them
    """
    usable = [(place, found.value, found.low, found.high) for place, found in zip(x, results, strict=True)
              if math.isfinite(place) and found.value is not None and found.low is not None and found.high is not None
              and 0.0 < found.low < found.high and found.value > 0.0 and Flag.CENSORED not in found.flags]
    place, value, low, high = np.array(usable, dtype=np.float64).reshape(-1, 4).T
    if places(place) < FEWEST_LEVELS:
        return None
    y, sigma = np.log(value), np.log(high / low) / (2.0 * NORMAL_95)
    found = straight_line(place, y, np.maximum(sigma, 1e-12))
    assert found is not None   # three different places
    return LogLine(place, y, found.slope, found.intercept - found.slope * found.centre, found.high - found.slope,
                   found.bent)


def slope_result(
    quantity: str, unit: str, line: LogLine | None, conditions: Mapping[str, Any], what: str
) -> Result:
    """Return the slope of a line as a result; TOO_FEW without a line, AMBIGUOUS where the points are not on one.

    Parameters
    ----------
    quantity, unit : of the slope
    line : None where there are fewer than three usable levels
    conditions : of the result
    what : which logarithm is fitted against what, for ``method``
    """
    if line is None:
        return Result(quantity, unit, None, None, None, f"{what}; fewer than three levels can be used",
                      dict(conditions), Flag.TOO_FEW)
    flags = Flag.AMBIGUOUS if line.curved else Flag.NONE
    return Result(quantity, unit, line.slope, line.slope - line.half, line.slope + line.half,
                  f"{what}; weighted least squares over {line.x.size} levels", dict(conditions), flags)


def delay_line(results: Sequence[Result]) -> list[tuple[dict[str, Any], LogLine | None, list[Result]]]:
    """Return (conditions, line, mean delays) of the mean delays of a run, by all conditions but the amplitude.

    A mean over the pulses that fired says little where many did not: only amplitudes at which every pulse fired are on
    the line. Amplitudes of both signs make two lines, against the magnitude.
    """
    whole = {_key(found, "statistic", "pulses") for found in results
             if found.quantity == "switching_probability" and found.value == 1.0}
    groups: dict[tuple[Any, ...], list[Result]] = {}
    for found in results:
        if found.quantity == "switching_delay_mean" and "amplitude" in found.conditions:
            sign = math.copysign(1.0, float(found.conditions["amplitude"]))
            groups.setdefault((sign, _key(found, "statistic", "pulses", "amplitude")), []).append(found)
    lines = []
    for (sign, key), group in groups.items():
        mine = sorted(group, key=lambda found: abs(float(found.conditions["amplitude"])))
        used = [found if _key(found, "statistic", "pulses") in whole else replace(found, value=None) for found in mine]
        conditions = {**dict(key), "polarity": "+" if sign > 0 else "-"}
        lines.append((conditions, log_line([abs(float(r.conditions["amplitude"])) for r in used], used), mine))
    return lines


def _key(found: Result, *without: str) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((name, value) for name, value in found.conditions.items() if name not in without))
