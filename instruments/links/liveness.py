"""Signs of progress, by which a watchdog can tell a measuring thread that waits from one that hangs.

The thread that measures calls ``beat`` whenever it has come one step further, and ``waiting`` before an act
that may rightly take a while without another sign: one VISA exchange its timeout, one write to the disk.
"""

import threading
import time
from typing import Protocol


class Liveness(Protocol):
    """Receives signs of progress from the measuring thread. It must be fast: it is called at every message."""

    def beat(self) -> None:
        """The measuring thread has come further."""

    def waiting(self, longest: float) -> None:
        """It may be ``longest`` [s] until the next beat."""


class Unwatched:
    """No watchdog listens."""

    def beat(self) -> None:
        return

    def waiting(self, longest: float) -> None:
        return


UNWATCHED: Liveness = Unwatched()


class ProgressOfThreads:
    """Several threads that are waited for: ``liveness`` hears of the one that is furthest behind."""

    def __init__(self, liveness: Liveness) -> None:
        self._liveness = liveness
        self._lock = threading.Lock()
        self._until: dict[ThreadProgress, float] = {}

    def thread(self) -> "ThreadProgress":
        """Return what one more thread calls; its silence counts until its ``end``."""
        thread = ThreadProgress(self)
        self.note(thread, time.monotonic())
        return thread

    def note(self, thread: "ThreadProgress", until: float | None) -> None:
        """Note by when [s, monotonic] a thread will have come further; None: it has ended."""
        with self._lock:
            if until is None:
                self._until.pop(thread, None)
            else:
                self._until[thread] = until
            if self._until:
                self._liveness.waiting(max(min(self._until.values()) - time.monotonic(), 0.0))


class ThreadProgress:
    """One thread of a :class:`ProgressOfThreads`: a :class:`Liveness`."""

    def __init__(self, whole: ProgressOfThreads) -> None:
        self._whole = whole

    def beat(self) -> None:
        self._whole.note(self, time.monotonic())

    def waiting(self, longest: float) -> None:
        self._whole.note(self, time.monotonic() + longest)

    def end(self) -> None:
        """The thread has done what it had to."""
        self._whole.note(self, None)
