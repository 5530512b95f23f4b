"""Levels of the AFG3000C/31000: amplitude and offset, high and low, units, limits, declared load.

The level limits have no switch: after a reset they are the highest and the lowest level of the output. A level beyond a
limit, or beyond what the output makes, is refused with -222 and changes nothing.
"""

import math

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator import levels as levels_of
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels, Window
from tsbench.simulated_backends.virtual_instruments.generator_table import (
    AMPLITUDE,
    LIMIT_WORD,
    ROUNDING,
    UNITS,
    GeneratorLevelTable,
)
from tsbench.simulated_backends.virtual_instruments.tektronix_afg.command_table import AfgBase
from tsbench.simulated_backends.virtual_instruments.tektronix_afg.shape_commands import shared_name

RESET_AMPLITUDE = 1.0  #: [Vpp into 50 Ohm]
_LIMIT = "[:SOURce<1-2>]:VOLTage:LIMit:{HIGH|LOW}"


class AfgLevelCommands(GeneratorLevelTable[AfgBase]):
    """What ``SOURce:VOLTage`` and ``OUTPut:IMPedance`` do."""

    unit = Setting("[:SOURce<1-2>]:VOLTage:UNIT", UNITS, default="VPP", coerce="unit_chosen")
    load = Setting("OUTPut<1-2>:IMPedance", Number("OHM", 1.0, 1e4, 50.0, infinite=True), default=50.0,
                   coerce="_load_chosen", change="load_changed")

    def __init__(self, generator: AfgBase) -> None:
        super().__init__(generator)
        self.limits: dict[tuple[int, str], float] = {}   #: [V of EMF] that were set, by channel and "HIGH" or "LOW"

    def shared_function(self, channel: int) -> str:
        """Return the function by the name that the shared code has for it."""
        return shared_name(self.generator.shape_commands.function[channel])

    def window(self, channel: int) -> Window:
        """Return what the output can do at the declared load and the frequency."""
        load = self.generator.levels[channel].load
        return Window.of(self.data_sheet, load, self.generator.shape_commands.frequency[channel])

    def limit(self, channel: int, which: str) -> float:
        """Return a level limit [V into the load]."""
        peak = self.window(channel).peak
        if (channel, which) in self.limits:
            return self.limits[channel, which] / self.generator.levels[channel].emf
        return peak if which == "HIGH" else -peak

    def suit(self, channel: int) -> None:
        """Let the amplitude suit another function or frequency."""
        levels, window = self.generator.levels[channel], self.window(channel)
        if self.shared_function(channel) != "DC" and levels.amplitude > window.max_amplitude + ROUNDING:
            self.generator.levels[channel] = levels_of.set_amplitude(levels, levels.amplitude, window).levels
            self.post_error(-221)

    def accept(self, channel: int, amplitude: float, offset: float) -> None:
        """Take amplitude and offset over [V into the load], or refuse them with -222."""
        levels, window = self.generator.levels[channel], self.window(channel)
        wave = self.shared_function(channel) != "DC"
        low, high = (offset - amplitude / 2, offset + amplitude / 2) if wave else (offset, offset)
        within = window.min_amplitude - ROUNDING <= amplitude <= window.max_amplitude + ROUNDING
        fits = low >= -window.peak - ROUNDING and high <= window.peak + ROUNDING
        allowed = low >= self.limit(channel, "LOW") - ROUNDING and high <= self.limit(channel, "HIGH") + ROUNDING
        if not (within and fits and allowed):
            raise ScpiError(-222)
        self.generator.levels[channel] = OutputLevels(amplitude, offset, levels.load, levels.source)
        self.playback.reshape(channel)

    def _load_chosen(self, channel: int, ohms: float) -> float:
        return INFINITE_LOAD if math.isinf(ohms) else float(round(ohms))

    # ------------------------------------------------------------------------------------------------ levels

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate][:AMPLitude]", AMPLITUDE)
    def set_amplitude(self, channel: int, value: float) -> None:
        """``VOLT`` in the present unit."""
        self.accept(channel, self.peak_to_peak(channel, value), self.generator.levels[channel].offset)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate][:AMPLitude]?", LIMIT_WORD)
    def get_amplitude(self, channel: int, word: str = "") -> str:
        """``VOLT?``."""
        return self.amplitude_reply(channel, word)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:OFFSet", Number("V"))
    def set_offset(self, channel: int, value: float) -> None:
        """``VOLT:OFFS``."""
        self.accept(channel, self.generator.levels[channel].amplitude, value)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:OFFSet?", LIMIT_WORD)
    def get_offset(self, channel: int, word: str = "") -> str:
        """``VOLT:OFFS?``."""
        return self.offset_reply(channel, word)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:{HIGH|LOW}", Number("V"))
    def set_level(self, channel: int, which: str, value: float) -> None:
        """``VOLT:HIGH`` and ``VOLT:LOW``: the other level stays."""
        levels = self.generator.levels[channel]
        low, high = (levels.low, value) if which == "HIGH" else (value, levels.high)
        self.accept(channel, high - low, (high + low) / 2)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:{HIGH|LOW}?")
    def get_level(self, channel: int, which: str) -> str:
        """``VOLT:HIGH?`` and ``VOLT:LOW?``."""
        return self.level_reply(channel, which)

    # ------------------------------------------------------------------------------------------------ limits

    @command(_LIMIT, Number("V", lambda owner, c, which: -owner.window(c).peak, lambda owner, c, which:
                            owner.window(c).peak))
    def set_limit(self, channel: int, which: str, value: float) -> None:
        """``VOLT:LIM:HIGH`` and ``VOLT:LIM:LOW``; -221 where the present level lies beyond."""
        levels = self.generator.levels[channel]
        low, high = self.extremes(channel, levels)
        if (high > value + ROUNDING) if which == "HIGH" else (low < value - ROUNDING):
            raise ScpiError(-221)
        self.limits[channel, which] = value * levels.emf

    @command(f"{_LIMIT}?", LIMIT_WORD)
    def get_limit(self, channel: int, which: str, word: str = "") -> str:
        """``VOLT:LIM:HIGH?`` and ``VOLT:LIM:LOW?``."""
        peak = self.window(channel).peak
        return self.format_number({"MIN": -peak, "MAX": peak}.get(word, self.limit(channel, which)))
