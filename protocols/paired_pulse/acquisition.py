"""Taking the records of pulse pairs: each pair armed, fired, fetched and accounted for, then the device rests."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tsbench.instruments import Pulse, Station, Timebase
from tsbench.protocols.acquiring.device_view import marked
from tsbench.protocols.paired_pulse.parameters import PairParameters
from tsbench.protocols.pulses.layout import RecordLayout, pair_layout
from tsbench.protocols.pulses.series import PulseSeries
from tsbench.protocols.pulses.shot import Shot
from tsbench.quantities import format_quantity
from tsbench.records import Flag, Point, Recorder, Step, Waveform
from tsbench.samples import noise_of, smoothed


class PairAcquisition(PulseSeries[PairParameters]):
    """One run of paired pulses in progress."""

    def __init__(self, settings: PairParameters, station: Station, recorder: Recorder) -> None:
        super().__init__(settings, station, recorder)
        self._order = settings.order()
        self._missed = 0

    def first_pulse(self, amplitude: float) -> Pulse:
        """Return the pulse of one ``amplitude`` [V], repeated after the first gap."""
        return self._settings.pulse(amplitude, float(self._order[0]))

    def series(self, amplitude: float) -> Iterator[Step]:
        """Record the pairs of one ``amplitude`` [V] with the gaps in their order."""
        self._set_up(amplitude, burst=2)
        yield self.step(f"pairs of pulses of {format_quantity(amplitude, 'V')}", resting=True)
        began, missed = self._done, self._missed
        present, layout = 0.0, None
        for gap in self._order:
            if layout is None or gap != present:
                layout = self._set_gap(amplitude, float(gap))
                present = float(gap)
            yield from self._let_rest()
            yield from self._record(amplitude, present, layout)
        if self._missed > missed:
            self._say(
                "warning",
                f"the scope missed a trigger in {self._missed - missed} of {self._done - began} pairs of pulses of "
                f"{format_quantity(amplitude, 'V')}. These pairs are flagged and left out of the probabilities. Check "
                "trigger level, cable and contact")

    def _set_gap(self, amplitude: float, gap: float) -> RecordLayout:
        self._generator.configure_pulse(self._settings.pulse(amplitude, gap))
        self._generator.set_output(True)  # another function may have opened it
        layout = pair_layout(self._settings, gap, self._settings.resolution, self._view.scope.capabilities)
        self._view.scope.configure_timebase(
            Timebase(layout.span, layout.span / 2 - layout.lead, layout.segments, layout.points))
        return layout

    def _record(self, amplitude: float, gap: float, layout: RecordLayout) -> Iterator[Step]:
        settings, pair = self._settings, self._done
        starts = [0.0] if layout.segments == 1 else [0.0, settings.width + gap]
        span = layout.span if layout.segments == 1 else layout.span - layout.lead
        conditions = {"gap": gap, "amplitude": amplitude, "pair": float(pair)}
        shot = Shot()
        yield from self._shooter.fire(starts, span, conditions, shot, self.step)
        rest = self._rested(shot)
        self._last_end = shot.time + 2 * settings.width + gap
        whole = len(shot.taken) == len(starts)
        flags = Flag.NONE if whole else Flag.TRIGGER_MISSED
        parts = [
            _pulses(marked(waveform, flags), settings.width + gap, sorted(shot.taken))
            for waveform in shot.waveforms.values()
        ]
        records = list(zip(*parts, strict=True))
        if whole and not _all_seen(records):  # the scope took the second pulse for the first
            whole, flags = False, Flag.TRIGGER_MISSED
        for channels in records:
            for waveform in channels:
                self._recorder.waveform(replace(waveform, flags=waveform.flags | flags))
        self._recorder.point(Point((float(pair), shot.time, amplitude, settings.width, gap, rest), flags))
        self._done += 1
        self._missed += not whole
        yield self.step(f"gap {format_quantity(gap, 's')}", resting=True)


def _all_seen(records: list[tuple[Waveform, ...]]) -> bool:
    """Whether some channel moves in the record of every pulse: one that was not sent leaves all of them still."""
    return all(any(_moves(waveform) for waveform in channels) for channels in records)


def _moves(waveform: Waveform) -> bool:
    values = waveform.values()[0]
    width = max(5, values.size // 20)
    still = 2 * abs(waveform.scale) + 6 * noise_of(values, abs(waveform.scale)) / width**0.5
    return bool(float(np.ptp(smoothed(values, width))) > still)


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
