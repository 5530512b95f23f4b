"""What a served needs to know of a client, and what the client sends it."""

from collections import deque
from dataclasses import dataclass
from typing import ClassVar

MOST_WAITING = 1000  #: messages of one client; it is not read from while there are more


@dataclass
class Message:
    """A program message without its terminator, or a trigger."""

    content: bytes
    identifier: int = 0
    trigger: bool = False

    @property
    def size(self) -> int:
        """Return how many bytes were transferred, with the newline that ended it."""
        return len(self.content) + (not self.trigger)


class Client:
    """One controller's session. Subclasses say how a reply reaches it.

    Messages that arrived before the client went are still executed, as an instrument would.
    """

    #: whether its transport has a service request line
    hears_requests: ClassVar[bool] = False

    def __init__(self) -> None:
        self.queue: deque[Message] = deque()
        self.gone = False
        self.releasing = False  #: it gives a lock back as soon as what it has sent is executed, and waits for that

    def deliver(self, reply: bytes, message: Message, only: int | None = None) -> None:
        """Send the reply to ``message``, or ``only`` so many bytes of it: the connection is then lost."""
        raise NotImplementedError

    def cut(self) -> None:
        """Lose the connection."""
        raise NotImplementedError

    @property
    def congested(self) -> bool:
        """Whether it has not taken enough of what it was sent."""
        return False

    def service_requested(self, status: int) -> None:
        """The instrument asks to be polled; transports without a service request line do nothing."""
