"""From a generator channel's settings to the source waveform [V, EMF behind 50 Ohm] the circuit integrates.

A real output differs from its settings by the channel's own errors (:class:`OutputErrors`): gain, offset and
time base, drawn once per instrument and channel within the data sheet's accuracy.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import Constant, PiecewiseLinear, PulseWaveform, Sine, SourceWaveform
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels
from tsbench.simulated_backends.virtual_instruments.generator.modulation import FrequencySweep, Modulation

FULL_RANGE = 0.8  #: a 10-90 % edge is 0.8 of the 0-100 % ramp
CHUNK_POINTS = 200_000  #: vertices laid out at once; a longer playback is continued by its generator
NOISE_POINTS = 20_000
DAC_FULL_SCALE = 32767


@dataclass(frozen=True)
class OutputErrors:
    """Errors of one output; an ideal output has zeros."""

    amplitude_gain: float = 0.0
    amplitude: float = 0.0  #: [Vpp into the load]
    offset_gain: float = 0.0
    offset_per_amplitude: float = 0.0
    offset: float = 0.0  #: [V into the load]
    timebase: float = 0.0  #: relative; positive: everything lasts longer

    @staticmethod
    def draw(model: GeneratorDataSheet, generator: np.random.Generator) -> "OutputErrors":
        """Draw one output's errors: normal with a third of the data-sheet accuracy, never beyond it."""
        def within(bound: float) -> float:
            return float(np.clip(generator.normal(0.0, bound / 3), -bound, bound))
        return OutputErrors(
            within(model.amplitude_gain_accuracy), within(model.amplitude_accuracy),
            within(model.offset_gain_accuracy), within(model.offset_amplitude_accuracy),
            within(model.offset_accuracy), within(model.timebase_accuracy),
        )

    @staticmethod
    def stated(model: GeneratorDataSheet, gain: float, offset: float) -> "OutputErrors":
        """Return errors in parts of the data-sheet accuracy."""
        return OutputErrors(
            gain * model.amplitude_gain_accuracy, offset * model.amplitude_accuracy,
            gain * model.offset_gain_accuracy, offset * model.offset_amplitude_accuracy,
            offset * model.offset_accuracy, gain * model.timebase_accuracy)


@dataclass(frozen=True)
class SequencePart:
    """One arbitrary waveform of a sequence."""

    codes: npt.NDArray[np.int16]
    control: str = "once"  #: or "onceWaitTrig", "repeat", "repeatInf", "repeatTilTrig"
    repeats: int = 1  #: of "repeat"
    marker: str = "maintain"  #: of the sync signal; or "lowAtStart", "highAtStart", "highAtStartGoLow"
    marker_point: int = 4  #: at which "highAtStartGoLow" goes low


@dataclass(frozen=True)
class Shape:
    """Everything that decides one channel's waveform, apart from when it starts."""

    function: str  #: "SIN", "SQU", "RAMP", "TRI", "PULS", "DC", "ARB", "NOIS", "PRBS"
    levels: OutputLevels
    frequency: float = 1e3  #: [Hz]
    phase: float = 0.0  #: [degrees]
    inverted: bool = False  #: about the offset
    pulse_width: float = 1e-4  #: [s] at 50 %
    lead: float = 10e-9  #: [s] 10-90 %
    trail: float = 10e-9
    duty: float = 50.0  #: [%] of a square wave
    symmetry: float = 100.0  #: [%] rising part of a ramp
    square_edge: float = 8.4e-9  #: [s] 10-90 %
    codes: npt.NDArray[np.int16] | None = None  #: arbitrary waveform, -32767..32767
    sample_rate: float = 40e3  #: [Sa/s]
    filtering: str = "STEP"  #: "NORM", "STEP" or "OFF"
    dac_bits: int = 16
    noise_seed: int = 0
    noise_bandwidth: float = 100e3  #: [Hz]
    bits: npt.NDArray[np.int8] | None = None  #: of a pseudo-random sequence, 0 and 1
    bit_rate: float = 1e3  #: [Hz]
    modulation: Modulation | None = None
    sweep: FrequencySweep | None = None
    added: "Shape | None" = None  #: the shape of another channel that is added to this one's output
    marker: float | None = None  #: [s] from the start of a cycle to the fall of the sync signal; None: half a cycle
    parts: tuple[SequencePart, ...] | None = None  #: a sequence that waits for triggers, or has a part without end
    point_by_point: bool = False  #: whether each trigger goes on to the next point of an arbitrary waveform
    sync_pulses: tuple[tuple[float, float], ...] | None = None  #: [s] start and width in a cycle, of a sequence
    sync_inverted: bool = False
    trigger_slope: str = "POS"  #: of the pulse at the trigger output; "NEG"; "": none from this channel
    sync_of_carrier: bool = False  #: whether the sync signal shows the carrier, not what modulates it

    @property
    def plain(self) -> bool:
        """Return whether every cycle is like the one before, and simple enough for the circuit to make it."""
        return self.modulation is None and self.sweep is None and self.added is None and self.function != "PRBS"

    @property
    def period(self) -> float:
        """Return the duration [s] of one cycle: what a burst counts."""
        if self.function == "PRBS":
            return 1.0 / self.bit_rate
        if self.function == "ARB" and self.codes is not None:
            return len(self.codes) / self.sample_rate
        return 1.0 / self.frequency


