"""Virtual interactive source meter: the sweeps (linear, logarithmic, list) and loops of readings of ``:INIT``."""

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.services.clock import Process
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.buffers import ReadingBuffer
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import SourceMeterDataSheet
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import Measurer
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings

MAXIMUM_POINTS = 1_000_000
RUNNING = "RUNNING"  #: the state in which most commands are refused
LIST_LENGTH = 2500
LIST_PER_MESSAGE = 100


@dataclass(frozen=True)
class Sweep:
    """What a trigger model runs: the levels of a sweep, with a reading at each.

    Without ``levels``, it takes its readings at the present level.
    """

    function: str  #: that is sourced, "VOLT" or "CURR"
    levels: tuple[float, ...]  #: [V or A]
    delay: float  #: [s] before each reading; -1: automatic
    count: int  #: how often the levels are run
    buffer: str  #: name of the buffer for the readings
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
    """Runs the loaded sweep on the timeline, beside whatever messages come.

    Parameters
    ----------
    instrument : VirtualInstrument
    sheet : SourceMeterDataSheet
    settings : what the user has set, which a sweep changes
    output : SourceOutput
    measurer : Measurer
    buffer : returns the buffer of a name, or raises ScpiError
    """

    def __init__(
        self, instrument: VirtualInstrument, sheet: SourceMeterDataSheet, settings: SourceMeterSettings,
        output: SourceOutput, measurer: Measurer, buffer: Callable[[str], ReadingBuffer],
    ) -> None:
        self._instrument = instrument
        self._sheet = sheet
        self._settings = settings
        self._output = output
        self._measurer = measurer
        self._buffer = buffer
        self.loaded: Sweep | None = None
        self._process: Process | None = None
        self.state = "EMPTY"  #: as ``:TRIGger:STATe?`` answers
        self.block = 0  #: readings begun since the sweep was loaded

    def load(self, sweep: Sweep | None) -> None:
        """Make ``sweep`` what the next :INIT starts."""
        if self.state == RUNNING:
            raise ScpiError(-221)
        self.loaded = sweep
        self.state = "EMPTY" if sweep is None else "IDLE"
        self.block = 0

    def start(self) -> None:
        """Start the loaded model; -200 if there is none, -213 if it runs already."""
        if self.loaded is None:
            raise ScpiError(-200)
        if self.state == RUNNING:
            raise ScpiError(-213)
        if self.loaded.levels and not self._output.stage.enabled:
            self._output.switch_on()  # a sweep turns the output on
        self._instrument.operations.begin("trigger model")
        self.state = RUNNING
        self._process = Process(self._instrument.clock, self._run(self.loaded))

    def abort(self) -> None:
        """Stop where it is; the level stays."""
        if self._process is not None:
            self._process.stop()

    def _run(self, sweep: Sweep) -> Generator[float, None, None]:
        settings, output, function = self._settings, self._output, sweep.function
        try:
            yield self._instrument.until(output.settled_at)
            buffer = self._buffer(sweep.buffer)
            buffer.readings.clear()  # first block of every template
            if sweep.range_type == "BEST" and sweep.levels:
                highest = max(abs(level) for level in sweep.levels)
                settings.source_autorange[function] = False
                settings.source_range[function] = range_for(self._sheet.ranges[function], highest).full_scale
            elif sweep.range_type == "AUTO" and sweep.levels:
                settings.source_autorange[function] = True
            for _ in range(sweep.count):
                for level in sweep.levels or (None,):
                    if level is not None:
                        settings.source_level[function] = level
                        output.level_changed(function)
                    yield from self._measure(sweep, buffer)
                    if sweep.fail_abort and buffer.readings[-1].limited:
                        self.state = "ABORTED"
                        return
            self.state = "IDLE"
        finally:
            if self.state == RUNNING:
                self.state = "ABORTED"
            self._instrument.operations.end("trigger model")

    def _measure(self, sweep: Sweep, buffer: ReadingBuffer) -> Generator[float, None, None]:
        output, now = self._output, self._instrument.clock.now
        self.block += 1
        if sweep.delay >= 0:
            output.settled_at = min(output.settled_at, now + output.settling_time())
            yield self._instrument.until(output.settled_at) + sweep.delay
        buffer.append((yield from self._measurer.take()))
