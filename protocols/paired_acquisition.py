"""Taking the records of pulse pairs: each pair armed, fired, fetched and accounted for, then the device rests."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tsbench.analysis.signal import noise_of, smoothed
from tsbench.instruments import PulseGenerator, Station, Timebase
from tsbench.protocols.device_view import DeviceView, clipped
from tsbench.protocols.pulse_layout import RecordLayout, aim, pair_layout
from tsbench.protocols.pulse_shot import Shooter, Shot
from tsbench.protocols.waiting import steps_for
from tsbench.quantities import format_quantity
from tsbench.records import Flag, FloatArray, Point, Recorder, RunEvent, Step, Waveform

if TYPE_CHECKING:
    from tsbench.protocols.paired_pulse import PairedPulse


class PairedAcquisition:
    """One run of paired pulses in progress."""

    def __init__(
        self, settings: "PairedPulse", station: Station, recorder: Recorder, generator: PulseGenerator, view: DeviceView
    ) -> None:
        self._settings = settings
        self._station = station
        self._recorder = recorder
        self._generator = generator
        self._view = view
        self._shooter = Shooter(station, generator, view, self._say)
        self._total = len(settings.gap_list()) * settings.repeats * len(settings.amplitude)
        self._pair = 0
        self._missed = 0
        self._last_end: float | None = None

    def step(self, message: str, resting: bool = False) -> Step:
        """Return how far the run has come, in pairs; ``resting`` at the base level."""
        return Step(self._pair, self._total, message, idle=resting and self._settings.base == 0.0)

    def series(self, amplitude: float, order: FloatArray) -> Iterator[Step]:
        """Record the pairs of one amplitude [V] with gaps in the given ``order`` [s]."""
        settings, clock = self._settings, self._station.clock
        self._generator.configure_pulse(settings.pulse(amplitude, float(order[0])))
        self._generator.configure_burst(2)
        self._generator.set_output(True)  # idle at base
        aim(settings, amplitude, self._view, max(self._station.fixture.path_resistance.get("pulser", 0.0), 1.0))
        yield self.step(f"pairs of {format_quantity(amplitude, 'V')}", resting=True)
        began, missed = self._pair, self._missed
        present, layout = 0.0, None
        for gap in order:
            if layout is None or gap != present:
                layout = self._set_gap(amplitude, float(gap))
                present = float(gap)
            ended = clock.now() if self._last_end is None else self._last_end
            yield from steps_for(
                clock, ended + settings.rest, lambda: self.step("the device rests", resting=True))
            yield from self._record(amplitude, present, layout)
        if self._missed > missed:
            self._say(
                "warning",
                f"the scope missed a trigger in {self._missed - missed} of {self._pair - began} pairs of "
                f"{format_quantity(amplitude, 'V')}: they are flagged and counted in no probability; check trigger "
                "level, cable and contact")

    def _set_gap(self, amplitude: float, gap: float) -> RecordLayout:
        self._generator.configure_pulse(self._settings.pulse(amplitude, gap))
        self._generator.set_output(True)  # another function may have opened it
        layout = pair_layout(self._settings, gap, self._settings.resolution, self._view.scope.capabilities)
        self._view.scope.configure_timebase(
            Timebase(layout.span, layout.span / 2 - layout.lead, layout.segments, layout.points))
        return layout

    def _record(self, amplitude: float, gap: float, layout: RecordLayout) -> Iterator[Step]:
        settings, pair = self._settings, self._pair
        starts = [0.0] if layout.segments == 1 else [0.0, settings.width + gap]
        span = layout.span if layout.segments == 1 else layout.span - layout.lead
        conditions = {"gap": gap, "amplitude": amplitude, "pair": float(pair)}
        shot, rest = Shot(), 0.0
        yield from self._shooter.fire(starts, span, conditions, shot, self.step)
        if self._last_end is not None:
            rest = max(shot.time - self._last_end, 0.0)
        self._last_end = shot.time + 2 * settings.width + gap
        whole = len(shot.taken) == len(starts)
        flags = Flag.NONE if whole else Flag.TRIGGER_MISSED
        parts = [
            _pulses(_marked(waveform, flags), settings.width + gap, sorted(shot.taken))
            for waveform in shot.waveforms.values()
        ]
        records = list(zip(*parts, strict=True))
        if whole and not _all_seen(records):  # the scope took the second pulse for the first
            whole, flags = False, Flag.TRIGGER_MISSED
        for channels in records:
            for waveform in channels:
                self._recorder.waveform(replace(waveform, flags=waveform.flags | flags))
        self._recorder.point(Point((float(pair), shot.time, amplitude, settings.width, gap, rest), flags))
        self._pair += 1
        self._missed += not whole
        yield self.step(f"gap {format_quantity(gap, 's')}", resting=True)

    def _say(self, kind: str, message: str) -> None:
        self._recorder.event(RunEvent(kind, message, self._station.clock.now()))


def _all_seen(records: list[tuple[Waveform, ...]]) -> bool:
    """Whether some channel moves in the record of every pulse: one that was not sent leaves all of them still."""
    return all(any(_moves(waveform) for waveform in channels) for channels in records)


def _moves(waveform: Waveform) -> bool:
    values = waveform.values()[0]
    width = max(5, values.size // 20)
    still = 2 * abs(waveform.scale) + 6 * noise_of(values, abs(waveform.scale)) / width**0.5
    return bool(float(np.ptp(smoothed(values, width))) > still)


def _marked(waveform: Waveform, flags: Flag) -> Waveform:
    return replace(waveform, flags=waveform.flags | flags | (Flag.CLIPPED if clipped(waveform) else Flag.NONE))


def _pulses(waveform: Waveform, period: float, taken: list[int]) -> Iterator[Waveform]:
    """Yield the record of each pulse: a record of both is cut shortly before the second, no sample is lost."""
    if waveform.codes.shape[0] > 1 or taken != [0] or not _holds_both(waveform, period):
        for row, number in enumerate(taken[: waveform.codes.shape[0]]):
            yield replace(
                waveform, codes=waveform.codes[row : row + 1], segment_times=np.zeros(1),
                conditions={**waveform.conditions, "pulse": number + 1.0},
                time=waveform.time + float(waveform.segment_times[row]),
            )
        return
    cut = round(period / waveform.dt)  # as long before the second edge as the record begins before the first
    for number, part in ((1, slice(0, cut)), (2, slice(cut, None))):
        yield replace(
            waveform, codes=waveform.codes[:, part], t0=waveform.t0 + (part.start or 0) * waveform.dt,
            conditions={**waveform.conditions, "pulse": float(number)},
        )


def _holds_both(waveform: Waveform, period: float) -> bool:
    return bool(waveform.t0 + waveform.codes.shape[1] * waveform.dt > period)
