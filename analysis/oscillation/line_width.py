"""Line width and phase noise of an oscillation, by what adds up over its inter-spike intervals.

The random part of an interval that the next ones do not take back, standard deviation J, lets the phase walk at
random. The line is then a Lorentzian, and its tail the phase noise (A. Demir, A. Mehrotra, J. Roychowdhury, IEEE Trans.
Circuits Syst. I 47, 655, 2000; with J^2 f the c of that paper)::

    full width at half maximum = 2 pi J^2 f^3
    phase noise at an offset d >> width: J^2 f^3 / d^2, per Hz, relative to the carrier (10 log10 of it: dBc/Hz)

An error of a spike time is taken back by the next interval. So noise of the scope, and of the level that times a
spike, widen no line, however large they are. They are one part of the intervals here, with a size that is fitted
(:mod:`.jitter` with an unknown timing error). Whether two parts describe the intervals is tested at low frequencies:
a drift, flicker noise or bursts have more there. The lowest frequencies alone give the number then, with AMBIGUOUS,
because a longer record would give another one.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tsbench.analysis.oscillation.frequency import MeasuredOscillation, jitter_result, regime_text
from tsbench.analysis.oscillation.interval_statistics import regularity_results
from tsbench.analysis.oscillation.jitter import jitter_of
from tsbench.analysis.statistics import NORMAL_95
from tsbench.records import Flag, FloatArray, Result

#: fewer intervals do not tell what adds up
FEWEST_INTERVALS = 30
#: standard deviation over mean above which a train has no line
_NO_LINE = 0.3
#: lowest share of the frequencies that is compared with the two parts, and the fewest of them
_LOWEST_SHARE, _FEWEST_BINS = 1.0 / 16.0, 4
#: standard normal quantile (one in two hundred) beyond which the two parts do not describe the intervals
_MISFIT = 2.6
#: twice the logarithm of a likelihood ratio that one in twenty exceeds by chance
_LIKELY = 3.84
_ROUNDING = 1e-12  #: intervals that differ less, relatively, are equal
#: offset of the phase noise from the frequency, relative
OFFSET = 0.01


@dataclass(frozen=True)
class LineWidth:
    """[Hz] full width at half maximum, with its 95 % interval; CENSORED: ``high`` alone is known."""

    value: float | None
    low: float | None
    high: float | None
    flags: Flag = Flag.NONE

    def noise_at(self, offset: float) -> tuple[float | None, float | None, float | None]:
        """Return the phase noise [dBc/Hz] at an ``offset`` [Hz] far outside the line, and its interval."""
        value, low, high = (None if width is None or width <= 0.0 else
                            10.0 * math.log10(width / (2.0 * math.pi * offset**2))
                            for width in (self.value, self.low, self.high))
        return value, low, high


def line_width(intervals: FloatArray, timing: float = 0.0) -> LineWidth:
    """Return the line width of an oscillation from its inter-spike intervals [s], shape (n,), in order.

    TOO_FEW with fewer than 30 of them; NO_EVENT where they vary by more than 30 %: there is no line.

    Parameters
    ----------
    intervals : [s], shape (n,), in order
    timing : [s] standard uncertainty of one spike time. It matters only where the intervals are equal
    """
    n = intervals.size
    if n < FEWEST_INTERVALS:
        return LineWidth(None, None, None, Flag.TOO_FEW)
    mean, variance = float(intervals.mean()), float(intervals.var(ddof=1))
    if math.sqrt(variance) > _NO_LINE * mean:
        return LineWidth(None, None, None, Flag.NO_EVENT)
    per_variance = 2.0 * math.pi / mean**3
    if variance <= (_ROUNDING * mean) ** 2:
        return LineWidth(None, None, per_variance * jitter_of(intervals, timing).high ** 2, Flag.CENSORED)
    jitter, power = jitter_of(intervals), _powers(intervals)
    adds_up = 0.0 if jitter.value is None else min(jitter.value**2, variance)
    expected = _expected(adds_up if adds_up > 0.0 else jitter.high**2, 0.5 * (variance - adds_up), n)
    if not _misfits(intervals, power / expected, adds_up > 0.0):
        if jitter.value is None or jitter.low is None:
            return LineWidth(None, None, per_variance * jitter.high**2, Flag.CENSORED)
        most = jitter.high**2
        alone = 2.0 * float(np.sum(np.log(variance / expected) + power / variance - power / expected))
        if alone < _LIKELY:   # all of the variance may add up: then it is known as a variance is
            most = max(most, variance * (n - 1) / _chi_square_at(-NORMAL_95, n - 1))
        return LineWidth(per_variance * jitter.value**2, per_variance * jitter.low**2, per_variance * most)
    power = power[: _lowest(n)]
    level, degrees = float(power.mean()), 2 * power.size
    low, high = (level * degrees / _chi_square_at(quantile, degrees) for quantile in (NORMAL_95, -NORMAL_95))
    return LineWidth(per_variance * level, per_variance * low, per_variance * high, Flag.AMBIGUOUS)


def _powers(intervals: FloatArray) -> FloatArray:
    """Return the power of the intervals [s^2] at the multiples of the lowest frequency, shape ((n - 1) // 2,).

    That of independent intervals is their variance, times a chi-square variable of two degrees of freedom over two.
    """
    power: FloatArray = np.abs(np.fft.rfft(intervals - intervals.mean())) ** 2 / intervals.size
    return power[1 : (intervals.size - 1) // 2 + 1]


def _expected(adds_up: float, taken_back: float, n: int) -> FloatArray:
    """Return the mean of these powers for a part [s^2] that adds up, and errors of spike times of a variance [s^2]."""
    cosines = np.cos(2.0 * np.pi * np.arange(1, (n - 1) // 2 + 1) / n)
    found: FloatArray = adds_up + 2.0 * taken_back * (1.0 - (1.0 - 1.0 / n) * cosines)
    return found


def _lowest(n: int) -> int:
    return max(_FEWEST_BINS, int(_LOWEST_SHARE * n))


def _misfits(intervals: FloatArray, ratios: FloatArray, known: bool) -> bool:
    """Return whether the lowest powers are not those of two parts, or neighbouring intervals are alike, as of no part.

    Parameters
    ----------
    ratios : of the powers and those expected
    known : whether the part that adds up is known, and not only a bound of it
    """
    lowest = ratios[: _lowest(intervals.size)]
    beyond = _quantile_of_chi_square(2.0 * float(lowest.sum()), 2 * lowest.size)
    away = intervals - intervals.mean()
    alike = float(away[1:] @ away[:-1]) / float(away @ away) * math.sqrt(intervals.size)
    return max(beyond, alike) > _MISFIT or (known and beyond < -_MISFIT)


def _quantile_of_chi_square(value: float, degrees: int) -> float:
    """Return the standard normal quantile of a chi-square value (Wilson and Hilferty, PNAS 17, 684, 1931)."""
    part = 2.0 / (9.0 * degrees)
    return (math.cbrt(value / degrees) - (1.0 - part)) / math.sqrt(part)


def _chi_square_at(quantile: float, degrees: int) -> float:
    """Return the chi-square value at a standard normal quantile; the inverse of the function above."""
    part = 2.0 / (9.0 * degrees)
    return float(degrees * (1.0 - part + quantile * math.sqrt(part)) ** 3)


def line_results(
    intervals: FloatArray, conditions: Mapping[str, Any], flags: Flag = Flag.NONE, timing: float = 0.0,
) -> list[Result]:
    """Return line width, and phase noise at a hundredth of the frequency from it, as results.

    Parameters
    ----------
    intervals : [s], shape (n,), in order
    conditions, flags : of the results
    timing : [s] standard uncertainty of one spike time
    """
    found = line_width(intervals, timing)
    flags |= found.flags
    said = f"what adds up over {intervals.size} inter-spike intervals"
    if Flag.NO_EVENT in found.flags:
        said = f"no line: {intervals.size} inter-spike intervals vary by more than {100 * _NO_LINE:g} %"
    rows = [Result("line_width", "Hz", found.value, found.low, found.high,
                   f"full width at half maximum from {said}", dict(conditions), flags)]
    if intervals.size and found.high is not None:
        offset = OFFSET / float(intervals.mean())
        rows.append(Result("phase_noise", "dBc/Hz", *found.noise_at(offset),
                           f"at {100 * OFFSET:g} % of the frequency from it, from {said}",
                           {**conditions, "offset_frequency": offset}, flags))
    return rows


def train_results(found: MeasuredOscillation, timing: float, conditions: Mapping[str, Any]) -> list[Result]:
    """Return all that an oscillation with a frequency shows beside it: jitter, regularity, line width, phase noise.

    Parameters
    ----------
    found : an oscillation with a frequency
    timing : [s] standard uncertainty of one spike time
    conditions : of the results
    """
    # the line width follows from the intervals: where the sampling makes much of their variance, it does so there, too
    hides = found.jitter is not None and found.jitter.is_much_hidden(found.intervals)
    doubt = Flag.AMBIGUOUS if hides else Flag.NONE
    rows = regularity_results(found.intervals, timing, found.jitter, regime_text(found), conditions, found.flags)
    jitter = jitter_result(found, conditions)   # in doubt where the variation of the same intervals contradicts it
    return [replace(jitter, flags=jitter.flags | rows[0].flags & Flag.AMBIGUOUS), *rows,
            *line_results(found.intervals, conditions, found.flags | doubt, timing)]
