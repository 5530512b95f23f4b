"""Levels of the DG800/900: amplitude and offset, high and low, units, limits, declared load.

A level beyond what the output makes becomes the nearest one, with error -222. While the voltage limit is on, a level
beyond it is refused with -222.
"""

import math

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator import levels as levels_of
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.generator.levels import Adjusted, Adjustment, Window
from tsbench.simulated_backends.virtual_instruments.generator_table import (
    AMPLITUDE,
    LIMIT_WORD,
    UNITS,
    LimitedLevelTable,
    shared_name,
)
from tsbench.simulated_backends.virtual_instruments.rigol_dg800.command_table import (
    OUT_OF_RANGE,
    DgBase,
    DgNumber,
    OnOff,
)

RESET_AMPLITUDE = 5.0  #: [Vpp into 50 Ohm]
_CLIPPED = (Adjustment.CLIPPED_TO_UPPER, Adjustment.CLIPPED_TO_LOWER)


class DgLevelCommands(LimitedLevelTable[DgBase]):
    """What ``SOURce:VOLTage``, ``OUTPut:LOAD`` and ``OUTPut:VOLLimit`` do."""

    unit = Setting("[:SOURce<1-2>]:VOLTage:UNIT", UNITS, default="VPP", coerce="unit_chosen")
    load = Setting("OUTPut<1-2>:LOAD", DgNumber("", 1.0, 1e4, 50.0, infinite=True), default=50.0,
                   also=("OUTPut<1-2>:IMPedance",), coerce="_load_chosen", change="load_changed")
    limit_high = Setting("OUTPut<1-2>:VOLLimit:HIGH", DgNumber("V", -10.0, 10.0), default=5.0)
    limit_low = Setting("OUTPut<1-2>:VOLLimit:LOW", DgNumber("V", -10.0, 10.0), default=-5.0)
    limits_on = Setting("OUTPut<1-2>:VOLLimit[:STATe]", OnOff(), default=False, coerce="limits_switched")

    def shared_function(self, channel: int) -> str:
        """Return the function by the name that the shared code has for it."""
        return shared_name(self.generator.shape_commands.function[channel])

    def window(self, channel: int) -> Window:
        """Return what the output can do at the declared load and the frequency."""
        load = self.generator.levels[channel].load
        return Window.of(self.data_sheet, load, self.generator.shape_commands.frequency[channel])

    def suit(self, channel: int) -> None:
        """Let the levels suit another function or frequency."""
        levels = self.generator.levels[channel]
        if self.shared_function(channel) != "DC":
            self.generator.levels[channel] = levels_of.set_amplitude(
                levels, levels.amplitude, self.window(channel)).levels

    def accept(self, channel: int, adjusted: Adjusted) -> None:
        """Take levels over, with -222 for what was clipped; refuse them beyond the voltage limit."""
        if self.limits_on[channel] and not self.within_limits(channel, adjusted.levels):
            raise ScpiError(-222, text=OUT_OF_RANGE)
        self.generator.levels[channel] = adjusted.levels
        if adjusted.adjustment in _CLIPPED:
            self.post_error(-222, text=OUT_OF_RANGE)
        self.playback.reshape(channel)

    def _load_chosen(self, channel: int, ohms: float) -> float:
        return INFINITE_LOAD if math.isinf(ohms) else float(round(ohms))

    # ------------------------------------------------------------------------------------------------ levels

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate][:AMPLitude]", AMPLITUDE)
    def set_amplitude(self, channel: int, value: float) -> None:
        """``VOLT`` in the present unit."""
        levels, volts = self.generator.levels[channel], self.peak_to_peak(channel, value)
        self.accept(channel, levels_of.set_amplitude(levels, volts, self.window(channel)))

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate][:AMPLitude]?", LIMIT_WORD)
    def get_amplitude(self, channel: int, word: str = "") -> str:
        """``VOLT?``."""
        return self.amplitude_reply(channel, word)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:OFFSet", Number("V"))
    def set_offset(self, channel: int, value: float) -> None:
        """``VOLT:OFFS``: as far as the amplitude leaves room."""
        dc = self.shared_function(channel) == "DC"
        self.accept(channel, levels_of.set_offset(self.generator.levels[channel], value, self.window(channel), dc))

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:OFFSet?", LIMIT_WORD)
    def get_offset(self, channel: int, word: str = "") -> str:
        """``VOLT:OFFS?``."""
        return self.offset_reply(channel, word)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:{HIGH|LOW}", Number("V"))
    def set_level(self, channel: int, which: str, value: float) -> None:
        """``VOLT:HIGH`` and ``VOLT:LOW``."""
        self.accept(channel, self.with_level(channel, which, value))

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:{HIGH|LOW}?")
    def get_level(self, channel: int, which: str) -> str:
        """``VOLT:HIGH?`` and ``VOLT:LOW?``."""
        return self.level_reply(channel, which)
