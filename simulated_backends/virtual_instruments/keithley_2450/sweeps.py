"""What ``:INIT`` starts on the Keithley 2450: a linear, logarithmic or list sweep, or a simple loop of
readings.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.services.clock import Process
from tsbench.simulated_backends.virtual_instruments.keithley_2450.buffers import SOURCE_LIMITED, ReadingBuffer
from tsbench.simulated_backends.virtual_instruments.keithley_2450.ranges import range_for

if TYPE_CHECKING:
    from tsbench.simulated_backends.virtual_instruments.keithley_2450.instrument import VirtualKeithley2450
    from tsbench.simulated_backends.virtual_instruments.keithley_2450.readings import Steps

MAXIMUM_POINTS = 1_000_000
LIST_LENGTH = 2500
LIST_PER_MESSAGE = 100


@dataclass(frozen=True)
class Sweep:
    """A loaded trigger model. ``levels`` empty: readings at the present level. ``delay`` -1: automatic."""

    function: str
    levels: tuple[float, ...]
    delay: float
    count: int
    buffer: str
    range_type: str = "AUTO"  #: "AUTO", "BEST" or "FIX"
    fail_abort: bool = False


def linear(start: float, stop: float, points: int, dual: bool) -> tuple[float, ...]:
    """Return the levels of a linear sweep; ``dual`` goes back to the start as well."""
    return _dual(tuple(np.linspace(start, stop, points).tolist()), dual)


def logarithmic(start: float, stop: float, points: int, dual: bool) -> tuple[float, ...]:
    """Return the levels of a logarithmic sweep."""
    if start * stop <= 0:
        raise ScpiError(-222)
    return _dual(tuple(np.geomspace(start, stop, points).tolist()), dual)


def _dual(levels: tuple[float, ...], dual: bool) -> tuple[float, ...]:
    return levels + levels[::-1] if dual else levels


class TriggerModel:
    """Runs the loaded sweep on the timeline, beside whatever messages come."""

    def __init__(self, instrument: "VirtualKeithley2450") -> None:
        self._instrument = instrument
        self.loaded: Sweep | None = None
        self._process: Process | None = None
        self.state = "EMPTY"
        self.block = 0

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.running

    def load(self, sweep: Sweep | None) -> None:
        """Make ``sweep`` what the next :INIT starts."""
        if self.running:
            raise ScpiError(-221)
        self.loaded = sweep
        self.state = "EMPTY" if sweep is None else "IDLE"
        self.block = 0

    def start(self) -> None:
        """Start the loaded model; -200 if there is none, -213 if it runs already."""
        if self.loaded is None:
            raise ScpiError(-200)
        if self.running:
            raise ScpiError(-213)
        meter = self._instrument
        if self.loaded.levels and not meter.stage.enabled:
            meter.switch_on()  # a sweep turns the output on
        meter.begin_operation("trigger model")
        self.state = "RUNNING"
        self._process = Process(meter.clock, self._run(self.loaded))

    def abort(self) -> None:
        """Stop where it is; the level stays."""
        if self._process is not None and self._process.running:
            self._process.stop()
            self.state = "ABORTED"

    def _run(self, sweep: Sweep) -> "Steps":
        meter = self._instrument
        try:
            yield meter.until(meter.settled_at)
            buffer = meter.buffer(sweep.buffer)
            buffer.readings.clear()  # first block of every template
            if sweep.range_type == "BEST" and sweep.levels:
                highest = max(abs(level) for level in sweep.levels)
                meter.source_autorange[sweep.function] = False
                meter.source_range[sweep.function] = range_for(sweep.function, highest).full_scale
            elif sweep.range_type == "AUTO" and sweep.levels:
                meter.source_autorange[sweep.function] = True
            for _ in range(sweep.count):
                for level in self._levels(sweep):
                    if level is not None:
                        meter.source_level[sweep.function] = level
                        meter.level_changed(sweep.function)
                    yield from self._measure(sweep, buffer)
                    if sweep.fail_abort and buffer.readings[-1].source_status & SOURCE_LIMITED:
                        self.state = "ABORTED"
                        return
            self.state = "IDLE"
        finally:
            if self.state == "RUNNING":
                self.state = "ABORTED"
            meter.end_operation("trigger model")

    @staticmethod
    def _levels(sweep: Sweep) -> Iterator[float | None]:
        return iter(sweep.levels) if sweep.levels else iter([None])

    def _measure(self, sweep: Sweep, buffer: ReadingBuffer) -> "Steps":
        meter = self._instrument
        self.block += 1
        if sweep.delay >= 0:
            meter.settled_at = min(meter.settled_at, meter.clock.now + meter.settling_time())
            yield meter.until(meter.settled_at) + sweep.delay
        reading = yield from meter.measurer.take()
        buffer.append(reading)
