"""Virtual 2400 family: the parts of an instrument (settings, functions, output, readings, buffer)."""

from collections import deque
from typing import ClassVar

from tsbench.simulated_backends.scpi.status import EventRegister
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_2400.calculations import Calculations
from tsbench.simulated_backends.virtual_instruments.keithley_2400.data_sheet import Keithley2400DataSheet
from tsbench.simulated_backends.virtual_instruments.keithley_2400.errors import refusal
from tsbench.simulated_backends.virtual_instruments.keithley_2400.functions import MeasuredFunctions
from tsbench.simulated_backends.virtual_instruments.keithley_2400.readings import ReadingFormat, StoredReading
from tsbench.simulated_backends.virtual_instruments.keithley_2400.sweep_levels import MOST_POINTS, SweepSettings
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import Measurer
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings


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


class Keithley2400Parts(VirtualInstrument):
    """The parts of a 2400, as its trigger model sees them."""

    data_sheet: ClassVar[Keithley2400DataSheet]  #: of the model
    settings: SourceMeterSettings
    functions: MeasuredFunctions
    output: SourceOutput
    measurer: Measurer
    sweep: SweepSettings
    calculations: Calculations
    buffer: TraceBuffer
    measurement: EventRegister  #: the register :STATus:MEASurement
    time_zero: float  #: [s] bench time of the last reset of the time stamp
    output_enable_line: bool  #: whether the line of the output enable is at logic low: the output may be switched on
    output_enable: bool  #: whether that line matters
    mains_frequency: float  #: [Hz]
    line_frequency_found: bool  #: whether the instrument has found the line frequency by itself
    reading_format: ReadingFormat
    sample: deque[StoredReading]  #: what the last run of the trigger model read

    def require_power(self, function: str, source_range: float, limit: float | None = None) -> None:
        """Raise ScpiError +826 where a source range [V or A] does not allow the limit [A or V]."""
        settings = self.settings
        if function != settings.source_function:
            return
        rows = self.data_sheet.ranges[function]
        highest = self.data_sheet.highest_limit[function][rows.index(range_for(rows, source_range))]
        if limit is None:
            limit = settings.current_limit if function == "VOLT" else settings.voltage_limit
        if limit > highest * (1 + 1e-9):
            raise refusal(826)

    def require_unblocked(self) -> None:
        """Raise ScpiError +802 where the output enable keeps the output off."""
        if self.output_enable and not self.output_enable_line:
            raise refusal(802)


def new_sample() -> deque[StoredReading]:
    """Return an empty sample buffer: it keeps the last 2500 readings of a run."""
    return deque(maxlen=MOST_POINTS)
