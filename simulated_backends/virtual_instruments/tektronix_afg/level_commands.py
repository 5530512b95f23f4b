"""Levels of the AFG3000C/31000: amplitude and offset, high and low, units, limits, declared load.

The level limits have no switch: after a reset they are the highest and the lowest level of the output. A level beyond a
limit, or beyond what the output makes, is refused with -222 and changes nothing.
"""

import math

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Choice, Number, Optional
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator import levels as levels_of
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.generator.levels import OutputLevels, Window
from tsbench.simulated_backends.virtual_instruments.tektronix_afg.command_table import AfgTable
from tsbench.simulated_backends.virtual_instruments.tektronix_afg.shape_commands import of_core

RESET_AMPLITUDE = 1.0  #: [Vpp into 50 Ohm]
_ROOM = 1e-9  #: [V] rounding
_LIMIT = "[:SOURce<1-2>]:VOLTage:LIMit:{HIGH|LOW}"
_WORD = Optional(Choice("MINimum", "MAXimum"))


class AfgLevelCommands(AfgTable):
    """What ``SOURce:VOLTage`` and ``OUTPut:IMPedance`` do."""

    unit = Setting("[:SOURce<1-2>]:VOLTage:UNIT", Choice("VPP", "VRMS", "DBM"), default="VPP", coerce="_unit_chosen")
    load = Setting("OUTPut<1-2>:IMPedance", Number("OHM", 1.0, 1e4, 50.0, infinite=True), default=50.0,
                   coerce="_load_chosen", change="_load_changed")

    def __init__(self, generator: object) -> None:
        super().__init__(generator)   # type: ignore[arg-type]
        self.limits: dict[tuple[int, str], float] = {}   #: [V of EMF] that were set, by channel and "HIGH" or "LOW"

    def _function(self, channel: int) -> str:
        return of_core(self.generator.shape_commands.function[channel])

    def window(self, channel: int) -> Window:
        """Return what the output can do at the declared load and the frequency."""
        load = self.generator.levels[channel].load
        return Window.of(self.sheet, load, self.generator.shape_commands.frequency[channel])

    def limit(self, channel: int, which: str) -> float:
        """Return a level limit [V into the load]."""
        peak = self.window(channel).peak
        if (channel, which) in self.limits:
            return self.limits[channel, which] / self.generator.levels[channel].emf
        return peak if which == "HIGH" else -peak

    def suit(self, channel: int) -> None:
        """Let the amplitude suit another function or frequency."""
        levels, window = self.generator.levels[channel], self.window(channel)
        if self._function(channel) != "DC" and levels.amplitude > window.max_amplitude + _ROOM:
            self.generator.levels[channel] = levels_of.set_amplitude(levels, levels.amplitude, window).levels
            self.post_error(-221)

    def accept(self, channel: int, amplitude: float, offset: float) -> None:
        """Take amplitude and offset over [V into the load], or refuse them with -222."""
        levels, window = self.generator.levels[channel], self.window(channel)
        wave = self._function(channel) != "DC"
        low, high = (offset - amplitude / 2, offset + amplitude / 2) if wave else (offset, offset)
        within = window.min_amplitude - _ROOM <= amplitude <= window.max_amplitude + _ROOM
        fits = low >= -window.peak - _ROOM and high <= window.peak + _ROOM
        allowed = low >= self.limit(channel, "LOW") - _ROOM and high <= self.limit(channel, "HIGH") + _ROOM
        if not (within and fits and allowed):
            raise ScpiError(-222)
        self.generator.levels[channel] = OutputLevels(amplitude, offset, levels.load, levels.source)
        self.playback.reshape(channel)

    def _unit_chosen(self, channel: int, unit: str) -> str:
        if unit == "DBM" and self.generator.levels[channel].load == INFINITE_LOAD:
            raise ScpiError(-221)
        return unit

    def _load_chosen(self, channel: int, ohms: float) -> float:
        return INFINITE_LOAD if math.isinf(ohms) else float(round(ohms))

    def _load_changed(self, channel: int) -> None:
        self.generator.levels[channel] = self.generator.levels[channel].with_load(self.load[channel])

    # ------------------------------------------------------------------------------------------------ levels

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate][:AMPLitude]", Number("VPP", units=("V", "VRMS", "DBM")))
    def set_amplitude(self, channel: int, value: float) -> None:
        """``VOLT`` in the present unit."""
        levels = self.generator.levels[channel]
        volts = levels_of.volts_peak_to_peak(value, self.unit[channel], self._function(channel), levels.load)
        self.accept(channel, volts, levels.offset)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate][:AMPLitude]?", _WORD)
    def get_amplitude(self, channel: int, word: str = "") -> str:
        """``VOLT?``."""
        window, levels = self.window(channel), self.generator.levels[channel]
        volts = {"MIN": window.min_amplitude, "MAX": window.max_amplitude}.get(word, levels.amplitude)
        return self.format_number(levels_of.from_volts_peak_to_peak(
            volts, self.unit[channel], self._function(channel), levels.load))

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:OFFSet", Number("V"))
    def set_offset(self, channel: int, value: float) -> None:
        """``VOLT:OFFS``."""
        self.accept(channel, self.generator.levels[channel].amplitude, value)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:OFFSet?", _WORD)
    def get_offset(self, channel: int, word: str = "") -> str:
        """``VOLT:OFFS?``."""
        levels = self.generator.levels[channel]
        room = self.window(channel).peak - (0.0 if self._function(channel) == "DC" else levels.amplitude / 2)
        return self.format_number({"MIN": -room, "MAX": room}.get(word, levels.offset))

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:{HIGH|LOW}", Number("V"))
    def set_level(self, channel: int, which: str, value: float) -> None:
        """``VOLT:HIGH`` and ``VOLT:LOW``: the other level stays."""
        levels = self.generator.levels[channel]
        low, high = (levels.low, value) if which == "HIGH" else (value, levels.high)
        self.accept(channel, high - low, (high + low) / 2)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:{HIGH|LOW}?")
    def get_level(self, channel: int, which: str) -> str:
        """``VOLT:HIGH?`` and ``VOLT:LOW?``."""
        levels = self.generator.levels[channel]
        return self.format_number(levels.high if which == "HIGH" else levels.low)

    # ------------------------------------------------------------------------------------------------ limits

    @command(_LIMIT, Number("V", lambda owner, c, which: -owner.window(c).peak, lambda owner, c, which:
                            owner.window(c).peak))
    def set_limit(self, channel: int, which: str, value: float) -> None:
        """``VOLT:LIM:HIGH`` and ``VOLT:LIM:LOW``; -221 where the present level lies beyond."""
        levels = self.generator.levels[channel]
        low, high = levels.low, levels.high
        if self._function(channel) == "DC":
            low = high = levels.offset
        if (high > value + _ROOM) if which == "HIGH" else (low < value - _ROOM):
            raise ScpiError(-221)
        self.limits[channel, which] = value * levels.emf

    @command(f"{_LIMIT}?", _WORD)
    def get_limit(self, channel: int, which: str, word: str = "") -> str:
        """``VOLT:LIM:HIGH?`` and ``VOLT:LIM:LOW?``."""
        peak = self.window(channel).peak
        return self.format_number({"MIN": -peak, "MAX": peak}.get(word, self.limit(channel, which)))
