"""Executes a message of SCPI: its units one after the other, each by the command that its header names."""

from types import GeneratorType
from typing import ClassVar, Protocol

from tsbench.errors import TsbenchError
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.exchange import LONGEST_TEXT, Handler, MessageExchange
from tsbench.simulated_backends.scpi.headers import CommandTree
from tsbench.simulated_backends.scpi.status import StatusModel


class Commanded(Protocol):
    """An instrument with a tree of commands."""

    tree: ClassVar[CommandTree]
    error_detail: ClassVar[bool]  #: whether an error's text names the header after a semicolon
    #: what the simulation could not do, for the error queue; looked at behind each command, and then emptied
    trouble: list[str]
    status: StatusModel
    exchange: MessageExchange


def execute_scpi(instrument: Commanded, message: bytes) -> Handler:
    """Execute one message and return its reply, or None; the replies of several queries are joined by semicolons."""
    status = instrument.status
    replies: list[bytes] = []
    for unit in instrument.tree.units(message):
        try:
            entry = unit.entry
            if entry is None:
                raise ScpiError(*unit.error or (-100, ""))
            owner = instrument if entry.table is None else entry.table(instrument)
            result = entry.call(owner, unit.key, unit.arguments)
            if isinstance(result, GeneratorType):
                result = yield from result
        except ScpiError as error:
            if instrument.error_detail and not error.detail:
                error.detail = unit.header
            elif not instrument.error_detail and error.code > -200:
                error.detail = ""
            status.post(error)
            if -200 < error.code <= -100:
                break  # the rest of the message is discarded
            continue
        except TsbenchError as error:
            status.post(ScpiError(-310, text=f"System error; {error}"[:LONGEST_TEXT]))
            continue
        finally:
            if instrument.trouble:
                instrument.exchange.report_trouble()
        if result is not None:
            replies.append(result if isinstance(result, bytes) else str(result).encode("latin-1"))
    return b";".join(replies) if replies else None
