"""The response of an oscilloscope's input: a Gaussian low-pass over the recorded voltage of a node."""

import math

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray
from tsbench.simulated_backends.numerics.compilation import compiled
from tsbench.simulated_backends.virtual_instruments.oscilloscope.history import InputHistory, Repeated, Shifted

KERNEL_REACH = 4.0  #: sigmas of the Gaussian response on either side
_NODES = np.linspace(-3.5, 3.5, 15)  #: quadrature nodes [sigmas]; spectrally accurate for a Gaussian
_WEIGHTS = np.exp(-0.5 * _NODES**2) / np.sum(np.exp(-0.5 * _NODES**2))
_FINE = 16  #: points per sigma of a filtered period that is looked up
_BLOCK = 2048  #: samples
_SLOW = 20.0  #: solver steps longer than this many sigmas need no filtering: the response follows


def gaussian_sigma(bandwidth: float) -> float:
    """Return the sigma [s] of the impulse response of a Gaussian low-pass with its -3 dB point there [Hz]."""
    return math.sqrt(math.log(2)) / (2 * math.pi * bandwidth)


def filtered(history: InputHistory, node: str, times: FloatArray, sigma: float) -> FloatArray:
    """Return a node voltage [V] seen through a Gaussian low-pass, at equidistant rising ``times`` [s]."""
    if len(times) == 0:
        return np.empty(0)
    reach = KERNEL_REACH * sigma
    for trace in history.traces:
        if isinstance(trace, Repeated):
            first, end = np.searchsorted(times, [trace.start + 2 * reach, trace.end - 2 * reach])
            grid = math.ceil(_FINE * trace.length / sigma)
            if 2 * grid < end - first:
                return np.concatenate([
                    filtered(history, node, times[:first], sigma), _folded(trace, node, times[first:end], sigma, grid),
                    filtered(history, node, times[end:], sigma)])
    fast = _near_fast_steps(history, times, sigma, reach)
    wanted = int(np.count_nonzero(fast))
    if not wanted:
        return history.voltage(node, times)
    interval = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else math.inf
    splits = max(math.ceil(interval / (0.5 * sigma)), 1) if math.isfinite(interval) else 10**9
    if splits * len(times) <= len(_NODES) * wanted:
        return _convolved(history, node, times, sigma, interval / splits, splits)
    result = history.voltage(node, times)
    sharp = times[fast]
    total = np.zeros(len(sharp))
    for offset, weight in zip(_NODES * sigma, _WEIGHTS, strict=True):
        total += weight * history.voltage(node, sharp + offset)
    result[fast] = total
    return result


def _folded(trace: Repeated, node: str, times: FloatArray, sigma: float, grid: int) -> FloatArray:
    """Return a filtered voltage [V] well inside many copies: one filtered period, looked up at each sample's phase."""
    around = InputHistory([Shifted(trace.period, k * trace.length) for k in (-1, 0, 1)])
    phases = np.linspace(0.0, trace.length, grid + 1)
    period = filtered(around, node, trace.period.start + phases, sigma)
    return np.interp(np.mod(times - trace.start, trace.length), phases, period)


def _near_fast_steps(
    history: InputHistory, times: FloatArray, sigma: float, reach: float,
) -> npt.NDArray[np.bool_]:
    steps = history.steps(float(times[0]) - 2 * reach, float(times[-1]) + 2 * reach)
    short = np.flatnonzero(np.diff(steps) < _SLOW * sigma)
    change = np.zeros(len(times) + 1, dtype=np.int64)
    np.add.at(change, np.searchsorted(times, steps[short] - reach), 1)
    np.add.at(change, np.searchsorted(times, steps[short + 1] + reach, side="right"), -1)
    for trace in history.between(float(times[0]), float(times[-1])).traces:
        if isinstance(trace, Repeated) and (np.diff(trace.period.times) < _SLOW * sigma).any():
            np.add.at(change, np.searchsorted(times, trace.start - reach), 1)
            np.add.at(change, np.searchsorted(times, trace.end + reach, side="right"), -1)
    return np.asarray(np.cumsum(change[:-1]) > 0)


def _convolved(
    history: InputHistory, node: str, times: FloatArray, sigma: float, grid: float, splits: int,
) -> FloatArray:
    taps = math.ceil(KERNEL_REACH * sigma / grid)
    fine = times[0] + grid * np.arange(-taps, (len(times) - 1) * splits + taps + 1)
    kernel = np.exp(-0.5 * (np.arange(-taps, taps + 1) * grid / sigma) ** 2)
    return smooth(history.voltage(node, fine), kernel / kernel.sum())[::splits]


def smooth(values: FloatArray, kernel: FloatArray) -> FloatArray:
    """Return the part of the convolution where the kernel lies wholly inside."""
    if len(kernel) <= 64 or len(values) < 4096:
        if len(values) < 4096:
            return np.convolve(values, kernel, mode="valid")
        found = np.zeros(len(values) - len(kernel) + 1)
        _weighted(np.ascontiguousarray(values), np.ascontiguousarray(kernel[::-1]), found)
        return found
    size = 1 << (len(values) - 1).bit_length()
    product = np.fft.rfft(values, size) * np.fft.rfft(kernel, size)
    return np.asarray(np.fft.irfft(product, size)[len(kernel) - 1:len(values)])


@compiled
def _weighted(values: FloatArray, weights: FloatArray, out: FloatArray) -> None:
    """Add to ``out`` the weighted sums of as many values as there are weights, from each value on."""
    for begin in range(0, out.size, _BLOCK):   # a block stays in the cache while all weights pass over it
        block = out[begin:begin + _BLOCK]
        for j in range(weights.size):
            weight, part = weights[j], values[begin + j:begin + j + block.size]
            for k in range(block.size):
                block[k] += weight * part[k]
