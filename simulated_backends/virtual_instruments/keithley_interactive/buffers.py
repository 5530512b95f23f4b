"""Virtual interactive source meter: the reading buffers, and the conversion of readings to text or floats."""

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Choice
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.event_log import (
    BUFFER_CLEARED,
    BUFFER_FULL,
    CLOCK_START,
)
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import NOT_A_NUMBER, OVERFLOW
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import MeterReading

ELEMENT = Choice(
    "DATE",
    "EXTRa",
    "FORMatted",
    "FRACtional",
    "READing",
    "RELative",
    "SEConds",
    "SOURce",
    "SOURFORMatted",
    "SOURSTATus",
    "SOURUNIT",
    "STATus",
    "TIME",
    "TSTamp",
    "UNIT",
)

_SOURCE_READ_BACK, _SOURCE_LIMITED, _SOURCE_FOUR_WIRE, _SOURCE_OUTPUT_ON = 8, 32, 64, 128
_MEASURE_QUESTIONABLE, _MEASURE_FRONT_TERMINALS = 1, 8
_UNITS = {"VOLT": "V", "CURR": "A", "RES": "Ohm"}
_PREFIXES = ((1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"), (1e-12, "p"))

#: the reply for a place in a buffer that holds no reading
NO_READING = MeterReading(0.0, "", NOT_A_NUMBER, "", NOT_A_NUMBER, False, False, False, False, False)


@dataclass(frozen=True)
class WrittenReading(MeterReading):
    """A reading that a program has written into a buffer."""

    extra: float = NOT_A_NUMBER


@dataclass
class Statistics:
    """Of all values since the last clear, also of those that the buffer no longer holds."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0  #: sum of the squared distances to the mean
    highest: float = -math.inf
    lowest: float = math.inf

    def add(self, value: float) -> None:
        """Take one value into account (Welford's recursion)."""
        self.count += 1
        step = value - self.mean
        self.mean += step / self.count
        self.squares += step * (value - self.mean)
        self.highest, self.lowest = max(self.highest, value), min(self.lowest, value)


@dataclass
class ReadingBuffer:
    """A named buffer.

    A buffer that fills continuously (the two that are always there, at first) drops the oldest reading when it is full.
    Any other discards further readings (help of the 2450's commands, ``bufferVar.fillmode``).
    """

    name: str
    capacity: int = 100_000
    continuous: bool = True
    style: str = "STAN"
    readings: list[MeterReading] = field(default_factory=list)
    statistics: Statistics = field(default_factory=Statistics)
    happened: Callable[[int], None] = lambda code: None   #: is told when the buffer is full or cleared
    unit: str = ""  #: of what a program writes

    def append(self, reading: MeterReading) -> None:
        """Store a reading, or discard it where a buffer that fills once is full."""
        if len(self.readings) >= self.capacity:
            if not self.continuous:
                return
            del self.readings[0]
        self.readings.append(reading)
        self.statistics.add(reading.value)
        if len(self.readings) == self.capacity:
            self.happened(BUFFER_FULL)

    def clear(self) -> None:
        """Drop all readings and their statistics."""
        self.readings.clear()
        self.statistics = Statistics()
        self.happened(BUFFER_CLEARED)

    def slice(self, first: int, last: int) -> Sequence[MeterReading]:
        """Return readings ``first`` to ``last`` (1-based, inclusive), NO_READING where the buffer holds none.

        So the reference manual of the 2461 (2461-901-01, p. 8-94) says of the same firmware: a value outside of the
        buffer reads 9.91e37, and an event is generated. ScpiError(-222) if the order is wrong.
        """
        if not 1 <= first <= last <= self.capacity:
            raise ScpiError(-222)
        found = self.readings[first - 1 : last]
        return [*found, *[NO_READING] * (last - first + 1 - len(found))]

    def statistic(self, which: str) -> float:
        """Return AVER, MAX, MIN, STDD, PK2P or SPAN (how many) of all readings (0 of an empty buffer)."""
        found = self.statistics
        if not found.count:
            return 0.0
        if which == "AVER":
            return found.mean
        if which == "STDD":
            return math.sqrt(found.squares / (found.count - 1)) if found.count > 1 else 0.0
        if which == "SPAN":
            return float(found.count)
        if which == "PK2P":
            return found.highest - found.lowest
        return found.highest if which == "MAX" else found.lowest

LONGEST_NAME = 31  #: characters of the name of a buffer (2470-901-01 rev. A, p. 6-5)


class Buffers(dict[str, ReadingBuffer]):
    """The buffers of one instrument by name; a name that it does not have is error -224.

    ``happened`` is told when a buffer is full or cleared.
    """

    def __init__(self, happened: Callable[[int], None] = lambda code: None) -> None:
        super().__init__()
        self._happened = happened
        self.forget()

    def forget(self) -> None:
        """Have the two empty buffers of an instrument that has just been switched on."""
        self.clear()
        for name in ("defbuffer1", "defbuffer2"):
            self.make(name)

    def make(self, name: str, capacity: int = 100_000, continuous: bool = True, style: str = "STAN") -> None:
        """Make a buffer.

        Raises
        ------
        ScpiError
            1115 if there is one of that name (2461-901-01 rev. A, p. 6-165). -224 (a number that the manual does not
            state) if the name does not begin with a letter, has a period or an underscore, or more than 31 characters
            (2470-901-01 rev. A, p. 6-5).
        """
        if name in self:
            raise ScpiError(1115, text="Parameter error: TRACe:MAKE cannot take an existing reading buffer name")
        if not name[:1].isalpha() or "." in name or "_" in name or len(name) > LONGEST_NAME:
            raise ScpiError(-224)
        self[name] = ReadingBuffer(name, capacity, continuous, style, happened=self._happened)

    def __missing__(self, name: str) -> ReadingBuffer:
        raise ScpiError(-224)

    def require(self, name: str) -> None:
        """Raise ScpiError(-224) where there is no such buffer."""
        if name not in self:
            raise ScpiError(-224)


def format_reading(value: float, precision: int = 6) -> str:
    """Write a reading in scientific notation, as the ASCII format of these instruments does."""
    return f"{value:.{precision}E}"


def format_elements(
    buffer: ReadingBuffer, readings: Sequence[MeterReading], elements: Sequence[str], precision: int,
) -> str:
    """Return the elements of readings as text, in the order asked for."""
    return ",".join([text for reading in readings for text in _elements(buffer, reading, elements, precision)])


def _elements(
    buffer: ReadingBuffer, reading: MeterReading, elements: Sequence[str], precision: int = 6,
) -> list[str]:
    if reading is NO_READING:
        return [format_reading(NO_READING.value, precision)] * len(elements)
    return [_element(buffer, reading, element, precision) for element in elements]


def _element(buffer: ReadingBuffer, reading: MeterReading, element: str, precision: int) -> str:
    """Return one element of a reading as text."""
    match element:
        case "READ":
            return format_reading(reading.value, precision)
        case "SOUR":
            return format_reading(reading.source_value, precision)
        case "EXTR":
            return format_reading(getattr(reading, "extra", NOT_A_NUMBER), precision)
        case "REL":
            return f"{reading.time - buffer.readings[0].time if buffer.readings else 0.0:.9f}"
        case "STAT":
            return str(_status(reading))
        case "SOURSTAT":
            return str(_source_status(reading))
        case "UNIT" | "SOURUNIT" | "FORM" | "SOURFORM":
            return _element_with_unit(reading, element)
    return _element_of_clock(reading.time, element)


def _element_with_unit(reading: MeterReading, element: str) -> str:
    unit, source_unit = reading.unit or _UNITS.get(reading.quantity, ""), _UNITS.get(reading.source, "")
    match element:
        case "UNIT":
            return unit
        case "SOURUNIT":
            return source_unit
        case "FORM":
            return _engineering(reading.value, unit)
    return _engineering(reading.source_value, source_unit)


def _element_of_clock(time: float, element: str) -> str:
    moment = CLOCK_START + timedelta(seconds=time)
    match element:
        case "DATE":
            return moment.strftime("%m/%d/%Y")
        case "TIME":
            return moment.strftime("%H:%M:%S")
        case "TST":
            return moment.strftime("%m/%d/%Y %H:%M:%S.") + f"{moment.microsecond:06d}000"
        case "SEC":
            return str(int(moment.timestamp()))
        case "FRAC":
            return f"{time % 1.0:.9f}"
    raise KeyError(element)


def pack_elements(
    buffer: ReadingBuffer,
    readings: Sequence[MeterReading],
    elements: Sequence[str],
    code: str,
    swapped: bool,
) -> bytes:
    """Return the numeric elements as an indefinite block of floats (``code`` "d" or "f")."""
    values: list[float] = []
    for reading in readings:
        for element, text in zip(elements, _elements(buffer, reading, elements), strict=True):
            exact = {"READ": reading.value, "SOUR": reading.source_value}.get(element)
            try:
                values.append(float(text) if exact is None else exact)
            except ValueError:
                raise ScpiError(-221) from None
    return b"#0" + struct.pack(f"{'<' if swapped else '>'}{len(values)}{code}", *values)


def _status(reading: MeterReading) -> int:
    front = _MEASURE_FRONT_TERMINALS if reading.front_terminals else 0
    return front | reading.limits | (_MEASURE_QUESTIONABLE if abs(reading.value) >= OVERFLOW else 0)


def _source_status(reading: MeterReading) -> int:
    bits = {
        _SOURCE_READ_BACK: reading.read_back, _SOURCE_LIMITED: reading.limited,
        _SOURCE_FOUR_WIRE: reading.four_wire, _SOURCE_OUTPUT_ON: reading.output_on,
    }
    return sum(bit for bit, is_set in bits.items() if is_set)


def _engineering(value: float, unit: str) -> str:
    """Write a reading with seven digits and the prefix of its unit."""
    if abs(value) >= OVERFLOW:
        return "Overflow"
    scale, prefix = next((row for row in _PREFIXES if abs(value) >= row[0]), _PREFIXES[-1])
    before_point = math.floor(math.log10(max(abs(value) / scale, 1.0)))
    return f"{value / scale:+.{max(6 - before_point, 0)}f} {prefix}{unit}"
