"""Taking the records of a neuron: steps of all amplitudes in random order, then pairs with all gaps."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tsbench.instruments import EdgeTrigger, Pulse, Station, Timebase
from tsbench.protocols.acquiring.device_view import VOLTAGE_HIGH, Window, marked, narrowed, required_view
from tsbench.protocols.acquiring.waiting import steps_for
from tsbench.protocols.neuron.parameters import NeuronParameters
from tsbench.protocols.neuron.plan import PROBES
from tsbench.protocols.pulses.shot import Shooter, Shot
from tsbench.quantities import format_quantity
from tsbench.records import Flag, Point, Recorder, RunEvent, Step

#: share of what the device can show of a stimulus, at which the scope triggers: behind a load, it is a part of it
TRIGGER_SHARE = 0.35
#: share of a record before the stimulus and after it
_LEAD, _TAIL = 0.1, 0.15


class NeuronAcquisition:
    """One characterisation in progress."""

    def __init__(self, settings: NeuronParameters, station: Station, recorder: Recorder) -> None:
        self._settings, self._station, self._recorder = settings, station, recorder
        self._view = required_view(station)
        self._generator = station.pulse_generator("bias")
        self._shooter = Shooter(station, self._generator, self._view, self._say)
        self._done, self._missed = 0, 0
        self._windows: dict[str, Window] = {}  #: [V] of the channels, as the probes showed them
        self._highest = math.inf  #: [V] device voltage that the probes showed, away from the base
        self._last_end: float | None = None  #: [s] on the bench's clock: when the stimulus before was over

    def run(self) -> Iterator[Step]:
        """Record all steps, then all pairs; the generator ends off."""
        settings, generator = self._settings, self._generator
        highest = max(settings.amplitude, key=abs)
        generator.set_output(False)
        generator.configure_load(float("inf"))
        generator.configure_pulse(settings.step(highest))  # first: limits must hold what is set
        generator.configure_level_limits(min(settings.levels), max(settings.levels))
        yield from self._find_ranges()
        for number, amplitude in enumerate(settings.step_order()):
            conditions = {"amplitude": float(amplitude), "pulse_width": settings.width, "shot": float(number)}
            self._aim(settings.step(float(amplitude)), 1)
            yield from self._record(settings.width, 0.0, conditions)
        for number, gap in enumerate(settings.gap_order()):
            conditions = {"amplitude": settings.pair_height, "pulse_width": settings.pair_width, "gap": float(gap),
                          "pair": float(number)}
            self._aim(settings.pair(float(gap)), 2)
            yield from self._record(2 * settings.pair_width + float(gap), float(gap), conditions)
        generator.set_output(False)
        if self._missed:
            self._say("warning", f"the scope missed {self._missed} of {self._done} stimuli. They are flagged and left "
                                 "out. Check trigger level, cable and contact")
        yield self._step("output off", idle=True)

    def _aim(self, pulse: Pulse, burst: int) -> None:
        """Set the stimulus and the trigger that it needs; the generator idles at base, ready."""
        self._generator.configure_pulse(pulse)
        self._generator.configure_burst(burst)
        self._generator.set_output(True)
        scope, settings = self._view.scope, self._settings
        self._view.configure(self._windows_for(pulse))
        if settings.trigger == "external":
            scope.configure_trigger(EdgeTrigger("external", settings.external_level))
            return
        reached = min(abs(pulse.amplitude), self._highest)   # a device that fires limits its own voltage
        level = settings.base + TRIGGER_SHARE * math.copysign(reached, pulse.amplitude)
        scope.configure_trigger(
            EdgeTrigger(self._view.trigger_channel, level, "positive" if pulse.amplitude > 0 else "negative"))

    def _windows_for(self, pulse: Pulse) -> dict[str, Window]:
        """Return the windows of the probes, that of the driven side no wider than a weak stimulus needs.

        The hysteresis of a trigger is a share of the range: in a wide one, the scope does not see a weak stimulus.
        """
        ends, margin = sorted((pulse.base, pulse.base + pulse.amplitude)), 0.15 * abs(pulse.amplitude)
        found = dict(self._windows)
        if VOLTAGE_HIGH in found:
            low, high = max(found[VOLTAGE_HIGH][0], ends[0] - margin), min(found[VOLTAGE_HIGH][1], ends[1] + margin)
            if high > low:
                found[VOLTAGE_HIGH] = (low, high)
        return found

    def _find_ranges(self) -> Iterator[Step]:
        """Look at steps of the highest amplitude in ranges that hold all of it, then in tighter and tighter ones."""
        settings, highest = self._settings, max(self._settings.levels, key=abs)
        low, high = min(0.0, 1.1 * highest), max(0.0, 1.1 * highest)
        self._windows = self._view.largest_windows((low, high))
        self._aim(settings.step(max(settings.amplitude, key=abs)), 1)
        for _ in range(PROBES):
            shot = Shot()
            self._set_time(settings.width)
            yield from self._rest()
            yield from self._shooter.fire([0.0], settings.width, {}, shot, self._step)
            self._last_end = shot.time + settings.width
            if not shot.taken:
                self._say("warning", "the scope did not see the first step, so its ranges were not adapted to the "
                                     "signal. Check trigger, cable and contact")
                return
            seen = next(iter(shot.waveforms.values())).values() - settings.base
            self._highest = float(np.quantile(np.abs(seen), 0.999))
            self._windows = {
                name: narrowed(shot.waveforms[name], window) for name, window in self._windows.items()}
            self._view.configure(self._windows)

    def _set_time(self, length: float) -> float:
        """Set a record around a stimulus of some ``length`` [s]; return what follows the trigger [s]."""
        span = length / (1.0 - _LEAD - _TAIL)
        self._view.scope.configure_timebase(
            Timebase(span, (0.5 - _LEAD) * span, 1, self._settings.samples))
        return (1.0 - _LEAD) * span

    def _record(self, length: float, gap: float, conditions: dict[str, float]) -> Iterator[Step]:
        """Send one stimulus, ``length`` [s] from its first edge to its last, and record it."""
        after = self._set_time(length)
        yield from self._rest()
        shot = Shot()
        yield from self._shooter.fire([0.0], after, conditions, shot, self._step)
        rested = 0.0 if self._last_end is None else max(shot.time - self._last_end, 0.0)
        self._last_end = shot.time + length
        flags = Flag.NONE if shot.taken else Flag.TRIGGER_MISSED
        for waveform in shot.waveforms.values():
            self._recorder.waveform(replace(marked(waveform, flags), conditions=conditions))
        row = (float(self._done), shot.time, conditions["amplitude"], conditions["pulse_width"], gap, rested)
        self._recorder.point(Point(row, flags))
        self._done += 1
        self._missed += not shot.taken
        what = f"pair with a gap of {format_quantity(gap, 's')}" if gap else "step"
        yield self._step(f"{what} of {format_quantity(conditions['amplitude'], 'V')}")

    def _rest(self) -> Iterator[Step]:
        clock = self._station.clock
        ended = clock.now() if self._last_end is None else self._last_end
        yield from steps_for(clock, ended + self._settings.rest, lambda: self._step("the circuit rests"))

    def _step(self, message: str, idle: bool | None = None) -> Step:
        resting = message == "the circuit rests" and self._settings.base == 0.0
        return Step(self._done, self._settings.total, message, idle=resting if idle is None else idle)

    def _say(self, kind: str, message: str) -> None:
        self._recorder.event(RunEvent(kind, message, self._station.clock.now()))
