"""Virtual interactive source meter with its native SCPI commands (reference manual 2450-901-01, section 6).

Behaviour of the instruments that the virtual instruments reproduce
-------------------------------------------------------------------
- A limit that the source range does not allow is left as it was (manual rev. B, p. 2-100). A limit that does not suit a
  new range is moved to the nearest that is allowed (p. 2-100, 6-71). Both are warnings in the event log, no errors.
- A fixed current range limits the current by itself: at 105 % of its full scale.
- ``:MEASure?`` switches the output on. ``:READ?`` does not. A sweep switches it on, and off at its end
  (``keithley_interactive/sweeps.py``).
- Errors are entries of the event log: number, text, type, time (``-222,"Parameter data out of range;1;2026/01/01
  ..."``).
- ``:TRACe:DATA?`` beyond what the buffer holds answers 9.91e37 and error -222 (as the 2461 does, 2461-901-01, p.
  8-94).
- A change of the terminals switches the output off (rev. B, p. 6-35).
- In the off state NORMal the relay stays closed, at 0 V with a limit of 0.5 % of the current range.
- A change of the voltage range pushes the output by 0.25 V for 10 us.
- The overvoltage protection holds the output at its level. The interlock is asserted, unless the option ``interlock =
  false`` of the world file says otherwise: then the output does not go on above 21 V (error -221, whose number is not
  compared with an instrument).
- If the resistance is measured while the level of the source is 0, the instrument sources the test current of a range
  that suits (auto ohms). So the examples of the user's manual work, which set no source.
- ``*LANG TSP`` holds from the next restart on (``keithley_interactive/scripting.py``), as does the option ``language =
  "TSP"`` of the world file from the start. ``*LANG SCPI2400`` is refused with -200.
- ``:SENSe:...:RANGe:AUTO:LLIMit`` and ``ULIMit``, ``:SENSe:...:LINE:SYNC``, ``:SENSe:RESistance:OCOMpensated``,
  ``:TRACe:LOG:STATe``, the clock and the LAN and TSP-Link triggers are accepted and change nothing: these functions are
  not modelled. There is no flash drive (-241).
"""

from collections.abc import Generator
from typing import ClassVar

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import execute_scpi
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.tree import Subsystem
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, Placement
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.block_actions import BlockActions
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.buffer_commands import BufferCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.buffers import Buffers
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.calculations import CalculateCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.command_table import MeterBase
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.configuration_commands import (
    ConfigurationCommands,
)
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.configuration_lists import ConfigurationLists
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.digital_commands import DigitalCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.digital_port import DigitalPort
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.event_log import (
    ERROR,
    NOTHING,
    EventLog,
    LoggedEvent,
    format_event,
)
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.events import COMMAND_EVENT, EventHub
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.lan_triggers import LanTriggerCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.reading_commands import BufferedReadingCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.scripting import MeterScripts
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.sense import SenseCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.source import SourceCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.sweeps import SourceSweepCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.system import SystemCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.timers import BlenderCommands, TimerCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.trigger_blocks import BlockCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.trigger_branches import BranchCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.trigger_model import TriggerModel
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.trigger_templates import TemplateCommands
from tsbench.simulated_backends.virtual_instruments.source_meter.options import interlock_is_closed, line_frequency
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import Measurer, MeterReading
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings

WITHOUT_INTERLOCK = 21.0  #: [V] that the output may have while the interlock is open


