"""VISA locks of one instrument, and the exception that carries a VISA status out of a call."""

from dataclasses import dataclass, field

from pyvisa.constants import StatusCode


class VisaCallError(Exception):
    """A VISA call fails with ``status``."""

    def __init__(self, status: StatusCode) -> None:
        self.status = status
        super().__init__(str(status))


@dataclass
class ResourceLock:
    """Who has locked one instrument (session handles), and with which key."""

    exclusive: int | None = None
    shared: dict[int, int] = field(default_factory=dict)  #: session -> nesting
    key: str = ""
    depth: int = 0

    def admits(self, session: int) -> bool:
        """Whether ``session`` may talk."""
        if self.exclusive is not None:
            return self.exclusive == session
        return not self.shared or session in self.shared

    def release(self, session: int) -> None:
        """Drop everything ``session`` holds."""
        if self.exclusive == session:
            self.exclusive, self.depth = None, 0
        self.shared.pop(session, None)

    def take_exclusive(self, session: int) -> None:
        """Lock for one session alone (may be nested)."""
        if self.exclusive not in {None, session} or any(other != session for other in self.shared):
            raise VisaCallError(StatusCode.error_resource_locked)
        self.exclusive, self.depth = session, self.depth + 1

    def take_shared(self, session: int, requested_key: str | None) -> str:
        """Lock for all sessions that know the key; return it."""
        if self.exclusive not in {None, session}:
            raise VisaCallError(StatusCode.error_resource_locked)
        key = requested_key or f"tsbench-{session}"
        if self.shared and session not in self.shared and key != self.key:
            raise VisaCallError(StatusCode.error_resource_locked)
        self.key = self.key if self.shared else key
        self.shared[session] = self.shared.get(session, 0) + 1
        return self.key

    def give(self, session: int) -> None:
        """Give one lock back."""
        if self.exclusive == session:
            self.depth -= 1
            if self.depth == 0:
                self.exclusive = None
        elif session in self.shared:
            self.shared[session] -= 1
            if self.shared[session] == 0:
                del self.shared[session]
        else:
            raise VisaCallError(StatusCode.error_session_not_locked)
