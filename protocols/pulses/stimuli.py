"""One run of stimuli in progress: each set up, armed, sent, and recorded as a whole, then the circuit rests.

A stimulus is a burst of pulses or a waveform. Unlike a :class:`.series.PulseSeries`, whose records hold one pulse each,
the scope triggers once and records all of a stimulus, so that it cannot miss the pulses after the first.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Generic, Literal, Protocol, TypeVar

import numpy as np

from tsbench.instruments import ArbitraryWaveform, EdgeTrigger, Pulse, Station, Timebase
from tsbench.protocols.acquiring.device_view import VOLTAGE_HIGH, Window, marked, narrowed, required_view
from tsbench.protocols.acquiring.waiting import steps_for
from tsbench.protocols.pulses.shot import Shooter, Shot, lift_level_limits
from tsbench.protocols.pulses.trigger import PulseTrigger
from tsbench.records import Flag, Point, Recorder, RunEvent, Step

#: share of what the device can show of a stimulus, at which the scope triggers: behind a load, it is a part of it
TRIGGER_SHARE = 0.35
#: share of a record before the stimulus and after it
LEAD, TAIL = 0.1, 0.15
#: stimuli before the first one that counts, which find the scope's ranges
PROBES = 2
_RESTING = "the circuit rests"


def span_of_record(length: float) -> float:
    """Return the time [s] of a record around a stimulus of some ``length`` [s]."""
    return length / (1.0 - LEAD - TAIL)


class StimulusSettings(Protocol):
    """What the parameters of a protocol of stimuli must have."""

    @property
    def base(self) -> float:
        """Level between stimuli [V]."""

    @property
    def rest(self) -> float:
        """Time at the base level before each stimulus [s]."""

    @property
    def trigger(self) -> str:
        """Trigger source of the scope: "device" or "external"."""

    @property
    def external_level(self) -> float:
        """Level of an external trigger [V]."""

    @property
    def levels(self) -> tuple[float, ...]:
        """Every level of the generator [V], at least its extremes."""

    @property
    def total(self) -> int:
        """Number of stimuli."""


Settings = TypeVar("Settings", bound=StimulusSettings)


@dataclass(frozen=True)
class SentStimulus:
    """What is sent at one trigger, and what the run keeps of it."""

    shape: Pulse | ArbitraryWaveform
    height: float  #: [V] of its highest level away from the base
    length: float  #: [s] from its beginning to its end
    conditions: Mapping[str, float]  #: of its waveforms
    row: tuple[float, ...] = ()  #: of the point table, between index and time before it and the rest after it
    burst: int = 1  #: pulses
    message: str = ""
    other_side: float = 0.0  #: [V] of its highest level on the other side of the base, with its sign


class StimulusSeries(ABC, Generic[Settings]):
    """One run in progress. A subclass says which stimuli it consists of.

    Parameters
    ----------
    settings : StimulusSettings
    station : Station
    recorder : Recorder
    samples : of each record

    Raises
    ------
    ConfigurationError
        No scope sees the device, or the role is no generator.
    """

    role: ClassVar[str]  #: of the generator

    def __init__(self, settings: Settings, station: Station, recorder: Recorder, samples: int) -> None:
        self._settings, self._station, self._recorder, self._samples = settings, station, recorder, samples
        self._view = required_view(station)
        self._generator = station.pulse_generator(self.role)
        self._shooter = Shooter(station, self._generator, self._view, self._say, PulseTrigger(self._view))
        self._done, self._missed = 0, 0
        self._loaded: Pulse | ArbitraryWaveform | None = None  #: what the generator has now
        self._windows: dict[str, Window] = {}  #: [V] of the channels, as the probes showed them
        self._highest = math.inf  #: [V] device voltage that the probes showed, away from the base
        self._last_end: float | None = None  #: [s] on the bench's clock: when the stimulus before was over

    @abstractmethod
    def probe(self) -> SentStimulus:
        """Return the strongest stimulus: it is sent first, to find the scope's ranges."""

    @abstractmethod
    def stimuli(self) -> Iterator[SentStimulus]:
        """Yield the stimuli in order."""

    def run(self) -> Iterator[Step]:
        """Find the ranges, then record every stimulus; the generator ends off."""
        settings, generator = self._settings, self._generator
        generator.set_output(False)
        generator.configure_load(float("inf"))
        lift_level_limits(generator, settings.levels)
        self._load(self.probe().shape)  # first: limits must hold what is set
        generator.configure_level_limits(min(settings.levels), max(settings.levels))
        yield from self._find_ranges()
        for stimulus in self.stimuli():
            self._aim(stimulus)
            yield from self._record(stimulus)
        generator.set_output(False)
        if self._missed:
            self._say("warning", f"the scope missed {self._missed} of {self._done} stimuli. They are flagged and left "
                                 f"out. {self._shooter.trigger.advice}")
        yield self._step("output off", idle=True)

    def _aim(self, stimulus: SentStimulus) -> None:
        """Set the stimulus and the trigger that it needs; the generator idles at base, ready."""
        self._load(stimulus.shape)
        self._shooter.set_burst(stimulus.burst)
        self._generator.set_output(True)
        trigger, settings = self._shooter.trigger, self._settings
        windows = self._windows_for(stimulus)
        self._view.configure(windows)
        if settings.trigger == "external":
            trigger.aim(EdgeTrigger("external", settings.external_level), settings.base, windows)
            return
        reached = min(abs(stimulus.height), self._highest)   # a device that fires limits its own voltage
        level = settings.base + TRIGGER_SHARE * math.copysign(reached, stimulus.height)
        slope: Literal["positive", "negative"] = "positive" if stimulus.height > 0 else "negative"
        trigger.aim(EdgeTrigger(self._view.trigger_channel, level, slope), settings.base, windows)

    def _load(self, shape: Pulse | ArbitraryWaveform) -> None:
        """Bring a shape to the generator, unless it is there already."""
        same = shape == self._loaded if isinstance(shape, Pulse) else shape is self._loaded
        if not same:
            self._shooter.load(shape)
        self._loaded = shape

    def _windows_for(self, stimulus: SentStimulus) -> dict[str, Window]:
        """Return the windows of the probes, that of the driven side no wider than a stimulus needs.

        The hysteresis of a trigger is a share of the range: in a wide one, the scope does not see a weak stimulus.
        """
        base, found = self._settings.base, dict(self._windows)
        if VOLTAGE_HIGH in found:
            ends, margin = (base, base + stimulus.height, base + stimulus.other_side), 0.15 * abs(stimulus.height)
            low = max(found[VOLTAGE_HIGH][0], min(ends) - margin)
            high = min(found[VOLTAGE_HIGH][1], max(ends) + margin)
            if high > low:
                found[VOLTAGE_HIGH] = (low, high)
        return found

    def _find_ranges(self) -> Iterator[Step]:
        """Look at the strongest stimulus in ranges that hold all of it, then in tighter and tighter ones."""
        settings, probe = self._settings, self.probe()
        levels = (0.0, *(1.1 * level for level in settings.levels))
        self._windows = self._view.largest_windows((min(levels), max(levels)))
        self._aim(probe)
        for _ in range(PROBES):
            shot = Shot()
            after = self._set_time(probe.length)
            yield from self._rest()
            yield from self._shooter.fire([0.0], after, {}, shot, self._step)
            self._last_end = shot.time + probe.length
            if not shot.taken:
                self._say("warning", "the scope did not see the first stimulus, so its ranges were not adapted to the "
                                     f"signal. {self._shooter.trigger.advice}")
                return
            seen = next(iter(shot.waveforms.values())).values() - settings.base
            self._highest = float(np.quantile(np.abs(seen), 0.999))
            self._windows = {
                name: narrowed(shot.waveforms[name], window) for name, window in self._windows.items()}
            self._view.configure(self._windows)

    def _set_time(self, length: float) -> float:
        """Set a record around a stimulus of some ``length`` [s]; return what follows the trigger [s]."""
        span = span_of_record(length)
        self._view.scope.configure_timebase(Timebase(span, (0.5 - LEAD) * span, 1, self._samples))
        return (1.0 - LEAD) * span

    def _record(self, stimulus: SentStimulus) -> Iterator[Step]:
        """Send one stimulus, and record it."""
        after = self._set_time(stimulus.length)
        yield from self._rest()
        shot = Shot()
        yield from self._shooter.fire([0.0], after, stimulus.conditions, shot, self._step)
        rested = 0.0 if self._last_end is None else max(shot.time - self._last_end, 0.0)
        self._last_end = shot.time + stimulus.length
        flags = Flag.NONE if shot.taken else Flag.TRIGGER_MISSED
        for waveform in shot.waveforms.values():
            self._recorder.waveform(replace(marked(waveform, flags), conditions=stimulus.conditions))
        self._recorder.point(Point((float(self._done), shot.time, *stimulus.row, rested), flags))
        self._done += 1
        self._missed += not shot.taken
        yield self._step(stimulus.message)

    def _rest(self) -> Iterator[Step]:
        clock = self._station.clock
        ended = clock.now() if self._last_end is None else self._last_end
        yield from steps_for(clock, ended + self._settings.rest, lambda: self._step(_RESTING))

    def _step(self, message: str, idle: bool | None = None) -> Step:
        resting = message == _RESTING and self._settings.base == 0.0
        return Step(self._done, self._settings.total, message, idle=resting if idle is None else idle)

    def _say(self, kind: str, message: str) -> None:
        self._recorder.event(RunEvent(kind, message, self._station.clock.now()))
