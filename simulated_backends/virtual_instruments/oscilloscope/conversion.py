"""From what an input sees to the codes of its ADC, block by block: signal, noise and rounding in one pass.

A block stays in the processor's cache from its first number to its codes, and no block depends on another. Values are
counted in *levels*: steps of the ADC. The signal is computed in double precision, noise and levels in single precision:
a ten-millionth of the screen.
"""

import functools
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.sampled import CONSTANT, CUBE, LINEAR, SQUARE
from tsbench.simulated_backends.numerics.compilation import compiled, inlined, widest_vectors
from tsbench.simulated_backends.numerics.linear import IntArray
from tsbench.simulated_backends.numerics.normal_numbers import BLOCK, SingleArray
from tsbench.simulated_backends.virtual_instruments.oscilloscope.noise import (
    SCRATCH,
    InputNoise,
    input_noise,
    noise_block,
    noise_samples,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope.seen_signal import SeenSignal

Noise = tuple[np.uint32, np.uint32, SingleArray]
CLIPPED_LOW, CLIPPED_HIGH = 0x01, 0xFF  #: 8-bit codes
_PART = 32 * BLOCK  #: samples that a thread makes at once
_MANY_PARTS = 8  #: from which on a second thread helps
_PROCESSORS = os.cpu_count() or 1  #: counted once: it takes as long as ten thousand samples
_LOAD = Path("/proc/loadavg")
_SILENT = input_noise((0,), 0.0, 1.0, 1.0, 1.0)


class Scale(NamedTuple):
    """A line: ``factor`` times the voltage at the node, plus ``noise`` times the noise at the input, plus ``zero``."""

    factor: float
    noise: float
    zero: float

    def levels(self, offset: float, step: float, middle: float = 0.0) -> "Scale":
        """Return the line in steps [V] of the ADC, where displayed volts are ``offset`` [V] at the level ``middle``."""
        return Scale(self.factor / step, self.noise / step, (self.zero - offset) / step + middle)


def codes_of(
    signal: SeenSignal, noises: Sequence[InputNoise], stride: int, scale: Scale, sub_codes: int,
) -> npt.NDArray[np.uint16]:
    """Return 16-bit codes (8-bit code * 256) of levels from the lowest 8-bit code; the ends mean clipped.

    ``noises``: one or two. ``stride``: of the noise; the signal has every ``stride``-th of its samples only.
    ``sub_codes``: see :func:`to_codes`.
    """
    out = np.empty(signal.count, dtype=np.uint16)
    arguments = _arguments(signal, noises, stride, scale)
    _in_parts(signal.count, lambda first, end, scratch: _fill_codes(
        *arguments, scratch, first, sub_codes, out[first:end]))
    return out


def levels_of(
    signal: SeenSignal, noises: Sequence[InputNoise], stride: int, scale: Scale, lowest: int, highest: int, width: int,
) -> npt.NDArray[np.int32]:
    """Return levels as whole numbers from ``lowest`` to ``highest``, times ``width``."""
    out = np.empty(signal.count, dtype=np.int32)
    arguments = _arguments(signal, noises, stride, scale)
    _in_parts(signal.count, lambda first, end, scratch: _fill_levels(
        *arguments, scratch, first, lowest, highest, width, out[first:end]))
    return out


def _arguments(signal: SeenSignal, noises: Sequence[InputNoise], stride: int, scale: Scale) -> tuple[object, ...]:
    one, other = (*noises, _SILENT)[:2]
    factor = np.float32(scale.noise)
    return (signal.arrays(), (*one.keys, one.weights * factor), (*other.keys, other.weights * factor), stride,
            scale.factor, scale.zero)


def _in_parts(count: int, fill: Callable[[int, int, SingleArray], None]) -> None:
    """Let ``fill(first, end, scratch)`` make all samples; of many, a second thread makes what it gets hold of.

    The samples are the same whoever makes them. The second thread is never waited for unless it is making some.
    """
    left, making = deque(range(0, count, _PART)), threading.Lock()

    def make(take: Callable[[], int]) -> bool:
        try:
            first = take()
        except IndexError:
            return False
        fill(first, min(first + _PART, count), np.empty(3 * BLOCK + SCRATCH, dtype=np.float32))
        return True

    def help_out() -> None:
        more = True
        while more:
            with making:
                more = make(left.pop)

    if len(left) >= _MANY_PARTS and _has_processor_to_spare():
        _second_thread().submit(help_out)
    while make(left.popleft):
        pass
    with making:
        pass


@functools.cache
def _second_thread() -> ThreadPoolExecutor:
    """Return the thread that helps; it stays, because to start one takes as long as a tenth of a million samples."""
    return ThreadPoolExecutor(1, "second half of a record")


if hasattr(os, "register_at_fork"):   # a forked process has none of its parent's threads
    os.register_at_fork(after_in_child=_second_thread.cache_clear)


def _has_processor_to_spare() -> bool:
    """Whether a second thread is likely to run at once; where others compute, it costs more than it brings."""
    return _running() < _PROCESSORS


def _running() -> float:
    """Return how many threads of the computer run or wait for a processor, this one included.

    Linux counts them at this moment (proc(5), /proc/loadavg); elsewhere it is a mean over the last minute, or unknown.
    """
    try:
        with _LOAD.open("rb", buffering=0) as load:
            return int(load.read(64).split()[3].partition(b"/")[0])
    except (OSError, ValueError, IndexError):
        return os.getloadavg()[0] + 0.5 if hasattr(os, "getloadavg") else 1.0


@compiled
def _fill_codes(
    signal: tuple[IntArray, IntArray, IntArray, FloatArray, FloatArray], noise: Noise, other: Noise,
    stride: int, factor: float, zero: float, scratch: SingleArray, begin: int, sub_codes: int,
    out: npt.NDArray[np.uint16],
) -> None:
    widest_vectors()
    for first in range(0, out.size, BLOCK):
        part = out[first:first + BLOCK]
        levels = scratch[:part.size]
        level_block(signal, noise, other, stride, factor, zero, scratch, begin + first, levels)
        to_codes(levels, sub_codes, part)


@compiled
def _fill_levels(
    signal: tuple[IntArray, IntArray, IntArray, FloatArray, FloatArray], noise: Noise, other: Noise,
    stride: int, factor: float, zero: float, scratch: SingleArray, begin: int, lowest: int,
    highest: int, width: int, out: npt.NDArray[np.int32],
) -> None:
    widest_vectors()
    least, most, times = np.float32(lowest), np.float32(highest), np.int32(width)
    for first in range(0, out.size, BLOCK):
        part = out[first:first + BLOCK]
        levels = scratch[:part.size]
        level_block(signal, noise, other, stride, factor, zero, scratch, begin + first, levels)
        for k in range(part.size):
            part[k] = np.int32(np.rint(min(max(levels[k], least), most))) * times


#: members of the tuple of a signal
FIRSTS: Final = 0
ORIGINS: Final = 1
PLACES: Final = 2
COEFFICIENTS: Final = 3
VALUES: Final = 4
#: members of a noise
NOISE_KEY: Final = 0
NOISE_OTHER: Final = 1
NOISE_WEIGHTS: Final = 2


@compiled
def level_block(
    signal: tuple[IntArray, IntArray, IntArray, FloatArray, FloatArray], noise: Noise, other: Noise,
    stride: int, factor: float, zero: float, scratch: SingleArray, first: int, out: SingleArray,
) -> None:
    """Fill ``out``, which may be the first block of ``scratch``, with the levels of the samples from ``first`` on."""
    widest_vectors()
    _noise_of(noise, stride, scratch[2 * BLOCK:], first, out)
    if other[NOISE_WEIGHTS].shape[0] > 0:
        second = scratch[BLOCK:2 * BLOCK][:out.size]
        _noise_of(other, stride, scratch[2 * BLOCK:], first, second)
        for k in range(out.size):
            out[k] += second[k]
    firsts, origins, places = signal[FIRSTS], signal[ORIGINS], signal[PLACES]
    coefficients, values = signal[COEFFICIENTS], signal[VALUES]
    piece, low, high = 0, 0, firsts.size
    while high - low > 1:   # the piece in which the block begins
        middle = (low + high) // 2
        if firsts[middle] <= first:
            low = middle
        else:
            high = middle
    piece, number = low, first
    while number < first + out.size:
        end = first + out.size
        if piece + 1 < firsts.size:
            end = min(end, firsts[piece + 1])
        part = out[number - first:end - first]
        begin = number - origins[piece]
        if places[piece] >= 0:
            given = values[places[piece] + begin:places[piece] + begin + part.size]
            for k in range(part.size):
                part[k] += np.float32(zero + factor * given[k])
        else:
            _add_polynomial(coefficients[piece], float(begin), factor, zero, part)
        piece, number = piece + 1, end


@compiled
def _noise_of(noise: Noise, stride: int, scratch: SingleArray, first: int, out: SingleArray) -> None:
    widest_vectors()
    if stride == 1 and noise[NOISE_WEIGHTS].shape[0] > 0 and out.size == BLOCK:
        noise_block(noise[NOISE_KEY], noise[NOISE_OTHER], noise[NOISE_WEIGHTS], first // BLOCK, scratch[BLOCK:], out)
    else:
        noise_samples(noise[NOISE_KEY], noise[NOISE_OTHER], noise[NOISE_WEIGHTS], first * stride, stride, scratch, out)


@inlined
def _add_polynomial(row: FloatArray, begin: float, factor: float, zero: float, out: SingleArray) -> None:
    """Add a line of the polynomial at begin, begin + 1...: written anew about ``begin``, single precision suffices."""
    a, b = row[CONSTANT], row[LINEAR]
    c, d = row[SQUARE], row[CUBE]
    first = np.float32(zero + factor * (a + begin * (b + begin * (c + begin * d))))
    if b == 0.0 and c == 0.0 and d == 0.0:
        for k in range(out.size):
            out[k] += first
        return
    second = np.float32(factor * (b + begin * (2.0 * c + begin * 3.0 * d)))
    third, fourth = np.float32(factor * (c + 3.0 * begin * d)), np.float32(factor * d)
    for k in range(out.size):
        x = np.float32(np.int32(k))
        out[k] += first + x * (second + x * (third + x * fourth))


@compiled
def to_codes(levels: SingleArray, sub_codes: int, out: npt.NDArray[np.uint16]) -> None:
    """Fill ``out`` with 16-bit codes of levels counted from the lowest 8-bit code; the ends say that it is clipped.

    ``sub_codes``: resolved steps per 8-bit code (1 for one acquisition, more for averages and high resolution).
    """
    widest_vectors()
    least, most = np.float32(CLIPPED_LOW + 0.5), np.float32(CLIPPED_HIGH - 0.5)
    parts, width = np.float32(sub_codes), np.int32(256 // sub_codes)
    half, none, full = np.float32(0.5), np.float32(0.0), np.float32(256.0)
    for k in range(out.size):
        level = levels[k]
        code = np.int32(min(max(level, none), full) * parts + half) * width
        code = np.int32(0x0001) if level < least else code
        out[k] = np.uint16(np.int32(0xFFFF) if level > most else code)
