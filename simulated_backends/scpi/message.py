"""Base class of instruments with messages: the message exchange and the common commands (IEEE 488.2, SCPI-99).

The base of all models (through ``instrument.VirtualInstrument``). What transports call and what handlers may
yield is described in ``exchange``; how commands and settings are declared in ``tree``.
"""

import math
from typing import Any, ClassVar

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.exchange import MessageExchange, begin_scpi, plain_reply
from tsbench.simulated_backends.scpi.executing import IDLE, Handler, Idle, Talk, Wait
from tsbench.simulated_backends.scpi.headers import CommandTree
from tsbench.simulated_backends.scpi.operations import Operations
from tsbench.simulated_backends.scpi.parameters import Integer
from tsbench.simulated_backends.scpi.status import OPERATION_COMPLETE, SERVICE_REQUEST_BIT, StatusModel
from tsbench.simulated_backends.scpi.status_commands import StatusCommands
from tsbench.simulated_backends.scpi.syntax import SCPI_FRAMING, Framing
from tsbench.simulated_backends.scpi.tree import (
    CommandTable,
    SettingValues,
    Subsystem,
    build_tree,
    command,
    settings_of,
)
from tsbench.simulated_backends.services.clock import BenchClock

__all__ = ["IDLE", "Handler", "Idle", "MessageDevice", "Talk", "Wait"]


class CommonCommands(CommandTable):
    """The common commands of IEEE 488.2, and the error queue (SCPI-99).

    Parameters
    ----------
    instrument : MessageDevice
    """

    def __init__(self, instrument: "MessageDevice") -> None:
        super().__init__(instrument)
        self._instrument = instrument
        self._operations = instrument.operations

    @command("*IDN?")
    def _identify(self) -> str:
        return self._instrument.identification

    @command("*OPT?")
    def _options(self) -> str:
        return self._instrument.option_query()

    @command("*CLS")
    def _clear_status(self) -> None:
        self._operations.forget_request()
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
            self._operations.not_yet()
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
            self._operations.not_yet()
        return self.format_integer(status)

    @command("*OPC")
    def _complete_event(self) -> None:
        self._operations.request_completion()

    @command("*OPC?")
    def _complete_query(self) -> Handler:
        yield IDLE
        return "1"

    @command("*WAI")
    def _wait_to_continue(self) -> Handler:
        yield IDLE

    @command("*RST")
    def reset_command(self) -> Handler:
        """``*RST``: settings at their defaults, then the rest that the model does."""
        keep = {name for name, member in settings_of(type(self._instrument)).items() if not member.reset}
        for entry in [entry for entry in self.setting_values if entry[0] not in keep]:
            del self.setting_values[entry]
        self._operations.forget_request()
        result = self._instrument.reset()
        if result is not None:
            yield from result

    @command("*TST?")
    def _self_test(self) -> Handler:
        yield 0.5
        return "0"

    @command("*TRG")
    def _trigger(self) -> Handler | None:
        return self._instrument.trigger()

    @command(":SYSTem:ERRor[:NEXT]?")
    def _next_error(self) -> str:
        if not self.status.errors:
            return self._instrument.no_error
        error = self.status.errors.popleft()
        self.status.update()
        return self._instrument.format_error(error.code, error.text, error.time)

    @command(":SYSTem:ERRor:COUNt?")
    def _error_count(self) -> str:
        return self.format_integer(len(self.status.errors))

    @command(":SYSTem:VERSion?")
    def _scpi_version(self) -> str:
        return "1999.0"


