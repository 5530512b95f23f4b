"""Virtual Keysight B1500A: a mainframe with the modules that its world file names (``options.slots``).

Source meters B1517A, B1511B and B1510A are terminals with the number of their slot ("1"). The outputs of a B1525A are
terminals as "101" and "102", and so are those of a B1530A, which only the vendor's library drives
(``simulated_backends/access/vendor_libraries``). A B1520A takes settings and measures nothing.

Options of a world file: ``slots``, ``line_frequency`` [Hz] and ``interlock = false``.

Differences from an instrument that we know of
----------------------------------------------
- A compliance acts for both signs of the current alike. The accuracy for the opposite polarity is not modelled.
- The offset of a current reading that grows with the output voltage is not modelled.
- Channels measure one after the other also where the instrument measures in parallel (PAD 1).
- The output data buffer has no end.
"""

from collections.abc import Generator, Mapping
from typing import ClassVar

from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.flex.exchange import FlexExchange
from tsbench.simulated_backends.flex.execution import execute_flex
from tsbench.simulated_backends.flex.parameters import FlexEntry, flex_table
from tsbench.simulated_backends.flex.program_memory import ProgramMemory
from tsbench.simulated_backends.flex.status import FlexStatus
from tsbench.simulated_backends.flex.syntax import FLEX_FRAMING
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.operations import Operations
from tsbench.simulated_backends.scpi.syntax import Framing
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, Placement, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.capacitance_commands import CapacitanceCommands
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.converters import Converters
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.data_output import DataOutput
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.data_sheet import (
    FIRMWARE,
    MANUFACTURER,
    MODEL,
    SLOTS,
    SOURCE_MODULES,
)
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.learn import LearnCommand
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.mainframe import Mainframe
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.mainframe_commands import MainframeCommands
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.measurements import Measurements
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.output_commands import OutputCommands
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.program_commands import ProgramCommands
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.pulse_commands import PulseCommands
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.pulse_module import PulseChannel, PulseRun
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.reading_commands import Readings, SpotCommands
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.slots import SlotMap, planned_slots
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.source_module import SourceChannel
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.sweep_commands import SweepCommands
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.sweep_setup import SweepSetup
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.timed_source_commands import TimedSourceCommands
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.trigger_commands import TriggerPortCommands
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.waveform_module import WaveformChannel, all_off
from tsbench.simulated_backends.virtual_instruments.source_meter.options import interlock_is_closed, line_frequency

#: commands that put data into the output data buffer
_GIVE_DATA = (b"TI", b"TV", b"TT", b"TD", b"TSQ", b"XE", b"DO", b"RU")


