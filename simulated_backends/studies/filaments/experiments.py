"""What is done with a silver filament on a bench, many times over: half-sweeps, pulses, the integrate-and-fire neuron.

Everything runs on :mod:`.runs`; results are what an instrument would have seen, to be extracted from by
whoever asks.
"""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.errors import ConfigurationError
from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.silver_filament.equations import SilverFilament
from tsbench.simulated_backends.studies.filaments.runs import FilamentRun, Surroundings, levels, run


@dataclass(frozen=True)
class HalfSweeps:
    """Staircases from one step up to ``stop``, held there for one more step, and back down to 0."""

    stop: float  #: [V]; its sign is the polarity
    step: float  #: [V]
    dwell: float  #: [s] at each level
    compliance: float  #: [A]
    rest: float  #: [s] at 0 V before each half-sweep
    resistance: float = 100.0  #: [Ohm] of the source and the wires
    capacitance: float = 100e-12  #: [F] of the wires
    aperture: float = 0.5  #: last part of a dwell over which the current is averaged

    def voltages(self) -> FloatArray:
        """Return the set-points [V] of one half-sweep, shape (n,)."""
        if not (self.step > 0 and abs(self.stop) >= self.step):
            raise ConfigurationError(
                f"half-sweep: step = {self.step:g} V must be positive and not larger than the magnitude of stop = "
                f"{self.stop:g} V")
        count = round(abs(self.stop) / self.step)
        up = math.copysign(self.step, self.stop) * np.arange(1, count + 1)
        return np.concatenate([up, up[::-1], [0.0]])


def half_sweeps(model: SilverFilament, sweeps: HalfSweeps, count: int) -> tuple[FloatArray, FloatArray]:
    """Sweep one device ``count`` times; what a cycle leaves in it, the next one finds.

    Returns
    -------
    (voltage, current)
        Set-point [V] and mean source current [A] at each point, shape (count, n).
    """
    voltage = sweeps.voltages()
    around = Surroundings(sweeps.resistance, sweeps.capacitance, limit=sweeps.compliance)
    one = levels((sweeps.rest, 0.0), *((sweeps.dwell, float(level)) for level in voltage))
    found = run(model, around, np.tile(one, (count, 1)), sweeps.aperture)
    current = found.source_current.reshape(count, -1)[:, 1:]
    return np.tile(voltage, (count, 1)), current


@dataclass(frozen=True)
class FilamentPulse:
    """A trapezoid; its width is at 50 %."""

    amplitude: float  #: [V] at its top, source open
    width: float  #: [s]
    base: float = 0.0  #: [V] before and after
    edge: float = 1e-6  #: [s] 0 to 100 %

    def segments(self, before: float, after: float) -> tuple[tuple[float, float, float], ...]:
        """Return the levels with ``before`` and ``after`` [s] at the base, from and to the 50 % points."""
        if not (self.edge > 0 and self.width > self.edge and before > self.edge and after > self.edge):
            raise ConfigurationError(
                f"filament pulse: width = {self.width:g} s, before = {before:g} s and after = {after:g} s must all be "
                f"longer than edge = {self.edge:g} s, and the edge must be longer than 0 s")
        half, base, top = 0.5 * self.edge, self.base, self.amplitude
        return (
            (before - half, base, base), (self.edge, base, top), (self.width - self.edge, top, top),
            (self.edge, top, base), (after - half, base, base))


def trials(
    model: SilverFilament, around: Surroundings, segments: FloatArray, count: int, seed: int = 0
) -> tuple[FilamentRun, ...]:
    """Run ``count`` devices that differ by their path alone, each from rest, through the same ``segments``."""
    return tuple(
        run(dataclasses.replace(model, seed=float(1 + number + (seed << 24))), around, segments)
        for number in range(count))


