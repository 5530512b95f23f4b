"""Virtual interactive source meter with its native SCPI commands (reference manual 2450-901-01, section 6).

Quirks that the twins have
------------------------
- A limit that the source range does not allow is left as it was, without an error (manual rev. B, p. 2-100). A limit
  that does not suit a new range is moved to the nearest that is allowed (p. 2-100, 6-71). The instrument's warning
  about that in its event log is not modelled.
- A fixed current range limits the current by itself: at 105 % of its full scale.
- ``:MEASure?`` switches the output on, and so does a sweep. ``:READ?`` does not.
- ``*TRG`` does nothing, without an error: nothing waits for it.
- Errors are entries of the event log: number, text, type, time (``-222,"Parameter data out of range;1;2026/01/01
  ..."``).
- ``:TRACe:DATA?`` beyond what the buffer holds answers 9.91e37 and error -222 (as the 2461 does, 2461-901-01, p.
  8-94).
- In the off state NORMal the relay stays closed, at 0 V with a limit of 0.5 % of the current range.
- A change of the voltage range pushes the output by 0.25 V for 10 us.
- The commands of other languages (``*LANG TSP``, ``*LANG SCPI2400``) are refused with -200.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Choice, Number, Text
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, Placement
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.buffers import Buffers
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.sense import SenseCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.source import SourceCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.sweeps import TriggerModel
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.traces import TraceCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.triggering import TriggerCommands
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import Measurer
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings


class VirtualInteractiveSourceMeter(SourceCommands, SenseCommands, TraceCommands, TriggerCommands):
    """One source meter with its terminals between a node and ground; a model adds its data sheet and its identity."""

    outputs = ("",)
    terminals = ("",)
    error_queue_depth: ClassVar[int] = 1000

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.settings = self._first_settings(float(str(placement.options.get("line_frequency", 50))))
        self.output = SourceOutput(self, self.data_sheet, self.settings)
        self.measurer = Measurer(self, self.data_sheet, self.settings, self.output)
        self.trigger_model = TriggerModel(
            self, self.data_sheet, self.settings, self.output, self.measurer, lambda name: self.buffers[name])
        self._forget()

    def _first_settings(self, line_frequency: float) -> SourceMeterSettings:
        first = self.data_sheet.first_limit
        return SourceMeterSettings(line_frequency, current_limit=first["VOLT"], voltage_limit=first["CURR"])

    def _forget(self) -> None:
        self.buffers = Buffers()
        self.lists = {"VOLT": [], "CURR": []}
        self.measurer.forget()
        self.trigger_model.load(None)

    def attachment(self) -> Attachment:
        """Return stage and relay."""
        return self.output.stage.attachment()

    def connect(self) -> None:
        """Power on: output off, normal off state."""
        self.output.refresh()
        self.output.take_off_state()

    def reset(self) -> Handler | None:
        """Abort, output off, everything to its default."""
        self.settings.take(self._first_settings(self.settings.line_frequency))
        self.trigger_model.abort()
        self._forget()
        yield from self.output.switch_off()
        self.output.refresh()

    number_format, not_a_number = ".6E", "9.900000E+37"
    no_error = '0,"No error;0;0 0"'

    def format_error(self, code: int, text: str, time: float) -> str:
        """Write an entry of the event log: number, text, type (1: error), time."""
        stamp = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(seconds=time)
        return f'{code},"{text};1;{stamp:%Y/%m/%d %H:%M:%S}.{stamp.microsecond // 1000:03d}"'

    # ========================================================================================= system

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
