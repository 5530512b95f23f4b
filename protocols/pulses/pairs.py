"""Taking the records of pulse pairs: each pair armed, fired, fetched and accounted for, then the device rests."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from tsbench.instruments import Station, Timebase
from tsbench.protocols.acquiring.device_view import Window, clipped, marked, narrowed
from tsbench.protocols.pulses.layout import RecordLayout, pair_layout
from tsbench.protocols.pulses.parameters import PairOfPulses
from tsbench.protocols.pulses.series import PulseSeries
from tsbench.protocols.pulses.shot import Shot
from tsbench.quantities import format_quantity
from tsbench.records import Flag, Point, Recorder, Step, Waveform
from tsbench.samples import noise_of, resolution, smoothed

Settings = TypeVar("Settings", bound=PairOfPulses)
#: the waveforms of all channels of one pulse
PulseRecord = tuple[Waveform, ...]


class PairSeries(PulseSeries[Settings]):
    """One run of pulse pairs in progress; a subclass chooses the gaps."""

    def __init__(self, settings: Settings, station: Station, recorder: Recorder) -> None:
        super().__init__(settings, station, recorder)
        self._missed = 0
        self._widest: dict[str, Window] = {}  #: [V] of the channels: all that a pulse of this amplitude can show
        self._set: dict[str, Window] = {}  #: as they are now
        self._shown: dict[str, Window] = {}  #: what the pairs of this amplitude showed so far, with room

    def _set_up(self, amplitude: float, burst: int) -> dict[str, Window]:
        """Idle at base, ready for ``burst`` pulses of ``amplitude`` [V]; return the scope's windows [V]."""
        self._widest = super()._set_up(amplitude, burst)
        self._set, self._shown = dict(self._widest), {}
        return self._widest

    def more_columns(self, gap: float, records: Sequence[PulseRecord], whole: bool) -> tuple[float, ...]:
        """Return what a pair's row holds after the usual columns.

        Parameters
        ----------
        gap : [s] of the pair
        records : of each pulse that was recorded
        whole : whether these are both pulses
        """
        return ()

    def set_gap(self, amplitude: float, gap: float) -> RecordLayout:
        """Set generator and time base up for pairs of pulses of ``amplitude`` [V], ``gap`` [s] apart."""
        self._shooter.load(self._settings.pulse(amplitude, gap))
        self._generator.set_output(True)  # another function may have opened it
        layout = pair_layout(self._settings, gap, self._settings.resolution, self._view.scope.capabilities)
        self._view.scope.configure_timebase(
            Timebase(layout.span, layout.span / 2 - layout.lead, layout.segments, layout.points))
        return layout

    def record(self, amplitude: float, gap: float, layout: RecordLayout) -> Iterator[Step]:
        """Send and record one pair of pulses of ``amplitude`` [V], ``gap`` [s] apart."""
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
        more = self.more_columns(gap, records, whole)
        self._recorder.point(Point((float(pair), shot.time, amplitude, settings.width, gap, rest, *more), flags))
        self._done += 1
        self._missed += not whole
        self._adapt_ranges(shot.waveforms)
        yield self.step(self.told_of(gap), resting=True)

    def _adapt_ranges(self, waveforms: Mapping[str, Waveform]) -> None:
        """Set a channel's range to what the pairs showed; to the widest one after a pair that was clipped.

        In the range of the largest current that the source can give, the current of a device that is switching off is
        a code or two.
        """
        wanted = dict(self._set)
        for name, waveform in waveforms.items():
            widest = self._widest[name]
            if clipped(waveform):
                wanted[name] = widest
                continue
            low, high = narrowed(waveform, widest)
            least, most = self._shown.get(name, (low, high))
            self._shown[name] = (min(low, least), max(high, most))
            if self._set[name] == widest:
                wanted[name] = self._shown[name]
        if wanted != self._set:
            self._set = wanted
            self._view.configure(wanted)

    def told_of(self, gap: float) -> str:
        """Return the message after a pair with ``gap`` [s]."""
        return f"gap {format_quantity(gap, 's')}"

    def say_missed(self, amplitude: float, missed: int, pairs: int) -> None:
        """Warn of pairs whose trigger the scope missed.

        Parameters
        ----------
        amplitude : [V] signed
        missed, pairs : number of pairs with a missed trigger, and of all pairs
        """
        if missed:
            self._say(
                "warning",
                f"the scope missed a trigger in {missed} of {pairs} pairs of pulses of "
                f"{format_quantity(amplitude, 'V')}. These pairs are flagged and left out of the probabilities. "
                f"{self._shooter.trigger.advice}")


def _all_seen(records: Sequence[PulseRecord]) -> bool:
    """Whether some channel moves in the record of every pulse: one that was not sent leaves all of them still."""
    return all(any(_moves(waveform) for waveform in channels) for channels in records)


def _moves(waveform: Waveform) -> bool:
    values = waveform.values()[0]
    width = max(5, values.size // 20)
    step = resolution(waveform)
    still = 2 * step + 6 * noise_of(values, step) / width**0.5
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
