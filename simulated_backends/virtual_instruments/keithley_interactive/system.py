"""Virtual interactive source meter: the commands SYSTem, DISPlay, ROUTe, STATus:CLEar and *LANG."""

from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Choice, Number, Text
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterTable


class SystemCommands(MeterTable):
    """Terminals, display, access, language, event log."""

    terminals_used = Setting(":ROUTe:TERMinals", Choice("FRONt", "REAR"), "FRON", change="_terminals_chosen")
    display_screen = Setting(":DISPlay:SCReen", Text(bare=True), "HOME")
    lights = Setting(":DISPlay:LIGHt:STATe", Text(bare=True), "ON75", reset=False)
    access = Setting(
        ":SYSTem:ACCess", Choice("FULL", "EXCLusive", "PROTected", "LOCKout"), "FULL", reset=False
    )

    def _terminals_chosen(self) -> None:
        self.settings.front_terminals = self.terminals_used == "FRON"

    @command("*LANG?")
    def _language(self) -> str:
        return "SCPI"

    @command("*LANG", Choice("SCPI", "TSP", "SCPI2400"))
    def _set_language(self, language: str) -> None:
        if language != "SCPI":
            raise ScpiError(-200)  # the other languages are not part of this model

    @command(":SYSTem:LFRequency?")
    def _line_frequency(self) -> str:
        return f"{self.settings.line_frequency:g}"

    @command(":SYSTem:BEEPer[:IMMediate]", Number("Hz", 20, 8000), Number("s", 0.001, 100))
    def _beep(self, frequency: float, duration: float) -> None:
        return None

    @command(":SYSTem:CLEar")
    def _clear_log(self) -> None:
        self.status.errors.clear()
        self.status.update()

    @command(":STATus:CLEar")
    def _clear_events(self) -> None:
        self.status.operation.event = self.status.questionable.event = 0
        self.status.standard_event = 0
        self.status.update()

    @command(":SYSTem:ERRor:CODE[:NEXT]?")
    def _next_code(self) -> str:
        code = self.status.errors.popleft().code if self.status.errors else 0
        self.status.update()
        return str(code)

    @command(":DISPlay:CLEar")
    @command(":DISPlay:USER<1-2>:TEXT[:DATA]", Text())
    def _display(self, *ignored: Any) -> None:
        return None
