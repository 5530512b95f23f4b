"""How simulated time goes beside the wall clock while a bench is served."""

import time
from collections.abc import Callable
from typing import Protocol

HOP = 0.1  #: [s] of simulated time, the longest step while a client waits, at full speed
PATIENCE = 60.0  #: [s] of simulated time; a client that waits longer for one reply waits at the wall clock's pace


class Pace(Protocol):
    """What the server asks of it; ``now`` is always the bench's clock [s]."""

    #: whether time passes while no client asks for anything
    idle_time_counts: bool

    def reached(self, now: float) -> float:
        """Return the bench time that idle time has brought about."""

    def horizon(self, now: float, waited: float) -> float:
        """Return how far time may go for a client that has ``waited`` s of bench time for a reply."""

    def hold(self, now: float) -> float:
        """Return how many seconds to do nothing, because the bench is ahead."""

    def forgive(self, now: float) -> None:
        """The bench is behind because it had to compute: go on from here."""


class WallPace:
    """One second a second: the bench is never ahead of the wall clock, and catches up what was idle."""

    idle_time_counts = True

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._origin = clock()

    def reached(self, now: float) -> float:
        """Return the bench time that belongs to this instant."""
        return self._clock() - self._origin

    def horizon(self, now: float, waited: float) -> float:
        """Return the same: waiting clients do not speed time up."""
        return self.reached(now)

    def hold(self, now: float) -> float:
        """Return by how much the bench is ahead."""
        return max(now - self.reached(now), 0.0)

    def forgive(self, now: float) -> None:
        """Let this instant be ``now`` if the bench is behind."""
        behind = self.reached(now) - now
        if behind > 0.0:
            self._origin += behind


class FastPace:
    """As in process: time passes because something takes time, as fast as it can be computed."""

    idle_time_counts = False

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._slow_from: float | None = None  #: bench time minus wall clock, for those who wait in vain

    def reached(self, now: float) -> float:
        """Return ``now``: idle time is no time."""
        return now

    def horizon(self, now: float, waited: float) -> float:
        """Return a little more than ``now``; after a long wait no more than the wall clock allows."""
        if waited < PATIENCE:
            self._slow_from = None
            return now + HOP
        if self._slow_from is None:
            self._slow_from = now - self._clock()
        return max(now, self._slow_from + self._clock())

    def hold(self, now: float) -> float:
        """Return 0."""
        return 0.0

    def forgive(self, now: float) -> None:
        """Nothing to forgive."""
