"""Function, timing and level commands of the 33500B/33600A, with the adjustments the hardware makes.

A value beyond a limit is set to the limit with error -222 ("value clipped"), a value that forces another one
to move moves it with error -221: so does the hardware; nothing happens silently.
"""

import math
from typing import TYPE_CHECKING, Any, ClassVar

from tsbench.simulated_backends.virtual_instruments import keysight_33600_levels as levels_of
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keysight_33600_levels import Adjusted, Levels, Window
from tsbench.simulated_backends.virtual_instruments.keysight_33600_models import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.scpi_errors import ScpiError
from tsbench.simulated_backends.virtual_instruments.scpi_parameters import (
    Boolean,
    Choice,
    Number,
    Optional,
    Parameter,
)
from tsbench.simulated_backends.virtual_instruments.scpi_tree import Setting, command

if TYPE_CHECKING:
    from tsbench.simulated_backends.virtual_instruments.keysight_33600_models import GeneratorModel

_EDGE_SHARE = 0.625  #: half of a 0-100 % ramp per 10-90 % edge: what an edge takes of the width at 50 %


class _Free(Number):
    """A number whose MIN and MAX come from another parameter and whose bounds are not checked."""

    def __init__(self, owner: "Clipped") -> None:
        super().__init__(owner.unit, units=tuple(owner.units), infinite=owner.infinite)
        self.owner = owner

    def special(self, word: str, instrument: Any, key: tuple[Any, ...]) -> float:
        return self.owner.special(word, instrument, key)


class Clipped(Number):
    """A number that is set to its limit, with error -222, when it lies beyond."""

    def parse(self, raw: bytes, instrument: Any, key: tuple[Any, ...]) -> float:
        value = _Free(self).parse(raw, instrument, key)
        if math.isinf(value):
            return value
        for bound, sign, name in ((self.low, -1, "lower"), (self.high, 1, "upper")):
            limit = bound(instrument, *key) if callable(bound) else bound
            if limit is not None and sign * (value - limit) > 1e-9 * abs(limit):
                instrument.post_error(-222, text=f"Data out of range; value clipped to {name} limit")
                return float(limit)
        return value


class LoadParameter(Parameter):
    """``OUTP:LOAD``: 1 to 10 kOhm, or INFinity."""

    _number = Clipped("OHM", 1.0, 10e3, 50.0, infinite=True)

    def parse(self, raw: bytes, instrument: Any, key: tuple[Any, ...]) -> float:
        value = self._number.parse(raw, instrument, key) if raw[:3].upper() != b"9.9" else math.inf
        return INFINITE_LOAD if math.isinf(value) else value


def _max_frequency(instrument: "SourceSettings", channel: int) -> float:
    return float(min(instrument.limits.max_frequency[instrument.function[channel]], 1e9))


