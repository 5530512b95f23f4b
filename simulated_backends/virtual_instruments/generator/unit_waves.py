"""One cycle of a waveform as a function of its phase: what sweeps and modulations bend, and what modulates.

Values are between -1 and 1, phases are counted in cycles. Between its vertices a wave is straight. At a vertex it may
jump; a jump takes a time of its own, whatever the frequency.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray

SINE_POINTS = 64  #: of a cycle: the straight lines between them differ from the sine by 0.12 % of its peak at most


@dataclass(frozen=True)
class Vertices:
    """Where a wave bends or jumps, in order of phase; all arrays have the shape (n,)."""

    phases: FloatArray  #: [cycles]
    before: FloatArray  #: value where the wave comes to this phase
    after: FloatArray  #: value where it leaves it
    edges: FloatArray  #: [s] that the way from ``before`` to ``after`` takes; 0 where they are equal


class Wave(Protocol):
    """A periodic wave over phase."""

    @property
    def points(self) -> float:
        """Return how many vertices a cycle has."""
        ...

    @property
    def cycles(self) -> int:
        """Return after how many cycles the wave repeats."""
        ...

    def vertices(self, first: float, last: float) -> Vertices:
        """Return the vertices with phases in [first, last) [cycles]."""
        ...

    def at(self, phases: FloatArray) -> FloatArray:
        """Return the values at phases [cycles]; behind a jump where there is one."""
        ...

    def area(self, phases: FloatArray) -> FloatArray:
        """Return the integral [cycles] of the wave from phase 0 on."""
        ...


class CycleWave:
    """A wave given by the vertices of one cycle.

    Parameters
    ----------
    cycle : Vertices
        Phases from 0 on, below 1, rising strictly.
    """

    def __init__(self, cycle: Vertices) -> None:
        self._cycle = cycle
        self._bounds = np.append(cycle.phases, cycle.phases[0] + 1.0)
        self._ends = np.append(cycle.before[1:], cycle.before[0])   # value where each straight line ends
        lengths = np.diff(self._bounds)
        self._slopes = (self._ends - cycle.after) / lengths
        self._areas = np.append(0.0, np.cumsum(lengths * (cycle.after + self._ends) / 2))

    @property
    def points(self) -> float:
        """Return how many vertices a cycle has."""
        return float(len(self._cycle.phases))

    @property
    def cycles(self) -> int:
        """Return after how many cycles the wave repeats."""
        return 1

    def vertices(self, first: float, last: float) -> Vertices:
        """Return the vertices with phases in [first, last) [cycles]."""
        cycles = np.arange(math.floor(first), math.floor(last) + 1.0)
        phases = (cycles[:, None] + self._cycle.phases[None, :]).ravel()
        low, high = np.searchsorted(phases, [first, last])
        index = np.arange(low, high) % len(self._cycle.phases)
        one = self._cycle
        return Vertices(phases[low:high], one.before[index], one.after[index], one.edges[index])

    def _place(self, phases: FloatArray) -> tuple[FloatArray, npt.NDArray[np.intp], FloatArray]:
        """Return the whole cycles, the straight line and the way along it of each phase."""
        relative = phases - self._bounds[0]
        whole = np.floor(relative)
        inside = relative - whole + self._bounds[0]
        line = np.clip(np.searchsorted(self._bounds, inside, "right") - 1, 0, len(self._slopes) - 1)
        return whole, line, inside - self._bounds[line]

    def at(self, phases: FloatArray) -> FloatArray:
        """Return the values at phases [cycles]; behind a jump where there is one."""
        _, line, along = self._place(phases)
        return np.asarray(self._cycle.after[line] + self._slopes[line] * along)

    def area(self, phases: FloatArray) -> FloatArray:
        """Return the integral [cycles] of the wave from phase 0 on."""
        def raw(values: FloatArray) -> FloatArray:
            whole, line, along = self._place(values)
            inside = self._areas[line] + along * (self._cycle.after[line] + self._slopes[line] * along / 2)
            return np.asarray(whole * self._areas[-1] + inside)
        return raw(phases) - raw(np.zeros(1))


class BitWave:
    """Bits, one for each cycle of phase, that repeat without end.

    Parameters
    ----------
    bits : array of 0 and 1
    edge : [s] from one level to the other
    """

    def __init__(self, bits: npt.NDArray[np.int8], edge: float) -> None:
        self._bits = bits
        self._edge = edge

    @property
    def points(self) -> float:
        """Return how many vertices a bit has."""
        return 1.0

    @property
    def cycles(self) -> int:
        """Return after how many bits the wave repeats."""
        return len(self._bits)

    def _level(self, bits: FloatArray) -> FloatArray:
        return np.asarray(2.0 * self._bits[np.asarray(bits % len(self._bits), dtype=np.int64)] - 1.0)

    def vertices(self, first: float, last: float) -> Vertices:
        """Return the bits that differ from the one before, with phases in [first, last)."""
        begins = np.arange(math.ceil(first), math.ceil(last), dtype=np.float64)
        before, after = self._level(begins - 1), self._level(begins)
        changed = before != after
        edges = np.full(int(np.count_nonzero(changed)), self._edge)
        return Vertices(begins[changed], before[changed], after[changed], edges)

    def at(self, phases: FloatArray) -> FloatArray:
        """Return the level at phases."""
        return self._level(np.floor(phases))

    def area(self, phases: FloatArray) -> FloatArray:
        """Return the integral of the levels from phase 0 on (bits as long as one sequence and more)."""
        sums = np.append(0.0, np.cumsum(2.0 * self._bits - 1.0))
        whole = np.floor(phases / len(self._bits))
        inside = phases - whole * len(self._bits)
        return np.asarray(whole * sums[-1] + np.interp(inside, np.arange(len(sums), dtype=np.float64), sums))


def sine_wave(points: int = SINE_POINTS) -> CycleWave:
    """Return a sine of so many straight lines."""
    phases = np.arange(points) / points
    values = np.sin(2 * np.pi * phases)
    return CycleWave(Vertices(phases, values, values, np.zeros(points)))


def straight_wave(phases: FloatArray, values: FloatArray) -> CycleWave:
    """Return a wave of straight lines between values (n,) at phases (n,), which begin at 0 and rise strictly."""
    return CycleWave(Vertices(phases, values, values, np.zeros(len(phases))))


def flat_wave(level: float) -> CycleWave:
    """Return a constant."""
    return straight_wave(np.zeros(1), np.full(1, level))


def step_wave(duty: float, rise: float, fall: float, low: float = -1.0, high: float = 1.0) -> CycleWave:
    """Return a wave that is high for the part ``duty`` of a cycle; its edges take ``rise`` and ``fall`` [s]."""
    return CycleWave(Vertices(
        np.array([0.0, duty]), np.array([low, high]), np.array([high, low]), np.array([rise, fall])))


def ramp_wave(symmetry: float, shortest: float) -> CycleWave:
    """Return a ramp that rises for the part ``symmetry`` of a cycle; neither side is shorter than ``shortest``."""
    rise = min(max(symmetry, shortest), 1.0 - shortest)
    return straight_wave(np.array([0.0, rise]), np.array([-1.0, 1.0]))
