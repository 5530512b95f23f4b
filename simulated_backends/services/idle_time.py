"""The time that a program spends between two messages, as time of the bench: for programs that wait by themselves."""

import time
from collections.abc import Callable

from tsbench.simulated_backends.services.clock import BenchClock


class IdleTime:
    """Lets the bench follow a clock between messages; within a message, time passes as it does without it.

    Parameters
    ----------
    clock : BenchClock
    wall : returns the time of the clock on the wall [s]
    """

    def __init__(self, clock: BenchClock, wall: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._wall = clock, wall
        self._last = wall(), clock.now  #: [s] on the wall and on the bench, at the last message

    def pass_by(self) -> None:
        """Let the time since the last message pass; what has passed on the bench meanwhile counts."""
        wall, bench = self._last
        now = self._wall()
        if (until := bench + now - wall) > self._clock.now:
            self._clock.advance_to(until)
        self._last = now, self._clock.now
