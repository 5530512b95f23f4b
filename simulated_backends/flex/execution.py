"""Executes a message of FLEX: its commands one after the other.

A command with an error changes nothing. The commands behind it in the message are still executed (not compared with
a manual).
"""

from collections.abc import Mapping
from types import GeneratorType
from typing import Protocol

from tsbench.errors import TsbenchError
from tsbench.simulated_backends.flex.errors import NOT_SIMULATED, FlexError
from tsbench.simulated_backends.flex.exchange import CommandAborted, FlexExchange
from tsbench.simulated_backends.flex.parameters import FlexEntry, arguments
from tsbench.simulated_backends.flex.program_memory import ProgramMemory
from tsbench.simulated_backends.flex.status import FlexStatus
from tsbench.simulated_backends.flex.syntax import FlexCommand, flex_commands
from tsbench.simulated_backends.scpi.executing import LONGEST_TEXT, Handler

#: commands that must be the only one of their message
ALONE = ("*RST", "BC")


class FlexCommanded(Protocol):
    """What executes commands of FLEX."""

    commands: Mapping[str, FlexEntry]
    program_memory: ProgramMemory
    flex_exchange: FlexExchange
    flex_status: FlexStatus
    trouble: list[str]  #: what the simulation could not do


def execute_flex(instrument: FlexCommanded, message: bytes) -> Handler:
    """Execute one message. Replies and data go to the exchange."""
    status = instrument.flex_status
    status.busy = True
    try:
        for command in flex_commands(message):
            if isinstance(command, FlexError):
                status.post_flex(command)
                continue
            if command.name == "AB":
                return   # what follows in its message is not executed
            yield from execute_command(instrument, command)
    except CommandAborted:
        return
    finally:
        status.busy = False
        status.update()


def execute_command(instrument: FlexCommanded, command: FlexCommand) -> Handler:
    """Execute one command; its errors go to the error queue."""
    status = instrument.flex_status
    try:
        if instrument.program_memory.records(command):
            return
        entry = instrument.commands.get(command.name)
        if entry is None:
            raise FlexError(100)
        if command.name in ALONE and not command.alone:
            raise FlexError(103)
        result = entry.call(*arguments(entry.parameters, command.parameters))
        if isinstance(result, GeneratorType):
            result = yield from result
        if result is not None:
            instrument.flex_exchange.answer(str(result).encode("latin-1"))
    except FlexError as error:
        status.post_flex(error)
    except TsbenchError as error:
        status.post_flex(FlexError(NOT_SIMULATED, str(error)[:LONGEST_TEXT]))
    finally:
        while instrument.trouble:
            status.post_flex(FlexError(NOT_SIMULATED, instrument.trouble.pop()[:LONGEST_TEXT]))
