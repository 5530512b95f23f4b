"""Levels of the 81160A/81150A: amplitude and offset, high and low, units, limits, declared load.

An offset that leaves the amplitude no room reduces the amplitude; an amplitude that leaves the offset no room reduces
the offset; both with error -221, as the maker describes it for its generators with this set of commands (33220A user's
guide, VOLTage:OFFSet and VOLTage).
"""


from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Limited, Number
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
from tsbench.simulated_backends.virtual_instruments.keysight_81160a.command_table import (
    PulseGeneratorBase,
    PulseGeneratorTable,
)

RESET_AMPLITUDE = 1.0  #: [Vpp into 50 Ohm]
_OUT_OF_RANGE = (Adjustment.CLIPPED_TO_UPPER, Adjustment.CLIPPED_TO_LOWER)


class PulseLevelCommands(LimitedLevelTable[PulseGeneratorBase], PulseGeneratorTable):
    """What ``VOLTage`` and ``OUTPut:LOAD`` do."""

    unit = Setting("[:SOURce]:VOLTage<1-2>:UNIT", UNITS, default="VPP", coerce="unit_chosen")
    limit_high = Setting("[:SOURce]:VOLTage<1-2>:LIMit[:HIGH]", Limited("V", -9.99, 10.0), default=10.0,
                         coerce="_high_limit_chosen")
    limit_low = Setting("[:SOURce]:VOLTage<1-2>:LIMit:LOW", Limited("V", -10.0, 9.99), default=-10.0,
                        coerce="_low_limit_chosen")
    limits_on = Setting("[:SOURce]:VOLTage<1-2>:LIMit:STATe", Boolean(), default=False, coerce="limits_switched")
    range_auto = Setting("[:SOURce]:VOLTage<1-2>:RANGe:AUTO", Choice("ON", "OFF", "ONCE"), default="ON")
    load = Setting("OUTPut<1-2>:LOAD", Limited("OHM", 0.3, 1e6, 50.0, infinite=True), default=50.0,
                   also=("OUTPut<1-2>:IMPedance:EXTernal",), coerce="_load_chosen", change="load_changed")

    def window(self, channel: int) -> Window:
        """Return what the output can do at the declared load, frequency and output resistance."""
        levels = self.generator.levels[channel]
        frequency = self.generator.timing_commands.frequency[channel]
        return Window.of(self.sheet(channel), levels.load, frequency, levels.source)

    def suit(self, channel: int) -> None:
        """Let the levels suit another function, frequency, amplifier or load."""
        levels, window = self.generator.levels[channel], self.window(channel)
        if self.shared_function(channel) != "DC":
            self.accept(channel, levels_of.set_amplitude(levels, levels.amplitude, window), -221)

    def shared_function(self, channel: int) -> str:
        """Return the function by the name that the shared code has for it."""
        return shared_name(self.generator.timing_commands.function[channel])

    def accept(self, channel: int, adjusted: Adjusted, code: int = -222) -> None:
        """Take levels over, and post the error of what was not as requested."""
        levels = adjusted.levels
        if self.limits_on[channel] and not self.within_limits(channel, levels):
            raise ScpiError(-222, text="Data out of range")
        self.generator.levels[channel] = levels
        if adjusted.adjustment is not None:
            beyond = adjusted.adjustment in _OUT_OF_RANGE and code == -222
            self.post_error(-222 if beyond else -221, text="Data out of range" if beyond else "Settings conflict")

    def _high_limit_chosen(self, channel: int, value: float) -> float:
        return self._limit_chosen(channel, value, self.generator.levels[channel].high > value)

    def _low_limit_chosen(self, channel: int, value: float) -> float:
        return self._limit_chosen(channel, value, self.generator.levels[channel].low < value)

    def _limit_chosen(self, channel: int, value: float, beyond: bool) -> float:
        if self.limits_on[channel] and beyond:
            raise ScpiError(-221)
        return value

    def _load_chosen(self, channel: int, ohms: float) -> float:
        return ohms if ohms <= 1e6 else INFINITE_LOAD

    # ------------------------------------------------------------------------------------------------ levels

    @command("[:SOURce]:VOLTage<1-2>[:LEVel][:IMMediate][:AMPLitude]", AMPLITUDE)
    def set_amplitude(self, channel: int, value: float) -> None:
        """``VOLT`` in the present unit."""
        self.set_peak_to_peak(channel, self.peak_to_peak(channel, value))

    def set_peak_to_peak(self, channel: int, volts: float) -> None:
        """Set the amplitude [Vpp]."""
        levels = self.generator.levels[channel]
        self.accept(channel, levels_of.set_amplitude(levels, volts, self.window(channel)))
        self.playback.follow(channel)

    @command("[:SOURce]:VOLTage<1-2>[:LEVel][:IMMediate][:AMPLitude]?", LIMIT_WORD)
    def get_amplitude(self, channel: int, word: str = "") -> str:
        """``VOLT?``."""
        return self.amplitude_reply(channel, word)

    @command("[:SOURce]:VOLTage<1-2>[:LEVel][:IMMediate]:OFFSet", Number("V"))
    def set_offset(self, channel: int, value: float) -> None:
        """``VOLT:OFFS``."""
        levels, window = self.generator.levels[channel], self.window(channel)
        change = (levels_of.set_offset(levels, value, window, dc=True) if self.shared_function(channel) == "DC"
                  else levels_of.set_offset_first(levels, value, window))
        self.accept(channel, change)
        self.playback.follow(channel)

    @command("[:SOURce]:VOLTage<1-2>[:LEVel][:IMMediate]:OFFSet?", LIMIT_WORD)
    def get_offset(self, channel: int, word: str = "") -> str:
        """``VOLT:OFFS?``."""
        window = self.window(channel)
        room = window.peak - (0.0 if self.shared_function(channel) == "DC" else window.min_amplitude / 2)
        return self.format_number({"MIN": -room, "MAX": room}.get(word, self.generator.levels[channel].offset))

    @command("[:SOURce]:VOLTage<1-2>[:LEVel][:IMMediate]:{HIGH|LOW}", Number("V"))
    def set_level(self, channel: int, which: str, value: float) -> None:
        """``VOLT:HIGH`` and ``VOLT:LOW``."""
        self.accept(channel, self.with_level(channel, which, value))
        self.playback.follow(channel)

    @command("[:SOURce]:VOLTage<1-2>[:LEVel][:IMMediate]:{HIGH|LOW}?")
    def get_level(self, channel: int, which: str) -> str:
        """``VOLT:HIGH?`` and ``VOLT:LOW?``."""
        return self.level_reply(channel, which)

    def set_source(self, channel: int, ohms: float) -> None:
        """Give a channel another output resistance [Ohm]: the levels that are shown stay, if they can."""
        self.generator.levels[channel] = self.generator.levels[channel]._replace(source=ohms)
        self.suit(channel)
        self.playback.reshape(channel)
        self.generator.channels.connectors.follow_resistance(channel)
