"""Has the circuit settled into a limit cycle? A Poincaré section on the steps taken since the last change.

A section is a level of one unknown, crossed upwards. If the whole state and the time between crossings repeat
over three successive periods (of one to eight crossings each) within the solver's own accuracy, the future up to
the next change is known: whole periods need not be computed.

An irregular oscillation (some elements are chaotic in windows of bias) has no cycle. But its path returns arbitrarily
near to an earlier point, and between two such visits it is nearly a closed orbit. The longest such orbit found stands
for what follows. Averages over it are averages over some hundred spikes. Later spikes come at other instants than
without skipping, as they would after a change of one part in a million. The same holds for an oscillation whose cycles
differ by random draws (an ovonic switch): the mean of some hundred cycles stands for that of the later ones.
"""

from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.trajectory import Steps, values_in_step
from tsbench.simulated_backends.numerics.linear import IntArray

REPEATS = 3  #: successive periods that must agree
MOST_CROSSINGS = 8  #: per period
STATE_SLACK = 30.0  #: agreement asked of states, in units of the solver's tolerance
LONGEST_SEARCH = 16384  #: steps looked at for a cycle
NEAR = 3e-3  #: a path has come back where every unknown is as near as this, in shares of its swing
FEWEST_CROSSINGS = 200  #: of an orbit that stands for an irregular oscillation
PERIOD_SLACK = 30.0  #: agreement asked of periods, in units of rtol


@dataclass(frozen=True)
class LimitCycle:
    """A converged cycle: its period [s] and how many crossings it has."""

    period: float
    crossings: int


def find_limit_cycle(steps: Steps, recurring: IntArray, rtol: float, weights: FloatArray) -> LimitCycle | None:
    """Look for a limit cycle at the end of ``steps``.

    Parameters
    ----------
    steps : Steps
        What happened since the last change of any source.
    recurring : array of int
        Unknowns that have a derivative and come back: only these make sections.
    rtol, weights : float, array
        The solver's tolerances.
    """
    crossings = find_crossings(steps, recurring, rtol, weights, REPEATS * MOST_CROSSINGS + 1)
    if crossings is None or crossings.times.size <= REPEATS:
        return None
    crossing, times, states = crossings.steps, crossings.times, crossings.states
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


def find_recurrence(steps: Steps, recurring: IntArray, rtol: float, weights: FloatArray) -> LimitCycle | None:
    """Look for the longest stretch at the end of ``steps`` that begins nearly where it ends; parameters as above."""
    crossings = find_crossings(steps, recurring, rtol, weights, steps.starts.size)
    if crossings is None or crossings.times.size <= FEWEST_CROSSINGS:
        return None
    states = crossings.states[:, recurring]
    swing = np.ptp(steps.y0[:, recurring], axis=0) + STATE_SLACK * weights[recurring] / NEAR
    distance = np.max(np.abs(states[:-FEWEST_CROSSINGS] - states[-1]) / swing, axis=1)
    near = np.flatnonzero(distance <= NEAR)
    if near.size == 0:
        return None
    first = int(near[0])
    return LimitCycle(float(crossings.times[-1] - crossings.times[first]), crossings.times.size - 1 - first)


@dataclass(frozen=True)
class Crossings:
    steps: np.ndarray  #: index of the step of each
    times: FloatArray  #: [s]
    states: FloatArray


def find_crossings(
    steps: Steps, recurring: IntArray, rtol: float, weights: FloatArray, most: int
) -> Crossings | None:
    """Return the last upward crossings of the middle of what swings most; None where nothing swings."""
    if recurring.size == 0:
        return None   # nothing that could move by itself
    recent = steps.y0[steps.starts.size // 2:, recurring]
    low, high = recent.min(axis=0), recent.max(axis=0)
    swing = (high - low) / (weights[recurring] / rtol + np.maximum(abs(low), abs(high)))
    widest = int(np.argmax(swing))
    if swing[widest] < 1e-3:
        return None
    level, section = 0.5 * (low[widest] + high[widest]), int(recurring[widest])
    crossing = np.flatnonzero((steps.y0[:, section] < level) & (steps.y1[:, section] >= level))[-most:]
    part = _locate(steps, crossing, section, level)
    states = steps.unknowns(crossing, part[:, None])
    return Crossings(crossing, steps.starts[crossing] + part * steps.lengths[crossing], states)


def _locate(steps: Steps, crossing: np.ndarray, section: int, level: float) -> FloatArray:
    """Return where in each crossing step the section is crossed (0..1), by bisection on the dense output."""
    a, b = steps.y0[crossing, section] - level, steps.y1[crossing, section] - level
    p, q = steps.p[crossing, section], steps.q[crossing, section]
    low, high = np.zeros(crossing.size), np.ones(crossing.size)
    for _ in range(50):
        s = 0.5 * (low + high)
        above = values_in_step(s, a, b, p, q) >= 0
        high, low = np.where(above, s, high), np.where(above, low, s)
    return 0.5 * (low + high)
