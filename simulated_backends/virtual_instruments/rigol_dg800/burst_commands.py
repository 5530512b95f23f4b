"""Bursts and triggers of the DG800/900: each channel has its own trigger (DG800 programming guide, p. 2-57 to 2-64)."""

import math

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Choice
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.generator.settings import Derived
from tsbench.simulated_backends.virtual_instruments.rigol_dg800.command_table import DgBase, DgNumber, DgTable, OnOff

MOST_CYCLES = 1_000_000
_BETWEEN_BURSTS = 2e-6  #: [s] the least that a burst period exceeds its cycles [DG2000 programming guide, p. 2-58]
_SOURCES = {"INT": "IMM", "EXT": "EXT", "MAN": "BUS"}


class DgBurstCommands(DgTable):
    """What ``SOURce:BURSt``, ``TRIGger`` and ``OUTPut:SYNC`` do.

    With the shape of each channel these are the settings that the shared code reads: a
    :class:`~tsbench.simulated_backends.virtual_instruments.generator.settings.GeneratorSettings`.

    Parameters
    ----------
    generator : DgBase
    """

    trigger_output = False  #: the trigger output shares a connector with the trigger input

    def __init__(self, generator: DgBase) -> None:
        super().__init__(generator)
        self.shape = generator.shape
        self.burst_mode = Derived(lambda channel: "GAT" if self.mode[channel] == "GAT" else "TRIG")
        self.burst_count = Derived(lambda c: INFINITE_LOAD if self.mode[c] == "INF" else self.cycles[c])
        self.trigger_source = Derived(lambda channel: _SOURCES[self.source[channel]])
        self.trigger_timer = Derived(lambda channel: self.burst_period[channel])

    burst_on = Setting("[:SOURce<1-2>]:BURSt[:STATe]", OnOff(), default=False, change="changed")
    mode = Setting("[:SOURce<1-2>]:BURSt:MODE", Choice("TRIGgered", "INFinity", "GATed"), default="TRIG",
                   coerce="_mode_chosen", change="changed")
    cycles = Setting("[:SOURce<1-2>]:BURSt:NCYCles", DgNumber("", 1.0, float(MOST_CYCLES), 1.0), default=1.0,
                     coerce="_whole", change="changed")
    burst_phase = Setting("[:SOURce<1-2>]:BURSt:PHASe", DgNumber("", 0.0, 360.0, 0.0), default=0.0, change="changed")
    burst_period = Setting("[:SOURce<1-2>]:BURSt:INTernal:PERiod", DgNumber("S", 3e-6, 500.0, 10e-3), default=10e-3,
                           change="changed")
    trigger_delay = Setting("[:SOURce<1-2>]:BURSt:TDELay", DgNumber("S", 0.0, 100.0, 0.0), default=0.0,
                            also=("TRIGger<1-2>:DELay",), change="changed")
    gate_polarity = Setting("[:SOURce<1-2>]:BURSt:GATE:POLarity", Choice("NORMal", "INVerted"), default="NORM",
                            change="changed")
    source = Setting("[:SOURce<1-2>]:BURSt:TRIGger:SOURce", Choice("INTernal", "EXTernal", "MANual"), default="INT",
                     coerce="_source_chosen", change="changed")
    trigger_slope = Setting("[:SOURce<1-2>]:BURSt:TRIGger:SLOPe", Choice("POSitive", "NEGative"), default="POS",
                            change="changed")
    sync_on = Setting("OUTPut<1-2>:SYNC[:STATe]", OnOff(), default=True)
    sync_polarity = Setting("OUTPut<1-2>:SYNC:POLarity", Choice("POSitive", "NEGative"), default="POS")

    @property
    def sync_channel(self) -> int:
        """Return the channel whose cycles the sync output shows."""
        return 1

    def _whole(self, channel: int, count: float) -> float:
        if math.isinf(count):
            raise ScpiError(-222)
        return float(round(count))

    def _mode_chosen(self, channel: int, mode: str) -> str:
        """Leave the internal source, which infinite and gated bursts do not have."""
        if mode != "TRIG" and self.source[channel] == "INT":
            self.source[channel] = "EXT" if mode == "GAT" else "MAN"
        return mode

    def _source_chosen(self, channel: int, source: str) -> str:
        if source == "INT" and self.mode[channel] != "TRIG":
            raise ScpiError(-221)
        return source

    def changed(self, channel: int) -> None:
        """Play what the settings now say; a burst period that is too short for its cycles is made longer."""
        if self.burst_on[channel] and self.mode[channel] == "TRIG":
            needed = self.cycles[channel] * self.generator.channels.nominal_period(channel) + _BETWEEN_BURSTS
            self.burst_period[channel] = max(self.burst_period[channel], needed)
        self.playback.reshape(channel)
        self.playback.external_edges_changed()

    @command("[:SOURce<1-2>]:BURSt:TRIGger[:IMMediate]")
    @command("TRIGger<1-2>[:IMMediate]")
    def trigger_channel(self, channel: int) -> None:
        """``BURS:TRIG``: one burst, with the manual trigger source; -211 otherwise."""
        if self.source[channel] != "MAN" or not self.burst_on[channel]:
            raise ScpiError(-211)
        self.playback.start_burst(channel, self.clock.now)

    def trigger_all(self) -> None:
        """``*TRG``: all channels with a burst and the manual source."""
        waiting = [c for c in self.generator.channels.numbers if self.source[c] == "MAN" and self.burst_on[c]]
        for channel in waiting:
            self.playback.start_burst(channel, self.clock.now)
        if not waiting:
            raise ScpiError(-211)
