"""Digital lines between instruments: sync and trigger outputs as exact edge times, without a circuit.

A generator puts :class:`EdgeTrain` s on its line, in the future if need be; a scope's EXT input or another
generator's trigger input asks for the edges in an interval. All times are circuit times [s].
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

Slope = Literal["positive", "negative"]

TTL_HIGH = 3.3  #: [V] of a high line
_BEFORE = 1.0  #: [s] before the bench was switched on: nobody looks for an edge there


@dataclass(frozen=True)
class EdgeTrain:
    """``count`` high pulses (0: without end) of ``width`` [s], every ``period`` [s] from ``start`` on."""

    start: float
    width: float
    period: float
    count: int = 1
    end: float = math.inf  #: nothing of it happens from this time on

    def first_edge(self, after: float, slope: Slope) -> float | None:
        """Return the first edge later than ``after`` [s], or None."""
        origin = self.start if slope == "positive" else self.start + self.width
        index = 0 if after < origin else math.floor((after - origin) / self.period) + 1
        edge = origin + index * self.period
        if edge <= after:   # rounding of a long train
            index, edge = index + 1, origin + (index + 1) * self.period
        if (self.count and index >= self.count) or edge >= self.end:
            return None
        return edge

    def high_at(self, time: float) -> bool:
        """Return whether the line is high at ``time`` [s] because of this train."""
        if not self.start <= time < self.end:
            return False
        index = math.floor((time - self.start) / self.period)
        if self.count:
            index = min(index, self.count - 1)
        return time - self.start - index * self.period < self.width


class DigitalLine:
    """One output and the inputs that listen to it."""

    def __init__(self) -> None:
        self.enabled = True
        self._trains: list[EdgeTrain] = []
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` whenever edges are added or withdrawn."""
        self._listeners.append(listener)

    def add(self, train: EdgeTrain) -> None:
        """Put a train on the line, behind or beside what is there."""
        self._trains.append(train)
        self._trains = self._trains[-1000:]   # older trains are over
        self._tell()

    def cut(self, time: float) -> None:
        """Withdraw everything that would happen from ``time`` [s] on."""
        self._withdraw(time)
        self._tell()

    def is_still(self, time: float) -> bool:
        """Return whether no train that was added goes on at ``time`` [s] or later: :meth:`cut` would change nothing."""
        return not self._trains or all(train.end <= time for train in self._trains)

    def set_level(self, time: float, high: bool) -> None:
        """Let the line be high, or low, from ``time`` [s] on, without end: one edge if that is a change."""
        before = self.level_at(math.nextafter(time, -math.inf))
        self._withdraw(time)
        if high:
            # a line that has been high goes on without an edge
            self._trains.append(EdgeTrain(time if not before else -_BEFORE, math.inf, 1.0))
        elif before:
            self._trains.append(EdgeTrain(-_BEFORE, time + _BEFORE, 1.0))   # its falling edge is at ``time``
        self._trains = self._trains[-1000:]
        self._tell()

    def level_at(self, time: float) -> bool:
        """Return whether the line is high at ``time`` [s], as far as it is known now."""
        return any(train.high_at(time) for train in self._trains)

    def next_edge(self, after: float, slope: Slope = "positive") -> float | None:
        """Return the first edge later than ``after`` [s] that is known now, or None."""
        if not self.enabled:
            return None
        edges = [edge for train in self._trains if (edge := train.first_edge(after, slope)) is not None]
        return min(edges, default=None)

    def _withdraw(self, time: float) -> None:
        self._trains = [replace(train, end=min(train.end, time)) for train in self._trains if train.start < time]

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()
