"""For circuits that run in lanes: how wide the vectors are, and where within a step a quantity passes its level."""

import math
from typing import Any

from numba import types
from numba.extending import intrinsic

from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.circuit.kernel.equations import Arrays, right_side_and_jacobian
from tsbench.simulated_backends.circuit.kernel.growth import (
    CHANGE,
    E_FOLDS,
    EXCITED,
    LIMIT,
    REAL_PART,
    eliminate_currents,
    grows_unseen,
    size_of_excited,
)
from tsbench.simulated_backends.circuit.kernel.modes import leading_eigenvalue, size_of_mode
from tsbench.simulated_backends.numerics.compilation import compiled
from tsbench.simulated_backends.numerics.linear import IntArray

UNKNOWN = -1e300  #: [1/s] below which a real part is not known
NEARLY = 0.9  #: of the limit of growth: a lane ends before its circuit alone would be left


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


@compiled
def lane_may_leave(
    L: FloatArray, devices: FloatArray, index: IntArray, rtol: float, scratch: Arrays, ended: bool
) -> bool:
    """Look at a lane as it is now; return whether a mode may grow unseen, so that its circuit is to be run alone.

    Parameters
    ----------
    L, devices, index : arrays
        See :func:`.equations.right_side`.
    rtol : float
    scratch : tuple of arrays
        Unknowns and absolute tolerances in ``vectors[3]`` and ``vectors[4]``, drive and its slope in ``drives[2]`` and
        ``drives[3]``; ``numbers`` are the lane's from "look" on.
    ended : bool
        This is the end of its last step, which has not been looked at.
    """
    vectors, square, pivots, drives, _, modes, numbers = scratch
    y, weights, f, ft, A = vectors[3], vectors[4], vectors[5], vectors[6], square[0]
    n, m = y.size, index[3 + 2 * index[1]]
    stages = square[1]   # there are none
    right_side_and_jacobian(L, devices, stages, index, drives[2], drives[3], y, drives[6], f, ft, A)
    eliminate_currents(n, m, A, f, ft)
    moving = False
    for k in range(L.shape[0]):
        moving = moving or drives[3, k] != 0.0
    if m != 2 or ended:   # all that is done for a circuit alone
        control = drives[7]
        control[0], control[REAL_PART], control[CHANGE], control[E_FOLDS] = rtol, numbers[2], numbers[3], numbers[4]
        if not numbers[2] > UNKNOWN:
            control[REAL_PART] = math.nan
        control[6], control[EXCITED] = 1.0 if moving else 0.0, -math.inf
        for a in range(n):
            for b in range(n):
                square[2, a, b] = A[a, b]
        circuit = (L, L, L, devices, stages, index)
        space = (vectors[5:], square, pivots, drives, drives[6], modes)
        leaves = grows_unseen(circuit, space, control, weights, y, numbers[1], 0.0)
        numbers[2], numbers[3], numbers[4] = control[REAL_PART], control[CHANGE], control[E_FOLDS]
        if math.isnan(numbers[2]):
            numbers[2] = 2.0 * UNKNOWN
        return bool(leaves or numbers[4] > NEARLY * LIMIT)
    scale = vectors[7]
    for a in range(m):
        scale[a] = weights[a] / rtol + abs(y[a])
    value = leading_eigenvalue(m, A, scale, modes)
    numbers[4] = 0.0
    if value.real <= 0.0 or moving:   # a moving source: noise counts for what is excited, too
        return True
    return bool(size_of_mode(m, A, f, ft, scale, value, modes) <= size_of_excited(rtol))
