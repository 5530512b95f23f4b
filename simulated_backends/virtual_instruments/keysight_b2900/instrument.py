"""Virtual Keysight B2901A, B2902A, B2911A and B2912A (SCPI Command Reference B2910-90030, user's guide).

Behaviour of the instruments that the virtual instruments reproduce
-------------------------------------------------------------------
- Each channel has a transient system (levels, pulses) and an acquire system (readings), each with an arm layer and a
  trigger layer. With the source AINT the next level waits for the reading; with a timer, a trigger that comes too late
  is lost. Messages are executed meanwhile.
- :INITiate, :READ? and :MEASure? switch the output on, unless :OUTPut:ON:AUTO is off.
- Readings are sent in the order voltage, current, resistance, time, status, source level. A function that is off reads
  9.91E+37, a reading beyond its range 9.9E+37. Binary data are definite-length blocks.
- Bits 1 and 13 of the status element are compliance and overflow (table 1-2).
- The off states NORMal and HIZ open the relay, ZERO leaves it closed at 0 V and 100 uA (user's guide, table 6-1).
- Behind the last trigger, the immediate level comes back, unless :FUNCtion:TRIGgered:CONTinuous is on.
- With :OUTPut:PROTection, the output goes off when it reaches the compliance.
- A compliance that the range of the level does not allow is error -221, and so is a level beside such a compliance.

Not compared with the manual: which error number stands for power that is too high or for an open interlock; the
compliances below which a channel refuses. Not modelled: PROGram, CALCulate and MMEMory, grouped channels, internal and
LAN triggers, automatic resistance, the 10 A range of pulses. A wait before a reading is that of the source.
"""

from collections.abc import Mapping
from typing import ClassVar

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.status import EventRegister
from tsbench.simulated_backends.scpi.tree import Subsystem
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, Placement
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.channel import ELEMENTS, ChannelB2900
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.command_table import BaseB2900
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.data_sheet import B2901A, B2902A, B2911A, B2912A
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.result_commands import ResultsB2900, TraceB2900
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.sense_commands import OutputB2900, SenseB2900
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.source_commands import SourceB2900, SweepB2900
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.system_commands import SystemB2900
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.trigger_commands import (
    LayersB2900,
    PortB2900,
    RunB2900,
)
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.trigger_engine import TriggerEngine
from tsbench.simulated_backends.virtual_instruments.source_meter.options import interlock_is_closed, line_frequency

_TEXTS: Mapping[int, str] = {-222: "Data out of range", -350: "Error queue overflow"}


class VirtualB2901A(BaseB2900):
    """One channel of 210 V, 3.03 A and 31.8 W.

    Options of the world file: ``line_frequency`` [Hz], and ``interlock`` (false: it is open).
    """

    data_sheet = B2901A
    manufacturer, firmware = B2901A.manufacturer, B2901A.firmware
    model: ClassVar[str] = "B2901A"
    outputs: ClassVar[tuple[str, ...]] = ("1",)
    terminals: ClassVar[tuple[str, ...]] = ("1",)
    option_names = ("line_frequency", "interlock")
    has_trigger = True
    number_format, not_a_number = "+.6E", "+9.910000E+37"
    error_queue_depth: ClassVar[int] = 100

    source_commands = Subsystem(SourceB2900)
    sweep_commands = Subsystem(SweepB2900)
    sense_commands = Subsystem(SenseB2900)
    output_commands = Subsystem(OutputB2900)
    layer_commands = Subsystem(LayersB2900)
    run_commands = Subsystem(RunB2900)
    port_commands = Subsystem(PortB2900)
    result_commands = Subsystem(ResultsB2900)
    trace_commands = Subsystem(TraceB2900)
    system_commands = Subsystem(SystemB2900)

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        frequency = line_frequency(placement)
        self.interlock_closed = interlock_is_closed(placement)
        self.measurement = EventRegister()
        self.pin_functions: dict[int, str] = {}
        pins = [f"ext{pin}" for pin in range(1, 15)]
        bench.add_jacks(self.name, inputs=pins, outputs=pins)
        self.channels = {
            number: ChannelB2900(self, self.data_sheet, number, frequency)
            for number in range(1, self.data_sheet.channels + 1)}
        self.engines = {
            number: TriggerEngine(self, channel, self.measurement, self.pin_functions)
            for number, channel in self.channels.items()}
        self.time_zero = 0.0
        self.status.extra_bits = lambda: int(self.measurement.summary)
        self._forget()

    def _forget(self) -> None:
        self.time_resets = True
        self.pin_functions.update(dict.fromkeys(range(1, 15), "DINP"))
        self.elements, self.data_format, self.byte_order = ELEMENTS, "ASC", "NORM"

    def attachment(self) -> Attachment:
        """Return the stages and relays of the channels."""
        found = [channel.output.stage.attachment() for channel in self.channels.values()]
        return Attachment(
            tuple(element for one in found for element in one.elements),
            tuple(stage for one in found for stage in one.stages))

    def connect(self) -> None:
        """Power on: outputs off."""
        for channel in self.channels.values():
            channel.output.refresh()
            channel.output.take_off_state()

    def reset(self) -> Handler | None:
        """Abort, outputs off, everything to its default."""
        self._forget()
        for number, channel in self.channels.items():
            self.engines[number].abort({"TRAN", "ACQ"})
            self.clock.unwatch(channel)
            channel.forget()
            yield from channel.output.switch_off()
            channel.output.refresh()

    def trigger(self) -> Handler | None:
        """Act on ``*TRG``; -211 where nothing waits for it."""
        heard = [engine.bus_trigger() for engine in self.engines.values()]
        return None if any(heard) else super().trigger()

    def format_error(self, code: int, text: str, time: float) -> str:
        """Write an entry of the error queue with the texts of this maker."""
        standard, _, detail = text.partition(";")
        text = ";".join(part for part in (_TEXTS.get(code, standard), detail) if part)
        return f'{code:+d},"{text}"'


class VirtualB2902A(VirtualB2901A):
    """Two channels of a B2901A."""

    data_sheet = B2902A
    model = "B2902A"
    outputs = terminals = ("1", "2")


class VirtualB2911A(VirtualB2901A):
    """One channel, with the 10 nA range and a trigger interval of 10 us."""

    data_sheet = B2911A
    model = "B2911A"


class VirtualB2912A(VirtualB2901A):
    """Two channels of a B2911A."""

    data_sheet = B2912A
    model = "B2912A"
    outputs = terminals = ("1", "2")
