"""Virtual interactive source meter: the commands SYSTem, DISPlay, ROUTe, STATus and *LANG."""

from datetime import timedelta
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer, Many, Number, Optional, Text
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.event_log import (
    ALL,
    CLOCK_START,
    ERROR,
    KINDS,
    format_event,
)

_KINDS = Optional(Integer("", 1, ALL))
_BIT = Integer("", 0, 14)
_EVENT = Integer("", 0, 9999)


class SystemCommands(MeterTable):
    """Terminals, display, access, language, clock, event log, mapped status events."""

    terminals_used = Setting(":ROUTe:TERMinals", Choice("FRONt", "REAR"), "FRON", change="_terminals_changed")
    display_screen = Setting(":DISPlay:SCReen", Text(bare=True), "HOME")
    display_digits = Setting(":DISPlay:{VOLTage|CURRent|RESistance}[:DC]:DIGits", Integer("", 3, 6), 5)
    display_buffer = Setting(":DISPlay:BUFFer:ACTive", Text(), "defbuffer1")
    display_format = Setting(":DISPlay:READing:FORMat", Choice("EXPonent", "PREFix"), "PREF")
    lights = Setting(":DISPlay:LIGHt:STATe", Text(bare=True), "ON75", reset=False)
    access = Setting(
        ":SYSTem:ACCess", Choice("FULL", "EXCLusive", "PROTected", "LOCKout"), "FULL", reset=False
    )
    start_up = Setting(":SYSTem:POSetup", Choice("RST", "SAV0", "SAV1", "SAV2", "SAV3", "SAV4"), "RST", reset=False)
    bus_address = Setting(":SYSTem:GPIB:ADDRess", Integer("", 0, 30), 18, reset=False)

    def _terminals_changed(self) -> Handler:
        """Change to the other terminals: the output goes off (reference manual 2450-901-01 rev. B, p. 6-35)."""
        if self.output.stage.enabled and (self.terminals_used == "FRON") != self.settings.front_terminals:
            yield from self.output.switch_off()
        self.terminals_chosen()

    def terminals_chosen(self) -> None:
        """Take over the terminals that were chosen."""
        self.settings.front_terminals = self.terminals_used == "FRON"

    @command("*LANG?")
    def _language(self) -> str:
        return self.meter.next_language

    @command("*LANG", Choice("SCPI", "TSP", "SCPI2400"))
    def _set_language(self, language: str) -> None:
        if language not in ("SCPI", "TSP"):
            raise ScpiError(-200)  # this language is not part of the model
        self.meter.next_language = language

    @command(":SYSTem:LFRequency?")
    def _line_frequency(self) -> str:
        return f"{self.settings.line_frequency:g}"

    @command(":SYSTem:BEEPer[:IMMediate]", Number("Hz", 20, 8000), Number("s", 0.001, 100))
    def _beep(self, frequency: float, duration: float) -> None:
        return None

    @command(":SYSTem:TIME", Many(Integer("", 0, 2099), 3, 6))
    def _set_time(self, *numbers: int) -> None:
        """Accept a time. The clock goes on as it was: time stamps count from the start of the bench."""
        if len(numbers) not in {3, 6}:
            raise ScpiError(-109)

    @command(":SYSTem:TIME?", Optional(Boolean()))
    def _time(self, written: bool = False) -> str:
        moment = CLOCK_START + timedelta(seconds=self.clock.now)
        return f"{moment:%a %b %d %H:%M:%S %Y}" if written else str(int(moment.timestamp()))

    @command(":SYSTem:COMMunication:LAN:CONFigure?")
    def _network(self) -> str:
        return "auto,127.0.0.1,255.0.0.0,127.0.0.1"

    @command(":SYSTem:PASSword:NEW", Text())
    def _password(self, word: str) -> None:
        return None

    # ------------------------------------------------------------------------------------- the event log

    @command(":SYSTem:CLEar")
    @command(":SYSTem:EVENtlog:CLEar")
    def _clear_log(self) -> None:
        self.meter.event_log.clear()

    @command(":SYSTem:EVENtlog:NEXT?", _KINDS)
    def _next_event(self, kinds: int = ALL) -> str:
        return format_event(self.meter.event_log.take(kinds))

    @command(":SYSTem:EVENtlog:COUNt?", _KINDS)
    def _events(self, kinds: int = ALL) -> str:
        return str(self.meter.event_log.count(kinds))

    @command(":SYSTem:EVENtlog:POST", Text(), Optional(Choice("ERRor", "WARNing", "INFormation")))
    def _post(self, text: str, kind: str = "INF") -> None:
        self.meter.event_log.post(KINDS[kind], text)

    @command(":SYSTem:EVENtlog:SAVE", Text(), _KINDS)
    def _save_log(self, file: str, kinds: int = ALL) -> None:
        raise ScpiError(-241)   # there is no flash drive

    @command(":SYSTem:ERRor:CODE[:NEXT]?")
    def _next_code(self) -> str:
        event = self.meter.event_log.take(ERROR)
        return str(event.code if event is not None else 0)

    # ---------------------------------------------------------------------------------- status registers

    @command(":STATus:CLEar")
    def _clear_events(self) -> None:
        self.status.operation.event = self.status.questionable.event = 0
        self.status.standard_event = 0
        self.status.update()

    @command(":STATus:{OPERation|QUEStionable}:MAP", _BIT, _EVENT, Optional(_EVENT))
    def _map(self, register: str, bit: int, sets: int, clears: int = 0) -> None:
        self.meter.event_log.maps[register][bit] = (sets, clears)

    @command(":STATus:{OPERation|QUEStionable}:MAP?", _BIT)
    def _map_query(self, register: str, bit: int) -> str:
        sets, clears = self.meter.event_log.maps[register].get(bit, (0, 0))
        return f"{sets},{clears}"

    # --------------------------------------------------------------------------------------- the display

    @command(":DISPlay:CLEar")
    @command(":DISPlay:USER<1-2>:TEXT[:DATA]", Text())
    def _display(self, *ignored: Any) -> None:
        return None
