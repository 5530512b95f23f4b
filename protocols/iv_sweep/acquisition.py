"""Taking the points of an I-V sweep: natively, or level by level with checks by the scope in between."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np

from tsbench.errors import InstrumentError
from tsbench.instruments import MeasureSettings, Reading, SourceSettings, Station
from tsbench.protocols.acquiring.current_comparison import CurrentComparison
from tsbench.protocols.acquiring.device_view import device_view
from tsbench.protocols.acquiring.oscillation_check import OscillationCheck, OscillationVerdict
from tsbench.protocols.acquiring.waiting import LONGEST_POLL
from tsbench.protocols.iv_sweep.parameters import SweepParameters
from tsbench.protocols.iv_sweep.path import soft_steps
from tsbench.quantities import format_quantity
from tsbench.records import Flag, FloatArray, Point, Recorder, RunEvent, Step


class SweepAcquisition:
    """One sweep in progress: where it stands, and what was read but waits for the scope's verdict."""

    def __init__(self, settings: SweepParameters, station: Station, recorder: Recorder) -> None:
        self._settings = settings
        self._station = station
        self._recorder = recorder
        self._meter = station.source_meter("drive")
        self._path = settings.path()
        self._check: OscillationCheck | None = None
        self._comparison: CurrentComparison | None = None
        self._oscillating = False
        self._waiting: list[tuple[int, Reading, float]] = []
        self._recorded = 0
        self._ends_here = False
        self.level = float(self._path.levels[0])

    def run(self) -> Iterator[Step]:
        """Ramp to start, sweep, ramp back to zero, output off."""
        settings, meter, path = self._settings, self._meter, self._path
        other: Literal["voltage", "current"] = "current" if settings.drive == "voltage" else "voltage"
        fixed = settings.compliance if settings.measure_range == "compliance" else None
        farthest = float(np.abs(path.levels).max())
        meter.configure_source(SourceSettings.of(settings.drive, compliance=settings.compliance, range=farthest))
        meter.configure_measure(MeasureSettings(other, range=fixed, nplc=settings.nplc))
        size, first = path.largest_step, float(path.levels[0])
        meter.set_level(0.0)
        meter.set_output(True)
        yield self.step("output on at 0", idle=True)
        self.prepare_check()
        yield from self._ramp(soft_steps(0.0, first, size), size)
        yield from self._sweep()
        yield from self._ramp(soft_steps(self.level, 0.0, size), size)
        meter.set_level(0.0)
        meter.set_output(False)
        yield self.step("output off", idle=True)

    def _ramp(self, levels: FloatArray, size: float) -> Iterator[Step]:
        for level in levels:
            self._meter.set_level(float(level))
            self._station.clock.wait(self._settings.ramp_wait(size))
            yield self.step("ramp")

    def step(self, message: str, idle: bool = False) -> Step:
        """Return how far the sweep has come; ``idle`` where the source stands at zero."""
        return Step(self._recorded, len(self._path), message, idle)

    def prepare_check(self) -> None:
        """Set up the scope's look at the device and take its reference at rest; say where that cannot be."""
        settings = self._settings
        view = device_view(self._station) if settings.check_oscillation else None
        if view is None:
            if settings.check_oscillation:
                self._warn("no scope is connected to the device, so readings cannot be checked for oscillation")
            return
        levels = self._path.levels
        limit = settings.compliance
        # the other quantity may stand anywhere up to the compliance, with the signs of the levels
        negative, positive = bool((levels < 0).any()), bool((levels > 0).any())
        limited = (-limit if negative else 0.0, limit if positive else 0.0)
        driven = (min(float(levels.min()), 0.0), max(float(levels.max()), 0.0))
        voltage, current = (driven, limited) if settings.drive == "voltage" else (limited, driven)
        check = OscillationCheck(view, voltage, current)
        if check.prepare(self._station):
            self._check = check
            fixed = settings.compliance if settings.drive == "voltage" and settings.measure_range == "compliance" else (
                0.0 if settings.drive == "voltage" else float(np.abs(levels).max()))
            self._comparison = CurrentComparison(view, self._station, "drive", fixed, check.rest)
        else:
            self._warn("the scope gave no record, so readings cannot be checked for oscillation")

    def _sweep(self) -> Iterator[Step]:
        """Take every block; ends early at compliance where that is asked for."""
        longest = self._meter.capabilities.maximum_sweep_points
        size = longest if self._check is None else self._settings.check_every
        for block in self._path.blocks(size):
            try:
                yield from self._take(block)
            except (GeneratorExit, InstrumentError):
                self._record_waiting(Flag.UNCHECKED)  # read, so kept, though nothing judges them any more
                raise
            if self._check is not None:
                self._judge(self._check)
            if self._ends_here:
                self._say("log", f"the source reached the compliance at {self._level_text()}. The sweep ends here, "
                                 "because 'stop_on_compliance' is set")
                return
            if self.level == 0.0:
                yield self.step("at zero", idle=True)

    def _take(self, block: slice) -> Iterator[Step]:
        """Acquire one block: natively, or level by level where the scope is to look in between.

        A source meter may open its output when a native sweep ends (the 2450 does): the device would
        forget that it was on. So the scope's looks can only come between single readings.
        """
        levels = self._path.levels[block]
        if self._check is None:
            yield from self._take_native(block.start, levels)
            return
        for number, level in enumerate(levels, start=block.start):
            self.level = float(level)
            self._meter.set_level(self.level)
            self._station.clock.wait(self._settings.dwell)
            reading = self._meter.measure()
            self._keep(number, [reading], self._station.clock.now() - reading.time)
            yield self.step(self._level_text())
            if self._ends_here:
                return

    def _take_native(self, first: int, levels: FloatArray) -> Iterator[Step]:
        self._meter.set_level(float(levels[0]))
        self._meter.set_output(True)  # the end of the block before may have opened it
        meter, clock, total = self._meter, self._station.clock, len(levels)
        expected = total * self._settings.time_per_point(meter.capabilities.line_frequency)
        longest_wait = 5 * expected + 5.0 + total * self._settings.longest_settling
        began = clock.now()
        meter.start_sweep(levels, self._settings.dwell)
        taken = 0
        offset: float | None = None
        while taken < total and not self._ends_here:
            available = min(meter.poll_sweep(), total)
            if available > taken:
                readings = meter.fetch_sweep(taken, available)
                if (
                    offset is None
                ):  # the meter counts from its own zero: tie its first reading to the bench's clock
                    offset = began + expected / total - readings[0].time
                self._keep(first + taken, readings, offset)
                taken += len(readings)
                self.level = float(levels[taken - 1])
            elif clock.now() > began + longest_wait:
                meter.abort()
                raise InstrumentError(
                    f"drive: the sweep has only {taken} of {total} points after {longest_wait:.3g} s. Check the panel "
                    "of the source meter"
                )
            yield self.step(self._level_text())
            if taken < total:
                clock.wait(min(expected / total, LONGEST_POLL))
        if taken < total:
            meter.abort()
            meter.set_level(self.level)

    def _keep(self, first: int, readings: Sequence[Reading], offset: float) -> None:
        """Hold readings for the scope's verdict; without a scope record them at once."""
        for number, reading in enumerate(readings, start=first):
            if self._ends_here:
                break
            self._waiting.append((number, reading, reading.time + offset))
            self._ends_here = self._settings.stop_on_compliance and Flag.COMPLIANCE in reading.flags
        if self._check is None:
            self._record_waiting(Flag.UNCHECKED)

    def _record_waiting(self, flags: Flag) -> None:
        path = self._path
        while self._waiting:
            number, reading, time = self._waiting.pop(0)
            device_voltage = self._station.fixture.device_voltage("drive", reading.voltage, reading.current)
            self._recorder.point(
                Point(
                    (
                        float(number),
                        time,
                        float(path.cycle[number]),
                        float(path.direction[number]),
                        float(path.polarity[number]),
                        float(path.levels[number]),
                        reading.voltage,
                        reading.current,
                        device_voltage,
                    ),
                    reading.flags | flags,
                )
            )
            self._recorded += 1

    def _judge(self, check: OscillationCheck) -> None:
        """Look with the scope at the level the block ended on, and record the block with what it says."""
        verdict = check.verdict(self._station)
        if verdict.oscillating is None:
            self._warn(f"the scope gave no record at {self._level_text()}, so these readings are not checked for "
                       "oscillation")
            self._record_waiting(Flag.UNCHECKED)
            return
        if not verdict.oscillating and self._comparison is not None and self._waiting and (
                reason := self._comparison.add(self._waiting[-1][1], verdict.records)):
            self._warn(reason, self._comparison.data)
        # between a quiet and an oscillating end the change may lie anywhere: the whole block is marked
        either = verdict.oscillating or (self._oscillating and len(self._waiting) > 1)
        if verdict.oscillating != self._oscillating:
            self._announce(verdict)
        self._oscillating = verdict.oscillating
        self._record_waiting(Flag.OSCILLATING if either else Flag.NONE)

    def _announce(self, verdict: OscillationVerdict) -> None:
        if not verdict.oscillating:
            self._say(
                "log", f"the device no longer oscillates at {self._level_text()}", {"set_point": self.level}
            )
            return
        seen = verdict.activity
        frequency = format_quantity(seen.frequency, "Hz", 3)
        swing = format_quantity(seen.peak_to_peak, "V", 2)
        self._warn(
            f"the device oscillates at {self._level_text()} (about {frequency}, {swing} peak to peak at the scope). "
            "These readings, and those since the last quiet look, are averages and are flagged",
            {"set_point": self.level, "frequency": seen.frequency, "peak_to_peak": seen.peak_to_peak},
        )

    def _level_text(self) -> str:
        return format_quantity(self.level, "V" if self._settings.drive == "voltage" else "A")

    def _warn(self, message: str, data: Mapping[str, float] | None = None) -> None:
        self._say("warning", message, data)

    def _say(self, kind: str, message: str, data: Mapping[str, float] | None = None) -> None:
        self._recorder.event(RunEvent(kind, message, self._station.clock.now(), data or {}))
