"""Taking the records of a pulse train: arm, verify, fire, wait, fetch, and account for every pulse."""

from collections.abc import Iterator

from tsbench.instruments import Pulse, Station, Timebase
from tsbench.protocols.acquiring.device_view import Window, clipped, marked, narrowed
from tsbench.protocols.acquiring.waiting import steps_for
from tsbench.protocols.pulse_train.parameters import TrainParameters
from tsbench.protocols.pulse_train.sending import batches, train_delivery
from tsbench.protocols.pulses.delivery import train_waveform
from tsbench.protocols.pulses.layout import widest_windows
from tsbench.protocols.pulses.series import PulseSeries
from tsbench.protocols.pulses.shot import Shot
from tsbench.quantities import format_quantity
from tsbench.records import Flag, FloatArray, Point, Recorder, Step


class TrainAcquisition(PulseSeries[TrainParameters]):
    """One pulse-train run in progress."""

    def __init__(self, settings: TrainParameters, station: Station, recorder: Recorder) -> None:
        super().__init__(settings, station, recorder)
        self._how = train_delivery(settings, self._generator.capabilities, self._view.scope.capabilities)

    def first_pulse(self, amplitude: float) -> Pulse:
        """Return the pulse of one ``amplitude`` [V]."""
        return self._settings.pulse(amplitude, alone=self._how.means == "clock")

    def series(self, amplitude: float) -> Iterator[Step]:
        """Record the trains of one ``amplitude`` [V]: set up, probe for the ranges, then train by train in batches."""
        settings, how = self._settings, self._how
        windows = self._set_up(amplitude, burst=1)
        yield self.step(f"train of pulses of {format_quantity(amplitude, 'V')}", resting=True)
        if settings.probe:
            yield from self._probe(amplitude, windows)
        parts = batches(len(how.starts), self._view.scope.capabilities)
        if how.means == "waveform":
            parts = [slice(0, len(how.starts))]
            self._shooter.load(train_waveform(settings.pulse(amplitude), how.starts, how.sample_rate))
            self._shooter.set_burst(1)
            self._generator.set_output(True)  # an upload may have opened it
        for train in range(settings.repeats):
            self._last_end = None
            yield from self._let_rest()
            for part in parts:
                yield from self._batch(amplitude, part, train)

    def _timebase(self, segments: int) -> Timebase:
        settings = self._settings
        return Timebase(span=settings.span, position=settings.span / 2 - settings.lead, segments=segments)

    def _probe(self, amplitude: float, windows: dict[str, Window]) -> Iterator[Step]:
        """Send a pulse to see how much of the ranges the signal uses, and set them to what it showed.

        A device that switches discharges the capacitance beside it: that current may be larger than the source can
        give. Where the first pulse is clipped, one more is seen with the ranges that nothing can exceed.
        """
        settings = self._settings
        self._view.scope.configure_timebase(self._timebase(1))
        self._shooter.set_burst(1)
        sent = 0
        for sent in (1, 2):
            shot = Shot()
            yield from self._shooter.fire([0.0], settings.span, {}, shot, self.step)
            if not shot.taken:
                self._say(
                    "warning", "the scope did not see the probe pulse, so its ranges were not adapted to the signal. "
                               f"{self._shooter.trigger.advice}")
                return
            if sent == 2 or not any(clipped(waveform) for waveform in shot.waveforms.values()):
                break
            windows = widest_windows(settings, amplitude, self._view)
            self._view.configure(windows)
            self._last_end = shot.time + settings.width
            yield from self._let_rest()
        self._view.configure(
            {name: narrowed(shot.waveforms[name], window) for name, window in windows.items()}
        )
        height = format_quantity(amplitude, "V")
        pulses = f"one probe pulse of {height} was" if sent == 1 else f"two probe pulses of {height} were"
        self._say("log", f"{pulses} sent to choose the scope's ranges")

    def _batch(self, amplitude: float, part: slice, train: int) -> Iterator[Step]:
        settings = self._settings
        starts = self._how.starts[part] - self._how.starts[part.start]
        conditions = {"amplitude": amplitude, "pulse_width": settings.width}
        if settings.repeats > 1:
            conditions["train"] = float(train)
        self._view.scope.configure_timebase(self._timebase(len(starts)))
        self._shooter.set_burst(len(starts) if self._how.means == "burst" else 1)
        if part.start and self._last_end is not None:   # a batch before: the time to this one is that of the train
            gap = self._how.starts[part.start] - self._how.starts[part.start - 1] - settings.width
            yield from steps_for(
                self._station.clock, self._last_end + float(gap), lambda: self.step("waiting for the next pulse"))
        shot = Shot()
        # several trains count pulses until the device fires: one sent again would not begin with a rested device
        retries = settings.retries if settings.repeats == 1 else 0
        for attempt in range(retries + 1):
            shot = Shot()
            yield from self._shooter.fire(
                starts, settings.span, conditions, shot, self.step, clocked=self._how.means == "clock",
                busy=settings.busy)
            if len(shot.taken) == len(starts):
                break
            missed = len(starts) - len(shot.taken)
            another = attempt < retries and self._shooter.trigger.worth_another
            again = "The train is sent again" if another else "The other pulses are kept and flagged"
            self._say(
                "warning",
                f"the scope missed {missed} of {len(starts)} pulses of {format_quantity(amplitude, 'V')}. {again}. "
                f"{self._shooter.trigger.advice}",
            )
            if not another:
                break
        flags = Flag.NONE if len(shot.taken) == len(starts) else Flag.TRIGGER_MISSED
        for waveform in shot.waveforms.values():
            self._recorder.waveform(marked(waveform, flags))
        self._record_points(amplitude, starts, shot)
        yield self.step(f"{format_quantity(amplitude, 'V')}: {part.stop} pulses", resting=True)

    def _record_points(self, amplitude: float, starts: FloatArray, shot: Shot) -> None:
        width = self._settings.width
        for number, start in enumerate(starts):
            seen = number in shot.taken
            time = shot.time + (shot.taken[number] if seen else float(start))
            gap = 0.0 if self._last_end is None else time - self._last_end
            self._last_end = time + width
            self._recorder.point(
                Point(
                    (float(self._done), time, amplitude, width, gap),
                    Flag.NONE if seen else Flag.TRIGGER_MISSED,
                )
            )
            self._done += 1
