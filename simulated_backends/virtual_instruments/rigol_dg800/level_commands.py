"""Levels of the DG800/900: amplitude and offset, high and low, units, limits, declared load.

A level beyond what the output makes becomes the nearest one, with error -222. While the voltage limit is on, a level
beyond it is refused with -222.
"""

import math

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Choice, Number, Optional
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator import levels as levels_of
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.generator.levels import Adjusted, Adjustment, OutputLevels, Window
from tsbench.simulated_backends.virtual_instruments.rigol_dg800.command_table import (
    OUT_OF_RANGE,
    DgNumber,
    DgTable,
    OnOff,
)
from tsbench.simulated_backends.virtual_instruments.rigol_dg800.shape_commands import of_core

RESET_AMPLITUDE = 5.0  #: [Vpp into 50 Ohm]
_CLIPPED = (Adjustment.CLIPPED_TO_UPPER, Adjustment.CLIPPED_TO_LOWER)
_ROOM = 1e-9  #: [V] rounding
_WORD = Optional(Choice("MINimum", "MAXimum"))


class DgLevelCommands(DgTable):
    """What ``SOURce:VOLTage``, ``OUTPut:LOAD`` and ``OUTPut:VOLLimit`` do."""

    unit = Setting("[:SOURce<1-2>]:VOLTage:UNIT", Choice("VPP", "VRMS", "DBM"), default="VPP", coerce="_unit_chosen")
    load = Setting("OUTPut<1-2>:LOAD", DgNumber("", 1.0, 1e4, 50.0, infinite=True), default=50.0,
                   also=("OUTPut<1-2>:IMPedance",), coerce="_load_chosen", change="_load_changed")
    limit_high = Setting("OUTPut<1-2>:VOLLimit:HIGH", DgNumber("V", -10.0, 10.0), default=5.0)
    limit_low = Setting("OUTPut<1-2>:VOLLimit:LOW", DgNumber("V", -10.0, 10.0), default=-5.0)
    limits_on = Setting("OUTPut<1-2>:VOLLimit[:STATe]", OnOff(), default=False, coerce="_limits_switched")

    def _function(self, channel: int) -> str:
        return of_core(self.generator.shape_commands.function[channel])

    def window(self, channel: int) -> Window:
        """Return what the output can do at the declared load and the frequency."""
        load = self.generator.levels[channel].load
        return Window.of(self.sheet, load, self.generator.shape_commands.frequency[channel])

    def suit(self, channel: int) -> None:
        """Let the levels suit another function or frequency."""
        levels = self.generator.levels[channel]
        if self._function(channel) != "DC":
            self.generator.levels[channel] = levels_of.set_amplitude(
                levels, levels.amplitude, self.window(channel)).levels

    def _within_limits(self, channel: int, levels: OutputLevels) -> bool:
        low, high = levels.low, levels.high
        if self._function(channel) == "DC":
            low = high = levels.offset
        return bool(high <= self.limit_high[channel] + _ROOM and low >= self.limit_low[channel] - _ROOM)

    def accept(self, channel: int, adjusted: Adjusted) -> None:
        """Take levels over, with -222 for what was clipped; refuse them beyond the voltage limit."""
        if self.limits_on[channel] and not self._within_limits(channel, adjusted.levels):
            raise ScpiError(-222, text=OUT_OF_RANGE)
        self.generator.levels[channel] = adjusted.levels
        if adjusted.adjustment in _CLIPPED:
            self.post_error(-222, text=OUT_OF_RANGE)
        self.playback.reshape(channel)

    def _limits_switched(self, channel: int, on: bool) -> bool:
        if on and not self._within_limits(channel, self.generator.levels[channel]):
            raise ScpiError(-221)
        return on

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
        self.accept(channel, levels_of.set_amplitude(levels, volts, self.window(channel)))

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate][:AMPLitude]?", _WORD)
    def get_amplitude(self, channel: int, word: str = "") -> str:
        """``VOLT?``."""
        window, levels = self.window(channel), self.generator.levels[channel]
        volts = {"MIN": window.min_amplitude, "MAX": window.max_amplitude}.get(word, levels.amplitude)
        return self.format_number(levels_of.from_volts_peak_to_peak(
            volts, self.unit[channel], self._function(channel), levels.load))

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:OFFSet", Number("V"))
    def set_offset(self, channel: int, value: float) -> None:
        """``VOLT:OFFS``: as far as the amplitude leaves room."""
        dc = self._function(channel) == "DC"
        self.accept(channel, levels_of.set_offset(self.generator.levels[channel], value, self.window(channel), dc))

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:OFFSet?", _WORD)
    def get_offset(self, channel: int, word: str = "") -> str:
        """``VOLT:OFFS?``."""
        levels = self.generator.levels[channel]
        room = self.window(channel).peak - (0.0 if self._function(channel) == "DC" else levels.amplitude / 2)
        return self.format_number({"MIN": -room, "MAX": room}.get(word, levels.offset))

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:{HIGH|LOW}", Number("V"))
    def set_level(self, channel: int, which: str, value: float) -> None:
        """``VOLT:HIGH`` and ``VOLT:LOW``."""
        change = levels_of.set_high if which == "HIGH" else levels_of.set_low
        self.accept(channel, change(self.generator.levels[channel], value, self.window(channel)))

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:{HIGH|LOW}?")
    def get_level(self, channel: int, which: str) -> str:
        """``VOLT:HIGH?`` and ``VOLT:LOW?``."""
        levels = self.generator.levels[channel]
        return self.format_number(levels.high if which == "HIGH" else levels.low)
