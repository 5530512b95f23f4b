"""A circuit linearised: at points along its steps, and where it stood before a change."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel.compiled_circuit import CompiledCircuit
from tsbench.simulated_backends.circuit.trajectory import Steps

BEFORE = 4  #: parts at most into which a step before the one in question is cut
BLOCK = 8  #: beginnings of steps that are linearised at once


@dataclass(frozen=True)
class LinearisedCircuit:
    """A circuit linearised: x' = A x + N noise."""

    time: float  #: [s]
    A: FloatArray
    noise: FloatArray  #: N N^T
    real: float  #: of the leading eigenvalue [1/s]

    @property
    def leading(self) -> complex:
        """Return the leading eigenvalue [1/s]."""
        values = np.linalg.eigvals(self.A)
        return complex(values[np.argmax(values.real)])


def points_at(compiled: CompiledCircuit, times: FloatArray, unknowns: FloatArray) -> list[LinearisedCircuit]:
    """Return the circuit linearised at several instants [s], at ``unknowns`` of shape (times, n)."""
    _, _, A, N = compiled.linearisations(times, unknowns)
    real = np.linalg.eigvals(A).real.max(axis=1)
    noise = N @ N.transpose(0, 2, 1)
    return [LinearisedCircuit(float(times[k]), A[k], noise[k], float(real[k])) for k in range(times.size)]


def point_at(compiled: CompiledCircuit, time: float, y: FloatArray) -> LinearisedCircuit:
    """Return the circuit linearised at ``time`` [s] and unknowns ``y``."""
    return points_at(compiled, np.array([time]), y[None])[0]


class LinearisedSteps:
    """A circuit linearised along steps; where they begin in blocks, which cost hardly more than one point."""

    def __init__(self, compiled: CompiledCircuit, steps: Steps) -> None:
        self._compiled, self._steps = compiled, steps
        self._begins: dict[int, LinearisedCircuit] = {}
        self._inside: dict[int, list[LinearisedCircuit]] = {}

    def begin(self, k: int, stride: int) -> LinearisedCircuit:
        """Return the beginning of step ``k``; the next ones asked for are likely to be ``stride`` steps apart."""
        if k not in self._begins:
            block = range(k, max(k - BLOCK * stride, -1), -stride)
            points = points_at(self._compiled, self._steps.starts[block], self._steps.y0[block])
            self._begins |= zip(block, points, strict=True)
        return self._begins[k]

    def inside(self, k: int) -> list[LinearisedCircuit]:
        """Return :data:`BEFORE` points of step ``k``, its beginning among them, the latest first."""
        if k not in self._inside:
            block = range(k, max(k - BLOCK // 2, -1), -1)
            points = self.within(block, np.linspace(0.0, 1.0, BEFORE + 1)[-2::-1])
            self._inside |= {step: points[BEFORE * j: BEFORE * (j + 1)] for j, step in enumerate(block)}
        return self._inside[k]

    def at(self, times: FloatArray) -> list[LinearisedCircuit]:
        """Return points at these times [s]."""
        k = np.maximum(self._steps.starts.searchsorted(times, side="right") - 1, 0)
        shares = (times - self._steps.starts[k]) / self._steps.lengths[k]
        return points_at(self._compiled, times, self._steps.unknowns(k, shares[:, None]))

    def within(self, block: Sequence[int], shares: FloatArray) -> list[LinearisedCircuit]:
        """Return points at these shares of each of some steps."""
        rows = np.array(block)[:, None]
        unknowns = self._steps.unknowns(rows, shares[None, :, None])
        times = self._steps.starts[rows] + shares * self._steps.lengths[rows]
        return points_at(self._compiled, times.reshape(-1), unknowns.reshape(times.size, -1))


@dataclass(frozen=True)
class LinearisedEquilibrium:
    """The linearised circuit at an equilibrium where it stood for a time; what follows begins with its noise."""

    start: float  #: [s]
    end: float  #: [s]
    A: FloatArray
    noise: FloatArray  #: N N^T


@dataclass(frozen=True)
class Equilibrium:
    """Where the circuit stood until something was changed; linearised if a mode grows later, which few changes do."""

    start: float  #: [s]
    end: float  #: [s]
    circuit: CompiledCircuit  #: as it was then
    y: FloatArray  #: unknowns

    def linearised(self) -> LinearisedEquilibrium:
        """Linearise the circuit."""
        point = point_at(self.circuit, self.end, self.y)
        return LinearisedEquilibrium(self.start, self.end, point.A, point.noise)
