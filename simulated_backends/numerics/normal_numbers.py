"""Standard normal numbers by number, many at a time: for noise of millions of samples.

The numbers of one key are a function of their place alone, so any block can be made at any time, alone or by several
threads. A place is hashed to 32 bits with two keys (a bijection of the place for each pair of keys: three rounds of
shift and multiply with the constants of C. Wellons' triple32, "hash prospector", 2018), and two hashes make two normal
numbers (G. E. P. Box, M. E. Muller, 1958). All arithmetic is of single precision in vector registers:
logarithm, sine and cosine are polynomials through Chebyshev's points, good to 3e-7. The largest number is 6.6.
"""

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tsbench.simulated_backends.numerics.compilation import compiled, inlined, widest_vectors

SingleArray = npt.NDArray[np.float32]

PAIRS = 1024  #: of numbers in a block: the first and the second of each pair lie this far apart
BLOCK = 2 * PAIRS

_A, _B, _C = np.uint32(0xED5AD4BB), np.uint32(0xAC4C1B51), np.uint32(0x31848BAB)
_1, _10, _11, _14, _15, _17, _23, _31 = (np.uint32(n) for n in (1, 10, 11, 14, 15, 17, 23, 31))
_PAIRS, _LAST = np.uint32(PAIRS), np.uint32(PAIRS - 1)
_ROOT_HALF = np.uint32(0x3F3504F3)   # the bits of the single number sqrt(1/2)
_ONE, _MINUS_TWO, _LN2, _TURNS = np.float32(1.0), np.float32(-2.0), np.float32(0.6931471805599453), np.float32(2.0**-33)
# ln(1 + d) = d (L0 + L1 d + ...) for 1 + d from sqrt(1/2) to sqrt(2)
_L0, _L1, _L2, _L3 = (np.float32(x) for x in (0.99999994, -0.50000376, 0.33334607, -0.24968907))
_L4, _L5, _L6, _L7 = (np.float32(x) for x in (0.19913349, -0.17278206, 0.16126248, -0.09895351))
# sin(2 pi t) = t (S0 + S1 t^2 + ...) and cos(2 pi t) = C0 + C1 t^2 + ... for t from -1/4 to 1/4
_S0, _S1, _S2, _S3, _S4 = (np.float32(x) for x in (6.2831855, -41.341682, 81.602478, -76.581169, 39.759827))
_C0, _C1, _C2, _C3, _C4 = (np.float32(x) for x in (0.99999994, -19.739172, 64.934570, -85.239868, 56.238701))


def keys_of(seed: tuple[int, ...]) -> tuple[np.uint32, np.uint32]:
    """Return the two keys that belong to a seed."""
    digest = hashlib.sha256(repr(seed).encode()).digest()
    return np.uint32(int.from_bytes(digest[:4], "big")), np.uint32(int.from_bytes(digest[4:8], "big"))


@intrinsic
def _bits_of(typing_context: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.uint32(types.float32), generate


@intrinsic
def _of_bits(typing_context: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.uint32), generate


@inlined
def _hashed(place: np.uint32, key: np.uint32, other: np.uint32) -> np.uint32:
    x = np.uint32(place + key)
    x = np.uint32((x ^ (x >> _17)) * _A + other)
    x = np.uint32((x ^ (x >> _11)) * _B)
    x = np.uint32((x ^ (x >> _15)) * _C)
    return np.uint32(x ^ (x >> _14))


@inlined
def _pair(place: np.uint32, key: np.uint32, other: np.uint32) -> tuple[np.float32, np.float32]:
    """Return the two normal numbers of the hashes at ``place`` and ``PAIRS`` behind it."""
    a, b = _hashed(place, key, other), _hashed(np.uint32(place + _PAIRS), key, other)
    share = np.float32(np.int32((a >> _1) | _1))   # of 2^31: above 0
    bits = _bits_of(share)
    exponent = np.int32(np.uint32(bits - _ROOT_HALF)) >> np.int32(23)
    d = _of_bits(np.uint32(bits - (np.uint32(exponent) << _23))) - _ONE
    series = _L0 + d * (_L1 + d * (_L2 + d * (_L3 + d * (_L4 + d * (_L5 + d * (_L6 + d * _L7))))))
    logarithm = d * series + _LN2 * np.float32(np.int32(exponent - np.int32(31)))
    radius = np.sqrt(_MINUS_TWO * min(logarithm, np.float32(0.0)))
    radius = _of_bits(np.uint32(_bits_of(radius) ^ (a << _31)))   # half a turn more, by the bit that is left over
    t = np.float32(np.int32(b)) * _TURNS
    z = t * t
    cosine = _C0 + z * (_C1 + z * (_C2 + z * (_C3 + z * _C4)))
    sine = t * (_S0 + z * (_S1 + z * (_S2 + z * (_S3 + z * _S4))))
    return radius * cosine, radius * sine


@compiled
def normal_block(key: np.uint32, other: np.uint32, number: int, out: SingleArray) -> None:
    """Fill ``out`` (``BLOCK``) with the normal numbers from the place ``number * BLOCK`` on."""
    widest_vectors()
    begin = np.uint32(number) * np.uint32(BLOCK)
    for k in range(PAIRS):
        out[k], out[k + PAIRS] = _pair(np.uint32(begin + np.uint32(k)), key, other)


@compiled
def normal_numbers(key: np.uint32, other: np.uint32, first: int, stride: int, out: SingleArray) -> None:
    """Fill ``out`` with the normal numbers at the places first, first + stride, first + 2 stride..."""
    widest_vectors()
    for k in range(out.size):
        place = np.uint32(first + k * stride)
        begin = np.uint32((place >> _11) << _11)
        even, odd = _pair(np.uint32(begin + (place & _LAST)), key, other)
        out[k] = odd if (place >> _10) & _1 else even
