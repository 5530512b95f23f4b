"""Executes a message of KXCI: its commands one after the other, until one is wrong."""

from collections.abc import Mapping
from types import GeneratorType
from typing import Protocol

from tsbench.errors import TsbenchError
from tsbench.simulated_backends.kxci.errors import COMMAND, NOT_SIMULATED, KxciError
from tsbench.simulated_backends.kxci.exchange import KxciExchange
from tsbench.simulated_backends.kxci.status import KxciStatus
from tsbench.simulated_backends.kxci.syntax import KxciCommand, KxciEntry, arguments, kxci_commands, parse_command
from tsbench.simulated_backends.scpi.executing import IDLE, LONGEST_TEXT, Handler


class KxciCommanded(Protocol):
    """What executes commands of KXCI."""

    commands: Mapping[str, KxciEntry]
    kxci_exchange: KxciExchange
    kxci_status: KxciStatus
    page: str  #: DE, SS, SM, MD or US, which the last page command has chosen
    trouble: list[str]  #: what the simulation could not do


def execute_kxci(instrument: KxciCommanded, message: bytes) -> Handler:
    """Execute one message; returns its reply or None."""
    status, replies, wrong = instrument.kxci_status, [], ""
    try:
        for text in kxci_commands(message.decode("latin-1")):
            result = yield from _execute(instrument, parse_command(text))
            if result is not None:
                replies.append(str(result))
    except KxciError as error:
        wrong = error.line
        status.post_kxci(error)
    except TsbenchError as error:
        wrong = KxciError(NOT_SIMULATED, str(error)[:LONGEST_TEXT]).line
        status.post_kxci(KxciError(NOT_SIMULATED, str(error)[:LONGEST_TEXT]))
    finally:
        while instrument.trouble:
            status.post_kxci(KxciError(NOT_SIMULATED, instrument.trouble.pop()[:LONGEST_TEXT]))
    if instrument.kxci_exchange.socket:
        return (wrong or "".join(replies) or ("" if replies else "ACK")).encode("latin-1")
    return "".join(replies).encode("latin-1") if replies and not wrong else None


def _execute(instrument: KxciCommanded, command: KxciCommand) -> Handler:
    entry = instrument.commands.get(command.name)
    if entry is None:
        raise KxciError(COMMAND, command.name)
    if entry.waits:
        yield IDLE
    if entry.pages and instrument.page not in entry.pages:
        raise KxciError(COMMAND, f"{command.name} is a command of the page {entry.pages[0]}")
    result = entry.call(*arguments(entry.parameters, command.parameters))
    if isinstance(result, GeneratorType):
        result = yield from result
    return result
