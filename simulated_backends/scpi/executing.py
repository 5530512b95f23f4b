"""What an exchange of messages asks of the instrument that executes them, and what both call their steps."""

import enum
from collections.abc import Generator
from typing import Any, ClassVar, Protocol

from tsbench.simulated_backends.scpi.syntax import Framing


class Idle(enum.Enum):
    """What a handler yields to wait until no overlapped operation is pending."""

    IDLE = "idle"


IDLE = Idle.IDLE
LONGEST_TEXT = 255  #: characters of an error (SCPI-99, 21.8.1)
Wait = float | Idle
Handler = Generator[Wait, None, Any]


class Talk(enum.Enum):
    """Why a read ended."""

    END = "end"
    TERMCHAR = "termchar"
    COUNT = "count"
    EMPTY = "empty"


class Executing(Protocol):
    """What the exchange asks of the instrument that executes its messages."""

    framing: ClassVar[Framing]  #: where a message and a reply end
    keeps_replies: ClassVar[bool]  #: whether a new message leaves unread replies as they are, without error -410
    input_buffer_size: ClassVar[int]  #: [bytes]; more in one message is error -363
    #: what the simulation could not do, for the error queue; looked at behind each command, and then emptied
    trouble: list[str]

    def execute(self, message: bytes) -> Handler:
        """Execute one message: yields waits, and returns the reply (bytes without its end) or None.

        It may also give replies while it runs, by the ``answer`` of its exchange.
        """

    def interrupts(self, message: bytes) -> bool:
        """Whether a message ends, at once, the one that is being executed and those that wait."""
        ...

    def cleared(self) -> None:
        """A device clear has come."""

    def acts_at_once(self, message: bytes) -> bool:
        """Act on a message that comes while another is executed; False: it waits for its turn."""
