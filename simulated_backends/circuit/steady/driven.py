"""Has a driven circuit settled? Its state where the drive's periods begin, and the way from one to the next.

All sources repeat with one common period; the steps taken land where it begins. With the change d over the last period
and its map M of small differences (:mod:`.period_map`) the steady state is still z = (1 - M)^-1 d away: a slow state (a
large capacitor, a warming substrate) hardly moves in a period although it is far from its end, so a small d alone shows
nothing. Where z is far below the solver's tolerance, whole periods need not be computed. Where the way is long, N
periods are passed over at once by the sum d + M d + ... + M^(N-1) d: exact in a linear circuit; in others as far as M
stays what it is, which the next period shows.

T. J. Aprille, T. N. Trick, Proc. IEEE 60 (1972) 108: steady states from d and M. L. R. Petzold, SIAM J. Numer. Anal.
18 (1981) 455: passing over periods along their envelope.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel.compiled_circuit import CompiledCircuit
from tsbench.simulated_backends.circuit.steady.period_map import ahead, period_map
from tsbench.simulated_backends.circuit.steady.rhythm import Rhythm
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory, Steps, join

MOST_KEPT = 8  #: periods remembered: a response may come back after several periods of the drive
SETTLED = 1e-3  #: of the solver's tolerance: less than this changes over a period of a steady state
FAR = 3e-3  #: of the solver's tolerance: a steady state is no further away than this
REPEATS = 4  #: periods that agree within the tolerance, and come no nearer, are enough: the choice of steps is noise
LARGEST_DRIFT = 1e-2  #: passed over at once, of an unknown's scale: its absolute tolerance over rtol, and its size
FIRST_DRIFT, LEAST_DRIFT = 1e-3, 1e-5  #: the same, where the circuit is not linear
STRAIGHT = 0.01  #: relative error of a change foretold, up to which larger drifts are passed over
LEAST_JUMP = 8  #: periods; fewer are computed
QUICK = 0.6  #: what is left of a difference after a period, below which waiting is cheaper than a jump


@dataclass
class PeriodMemory:
    """The whole periods computed last, of a drive that repeats."""

    rhythm: Rhythm
    periods: list[Steps] = field(default_factory=list)  #: oldest first, without gaps
    drift: float = FIRST_DRIFT  #: that may be passed over at once
    expected: FloatArray | None = None  #: change over the next period, as foretold by a jump
    _running: list[Steps] | None = None   # of the period that has not ended
    _seen: int = 0   # whole periods since the last change or jump
    _next_look: int = 1   # at so many of them

    def clear(self) -> None:
        """Forget everything: something has changed."""
        self.periods.clear()
        self._running, self.expected, self.drift = None, None, FIRST_DRIFT
        self._seen, self._next_look = 0, 1

    def jumped(self, expected: FloatArray) -> None:
        """Start anew after a jump, behind which a period is to change the unknowns by ``expected``."""
        self.periods.clear()
        self._running, self.expected = None, expected
        self._seen, self._next_look = 0, 1

    def add(self, steps: Steps, begin: float, end: float) -> None:
        """Take steps from ``begin`` to ``end`` [s], none of which goes beyond the beginning of a period."""
        if self.rhythm.begins(begin):
            self._running = []
        if self._running is None:
            return
        self._running.append(steps)
        if self.rhythm.begins(end):
            self.periods.append(join(self._running))
            del self.periods[:-MOST_KEPT]
            self._running = None
            self._seen += 1

    def due(self, time: float) -> bool:
        """Return whether to look at ``time`` [s]: where a period begins, ever more seldom while nothing is found."""
        if self._running is not None or self._seen < self._next_look or not self.rhythm.begins(time):
            return False
        self._next_look = max(self._seen + 1, self._seen * 5 // 4)
        return True

    def last(self, number: int) -> Steps:
        """Return the last ``number`` periods as one run of steps."""
        return join(self.periods[-number:])


@dataclass(frozen=True)
class DrivenProgress:
    """How far a driven circuit has come, seen after ``number`` of the drive's periods each.

    Arrays belong to the differential unknowns, shape (n,) and (n, n).
    """

    number: int
    change: FloatArray  #: over the last ``number`` periods
    map: FloatArray  #: M over these
    linear: bool
    tolerance: FloatArray  #: the solver's
    scale: FloatArray  #: absolute tolerance over rtol, and size

    @property
    def contraction(self) -> float:
        """Return what is left of the slowest difference over these periods; 1 or more: it grows."""
        if not self.change.size:
            return 0.0
        return float(max(abs(np.linalg.eigvals(self.map)))) if np.isfinite(self.map).all() else math.inf

    @property
    def settled(self) -> bool:
        """Return whether the periods to come are copies of these."""
        return self._within(SETTLED, FAR)

    @property
    def nearly(self) -> bool:
        """Return whether they are within the solver's tolerance, all the way to the steady state."""
        return self._within(1.0, REPEATS)

    def _within(self, near: float, far: float) -> bool:
        if not self.change.size:
            return True
        if not (abs(self.change) <= near * self.tolerance).all() or not self.contraction < 1.0:
            return False
        left = np.linalg.solve(np.eye(self.change.size) - self.map, self.change)
        return bool((abs(left) <= far * self.tolerance).all())


