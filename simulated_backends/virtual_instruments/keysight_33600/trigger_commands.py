"""Burst, trigger and sync commands of the 33500B/33600A."""

import math

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.keysight_33600.command_table import Base33600, Table33600
from tsbench.simulated_backends.virtual_instruments.keysight_33600.mode_commands import InMode
from tsbench.simulated_backends.virtual_instruments.keysight_33600.parameters import Clipped

WAITING_FOR_TRIGGER = 0x20  #: bit 5 of the operation status register


class BurstTriggerCommands(Table33600):
    """What ``BURSt``, ``TRIGger``, ``OUTPut:SYNC`` and ``OUTPut:TRIGger`` do.

    With the shape of each channel, these are the settings that the shared code reads: a
    :class:`~tsbench.simulated_backends.virtual_instruments.generator.settings.GeneratorSettings`.

    Parameters
    ----------
    generator : Base33600
    """

    def __init__(self, generator: Base33600) -> None:
        super().__init__(generator)
        self.shape = generator.shape
        self.burst_on = InMode(generator.shared, "BURS")

    burst_mode = Setting("[:SOURce<1-2>]:BURSt:MODE", Choice("TRIGgered", "GATed"), default="TRIG",
                         change="burst_changed")
    burst_count = Setting(
        "[:SOURce<1-2>]:BURSt:NCYCles",
        Clipped("", 1.0, lambda owner, *_: float(owner.data_sheet.max_burst_count), 1.0, infinite=True), default=1.0,
        coerce="_count_chosen", change="burst_changed",
    )
    burst_period = Setting(
        "[:SOURce<1-2>]:BURSt:INTernal:PERiod",
        Clipped("S", lambda owner, *_: owner.data_sheet.min_burst_period,
                lambda owner, *_: owner.data_sheet.max_burst_period, 10e-3),
        default=10e-3, change="burst_changed",
    )
    burst_phase = Setting("[:SOURce<1-2>]:BURSt:PHASe", Clipped("DEG", -360.0, 360.0, 0.0), default=0.0,
                          change="burst_changed")
    gate_polarity = Setting("[:SOURce<1-2>]:BURSt:GATE:POLarity", Choice("NORMal", "INVerted"),
                            default="NORM", change="burst_changed")
    trigger_source = Setting("TRIGger<1-2>:SOURce", Choice("IMMediate", "EXTernal", "BUS", "TIMer"),
                             default="IMM", coerce="_source_chosen", change="burst_changed")
    trigger_slope = Setting("TRIGger<1-2>:SLOPe", Choice("POSitive", "NEGative"), default="POS",
                            change="burst_changed")
    trigger_delay = Setting("TRIGger<1-2>:DELay",
                            Clipped("S", 0.0, lambda owner, *_: owner.data_sheet.max_trigger_delay, 0.0), default=0.0)
    trigger_count = Setting("TRIGger<1-2>:COUNt", Integer("", 1, 1_000_000, 1), default=1)
    trigger_timer = Setting("TRIGger<1-2>:TIMer", Clipped("S", 1e-6, 8000.0, 1.0), default=1.0,
                            change="burst_changed")
    trigger_output = Setting("OUTPut:TRIGger[:STATe]", Boolean(), default=False)
    trigger_output_slope = Setting("OUTPut:TRIGger:SLOPe", Choice("POSitive", "NEGative"), default="POS")
    trigger_output_source = Setting("OUTPut:TRIGger:SOURce", Choice("CH1", "CH2"), default="CH1")
    sync_on = Setting("OUTPut<1-2>:SYNC[:STATe]", Boolean(), default=True, change="_sync_switched")
    sync_source = Setting("OUTPut<1-2>:SYNC:SOURce", Choice("CH1", "CH2"), default="CH1",
                          change="_sync_source_changed")
    sync_mode = Setting("OUTPut<1-2>:SYNC:MODE", Choice("NORMal", "CARRier", "MARKer"), default="NORM",
                        change="_sync_shape_changed")
    sync_polarity = Setting("OUTPut<1-2>:SYNC:POLarity", Choice("NORMal", "INVerted"), default="NORM",
                            change="_sync_shape_changed")

    @property
    def sync_channel(self) -> int:
        """Return the channel whose cycles the sync output shows."""
        return 2 if self.sync_source[1] == "CH2" else 1

    def _sync_switched(self, channel: int) -> None:
        self.generator.channels.sync_line.enabled = self.sync_on[1] and self.sync_on[2]

    def _sync_shape_changed(self, channel: int) -> None:
        self.playback.reshape(self.sync_channel)

    def _sync_source_changed(self, channel: int) -> None:
        self.sync_source[1] = self.sync_source[2] = self.sync_source[channel]
        self.generator.channels.sync_line.cut(self.clock.now)
        if not self.burst_on[self.sync_channel]:
            self.playback.reshape(self.sync_channel)

    def _count_chosen(self, channel: int, count: float) -> float:
        if math.isinf(count):
            if self.trigger_source[channel] in ("IMM", "TIM"):
                self.trigger_source[channel] = "BUS"
                self.post_error(-221, text="Settings conflict; infinite burst changed trigger source to BUS")
            return INFINITE_LOAD
        return float(round(count))

    def _source_chosen(self, channel: int, source: str) -> str:
        if source in ("IMM", "TIM") and self.burst_count[channel] == INFINITE_LOAD:
            self.burst_count[channel] = 1.0
            self.post_error(-221, text="Settings conflict; infinite burst turned off for this trigger source")
        return source

    def follow_settings(self) -> None:
        """Act on a set-up that has been recalled."""
        self._sync_switched(1)
        self.update_waiting()

    def burst_changed(self, channel: int) -> None:
        """Play what the settings of bursts and triggers now say."""
        if self.burst_on[channel] and self.trigger_source[channel] == "IMM" and not self.generator.gated(channel):
            needed = self.playback.cycles(channel) * self.generator.channels.nominal_period(channel)
            if self.burst_period[channel] < needed:
                self.burst_period[channel] = min(needed + 1e-6, self.data_sheet.max_burst_period)
                self.post_error(-221, text="Settings conflict; burst period increased to fit entire burst")
        self.playback.reshape(channel)
        self.playback.external_edges_changed()
        self.update_waiting()

    def update_waiting(self) -> None:
        """Keep the operation status register up to date."""
        waiting, operation = self.playback.waiting_for_trigger, self.status.operation
        if waiting != bool(operation.condition & WAITING_FOR_TRIGGER):
            operation.set_bit(WAITING_FOR_TRIGGER, waiting)
            self.status.update()

    # ---------------------------------------------------------------------------------------- triggers

    def trigger_all(self) -> None:
        """``*TRG`` and GET: all channels that wait for the bus."""
        waiting = [c for c in self.generator.channels.numbers if self.trigger_source[c] == "BUS"]
        if not waiting:
            raise ScpiError(-211)
        accepted = [self.playback.start_burst(channel, self.clock.now) for channel in waiting]
        if not any(accepted):
            raise ScpiError(-211)

    @command("TRIGger<1-2>[:IMMediate]")
    def trigger_channel(self, channel: int) -> None:
        """``TRIG1``: this channel, whatever its source."""
        if not self.playback.start_burst(channel, self.clock.now):
            raise ScpiError(-211)

    @command("ABORt")
    def abort(self) -> None:
        """``ABORt``: end bursts, wait for the next trigger."""
        for channel in self.generator.channels.numbers:
            if self.shared.mode[channel] in ("BURS", "SWE", "LIST") or self.playback.follows_triggers(channel):
                self.playback.reshape(channel)

    @command("INITiate<1-2>:CONTinuous", Boolean())
    def set_continuous(self, channel: int, on: bool) -> None:
        """``INIT:CONT``: whether each trigger is accepted; OFF waits for ``INIT`` first."""
        self.playback.triggers_left[channel] = None if on else 0
        self.update_waiting()

    @command("INITiate:CONTinuous:ALL", Boolean())
    def set_all_continuous(self, on: bool) -> None:
        """``INIT:CONT:ALL``."""
        for channel in self.generator.channels.numbers:
            self.set_continuous(channel, on)

    @command("INITiate<1-2>:CONTinuous?")
    def get_continuous(self, channel: int) -> str:
        """``INIT:CONT?``."""
        return "1" if self.playback.triggers_left[channel] is None else "0"

    @command("INITiate<1-2>[:IMMediate]")
    def initiate(self, channel: int) -> None:
        """``INIT``: the next ``TRIG:COUN`` triggers are accepted."""
        if self.playback.triggers_left[channel] != 0:
            raise ScpiError(-213)
        self.playback.triggers_left[channel] = self.trigger_count[channel]
        self.update_waiting()
        self.playback.external_edges_changed()

    @command("INITiate[:IMMediate]:ALL")
    def initiate_all(self) -> None:
        """``INIT:ALL``."""
        for channel in self.generator.channels.numbers:
            self.initiate(channel)
