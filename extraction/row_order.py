"""Whether the rows of a table are in the order of measurement."""

import numpy as np

from tsbench.analysis.threshold.reading_noise import least_seen
from tsbench.records import FloatArray

#: rows of random order differ from their neighbours by 0.29 of the range (median of two uniform numbers), those of a
#: sweep by one step
_FEWEST_ROWS, _JUMPS = 20, 0.2
_MOSTLY, _UNLIKE = 0.8, 3  #: share of the rows in pairs, and pairs with unlike readings, of rows that were sorted


def order_doubts(driven: FloatArray, other: FloatArray, swept: str) -> list[str]:
    """Return in words why the rows may not be in the order of measurement; empty: nothing says so.

    Parameters
    ----------
    driven, other : the swept quantity and the other one, of voltage and current, shape (n,) each
    swept : name of the former, for the words
    """
    found = []
    if _is_out_of_order(driven):
        found.append(f"the {swept} jumps from row to row, so the rows may not be in the order of measurement. Sort "
                     "them by time, or by the number of the reading")
    if _is_sorted(driven, other):
        found.append(f"the rows are sorted by the {swept}. Most values of it occur twice with different readings, so "
                     "the way up and the way down are mixed. Give the rows in the order of measurement")
    return found


def _is_out_of_order(driven: FloatArray) -> bool:
    """Return whether a swept quantity, shape (n,), jumps from row to row over large parts of its range."""
    if driven.size < _FEWEST_ROWS or np.unique(driven).size < _FEWEST_ROWS // 2:
        return False
    return float(np.median(np.abs(np.diff(driven)))) > _JUMPS * float(np.ptp(driven))


def _is_sorted(driven: FloatArray, read: FloatArray) -> bool:
    """Return whether the rows are in the order of the swept quantity, with two unlike branches at the same values."""
    if driven.size < _FEWEST_ROWS or not ((np.diff(driven) >= 0).all() or (np.diff(driven) <= 0).all()):
        return False
    size = np.abs(read)
    pairs = np.flatnonzero(np.diff(driven) == 0)
    least, most = np.minimum(size[pairs], size[pairs + 1]), np.maximum(size[pairs], size[pairs + 1])
    clear = most > least_seen(read, np.abs(driven))
    return 2 * pairs.size >= _MOSTLY * driven.size and int(np.count_nonzero(clear & (most > 2.0 * least))) >= _UNLIKE
