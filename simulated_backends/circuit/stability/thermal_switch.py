"""When thermal noise is switched on (:mod:`.kernel.thermal_noise`), and off again: where a circuit has come to rest."""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel.compiled_circuit import CompiledCircuit
from tsbench.simulated_backends.circuit.kernel.modes import ComplexArray
from tsbench.simulated_backends.circuit.stability.covariance import place_of
from tsbench.simulated_backends.circuit.trajectory import Steps

#: between looks: twice as many after each that shows no reason for noise
FEWEST_STEPS, MOST_STEPS_BETWEEN = 512, 32768
RECORD = 2048  #: steps that are looked at for an oscillation
STRETCHES = 3  #: fewest that are unstable in a record that shows an oscillation
POINTS = 32  #: at which the circuit is linearised in a look, and four times as many in one for an oscillation
RESTED = 12.0  #: e-folds of decay since the circuit was last unstable, after which noise is off
RADIANS_SWINGING = 0.2  #: largest step while a swing is small, times the size of the leading eigenvalue
WIDE = 0.3  #: of the unknowns: error control follows such a swing closely


@dataclass
class ThermalSwitch:
    """Switches the thermal noise of one circuit."""

    on: bool = False
    largest_step: float = math.inf  #: [s] while the swing is small
    rate: float = 0.0  #: size of the leading eigenvalue [1/s]
    steps: int = FEWEST_STEPS  #: to the next look
    _decay: float = 0.0   # e-folds since the circuit was last unstable

    def start(self, compiled: CompiledCircuit, time: float, rate: float, seed: int) -> None:
        """Switch noise on at ``time`` [s], beside a mode with an eigenvalue of size ``rate`` [1/s]."""
        self.on, self.rate, self.steps, self._decay = True, rate, FEWEST_STEPS, 0.0
        self.largest_step = RADIANS_SWINGING / max(rate, 1e-300)
        clock = compiled.thermal.clock
        clock.on, clock.end, clock.count, clock.seed, clock.begun = True, -math.inf, 0, seed, place_of(time)

    def stop(self, compiled: CompiledCircuit) -> None:
        """Switch it off."""
        self.on, compiled.thermal.clock.on = False, False

    def oscillates(self, compiled: CompiledCircuit, steps: Steps) -> bool:
        """Return whether a circuit without noise has been unstable again and again in the last steps; set ``rate``."""
        real, values, _ = _along(compiled, steps, 4 * POINTS)
        self.rate = float(abs(values[-1]))
        self.steps = min(2 * self.steps, MOST_STEPS_BETWEEN)
        return int(np.count_nonzero(np.diff((real > 0.0).astype(int)) > 0)) >= STRETCHES

    def rests(self, compiled: CompiledCircuit, steps: Steps) -> bool:
        """Return whether a circuit with noise has come to rest; set ``largest_step``."""
        real, values, lengths = _along(compiled, steps, POINTS)
        size = compiled.differential
        scale = compiled.weights[:size] / compiled.rtol + abs(steps.y0[:, :size]).max(axis=0)
        wide = (np.ptp(steps.y0[:, :size], axis=0) > WIDE * scale).any()
        self.largest_step = math.inf if wide else RADIANS_SWINGING / max(float(abs(values[-1])), 1e-300)
        unstable = np.flatnonzero(real > 0.0)
        since = unstable[-1] + 1 if unstable.size else 0
        self._decay = (0.0 if unstable.size else self._decay) - float(real[since:] @ lengths[since:])
        return self._decay > RESTED


def _along(compiled: CompiledCircuit, steps: Steps, points: int) -> tuple[FloatArray, ComplexArray, FloatArray]:
    """Linearise a circuit where some of its steps begin.

    Returns the real parts of the leading eigenvalues [1/s], these eigenvalues, and the time to the next point [s].
    """
    some = np.unique(np.linspace(0, steps.starts.size - 1, points).astype(int))
    jacobians = compiled.reduced_jacobians(Steps(*(a[some] for a in steps.arrays())))[:-1]
    values = np.asarray(np.linalg.eigvals(jacobians), dtype=np.complex128)
    leading = values[np.arange(some.size), values.real.argmax(axis=1)]
    ends = np.append(steps.starts[some], steps.starts[-1] + steps.lengths[-1])
    return leading.real, leading, np.diff(ends)
