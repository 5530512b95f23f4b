"""Taking the records of a pulse train: arm, verify, fire, wait, fetch, and account for every pulse."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from tsbench.errors import CommunicationError, InstrumentError
from tsbench.instruments import EdgeTrigger, OscilloscopeCapabilities, PulseGenerator, Station, Timebase
from tsbench.protocols.device_view import ACQUISITION_MARGIN, DeviceView, Window, clipped, narrowed
from tsbench.protocols.pulse_delivery import Delivery, train_waveform
from tsbench.protocols.waiting import steps_for, steps_until
from tsbench.quantities import format_quantity
from tsbench.records import Flag, FloatArray, Point, Recorder, RunEvent, Step, Waveform

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


@dataclass
class _Shot:
    """What one attempt to fire and record a batch gave."""

    waveforms: Mapping[str, Waveform] = field(default_factory=dict)
    time: float = 0.0  #: [s] bench's clock at the first trigger
    taken: dict[int, float] = field(
        default_factory=dict
    )  #: pulse of the batch -> [s] after the first trigger


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
        self._done = 0
        self._index = 0
        self._last_end: float | None = None

    def step(self, message: str, resting: bool = False) -> Step:
        """Return how far the run has come, in pulses; ``resting`` at the base level, between two trains."""
        total = len(self._how.starts) * len(self._settings.amplitude)
        return Step(self._done, total, message, idle=resting and self._settings.base == 0.0)

    def train(self, amplitude: float, parts: Sequence[slice]) -> Iterator[Step]:
        """Record one train: set up, probe for the ranges, then batch by batch."""
        settings = self._settings
        windows = self._set_up(amplitude)
        yield self.step(f"train of {format_quantity(amplitude, 'V')}", resting=True)
        if settings.probe:
            yield from self._probe(amplitude, windows)
        self._last_end = None
        if self._how.means == "waveform":
            pulse = settings.pulse(amplitude)
            self._generator.load_waveform(train_waveform(pulse, self._how.starts, self._how.sample_rate))
            self._generator.configure_burst(1)
            self._generator.set_output(True)  # an upload may have opened it
        for part in parts:
            yield from self._batch(amplitude, part)

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
        self._view.scope.configure_timebase(self._timebase(1))
        self._generator.configure_burst(1)
        shot = _Shot()
        yield from self._fire([0.0], {}, shot)
        if not shot.taken:
            self._say("warning", "the probe pulse was not seen: the scope keeps its safe ranges")
            return
        self._view.configure(
            {name: narrowed(shot.waveforms[name], window) for name, window in windows.items()}
        )
        self._say(
            "log", f"one probe pulse of {format_quantity(amplitude, 'V')} sent to choose the scope's ranges"
        )

    def _batch(self, amplitude: float, part: slice) -> Iterator[Step]:
        settings = self._settings
        starts = self._how.starts[part] - self._how.starts[part.start]
        conditions = {"amplitude": amplitude, "pulse_width": settings.width}
        self._view.scope.configure_timebase(self._timebase(len(starts)))
        self._generator.configure_burst(len(starts) if self._how.means == "burst" else 1)
        shot = _Shot()
        for attempt in range(settings.retries + 1):
            shot = _Shot()
            yield from self._fire(starts, conditions, shot)
            if len(shot.taken) == len(starts):
                break
            missed = len(starts) - len(shot.taken)
            again = "the train is sent again" if attempt < settings.retries else "kept as it is"
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

    def _record_points(self, amplitude: float, starts: FloatArray, shot: _Shot) -> None:
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

    # ------------------------------------------------------------------------------------------ one shot

    def _fire(
        self, starts: Sequence[float] | FloatArray, conditions: Mapping[str, float], shot: _Shot
    ) -> Iterator[Step]:
        """Arm, verify, fire and fetch into ``shot``; a missed trigger leaves ``shot.taken`` short."""
        scope, clock = self._view.scope, self._station.clock
        scope.arm()
        if scope.triggered():  # something else crossed the level: not our pulse
            scope.abort()
            self._say("warning", "the scope triggered before the pulse was sent; armed again")
            scope.arm()
        shot.time = clock.now()
        if self._how.means == "clock" and len(starts) > 1:
            for start in starts:
                yield from steps_for(
                    clock, shot.time + float(start), lambda: self.step("waiting for the gap")
                )
                self._generator.trigger()
        else:
            self._generator.trigger()
        expected = float(starts[-1]) + self._settings.span
        rest = max(shot.time + expected - clock.now(), 0.0)
        yield from steps_until(
            clock, scope.complete, rest, rest + ACQUISITION_MARGIN, lambda: self.step("waiting for the scope")
        )
        if scope.complete():
            shot.waveforms = self._view.fetch(conditions, shot.time)
        else:
            self._generator.abort()
            scope.abort()
            shot.waveforms = self._rescued(conditions, shot.time)
        shot.taken = _match(shot.waveforms, starts)

    def _rescued(self, conditions: Mapping[str, float], time: float) -> Mapping[str, Waveform]:
        """Return the segments of an incomplete acquisition, if the scope gives any."""
        try:
            return self._view.fetch(conditions, time)
        except CommunicationError:
            raise
        except InstrumentError:
            return {}

    def _say(self, kind: str, message: str) -> None:
        self._recorder.event(RunEvent(kind, message, self._station.clock.now()))


def _match(waveforms: Mapping[str, Waveform], starts: Sequence[float] | FloatArray) -> dict[int, float]:
    """Return which pulses the segments belong to, by their times after the first."""
    if not waveforms:
        return {}
    times = next(iter(waveforms.values())).segment_times
    if len(times) == len(starts):
        return {number: float(time) for number, time in enumerate(times)}
    nearest = np.abs(np.subtract.outer(times, np.asarray(starts))).argmin(axis=1)
    return {int(number): float(time) for number, time in zip(nearest, times, strict=True)}
