"""The response of an oscilloscope's input: a Gaussian low-pass over the recorded voltage of a node."""

import math

import numpy as np

from tsbench.records import FloatArray
from tsbench.samples import transformed
from tsbench.simulated_backends.numerics.compilation import compiled
from tsbench.simulated_backends.numerics.linear import IntArray
from tsbench.simulated_backends.virtual_instruments.oscilloscope.history import InputHistory, Repeated, Samples, Shifted

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
    interval = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 1.0
    samples = Samples(float(times[0]), float(interval), len(times))
    firsts, ends = fast_parts(history, samples, sigma)
    if convolution_is_cheaper(samples, int((ends - firsts).sum()), sigma):
        splits = _splits(samples.interval, sigma)
        return _convolved(history, node, times, sigma, samples.interval / splits, splits)
    result = history.voltage(node, times)
    if len(firsts):
        fast = np.concatenate([np.arange(first, end) for first, end in zip(firsts, ends, strict=True)])
        result[fast] = near(history, node, times[fast], sigma)
    return result


def near(history: InputHistory, node: str, times: FloatArray, sigma: float) -> FloatArray:
    """Return a filtered node voltage [V] at rising ``times`` [s], each by itself: the mean of what is around it."""
    total = np.zeros(len(times))
    for offset, weight in zip(_NODES * sigma, _WEIGHTS, strict=True):
        total += weight * history.voltage(node, times + offset)
    return total


def convolution_is_cheaper(samples: Samples, fast: int, sigma: float) -> bool:
    """Whether to filter all samples at once rather than the ``fast`` ones by themselves, with :func:`near`."""
    return _splits(samples.interval, sigma) * samples.count <= len(_NODES) * fast


def _splits(interval: float, sigma: float) -> int:
    """Return how many parts of a sample interval [s] a convolution needs."""
    return max(math.ceil(interval / (0.5 * sigma)), 1)


def _folded(trace: Repeated, node: str, times: FloatArray, sigma: float, grid: int) -> FloatArray:
    """Return a filtered voltage [V] well inside many copies: one filtered period, looked up at each sample's phase."""
    around = InputHistory([Shifted(trace.period, k * trace.length) for k in (-1, 0, 1)])
    phases = np.linspace(0.0, trace.length, grid + 1)
    period = filtered(around, node, trace.period.start + phases, sigma)
    return np.interp(np.mod(times - trace.start, trace.length), phases, period)


def fast_parts(history: InputHistory, samples: Samples, sigma: float) -> tuple[IntArray, IntArray]:
    """Return where the solver's steps are short against the response: first samples, and those behind the last."""
    reach = KERNEL_REACH * sigma
    begin, end = samples.start, samples.start + (samples.count - 1) * samples.interval
    steps = history.steps(begin - 2 * reach, end + 2 * reach)
    short = np.flatnonzero(np.diff(steps) < _SLOW * sigma)
    repeated = [trace for trace in history.between(begin, end).traces if isinstance(trace, Repeated)
                and (np.diff(trace.period.times) < _SLOW * sigma).any()]
    if not (len(short) or repeated):
        return short, short
    spans = [np.column_stack([steps[short], steps[short + 1]]),
             *(np.array([[trace.start, trace.end]]) for trace in repeated)]
    places = (np.concatenate(spans) + np.array([-reach, reach]) - samples.start) / samples.interval
    first = np.clip(np.ceil(places[:, 0]), 0, samples.count).astype(np.int64)
    behind = np.clip(np.floor(places[:, 1]) + 1, 0, samples.count).astype(np.int64)
    order = np.argsort(first, kind="stable")
    first, behind = first[order], np.maximum.accumulate(behind[order])
    new = np.flatnonzero(first[1:] > behind[:-1]) + 1   # what does not touch the parts before it
    firsts, ends = first[np.r_[0, new][:len(first)]], behind[np.r_[new - 1, len(behind) - 1][:len(first)]]
    return firsts[ends > firsts], ends[ends > firsts]


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
    return transformed(values, kernel)


@compiled
def _weighted(values: FloatArray, weights: FloatArray, out: FloatArray) -> None:
    """Add to ``out`` the weighted sums of as many values as there are weights, from each value on."""
    for begin in range(0, out.size, _BLOCK):   # a block stays in the cache while all weights pass over it
        block = out[begin:begin + _BLOCK]
        for j in range(weights.size):
            weight, part = weights[j], values[begin + j:begin + j + block.size]
            for k in range(block.size):
                block[k] += weight * part[k]
