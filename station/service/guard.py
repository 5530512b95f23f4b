"""The measuring process hears its service; when the service is gone or silent, it ends its run by itself.

Nobody could stop the run any more. First the run is asked to stop, as by its operator. If its outputs are not read back
as off soon after, the process kills itself, so that the watchdog switches them off.
"""

import math
import os
import signal
import threading
import time
from collections.abc import Callable

from tsbench.records import RunEvent
from tsbench.station.protection.control import Control

_LOOK = 0.05  #: [s]
_STOOD = 0.4  #: [s] between two looks that say that this process stood still itself
#: [s] between asking the run to stop and killing the process. The watchdog then needs some 0.3 s, and outputs must be
#: off within 2 s after the service has fallen silent for the deadline of the watchdog (0.8 s)
_GRACE = 0.3
_LEAVING = 60.0  #: [s] after the end of the service, for what a run has left to extract and to store


def _kill_this_process() -> None:
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


class ServiceGuard:
    """Watches the service while a run goes on.

    Parameters
    ----------
    deadline : float
        [s] of silence that the service may have.
    end : callable
        Ends this process at once.
    """

    def __init__(self, deadline: float, end: Callable[[], None] = _kill_this_process) -> None:
        self.deadline = deadline
        self._end = end
        self._control: Control | None = None  #: of the run that goes on
        self._off = False  #: its outputs have been read back as off, and no step follows
        self._heard = time.monotonic()
        self._gone, self._gone_at = "", math.inf
        threading.Thread(target=self._watch, name="service guard", daemon=True).start()

    def begin(self, control: Control) -> None:
        """A run begins; a service that has gone before lets none begin."""
        self._off, self._heard = False, time.monotonic()
        self._control = control

    def over(self) -> None:
        """No run goes on any more."""
        self._control = None

    def heard(self) -> None:
        """The service has said that it lives."""
        self._heard = time.monotonic()

    def gone(self, reason: str) -> None:
        """The service is no more."""
        self._gone, self._gone_at = reason, time.monotonic()

    def hear(self, event: RunEvent) -> None:
        """Listen to the events of the run: its outputs are read back after its last step."""
        if event.kind == "output":
            self._off = bool(event.data) and all(state is False for state in event.data.values())

    def _trouble(self) -> str:
        silent = time.monotonic() - self._heard
        if self._gone:
            return self._gone
        return f"the bench service has been silent for {silent:.1f} s" if silent > self.deadline else ""

    def _watch(self) -> None:
        looked, asked = time.monotonic(), 0.0
        while True:
            time.sleep(_LOOK)
            now = time.monotonic()
            if now - looked > max(self.deadline / 2, _STOOD):
                # this process stood still: what the service has said meanwhile is read first
                self._heard = max(self._heard, now - self.deadline / 2)
            looked = now
            if now - self._gone_at > _LEAVING:
                self._end()
            control, reason = self._control, self._trouble()
            if control is None or self._off or not reason:
                asked = 0.0
            elif not asked:
                asked = now
                control.stop(f"{reason}, and nobody could stop this run any more")
            elif now - asked > _GRACE:
                self._end()
