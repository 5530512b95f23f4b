"""Function, frequency and pulse commands of the 33500B/33600A, with the adjustments the hardware makes.

A value beyond a limit is set to the limit with error -222 ("value clipped"), a value that forces another one
to move moves it with error -221: so does the hardware; nothing happens silently.
"""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Choice, Optional
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_33600 import levels as levels_of
from tsbench.simulated_backends.virtual_instruments.keysight_33600.level_commands import LevelSettings
from tsbench.simulated_backends.virtual_instruments.keysight_33600.parameters import Clipped

_EDGE_SHARE = 0.625  #: half of a 0-100 % ramp per 10-90 % edge: what an edge takes of the width at 50 %
MIN_FREQUENCY = 1e-6  #: [Hz]
MIN_SAMPLE_RATE = 1e-6  #: [Sa/s]


def max_frequency(instrument: "FunctionCommands", channel: int) -> float:
    """Return the highest frequency [Hz] of a channel's function."""
    return float(min(instrument.limits.max_frequency[instrument.function[channel]], 1e9))


class FunctionCommands(LevelSettings):
    """What ``SOURce:FUNCtion`` and ``FREQuency`` do; mixed into the generator."""

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
        Clipped("SA/S", MIN_SAMPLE_RATE, lambda i, *_: i.limits.max_sample_rate, units=("SA",)), default=40e3,
        change="reshape",
    )
    filtering = Setting("[:SOURce<1-2>]:FUNCtion:ARBitrary:FILTer", Choice("NORMal", "STEP", "OFF"),
                        default="STEP", change="reshape")
    advance = Setting("[:SOURce<1-2>]:FUNCtion:ARBitrary:ADVance", Choice("TRIGger", "SRATe"), default="SRAT")

    def _function_chosen(self, channel: int, function: str) -> str:
        if function == "PRBS":
            raise ScpiError(-224)
        return function

    def _function_changed(self, channel: int) -> None:
        if self.frequency[channel] > max_frequency(self, channel):
            self.frequency[channel] = max_frequency(self, channel)
            self.post_error(-221, text="Settings conflict; frequency reduced for new function")
        if self.function[channel] != "DC":
            self._accept(channel, levels_of.set_amplitude(
                self.levels[channel], self.levels[channel].amplitude, self._window(channel)))
        if self.function[channel] == "PULS":
            self._fit_pulse(channel, "period")
        self.reshape(channel)

    @command("[:SOURce<1-2>]:FREQuency:FIXed", Clipped("HZ", MIN_FREQUENCY, max_frequency))
    @command("[:SOURce<1-2>]:FREQuency[:CW]", Clipped("HZ", MIN_FREQUENCY, max_frequency))
    def set_frequency(self, channel: int, value: float) -> None:
        """``FREQ``."""
        self._set_period(channel, 1.0 / value)

    @command("[:SOURce<1-2>]:FREQuency:FIXed?", Optional(Choice("MINimum", "MAXimum")))
    @command("[:SOURce<1-2>]:FREQuency[:CW]?", Optional(Choice("MINimum", "MAXimum")))
    def get_frequency(self, channel: int, word: str | None = None) -> str:
        """``FREQ?``."""
        value = {"MIN": MIN_FREQUENCY, "MAX": max_frequency(self, channel)}.get(
            word or "", self.frequency[channel])
        return self.format_number(value)

    @command("[:SOURce<1-2>]:FUNCtion:{PULSe|SQUare|RAMP}:PERiod",
             Clipped("S", lambda i, c, *_: 1 / max_frequency(i, c), 1e6))
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
