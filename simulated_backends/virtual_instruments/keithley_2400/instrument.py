"""Virtual Keithley 2400, 2401 and 2410 (user's manual 2400S-900-01 rev. K).

Behaviour of the instruments that the virtual instruments reproduce
-------------------------------------------------------------------
- While the trigger model is not idle, no message is executed but ABORt, ``*TRG``, ``*RST``, ``*RCL`` and SYSTem:PRESet
  (p. 16-3), and these only if no other message waits before them. Serial polls and device clears are answered. A
  device clear brings the instrument back to idle; the output stays on.
- READ? and INITiate need an output that is on, or automatic output-off (p. 18-72): else error +803, and no reply.
- MEASure? and CONFigure switch the output on (p. 17-3).
- A compliance below 0.1 % of a fixed measuring range is refused with +822, a measuring range above that of the
  compliance with +824, a measuring range of what is sourced with +823, too much power with +826 (p. 18-62, 18-68).
- A fixed measuring range limits the output at 105 % of its full scale: range compliance (p. 6-2, bit 16 of the status
  word). The true compliance is bit 3.
- A range answers its highest value: 1.05E-4 for the range of 100 uA.
- A change of the terminals switches the output off. So does a change of the sourced function.
- The readings of a sweep are in the sample buffer (FETCh?) and, if it waits for them, in the buffer of TRACe.

Not modelled: the pulse mode of the 2430, contact check, offset-compensated ohms, scale factors of the triggered level,
trigger inputs within a cycle (:TRIGger:INPut). These settings are kept where the manual has them, but change nothing.
Four-wire sensing changes the status word only.
"""

from typing import ClassVar

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Integer
from tsbench.simulated_backends.scpi.status import EventRegister
from tsbench.simulated_backends.scpi.tree import Subsystem, command
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, Placement
from tsbench.simulated_backends.virtual_instruments.keithley_2400 import errors
from tsbench.simulated_backends.virtual_instruments.keithley_2400.calculate_commands import Limits2400, Math2400
from tsbench.simulated_backends.virtual_instruments.keithley_2400.calculations import Calculations
from tsbench.simulated_backends.virtual_instruments.keithley_2400.command_table import Keithley2400Base
from tsbench.simulated_backends.virtual_instruments.keithley_2400.data_sheet import (
    KEITHLEY_2400,
    KEITHLEY_2401,
    KEITHLEY_2410,
)
from tsbench.simulated_backends.virtual_instruments.keithley_2400.functions import MeasuredFunctions
from tsbench.simulated_backends.virtual_instruments.keithley_2400.layer_commands import Arm2400, Trigger2400
from tsbench.simulated_backends.virtual_instruments.keithley_2400.parts import TraceBuffer, new_sample
from tsbench.simulated_backends.virtual_instruments.keithley_2400.readings import ReadingFormat
from tsbench.simulated_backends.virtual_instruments.keithley_2400.sense_commands import Functions2400, Sense2400
from tsbench.simulated_backends.virtual_instruments.keithley_2400.source_commands import Source2400
from tsbench.simulated_backends.virtual_instruments.keithley_2400.sweep_commands import Sweep2400
from tsbench.simulated_backends.virtual_instruments.keithley_2400.sweep_levels import SweepSettings
from tsbench.simulated_backends.virtual_instruments.keithley_2400.system_commands import (
    Queue2400,
    Registers2400,
    System2400,
)
from tsbench.simulated_backends.virtual_instruments.keithley_2400.trace_commands import Trace2400
from tsbench.simulated_backends.virtual_instruments.keithley_2400.trigger_model import IDLE, LayeredTriggerModel
from tsbench.simulated_backends.virtual_instruments.source_meter.options import interlock_is_closed, line_frequency
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import Measurer
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings

_ABORTING = {b":ABOR", b":ABORT", b"ABOR", b"ABORT"}
_RESETTING = {b"*RST", b":SYST:PRES", b":SYSTEM:PRESET", b"SYST:PRES", b"SYSTEM:PRESET"}


