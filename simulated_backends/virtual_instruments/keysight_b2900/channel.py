"""One channel of the B2900 family: settings, output, readings, sweep, pulse, trigger layers and buffers."""

from dataclasses import dataclass, field

import numpy as np

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keysight_b2900.data_sheet import B2900DataSheet
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import NOT_A_NUMBER, OVERFLOW
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import Measurer, MeterReading
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings

ELEMENTS = ("VOLT", "CURR", "RES", "TIME", "STAT", "SOUR")  #: always sent in this order
CURRENT_SOURCED, IN_COMPLIANCE, OVERFLOWED = 1, 2, 1 << 13  #: bits of the status element (SCPI reference, table 1-2)
MOST_POINTS = 2500
MOST_IN_BUFFER = 100_000


@dataclass
class TriggerLayer:
    """One layer of one of the two trigger systems of a channel."""

    source: str = "AINT"
    count: float = 1  #: inf: without end
    delay: float = 0.0  #: [s]
    period: float = 100e-6  #: [s] of the timer


_TELLS = ("ARM TRAN", "ARM ACQ", "TRIG TRAN", "TRIG ACQ", "SOUR", "SENS")


@dataclass
class TriggerOutput:
    """What gives an edge at a pin of the digital port."""

    enabled: bool = False
    pin: int = 1


@dataclass
class TriggerSystem:
    """Arm layer and trigger layer."""

    arm: TriggerLayer = field(default_factory=TriggerLayer)
    trigger: TriggerLayer = field(default_factory=TriggerLayer)


@dataclass
class SweepOfChannel:
    """Fixed level, staircase or list of one function ("VOLT", "CURR")."""

    mode: dict[str, str] = field(default_factory=lambda: {"VOLT": "FIX", "CURR": "FIX"})
    start: dict[str, float] = field(default_factory=lambda: {"VOLT": 0.0, "CURR": 0.0})
    stop: dict[str, float] = field(default_factory=lambda: {"VOLT": 0.0, "CURR": 0.0})
    listed: dict[str, list[float]] = field(default_factory=lambda: {"VOLT": [0.0], "CURR": [0.0]})
    triggered: dict[str, float | None] = field(default_factory=lambda: {"VOLT": None, "CURR": None})
    points: int = 1
    spacing: str = "LIN"
    direction: str = "UP"
    stairs: str = "SING"
    ranging: str = "BEST"

    def levels(self, function: str) -> list[float]:
        """Return the levels that triggers bring; none for a fixed source."""
        mode = self.mode[function]
        if mode == "LIST":
            return self.listed[function]
        if mode == "FIX":
            level = self.triggered[function]
            return [] if level is None else [level]
        start, stop = self.start[function], self.stop[function]
        if self.spacing == "LOG":
            if start * stop <= 0:
                raise ScpiError(-221)
            found: list[float] = np.geomspace(start, stop, self.points).tolist()
        else:
            found = np.linspace(start, stop, self.points).tolist()
        if self.direction == "DOWN":
            found = found[::-1]
        return found + found[::-1] if self.stairs == "DOUB" else found


@dataclass(frozen=True)
class ChannelReading:
    """One reading, by element; the time is bench time [s]."""

    values: dict[str, float]

    @property
    def overflowed(self) -> bool:
        """Whether it is beyond its range."""
        return bool(int(self.values["STAT"]) & OVERFLOWED)


@dataclass
class TraceOfChannel:
    """The trace buffer."""

    capacity: int = MOST_IN_BUFFER
    storing: bool = False
    feed: str = "SENS"
    delta_times: bool = False
    readings: list[ChannelReading] = field(default_factory=list)

    def store(self, reading: ChannelReading) -> None:
        """Store a reading if the buffer waits for it; it stops when it is full."""
        if self.storing:
            self.readings.append(reading)
            self.storing = len(self.readings) < self.capacity


class ChannelB2900:
    """One channel.

    Parameters
    ----------
    instrument : VirtualInstrument
    sheet : B2900DataSheet
    number : 1 or 2
    line_frequency : [Hz]
    """

    def __init__(
        self, instrument: VirtualInstrument, sheet: B2900DataSheet, number: int, line_frequency: float,
    ) -> None:
        self.sheet, self.number = sheet, number
        self.settings = SourceMeterSettings(line_frequency)
        self.output = SourceOutput(instrument, sheet, self.settings, str(number))
        self.measurer = Measurer(instrument, sheet, self.settings, self.output)
        self.forget()

    def forget(self) -> None:
        """Take the state after a reset."""
        first = SourceMeterSettings(self.settings.line_frequency, current_limit=1e-4, voltage_limit=2.0)
        first.read_back.update(dict.fromkeys(first.read_back, False))
        first.auto_zero.update(dict.fromkeys(first.auto_zero, False))
        first.nplc.update(dict.fromkeys(first.nplc, 0.1))
        self.settings.take(first)
        self.measurer.forget()
        self.functions: set[str] = {"VOLT", "CURR"}
        self.sweep = SweepOfChannel()
        self.pulsed = False
        self.pulse_delay, self.pulse_width = 0.0, 50e-6
        self.systems = {"TRAN": TriggerSystem(), "ACQ": TriggerSystem()}
        #: edges behind idle ("ARM TRAN"), behind the arm layer ("TRIG TRAN"), with each level and with each reading
        self.trigger_outputs = {event: TriggerOutput() for event in _TELLS}
        self.switches_on, self.switches_off = True, False
        self.protected = False
        self.keeps_last_level = False  #: behind the last trigger; else the immediate level comes back
        self.readings: list[ChannelReading] = []  #: of the last run
        self.trace = TraceOfChannel()

    def stored(self, reading: MeterReading) -> ChannelReading:
        """Return a reading by its elements; a function that is off is not a number."""
        settings = self.settings
        function = settings.source_function
        volts, amperes = reading.voltage, reading.current
        ohms = NOT_A_NUMBER
        if max(abs(volts), abs(amperes)) < OVERFLOW and amperes:
            ohms = volts / amperes
        shown = {"VOLT": volts, "CURR": amperes, "RES": ohms}
        values = {name: shown[name] if name in self.functions else NOT_A_NUMBER for name in shown}
        beyond = any(abs(shown[name]) == OVERFLOW for name in ("VOLT", "CURR") if name in self.functions)
        status = (
            CURRENT_SOURCED * (function == "CURR") | IN_COMPLIANCE * reading.limited | OVERFLOWED * beyond)
        return ChannelReading(values | {
            "TIME": reading.time, "STAT": float(status), "SOUR": settings.source_level[function]})

