"""Between which two readings a conductance changed, by the readings around the change."""

import math

import numpy as np

from tsbench.analysis.threshold.level_change import LevelStep, lasting_changes
from tsbench.records import FloatArray

#: a reading further than this from both levels counts as this many standard deviations away: it may be wild
_WILD = 4.0
#: a change stands out where it is larger than half the step by this many standard deviations of a difference
_CLEAR = 3.0
#: a reading during which a device switches shows at least this part of the change of current
_LEAST_PART = 0.05
_LEAST_BETWEEN = math.log(2.0)  #: and this change of log conductance
#: a step of a branch is at most so many times the one beside it (chosen; a branch bends towards its fold)
_GOES_ON = 1.5
_OF_LINE = 3  #: readings: one, and two that make a line
#: part of the step of the set-point, and standard deviations of the noise, by which a voltage falls clearly
_LEAST_FALL, _FALL_SIGMAS = 0.5, 6.0


def gap_probability(
    series: FloatArray, current: FloatArray, step: LevelStep, level: FloatArray, *, backwards: bool
) -> FloatArray:
    """Return the probability of each gap to be the one in which the conductance changed; shape (n - 1,).

    A change that stands out from the noise is where it is largest; if a reading in between was taken while the device
    switched, it is on the new side already. Otherwise the readings around the gap are weighed between the levels
    before and after it, with Gaussian noise and a bounded weight of each reading; beforehand the change may be at any
    voltage within the windows.

    Parameters
    ----------
    series : logarithms of the conductance in order of rising level, shape (n,)
    current : [A] of the device, shape (n,)
    step : of the series
    level : [V] set-points, rising, shape (n,)
    backwards : whether the branch was measured from its end
    """
    n, window = series.size, max(step.window, 2)
    first, last = max(step.before - window, 0), min(step.after + window, n - 1)
    low = float(np.median(series[max(step.before - window + 1, 0) : step.before + 1]))
    high = float(np.median(series[step.after : step.after + window]))
    probability = np.zeros(n - 1)
    changes = lasting_changes(series)[first:last]
    k = int(np.argmax(changes))
    if changes[k] > 0.5 * (high - low) + _CLEAR * math.sqrt(2.0) * step.noise:
        probability[_in_between(series, current, level, first + k, step.noise, backwards=backwards)] = 1.0
        return probability
    noise = max(step.noise, 1e-3 * abs(high - low))
    on_old_side = (
        np.minimum(np.abs(series - high) / noise, 2 * _WILD) ** 2
        - np.minimum(np.abs(series - low) / noise, 2 * _WILD) ** 2) / 2.0
    gaps = np.arange(first, last)
    support = np.cumsum(on_old_side[first:last])
    chance = np.exp(support - support.max()) * np.maximum(np.diff(level)[gaps], 1e-300)
    probability[gaps] = chance / chance.sum()
    return probability


def falls(voltage: FloatArray, level: FloatArray) -> FloatArray:
    """Return by how much the voltage falls over each gap [V], as the two readings on either side show it, (n - 1,).

    A gap that fewer than two readings follow has minus infinity. ``voltage`` and ``level`` [V] of shape (n,), in order
    of rising level.
    """
    known, step = np.minimum(voltage, level), np.maximum(np.diff(level), 0.0)
    before = np.minimum(known, np.concatenate((known[:1], known[:-1] + step)))
    after = np.maximum(voltage, np.concatenate((voltage[1:] - step, [math.inf])))
    fall: FloatArray = before[:-1] - after[1:]
    return fall


def at_fall_of_voltage(
    probability: FloatArray, voltage: FloatArray, level: FloatArray, noise: float
) -> FloatArray:
    """Return the probability of each gap, all of it at a clear fall of the device voltage where there is one.

    A device that switches while the source limits its current, or behind a resistance, takes less voltage although the
    set-point rises. If it then oscillates, the means that a meter reads let its conductance rise over many steps, and
    only the voltage tells the gap. The two readings after the gap, and the two before it, must show the fall, so that
    no wild reading does.

    Parameters
    ----------
    probability : of each gap by the conductance, shape (n - 1,); one that is certain stays
    voltage, level : of the device and of the set-points in order of rising level [V], shape (n,)
    noise : standard deviation of what the voltmeter adds [V]

    Returns
    -------
    float array
        Shape (n - 1,). The same as ``probability`` where no fall is clear, or one gap holds all of it.
    """
    gaps = np.flatnonzero(probability > 0.0)
    if gaps.size < 2:
        return probability
    fall = falls(voltage, level)
    inside = fall[gaps[0] : gaps[-1] + 1]
    k = int(np.argmax(inside)) + int(gaps[0])
    if fall[k] <= max(_LEAST_FALL * float(level[k + 1] - level[k]), _FALL_SIGMAS * noise, 0.0):
        return probability
    certain = np.zeros_like(probability)
    certain[k] = 1.0
    return certain


def _in_between(
    series: FloatArray, current: FloatArray, level: FloatArray, k: int, noise: float, *, backwards: bool
) -> int:
    """Return the gap of a clear change after reading ``k``, where a reading taken during it is on the new side.

    A reading that continues the steps of its branch was taken before the change, or behind it.
    """
    clear = 2 * _CLEAR * noise
    if not backwards and k > 0 and series[k] - series[k - 1] > max(clear, _LEAST_BETWEEN):
        part = float((current[k] - current[k - 1]) / (current[k + 1] - current[k - 1]))
        goes_on = k > 1 and series[k] - series[k - 1] <= _GOES_ON * (series[k - 1] - series[k - 2])
        return k - 1 if part > _LEAST_PART and not goes_on else k
    if backwards and k + 2 < series.size and series[k + 2] - series[k + 1] > max(clear, _LEAST_BETWEEN):
        part = float((current[k + 2] - current[k + 1]) / (current[k + 2] - current[k]))
        return k + 1 if part > _LEAST_PART and not _on_line(current[k + 1 :], level[k + 1 :], noise) else k
    return k


def _on_line(current: FloatArray, level: FloatArray, noise: float) -> bool:
    """Return whether the first current is on the line through the next two; ``noise`` relative, of one of them."""
    if current.size < _OF_LINE or not level[0] < level[1] < level[2]:
        return False
    expected = float((current[2] - current[1]) * (level[1] - level[0]) / (level[2] - level[1]))
    doubt = _CLEAR * noise * float(current[1]) * (1.0 + (level[1] - level[0]) / (level[2] - level[1]))
    return bool(0.0 < float(current[1] - current[0]) <= _GOES_ON * max(expected, 0.0) + doubt)
