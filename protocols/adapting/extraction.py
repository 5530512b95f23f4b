"""The chooser, and a stored search to numbers: both by the same functions.

The acquisition gets the chooser from the file with the class of the protocol, so it imports no analysis itself.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.adaptive.belief import Belief, Interval, belief
from tsbench.analysis.adaptive.drift import Drift, drift
from tsbench.analysis.adaptive.firing_curve import Curves
from tsbench.analysis.adaptive.search import ABOVE, BELOW, NARROW, Goal
from tsbench.analysis.pulse.delay_results import PulseFacts
from tsbench.analysis.pulse.firing import Before, Firing, outcome
from tsbench.protocols.extracting.pulse_records import record_flags
from tsbench.protocols.extracting.signals import DeviceRecord, device_record, device_records
from tsbench.protocols.pulses.pairs import PulseRecord
from tsbench.records import Fixture, Flag, FloatArray, Result, Run

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
    uncounted: int  #: recorded, but the device was still on, or the first pulse of the pair did not fire
    ended: str
    drift: Drift

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
        """NO_EVENT, CENSORED, TOO_FEW and AMBIGUOUS (the device drifted)."""
        known, prior, flags = self.interval, self.goal.prior, Flag.NONE
        if self.found.x.size == 0 or not self.found.fired.any():
            flags |= Flag.NO_EVENT
        if known.low < prior.lowest or known.high > prior.highest:
            flags |= Flag.CENSORED
        if self.ended not in {NARROW, ABOVE, BELOW}:
            flags |= Flag.TOO_FEW
        if self.drift.certain:
            flags |= Flag.AMBIGUOUS
        return flags

    def bounds(self, scale: Callable[[float], float]) -> tuple[float | None, float | None, float | None]:
        """Return value, low and high by ``scale``; None for an end beyond all stimuli, and for a value without ends.

        What is believed before the first pulse is no measurement: so there is no value without two ends.
        """
        known, prior = self.interval, self.goal.prior
        low = scale(min(known.low, prior.highest)) if known.low >= prior.lowest else None
        high = scale(max(known.high, prior.lowest)) if known.high <= prior.highest else None
        return None if low is None or high is None else scale(known.value), low, high

    @property
    def notes(self) -> str:
        """How the numbers were found, for ``method``."""
        text = (f"{self.found.x.size} of {self.sent} chosen one by one; the median and the central 95 % of what "
                "Bayes' rule leaves of a firing curve with unknown place, spread, form, floor and plateau")
        if self.missed:
            text += f"; the scope missed {self.missed}"
        if self.uncounted:
            text += f"; {self.uncounted} do not count"
        if self.drift.certain:
            text += "; the place drifted, and the interval holds its whole way"
        return text


class PulseJudge:
    """Judges single pulses in order of time; one that found the device still on does not count.

    Parameters
    ----------
    at_level : whether a current flows at the base level, so that it shows a device that is still on
    """

    def __init__(self, at_level: bool) -> None:
        self._at_level = at_level
        self._rested: Before | None = None

    def __call__(self, stimulus: float, records: Sequence[DeviceRecord]) -> bool | None:
        record = records[0]
        if record.voltage is None or record.current is None:
            return None
        found = outcome(record.times, record.voltage[0], record.current[0], judging_facts(record),
                        record_flags(record, 0), rested=self._rested)
        if self._at_level and self._rested is None:
            self._rested = found.before
        return None if found.firing is Firing.STILL_ON else found.firing is Firing.FIRED


def judging_facts(record: DeviceRecord) -> PulseFacts:
    """Return what a record itself says of its accuracy: enough to tell whether a pulse fired."""
    return PulseFacts(
        voltage_resolution=record.voltage_resolution, current_resolution=record.current_resolution,
        voltage_window=record.voltage_window, current_window=record.current_window)


class Listener(ABC):
    """Base of the choosers: judges each record, counts, and gives up after some missed pulses in succession.

    Parameters
    ----------
    fixture : what the waveforms are read with
    judge : tells of the records of a stimulus whether it fired
    budget : pulses at most
    """

    def __init__(self, fixture: Fixture, judge: Judge, budget: int) -> None:
        self._fixture, self._judge, self._budget = fixture, judge, budget
        self._sent = self._missed = 0
        self.reason = ""

    @abstractmethod
    def ended(self) -> str:
        """Return why the search is over; "" while it is not."""

    @abstractmethod
    def choose(self) -> float:
        """Return the next stimulus."""

    @abstractmethod
    def learn(self, stimulus: float, fired: bool | None) -> tuple[float, float]:
        """Take an outcome (None: it does not count); return the interval after it, within the range searched."""

    @property
    @abstractmethod
    def what(self) -> str:
        """What is looked for, for messages: "the threshold amplitude"."""

    def next_stimulus(self) -> float | None:
        """Return the next stimulus; None once the interval is narrow enough or the budget is spent."""
        ended = self.ended()
        if not ended and self._missed < _MOST_MISSED:
            return self.choose()
        counted = f"the search for {self.what} ended after {self._sent} of at most {self._budget}"
        self.reason = f"{counted}: " + {
            NARROW: "its interval is narrow enough", ABOVE: "it is above the range searched",
            BELOW: "it is below the range searched", "": f"the scope missed {_MOST_MISSED} in succession",
        }.get(ended, "the budget is spent before its interval is narrow enough")
        return None

    def told(self, stimulus: float, records: Sequence[PulseRecord], flags: Flag) -> tuple[float, float, float]:
        """Judge and learn; return fired (NaN: does not count) and the interval after it within the range searched."""
        self._sent += 1
        fired = None
        if records and Flag.TRIGGER_MISSED not in flags:
            self._missed = 0
            read = [device_record({one.channel: one for one in record}, self._fixture) for record in records]
            fired = self._judge(stimulus, read)
        else:
            self._missed += 1
        low, high = self.learn(stimulus, fired)
        return math.nan if fired is None else float(fired), low, high


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
        unscale: Callable[[float], float],
    ) -> None:
        super().__init__(fixture, judge, goal.budget)
        self._goal, self._what, self._scale, self._unscale = goal, what, scale, unscale
        self._found = belief(goal.prior, np.empty(0), np.empty(0))

    @property
    def what(self) -> str:
        """What is looked for."""
        return self._what

    def ended(self) -> str:
        """Return why the search is over; "" while it is not."""
        return self._goal.ended(self._found, self._sent)

    def choose(self) -> float:
        """Return the stimulus after which the interval is expected to be narrowest, or that tells most."""
        return self._scale(self._goal.next_stimulus(self._found))

    def learn(self, stimulus: float, fired: bool | None) -> tuple[float, float]:
        """Weigh the curves by an outcome."""
        if fired is not None:
            self._found = self._found.learn(self._unscale(stimulus), fired)
        known, prior = self._goal.interval(self._found), self._goal.prior
        low, high = sorted(self._scale(min(max(end, prior.lowest), prior.highest)) for end in (known.low, known.high))
        return low, high


def searched(
    goal: Goal, stimuli: FloatArray | Sequence[float], outcomes: Sequence[bool | None], missed: int
) -> Searched:
    """Return what a stored search found.

    Parameters
    ----------
    goal : of the search
    stimuli : what each row sent, in the unit of the belief, shape (n,), in order of time
    outcomes : whether it fired; None where that is not known or does not count
    missed : how many of these the scope missed
    """
    found, counted = belief(goal.prior, np.empty(0), np.empty(0)), 0
    for x, fired in zip(stimuli, outcomes, strict=True):  # one by one, as in the run: the grid closes in the same way
        if fired is not None:
            found, counted = found.learn(float(x), fired), counted + 1
    sent = len(outcomes)
    return Searched(goal, found, sent, missed, sent - missed - counted, goal.ended(found, sent), drift(found))


def judged_pulses(run: Run, judge: Judge) -> Iterator[tuple[float, bool | None, bool]]:
    """Yield (amplitude [V], fired or None, missed) of each row of a run of single pulses."""
    seen: dict[int, DeviceRecord] = {}
    for record in device_records(run):
        if Flag.TRIGGER_MISSED not in record.flags:
            seen[round(record.conditions["shot"])] = record
    for number, amplitude in zip(run.column("pulse"), run.column("amplitude"), strict=True):
        mine = seen.get(round(number))
        yield float(amplitude), None if mine is None else judge(abs(float(amplitude)), [mine]), mine is None


def curve_width_result(found: Searched, conditions: dict[str, object]) -> Result:
    """Return from where to where the firing curve rises: the amplitude of 90 % of its rise less that of 10 % [V]."""
    shares = (0.1, 0.9)

    def width(curves: Curves) -> FloatArray:
        low, high = (curves.stimulus(curves.floor + share * (curves.plateau - curves.floor)) for share in shares)
        return high - low

    known = found.found.interval(width)
    narrowest = width(found.found.curves).min()
    # a curve that is narrower than the grid reckons with is known to be no wider only
    low = None if known.low <= 1.05 * narrowest else known.low
    flags = found.flags & ~Flag.CENSORED | (Flag.CENSORED if low is None else Flag.NONE)
    empty = Flag.NO_EVENT in found.flags
    return Result(
        "firing_curve_width", "V", None if low is None or empty else known.value, None if empty else low,
        None if empty else known.high, found.notes, {**conditions, "statistic": "10 to 90 % of the rise"}, flags)
