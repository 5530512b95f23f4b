"""How the functions of the simulation are compiled, and when the compiled code on disk is too old."""

import functools
import hashlib
from pathlib import Path
from typing import Any

from numba import njit

_FOLDERS = (Path(__file__).parent, Path(__file__).parent.parent / "circuit")


def compiled(function: Any, **options: Any) -> Any:
    """Compile for the step loop: cached on disk, without the GIL, floating point as in NumPy.

    ``_nrt=False`` switches numba's reference counting off: it would add some 20 atomic operations to each
    evaluation of a circuit, three times the physics. Such functions cannot create arrays; callers bring scratch.
    Products and sums may be fused and divisions turned into products; infinities and NaN stay what they are.
    """
    dispatcher = njit(
        cache=True, nogil=True, error_model="numpy", _nrt=False, fastmath={"contract", "arcp"}, **options)(function)
    # numba's cache compares the file of the function only, but one function contains others from other files:
    # a changed device model must not meet an old integrator. Where numba has no such attribute, its own rule holds.
    cache_file: Any = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
    if hasattr(cache_file, "_source_stamp"):
        cache_file._source_stamp = stamp_of_all_sources()
    return dispatcher


def inlined(function: Any) -> Any:
    """Compile as :func:`compiled` does, into whoever calls: for the formulas inside a loop over devices."""
    return compiled(function, forceinline=True)


@functools.cache
def stamp_of_all_sources() -> str:
    """Return a digest of every file from which compiled functions come."""
    digest = hashlib.sha256()
    for folder in _FOLDERS:
        for path in sorted(folder.glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
