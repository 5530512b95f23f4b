"""Source waveforms as numbers for the compiled kernel: value, slope and next breakpoint at any time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.errors import ConfigurationError
from tsbench.netlist import Pulse, Pwl, Sin, Waveform
from tsbench.simulated_backends.circuit.engine import (
    Constant,
    FloatArray,
    PiecewiseLinear,
    PulseTrain,
    Sine,
    SourceWaveform,
)
from tsbench.simulated_backends.devices.compilation import compiled

CONSTANT, PULSE_TRAIN, PIECEWISE_LINEAR, SINE = 0, 1, 2, 3
_WIDTH = 8


@dataclass(frozen=True)
class EncodedSources:
    """All sources of a circuit at one moment, for the kernel."""

    kinds: npt.NDArray[np.int64]
    parameters: FloatArray  #: shape (sources, 8)
    table_times: FloatArray  #: the points of all piecewise-linear sources, one after the other [s]
    table_values: FloatArray


def encode_sources(waveforms: Sequence[SourceWaveform]) -> EncodedSources:
    """Encode the waveforms, in order.

    Raises
    ------
    ConfigurationError
        A waveform contradicts itself (a pulse shorter than its edges, times that do not rise).
    """
    kinds = np.zeros(len(waveforms), dtype=np.int64)
    parameters = np.zeros((len(waveforms), _WIDTH))
    times: list[FloatArray] = []
    values: list[FloatArray] = []
    offset = 0
    for k, waveform in enumerate(waveforms):
        match waveform:
            case Constant(value):
                parameters[k, 0] = value
            case PulseTrain():
                kinds[k] = PULSE_TRAIN
                parameters[k] = _pulse_parameters(waveform)
            case PiecewiseLinear():
                t, v = np.asarray(waveform.times, float), np.asarray(waveform.values, float)
                if t.size == 0 or t.shape != v.shape or (t.size > 1 and not (np.diff(t) > 0).all()):
                    raise ConfigurationError("piecewise-linear source: times must rise strictly, one value each")
                kinds[k] = PIECEWISE_LINEAR
                parameters[k, :2] = offset, t.size
                times.append(t)
                values.append(v)
                offset += t.size
            case Sine(level, amplitude, frequency, start):
                kinds[k] = SINE
                parameters[k, :4] = level, amplitude, 2.0 * math.pi * frequency, start
            case _:
                raise ConfigurationError(
                    f"source waveform {type(waveform).__name__} is not one that the circuit knows; give a Constant, "
                    f"PulseTrain, PiecewiseLinear or Sine")
        if not np.isfinite(parameters[k]).all():
            raise ConfigurationError(f"source waveform has a value that is not finite: {waveform}")
    empty = np.zeros(0)
    return EncodedSources(
        kinds, parameters, np.concatenate(times) if times else empty, np.concatenate(values) if values else empty)


def _pulse_parameters(pulse: PulseTrain) -> list[float]:
    flat = pulse.rise / 2 + pulse.width - pulse.fall / 2   # time at which the fall begins
    end = flat + pulse.fall
    slack = 1e-9 * end
    period = pulse.period if math.isfinite(pulse.period) else 0.0
    if min(pulse.rise, pulse.fall) < 0 or flat < pulse.rise - slack:
        raise ConfigurationError(
            f"pulse of {pulse.width:g} s is shorter than its edges of {pulse.rise:g} s and {pulse.fall:g} s")
    if pulse.count != 1 and end > period + slack:
        raise ConfigurationError(f"pulse of {end:g} s from edge to edge is longer than its period {period:g} s")
    period = max(period, end)
    return [pulse.base, pulse.top, pulse.start, pulse.rise, max(flat, pulse.rise), end, period, float(pulse.count)]


def from_netlist(waveform: Waveform) -> SourceWaveform:
    """Return the source waveform of a netlist card (SPICE counts a pulse's width along its flat top)."""
    match waveform:
        case Pulse():
            width = waveform.width
            once = not (math.isfinite(waveform.period) and math.isfinite(width))
            width = width if math.isfinite(width) else 1e9
            return PulseTrain(
                waveform.initial, waveform.pulsed, waveform.delay, waveform.rise, waveform.fall,
                width + (waveform.rise + waveform.fall) / 2,
                math.inf if once else waveform.period, 1 if once else waveform.count)
        case Pwl():
            return PiecewiseLinear(np.array(waveform.times), np.array(waveform.values))
        case Sin():
            return Sine(waveform.offset, waveform.amplitude, waveform.frequency, waveform.delay)
        case _:
            return Constant(float(waveform))


@compiled
def position(table: FloatArray, first: int, count: int, value: float) -> int:
    """Return how many of ``table[first:first + count]`` (rising) are not above ``value``."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if table[first + middle] <= value:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def source_segment(
    kind: int, p: FloatArray, k: int, table_times: FloatArray, table_values: FloatArray, t: float
) -> tuple[float, float, float]:
    """Return (value, slope, next breakpoint [s]) of a source just after ``t``; a sine's slope is at ``t`` only.

    Row ``k`` of ``p`` holds the source's parameters.
    """
    if kind == CONSTANT:
        return p[k, 0], 0.0, math.inf
    if kind == SINE:
        if t < p[k, 3]:
            return p[k, 0], 0.0, p[k, 3]
        angle = p[k, 2] * (t - p[k, 3])
        return p[k, 0] + p[k, 1] * math.sin(angle), p[k, 1] * p[k, 2] * math.cos(angle), math.inf
    if kind == PIECEWISE_LINEAR:
        first, count = int(p[k, 0]), int(p[k, 1])
        m = position(table_times, first, count, t)
        if m == 0:
            return table_values[first], 0.0, table_times[first]
        if m == count:
            return table_values[first + count - 1], 0.0, math.inf
        right = first + m
        slope = (table_values[right] - table_values[right - 1]) / (table_times[right] - table_times[right - 1])
        return table_values[right - 1] + slope * (t - table_times[right - 1]), slope, table_times[right]
    base, top, start, rise = p[k, 0], p[k, 1], p[k, 2], p[k, 3]
    flat, end, period, number = p[k, 4], p[k, 5], p[k, 6], p[k, 7]
    slack = 4.5e-16 * (abs(t) + abs(start))   # a breakpoint just landed on belongs to the segment behind it
    if t < start - slack:
        return base, 0.0, start
    cycle = math.floor((t - start + slack) / period)
    if 0 < number <= cycle:
        return base, 0.0, math.inf
    origin = start + cycle * period
    phase = t - origin
    if phase + slack < rise:
        slope = (top - base) / rise
        return base + slope * max(phase, 0.0), slope, origin + rise
    if phase + slack < flat:
        return top, 0.0, origin + flat
    if phase + slack < end:
        slope = (base - top) / (end - flat)
        return top + slope * max(phase - flat, 0.0), slope, origin + end
    last = 0 < number <= cycle + 1
    return base, 0.0, math.inf if last else start + (cycle + 1) * period


@compiled
def source_values(
    kind: int, p: FloatArray, k: int, table_times: FloatArray, table_values: FloatArray, times: FloatArray,
    out: FloatArray, scale: float,
) -> None:
    """Add ``scale`` times the source's values at ``times`` to ``out``."""
    for m in range(times.size):
        out[m] += scale * source_segment(kind, p, k, table_times, table_values, times[m])[0]


@compiled
def source_slopes(
    kind: int, p: FloatArray, k: int, table_times: FloatArray, table_values: FloatArray, times: FloatArray,
    out: FloatArray, scale: float,
) -> None:
    """Add ``scale`` times the source's slopes at ``times`` to ``out``."""
    for m in range(times.size):
        out[m] += scale * source_segment(kind, p, k, table_times, table_values, times[m])[1]