def progress(memory: PeriodMemory, compiled: CompiledCircuit) -> Iterator[DrivenProgress]:
    """Yield how far the circuit has come, taking one period at a time, two (if they nearly repeat), and so on."""
    size, rtol = compiled.differential, compiled.rtol
    total, linear, mapped = np.eye(size), True, 0
    for number in range(1, len(memory.periods) + 1):
        part = memory.periods[-number]
        change = memory.periods[-1].y1[-1, :size] - part.y0[0, :size]
        scale = compiled.weights[:size] / rtol + abs(part.y0[:, :size]).max(axis=0)
        if number > 1 and not (abs(change) <= 10.0 * rtol * scale).all():
            continue
        while mapped < number:
            mapped += 1
            M, constant = period_map(compiled, memory.periods[-mapped])
            total, linear = total @ M, linear and constant
        yield DrivenProgress(number, change, total, linear, rtol * scale, scale)


def settled(memory: PeriodMemory, compiled: CompiledCircuit) -> tuple[int, DrivenProgress | None]:
    """Return how many of the last periods will repeat (0: not yet settled), and the progress over one period.

    Parameters
    ----------
    memory : PeriodMemory
        The last whole periods.
    compiled : CompiledCircuit
        The circuit during them.
    """
    one: DrivenProgress | None = None
    for found in progress(memory, compiled):
        one = found if found.number == 1 else one
        if found.settled:
            return found.number, one
    if one is not None and len(memory.periods) >= REPEATS and one.nearly:
        size = compiled.differential
        changes = [abs(steps.y1[-1, :size] - steps.y0[0, :size]) / one.tolerance for steps in memory.periods[-REPEATS:]]
        if changes[-1].max() >= 0.5 * changes[0].max():
            return 1, one
    return 0, one


def jump(memory: PeriodMemory, now: DrivenProgress, most: int) -> int:
    """Return how many periods can be passed over from here on; 0: too few, or their end cannot be predicted.

    Parameters
    ----------
    memory : PeriodMemory
        Its ``drift`` and ``expected`` are updated.
    now : Progress
        Over the last period.
    most : int
        Periods until something changes.
    """
    if not QUICK < now.contraction < 1.0 + 1e-9:
        return 0
    foretold = memory.expected
    if foretold is None:
        if len(memory.periods) < 2:
            return 0
        before = memory.periods[-2]
        foretold = now.map @ (before.y1[-1, : now.change.size] - before.y0[0, : now.change.size])
    error = float((abs(now.change - foretold) / now.tolerance).max())
    size = float((abs(now.change) / now.tolerance).max())
    if not now.linear and error > max(10.0 * STRAIGHT * size, 1e-3):
        memory.drift = max(0.25 * memory.drift, LEAST_DRIFT)
        if error > max(0.3 * size, 1e-2):
            memory.expected = None   # foretell from two periods
            return 0
    elif error <= max(STRAIGHT * size, 1e-3):
        memory.drift = LARGEST_DRIFT if now.linear else min(2.0 * memory.drift, LARGEST_DRIFT)
    # twice as many each time, as long as the drift is small and there is still a way to go
    change, count = now.map @ now.change, 1
    while 2 * count <= most:
        drift, _, following = ahead(now.map, change, 2 * count)
        if not (abs(drift) <= memory.drift * now.scale).all():
            break
        count *= 2
        if (abs(following) <= 1e-2 * SETTLED * now.tolerance).all():
            break
    return count if count >= LEAST_JUMP else 0


@dataclass(frozen=True)
class Cycle:
    """A steady state: ``period``, of ``length`` [s], repeats until ``end`` [s]."""

    period: RecordedTrajectory
    length: float
    end: float

    def slack(self, time: float) -> float:
        """Return how well instants [s] around ``time`` can be told apart."""
        return 1e-12 * self.length + 9e-16 * abs(time)

    def copy_at(self, time: float) -> RecordedTrajectory:
        """Return the copy that ``time`` [s] lies in: at its begin, or within."""
        number = math.floor((time - self.period.start + self.slack(time)) / self.length)
        return self.period.shifted(number * self.length)