class VirtualInteractiveSourceMeter(MeterBase):
    """One source meter with its terminals between a node and ground; a model adds its data sheet and its identity."""

    outputs = ("",)
    terminals = ("",)
    error_queue_depth: ClassVar[int] = 1000
    number_format, not_a_number = ".6E", "9.900000E+37"
    no_error = NOTHING

    block_commands = Subsystem(BlockCommands)
    branch_commands = Subsystem(BranchCommands)
    template_commands = Subsystem(TemplateCommands)
    sweep_commands = Subsystem(SourceSweepCommands)
    configuration_commands = Subsystem(ConfigurationCommands)
    digital_commands = Subsystem(DigitalCommands)
    timer_commands = Subsystem(TimerCommands)
    blender_commands = Subsystem(BlenderCommands)
    lan_commands = Subsystem(LanTriggerCommands)
    calculate_commands = Subsystem(CalculateCommands)
    reading_commands = Subsystem(
        BufferedReadingCommands, lambda meter: BufferedReadingCommands(meter, meter.calculate_commands))
    buffer_commands = Subsystem(BufferCommands, lambda meter: BufferCommands(meter, meter.reading_commands))
    sense_commands = Subsystem(SenseCommands)
    source_commands = Subsystem(SourceCommands)
    system_commands = Subsystem(SystemCommands)

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.settings = self._first_settings(line_frequency(placement))
        self.output = SourceOutput(self, self.data_sheet, self.settings)
        self.measurer = Measurer(self, self.data_sheet, self.settings, self.output)
        self.hub = EventHub()
        self.event_log = EventLog(self.status, lambda: self.clock.now)
        self.output.limit_moved = self._limit_moved
        self.buffers = Buffers(self.event_log.happened)
        self.digital_port = DigitalPort(self, self.hub)
        self.lists = ConfigurationLists(self.settings, self.setting_values, self.output)
        self.trigger_model = TriggerModel(self, BlockActions(self))
        self.interlock = interlock_is_closed(placement)
        language = str(placement.options.get("language", "SCPI"))
        if language not in ("SCPI", "TSP"):
            raise ConfigurationError(
                f"instruments.{self.name}.options: language = {language!r:.40} must be 'SCPI' or 'TSP'")
        self.next_language = language
        self._start_language()
        self._forget()

    def _start_language(self) -> None:
        """Speak the language that was chosen last: a change needs a restart."""
        self._scripts = MeterScripts(self, self) if self.next_language == "TSP" else None
        self.exchange.execute = self.execute if self._scripts is None else self._execute_script

    def power_cycle(self) -> None:
        """Restart, in the language that was chosen last."""
        super().power_cycle()
        self._start_language()

    def _execute_script(self, message: bytes) -> Handler:
        """Execute a line of TSP; ``*LANG`` is known in both languages."""
        if self._scripts is not None and not message.strip().upper().startswith(b"*LANG"):
            return self._scripts.language.execute(message)
        return execute_scpi(self, message)

    def interrupts(self, message: bytes) -> bool:
        """Whether a message is ``abort``, in the language TSP."""
        return self._scripts is not None and self._scripts.language.interrupts(message)

    def may_answer(self, message: bytes) -> bool:
        """Whether the sender may expect a reply: a script may print whatever it is called."""
        return b"?" in message or (self._scripts is not None and b"print" in message)

    def cleared(self) -> None:
        """A device clear has come."""
        if self._scripts is not None:
            self._scripts.language.cleared()

    def script_stopped(self) -> None:
        """A script was aborted: end what it had begun."""
        self.trigger_model.abort()

    @property
    def model_name(self) -> str:
        """The model as ``localnode.model`` says it: "2450"."""
        return self.model.removeprefix("MODEL ")

    @property
    def line_frequency(self) -> float:
        """[Hz]"""
        return self.settings.line_frequency

    def _first_settings(self, line_frequency: float) -> SourceMeterSettings:
        first = self.data_sheet.first_limit
        return SourceMeterSettings(line_frequency, current_limit=first["VOLT"], voltage_limit=first["CURR"])

    def attachment(self) -> Attachment:
        """Return stage and relay."""
        return self.output.stage.attachment()

    def connect(self) -> None:
        """Power on: output off, normal off state, digital lines as inputs."""
        self.digital_port.forget()
        self.output.refresh()
        self.output.take_off_state()

    def reset(self) -> Handler | None:
        """Abort, output off, everything to its default."""
        self.settings.take(self._first_settings(self.settings.line_frequency))
        self.trigger_model.abort()
        self.buffers.forget()
        self.measurer.forget()
        self.trigger_model.load(())
        self._forget()
        self.digital_port.forget()
        yield from self.output.switch_off()
        self.output.refresh()

    def _forget(self) -> None:
        """Forget what the command tables hold beside the settings."""
        self.configuration_commands.forget()
        self.sweep_commands.forget()
        self.calculate_commands.forget()
        self.timer_commands.forget()
        self.blender_commands.forget()
        self.event_log.maps = {"OPER": {}, "QUES": {}}

    def refresh(self) -> None:
        """Take over settings that a recall has changed."""
        self.system_commands.terminals_chosen()
        self.timer_commands.refresh()
        self.blender_commands.refresh()
        self.output.measuring_changed()

    def take_reading(self) -> Generator[float, None, MeterReading]:
        """Take a reading, with all that is made of it; yields the seconds it needs."""
        return self.calculate_commands.take()

    def present_count(self) -> int:
        """Return how many readings one measurement has."""
        return int(self.reading_commands.count)

    def reading_limits(self, number: int) -> tuple[float, float]:
        """Return the limits 1 or 2 of the measuring function."""
        return self.calculate_commands.limits(number)

    def user_delay(self, which: str) -> float:
        """Return a user delay [s]: "SOUR1" to "SOUR5" of the source function, "MEAS1" to "MEAS5" of the other."""
        number = int(which[-1])
        if which.startswith("SOUR"):
            return float(self.source_commands.source_user_delay[self.settings.source_function, number])
        return float(self.sense_commands.sense_user_delay[self.settings.sense_function, number])

    def _limit_moved(self, function: str, limit: float) -> None:
        self.event_log.warn(f"source limit changed to {limit:g} {'A' if function == 'VOLT' else 'V'}")

    def require_interlock(self) -> None:
        """Raise ScpiError(-221) where the output needs the interlock: above 21 V (manual of the 2470, p. 12-39)."""
        settings = self.settings
        volts = settings.voltage_limit if settings.source_function == "CURR" else abs(settings.source_level["VOLT"])
        if not self.interlock and volts > WITHOUT_INTERLOCK:
            raise ScpiError(-221)

    def trigger(self) -> Handler | None:
        """Act on ``*TRG``: the event COMMand. Where nothing waits for it, the instrument keeps silent."""
        self.hub.fire(COMMAND_EVENT)
        return None

    def format_error(self, code: int, text: str, time: float) -> str:
        """Write an entry of the event log: number, text, type (1: error), time."""
        return format_event(LoggedEvent(code, text, ERROR, time))
