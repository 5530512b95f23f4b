"""Pulses of one amplitude to its firing probability; and when there are enough of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tsbench.analysis.adaptive.belief import Interval
from tsbench.analysis.adaptive.dependence import succession
from tsbench.analysis.adaptive.probability import probability_ended, probability_interval, with_dependence
from tsbench.analysis.adaptive.search import NARROW
from tsbench.analysis.pulse.at_once import MAY_HAVE_SWITCHED
from tsbench.protocols.adapting.chooser import PulseChooser
from tsbench.protocols.adapting.extraction import (
    Judge,
    JudgedPulse,
    Listener,
    PulseJudge,
    judged_pulses,
    single_pulses,
)
from tsbench.protocols.extracting.facts import level_limit, parameter
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.firing_probability.parameters import ProbabilityParameters
from tsbench.quantities import format_quantity
from tsbench.records import Fixture, Flag, Result, Run

#: of a firing probability, for ``conditions``
AFTER_ANY, AFTER_SWITCHING = "of pulses in succession", "of pulses that follow a switching"
AFTER_FIRED, AFTER_QUIET = "of pulses after one that fired", "of pulses after one that did not fire"
#: after pulses that fired, an interval that is wider than this many times what was asked tells nothing of a dependence
_WIDE = 2.0


class ProbabilityChooser(Listener):
    """Sends one amplitude [V] until the interval of its firing probability is narrow enough."""

    def __init__(self, settings: ProbabilityParameters, amplitude: float, fixture: Fixture, judge: Judge) -> None:
        super().__init__(fixture, judge, settings.budget, settings.conditioning)
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

    def learn(self, stimulus: float, fired: bool, renewed: bool) -> None:
        """Count an outcome."""
        self._fired, self._counted = self._fired + fired, self._counted + 1

    def known(self) -> tuple[float, float]:
        """Return the interval of the probability."""
        known = probability_interval(self._fired, self._counted)
        return known.low, known.high

    @property
    def narrowness(self) -> str:
        """How narrow the interval is, and how narrow it has to be."""
        low, high = self.known()
        return f"interval {high - low:.3f} wide, {self._width:g} wanted"


def probability_choosers(settings: ProbabilityParameters, fixture: Fixture) -> Iterator[PulseChooser]:
    """Yield what counts the pulses of each amplitude of a run; one judge sees them all."""
    judge = PulseJudge(bool(settings.base), fixture)
    for amplitude in settings.amplitude:
        yield ProbabilityChooser(settings, amplitude, fixture, judge)


@dataclass(frozen=True)
class Counted:
    """The pulses of one amplitude."""

    amplitude: float  #: [V]
    pulses: tuple[JudgedPulse, ...]

    @property
    def counted(self) -> list[bool]:
        """The outcomes that count, in order of time."""
        return [one.fired for one in self.pulses if one.fired is not None]

    @property
    def missed(self) -> int:
        """How many the scope missed."""
        return sum(one.missed for one in self.pulses)

    @property
    def at_once(self) -> int:
        """In how many the device conducts from the edge on, so that it is not known whether they fired."""
        return sum(one.at_once for one in self.pulses)

    @property
    def undecided(self) -> int:
        """Of how many it is not known whether they fired, for this or another reason."""
        return self.at_once + sum(one.unreadable for one in self.pulses)

    @property
    def drifted(self) -> bool:
        """Whether the intervals of the first and the second half of the pulses do not meet."""
        fired = self.counted
        half = len(fired) // 2
        one, other = (probability_interval(sum(part), len(part)) for part in (fired[:half], fired[half:]))
        return one.high < other.low or other.high < one.low


def counted_pulses(run: Run) -> tuple[list[Counted], dict[float, int]]:
    """Return the pulses of each amplitude in their order, and all rows of each, with the conditioning pulses."""
    found: dict[float, list[JudgedPulse]] = {}
    pulses, _ = judged_pulses(run, PulseJudge(bool(parameter(run, "base", 0.0)), run.header.fixture))
    for one in pulses:
        found.setdefault(one.amplitude, []).append(one)
    return [Counted(amplitude, tuple(mine)) for amplitude, mine in found.items()], _rows(run, list(found))


def probability_results(run: Run) -> Sequence[Result]:
    """Return the firing probability at each amplitude; where outcomes may depend on each other, after each outcome too.

    NO_EVENT: no pulse counts. TOO_FEW: the pulses ended before the interval was as narrow as was asked. DEPENDENT: a
    pulse that follows one that fired does not fire as often as others. AMBIGUOUS: that may be so, or cannot be told; or
    the intervals of the two halves of the pulses do not meet, so that the device changed on the way; or it is not known
    of some pulses whether they fired, and the interval contains both.
    """
    found, rows = counted_pulses(run)
    results = [result for pulses in found for result in _results(run, pulses, rows[pulses.amplitude])]
    return or_nothing(results, run, "firing_probability", "")


def _results(run: Run, pulses: Counted, sent: int) -> list[Result]:
    width, budget = float(parameter(run, "interval")), int(parameter(run, "budget"))
    conditioned = parameter(run, "conditioning") is not None
    fired, counted, left = sum(pulses.counted), len(pulses.counted), len(pulses.pulses) - len(pulses.counted)
    ended = probability_ended(fired, counted, sent, width, budget)
    following = succession(pulses.counted)
    after_fired = probability_interval(*following.after_fired)
    known, flags, depend = with_dependence(probability_interval(fired, counted), following)
    unclear = not (conditioned or depend or following.independent) and after_fired.width > _WIDE * width
    flags |= Flag.NONE if ended == NARROW else Flag.TOO_FEW
    drifted = pulses.drifted and not following.dependent
    flags |= Flag.AMBIGUOUS if unclear or drifted or pulses.undecided else Flag.NONE
    known = _either(known, fired, counted, pulses.undecided)
    if pulses.undecided and known.width > width:   # the pulses that count ended the run
        flags |= Flag.TOO_FEW
    conditions: dict[str, object] = {
        "amplitude": pulses.amplitude, "statistic": AFTER_SWITCHING if conditioned else AFTER_ANY,
        "pulse_width": float(parameter(run, "width")), "base": float(parameter(run, "base")), "pulses": sent,
        "ended": ended or "stopped"}
    if limit := level_limit(run.header, "pulser", pulses.amplitude, pulse=True):
        conditions["amplitude_limit"] = limit
    more = _more(depend, left, pulses, unclear)
    main = _result(known, f"{fired} of {counted} pulses fired; {_METHOD}{more}", conditions, flags, counted)
    if not counted or conditioned or not (depend or unclear):
        return [main]
    each = [(AFTER_FIRED, following.after_fired), (AFTER_QUIET, following.after_quiet)]
    doubt = _doubt(pulses)
    if not pulses.undecided:   # that it is unclear whether outcomes depend on each other is no matter of either
        flags &= ~Flag.AMBIGUOUS
    return [main, *(
        _result(_either(probability_interval(*numbers), *numbers, pulses.undecided),
                f"{numbers[0]} of {numbers[1]} pulses fired; {_METHOD}{doubt}", {**conditions, "statistic": name},
                flags, numbers[1]) for name, numbers in each)]


def _either(known: Interval, fired: int, counted: int, undecided: int) -> Interval:
    """Return an interval that also holds both outcomes of the ``undecided`` pulses beside those that count."""
    if not undecided:
        return known
    ends = [probability_interval(fired + more, counted + undecided) for more in (0, undecided)]
    return replace(known, low=min(known.low, ends[0].low), high=max(known.high, ends[1].high))


_METHOD = "median and central 95 % after evenly spread probabilities"


def _doubt(pulses: Counted) -> str:
    """Return what ``method`` says of the pulses of which it is not known whether they fired."""
    if not pulses.undecided:
        return ""
    text = f"; in {pulses.at_once} of these, the device conducts from the edge on" if pulses.at_once else ""
    if others := pulses.undecided - pulses.at_once:
        text += f"; the records of {others} do not tell whether they fired"
    return f"{text}: the interval contains both outcomes" if pulses.counted else text


def _more(depend: str, left: int, pulses: Counted, unclear: bool) -> str:
    """Return what ``method`` says beside the counts."""
    text = f"; {left} pulses do not count ({pulses.missed} missed by the scope)" if left else ""
    text += _doubt(pulses)
    text += depend
    if unclear:
        text += ("; whether outcomes depend on each other cannot be told: too few pulses followed one that fired. Send "
                 "conditioning pulses ('conditioning')")
    return text + (MAY_HAVE_SWITCHED if pulses.at_once else "")


def _result(known: Interval, method: str, conditions: dict[str, object], flags: Flag, counted: int) -> Result:
    if not counted:
        return Result("firing_probability", "", None, None, None, method, conditions, flags | Flag.NO_EVENT)
    return Result("firing_probability", "", known.value, known.low, known.high, method, conditions, flags)


def _rows(run: Run, amplitudes: Sequence[float]) -> dict[float, int]:
    """Return how many rows of the run belong to each amplitude: the search of one ends before the next begins."""
    sent = dict.fromkeys(amplitudes, 0)
    waiting = 0  # conditioning pulses come before the pulse that they are for
    for _, volts, conditioned in single_pulses(run):
        if conditioned:
            waiting += 1
        else:
            sent[volts] += 1 + waiting
            waiting = 0
    return sent
