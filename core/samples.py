"""Arithmetic on samples for several folders: median, quantile, fast noise, resolution, running mean, an envelope."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.records import Flag, FloatArray, Waveform

#: flags of an acquisition that cannot show that nothing happened: what an extraction does not see there is not known
TELLS_NOTHING = Flag.NO_EVENT | Flag.AMBIGUOUS
#: standard deviation of normal values over the median of their absolute deviations
OF_MEDIAN_DEVIATION = 1.4826
#: second differences that are enough for their median
_ENOUGH = 500_000
#: a digitiser repeats its values: fewer unlike ones than this share of the samples tell its step
_REPEATED = 0.25
#: samples of an envelope that are searched at once: they fit into the cache of a processor
_AT_ONCE = 2**17
_LONG_KERNEL = 500  #: samples; for more, a transform is faster than sums (measured: as fast at 300 to 500)


def median(values: FloatArray) -> float:
    """Return the median of finite values, shape (n,), n > 0; NumPy's takes seven times as long for a few."""
    middle = values.size // 2
    if values.size % 2:
        return float(np.partition(values, middle)[middle])
    ordered = np.partition(values, (middle - 1, middle))
    return float(0.5 * (ordered[middle - 1] + ordered[middle]))


def quantile(values: FloatArray, part: float) -> float:
    """Return the value below which a part of finite ones is, shape (n,), n > 0, by a line between the two nearest.

    Parameters
    ----------
    values : in any unit
    part : 0 to 1
    """
    rank = part * (values.size - 1)
    below = min(int(rank), values.size - 2)
    if below < 0:
        return float(values[0])
    ordered = np.partition(values, (below, below + 1))
    return float(ordered[below] + (rank - below) * (ordered[below + 1] - ordered[below]))


def spread_out(size: int, number: int) -> npt.NDArray[np.intp]:
    """Return rows that stand for all of ``size`` rows: at most ``number`` of them, in order, over the whole length.

    One at a random place (always the same) of each of ``number`` equal parts. Every k-th row would see only the even
    spikes of a train that alternates, or only the round times of an even grid.
    """
    if size <= number:
        return np.arange(size)
    places = (np.arange(number) + np.random.default_rng(0).random(number)) * (size / number)
    return np.minimum(places.astype(np.intp), size - 1)


