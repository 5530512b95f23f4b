"""One acquisition of a scope: an observer that keeps history, finds its triggers and knows when it is done.

The records hold the trajectories they cover; the digitiser computes codes when they are read, so that a long memory
costs only what is fetched.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tsbench.simulated_backends.circuit.engine import Gap, Repetition, Segment
from tsbench.simulated_backends.services.trigger_lines import DigitalLine
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import Sampling
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import InputChannel
from tsbench.simulated_backends.virtual_instruments.oscilloscope.history import InputHistory, Repeated, Shifted
from tsbench.simulated_backends.virtual_instruments.oscilloscope.response import KERNEL_REACH, gaussian_sigma
from tsbench.simulated_backends.virtual_instruments.oscilloscope.trigger import TriggerSettings

_COPIES = 3  #: periods of a repetition to search before giving up: all others are equal
_MANY = 16  #: periods and more are kept as one piece


@dataclass(frozen=True)
class AcquisitionPlan:
    """Everything an acquisition needs to know, as set when it began."""

    channels: Mapping[int, InputChannel]
    sampling: Sampling
    pre: float  #: [s] of record before the trigger (negative: it begins after)
    post: float  #: [s] after the trigger
    trigger: TriggerSettings
    records: int = 1  #: segments, or acquisitions to average
    averaged: bool = False
    high_resolution: bool = False
    peak_detect: bool = False
    automatic: float | None = None  #: [s] without a trigger after which it triggers by itself
    holdoff: float = 40e-9
    rearm: float = 1e-6
    timebase_error: float = 0.0
    bits: int = 8  #: of a sample, without averaging
    fills_first: bool = False  #: whether a trigger by command waits until the pre-trigger memory is full

    @property
    def sub_codes(self) -> int:
        """Return the resolved steps per 8-bit code."""
        return 1 << (max(self.bits, 12) - 8 if self.high_resolution else self.bits - 8)

    @property
    def margin(self) -> float:
        """Return how much history [s] a record needs beyond its ends: the slowest channel's response."""
        slowest = max(gaussian_sigma(channel.bandwidth) for channel in self.channels.values())
        return max(KERNEL_REACH * slowest, self.trigger.lag)

    @property
    def filling(self) -> float:
        """Return how long [s] the memory before a trigger takes to fill, by the real time base."""
        return max(self.pre, 0.0) * (1.0 + self.timebase_error)

    @property
    def first_sample(self) -> float:
        """Return the time [s] of the first sample after the trigger."""
        return -self.pre


@dataclass(frozen=True)
class TriggeredRecord:
    """One triggered record."""

    number: int
    trigger: float  #: [s] circuit time that the scope takes for its trigger
    history: InputHistory
    automatic: bool = False


