"""Levels of the 33250A: amplitude and offset, high and low, units, declared load. It has no level limits.

An offset that leaves the amplitude no room is reduced; so is one for which an amplitude leaves no room. The error is
-222 for the value that was sent and -221 for the other one (33220A user's guide, VOLTage and VOLTage:OFFSet: the same
set of commands).
"""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Limited, Number, Optional
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator import levels as levels_of
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.generator.levels import Adjusted, Adjustment, Window
from tsbench.simulated_backends.virtual_instruments.keysight_33250a.command_table import Table33250A
from tsbench.simulated_backends.virtual_instruments.keysight_33250a.shape_commands import of_core

RESET_AMPLITUDE = 0.1  #: [Vpp into 50 Ohm]
_VOLTS = "[:SOURce<1-1>]:VOLTage[:LEVel][:IMMediate]"
_OUT_OF_RANGE = (Adjustment.CLIPPED_TO_UPPER, Adjustment.CLIPPED_TO_LOWER)
_WORD = Optional(Choice("MINimum", "MAXimum"))


class Levels33250A(Table33250A):
    """What ``VOLTage`` and ``OUTPut:LOAD`` do."""

    unit = Setting("[:SOURce<1-1>]:VOLTage:UNIT", Choice("VPP", "VRMS", "DBM"), default="VPP", coerce="_unit_chosen")
    range_auto = Setting("[:SOURce<1-1>]:VOLTage:RANGe:AUTO", Boolean(), default=True)
    load = Setting("OUTPut<1-1>:LOAD", Limited("OHM", 1.0, 1e4, 50.0, infinite=True), default=50.0,
                   coerce="_load_chosen", change="_load_changed")

    def _function(self, channel: int) -> str:
        return of_core(self.generator.shapes.function[channel])

    def window(self, channel: int) -> Window:
        """Return what the output can do at the declared load and the frequency."""
        load = self.generator.levels[channel].load
        return Window.of(self.sheet, load, self.generator.shapes.frequency[channel])

    def suit(self, channel: int) -> None:
        """Let the levels suit another function or frequency."""
        levels = self.generator.levels[channel]
        if self._function(channel) != "DC":
            self.accept(channel, levels_of.set_amplitude(levels, levels.amplitude, self.window(channel)), -221)

    def accept(self, channel: int, change: Adjusted, code: int = -222) -> None:
        """Take levels over, and post the error of what was not as requested."""
        self.generator.levels[channel] = change.levels
        if change.adjustment is not None:
            self.adjusted(code if change.adjustment in _OUT_OF_RANGE else -221)
        self.playback.reshape(channel)

    def _unit_chosen(self, channel: int, unit: str) -> str:
        if unit == "DBM" and self.generator.levels[channel].load == INFINITE_LOAD:
            raise ScpiError(-221)
        return unit

    def _load_chosen(self, channel: int, ohms: float) -> float:
        return ohms if ohms <= 1e4 else INFINITE_LOAD

    def _load_changed(self, channel: int) -> None:
        self.generator.levels[channel] = self.generator.levels[channel].with_load(self.load[channel])

    @command(f"{_VOLTS}[:AMPLitude]", Number("VPP", units=("V", "VRMS", "DBM")))
    def set_amplitude(self, channel: int, value: float) -> None:
        """``VOLT`` in the present unit."""
        levels = self.generator.levels[channel]
        volts = levels_of.volts_peak_to_peak(value, self.unit[channel], self._function(channel), levels.load)
        self.accept(channel, levels_of.set_amplitude(levels, volts, self.window(channel)))

    @command(f"{_VOLTS}[:AMPLitude]?", _WORD)
    def get_amplitude(self, channel: int, word: str = "") -> str:
        """``VOLT?``."""
        window, levels = self.window(channel), self.generator.levels[channel]
        volts = {"MIN": window.min_amplitude, "MAX": window.max_amplitude}.get(word, levels.amplitude)
        return self.format_number(levels_of.from_volts_peak_to_peak(
            volts, self.unit[channel], self._function(channel), levels.load))

    @command(f"{_VOLTS}:OFFSet", Number("V"))
    def set_offset(self, channel: int, value: float) -> None:
        """``VOLT:OFFS``."""
        levels, dc = self.generator.levels[channel], self._function(channel) == "DC"
        self.accept(channel, levels_of.set_offset(levels, value, self.window(channel), dc=dc))

    @command(f"{_VOLTS}:OFFSet?", _WORD)
    def get_offset(self, channel: int, word: str = "") -> str:
        """``VOLT:OFFS?``."""
        levels = self.generator.levels[channel]
        room = self.window(channel).peak - (0.0 if self._function(channel) == "DC" else levels.amplitude / 2)
        return self.format_number({"MIN": -room, "MAX": room}.get(word, levels.offset))

    @command(f"{_VOLTS}:{{HIGH|LOW}}", Number("V"))
    def set_level(self, channel: int, which: str, value: float) -> None:
        """``VOLT:HIGH`` and ``VOLT:LOW``."""
        change = levels_of.set_high if which == "HIGH" else levels_of.set_low
        self.accept(channel, change(self.generator.levels[channel], value, self.window(channel)))

    @command(f"{_VOLTS}:{{HIGH|LOW}}?")
    def get_level(self, channel: int, which: str) -> str:
        """``VOLT:HIGH?`` and ``VOLT:LOW?``."""
        levels = self.generator.levels[channel]
        return self.format_number(levels.high if which == "HIGH" else levels.low)
