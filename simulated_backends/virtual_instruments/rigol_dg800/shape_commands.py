"""Functions, frequencies and pulses of the DG800/900.

One frequency belongs to all functions of a channel. Width and edges are made to fit into the period without an error
(DG800 programming guide, p. 2-79).
"""

from typing import Any

from tsbench.simulated_backends.scpi.parameters import Choice, Optional
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator.pulse_fit import PulseTimes, fitted
from tsbench.simulated_backends.virtual_instruments.generator_table import shared_name
from tsbench.simulated_backends.virtual_instruments.rigol_dg800.command_table import OUT_OF_RANGE, DgNumber, DgTable

SHAPES = ("SINusoid", "SQUare", "RAMP", "PULSe", "NOISe", "USER", "DC")
LONGEST = 1e6  #: [s]


def _top(owner: Any, channel: int) -> float:
    return float(owner.data_sheet.max_frequency[shared_name(owner.function[channel])])


def _width(owner: Any, channel: int) -> float:
    return float(owner.data_sheet.min_pulse_width)


def _edge(owner: Any, channel: int) -> float:
    return float(owner.data_sheet.min_edge_time)


def _slowest(owner: Any, channel: int) -> float:
    return float(owner.data_sheet.max_edge_time)


class DgShapeCommands(DgTable):
    """What ``SOURce:FUNCtion``, ``SOURce:FREQuency``, ``SOURce:PERiod``, ``SOURce:PHASe`` and ``SOURce:PULSe`` do."""

    function = Setting("[:SOURce<1-2>]:FUNCtion[:SHAPe]", Choice(*SHAPES), default="SIN", change="function_changed")
    frequency = Setting("[:SOURce<1-2>]:FREQuency[:FIXed]", DgNumber("HZ", 1e-6, _top, 1e3), default=1e3,
                        coerce="_frequency_chosen", change="frequency_changed")
    phase = Setting("[:SOURce<1-2>]:PHASe[:ADJust]", DgNumber("", 0.0, 360.0, 0.0), default=0.0,
                    change="playback.reshape")
    duty = Setting("[:SOURce<1-2>]:FUNCtion:SQUare:DCYCle", DgNumber("", 0.01, 99.99, 50.0), default=50.0,
                   change="playback.reshape")
    symmetry = Setting("[:SOURce<1-2>]:FUNCtion:RAMP:SYMMetry", DgNumber("", 0.0, 100.0, 50.0), default=50.0,
                       change="playback.reshape")
    hold = Setting("[:SOURce<1-2>]:PULSe:HOLD", Choice("WIDTh", "DUTY"), default="DUTY",
                   also=("[:SOURce<1-2>]:FUNCtion:PULSe:HOLD",))
    width = Setting("[:SOURce<1-2>]:PULSe:WIDTh", DgNumber("S", _width, LONGEST, 500e-6), default=500e-6,
                    also=("[:SOURce<1-2>]:FUNCtion:PULSe:WIDTh",), change="pulse_changed")
    lead = Setting("[:SOURce<1-2>]:PULSe:TRANsition[:LEADing]", DgNumber("S", _edge, _slowest, 20e-9), default=20e-9,
                   also=("[:SOURce<1-2>]:FUNCtion:PULSe:TRANsition:LEADing",), change="pulse_changed")
    trail = Setting("[:SOURce<1-2>]:PULSe:TRANsition:TRAiling", DgNumber("S", _edge, _slowest, 20e-9), default=20e-9,
                    also=("[:SOURce<1-2>]:FUNCtion:PULSe:TRANsition:TRAiling",), change="pulse_changed")

    def _frequency_chosen(self, channel: int, hertz: float) -> float:
        """Keep the width, or its part of the period (``PULS:HOLD``)."""
        if self.hold[channel] == "DUTY":
            width = self.width[channel] * self.frequency[channel] / hertz
            self.width[channel] = max(width, _width(self, channel))
        return hertz

    def function_changed(self, channel: int) -> None:
        """Let frequency, levels and pulse suit another function."""
        if self.frequency[channel] > _top(self, channel):
            self.frequency[channel] = self._frequency_chosen(channel, _top(self, channel))
        self.generator.level_commands.suit(channel)
        self.pulse_changed(channel)

    def frequency_changed(self, channel: int) -> None:
        """Let levels and pulse suit another frequency."""
        self.generator.level_commands.suit(channel)
        self.pulse_changed(channel)

    def pulse_changed(self, channel: int) -> None:
        """Make width and edges fit into the period of a pulse."""
        if self.function[channel] == "PULS":
            times = PulseTimes(self.width[channel], self.lead[channel], self.trail[channel])
            after = fitted(times, 1 / self.frequency[channel], _width(self, channel), _edge(self, channel))
            self.width[channel], self.lead[channel], self.trail[channel] = after.width, after.lead, after.trail
        self.playback.reshape(channel)

    @command("[:SOURce<1-2>]:FUNCtion:PULSe:TRANsition[:BOTH]", DgNumber("S", _edge, _slowest))
    def set_both_edges(self, channel: int, seconds: float) -> None:
        """``FUNC:PULS:TRAN``: both edges."""
        self.lead[channel] = self.trail[channel] = seconds
        self.pulse_changed(channel)

    @command("[:SOURce<1-2>]:PERiod[:FIXed]", DgNumber("S", lambda owner, c: 1 / _top(owner, c), LONGEST))
    @command("[:SOURce<1-2>]:FUNCtion:PULSe:PERiod", DgNumber("S", lambda owner, c: 1 / _top(owner, c), LONGEST))
    @command("[:SOURce<1-2>]:FUNCtion:SQUare:PERiod", DgNumber("S", lambda owner, c: 1 / _top(owner, c), LONGEST))
    def set_period(self, channel: int, seconds: float) -> None:
        """``PER``: of all functions. The width stays, or its part of the period (``PULS:HOLD``)."""
        self.frequency[channel] = self._frequency_chosen(channel, 1 / seconds)
        self.frequency_changed(channel)

    @command("[:SOURce<1-2>]:PERiod[:FIXed]?", Optional(Choice("MINimum", "MAXimum")))
    @command("[:SOURce<1-2>]:FUNCtion:PULSe:PERiod?", Optional(Choice("MINimum", "MAXimum")))
    @command("[:SOURce<1-2>]:FUNCtion:SQUare:PERiod?", Optional(Choice("MINimum", "MAXimum")))
    def get_period(self, channel: int, word: str = "") -> str:
        """``PER?``."""
        value = {"MIN": 1 / _top(self, channel), "MAX": LONGEST}.get(word, 1 / self.frequency[channel])
        return self.format_number(value)

    @command("[:SOURce<1-2>]:PULSe:DCYCle", DgNumber("", 0.001, 99.999))
    @command("[:SOURce<1-2>]:FUNCtion:PULSe:DCYCle", DgNumber("", 0.001, 99.999))
    def set_duty(self, channel: int, percent: float) -> None:
        """``PULS:DCYC``: the width follows, but no pulse is shorter than the shortest."""
        wanted = percent / 100 / self.frequency[channel]
        self.width[channel] = max(wanted, _width(self, channel))
        if self.width[channel] > wanted * (1 + 1e-9):
            self.post_error(-222, text=OUT_OF_RANGE)
        self.pulse_changed(channel)

    @command("[:SOURce<1-2>]:PULSe:DCYCle?")
    @command("[:SOURce<1-2>]:FUNCtion:PULSe:DCYCle?")
    def get_duty(self, channel: int) -> str:
        """``PULS:DCYC?``."""
        return self.format_number(100 * self.width[channel] * self.frequency[channel])

    @command("[:SOURce<1-2>]:PHASe:INITiate")
    @command("[:SOURce<1-2>]:PHASe:SYNChronize")
    def align(self, channel: int) -> None:
        """``PHAS:INIT``: all channels begin anew, together."""
        for number in self.generator.channels.numbers:
            self.playback.reshape(number)
