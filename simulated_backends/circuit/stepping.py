"""Advances a circuit in time: calls the integrator repeatedly, and handles the changes between two calls."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Literal, NoReturn

from tsbench.errors import ConfigurationError, TsbenchError, sentences
from tsbench.simulated_backends.circuit.changes import DeviceChanges
from tsbench.simulated_backends.circuit.engine import Gap
from tsbench.simulated_backends.circuit.kernel.integrator import NO_CURRENT, REACHED, STUCK, UNSTABLE
from tsbench.simulated_backends.circuit.stability.departure import Departure
from tsbench.simulated_backends.circuit.stability.watch import StabilityWatch
from tsbench.simulated_backends.circuit.steady.ringing import what_rings
from tsbench.simulated_backends.circuit.steady.steady_states import SteadyStates
from tsbench.simulated_backends.circuit.structure import CircuitStructure, Front, known_name
from tsbench.simulated_backends.circuit.trajectory import Audience, RecordedTrajectory, Steps
from tsbench.simulated_backends.devices.dispatch import unbounded_derivatives
from tsbench.simulated_backends.devices.model import DeviceModel

MOST_STEPS = 1e9  #: that one call may need: some hours of computing
ENOUGH_STEPS = 300_000  #: after which their mean length tells how many are to come
STEPS_PER_JUMP = 30  #: at most, for a device's noise to be what so many steps are for
LOOKED_INTO = 64  #: steps per call where steps are looked into: those behind one that will not do are taken in vain
STEPS_PER_SINE = 16  #: at least, in each of its periods: what only follows a sine has no error of its own
WORK_PER_SEGMENT = 200  #: steps that showing one segment to the observers is worth, or judging a driven state
FAR_FROM_BASE = 64  #: periods of the sources
FAR_WITHOUT_PERIODS = 1.0  #: [s] where they do not repeat: then the last digit is 0.1 fs


class TimeStepping:
    """Takes a circuit through time.

    Parameters
    ----------
    structure, front, stability, steady, changes, audience
        The parts of the circuit.
    """

    def __init__(
        self, structure: CircuitStructure, front: Front, stability: StabilityWatch, steady: SteadyStates,
        changes: DeviceChanges, audience: Audience,
    ) -> None:
        self._structure, self._front, self._stability = structure, front, stability
        self._steady, self._changes, self._audience = steady, changes, audience
        self._skipping = False
        self._rebase = True   # whether the base may be chosen anew
        self.sources_changed()

    @property
    def work(self) -> int:
        """Return the work done so far, counted in steps: accepted and refused ones, and the cost of showing them."""
        front = self._front
        return front.steps + int(front.control.refused) + WORK_PER_SEGMENT * (self._audience.shown + self._steady.looks)

    # ------------------------------------------------------------------------------------ forward

    def advance(self, until: float, skip: bool, watched: bool, most_work: float) -> int:
        """See :meth:`.circuit.Circuit.advance`."""
        front, steady, at_first = self._front, self._steady, self.work
        self._skipping = skip
        if not skip:
            steady.leave_cycle()
            steady.forget_periods()
        self._deliver(until)
        if self._rebase and skip:
            self._choose_base()
        self._rebase = False
        begin, first, before = front.reached, front.steps, self.work
        while front.reached < until:
            may_skip = front.full_run or steady.cycle is not None or steady.driven is not None
            if skip and may_skip and steady.skip(until, watched):
                begin, first = front.reached, front.steps
                continue
            self._step(until)
            self._deliver(until)
            taken = front.steps - first
            if taken > ENOUGH_STEPS and taken * (until - begin) > MOST_STEPS * (front.reached - begin):
                self._give_up(until, (front.reached - begin) / taken, MOST_STEPS)
            if self.work - before > most_work and front.reached < until:
                self._give_up(until, (front.reached - begin) / max(taken, 1), most_work)
        front.time = until
        return self.work - at_first

    def leave_out(self, until: float, reason: str) -> None:
        """Let time pass up to ``until`` [s] without computing it; everything goes on from the state of now."""
        self.stop_here()
        front = self._front
        gap = Gap(front.time, until, reason)
        front.time = until
        front.go_to(until)
        self._steady.start_afresh()
        self._steady.find_rhythm(until)
        for _, history in self._changes.histories():
            history.fluctuate(until)
        self.make_consistent()
        self._audience.show(gap)

    def _choose_base(self) -> None:
        """Count from here where it is far from where counting began; from 0 where noise is a function of time."""
        front, compiled, driven = self._front, self._structure.compiled, self._steady.driven
        on_path = compiled.stochastic and not compiled.by_cycle
        base = 0.0 if on_path else front.reached
        far = FAR_WITHOUT_PERIODS if driven is None else FAR_FROM_BASE * driven.rhythm.period
        if not on_path and abs(front.here) < far:
            return
        if base != front.base:
            front.stand_at(front.reached - base, base)
            front.count_from_here()
            front.control.excited = -math.inf
            self.sources_changed()

    def _deliver(self, until: float) -> None:
        """Show observers what lies between the circuit's time and ``until`` of the steps already taken."""
        front = self._front
        end = min(front.reached, until)
        if front.pending is not None and end > front.time:
            self._audience.show(front.pending.between(front.time, end))
            front.time = end

    def _step(self, until: float) -> None:
        """Call the integrator once, and see what its steps lead to."""
        front, steady, stability = self._front, self._steady, self._stability
        if self._changes.watches:
            self._let_changes_happen()
        compiled = self._structure.compiled
        if stability.switch.on or front.control.steps_until_look <= 0.0:
            stability.look_at_noise(steady.period)
        follow = self._skipping and steady.driven is not None
        begin, here, restarted = front.reached, front.here, front.restart
        most = self._changes.chunk if self._changes.watches else LOOKED_INTO if compiled.controlled else None
        if stability.growing:
            most = min(most or stability.growing, stability.growing)
        planned = self._changes.planned() if self._changes.watches else math.inf
        until = max(min(until, planned) - front.base, math.nextafter(here, math.inf))
        until = min(until, steady.until_period_ends()) if follow else until
        steps, there, status = compiled.integrate(front.control, here, front.y, restarted, until, most)
        front.stand_at(there)
        if front.base:
            steps = dataclasses.replace(steps, starts=steps.starts + front.base)
        front.restart = False
        if stability.departures:
            stability.see_sources_move()
        front.steps += steps.starts.size
        front.taken += steps.starts.size
        if compiled.controlled and (bad := compiled.first_defect(steps)) is not None:
            self._steps_until(bad, steps)
            return
        if steps.starts.size:
            front.pending = RecordedTrajectory(begin, front.reached, steps, compiled.system, compiled.sources)
            front.remember(steps, bool(front.control.moving) or steady.driven is not None)
            if follow:
                steady.remember(steps, here)
            if self._changes.watches and self._find_change(front.pending):
                return
            if status == UNSTABLE and (found := stability.departure(steady.period)) is not None:
                self._depart(found)
                return
            if stability.growing:
                stability.look_at_growth(steps.starts.size)
        if status in (STUCK, NO_CURRENT):   # once more, from consistent currents and with a small step
            if restarted and not steps.starts.size:
                what = "the device currents are not unique" if status == NO_CURRENT else "the step became too small"
                raise TsbenchError(sentences(
                    f"circuit: no solution was found after {front.reached:.9g} s, because {what}. Check the values of "
                    f"{self._structure.names}", unbounded_derivatives(self._structure.models)))
            front.restart = True
        front.full_run = status not in (REACHED, UNSTABLE)

    def _steps_until(self, bad: int, steps: Steps) -> None:
        """Keep the steps before one that jumps over something, and start afresh where it began: in small steps."""
        front = self._front
        front.steps -= steps.starts.size - bad
        front.y = steps.y0[bad].copy()
        front.go_to(float(steps.starts[bad]))
        if bad:
            kept = steps.part(0, bad)
            front.pending = self._structure.trajectory(float(kept.starts[0]), front.reached, kept)
            if self._changes.watches and self._find_change(front.pending):
                return
        self._steady.start_afresh()

    def _depart(self, found: Departure) -> None:
        """Go on from where thermal noise has brought a mode that has become unstable."""
        front = self._front
        front.cut_off(found.instant)
        front.y[: found.displacement.size] += found.displacement
        self._steady.start_afresh()
        self.make_consistent(front.reached)
        self._stability.departed(found)

    def _give_up(self, until: float, step: float, most: float) -> NoReturn:
        """Say what moves too fast for so long a time."""
        front, compiled, names = self._front, self._structure.compiled, self._structure.names
        found = what_rings(
            compiled.system.linear, compiled.jacobian(front.reached, front.y), compiled.differential)
        cause = (f"If the circuit oscillates, simulate a shorter time. If it does not, check the smallest values of "
                 f"{names}")
        if found is not None:
            cause = (f"The period of an oscillation is only {found.period:.3g} s. It is an oscillation of the "
                     f"{found.who}. Add a resistance that damps it, or remove the smallest capacitor or inductor there")
        for key, history in self._changes.histories():
            if history.mean_wait < STEPS_PER_JUMP * step:
                cause = (f"The noise of {key} jumps every {history.mean_wait:.2g} s. Simulate a shorter time, or "
                         f"make the fastest noise of {key} slower")
        raise TsbenchError(
            f"circuit: the simulation is too slow. At {front.reached:.3g} s, a time step is only {step:.2g} s "
            f"long. A simulation to {until:.3g} s would need more than {most:.3g} steps. {cause}")

    # ------------------------------------------------------------------------------------ changes

    def stop_here(self) -> None:
        """Forget what was integrated beyond the circuit's time: something is to be changed."""
        front, steady = self._front, self._steady
        self._rebase = True
        y = front.unknowns() if steady.cycle is None else steady.unknowns_now()
        beyond = front.reached > front.time and front.pending is not None
        self._stability.something_changes(y, steady.cycle is not None)
        if steady.cycle is not None or beyond:
            front.y, steady.cycle = y, None
        if beyond:
            self._changes.due = None   # it lies behind
            if self._changes.watches:
                self._changes.commit(front.time)
        elif self._changes.watches:
            self._let_changes_happen()
        front.go_to(front.time)
        front.pending = None
        self._stability.start_afresh()
        if steady.driven is not None:
            steady.driven.clear()

    def make_consistent(self, time: float | None = None) -> bool:
        """Solve for the device currents at ``time`` [s], None: now; return whether there are any.

        A change that leaves none is made all the same, and the next step says so.
        """
        front = self._front
        return self._structure.compiled.make_consistent(front.time if time is None else time, front.y)

    def sources_changed(self) -> None:
        """Take up changed waveforms, or a circuit that has been assembled again."""
        front = self._front
        self._structure.use_sources(front.base)
        front.sine_step = self._structure.compiled.sources.shortest_sine / STEPS_PER_SINE
        front.limit_steps()
        self._steady.find_rhythm(front.time)

    def assembled(self) -> None:
        """Take up a circuit that has been assembled again."""
        self._stability.begin_watching()
        self.sources_changed()

    def set_value(self, kind: Literal["R", "C"], name: str, value: float) -> None:
        """Give resistor or capacitor ``name`` another value [Ohm or F] from now on.

        Raises
        ------
        ConfigurationError
            There is none of this name, or the value is not positive and finite.
        """
        known = {e.name.lower(): k for k, e in enumerate(self._structure.elements) if e.kind == kind}
        index = known[known_name(name, known, "resistor" if kind == "R" else "capacitor")]
        if not (math.isfinite(value) and value > 0):
            raise ConfigurationError(
                f"circuit: {name} = {value:g} {'Ohm' if kind == 'R' else 'F'} must be positive and finite")
        if self._structure.elements[index].value == value:
            return
        self.stop_here()
        self._structure.replace_value(index, value)
        self.assembled()
        self.make_consistent()

    def replace_model(self, device: str, model: DeviceModel, states: Sequence[float]) -> None:
        """Put another model in the place of ``device`` (in lower case)."""
        self._front.y = self._structure.replace_model(device, model, states, self._front.y)
        self.assembled()

    def _find_change(self, run: RecordedTrajectory) -> bool:
        """Cut a run of steps off where a device changes first; return whether one does."""
        structure, front = self._structure, self._front
        across, through, conductances = {}, {}, {}
        for key, _ in self._changes.histories():
            model, state = structure.models[key], structure.system.first_state[key]
            conductances[key] = model.conductance(run.steps.y1[:, state: state + len(model.states)].T)
            across[key], through[key] = structure.voltage_and_current(key)
        instant = self._changes.find(run, across, through, conductances)
        if instant is None:
            return False
        front.cut_off(instant)
        assert front.pending is not None
        front.steps -= run.steps.starts.size - front.pending.steps.starts.size
        self._steady.start_afresh()
        return True

    def _let_changes_happen(self) -> None:
        """Change the devices that are due, now that everything before has been seen."""
        reached = self._front.reached
        self._changes.commit(reached)
        if self._changes.due is None:
            return
        histories = dict(self._changes.histories())
        before = {key: history.state for key, history in histories.items()}
        changed = self._changes.happen(reached)
        for key in changed:
            model = histories[key].model
            if model.mechanism == self._structure.models[key].mechanism:
                self._structure.replace_parameters(key, model)
            else:
                self.replace_model(key, model, model.rest())
        self.make_consistent(reached)
        if self._changes.on_change is not None:
            for key in changed:
                self._changes.on_change(key, histories[key], before[key], reached)
