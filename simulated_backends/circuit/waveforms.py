"""Source waveforms as numbers for the compiled kernel: value, slope and next breakpoint at any time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.errors import ConfigurationError
from tsbench.netlist import Pwl, Sin, SpicePulse, Waveform
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import Constant, PiecewiseLinear, PulseWaveform, Sine, SourceWaveform
from tsbench.simulated_backends.numerics.compilation import compiled, inlined

CONSTANT, PULSE_TRAIN, PIECEWISE_LINEAR, SINE = 0, 1, 2, 3
_WIDTH = 8
# columns of the table of sources' parameters, for each kind
VALUE = 0
BASE, TOP, PULSE_START, RISE, FLAT_END, PULSE_END, PULSE_PERIOD, PULSES = range(_WIDTH)
FIRST_POINT, POINTS, REPEATED_AFTER, FIRST_TIME = range(4)
OFFSET, AMPLITUDE, OMEGA, SINE_START, PHASE, SINES, SINE_PERIOD = range(7)


@dataclass(frozen=True)
class EncodedSources:
    """All sources of a circuit at one moment, for the kernel; all its times are counted from ``base`` [s].

    Far from 0 the last digit of a time is no longer small beside an edge or the period of a generator.
    """

    kinds: npt.NDArray[np.int64]
    parameters: FloatArray  #: shape (sources, 8)
    table_times: FloatArray  #: the points of all piecewise-linear sources, one after the other [s]
    table_values: FloatArray
    base: float = 0.0

    @property
    def shortest_sine(self) -> float:
        """Return the shortest period [s] of all sines; infinite where there is none."""
        periods = self.parameters[(self.kinds == SINE) & (self.parameters[:, SINE_PERIOD] > 0.0), SINE_PERIOD]
        return float(periods.min(initial=math.inf))


def encode_sources(waveforms: Sequence[SourceWaveform], base: float = 0.0) -> EncodedSources:
    """Encode the waveforms, in order, with times counted from ``base`` [s].

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
                parameters[k, VALUE] = value
            case PulseWaveform():
                kinds[k] = PULSE_TRAIN
                parameters[k] = _pulse_parameters(waveform)
                parameters[k, PULSE_START] -= base
            case PiecewiseLinear():
                t, v = np.asarray(waveform.times, float), np.asarray(waveform.values, float)
                if t.size == 0 or t.shape != v.shape or (t.size > 1 and not (np.diff(t) > 0).all()):
                    raise ConfigurationError("piecewise-linear source: the times must rise strictly, and each time "
                                             "needs one value")
                kinds[k] = PIECEWISE_LINEAR
                repeats = math.isfinite(waveform.period)
                if repeats and not t[-1] - t[0] <= waveform.period * (1 + 1e-12):
                    raise ConfigurationError(
                        f"piecewise-linear source: the points span {t[-1] - t[0]:g} s, so they cannot repeat with a "
                        f"period of {waveform.period:g} s")
                t = t - base
                parameters[k, : FIRST_TIME + 1] = offset, t.size, waveform.period if repeats else 0.0, t[0]
                times.append(t)
                values.append(v)
                offset += t.size
            case Sine():
                kinds[k] = SINE
                parameters[k, : SINE_PERIOD + 1] = (
                    waveform.offset, waveform.amplitude, 2.0 * math.pi * waveform.frequency, waveform.start - base,
                    waveform.phase, float(waveform.count), 1.0 / waveform.frequency if waveform.frequency else 0.0)
            case _:
                raise ConfigurationError(
                    f"source waveform {type(waveform).__name__} is not supported. Give a Constant, "
                    f"PulseWaveform, PiecewiseLinear or Sine")
        if not np.isfinite(parameters[k]).all():
            raise ConfigurationError(f"a source waveform has a value that is not finite ({waveform})")
    empty = np.zeros(0)
    return EncodedSources(
        kinds, parameters, np.concatenate(times) if times else empty, np.concatenate(values) if values else empty, base)


