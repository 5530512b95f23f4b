"""A number that the compiler takes as it is: no product is fused into a sum through it, no division shared."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tsbench.simulated_backends.numerics.compilation import inlined


@intrinsic
def _fence(typing_context: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        double = ir.DoubleType()
        fence = builder.module.declare_intrinsic("llvm.arithmetic.fence", [double], ir.FunctionType(double, [double]))
        return builder.call(fence, arguments)

    return types.float64(types.float64), generate


@inlined
def rounded(x: float) -> float:
    """Return ``x``, rounded to a floating-point number wherever it is used."""
    return float(_fence(x))
