"""One silver filament in the smallest circuit, through any sequence of levels, on its own noise path: fast.

The circuit: a source behind a resistance whose current may be limited, a capacitance at the node, and there the device
in series with a shunt. A source meter, a pulse generator with its series resistor and the integrate-and-fire neuron
(PHYSICS.md II.3) are all this one. It is integrated by itself, so that it also checks the circuit engine: only the
device's equations and its Brownian path, a function of seed and time, are shared. Within a piece of the path the state
takes exponential Rosenbrock steps (M. Hochbruck et al., SIAM J. Numer. Anal. 47 (2009) 786), the node its exponential.
"""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.dispatch import functions_of
from tsbench.simulated_backends.devices.mechanism import SEED, SLOPES, row_of
from tsbench.simulated_backends.devices.silver_filament.equations import REFERENCE, SilverFilament
from tsbench.simulated_backends.numerics.brownian import DEPTHS, TICKS_PER_SECOND, UNIT_BITS, path_going_on, piece
from tsbench.simulated_backends.numerics.compilation import compiled
from tsbench.simulated_backends.numerics.linear import IntArray

equations, noise_interval = functions_of(SilverFilament).evaluate, functions_of(SilverFilament).interval

STEP_IN_S, STEP_IN_V0 = 0.25, 0.25  #: what one step may do to s, and to the node in units of V0
_MOST_EVENTS = 4096  #: of one run


@dataclass(frozen=True)
class Surroundings:
    """What the device is connected to, and what counts as an event there."""

    resistance: float  #: [Ohm] between source and node
    capacitance: float  #: [F] at the node
    shunt: float = 0.0  #: [Ohm] between device and ground; its voltage is V_out
    limit: float = math.inf  #: [A] of the source (compliance)
    above: float = 1e-8  #: [A] an event begins when the magnitude of the device's current passes this
    below: float = 1e-8  #: [A] and ends when it has come back to this

    def __post_init__(self) -> None:
        for name in ("resistance", "capacitance", "limit", "above", "below"):
            value = getattr(self, name)
            if not value > 0:
                raise ConfigurationError(f"surroundings of a filament: {name} = {value:g} must be positive")
        if not self.shunt >= 0:
            raise ConfigurationError(f"surroundings of a filament: shunt = {self.shunt:g} Ohm must not be negative")
        if self.below > self.above:
            raise ConfigurationError(
                f"surroundings of a filament: below = {self.below:g} A must not exceed above = {self.above:g} A")


@dataclass(frozen=True)
class FilamentRun:
    """What happened in one run."""

    source_current: FloatArray  #: [A] mean over the aperture of each segment, shape (segments,)
    node_voltage: FloatArray  #: [V] the same
    start: FloatArray  #: [s] of each event, shape (events,)
    end: FloatArray  #: [s]; inf for one that is not over
    peak: FloatArray  #: [A] largest magnitude of the device's current
    peak_time: FloatArray  #: [s]
    states: FloatArray  #: s, r, z and the node's voltage [V] at the end


def levels(*pieces: tuple[float, float] | tuple[float, float, float]) -> FloatArray:
    """Return segments, shape (n, 3), from (duration [s], level [V]) or (duration, first level, last level)."""
    return np.array([(piece[0], piece[1], piece[-1]) for piece in pieces], dtype=np.float64)


def run(
    model: SilverFilament, around: Surroundings, segments: FloatArray, aperture: float = 0.5,
    states: FloatArray | None = None, start: float = 0.0,
) -> FilamentRun:
    """Simulate one device, from rest or from ``states``, through ``segments``.

    Parameters
    ----------
    model : the device; its seed chooses the path
    around : the circuit
    segments : duration [s], source level [V] at its beginning and at its end; shape (n, 3)
    aperture : last part of each segment over which current and voltage are averaged
    states : s, r, z and node voltage [V] to begin with, shape (4,)
    start : [s] when it begins: where on the noise path

    Raises
    ------
    ConfigurationError
        A duration is not positive, a level is not finite, or the aperture is not in (0, 1].
    """
    segments = np.ascontiguousarray(segments, dtype=np.float64)
    if segments.ndim != 2 or segments.shape[1] != 3 or not np.isfinite(segments).all():
        raise ConfigurationError(f"segments must have shape (n, 3) and be finite, not {segments.shape}")
    if segments.size and not segments[:, 0].min() > 0:
        raise ConfigurationError(f"a segment of {segments[:, 0].min():g} s: durations must be positive")
    if not 0 < aperture <= 1:
        raise ConfigurationError(f"aperture {aperture:g} must be above 0 and at most 1")
    row = row_of(model)[None]
    circuit = np.array([
        around.resistance, around.capacitance, around.shunt, around.limit, aperture, around.above, around.below,
        model.v0 * (model.t0 / REFERENCE), model.klim * model.faster, model.gleak, model.gc, model.re])
    y = np.zeros(4)
    y[:3] = model.rest()
    if states is not None:
        y[:] = states
    means, events = np.zeros((segments.shape[0], 2)), np.zeros((_MOST_EVENTS, 4))
    cache, nodes = np.zeros((2, 2 * DEPTHS)), np.full((2, 1 + DEPTHS), -1, dtype=np.int64)
    count = _run(row, circuit, segments, start, y, np.zeros(64), means, events, cache, nodes)
    found = events[:count]
    return FilamentRun(means[:, 0], means[:, 1], found[:, 0], found[:, 1], found[:, 2], found[:, 3], y)


