"""The rise of the current in a pulse by which a device is seen to switch.

It lasts to the end of the pulse or, of a device that oscillates, to the end of its first spike.
"""

import math

import numpy as np

from tsbench.analysis.pulse.first_spike import first_spike
from tsbench.analysis.signal import upward_crossings
from tsbench.records import FloatArray
from tsbench.samples import noise_of, smoothed

# The numbers of this file are chosen and not derived, where no reason is given: tests hold the growths and the shares.
#: the conductance grows from its lowest value where the voltage is above this share of its highest one, by this factor
_TOP_SHARE, _TOP_GROWTH = 0.9, 3.0
#: or, on the edge, by this factor: there the conductance of a non-ohmic off state grows too, so it must also grow
#: suddenly
_EDGE_GROWTH = 6.0
#: behind the edge, an off state that heats itself near its threshold grows by some times and does not switch: a growth
#: by less than this factor must be sudden
_SETTLING_GROWTH = 10.0
#: a growth is sudden that somewhere is by this factor (beyond the power of the voltage) while the time since the edge
#: grows by the second factor and by this number of samples. In this time, a conductance in proportion to the time grows
#: by 1.25, and one that settles exponentially to three times its beginning by 1.08 at most
_SUDDEN_GROWTH, _SUDDEN_TIME, _SUDDEN_SAMPLES = 1.45, 1.25, 4
#: power of the voltage with which the conductance of a non-ohmic off state grows at most: that of i = a sinh(v / b)
#: grows with the power v / b - 1 where v is some times b, and v is taken to be below 10 b
_STEEPEST_POWER = 10.0
#: the conductance jumps if it grows by this factor while the voltage rises by no more than the second one (an off state
#: with v below 10 b grows by 1.12 to the power 9 there, by 2.8)
_JUMP_GROWTH, _JUMP_VOLTAGE = 3.0, 1.12
#: share of the current of the on state, where another pulse has shown it, that an off state does not reach
_ON_SHARE = 0.5
#: standard deviations of a mean by which the current must grow
LEAST_STEP = 8.0
#: standard deviations of a mean by which the conductance of an off state may be above the one read
_OFF_SIGMAS = 4.0
#: the noise of single samples counts by this factor: it must not reach half of the rise
_OF_FEW = 2.0
#: share of its height at which an edge is half way up
HALF = 0.5
#: share of a pulse at its end that shows the on state, and samples of it at least: a rise within it is not followed
AT_END, _FEWEST_AT_END = 0.05, 4
#: share of the record before the edge in which nothing of the edge is seen yet
BEFORE = 0.8
#: means before the edge that tell their noise, at least
_ENOUGH_BLOCKS = 8


