"""Taking a retention run: read, switch the device on, then read at times that do not depend on earlier reads."""

from collections.abc import Iterator

from tsbench.instruments import MeasureSettings, Reading, SourceSettings, Station
from tsbench.protocols.acquiring.waiting import steps_for
from tsbench.protocols.retention.parameters import BEFORE, RetentionParameters
from tsbench.quantities import format_quantity
from tsbench.records import Point, Recorder, Step

#: phase of a row
READ_BEFORE, STIMULUS, READ_AFTER = 0.0, 1.0, 2.0


class RetentionAcquisition:
    """One retention run in progress."""

    def __init__(self, settings: RetentionParameters, station: Station, recorder: Recorder) -> None:
        self._settings, self._recorder, self._clock = settings, recorder, station.clock
        self._meter = station.source_meter("drive")
        self._fixture = station.fixture
        self._done = 0

    def run(self) -> Iterator[Step]:
        """Take every repeat; the source ends at zero with its output off."""
        settings, meter = self._settings, self._meter
        meter.configure_source(SourceSettings(
            "voltage", compliance_current=settings.compliance, range=abs(settings.set_voltage)))
        meter.configure_measure(MeasureSettings("current", range=settings.compliance, nplc=settings.nplc))
        meter.set_level(0.0)
        meter.set_output(True)
        yield self._step("output on at 0", idle=True)
        for repeat in range(settings.repeats):
            yield from self._one(repeat)
        meter.set_level(0.0)
        meter.set_output(False)
        yield self._step("output off", idle=True)

    def _one(self, repeat: int) -> Iterator[Step]:
        """Take one repeat: rest, reads before, stimulus, reads after."""
        settings, clock = self._settings, self._clock
        yield from steps_for(clock, clock.now() + settings.rest, lambda: self._step("the device rests", idle=True))
        for _ in range(BEFORE):
            self._read(repeat, READ_BEFORE, clock.now(), clock.now())
            yield self._step("read before the stimulus")
        self._meter.set_level(settings.set_voltage)
        yield from steps_for(clock, clock.now() + settings.set_time, lambda: self._step("stimulus"))
        begin = clock.now()
        self._keep(repeat, STIMULUS, settings.set_voltage, 0.0, 0.0, self._meter.measure(), begin)
        earliest = clock.now()
        self._meter.set_level(self._idle_level)
        latest = clock.now()   # between the two, the stimulus ended
        yield self._step("stimulus")
        for due in settings.times():
            yield from steps_for(clock, latest + float(due), lambda: self._step("waiting for the next read"))
            self._read(repeat, READ_AFTER, earliest, latest)
            yield self._step(f"read {format_quantity(float(due), 's')} after the stimulus")
        self._meter.set_level(0.0)

    @property
    def _idle_level(self) -> float:
        return self._settings.read_voltage if self._settings.between == "read" else 0.0

    def _read(self, repeat: int, phase: float, earliest: float, latest: float) -> None:
        """Take a reading at the read voltage; the stimulus ended between ``earliest`` and ``latest`` [s]."""
        settings, begin = self._settings, self._clock.now()
        self._meter.set_level(settings.read_voltage)
        reading = self._meter.measure()
        end = self._clock.now()
        if settings.between == "zero":
            self._meter.set_level(0.0)
        self._keep(repeat, phase, settings.read_voltage, max(begin - latest, 0.0), end - earliest, reading, begin)

    def _keep(
        self, repeat: int, phase: float, level: float, since: float, until: float, reading: Reading, time: float,
    ) -> None:
        self._recorder.point(Point(
            (float(self._done), time, float(repeat), phase, since, until, level, reading.voltage, reading.current,
             self._fixture.device_voltage("drive", reading.voltage, reading.current)), reading.flags))
        self._done += 1

    def _step(self, message: str, idle: bool = False) -> Step:
        return Step(self._done, self._settings.total, message, idle)
