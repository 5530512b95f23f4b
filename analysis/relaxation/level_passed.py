"""When a falling current passes a level for the last time."""

import math

import numpy as np

from tsbench.analysis.statistics import combined
from tsbench.records import Flag, FloatArray
from tsbench.samples import median, rounding, smoothed

_GAP = 2.0  #: times the length of the mean: a longer step between two samples is a gap
EVEN = 3.0  #: standard deviations of a mean that a current falls by over its length, for one crossing of a level
_LONGER = 1.25  #: factor by which a mean gets longer in each step until it falls evenly
_CODES = 2.0  #: steps of the digitiser over which the mean of a falling current is even


def time_at(time: FloatArray, place: float) -> float:
    """Return the time [s] at a fractional index of the record.

    Parameters
    ----------
    time : [s] of the record, shape (n,), n > 1
    place : the index, 0 or more; behind the last sample, the time goes on as between the last two
    """
    before = min(int(place), time.size - 2)
    return float(time[before] + (place - before) * (time[before + 1] - time[before]))


def hidden(
    time: FloatArray, place: int, mean: int, *, ends: bool
) -> tuple[float, float | None, Flag] | None:
    """Return between which times [s] a level is passed, and flags, where the record does not show it; else None.

    The record may end before, and the mean beside the sample may go over a gap in the times.

    Parameters
    ----------
    time : [s] of the record, shape (n,)
    place : last sample at the level or above
    mean : samples of the mean
    ends : whether the record ends there
    """
    if ends:
        return time_at(time, place), None, Flag.CENSORED
    first = max(place - mean, 0)
    steps = np.diff(time[first : place + mean + 2])
    most = first + int(np.argmax(steps))
    if float(steps[most - first]) <= _GAP * mean * median(steps):
        return None
    return float(time[most]), float(time[min(max(most, place) + 1, time.size - 1)]), Flag.CENSORED | Flag.UNDER_SAMPLED


def falls_evenly(
    smooth: FloatArray, last: int, mean: int, noise: float, code: float, slow: float = 0.0
) -> bool:
    """Return whether the mean of a current falls by more than its scatter over its own length.

    A mean of m samples scatters by noise / sqrt(m). Where it falls by less than it scatters over its own length, it
    crosses the level many times, and the last crossing is late. A rounded current stays at its last code above a level;
    a mean over two codes falls evenly.

    Parameters
    ----------
    smooth : [A] running mean, shape (n,)
    last : its last sample at the level or above
    mean : samples of the mean
    noise, code : [A] of one sample, or :data:`EVEN` times that; and step of the digitiser
    slow : [A] by which means that are two lengths apart differ because of 1/f noise, or :data:`EVEN` times that
    """
    fall = float(smooth[max(last - mean, 0)] - smooth[min(last + mean, smooth.size - 1)])
    return fall >= 2.0 * max(combined(noise / math.sqrt(mean), slow), _CODES * code)


def passed(
    time: FloatArray, smooth: FloatArray, edge: float, settled: int, last: int, mean: int, wanted: float,
    steps: tuple[float, float, float],
) -> tuple[float, float, float, float]:
    """Return when the current passes a level for the last time.

    Parameters
    ----------
    time : [s] of the record
    smooth : [A] mean over ``mean`` samples, from the sample ``settled`` of the record on
    edge : end of the pulse, as a fractional index of the record
    settled, last : index in the record, and index in ``smooth`` of the last sample at the level or above
    mean : samples of the mean
    wanted : [A] the level
    steps : [A] noise of one sample, step of the digitiser, and standard uncertainty of the current at rest

    Returns
    -------
    time after the edge [s], its random standard uncertainty [s], the slope [A per sample], the sample interval [s]
    """
    step = float(smooth[last] - smooth[last + 1])
    crossing = last + (float(smooth[last]) - wanted) / step if step > 0 else float(last)
    value = time_at(time, settled + crossing) - time_at(time, edge)
    dt = float(time[settled + last + 1] - time[settled + last])
    slope = max(float(smooth[max(last - mean, 0)] - smooth[last + mean]) / (2 * mean), 1e-30)
    noise, code, at_rest = steps
    rounded = math.sqrt(2.0) * rounding(code, noise)   # of the current there, and of the current at rest
    blur = combined(noise / math.sqrt(mean), rounded, at_rest) / slope  # [samples]; and what the mean rounds off
    # the edge and the crossing are each anywhere between two samples; where the times are uneven, these differ
    at_edge = min(int(edge), time.size - 2)
    between = (float(time[at_edge + 1] - time[at_edge]), dt)
    random = combined(
        min(blur, 0.5 * value / dt) * dt, 0.25 * mean * dt, *(part / math.sqrt(12.0) for part in between))
    return value, random, slope, dt


def last_above(tail: FloatArray, mean: int, wanted: float, last: int) -> tuple[FloatArray, int]:
    """Return the running mean of the current after the edge [A], and the last sample at which it is ``wanted`` or more.

    Parameters
    ----------
    tail : [A] current after the edge, shape (n,)
    mean : samples of the running mean
    wanted : [A] the level
    last : what is returned where no sample is at the level or above
    """
    smooth = smoothed(tail, mean)[: tail.size - mean // 2]  # at the very end fewer samples would be averaged
    above = np.flatnonzero(smooth >= wanted)
    return smooth, int(above[-1]) if above.size else last


def even_mean(
    tail: FloatArray, now: tuple[FloatArray, int, int], wanted: float, steps: tuple[float, float, float], longest: int
) -> tuple[FloatArray, int, int]:
    """Return a running mean that falls evenly, the last sample at ``wanted`` or more, and the samples of the mean.

    Parameters
    ----------
    tail : [A] current after the edge, shape (n,)
    now : the same three of a mean that may be too short
    wanted : [A] the level
    steps : [A] noise of one sample, step of the digitiser, and difference of means by 1/f noise (``slow``)
    longest : samples of the longest mean
    """
    smooth, last, mean = now
    noise, code, slow = steps
    while not falls_evenly(smooth, last, mean, EVEN * noise, code, EVEN * slow) and mean < longest:
        mean = min(math.ceil(_LONGER * mean), longest)
        smooth, last = last_above(tail, mean, wanted, last)
    return smooth, last, mean
