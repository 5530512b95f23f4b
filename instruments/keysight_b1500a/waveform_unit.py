"""The B1530A modules of a B1500A: one session of the vendor's library, which drives their channels beside VISA."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from tsbench.errors import CommunicationError, InstrumentError
from tsbench.instruments.interfaces import OutputState
from tsbench.instruments.keysight_b1500a.waveform_sheet import RUNNING

_COMMUNICATION = (-5, -6)  #: status: the instrument does not answer, or reports an error


class WaveformUnit:
    """A session, opened when it is first used.

    Parameters
    ----------
    library : the vendor's, or that of the simulated bench
    resource : VISA resource name of the mainframe
    label : the mainframe as messages call it
    prepare : empties the error queue of the mainframe, without which the library opens no session
    """

    def __init__(self, library: Any, resource: str, label: str, prepare: Callable[[], object]) -> None:
        self._library = library
        self._prepare = prepare
        self._resource = resource
        self._label = label
        self._open = False
        self.lock = threading.RLock()
        self.connected: set[int] = set()  #: channels, as last set
        #: channels of which nothing is known: the library does not tell them, and an earlier process may have left them
        #: connected, so each counts as connected until it is disconnected
        self.unknown: set[int] = set()
        self.playing = 0  #: the channel whose waveform was started last

    def state_of(self, channel: int, name: str) -> OutputState:
        """Return the state of a channel as it was last set; a channel that was not set yet counts as connected."""
        return OutputState(name, channel in self.connected | self.unknown, channel not in self.unknown)

    def call(self, function: str, *arguments: Any) -> tuple[Any, ...]:
        """Call a function ("addVector"), and return what it writes.

        Raises
        ------
        CommunicationError
            The instrument does not answer.
        InstrumentError
            The function fails for another reason.
        """
        with self.lock:
            if not self._open:
                self._prepare()
                self._checked("openSession", self._resource)
                self._open = True
            return self._checked(function, *arguments)

    def _checked(self, function: str, *arguments: Any) -> tuple[Any, ...]:
        found = getattr(self._library, f"WGFMU_{function}")(*arguments)
        status, *outputs = found if isinstance(found, tuple) else (found,)
        if status < 0:
            size = self._library.WGFMU_getErrorSummarySize()[1]
            text = " ".join(str(self._library.WGFMU_getErrorSummary(size)[1]).split())
            kind = CommunicationError if status in _COMMUNICATION else InstrumentError
            raise kind(f"{self._label}: WGFMU_{function} fails with status {status} ({text[-200:]}). Check the B1530A "
                       "and its settings")
        return tuple(outputs)

    def initialise(self) -> None:
        """Open a new session: after a lost connection, the last one is dead. Reset all channels, forget patterns."""
        with self.lock:
            self.close()
            self.call("initialize")
            self.call("clear")
            self.connected.clear()
            self.unknown.clear()
            self.playing = 0

    def make_safe(self, channels: Iterable[int]) -> None:
        """Stop, and disconnect all channels; over a new session where the old one is dead."""
        with self.lock:
            try:
                self._disconnect(channels)
            except CommunicationError:
                self.close()
                self._disconnect(channels)
            self.connected.clear()
            self.unknown.clear()

    def _disconnect(self, channels: Iterable[int]) -> None:
        self.call("abort")
        for channel in channels:
            self.call("disconnect", channel)

    def running(self) -> bool:
        """Whether a waveform plays."""
        return self.playing != 0 and int(self.call("getStatus")[0]) == RUNNING

    def close(self) -> None:
        """Close the session."""
        with self.lock:
            if self._open:
                self._open = False
                self._library.WGFMU_closeSession()
