"""Taking the readings of a forming run: a read, then stage by stage a ramp and a read, and no further than it must."""

from collections.abc import Generator, Iterator

import numpy as np

from tsbench.instruments import MeasureSettings, SourceSettings, Station
from tsbench.protocols.acquiring.stepped_meter import SteppedMeter, SteppedReading
from tsbench.protocols.forming.parameters import CONFIRMING, FormingParameters
from tsbench.quantities import format_quantity, short_quantity
from tsbench.records import Flag, FloatArray, Point, Recorder, RunEvent, Step

#: phase of a row
READ, RAMP, CONFIRMATION = 0.0, 1.0, 2.0
_ENOUGH = 2  #: readings in compliance one after the other that end a ramp: one alone may be wild
_NEAR = 0.98  #: of the target current: the source meter limits within its accuracy
_TOLD = 3.0  #: a current that is no more than this times the error of the ammeter is no event
#: part of the highest device voltage of the ramp that is lost where it collapses: the ``COLLAPSE`` of
#: ``analysis.threshold.switching_rule``, which asks for it in one step. A ramp must end in a slower collapse too
COLLAPSE = 0.3


class FormingAcquisition:
    """One forming run in progress."""

    def __init__(self, settings: FormingParameters, station: Station, recorder: Recorder, total: int) -> None:
        self._settings, self._recorder, self._clock, self._total = settings, recorder, station.clock, total
        self._stepped = SteppedMeter(station, settings.dwell)
        self._meter = self._stepped.meter
        self._number = 0
        self._stage = 0  #: from 1; 0: before the first
        self._compliance = settings.compliance[0]
        self._switched = self._reached = self._limited = False

    def run(self) -> Iterator[Step]:
        """Read, ramp in stages, read after each, confirm; the source ends at zero with its output off."""
        settings = self._settings
        yield from self._read()
        for stage, compliance in enumerate(settings.compliance, start=1):
            self._stage = stage
            switched = yield from self._ramp(compliance, RAMP)
            self._switched = self._switched or switched
            yield from self._read()
            if self._reached if settings.stop_at == "current" else self._switched:
                break
        self._conclude()
        if self._switched and settings.confirm:
            self._stage += 1
            yield from self._ramp(self._compliance, CONFIRMATION)
            yield from self._read()
        yield Step(self._total, self._total, "output off", idle=True)

    def _conclude(self) -> None:
        """Say how the stages ended."""
        if self._switched:
            self._say("log", f"the device has switched. Forming ends after stage {self._stage}", formed=1.0)
        elif self._limited:
            self._say("warning", f"the current reached the compliance without a jump by a factor of "
                                 f"{self._settings.jump:g}. Either the compliance is below the current at which the "
                                 "device switches, or the device oscillates in compliance. Use a higher compliance")
        else:
            self._say("warning", f"the device did not switch up to {short_quantity(self._settings.stop, 'V')} in "
                                 f"{self._stage} stages. No ramp has formed it", formed=0.0)

    def _on(self, compliance: float, measured: float) -> None:
        highest = max(abs(self._settings.stop), self._settings.read_voltage)
        self._meter.configure_source(SourceSettings("voltage", compliance_current=compliance, range=highest))
        self._meter.configure_measure(MeasureSettings("current", range=measured, nplc=self._settings.nplc))
        self._meter.set_level(0.0)
        self._meter.set_output(True)

    def _off(self) -> Step:
        self._meter.set_level(0.0)
        self._meter.set_output(False)
        return Step(self._number, self._total, "output off", idle=True)

    def _read(self) -> Iterator[Step]:
        """Take the reads at low voltage, under the smallest compliance."""
        least = self._settings.compliance[0]
        self._on(least, least)
        for level in self._settings.reads():
            self._keep(self._stepped.read(float(level)), READ, 1.0, least)
            yield Step(self._number, self._total, f"read at {format_quantity(float(level), 'V')}")
        yield self._off()

    def _ramp(self, compliance: float, phase: float) -> Generator[Step, None, bool]:
        """Ramp up until something happens, and back; the generator's value: whether the device switched."""
        self._compliance = compliance
        self._on(compliance, compliance)
        said = f"stage {self._stage}, compliance {short_quantity(compliance, 'A')}"
        levels, before, switched = self._settings.ramp(), list[SteppedReading](), False
        limited = reached = done = 0
        for level in levels:
            one = self._stepped.read(float(level))
            self._keep(one, phase, 1.0, compliance)
            yield Step(self._number, self._total, f"{said}: {format_quantity(float(level), 'V')}")
            if self._is_event(one, before, compliance):
                switched = yield from self._confirmed(one, before, phase, compliance)
            before.append(one)
            limited = limited + 1 if Flag.COMPLIANCE in one.reading.flags else 0
            reached = reached + 1 if abs(one.reading.current) >= _NEAR * self._settings.target else 0
            self._reached = self._reached or reached >= _ENOUGH
            done += 1
            self._limited = self._limited or limited >= _ENOUGH
            if switched or limited >= _ENOUGH or (reached >= _ENOUGH and self._settings.stop_at == "current"):
                break
        why = ("the device switched" if switched else "the compliance is reached without a jump" if limited >= _ENOUGH
               else "the target current is reached" if reached >= _ENOUGH else "nothing happened")
        self._say("log", f"{said}: {why} at {format_quantity(float(levels[done - 1]), 'V')}",
                  stage=float(self._stage), switched=float(switched))
        yield from self._back(levels[:done - 1], phase, compliance)
        return switched

    def _is_event(self, one: SteppedReading, before: list[SteppedReading], compliance: float) -> bool:
        """Return whether a current is far above all that the ramp has shown, or the device voltage has collapsed.

        The voltage has collapsed where it is 30 % below the highest of the ramp while the current is above all before.
        In compliance, a device that has switched may oscillate. The meter then reads a mean current, which need not be
        far above that before.
        """
        current = abs(one.reading.current)
        if not before or not np.isfinite(current):
            return False
        rows = self._meter.capabilities.current_accuracy
        row = next((row for row in rows if row.full_scale >= compliance * (1 - 1e-9)), rows[-1])
        floor = _TOLD * (row.offset + row.gain * current + 3 * row.noise)
        highest = max(abs(other.reading.current) for other in before)
        voltage = max(min(abs(other.device_voltage), abs(other.level)) for other in before)
        collapsed = abs(one.device_voltage) < (1.0 - COLLAPSE) * voltage and current > highest
        return current > floor and (collapsed or current > self._settings.jump * highest)

    def _confirmed(
        self, first: SteppedReading, before: list[SteppedReading], phase: float, compliance: float,
    ) -> Generator[Step, None, bool]:
        """Read again at the same level; the generator's value: whether every reading shows the event."""
        seen = True
        for _ in range(CONFIRMING):
            one = self._stepped.read(first.level)
            self._keep(one, phase, 1.0, compliance)
            seen = seen and self._is_event(one, before, compliance)
            current = abs(one.reading.current)
            self._reached = self._reached or (seen and current >= _NEAR * self._settings.target)
            yield Step(self._number, self._total, f"again at {format_quantity(first.level, 'V')}")
        return seen

    def _back(self, levels: FloatArray, phase: float, compliance: float) -> Iterator[Step]:
        for level in levels[::-1]:
            self._keep(self._stepped.read(float(level)), phase, -1.0, compliance)
            yield Step(self._number, self._total, f"back at {format_quantity(float(level), 'V')}")
        yield self._off()

    def _keep(self, one: SteppedReading, phase: float, direction: float, compliance: float) -> None:
        flags = one.reading.flags | (Flag.NONE if phase == READ else Flag.UNCHECKED)   # no scope looks at a ramp
        self._recorder.point(Point(
            (float(self._number), one.time, float(self._stage), phase, direction, compliance, one.level,
             one.reading.voltage, one.reading.current, one.device_voltage), flags))
        self._number += 1

    def _say(self, kind: str, message: str, **data: float) -> None:
        self._recorder.event(RunEvent(kind, message, self._clock.now(), data))