class VirtualB1500A(VirtualInstrument):
    """Mainframe and modules."""

    manufacturer, model, firmware = MANUFACTURER, MODEL, FIRMWARE
    terminals = (*map(str, SLOTS), *(f"{slot}0{output}" for slot in SLOTS for output in (1, 2)))
    framing: ClassVar[Framing] = FLEX_FRAMING
    keeps_replies: ClassVar[bool] = True
    input_buffer_size: ClassVar[int] = 256
    option_names = ("slots", "line_frequency", "interlock")
    has_trigger: ClassVar[bool] = True

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        mains = line_frequency(placement)
        models = planned_slots(placement.options)
        self.flex_status = FlexStatus(now=lambda: bench.clock.now)
        self.status = self.flex_status
        self.operations = Operations(bench.clock, self.status)
        self.flex_exchange = FlexExchange(self, bench.clock, self.status, self.operations)
        self.exchange = self.flex_exchange
        self.flex_status.data_ready = lambda: self.flex_exchange.output_ready
        self.program_memory = ProgramMemory()
        train = PulseRun()
        self._slots = SlotMap(
            models,
            {slot: SourceChannel(self, SOURCE_MODULES[name], slot, mains)
             for slot, name in sorted(models.items()) if name in SOURCE_MODULES},
            {number: PulseChannel(self, number, train) for slot, name in sorted(models.items()) if name == "B1525A"
             for number in (100 * slot + 1, 100 * slot + 2)},
            {number: WaveformChannel(self, number) for slot, name in sorted(models.items()) if name == "B1530A"
             for number in (100 * slot + 1, 100 * slot + 2)})
        self.waveform_channels = self._slots.waveforms  #: which the vendor's library drives
        self._output_states = {
            str(number): False for number in (*self._slots.sources, *self._slots.pulsers, *self._slots.waveforms)}
        placement.require_modules(tuple(self._output_states))
        self._setup = SweepSetup()
        self._frame = Mainframe(
            self, self._slots, Converters(mains), DataOutput(self.flex_exchange, bench.clock),
            self.flex_exchange, self.flex_status, interlock_is_closed(placement))
        readings = Readings(self._frame)
        self._programs = ProgramCommands(self, self._frame)
        self._triggers = TriggerPortCommands(self._frame)
        self._pulses = PulseCommands(self._frame, train)
        self._capacitance = CapacitanceCommands(self._frame)
        setup = self._setup
        self.commands: Mapping[str, FlexEntry] = flex_table(
            MainframeCommands(self, self._frame), self._programs, OutputCommands(self._frame),
            SpotCommands(self._frame, readings), SweepCommands(self._frame, setup),
            TimedSourceCommands(self._frame, setup), Measurements(self._frame, setup, readings),
            LearnCommand(self._frame, setup, self._capacitance), self._capacitance, self._triggers, self._pulses)

    # ------------------------------------------------------------------------------------------ circuit

    def attachment(self) -> Attachment:
        """Return stages and relays of the source meters, and the sources of the pulse generators."""
        parts = [channel.output.stage.attachment() for channel in self._slots.sources.values()]
        pulses = [output.attachment() for output in self._slots.pulsers.values()]
        pulses += [output.attachment() for output in self._slots.waveforms.values()]
        return Attachment(
            sum((*(part.elements for part in parts), *pulses), ()), sum((part.stages for part in parts), ()))

    def connect(self) -> None:
        """Power on: all switches open."""
        for channel in self._slots.sources.values():
            channel.output.refresh()
            channel.output.take_off_state()

    # ----------------------------------------------------------------------------------------- messages

    def execute(self, message: bytes) -> Handler:
        """Execute one message of FLEX; a group trigger starts a measurement in trigger mode 1."""
        if message == b"*TRG":
            if self._frame.trigger_mode != 1:
                self.flex_status.post_flex(FlexError(211))
                return
            message = b"XE"
        yield from execute_flex(self, message)

    def may_answer(self, message: bytes) -> bool:
        """Whether the sender of a message may expect a reply or data."""
        return b"?" in message or any(
            part.strip().upper().startswith(_GIVE_DATA) for part in message.split(b";"))

    def reset(self) -> Generator[float, None, None]:
        """Do ``*RST``: switches open, all settings at their first values. Errors stay."""
        for channel in self._slots.sources.values():
            yield from channel.switch_off()
            channel.reset()
            channel.set_filter(False)
            channel.set_series_resistor(False)
        all_off(tuple(self._slots.waveforms.values()))
        self._pulses.reset()
        self._triggers.reset()
        self._programs.reset()
        self._capacitance.reset()
        self._frame.converters.reset()
        self._frame.data.reset()
        self._frame.trigger_mode, self._frame.parallel, self._frame.auto_calibration = 1, False, False
        self._slots.mapping.clear()
        vars(self._setup).update(vars(SweepSetup()))
        self.flex_status.service_enable = 0
        self.flex_status.interlock_opened = self.flex_status.error_occurred = False
        self.flex_status.update()

    def power_cycle(self) -> None:
        """Restart: as after ``*RST``, with empty program memory and no errors."""
        self.flex_exchange.device_clear()
        for _ in self.reset():
            pass   # a restart takes no turns: relays have opened when power comes back
        self.program_memory = ProgramMemory()
        self.flex_status.clear()

    def cleared(self) -> None:
        """Act on a device clear: the converter's zero function, the events and the storing of a program end."""
        self.program_memory.cleared()
        self._frame.converters.zero = False
        self.flex_status.busy = self.flex_status.waiting = False
        self.flex_status.interlock_opened = self.flex_status.error_occurred = False
