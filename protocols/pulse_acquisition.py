"""Taking the records of a pulse train: arm, verify, fire, wait, fetch, and account for every pulse."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from tsbench.instruments import EdgeTrigger, OscilloscopeCapabilities, PulseGenerator, Station, Timebase
from tsbench.protocols.device_view import DeviceView, Window, clipped, narrowed
from tsbench.protocols.pulse_delivery import Delivery, train_waveform
from tsbench.protocols.pulse_shot import Shooter, Shot
from tsbench.protocols.waiting import steps_for
from tsbench.quantities import format_quantity
from tsbench.records import Flag, FloatArray, Point, Recorder, RunEvent, Step

if TYPE_CHECKING:
    from tsbench.protocols.pulse_train import PulseTrain

#: segments of one acquisition: more would hold a stop back for long
_LONGEST_BATCH = 500
#: samples each segment should keep at least
_SAMPLES = 1000


def batches(count: int, capabilities: OscilloscopeCapabilities) -> Iterator[slice]:
    """Yield slices of ``count`` pulses that one segmented acquisition can hold each."""
    size = max(min(capabilities.segments, capabilities.record_length // _SAMPLES, _LONGEST_BATCH), 1)
    for first in range(0, count, size):
        yield slice(first, min(first + size, count))


class PulseAcquisition:
    """One pulse-train run in progress."""

    def __init__(
        self,
        settings: "PulseTrain",
        station: Station,
        recorder: Recorder,
        generator: PulseGenerator,
        view: DeviceView,
        how: Delivery,
    ) -> None:
        self._settings = settings
        self._station = station
        self._recorder = recorder
        self._generator = generator
        self._view = view
        self._how = how
        self._shooter = Shooter(station, generator, view, self._say)
        self._done = 0
        self._index = 0
        self._last_end: float | None = None

    def step(self, message: str, resting: bool = False) -> Step:
        """Return how far the run has come, in pulses; ``resting`` at the base level, between two trains."""
        total = len(self._how.starts) * len(self._settings.amplitude) * self._settings.repeats
        return Step(self._done, total, message, idle=resting and self._settings.base == 0.0)

    def trains(self, amplitude: float, parts: Sequence[slice]) -> Iterator[Step]:
        """Record the trains of one amplitude [V]: set up, probe for the ranges, then train by train in batches."""
        settings, clock = self._settings, self._station.clock
        windows = self._set_up(amplitude)
        yield self.step(f"train of {format_quantity(amplitude, 'V')}", resting=True)
        if settings.probe:
            yield from self._probe(amplitude, windows)
        if self._how.means == "waveform":
            pulse = settings.pulse(amplitude)
            self._generator.load_waveform(train_waveform(pulse, self._how.starts, self._how.sample_rate))
            self._generator.configure_burst(1)
            self._generator.set_output(True)  # an upload may have opened it
        for train in range(settings.repeats):
            rested = clock.now() + settings.rest
            yield from steps_for(clock, rested, lambda: self.step("the device rests", resting=True))
            self._last_end = None
            for part in parts:
                yield from self._batch(amplitude, part, train)

    def _set_up(self, amplitude: float) -> dict[str, Window]:
        settings, view = self._settings, self._view
        self._generator.configure_pulse(settings.pulse(amplitude))
        self._generator.configure_burst(1)
        self._generator.set_output(True)  # idle at base
        resistance = max(self._station.fixture.path_resistance.get("pulser", 0.0), 1.0)
        levels = (settings.base, settings.base + amplitude)
        margin = 0.1 * abs(amplitude)  # overshoot of the generator
        voltage = (min(*levels, 0.0) - margin, max(*levels, 0.0) + margin)
        windows = view.windows(voltage, (voltage[0] / resistance, voltage[1] / resistance))
        view.configure(windows)
        if settings.trigger == "external":
            view.scope.configure_trigger(EdgeTrigger("external", settings.external_level))
        else:
            slope: Literal["positive", "negative"] = "positive" if amplitude > 0 else "negative"
            view.scope.configure_trigger(
                EdgeTrigger(view.trigger_channel, settings.base + amplitude / 2, slope)
            )
        return windows

    def _timebase(self, segments: int) -> Timebase:
        settings = self._settings
        return Timebase(span=settings.span, position=settings.span / 2 - settings.lead, segments=segments)

    def _probe(self, amplitude: float, windows: dict[str, Window]) -> Iterator[Step]:
        """Send one pulse to see how much of the safe ranges the signal uses; ranges only ever get tighter."""
        settings = self._settings
        self._view.scope.configure_timebase(self._timebase(1))
        self._generator.configure_burst(1)
        shot = Shot()
        yield from self._shooter.fire([0.0], settings.span, {}, shot, self.step)
        if not shot.taken:
            self._say(
                "warning", "the probe pulse was not seen: the scope keeps its safe ranges; check trigger and contact")
            return
        self._view.configure(
            {name: narrowed(shot.waveforms[name], window) for name, window in windows.items()}
        )
        self._say(
            "log", f"one probe pulse of {format_quantity(amplitude, 'V')} sent to choose the scope's ranges"
        )

    def _batch(self, amplitude: float, part: slice, train: int) -> Iterator[Step]:
        settings = self._settings
        starts = self._how.starts[part] - self._how.starts[part.start]
        conditions = {"amplitude": amplitude, "pulse_width": settings.width}
        if settings.repeats > 1:
            conditions["train"] = float(train)
        self._view.scope.configure_timebase(self._timebase(len(starts)))
        self._generator.configure_burst(len(starts) if self._how.means == "burst" else 1)
        shot = Shot()
        # several trains count pulses until the device fires: one sent again would not begin with a rested device
        retries = settings.retries if settings.repeats == 1 else 0
        for attempt in range(retries + 1):
            shot = Shot()
            yield from self._shooter.fire(
                starts, settings.span, conditions, shot, self.step, clocked=self._how.means == "clock"
            )
            if len(shot.taken) == len(starts):
                break
            missed = len(starts) - len(shot.taken)
            kept = "kept and flagged, check trigger level, cable and contact"
            again = "the train is sent again" if attempt < retries else kept
            self._say(
                "warning",
                f"the scope missed {missed} of {len(starts)} pulses of "
                f"{format_quantity(amplitude, 'V')}; {again}",
            )
        flags = Flag.NONE if len(shot.taken) == len(starts) else Flag.TRIGGER_MISSED
        for waveform in shot.waveforms.values():
            marks = flags | (Flag.CLIPPED if clipped(waveform) else Flag.NONE)
            self._recorder.waveform(replace(waveform, flags=waveform.flags | marks))
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
                    (float(self._index), time, amplitude, width, gap),
                    Flag.NONE if seen else Flag.TRIGGER_MISSED,
                )
            )
            self._index += 1
            self._done += 1

    def _say(self, kind: str, message: str) -> None:
        self._recorder.event(RunEvent(kind, message, self._station.clock.now()))