class SourceSettings(VirtualInstrument):
    """What ``SOURce:FUNCtion``, ``FREQ``, ``VOLTage`` and ``OUTPut:LOAD`` do; mixed into the generator."""

    limits: ClassVar["GeneratorModel"]
    levels: dict[int, Levels]
    frequency: dict[int, float]  #: [Hz]

    def reshape(self, channel: int) -> None:
        """Play what the settings now say (the generator's own)."""
        raise NotImplementedError

    # ----------------------------------------------------------------------------------- function, time

    function = Setting(
        "[:SOURce<1-2>]:FUNCtion[:SHAPe]",
        Choice("SINusoid", "SQUare", "TRIangle", "RAMP", "PULSe", "NOISe", "PRBS", "ARB", "DC"),
        default="SIN", coerce="_function_chosen", change="_function_changed",
    )
    frequency_mode = Setting("[:SOURce<1-2>]:FREQuency:MODE", Choice("CW", "FIXed"), default="CW")
    phase = Setting("[:SOURce<1-2>]:PHASe[:ADJust]", Clipped("DEG", -360.0, 360.0, 0.0), default=0.0,
                    change="reshape")
    square_duty = Setting("[:SOURce<1-2>]:FUNCtion:SQUare:DCYCle", Clipped("PCT", 0.01, 99.99, 50.0),
                          default=50.0, change="reshape")
    symmetry = Setting("[:SOURce<1-2>]:FUNCtion:RAMP:SYMMetry", Clipped("PCT", 0.0, 100.0, 100.0),
                       default=100.0, change="reshape")
    noise_bandwidth = Setting(
        "[:SOURce<1-2>]:FUNCtion:NOISe:BANDwidth",
        Clipped("HZ", 1e-3, lambda i, *_: i.limits.max_frequency["NOIS"]), default=100e3, change="reshape",
    )
    hold = Setting("[:SOURce<1-2>]:FUNCtion:PULSe:HOLD", Choice("WIDTh", "DCYCle"), default="WIDT")
    pulse_width = Setting(
        "[:SOURce<1-2>]:FUNCtion:PULSe:WIDTh",
        Clipped("S", lambda i, *_: i.limits.min_pulse_width, 1e6, 1e-4), default=1e-4,
        change="_width_changed",
    )
    lead = Setting(
        "[:SOURce<1-2>]:FUNCtion:PULSe:TRANsition:LEADing",
        Clipped("S", lambda i, c: i.edge_floor(c), lambda i, *_: i.limits.max_edge_time, 10e-9),
        default=10e-9, change="_edges_changed",
    )
    trail = Setting(
        "[:SOURce<1-2>]:FUNCtion:PULSe:TRANsition:TRAiling",
        Clipped("S", lambda i, c: i.edge_floor(c), lambda i, *_: i.limits.max_edge_time, 10e-9),
        default=10e-9, change="_edges_changed",
    )
    sample_rate = Setting(
        "[:SOURce<1-2>]:FUNCtion:ARBitrary:SRATe",
        Clipped("SA/S", 1e-6, lambda i, *_: i.limits.max_sample_rate, units=("SA",)), default=40e3,
        change="reshape",
    )
    filtering = Setting("[:SOURce<1-2>]:FUNCtion:ARBitrary:FILTer", Choice("NORMal", "STEP", "OFF"),
                        default="STEP", change="reshape")
    advance = Setting("[:SOURce<1-2>]:FUNCtion:ARBitrary:ADVance", Choice("TRIGger", "SRATe"), default="SRAT")

    def edge_floor(self, channel: int) -> float:
        """Return the shortest edge [s, 10-90 %] at the present amplitude."""
        levels = self.levels[channel]
        return self.limits.edge_floor(levels.amplitude * levels.into_50)

    def _function_chosen(self, channel: int, function: str) -> str:
        if function == "PRBS":
            raise ScpiError(-224)
        return function

    def _function_changed(self, channel: int) -> None:
        if self.frequency[channel] > _max_frequency(self, channel):
            self.frequency[channel] = _max_frequency(self, channel)
            self.post_error(-221, text="Settings conflict; frequency reduced for new function")
        if self.function[channel] != "DC":
            self._accept(channel, levels_of.set_amplitude(
                self.levels[channel], self.levels[channel].amplitude, self._window(channel)))
        if self.function[channel] == "PULS":
            self._fit_pulse(channel, "period")
        self.reshape(channel)

    @command("[:SOURce<1-2>]:FREQuency:FIXed", Clipped("HZ", 1e-6, _max_frequency))
    @command("[:SOURce<1-2>]:FREQuency[:CW]", Clipped("HZ", 1e-6, _max_frequency))
    def set_frequency(self, channel: int, value: float) -> None:
        """``FREQ``."""
        self._set_period(channel, 1.0 / value)

    @command("[:SOURce<1-2>]:FREQuency:FIXed?", Optional(Choice("MINimum", "MAXimum")))
    @command("[:SOURce<1-2>]:FREQuency[:CW]?", Optional(Choice("MINimum", "MAXimum")))
    def get_frequency(self, channel: int, word: str | None = None) -> str:
        """``FREQ?``."""
        value = {"MIN": 1e-6, "MAX": _max_frequency(self, channel)}.get(
            word or "", self.frequency[channel])
        return self.format_number(value)

    @command("[:SOURce<1-2>]:FUNCtion:{PULSe|SQUare|RAMP}:PERiod",
             Clipped("S", lambda i, c, *_: 1 / _max_frequency(i, c), 1e6))
    def set_period(self, channel: int, shape: str, value: float) -> None:
        """``FUNC:PULS:PER``: the period of all functions of the channel."""
        self._set_period(channel, value)

    @command("[:SOURce<1-2>]:FUNCtion:{PULSe|SQUare|RAMP}:PERiod?")
    def get_period(self, channel: int, shape: str) -> str:
        """``FUNC:PULS:PER?``."""
        return self.format_number(self.period(channel))

    def period(self, channel: int) -> float:
        """Return the period [s] of the periodic functions."""
        return 1.0 / self.frequency[channel]

    def _set_period(self, channel: int, period: float) -> None:
        duty = self.pulse_width[channel] / self.period(channel)
        self.frequency[channel] = 1.0 / period
        if self.hold[channel] == "DCYC":
            self.pulse_width[channel] = max(duty * period, self.limits.min_pulse_width)
        if self.function[channel] == "PULS":
            self._fit_pulse(channel, "period")
        window = self._window(channel)
        if self.levels[channel].amplitude > window.max_amplitude * (1 + 1e-9):
            self._accept(channel, levels_of.set_amplitude(self.levels[channel], window.max_amplitude, window))
            self.post_error(-221, text="Settings conflict; amplitude reduced due to frequency")
        self.reshape(channel)

    # ------------------------------------------------------------------------------------------- pulses

    @command("[:SOURce<1-2>]:FUNCtion:PULSe:DCYCle", Clipped("PCT", 0.01, 99.99))
    def set_pulse_duty(self, channel: int, percent: float) -> None:
        """``FUNC:PULS:DCYC``."""
        self.pulse_width[channel] = max(percent / 100 * self.period(channel), self.limits.min_pulse_width)
        self._width_changed(channel)

    @command("[:SOURce<1-2>]:FUNCtion:PULSe:DCYCle?")
    def get_pulse_duty(self, channel: int) -> str:
        """``FUNC:PULS:DCYC?``."""
        return self.format_number(100 * self.pulse_width[channel] / self.period(channel))

    @command("[:SOURce<1-2>]:FUNCtion:PULSe:TRANsition[:BOTH]",
             Clipped("S", lambda i, c: i.edge_floor(c), lambda i, *_: i.limits.max_edge_time, 10e-9))
    def set_edges(self, channel: int, seconds: float) -> None:
        """``FUNC:PULS:TRAN:BOTH``."""
        self.lead[channel] = self.trail[channel] = seconds
        self._edges_changed(channel)

    @command("[:SOURce<1-2>]:FUNCtion:PULSe:TRANsition[:BOTH]?")
    def get_edges(self, channel: int) -> str:
        """``FUNC:PULS:TRAN?``: the leading edge."""
        return self.format_number(self.lead[channel])

    def _width_changed(self, channel: int) -> None:
        self._fit_pulse(channel, "width")
        self.reshape(channel)

    def _edges_changed(self, channel: int) -> None:
        self._fit_pulse(channel, "edges")
        self.reshape(channel)

    def _fit_pulse(self, channel: int, cause: str) -> None:
        """Make width and edges fit into the period as the hardware does: width first, then edges."""
        period, width = self.period(channel), self.pulse_width[channel]
        lead, trail, floor = self.lead[channel], self.trail[channel], self.edge_floor(channel)
        shortest = self.limits.min_pulse_width
        edges = _EDGE_SHARE * (lead + trail)
        room = max(period - max(shortest, min(edges, period / 2)), shortest)
        if width > room * (1 + 1e-9):
            self.pulse_width[channel] = width = room
            self.post_error(-221, text="Settings conflict; pulse width decreased due to period")
        longest = min(width, period - width) / (2 * _EDGE_SHARE)
        longest = max(longest, floor)
        if lead + trail > 2 * longest * (1 + 1e-9):
            self.lead[channel], self.trail[channel] = min(lead, longest), min(trail, longest)
            reason = "period" if cause == "period" else "pulse width"
            self.post_error(-221, text=f"Settings conflict; edge time decreased due to {reason}")

    # ------------------------------------------------------------------------------------------- levels

    unit = Setting("[:SOURce<1-2>]:VOLTage:UNIT", Choice("VPP", "VRMS", "DBM"), default="VPP",
                   coerce="_unit_chosen")
    limit_values = Setting(
        "[:SOURce<1-2>]:VOLTage:LIMit:{HIGH|LOW}", Number("V"),
        default=lambda i, c, which: 5.0 if which == "HIGH" else -5.0, coerce="_limit_chosen",
    )
    limits_on = Setting("[:SOURce<1-2>]:VOLTage:LIMit:STATe", Boolean(), default=False,
                        coerce="_limits_switched")
    range_auto = Setting("[:SOURce<1-2>]:VOLTage:RANGe:AUTO", Choice("ON", "OFF", "ONCE"), default="ON")
    load = Setting("OUTPut<1-2>:LOAD", LoadParameter(), default=50.0, change="_load_changed")

    def _window(self, channel: int) -> Window:
        return Window.of(self.limits, self.load[channel], self.frequency[channel])

    def _accept(self, channel: int, adjusted: Adjusted) -> None:
        levels = adjusted.levels
        if self.limits_on[channel]:
            low, high = levels.low, levels.high
            if self.function[channel] == "DC":
                low = high = levels.offset
            bounds = self.limit_values
            if high > bounds[channel, "HIGH"] + 1e-9 or low < bounds[channel, "LOW"] - 1e-9:
                raise ScpiError(-222, text="Data out of range; level is beyond the voltage limits")
        self.levels[channel] = levels
        if adjusted.error is not None:
            self.post_error(adjusted.error[0], text=adjusted.error[1])
        floor = self.edge_floor(channel)
        if min(self.lead[channel], self.trail[channel]) < floor * (1 - 1e-9):
            self.lead[channel] = max(self.lead[channel], floor)
            self.trail[channel] = max(self.trail[channel], floor)
            if self.function[channel] == "PULS":
                self.post_error(-221, text="Settings conflict; edge time increased due to amplitude")

    def _unit_chosen(self, channel: int, unit: str) -> str:
        if unit == "DBM" and self.load[channel] >= INFINITE_LOAD / 10:
            raise ScpiError(-221, text="Settings conflict; dBm needs a finite output load")
        return unit

    def _extremes(self, channel: int) -> tuple[float, float]:
        """Return the lowest and highest level that the present function puts out [V into the load]."""
        levels = self.levels[channel]
        if self.function[channel] == "DC":
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
        self.levels[channel] = self.levels[channel].with_load(self.load[channel])
        if self.load[channel] >= INFINITE_LOAD / 10 and self.unit[channel] == "DBM":
            self.unit[channel] = "VPP"
            self.post_error(-221, text="Settings conflict; amplitude units changed to Vpp due to high-Z load")

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate][:AMPLitude]",
             Number("VPP", units=("V", "VRMS", "DBM")))
    def set_amplitude(self, channel: int, value: float) -> None:
        """``VOLT`` in the present unit."""
        window, unit = self._window(channel), self.unit[channel]
        peak_to_peak = levels_of.volts_peak_to_peak(value, unit, self.function[channel], self.load[channel])
        self._accept(channel, levels_of.set_amplitude(self.levels[channel], peak_to_peak, window))
        self.reshape(channel)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate][:AMPLitude]?",
             Optional(Choice("MINimum", "MAXimum")))
    def get_amplitude(self, channel: int, word: str | None = None) -> str:
        """``VOLT?``."""
        window = self._window(channel)
        value = {"MIN": window.min_amplitude, "MAX": window.max_amplitude}.get(
            word or "", self.levels[channel].amplitude)
        return self.format_number(levels_of.from_volts_peak_to_peak(
            value, self.unit[channel], self.function[channel], self.load[channel]))

    @command("[:SOURce<1-2>]:FUNCtion:ARBitrary:PTPeak", Number("V"))
    def set_arb_amplitude(self, channel: int, value: float) -> None:
        """``FUNC:ARB:PTP`` [V]."""
        self._accept(channel, levels_of.set_amplitude(self.levels[channel], value, self._window(channel)))
        self.reshape(channel)

    @command("[:SOURce<1-2>]:FUNCtion:ARBitrary:PTPeak?")
    def get_arb_amplitude(self, channel: int) -> str:
        """``FUNC:ARB:PTP?``."""
        return self.format_number(self.levels[channel].amplitude)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:OFFSet", Number("V"))
    def set_offset(self, channel: int, value: float) -> None:
        """``VOLT:OFFS``."""
        direct, window = self.function[channel] == "DC", self._window(channel)
        self._accept(channel, levels_of.set_offset(self.levels[channel], value, window, direct))
        self.reshape(channel)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:OFFSet?", Optional(Choice("MINimum", "MAXimum")))
    def get_offset(self, channel: int, word: str | None = None) -> str:
        """``VOLT:OFFS?``."""
        levels = self.levels[channel]
        room = self._window(channel).peak - (0.0 if self.function[channel] == "DC" else levels.amplitude / 2)
        return self.format_number({"MIN": -room, "MAX": room}.get(word or "", levels.offset))

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:{HIGH|LOW}", Number("V"))
    def set_level(self, channel: int, which: str, value: float) -> None:
        """``VOLT:HIGH`` and ``VOLT:LOW``."""
        change = levels_of.set_high if which == "HIGH" else levels_of.set_low
        self._accept(channel, change(self.levels[channel], value, self._window(channel)))
        self.reshape(channel)

    @command("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:{HIGH|LOW}?")
    def get_level(self, channel: int, which: str) -> str:
        """``VOLT:HIGH?`` and ``VOLT:LOW?``."""
        levels = self.levels[channel]
        return self.format_number(levels.high if which == "HIGH" else levels.low)
