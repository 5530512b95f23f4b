"""What is not computed: whole periods of a circuit that has settled, or in which only slow states still move."""

import dataclasses
import math

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.changes import DeviceChanges
from tsbench.simulated_backends.circuit.engine import Repetition
from tsbench.simulated_backends.circuit.kernel.control import go_on_from
from tsbench.simulated_backends.circuit.kernel.integrator import NO_CURRENT, STUCK
from tsbench.simulated_backends.circuit.stability.watch import StabilityWatch
from tsbench.simulated_backends.circuit.steady.cycles import LONGEST_SEARCH, find_limit_cycle, find_recurrence
from tsbench.simulated_backends.circuit.steady.driven import Cycle, DrivenProgress, PeriodMemory, jump, settled
from tsbench.simulated_backends.circuit.steady.period_map import ahead
from tsbench.simulated_backends.circuit.steady.rhythm import rhythm_of
from tsbench.simulated_backends.circuit.structure import CircuitStructure, Front
from tsbench.simulated_backends.circuit.trajectory import Audience, Steps, join


class SteadyStates:
    """Finds the steady states of a circuit, and goes through them without computing them.

    Parameters
    ----------
    structure, front, stability, changes, audience
        The parts of the circuit that it looks at; it moves ``front`` and shows what it skips.
    """

    def __init__(
        self, structure: CircuitStructure, front: Front, stability: StabilityWatch, changes: DeviceChanges,
        audience: Audience,
    ) -> None:
        self._structure, self._front, self._stability = structure, front, stability
        self._changes, self._audience = changes, audience
        self.driven: PeriodMemory | None = None   #: while the sources repeat together
        self.cycle: Cycle | None = None   #: the steady state that the circuit is in: nothing is computed
        self.looks = 0   #: at a driven state, so far

    # ------------------------------------------------------------------------------------ what is remembered

    @property
    def period(self) -> float | None:
        """Return the common period of the sources [s]; None where they do not repeat."""
        return None if self.driven is None else self.driven.rhythm.period

    def find_rhythm(self, time: float) -> None:
        """See how the sources repeat from ``time`` [s] on."""
        rhythm = rhythm_of(self._structure.sources, time)
        self.driven = None if rhythm is None else PeriodMemory(rhythm.since(self._front.base))

    def forget_periods(self) -> None:
        """Forget the periods of the sources that were computed."""
        if self.driven is not None:
            self.driven.clear()

    def start_afresh(self) -> None:
        """Have the integrator begin anew, and forget all that led to where it stands."""
        self._stability.start_afresh()
        self.forget_periods()

    def until_period_ends(self) -> float:
        """Return where the present period of the sources ends [s from the base], if runs of steps are to end there."""
        driven, here = self.followed, self._front.here
        if driven is None:
            return math.inf
        following = driven.rhythm.following(here)
        return following - driven.rhythm.near(following) * driven.rhythm.period

    def remember(self, steps: Steps, begin: float) -> None:
        """Take new steps within a period of the sources, from ``begin`` [s from the base] on."""
        driven = self.followed
        if driven is not None:
            driven.add(steps, begin, self._front.here)

    @property
    def followed(self) -> PeriodMemory | None:
        """Return the periods that are looked into; None: the sources or the circuit do not repeat."""
        # a path of noise never repeats, so there is nothing to look for in its periods
        return None if self._structure.compiled.stochastic else self.driven

    def unknowns_now(self) -> FloatArray:
        """Return the unknowns at the circuit's time; not a copy."""
        if self.cycle is None:
            return self._front.unknowns()
        time, copy = self._front.time, self.cycle.copy_at(self._front.time)
        return copy.unknowns_at(min(max(time, copy.start), copy.end))

    # ------------------------------------------------------------------------------------ skipping

    @property
    def _irregular(self) -> bool:
        """Whether no two cycles are the same."""
        return bool(self._changes.watches) and self._changes.every_cycle

    def skip(self, until: float, watched: bool) -> bool:
        """Go on from the front without computing every period, if that can be done; return whether it was.

        ``watched``: only what repeats in phase with the sources may be skipped.
        """
        compiled = self._structure.compiled
        if self.cycle is not None:
            self._follow(self.cycle, until)
            return True
        if not compiled.by_cycle or self._irregular or self._front.restart or self._stability.switch.on:
            return False
        if self.driven is not None:
            return not compiled.stochastic and self._skip_driven(self.driven, until, watched)
        return not watched and self._skip_limit_cycle(until)

    def _skip_limit_cycle(self, until: float) -> bool:
        """Skip whole periods from the front on if a limit cycle has converged; return whether any were."""
        front, compiled = self._front, self._structure.compiled
        if not front.memory or not front.full_run:
            return False
        front.full_run = False   # one search per run of steps
        limit = min(until, front.base + front.control.next_breakpoint, self._changes.planned())
        steps = front.memory.steps(LONGEST_SEARCH)
        accuracy = compiled.recurring, compiled.rtol, compiled.weights
        cycle = None if compiled.stochastic else find_limit_cycle(steps, *accuracy)
        if cycle is None and front.memory.full:
            steps = front.memory.steps()
            cycle = find_recurrence(steps, *accuracy)
        if cycle is None:
            return False
        count = math.floor((limit - front.reached) / cycle.period - 1e-9)
        if count < 2:
            return False
        whole = self._structure.trajectory(float(steps.starts[0]), front.reached, steps)
        period = whole.between(front.reached - cycle.period, front.reached)
        front.pending = None
        front.memory.clear()
        repetition = Repetition(front.reached, count, cycle.period, period)
        front.go_to(repetition.end)
        front.time = front.reached
        self._audience.show(repetition)
        return True

    def _skip_driven(self, memory: PeriodMemory, until: float, watched: bool) -> bool:
        """At the beginning of a period of the sources: take up the steady state, or pass over many periods."""
        front, rhythm = self._front, memory.rhythm
        if front.here >= rhythm.end - rhythm.near(rhythm.end) * rhythm.period:
            self.find_rhythm(front.reached)
            return False
        limit = min(until - front.base, rhythm.end, self._changes.planned() - front.base)
        most = math.floor((limit - front.here) / rhythm.period - 1e-9)
        if most < 2 or not memory.due(front.here):
            return False
        self.looks += 1
        number, one = settled(memory, self._structure.compiled)
        if number:
            steps = memory.last(number)
            period = self._structure.trajectory(float(steps.starts[0]), front.reached, steps)
            self.cycle = Cycle(
                period, number * rhythm.period,
                min(front.base + rhythm.end, self._changes.planned() - number * rhythm.period))
            front.pending = None
            memory.clear()
            return True
        if watched or one is None:
            return False
        count = jump(memory, one, most)
        return count > 0 and self._pass_over(memory, one, count)

    def _follow(self, cycle: Cycle, until: float) -> None:
        """Go on to ``until`` [s] in a steady state: the rest of this period, whole ones, part of the last."""
        front, until = self._front, min(until, cycle.end)
        if until <= front.time:
            self.leave_cycle()
            return
        slack = cycle.slack(until)
        while front.time < until:
            begin, copy = front.time, cycle.copy_at(front.time)
            count = math.floor((until - copy.start + slack) / cycle.length)
            whole = begin - copy.start <= slack and count >= 2
            reached = copy.start + (count if whole else 1) * cycle.length
            # no slivers that are nothing but the last digits of two sums
            front.time = until if reached > until - slack else max(reached, math.nextafter(begin, math.inf))
            front.go_to(front.time)
            self._audience.show(
                Repetition(begin, count, cycle.length, cycle.period) if whole else copy.between(begin, front.time))

    def leave_cycle(self) -> None:
        """Compute again from the circuit's time on."""
        if self.cycle is not None:
            self._front.y, self.cycle = self.unknowns_now(), None
            self.find_rhythm(self._front.time)
            self.start_afresh()

    def _pass_over(self, memory: PeriodMemory, now: DrivenProgress, count: int) -> bool:
        """Go ``count`` periods ahead along their envelope, showing a mean one; return whether that was possible."""
        front, structure, compiled = self._front, self._structure, self._structure.compiled
        size, length = compiled.differential, memory.rhythm.period
        total, mean, following = ahead(now.map, now.map @ now.change, count)
        begin, ahead_by = front.reached, count * length
        middle, after, end = front.y.copy(), front.y.copy(), begin + ahead_by
        middle[:size] += mean
        after[:size] += total
        control = front.control.copy()
        control.watching, control.steps_until_look = False, math.inf   # a mean period is not on the way to anywhere
        if not (compiled.make_consistent(begin, middle) and compiled.make_consistent(end, after)):
            return False
        runs, here = [], front.here
        stop = here + (1.0 - memory.rhythm.near(here + length)) * length
        while here < stop:
            steps, here, status = compiled.integrate(control, here, middle, False, stop)
            if status in (STUCK, NO_CURRENT):
                return False
            runs.append(dataclasses.replace(steps, starts=steps.starts + front.base))
            front.steps += steps.starts.size
        period = structure.trajectory(begin, front.base + here, join(runs))
        front.y, front.pending = after, None
        go_on_from(front.control, control)
        front.forget_recent()
        if math.isinf(memory.rhythm.end):   # nothing in the sources' tables says which period it is
            front.stand_at(front.here, front.base + ahead_by)
            compiled.move_base(front.base)
        else:
            front.stand_at(front.here + ahead_by)
        front.count_from_here()
        self._stability.watch_growth(None)
        memory.jumped(following)
        self._audience.show(Repetition(begin, count, length, period))
        front.time = front.reached
        return True
