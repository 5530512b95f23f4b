"""Compiled loops for records of many samples: numba is imported, and a loop compiled, when the first such record comes.

The compiled code stays on disk (numba's cache), so that only the first long record on a computer waits for it, some
seconds. For a short record the same function runs as plain Python, and numba is not imported.
"""

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar, cast

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
    """Return a loop over arrays, compiled by numba for their types at its first call, and cached on disk.

    The functions of the same file that it calls are compiled as well.
    """
    from numba import njit  # noqa: PLC0415  headless runs on short records do not wait for it

    names = [(name, function.__globals__.get(name)) for name in function.__code__.co_names]
    called = {name: compiled(value) for name, value in names
              if isinstance(value, FunctionType) and value.__module__ == function.__module__}
    if called:
        same = FunctionType(function.__code__, {**function.__globals__, **called}, function.__name__)
        same.__module__, same.__qualname__ = function.__module__, function.__qualname__
        function = cast("Loop", same)
    made: Loop = njit(cache=True, nogil=True, error_model="numpy", fastmath=_FAST)(function)
    return made
