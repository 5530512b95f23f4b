"""Thermal noise while an oscillation itself loses its stability, under a source that moves.

A limit cycle of three states or more can become unstable as an equilibrium can: its swing begins to beat (a torus), or
every second one differs. What grows then starts from noise. The integrator's errors are far smaller: with them alone
the oscillation would change or end too late. So now and then the last period is linearised,

    x(end) = M x(begin) + noise of covariance Q

One eigenvalue of M is 1, that of a shift in time. Of the others those that turn (complex or negative) say how fast a
beat or an alternation fades; positive ones are slow states, which follow. Where it fades slowly, what noise has added
since the last look, the sum of M^j Q M^jT over its periods, is added at once, unless periods differ by so much already
that noise is nothing beside it. Circuits of two states are not looked at: in a plane a cycle can but meet another one,
and its swing moves by itself there.
"""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.simulated_backends.circuit.compiled_circuit import CompiledCircuit
from tsbench.simulated_backends.circuit.cycles import MOST_CROSSINGS, find_crossings
from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.circuit.fading import BESIDE_NOISE
from tsbench.simulated_backends.circuit.growth import LIMIT
from tsbench.simulated_backends.circuit.period_map import exponentials
from tsbench.simulated_backends.circuit.stability import draw, unknowns_in
from tsbench.simulated_backends.circuit.trajectory import Steps

FEWEST, MOST = 512, 32768  #: steps between looks at a cycle that is stable
SLOW = 0.3  #: e-folds a period; differences that fade more slowly are seen
PERIODS = 8  #: between looks at a cycle that is hardly stable
RETURNS = 0.02  #: of a swing, by which an orbit that has come back may miss
SHIFT = 0.2  #: by which the eigenvalue of a shift in time may differ from 1
RECORD = 4096  #: steps that are looked at
_CHANNEL = (1 << 20) + 2  #: of the normal numbers


@dataclass
class Orbit:
    """Looks at the oscillation of one circuit."""

    steps: int = FEWEST  #: until the next look
    _between: int = FEWEST   # steps from the last one to it
    _folds: float = math.inf   # e-folds a period, of the last look

    def look(self, compiled: CompiledCircuit, steps: Steps, longest: float, seed: int) -> FloatArray | None:
        """Return what noise has added to the unknowns with a derivative since the last look (None: it is not needed).

        Parameters
        ----------
        compiled : CompiledCircuit
        steps : Steps
            The last ones, :data:`RECORD` or fewer.
        longest : float
            Period [s] from which on an oscillation is not the circuit's own.
        seed : int
            Of the noise, which is a function of it and of the present instant.
        """
        taken = self._between
        self.steps = self._between = min(2 * taken, MOST)
        found = _last_period(compiled, steps, longest)
        if found is None:
            return None
        period, bent = found
        M, Q = linearised_period(compiled, period)
        values = np.linalg.eigvals(M)
        values = values[np.argsort(abs(values - 1.0))]
        if abs(values[0] - 1.0) > SHIFT:
            return None
        turning = values[(values.real < 0.0) | (values.imag != 0.0)]
        folds = -math.log(max((*abs(turning), 1e-300)))
        falls = (self._folds - folds) / taken   # per step
        self._folds = folds
        if folds > SLOW:
            ahead = 0.5 * (folds - SLOW) / falls if falls > 0.0 else math.inf
            self.steps = self._between = int(np.clip(ahead, FEWEST, self._between))
            return None
        if PERIODS * folds < -LIMIT:   # noise before the last look is what has grown, or a difference that was there
            return None
        self.steps = self._between = PERIODS * period.starts.size
        covariance = np.zeros_like(Q)
        for _ in range(PERIODS):
            covariance = M @ covariance @ M.T + Q
        if (abs(bent) > BESIDE_NOISE * np.sqrt(np.diag(covariance))).any():
            return None
        return draw(covariance, seed, _CHANNEL, float(period.starts[-1] + period.lengths[-1]))


def _last_period(compiled: CompiledCircuit, steps: Steps, longest: float) -> tuple[Steps, FloatArray] | None:
    """Return the steps of the last period, the first one cut, and by how much it differs from the one before.

    Of the differential unknowns at three returns, the second difference: the source moves them evenly.
    """
    size = compiled.differential
    found = find_crossings(steps, np.arange(size), compiled.rtol, compiled.weights, 2 * MOST_CROSSINGS + 1)
    if found is None or found.times.size < 3:
        return None
    states = found.states[:, :size]
    swing = np.ptp(steps.y0[:, :size], axis=0) + compiled.weights[:size]
    distances = (abs(states[-2:-2 - MOST_CROSSINGS:-1] - states[-1]) / swing).max(axis=1)
    count = 1 + int(np.argmax(distances <= max(distances.min(), RETURNS)))
    if found.times.size < 2 * count + 1:
        return None
    length = float(found.times[-1] - found.times[-1 - count])
    end = float(steps.starts[-1] + steps.lengths[-1])
    k = int(np.searchsorted(steps.starts, end - length, side="right")) - 1
    if k < 0 or length > longest:
        return None
    last = Steps(*(a.copy() for a in steps.part(k).arrays()))
    share = (end - length - last.starts[0]) / last.lengths[0]
    last.y0[0] = unknowns_in(steps, k, share)
    last.starts[0] = end - length
    last.lengths[0] *= 1.0 - share
    return last, states[-1] - 2.0 * states[-1 - count] + states[-1 - 2 * count]


def linearised_period(compiled: CompiledCircuit, period: Steps) -> tuple[FloatArray, FloatArray]:
    """Return the map of a period and the covariance of what noise adds in it."""
    times = np.append(period.starts, period.starts[-1] + period.lengths[-1])
    _, _, A, N = compiled.linearisations(times, np.vstack([period.y0, period.y1[-1:]]))
    lengths = period.lengths[:, None, None]
    halves = exponentials(0.25 * (A[:-1] + A[1:]) * lengths)   # from the middle of each step to its end
    noise = 0.5 * (N[:-1] + N[1:]) * np.sqrt(lengths)
    M, parts = np.eye(A.shape[-1]), []
    for half, part in zip(halves[::-1], noise[::-1], strict=True):
        M = M @ half
        parts.append(M @ part)
        M = M @ half
    every = np.hstack(parts)
    return M, every @ every.T