class VirtualKeithley2400(Keithley2400Base):
    """210 V, 1.05 A and 22 W.

    Options of the world file: ``line_frequency`` [Hz], and ``interlock`` (false: the line of the output enable
    is open).
    """

    data_sheet = KEITHLEY_2400
    manufacturer, firmware = KEITHLEY_2400.manufacturer, KEITHLEY_2400.firmware
    model: ClassVar[str] = "MODEL 2400"
    outputs = ("",)
    terminals = ("",)
    option_names = ("line_frequency", "interlock")
    has_trigger = True
    error_queue_depth: ClassVar[int] = 10
    number_format, not_a_number = ".6E", "9.910000E+37"
    no_error = '0,"No error"'
    serial_end: ClassVar[bytes] = b"\r"   # as delivered (p. 14-14)
    bus_latency: ClassVar[float] = 1e-3   # GPIB; not compared with a data sheet

    status_commands = Subsystem(Registers2400)
    source_commands = Subsystem(Source2400)
    function_commands = Subsystem(Functions2400)
    sense_commands = Subsystem(Sense2400)
    sweep_commands = Subsystem(Sweep2400)
    arm_commands = Subsystem(Arm2400)
    trigger_commands = Subsystem(Trigger2400)
    trace_commands = Subsystem(Trace2400)
    math_commands = Subsystem(Math2400)
    limit_commands = Subsystem(Limits2400)
    system_commands = Subsystem(System2400)
    queue_commands = Subsystem(Queue2400)

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.mains_frequency = line_frequency(placement)
        self.line_frequency_found = True
        self.output_enable_line = interlock_is_closed(placement)
        self.output_enable = False
        self.time_zero = 0.0
        self.sample = new_sample()
        self.settings = self._first_settings()
        self.output = SourceOutput(self, self.data_sheet, self.settings)
        self.measurer = Measurer(self, self.data_sheet, self.settings, self.output)
        self.functions = MeasuredFunctions(self.data_sheet, self.settings, self.output)
        self.sweep = SweepSettings()
        self.calculations = Calculations()
        self.reading_format = ReadingFormat()
        self.buffer = TraceBuffer()
        self.trigger_model = LayeredTriggerModel(self)
        self.measurement = EventRegister()
        self.measurement.set_bit(1 << 11, self.output_enable_line)
        self.status.operation.condition = IDLE
        self.status.event_bit = errors.event_bit
        self.status.extra_bits = lambda: int(self.measurement.summary)

    def _first_settings(self) -> SourceMeterSettings:
        first = SourceMeterSettings(self.mains_frequency)
        first.off_state.update(dict.fromkeys(first.off_state, self.data_sheet.first_off_state))
        first.read_back.update(dict.fromkeys(first.read_back, False))
        return first

    def move_lid(self, closed: bool) -> None:
        """Open or close the lid of the fixture, whose switch is at the line of the output enable.

        The output goes off when the lid opens, if the output enable is in use (User's Manual rev. K, "Output enable").
        """
        self.output_enable_line = closed
        self.measurement.set_bit(1 << 11, closed)
        if self.output_enable and not closed and self.output.stage.enabled:
            for _ in self.output.switch_off():
                pass   # no message waits for the relay

    def attachment(self) -> Attachment:
        """Return stage and relay."""
        return self.output.stage.attachment()

    def connect(self) -> None:
        """Power on: output off, the first off state."""
        self.output.refresh()
        self.output.take_off_state()

    def reset(self) -> Handler | None:
        """Return to idle, output off, everything to its default; buffer and line frequency stay."""
        frequency = self.settings.line_frequency
        self.trigger_model.forget()
        self.settings.take(self._first_settings())
        self.settings.line_frequency = frequency
        self.functions.forget()
        vars(self.sweep).update(vars(SweepSettings()))
        self.calculations.forget()
        self.reading_format.forget()
        self.buffer.storing = False
        self.buffer.capacity = 100
        self.output_enable = False
        self.measurer.forget()
        yield from self.output.switch_off()
        self.output.refresh()

    def cleared(self) -> None:
        """Return to idle with a device clear: the message that ran is stopped by then."""
        self.trigger_model.abort()

    def acts_at_once(self, message: bytes) -> bool:
        """Hear what ends or triggers a running trigger model; a reset then takes its turn."""
        word = message.strip().upper()
        if word in _ABORTING and self.trigger_model.running:
            self.trigger_model.abort()
            return True
        if word in _RESETTING:
            self.trigger_model.abort()
            return False
        return word == b"*TRG" and self.trigger_model.bus_trigger()

    def format_error(self, code: int, text: str, time: float) -> str:
        """Write an entry of the error queue."""
        return f'{code:+d},"{text}"'

    @command("*SAV", Integer("", 0, 4))
    def _save(self, place: int) -> None:
        self.source_commands._save(100 - place)

    @command("*RCL", Integer("", 0, 4))
    def _recall(self, place: int) -> None:
        self.source_commands._recall(100 - place)


class VirtualKeithley2401(VirtualKeithley2400):
    """21 V, 1.05 A and 22 W; terminals at the front only."""

    data_sheet = KEITHLEY_2401
    model = "MODEL 2401"


class VirtualKeithley2410(VirtualKeithley2400):
    """1100 V, 1.05 A and 22 W."""

    data_sheet = KEITHLEY_2410
    model = "MODEL 2410"
