"""Arbitrary waveforms that wait for triggers: sequences of waveforms, and waveforms that go on point by point."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.services.clock import BenchClock, ScheduledEvent
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import SequencePart, Shape, arbitrary_levels

_State = Literal["plays", "waits", "loops"]


@dataclass
class _Running:
    shape: Shape
    number: int = -1  #: of the part, or of the point
    state: _State = "plays"
    since: float = 0.0  #: [s] start of the part
    event: ScheduledEvent | None = None


class SequencePlayer:
    """Plays the sequences of all channels.

    Parameters
    ----------
    clock : BenchClock
    channels : GeneratorChannels
    latency : [s] from a trigger to what it begins
    waiting_changed : is called when :meth:`waits` may have changed
    """

    def __init__(
        self, clock: BenchClock, channels: GeneratorChannels, latency: float, waiting_changed: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._channels = channels
        self._latency = latency
        self._waiting_changed = waiting_changed
        self._running: dict[int, _Running] = {}

    def start(self, channel: int, shape: Shape) -> None:
        """Begin with the first part."""
        self._running[channel] = _Running(shape)
        self._next(channel, self._clock.now)

    def stop(self, channel: int) -> None:
        """Play no further part."""
        running = self._running.pop(channel, None)
        if running is not None and running.event is not None:
            running.event.cancel()

    def runs(self, channel: int) -> bool:
        """Return whether a waveform was started and not stopped."""
        return channel in self._running

    def waits(self, channel: int) -> bool:
        """Return whether a trigger would do something."""
        return channel in self._running and self._running[channel].state != "plays"

    def trigger(self, channel: int, time: float) -> bool:
        """Act on a trigger at ``time`` [s]; False: nothing waits for it."""
        running = self._running.get(channel)
        if running is None or running.state == "plays":
            return False
        begin = time + self._latency
        if running.state == "loops":
            begin = self._channels.end_codes(channel, self._codes(running), running.since, begin)
        running.state = "plays"
        running.event = self._clock.schedule(begin, lambda: self._next(channel, begin))
        self._waiting_changed()
        return True

    @staticmethod
    def _codes(running: _Running) -> Shape:
        parts = running.shape.parts
        assert parts is not None
        return replace(running.shape, codes=parts[running.number].codes, parts=None)

    def _next(self, channel: int, time: float) -> None:
        running = self._running.get(channel)
        if running is None:
            return
        shape = running.shape
        if shape.parts is None:   # point by point
            levels = arbitrary_levels(shape, self._channels.errors[channel])
            running.number = (running.number + 1) % len(levels)
            self._channels.hold_level(channel, float(levels[running.number]))
            running.state = "waits"
            self._waiting_changed()
            return
        running.number = (running.number + 1) % len(shape.parts)
        part, running.since, running.event = shape.parts[running.number], time, None
        cycles = {"once": 1, "onceWaitTrig": 1, "repeat": part.repeats}.get(part.control, 0)
        end = self._channels.play_codes(channel, self._codes(running), time, cycles, part)
        running.state = "loops" if part.control == "repeatTilTrig" else "plays"
        if cycles:
            then = self._wait if part.control == "onceWaitTrig" else self._next
            running.event = self._clock.schedule(end, lambda: then(channel, end))
        self._waiting_changed()

    def _wait(self, channel: int, time: float) -> None:
        running = self._running[channel]
        running.state, running.event = "waits", None
        self._waiting_changed()


def joined(parts: tuple[SequencePart, ...]) -> tuple[npt.NDArray[np.int16], tuple[tuple[int, int], ...]]:
    """Return the codes of a sequence without waits, and where its sync signal is high: (first point, points)."""
    codes = np.concatenate([np.tile(part.codes, part.repeats) for part in parts])
    pulses: list[tuple[int, int]] = []
    position, begun = 0, -1
    for part in parts:
        length = len(part.codes) * part.repeats
        if part.marker != "maintain" and begun >= 0:
            pulses.append((begun, position - begun))
            begun = -1
        if part.marker == "highAtStart":
            begun = position
        elif part.marker == "highAtStartGoLow":
            pulses.append((position, part.marker_point))
        position += length
    if begun >= 0:
        pulses.append((begun, position - begun))
    return codes, tuple(pulses)
