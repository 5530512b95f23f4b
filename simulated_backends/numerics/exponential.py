"""e^x in plain arithmetic, because a call into the C library can neither be inlined nor vectorised.

LLVM vectorises calls of ``exp`` only where Intel's vector library is installed; this one runs in vector registers
everywhere, gives the same bits in a vector and alone, and is good to 3e-16.

e^x = 2^k e^r with k = round(x/ln 2), |r| <= ln(2)/2; e^r by the polynomial of degree 11 that interpolates it at
Chebyshev's points (largest relative error 4e-18: rounding is all that is left), in Estrin's order, which waits least.
ln 2 is split in two so that k ln 2 is exact in its first part (W. J. Cody, W. Waite, 1980).
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tsbench.simulated_backends.numerics.compilation import inlined

_PER_LN2 = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_ROUND = 6755399441055744.0   # 1.5 * 2^52: adding it rounds to a whole number, which stands in the lowest bits
_LEAST, _MOST = -708.0, 709.0

C2, C3, C4 = 0.50000000000000183855, 0.16666666666666680806, 0.041666666666488095495
C5, C6, C7 = 0.0083333333333196006109, 0.0013888888952314774652, 0.00019841269890047113707
C8, C9 = 0.000024801485482328492419, 2.7557240918578969823e-6
C10, C11 = 2.7632639639041029749e-7, 2.5110037605963777712e-8


@intrinsic
def _times_power_of_two(typing_context: Any, value: Any, shifted: Any) -> Any:
    """Return ``value`` times 2^k where the lowest bits of ``shifted`` hold k."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        integer = ir.IntType(64)
        bits, power = (builder.bitcast(a, integer) for a in arguments)
        total = builder.add(bits, builder.shl(power, ir.Constant(integer, 52)))
        return builder.bitcast(total, ir.DoubleType())

    return types.float64(types.float64, types.float64), generate


@inlined
def exp(x: float) -> float:
    """Return e^x; below e^-708 and above e^709 that of the bound, NaN of NaN."""
    x = _LEAST if x < _LEAST else x
    x = _MOST if x > _MOST else x
    shifted = x * _PER_LN2 + _ROUND
    k = shifted - _ROUND
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    r2 = r * r
    r4 = r2 * r2
    low = (1.0 + r) + r2 * (C2 + C3 * r)
    middle = (C4 + C5 * r) + r2 * (C6 + C7 * r)
    high = (C8 + C9 * r) + r2 * (C10 + C11 * r)
    return float(_times_power_of_two(low + r4 * (middle + r4 * high), shifted))
