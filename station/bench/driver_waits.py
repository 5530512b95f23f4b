"""What the drivers of a bench wait with: its clock, in which a stop of the run is heard.

A run hears a stop between two steps of its protocol. A driver may wait longer within a step: until a scope is armed, or
its points have come, or it polls until a long reading is over. An output may be on meanwhile. While VISA waits
for a reply, no stop is heard; this wait has its timeout.
"""

import contextlib
import math
from collections.abc import Callable, Iterator

from tsbench.instruments import Clock


class StopHeard(KeyboardInterrupt):
    """A driver waits while its run should end; the message is the reason of the stop.

    It breaks into the step as a second Ctrl-C does.
    """


_LONGEST_PART = 0.1  #: [s] of a wait, between two looks for a stop


def _no_stop() -> str | None:
    return None


class DriverWaits:
    """Waits on the clock of a bench.

    Parameters
    ----------
    clock : callable
        Returns the clock; a VISA library may bring another one when it is opened.
    """

    def __init__(self, clock: Callable[[], Clock]) -> None:
        self._clock = clock
        self._overdue = _no_stop

    def wait(self, seconds: float) -> None:
        """Let ``seconds`` pass, and look for a stop every :data:`_LONGEST_PART`.

        Raises
        ------
        StopHeard
            A stop of the run was requested, and its step still goes on.
        """
        self._look()
        parts = max(math.ceil(seconds / _LONGEST_PART), 1)
        for _ in range(parts):
            self._clock().wait(seconds / parts)
            self._look()

    @contextlib.contextmanager
    def hearing(self, overdue: Callable[[], str | None]) -> Iterator[None]:
        """Hear a stop meanwhile; ``overdue`` returns why the run should have ended by now, None if it may go on."""
        self._overdue = overdue
        try:
            yield
        finally:
            self._overdue = _no_stop   # nothing must break into the switching off

    def _look(self) -> None:
        if (reason := self._overdue()) is not None:
            self._overdue = _no_stop   # once: another must not break into what a step does at its end
            raise StopHeard(reason)