def first_rise(
    v: FloatArray, i: FloatArray, first: int, last: int, noise: float, on_current: float = math.nan,
    share: float = HALF,
) -> tuple[int, tuple[float, float, float] | None]:
    """Return the last sample that counts, and the rise: of a device that fires several times, the first one.

    Parameters
    ----------
    v, i : [V], [A], shape (n,), positive in the pulse, zero before it
    first, last : sample of the edge from which a rise is looked for, and the last one of the pulse
    noise : [A] standard deviation of one sample of the current
    on_current : [A] of the on state; NaN: it is not known
    share : of the highest voltage that the voltage has at ``first``

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
        if (rise := _rise_to(v, i, first, slice(peak, end + 1), noise, on_current, share)) is not None:
            return end, rise
    tail = slice(max(first, last - max(_FEWEST_AT_END, math.floor(AT_END * (last - first)))), last + 1)
    return last, _rise_to(v, i, first, tail, noise, on_current, share)


def _rise_to(
    v: FloatArray, i: FloatArray, first: int, tail: slice, noise: float, on_current: float, share: float
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
            # differences of neighbours show less noise than there is where a scope samples faster than it responds
            doubt = _OF_FEW * max(doubt, float(np.std(flowing[:before])))
        rise = _lasting_rise(across, flowing, first, tail, doubt, on, share, is_on=on > _ON_SHARE * on_current)
        if rise is not None:
            return rise
        width //= 3
    return None


def _lasting_rise(
    smooth_v: FloatArray, smooth_i: FloatArray, first: int, tail: slice, noise: float, on: float, share: float, *,
    is_on: bool
) -> tuple[float, float, float] | None:
    """Return (off current, on current, fractional index half way) of the rise that lasts to the end of ``tail``.

    Parameters
    ----------
    smooth_v, smooth_i : [V], [A], shape (n,), means of some samples
    first : sample of the edge where the voltage is ``share`` of its highest
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
    doubt = _OFF_SIGMAS * noise
    for on_edge, least, growth in ((False, _TOP_SHARE, _TOP_GROWTH), (True, share, _EDGE_GROWTH)):
        high = np.flatnonzero(across[: searched.size] >= least * float(across.max()))
        if high.size == 0:
            continue
        low = int(high[np.argmin(searched[high])])
        off = float(smooth_i[first + low])
        # near zero current the lowest of many readings is noise: no less than the noise allows
        begins = max(float(conductance[low]), 0.0) + doubt / float(across[low])
        grows = on_conductance > growth * begins
        need_not_be_sudden = is_on or (not on_edge and on_conductance > _SETTLING_GROWTH * begins)
        if grows and (need_not_be_sudden or _is_sudden(conductance, across, low, doubt)):
            break
    else:
        return None
    if on - off < LEAST_STEP * noise:
        return None
    crossings = upward_crossings(smooth_i[: last + 1], 0.5 * (off + on))
    # of a device whose current rings after the switching, the first one counts
    crossings = crossings[(crossings >= first - _width(first, last)) & (crossings >= first + low - 1)]
    return (off, on, float(crossings[0])) if crossings.size else None


def _is_sudden(conductance: FloatArray, voltage: FloatArray, lowest: int, doubt: float) -> bool:
    """Return whether the conductance grows fast, compared with the time since the edge.

    Parameters
    ----------
    conductance, voltage : [S], [V], shape (n,), smoothed, from the middle of the edge to the end of the pulse
    lowest : sample of the lowest conductance
    doubt : [A] by which noise may change a current
    """
    number = np.arange(lowest, conductance.size)
    later = np.minimum(np.ceil(number * _SUDDEN_TIME).astype(np.int64) + _SUDDEN_SAMPLES, conductance.size - 1)
    before = np.maximum(conductance[number], 0.0) + doubt / voltage[number]
    by_voltage = np.clip(voltage[later] / voltage[number], 1.0, 1e3) ** _STEEPEST_POWER   # clipped: no overflow
    return bool(np.any(conductance[later] - doubt / voltage[later] > _SUDDEN_GROWTH * by_voltage * before))


def jumps(
    voltage: FloatArray, current: FloatArray, span: tuple[int, int], noise: float, share: float = HALF
) -> bool:
    """Return whether the conductance grows much while the voltage hardly rises, in means of some length.

    The conductance of a non-ohmic off state grows with the voltage of a slow edge, but by less than its tenth power: an
    off state with i = a sinh(v / b) grows so while v is below 10 b.

    Parameters
    ----------
    voltage, current : [V], [A], shape (n,), positive in the pulse, zero before it
    span : sample of the edge where the voltage is ``share`` of its highest, and the last one of the pulse
    noise : [A] standard deviation of one sample of the current
    share : of the highest voltage above which a jump is looked for
    """
    first, last = span
    before, width = math.floor(BEFORE * first), _width(first, last)
    while width >= 1:
        across = np.maximum(smoothed(voltage, width), 1e-30)[first : last + 1]
        flowing = smoothed(current, width)
        seen = float(np.std(flowing[:before])) if before else 0.0   # a record may begin at the edge
        doubt = _OFF_SIGMAS * max(_noise_of_mean(current[:before], width, noise), seen)
        conductance = flowing[first : last + 1] / across
        high = np.flatnonzero(across >= share * float(across.max()))
        low = int(high[np.argmin(conductance[high])])
        highest = np.maximum.accumulate(across[low:])
        later = np.searchsorted(highest, highest * _JUMP_VOLTAGE, side="right") - 1
        least = np.maximum(conductance[low:], 0.0) + doubt / highest
        if np.any(conductance[low:][later] > _JUMP_GROWTH * least):
            return True
        width //= 3
    return False


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
