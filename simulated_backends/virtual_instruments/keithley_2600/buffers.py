"""Reading buffers of the 2600B: ``nvbuffer1``, ``nvbuffer2`` and those of ``makebuffer`` (2600BS-901-01, section 3)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tsbench.simulated_backends.tsp.errors import TspError
from tsbench.simulated_backends.tsp.instrument import TspParts
from tsbench.simulated_backends.tsp.tables import TspTable, number, whole

FILL_ONCE, FILL_WINDOW = 0, 1
SMALL = 144_000  #: readings of a dedicated buffer without time stamps and source values
MOST_READINGS = 1_000_000  #: in all buffers that scripts have made
MOST_BUFFERS = 100  #: that scripts have made

#: bits of a reading's status
OVER_TEMPERATURE, AUTORANGE_MEASURE, AUTORANGE_SOURCE, FOUR_WIRE, RELATIVE, COMPLIANCE, FILTERED = (
    2, 4, 8, 16, 32, 64, 128)


@dataclass(frozen=True)
class BufferEntry:
    """One reading in a buffer."""

    value: float  #: [V, A, Ohm or W]
    time: float  #: [s] bench time
    source_value: float  #: [V or A] programmed level
    status: int
    measure_function: str  #: "Current", "Voltage", "Ohms" or "Watts"
    measure_range: float  #: [V or A]
    source_function: str
    source_range: float
    output_on: bool


class TspBuffer:
    """One buffer.

    Parameters
    ----------
    capacity : the most readings
    now : returns the bench's time [s]
    """

    def __init__(self, capacity: int, now: Callable[[], float]) -> None:
        self.capacity = capacity
        self._now = now
        self.readings: list[BufferEntry] = []
        self.append_mode = False
        self.times_collected = self.sources_collected = False
        self.fill_mode, self.fill_count = FILL_ONCE, 0
        self.resolution, self.cache_mode = 1e-6, 1
        self.base_time = now()
        self.busy = 0  #: overlapped measurements that fill it
        self.not_yet: Callable[[], None] = lambda: None  #: lets time pass if they are polled

    def clear(self) -> None:
        """Forget the readings."""
        self.readings = []
        self.base_time = self._now()

    def count(self) -> int:
        """Return how many readings it has; whoever polls this until all are there lets time pass."""
        found = len(self.readings)
        if self.busy:
            self.not_yet()
        return found

    def begin(self) -> None:
        """A measurement starts: a buffer that does not append is cleared."""
        if not self.append_mode:
            self.clear()

    def add(self, reading: BufferEntry) -> None:
        """Store a reading; a full buffer takes no more."""
        if not self.readings:
            self.base_time = reading.time
        limit = self.fill_count or self.capacity
        if len(self.readings) >= limit:
            if self.fill_mode == FILL_ONCE:
                return
            del self.readings[0]
        self.readings.append(reading)


class BufferColumn:
    """One column of a buffer, as ``printbuffer`` takes it.

    Parameters
    ----------
    buffer : TspBuffer
    pick : returns the value of one reading
    """

    def __init__(self, buffer: TspBuffer, pick: Callable[[BufferEntry], Any]) -> None:
        self._buffer = buffer
        self._pick = pick

    @property
    def filling(self) -> bool:
        return bool(self._buffer.busy)

    @property
    def size(self) -> int:
        """Return how many values it has."""
        return len(self._buffer.readings)

    def at(self, place: Any) -> Any:
        """Return the value of reading ``place``, from 1 on; nil behind the last."""
        index = whole(place)
        if not 1 <= index <= len(self._buffer.readings):
            return None
        return self._pick(self._buffer.readings[index - 1])


@dataclass(frozen=True)
class MadeBuffer:
    """A buffer that a script has made."""

    capacity: int
    identities: range  #: of its columns
    functions: range  #: that its table needs


class BufferTables:
    """Makes the Lua tables of buffers.

    Parameters
    ----------
    parts : TspParts
    """

    def __init__(self, parts: TspParts) -> None:
        self._parts = parts
        self._made: list[MadeBuffer] = []

    def of(self, table: Any) -> TspBuffer | None:
        """Return the buffer that a Lua table stands for; None for any other value."""
        if table is None or isinstance(table, (bool, int, float, str)):
            return None
        found = self._parts.object(table)
        return getattr(found, "_buffer", None) if isinstance(found, BufferColumn) else None

    def require(self, value: Any, place: int) -> TspBuffer:
        """Return the buffer in an argument; error 1401 for any other value."""
        buffer = self.of(value)
        if buffer is None:
            raise TspError(1401, "", place)
        return buffer

    def make(self, capacity: int, now: Callable[[], float]) -> TspTable:
        """Make a buffer for a script; error -225 where the memory is full."""
        if self._full(capacity):
            self._forget_unreachable()
            if self._full(capacity):
                raise TspError(-225)
        parts = self._parts
        objects, functions = parts.last_identity, parts.interpreter.registered
        table = self.show(TspBuffer(capacity, now))
        self._made.append(MadeBuffer(
            capacity, range(objects + 1, parts.last_identity + 1),
            range(functions + 1, parts.interpreter.registered + 1)))
        return table

    def _full(self, capacity: int) -> bool:
        readings = sum(made.capacity for made in self._made) + capacity
        return len(self._made) >= MOST_BUFFERS or readings > MOST_READINGS

    def _forget_unreachable(self) -> None:
        """Drop the buffers of which no script has the table, or a column, any more."""
        self._parts.forget_unreachable()
        kept = [made for made in self._made if any(identity in self._parts.objects for identity in made.identities)]
        for made in self._made:
            if made not in kept:
                self._parts.interpreter.release(made.functions)
        self._made = kept

    def show(self, buffer: TspBuffer) -> TspTable:
        """Return the table of a buffer."""
        parts = self._parts

        def table(pick: Callable[[BufferEntry], Any], luatype: str, column: BufferColumn | None = None) -> TspTable:
            shown = column or BufferColumn(buffer, pick)
            made = TspTable(parts.interpreter, luatype, parts.identify(shown))
            made.elements(shown.at)
            made.method("getreading", shown.at, 1)
            return made

        columns: dict[str, Callable[[BufferEntry], Any]] = {
            "readings": lambda one: one.value,
            "timestamps": lambda one: self._stamp(buffer, one),
            "sourcevalues": lambda one: one.source_value if buffer.sources_collected else None,
            "statuses": lambda one: one.status,
            "measurefunctions": lambda one: one.measure_function,
            "measureranges": lambda one: one.measure_range,
            "sourcefunctions": lambda one: one.source_function,
            "sourceranges": lambda one: one.source_range,
            "sourceoutputstates": lambda one: "On" if one.output_on else "Off",
        }
        shown = {name: table(pick, "synchronous_table") for name, pick in columns.items()}
        whole_table = table(columns["readings"], "reading_buffer")
        for name, one in shown.items():
            whole_table.put(name, one)
        self._attributes(whole_table, buffer)
        return whole_table

    @staticmethod
    def _stamp(buffer: TspBuffer, reading: BufferEntry) -> float | None:
        if not buffer.times_collected:
            return None
        relative = reading.time - buffer.base_time
        return round(relative / buffer.resolution) * buffer.resolution

    @staticmethod
    def _attributes(table: TspTable, buffer: TspBuffer) -> None:
        def empty(name: str, low: int, high: int) -> Callable[[Any], None]:
            def write(value: Any) -> None:
                wanted = whole(value, low, high)
                if buffer.readings:
                    raise TspError(5032)
                setattr(buffer, name, bool(wanted) if high == 1 and name != "fill_mode" else wanted)
            return write

        def set_resolution(value: Any) -> None:
            if number(value) < 1e-6:
                raise TspError(5047)
            buffer.resolution = float(value)

        table.attribute("n", buffer.count)
        table.attribute("capacity", lambda: buffer.capacity)
        table.attribute("basetimestamp", lambda: buffer.base_time)
        table.attribute("appendmode", lambda: int(buffer.append_mode),
                        lambda value: setattr(buffer, "append_mode", bool(whole(value, 0, 1))))
        table.attribute("collecttimestamps", lambda: int(buffer.times_collected), empty("times_collected", 0, 1))
        table.attribute("collectsourcevalues", lambda: int(buffer.sources_collected), empty("sources_collected", 0, 1))
        table.attribute("cachemode", lambda: buffer.cache_mode,
                        lambda value: setattr(buffer, "cache_mode", whole(value, 0, 1)))
        table.attribute("fillmode", lambda: buffer.fill_mode, empty("fill_mode", 0, 1))
        table.attribute("fillcount", lambda: buffer.fill_count, empty("fill_count", 0, buffer.capacity))
        table.attribute("timestampresolution", lambda: buffer.resolution, set_resolution)
        table.method("clear", buffer.clear)
        table.method("clearcache", lambda: None)


def statistics_of(buffer: TspBuffer) -> dict[str, float]:
    """Return n, mean, standard deviation, least and highest of the readings."""
    values = [reading.value for reading in buffer.readings]
    if not values:
        return {"n": 0.0}
    mean = sum(values) / len(values)
    spread = (sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5 if len(values) > 1 else 0.0
    return {"n": float(len(values)), "mean": mean, "stddev": spread, "min": min(values), "max": max(values)}
