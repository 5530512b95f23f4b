"""Where a drive turns back or changes sides, told from its noise: half-sweeps of a voltage that was read back.

A reversal counts only if it is larger than the noise of the record can make it. A voltage that falls while the current
rises is no reversal of the drive but a device that switches on behind a resistance; one that rises while the current
falls, a device that switches off.
"""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray
from tsbench.samples import noise_of

#: a reversal exceeds this many standard deviations of the noise: two extremes of ten thousand readings differ by eight
_SIGMAS = 10.0
#: and this share of the highest level, for noise that is slower than from reading to reading
_LEAST_SHARE = 0.01
#: a coarse but exact drive looks like noise: more than this share of the highest level is never asked for
_MOST_SHARE = 0.3
#: levels that are added up in floating point differ by less than this share of the highest
_ROUNDING = 1e-9
#: a current that changes by more than so many standard deviations of its noise has changed
_CURRENT_SIGMAS = 6.0


def drive_noise(levels: FloatArray) -> float:
    """Return the standard deviation of the noise on a drive, shape (n,), in its unit; 0 where levels are exact."""
    noise = noise_of(levels)
    return noise if noise > _ROUNDING * float(np.max(np.abs(levels), initial=0.0)) else 0.0


def least_reversal(levels: FloatArray) -> float:
    """Return how far a drive, shape (n,), must turn back for that not to be its noise.

    Parameters
    ----------
    levels : of the drive, shape (n,), in any unit: that of what is returned
    """
    highest, noise = float(np.max(np.abs(levels), initial=0.0)), drive_noise(levels)
    if noise == 0.0:
        return _ROUNDING * highest
    return min(max(_SIGMAS * noise, _LEAST_SHARE * highest), _MOST_SHARE * highest)


def sides(levels: FloatArray, least: float) -> FloatArray:
    """Return the side (+1 or -1) each point of a drive belongs to, shape (n,).

    The side changes where the level comes to lie beyond ``least`` on the other one, and by more than a voltmeter's
    offset would bring a level of zero there. Points at zero belong to the side they end, at the beginning to the one
    that follows.

    Parameters
    ----------
    levels : of the drive, shape (n,)
    least : in the unit of ``levels``
    """
    found = np.ones(levels.size)
    state = _but_for_zeros(levels, np.where(levels > least, 1, np.where(levels < -least, -1, 0)))
    known = np.flatnonzero(state)
    if known.size == 0:
        return found
    found[: known[0]] = state[known[0]]
    found[known[0] :] = state[known[np.searchsorted(known, np.arange(known[0], levels.size), side="right") - 1]]
    for k in np.flatnonzero(np.diff(state[known])):  # between: as many stay as lie on the old side
        last, first = int(known[k]), int(known[k + 1])
        between = levels[last + 1 : first]
        old = np.where(np.abs(between) > _ROUNDING * abs(levels[last]), state[last] * between, 0.0) >= 0
        found[last + 1 + int(np.count_nonzero(old)) : first] = state[first]
    return found


def _but_for_zeros(levels: FloatArray, state: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Set the sides of points to 0 where a drive stays within half of the step that brings it there or away."""
    ends = [0, *(np.flatnonzero(np.diff(state)) + 1).tolist(), levels.size]
    for first, last in pairwise(ends):
        beside = [abs(levels[k] - levels[k - 1]) for k in (first, last) if 0 < k < levels.size]
        if beside and np.max(np.abs(levels[first:last])) < 0.5 * min(beside):
            state[first:last] = 0
    return state


def turns_up(magnitude: FloatArray, current: FloatArray, least: float) -> list[int]:
    """Return the first point of each rise after a fall of a drive on one side, shape (n,): there another sweep begins.

    Parameters
    ----------
    magnitude : of the drive
    current : magnitude of the current; tells a switching device from a drive that turns
    least : the drive must turn back by more
    """
    noise = _CURRENT_SIGMAS * noise_of(current)
    levels, amperes = magnitude.tolist(), np.abs(current).tolist()
    starts: list[int] = []
    falling, extreme = False, 0
    for k in range(1, len(levels)):
        back = (levels[k] - levels[extreme]) * (1.0 if falling else -1.0)
        if back <= 0.0:
            extreme = k  # as far as before, or farther
        elif back > least:
            change = (amperes[extreme] - amperes[k]) * (1.0 if falling else -1.0)
            if change > noise:
                extreme = k  # the device switched, the drive goes on
                continue
            if falling:
                starts.append(extreme + 1)
            falling, extreme = not falling, k
    return starts


def is_closed(magnitude: FloatArray, current: FloatArray, end: int, begin: int, least: float) -> bool:
    """Return whether the end of a record is continued by its beginning: a loop, cut open in the middle of a half-sweep.

    Parameters
    ----------
    magnitude : of the drive, on the side of each point, shape (n,)
    current : shape (n,)
    end, begin : where the first half-sweep ends and the last begins
    least : the drive must turn back by more
    """
    first, last = magnitude[:end], magnitude[begin:]
    whole = first[0] < first.max() - least and last[-1] < last.max() - least
    step = max(3.0 * float(np.median(np.abs(np.diff(magnitude)))), least)
    near = abs(float(last[-1] - first[0])) <= step
    return bool(near and not whole and abs(float(current[-1] - current[0])) <= 0.1 * float(np.abs(current).max()))
