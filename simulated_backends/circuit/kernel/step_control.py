"""Whether a step is accepted and how long the next may be: from its error and the last one's.

The rule is that of K. Gustafsson, ACM TOMS 20 (1994) 496. It stands here once, for the loop over one circuit
(:mod:`.integrator`) and for circuits in lanes (:mod:`.lockstep`).

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
#: the logarithm of the (squared) error that the next one is compared with at least: below 1e-2 noise would decide
LEAST_ERROR = -13.287712379549449
FIRST_STEP = 1e-10  #: [s] tried after a discontinuity; error control takes it from there


@intrinsic
def _bits(typing_context: Any, value: Any) -> Any:
    """Return the bits of a floating-point number, read as a whole number."""

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
def rung(length: float) -> float:
    """Return the step [s] of the ladder at or just below a length given as a logarithm."""
    return exp2_roughly(((length * RUNGS - 0.49 + _ROUND) - _ROUND) * (1.0 / RUNGS))  # type: ignore[no-any-return]


# ------------------------------------------------------------------------------------ before a step


@inlined
def step_to_try(wanted: float, remaining: float) -> tuple[float, bool]:
    """Return the step [s] to try, and whether it lands where something is due in ``remaining`` [s].

    Two halves are tried instead of a long step and the sliver that it would leave.
    """
    landing = wanted >= remaining * (1.0 - 1e-9)
    half = 0.5 * remaining
    return (remaining if landing else (half if wanted > half else wanted)), landing


@inlined
def after_breakpoint(wanted: float, remaining: float) -> float:
    """Return the step [s] wanted just after a breakpoint, ``remaining`` [s] before the next one."""
    # short segments (a sampled waveform) are not worth a fresh start each
    begin = max(FIRST_STEP, 0.02 * remaining) if remaining < math.inf else FIRST_STEP
    return min(wanted, begin)


# ------------------------------------------------------------------------------------ after a step


@inlined
def acceptable(squared: float) -> bool:
    """Return whether a step with this squared error, in units of the tolerance, is accepted."""
    return bool(squared <= 1.0)


@inlined
def after_refusal(step: float, squared: float) -> float:
    """Return the step [s] wanted after one of length ``step`` was refused for its squared error."""
    growth = SAFETY - 0.125 * logarithm_of_error(squared)
    growth = -LARGEST_GROWTH if growth < -LARGEST_GROWTH else growth
    # an error that is not finite: the trial left the domain of a device model
    return rung(log2_roughly(step) + growth) if squared < math.inf else step * 0.1


@inlined
def too_short(wanted: float, time: float) -> bool:
    """Return whether a step [s] is lost beside the last digit of ``time`` [s]."""
    return bool(wanted < 8.9e-16 * abs(time) + 1e-18)


@inlined
def after_success(
    step: float, squared: float, wanted: float, refused: bool, length_before: float, error_before: float
) -> tuple[float, float, float]:
    """Return the step [s] wanted after an accepted one, and what to remember of that one.

    Parameters
    ----------
    step, squared : float
        Its length [s] and squared error.
    wanted : float
        What error control wanted it to be [s]: more, where it was cut to land somewhere.
    refused : bool
        Whether a longer one was refused before it: then the next does not grow.
    length_before, error_before : float
        What was remembered of the step before.

    Returns
    -------
    (next step wanted [s], logarithm of this one's length, logarithm of its error)
    """
    error, length = logarithm_of_error(squared), log2_roughly(step)
    growth = SAFETY - 0.125 * error
    predicted = growth + (length - length_before) + 0.125 * (error_before - error)
    growth = predicted if predicted < growth else growth
    growth = LARGEST_GROWTH if growth > LARGEST_GROWTH else growth
    growth = -LARGEST_GROWTH if growth < -LARGEST_GROWTH else growth
    growth = 0.0 if refused and growth > 0.0 else growth
    following, kept = rung(length + growth), wanted if step < wanted and growth >= 0.0 else 0.0
    following = kept if kept > following else following
    return following, length, LEAST_ERROR if error < LEAST_ERROR else error