class MessageDevice:
    """An instrument that receives messages, executes them and answers.

    A subclass sets ``identification`` (the reply to ``*IDN?``) and declares commands and settings. It may override:

    * ``reset`` (called by ``*RST`` after the settings went back to their defaults), ``trigger`` (``*TRG`` and group
      trigger), ``cleared`` (device clear) and ``option_query`` (``*OPT?``)
    * how the model writes: ``number_format``, ``not_a_number``, ``format_number``, ``format_integer``,
      ``format_error``, ``no_error`` and ``error_detail``
    * how much it holds: ``error_queue_depth`` and ``input_buffer_size``
    * its language, where that is not SCPI: ``execute``, ``framing``, ``may_answer``, ``interrupts`` and
      ``keeps_replies``. The common
      commands (``*IDN?``, ``*RST``, ...) are then still there: ``execute_scpi(self, message)``

    Parameters
    ----------
    clock : BenchClock
    """

    identification = "TSBENCH,DEVICE,SIM0,0.0"
    no_error: ClassVar[str] = '+0,"No error"'  #: what an empty error queue answers
    number_format: ClassVar[str] = "+.14E"  #: of a real number, as in :func:`format`
    not_a_number: ClassVar[str] = "9.91E+37"  #: what stands for a number that is not finite (SCPI-99, 7.2.1.5)
    error_queue_depth: ClassVar[int] = 20
    #: whether an error's text names the header after a semicolon
    error_detail: ClassVar[bool] = False
    #: the input buffer [bytes]; more in one message is error -363
    input_buffer_size: ClassVar[int] = 64 * 1024 * 1024
    framing: ClassVar[Framing] = SCPI_FRAMING  #: where a message and a reply end
    #: whether a new message leaves unread replies as they are, without error -410
    keeps_replies: ClassVar[bool] = False

    #: whether a word of a header may have any length from its short to its long form
    any_length: ClassVar[bool] = False

    tree: ClassVar[CommandTree]
    status_commands: Any = Subsystem(StatusCommands)   # a model may have other registers
    common_commands = Subsystem(CommonCommands)

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls.tree = build_tree(cls, cls.any_length)

    def __init__(self, clock: BenchClock) -> None:
        self.clock = clock
        self.setting_values = SettingValues()
        self.status = StatusModel(queue_depth=self.error_queue_depth, now=lambda: clock.now)
        self.operations = Operations(clock, self.status)
        self.exchange = MessageExchange(self, clock, self.status, self.operations)   #: what transports use
        #: what the simulation could not do, for the error queue; looked at behind each command, and then emptied
        self.trouble: list[str] = []

    written = plain_reply   # the reply of one query; an instrument that begins replies with a header overrides
    execute = begin_scpi   # one message in the instrument's language; a model of another language overrides

    def interrupts(self, message: bytes) -> bool:
        """Whether a message ends, at once, the one that is being executed and those that wait."""
        return False

    def may_answer(self, message: bytes) -> bool:
        """Whether the sender of a message may expect a reply (a question mark in text or in a block does no harm)."""
        return b"?" in message

    def format_error(self, code: int, text: str, time: float) -> str:
        """Write an entry of the error queue."""
        return f'{code:+d},"{text}"'

    def format_number(self, value: float) -> str:
        """Write a real number as this model does (NR3)."""
        return format(value, self.number_format) if math.isfinite(value) else self.not_a_number

    def format_integer(self, value: int) -> str:
        """Write a whole number as this model does (NR1)."""
        return str(value)

    def post_error(self, code: int, detail: str = "", text: str | None = None) -> None:
        """Put an error into the queue."""
        self.status.post(ScpiError(code, detail, text))

    def reset(self) -> Handler | None:
        """Do the rest of ``*RST``: abort operations, outputs off. May be a generator."""
        return None

    def trigger(self) -> Handler | None:
        """Act on ``*TRG``; -211 where nothing waits for it."""
        raise ScpiError(-211)

    def cleared(self) -> None:
        """Act on a device clear."""

    def acts_at_once(self, message: bytes) -> bool:
        """Act on a message that comes while another is executed; False: it waits for its turn."""
        return False

    def option_query(self) -> str:
        """Reply to ``*OPT?``."""
        return "0"


MessageDevice.tree = build_tree(MessageDevice)


def all_errors(device: MessageDevice) -> str:
    """Return all entries of the error queue, which is empty then, as the instrument writes them."""
    status = device.status
    found = ",".join(device.format_error(one.code, one.text, one.time) for one in status.errors)
    status.errors.clear()
    status.update()
    return found or device.no_error
