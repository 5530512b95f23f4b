"""Base class of instruments with messages: the message exchange and the common commands (IEEE 488.2, SCPI-99).

The base of all models (through ``instrument.VirtualInstrument``). What transports call and what handlers may
yield is described in ``exchange``; how commands and settings are declared in ``tree``.
"""

import math
from typing import ClassVar

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.exchange import (
    IDLE,
    Handler,
    Idle,
    Talk,
    Wait,
)
from tsbench.simulated_backends.scpi.parameters import Integer
from tsbench.simulated_backends.scpi.status import OPERATION_COMPLETE, SERVICE_REQUEST_BIT
from tsbench.simulated_backends.scpi.status_commands import StatusCommands
from tsbench.simulated_backends.scpi.tree import build_tree, command, settings_of

__all__ = ["IDLE", "Handler", "Idle", "MessageDevice", "Talk", "Wait"]


class MessageDevice(StatusCommands):
    """A subclass sets ``identification`` (the reply to ``*IDN?``) and declares commands and settings.

    It may override ``reset`` (called by ``*RST`` after the settings went back to their defaults), ``trigger``
    (``*TRG`` and group trigger), ``number_format``, ``format_integer``, ``format_error`` and
    ``error_detail``.
    """

    identification = "TSBENCH,DEVICE,SIM0,0.0"
    no_error: ClassVar[str] = '+0,"No error"'  #: what an empty error queue answers
    number_format: ClassVar[str] = "+.14E"  #: of a real number, as in :func:`format`
    not_a_number: ClassVar[str] = "9.91E+37"  #: what stands for a number that is not finite (SCPI-99, 7.2.1.5)

    def format_error(self, code: int, text: str, time: float) -> str:
        """Write an entry of the error queue."""
        return f'{code:+d},"{text}"'

    def format_number(self, value: float) -> str:
        """Write a real number as this model does (NR3)."""
        return format(value, self.number_format) if math.isfinite(value) else self.not_a_number

    def reset(self) -> Handler | None:
        """Do the rest of ``*RST``: abort operations, outputs off. May be a generator."""
        return None

    def trigger(self) -> Handler | None:
        """Act on ``*TRG``; -211 where nothing waits for it."""
        raise ScpiError(-211)

    def option_query(self) -> str:
        """Reply to ``*OPT?``."""
        return "0"

    # -------------------------------------------------------------------------------- common commands

    @command("*IDN?")
    def _identify(self) -> str:
        return self.identification

    @command("*OPT?")
    def _options(self) -> str:
        return self.option_query()

    @command("*CLS")
    def _clear_status(self) -> None:
        self._completion_requested = False
        self.status.clear()

    @command("*ESE", Integer(low=0, high=255))
    def _set_event_enable(self, mask: int) -> None:
        self.status.standard_enable = mask
        self.status.update()

    @command("*ESE?")
    def _event_enable(self) -> str:
        return self.format_integer(self.status.standard_enable)

    @command("*ESR?")
    def _event_register(self) -> str:
        value, self.status.standard_event = self.status.standard_event, 0
        self.status.update()
        if not value & OPERATION_COMPLETE:
            self.not_yet()
        return self.format_integer(value)

    @command("*SRE", Integer(low=0, high=255))
    def _set_service_enable(self, mask: int) -> None:
        self.status.service_enable = mask & ~0x40
        self.status.update()

    @command("*SRE?")
    def _service_enable(self) -> str:
        return self.format_integer(self.status.service_enable)

    @command("*STB?")
    def _status_byte(self) -> str:
        status = self.status.status_byte()
        if not status & SERVICE_REQUEST_BIT:
            self.not_yet()
        return self.format_integer(status)

    @command("*OPC")
    def _complete_event(self) -> None:
        if self._operations:
            self._completion_requested = True
        else:
            self.status.set_event(OPERATION_COMPLETE)

    @command("*OPC?")
    def _complete_query(self) -> Handler:
        yield IDLE
        return "1"

    @command("*WAI")
    def _wait_to_continue(self) -> Handler:
        yield IDLE

    @command("*RST")
    def _reset(self) -> Handler:
        keep = {name for name, member in settings_of(type(self)).items() if not member.reset}
        self.setting_values = {
            entry: value for entry, value in self.setting_values.items() if entry[0] in keep
        }
        self._completion_requested = False
        result = self.reset()
        if result is not None:
            yield from result

    @command("*TST?")
    def _self_test(self) -> Handler:
        yield 0.5
        return "0"

    @command("*TRG")
    def _trigger(self) -> Handler | None:
        return self.trigger()

    @command(":SYSTem:ERRor[:NEXT]?")
    def _next_error(self) -> str:
        if not self.status.errors:
            return self.no_error
        error = self.status.errors.popleft()
        self.status.update()
        return self.format_error(error.code, error.text, error.time)

    @command(":SYSTem:ERRor:COUNt?")
    def _error_count(self) -> str:
        return self.format_integer(len(self.status.errors))

    @command(":SYSTem:VERSion?")
    def _scpi_version(self) -> str:
        return "1999.0"


MessageDevice.tree = build_tree(MessageDevice)
