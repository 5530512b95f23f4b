"""From a node voltage to scope codes: the circuit's recorded history, bandwidth, noise, errors, the ADC."""

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.numerics.brownian import normal_number
from tsbench.simulated_backends.numerics.compilation import compiled
from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.data_sheet import (
    DIVISIONS,
    LEVELS,
    ScopeDataSheet,
)

HOLE, CLIPPED_LOW, CLIPPED_HIGH = 0x00, 0x01, 0xFF
MIDDLE = 128  #: 8-bit code at mid-screen, ``YREFerence``
KERNEL_REACH = 4.0  #: sigmas of the Gaussian response on either side
_NODES = np.linspace(-3.5, 3.5, 15)  #: quadrature nodes [sigmas]; spectrally accurate for a Gaussian
_WEIGHTS = np.exp(-0.5 * _NODES**2) / np.sum(np.exp(-0.5 * _NODES**2))
_FINE = 16  #: points per sigma of a filtered period that is looked up
_SLOW = 20.0  #: solver steps longer than this many sigmas need no filtering: the response follows


class InputTrace(Protocol):
    """What the history keeps of a trajectory."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def times(self) -> FloatArray: ...
    def voltage(self, node: str, times: FloatArray) -> FloatArray: ...


@dataclass(frozen=True)
class Shifted:
    """A copy of a trajectory ``delay`` [s] later: one period of a repetition."""

    original: InputTrace
    delay: float

    @property
    def start(self) -> float:
        """Return the circuit time of its start [s]."""
        return self.original.start + self.delay

    @property
    def end(self) -> float:
        """Return the circuit time of its end [s]."""
        return self.original.end + self.delay

    @property
    def times(self) -> FloatArray:
        """Return the accepted step times [s]."""
        return np.asarray(self.original.times + self.delay)

    def voltage(self, node: str, times: FloatArray) -> FloatArray:
        """Return the node voltage [V]."""
        return self.original.voltage(node, times - self.delay)


@dataclass(frozen=True)
class Repeated:
    """``count`` copies of a trajectory, one after the other from ``start`` [s] on: a record of very many periods."""

    period: InputTrace
    start: float
    length: float  #: [s] of one
    count: int

    @property
    def end(self) -> float:
        """Return the circuit time of its end [s]."""
        return self.start + self.count * self.length

    @property
    def times(self) -> FloatArray:
        """Return the accepted step times [s] of the first and the last copy; those between are alike."""
        inner = self.period.times - self.period.start
        return np.concatenate([self.start + inner, self.end - self.length + inner])

    def voltage(self, node: str, times: FloatArray) -> FloatArray:
        """Return the node voltage [V]."""
        phase = np.mod(times - self.start, self.length)
        return self.period.voltage(node, np.minimum(self.period.start + phase, self.period.end))


def _start(trace: InputTrace) -> float:
    return trace.start


def _end(trace: InputTrace) -> float:
    return trace.end


class InputHistory:
    """Consecutive trajectories, oldest first."""

    def __init__(self, traces: Sequence[InputTrace] = ()) -> None:
        self.traces = list(traces)

    @property
    def start(self) -> float:
        """Return the circuit time from which it knows the nodes [s]."""
        return self.traces[0].start if self.traces else math.inf

    @property
    def end(self) -> float:
        """Return the circuit time up to which it knows them [s]."""
        return self.traces[-1].end if self.traces else -math.inf

    def forget(self, before: float) -> None:
        """Drop what ended before ``before`` [s]."""
        keep = bisect.bisect_left(self.traces, before, key=_end)
        if keep:
            del self.traces[:keep]

    def between(self, start: float, end: float) -> "InputHistory":
        """Return the part that covers [start, end] (whole trajectories)."""
        first = bisect.bisect_left(self.traces, start, key=_end)
        last = bisect.bisect_right(self.traces, end, key=_start)
        return InputHistory(self.traces[first:last])

    def steps(self, start: float, end: float) -> FloatArray:
        """Return the solver's step times within [start, end] [s]."""
        parts = []
        for trace in self.between(start, end).traces:
            times = trace.times
            parts.append(times[np.searchsorted(times, start):np.searchsorted(times, end, side="right")])
        return np.concatenate(parts) if parts else np.empty(0)

    def voltage(self, node: str, times: FloatArray) -> FloatArray:
        """Return the node voltage [V] at rising ``times`` [s]; beyond the ends the end values."""
        times = np.clip(times, self.start, self.end)
        result = np.empty(len(times))
        traces = self.between(float(times[0]), float(times[-1])).traces if len(times) else []
        starts = np.array([trace.start for trace in traces[1:]])
        cuts = [0, *np.searchsorted(times, starts, side="left"), len(times)]
        for trace, low, high in zip(traces, cuts[:-1], cuts[1:], strict=False):
            if high > low:
                result[low:high] = trace.voltage(node, np.clip(times[low:high], trace.start, trace.end))
        return result


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
        return np.convolve(values, kernel, mode="valid")
    size = 1 << (len(values) - 1).bit_length()
    product = np.fft.rfft(values, size) * np.fft.rfft(kernel, size)
    return np.asarray(np.fft.irfft(product, size)[len(kernel) - 1:len(values)])


