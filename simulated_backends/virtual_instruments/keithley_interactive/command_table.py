"""Virtual interactive source meter: what its command tables share (settings, output, readings, triggers, buffers)."""

from collections.abc import Generator
from typing import ClassVar

from tsbench.simulated_backends.scpi.tree import CommandTable
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.buffers import Buffers
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.configuration_lists import ConfigurationLists
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.data_sheet import InteractiveDataSheet
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.digital_port import DigitalPort
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.event_log import EventLog
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.events import EventHub
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.trigger_model import TriggerModel
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import Measurer, MeterReading
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings


class MeterBase(VirtualInstrument):
    """The parts of a source meter, as its command tables see them."""

    option_names = ("line_frequency", "interlock", "language")
    data_sheet: ClassVar[InteractiveDataSheet]  #: of the model
    settings: SourceMeterSettings
    output: SourceOutput
    measurer: Measurer
    buffers: Buffers
    hub: EventHub
    event_log: EventLog
    digital_port: DigitalPort
    lists: ConfigurationLists
    trigger_model: TriggerModel
    next_language: str  #: "SCPI" or "TSP": from the next restart on
    interlock: bool  #: whether the interlock allows more than 42 V

    def take_reading(self) -> Generator[float, None, MeterReading]:
        """Take a reading, with all that is made of it; yields the seconds it needs."""
        raise NotImplementedError

    def present_count(self) -> int:
        """Return how many readings one measurement has."""
        raise NotImplementedError

    def reading_limits(self, number: int) -> tuple[float, float]:
        """Return the limits 1 or 2 of the measuring function."""
        raise NotImplementedError

    def user_delay(self, which: str) -> float:
        """Return a user delay [s]: "SOUR1" to "SOUR5" of the source function, "MEAS1" to "MEAS5" of the other."""
        raise NotImplementedError

    def require_interlock(self) -> None:
        """Raise ScpiError where the output needs the interlock, and it is open."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Take over settings that a recall has changed."""
        raise NotImplementedError


class MeterTable(CommandTable):
    """Base of the command tables.

    Parameters
    ----------
    meter : MeterBase
        Holds the table.
    """

    def __init__(self, meter: MeterBase) -> None:
        super().__init__(meter)
        self.meter = meter
        self.data_sheet = meter.data_sheet
        self.settings = meter.settings
        self.output = meter.output
        self.measurer = meter.measurer
        self.trigger_model = meter.trigger_model
        self.buffers = meter.buffers
        self.lists = meter.lists
