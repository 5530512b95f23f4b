"""Compiled loops for records of many samples: numba is imported, and a loop compiled, when the first such record comes.

The compiled code stays on disk (numba's cache), so that only the first long record on a computer waits for it, some
seconds. For a short record the same function runs as plain Python, and numba is not imported.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

#: samples from which on the import of numba (0.4 s) costs less than the loops take in Python
LONG = 200_000
#: sums may be taken in another order, and minimum and maximum as if there were no NaN: eight samples at once.
#: A caller recognises NaN by the sum
_FAST = {"nnan", "nsz", "reassoc", "contract"}

Loop = TypeVar("Loop", bound=Callable[..., Any])


def for_size(function: Loop, size: int) -> Loop:
    """Return ``function`` as it is for fewer than :data:`LONG` samples, and compiled for more."""
    return compiled(function) if size >= LONG else function


@functools.cache
def compiled(function: Loop) -> Loop:
    """Return a loop over arrays, compiled by numba for their types at its first call, and cached on disk."""
    from numba import njit  # noqa: PLC0415  headless runs on short records do not wait for it

    made: Loop = njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)(function)
    return made
