"""Thermal noise while a small oscillation fades or hardly grows, under a source that moves.

Where the real part of the leading mode passes zero slowly, noise and the past alone decide how large the swing is and
when the last one ends. :mod:`.growth` reports an oscillating mode whose real part is small compared with its imaginary
part, if the steps are short enough to follow it. If noise is not negligible compared with the swing, it is added here:
every quarter of a period a displacement along the mode, with the covariance N N^T dt of the white noises since the
previous one. No noise is added to larger swings: it would change them by less than a hundredth.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from tsbench.simulated_backends.circuit.compiled_circuit import CompiledCircuit
from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.circuit.growth import WEAK
from tsbench.simulated_backends.circuit.modes import size_of_mode
from tsbench.simulated_backends.circuit.stability import normal_numbers

BESIDE_NOISE = 100.0  #: times the noise of a mode at the edge of stability: noise hardly changes a larger swing
DECAYED = 6.0  #: e-folds behind the edge, after which only noise is left
NOISES_PER_LOOK = 64
SOON = 1.5  #: times the size below which noise counts: below it the step loop reports the mode
_CHANNEL = (1 << 20) + 1  #: of the normal numbers


@dataclass
class Fading:
    """Adds noise to one circuit; :meth:`begin` decides whether noise counts."""

    largest: float = math.inf  #: size of a mode (relative) below which noise counted at the last look
    active: bool = False
    steps: int = 0  #: until the next displacement
    _time: float = 0.0
    _looked: float = 0.0
    _decay: float = 0.0
    _count: int = 0
    _angular: float = 1.0
    _factor: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))

    def begin(self, compiled: CompiledCircuit, time: float, y: FloatArray, rtol: float, step: float) -> bool:
        """Start adding noise where it counts; return whether it does. Parameters as of :meth:`displace`."""
        real = self._look(compiled, time, y, rtol)
        self.active = real is not None and real < WEAK * self._angular
        if self.active:
            self._time, self._looked, self._decay, self._count = time, time, 0.0, 0
            self._plan(step)
        return self.active

    def displace(
        self, compiled: CompiledCircuit, time: float, y: FloatArray, rtol: float, step: float, seed: int
    ) -> bool:
        """Add the noise since the last call to ``y``; return whether noise still counts.

        Parameters
        ----------
        compiled : CompiledCircuit
        time : float
            The present instant [s].
        y : array
            Unknowns; those with a derivative are changed.
        rtol : float
            Tolerance of the integrator.
        step : float
            Length of the last step [s].
        seed : int
            Of the noise, which is a function of it and ``time``.
        """
        size, sources = self._factor.shape
        y[:size] += math.sqrt(time - self._time) * (self._factor @ normal_numbers(seed, _CHANNEL, time, sources))
        self._time = time
        self._plan(step)
        self._count += 1
        if self._count % NOISES_PER_LOOK:
            return True
        real = self._look(compiled, time, y, rtol)
        if real is None or real > WEAK * self._angular:
            return False
        self._decay = 0.0 if real > 0.0 else self._decay - real * (time - self._looked)
        self._looked = time
        return self._decay < DECAYED

    def _plan(self, step: float) -> None:
        self.steps = max(1, round(0.5 * math.pi / (self._angular * step)))

    def _look(self, compiled: CompiledCircuit, time: float, y: FloatArray, rtol: float) -> float | None:
        """Linearise the circuit; return the real part of the leading mode [1/s] where noise counts beside its swing."""
        f, ft, A, N = compiled.linearised(time, y)
        m = compiled.differential
        scale = compiled.weights[:m] / rtol + abs(y[:m])
        values, vectors = np.linalg.eig(A * scale / scale[:, None])
        k = int(np.argmax(values.real + 1e-12 * values.imag))
        leading = complex(values[k])
        if leading.imag == 0.0:
            return None
        size = size_of_mode(m, np.ascontiguousarray(A), f.copy(), ft.copy(), scale, leading,
                            np.zeros((m + 2, m), dtype=np.complex128))
        # along the mode alone: faster ones forget within a step what would have come little by little
        along = 2.0 * np.outer(vectors[:, k], np.linalg.inv(vectors)[k]).real
        self._angular, self._factor = leading.imag, scale[:, None] * (along @ (N / scale[:, None]))
        noise = float(np.max(np.sqrt((self._factor**2).sum(axis=1) / (2.0 * WEAK * leading.imag)) / scale))
        self.largest = BESIDE_NOISE * noise
        return leading.real if size < self.largest else None
