"""Makes the signal of a shape that sweeps, is modulated, or has another channel's waveform added."""

import math
from dataclasses import replace

import numpy as np

from tsbench.simulated_backends.circuit.engine import PiecewiseLinear
from tsbench.simulated_backends.virtual_instruments.generator.courses import (
    Course,
    FrequencyModulated,
    PhaseModulated,
    Steady,
    Stepped,
    Swept,
)
from tsbench.simulated_backends.virtual_instruments.generator.modulation import FrequencySweep
from tsbench.simulated_backends.virtual_instruments.generator.signals import Envelope, Signal, Sum
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import (
    FULL_RANGE,
    NOISE_POINTS,
    OutputErrors,
    Shape,
    arbitrary_cycle,
    noise_values,
    real_levels,
)
from tsbench.simulated_backends.virtual_instruments.generator.unit_waves import (
    BitWave,
    CycleWave,
    Wave,
    flat_wave,
    ramp_wave,
    sine_wave,
    step_wave,
    straight_wave,
)


def wave_of(shape: Shape) -> Wave:
    """Return the waveform of a shape over its phase, between -1 and 1."""
    edge = shape.square_edge / FULL_RANGE
    if shape.function == "SIN":
        return sine_wave()
    if shape.function == "SQU":
        return step_wave(shape.duty / 100, edge, edge)
    if shape.function == "PULS":
        rise, fall = shape.lead / FULL_RANGE, shape.trail / FULL_RANGE
        fall_begins = (rise - fall) / 2 + shape.pulse_width
        return step_wave(fall_begins * shape.frequency, rise, fall)
    if shape.function in ("RAMP", "TRI"):
        return ramp_wave(0.5 if shape.function == "TRI" else shape.symmetry / 100, edge * shape.frequency)
    if shape.function == "PRBS":
        assert shape.bits is not None
        return BitWave(shape.bits, edge)
    if shape.function == "NOIS":
        return straight_wave(np.arange(NOISE_POINTS) / NOISE_POINTS, noise_values(shape.noise_seed))
    if shape.codes is not None:
        return _arbitrary_wave(shape)
    return flat_wave(0.0)


def _arbitrary_wave(shape: Shape) -> CycleWave:
    cycle: PiecewiseLinear = arbitrary_cycle(shape)
    return straight_wave(cycle.times[:-1] / cycle.period, cycle.values[:-1])


def _rate(shape: Shape) -> float:
    """Return the cycles of the wave in a second."""
    if shape.function == "NOIS":
        return 2.5 * shape.noise_bandwidth / NOISE_POINTS
    return 1.0 / shape.period


def swept_course(sweep: FrequencySweep, origin: float, once: bool = False) -> Course:
    """Return the course of a sweep or a list that begins at the phase ``origin`` [cycles]."""
    if sweep.frequencies is not None:
        if sweep.position is not None:
            return Steady(float(sweep.frequencies[sweep.position % len(sweep.frequencies)]), origin)
        return Stepped(sweep.frequencies, sweep.dwell, origin)
    return Swept(sweep.start, sweep.stop, sweep.time, sweep.hold, sweep.back, sweep.logarithmic, once, origin)


def _course(shape: Shape, origin: float | None, triggered: bool | None) -> Course:
    begin = shape.phase / 360 if origin is None else origin
    if shape.sweep is not None:
        if triggered is False and shape.sweep.frequencies is None:
            return Steady(shape.sweep.start, begin)
        return swept_course(shape.sweep, begin, once=bool(triggered))
    modulation, rate = shape.modulation, _rate(shape)
    if modulation is not None and modulation.kind == "FM":
        return FrequencyModulated(rate, modulation.amount, modulation.wave, modulation.rate, begin)
    if modulation is not None and modulation.kind == "PM":
        return PhaseModulated(rate, modulation.amount / 360, modulation.wave, modulation.rate, begin)
    return Steady(rate, begin)


def _envelope(shape: Shape) -> Envelope:
    modulation = shape.modulation
    if modulation is None or modulation.kind in ("FM", "PM"):
        return Envelope()
    wave, rate, amount = modulation.wave, modulation.rate, modulation.amount
    if modulation.kind == "AM":
        return Envelope(wave, rate, gain=(0.5, amount / 2))
    if modulation.kind == "DSSC":
        return Envelope(wave, rate, gain=(0.0, amount))
    if modulation.kind == "SUM":
        return Envelope(wave, rate, added=amount)
    shift = (shape.lead - shape.trail) / FULL_RANGE / 2
    return Envelope(wave, rate, width=(shape.pulse_width, amount, shift))


def signal_of(
    shape: Shape, errors: OutputErrors, origin: float | None = None, triggered: bool | None = None,
) -> Signal | Sum:
    """Return the signal of a shape.

    Parameters
    ----------
    shape : Shape
    errors : OutputErrors
    origin : phase [cycles] at the beginning; None: the shape's own
    triggered : of a sweep; None: it repeats, True: one sweep from now on, False: it waits at its start frequency
    """
    low, high = real_levels(shape, errors)
    if shape.inverted:
        low, high = high, low
    modulation = shape.modulation
    jumps = (modulation.wave, modulation.rate) if modulation is not None and modulation.kind == "PM" else None
    own = Signal(
        wave_of(shape), _course(shape, origin, triggered), (low + high) / 2, (high - low) / 2, _envelope(shape), jumps,
        shape.square_edge / FULL_RANGE)
    if shape.added is None:
        return own
    other = signal_of(replace(shape.added, added=None), errors)
    assert isinstance(other, Signal)
    return Sum((own, other))


def sync_times(shape: Shape, triggered: bool = False) -> tuple[float, float]:
    """Return how long the sync signal is high and its period [s]; an infinite period: it does not move."""
    modulation, sweep = shape.modulation, shape.sweep
    if sweep is not None:
        if sweep.frequencies is not None:
            whole = len(sweep.frequencies) * sweep.dwell
            return whole / 2, whole
        course = swept_course(sweep, 0.0)
        assert isinstance(course, Swept)
        falls = course.time / 2 if sweep.marker is None else course.time_of(sweep.marker)
        return falls, course.period
    if modulation is not None and not shape.sync_of_carrier:
        return 0.5 / modulation.rate, 1.0 / modulation.rate
    if shape.function in ("DC", "NOIS"):
        return math.inf, math.inf
    period = shape.period * (len(shape.bits) if shape.function == "PRBS" and shape.bits is not None else 1)
    return period / 2 if shape.marker is None else shape.marker, period
