"""The service requests of one VISA session: which mechanisms are enabled, and the events that wait."""

from collections import deque

from pyvisa.constants import EventMechanism, EventType, StatusCode

from pyvisa_tsbench.visa_call_error import VisaCallError
from tsbench.simulated_backends.scpi.status import StatusModel


class ServiceRequests:
    """Looks at the SRQ line of an instrument, if something is enabled that acts on it."""

    def __init__(self, status: StatusModel) -> None:
        self._status = status
        self.mechanisms = 0  #: those enabled for service requests
        self.queue: deque[int] = deque()
        self.handlers_due = 0  #: service requests for which the handlers are still to be called
        self.seen = False  #: the request that stands has become an event

    def enable(self, event: int, mechanism: int) -> None:
        """Enable a mechanism for an event; a service request that stands already becomes an event at once."""
        if event != EventType.service_request:
            raise VisaCallError(StatusCode.error_invalid_event)
        self.mechanisms |= mechanism
        self.seen = False
        self.notice()

    def disable(self, event: int, mechanism: int) -> None:
        """Disable a mechanism for one or all events."""
        if event in {EventType.service_request, EventType.all_enabled}:
            self.mechanisms &= ~mechanism

    def notice(self) -> None:
        """Let a new request become an event in the queue, or one that handlers are due."""
        if not self.mechanisms:
            return
        if not self._status.requesting:
            self.seen = False
            return
        if self.seen:
            return
        self.seen = True
        if self.mechanisms & EventMechanism.queue:
            self.queue.append(int(EventType.service_request))
        if self.mechanisms & EventMechanism.handler:
            self.handlers_due += 1
