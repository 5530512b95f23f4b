"""For circuits that run in lanes: how wide the vectors are, and where within a step a quantity passes its level."""

from typing import Any

from numba import types
from numba.extending import intrinsic

from tsbench.simulated_backends.devices.compilation import compiled


@intrinsic
def widest_vectors(typing_context: Any) -> Any:
    """Have the function that calls this one use vectors as wide as the processor has.

    LLVM halves those of 512 bits on processors whose clock once fell with them; a loop of nothing but arithmetic takes
    three quarters of the time with them. llvmlite's set of attributes does not know this one: it is taken as a plain
    set.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.none(), generate


@compiled
def crossing_in_step(start: float, step: float, g0: float, g1: float, p: float, q: float) -> float:
    """Return the instant [s] at which g(s) = g0 (1 - s) + s (g1 + (1 - s) (p + s q)) is zero, g0 < 0 <= g1.

    Newton's method inside a bracket that halves where Newton would leave it.
    """
    low, high, s = 0.0, 1.0, -g0 / (g1 - g0)
    for _ in range(60):
        rest = p + s * q
        value = g0 * (1.0 - s) + s * (g1 + (1.0 - s) * rest)
        if value >= 0.0:
            high = s
        else:
            low = s
        slope = g1 - g0 + (1.0 - 2.0 * s) * rest + s * (1.0 - s) * q
        following = s - value / slope
        if not low <= following <= high:
            following = 0.5 * (low + high)
        if abs(following - s) <= 1e-10:   # the next would be exact
            s = following
            break
        s = following
    return start + s * step
