"""Virtual 2400 family: what its command tables share (settings, functions, output, readings, trigger model, buffer)."""

from collections import deque
from typing import TYPE_CHECKING, ClassVar

from tsbench.simulated_backends.scpi.status import EventRegister
from tsbench.simulated_backends.scpi.tree import CommandTable
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_2400.calculations import Calculations
from tsbench.simulated_backends.virtual_instruments.keithley_2400.data_sheet import Keithley2400DataSheet
from tsbench.simulated_backends.virtual_instruments.keithley_2400.functions import MeasuredFunctions
from tsbench.simulated_backends.virtual_instruments.keithley_2400.readings import StoredReading
from tsbench.simulated_backends.virtual_instruments.keithley_2400.sweep_levels import MOST_POINTS, SweepSettings
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import Measurer
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings

if TYPE_CHECKING:
    from tsbench.simulated_backends.virtual_instruments.keithley_2400.source_commands import Source2400
    from tsbench.simulated_backends.virtual_instruments.keithley_2400.trace_commands import Trace2400
    from tsbench.simulated_backends.virtual_instruments.keithley_2400.trigger_model import LayeredTriggerModel


class TraceBuffer:
    """The one reading buffer of the family: it is filled once, then it stops."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Take the state after a reset."""
        self.capacity = 100
        self.feed = "SENS"
        self.storing = False
        self.delta_times = False
        self.readings: list[StoredReading] = []

    @property
    def full(self) -> bool:
        """Whether as many readings are stored as were asked for."""
        return len(self.readings) >= self.capacity

    def store(self, reading: StoredReading) -> None:
        """Store a reading if the buffer waits for it; it stops when it is full."""
        if self.storing:
            self.readings.append(reading)
            self.storing = not self.full


class Keithley2400Base(VirtualInstrument):
    """The parts of a 2400, as its command tables see them."""

    data_sheet: ClassVar[Keithley2400DataSheet]  #: of the model
    settings: SourceMeterSettings
    functions: MeasuredFunctions
    output: SourceOutput
    measurer: Measurer
    sweep: SweepSettings
    calculations: Calculations
    buffer: TraceBuffer
    trigger_model: "LayeredTriggerModel"
    measurement: EventRegister  #: the register :STATus:MEASurement
    time_zero: float  #: [s] bench time of the last reset of the time stamp
    output_enable_line: bool  #: whether the line of the output enable is at logic low: the output may be switched on
    output_enable: bool  #: whether that line matters
    mains_frequency: float  #: [Hz]
    line_frequency_found: bool  #: whether the instrument has found the line frequency by itself
    source_commands: "Source2400"
    trace_commands: "Trace2400"
    sample: deque[StoredReading]  #: what the last run of the trigger model read


class SourceMeterTable(CommandTable):
    """Base of the command tables.

    Parameters
    ----------
    meter : Keithley2400Base
        Holds the table.
    """

    def __init__(self, meter: Keithley2400Base) -> None:
        super().__init__(meter)
        self.meter = meter
        self.data_sheet = meter.data_sheet
        self.settings = meter.settings
        self.functions = meter.functions
        self.output = meter.output
        self.sweep = meter.sweep
        self.calculations = meter.calculations
        self.buffer = meter.buffer
        self.trigger_model = meter.trigger_model


def new_sample() -> deque[StoredReading]:
    """Return an empty sample buffer: it keeps the last 2500 readings of a run."""
    return deque(maxlen=MOST_POINTS)
