"""Frequency against a level: where oscillation begins and ends, where the frequency is highest, and its linear range.

The two edges are brackets of levels: between the last level without and the first one with an oscillation. The slope
is that of a least-squares line over the linear range, which is the longest run of neighbouring levels whose frequencies
lie within 2 % of the highest of them from such a line.
"""

import functools
import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tsbench.analysis.statistics import NORMAL_95, combined, standard_uncertainty, wider_half
from tsbench.analysis.threshold.switching_results import step_flags
from tsbench.records import Flag, FloatArray, Result

#: largest distance of a frequency from the line, relative to the highest frequency of the linear range
LINEAR_SHARE = 0.02
#: levels of a linear range, at least: a line through three points shows no bend
FEWEST_LEVELS = 4
#: levels that are searched for a linear range, at most: the search looks at every pair of them
_MOST_LEVELS = 400

_ONSET = "between the last level without oscillation and the first level with oscillation"
_END = "between the last level with oscillation and the first level without oscillation above it"
_PEAK = "level with the highest frequency; the interval reaches to the two neighbouring levels"


@dataclass(frozen=True)
class FrequencyCurve:
    """Frequencies [Hz] at levels [V or A] in rising order, shape (n,); NaN where the device did not oscillate."""

    levels: FloatArray
    frequencies: FloatArray
    uncertainties: FloatArray  #: [Hz] standard, of each frequency
    flags: tuple[Flag, ...] = ()  #: of each frequency; empty: none has any

    @classmethod
    def of(cls, levels: Sequence[float], found: Sequence[Result]) -> "FrequencyCurve":
        """Return the curve of frequency results at their levels; the magnitudes of levels of one sign count.

        A frequency at a level that is no number is left out.

        Parameters
        ----------
        levels : [V] or [A] of each result, in any order
        found : frequencies [Hz], as many as levels
        """
        size = np.abs(np.asarray(levels, dtype=np.float64))
        found = [one for one, level in zip(found, size, strict=True) if math.isfinite(level)]
        size = size[np.isfinite(size)]
        values = np.array([math.nan if r.value is None else r.value for r in found], dtype=np.float64)
        half = np.array([math.nan if r.value is None else _half(r) for r in found], dtype=np.float64)
        order = np.argsort(size, kind="stable")
        flags = tuple(found[k].flags for k in order.tolist())
        return cls(size[order], values[order], half[order] / NORMAL_95, flags)

    @property
    def firing(self) -> "np.ndarray[Any, np.dtype[np.intp]]":
        """Return the places of the levels at which the device oscillates."""
        return np.flatnonzero(np.isfinite(self.frequencies))


    def doubts(self, first: int, last: int) -> Flag:
        """Return the flags of all frequencies at the levels ``first`` to ``last`` (places)."""
        return functools.reduce(operator.or_, self.flags[first : last + 1], Flag.NONE)


@dataclass(frozen=True)
class LinearRange:
    """Levels ``first`` to ``last`` (places), slope [Hz per unit] and intercept [Hz] of the line through them."""

    first: int
    last: int
    slope: float
    intercept: float
    half: float  #: [Hz per unit] half of the 95 % interval of the slope, for levels without an error


def _half(found: Result) -> float:
    """Return half of the width of an interval [Hz]; where one end is not known, the distance of the other."""
    assert found.value is not None
    ends = [abs(end - found.value) for end in (found.low, found.high) if end is not None]
    return max(ends, default=0.0)


def linear_range(curve: FrequencyCurve) -> LinearRange | None:
    """Return the longest linear range of a curve; None where no run of neighbouring levels is straight.

    Of equally many levels, the steepest range counts: a plateau at the end of a curve says nothing of its slope.
    """
    places = curve.firing
    best: LinearRange | None = None
    for whole in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1):
        run = whole[:_MOST_LEVELS]
        for length in range(run.size, FEWEST_LEVELS - 1, -1):
            if best is not None and length < best.last - best.first + 1:
                break
            for start in range(run.size - length + 1):
                found = _line(curve, int(run[start]), int(run[start + length - 1]))
                if found is not None and (best is None or (length, abs(found.slope)) > (
                        best.last - best.first + 1, abs(best.slope))):
                    best = found
    return best


def _line(curve: FrequencyCurve, first: int, last: int) -> LinearRange | None:
    """Return the line through the levels ``first`` to ``last``, None where one of them is too far from it."""
    part = slice(first, last + 1)
    x, y, sigma = curve.levels[part], curve.frequencies[part], curve.uncertainties[part]
    away = x - x.mean()
    if not (squares := float(away @ away)) > 0.0:
        return None
    slope = float(away @ y) / squares
    intercept = float(y.mean()) - slope * float(x.mean())
    residual = y - (intercept + slope * x)
    if float(np.abs(residual).max()) > LINEAR_SHARE * float(y.max()):
        return None
    freedom = x.size - 2
    scatter = math.sqrt(float(residual @ residual) / freedom / squares)
    known = math.sqrt(float((away**2) @ (sigma**2))) / squares
    return LinearRange(first, last, slope, intercept, wider_half(known, scatter, freedom))


