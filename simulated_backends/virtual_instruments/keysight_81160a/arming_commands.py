"""Arming, triggers and bursts of the 81160A/81150A.

Without a burst, and armed immediately, a channel plays without end. With another arm source each event plays
``TRIGger:COUNt`` periods; with a burst it plays ``BURSt:NCYCles``, at least two. A count above one is a burst. Armed by
level, it plays while the level at External In is high (arm and trigger model of the maker's pulse generators: 81101A
reference, "Programming the instrument trigger modes").
"""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Limited
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.generator.settings import Derived
from tsbench.simulated_backends.virtual_instruments.keysight_81160a.command_table import (
    PulseGeneratorBase,
    PulseGeneratorTable,
)

WAITING_FOR_TRIGGER = 0x20  #: bit 5 of the operation status register
MOST_CYCLES = 2_147_483_647
_SOURCES = {"IMM": "IMM", "INT2": "TIM", "EXT": "EXT", "MAN": "BUS"}


class ArmingCommands(PulseGeneratorTable):
    """What ``ARM``, ``TRIGger``, ``BURSt``, ``OUTPut:TRIGger`` and ``OUTPut:STRobe`` do.

    With the shape of each channel these are the settings that the shared code reads: a
    :class:`~tsbench.simulated_backends.virtual_instruments.generator.settings.GeneratorSettings`.

    Parameters
    ----------
    generator : PulseGeneratorBase
    """

    def __init__(self, generator: PulseGeneratorBase) -> None:
        super().__init__(generator)
        self.shape = generator.shape
        self.burst_on = Derived(lambda c: self.burst[c] or self.arm_source[c] != "IMM")
        self.burst_count = Derived(lambda c: self.cycles[c] if self.burst[c] else 1.0)
        self.trigger_source = Derived(lambda c: _SOURCES[self.arm_source[c]])
        self.trigger_slope = Derived(lambda c: self.arm_slope[c])
        self.trigger_timer = Derived(lambda c: self.arm_period[c])
        self.trigger_delay = Derived(lambda c: generator.timing_commands.delay[c])

    burst = Setting("[:SOURce]:BURSt<1-2>:STATe", Boolean(), default=False, change="changed")
    burst_mode = Setting("[:SOURce]:BURSt<1-2>:MODE", Choice("TRIGgered", "GATed"), default="TRIG", change="changed")
    cycles = Setting("[:SOURce]:BURSt<1-2>:NCYCles", Limited("", 2.0, float(MOST_CYCLES), 2.0, infinite=True),
                     default=2.0, coerce="_cycles_chosen", change="changed")
    burst_period = Setting("[:SOURce]:BURSt<1-2>:INTernal:PERiod",
                           Limited("S", lambda owner, c: owner.sheet(c).min_burst_period,
                                   lambda owner, c: owner.sheet(c).max_burst_period, 10e-6),
                           default=10e-6, change="changed")
    burst_phase = Setting("[:SOURce]:BURSt<1-2>:PHASe", Limited("DEG", -360.0, 360.0, 0.0), default=0.0,
                          change="changed")
    gate_polarity = Setting("[:SOURce]:BURSt<1-2>:GATE:POLarity", Choice("NORMal", "INVerted"), default="NORM",
                            change="changed")
    arm_source = Setting("ARM:SOURce<1-2>", Choice("IMMediate", "INTernal2", "EXTernal", "MANual"), default="IMM",
                         change="changed")
    arm_slope = Setting("ARM:SLOPe<1-2>", Choice("POSitive", "NEGative"), default="POS", change="changed")
    arm_period = Setting("ARM:PERiod<1-2>", Limited("S", 8.33e-9, 1e6, 10e-6), default=10e-6, change="changed")
    arm_level = Setting("ARM:LEVel", Limited("V", -10.0, 10.0, 1.0), default=1.0)
    arm_impedance = Setting("ARM:IMPedance", Choice("50", "10000", "10K"), default="10K")
    trigger_output = Setting("OUTPut<1-2>:TRIGger[:STATe]", Boolean(), default=True)
    strobe_output = Setting("OUTPut<1-2>:STRobe[:STATe]", Boolean(), default=True)

    @property
    def sync_channel(self) -> int:
        """Return the channel whose cycles the strobe output shows."""
        return 1

    def _cycles_chosen(self, channel: int, count: float) -> float:
        return INFINITE_LOAD if count > MOST_CYCLES else float(round(count))

    def period_changed(self, channel: int) -> None:
        """Look whether a burst still fits into its period."""
        if self.burst[channel] and self.arm_source[channel] == "IMM":
            self.changed(channel)

    def changed(self, channel: int) -> None:
        """Play what the settings now say."""
        if self.burst[channel] and self.arm_source[channel] == "IMM" and self.burst_mode[channel] == "TRIG":
            needed = self.playback.cycles(channel) * self.generator.channels.nominal_period(channel)
            if self.burst_period[channel] < needed:
                self.burst_period[channel] = min(needed, self.sheet(channel).max_burst_period)
                self.post_error(-221, text="Settings conflict")
        self.playback.reshape(channel)
        self.playback.external_edges_changed()
        self.update_waiting()

    def update_waiting(self) -> None:
        """Keep the operation status register up to date."""
        self.status.operation.set_bit(WAITING_FOR_TRIGGER, self.playback.waiting_for_trigger)
        self.status.update()

    @command("ARM:FREQuency<1-2>", Limited("HZ", 1e-6, 120e6, 100e3))
    def set_arm_frequency(self, channel: int, hertz: float) -> None:
        """``ARM:FREQ``: of the internal arm source."""
        self.arm_period[channel] = 1 / hertz
        self.changed(channel)

    @command("ARM:FREQuency<1-2>?")
    def get_arm_frequency(self, channel: int) -> str:
        """``ARM:FREQ?``."""
        return self.format_number(1 / self.arm_period[channel])

    @command("ARM:SENSe<1-2>", Choice("EDGE", "LEVel"))
    def set_sense(self, channel: int, word: str) -> None:
        """``ARM:SENS``: LEVel is a gate."""
        self.burst_mode[channel] = "GAT" if word == "LEV" else "TRIG"
        self.changed(channel)

    @command("ARM:SENSe<1-2>?")
    def get_sense(self, channel: int) -> str:
        """``ARM:SENS?``."""
        return "LEV" if self.burst_mode[channel] == "GAT" else "EDGE"

    @command("TRIGger<1-2>:COUNt", Limited("", 1.0, float(MOST_CYCLES), 1.0))
    def set_count(self, channel: int, count: float) -> None:
        """``TRIG:COUN``: above one, a burst of so many cycles."""
        self.burst[channel] = round(count) > 1
        if self.burst[channel]:
            self.cycles[channel] = float(round(count))
        self.changed(channel)

    @command("TRIGger<1-2>:COUNt?")
    def get_count(self, channel: int) -> str:
        """``TRIG:COUN?``."""
        return self.format_number(self.cycles[channel] if self.burst[channel] else 1.0)

    def trigger_all(self) -> None:
        """``*TRG`` and the key MAN: all channels that are armed by hand."""
        waiting = [c for c in self.generator.channels.numbers if self.arm_source[c] == "MAN"]
        accepted = [self.playback.start_burst(channel, self.clock.now) for channel in waiting]
        if not any(accepted):
            raise ScpiError(-211)

    @command("TRIGger<1-2>[:IMMediate]")
    def trigger_channel(self, channel: int) -> None:
        """``TRIG1``: this channel."""
        if not self.playback.start_burst(channel, self.clock.now):
            raise ScpiError(-211)
