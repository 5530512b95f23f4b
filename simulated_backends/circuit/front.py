"""Where the integrator of a circuit stands, and who is shown what it has computed."""

import math
from dataclasses import dataclass, field

from tsbench.simulated_backends.circuit.engine import FloatArray, Observer, Segment
from tsbench.simulated_backends.circuit.kernel.control import StepControl
from tsbench.simulated_backends.circuit.kernel.step_control import FIRST_STEP
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory


@dataclass
class Front:
    """How far a circuit has been computed: often beyond ``time``, up to which it has been shown.

    The integrator counts from ``base``, since far from 0 the last digit of a time is no longer small.
    """

    y: FloatArray  #: unknowns where the integrator stands
    control: StepControl
    largest_step: float  #: [s] that the user allows
    time: float = 0.0  #: [s] of the circuit
    base: float = 0.0  #: [s] from which the integrator counts
    here: float = 0.0  #: [s] how far it has got from there
    reached: float = 0.0  #: [s] the same in the circuit's time
    restart: bool = True  #: whether it begins anew: something has changed
    pending: RecordedTrajectory | None = None  #: the last run of steps, part of it beyond ``time``
    steps: int = 0  #: accepted so far
    taken: int = 0  #: the same, with those that were cut off later
    sine_step: float = math.inf  #: [s] the longest with which no sine is overlooked
    small_step: float = math.inf  #: [s] the longest while a swing is small

    def stand_at(self, here: float, base: float | None = None) -> None:
        """Have the integrator stand at ``here`` [s] from ``base`` [s] (None: the one it has)."""
        self.base = self.base if base is None else base
        self.here, self.reached = here, self.base + here

    def go_to(self, time: float) -> None:
        """Have the integrator stand at ``time`` [s] of the circuit."""
        self.stand_at(time - self.base)

    def limit_steps(self) -> None:
        """Keep steps below what the user, sines and small swings allow."""
        self.control.largest_step = min(self.small_step, self.largest_step, self.sine_step)

    def start_afresh(self) -> None:
        """Have the integrator begin anew: something is different from here on."""
        self.restart = True
        self.control.next_step = FIRST_STEP
        self.count_from_here()
        if self.control.excited > -math.inf:   # still the same ramp
            self.control.excited = max(self.control.excited, self.here)

    def count_from_here(self) -> None:
        """Take this instant for the last breakpoint, and for the beginning of what is known of growing modes."""
        self.control.breakpoint = self.control.since = self.here

    def cut_off(self, instant: float) -> None:
        """Forget what lies behind ``instant`` [s] in the last run of steps."""
        assert self.pending is not None
        self.y = self.pending.unknowns_at(instant)
        self.pending = self.pending.between(self.pending.start, instant)
        self.go_to(instant)


@dataclass
class Audience:
    """The observers of a circuit."""

    observers: list[Observer] = field(default_factory=list)
    shown: int = 0  #: segments so far

    def show(self, segment: Segment) -> None:
        """Show a segment to all."""
        self.shown += 1
        for observer in tuple(self.observers):
            observer.observe(segment)
