"""What an exchange of messages asks of the instrument that executes them, what both call their steps,
and how a message of several units is executed.
"""

import enum
import logging
from collections.abc import Generator, Sequence
from types import GeneratorType
from typing import Any, ClassVar, Protocol

from tsbench.errors import TsbenchError
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.headers import CommandTree, ProgramUnit
from tsbench.simulated_backends.scpi.status import StatusModel
from tsbench.simulated_backends.scpi.syntax import BlockReply, Framing

_LOG = logging.getLogger(__name__)


class Idle(enum.Enum):
    """What a handler yields to wait until no overlapped operation is pending."""

    IDLE = "idle"


IDLE = Idle.IDLE
LONGEST_TEXT = 255  #: characters of an error (SCPI-99, 21.8.1)
Wait = float | Idle
Handler = Generator[Wait, None, Any]
Reply = bytes | BlockReply | None


def _nothing() -> Handler:
    yield from ()


AT_ONCE = _nothing()   #: stands for a message that takes no time, while it is executed


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
    #: what the simulation could not do, for the error queue; read after each command, and then emptied
    trouble: list[str]

    def execute(self, message: bytes) -> Reply | Handler:
        """Execute one message, and return the reply (without its end) or None.

        If the message takes time, a handler is returned: it yields waits, and returns the reply. It may also give
        replies while it runs, by the ``answer`` of its exchange.
        """

    def interrupts(self, message: bytes) -> bool:
        """Whether a message ends, at once, the one that is being executed and those that wait."""
        ...

    def cleared(self) -> None:
        """A device clear has come."""

    def acts_at_once(self, message: bytes) -> bool:
        """Act on a message that comes while another is executed; False: it waits for its turn."""


class Commanded(Protocol):
    """An instrument with a tree of commands."""

    tree: ClassVar[CommandTree]
    error_detail: ClassVar[bool]  #: whether an error's text names the header after a semicolon
    #: what the simulation could not do, for the error queue; read after each command, and then emptied
    trouble: list[str]
    status: StatusModel

    def written(self, unit: ProgramUnit, result: Any) -> bytes:
        """Return the reply of one query as the instrument writes it."""
        ...


class Troubled(Protocol):
    """An instrument whose simulation may leave something out."""

    trouble: list[str]
    status: StatusModel


def report_trouble(instrument: Troubled) -> None:
    """Post what the simulation could not do as errors."""
    while instrument.trouble:
        instrument.status.post(ScpiError(-310, text=f"System error; {instrument.trouble.pop()}"[:LONGEST_TEXT]))


def report_failure(instrument: object, status: StatusModel, error: BaseException) -> None:
    """Log and post an exception that no handler may raise: only its instrument gets an error, the others go on.

    What is no ``Exception`` (Ctrl-C) is raised again.
    """
    if not isinstance(error, Exception):
        raise error
    _LOG.error("%s: the virtual instrument failed", getattr(instrument, "name", "instrument"), exc_info=error)
    text = f"System error; the virtual instrument failed: {type(error).__name__}: {error}"
    status.post(ScpiError(-310, text=" ".join(text.split())[:LONGEST_TEXT]))


def refuse(instrument: Commanded, unit: ProgramUnit, error: ScpiError | TsbenchError) -> bool:
    """Post an error; say whether the rest of the message is discarded."""
    if not isinstance(error, ScpiError):
        instrument.status.post(ScpiError(-310, text=f"System error; {error}"[:LONGEST_TEXT]))
        return False
    if instrument.error_detail and not error.detail:
        error.detail = unit.header
    elif not instrument.error_detail and error.code > -200:
        error.detail = ""
    instrument.status.post(error)
    return -200 < error.code <= -100


def execute_scpi(instrument: Commanded, message: bytes) -> Handler:
    """Execute one message and return its reply, or None; the replies of several queries are joined by semicolons."""
    return execute_units(instrument, instrument.tree.units(message))


def execute_units(instrument: Commanded, units: Sequence[ProgramUnit]) -> Handler:
    """Execute the units of a message."""
    replies: list[bytes | BlockReply] = []
    for unit in units:
        try:
            result = called(instrument, unit)
            if isinstance(result, GeneratorType):
                result = yield from result
        except (ScpiError, TsbenchError) as error:
            if refuse(instrument, unit, error):
                break  # the rest of the message is discarded
            continue
        finally:
            if instrument.trouble:
                report_trouble(instrument)
        if result is not None:
            replies.append(result if type(result) is BlockReply else instrument.written(unit, result))
    if len(replies) == 1:
        return replies[0]
    return b";".join(map(bytes, replies)) if replies else None


def called(instrument: Commanded, unit: ProgramUnit) -> Any:
    """Call what a unit stands for."""
    entry = unit.entry
    if entry is None:
        raise ScpiError(*unit.error or (-100, ""))
    return entry.call(instrument if entry.table is None else entry.table(instrument), unit.key, unit.arguments)