def noise_of(values: FloatArray, resolution: float = 0.0, enough: int = _ENOUGH) -> float:
    """Return the standard deviation of the fast noise on ``values``, shape (n,), in their unit.

    From second differences, in which a signal that is smooth over three samples cancels; never less than the
    quantisation noise of a digitiser with steps of ``resolution``. About ``enough`` differences are used.

    Parameters
    ----------
    values : samples in order
    resolution : in the unit of the values
    enough : differences; more of them are left out
    """
    quantisation = resolution / math.sqrt(12.0)
    if values.size < 4:
        return quantisation
    step = max((values.size - 2) // enough, 1)
    middle = values[1:-1:step]
    second = (values[2::step] - middle) - (middle - values[:-2:step])
    return max(spread(second) / math.sqrt(6.0), quantisation)


def spread(values: FloatArray) -> float:
    """Return the standard deviation of normal ``values``, shape (n,), n > 0, by the median of their deviations.

    A few outliers hardly change it.
    """
    return OF_MEDIAN_DEVIATION * median(np.abs(values - median(values)))


def resolution(waveform: Waveform) -> float:
    """Return the step of a record's samples, in its unit: no less than one code.

    An oscilloscope with a converter of 8 bits may send 16-bit codes that are all multiples of 256 (the WORD format of
    Keysight, LeCroy and others). One code is then no step that it can show.
    """
    return abs(waveform.scale) * step_of_codes(waveform.codes)


def step_of_values(values: FloatArray) -> float:
    """Return the step of the digitiser that rounded some values, shape (n,), by those that return; 0: none shows."""
    unlike = np.unique(values)
    return float(np.diff(unlike).min()) if 1 < unlike.size < _REPEATED * values.size else 0.0


def rounding(step: float, noise: float) -> float:
    """Return the standard uncertainty that rounding leaves in a mean of many values, in their unit.

    Values that noise spreads over several steps have independent errors, and their mean has none. Others are rounded
    alike.

    Parameters
    ----------
    step : of the digitiser
    noise : standard deviation of a value
    """
    return step / math.sqrt(12.0) if noise < step else 0.0


def step_of_codes(codes: npt.NDArray[Any]) -> int:
    """Return the largest power of 2 that divides all differences between 16-bit codes.

    1 if all codes are equal: such a record does not show its step. Codes of 8 bits are those of the converter.

    Parameters
    ----------
    codes : as the digitiser gives them, any shape
    """
    if codes.dtype.itemsize < 2 or codes.dtype.kind not in "iu" or codes.size == 0:
        return 1
    differing = int(np.bitwise_or.reduce(np.bitwise_xor(codes, codes.flat[0]), axis=None))
    return differing & -differing or 1


def smoothed(values: FloatArray, width: int) -> FloatArray:
    """Return the running mean over ``width`` (made odd) samples, the ends repeated; shape (n,).

    Parameters
    ----------
    values : in any unit, shape (n,)
    width : [samples]
    """
    half = max(0, width // 2)
    if half == 0 or values.size == 0:
        return values
    padded = np.concatenate((np.full(half, values[0]), values, np.full(half, values[-1])))
    sums = np.cumsum(np.concatenate(([0.0], padded)))
    width = 2 * half + 1
    averaged: FloatArray = (sums[width:] - sums[:-width]) / width
    return averaged


def convolved(values: FloatArray, kernel: FloatArray) -> FloatArray:
    """Return the part of a convolution in which the shorter of both lies wholly inside.

    Parameters
    ----------
    values, kernel : shapes (n,) and (k,)

    Returns
    -------
    Shape (abs(n - k) + 1,).
    """
    if kernel.size <= _LONG_KERNEL or kernel.size > values.size:
        return np.convolve(values, kernel, mode="valid")
    return transformed(values, kernel)


def transformed(values: FloatArray, kernel: FloatArray) -> FloatArray:
    """Return the part of a convolution in which the kernel lies wholly inside, by Fourier transform.

    Of a kernel of hundreds of samples, it is faster than sums. ``scipy.signal`` has it too, but its import takes longer
    than the rest of an extraction.

    Parameters
    ----------
    values, kernel : shapes (n,) and (k,), 1 <= k <= n

    Returns
    -------
    Shape (n - k + 1,); of the rounding errors of the largest value.
    """
    size = 1 << (values.size - 1).bit_length()
    product = np.fft.rfft(values, size) * np.fft.rfft(kernel, size)
    found: FloatArray = np.fft.irfft(product, size)[kernel.size - 1:values.size]
    return found


def envelope(values: npt.NDArray[Any], edges: Sequence[int]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the positions of the lowest and of the highest sample of each bin; the first where there are several.

    A glitch of one sample is among them, as it would not be among every k-th sample.

    Parameters
    ----------
    values : shape (n,)
    edges : where the bins begin, and last where the last one ends, shape (bins + 1,), ascending

    Returns
    -------
    arrays of int, each shape (bins,)
    """
    starts, sizes = np.asarray(edges[:-1], dtype=np.int64), np.diff(edges)
    if sizes.size and np.all(sizes == sizes[0]):  # many bins at once
        folded = values[edges[0] : edges[-1]].reshape(sizes.size, -1)
        found = np.empty((2, sizes.size), dtype=np.int64)
        rows = max(1, _AT_ONCE // int(sizes[0]))
        for first in range(0, sizes.size, rows):   # NumPy copies what may not be written to: parts stay in the cache
            part = folded[first : first + rows]
            found[:, first : first + rows] = part.argmin(axis=1), part.argmax(axis=1)
        return starts + found[0], starts + found[1]
    bins = [values[low : low + size] for low, size in zip(starts.tolist(), sizes.tolist(), strict=True)]
    lowest, highest = [part.argmin() for part in bins], [part.argmax() for part in bins]
    return starts + np.array(lowest, dtype=np.int64), starts + np.array(highest, dtype=np.int64)
