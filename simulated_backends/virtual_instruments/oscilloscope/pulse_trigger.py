"""Triggers on how long something lasts: pulses of one input, patterns of several."""

import heapq
import math
from dataclasses import dataclass, replace

import numpy as np

from tsbench.simulated_backends.services.trigger_lines import DigitalLine
from tsbench.simulated_backends.virtual_instruments.oscilloscope.history import InputHistory
from tsbench.simulated_backends.virtual_instruments.oscilloscope.trigger import EdgeSearch, EdgeSettings


@dataclass(frozen=True)
class Duration:
    """A condition on a time [s]: longer than ``low`` and shorter than ``high``, or not so (``outside``)."""

    low: float = 0.0
    high: float = math.inf
    outside: bool = False

    def holds(self, seconds: float) -> bool:
        """Whether a time meets it."""
        return (self.low < seconds < self.high) != self.outside


@dataclass(frozen=True)
class PulseSettings:
    """A trigger at the end of a pulse whose width meets a condition."""

    edge: EdgeSettings  #: of the input, with slope "EITH"
    positive: bool  #: at the node
    width: Duration

    @property
    def node(self) -> str | None:
        """Return the node."""
        return self.edge.node

    @property
    def jitter(self) -> float:
        """Return the jitter of the interpolator [s] rms."""
        return self.edge.jitter

    @property
    def noise(self) -> float:
        """Return the noise [V rms] at the node."""
        return self.edge.noise

    @property
    def lag(self) -> float:
        """Return how far [s] the history must reach beyond the end of a pulse."""
        return self.edge.lag

    def search(self, line: DigitalLine | None, start: float) -> "PulseSearch":
        """Return a search for such pulses."""
        return PulseSearch(self, line, start)


class PulseSearch:
    """Walks through the history once, remembering where the present pulse began."""

    def __init__(self, settings: PulseSettings, line: DigitalLine | None, start: float) -> None:
        self.settings = settings
        self._edges = EdgeSearch(settings.edge, line, start)
        self._began: float | None = None

    @property
    def line(self) -> DigitalLine | None:
        """Return what feeds the external input."""
        return self._edges.line

    @property
    def scanned(self) -> float:
        """Return the time [s] up to which everything has been judged."""
        return self._edges.scanned

    @scanned.setter
    def scanned(self, time: float) -> None:
        self._edges.scanned = time

    def find(self, history: InputHistory, earliest: float, limit: float) -> tuple[float, float] | None:
        """Return the next end of such a pulse in (scanned, limit] not before ``earliest``."""
        while (edge := self._edges.find(history, -math.inf, limit)) is not None:
            if self._edges.rising == self.settings.positive:
                self._began = edge[0]
                continue
            began, self._began = self._began, None
            if began is not None and edge[0] >= earliest and self.settings.width.holds(edge[0] - began):
                return edge
        return None


@dataclass(frozen=True)
class PatternTerm:
    """What one input must be: "0", "1", or the edge "R" or "F"; at the node."""

    edge: EdgeSettings  #: with slope "EITH"
    state: str


@dataclass(frozen=True)
class PatternSettings:
    """A trigger on a pattern of inputs.

    With an edge among the terms, it triggers on that edge while the other terms hold. Else ``lasting`` None means when
    the pattern is entered; a condition means when it is left after such a time; ``timeout`` [s] means while it still
    holds after this time.
    """

    terms: tuple[PatternTerm, ...]
    lasting: Duration | None = None
    timeout: float | None = None

    @property
    def node(self) -> str | None:
        """Return the node of the first term; ground where every input is "don't care"."""
        return self.terms[0].edge.node if self.terms else "0"

    @property
    def jitter(self) -> float:
        """Return the jitter of the interpolator [s] rms."""
        return max((term.edge.jitter for term in self.terms), default=0.0)

    @property
    def noise(self) -> float:
        """Return the largest noise [V rms] of the nodes."""
        return max((term.edge.noise for term in self.terms), default=0.0)

    @property
    def lag(self) -> float:
        """Return how far [s] the history must reach beyond an edge."""
        return max((term.edge.lag for term in self.terms), default=0.0)

    def search(self, line: DigitalLine | None, start: float) -> "PatternSearch":
        """Return a search for the pattern."""
        return PatternSearch(self, line, start)


class PatternSearch:
    """Walks through the edges of all terms in order of time."""

    def __init__(self, settings: PatternSettings, line: DigitalLine | None, start: float) -> None:
        self.settings = settings
        self.line = line
        self._searches = [EdgeSearch(replace(term.edge, slope="EITH"), line, start) for term in settings.terms]
        self._high: list[bool] = []   # state of each input; empty until something of the history is known
        self._events: list[tuple[float, int, bool, float]] = []   # heap: time, term, rising, slew rate
        self._since: float | None = None   # when the pattern was entered
        self._scanned = start

    @property
    def scanned(self) -> float:
        """Return the time [s] up to which everything has been judged."""
        return self._scanned

    @scanned.setter
    def scanned(self, time: float) -> None:
        self._scanned = time
        for search in self._searches:
            search.scanned = time

    def find(self, history: InputHistory, earliest: float, limit: float) -> tuple[float, float] | None:
        """Return the next trigger in (scanned, limit] not before ``earliest``."""
        if not self._searches:
            self._scanned = max(self._scanned, limit)
            return None
        if not self._high:
            self._begin(history)
        for number, search in enumerate(self._searches):
            while (edge := search.find(history, -math.inf, limit)) is not None:
                heapq.heappush(self._events, (edge[0], number, search.rising, edge[1]))
        while self._events and self._events[0][0] <= limit:
            time, number, rising, slew = self._events[0]
            if (late := self._overdue(earliest, time)) is not None:
                return late
            heapq.heappop(self._events)
            if self._triggers(time, number, rising) and time >= earliest:
                self._scanned = time
                return time, slew
        self._scanned = max(self._scanned, limit)
        return self._overdue(earliest, limit)

    def _begin(self, history: InputHistory) -> None:
        for term in self.settings.terms:
            node, start = term.edge.node, max(self._scanned, history.start)
            assert node is not None
            self._high.append(bool(history.voltage(node, np.array([start]))[0]
                                   >= term.edge.level))
        self._since = self._scanned if self._matches() else None

    def _matches(self, but: int | None = None) -> bool:
        return all(number == but or term.state in "RF" or high == (term.state == "1")
                   for number, (term, high) in enumerate(zip(self.settings.terms, self._high, strict=True)))

    def _triggers(self, time: float, number: int, rising: bool) -> bool:
        """Take one edge of one input; whether it triggers."""
        settings, state = self.settings, self.settings.terms[number].state
        before, self._high[number] = self._matches(), rising
        if any(term.state in "RF" for term in settings.terms):
            return state in "RF" and rising == (state == "R") and self._matches(number)
        now = self._matches()
        if now and not before:
            self._since = time
            return settings.lasting is None and settings.timeout is None
        if before and not now:
            since, self._since = self._since, None
            return settings.lasting is not None and since is not None and settings.lasting.holds(time - since)
        return False

    def _overdue(self, earliest: float, until: float) -> tuple[float, float] | None:
        """Return the trigger of a pattern that holds for longer than the timeout, once."""
        if self.settings.timeout is None or self._since is None:
            return None
        time = max(self._since + self.settings.timeout, earliest)
        if time > until:
            return None
        self._since = None
        return time, math.inf
