"""The event queue of the Tektronix oscilloscopes, and the commands that say how replies look.

An event can be read only after ``*ESR?`` has been read; the next ``*ESR?`` forgets what was not read until then. The
numbers are those of the tables "Status and Events" of the programmer's guides.
"""

from collections import deque
from collections.abc import Callable

from tsbench.simulated_backends.scpi.message import CommonCommands, Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Integer
from tsbench.simulated_backends.scpi.status import OPERATION_COMPLETE, POWER_ON
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_control import ACQUISITION
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.command_table import TektronixBase, TektronixTable
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.replies import TekChoice

SOURCE_NOT_ACTIVE = 2244
NO_WAVEFORM = 2225
_EXECUTION = range(2000, 3000)
_TEXTS = {
    SOURCE_NOT_ACTIVE: "Source waveform is not active", NO_WAVEFORM: "Measurement error, No waveform to measure",
    222: "Data out of range", 401: "Power on", 402: "Operation complete",
}
Event = tuple[int, str]


def event_text(code: int) -> str | None:
    """Return the text of an event that SCPI-99 does not have; None where it does."""
    return _TEXTS.get(code)


def event_bit(code: int) -> int:
    """Return the bit of the standard event register that an event sets."""
    number = abs(code)
    if number in _EXECUTION or 200 <= number < 300:
        return 0x10
    if 100 <= number < 200:
        return 0x20
    return 0x04 if 410 <= number < 500 else 0x08


class TektronixCommon(CommonCommands):
    """The common commands, without those of SCPI-99 that the instruments do not have."""

    _next_error = None   # type: ignore[assignment]
    _error_count = None   # type: ignore[assignment]
    _scpi_version = None   # type: ignore[assignment]
    _event_register = None   # type: ignore[assignment]


class EventCommands(TektronixTable):
    """What ``*ESR?``, ``ALLEv?`` and their sisters do.

    Parameters
    ----------
    scope : TektronixBase
    factory : does what ``FACtory`` does
    """

    def __init__(self, scope: TektronixBase, factory: Callable[[], Handler]) -> None:
        super().__init__(scope)
        self._factory = factory
        self._readable: deque[Event] = deque()

    device_events = Setting(":DESE", Integer(low=0, high=255), default=255, reset=False)
    power_clear = Setting("*PSC", Boolean(), default=True, reset=False)
    header_shown = Setting(":HEADer", Boolean(), default=True, reset=False, also=(":HDR",))
    words_long = Setting(":VERBose", Boolean(), default=True, reset=False)

    @command("*ESR?")
    def _event_register(self) -> str:
        """``*ESR?``: what happened since; its events can be read now, those from before no more."""
        mask, status = int(self.device_events), self.status
        self._readable.clear()
        for bit, code in ((POWER_ON, 401), (OPERATION_COMPLETE, 402)):
            if status.standard_event & mask & bit:
                self._readable.append((code, f"{_TEXTS[code]}; "))
        for error in status.errors:
            if event_bit(error.code) & mask:
                text, _, detail = error.text.partition(";")
                text = _TEXTS.get(abs(error.code), text)
                self._readable.append((abs(error.code), f"{text}; {detail.strip()}"))
        value = status.standard_event & mask
        status.errors.clear()
        status.standard_event = 0
        status.update()
        if not value & OPERATION_COMPLETE:
            self.scope.operations.not_yet()
        return str(value)

    def _nothing(self) -> Event:
        if self.status.errors or self.status.standard_event & int(self.device_events):
            return 1, "No events to report - new events pending *ESR?"
        return 0, "No events to report - queue empty"

    @command(":EVENT?")
    def _event(self) -> str:
        """``EVENT?``: the number of the next event."""
        return str(self._readable.popleft()[0] if self._readable else self._nothing()[0])

    @command(":EVMsg?")
    def _event_message(self) -> str:
        """``EVMsg?``: the next event with its text."""
        code, text = self._readable.popleft() if self._readable else self._nothing()
        return f'{code},"{text}"'

    @command(":ALLEv?")
    def _all_events(self) -> str:
        """``ALLEv?``: all events with their texts."""
        events = list(self._readable) or [self._nothing()]
        self._readable.clear()
        return ",".join(f'{code},"{text}"' for code, text in events)

    @command(":EVQty?")
    def _event_count(self) -> str:
        """``EVQty?``: how many events can be read."""
        return str(len(self._readable))

    def forget(self) -> None:
        """Forget the events that can be read (``*CLS``)."""
        self._readable.clear()

    @command(":BUSY?")
    def _busy(self) -> str:
        """``BUSY?``: whether an acquisition sequence or another long command goes on."""
        self.control.look()
        if ACQUISITION in self.scope.operations.pending:
            self.clock.busy()
            self.control.look()
        return str(int(bool(self.scope.operations.pending)))

    @command(":FACtory")
    def _factory_settings(self) -> Handler:
        """``FACtory``: as *RST, and headers on, masks cleared."""
        self.status.standard_enable = self.status.service_enable = 0
        for name in ("device_events", "power_clear", "header_shown", "words_long"):
            self.setting_values.pop((name, ()), None)
        yield from self._factory()

    @command(":LOCk", TekChoice("ALL", "NONe"))
    @command(":UNLock", TekChoice("ALL"))
    def _front_panel(self, which: str) -> None:
        """``LOCk``, ``UNLock``: of the front panel."""
