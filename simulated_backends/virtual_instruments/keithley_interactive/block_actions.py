"""Virtual interactive source meter: what the blocks of a trigger model do, and what they remember."""

from collections import defaultdict, deque
from collections.abc import Generator, Sequence
from typing import Protocol

from tsbench.simulated_backends.services.clock import BenchClock, Process
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.blocks import Steps
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.buffers import Buffers
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.configuration_lists import ConfigurationLists
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.digital_port import DigitalPort
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.event_log import EventLog
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.events import LIMIT_EVENT, EventHub
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import MeterReading


class BlockMeter(Protocol):
    """The parts of a source meter that blocks use."""

    clock: BenchClock
    buffers: Buffers
    hub: EventHub
    event_log: EventLog
    lists: ConfigurationLists
    output: SourceOutput
    digital_port: DigitalPort

    def until(self, time: float) -> float: ...
    def take_reading(self) -> Generator[float, None, MeterReading]: ...
    def present_count(self) -> int: ...
    def reading_limits(self, number: int) -> tuple[float, float]: ...
    def user_delay(self, which: str) -> float: ...
    def require_interlock(self) -> None: ...


class BlockActions:
    """What blocks ask of the instrument; see :class:`blocks.Machine`.

    Parameters
    ----------
    meter : BlockMeter
    """

    def __init__(self, meter: BlockMeter) -> None:
        self._meter = meter
        self._readings: Process | None = None
        self.forget()

    def forget(self) -> None:
        """Forget what the last run has left: the model starts now."""
        self._started = self._meter.clock.now
        self._counts: dict[int, int] = {}
        self.events: dict[int, set[str]] = defaultdict(set)   #: that a block has recorded
        self._last: dict[int, deque[MeterReading]] = defaultdict(lambda: deque(maxlen=2))
        self._places: dict[str, int] = {}   #: index of each configuration list that was recalled last
        self.failing = False   #: whether the model ends as aborted
        self._meter.lists.begin()

    def clear_buffer(self, name: str) -> None:
        """Empty a buffer."""
        self._meter.buffers[name].clear()

    def measure(self, number: int, buffer: str, count: int) -> Steps:
        """Take readings into a buffer."""
        for _ in range(count):
            yield from self._take(number, buffer)
        return None

    def _take(self, number: int, name: str) -> Generator[float, None, None]:
        reading = yield from self._meter.take_reading()
        self._meter.buffers[name].append(reading)
        self._last[number].append(reading)
        self._last[0].append(reading)
        if reading.limited:
            self._meter.hub.fire(LIMIT_EVENT)

    def measure_on(self, number: int, buffer: str) -> None:
        """Take readings, one after the other, while the next blocks are executed."""
        def endless() -> Generator[float, None, None]:
            while True:
                yield from self._take(number, buffer)

        self._readings = Process(self._meter.clock, endless())

    def stop_measuring(self) -> None:
        """End the readings that go on."""
        if self._readings is not None:
            self._readings.stop()
            self._readings = None

    def present_count(self) -> int:
        """Return how many readings one measurement has."""
        return self._meter.present_count()

    def last_readings(self, number: int) -> Sequence[MeterReading]:
        """Return up to two last readings of a measure block; 0: of any."""
        return list(self._last[number])

    def limits(self, number: int) -> tuple[float, float]:
        """Return the limits 1 or 2 of the measuring function."""
        return self._meter.reading_limits(number)

    def switch_output(self, on: bool) -> Steps:
        """Switch the output on or off, as a block does."""
        output = self._meter.output
        if on and not output.stage.enabled:
            self._meter.require_interlock()
            output.switch_on()
            yield self._meter.until(output.settled_at)
        elif not on:
            yield from output.switch_off()
        return None

    def recall(self, name: str, index: int | None, step: int) -> Steps:
        """Recall an index of a configuration list, or the one beside that which was recalled last."""
        size = self._meter.lists.size(name)
        if index is None:
            before = self._places.get(name, 0 if step > 0 else size + 1)
            index = (before - 1 + step) % size + 1 if before in range(1, size + 1) else (1 if step > 0 else size)
        yield from self._meter.lists.recall(name, index)
        self._places[name] = index
        if self._meter.output.stage.enabled:   # a delay of a sweep comes behind the source delay
            yield self._meter.until(self._meter.output.settled_at)
        return None

    def user_delay(self, which: str) -> float:
        """Return a user delay [s] of the source function, or of the measuring function."""
        return self._meter.user_delay(which)

    def write_lines(self, pattern: int, mask: int) -> None:
        """Set digital outputs."""
        self._meter.digital_port.write_pattern(pattern, mask)

    def notify(self, identifier: int) -> None:
        """Let the event of a notify block happen."""
        self._meter.hub.fire(f"NOT{identifier}")

    def log(self, number: int, kind: str, message: str) -> None:
        """Write a line into the event log."""
        self._meter.event_log.write(kind.rstrip("0123456789"), f"TM #1 block #{number} logged: {message}")

    def noticed(self, number: int) -> frozenset[str]:
        """Return the events that a block has recorded."""
        return frozenset(self.events[number])

    def forget_events(self, number: int) -> None:
        """Forget them."""
        self.events[number].clear()

    def count(self, number: int) -> int:
        """Return the counter of a block."""
        return self._counts.get(number, 0)

    def set_count(self, number: int, count: int) -> None:
        """Set it."""
        self._counts[number] = count

    def elapsed(self) -> float:
        """Return the time since the start [s]."""
        return self._meter.clock.now - self._started

    def fail(self, last: int) -> int:
        """End as aborted, behind the blocks from ``last`` on."""
        self.failing = True
        return last