def curve_results(
    curve: FrequencyCurve, unit: str, conditions: Mapping[str, Any], sign: float = 1.0, level_gain: float = 0.0,
) -> list[Result]:
    """Return onset, end, level of the highest frequency, and slope and ends of the linear range.

    Parameters
    ----------
    curve : of one device under one set of conditions
    unit : of the levels: "V" or "A"
    conditions : of the results
    sign : of the levels
    level_gain : relative limit of the error of the levels, common to all

    Returns
    -------
    list of Result
        Empty where the device oscillates at no level. An edge that no quiet level bounds is CENSORED, one with a quiet
        level between levels with oscillation AMBIGUOUS. No slope where no four neighbouring levels are on a line.
    """
    firing = curve.firing
    if firing.size == 0 or curve.levels.size < 2:
        return []
    first, last = int(firing[0]), int(firing[-1])
    flags = Flag.AMBIGUOUS if firing.size < last - first + 1 else Flag.NONE
    levels, given = curve.levels, {**conditions, "levels": int(curve.levels.size)}
    onset = (None if first == 0 else levels[first - 1]), levels[first]
    end = levels[last], (None if last == levels.size - 1 else levels[last + 1])
    results = [
        _bracket("oscillation_onset", unit, *onset, _ONSET, given, flags, sign),
        _bracket("oscillation_end", unit, *end, _END, given, flags, sign)]
    if (peak := _peak(curve, unit, given, flags, sign)) is not None:
        results.append(peak)
    if (line := linear_range(curve)) is not None:
        results += _line_results(curve, line, unit, given, sign, level_gain)
    return results


def _bracket(
    name: str, unit: str, low: float | None, high: float | None, method: str, conditions: Mapping[str, Any],
    flags: Flag, sign: float,
) -> Result:
    """Return an edge between two levels; only a bound, CENSORED, where there is no level on the other side."""
    if low is None or high is None:
        ends = (low, high) if sign > 0 else (None if high is None else -high, None if low is None else -low)
        return Result(name, unit, None, ends[0], ends[1], method, dict(conditions), flags | Flag.CENSORED)
    below, above = sorted((sign * float(low), sign * float(high)))
    value = 0.5 * (below + above)
    return Result(name, unit, value, below, above, method, dict(conditions), flags | step_flags(above - below, value))


def _peak(
    curve: FrequencyCurve, unit: str, conditions: Mapping[str, Any], flags: Flag, sign: float
) -> Result | None:
    """Return the level from which on the frequency falls; None where it is not known to rise and fall.

    The frequency falls if it is lower at the last level than at the highest, by more than both intervals. Where it
    still rises at the last level, only a lower bound of the level is known.
    """
    firing = curve.firing
    if firing.size < 3:
        return None
    f, sigma, levels = curve.frequencies[firing], curve.uncertainties[firing], curve.levels[firing]
    top = int(np.argmax(f))
    apart = NORMAL_95 * np.hypot(sigma, sigma[top])
    if not (f[top] - f[: top + 1] > apart[: top + 1]).any():
        return None   # it does not rise
    if not (f[top] - f[top:] > apart[top:]).any():
        return _bracket("frequency_peak_level", unit, float(levels[-2]), None, _PEAK, conditions, flags, sign)
    # neighbours that the intervals do not tell from the highest belong to it
    alike = np.flatnonzero(f[top] - f <= apart)
    low, high = int(alike[0]) - 1, int(alike[-1]) + 1
    below, above = sorted((sign * float(levels[max(low, 0)]), sign * float(levels[min(high, levels.size - 1)])))
    return Result("frequency_peak_level", unit, sign * float(levels[top]), below, above, _PEAK, dict(conditions), flags)


def _line_results(
    curve: FrequencyCurve, line: LinearRange, unit: str, conditions: Mapping[str, Any], sign: float, level_gain: float,
) -> list[Result]:
    """Return the slope of the linear range and its two ends."""
    levels, doubts = curve.levels, curve.doubts(line.first, line.last)
    count = line.last - line.first + 1
    half = combined(line.half, NORMAL_95 * standard_uncertainty(level_gain) * line.slope)
    slope = sign * line.slope
    method = (f"least-squares line through {count} levels, none of them farther from it than "
              f"{100 * LINEAR_SHARE:g} % of the highest frequency")
    results = [Result("frequency_slope", f"Hz/{unit}", slope, slope - half, slope + half, method, dict(conditions),
                      doubts)]
    for name, inside, outside in (
        ("linear_range_start", line.first, line.first - 1), ("linear_range_end", line.last, line.last + 1)):
        what = f"first and last of the {count} levels on the line, and the next level beyond"
        known = 0 <= outside < levels.size
        low, high = (levels[outside] if known else None), levels[inside]
        if name.endswith("end"):
            low, high = high, low
        results.append(_bracket(name, unit, low, high, what, conditions, doubts, sign))
    return results
