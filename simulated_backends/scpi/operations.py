"""Overlapped operations of an instrument (IEEE 488.2, section 12): sweeps, acquisitions, bursts, and their end."""

from collections.abc import Callable

from tsbench.simulated_backends.scpi.status import OPERATION_COMPLETE, StatusModel
from tsbench.simulated_backends.services.clock import BUSY_HOP, BenchClock

SHORTEST_PATIENCE = 1e-3  #: [s]


class Operations:
    """The operations that are running: ``*OPC``, ``*OPC?`` and ``*WAI`` wait for their end.

    Parameters
    ----------
    clock : BenchClock
    status : StatusModel
        ``*OPC`` sets its bit when all operations have ended.
    """

    def __init__(self, clock: BenchClock, status: StatusModel) -> None:
        self._clock = clock
        self._status = status
        self._running: set[str] = set()
        self._requested = False  #: by *OPC
        self._patience = SHORTEST_PATIENCE
        self.when_all_ended: Callable[[], None] = lambda: None  #: is called then

    @property
    def pending(self) -> frozenset[str]:
        """Names of the operations that are running."""
        return frozenset(self._running)

    def begin(self, name: str) -> None:
        """An operation starts (a sweep, an acquisition, a burst)."""
        self._patience = SHORTEST_PATIENCE
        self._running.add(name)

    def end(self, name: str) -> None:
        """It has ended: *OPC sets its bit, *OPC? and *WAI go on."""
        self._running.discard(name)
        if self._running:
            return
        if self._requested:
            self._requested = False
            self._status.set_event(OPERATION_COMPLETE)
        self.when_all_ended()

    def request_completion(self) -> None:
        """Do what ``*OPC`` does: set its bit when nothing is running any more."""
        if self._running:
            self._requested = True
        else:
            self._status.set_event(OPERATION_COMPLETE)

    def forget_request(self) -> None:
        """Forget ``*OPC``."""
        self._requested = False

    def not_yet(self) -> None:
        """Let time pass if an operation is running and a status query has just said "not yet".

        A little at first, twice as much each time, at most until the next event: polling loops end soon, and
        what they look for is not missed by much.
        """
        if self._running:
            self._clock.busy(self._patience)
            self._patience = min(2.0 * self._patience, BUSY_HOP)
