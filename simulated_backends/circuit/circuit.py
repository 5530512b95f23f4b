"""A circuit in time: its state, what instruments change in it, and what observers see of it."""

import dataclasses
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NoReturn

import numpy as np

from tsbench.errors import ConfigurationError, TsbenchError, nearest
from tsbench.netlist import Element
from tsbench.simulated_backends.circuit.assembly import assemble
from tsbench.simulated_backends.circuit.changes import DeviceChanges
from tsbench.simulated_backends.circuit.engine import (
    FloatArray,
    Gap,
    Observer,
    Repetition,
    Segment,
    SourceMeterStage,
    SourceWaveform,
)
from tsbench.simulated_backends.circuit.kernel.compiled_circuit import CompiledCircuit
from tsbench.simulated_backends.circuit.kernel.control import go_on_from, new_control
from tsbench.simulated_backends.circuit.kernel.integrator import NO_CURRENT, REACHED, STUCK, UNSTABLE
from tsbench.simulated_backends.circuit.kernel.step_control import FIRST_STEP
from tsbench.simulated_backends.circuit.stability.departure import (
    RADIANS_GROWING,
    STEPS_KEPT,
    NoDeparture,
    departure,
    still_small,
)
from tsbench.simulated_backends.circuit.stability.linearised import Equilibrium
from tsbench.simulated_backends.circuit.stability.operating_point import how_unstable, operating_point
from tsbench.simulated_backends.circuit.stability.thermal_switch import FEWEST_STEPS, RECORD, ThermalSwitch
from tsbench.simulated_backends.circuit.steady.cycles import (
    LONGEST_SEARCH,
    StepMemory,
    find_limit_cycle,
    find_recurrence,
)
from tsbench.simulated_backends.circuit.steady.driven import Cycle, DrivenProgress, PeriodMemory, join, jump, settled
from tsbench.simulated_backends.circuit.steady.period_map import ahead
from tsbench.simulated_backends.circuit.steady.rhythm import rhythm_of
from tsbench.simulated_backends.circuit.steady.ringing import what_rings
from tsbench.simulated_backends.circuit.system import Row, StageElement
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory, Steps
from tsbench.simulated_backends.circuit.waveforms import encode_sources
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.dispatch import require_mechanism
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.life.history import DeviceHistory, State
from tsbench.simulated_backends.numerics.seeds import seed_of

MOST_STEPS = 1e9  #: that one call may need: some hours of computing
ENOUGH_STEPS = 300_000  #: after which their mean length tells how many are to come
STEPS_PER_JUMP = 30  #: at most, for a device's noise to be what so many steps are for
LOOKED_INTO = 64  #: steps per call where steps are looked into: those behind one that will not do are taken in vain
STEPS_PER_LOOK, MOST_STEPS_PER_LOOK = 64, 2048  #: while a mode is small: twice as many after each look
PERIOD_OF_A_DRIVE = 0.05  #: an oscillation longer than that share of the sources' period follows them
STAYS_KEPT = 8  #: at an equilibrium each, between changes
ENOUGH_DEPARTURES = 3  #: from unstable equilibria under constant sources: then an oscillation has begun
STEPS_PER_SINE = 16  #: at least, in each of its periods: what only follows a sine has no error of its own
WORK_PER_SEGMENT = 200  #: steps that showing one segment to the observers is worth, or judging a driven state
LEAVES_IT = ". The thermal noise of its resistances makes the circuit leave it"
MAY_STAY = ". Thermal noise is not simulated in circuits with a silver filament, so the circuit may stay there"
FAR_FROM_BASE = 64  #: periods of the sources
FAR_WITHOUT_PERIODS = 1.0  #: [s] where they do not repeat: then the last digit is 0.1 fs
SYSTEMS_KEPT = 32  #: assembled systems, by the values of the resistors


