"""How the functions of the simulation are compiled, and when the compiled code on disk is too old."""

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.ccallback import CFunc

_FOLDERS = (Path(__file__).parent, Path(__file__).parent.parent / "circuit")


def compiled(function: Any, **options: Any) -> Any:
    """Compile for the step loop: cached on disk, without the GIL, floating point as in NumPy.

    ``_nrt=False`` switches numba's reference counting off: it would add some 20 atomic operations to each
    evaluation of a circuit, three times the physics. Such functions cannot create arrays; callers bring scratch.
    Products and sums may be fused and divisions turned into products; infinities and NaN stay what they are.
    """
    dispatcher = njit(cache=True, **_OPTIONS, nogil=True, **options)(function)
    _stamp(dispatcher)
    return dispatcher


def by_address(signature: Any) -> Callable[[Any], Callable[[], Any]]:
    """Compile for callers in compiled code that get the function as an argument: what this returns hands it out.

    A function that is called by its name is compiled again within each of its callers, which takes seconds where it
    contains all devices. A call by address costs some 15 ns. ``signature`` is what numba calls the function's type.
    """
    def decorate(function: Any) -> Callable[[], Any]:
        @functools.cache
        def found() -> Any:
            made: Any = CFunc(function, (signature.args, signature.return_type), locals={}, options=_OPTIONS)
            made.enable_caching()
            _stamp(made)
            made.compile()
            return made
        return functools.wraps(function)(found)
    return decorate


_OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False, "fastmath": {"contract", "arcp"}}


def _stamp(function: Any) -> None:
    # numba's cache compares the file of the function only, but one function contains others from other files:
    # a changed device model must not meet an old integrator. Where numba has no such attribute, its own rule holds.
    cache_file: Any = getattr(getattr(function, "_cache", None), "_cache_file", None)
    if hasattr(cache_file, "_source_stamp"):
        cache_file._source_stamp = stamp_of_all_sources()


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
