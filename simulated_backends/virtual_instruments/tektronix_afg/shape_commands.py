"""Functions, frequencies and pulses of the AFG3000C/31000.

One frequency belongs to all functions of a channel. Pulse width and edges are made to fit into its period only
while the function is PULSe.
"""

from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Choice, Number, Optional
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator.pulse_fit import PulseTimes, fitted
from tsbench.simulated_backends.virtual_instruments.tektronix_afg.command_table import AfgTable

BUILT_IN = ("SINC", "GAUSsian", "LORentz", "ERISe", "EDECay", "HAVersine")
MEMORIES = ("USER", "USER1", "USER2", "USER3", "USER4", "EMEMory")
SHAPES = ("SINusoid", "SQUare", "PULSe", "RAMP", "PRNoise", "DC", *BUILT_IN, *MEMORIES)
_SHARED_NAMES = {"SIN": "SIN", "SQU": "SQU", "PULS": "PULS", "RAMP": "RAMP", "PRN": "NOIS", "DC": "DC"}
LONGEST = 1e6  #: [s]


def shared_name(function: str) -> str:
    """Return the name that the shared code has for a function."""
    return _SHARED_NAMES.get(function, "ARB")


def _top(owner: Any, channel: int) -> float:
    return float(owner.data_sheet.max_frequency[shared_name(owner.function[channel])])


def _width(owner: Any, channel: int) -> float:
    return float(owner.data_sheet.min_pulse_width)


def _edge(owner: Any, channel: int) -> float:
    return float(owner.data_sheet.min_edge_time)


def _slowest(owner: Any, channel: int) -> float:
    return float(owner.data_sheet.max_edge_time)


class AfgShapeCommands(AfgTable):
    """What ``SOURce:FUNCtion``, ``SOURce:FREQuency``, ``SOURce:PHASe`` and ``SOURce:PULSe`` do."""

    function = Setting("[:SOURce<1-2>]:FUNCtion[:SHAPe]", Choice(*SHAPES), default="SIN", coerce="_function_chosen",
                       change="function_changed")
    frequency = Setting("[:SOURce<1-2>]:FREQuency[:CW]", Number("HZ", 1e-6, _top), default=1e6,
                        also=("[:SOURce<1-2>]:FREQuency:FIXed",), coerce="_frequency_chosen",
                        change="frequency_changed")
    phase = Setting("[:SOURce<1-2>]:PHASe[:ADJust]", Number("DEG", -180.0, 180.0), default=0.0,
                    change="playback.reshape")
    symmetry = Setting("[:SOURce<1-2>]:FUNCtion:RAMP:SYMMetry", Number("PCT", 0.0, 100.0), default=50.0,
                       change="playback.reshape")
    hold = Setting("[:SOURce<1-2>]:PULSe:HOLD", Choice("WIDTh", "DUTY"), default="DUTY")
    width = Setting("[:SOURce<1-2>]:PULSe:WIDTh", Number("S", _width, LONGEST), default=500e-9, change="pulse_changed")
    lead = Setting("[:SOURce<1-2>]:PULSe:TRANsition[:LEADing]", Number("S", _edge, _slowest), default=_edge,
                   change="pulse_changed")
    trail = Setting("[:SOURce<1-2>]:PULSe:TRANsition:TRAiling", Number("S", _edge, _slowest), default=_edge,
                    change="pulse_changed")
    delay = Setting("[:SOURce<1-2>]:PULSe:DELay", Number("S", 0.0, LONGEST), default=0.0, coerce="_delay_chosen",
                    change="playback.reshape")

    def _function_chosen(self, channel: int, function: str) -> str:
        function = "USER1" if function == "USER" else function
        if shared_name(function) == "ARB" and self.generator.edit_memory.codes(function) is None:
            raise ScpiError(-221)
        return function

    def _frequency_chosen(self, channel: int, hertz: float) -> float:
        """Keep the width, or its part of the period (``PULS:HOLD``)."""
        if self.hold[channel] == "DUTY":
            width = self.width[channel] * self.frequency[channel] / hertz
            self.width[channel] = max(width, _width(self, channel))
        return hertz

    def _delay_chosen(self, channel: int, seconds: float) -> float:
        if seconds * self.frequency[channel] >= 1:
            raise ScpiError(-222)
        return seconds

    def function_changed(self, channel: int) -> None:
        """Let frequency, levels and pulse suit another function."""
        top = _top(self, channel)
        if self.frequency[channel] > top:
            self.frequency[channel] = self._frequency_chosen(channel, top)
            self.post_error(-221)
        self.generator.level_commands.suit(channel)
        self.pulse_changed(channel)

    def frequency_changed(self, channel: int) -> None:
        """Let levels and pulse suit another frequency."""
        self.generator.level_commands.suit(channel)
        self.pulse_changed(channel)

    def pulse_changed(self, channel: int) -> None:
        """Make width and edges fit into the period of a pulse, with an error for what had to change."""
        if self.function[channel] == "PULS":
            before = PulseTimes(self.width[channel], self.lead[channel], self.trail[channel])
            after = fitted(before, 1 / self.frequency[channel], _width(self, channel), _edge(self, channel))
            if after != before:
                self.width[channel], self.lead[channel], self.trail[channel] = after.width, after.lead, after.trail
                self.post_error(-221)
        self.playback.reshape(channel)

    @command("[:SOURce<1-2>]:PHASe:INITiate")
    def align(self, channel: int) -> None:
        """``PHAS:INIT``: all channels begin anew, together."""
        for number in self.generator.channels.numbers:
            self.playback.reshape(number)

    @command("[:SOURce<1-2>]:PULSe:PERiod", Number("S", lambda owner, c: 1 / _top(owner, c), LONGEST))
    def set_period(self, channel: int, seconds: float) -> None:
        """``PULS:PER``: of all functions. The width stays, or its part of the period (``PULS:HOLD``)."""
        self.frequency[channel] = self._frequency_chosen(channel, 1 / seconds)
        self.frequency_changed(channel)

    @command("[:SOURce<1-2>]:PULSe:PERiod?", Optional(Choice("MINimum", "MAXimum")))
    def get_period(self, channel: int, word: str = "") -> str:
        """``PULS:PER?``."""
        value = {"MIN": 1 / _top(self, channel), "MAX": LONGEST}.get(word, 1 / self.frequency[channel])
        return self.format_number(value)

    @command("[:SOURce<1-2>]:PULSe:DCYCle", Number("PCT", 0.001, 99.999))
    def set_duty(self, channel: int, percent: float) -> None:
        """``PULS:DCYC``: the width follows."""
        width = percent / 100 / self.frequency[channel]
        if width < _width(self, channel) * (1 - 1e-9):
            raise ScpiError(-222)
        self.width[channel] = width
        self.pulse_changed(channel)

    @command("[:SOURce<1-2>]:PULSe:DCYCle?")
    def get_duty(self, channel: int) -> str:
        """``PULS:DCYC?``."""
        return self.format_number(100 * self.width[channel] * self.frequency[channel])
