"""Has the circuit settled into a limit cycle? A Poincaré section on the steps taken since the last change.

A section is a level of one unknown, crossed upwards. If the whole state and the time between crossings repeat
over three successive periods (of one to eight crossings each) within the solver's own accuracy, the future up to
the next change is known: whole periods need not be computed.
"""

from dataclasses import dataclass

import numpy as np

from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.circuit.trajectory import Steps

REPEATS = 3  #: successive periods that must agree
MOST_CROSSINGS = 8  #: per period
STATE_SLACK = 30.0  #: agreement asked of states, in units of the solver's tolerance
LONGEST_MEMORY = 16384  #: steps kept for the search
PERIOD_SLACK = 30.0  #: agreement asked of periods, in units of rtol


@dataclass(frozen=True)
class LimitCycle:
    """A converged cycle: its period [s] and how many crossings it has."""

    period: float
    crossings: int


class StepMemory:
    """The steps since the last breakpoint, while all sources are constant: where a limit cycle may be found."""

    def __init__(self) -> None:
        self._runs: list[Steps] = []

    def __bool__(self) -> bool:
        return bool(self._runs)

    def clear(self) -> None:
        """Forget all steps: something has changed."""
        self._runs.clear()

    def add(self, steps: Steps, quiet_since: float, moving: bool) -> None:
        """Remember new steps, one at least.

        Parameters
        ----------
        steps : Steps
        quiet_since : float
            Last breakpoint [s]; what was before it is forgotten.
        moving : bool
            Whether any source moves: then nothing is remembered.
        """
        if moving:
            self.clear()
            return
        if steps.starts[0] < quiet_since:
            self.clear()
            first = int(np.searchsorted(steps.starts, quiet_since))
            steps = steps.part(first)
        if steps.starts.size:
            self._runs.append(steps)
        while sum(s.starts.size for s in self._runs[1:]) > LONGEST_MEMORY:
            self._runs.pop(0)

    def steps(self) -> Steps:
        """Return all of them as one."""
        if len(self._runs) == 1:
            return self._runs[0]
        return Steps(*(np.concatenate(arrays) for arrays in zip(*map(Steps.arrays, self._runs), strict=True)))


def find_limit_cycle(steps: Steps, differential: int, rtol: float, weights: FloatArray) -> LimitCycle | None:
    """Look for a limit cycle at the end of ``steps``.

    Parameters
    ----------
    steps : Steps
        What happened since the last change of any source.
    differential : int
        Number of unknowns that have a derivative (they come first): only these make sections.
    rtol, weights : float, array
        The solver's tolerances.
    """
    recent = steps.y0[steps.starts.size // 2:, :differential]
    low, high = recent.min(axis=0), recent.max(axis=0)
    swing = (high - low) / (weights[:differential] / rtol + np.maximum(abs(low), abs(high)))
    section = int(np.argmax(swing))
    if swing[section] < 1e-3:
        return None
    level = 0.5 * (low[section] + high[section])
    crossing = np.flatnonzero((steps.y0[:, section] < level) & (steps.y1[:, section] >= level))
    crossing = crossing[-(REPEATS * MOST_CROSSINGS + 1):]
    if crossing.size <= REPEATS:
        return None
    part = _locate(steps, crossing, section, level)
    times = steps.starts[crossing] + part * steps.lengths[crossing]
    s = part[:, None]
    states = steps.y0[crossing] * (1 - s) + s * (
        steps.y1[crossing] + (1 - s) * (steps.p[crossing] + s * steps.q[crossing]))
    allowed = STATE_SLACK * (weights + rtol * abs(steps.y0[crossing[0]:]).max(axis=0))
    for count in range(1, MOST_CROSSINGS + 1):
        if crossing.size < REPEATS * count + 1:
            return None
        visits = states[-1 - REPEATS * count::count]
        periods = np.diff(times[-1 - REPEATS * count::count])
        period = float(periods.mean())
        if np.ptp(periods) <= PERIOD_SLACK * rtol * period and (np.ptp(visits, axis=0) <= allowed).all():
            return LimitCycle(period, count)
    return None


def _locate(steps: Steps, crossing: np.ndarray, section: int, level: float) -> FloatArray:
    """Return where in each crossing step the section is crossed (0..1), by bisection on the dense output."""
    a, b = steps.y0[crossing, section] - level, steps.y1[crossing, section] - level
    p, q = steps.p[crossing, section], steps.q[crossing, section]
    low, high = np.zeros(crossing.size), np.ones(crossing.size)
    for _ in range(50):
        s = 0.5 * (low + high)
        above = a * (1 - s) + s * (b + (1 - s) * (p + s * q)) >= 0
        high, low = np.where(above, s, high), np.where(above, low, s)
    return 0.5 * (low + high)
