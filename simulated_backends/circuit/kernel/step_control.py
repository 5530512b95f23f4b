"""How long the next step may be: from the error of this one and the last (K. Gustafsson, ACM TOMS 20 (1994) 496).

The estimate has order 3, so a step may grow by error^(-1/4); where errors have been growing from step to step (a device
about to switch), their trend says earlier that it must shrink. Errors come squared, as the sum of squares that they
are, and powers are taken by logarithms read off the floating-point number: linear between powers of two, 6 % at most
from the true power. A guess at a step needs no more, and the next step waits for it.

Lengths are taken from a ladder, 16 rungs to an octave. Without it the sequence of steps is a chaotic map of its own: a
difference in the last digit (another order of sums, a vector register) grows to the size of the error of integration
within some twenty periods of an oscillator. On the ladder two runs take the very same steps, and what differs stays in
the last digits.
"""

import math
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tsbench.simulated_backends.numerics.compilation import inlined

SAFETY = math.log2(0.85)
LARGEST_GROWTH = math.log2(5.0)  #: of a step, and the least is its inverse
RUNGS = 16.0  #: lengths of steps per octave
_ROUND = 6755399441055744.0   # 1.5 * 2^52: adding it rounds to a whole number
NOTHING_BEFORE = math.inf  #: the logarithm of the error before the first step


@intrinsic
def _bits(typing_context: Any, value: Any) -> Any:
    """Return the number whose bits these are."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.sitofp(builder.bitcast(arguments[0], ir.IntType(64)), ir.DoubleType())

    return types.float64(types.float64), generate


@intrinsic
def _of_bits(typing_context: Any, value: Any) -> Any:
    """Return the floating-point number that has the bits of a whole number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(builder.fptosi(arguments[0], ir.IntType(64)), ir.DoubleType())

    return types.float64(types.float64), generate


@inlined
def log2_roughly(x: float) -> float:
    """Return log2 of a positive number, at most 0.09 below it."""
    return float(_bits(x) * 2.0**-52 - 1023.0)


@inlined
def exp2_roughly(y: float) -> float:
    """Return 2^y, at most 6.2 % above it."""
    return float(_of_bits((y + 1023.0) * 2.0**52))


@inlined
def logarithm_of_error(squared: float) -> float:
    """Return the logarithm of a squared error, of which nothing below 1e-16 counts."""
    return float(log2_roughly(1e-16 if squared < 1e-16 else squared))


@inlined
def growth_after_success(error: float, step: float, error_before: float, step_before: float) -> float:
    """Return the logarithm of the factor to the next step; all arguments are logarithms (errors squared)."""
    growth = SAFETY - 0.125 * error
    predicted = growth + (step - step_before) + 0.125 * (error_before - error)
    growth = predicted if predicted < growth else growth
    growth = LARGEST_GROWTH if growth > LARGEST_GROWTH else growth
    return -LARGEST_GROWTH if growth < -LARGEST_GROWTH else growth


@inlined
def growth_after_refusal(error: float) -> float:
    """Return the logarithm of the factor to the next trial."""
    growth = SAFETY - 0.125 * error
    return -LARGEST_GROWTH if growth < -LARGEST_GROWTH else growth


@inlined
def error_to_remember(error: float) -> float:
    """Return the logarithm of the error to compare the next with: that of 1e-2 at least, or noise would decide."""
    return -13.287712379549449 if error < -13.287712379549449 else error


@inlined
def rung(length: float) -> float:
    """Return the step [s] of the ladder at or just below a length given as a logarithm."""
    return exp2_roughly(((length * RUNGS - 0.49 + _ROUND) - _ROUND) * (1.0 / RUNGS))  # type: ignore[no-any-return]
