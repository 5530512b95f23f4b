"""The switching delay against the overvoltage, which is the amplitude of a pulse minus a known threshold voltage.

The slope of ln(delay) against the amplitude needs no threshold (:mod:`.log_line`). A power law does: near its threshold
a device that heats itself switches after a delay that grows as a power of the overvoltage. For a fold of the static
curve the power is -1/2 (S. H. Strogatz, Nonlinear Dynamics and Chaos, 2nd ed. (2015), section 4.3: bottleneck of a
saddle node).
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tsbench.analysis.trends.log_line import FEWEST_LEVELS, LogLine, log_line
from tsbench.records import Flag, FloatArray, Result

_METHOD = ("slope of the logarithm of the mean delay against the logarithm of the overvoltage; the interval holds the "
           "lines for both ends of the interval of the threshold")
_THRESHOLDS = 9  #: values of the threshold within its interval for which the line is fitted


def overvoltages(delays: Sequence[Result], threshold: Result) -> list[Result]:
    """Return the overvoltage [V] of each mean delay, from its condition ``amplitude``; empty bounds where not known.

    The amplitude counts as it was set. An error of the generator's amplitude is not in the interval.
    """
    found = []
    for delay in delays:
        amplitude = abs(float(delay.conditions["amplitude"]))
        value, low, high = (None if end is None else amplitude - abs(end)
                            for end in (threshold.value, threshold.high, threshold.low))
        found.append(Result("overvoltage", "V", value, low, high, "amplitude minus threshold voltage",
                            dict(delay.conditions), threshold.flags))
    return found


def overvoltage_line(delays: Sequence[Result], threshold: Result) -> Result:
    """Return the power of the overvoltage by which the delay falls, with its interval.

    Parameters
    ----------
    delays : mean delays with 95 % intervals, with their ``amplitude`` [V]
    threshold : voltage [V] with its interval

    Returns
    -------
    Result
        TOO_FEW without three amplitudes that are above the whole interval of the threshold; AMBIGUOUS where the delays
        do not lie on a power law.
    """
    nothing = Result("delay_power_of_overvoltage", "", None, None, None, _METHOD, {}, Flag.TOO_FEW)
    if threshold.value is None or threshold.low is None or threshold.high is None:
        return replace(nothing, flags=Flag.NO_EVENT)
    middle = power_law(delays, threshold)
    if middle is None:
        return nothing
    used = _above(delays, threshold.low, threshold.high)
    amplitudes = np.array([abs(float(delay.conditions["amplitude"])) for delay in used])
    lines = [line for at in np.linspace(threshold.low, threshold.high, _THRESHOLDS)
             if (line := log_line(_logarithms(amplitudes, float(at)), used)) is not None]
    low, high = min(line.slope - line.half for line in lines), max(line.slope + line.half for line in lines)
    flags = Flag.AMBIGUOUS if all(line.curved for line in lines) else Flag.NONE
    return replace(nothing, value=middle.slope, low=min(low, middle.slope - middle.half),
                   high=max(high, middle.slope + middle.half), flags=flags)


def power_law(delays: Sequence[Result], threshold: Result) -> LogLine | None:
    """Return the line whose slope :func:`overvoltage_line` gives, over the logarithm of the overvoltage; or None.

    ``delays`` and ``threshold`` as there.
    """
    if threshold.value is None or threshold.low is None or threshold.high is None:
        return None
    used = _above(delays, threshold.low, threshold.high)
    amplitudes = np.array([abs(float(delay.conditions["amplitude"])) for delay in used])
    return log_line(_logarithms(amplitudes, threshold.value), used) if len(used) >= FEWEST_LEVELS else None


def _above(delays: Sequence[Result], low: float, high: float) -> list[Result]:
    """Return the delays at amplitudes above the whole interval of the threshold [V]."""
    return [delay for delay in delays if abs(float(delay.conditions["amplitude"])) > max(abs(low), abs(high))]


def _logarithms(amplitudes: FloatArray, threshold: float) -> list[float]:
    return [math.log(amplitude - abs(threshold)) for amplitude in amplitudes.tolist()]
