"""Virtual Keithley 2600B source meters with one or two units (reference manual 2600BS-901-01, data sheets).

Behaviour of the instruments that the virtual instruments reproduce
-------------------------------------------------------------------
- A limit of 0, or below the least limit, is error 1102 (p. 7-224). A limit below 10 % of a fixed measuring range stays
  as set, but the output limits at 10 %.
- A reading beyond its range is 9.91e37 (p. 9-230). The quantity that is sourced is measured in the source range.
- In the off state NORMAL the output is 0 V with a limit of 1 mA (``offlimiti``).
- The models of 200 V need a closed interlock for their highest voltage range: error 802. The option ``interlock`` of
  the world file opens it.

Texts and effects that the manual does not state
------------------------------------------------
- An assignment to a read-only attribute is a runtime error, and an attribute that the instrument does not have is nil.
- An aborted script leaves error -286.
- The virtual sense terminals are connected to the force terminals. Four-wire sensing changes only the status of a
  reading.
- The settling modes, the analog filter, sink mode and the power limit are accepted and change nothing.
"""

import importlib.resources
from typing import ClassVar

from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.syntax import Framing
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.tsp.language import TSP_FRAMING, TspLanguage
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, Placement, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_2600.buffers import BufferTables
from tsbench.simulated_backends.virtual_instruments.keithley_2600.channel import SmuChannel
from tsbench.simulated_backends.virtual_instruments.keithley_2600.data_sheet import (
    KEITHLEY_2601B,
    KEITHLEY_2602B,
    KEITHLEY_2612B,
    KEITHLEY_2636B,
    TspSourceMeterDataSheet,
)
from tsbench.simulated_backends.virtual_instruments.keithley_2600.smu_table import SmuTable, show_status
from tsbench.simulated_backends.virtual_instruments.keithley_2600.system_tables import Setups, show_system
from tsbench.simulated_backends.virtual_instruments.source_meter.options import interlock_is_closed, line_frequency

#: digits of a number that is printed (2600BS-901-01 rev. C, p. 7-101)
PRECISION = 6


class VirtualKeithley2600B(VirtualInstrument):
    """Base of the models."""

    data_sheet: ClassVar[TspSourceMeterDataSheet]
    terminals: ClassVar[tuple[str, ...]] = ("a", "b")
    outputs: ClassVar[tuple[str, ...]] = ("a", "b")
    option_names = ("line_frequency", "interlock")
    has_trigger = True
    framing: ClassVar[Framing] = TSP_FRAMING
    keeps_replies = True
    error_queue_depth = 100

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        sheet = self.data_sheet
        self.line_frequency, closed = line_frequency(placement), interlock_is_closed(placement)
        self.identification = f"{self.manufacturer}, {self.model}, {self.serial}, {self.firmware}"
        self.setups: Setups = {}
        self.channels = tuple(SmuChannel(self, sheet, letter, self.line_frequency) for letter in sheet.channels)
        for channel in self.channels:
            channel.interlock_is_open = sheet.interlock and not closed
        self._start_language()

    def _start_language(self) -> None:
        """Start an interpreter with no variables and no scripts but those of the maker."""
        self.language = language = TspLanguage(self, tuple(channel.name for channel in self.channels), PRECISION)
        buffers = BufferTables(language.parts)
        show_status(language.status, self.channels)
        if self.data_sheet.interlock and not self.channels[0].interlock_is_open:
            language.status.sets["measurement"].set_bits(2048, True)
        self.units = tuple(SmuTable(channel, language.parts, buffers, language.bus) for channel in self.channels)
        show_system(language.parts, self.channels, self.setups, self.reset)
        factory = importlib.resources.files("tsbench.simulated_backends.virtual_instruments.keithley_2600")
        text = factory.joinpath("factory_scripts.lua").read_text("utf-8")
        for _ in language.interpreter.run(language.interpreter.compile(text)):
            pass

    @property
    def model_name(self) -> str:
        """The model as ``localnode.model`` says it."""
        return self.model.removeprefix("Model ")

    def attachment(self) -> Attachment:
        """Return stage and relay of each unit."""
        parts = [channel.output.stage.attachment() for channel in self.channels]
        return Attachment(
            tuple(element for part in parts for element in part.elements),
            tuple(stage for part in parts for stage in part.stages))

    def connect(self) -> None:
        """Power on: outputs off, normal off state."""
        for channel in self.channels:
            channel.output.refresh()
            channel.output.take_off_state()

    def power_cycle(self) -> None:
        """Restart: variables, scripts and readings are gone too."""
        super().power_cycle()
        for channel in self.channels:
            for buffer in channel.buffers:
                buffer.clear()
        self._start_language()

    def disconnect(self) -> None:
        """End sweeps and overlapped measurements."""
        self.script_stopped()

    # ---------------------------------------------------------------------------------------- messages

    def execute(self, message: bytes) -> Handler:
        """Execute one line of TSP."""
        return self.language.execute(message)

    def interrupts(self, message: bytes) -> bool:
        """Whether a message is ``abort``."""
        return self.language.interrupts(message)

    def may_answer(self, message: bytes) -> bool:
        """Whether the sender may expect a reply: each call, and a script that is run when it ends, may print."""
        return any(part in message for part in (b"(", b"?", b"endscript")) or self.language.system.prompts

    def cleared(self) -> None:
        """A device clear has come."""
        self.language.cleared()

    def reset(self) -> Handler:
        """Do what ``reset()`` and ``*RST`` do."""
        self.language.reset()
        for unit in self.units:
            yield from unit.reset()

    def script_stopped(self) -> None:
        """End what a script has begun beside itself."""
        for channel in self.channels:
            channel.end_operations()

    def trigger(self) -> Handler | None:
        """Act on ``*TRG``: the event ``trigger.EVENT_ID``."""
        if not self.misses_trigger():
            self.language.bus.fire(self.language.triggers.command_event)
        return None


class VirtualKeithley2601B(VirtualKeithley2600B):
    """40 V and 3 A, one unit."""

    data_sheet = KEITHLEY_2601B
    terminals = ("a",)
    outputs = ("a",)
    manufacturer, model, firmware = KEITHLEY_2601B.manufacturer, KEITHLEY_2601B.name, KEITHLEY_2601B.firmware


class VirtualKeithley2602B(VirtualKeithley2600B):
    """40 V and 3 A, two units."""

    data_sheet = KEITHLEY_2602B
    manufacturer, model, firmware = KEITHLEY_2602B.manufacturer, KEITHLEY_2602B.name, KEITHLEY_2602B.firmware


class VirtualKeithley2612B(VirtualKeithley2600B):
    """200 V and 1.5 A, two units."""

    data_sheet = KEITHLEY_2612B
    manufacturer, model, firmware = KEITHLEY_2612B.manufacturer, KEITHLEY_2612B.name, KEITHLEY_2612B.firmware


class VirtualKeithley2636B(VirtualKeithley2600B):
    """200 V and 1.5 A, two units, currents from 100 pA on."""

    data_sheet = KEITHLEY_2636B
    manufacturer, model, firmware = KEITHLEY_2636B.manufacturer, KEITHLEY_2636B.name, KEITHLEY_2636B.firmware
