"""Virtual interactive source meter with its native SCPI commands (reference manual 2450-901-01, section 6).

Behaviour of the instruments that the virtual instruments reproduce
-------------------------------------------------------------------
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
- ``:TRACe:FILL:MODE ONCE``, ``:SENSe:...:RANGe:AUTO:LLIMit`` and ``:SENSe:RESistance:OCOMpensated`` are accepted and
  change nothing: these functions are not modelled.
"""

from datetime import UTC, datetime, timedelta
from typing import ClassVar

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.tree import Subsystem
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, Placement
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.buffers import Buffers
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterBase
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.sense import SenseCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.source import SourceCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.sweeps import TriggerModel
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.system import SystemCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.traces import TraceCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.triggering import TriggerCommands
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import Measurer
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings


class VirtualInteractiveSourceMeter(MeterBase):
    """One source meter with its terminals between a node and ground; a model adds its data sheet and its identity."""

    outputs = ("",)
    terminals = ("",)
    error_queue_depth: ClassVar[int] = 1000
    number_format, not_a_number = ".6E", "9.900000E+37"
    no_error = '0,"No error;0;0 0"'

    trigger_commands = Subsystem(TriggerCommands)
    trace_commands = Subsystem(TraceCommands)
    sense_commands = Subsystem(SenseCommands)
    source_commands = Subsystem(SourceCommands)
    system_commands = Subsystem(SystemCommands)

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.settings = self._first_settings(float(str(placement.options.get("line_frequency", 50))))
        self.output = SourceOutput(self, self.data_sheet, self.settings)
        self.measurer = Measurer(self, self.data_sheet, self.settings, self.output)
        self.buffers = Buffers()
        self.trigger_model = TriggerModel(
            self, self.data_sheet, self.settings, self.output, self.measurer, lambda name: self.buffers[name])

    def _first_settings(self, line_frequency: float) -> SourceMeterSettings:
        first = self.data_sheet.first_limit
        return SourceMeterSettings(line_frequency, current_limit=first["VOLT"], voltage_limit=first["CURR"])

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
        self.buffers.forget()
        self.trigger_commands.forget()
        self.measurer.forget()
        self.trigger_model.load(None)
        yield from self.output.switch_off()
        self.output.refresh()

    def trigger(self) -> Handler | None:
        """Act on ``*TRG``: nothing waits for it here, and the instrument keeps silent about that."""
        return None

    def format_error(self, code: int, text: str, time: float) -> str:
        """Write an entry of the event log: number, text, type (1: error), time."""
        stamp = datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(seconds=time)
        return f'{code},"{text};1;{stamp:%Y/%m/%d %H:%M:%S}.{stamp.microsecond // 1000:03d}"'
