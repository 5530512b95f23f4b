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
from tsbench.simulated_backends.devices.mechanism import MOST_NUMBERS, row_of
from tsbench.simulated_backends.devices.silver_filament.equations import REFERENCE, SilverFilament
from tsbench.simulated_backends.numerics.brownian import DEPTHS
from tsbench.simulated_backends.studies.filaments.compiled_run import NODE, FilamentCircuit, run_filament

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
        raise ConfigurationError(f"segments must be an array of finite numbers with the shape (n, 3). Its shape is "
                                 f"{segments.shape}")
    if segments.size and not segments[:, 0].min() > 0:
        raise ConfigurationError(f"a segment has a duration of {segments[:, 0].min():g} s. Durations must be positive")
    if not 0 < aperture <= 1:
        raise ConfigurationError(f"aperture = {aperture:g} must be above 0 and at most 1")
    row = row_of(model)[None]
    circuit = FilamentCircuit(
        resistance=float(around.resistance), capacitance=float(around.capacitance), limit=float(around.limit),
        aperture=float(aperture), above=float(around.above), below=float(around.below),
        v0=model.v0 * (model.t0 / REFERENCE), fast=1e-3 / (model.klim * model.faster), gleak=model.gleak, gc=model.gc,
        series=float(model.re + around.shunt))
    y = np.zeros(NODE + 1)
    y[:NODE] = model.rest()
    if states is not None:
        y[:] = states
    means, events = np.zeros((2, segments.shape[0])), np.zeros((4, _MOST_EVENTS))
    cache, nodes = np.zeros((2, 2 * DEPTHS)), np.full((2, 1 + DEPTHS), -1, dtype=np.int64)
    count = run_filament(
        row, circuit, np.ascontiguousarray(segments.T), start, y, np.zeros(MOST_NUMBERS), means, events, cache, nodes)
    current, voltage = means
    begins, ends, peaks, peak_times = events[:, :count]
    return FilamentRun(current, voltage, begins, ends, peaks, peak_times, y)
