"""Detects that a circuit stays on an unstable equilibrium, and decides when thermal noise acts."""

import math

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.stability.departure import (
    RADIANS_GROWING,
    Departure,
    NoDeparture,
    departure,
    still_small,
)
from tsbench.simulated_backends.circuit.stability.linearised import Equilibrium
from tsbench.simulated_backends.circuit.stability.thermal_switch import FEWEST_STEPS, RECORD, ThermalSwitch
from tsbench.simulated_backends.circuit.structure import STEPS_KEPT, CircuitStructure, Front
from tsbench.simulated_backends.circuit.trajectory import Steps, join
from tsbench.simulated_backends.numerics.seeds import seed_of

STEPS_PER_LOOK, MOST_STEPS_PER_LOOK = 64, 2048  #: while a mode is small: twice as many after each look
PERIOD_OF_A_DRIVE = 0.05  #: an oscillation longer than that share of the sources' period follows them
EQUILIBRIA_KEPT = 8  #: between changes
ENOUGH_DEPARTURES = 3  #: from unstable equilibria under constant sources: then an oscillation has begun


class StabilityWatch:
    """Watches for loss of stability, and decides when thermal noise moves the circuit.

    Parameters
    ----------
    structure, front
        The circuit, and how far it has been computed.
    seed : int
        Of thermal noise.
    """

    def __init__(self, structure: CircuitStructure, front: Front, seed: int) -> None:
        self._structure, self._front = structure, front
        self._seed = seed_of(seed, "thermal noise")
        self._equilibria: list[Equilibrium] = []   # before the last changes
        self._changed = 0.0   # [s] when the last one was
        self.switch = ThermalSwitch()   #: of the noise of an oscillation on a ramp
        self._between_looks = STEPS_PER_LOOK
        self.departures = 0   #: from unstable equilibria since the last change
        self.growing = 0   #: steps to take until a growing mode is looked at again; 0: there is none
        front.control.steps_until_look = FEWEST_STEPS
        self.begin_watching()

    @property
    def _watched(self) -> bool:
        """Whether growing modes are to be watched.

        Under constant sources they are not after an oscillation has begun: a slow oscillation passes an unstable
        stretch in every period, and with noise added there it would never reach a limit cycle.
        """
        begun = self.departures >= ENOUGH_DEPARTURES and not self._front.control.moving
        return self._structure.may_be_unstable and not begun

    def begin_watching(self) -> None:
        """Have the step loop look for growing modes, if the circuit as it is now may have one."""
        self._front.control.watching = self._watched

    # ------------------------------------------------------------------------------------ what is remembered

    def start_afresh(self) -> None:
        """Have the integrator begin anew, and forget the mode that was growing."""
        self.watch_growth(None)
        self._front.start_afresh()

    def something_changes(self, y: FloatArray, repeats: bool) -> None:
        """Note the equilibrium (unknowns ``y``) at which noise has moved the circuit before this change.

        ``repeats``: the circuit is in a steady state, which need not be one.
        """
        front, compiled = self._front, self._structure.compiled
        self.departures = 0
        front.control.excited = -math.inf
        if front.time == self._changed and self._equilibria:
            return   # several changes at once
        at_rest = (self._goes_back(front.base + front.control.since) and not self.growing and not repeats
                   and not math.isnan(front.control.real_part) and compiled.differential > 0)
        if at_rest:
            now = Equilibrium(self._changed, front.time, compiled.as_now(), y.copy())
            self._equilibria = [*self._equilibria[1 - EQUILIBRIA_KEPT:], now]
        else:
            self._equilibria = []
        self._changed = front.time

    def _goes_back(self, time: float) -> bool:
        """Return whether a record that begins at ``time`` [s] goes back to the last change."""
        return time - self._changed <= 1e-9 * (self._front.time - self._changed)

    def _last_steps(self, most: int) -> Steps:
        runs: list[Steps] = []
        for steps in reversed(self._front.recent):
            runs.insert(0, steps)
            if sum(s.starts.size for s in runs) >= most:
                break
        return join(runs).part(-most)

    # ------------------------------------------------------------------------------------ growing modes

    def departure(self, period: float | None) -> Departure | None:
        """Return how a mode starts that has become unstable within the last step; None: the circuit goes on.

        ``period`` [s] is that of the sources, None where they do not repeat.
        """
        front = self._front
        recent = self._last_steps(STEPS_KEPT)
        recent = recent.part(int(np.searchsorted(recent.starts[:-1], front.base + front.control.since)))
        before = self._equilibria if self._goes_back(float(recent.starts[0])) else []
        slow = self._slow(math.hypot(front.control.real_part, front.control.imaginary), period)
        found = departure(self._structure.compiled, recent, self._seed, before, slow)
        if found is NoDeparture.EXCITED:
            front.control.since = front.here
            self.switch.steps = FEWEST_STEPS
            front.control.steps_until_look = FEWEST_STEPS
        return None if isinstance(found, NoDeparture) else found

    def departed(self, found: Departure) -> None:
        """Follow a mode that has just been started."""
        self._between_looks = STEPS_PER_LOOK
        self.departures += 1
        self.watch_growth(RADIANS_GROWING / found.rate)
        if found.goes_on:
            self._start_noise(found.rate)

    def watch_growth(self, largest_step: float | None) -> None:
        """Keep steps below ``largest_step`` [s] while a mode grows; None: none does any more."""
        control, growing = self._front.control, largest_step is not None
        self.growing = self._between_looks if growing else 0
        if self.switch.on:
            self.switch.stop(self._structure.compiled)
        control.watching = self._watched and not growing
        self._limit_steps(largest_step or math.inf)
        control.real_part, control.e_folds, control.change = math.nan, 0.0, 0.0

    def look_at_growth(self, taken: int) -> None:
        """See whether a mode that is growing is still small, after so many more steps."""
        front = self._front
        self.growing -= taken
        if self.growing <= 0:
            front.control.since = front.here
            self._between_looks = min(2 * self._between_looks, MOST_STEPS_PER_LOOK)
            self.watch_growth(still_small(self._structure.compiled, front.reached, front.y))

    def see_sources_move(self) -> None:
        """Watch again where a source moves after an oscillation has begun."""
        if self.departures >= ENOUGH_DEPARTURES and self._front.control.moving:
            self.departures = 0
            self.watch_growth(None)

    # ------------------------------------------------------------------------------------ thermal noise

    def look_at_noise(self, period: float | None) -> None:
        """See whether thermal noise is to be switched on or off, after the last steps; ``period`` as above."""
        control, compiled = self._front.control, self._structure.compiled
        if self.switch.on and not control.moving:
            self._end_noise()
        elif control.steps_until_look <= 0.0:
            possible = self._front.recent and self._watched and not self.growing and compiled.differential > 1
            if self.switch.on:
                if self.switch.rests(compiled, self._last_steps(FEWEST_STEPS)):
                    self._end_noise()
                else:
                    self._limit_steps(self.switch.largest_step)
            elif (possible and self.switch.oscillates(compiled, self._last_steps(RECORD))
                  and self._slow(self.switch.rate, period)):
                self._start_noise(self.switch.rate)
            control.steps_until_look = self.switch.steps

    def _slow(self, rate: float, period: float | None) -> bool:
        """Return whether a source moves, slowly beside a mode with an eigenvalue of size ``rate`` [1/s]."""
        fast = period is not None and 2.0 * math.pi > rate * PERIOD_OF_A_DRIVE * period
        return bool(self._front.control.moving) and not fast

    def _start_noise(self, rate: float) -> None:
        """Switch thermal noise on, beside a mode with an eigenvalue of size ``rate`` [1/s]."""
        control = self._front.control
        self.watch_growth(None)
        self.switch.start(self._structure.compiled, self._front.reached, rate, self._seed)
        control.watching, control.steps_until_look = False, FEWEST_STEPS
        self._limit_steps(self.switch.largest_step)

    def _end_noise(self) -> None:
        """Switch thermal noise off."""
        self._front.control.since, self._front.control.excited = self._front.here, -math.inf
        self.watch_growth(None)

    def _limit_steps(self, small_step: float) -> None:
        """Keep steps below ``small_step`` [s] while a swing is small."""
        self._front.small_step = small_step
        self._front.limit_steps()
