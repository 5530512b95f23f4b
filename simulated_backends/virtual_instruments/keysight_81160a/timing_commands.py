"""Functions, frequencies and pulses of the 81160A/81150A.

One period belongs to all functions of a channel. Pulse width and edges are made to fit into it only while the function
is PULSe: period >= width + 1.6 * edge [user's guide, section 3.4.1].
"""

from typing import Any

from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Limited, Optional
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator.pulse_fit import PulseTimes, fitted
from tsbench.simulated_backends.virtual_instruments.generator_table import shared_name
from tsbench.simulated_backends.virtual_instruments.keysight_81160a.command_table import PulseGeneratorTable

RESET_FREQUENCY = 1e6  #: [Hz]: a period of 1 us [user's guide, section 3.4.1]
SHAPES = ("SINusoid", "SQUare", "RAMP", "PULSe", "NOISe", "DC", "USER")
LONGEST = 1e6  #: [s]


def _top(owner: Any, channel: int) -> float:
    return float(owner.sheet(channel).max_frequency[shared_name(owner.function[channel])])


def _edge(owner: Any, channel: int) -> float:
    return float(owner.sheet(channel).min_edge_time)


def _width(owner: Any, channel: int) -> float:
    return float(owner.sheet(channel).min_pulse_width)


class TimingCommands(PulseGeneratorTable):
    """What ``FUNCtion``, ``FREQuency`` and ``PULSe`` do."""

    function = Setting("[:SOURce]:FUNCtion<1-2>[:SHAPe]", Choice(*SHAPES), default="SIN", change="function_changed")
    frequency = Setting("[:SOURce]:FREQuency<1-2>[:CW]", Limited("HZ", 1e-6, _top, 1e3), default=RESET_FREQUENCY,
                        also=("[:SOURce]:FREQuency<1-2>:FIXed", "[:SOURce]:PULSe:FREQuency<1-2>"),
                        change="frequency_changed")
    phase = Setting("[:SOURce]:PHASe<1-2>[:ADJust]", Limited("DEG", -360.0, 360.0, 0.0), default=0.0,
                    change="playback.reshape")
    duty = Setting("[:SOURce]:FUNCtion<1-2>:SQUare:DCYCle", Limited("PCT", 1.515e-4, 99.9998485, 50.0), default=50.0,
                   coerce="_duty_chosen", change="playback.reshape")
    symmetry = Setting("[:SOURce]:FUNCtion<1-2>:RAMP:SYMMetry", Limited("PCT", 0.0, 100.0, 50.0), default=50.0,
                       change="playback.reshape")
    hold = Setting("[:SOURce]:FUNCtion<1-2>:PULSe:HOLD", Choice("WIDTh", "DCYCle", "TDELay"), default="WIDT",
                   also=("[:SOURce]:PULSe:HOLD<1-2>",))
    width = Setting("[:SOURce]:FUNCtion<1-2>:PULSe:WIDTh", Limited("S", _width, LONGEST, 100e-9), default=100e-9,
                    also=("[:SOURce]:PULSe:WIDTh<1-2>",), change="pulse_changed")
    lead = Setting("[:SOURce]:FUNCtion<1-2>:PULSe:TRANsition[:LEADing]", Limited("S", _edge, 1000.0, _edge),
                   default=_edge, also=("[:SOURce]:PULSe:TRANsition<1-2>[:LEADing]",), change="_lead_changed")
    trail = Setting("[:SOURce]:FUNCtion<1-2>:PULSe:TRANsition:TRAiling", Limited("S", _edge, 1000.0, _edge),
                    default=_edge, also=("[:SOURce]:PULSe:TRANsition<1-2>:TRAiling",), change="_trail_changed")
    trail_follows = Setting("[:SOURce]:FUNCtion<1-2>:PULSe:TRANsition:TRAiling:AUTO", Boolean(), default=True,
                            also=("[:SOURce]:PULSe:TRANsition<1-2>:TRAiling:AUTO",), change="_lead_changed")
    delay = Setting("[:SOURce]:FUNCtion<1-2>:PULSe:DELay", Limited("S", 0.0, 1000.0, 0.0), default=0.0,
                    also=("[:SOURce]:PULSe:DELay<1-2>",), change="playback.reshape")
    noise_bandwidth = Setting("[:SOURce]:FUNCtion<1-2>:NOISe:BANDwidth",
                              Limited("HZ", 1e3, lambda owner, c: owner.sheet(c).max_frequency["NOIS"]), default=100e3,
                              change="playback.reshape")

    def _duty_chosen(self, channel: int, percent: float) -> float:
        """Keep both parts of a square wave as long as the shortest pulse."""
        if self.function[channel] != "SQU":
            return percent
        least = min(100 * _width(self, channel) * self.frequency[channel], 50.0)
        possible: float = min(max(percent, least), 100 - least)
        if possible != percent:
            self.post_error(-221, text="Settings conflict")
        return possible

    def function_changed(self, channel: int) -> None:
        """Let frequency, levels and pulse suit another function."""
        top = _top(self, channel)
        if self.frequency[channel] > top:
            self.frequency[channel] = top
            self.post_error(-221, text="Settings conflict")
        self.generator.level_commands.suit(channel)
        self.pulse_changed(channel)

    def frequency_changed(self, channel: int) -> None:
        """Let levels and pulse suit another frequency."""
        self.generator.level_commands.suit(channel)
        self.pulse_changed(channel)
        self.generator.arming_commands.period_changed(channel)

    def pulse_changed(self, channel: int) -> None:
        """Make width and edges fit into the period of a pulse, with an error for what had to change."""
        if self.function[channel] == "PULS":
            before = PulseTimes(self.width[channel], self.lead[channel], self.trail[channel])
            after = fitted(before, 1 / self.frequency[channel], _width(self, channel), _edge(self, channel))
            if after != before:
                self.width[channel], self.lead[channel], self.trail[channel] = after.width, after.lead, after.trail
                self.post_error(-221, text="Settings conflict")
        elif self.function[channel] == "SQU":
            self.duty[channel] = self._duty_chosen(channel, self.duty[channel])
        self.playback.reshape(channel)

    def _lead_changed(self, channel: int) -> None:
        if self.trail_follows[channel]:
            self.trail[channel] = self.lead[channel]
        self.pulse_changed(channel)

    def _trail_changed(self, channel: int) -> None:
        self.trail_follows[channel] = False
        self.pulse_changed(channel)

    # ------------------------------------------------------------------------------ other words for the same

    @command("[:SOURce]:FUNCtion<1-2>:PULSe:PERiod",
             Limited("S", lambda owner, c: 1 / _top(owner, c), LONGEST, 1e-6))
    @command("[:SOURce]:PULSe:PERiod<1-2>", Limited("S", lambda owner, c: 1 / _top(owner, c), LONGEST, 1e-6))
    def set_period(self, channel: int, seconds: float) -> None:
        """``PULS:PER``: of all functions."""
        duty = self.width[channel] * self.frequency[channel]
        self.frequency[channel] = 1 / seconds
        if self.hold[channel] == "DCYC" and self.function[channel] == "PULS":
            self.width[channel] = max(duty * seconds, _width(self, channel))
        self.frequency_changed(channel)

    @command("[:SOURce]:FUNCtion<1-2>:PULSe:PERiod?", Optional(Choice("MINimum", "MAXimum")))
    @command("[:SOURce]:PULSe:PERiod<1-2>?", Optional(Choice("MINimum", "MAXimum")))
    def get_period(self, channel: int, word: str = "") -> str:
        """``PULS:PER?``."""
        value = {"MIN": 1 / _top(self, channel), "MAX": LONGEST}.get(word, 1 / self.frequency[channel])
        return self.format_number(value)

    @command("[:SOURce]:FUNCtion<1-2>:PULSe:DCYCle", Limited("PCT", 0.0, 100.0))
    @command("[:SOURce]:PULSe:DCYCle<1-2>", Limited("PCT", 0.0, 100.0))
    def set_pulse_duty(self, channel: int, percent: float) -> None:
        """``PULS:DCYC``: the width follows, but no pulse and no gap is shorter than the shortest pulse."""
        period = 1 / self.frequency[channel]
        wanted = percent / 100 * period
        least = _width(self, channel)
        most = max(period - least, least) if self.function[channel] == "PULS" else period
        possible = min(max(wanted, least), most)
        if abs(possible - wanted) > 1e-9 * period:
            self.post_error(-222, text="Data out of range")
        self.width[channel] = possible
        self.pulse_changed(channel)

    @command("[:SOURce]:FUNCtion<1-2>:PULSe:DCYCle?")
    @command("[:SOURce]:PULSe:DCYCle<1-2>?")
    def get_pulse_duty(self, channel: int) -> str:
        """``PULS:DCYC?``."""
        return self.format_number(100 * self.width[channel] * self.frequency[channel])