def real_levels(shape: Shape, errors: OutputErrors) -> tuple[float, float]:
    """Return the EMF [V] at the low and high end of the waveform, errors included, polarity not."""
    levels = shape.levels
    amplitude = levels.amplitude * (1 + errors.amplitude_gain) + errors.amplitude
    if shape.function == "DC":
        amplitude = 0.0
    offset = (
        levels.offset * (1 + errors.offset_gain) + errors.offset
        + errors.offset_per_amplitude * (0.0 if shape.function == "DC" else levels.amplitude)
    )
    factor = levels.emf
    return (offset - amplitude / 2) * factor, (offset + amplitude / 2) * factor


def mirrored(waveform: SourceWaveform, middle: float) -> SourceWaveform:
    """Return a waveform turned upside down about ``middle`` [V]: what a complementary output shows."""
    match waveform:
        case Constant(value):
            return Constant(2 * middle - value)
        case PulseWaveform():
            return replace(waveform, base=2 * middle - waveform.base, top=2 * middle - waveform.top)
        case PiecewiseLinear():
            return replace(waveform, values=2 * middle - waveform.values)
        case Sine():
            return replace(waveform, offset=2 * middle - waveform.offset, amplitude=-waveform.amplitude)


def idle_level(shape: Shape, errors: OutputErrors) -> float:
    """Return the EMF [V] while a burst waits: pulse low, first arb point, sine at its phase."""
    low, high = real_levels(shape, errors)
    if shape.inverted:
        low, high = high, low
    if shape.function == "ARB" and shape.codes is not None:
        return float(arbitrary_levels(shape, errors)[0])
    if shape.function == "SIN":
        middle, amplitude = (low + high) / 2, (high - low) / 2
        return middle + amplitude * math.sin(math.radians(shape.phase))
    return low if shape.function in ("PULS", "SQU", "RAMP", "TRI", "PRBS") else (low + high) / 2


def arbitrary_levels(shape: Shape, errors: OutputErrors) -> FloatArray:
    """Return the EMF [V] of each point of the arbitrary waveform, quantised as the DAC does."""
    low, high = real_levels(shape, errors)
    if shape.inverted:
        low, high = high, low
    return np.asarray((low + high) / 2 + (high - low) / 2 * _units(shape), dtype=np.float64)


def _units(shape: Shape) -> FloatArray:
    """Return the points of the arbitrary waveform between -1 and 1, as the DAC makes them."""
    assert shape.codes is not None
    step = 2.0 ** (16 - shape.dac_bits)
    codes = np.clip(np.round(shape.codes / step) * step, -DAC_FULL_SCALE, DAC_FULL_SCALE)
    return np.asarray(codes / DAC_FULL_SCALE, dtype=np.float64)


def synthesise(
    shape: Shape, errors: OutputErrors, start: float, cycles: int,
) -> tuple[SourceWaveform, float]:
    """Lay out ``cycles`` of a waveform (0: without end) from circuit time ``start`` [s].

    What has no end is repeated by the circuit: nothing needs to be continued.

    Returns
    -------
    waveform : SourceWaveform
    end : float
        Circuit time [s] at which the last laid-out cycle is over (inf: never). A long burst of an arbitrary waveform
        is laid out in parts of whole cycles and must then be continued.
    """
    low, high = real_levels(shape, errors)
    if shape.inverted:
        low, high = high, low
    stretch = 1 + errors.timebase
    period = shape.period * stretch
    end = start + cycles * period if cycles else math.inf
    if shape.function == "DC":
        return Constant((low + high) / 2), math.inf
    if shape.function in ("PULS", "SQU", "RAMP", "TRI"):
        return _train(shape, low, high, stretch, start, cycles), end
    if shape.function == "SIN":
        middle, amplitude = (low + high) / 2, (high - low) / 2
        if not cycles:
            lead = math.radians(shape.phase) / (2 * math.pi) * period
            return Sine(middle, amplitude, 1 / period, start - lead), math.inf
        return Sine(middle, amplitude, 1 / period, start, math.radians(shape.phase), cycles), end
    if shape.function == "NOIS" or shape.codes is None:
        return _noise(shape, (low + high) / 2, (high - low) / 2, start), math.inf
    if not cycles:
        return _endless_arbitrary(shape, errors, start, stretch), math.inf
    return _arbitrary(shape, errors, start, cycles, stretch)