@dataclass(frozen=True)
class Shots:
    """One pulse in each of many trials."""

    delay: FloatArray  #: [s] from the middle of the rise to the current passing ``above``; NaN: it did not
    relaxation: FloatArray  #: [s] from the middle of the fall to the current staying below; NaN: it did not fire

    @property
    def fired(self) -> npt.NDArray[np.bool_]:
        """Return where the device switched on during the pulse."""
        return np.isfinite(self.delay)


def pulse_shots(
    model: SilverFilament, around: Surroundings, pulse: FilamentPulse, after: float, count: int, seed: int = 0
) -> Shots:
    """Fire one pulse at each of ``count`` devices and watch for ``after`` [s]; inf where it is on for longer."""
    before = 10.0 * pulse.edge
    found = np.full((2, count), np.nan)
    for k, one in enumerate(trials(model, around, levels(*pulse.segments(before, after)), count, seed)):
        during = one.start < before + pulse.width
        if during.any():
            found[0, k] = one.start[0] - before
            found[1, k] = max(one.end[-1] - before - pulse.width, 0.0)
    return Shots(found[0], found[1])


@dataclass(frozen=True)
class FilamentNeuron:
    """The integrate-and-fire circuit of PHYSICS.md II.3: source, R_in, node with C and the device in series with R_out.

    A spike is a discharge seen on V_out, the voltage across R_out: from where it passes ``threshold`` [V] until it has
    come back below a fifth of that. ``threshold`` lies far below a spike, so that partial discharges are seen as well.
    """

    input_resistance: float  #: [Ohm]
    capacitance: float  #: [F]
    output_resistance: float  #: [Ohm]
    threshold: float  #: [V]

    def surroundings(self) -> Surroundings:
        """Return the circuit for :func:`.runs.run`."""
        above = self.threshold / self.output_resistance
        return Surroundings(
            self.input_resistance, self.capacitance, self.output_resistance, above=above, below=0.2 * above)


def peaks_of_single_pulses(
    model: SilverFilament, neuron: FilamentNeuron, pulse: FilamentPulse, count: int, seed: int = 0
) -> tuple[FloatArray, ...]:
    """Return for each trial the peaks [V] of V_out of all discharges that began during the pulse."""
    before = 10.0 * pulse.edge
    found = trials(
        model, neuron.surroundings(), levels(*pulse.segments(before, 2.0 * pulse.width)), count, seed)
    return tuple(
        one.peak[one.start < before + pulse.width] * neuron.output_resistance for one in found)


def fired_of_pairs(
    model: SilverFilament, neuron: FilamentNeuron, pulse: FilamentPulse, gap: float, full: float, count: int,
    seed: int = 0,
) -> tuple[int, int]:
    """Return how many first pulses of pairs fired, and how many second ones after those.

    ``gap`` [s] from the end of the first to the beginning of the second, at 50 %; a pulse fires when a discharge that
    begins while it lasts reaches ``full`` [V] on V_out.
    """
    before = 10.0 * pulse.edge
    first = pulse.segments(before, gap)
    second = pulse.segments(2.0 * pulse.edge, pulse.width)[1:]
    segments = levels(*first[:-1], (gap - pulse.edge, pulse.base, pulse.base), *second)
    begin = before + pulse.width + gap
    once = twice = 0
    for one in trials(model, neuron.surroundings(), segments, count, seed):
        spikes = one.start[one.peak * neuron.output_resistance >= full]
        if ((spikes > before - pulse.edge) & (spikes < before + pulse.width)).any():
            once += 1
            twice += bool(((spikes > begin - pulse.edge) & (spikes < begin + pulse.width)).any())
    return once, twice


def spike_trains(
    model: SilverFilament, neuron: FilamentNeuron, drive: float, duration: float, count: int, seed: int = 0
) -> tuple[tuple[FloatArray, FloatArray], ...]:
    """Return times [s] and peaks [V] of all discharges under a constant ``drive`` [V], for each trial."""
    segments = levels((1e-6, 0.0, drive), (duration, drive))
    return tuple(
        (one.peak_time, one.peak * neuron.output_resistance)
        for one in trials(model, neuron.surroundings(), segments, count, seed))
