"""Functions, frequencies and pulses of the 33250A.

One frequency belongs to all functions. Both edges are equal. An edge takes at most 0.625 times the width, and 0.625
times the rest of the period: a longer one is shortened, with -222 [user's guide, p. 168].
"""

from typing import Any

from tsbench.simulated_backends.scpi.parameters import Choice, Limited, Optional
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator_table import shared_name
from tsbench.simulated_backends.virtual_instruments.keysight_33250a.command_table import Table33250A
from tsbench.simulated_backends.virtual_instruments.keysight_33250a.data_sheet import (
    DUTY_ROOM,
    EDGE_SHARE,
    LONGEST_PERIOD,
    SHORTEST_PERIOD,
)

SHAPES = ("SINusoid", "SQUare", "RAMP", "PULSe", "NOISe", "DC", "USER")
_ROUNDING = 1 + 1e-9
_PULSE = "[:SOURce<1-1>]:PULSe"


def _top(owner: Any, channel: int) -> float:
    return float(owner.data_sheet.max_frequency[shared_name(owner.function[channel])])


def _bottom(owner: Any, channel: int) -> float:
    return 1 / LONGEST_PERIOD if owner.function[channel] == "PULS" else float(owner.data_sheet.min_frequency)


class Shapes33250A(Table33250A):
    """What ``FUNCtion``, ``FREQuency`` and ``PULSe`` do."""

    function = Setting("[:SOURce<1-1>]:FUNCtion[:SHAPe]", Choice(*SHAPES), default="SIN", change="function_changed")
    frequency = Setting("[:SOURce<1-1>]:FREQuency[:CW]", Limited("HZ", _bottom, _top, 1e3), default=1e3,
                        change="frequency_changed")
    duty = Setting("[:SOURce<1-1>]:FUNCtion:SQUare:DCYCle", Limited("PCT", 20.0, 80.0, 50.0), default=50.0,
                   coerce="_duty_chosen", change="playback.reshape")
    symmetry = Setting("[:SOURce<1-1>]:FUNCtion:RAMP:SYMMetry", Limited("PCT", 0.0, 100.0, 100.0), default=100.0,
                       change="playback.reshape")
    width = Setting(f"{_PULSE}:WIDTh", Limited("S", lambda owner, c: owner.data_sheet.min_pulse_width, LONGEST_PERIOD),
                    default=100e-6, change="_width_changed")
    edge = Setting(f"{_PULSE}:TRANsition", Limited("S", lambda owner, c: owner.data_sheet.min_edge_time,
                                                   lambda owner, c: owner.data_sheet.max_edge_time),
                   default=5e-9, change="_edge_changed")

    def _duty_chosen(self, channel: int, percent: float) -> float:
        """Keep the duty cycle within 40 to 60 % above 25 MHz, and at 50 % above 50 MHz."""
        room = next((room for highest, room in DUTY_ROOM if self.frequency[channel] <= highest), 0.0)
        possible = min(max(percent, 50.0 - room), 50.0 + room)
        if possible != percent:
            self.adjusted(-221)
        return possible

    def function_changed(self, channel: int) -> None:
        """Let frequency, levels and pulse suit another function."""
        possible = min(max(self.frequency[channel], _bottom(self, channel)), _top(self, channel))
        if possible != self.frequency[channel]:
            self.frequency[channel] = possible
            self.adjusted(-221)
        self.frequency_changed(channel)

    def frequency_changed(self, channel: int) -> None:
        """Let levels, duty cycle and pulse suit another frequency."""
        self.generator.volts.suit(channel)
        if self.function[channel] == "SQU":
            self.duty[channel] = self._duty_chosen(channel, self.duty[channel])
        self._fit(channel, -221, -221)
        self.generator.bursts.period_changed(channel)

    def _width_changed(self, channel: int) -> None:
        self._fit(channel, -222, -221)

    def _edge_changed(self, channel: int) -> None:
        self._fit(channel, -221, -222)

    def _fit(self, channel: int, width_code: int, edge_code: int) -> None:
        """Make width and edges of a pulse fit into the period: first the width, then the edges."""
        if self.function[channel] == "PULS":
            period = 1 / self.frequency[channel]
            widest = period - self.data_sheet.min_edge_time / EDGE_SHARE
            if self.width[channel] > widest * _ROUNDING:
                self.width[channel] = widest
                self.adjusted(width_code)
            longest = EDGE_SHARE * min(self.width[channel], period - self.width[channel])
            if self.edge[channel] > longest * _ROUNDING:
                self.edge[channel] = longest
                self.adjusted(edge_code)
        self.playback.reshape(channel)

    @command(f"{_PULSE}:PERiod", Limited("S", SHORTEST_PERIOD, LONGEST_PERIOD, 1e-3))
    def set_period(self, channel: int, seconds: float) -> None:
        """``PULS:PER``."""
        self.frequency[channel] = min(1 / seconds, _top(self, channel))
        self.frequency_changed(channel)

    @command(f"{_PULSE}:PERiod?", Optional(Choice("MINimum", "MAXimum")))
    def get_period(self, channel: int, word: str = "") -> str:
        """``PULS:PER?``."""
        value = {"MIN": SHORTEST_PERIOD, "MAX": LONGEST_PERIOD}.get(word, 1 / self.frequency[channel])
        return self.format_number(value)
