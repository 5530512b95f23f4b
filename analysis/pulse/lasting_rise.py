"""The rise of the current in a pulse by which a device is seen to switch.

It lasts to the end of the pulse or, of a device that oscillates, to the end of its first spike.
"""

import math

import numpy as np

from tsbench.analysis.pulse.first_spike import first_spike
from tsbench.analysis.signal import upward_crossings
from tsbench.records import FloatArray
from tsbench.samples import noise_of, smoothed

#: (share of the highest voltage, factor, jump): the conductance must grow by the factor from where the voltage is above
#: that share. On the edge, the conductance of a non-ohmic off state grows too: there it must grow by more, and jump.
_LEAST_RATIO = ((0.9, 3.0, False), (0.5, 6.0, True))
#: near its threshold, an off state grows by some times while it settles and does not switch: a growth by less than the
#: first factor must be sudden. It is if it somewhere grows by the second factor while the time since the edge grows by
#: the third one and so many samples; what settles exponentially to three times its beginning grows by 1.1 at most
_SETTLES, _SUDDEN, _MEANWHILE, _RESOLVED = 10.0, 1.45, 1.25, 4
_AS_ON = 0.5  #: of the current of the on state, where another pulse has shown it: an off state does not conduct so much
_STEEPEST = 10.0  #: power of the voltage with which the conductance of a non-ohmic off state grows at most
#: the conductance jumps if it grows by the first factor while the voltage rises by no more than the second one
_JUMP, _HARDLY = 3.0, 1.12
#: the current must grow by this many standard deviations of its noise
LEAST_STEP = 8.0
#: an off state's conductance may be higher than read by this many standard deviations of its noise
_LEAST_SIGMAS = 4.0
#: share of the record before the edge in which nothing of the edge is seen yet, and means of it that tell their noise
BEFORE, _ENOUGH_BLOCKS = 0.8, 8


def first_rise(
    v: FloatArray, i: FloatArray, first: int, last: int, noise: float, on_current: float = math.nan
) -> tuple[int, tuple[float, float, float] | None]:
    """Return the last sample that counts, and the rise: of a device that fires several times, the first one.

    Parameters
    ----------
    v, i : [V], [A], shape (n,), positive in the pulse, zero before it
    first, last : sample where the edge is half way up, and the last one of the pulse
    noise : [A] standard deviation of one sample of the current
    on_current : [A] of the on state; NaN: it is not known

    Returns
    -------
    last sample that counts
    off current [A], on current [A], and the sample half way between them; None where the current shows no such rise
    """
    width = _width(first, last)
    least = LEAST_STEP * _noise_of_mean(i[: math.floor(BEFORE * first)], width, noise)
    spike = first_spike(smoothed(v, width), smoothed(i, width), first, last, least)
    if spike is not None:
        peak, end = spike
        if (rise := _rise_to(v, i, first, slice(peak, end + 1), noise, on_current)) is not None:
            return end, rise
    tail = slice(max(first, last - max(4, (last - first) // 20)), last + 1)
    return last, _rise_to(v, i, first, tail, noise, on_current)


def _rise_to(
    v: FloatArray, i: FloatArray, first: int, tail: slice, noise: float, on_current: float
) -> tuple[float, float, float] | None:
    """Return the rise that lasts to the end of ``tail``, in means of many samples or, where these show none, of few.

    A mean that is longer than an edge mixes the edge with a switching close behind it. A mean of few samples has more
    noise.
    """
    before, widest = math.floor(BEFORE * first), _width(first, int(tail.stop) - 1)
    width, on = widest, float(np.median(i[tail]))  # a median: the falling edge's charging current may reach into it
    while width >= 1:
        across, flowing = np.maximum(smoothed(v, width), 1e-30), smoothed(i, width)
        doubt = _noise_of_mean(i[:before], width, noise)
        if width < widest and before:
            # differences of neighbours show less noise than there is where a scope samples faster than it responds;
            # and in single samples, the noise of the on state must not reach half of the rise
            doubt = 2.0 * max(doubt, float(np.std(flowing[:before])))
        rise = _lasting_rise(across, flowing, first, tail, doubt, on, is_on=on > _AS_ON * on_current)
        if rise is not None:
            return rise
        width //= 3
    return None


def _lasting_rise(
    smooth_v: FloatArray, smooth_i: FloatArray, first: int, tail: slice, noise: float, on: float, *, is_on: bool
) -> tuple[float, float, float] | None:
    """Return (off current, on current, fractional index half way) of the rise that lasts to the end of ``tail``.

    Parameters
    ----------
    smooth_v, smooth_i : [V], [A], shape (n,), means of some samples
    first : sample where the edge is half way up
    tail : samples that show the on state
    noise : [A] standard deviation of a mean
    on : [A] current of the on state
    is_on : whether this is known to be a current of the on state: it need not rise suddenly
    """
    last = int(tail.stop) - 1
    on_conductance = on / float(np.median(smooth_v[tail]))
    across = smooth_v[first : last + 1]
    conductance = smooth_i[first : last + 1] / across
    searched = conductance[: max(1, tail.start - first)]
    doubt = _LEAST_SIGMAS * noise
    for share, ratio, jump in _LEAST_RATIO:
        high = np.flatnonzero(across[: searched.size] >= share * float(across.max()))
        if high.size == 0:
            continue
        low = int(high[np.argmin(searched[high])])
        off = float(smooth_i[first + low])
        # near zero current the lowest of many readings is noise: no less than the noise allows
        begins = max(float(conductance[low]), 0.0) + doubt / float(across[low])
        if on_conductance > ratio * begins and (not jump or _jumps(conductance[low:], across[low:], doubt)) and (
                is_on or (not jump and on_conductance > _SETTLES * begins) or _is_sudden(
                    conductance, across, low, doubt)):
            break
    else:
        return None
    if on - off < LEAST_STEP * noise:
        return None
    crossings = upward_crossings(smooth_i[: last + 1], 0.5 * (off + on))
    crossings = crossings[crossings >= first - _width(first, last)]
    return (off, on, float(crossings[-1])) if crossings.size and crossings[-1] >= first + low - 1 else None


def _is_sudden(conductance: FloatArray, voltage: FloatArray, lowest: int, doubt: float) -> bool:
    """Return whether the conductance grows fast, compared with the time since the edge.

    Parameters
    ----------
    conductance, voltage : [S], [V], shape (n,), smoothed, from the middle of the edge to the end of the pulse
    lowest : sample of the lowest conductance
    doubt : [A] by which noise may change a current
    """
    number = np.arange(lowest, conductance.size)
    later = np.minimum(np.ceil(number * _MEANWHILE).astype(np.int64) + _RESOLVED, conductance.size - 1)
    before = np.maximum(conductance[number], 0.0) + doubt / voltage[number]
    by_voltage = np.clip(voltage[later] / voltage[number], 1.0, 1e3) ** _STEEPEST   # clipped: it must not overflow
    return bool(np.any(conductance[later] - doubt / voltage[later] > _SUDDEN * by_voltage * before))


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
