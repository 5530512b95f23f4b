"""Signs of progress: whoever waits says so, so that a watchdog can tell waiting from standing still.

The thread that measures calls ``beat`` whenever it has come one step further, and ``waiting`` before an act
that may rightly take a while without another sign: one VISA exchange its timeout, one write to the disk.
"""

from typing import Protocol


class Liveness(Protocol):
    """Who hears of progress. Cheap: called at every message."""

    def beat(self) -> None:
        """The measuring thread has come further."""

    def waiting(self, longest: float) -> None:
        """It may be ``longest`` [s] until the next beat."""


class Unwatched:
    """Nobody hears."""

    def beat(self) -> None:
        return

    def waiting(self, longest: float) -> None:
        return


UNWATCHED: Liveness = Unwatched()
