"""Bursts and triggers of the 33250A.

With ``BURSt:STATe`` on, each trigger plays ``BURSt:NCYCles`` cycles: at once every burst period (``TRIGger:SOURce
IMMediate``), at an edge of the trigger input, or at ``*TRG``.
"""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Limited
from tsbench.simulated_backends.scpi.tree import Setting
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.keysight_33250a.command_table import Base33250A, Table33250A
from tsbench.simulated_backends.virtual_instruments.keysight_33250a.data_sheet import BURST_REST, KEYSIGHT_33250A

MOST_CYCLES = float(KEYSIGHT_33250A.max_burst_count)
WAITING_FOR_TRIGGER = 0x20  #: bit 5 of the operation status register
_BURST = "[:SOURce<1-1>]:BURSt"


class Bursts33250A(Table33250A):
    """What ``BURSt``, ``TRIGger``, ``OUTPut:TRIGger`` and ``OUTPut:SYNC`` do.

    With the shape these are the settings that the shared code reads: a
    :class:`~tsbench.simulated_backends.virtual_instruments.generator.settings.GeneratorSettings`.

    Parameters
    ----------
    generator : Base33250A
    """

    def __init__(self, generator: Base33250A) -> None:
        super().__init__(generator)
        self.shape = generator.shape
        self.trigger_timer = self.burst_period   # the internal trigger comes every burst period

    burst_on = Setting(f"{_BURST}:STATe", Boolean(), default=False, change="changed")
    burst_mode = Setting(f"{_BURST}:MODE", Choice("TRIGgered", "GATed"), default="TRIG", change="changed")
    burst_count = Setting(f"{_BURST}:NCYCles", Limited("", 1.0, MOST_CYCLES, 1.0, infinite=True), default=1.0,
                          coerce="_cycles_chosen", change="changed")
    burst_period = Setting(f"{_BURST}:INTernal:PERiod", Limited("S", 1e-6, KEYSIGHT_33250A.max_burst_period, 10e-3),
                           default=10e-3, change="changed")
    burst_phase = Setting(f"{_BURST}:PHASe", Limited("DEG", -360.0, 360.0, 0.0), default=0.0, change="changed")
    gate_polarity = Setting(f"{_BURST}:GATE:POLarity", Choice("NORMal", "INVerted"), default="NORM", change="changed")
    trigger_source = Setting("TRIGger<1-1>:SOURce", Choice("IMMediate", "EXTernal", "BUS"), default="IMM",
                             change="changed")
    trigger_slope = Setting("TRIGger<1-1>:SLOPe", Choice("POSitive", "NEGative"), default="POS", change="changed")
    trigger_delay = Setting("TRIGger<1-1>:DELay", Limited("S", 0.0, KEYSIGHT_33250A.max_trigger_delay, 0.0),
                            default=0.0, change="changed")
    trigger_output = Setting("OUTPut:TRIGger[:STATe]", Boolean(), default=False)
    output_slope = Setting("OUTPut:TRIGger:SLOPe", Choice("POSitive", "NEGative"), default="POS")
    sync_output = Setting("OUTPut:SYNC[:STATe]", Boolean(), default=True)

    @property
    def sync_channel(self) -> int:
        """Return the channel whose cycles the sync output shows."""
        return 1

    def _cycles_chosen(self, channel: int, count: float) -> float:
        return INFINITE_LOAD if count > MOST_CYCLES else float(round(count))

    def period_changed(self, channel: int) -> None:
        """Look whether a burst still fits into its period."""
        if self.burst_on[channel]:
            self.changed(channel)

    def changed(self, channel: int) -> None:
        """Play what the settings now say."""
        internal = self.trigger_source[channel] == "IMM" and self.burst_mode[channel] == "TRIG"
        if self.burst_on[channel] and internal and self.burst_count[channel] != INFINITE_LOAD:
            needed = self.burst_count[channel] * self.generator.channels.nominal_period(channel) + BURST_REST
            if self.burst_period[channel] < needed:
                self.burst_period[channel] = min(needed, self.data_sheet.max_burst_period)
                self.adjusted(-221)
        self.playback.reshape(channel)
        self.playback.external_edges_changed()
        self.update_waiting()

    def update_waiting(self) -> None:
        """Keep the operation status register up to date."""
        self.status.operation.set_bit(WAITING_FOR_TRIGGER, self.playback.waiting_for_trigger)
        self.status.update()

    def trigger(self) -> None:
        """``*TRG``: a burst, if the trigger source is the bus; -211 otherwise."""
        if self.trigger_source[1] != "BUS" or not self.playback.start_burst(1, self.clock.now):
            raise ScpiError(-211)
