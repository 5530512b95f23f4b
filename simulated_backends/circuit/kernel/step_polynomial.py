"""The polynomial that stands for the unknowns within a step: the method's dense output, written down once.

    y(t_k + s h) = y0 (1 - s) + s [y1 + (1 - s) (p + s q)],     s from 0 to 1

Plain functions for arrays, and the same compiled for numbers.
"""

from typing import TypeVar

from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.numerics.compilation import inlined

Number = TypeVar("Number", float, FloatArray)


def values_in_step(s: Number, y0: Number, y1: Number, p: Number, q: Number) -> Number:
    """Return the value at the share ``s`` of a step."""
    return y0 * (1.0 - s) + s * (y1 + (1.0 - s) * (p + s * q))


def rates_in_step(s: Number, y0: Number, y1: Number, p: Number, q: Number) -> Number:
    """Return the derivative by ``s`` at the share ``s`` of a step."""
    return y1 - y0 + (1.0 - 2.0 * s) * (p + s * q) + s * (1.0 - s) * q


value_in_step, rate_in_step = inlined(values_in_step), inlined(rates_in_step)
