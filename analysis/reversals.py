"""Where a record turns back by more than a given amount: its highest and lowest points in turn, smaller ones left out.

These are the turning points of a comparator with hysteresis whose levels follow the signal, so that a slow drift or
spikes of different heights hide none. As in rainflow counting (ASTM E1049), the smallest reversals are taken out
first; all that are smaller than both their neighbours go at once, so that a record of 1e7 samples takes some seconds.
"""

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray

Indices = npt.NDArray[np.intp]

#: samples of which only the highest and the lowest are kept where they lie closer than the least reversal
_BLOCK = 32


def reversals(values: FloatArray, least: float) -> Indices:
    """Return the indices of the turning points between which the record changes by more than ``least``.

    Parameters
    ----------
    values : shape (n,), finite
    least : in the unit of ``values``

    Returns
    -------
    numpy.ndarray of int, shape (m,)
        Ascending; highest and lowest points in turn. The first and the last may be ends of the record. Empty where
        nothing changes by more than ``least``.
    """
    if values.size < 2:
        return np.empty(0, np.intp)
    kept = _alternating(values, _thinned(values, least))
    while kept.size > 2:
        swings = np.abs(np.diff(values[kept]))
        small = swings <= least
        if not small.any():
            break
        left, right = np.r_[np.inf, swings[:-1]], np.r_[swings[1:], np.inf]
        # of equal neighbours the last goes, so that no two that touch go at once
        smallest = np.flatnonzero(small & (swings <= left) & (swings < right))
        inner = smallest[(smallest > 0) & (smallest < swings.size - 1)]
        gone = np.zeros(kept.size, bool)
        gone[inner] = gone[inner + 1] = True
        gone[0], gone[-1] = smallest[0] == 0, smallest[-1] == swings.size - 1  # an end of the record goes alone
        kept = _alternating(values, kept[~gone])
    if kept.size < 2 or not abs(float(values[kept[1]] - values[kept[0]])) > least:
        return np.empty(0, np.intp)
    return kept


def _thinned(values: FloatArray, least: float) -> Indices:
    """Return the samples that can turn: in a block that spans less than ``least`` only its two extremes can."""
    whole = values.size // _BLOCK * _BLOCK
    if whole == 0:
        return np.arange(values.size)
    blocks = values[:whole].reshape(-1, _BLOCK)
    low, high = blocks.argmin(axis=1), blocks.argmax(axis=1)
    starts = np.arange(0, whole, _BLOCK)
    calm = blocks[np.arange(len(blocks)), high] - blocks[np.arange(len(blocks)), low] <= least
    two = np.sort(np.stack((low, high), axis=1), axis=1)[calm] + starts[calm, None]
    all_of = (starts[~calm, None] + np.arange(_BLOCK)).ravel()
    tail = np.arange(whole, values.size)
    if all_of.size == 0:
        return np.concatenate((two.ravel(), tail))
    keep = np.zeros(values.size, bool)
    keep[two.ravel()] = keep[all_of] = keep[tail] = True
    return np.flatnonzero(keep)


def _alternating(values: FloatArray, indices: Indices) -> Indices:
    """Return those of ``indices`` at which the values there turn, and both ends; of equal values the first."""
    seen = values if indices.size == values.size else values[indices]
    moved = np.r_[True, seen[1:] != seen[:-1]]
    if not moved.all():
        indices, seen = indices[moved], seen[moved]
    if indices.size < 3:
        return indices
    rises = np.diff(seen) > 0
    turns = np.r_[True, rises[1:] != rises[:-1], True]
    return indices[turns]
