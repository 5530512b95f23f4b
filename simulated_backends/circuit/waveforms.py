"""Source waveforms as numbers for the compiled kernel: value, slope and next breakpoint at any time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

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


@njit(cache=True, nogil=True, error_model="numpy")
def source_segment(
    kind: int, p: FloatArray, table_times: FloatArray, table_values: FloatArray, t: float
) -> tuple[float, float, float]:
    """Return (value, slope, next breakpoint [s]) of a source just after ``t``; a sine's slope is at ``t`` only."""
    if kind == CONSTANT:
        return p[0], 0.0, math.inf
    if kind == SINE:
        if t < p[3]:
            return p[0], 0.0, p[3]
        angle = p[2] * (t - p[3])
        return p[0] + p[1] * math.sin(angle), p[1] * p[2] * math.cos(angle), math.inf
    if kind == PIECEWISE_LINEAR:
        first, count = int(p[0]), int(p[1])
        times = table_times[first:first + count]
        values = table_values[first:first + count]
        k = np.searchsorted(times, t, side="right")
        if k == 0:
            return values[0], 0.0, times[0]
        if k == count:
            return values[count - 1], 0.0, math.inf
        slope = (values[k] - values[k - 1]) / (times[k] - times[k - 1])
        return values[k - 1] + slope * (t - times[k - 1]), slope, times[k]
    value, slope, following = _pulse_segment(p, t)
    return value, slope, following


@njit(cache=True, nogil=True, error_model="numpy")
def _pulse_segment(p: FloatArray, t: float) -> tuple[float, float, float]:
    base, top, start, rise, flat, end, period, count = p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]
    slack = 4.5e-16 * (abs(t) + abs(start))   # a breakpoint just landed on belongs to the segment behind it
    if t < start - slack:
        return base, 0.0, start
    number = math.floor((t - start + slack) / period)
    if count > 0 and number >= count:
        return base, 0.0, math.inf
    origin = start + number * period
    phase = t - origin
    if phase + slack < rise:
        slope = (top - base) / rise
        return base + slope * max(phase, 0.0), slope, origin + rise
    if phase + slack < flat:
        return top, 0.0, origin + flat
    if phase + slack < end:
        slope = (base - top) / (end - flat)
        return top + slope * max(phase - flat, 0.0), slope, origin + end
    last = count > 0 and number + 1 >= count
    return base, 0.0, math.inf if last else start + (number + 1) * period


@njit(cache=True, nogil=True, error_model="numpy")
def source_values(
    kind: int, p: FloatArray, table_times: FloatArray, table_values: FloatArray, times: FloatArray, out: FloatArray,
    scale: float,
) -> None:
    """Add ``scale`` times the source's values at ``times`` to ``out``."""
    for k in range(times.size):
        out[k] += scale * source_segment(kind, p, table_times, table_values, times[k])[0]


@njit(cache=True, nogil=True, error_model="numpy")
def source_slopes(
    kind: int, p: FloatArray, table_times: FloatArray, table_values: FloatArray, times: FloatArray, out: FloatArray,
    scale: float,
) -> None:
    """Add ``scale`` times the source's slopes at ``times`` to ``out``."""
    for k in range(times.size):
        out[k] += scale * source_segment(kind, p, table_times, table_values, times[k])[1]
