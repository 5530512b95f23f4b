"""Bursts and triggers of the 33500B/33600A, on the bench's time line."""

import functools
import math
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.services.clock import ScheduledEvent
from tsbench.simulated_backends.services.trigger_lines import DigitalLine
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keysight_33600.data_sheet import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.keysight_33600.parameters import Clipped

if TYPE_CHECKING:
    from tsbench.simulated_backends.virtual_instruments.keysight_33600.data_sheet import GeneratorDataSheet
    from tsbench.simulated_backends.virtual_instruments.keysight_33600.synthesis import Shape

WAITING_FOR_TRIGGER = 0x20  #: bit 5 of the operation status register
_CHANNELS = (1, 2)


class Triggering(VirtualInstrument):
    """What ``BURSt``, ``TRIGger``, ``OUTPut:SYNC`` and ``OUTPut:TRIGger`` do; mixed into the generator."""

    limits: ClassVar["GeneratorDataSheet"]
    has_trigger = True

    burst_on = Setting("[:SOURce<1-2>]:BURSt:STATe", Boolean(), default=False, change="_burst_changed")
    burst_mode = Setting("[:SOURce<1-2>]:BURSt:MODE", Choice("TRIGgered", "GATed"), default="TRIG",
                         change="_burst_changed")
    burst_count = Setting(
        "[:SOURce<1-2>]:BURSt:NCYCles",
        Clipped("", 1.0, lambda i, *_: float(i.limits.max_burst_count), 1.0, infinite=True), default=1.0,
        coerce="_count_chosen", change="_burst_changed",
    )
    burst_period = Setting(
        "[:SOURce<1-2>]:BURSt:INTernal:PERiod",
        Clipped("S", lambda i, *_: i.limits.min_burst_period, lambda i, *_: i.limits.max_burst_period, 10e-3),
        default=10e-3, change="_burst_changed",
    )
    burst_phase = Setting("[:SOURce<1-2>]:BURSt:PHASe", Clipped("DEG", -360.0, 360.0, 0.0), default=0.0,
                          change="_burst_changed")
    gate_polarity = Setting("[:SOURce<1-2>]:BURSt:GATE:POLarity", Choice("NORMal", "INVerted"),
                            default="NORM")
    trigger_source = Setting("TRIGger<1-2>:SOURce", Choice("IMMediate", "EXTernal", "BUS", "TIMer"),
                             default="IMM", coerce="_source_chosen", change="_burst_changed")
    trigger_slope = Setting("TRIGger<1-2>:SLOPe", Choice("POSitive", "NEGative"), default="POS",
                            change="_burst_changed")
    trigger_delay = Setting("TRIGger<1-2>:DELay",
                            Clipped("S", 0.0, lambda i, *_: i.limits.max_trigger_delay, 0.0), default=0.0)
    trigger_count = Setting("TRIGger<1-2>:COUNt", Integer("", 1, 1_000_000, 1), default=1)
    trigger_timer = Setting("TRIGger<1-2>:TIMer", Clipped("S", 1e-6, 8000.0, 1.0), default=1.0,
                            change="_burst_changed")
    trigger_output = Setting("OUTPut:TRIGger[:STATe]", Boolean(), default=False)
    trigger_output_slope = Setting("OUTPut:TRIGger:SLOPe", Choice("POSitive", "NEGative"), default="POS")
    trigger_output_source = Setting("OUTPut:TRIGger:SOURce", Choice("CH1", "CH2"), default="CH1")
    sync_on = Setting("OUTPut<1-2>:SYNC[:STATe]", Boolean(), default=True, change="_sync_switched")
    sync_source = Setting("OUTPut<1-2>:SYNC:SOURce", Choice("CH1", "CH2"), default="CH1",
                          change="_sync_source_changed")
    sync_mode = Setting("OUTPut<1-2>:SYNC:MODE", Choice("NORMal", "CARRier", "MARKer"), default="NORM")
    sync_polarity = Setting("OUTPut<1-2>:SYNC:POLarity", Choice("NORMal", "INVerted"), default="NORM")

    # what the generator gives to its triggers

    def shape(self, channel: int) -> "Shape":
        """Return what a channel would play."""
        raise NotImplementedError

    def reshape(self, channel: int) -> None:
        """Play what the settings now say."""
        raise NotImplementedError

    def play_burst(self, channel: int, start: float, cycles: int) -> float:
        """Play cycles from ``start`` [s]; return their end [s]."""
        raise NotImplementedError

    def stop_playing(self, channel: int) -> None:
        """Forget what was laid out for later."""
        raise NotImplementedError

    # ----------------------------------------------------------------------------------------- set-up

    def _set_up_triggers(self) -> None:
        self.sync_line: DigitalLine = self.bench.line(f"{self.name}.sync")
        self.trigger_line: DigitalLine = self.bench.line(f"{self.name}.trigger")
        self._chance: np.random.Generator = self.bench.rng(self.name, "trigger")
        self._bursts: dict[int, ScheduledEvent | None] = dict.fromkeys(_CHANNELS)
        self._endless: dict[int, bool] = dict.fromkeys(_CHANNELS, False)
        self._timers: dict[int, ScheduledEvent | None] = dict.fromkeys(_CHANNELS)
        self._next_external: dict[int, ScheduledEvent | None] = dict.fromkeys(_CHANNELS)

    @property
    def sync_channel(self) -> int:
        """Return the channel whose cycles the sync output shows."""
        return 2 if self.sync_source[1] == "CH2" else 1

    def _sync_switched(self, channel: int) -> None:
        self.sync_line.enabled = self.sync_on[1] and self.sync_on[2]

    def _sync_source_changed(self, channel: int) -> None:
        self.sync_source[1] = self.sync_source[2] = self.sync_source[channel]
        self.sync_line.cut(self.clock.now)
        if not self.burst_on[self.sync_channel]:
            self.reshape(self.sync_channel)

    def _count_chosen(self, channel: int, count: float) -> float:
        if math.isinf(count) or count >= INFINITE_LOAD / 10:
            if self.trigger_source[channel] in ("IMM", "TIM"):
                self.trigger_source[channel] = "BUS"
                self.post_error(-221, text="Settings conflict; infinite burst changed trigger source to BUS")
            return INFINITE_LOAD
        return float(round(count))

    def _source_chosen(self, channel: int, source: str) -> str:
        if source in ("IMM", "TIM") and self.burst_count[channel] >= INFINITE_LOAD / 10:
            self.burst_count[channel] = 1.0
            self.post_error(-221, text="Settings conflict; infinite burst turned off for this trigger source")
        return source

    def _burst_changed(self, channel: int) -> None:
        if self.burst_on[channel] and self.trigger_source[channel] == "IMM":
            needed = self._cycles(channel) * self.shape(channel).period
            if self.burst_period[channel] < needed:
                self.burst_period[channel] = min(needed + 1e-6, self.limits.max_burst_period)
                self.post_error(-221, text="Settings conflict; burst period increased to fit entire burst")
        self.reshape(channel)
        self.external_edges_changed()
        self.update_waiting()

    # ---------------------------------------------------------------------------------------- triggers

    def trigger(self) -> None:
        """``*TRG`` and GET: all channels that wait for the bus."""
        waiting = [c for c in _CHANNELS if self.burst_on[c] and self.trigger_source[c] == "BUS"]
        if not waiting:
            raise ScpiError(-211)
        accepted = [self.start_burst(channel, self.clock.now) for channel in waiting]
        if not any(accepted):
            raise ScpiError(-211)

    @command("TRIGger<1-2>[:IMMediate]")
    def trigger_channel(self, channel: int) -> None:
        """``TRIG1``: this channel, whatever its source."""
        if not self.burst_on[channel] or not self.start_burst(channel, self.clock.now):
            raise ScpiError(-211)

    @command("ABORt")
    def abort(self) -> None:
        """``ABORt``: end bursts, wait for the next trigger."""
        for channel in _CHANNELS:
            if self.burst_on[channel]:
                self.reshape(channel)

    def start_burst(self, channel: int, time: float) -> bool:
        """Accept a trigger that came at ``time`` [s]; False while a burst is running or gated."""
        if self._bursts[channel] is not None or self._endless[channel] or self.burst_mode[channel] == "GAT":
            return False
        if self.misses_trigger():
            return True
        start = time + self.trigger_delay[channel] + self.limits.trigger_latency
        if self.bench.imperfections:
            start += abs(float(self._chance.normal(0.0, self.limits.trigger_jitter)))
        self._play(channel, start)
        return True

    def _play(self, channel: int, start: float) -> None:
        cycles = self._cycles(channel)
        end = self.play_burst(channel, start, cycles)
        if math.isfinite(end):
            self.begin_operation(f"burst {channel}")
            self._bursts[channel] = self.clock.schedule(end, lambda: self._burst_over(channel))
        else:
            self._endless[channel] = True
        self.update_waiting()

    def _cycles(self, channel: int) -> int:
        count = self.burst_count[channel]
        return 0 if count >= INFINITE_LOAD / 10 else int(count)

    def _burst_over(self, channel: int) -> None:
        self._bursts[channel] = None
        self.end_operation(f"burst {channel}")
        self.update_waiting()
        self.external_edges_changed()

    def stop_burst(self, channel: int) -> None:
        """End what is running on a channel, now."""
        running, self._bursts[channel] = self._bursts[channel], None
        self._endless[channel] = False
        for events in (self._timers, self._next_external):
            event, events[channel] = events[channel], None
            if event is not None:
                event.cancel()
        self.stop_playing(channel)
        if running is not None:
            running.cancel()
            self.end_operation(f"burst {channel}")
        self.update_waiting()

    @property
    def waiting_for_trigger(self) -> bool:
        """Whether a channel in burst mode is idle and would act on a trigger."""
        return any(
            self.burst_on[channel] and self._bursts[channel] is None and not self._endless[channel]
            and self.trigger_source[channel] in ("BUS", "EXT") for channel in _CHANNELS
        )

    def update_waiting(self) -> None:
        """Keep the operation status register up to date."""
        self.status.operation.set_bit(WAITING_FOR_TRIGGER, self.waiting_for_trigger)
        self.status.update()

    # -------------------------------------------------------------------- triggers that come by themselves

    def restart_timer(self, channel: int) -> None:
        """Begin the internal trigger's rhythm anew, if a burst is played by it."""
        if self.burst_on[channel] and self.trigger_source[channel] in ("IMM", "TIM"):
            self._timers[channel] = self.clock.schedule_in(0.0, lambda: self._tick(channel, self.clock.now))

    def _tick(self, channel: int, time: float) -> None:
        source = self.trigger_source[channel]
        interval = self.burst_period[channel] if source == "IMM" else self.trigger_timer[channel]
        if self._bursts[channel] is None:
            self._play(channel, max(time, self.clock.now))
        following = time + interval
        self._timers[channel] = self.clock.schedule(following, lambda: self._tick(channel, following))

    def external_edges_changed(self) -> None:
        """Look for the next edge at the external trigger input, for each channel that waits for it."""
        line = self.bench.wired_to(f"{self.name}.external")
        for channel in _CHANNELS:
            event, self._next_external[channel] = self._next_external[channel], None
            if event is not None:
                event.cancel()
            waits = self.burst_on[channel] and self.trigger_source[channel] == "EXT"
            if line is None or not waits:
                continue
            falling = self.trigger_slope[channel] == "NEG"
            edge = line.next_edge(self.clock.now, "negative" if falling else "positive")
            if edge is not None:
                self._next_external[channel] = self.clock.schedule(
                    edge, functools.partial(self._external_edge, channel, edge))

    def _external_edge(self, channel: int, time: float) -> None:
        self._next_external[channel] = None
        self.start_burst(channel, time)
        self.external_edges_changed()
