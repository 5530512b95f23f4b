"""Taking the readings of a telegraph-noise run: voltage by voltage, as sweeps whose levels are all the same."""

from collections.abc import Iterator

import numpy as np

from tsbench.instruments import MeasureSettings, Reading, SourceSettings, Station
from tsbench.protocols.acquiring.native_sweep import native_readings
from tsbench.protocols.acquiring.waiting import steps_for
from tsbench.protocols.telegraph_noise.parameters import TelegraphParameters
from tsbench.quantities import format_quantity
from tsbench.records import Point, Recorder, Step


class TelegraphAcquisition:
    """One telegraph-noise run in progress."""

    def __init__(self, settings: TelegraphParameters, station: Station, recorder: Recorder) -> None:
        self._settings, self._station, self._recorder = settings, station, recorder
        self._meter = station.source_meter("drive")
        self._done, self._record = 0, 0
        self._total = settings.samples * len(settings.bias)

    def run(self) -> Iterator[Step]:
        """Sample the current at each voltage; the source ends at zero with its output off."""
        settings, meter = self._settings, self._meter
        meter.configure_source(SourceSettings(
            "voltage", compliance_current=settings.compliance, range=settings.highest))
        meter.configure_measure(MeasureSettings("current", range=settings.compliance, nplc=settings.nplc))
        meter.set_level(0.0)
        meter.set_output(True)
        yield self._step("output on at 0", idle=True)
        longest = meter.capabilities.maximum_sweep_points
        for bias in settings.bias:
            for first in range(0, settings.samples, longest):
                yield from self._sample(bias, min(longest, settings.samples - first))
        meter.set_level(0.0)
        meter.set_output(False)
        yield self._step("output off", idle=True)

    def _sample(self, bias: float, count: int) -> Iterator[Step]:
        """Take one record: readings between which the output does not go off."""
        settings, clock = self._settings, self._station.clock
        said = f"current at {format_quantity(bias, 'V')}"
        self._meter.set_level(bias)
        self._meter.set_output(True)   # the end of the sweep before may have opened it
        yield from steps_for(clock, clock.now() + settings.settle, lambda: self._step(said))
        expected = count * settings.interval(self._meter.capabilities.line_frequency)
        for readings in native_readings(self._meter, clock, np.full(count, bias), settings.dwell, expected):
            for reading in readings:
                self._keep(bias, reading)
            yield self._step(said)
        self._record += 1

    def _keep(self, bias: float, reading: Reading) -> None:
        self._recorder.point(Point(
            (float(self._done), reading.time, float(self._record), bias, reading.voltage, reading.current,
             self._station.fixture.device_voltage("drive", reading.voltage, reading.current)), reading.flags))
        self._done += 1

    def _step(self, message: str, idle: bool = False) -> Step:
        return Step(self._done, self._total, message, idle)
