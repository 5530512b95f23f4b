"""Patterns in a spike train: regular, bursting, slowing down, a cluster before a steady rate."""

from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray

#: intervals of a regular train lie within this share of their median, from the third on
REGULAR_SHARE = 0.1
#: and the first two within this factor
FIRST_FACTOR = 1.5
#: intervals between bursts exceed those within bursts by this factor
BURST_FACTOR = 1.8


def is_regular(times: FloatArray) -> bool:
    """Return whether the intervals of at least five spikes are alike.

    Parameters
    ----------
    times : [s] of the spikes, rising, shape (n,)
    """
    if times.size < 5:
        return False
    intervals = np.diff(times)
    ratios = intervals / np.median(intervals)
    later = bool((np.abs(ratios[2:] - 1) < REGULAR_SHARE).all())
    return later and bool(((ratios[:2] < FIRST_FACTOR) & (ratios[:2] > 1 / FIRST_FACTOR)).all())


def reaches(times: FloatArray, start: float, end: float) -> bool:
    """Return whether a train goes on to ``end`` [s]: no longer a pause there than twice its longest interval.

    Parameters
    ----------
    times : [s] of the spikes, rising, shape (n,)
    start, end : [s] of the stretch of the stimulus
    """
    if times.size < 2:
        return False
    return end - float(times[-1]) < 2 * float(np.diff(times).max()) and float(times[-1]) > start + 0.7 * (end - start)


def bursts(times: FloatArray) -> list[FloatArray]:
    """Return the spikes in groups, divided where the sorted intervals have their largest jump.

    One group where no jump reaches :data:`BURST_FACTOR`.

    Parameters
    ----------
    times : [s] of the spikes, rising, shape (n,)
    """
    intervals = np.diff(times)
    if intervals.size < 2:
        return [times]
    ordered = np.sort(intervals)
    jumps = ordered[1:] / ordered[:-1]
    k = int(np.argmax(jumps))
    if jumps[k] < BURST_FACTOR:
        return [times]
    limit = float(np.sqrt(ordered[k] * ordered[k + 1]))
    return np.split(times, np.flatnonzero(intervals > limit) + 1)


def is_bursting(times: FloatArray) -> bool:
    """Return whether a train consists of three or more bursts of two or more spikes (the last may be cut off).

    Parameters
    ----------
    times : [s] of the spikes, rising, shape (n,)
    """
    groups = bursts(times)
    return len(groups) >= 3 and all(g.size >= 2 for g in groups[:-1])


def is_adapting(times: FloatArray) -> bool:
    """Return whether intervals grow step by step, four times or more, to at least 1.5 times the first.

    A jump of :data:`BURST_FACTOR` between neighbours is no adaptation.

    Parameters
    ----------
    times : [s] of the spikes, rising, shape (n,)
    """
    intervals = np.diff(times)
    if intervals.size < 6:
        return False
    ratios = intervals[1:] / intervals[:-1]
    grows = bool((ratios > 0.95).all() and ratios.max() < BURST_FACTOR)
    return grows and int((ratios > 1.03).sum()) >= 4 and bool(intervals[-1] > 1.5 * intervals[0])


def is_mixed(times: FloatArray) -> bool:
    """Return whether a cluster at the onset gives way to a steady rate at most 0.55 times as fast.

    The one interval between the two may be up to three times a steady one: a pause after the cluster.

    Parameters
    ----------
    times : [s] of the spikes, rising, shape (n,)
    """
    intervals = np.diff(times)
    if intervals.size < 6:
        return False
    relative = intervals / float(np.median(intervals[-4:]))
    cluster = int(np.argmax(relative >= 0.55))
    steady = relative[cluster + 1:]
    return (cluster >= 1 and relative[cluster] < 3 and steady.size >= 4
            and bool((np.abs(steady - 1) < REGULAR_SHARE).all()))


@dataclass(frozen=True)
class DampedRinging:
    """A damped oscillation: half swings [V], each smaller than the one before, and half periods [s]."""

    swings: FloatArray
    half_periods: FloatArray


def ringing(time: FloatArray, values: FloatArray, least: float) -> DampedRinging | None:
    """Return the damped oscillation of a stretch of the response about its end, None where there is none.

    At least three half swings larger than ``least`` [V], each 0.1 to 0.98 times the one before, the half periods
    within a factor of 1.5 of their median.

    Parameters
    ----------
    time, values : [s], [V] of the stretch, shape (n,)
    least : [V] half swings from the first one that is not larger are left out
    """
    change = np.sign(np.diff(values))
    moved = np.flatnonzero(change)
    turns = moved[1:][change[moved[1:]] != change[moved[:-1]]]
    if turns.size < 4:
        return None
    swings = np.abs(np.diff(values[turns]))
    large = int(np.argmin(swings > least)) if (swings <= least).any() else swings.size
    swings, times = swings[:large], time[turns[: large + 1]]
    if large < 3:
        return None
    halves = np.diff(times)
    shrinking = swings[1:] / swings[:-1]
    even = np.abs(np.log(halves / np.median(halves))).max() < np.log(1.5)
    if not even or not ((shrinking > 0.1) & (shrinking < 0.98)).all():
        return None
    return DampedRinging(swings, halves)
