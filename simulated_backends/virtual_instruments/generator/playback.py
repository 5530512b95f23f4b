"""What a function generator plays and when: continuously, or bursts and sweeps by its triggers."""

import functools
import math
from collections.abc import Callable

from tsbench.simulated_backends.services.clock import ScheduledEvent
from tsbench.simulated_backends.services.trigger_lines import DigitalLine
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD, GeneratorDataSheet
from tsbench.simulated_backends.virtual_instruments.generator.sequence_player import SequencePlayer
from tsbench.simulated_backends.virtual_instruments.generator.settings import GeneratorSettings
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument


class Playback:
    """Bursts, sweeps and triggers of one generator.

    Parameters
    ----------
    instrument : VirtualInstrument
    sheet : GeneratorDataSheet
    settings : what the user has set, read at each call
    channels : GeneratorChannels
    waiting_changed : is called when ``waiting_for_trigger`` may have changed
    """

    def __init__(
        self, instrument: VirtualInstrument, sheet: GeneratorDataSheet, settings: GeneratorSettings,
        channels: GeneratorChannels, waiting_changed: Callable[[], None],
    ) -> None:
        self._instrument = instrument
        self._clock = instrument.clock
        self._sheet = sheet
        self._settings = settings
        self._channels = channels
        self._waiting_changed = waiting_changed
        self._sequences = SequencePlayer(instrument.clock, channels, sheet.trigger_latency, self._sequence_waits)
        self._chance = instrument.bench.rng(instrument.name, "trigger")
        self._bursts: dict[int, ScheduledEvent | None] = dict.fromkeys(channels.numbers)
        self._endless = dict.fromkeys(channels.numbers, False)
        self._gates: dict[int, float | None] = dict.fromkeys(channels.numbers)   #: [s] start of a gated burst
        #: triggers that a channel still accepts; None: each (INITiate:CONTinuous)
        self.triggers_left: dict[int, int | None] = dict.fromkeys(channels.numbers)
        self.list_position = dict.fromkeys(channels.numbers, 0)   #: in the list of frequencies, by triggers
        self._timers: dict[int, ScheduledEvent | None] = dict.fromkeys(channels.numbers)
        self._next_external: dict[int, ScheduledEvent | None] = dict.fromkeys(channels.numbers)

    # ----------------------------------------------------------------------------------- continuous or burst

    def reshape(self, channel: int) -> None:
        """Play what the settings now say: continuously, or the idle level of a burst."""
        self.stop_burst(channel)
        if not self._channels.on[channel]:
            self._restart_timer(channel)
        elif self._settings.burst_on[channel]:
            self._channels.hold_idle_level(channel)
            self._restart_timer(channel)
        else:
            shape = self._settings.shape(channel)
            if shape.parts is not None or shape.point_by_point:
                self._sequences.start(channel, shape)
            else:
                self._channels.play_without_end(channel, self.sweeps_by_trigger(channel))
            self._restart_timer(channel)
        for other in self._channels.numbers:
            if other != channel and self._channels.on[other] and self._settings.shape(other).added is not None:
                self._channels.play_without_end(other)

    def follow(self, channel: int) -> None:
        """Play with the new level or period. Where all outputs are off and nothing runs, there is nothing to do."""
        if True in self._channels.on.values() or self._runs(channel):
            self.reshape(channel)

    def _runs(self, channel: int) -> bool:
        """Return whether :meth:`stop_burst` would end something."""
        return (
            self._bursts[channel] is not None or self._endless[channel] or self._gates[channel] is not None
            or self._timers[channel] is not None or self._next_external[channel] is not None
            or self.list_position[channel] != 0 or self._sequences.runs(channel)
            or not self._channels.is_still(channel))

    def _sequence_waits(self) -> None:
        self._waiting_changed()
        self.external_edges_changed()

    def sweeps_by_trigger(self, channel: int) -> bool:
        """Return whether each trigger begins a sweep, or goes on to the next frequency of a list."""
        settings = self._settings
        return (settings.trigger_source[channel] != "IMM" and not settings.burst_on[channel]
                and settings.shape(channel).sweep is not None)

    def follows_triggers(self, channel: int) -> bool:
        """Return whether an arbitrary waveform or a sequence goes on with triggers."""
        return self._sequences.waits(channel)

    def _takes_triggers(self, channel: int) -> bool:
        """Return whether triggers of its source do something in the present mode."""
        if self._settings.burst_on[channel] or self._sequences.waits(channel):
            return True
        return self.sweeps_by_trigger(channel)

    def switch(self, channel: int, on: bool, complement: bool = False) -> None:
        """Open or close the relay of an output, or of its complement; what it plays begins when one closes."""
        channels = self._channels
        if on == channels.connectors.is_closed(channel, complement):
            return
        if not on:
            self._instrument.bench.hurry()
        plays = on or channels.connectors.is_closed(channel, not complement)
        begins, channels.on[channel] = plays and not channels.on[channel], plays
        if begins:
            self.reshape(channel)
        channels.set_relay(channel, on, complement)

    def cycles(self, channel: int) -> int:
        """Return the cycles of a burst; 0: without end."""
        count = self._settings.burst_count[channel]
        return 0 if count == INFINITE_LOAD else int(count)

    def start_burst(self, channel: int, time: float) -> bool:
        """Accept a trigger that came at ``time`` [s]; False while a burst or sweep is running, or gated."""
        settings = self._settings
        if not self._takes_triggers(channel) or self.triggers_left[channel] == 0:
            return False
        if self._bursts[channel] is not None or self._endless[channel]:
            return False
        if settings.burst_on[channel] and settings.burst_mode[channel] == "GAT":
            return False
        left = self.triggers_left[channel]
        self.triggers_left[channel] = None if left is None else left - 1
        if self._instrument.misses_trigger():
            return True
        start = time + settings.trigger_delay[channel] + self._sheet.trigger_latency
        if self._instrument.bench.imperfections:
            start += abs(float(self._chance.normal(0.0, self._sheet.trigger_jitter)))
        if not settings.burst_on[channel] and self._sequences.trigger(channel, start - self._sheet.trigger_latency):
            return True
        if not settings.burst_on[channel]:
            self._operation(channel, begins=True)
            self._bursts[channel] = self._clock.schedule(start, lambda: self._sweep(channel))
            self._waiting_changed()
        else:
            self._play(channel, start)
        return True

    def _operation(self, channel: int, begins: bool) -> None:
        """Note that a burst or a sweep begins or ends, where the model counts it as an operation."""
        if self._sheet.burst_is_operation:
            operations = self._instrument.operations
            (operations.begin if begins else operations.end)(f"burst {channel}")

    def _sweep(self, channel: int) -> None:
        if self._settings.shape(channel).sweep is None:
            self._burst_over(channel)
            return
        self.list_position[channel] += 1
        end = self._channels.play_sweep(channel)
        self._bursts[channel] = self._clock.schedule(end, lambda: self._burst_over(channel))

    def _play(self, channel: int, start: float) -> None:
        end = self._channels.play_burst(channel, start, self.cycles(channel))
        if math.isfinite(end):
            self._operation(channel, begins=True)
            self._bursts[channel] = self._clock.schedule(end, lambda: self._burst_over(channel))
        else:
            self._endless[channel] = True
        self._waiting_changed()

    def _burst_over(self, channel: int) -> None:
        self._bursts[channel] = None
        self._operation(channel, begins=False)
        self._waiting_changed()
        self.external_edges_changed()

    def stop_burst(self, channel: int) -> None:
        """End what is running on a channel, now."""
        running, self._bursts[channel] = self._bursts[channel], None
        self._endless[channel] = False
        self._gates[channel] = None
        self.list_position[channel] = 0
        self._sequences.stop(channel)
        for events in (self._timers, self._next_external):
            event, events[channel] = events[channel], None
            if event is not None:
                event.cancel()
        self._channels.stop_playing(channel)
        if running is not None:
            running.cancel()
            self._operation(channel, begins=False)
        self._waiting_changed()

    @property
    def waiting_for_trigger(self) -> bool:
        """Whether a channel in burst mode is idle and would act on a trigger."""
        settings = self._settings
        return any(
            settings.trigger_source[channel] in ("BUS", "EXT") and self._takes_triggers(channel)
            and self._bursts[channel] is None and not self._endless[channel] and self.triggers_left[channel] != 0
            for channel in self._channels.numbers
        )

    # -------------------------------------------------------------------- triggers that come by themselves

    def _restart_timer(self, channel: int) -> None:
        """Begin the internal trigger's rhythm anew, if a burst is played by it."""
        settings = self._settings
        burst_on, source = settings.burst_on[channel], settings.trigger_source[channel]
        if not (source == "TIM" or (burst_on and source == "IMM")):
            return
        gated = burst_on and settings.burst_mode[channel] == "GAT"
        shape = settings.shape(channel)
        if not gated and (burst_on or any((shape.sweep, shape.parts, shape.point_by_point))):
            self._timers[channel] = self._clock.schedule_in(0.0, lambda: self._tick(channel, self._clock.now))

    def _tick(self, channel: int, time: float) -> None:
        settings = self._settings
        internal = settings.trigger_source[channel] == "IMM"
        interval = settings.burst_period[channel] if internal else settings.trigger_timer[channel]
        if self._bursts[channel] is None and self.triggers_left[channel] != 0:
            left = self.triggers_left[channel]
            self.triggers_left[channel] = None if left is None else left - 1
            if settings.burst_on[channel]:
                self._play(channel, max(time, self._clock.now))
            elif not self._sequences.trigger(channel, time) and self.sweeps_by_trigger(channel):
                self._operation(channel, begins=True)
                self._sweep(channel)
        following = time + interval
        self._timers[channel] = self._clock.schedule(following, lambda: self._tick(channel, following))

    def listen(self) -> None:
        """Listen to the external trigger input."""
        line = self._instrument.bench.wired_to(f"{self._instrument.name}.external")
        if line is not None:
            line.listen(self.external_edges_changed)
        self._waiting_changed()

    def external_edges_changed(self) -> None:
        """Look for the next edge at the external trigger input, for each channel that waits for it."""
        line = self._instrument.bench.wired_to(f"{self._instrument.name}.external")
        settings = self._settings
        for channel in self._channels.numbers:
            event, self._next_external[channel] = self._next_external[channel], None
            if event is not None:
                event.cancel()
            if line is None:
                continue
            if settings.burst_on[channel] and settings.burst_mode[channel] == "GAT":
                self._next_gate_edge(channel, line)
            elif settings.trigger_source[channel] == "EXT" and self._takes_triggers(channel):
                falling = settings.trigger_slope[channel] == "NEG"
                edge = line.next_edge(self._clock.now, "negative" if falling else "positive")
                if edge is not None:
                    self._next_external[channel] = self._clock.schedule(
                        edge, functools.partial(self._external_edge, channel, edge))

    def _external_edge(self, channel: int, time: float) -> None:
        self._next_external[channel] = None
        self.start_burst(channel, time)
        self.external_edges_changed()

    # ---------------------------------------------------------------------------------------- gated bursts

    def _next_gate_edge(self, channel: int, line: DigitalLine) -> None:
        """Open or close the gate as the level at the trigger input says, and look for its next edge."""
        now = self._clock.now
        rise, fall = line.next_edge(now, "positive"), line.next_edge(now, "negative")
        high = fall is not None and (rise is None or fall < rise)
        opened = high == (self._settings.gate_polarity[channel] == "NORM")
        if opened and self._gates[channel] is None and self._bursts[channel] is None and self._channels.on[channel]:
            self._gates[channel] = start = now + self._sheet.trigger_latency
            self._channels.play_burst(channel, start, 0)
            self._endless[channel] = True
        elif not opened and (start_was := self._gates[channel]) is not None:
            self._gates[channel], self._endless[channel] = None, False
            self._operation(channel, begins=True)
            end = self._channels.end_burst(channel, start_was, now + self._sheet.trigger_latency)
            self._bursts[channel] = self._clock.schedule(max(end, now), lambda: self._burst_over(channel))
        following = fall if high else rise
        if following is not None:
            self._next_external[channel] = self._clock.schedule(following, self.external_edges_changed)