class Acquisition:
    """Observes a circuit from arming to completion.

    Parameters
    ----------
    plan : AcquisitionPlan
    start : float
        Circuit time [s] at which the memory begins to fill.
    line : DigitalLine or None
        What feeds the external trigger input.
    generator : numpy.random.Generator
        Trigger jitter.
    before : int
        Records that the scope has taken before: no two have the same number, and so none the same noise.
    """

    def __init__(
        self, plan: AcquisitionPlan, start: float, line: DigitalLine | None, generator: np.random.Generator,
        before: int = 0,
    ) -> None:
        self.plan = plan
        self.before = before
        self.start = start
        self.history = InputHistory()
        self.search = plan.trigger.search(line, start)
        self.generator = generator
        self.records: list[TriggeredRecord] = []
        self.eligible = start + plan.filling  #: [s] from here on a trigger counts
        self.pending: tuple[float, bool] | None = None  #: trigger found, post-trigger part still filling
        self.forced: float | None = None  #: [s] a trigger by command
        self.on_trigger: Callable[[], None] = lambda: None
        self.misses: Callable[[], bool] = lambda: False  #: whether an edge that was found is not seen

    # ------------------------------------------------------------------------------------------ state

    @property
    def complete(self) -> bool:
        """Whether all records are there."""
        return len(self.records) >= self.plan.records

    @property
    def finish(self) -> float | None:
        """Return the circuit time [s] at which the record now filling is whole; None without a trigger."""
        return None if self.pending is None else self.pending[0] + self.plan.post + self.plan.margin

    def force(self, now: float) -> None:
        """Trigger at ``now`` [s], or when the memory is full; whatever the signal does."""
        if self.pending is None and not self.complete:
            self.forced = max(now, self.eligible) if self.plan.fills_first else now
            self.process()

    # ---------------------------------------------------------------------------------------- observer

    def observe(self, segment: Segment) -> None:
        """Take the next piece of the circuit's past."""
        if self.complete:
            return
        if isinstance(segment, Gap):
            self._forget(segment.end)
            return
        if isinstance(segment, Repetition):
            self._repeat(segment)
            return
        self.history.traces.append(segment)
        self.process()

    def _forget(self, time: float) -> None:
        """Fill the memory anew from ``time`` [s] on: what was before is not known, nor if it would have triggered."""
        self.history, self.pending = InputHistory(), None
        self.search = self.plan.trigger.search(self.search.line, time)
        self.eligible = max(self.eligible, time + self.plan.filling)

    def _repeat(self, repetition: Repetition) -> None:
        searched = index = 0
        while index < repetition.count and not self.complete:
            begin = repetition.start + index * repetition.length
            waiting = self.pending is None and begin > self.eligible
            before = len(self.records)
            alike = self._alike(repetition, begin, repetition.count - index, searched)
            if alike >= _MANY:
                self.history.traces.append(Repeated(repetition.period, begin, repetition.length, alike))
                if waiting and self.plan.trigger.node is not None:
                    self.search.scanned = self.history.end   # as in the copies before: nothing
                index += alike
            else:
                self.history.traces.append(Shifted(repetition.period, begin - repetition.period.start))
                index += 1
            self.process()
            searched = 0 if len(self.records) > before else searched + int(waiting)

    def _alike(self, repetition: Repetition, begin: float, left: int, searched: int) -> int:
        """Return how many copies from ``begin`` [s] on, of those ``left``, need not be looked at one by one."""
        if self.plan.trigger.node is None:
            return left   # its trigger comes from elsewhere
        if self.finish is not None:
            until = self.finish   # nothing but filling the memory
        elif begin <= self.eligible:
            until = self.eligible   # no trigger counts
        elif searched > _COPIES:   # no copy has triggered, so no copy will
            until = math.inf if self.plan.automatic is None else self.eligible + self.plan.automatic
        else:
            return 0
        if self.forced is not None:
            until = min(until, self.forced)
        copies = (until - begin) / repetition.length - _COPIES
        return left if copies >= left else math.floor(copies)

    @property
    def waits_in_vain(self) -> bool:
        """Whether skipped periods lose nothing: it triggers by itself or by command, and has not yet."""
        unfed = self.plan.trigger.node is None and self.search.line is None
        idle = self.pending is None and self.forced is None and not self.records
        return idle and (unfed or self.plan.automatic is not None)

    def process(self) -> None:
        """Judge what has become known."""
        while not self.complete and self.history.traces:
            end = self.history.end
            if self.pending is None:
                self._look(end)
                if self.pending is None:
                    self.history.forget(self.search.scanned - self.plan.filling - 2 * self.plan.margin)
                    return
            finish = self.finish
            assert finish is not None
            if finish > end:
                return
            self._store()

    def _look(self, end: float) -> None:
        limit = end - self.plan.trigger.lag
        timeout = math.inf if self.plan.automatic is None else self.eligible + self.plan.automatic
        if self.forced is not None and self.forced <= end:
            self.pending, self.forced = (max(self.forced, self.start), True), None
        elif (trigger := self._trigger(min(limit, timeout))) is not None:
            self.pending = (trigger, False)
        elif timeout <= limit:
            self.pending = (timeout, True)
        if self.pending is not None:
            self.on_trigger()

    def _trigger(self, limit: float) -> float | None:
        """Return when the comparator sees the next edge [s]: its jitter does not bring it before a full memory."""
        while (edge := self.search.find(self.history, self.eligible, limit)) is not None:
            if not self.misses() and (seen := edge[0] + self._jitter(edge[1])) >= self.eligible:
                return seen
        return None

    def _jitter(self, slew: float) -> float:
        settings = self.plan.trigger
        rms = math.hypot(settings.jitter, settings.noise / slew if math.isfinite(slew) and slew > 0 else 0.0)
        return float(self.generator.normal(0.0, rms)) if rms else 0.0

    def _store(self) -> None:
        assert self.pending is not None
        trigger, automatic = self.pending
        self.pending = None
        reach = 2 * self.plan.margin
        history = self.history.between(trigger - self.plan.pre - reach, trigger + self.plan.post + reach)
        self.records.append(TriggeredRecord(self.before + len(self.records), trigger, history, automatic))
        done = trigger + self.plan.post + self.plan.rearm
        self.eligible = max(done + self.plan.filling, trigger + self.plan.holdoff)
        self.history.forget(min(done, self.search.scanned) - 2 * self.plan.margin)
