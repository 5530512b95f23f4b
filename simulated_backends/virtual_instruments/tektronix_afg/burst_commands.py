"""Bursts and triggers of the AFG3000C/31000.

One trigger serves both channels: its timer, or the trigger input. ``*TRG``, ``TRIGger`` and the key Manual trigger
whatever the source is. A channel plays bursts while ``BURSt:STATe`` is on.
"""

import math
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.generator.settings import Derived
from tsbench.simulated_backends.virtual_instruments.tektronix_afg.command_table import (
    AfgBase,
    AfgTable,
)

MOST_CYCLES = 1_000_000


class AfgBurstCommands(AfgTable):
    """What ``SOURce:BURSt``, ``TRIGger`` and ``OUTPut:TRIGger`` do.

    With the shape of each channel these are the settings that the shared code reads: a
    :class:`~tsbench.simulated_backends.virtual_instruments.generator.settings.GeneratorSettings`.

    Parameters
    ----------
    generator : AfgBase
    """

    def __init__(self, generator: AfgBase) -> None:
        super().__init__(generator)
        self.shape = generator.shape
        self.trigger_source = Derived(lambda channel: self.source)
        self.trigger_slope = Derived(lambda channel: self.slope)
        self.trigger_timer = Derived(lambda channel: self.timer)
        self.burst_period = Derived(lambda channel: self.timer)
        self.gate_polarity = Derived(lambda channel: "INV" if self.slope == "NEG" else "NORM")

    burst_on = Setting("[:SOURce<1-2>]:BURSt[:STATe]", Boolean(), default=False, change="changed")
    burst_mode = Setting("[:SOURce<1-2>]:BURSt:MODE", Choice("TRIGgered", "GATed"), default="TRIG", change="changed")
    burst_count = Setting("[:SOURce<1-2>]:BURSt:NCYCles", Number("", 1.0, float(MOST_CYCLES), 5.0, infinite=True),
                          default=5.0, coerce="_cycles_chosen", change="changed")
    trigger_delay = Setting("[:SOURce<1-2>]:BURSt:TDELay", Number("S", 0.0, 85.0), default=0.0, change="changed")
    source = Setting("TRIGger[:SEQuence]:SOURce", Choice("TIMer", "EXTernal"), default="TIM", change="all_changed")
    slope = Setting("TRIGger[:SEQuence]:SLOPe", Choice("POSitive", "NEGative"), default="POS", change="all_changed")
    timer = Setting("TRIGger[:SEQuence]:TIMer", Number("S", 1e-6, 500.0), default=1e-3, change="all_changed")
    output_mode = Setting("OUTPut:TRIGger:MODE", Choice("TRIGger", "SYNC"), default="TRIG")

    @property
    def sync_channel(self) -> int:
        """Return the channel whose cycles the trigger output shows."""
        return 1

    @property
    def trigger_output(self) -> bool:
        """Whether the trigger output gives a pulse with each burst of channel 1."""
        return bool(self.output_mode == "TRIG")

    def _cycles_chosen(self, channel: int, count: float) -> float:
        return INFINITE_LOAD if math.isinf(count) else float(round(count))

    def changed(self, channel: int) -> None:
        """Play what the settings now say; a burst ends a modulation or a sweep."""
        if self.burst_on[channel]:
            self.generator.modulation_commands.end(channel)
        self.playback.reshape(channel)
        self.playback.external_edges_changed()

    def all_changed(self) -> None:
        """Let both channels follow another trigger."""
        for channel in self.generator.channels.numbers:
            self.changed(channel)

    @command("TRIGger[:SEQuence][:IMMediate]")
    def trigger(self) -> None:
        """``TRIG`` and ``*TRG``: all channels with a burst; -211 where no channel has one."""
        waiting: list[Any] = [c for c in self.generator.channels.numbers if self.burst_on[c]]
        for channel in waiting:
            self.playback.start_burst(channel, self.clock.now)
        if not waiting:
            raise ScpiError(-211)
