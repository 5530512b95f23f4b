"""Pulses of one amplitude to its firing probability; and when there are enough of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tsbench.analysis.adaptive.probability import probability_ended, probability_interval
from tsbench.analysis.adaptive.search import NARROW
from tsbench.protocols.adapting.chooser import Chooser
from tsbench.protocols.adapting.extraction import Judge, Listener, PulseJudge, judged_pulses
from tsbench.protocols.extracting.facts import parameter
from tsbench.protocols.firing_probability.parameters import ProbabilityParameters
from tsbench.quantities import format_quantity
from tsbench.records import Fixture, Flag, Result, Run


class ProbabilityChooser(Listener):
    """Sends one amplitude [V] until the interval of its firing probability is narrow enough."""

    def __init__(self, settings: ProbabilityParameters, amplitude: float, fixture: Fixture, judge: Judge) -> None:
        super().__init__(fixture, judge, settings.budget)
        self._width, self._amplitude = settings.interval, amplitude
        self._fired = self._counted = 0

    @property
    def what(self) -> str:
        """What is looked for."""
        return f"the firing probability at {format_quantity(self._amplitude, 'V')}"

    def ended(self) -> str:
        """Return why there are enough pulses; "" while there are not."""
        return probability_ended(self._fired, self._counted, self._sent, self._width, self._budget)

    def choose(self) -> float:
        """Return the amplitude."""
        return self._amplitude

    def learn(self, stimulus: float, fired: bool | None) -> tuple[float, float]:
        """Count an outcome."""
        if fired is not None:
            self._fired, self._counted = self._fired + fired, self._counted + 1
        known = probability_interval(self._fired, self._counted)
        return known.low, known.high


def probability_choosers(settings: ProbabilityParameters, fixture: Fixture) -> Iterator[Chooser]:
    """Yield what counts the pulses of each amplitude of a run; one judge sees them all."""
    judge = PulseJudge(bool(settings.base))
    for amplitude in settings.amplitude:
        yield ProbabilityChooser(settings, amplitude, fixture, judge)


@dataclass(frozen=True)
class Counted:
    """The pulses of one amplitude."""

    amplitude: float  #: [V]
    outcomes: tuple[bool | None, ...]  #: None: missed, or the device was still on
    missed: int

    @property
    def counted(self) -> list[bool]:
        """The outcomes that count, in order of time."""
        return [fired for fired in self.outcomes if fired is not None]

    @property
    def drifted(self) -> bool:
        """Whether the intervals of the first and the second half of the pulses do not meet."""
        fired = self.counted
        half = len(fired) // 2
        one, other = (probability_interval(sum(part), len(part)) for part in (fired[:half], fired[half:]))
        return one.high < other.low or other.high < one.low


def counted_pulses(run: Run) -> list[Counted]:
    """Return the pulses of each amplitude in their order."""
    found: dict[float, list[tuple[bool | None, bool]]] = {}
    for amplitude, fired, missed in judged_pulses(run, PulseJudge(bool(parameter(run, "base", 0.0)))):
        found.setdefault(amplitude, []).append((fired, missed))
    return [Counted(amplitude, tuple(fired for fired, _ in mine), sum(missed for _, missed in mine))
            for amplitude, mine in found.items()]


def probability_results(run: Run) -> Sequence[Result]:
    """Return the firing probability at each amplitude.

    NO_EVENT: no pulse counts. TOO_FEW: the interval is not as narrow as was asked. AMBIGUOUS: the intervals of the two
    halves of the pulses do not meet, so the device changed on the way.
    """
    width, budget = float(parameter(run, "interval")), int(parameter(run, "budget"))
    results = []
    for pulses in counted_pulses(run):
        fired, counted, sent = sum(pulses.counted), len(pulses.counted), len(pulses.outcomes)
        ended = probability_ended(fired, counted, sent, width, budget)
        flags = Flag.NONE if ended == NARROW else Flag.TOO_FEW
        flags |= Flag.AMBIGUOUS if pulses.drifted else Flag.NONE
        method = f"{fired} of {counted} pulses fired; median and central 95 % after evenly spread probabilities"
        if left := sent - counted:
            method += f"; {left} pulses do not count ({pulses.missed} missed by the scope)"
        conditions: dict[str, object] = {
            "amplitude": pulses.amplitude, "pulse_width": float(parameter(run, "width")),
            "base": float(parameter(run, "base")), "pulses": sent, "ended": ended or "stopped"}
        known = probability_interval(fired, counted)
        value, low, high = (known.value, known.low, known.high) if counted else (None, None, None)
        results.append(Result("firing_probability", "", value, low, high, method, conditions,
                              flags if counted else flags | Flag.NO_EVENT))
    return results
