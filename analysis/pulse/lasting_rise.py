"""The rise of the current in a pulse by which a device is seen to switch.

It lasts to the end of the pulse or, of a device that oscillates, to the end of its first spike.
"""

import math

import numpy as np

from tsbench.analysis.pulse.first_spike import end_of_first_spike
from tsbench.analysis.signal import upward_crossings
from tsbench.records import FloatArray
from tsbench.samples import noise_of, smoothed

#: (share of the highest voltage, factor, jump): the conductance must grow by the factor from where the voltage is above
#: that share. On the edge, the conductance of a non-ohmic off state grows too: there it must grow by more, and jump.
_LEAST_RATIO = ((0.9, 3.0, False), (0.5, 6.0, True))
#: the conductance jumps if it grows by the first factor while the voltage rises by no more than the second one
_JUMP, _HARDLY = 3.0, 1.12
#: the current must grow by this many standard deviations of its noise
LEAST_STEP = 8.0
#: an off state's conductance may be higher than read by this many standard deviations of its noise
_LEAST_SIGMAS = 4.0
#: share of the record before the edge in which nothing of the edge is seen yet, and means of it that tell their noise
BEFORE, _ENOUGH_BLOCKS = 0.8, 8


def first_rise(
    v: FloatArray, i: FloatArray, first: int, last: int, noise: float
) -> tuple[int, tuple[float, float, float] | None]:
    """Return the last sample that counts, and the rise: of a device that fires several times, the first one.

    Parameters
    ----------
    v, i : [V], [A], shape (n,), positive in the pulse, zero before it
    first, last : sample where the edge is half way up, and the last one of the pulse
    noise : [A] standard deviation of one sample of the current

    Returns
    -------
    last sample that counts
    off current [A], on current [A], and the sample half way between them; None where the current shows no such rise
    """
    rise = _lasting_rise(v, i, first, last, noise)
    if rise is not None:
        return last, rise
    width = _width(first, last)
    least = LEAST_STEP * _noise_of_mean(i[: math.floor(BEFORE * first)], width, noise)
    end = end_of_first_spike(smoothed(v, width), smoothed(i, width), first, last, least)
    return (last, None) if end is None else (end, _lasting_rise(v, i, first, end, noise))


def _lasting_rise(
    v: FloatArray, i: FloatArray, first: int, last: int, noise: float
) -> tuple[float, float, float] | None:
    """Return (off current, on current, fractional index half way) of the rise that lasts to the end."""
    width = _width(first, last)
    noise = _noise_of_mean(i[: math.floor(BEFORE * first)], width, noise)
    smooth_i, smooth_v = smoothed(i, width), np.maximum(smoothed(v, width), 1e-30)
    tail = slice(max(first, last - max(4, (last - first) // 20)), last + 1)
    on = float(np.median(i[tail]))  # a median: the falling edge's charging current may reach into it
    on_conductance = on / float(np.median(smooth_v[tail]))
    conductance = smooth_i[first : last + 1] / smooth_v[first : last + 1]
    searched = conductance[: max(1, tail.start - first)]
    top = float(smooth_v[first : last + 1].max())
    for share, ratio, jump in _LEAST_RATIO:
        high = np.flatnonzero(smooth_v[first : first + searched.size] >= share * top)
        if high.size == 0:
            continue
        lowest = first + int(high[np.argmin(searched[high])])
        off = float(smooth_i[lowest])
        # near zero current the lowest of many readings is noise: no less than the noise allows
        doubt = _LEAST_SIGMAS * noise / float(smooth_v[lowest])
        if on_conductance > ratio * (max(float(conductance[lowest - first]), 0.0) + doubt) and (
                not jump or _jumps(conductance[lowest - first :], smooth_v[lowest : last + 1], _LEAST_SIGMAS * noise)):
            break
    else:
        return None
    if on - off < LEAST_STEP * noise:
        return None
    crossings = upward_crossings(smooth_i[: last + 1], 0.5 * (off + on))
    crossings = crossings[crossings >= first - width]
    return (off, on, float(crossings[-1])) if crossings.size and crossings[-1] >= lowest - 1 else None


def _jumps(conductance: FloatArray, voltage: FloatArray, doubt: float) -> bool:
    """Return whether the conductance somewhere grows much while the voltage hardly rises.

    The conductance of a non-ohmic off state grows with the voltage of a slow edge, but by less than its tenth power: an
    off state with i = a sinh(v / b) grows so while v is below 10 b.

    Parameters
    ----------
    conductance, voltage : [S], [V], shape (n,), smoothed, from the lowest conductance to the end of the pulse
    doubt : [A] by which noise may lower a current
    """
    highest = np.maximum.accumulate(voltage)
    later = np.searchsorted(highest, highest * _HARDLY, side="right") - 1
    before = np.maximum(conductance, 0.0) + doubt / highest
    return bool(np.any(conductance[later] > _JUMP * before))


def _width(first: int, last: int) -> int:
    """Return how many samples of a pulse are averaged."""
    return max(3, min(31, (last - first) // 50))


def _noise_of_mean(before: FloatArray, width: int, noise: float) -> float:
    """Return the standard deviation of a mean of ``width`` samples: noise that has a memory averages out less.

    Parameters
    ----------
    before : current before the edge, shape (n,)
    width : samples of the mean
    noise : standard deviation of one sample, by the differences of neighbours
    """
    blocks = before.size // width
    white = noise / math.sqrt(width)
    if blocks < _ENOUGH_BLOCKS:
        return white
    return max(white, noise_of(before[: blocks * width].reshape(blocks, width).mean(axis=1)))
