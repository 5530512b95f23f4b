"""Levels of the 33250A: amplitude and offset, high and low, units, declared load. It has no level limits.

An offset that leaves the amplitude no room is reduced; so is one for which an amplitude leaves no room. The error is
-222 for the value that was sent and -221 for the other one (33220A user's guide, VOLTage and VOLTage:OFFSet: the same
set of commands).
"""

from tsbench.simulated_backends.scpi.parameters import Boolean, Limited, Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator import levels as levels_of
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.generator.levels import Adjusted, Adjustment, Window
from tsbench.simulated_backends.virtual_instruments.generator_table import (
    AMPLITUDE,
    LIMIT_WORD,
    UNITS,
    GeneratorLevelTable,
    shared_name,
)
from tsbench.simulated_backends.virtual_instruments.keysight_33250a.command_table import Base33250A, Table33250A

RESET_AMPLITUDE = 0.1  #: [Vpp into 50 Ohm]
_VOLTS = "[:SOURce<1-1>]:VOLTage[:LEVel][:IMMediate]"
_OUT_OF_RANGE = (Adjustment.CLIPPED_TO_UPPER, Adjustment.CLIPPED_TO_LOWER)


class Levels33250A(GeneratorLevelTable[Base33250A], Table33250A):
    """What ``VOLTage`` and ``OUTPut:LOAD`` do."""

    unit = Setting("[:SOURce<1-1>]:VOLTage:UNIT", UNITS, default="VPP", coerce="unit_chosen")
    range_auto = Setting("[:SOURce<1-1>]:VOLTage:RANGe:AUTO", Boolean(), default=True)
    load = Setting("OUTPut<1-1>:LOAD", Limited("OHM", 1.0, 1e4, 50.0, infinite=True), default=50.0,
                   coerce="_load_chosen", change="load_changed")

    def shared_function(self, channel: int) -> str:
        """Return the function by the name that the shared code has for it."""
        return shared_name(self.generator.shapes.function[channel])

    def window(self, channel: int) -> Window:
        """Return what the output can do at the declared load and the frequency."""
        load = self.generator.levels[channel].load
        return Window.of(self.data_sheet, load, self.generator.shapes.frequency[channel])

    def suit(self, channel: int) -> None:
        """Let the levels suit another function or frequency."""
        levels = self.generator.levels[channel]
        if self.shared_function(channel) != "DC":
            self.accept(channel, levels_of.set_amplitude(levels, levels.amplitude, self.window(channel)), -221)

    def accept(self, channel: int, change: Adjusted, code: int = -222) -> None:
        """Take levels over, and post the error of what was not as requested."""
        self.generator.levels[channel] = change.levels
        if change.adjustment is not None:
            self.adjusted(code if change.adjustment in _OUT_OF_RANGE else -221)
        self.playback.reshape(channel)

    def _load_chosen(self, channel: int, ohms: float) -> float:
        return ohms if ohms <= 1e4 else INFINITE_LOAD

    @command(f"{_VOLTS}[:AMPLitude]", AMPLITUDE)
    def set_amplitude(self, channel: int, value: float) -> None:
        """``VOLT`` in the present unit."""
        levels, volts = self.generator.levels[channel], self.peak_to_peak(channel, value)
        self.accept(channel, levels_of.set_amplitude(levels, volts, self.window(channel)))

    @command(f"{_VOLTS}[:AMPLitude]?", LIMIT_WORD)
    def get_amplitude(self, channel: int, word: str = "") -> str:
        """``VOLT?``."""
        return self.amplitude_reply(channel, word)

    @command(f"{_VOLTS}:OFFSet", Number("V"))
    def set_offset(self, channel: int, value: float) -> None:
        """``VOLT:OFFS``."""
        levels, dc = self.generator.levels[channel], self.shared_function(channel) == "DC"
        self.accept(channel, levels_of.set_offset(levels, value, self.window(channel), dc=dc))

    @command(f"{_VOLTS}:OFFSet?", LIMIT_WORD)
    def get_offset(self, channel: int, word: str = "") -> str:
        """``VOLT:OFFS?``."""
        return self.offset_reply(channel, word)

    @command(f"{_VOLTS}:{{HIGH|LOW}}", Number("V"))
    def set_level(self, channel: int, which: str, value: float) -> None:
        """``VOLT:HIGH`` and ``VOLT:LOW``."""
        self.accept(channel, self.with_level(channel, which, value))

    @command(f"{_VOLTS}:{{HIGH|LOW}}?")
    def get_level(self, channel: int, which: str) -> str:
        """``VOLT:HIGH?`` and ``VOLT:LOW?``."""
        return self.level_reply(channel, which)
