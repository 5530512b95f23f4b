"""How functions of the simulation are compiled."""

from typing import Any

from numba import njit


def compiled(function: Any) -> Any:
    """Compile for the step loop: cached on disk, without the GIL, floating point as in NumPy.

    ``_nrt=False`` switches numba's reference counting off: it would add some 20 atomic operations to each
    evaluation of a circuit, three times the physics. Such functions cannot create arrays; callers bring scratch.
    """
    return njit(cache=True, nogil=True, error_model="numpy", _nrt=False)(function)
