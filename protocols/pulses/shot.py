"""One shot: arm the scope, find it armed, trigger the generator, wait, fetch, and tell which pulses were seen."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np

from tsbench.errors import CommunicationError, InstrumentError
from tsbench.instruments import ArbitraryWaveform, Pulse, PulseGenerator, Station
from tsbench.protocols.acquiring.device_view import ACQUISITION_MARGIN, DeviceView
from tsbench.protocols.acquiring.waiting import steps_for, steps_until
from tsbench.protocols.pulses.trigger import PulseTrigger
from tsbench.records import FloatArray, Step, Waveform


@runtime_checkable
class KnownLimits(Protocol):
    """A generator that says which level limits it has got."""

    @property
    def level_limits(self) -> tuple[float, float]:
        """Return the level limits [V into the load] that were set last."""


def lift_level_limits(generator: PulseGenerator, levels: Sequence[float]) -> None:
    """Lift the limits that a run before has left, if they refuse one of the levels [V] of this one; the output is off.

    The limits of this run are set later: they must hold what is set.
    """
    if isinstance(generator, KnownLimits):
        low, high = generator.level_limits
        if not low <= min(levels) <= max(levels) <= high:
            able = generator.capabilities.level_into_open
            generator.configure_level_limits(able.low, able.high)


@dataclass
class Shot:
    """What one attempt to fire and record gave."""

    waveforms: Mapping[str, Waveform] = field(default_factory=dict)
    time: float = 0.0  #: [s] bench's clock at the first trigger
    taken: dict[int, float] = field(default_factory=dict)  #: pulse -> [s] after the first trigger


@dataclass
class Shooter:
    """Generator and scope that work together; ``say`` gets (kind, message) of what is to be known."""

    station: Station
    generator: PulseGenerator
    view: DeviceView
    say: Callable[[str, str], None]
    trigger: PulseTrigger
    period: float = 0.0  #: [s] of the shape that the generator has
    burst: int = 1  #: periods after one trigger
    free: float = -math.inf  #: [s] on the bench's clock: when the generator takes the next trigger

    def fire(
        self, starts: Sequence[float] | FloatArray, span: float, conditions: Mapping[str, float], shot: Shot,
        step: Callable[[str], Step], *, clocked: bool = False, busy: float = math.inf,
    ) -> Iterator[Step]:
        """Fire and fetch into ``shot``; a missed trigger leaves ``shot.taken`` short and lowers its level.

        Parameters
        ----------
        starts : when each pulse that is recorded in a segment of its own begins [s] after the first
        span : [s] from the last of them to the end of its record
        conditions : of the waveforms
        step : makes a step of a message
        clocked : whether each pulse takes a trigger of its own, by the bench's clock
        busy : [s] from the trigger of a pulse that goes alone until generator and scope can take the next one;
            infinite: these pulses never go one by one

        Raises
        ------
        InstrumentError
            Several shots before this one recorded nothing; this one is not sent.
        """
        scope, clock = self.view.scope, self.station.clock
        self.trigger.require_sight()
        if clock.now() < self.free:
            yield from steps_for(clock, self.free, lambda: step("waiting for the generator"))
        scope.arm()
        if scope.triggered():  # something else crossed the level: not our pulse
            scope.abort()
            self.say("warning", "the scope triggered before the pulse was sent. It is armed again")
            scope.arm()
        shot.time = clock.now()
        if clocked and len(starts) > 1:
            ready = shot.time
            for start in starts:   # a trigger that came late shifts the next one: an early one would be lost
                until = max(shot.time + float(start), ready)
                yield from steps_for(clock, until, lambda: step("waiting for the gap"))
                self.generator.trigger()
                ready = clock.now() + busy
        else:
            self.generator.trigger()
        self.free = clock.now() + self.burst * self.period   # a trigger before that is ignored
        rest = max(shot.time + float(starts[-1]) + span - clock.now(), 0.0)
        yield from steps_until(
            clock, scope.complete, rest, rest + ACQUISITION_MARGIN, lambda: step("waiting for the scope"))
        if scope.complete():
            shot.waveforms = self.view.fetch(conditions, shot.time)
        else:
            began = scope.triggered()
            self.generator.abort()
            self.free = -math.inf
            scope.abort()
            if began:  # else the memory may hold the acquisition before
                shot.waveforms = self._rescued(conditions, shot.time)
        shot.taken = _match(shot.waveforms, starts)
        self.trigger.learn(shot.waveforms)
        if len(shot.taken) < len(starts):
            self.trigger.missed(shot.waveforms, float(min(np.diff(starts), default=np.inf)), busy)

    def load(self, shape: Pulse | ArbitraryWaveform) -> None:
        """Bring a shape to the generator."""
        if isinstance(shape, Pulse):
            self.generator.configure_pulse(shape)
            self.period = shape.period
        else:
            self.generator.load_waveform(shape)
            self.period = len(shape.levels) / shape.sample_rate

    def set_burst(self, count: int) -> None:
        """Set how many periods follow one trigger."""
        self.generator.configure_burst(count)
        self.burst = count

    def _rescued(self, conditions: Mapping[str, float], time: float) -> Mapping[str, Waveform]:
        """Return the segments of an incomplete acquisition, if the scope gives any."""
        try:
            return self.view.fetch(conditions, time)
        except CommunicationError:
            raise
        except InstrumentError:
            return {}


def _match(waveforms: Mapping[str, Waveform], starts: Sequence[float] | FloatArray) -> dict[int, float]:
    """Return which pulses the segments belong to, by their times after the first."""
    if not waveforms:
        return {}
    times = next(iter(waveforms.values())).segment_times
    if len(times) == len(starts):
        return {number: float(time) for number, time in enumerate(times)}
    nearest = np.abs(np.subtract.outer(times, np.asarray(starts))).argmin(axis=1)
    return {int(number): float(time) for number, time in zip(nearest, times, strict=True)}