# ------------------------------------------------------------------------------------------ one channel


@dataclass(frozen=True)
class ChannelErrors:
    """What one input does wrong; all zero for an ideal one."""

    gain: float = 0.0  #: relative, about mid-screen
    offset_divisions: float = 0.0  #: [div]
    offset: float = 0.0  #: [V] at 1:1
    offset_gain: float = 0.0  #: relative to the offset setting
    noise: float = 1.0  #: factor on the model's noise

    @staticmethod
    def draw(model: ScopeDataSheet, generator: np.random.Generator) -> "ChannelErrors":
        """Draw one input's errors: normal with a third of the data-sheet accuracy, never beyond it."""
        def within(bound: float) -> float:
            return float(np.clip(generator.normal(0.0, bound / 3), -bound, bound))
        return ChannelErrors(
            within(model.gain_accuracy), within(model.offset_divisions), within(model.offset_accuracy),
            within(model.offset_gain_accuracy), float(generator.uniform(0.85, 1.15)),
        )


@dataclass(frozen=True)
class InputChannel:
    """One input as set when an acquisition began."""

    number: int
    node: str | None  #: circuit node at the probe tip; None: nothing connected
    scale: float  #: [V/div] at the display (probe factor included)
    offset: float  #: [V] at mid-screen, likewise
    probe: float = 1.0  #: declared attenuation: displayed volts per volt at the input
    divider: float = 1.0  #: real attenuation between node and input
    bandwidth: float = 500e6  #: [Hz]
    ac_coupled: bool = False
    grounded: bool = False
    inverted: bool = False

    @property
    def step(self) -> float:
        """Return the displayed volts of one 8-bit code."""
        return self.scale * DIVISIONS / LEVELS


def displayed(
    channel: InputChannel, voltage: FloatArray, noise: FloatArray, errors: ChannelErrors,
) -> FloatArray:
    """Return what the channel makes of a filtered node voltage [V]: attenuated, offset, with its errors."""
    shown = voltage / channel.divider * channel.probe
    if channel.ac_coupled:   # the coupling capacitor holds the mean of what it has seen
        shown = shown - np.mean(shown)
    if channel.inverted:
        shown = -shown
    zero = (
        channel.scale * errors.offset_divisions + channel.probe * errors.offset
        + channel.offset * errors.offset_gain
    )
    return channel.offset + (shown - channel.offset) * (1 + errors.gain) + zero + channel.probe * noise


def noise_samples(
    seed: tuple[int, ...], count: int, stride: int, rms: float, interval: float, channel_bandwidth: float,
    full_bandwidth: float,
) -> FloatArray:
    """Return every ``stride``-th of ``count`` noise samples [V at 1:1], ``interval`` [s] apart, in the channel's band.

    The same samples whatever the stride. White noise is a function of a sample's number, so that of a deep memory of
    which few samples are read only those are made.
    """
    rms *= math.sqrt(channel_bandwidth / full_bandwidth)
    kept = range(0, count, stride)
    if rms == 0.0:
        return np.zeros(len(kept))
    sigma = gaussian_sigma(channel_bandwidth)
    if interval > 3 * sigma:
        white = np.empty(len(kept))
        _white(int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> 1), stride, white)
        return rms * white
    taps = math.ceil(KERNEL_REACH * sigma / interval)
    kernel = np.exp(-0.5 * (np.arange(-taps, taps + 1) * interval / sigma) ** 2)
    kernel /= math.sqrt(float(np.sum(kernel**2)))   # white in, the wanted rms out
    return smooth(np.random.default_rng(seed).normal(0.0, rms, count + 2 * taps), kernel)[::stride]


@compiled
def _white(seed: int, stride: int, out: FloatArray) -> None:
    """Fill ``out`` with the standard normal numbers of the samples 0, stride, 2 stride..."""
    for k in range(out.size):
        out[k] = normal_number(seed, 0, 0, k * stride)


def convert(channel: InputChannel, shown: FloatArray, sub_codes: int = 1) -> npt.NDArray[np.uint16]:
    """Return 16-bit codes (8-bit code * 256) of displayed volts; the ends mean clipped, as ``WORD`` says it.

    ``sub_codes``: resolved steps per 8-bit code (1 for one acquisition, more for averages, high resolution).
    """
    level = (shown - channel.offset) / channel.step + MIDDLE
    codes = np.floor(level * sub_codes + 0.5) * (256 // sub_codes)
    codes = np.where(level < CLIPPED_LOW + 0.5, 0x0001, codes)
    codes = np.where(level > CLIPPED_HIGH - 0.5, 0xFFFF, codes)
    return codes.astype(np.uint16)
