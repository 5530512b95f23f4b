"""The mode of a channel of the 33500B/33600A: continuous, or one modulation, or a sweep, a list or bursts."""

from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keysight_33600.command_table import Table33600

CONTINUOUS = ""
#: mode -> functions that it cannot be used with (operating guide, the section of each modulation, sweep and burst)
REFUSED = {
    "AM": ("DC",), "FM": ("DC", "NOIS"), "PM": ("DC", "NOIS"), "FSK": ("DC", "NOIS", "PRBS"),
    "BPSK": ("DC", "NOIS", "PRBS"), "SUM": ("DC",), "SWE": ("DC", "NOIS", "PRBS", "ARB"),
    "LIST": ("DC", "NOIS", "PRBS", "ARB"), "BURS": ("DC",),
    "PWM": ("SIN", "SQU", "RAMP", "TRI", "NOIS", "PRBS", "ARB", "DC"),
}
_WORDS = {"SWE": "sweep", "LIST": "list", "BURS": "burst"}
_FREQUENCY_MODES = {"SWE": "SWE", "LIST": "LIST"}


def refused(mode: str, function: str, gated: bool) -> bool:
    """Return whether a function cannot be used in a mode."""
    return function in REFUSED.get(mode, ()) or (mode == "BURS" and function == "NOIS" and not gated)


class ModeCommands(Table33600):
    """What the ``STATe`` of each mode and ``FREQuency:MODE`` do."""

    @command("[:SOURce<1-2>]:{AM|FM|PM|PWM|FSKey|BPSK|SUM|BURSt|SWEep}:STATe", Boolean())
    def set_state(self, channel: int, mode: str, on: bool) -> None:
        """``AM:STAT``: enter a mode, which ends another one, or leave it."""
        if on:
            self._enter(channel, mode)
        elif self.shared.mode[channel] == mode:
            self.leave(channel)

    @command("[:SOURce<1-2>]:{AM|FM|PM|PWM|FSKey|BPSK|SUM|BURSt|SWEep}:STATe?")
    def get_state(self, channel: int, mode: str) -> str:
        """``AM:STAT?``."""
        return "1" if self.shared.mode[channel] == mode else "0"

    @command("[:SOURce<1-2>]:FREQuency:MODE", Choice("CW", "FIXed", "SWEep", "LIST"))
    def set_frequency_mode(self, channel: int, word: str) -> None:
        """``FREQ:MODE``: SWEep and LIST are modes; CW and FIXed leave them."""
        if word in _FREQUENCY_MODES:
            self._enter(channel, word)
        elif self.shared.mode[channel] in _FREQUENCY_MODES:
            self.leave(channel)

    @command("[:SOURce<1-2>]:FREQuency:MODE?")
    def get_frequency_mode(self, channel: int) -> str:
        """``FREQ:MODE?``."""
        return _FREQUENCY_MODES.get(self.shared.mode[channel], "CW")

    def _enter(self, channel: int, mode: str) -> None:
        shared = self.shared
        gated = self.generator.gated(channel)
        if refused(mode, shared.function[channel], gated):
            verb = {"SWE": "sweep", "LIST": "sweep", "BURS": "burst"}.get(mode, "modulate")
            text = "PWM only available in pulse function" if mode == "PWM" else f"not able to {verb} this function"
            raise ScpiError(-221, text=f"Settings conflict; {text}")
        before = shared.mode[channel]
        both_of_frequency = before in _FREQUENCY_MODES and mode in _FREQUENCY_MODES   # two values of one setting
        if before not in (CONTINUOUS, mode) and not both_of_frequency:
            self.post_error(-221, text=f"Settings conflict; {_WORDS.get(before, before)} turned off by selection of "
                                       "other mode or modulation")
        shared.mode[channel] = mode
        self.generator.mode_changed(channel)

    def leave(self, channel: int) -> None:
        """Play continuously."""
        self.shared.mode[channel] = CONTINUOUS
        self.generator.mode_changed(channel)

    def suit_function(self, channel: int) -> None:
        """Leave a mode that the present function cannot be used with."""
        mode = self.shared.mode[channel]
        if refused(mode, self.shared.function[channel], self.generator.gated(channel)):
            self.shared.mode[channel] = CONTINUOUS
            self.post_error(-221, text=f"Settings conflict; {_WORDS.get(mode, mode)} turned off by selection of other "
                                       "mode or modulation")


class InMode:
    """Whether each channel is in a mode: a setting as the shared code reads it."""

    def __init__(self, shared: Any, mode: str) -> None:
        self._shared = shared
        self._mode = mode

    def __getitem__(self, channel: int) -> bool:
        return bool(self._shared.mode[channel] == self._mode)