@compiled
def _growth(rate: float, step: float) -> float:
    """Return step phi_1(rate step) = (e^(rate step) - 1)/rate."""
    x = rate * step
    if abs(x) < 1e-5:
        return step * (1.0 + 0.5 * x)
    return (math.exp(min(x, 30.0)) - 1.0) / rate


@compiled
def _node(
    v: float, level: float, across: float, resistance: float, capacitance: float, limit: float, step: float,
) -> float:
    """Return the node's voltage after ``step`` with ``across`` [S] from it to ground."""
    free = (level - v) / resistance
    if abs(free) <= limit:
        rate = 1.0 / resistance + across
        settled = level / (resistance * rate)
        return settled + (v - settled) * math.exp(-step * rate / capacitance)
    given = limit if free > 0.0 else -limit
    settled = given / across
    after = settled + (v - settled) * math.exp(-step * across / capacitance)
    if (level - after) * free < 0.0:   # the source regulates the voltage again
        return level
    return after


@compiled
def _run(
    p: FloatArray, circuit: FloatArray, segments: FloatArray, start: float, y: FloatArray, out: FloatArray,
    means: FloatArray, events: FloatArray, cache: FloatArray, nodes: IntArray,
) -> int:
    resistance, capacitance, shunt, limit = circuit[0], circuit[1], circuit[2], circuit[3]
    aperture, above, below, v0, klim = circuit[4], circuit[5], circuit[6], circuit[7], circuit[8]
    gleak, gc, series = circuit[9], circuit[10], circuit[11] + shunt
    seed = int(p[0, SEED])
    fast = 1e-3 / klim   # a node quicker than this is always settled
    t, v, piece_start, piece_end = start, y[3], start, start
    count, inside = 0, False
    for k in range(segments.shape[0]):
        begin = t
        end = begin + segments[k, 0]
        slope = (segments[k, 2] - segments[k, 1]) / segments[k, 0]
        window = end - aperture * segments[k, 0]
        charge, flux = 0.0, 0.0
        while t < end:
            g = gleak + gc * math.exp(min(y[0], 40.0))
            across = g / (1.0 + g * series)
            film = v / (1.0 + g * series)
            wanted = noise_interval(p, 0, film, 0.0, y, 0)
            if t >= piece_end or piece_end - piece_start > 2.5 * wanted:
                unit, now, last = piece(t, wanted)
                piece_start = t
                piece_end = ((unit << UNIT_BITS) + last) / TICKS_PER_SECOND
                for c in range(2):
                    before = path_going_on(seed, c, unit, now, cache, nodes, c) if now > 0 else 0.0
                    after = path_going_on(seed, c, unit, last, cache, nodes, c)
                    p[0, SLOPES + c] = (after - before) / (piece_end - t)
            equations(p, 0, film, 0.0, y, 0, out)
            # how far to go
            stop = min(end, piece_end)
            if t < window:
                stop = min(stop, window)
            step = min(stop - t, STEP_IN_S / (abs(out[6]) + 1e-30))
            level = segments[k, 1] + slope * (t - begin)
            free = (level - v) / resistance
            conductance = across if abs(free) > limit else across + 1.0 / resistance
            time = capacitance / conductance
            feedback = out[7] * film * across / conductance   # s lowers the voltage that drives it
            jacobian = out[9]
            settled = time < fast
            v_before = v
            if settled:
                # the device is driven by the voltage the node has come to, not by that of the step before
                v = _node(v, level, across, resistance, capacitance, limit, 50.0 * time)
                film = v / (1.0 + g * series)
                equations(p, 0, film, 0.0, y, 0, out)
                step = min(stop - t, STEP_IN_S / (abs(out[6]) + 1e-30))
                feedback = out[7] * film * across / conductance
                jacobian = out[9]
                jacobian -= feedback
            else:
                drive = (limit if free > limit else -limit if free < -limit else free) - across * v
                step = min(step, STEP_IN_V0 * v0 * capacitance / (abs(drive) + 1e-30))
                step = min(step, 0.5 * math.sqrt(time / (abs(feedback) + 1e-30)) + 1e-12)
                if slope != 0.0:
                    step = min(step, STEP_IN_V0 * v0 / abs(slope))
            if stop - t < 1.25 * step:
                step = stop - t
            middle = level + 0.5 * slope * step
            # half a step of the node, a step of the device, half a step of the node
            v = _node(v, middle, across, resistance, capacitance, limit, 0.5 * step)
            if not settled:
                film = v / (1.0 + g * series)
                equations(p, 0, film, 0.0, y, 0, out)
                jacobian = out[9]
            y[0] += out[6] * _growth(jacobian, step)
            y[1] += out[12] * _growth(out[16], step)
            y[2] += out[18] * _growth(out[23], step)
            g = gleak + gc * math.exp(min(y[0], 40.0))
            across = g / (1.0 + g * series)
            v = _node(v, middle, across, resistance, capacitance, limit, 0.5 * step)
            if t >= window:
                through = across * v + capacitance * (v - v_before) / step
                charge += through * step
                flux += v * step
            t += step
            current = abs(across * v)
            if inside:
                if current > events[count, 2]:
                    events[count, 2], events[count, 3] = current, t
                if current < below:
                    events[count, 1] = t
                    inside = False
                    count += 1
            elif current > above and count < events.shape[0] - 1:
                inside = True
                events[count, 0], events[count, 1] = t, math.inf
                events[count, 2], events[count, 3] = current, t
        means[k, 0], means[k, 1] = charge / (end - window), flux / (end - window)
    y[3] = v
    return count + 1 if inside else count
