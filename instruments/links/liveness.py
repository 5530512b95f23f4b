"""Signs of progress, by which a watchdog can tell a measuring thread that waits from one that hangs.

The thread that measures calls ``beat`` whenever it has come one step further, and ``waiting`` before an act
that may rightly take a while without another sign. Where it waits for something outside, it calls ``calling``: an
exchange with an instrument has its timeout, and a write to the disk its time, as long as the thread is inside that
call.
"""

import threading
import time
from typing import Protocol

from tsbench.instruments.links.call_stack import LongCall


class Liveness(Protocol):
    """Receives signs of progress from the measuring thread. It must be fast: it is called at every message."""

    def beat(self) -> None:
        """The measuring thread has come further."""

    def waiting(self, longest: float) -> None:
        """It may be ``longest`` [s] until the next beat."""

    def calling(self, longest: float, call: LongCall) -> None:
        """As ``waiting``, but only as long as the thread is inside ``call``."""


class Unwatched:
    """No watchdog listens."""

    def beat(self) -> None:
        return

    def waiting(self, longest: float) -> None:
        return

    def calling(self, longest: float, call: LongCall) -> None:
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

    def calling(self, longest: float, call: LongCall) -> None:
        self.waiting(longest)  # frames are looked at only where one thread is waited for

    def end(self) -> None:
        """The thread has done what it had to."""
        self._whole.note(self, None)
