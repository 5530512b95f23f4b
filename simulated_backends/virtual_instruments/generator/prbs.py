"""Pseudo-random bit sequences of maximum length, as a shift register with feedback makes them."""

import functools

import numpy as np
import numpy.typing as npt

#: name -> stages and second tap of the register: the polynomial x^stages + x^tap + 1 (ITU-T O.150; the same in
#: the 33500B/33600A operating guide, FUNCtion:PRBS:DATA)
POLYNOMIALS = {"PN7": (7, 6), "PN9": (9, 5), "PN11": (11, 9), "PN15": (15, 14), "PN20": (20, 3), "PN23": (23, 18)}


@functools.cache
def bit_sequence(name: str) -> npt.NDArray[np.int8]:
    """Return one period of a sequence, 0 and 1, shape (2**stages - 1,). It begins with as many ones as stages.

    A sequence that follows a(k) = a(k-n) xor a(k-m) also follows the same rule with both distances doubled, because
    squares of polynomials of bits have no mixed terms. So each pass computes a longer block than the one before.
    """
    stages, tap = POLYNOMIALS[name]
    length = (1 << stages) - 1
    bits = np.ones(length, dtype=np.int8)
    filled = stages
    while filled < length:
        scale = 1 << ((filled // stages).bit_length() - 1)
        block = min(scale * tap, length - filled)
        far, near = filled - scale * stages, filled - scale * tap
        bits[filled:filled + block] = bits[far:far + block] ^ bits[near:near + block]
        filled += block
    bits.setflags(write=False)
    return bits
