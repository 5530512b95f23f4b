"""Level commands of the 33500B/33600A: amplitude, offset, high, low, units, limits, declared load."""

import math

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Number, Optional
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator import levels as levels_of
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.generator.levels import Adjusted, Adjustment, Window
from tsbench.simulated_backends.virtual_instruments.keysight_33600.command_table import Table33600
from tsbench.simulated_backends.virtual_instruments.keysight_33600.parameters import LoadParameter

_ERRORS = {
    Adjustment.CLIPPED_TO_UPPER: (-222, "Data out of range; value clipped to upper limit"),
    Adjustment.CLIPPED_TO_LOWER: (-222, "Data out of range; value clipped to lower limit"),
    Adjustment.AMPLITUDE_REDUCED: (-221, "Settings conflict; amplitude has been adjusted due to offset"),
    Adjustment.OFFSET_REDUCED: (-221, "Settings conflict; offset has been adjusted due to amplitude"),
    Adjustment.LOW_MOVED: (-221, "Settings conflict; low level changed due to high level"),
    Adjustment.HIGH_MOVED: (-221, "Settings conflict; high level changed due to low level"),
}


class LevelCommands(Table33600):
    """What ``VOLTage`` and ``OUTPut:LOAD`` do."""

    _conditions = (math.nan, math.nan)  #: load [Ohm] and frequency [Hz] of the window that was computed last
    _window = Window(math.nan, math.nan, math.nan)

    def edge_floor(self, channel: int) -> float:
        """Return the shortest edge [s, 10-90 %] at the present amplitude."""
        levels = self.shared.levels[channel]
        return self.data_sheet.edge_floor(levels.amplitude * levels.into_50)

    unit = Setting("[:SOURce<1-2>]:VOLTage:UNIT", Choice("VPP", "VRMS", "DBM"), default="VPP",
                   coerce="_unit_chosen")
    limit_values = Setting(
        "[:SOURce<1-2>]:VOLTage:LIMit:{HIGH|LOW}", Number("V"),
        default=lambda owner, c, which: 5.0 if which == "HIGH" else -5.0, coerce="_limit_chosen",
    )
    limits_on = Setting("[:SOURce<1-2>]:VOLTage:LIMit:STATe", Boolean(), default=False,
                        coerce="_limits_switched")
    range_auto = Setting("[:SOURce<1-2>]:VOLTage:RANGe:AUTO", Choice("ON", "OFF", "ONCE"), default="ON")
    load = Setting("OUTPut<1-2>:LOAD", LoadParameter(), default=50.0, change="_load_changed")

    def window(self, channel: int) -> Window:
        """Return what the output can do at the declared load and frequency."""
        load, frequency = self.load[channel], self.shared.frequency[channel]
        if (load, frequency) != self._conditions:
            self._conditions, self._window = (load, frequency), Window.of(self.data_sheet, load, frequency)
        return self._window

    def accept(self, channel: int, adjusted: Adjusted) -> None:
        """Take levels over, and post the error of what was not as requested."""
        levels = adjusted.levels
        if self.limits_on and self.limits_on[channel]:   # most instruments never had one
            low, high = levels.low, levels.high
            if self.shared.function[channel] == "DC":
                low = high = levels.offset
            bounds = self.limit_values
            if high > bounds[channel, "HIGH"] + 1e-9 or low < bounds[channel, "LOW"] - 1e-9:
                raise ScpiError(-222, text="Data out of range; level is beyond the voltage limits")
        self.shared.levels[channel] = levels
        self.generator.coupling_commands.levels_follow(channel)
        if adjusted.adjustment is not None:
            code, text = _ERRORS[adjusted.adjustment]
            self.post_error(code, text=text)
        floor, lead, trail = self.edge_floor(channel), self.shared.lead, self.shared.trail
        if min(lead[channel], trail[channel]) < floor * (1 - 1e-9):
            lead[channel], trail[channel] = max(lead[channel], floor), max(trail[channel], floor)
            if self.shared.function[channel] == "PULS":
                self.post_error(-221, text="Settings conflict; edge time increased due to amplitude")

    def _unit_chosen(self, channel: int, unit: str) -> str:
        if unit == "DBM" and self.load[channel] == INFINITE_LOAD:
            raise ScpiError(-221, text="Settings conflict; dBm needs a finite output load")
        return unit

    def _extremes(self, channel: int) -> tuple[float, float]:
        """Return the lowest and highest level that the present function puts out [V into the load]."""
        levels = self.shared.levels[channel]
        if self.shared.function[channel] == "DC":
            return levels.offset, levels.offset
        return levels.low, levels.high

    def _limit_chosen(self, channel: int, which: str, value: float) -> float:
        low, high = self._extremes(channel)
        beyond = high > value + 1e-9 if which == "HIGH" else low < value - 1e-9
        if self.limits_on[channel] and beyond:
            raise ScpiError(-221, text="Settings conflict; limit is inside the present levels")
        return value

    def _limits_switched(self, channel: int, on: bool) -> bool:
        bounds = self.limit_values
        low, high = self._extremes(channel)
        if on and (high > bounds[channel, "HIGH"] + 1e-9 or low < bounds[channel, "LOW"] - 1e-9):
            raise ScpiError(-221, text="Settings conflict; present levels are beyond the voltage limits")
        return on

    def _load_changed(self, channel: int) -> None:
        self.shared.levels[channel] = self.shared.levels[channel].with_load(self.load[channel])
        if self.load[channel] == INFINITE_LOAD and self.unit[channel] == "DBM":
            self.unit[channel] = "VPP"
            self.post_error(-221, text="Settings conflict; amplitude units changed to Vpp due to high-Z load")

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate][:AMPLitude]",
             Number("VPP", units=("V", "VRMS", "DBM")))
    def set_amplitude(self, channel: int, value: float) -> None:
        """``VOLT`` in the present unit."""
        if self.unit and (unit := self.unit[channel]) != "VPP":   # few change the unit
            value = levels_of.volts_peak_to_peak(value, unit, self.shared.function[channel], self.load[channel])
        self.set_peak_to_peak(channel, value)

    def set_peak_to_peak(self, channel: int, volts: float) -> None:
        """Set the amplitude [Vpp], whatever its unit."""
        self.accept(channel, levels_of.set_amplitude(self.shared.levels[channel], volts, self.window(channel)))
        self.playback.follow(channel)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate][:AMPLitude]?",
             Optional(Choice("MINimum", "MAXimum")))
    def get_amplitude(self, channel: int, word: str | None = None) -> str:
        """``VOLT?``."""
        value = self.shared.levels[channel].amplitude
        if word:
            window = self.window(channel)
            value = window.min_amplitude if word == "MIN" else window.max_amplitude
        if self.unit and (unit := self.unit[channel]) != "VPP":   # few change the unit
            value = levels_of.from_volts_peak_to_peak(value, unit, self.shared.function[channel], self.load[channel])
        return self.format_number(value)

    @command("[:SOURce<1-2>]:FUNCtion:ARBitrary:PTPeak", Number("V"))
    def set_arb_amplitude(self, channel: int, value: float) -> None:
        """``FUNC:ARB:PTP`` [V]."""
        self.accept(channel, levels_of.set_amplitude(self.shared.levels[channel], value, self.window(channel)))
        self.playback.follow(channel)

    @command("[:SOURce<1-2>]:FUNCtion:ARBitrary:PTPeak?")
    def get_arb_amplitude(self, channel: int) -> str:
        """``FUNC:ARB:PTP?``."""
        return self.format_number(self.shared.levels[channel].amplitude)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:OFFSet", Number("V"))
    def set_offset(self, channel: int, value: float) -> None:
        """``VOLT:OFFS``."""
        direct, window = self.shared.function[channel] == "DC", self.window(channel)
        self.accept(channel, levels_of.set_offset(self.shared.levels[channel], value, window, direct))
        self.playback.follow(channel)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:OFFSet?", Optional(Choice("MINimum", "MAXimum")))
    def get_offset(self, channel: int, word: str | None = None) -> str:
        """``VOLT:OFFS?``."""
        room = self.offset_room(channel)
        return self.format_number({"MIN": -room, "MAX": room}.get(word or "", self.shared.levels[channel].offset))

    def offset_room(self, channel: int) -> float:
        """Return the largest offset [V] at the present amplitude."""
        amplitude = 0.0 if self.shared.function[channel] == "DC" else self.shared.levels[channel].amplitude
        return max(self.window(channel).peak - amplitude / 2, 0.0)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:{HIGH|LOW}", Number("V"))
    def set_level(self, channel: int, which: str, value: float) -> None:
        """``VOLT:HIGH`` and ``VOLT:LOW``."""
        change = levels_of.set_high if which == "HIGH" else levels_of.set_low
        self.accept(channel, change(self.shared.levels[channel], value, self.window(channel)))
        self.playback.follow(channel)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:{HIGH|LOW}?")
    def get_level(self, channel: int, which: str) -> str:
        """``VOLT:HIGH?`` and ``VOLT:LOW?``."""
        levels = self.shared.levels[channel]
        return self.format_number(levels.high if which == "HIGH" else levels.low)
