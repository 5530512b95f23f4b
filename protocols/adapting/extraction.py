"""The chooser, and a stored search to numbers: both by the same functions.

The acquisition gets the chooser from the file with the class of the protocol, so it imports no analysis itself.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tsbench.analysis.adaptive.belief import Belief, Interval, belief
from tsbench.analysis.adaptive.dependence import dependent, history_seen
from tsbench.analysis.adaptive.drift import Drift, drift
from tsbench.analysis.adaptive.search import ABOVE, BELOW, NARROW, SILENT, Goal
from tsbench.analysis.pulse.at_once import MAY_HAVE_SWITCHED
from tsbench.analysis.pulse.delay_results import PulseFacts
from tsbench.analysis.pulse.firing import Firing, PulseOutcome, outcome
from tsbench.analysis.statistics import NORMAL_95, expanded
from tsbench.protocols.adapting.chooser import CONDITIONING
from tsbench.protocols.extracting.edge_tally import EdgeTally
from tsbench.protocols.extracting.pulse_records import record_flags
from tsbench.protocols.extracting.signals import DeviceRecord, device_record, device_records
from tsbench.protocols.pulses.pairs import PulseRecord
from tsbench.records import Fixture, Flag, FloatArray, Run

#: missed pulses in succession after which a search gives up
_MOST_MISSED = 5

#: judges the records of one stimulus: whether it fired; None where that is not known or does not count
Judge = Callable[[float, Sequence[DeviceRecord]], bool | None]


@dataclass(frozen=True)
class Searched:
    """A stored search: the belief after all pulses that count, and why it ended."""

    goal: Goal
    found: Belief
    sent: int  #: pulses in all
    missed: int  #: that the scope did not record
    uncounted: int  #: recorded, but undecided, or the device was still on, or the first pulse of the pair did not fire
    ended: str
    drift: Drift
    conditioning: int = 0  #: pulses beside these that made the device switch
    at_once: int = 0  #: of those that do not count: the device conducts from the edge on, and may have fired
    unreadable: int = 0  #: of those that do not count: the record does not tell whether it fired, for another reason

    @property
    def interval(self) -> Interval:
        """What is known of what was looked for; after a drift, its whole way through the run."""
        known = self.goal.interval(self.found)
        if not self.drift.certain:
            return known
        half = 0.5 * max(abs(self.drift.change.low), abs(self.drift.change.high))
        return Interval(known.value, known.low - half, known.high + half)

    @property
    def flags(self) -> Flag:
        """NO_EVENT, CENSORED, TOO_FEW, AMBIGUOUS (the device drifted, or pulses are undecided) and DEPENDENT."""
        known, prior, flags = self.interval, self.goal.prior, Flag.NONE
        if self.found.x.size == 0 or not self.found.fired.any():
            flags |= Flag.NO_EVENT
        if known.low < prior.lowest or known.high > prior.highest:
            flags |= Flag.CENSORED
        if self.ended not in {NARROW, ABOVE, BELOW}:
            flags |= Flag.TOO_FEW
        if self.drift.certain or self.at_once or self.unreadable:
            flags |= Flag.AMBIGUOUS
        if dependent(self.found):
            flags |= Flag.DEPENDENT
        return flags

    def bounds(
        self, scale: Callable[[float], float], limit: Callable[[float], float] = lambda stimulus: 0.0
    ) -> tuple[float | None, float | None, float | None]:
        """Return value, low and high by ``scale``; None for an end beyond all stimuli, and for a value without ends.

        What is believed before the first pulse is no measurement: so there is no value without two ends.

        Parameters
        ----------
        scale : turns what the belief reckons with (V as a magnitude; ln s) into the stimulus (V; s)
        limit : by how much what the belief reckons with may be off, in its unit. The error is uniform within this, and
            joins the interval
        """
        known, prior = self.interval, self.goal.prior
        low = min(known.low, prior.highest) if known.low >= prior.lowest else None
        high = max(known.high, prior.lowest) if known.high <= prior.highest else None
        if low is None or high is None:  # a bound: moved by what 95 % of the errors stay within
            return (None, None if low is None else scale(low - expanded(0.0, limit(low))),
                    None if high is None else scale(high + expanded(0.0, limit(high))))
        off = limit(known.value)
        return (scale(known.value), scale(known.value - expanded((known.value - low) / NORMAL_95, off)),
                scale(known.value + expanded((high - known.value) / NORMAL_95, off)))

    @property
    def notes(self) -> str:
        """How the numbers were found, for ``method``."""
        text = (f"{self.found.x.size} of {self.sent} count, chosen one by one; the median and the central 95 % of what "
                "Bayes' rule leaves of a firing curve with unknown place, spread, form, floor and plateau")
        if self.found.x.size and not self.found.fired.any():
            text += "; none fired. If a threshold stays until the device switches, all of them are one sample of it"
        if self.conditioning:
            text += f"; {self.conditioning} were conditioning pulses"
        if self.missed:
            text += f"; the scope missed {self.missed}"
        if self.uncounted:
            text += f"; {self.uncounted} do not count"
        if self.at_once:
            text += f"; in {self.at_once} of these, the device conducts from the edge on"
        if self.unreadable:
            text += f"; the records of {self.unreadable} do not tell whether they fired"
        if self.drift.certain:
            text += "; the place drifted, and the interval holds its whole way"
        if history := history_seen(self.found):
            text += f"; outcomes depend on each other: {history}"
        elif dependent(self.found):
            text += "; outcomes depend on each other in a way that the interval does not hold"
        return text

    @property
    def advice(self) -> str:
        """What ends ``method``: why pulses tell nothing, and what to do; "" where all tell something."""
        return MAY_HAVE_SWITCHED if self.at_once else ""


class PulseJudge:
    """Judges single pulses in order of time; one that found the device still on does not count.

    Nor does one in which the device conducts from the edge on, unless the edges of the pulses so far show that it did
    not switch (:class:`.EdgeTally`): the device may have switched faster than the record shows.

    Parameters
    ----------
    at_level : whether a current flows at the base level, so that it shows a device that is still on
    fixture : of the run
    """

    def __init__(self, at_level: bool, fixture: Fixture) -> None:
        self._at_level, self._edges = at_level, EdgeTally(fixture)
        self._rested: PulseOutcome | None = None
        self.at_once = False  #: whether the device conducts from the edge of the last pulse on
        self.unreadable = False  #: whether the last record does not show its pulse, or the pulse before was not over

    def __call__(self, stimulus: float, records: Sequence[DeviceRecord]) -> bool | None:
        record, self.at_once, self.unreadable = records[0], False, False
        if record.voltage is None or record.current is None:
            return None
        part = record.times, record.voltage[0], record.current[0], judging_facts(record)
        found = outcome(*part, record_flags(record, 0), rested=self._rested)
        self.unreadable = found.firing in (Firing.UNSEEN, Firing.UNDECIDED)
        if found.firing is Firing.UNSEEN:
            return None
        if self._at_level and self._rested is None:
            self._rested = found
        self.at_once = self._edges.undecided(abs(stimulus), *part, found)
        if self.at_once:
            return None
        return None if found.firing in (Firing.STILL_ON, Firing.UNDECIDED) else found.firing is Firing.FIRED


def judging_facts(record: DeviceRecord) -> PulseFacts:
    """Return what a record itself says of its accuracy: enough to tell whether a pulse fired."""
    return PulseFacts(
        voltage_resolution=record.voltage_resolution, current_resolution=record.current_resolution,
        voltage_window=record.voltage_window, current_window=record.current_window)


class Listener(ABC):
    """Base of the choosers: judges each record, counts, conditions the device, and gives up after some bad pulses.

    Parameters
    ----------
    fixture : what the waveforms are read with
    judge : tells of the records of a stimulus whether it fired
    budget : pulses at most
    conditioning : amplitude [V] that makes the device switch before a pulse that would follow a quiet one; None: none
    """

    #: what the budget counts, for messages
    sends: ClassVar[str] = "pulses"

    def __init__(self, fixture: Fixture, judge: Judge, budget: int, conditioning: float | None = None) -> None:
        self._fixture, self._judge, self._budget = fixture, judge, budget
        self._conditioned_by = conditioning
        self._sent = self._missed = self._unswitched = 0
        self._undecided = self._at_once = 0   #: undecided records in succession, and how many of them conduct at once
        self._switched = False  #: whether the pulse before made the device switch
        self._renewed = False  #: whether this was a conditioning pulse
        self.conditioning = False
        self.tells_nothing = False  #: set by a judge: the device conducted from the edge on
        self.unseen = False  #: set by a judge: a record does not show its pulse
        self.reason, self.fell_silent = "", False

    @abstractmethod
    def ended(self) -> str:
        """Return why the search is over; "" while it is not."""

    @abstractmethod
    def choose(self) -> float:
        """Return the next stimulus."""

    @abstractmethod
    def learn(self, stimulus: float, fired: bool, renewed: bool) -> None:
        """Take an outcome; ``renewed``: the device was made to switch before it.

        Parameters
        ----------
        stimulus : [V] amplitude, or [s] gap
        fired : whether it made the device switch
        renewed : whether the device was made to switch since the stimulus before
        """

    @abstractmethod
    def known(self) -> tuple[float, float]:
        """Return the interval within the range searched."""

    @property
    @abstractmethod
    def what(self) -> str:
        """What is looked for, for messages: "the threshold amplitude"."""

    @property
    @abstractmethod
    def narrowness(self) -> str:
        """How narrow the interval is, and how narrow it has to be."""

    @property
    def progress(self) -> str:
        """How many pulses of the budget are used, and how narrow the interval is."""
        return f"{self._sent} of at most {self._budget} {self.sends}; {self.narrowness}"

    def next_stimulus(self) -> float | None:
        """Return the next stimulus; None once the interval is narrow enough or the budget is spent."""
        ended = self.ended()
        if not ended and max(self._missed, self._unswitched, self._undecided) < _MOST_MISSED:
            self.conditioning = self._conditioned_by is not None and not self._switched
            return self._conditioned_by if self.conditioning else self.choose()
        counted = f"the search for {self.what} ended after {self._sent} of at most {self._budget} {self.sends}"
        gave_up = (f"the scope missed {_MOST_MISSED} in succession" if self._missed >= _MOST_MISSED else
                   f"in {_MOST_MISSED} in succession, the device conducts from the edge on{MAY_HAVE_SWITCHED}"
                   if self._at_once >= _MOST_MISSED else
                   f"the records of {_MOST_MISSED} in succession do not tell whether they fired. Use a wider range of "
                   "the scope, or more samples" if self._undecided >= _MOST_MISSED else
                   f"{_MOST_MISSED} conditioning pulses in succession did not switch the device. Raise 'conditioning'")
        self.fell_silent, self.reason = ended == SILENT, f"{counted}: " + {
            NARROW: f"its interval is narrow enough ({self.narrowness})", ABOVE: "it is above the range searched",
            BELOW: "it is below the range searched", "": gave_up,
            SILENT: "the device has fired before, and does not at the highest of these stimuli now. Check the contact",
        }.get(ended, f"the budget is spent before its interval is narrow enough ({self.narrowness})")
        return None

    def told(self, stimulus: float, records: Sequence[PulseRecord], flags: Flag) -> tuple[float, float, float]:
        """Judge and learn; return fired (NaN: does not count) and the interval after it within the range searched."""
        self._sent += 1
        fired = None
        if records and Flag.TRIGGER_MISSED not in flags:
            read = [device_record({one.channel: one for one in record}, self._fixture) for record in records]
            self.tells_nothing = self.unseen = False
            fired = self._judge(stimulus, read)
            at_once, unreadable = (self._judge.at_once, self._judge.unreadable) if isinstance(
                self._judge, PulseJudge) else (self.tells_nothing, self.unseen)
            self._missed = 0
            self._undecided = self._undecided + 1 if at_once or unreadable else 0
            self._at_once = self._at_once + 1 if at_once else 0
        else:
            self._missed += 1
        if self.conditioning:
            self._unswitched = 0 if fired else self._unswitched + 1
        elif fired is not None:
            self.learn(stimulus, fired, self._renewed)
        self._switched = fired is True
        self._renewed = self.conditioning and self._switched
        return math.nan if fired is None else float(fired), *self.known()


class SearchChooser(Listener):
    """Chooses each stimulus by Bayes' rule.

    Parameters
    ----------
    goal : of the search
    fixture, judge : as of all choosers
    what : "the threshold amplitude", for messages
    scale : turns what the belief reckons with (V as a magnitude; ln s) into the stimulus (V; s)
    unscale : and back
    """

    def __init__(
        self, goal: Goal, fixture: Fixture, judge: Judge, what: str, scale: Callable[[float], float],
        unscale: Callable[[float], float], narrowness: Callable[[float, float], str],
        conditioning: float | None = None,
    ) -> None:
        super().__init__(fixture, judge, goal.budget, conditioning)
        self._goal, self._what, self._scale, self._unscale = goal, what, scale, unscale
        self._narrowness = narrowness
        self._found = belief(goal.prior, np.empty(0), np.empty(0))

    @property
    def what(self) -> str:
        """What is looked for."""
        return self._what

    @property
    def narrowness(self) -> str:
        """How narrow the interval is, and how narrow it has to be."""
        return self._narrowness(self._goal.interval(self._found).width, self._goal.width)

    def ended(self) -> str:
        """Return why the search is over; "" while it is not."""
        return self._goal.ended(self._found, self._sent)

    def choose(self) -> float:
        """Return the stimulus after which the interval is expected to be narrowest, or that tells most."""
        return self._scale(self._goal.next_stimulus(self._found))

    def learn(self, stimulus: float, fired: bool, renewed: bool) -> None:
        """Weigh the curves by an outcome."""
        self._found = self._found.learn(self._unscale(stimulus), fired, renewed)

    def known(self) -> tuple[float, float]:
        """Return the interval within the range searched."""
        known, prior = self._goal.interval(self._found), self._goal.prior
        low, high = sorted(self._scale(min(max(end, prior.lowest), prior.highest)) for end in (known.low, known.high))
        return low, high


@dataclass(frozen=True)
class JudgedPulse:
    """One row of a run of single pulses."""

    amplitude: float  #: [V]
    fired: bool | None  #: None: not known, or it does not count
    missed: bool  #: by the scope
    renewed: bool = False  #: a conditioning pulse has made the device switch before it
    at_once: bool = False  #: the device conducts from the edge on: it may have fired
    unreadable: bool = False  #: its record does not tell whether it fired, for another reason


def searched(
    goal: Goal, stimuli: FloatArray | Sequence[float], outcomes: Sequence[bool | None], missed: int,
    renewed: Sequence[bool] = (), conditioning: int = 0, at_once: int = 0, unreadable: int = 0,
) -> Searched:
    """Return what a stored search found.

    Parameters
    ----------
    goal : of the search
    stimuli : what each row sent, in the unit of the belief, shape (n,), in order of time
    outcomes : whether it fired; None where that is not known or does not count
    missed : how many of these the scope missed
    renewed : whether a conditioning pulse made the device switch before it; empty: never
    conditioning : number of conditioning pulses
    at_once, unreadable : how many outcomes are None, because the device conducts from the edge on, and because a record
        does not tell them for another reason
    """
    found, counted = belief(goal.prior, np.empty(0), np.empty(0)), 0
    for x, fired, new in zip(stimuli, outcomes, renewed or [False] * len(outcomes), strict=True):
        if fired is not None:  # one by one, as in the run: the grid closes in in the same way
            found, counted = found.learn(float(x), fired, new), counted + 1
    sent = len(outcomes) + conditioning
    return Searched(goal, found, sent, missed, len(outcomes) - missed - counted, goal.ended(found, sent), drift(found),
                    conditioning, at_once, unreadable)


def conditioning_rows(run: Run) -> FloatArray:
    """Return 1 where a row is a conditioning pulse; 0 for all of a run from before there were any."""
    named = any(column.name == CONDITIONING.name for column in run.header.columns)
    return run.column(CONDITIONING.name) if named else np.zeros(len(run.points))


def single_pulses(run: Run) -> list[tuple[float, float, float]]:
    """Return number, amplitude [V] and 1 for a conditioning pulse, of each row that says which pulse it is."""
    rows = zip(run.column("pulse").tolist(), run.column("amplitude").tolist(), conditioning_rows(run).tolist(),
               strict=True)
    return [row for row in rows if all(math.isfinite(one) for one in row)]


def judged_pulses(run: Run, judge: PulseJudge) -> tuple[list[JudgedPulse], int]:
    """Return the pulses of a run of single pulses, and how many conditioning pulses there were beside them."""
    seen: dict[int, DeviceRecord] = {}
    for record in device_records(run):
        if Flag.TRIGGER_MISSED not in record.flags:
            seen[round(record.conditions["shot"])] = record
    pulses: list[JudgedPulse] = []
    renewed, conditioning = False, 0
    for number, volts, conditioned in single_pulses(run):
        mine = seen.get(round(number))
        fired = None if mine is None else judge(abs(float(volts)), [mine])
        if conditioned:
            renewed, conditioning = fired is True, conditioning + 1
        else:
            at_once, unreadable = (mine is not None and one for one in (judge.at_once, judge.unreadable))
            pulses.append(JudgedPulse(float(volts), fired, mine is None, renewed, at_once, unreadable))
            renewed = False
    return pulses, conditioning