def _train(shape: Shape, low: float, high: float, stretch: float, start: float, cycles: int) -> PulseWaveform:
    period = shape.period * stretch
    if shape.function == "PULS":
        rise, fall = stretch * shape.lead / FULL_RANGE, stretch * shape.trail / FULL_RANGE
        width = shape.pulse_width * stretch
    elif shape.function == "SQU":
        rise = fall = shape.square_edge / FULL_RANGE
        width = min(max(period * shape.duty / 100, rise), period - rise)
    else:
        part = 0.5 if shape.function == "TRI" else shape.symmetry / 100
        shortest = shape.square_edge / FULL_RANGE
        rise = min(max(period * part, shortest), period - shortest)
        fall, width = period - rise, period / 2
    if not cycles and shape.phase:
        start -= period * (shape.phase % 360) / 360   # a train that runs already
    return PulseWaveform(low, high, start, rise, fall, width, period, cycles)


def noise_values(seed: int) -> FloatArray:
    """Return :data:`NOISE_POINTS` values between -1 and 1, with a standard deviation of a third."""
    generator = np.random.default_rng([seed, 33600])
    return np.clip(generator.normal(0.0, 1 / 3, NOISE_POINTS), -1, 1)


def _noise(shape: Shape, middle: float, amplitude: float, start: float) -> PiecewiseLinear:
    """Return noise that repeats after :data:`NOISE_POINTS` (the instrument's own repeats after years)."""
    values = middle + amplitude * noise_values(shape.noise_seed)
    step = 1.0 / (2.5 * shape.noise_bandwidth)
    times = np.asarray(start + np.arange(NOISE_POINTS + 1) * step, dtype=np.float64)
    return _repeating(times, np.append(values, values[0]), NOISE_POINTS * step)


def _repeating(times: FloatArray, values: FloatArray, period: float) -> PiecewiseLinear:
    """Return a polyline that the circuit repeats.

    Late on the bench, the digits of a time [s] do not hold a short cycle exactly. Its end must not lie behind the
    period, and no two points may have the same time.
    """
    end = times[0] + period
    while end - times[0] > period:
        end = np.nextafter(end, times[0])
    kept = np.append(True, np.diff(times) > 0) & (times < end)
    return PiecewiseLinear(np.append(times[kept], end), np.append(values[kept], values[-1]), period)


def arbitrary_cycle(shape: Shape) -> PiecewiseLinear:
    """Return one cycle of the arbitrary waveform between -1 and 1, from 0 s on, as the circuit repeats it."""
    return _cycle(shape, _units(shape), 0.0, 1.0)


def _endless_arbitrary(shape: Shape, errors: OutputErrors, start: float, stretch: float) -> PiecewiseLinear:
    return _cycle(shape, arbitrary_levels(shape, errors), start, stretch)


def _cycle(shape: Shape, levels: FloatArray, start: float, stretch: float) -> PiecewiseLinear:
    """Return one cycle, which the circuit repeats; it begins with the way from its last point to its first."""
    step = stretch / shape.sample_rate
    # a cycle from inside another one: what is before the first point and behind the last is there to join them
    played = np.concatenate([levels[-1:], levels, levels[:1]])
    times, values = _vertices(played, step, shape.filtering, shape.square_edge / FULL_RANGE)
    period = len(levels) * step
    inner = (times > step * (1 + 1e-9)) & (times < step + period * (1 - 1e-12))
    ends = np.interp([step, step + period], times, values)
    return _repeating(
        start + np.concatenate([[0.0], times[inner] - step, [period]]),
        np.concatenate([ends[:1], values[inner], ends[:1]]), period)


def _arbitrary(
    shape: Shape, errors: OutputErrors, start: float, cycles: int, stretch: float,
) -> tuple[PiecewiseLinear, float]:
    levels = arbitrary_levels(shape, errors)
    points = len(levels)
    now = max(min(cycles, CHUNK_POINTS // points), 1)
    step = stretch / shape.sample_rate
    played = np.concatenate([np.tile(levels, now), levels[:1]])   # returns to the idle level at the end
    times, values = _vertices(played, step, shape.filtering, shape.square_edge / FULL_RANGE)
    return PiecewiseLinear(start + times, values), start + now * points * step


def _vertices(levels: FloatArray, step: float, filtering: str, edge: float) -> tuple[FloatArray, FloatArray]:
    """Return the corners of a played-out sample sequence, points on straight lines left out.

    "NORM" joins the samples with straight lines, "STEP" lets each step take two samples, "OFF" steps as fast
    as the output can. The real filters (-3 dB at 0.27 and 0.13 of the sample rate) differ by their ringing.
    """
    count = len(levels)
    if filtering == "OFF" or step <= edge:
        edge = min(edge, 0.9 * step)
        changes = np.flatnonzero(np.diff(levels)) + 1
        corners = np.column_stack([changes * step, changes * step + edge]).ravel()
        ends = np.column_stack([levels[changes - 1], levels[changes]]).ravel()
        return np.concatenate([[0.0], corners]), np.concatenate([levels[:1], ends])
    if filtering == "STEP":
        levels = np.concatenate([levels[:1], (levels[:-1] + levels[1:]) / 2])
    bends = np.empty(count, dtype=np.bool_)
    bends[0] = bends[-1] = True
    bends[1:-1] = np.abs(np.diff(levels, 2)) > 1e-12 * (1 + float(np.max(np.abs(levels))))
    kept = np.flatnonzero(bends)
    return np.asarray(kept * step, dtype=np.float64), levels[kept]
