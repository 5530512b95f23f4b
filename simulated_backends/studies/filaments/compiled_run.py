"""The step loop of :mod:`.runs`, compiled.

Half a step of the node, a step of the device, half a step of the node (G. Strang's splitting), within pieces of the
device's Brownian path. The circuit is ten numbers with names; the device's equations are those of the engine.
"""

import math
from typing import NamedTuple

from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.dispatch import functions_of
from tsbench.simulated_backends.devices.mechanism import BY_STATES, BY_VOLTAGE, SEED, SLOPES, VALUE
from tsbench.simulated_backends.devices.silver_filament.equations import SilverFilament
from tsbench.simulated_backends.numerics.brownian import TICKS_PER_SECOND, UNIT_BITS, path_going_on, piece
from tsbench.simulated_backends.numerics.compilation import compiled, inlined, part
from tsbench.simulated_backends.numerics.linear import IntArray

equations, noise_interval = functions_of(SilverFilament).evaluate, functions_of(SilverFilament).interval

STEP_IN_S, STEP_IN_V0 = 0.25, 0.25  #: what one step may do to s, and to the node in units of V0
S, R, Z = range(3)  #: places of the states
ROW = 0  #: of the device in the table
NODE = 3  #: and of the node's voltage behind them
_NUMBERS = BY_STATES + NODE  #: that an equation returns, see :mod:`.devices.mechanism`
DURATIONS, FIRST_LEVELS, LAST_LEVELS = range(3)  #: rows of the segments
CURRENTS, VOLTAGES = range(2)  #: rows of the means
BEGINS, ENDS, PEAKS, PEAK_TIMES = range(4)  #: rows of the events


class FilamentCircuit(NamedTuple):
    """Numbers of the circuit and of the device that the step loop uses beside the equations."""

    resistance: float  #: [Ohm] between source and node
    capacitance: float  #: [F] at the node
    limit: float  #: [A] of the source
    aperture: float  #: last part of each segment, over which is averaged
    above: float  #: [A] where an event begins
    below: float  #: [A] and where it ends
    v0: float  #: [V] that moves the device's rates by a factor of e
    fast: float  #: [s] a node quicker than this is always settled
    gleak: float  #: [S]
    gc: float  #: [S]
    series: float  #: [Ohm] in series with the film: of the device and of the shunt


@inlined
def _rate(out: FloatArray, state: int) -> float:
    """Return the rate [1/s] of a state."""
    return float(out[_NUMBERS * (state + 1) + VALUE])


@inlined
def _rate_by_voltage(out: FloatArray, state: int) -> float:
    """Return its derivative by the voltage."""
    return float(out[_NUMBERS * (state + 1) + BY_VOLTAGE])


@inlined
def _rate_by_itself(out: FloatArray, state: int) -> float:
    """Return its derivative by the state."""
    return float(out[_NUMBERS * (state + 1) + BY_STATES + state])


@inlined
def _film_conductance(circuit: FilamentCircuit, y: FloatArray) -> float:
    return circuit.gleak + circuit.gc * math.exp(min(y[S], 40.0))


@compiled
def _growth(rate: float, step: float) -> float:
    """Return step phi_1(rate step) = (e^(rate step) - 1)/rate."""
    x = rate * step
    if abs(x) < 1e-5:
        return step * (1.0 + 0.5 * x)
    return (math.exp(min(x, 30.0)) - 1.0) / rate


@compiled
def _node(circuit: FilamentCircuit, v: float, level: float, across: float, step: float) -> float:
    """Return the node's voltage after ``step`` with ``across`` [S] from it to ground."""
    free = (level - v) / circuit.resistance
    if abs(free) <= circuit.limit:
        rate = 1.0 / circuit.resistance + across
        settled = level / (circuit.resistance * rate)
        return settled + (v - settled) * math.exp(-step * rate / circuit.capacitance)
    given = circuit.limit if free > 0.0 else -circuit.limit
    settled = given / across
    after = settled + (v - settled) * math.exp(-step * across / circuit.capacitance)
    if (level - after) * free < 0.0:   # the source regulates the voltage again
        return level
    return after


@part
def _enter_piece(
    p: FloatArray, t: float, wanted: float, cache: FloatArray, nodes: IntArray
) -> float:
    """Write the slopes of the next piece of the path into the device's row; return its end [s]."""
    unit, now, last = piece(t, wanted)
    end = ((unit << UNIT_BITS) + last) / TICKS_PER_SECOND
    seed = int(p[ROW, SEED])
    for c in range(2):
        before = path_going_on(seed, c, unit, now, cache, nodes, c) if now > 0 else 0.0
        after = path_going_on(seed, c, unit, last, cache, nodes, c)
        p[ROW, SLOPES + c] = (after - before) / (end - t)
    return float(end)


