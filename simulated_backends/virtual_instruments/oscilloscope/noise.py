"""The noise of a scope's input: white noise seen through the Gaussian response, in blocks.

The white noise is a function of its number (:mod:`tsbench.simulated_backends.numerics.normal_numbers`). So a sample has
the same noise whichever samples are made, and a block needs no block before it.
"""

import functools
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.numerics.compilation import compiled, widest_vectors
from tsbench.simulated_backends.numerics.normal_numbers import BLOCK, SingleArray, keys_of, normal_block, normal_numbers
from tsbench.simulated_backends.virtual_instruments.oscilloscope.response import gaussian_sigma

_WIDE = 8.0  #: samples in a sigma, from which on the white numbers lie a sigma apart instead of a sample
_REACH = 3.0  #: sigmas of the Gaussian response on either side: what is left out changes the spectrum by 0.2 %
_AT_ONCE = 4  #: weights of one pass over a block; the first pass has one more
#: numbers that :func:`noise_block` needs beside its output
SCRATCH = BLOCK + 2 * math.ceil(_REACH * _WIDE) + 2 * _AT_ONCE


@dataclass(frozen=True)
class InputNoise:
    """The noise of one record on one channel.

    Sample n is the sum over j of ``weights[j, n % hop]`` times the white number n // hop + j, where ``hop`` is the
    second dimension: white numbers that lie a sigma of the response apart already give the same rms at all samples,
    within 1e-4 (Poisson's sum of a Gaussian).
    """

    keys: tuple[np.uint32, np.uint32]
    weights: SingleArray  #: shape (numbers, hop); (0, 1) without noise

    def samples(self, count: int, stride: int = 1) -> SingleArray:
        """Return every ``stride``-th of ``count`` samples."""
        out = np.empty(len(range(0, count, stride)), dtype=np.float32)
        noise_samples(*self.keys, self.weights, 0, stride, np.empty(BLOCK + SCRATCH, np.float32), out)
        return out


def input_noise(
    seed: tuple[int, ...], rms: float, interval: float, channel_bandwidth: float, full_bandwidth: float,
) -> InputNoise:
    """Return noise of ``rms`` at the full bandwidth, of samples ``interval`` [s] apart, in the channel's band."""
    rms *= math.sqrt(channel_bandwidth / full_bandwidth)
    return InputNoise(keys_of(seed), _weights(rms, gaussian_sigma(channel_bandwidth) / interval))


@functools.lru_cache(maxsize=64)
def _weights(rms: float, sigma: float) -> SingleArray:
    """Return the weights of :class:`InputNoise` for a response of ``sigma`` samples."""
    if rms == 0.0:
        weights: npt.NDArray[np.float64] = np.empty((0, 1))
    elif sigma < 1 / 3:
        weights = np.full((1, 1), rms)
    else:
        hop = math.floor(sigma) if sigma >= _WIDE else 1
        reach = math.ceil(_REACH * sigma / hop)
        places = hop * np.arange(-reach, reach + (1 if hop == 1 else 2))
        weights = np.exp(-0.5 * ((np.arange(hop) - places[:, None]) / sigma) ** 2)
        weights *= rms / math.sqrt(float(np.sum(weights**2)) / hop)   # white in, the wanted rms out
        if hop == 1:
            weights = np.concatenate([weights, np.zeros(((1 - len(weights)) % _AT_ONCE, 1))])
    return np.ascontiguousarray(weights, dtype=np.float32)


#: of the weights
FIRST: Final = 0
SECOND: Final = 1
THIRD: Final = 2
FOURTH: Final = 3
FIFTH: Final = 4


@compiled
def noise_block(
    key: np.uint32, other: np.uint32, weights: SingleArray, number: int, scratch: SingleArray, out: SingleArray,
) -> None:
    """Fill ``out`` (``BLOCK``) with the noise of the samples from ``number * BLOCK`` on; ``scratch``: ``SCRATCH``."""
    widest_vectors()
    taps, hop = weights.shape
    if taps == 1:
        normal_block(key, other, number, out)
        for k in range(BLOCK):
            out[k] *= weights[FIRST, FIRST]
        return
    if hop == 1:
        normal_block(key, other, number, scratch[:BLOCK])
        normal_numbers(key, other, (number + 1) * BLOCK, 1, scratch[BLOCK:BLOCK + taps])
        _five(weights[:_AT_ONCE + 1, FIRST], scratch[:BLOCK + _AT_ONCE], out)
        for j in range(_AT_ONCE + 1, taps, _AT_ONCE):
            _add_four(weights[j:j + _AT_ONCE, FIRST], scratch[j:j + BLOCK + _AT_ONCE - 1], out)
        return
    for k in range(BLOCK):
        out[k] = np.float32(0.0)
    begin = number * BLOCK
    group = begin // hop
    normal_numbers(key, other, group, 1, scratch[:(begin + BLOCK - 1) // hop - group + taps])
    place, phase, white = 0, begin - group * hop, 0
    while place < BLOCK:
        part = out[place:min(place + hop - phase, BLOCK)]
        for j in range(taps):
            number_now, row = scratch[white + j], weights[j, phase:phase + part.size]
            for k in range(part.size):
                part[k] += number_now * row[k]
        place, phase, white = place + part.size, 0, white + 1


@compiled
def _five(weights: SingleArray, numbers: SingleArray, out: SingleArray) -> None:
    """Fill ``out`` with the sums of five numbers each, weighted."""
    widest_vectors()
    a, b = weights[FIRST], weights[SECOND]
    c, d, e = weights[THIRD], weights[FOURTH], weights[FIFTH]
    for k in range(BLOCK):
        out[k] = a * numbers[k] + b * numbers[k + 1] + c * numbers[k + 2] + d * numbers[k + 3] + e * numbers[k + 4]


@compiled
def _add_four(weights: SingleArray, numbers: SingleArray, out: SingleArray) -> None:
    """Add to ``out`` the sums of four numbers each, weighted."""
    widest_vectors()
    a, b = weights[FIRST], weights[SECOND]
    c, d = weights[THIRD], weights[FOURTH]
    for k in range(BLOCK):
        out[k] = out[k] + a * numbers[k] + b * numbers[k + 1] + c * numbers[k + 2] + d * numbers[k + 3]


@compiled
def noise_samples(
    key: np.uint32, other: np.uint32, weights: SingleArray, first: int, stride: int, scratch: SingleArray,
    out: SingleArray,
) -> None:
    """Fill ``out`` with the noise of the samples first, first + stride...; ``scratch``: ``BLOCK + SCRATCH``."""
    widest_vectors()
    if weights.shape[0] == 0:
        for k in range(out.size):
            out[k] = np.float32(0.0)
        return
    if weights.shape[0] == 1:
        normal_numbers(key, other, first, stride, out)
        for k in range(out.size):
            out[k] *= weights[FIRST, FIRST]
        return
    block, made = scratch[:BLOCK], -1
    for k in range(out.size):
        sample = first + k * stride
        if sample // BLOCK != made:
            made = sample // BLOCK
            noise_block(key, other, weights, made, scratch[BLOCK:], block)
        out[k] = block[sample - made * BLOCK]