class Circuit:
    """A circuit that integrates itself lazily; make one with :func:`.build.build_circuit`.

    What holds about time: the integrator takes its own steps, landing exactly on the breakpoints of the sources
    that are set, and its last step may pass the time that was asked for. Later questions read that step's
    polynomial, so asking never changes what happens. A change (source, resistor, stage, device) takes effect at
    ``time``; it discards the part of the last step behind ``time`` and starts afresh from the polynomial there.

    Parameters
    ----------
    elements : sequence of Element
        All elements, those of instruments included.
    stages : mapping
        Source meters: name -> (node, set-points).
    devices : mapping
        Device element name -> model.
    waveforms : mapping
        Name of each V and I element -> waveform.
    initial_voltages : mapping
        Node -> voltage [V] at time 0; 0 V where it is not given.
    rtol : float
        Relative tolerance of the integrator.
    largest_step : float
        [s].
    noise_refinement, specialised, seed
        See :func:`.build.build_circuit`.

    Raises
    ------
    TsbenchError
        No device currents satisfy the circuit at time 0.
    """

    def __init__(
        self, elements: Sequence[Element], stages: Mapping[str, tuple[str, SourceMeterStage]],
        devices: Mapping[str, DeviceModel], waveforms: Mapping[str, SourceWaveform],
        initial_voltages: Mapping[str, float], rtol: float = 1e-6, largest_step: float = math.inf,
        noise_refinement: float = 1.0, specialised: bool | None = None, seed: int | None = 0,
    ) -> None:
        self._elements = list(elements)
        self._stages = {name.lower(): value for name, value in stages.items()}
        self._models = {name.lower(): model for name, model in devices.items()}
        self._waveforms = {name.lower(): waveform for name, waveform in waveforms.items()}
        self.time = 0.0
        self.rtol = rtol
        self.noise_refinement = noise_refinement   #: factor on the pieces of noise: below 1, nearer to the true path
        self.seed = seed   #: of everything random; None: devices are on the paths that their models have
        self.specialised = specialised   #: see :func:`.build.build_circuit`
        self._base = 0.0   # [s] from which the integrator counts
        self._here = 0.0   # [s] and how far it has got from there
        self._restart = self._rebase = True
        self._pending: RecordedTrajectory | None = None   # the last run of steps, part of it beyond ``time``
        self._memory = StepMemory()
        self._driven: PeriodMemory | None = None   # while the sources repeat together
        self._cycle: Cycle | None = None   # the steady state that ``time`` is in: nothing is computed
        self._skipping = False
        self._segments = self._driven_looks = 0   # shown so far; how often a driven state was looked at
        self._sine_step = math.inf   # [s] the longest that no sine is overlooked with
        self._small_step = math.inf   # [s] the longest while a swing is small
        self._observers: list[Observer] = []
        self._control = new_control(rtol, largest_step, FIRST_STEP)
        self._control.look_after = FEWEST_STEPS
        self._largest_step = largest_step
        self._notes: list[str] = []
        self._recent: deque[Steps] = deque()   # the last steps since a change: how an equilibrium has lost stability
        self._recent_steps = 0   # in all of them
        self._rests: list[Equilibrium] = []   # before the last changes
        self._changed = 0.0   # [s] when the last one was
        self._switch = ThermalSwitch()   # of the noise of an oscillation on a ramp
        self._between_looks = STEPS_PER_LOOK
        self._departures = 0   # from unstable equilibria since the last change
        self._growing = 0   # steps to take until a growing mode is looked at again; 0: there is none
        self.steps = 0   #: accepted steps so far
        self._taken = 0   # steps taken, those included that were cut off later
        self._changes = DeviceChanges()
        #: told of each change of a device with a history: (element in lower case, history, state before, time [s])
        self.on_change: Callable[[str, DeviceHistory, State, float], None] | None = None
        self._full = False   # the last call of the integrator was not cut off by ``until``
        self._looks_gone = 0   # at stability, of systems that are no longer kept
        self._compiled_before: dict[tuple[float, ...], CompiledCircuit] = {}
        self._assemble()
        self._y = np.zeros(self._system.size)
        start = np.array([initial_voltages.get(n, 0.0) for n in self._system.nodes])
        self._y[: len(self._system.capacitive)] = self._system.capacitive @ start
        for element in self._elements:
            if element.kind == "L" and element.initial is not None:
                self._y[self._system.inductor_index[element.name.lower()]] = element.initial
        for name, model in self._models.items():
            self._put_state(name, model.rest())
        if not self._make_consistent():
            raise TsbenchError(f"circuit: device currents cannot be found; check the values of {self._names()}")

    @property
    def _front(self) -> float:
        """The integrator has got this far [s]."""
        return self._base + self._here

    @_front.setter
    def _front(self, time: float) -> None:
        self._here = time - self._base

    # ------------------------------------------------------------------------------------ structure

    @property
    def nodes(self) -> Sequence[str]:
        """Return the names of all nodes but ground."""
        return [n for n in self._system.voltages if n != "0"]

    @property
    def devices(self) -> Sequence[str]:
        """Return the device element names as written, such as "XDUT"."""
        return [e.name for e in self._elements if e.kind == "X"]

    @property
    def has_histories(self) -> bool:
        """Return whether any device changes on its way."""
        return bool(self._changes)

    @property
    def compiled(self) -> CompiledCircuit:
        """Return the numbers of the circuit as it is now."""
        return self._compiled

    @property
    def largest_step(self) -> float:
        """Return the largest step allowed [s]."""
        return self._largest_step

    @property
    def messages(self) -> Sequence[str]:
        """Return what had to be regularised, and operating points that are unstable."""
        return (*self._system.messages, *self._notes)

    @property
    def refused_steps(self) -> int:
        """Return how many steps the error control has refused so far."""
        return int(self._control.refused)

    def load_code(self, specialised: bool = False) -> None:
        """Compile the integrator, or load it from the cache on disk, without integrating.

        With ``specialised`` the circuit as it is now gets code written for its topology (where it is not too large).
        """
        if specialised:
            self._compiled.specialise()
        self._compiled.integrate(self._control.copy(), self._here, self._y.copy(), False, self._here)
        still = self._y[None]
        steps = Steps(np.array([self._front]), np.ones(1), still, still, still, still)
        self._compiled.reduced_jacobians(steps)
        self._compiled.jacobian(self._front, self._y.copy())
        weights, no_source = np.ones(self._y.size), np.zeros(self._compiled.sources.kinds.size)
        recorded = RecordedTrajectory(self._front, self._front + 1.0, steps, self._system, self._compiled.sources)
        recorded.quantity(Row(weights, no_source, weights, no_source), steps.starts)

    @property
    def evaluations(self) -> int:
        """Return how often the circuit has been evaluated so far: by steps, refused ones, and looks at stability."""
        looks = int(self._control.looks) + self._looks_gone + sum(c.looks for c in self._compiled_before.values())
        return 6 * self._taken + 5 * self.refused_steps + looks

    @property
    def work(self) -> int:
        """Return the work done so far, counted in steps: accepted and refused ones, and the cost of showing them."""
        return self.steps + self.refused_steps + WORK_PER_SEGMENT * (self._segments + self._driven_looks)

    @property
    def steady(self) -> bool:
        """Return whether the circuit repeats its last period until something is changed."""
        return self._cycle is not None and math.isinf(self._cycle.end)

    def _assemble(self) -> None:
        """Build the matrices from the elements; the order of the unknowns does not depend on values."""
        stages = [StageElement(name, node, s.output_resistance) for name, (node, s) in self._stages.items()]
        key = (*(e.value for e in self._elements if e.kind == "R"), *(s.output_resistance for s in stages))
        if key not in self._compiled_before:   # relays come back to positions they had
            while len(self._compiled_before) >= SYSTEMS_KEPT:
                self._looks_gone += self._compiled_before.pop(next(iter(self._compiled_before))).looks
            system = assemble(self._elements, stages, self._models)
            devices = [e for e in self._elements if e.kind == "X"]
            self._compiled_before[key] = CompiledCircuit(
                system, devices, self._models, self.rtol, self.noise_refinement, self.specialised)
        self._compiled = self._compiled_before[key]
        self._control.watching = self._watched()
        self._system = self._compiled.system
        self._compiled.set_stages([s for _, s in self._stages.values()])
        self._set_sources()

    def _watched(self) -> bool:
        """Return whether the circuit may stay on an unstable equilibrium, so that growing modes are to be watched.

        It is not watched if it holds a device with noise of its own, which moves it. Under constant sources it is not
        watched after an oscillation has begun: a slow oscillation passes an unstable stretch in every period, and with
        noise added there it would never reach a limit cycle.
        """
        begun = self._departures >= ENOUGH_DEPARTURES and not self._control.moving
        return bool(self._models or self._stages) and not begun and self._without_own_noise()

    def _without_own_noise(self) -> bool:
        return not any(model.noises for model in self._models.values())

    def _set_sources(self) -> None:
        self._compiled.set_sources(
            [self._waveforms[e.name.lower()] for e in self._elements if e.kind in "VI"], self._base)
        self._sine_step = self._compiled.sources.shortest_sine / STEPS_PER_SINE
        self._limit_steps(self._small_step)
        self._find_rhythm(self.time)

    def _find_rhythm(self, time: float) -> None:
        rhythm = rhythm_of([self._waveforms[e.name.lower()] for e in self._elements if e.kind in "VI"], time)
        self._driven = None if rhythm is None else PeriodMemory(rhythm.since(self._base))

    def _choose_base(self) -> None:
        """Count from here where it is far from where counting began; from 0 where noise is a function of time."""
        on_path = self._compiled.stochastic and not self._compiled.by_cycle
        base = 0.0 if on_path else self._front
        far = FAR_WITHOUT_PERIODS if self._driven is None else FAR_FROM_BASE * self._driven.rhythm.period
        if not on_path and abs(self._here) < far:
            return
        if base != self._base:
            here = self._front
            self._base, self._here = base, here - base
            self._control.breakpoint = self._control.since = self._here
            self._control.excited = -math.inf
            self._set_sources()

    def _put_state(self, device: str, values: Sequence[float]) -> None:
        first = self._system.first_state[device]
        self._y[first: first + len(values)] = values

    # ------------------------------------------------------------------------------------ time

    def advance(
        self, until: float, skip: bool = True, watched: bool = False, most_work: float = math.inf
    ) -> None:
        """Integrate to ``until`` [s]; with ``skip`` whole periods are not computed where they repeat.

        Those of a converged limit cycle, and of a steady state in which the sources drive the circuit; on the way there
        many periods are passed over at once where only slow states still move (:mod:`.driven`).

        Parameters
        ----------
        until : float
        skip : bool
        watched : bool
            An observer records instants (an armed scope): only what repeats in phase with the sources is skipped.
        most_work : float
            The most to compute in this call, as :attr:`work` counts it. The circuit stands where it has then got to.

        Raises
        ------
        ValueError
            ``until`` is in the past.
        TsbenchError
            The integration failed, or would take more than ``most_work`` or :data:`MOST_STEPS` steps.
        """
        if not math.isfinite(until) or until < self.time:
            raise ValueError(f"cannot advance from {self.time} s to {until} s")
        self._skipping = skip
        if not skip:
            self._leave_cycle()
            if self._driven is not None:
                self._driven.clear()
        self._deliver(until)
        if self._rebase and skip:
            self._choose_base()
        self._rebase = False
        begin, first, before = self._front, self.steps, self.work
        while self._front < until:
            if skip and self._skip(until, watched):
                begin, first = self._front, self.steps
                continue
            self._step(until)
            self._deliver(until)
            taken = self.steps - first
            if taken > ENOUGH_STEPS and taken * (until - begin) > MOST_STEPS * (self._front - begin):
                self._give_up(until, (self._front - begin) / taken, MOST_STEPS)
            if self.work - before > most_work and self._front < until:
                self._give_up(until, (self._front - begin) / max(taken, 1), most_work)
        self.time = until

    def leave_out(self, until: float, reason: str) -> None:
        """Let time pass up to ``until`` [s] without computing what happens; observers see a :class:`.engine.Gap`.

        Everything then goes on from the state of now.
        """
        self._stop_here()
        gap = Gap(self.time, until, reason)
        self.time = self._front = until
        self._start_afresh()
        self._find_rhythm(until)
        for _, history in self._changes.histories():
            history.fluctuate(until)
        self._make_consistent()
        self._show(gap)

    def _names(self) -> str:
        return ", ".join(element.name for element in self._elements)

    def _give_up(self, until: float, step: float, most: float) -> NoReturn:
        """Say what moves too fast for so long a time."""
        found = what_rings(
            self._system.linear, self._compiled.jacobian(self._front, self._y), self._compiled.differential)
        cause = f"if it oscillates, simulate a shorter time, otherwise check the smallest values of {self._names()}"
        if found is not None:
            cause = (f"{found.who} ring with a period of {found.period:.3g} s: damp them with a resistance, or leave "
                     f"the smallest of these elements out")
        for key, history in self._changes.histories():
            if history.mean_wait < STEPS_PER_JUMP * step:
                cause = (f"the noise of {key} jumps every {history.mean_wait:.2g} s: ask for a shorter time, or leave "
                         f"its fastest part out")
        raise TsbenchError(
            f"circuit: beyond {self._front:.3g} s the steps are {step:.2g} s, and {until:.3g} s were asked for, "
            f"more than {most:.3g} steps; {cause}")

    def _step(self, until: float) -> None:
        if self._changes:
            self._let_changes_happen()
        self._look_at_noise()
        begin, restarted = self._front, self._restart
        most = self._changes.chunk if self._changes else LOOKED_INTO if self._compiled.controlled else None
        if self._growing:
            most = min(most or self._growing, self._growing)
        here = self._here
        until = max(min(until, self._changes.planned()) - self._base, math.nextafter(here, math.inf))
        # a path of noise never repeats, so there is nothing to look for in its periods
        driven = self._driven if self._skipping and not self._compiled.stochastic else None
        if driven is not None:   # runs of steps end where periods begin
            following = driven.rhythm.following(here)
            until = min(until, following - driven.rhythm.near(following) * driven.rhythm.period)
        steps, self._here, status = self._compiled.integrate(self._control, here, self._y, restarted, until, most)
        if self._base:
            steps = dataclasses.replace(steps, starts=steps.starts + self._base)
        self._restart = False
        if self._departures >= ENOUGH_DEPARTURES and self._control.moving:   # a source moves again
            self._departures = 0
            self._watch_growth(None)
        self.steps += steps.starts.size
        self._taken += steps.starts.size
        if self._compiled.controlled and (bad := self._compiled.first_defect(steps)) is not None:
            self._steps_until(bad, steps)
            return
        if steps.starts.size:
            self._pending = RecordedTrajectory(begin, self._front, steps, self._system, self._compiled.sources)
            moving = bool(self._control.moving) or self._driven is not None
            self._memory.add(steps, self._base + self._control.breakpoint, moving)
            self._remember(steps)
            if driven is not None:
                driven.add(steps, here, self._here)
            if self._changes and self._find_change(self._pending):
                return
            if status == UNSTABLE and self._leave(self._pending):
                return
            self._look_at_growth(steps.starts.size)
        if status in (STUCK, NO_CURRENT):   # once more, from consistent currents and with a small step
            if restarted and not steps.starts.size:
                what = "device currents are not unique" if status == NO_CURRENT else "the step became too small"
                raise TsbenchError(
                    f"circuit: no solution beyond {self._front:.9g} s: {what}; "
                    f"check the values of {self._names()}")
            self._restart = True
        self._full = status not in (REACHED, UNSTABLE)

    def _steps_until(self, bad: int, steps: Steps) -> None:
        """Keep the steps before one that jumps over something, and start afresh where it began: in small steps."""
        self.steps -= steps.starts.size - bad
        self._y, self._front = steps.y0[bad].copy(), float(steps.starts[bad])
        if bad:
            kept = steps.part(0, bad)
            self._pending = RecordedTrajectory(float(kept.starts[0]), self._front, kept, self._system,
                                               self._compiled.sources)
            if self._changes and self._find_change(self._pending):
                return
        self._start_afresh()

    # ------------------------------------------------------------------------------------ loss of stability

    def _remember(self, steps: Steps) -> None:
        self._recent.append(steps)
        self._recent_steps += steps.starts.size
        while self._recent_steps - self._recent[0].starts.size >= STEPS_KEPT:
            self._recent_steps -= self._recent.popleft().starts.size

    def _forget_recent(self) -> None:
        self._recent.clear()
        self._recent_steps = 0

    def _remember_noise(self, y: FloatArray) -> None:
        """Note at which equilibrium (unknowns ``y``) noise has moved the circuit, before something is changed."""
        if self.time == self._changed and self._rests:
            return   # several changes at once
        rest = (self._since_change(self._base + self._control.since) and not self._growing and self._cycle is None
                and not math.isnan(self._control.real_part) and self._compiled.differential > 0)
        if rest:
            now = Equilibrium(self._changed, self.time, self._compiled.as_now(), y.copy())
            self._rests = [*self._rests[1 - STAYS_KEPT:], now]
        else:
            self._rests = []
        self._changed = self.time

    def _since_change(self, time: float) -> bool:
        """Return whether a record that begins at ``time`` [s] goes back to the last change."""
        return time - self._changed <= 1e-9 * (self.time - self._changed)

    def _leave(self, run: RecordedTrajectory) -> bool:
        """Start a mode that has become unstable within the last step from thermal noise; return whether one has."""
        recent = self._last_steps(STEPS_KEPT)
        recent = recent.part(int(np.searchsorted(recent.starts[:-1], self._base + self._control.since)))
        before = self._rests if self._since_change(float(recent.starts[0])) else []
        slow = self._slow(math.hypot(self._control.real_part, self._control.imaginary))
        found = departure(self._compiled, recent, seed_of(self.seed or 0, "thermal noise"), before, slow)
        if found is NoDeparture.EXCITED:
            self._control.since = self._here
            self._switch.steps = self._control.look_after = FEWEST_STEPS
            return False
        if isinstance(found, NoDeparture):
            return False
        self._y = unknowns_at(run, found.instant)
        self._y[: found.displacement.size] += found.displacement
        self._pending = run.between(run.start, found.instant)
        self._front = found.instant
        self._start_afresh()
        self._make_consistent(self._front)
        self._between_looks = STEPS_PER_LOOK
        self._departures += 1
        self._watch_growth(RADIANS_GROWING / found.rate)
        if found.goes_on:
            self._start_noise(found.rate)
        return True

    def _last_steps(self, most: int) -> Steps:
        runs: list[Steps] = []
        for steps in reversed(self._recent):
            runs.insert(0, steps)
            if sum(s.starts.size for s in runs) >= most:
                break
        return join(runs).part(-most)

    def _start_noise(self, rate: float) -> None:
        """Switch thermal noise on, beside a mode with an eigenvalue of size ``rate`` [1/s]."""
        self._watch_growth(None)
        self._switch.start(self._compiled, self._front, rate, seed_of(self.seed or 0, "thermal noise"))
        self._control.watching, self._control.look_after = False, FEWEST_STEPS
        self._limit_steps(self._switch.largest_step)

    def _slow(self, rate: float) -> bool:
        """Return whether a source moves, slowly beside a mode with an eigenvalue of size ``rate`` [1/s]."""
        fast = self._driven is not None and 2.0 * math.pi > rate * PERIOD_OF_A_DRIVE * self._driven.rhythm.period
        return bool(self._control.moving) and not fast

    def _look_at_noise(self) -> None:
        """See whether thermal noise is to be switched on or off, after the last steps."""
        if self._switch.on and not self._control.moving:
            self._end_noise()
        elif self._control.look_after <= 0.0:
            possible = self._recent and self._watched() and not self._growing and self._compiled.differential > 1
            if self._switch.on:
                if self._switch.rests(self._compiled, self._last_steps(FEWEST_STEPS)):
                    self._end_noise()
                else:
                    self._limit_steps(self._switch.largest_step)
            elif (possible and self._switch.oscillates(self._compiled, self._last_steps(RECORD))
                  and self._slow(self._switch.rate)):
                self._start_noise(self._switch.rate)
            self._control.look_after = self._switch.steps

    def _end_noise(self) -> None:
        """Switch thermal noise off."""
        self._control.since, self._control.excited = self._here, -math.inf
        self._watch_growth(None)

    def _limit_steps(self, small_step: float) -> None:
        """Keep steps below ``small_step`` [s] while a swing is small, and below what the user and sines allow."""
        self._small_step = small_step
        self._control.largest_step = min(small_step, self._largest_step, self._sine_step)

    def _watch_growth(self, largest_step: float | None) -> None:
        """Keep steps below ``largest_step`` [s] while a mode grows; None: none does any more."""
        growing = largest_step is not None
        self._growing = self._between_looks if growing else 0
        self._switch.stop(self._compiled)
        self._control.watching = self._watched() and not growing
        self._limit_steps(largest_step or math.inf)
        self._control.real_part, self._control.e_folds, self._control.change = math.nan, 0.0, 0.0

    def _look_at_growth(self, taken: int) -> None:
        """See whether a mode that was started is still small, after so many more steps."""
        if self._growing:
            self._growing -= taken
            if self._growing <= 0:
                self._control.since = self._here
                self._between_looks = min(2 * self._between_looks, MOST_STEPS_PER_LOOK)
                self._watch_growth(still_small(self._compiled, self._front, self._y))

    # ------------------------------------------------------------------------------------ devices that change

    def _find_change(self, run: RecordedTrajectory) -> bool:
        """Cut a run of steps off where a device changes first; return whether one does."""
        elements = {e.name.lower(): e for e in self._elements if e.kind == "X"}
        across, through, conductances = {}, {}, {}
        for key, _ in self._changes.histories():
            model, state = self._models[key], self._system.first_state[key]
            conductances[key] = model.conductance(run.steps.y1[:, state: state + len(model.states)].T)
            first, second = (self._system.voltages[n] for n in elements[key].nodes)
            across[key], through[key] = first.plus(second.scaled(-1.0)), self._system.currents[key]
        instant = self._changes.find(run, across, through, conductances)
        if instant is None:
            return False
        self._y = unknowns_at(run, instant)
        self._pending = run.between(run.start, instant)
        self.steps -= run.steps.starts.size - self._pending.steps.starts.size
        self._front = instant
        self._start_afresh()
        return True

    def _let_changes_happen(self) -> None:
        """Change the devices that are due, now that everything before has been seen."""
        self._changes.commit(self._front)
        if self._changes.due is None:
            return
        histories = dict(self._changes.histories())
        before = {key: history.state for key, history in histories.items()}
        changed = self._changes.happen(self._front)
        for key in changed:
            model = histories[key].model
            if model.mechanism == self._models[key].mechanism:
                self._models[key] = model
                for compiled in self._compiled_before.values():
                    compiled.set_parameters(key, model)
            else:
                self._put_model(key, model, model.rest())
        self._make_consistent(self._front)
        if self.on_change is not None:
            for key in changed:
                self.on_change(key, histories[key], before[key], self._front)

    def _start_afresh(self) -> None:
        """Have the integrator begin anew at the front: something is different from there on."""
        self._restart = True
        self._memory.clear()
        self._forget_recent()
        self._watch_growth(None)
        if self._driven is not None:
            self._driven.clear()
        self._control.next_step = FIRST_STEP
        self._control.breakpoint = self._control.since = self._here
        if self._control.excited > -math.inf:   # still the same ramp
            self._control.excited = max(self._control.excited, self._here)

    def _deliver(self, until: float) -> None:
        """Show observers what lies between ``time`` and ``until`` of the steps already taken."""
        end = min(self._front, until)
        if self._pending is not None and end > self.time:
            self._show(self._pending.between(self.time, end))
            self.time = end

    def _show(self, segment: Segment) -> None:
        self._segments += 1
        for observer in tuple(self._observers):
            observer.observe(segment)

    def add_observer(self, observer: Observer) -> None:
        """Show ``observer`` everything that happens from ``time`` on."""
        self._observers.append(observer)

    def remove_observer(self, observer: Observer) -> None:
        """Show ``observer`` nothing more."""
        self._observers.remove(observer)

    # ------------------------------------------------------------------------------------ what is not computed

    def _skip(self, until: float, watched: bool) -> bool:
        """Go on from the front without computing every period, if that can be done; return whether it was."""
        if self._cycle is not None:
            self._follow(self._cycle, until)
            return True
        if not self._compiled.by_cycle or self._changes.every_cycle or self._restart or self._switch.on:
            return False
        if self._driven is not None:
            return not self._compiled.stochastic and self._skip_driven(self._driven, until, watched)
        return not watched and self._skip_limit_cycle(until)

    def _skip_limit_cycle(self, until: float) -> bool:
        """Skip whole periods from the front on if a limit cycle has converged; return whether any were."""
        if not self._memory or not self._full:
            return False
        self._full = False   # one search per run of steps
        limit = min(until, self._base + self._control.next_breakpoint, self._changes.planned())
        steps = self._memory.steps(LONGEST_SEARCH)
        accuracy = self._compiled.recurring, self.rtol, self._compiled.weights
        cycle = None if self._compiled.stochastic else find_limit_cycle(steps, *accuracy)
        if cycle is None and self._memory.full:
            steps = self._memory.steps()
            cycle = find_recurrence(steps, *accuracy)
        if cycle is None:
            return False
        count = math.floor((limit - self._front) / cycle.period - 1e-9)
        if count < 2:
            return False
        whole = RecordedTrajectory(steps.starts[0], self._front, steps, self._system, self._compiled.sources)
        period = whole.between(self._front - cycle.period, self._front)
        self._pending = None
        self._memory.clear()
        self._repeat(Repetition(self._front, count, cycle.period, period))
        return True

    def _repeat(self, repetition: Repetition) -> None:
        self.time = self._front = repetition.end
        self._show(repetition)

    def _skip_driven(self, memory: PeriodMemory, until: float, watched: bool) -> bool:
        """At the beginning of a period of the sources: take up the steady state, or pass over many periods."""
        rhythm = memory.rhythm
        if self._here >= rhythm.end - rhythm.near(rhythm.end) * rhythm.period:
            self._find_rhythm(self._front)
            return False
        limit = min(until - self._base, rhythm.end, self._changes.planned() - self._base)
        most = math.floor((limit - self._here) / rhythm.period - 1e-9)
        if most < 2 or not memory.due(self._here):
            return False
        self._driven_looks += 1
        number, one = settled(memory, self._compiled)
        if number:
            steps = memory.last(number)
            period = RecordedTrajectory(
                float(steps.starts[0]), self._front, steps, self._system, self._compiled.sources)
            self._cycle = Cycle(
                period, number * rhythm.period,
                min(self._base + rhythm.end, self._changes.planned() - number * rhythm.period))
            self._pending = None
            memory.clear()
            return True
        if watched or one is None:
            return False
        count = jump(memory, one, most)
        return count > 0 and self._pass_over(memory, one, count)

    def _follow(self, cycle: Cycle, until: float) -> None:
        """Go on to ``until`` [s] in a steady state: the rest of this period, whole ones, part of the last."""
        until = min(until, cycle.end)
        if until <= self.time:
            self._leave_cycle()
            return
        slack = cycle.slack(until)
        while self.time < until:
            begin, copy = self.time, cycle.copy_at(self.time)
            count = math.floor((until - copy.start + slack) / cycle.length)
            whole = begin - copy.start <= slack and count >= 2
            reached = copy.start + (count if whole else 1) * cycle.length
            # no slivers that are nothing but the last digits of two sums
            self.time = until if reached > until - slack else max(reached, math.nextafter(begin, math.inf))
            self._front = self.time
            self._show(
                Repetition(begin, count, cycle.length, cycle.period) if whole else copy.between(begin, self.time))

    def _leave_cycle(self) -> None:
        """Compute again from ``time`` on."""
        if self._cycle is not None:
            self._y, self._cycle = self._unknowns_now(), None
            self._find_rhythm(self.time)
            self._start_afresh()

    def _pass_over(self, memory: PeriodMemory, now: DrivenProgress, count: int) -> bool:
        """Go ``count`` periods ahead along their envelope, showing a mean one; return whether that was possible."""
        size, length = self._compiled.differential, memory.rhythm.period
        total, mean, following = ahead(now.map, now.map @ now.change, count)
        front, ahead_by = self._front, count * length
        middle, after, end = self._y.copy(), self._y.copy(), front + ahead_by
        middle[:size] += mean
        after[:size] += total
        control = self._control.copy()
        control.watching, control.look_after = False, math.inf   # a mean period is not on the way to anywhere
        if not (self._compiled.make_consistent(front, middle) and self._compiled.make_consistent(end, after)):
            return False
        runs, here = [], self._here
        stop = here + (1.0 - memory.rhythm.near(here + length)) * length
        while here < stop:
            steps, here, status = self._compiled.integrate(control, here, middle, False, stop)
            if status in (STUCK, NO_CURRENT):
                return False
            runs.append(dataclasses.replace(steps, starts=steps.starts + self._base))
            self.steps += steps.starts.size
        period = RecordedTrajectory(front, self._base + here, join(runs), self._system, self._compiled.sources)
        self._y, self._pending = after, None
        go_on_from(self._control, control)
        self._forget_recent()
        if math.isinf(memory.rhythm.end):   # nothing in the sources' tables says which period it is
            self._base += ahead_by
            self._compiled.move_base(self._base)
        else:
            self._here += ahead_by
        self._control.breakpoint = self._control.since = self._here
        self._watch_growth(None)
        memory.jumped(following)
        self._show(Repetition(front, count, length, period))
        self.time = self._front
        return True

    # ------------------------------------------------------------------------------------ changes

    def set_source(self, name: str, waveform: SourceWaveform) -> None:
        """Replace the waveform of V/I source ``name`` from ``time`` on (its jump is a breakpoint)."""
        key = self._known(name, self._waveforms, "source")
        encode_sources([waveform])   # refuse before anything changes
        self._stop_here()
        self._waveforms[key] = waveform
        self._set_sources()
        self._make_consistent()

    def set_resistance(self, name: str, value: float) -> None:
        """Change resistor ``name`` (a relay) to ``value`` [Ohm] from ``time`` on."""
        resistors = {e.name.lower(): k for k, e in enumerate(self._elements) if e.kind == "R"}
        key = self._known(name, resistors, "resistor")
        if not (math.isfinite(value) and value > 0):
            raise ConfigurationError(f"circuit: {name} = {value:g} Ohm must be positive and finite")
        element = self._elements[resistors[key]]
        if element.value == value:
            return
        self._stop_here()
        self._elements[resistors[key]] = dataclasses.replace(element, value=value)
        self._assemble()
        self._make_consistent()

    def set_stage(self, name: str, stage: SourceMeterStage) -> None:
        """Change the set-points of a source-meter stage from ``time`` on; its v_s goes on where it was."""
        key = self._known(name, self._stages, "source-meter stage")
        check_stage(name, stage)
        self._stop_here()
        node, before = self._stages[key]
        self._stages[key] = (node, stage)
        if before.output_resistance != stage.output_resistance:
            self._assemble()
        else:
            self._compiled.set_stages([s for _, s in self._stages.values()])
        self._make_consistent()

    def set_device(
        self, device: str, model: str | DeviceModel, parameters: Mapping[str, float],
        state: Mapping[str, float] | None, history: DeviceHistory | None = None,
    ) -> None:
        """Put another device in the position of ``device``, with its own remembered state (None: at rest).

        ``model`` is a name of the catalogue (or a model), ``parameters`` replace some of its parameters. A stochastic
        device without a seed is on the path that belongs to the circuit's seed and its position. A ``history``
        goes on with the device; its present model stands in for ``model``.

        Raises
        ------
        ConfigurationError
            No such device, model or parameter; or the device has other terminals than the one before.
        """
        key = self._known(device, self._models, "device")
        if history is not None:
            history.fluctuate(self.time)
            model = history.model
        new = device_model(model) if isinstance(model, str) else model
        require_mechanism(new, device)
        if history is None and self.seed is not None:
            new = new.on_own_path(self.seed, key)
        new = new.with_parameters(parameters)
        before = self._models[key].terminals
        if new.terminals != before:
            raise ConfigurationError(
                f"circuit: {device} has the nodes {' '.join(before)}; a {new.mechanism} needs "
                f"{' '.join(new.terminals)} and cannot stand there")
        self._stop_here()
        self._changes.attach(key, history)
        kept = state or {}
        self._put_model(key, new, [kept.get(s, rest) for s, rest in zip(new.states, new.rest(), strict=True)])
        self._make_consistent()

    def _put_model(self, key: str, new: DeviceModel, states: Sequence[float]) -> None:
        kept = {name: self._states(name) for name in self._models if name != key}
        kept[key] = list(states)
        linear = self._y[: len(self._system.linear)]
        self._models[key] = new
        self._looks_gone += sum(c.looks for c in self._compiled_before.values())
        self._compiled_before.clear()   # the new device may have another number of states
        self._assemble()
        self._y = np.zeros(self._system.size)
        self._y[: linear.size] = linear
        for name, values in kept.items():
            self._put_state(name, values)

    def _stop_here(self) -> None:
        """Forget what was integrated beyond ``time``."""
        self._departures, self._rebase = 0, True
        self._control.excited = -math.inf
        y, beyond = self._unknowns_now(), self._front > self.time and self._pending is not None
        self._remember_noise(y)
        if self._cycle is not None or beyond:
            self._y, self._cycle = y, None
        if beyond:
            self._changes.due = None   # it lies behind
            self._changes.commit(self.time)
        elif self._changes:
            self._let_changes_happen()
        self._front = self.time
        self._pending = None
        self._start_afresh()

    def _make_consistent(self, time: float | None = None) -> bool:
        """Solve for the device currents; a change that leaves none is made all the same, and the next step says so."""
        return self._compiled.make_consistent(self.time if time is None else time, self._y)

    def settle(self) -> None:
        """Go to an operating point without time passing: the sources as they are now, nothing moving.

        Where it is unstable ``messages`` say so; the circuit leaves it as time goes on.

        Raises
        ------
        TsbenchError
            None was found.
        """
        self._stop_here()
        found = operating_point(self._compiled, self.time, self._y)
        if found is None:
            raise TsbenchError("circuit: no operating point found; start from rest ('uic') instead")
        self._y = found
        unstable = how_unstable(self._compiled, self.time, found)
        if unstable is not None:
            self._notes.append(unstable + (LEAVES_IT if self._without_own_noise() else MAY_STAY))

    # ------------------------------------------------------------------------------------ readings

    def _unknowns_now(self) -> FloatArray:
        if self._cycle is not None:
            copy = self._cycle.copy_at(self.time)
            return unknowns_at(copy, min(max(self.time, copy.start), copy.end))
        if self._front <= self.time or self._pending is None:
            return self._y
        return unknowns_at(self._pending, self.time)

    def unknowns(self) -> FloatArray:
        """Return a copy of the unknowns now."""
        return np.array(self._unknowns_now())

    def row(self, kind: Literal["voltage", "current"], name: str) -> Row:
        """Return the coefficients of a node voltage or element current in the unknowns and sources."""
        rows, what = (self._system.voltages, "node") if kind == "voltage" else (self._system.currents, "element")
        return rows[self._known(name, rows, what)]

    def _now(self, row: Row) -> float:
        return self._compiled.value(row, self.time, self._unknowns_now())

    def voltage(self, node: str) -> float:
        """Return the voltage of ``node`` now [V]."""
        return self._now(self._system.voltages[self._known(node, self._system.voltages, "node")])

    def current(self, element: str) -> float:
        """Return the current into the first terminal of ``element`` now [A]; of a source meter: out of it."""
        return self._now(self._system.currents[self._known(element, self._system.currents, "element")])

    def _states(self, key: str) -> list[float]:
        first = self._system.first_state[key]
        return [float(v) for v in self._unknowns_now()[first: first + len(self._models[key].states)]]

    def device_state(self, device: str) -> Mapping[str, float]:
        """Return the states of ``device`` now, such as ``{"temperature": 296.0}``."""
        key = self._known(device, self._models, "device")
        return dict(zip(self._models[key].states, self._states(key), strict=True))

    def model_of(self, device: str) -> DeviceModel:
        """Return the model that stands in the position of ``device``."""
        return self._models[self._known(device, self._models, "device")]

    @staticmethod
    def _known(name: str, known: Mapping[str, object], what: str) -> str:
        key = name.lower()
        if key not in known:
            raise ConfigurationError(f"circuit has no {what} '{name}'{nearest(key, known)}")
        return key


def unknowns_at(run: RecordedTrajectory, time: float) -> FloatArray:
    """Return the unknowns at ``time`` [s], within a run of steps."""
    steps = run.steps
    k = max(int(steps.starts.searchsorted(time, side="right")) - 1, 0)
    return steps.unknowns(k, (time - steps.starts[k]) / steps.lengths[k])


def check_stage(name: str, stage: SourceMeterStage) -> None:
    """Refuse set-points that make no output stage.

    Raises
    ------
    ConfigurationError
        It sources neither voltage nor current; a time constant, resistance, limit or slew rate is not positive.
    """
    if stage.function not in ("voltage", "current"):
        raise ConfigurationError(
            f"source-meter stage {name}: function = '{stage.function}' must be 'voltage' or 'current'")
    for field in ("limit", "output_resistance", "voltage_time_constant", "current_time_constant", "loop_resistance",
                  "slew_rate"):
        value = getattr(stage, field)
        if not value > 0:
            raise ConfigurationError(f"source-meter stage {name}: {field} = {value:g} must be positive")