@part
def _choose_step(
    p: FloatArray, circuit: FilamentCircuit, y: FloatArray, out: FloatArray, g: float, v: float, level: float,
    slope: float, remaining: float,
) -> tuple[float, float, float, bool]:
    """Return the node's voltage [V], the step to take [s], the derivative of s' for it, whether the node is settled.

    ``out`` holds the equations at ``v``; for a settled node they are evaluated again at the voltage that it comes to.
    """
    across = g / (1.0 + g * circuit.series)
    film = v / (1.0 + g * circuit.series)
    step = min(remaining, STEP_IN_S / (abs(_rate(out, S)) + 1e-30))
    free = (level - v) / circuit.resistance
    conductance = across if abs(free) > circuit.limit else across + 1.0 / circuit.resistance
    time = circuit.capacitance / conductance
    jacobian, settled = _rate_by_itself(out, S), time < circuit.fast
    if settled:
        # the device is driven by the voltage the node has come to, not by that of the step before
        v = _node(circuit, v, level, across, 50.0 * time)
        film = v / (1.0 + g * circuit.series)
        equations(p, ROW, film, 0.0, y, 0, out)
        step = min(remaining, STEP_IN_S / (abs(_rate(out, S)) + 1e-30))
        jacobian = _rate_by_itself(out, S)
        jacobian -= _rate_by_voltage(out, S) * film * across / conductance   # s lowers the voltage that drives it
    else:
        feedback = _rate_by_voltage(out, S) * film * across / conductance
        drive = (circuit.limit if free > circuit.limit else -circuit.limit if free < -circuit.limit else free)
        drive -= across * v
        step = min(step, STEP_IN_V0 * circuit.v0 * circuit.capacitance / (abs(drive) + 1e-30))
        step = min(step, 0.5 * math.sqrt(time / (abs(feedback) + 1e-30)) + 1e-12)
        if slope != 0.0:
            step = min(step, STEP_IN_V0 * circuit.v0 / abs(slope))
    return v, remaining if remaining < 1.25 * step else step, jacobian, settled


@part
def _note_event(
    circuit: FilamentCircuit, events: FloatArray, count: int, inside: bool, current: float, t: float
) -> tuple[int, bool]:
    """Note in ``events`` (begins, ends, peaks, their times) what the current [A] at ``t`` [s] says."""
    begins, ends, peaks, peak_times = events[BEGINS], events[ENDS], events[PEAKS], events[PEAK_TIMES]
    if inside:
        if current > peaks[count]:
            peaks[count], peak_times[count] = current, t
        if current < circuit.below:
            ends[count] = t
            return count + 1, False
    elif current > circuit.above and count < begins.size - 1:
        begins[count], ends[count], peaks[count], peak_times[count] = t, math.inf, current, t
        return count, True
    return count, inside


@compiled
def run_filament(
    p: FloatArray, circuit: FilamentCircuit, segments: FloatArray, start: float, y: FloatArray, out: FloatArray,
    means: FloatArray, events: FloatArray, cache: FloatArray, nodes: IntArray,
) -> int:
    """Go through the segments; return the number of events.

    Parameters
    ----------
    p : array, shape (1, columns)
        The device's row.
    circuit : FilamentCircuit
    segments : array, shape (3, n)
        Durations [s], first and last levels [V].
    start : float
        [s] when the run begins: where on the noise path.
    y : array, shape (4,)
        s, r, z and the node's voltage [V]; overwritten with the end.
    out : array
        Scratch for the equations.
    means : array, shape (2, n)
        Filled with the mean current [A] and node voltage [V] of each segment's aperture.
    events : array, shape (4, most)
        Filled with begins, ends [s], peaks [A] and the peaks' times [s].
    cache, nodes : arrays
        See :func:`.numerics.brownian.path_going_on`.
    """
    durations, firsts, lasts = segments[DURATIONS], segments[FIRST_LEVELS], segments[LAST_LEVELS]
    t, v, piece_start, piece_end = start, y[NODE], start, start
    count, inside = 0, False
    for k in range(durations.size):
        begin = t
        end = begin + durations[k]
        slope = (lasts[k] - firsts[k]) / durations[k]
        window = end - circuit.aperture * durations[k]
        charge, flux = 0.0, 0.0
        while t < end:
            g = _film_conductance(circuit, y)
            film = v / (1.0 + g * circuit.series)
            wanted = noise_interval(p, ROW, film, 0.0, y, 0)
            if t >= piece_end or piece_end - piece_start > 2.5 * wanted:
                piece_start = t
                piece_end = _enter_piece(p, t, wanted, cache, nodes)
            equations(p, ROW, film, 0.0, y, 0, out)
            stop = min(end, piece_end)
            if t < window:
                stop = min(stop, window)
            level, v_before = firsts[k] + slope * (t - begin), v
            v, step, jacobian, settled = _choose_step(p, circuit, y, out, g, v, level, slope, stop - t)
            middle = level + 0.5 * slope * step
            v = _node(circuit, v, middle, g / (1.0 + g * circuit.series), 0.5 * step)
            if not settled:
                equations(p, ROW, v / (1.0 + g * circuit.series), 0.0, y, 0, out)
                jacobian = _rate_by_itself(out, S)
            y[S] += _rate(out, S) * _growth(jacobian, step)
            y[R] += _rate(out, R) * _growth(_rate_by_itself(out, R), step)
            y[Z] += _rate(out, Z) * _growth(_rate_by_itself(out, Z), step)
            g = _film_conductance(circuit, y)
            across = g / (1.0 + g * circuit.series)
            v = _node(circuit, v, middle, across, 0.5 * step)
            if t >= window:
                charge += (across * v + circuit.capacitance * (v - v_before) / step) * step
                flux += v * step
            t += step
            count, inside = _note_event(circuit, events, count, inside, abs(across * v), t)
        means[CURRENTS, k], means[VOLTAGES, k] = charge / (end - window), flux / (end - window)
    y[NODE] = v
    return count + 1 if inside else count