def _pulse_parameters(pulse: PulseWaveform) -> list[float]:
    flat = pulse.rise / 2 + pulse.width - pulse.fall / 2   # time at which the fall begins
    end = flat + pulse.fall
    slack = 1e-9 * end
    period = pulse.period if math.isfinite(pulse.period) else 0.0
    if min(pulse.rise, pulse.fall) < 0 or flat < pulse.rise - slack:
        raise ConfigurationError(
            f"a pulse with a width of {pulse.width:g} s is shorter than its edges of {pulse.rise:g} s and "
            f"{pulse.fall:g} s")
    if pulse.count != 1 and end > period + slack:
        raise ConfigurationError(f"a pulse of {end:g} s (with both edges) is longer than its period of {period:g} s")
    period = max(period, end)
    return [pulse.base, pulse.top, pulse.start, pulse.rise, max(flat, pulse.rise), end, period, float(pulse.count)]


def from_netlist(waveform: Waveform) -> SourceWaveform:
    """Return the source waveform of a netlist card (SPICE counts a pulse's width along its flat top)."""
    match waveform:
        case SpicePulse():
            width = waveform.width
            once = not (math.isfinite(waveform.period) and math.isfinite(width))
            width = width if math.isfinite(width) else 1e9
            return PulseWaveform(
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


@inlined
def sine_runs(p: FloatArray, k: int, t: float) -> bool:
    """Return whether the sine of row ``k`` moves just after ``t``."""
    start = p[k, SINE_START]
    if t < start:
        return False
    return bool(p[k, SINES] == 0.0 or (
        t + 4.5e-16 * (abs(t) + abs(start)) < start + p[k, SINES] * p[k, SINE_PERIOD]))


@compiled
def source_segment(
    kind: int, p: FloatArray, k: int, table_times: FloatArray, table_values: FloatArray, t: float
) -> tuple[float, float, float]:
    """Return (value, slope, next breakpoint [s]) of a source just after ``t``; a sine's slope is at ``t`` only.

    Row ``k`` of ``p`` holds the source's parameters.
    """
    if kind == CONSTANT:
        return p[k, VALUE], 0.0, math.inf
    if kind == SINE:
        offset, amplitude, omega, start = p[k, OFFSET], p[k, AMPLITUDE], p[k, OMEGA], p[k, SINE_START]
        if not sine_runs(p, k, t):
            return offset + amplitude * math.sin(p[k, PHASE]), 0.0, start if t < start else math.inf
        angle, period = omega * (t - start) + p[k, PHASE], p[k, SINE_PERIOD]
        following = math.inf
        if period > 0.0:   # its periods begin at breakpoints, so that each is taken in the same steps
            cycle = math.floor((t - start + 4.5e-16 * (abs(t) + abs(start))) / period)
            following = start + (cycle + 1) * period
        return offset + amplitude * math.sin(angle), amplitude * omega * math.cos(angle), following
    if kind == PIECEWISE_LINEAR:
        first, count, again, late = int(p[k, FIRST_POINT]), int(p[k, POINTS]), p[k, REPEATED_AFTER], 0.0
        slack = 0.0
        if again > 0.0 and t >= p[k, FIRST_TIME]:
            slack = 9e-16 * (abs(t) + abs(p[k, FIRST_TIME]))
            late = math.floor((t - p[k, FIRST_TIME] + slack) / again) * again
        local = t - late
        m = position(table_times, first, count, local + slack)
        if m == 0:
            return table_values[first], 0.0, table_times[first] + late
        if m == count:
            return table_values[first + count - 1], 0.0, p[k, FIRST_TIME] + late + again if again > 0.0 else math.inf
        right = first + m
        slope = (table_values[right] - table_values[right - 1]) / (table_times[right] - table_times[right - 1])
        return table_values[right - 1] + slope * (local - table_times[right - 1]), slope, table_times[right] + late
    base, top, start, rise = p[k, BASE], p[k, TOP], p[k, PULSE_START], p[k, RISE]
    flat, end, period, number = p[k, FLAT_END], p[k, PULSE_END], p[k, PULSE_PERIOD], p[k, PULSES]
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
