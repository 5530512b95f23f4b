"""Values that lie between two set-points: the brackets without the error of the instruments, on one grid."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray

#: what ``method`` says of an interval between two set-points, and of one that several steps share
BETWEEN_SET_POINTS, IN_STEPS = "between two set-points", "in one of several steps"
_COARSE = 0.1  #: part of the standard deviation from which on the width of a bracket counts
_SAME = 0.1  #: edges closer than this part of a bracket's width are one set-point


@dataclass(frozen=True)
class Grid:
    """Brackets between set-points, and the error that was taken off them."""

    low: FloatArray  #: shape (n,)
    high: FloatArray
    step: float  #: width of a typical bracket
    common: float  #: 95 % half-width by which all brackets were wider: the error of the instruments


def on_one_grid(low: FloatArray, high: FloatArray) -> Grid:
    """Return the brackets of several events between the same set-points.

    The extraction widens a bracket by the uncertainty of the instruments, so neighbouring brackets overlap. All events
    share this error: it moves the grid as a whole and says nothing about the spread. Half of the typical overlap is
    taken off each end, and ends that differ by little are joined.

    Parameters
    ----------
    low, high : ends of the brackets, shape (n,), n at least 1
    """
    step = float(np.median(high - low))
    # overlap of each bracket with those that begin within it
    starts = np.unique(low)
    after = np.searchsorted(starts, low, side="right")
    inside = after < starts.size
    overlaps = (high[inside] - starts[np.minimum(after[inside], starts.size - 1)])
    overlaps = overlaps[(overlaps > 0) & (overlaps < 0.5 * step)]
    common = 0.5 * float(np.median(overlaps)) if overlaps.size else 0.0
    ends = np.concatenate([low + common, high - common])
    order = np.argsort(ends, kind="stable")
    apart = np.diff(ends[order]) > _SAME * step
    number = np.concatenate([[0], np.cumsum(apart)])
    means = np.bincount(number, ends[order]) / np.bincount(number)
    joined = np.empty_like(ends)
    joined[order] = means[number]
    least, most = joined[: low.size], joined[low.size :]
    return Grid(np.minimum(least, most), np.maximum(least, most), float(np.median(most - least)), common)


def grid_of(low: FloatArray, high: FloatArray, methods: Sequence[str], deviation: float) -> Grid | None:
    """Return the brackets of several events on one grid.

    None with fewer than two, where some are no brackets of set-points, and where their width does not count.

    Parameters
    ----------
    low, high : ends of the intervals, shape (n,)
    methods : of the results, n of them
    deviation : standard deviation of the values
    """
    if low.size < 2 or not all(BETWEEN_SET_POINTS in one or IN_STEPS in one for one in methods):
        return None
    grid = on_one_grid(low, high)
    return grid if grid.step > _COARSE * deviation else None
