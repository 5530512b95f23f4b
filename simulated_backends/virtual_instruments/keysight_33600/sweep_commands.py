"""Sweeps, frequency lists and markers of the 33500B/33600A."""

from typing import Any

import numpy as np

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Choice, Many, Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator.modulation import FrequencySweep
from tsbench.simulated_backends.virtual_instruments.keysight_33600.command_table import Table33600
from tsbench.simulated_backends.virtual_instruments.keysight_33600.parameters import Clipped

LONGEST_LIST = 128


def _lowest(owner: Any, *_: Any) -> float:
    return float(owner.data_sheet.min_frequency)


def _highest(owner: Any, channel: int) -> float:
    return float(min(owner.data_sheet.max_frequency[owner.shared.function[channel]], 1e9))


def _frequency(default: float) -> Clipped:
    return Clipped("HZ", _lowest, _highest, default)


class FrequencySweepCommands(Table33600):
    """What ``SWEep``, ``FREQuency:STARt`` and its like, ``LIST`` and ``MARKer`` do."""

    sweep_start = Setting("[:SOURce<1-2>]:FREQuency:STARt", _frequency(100.0), default=100.0, change="_changed")
    sweep_stop = Setting("[:SOURce<1-2>]:FREQuency:STOP", _frequency(1e3), default=1e3, change="_changed")
    sweep_time = Setting("[:SOURce<1-2>]:SWEep:TIME", Clipped("S", 1e-3, 250e3, 1.0), default=1.0, change="_changed")
    sweep_hold = Setting("[:SOURce<1-2>]:SWEep:HTIMe", Clipped("S", 0.0, 3600.0, 0.0), default=0.0, change="_changed")
    sweep_return = Setting("[:SOURce<1-2>]:SWEep:RTIMe", Clipped("S", 0.0, 3600.0, 0.0), default=0.0,
                           change="_changed")
    sweep_spacing = Setting("[:SOURce<1-2>]:SWEep:SPACing", Choice("LINear", "LOGarithmic"), default="LIN",
                            change="_changed")
    marker_cycle = Setting("MARKer<1-2>:CYCLe", Clipped("", 2.0, 1e8, 2.0), default=2.0, change="_changed")
    marker_frequency = Setting("MARKer<1-2>:FREQuency", Clipped("HZ", _lowest, _highest, 500.0), default=500.0,
                               coerce="_marker_chosen", change="_changed")
    marker_point = Setting("MARKer<1-2>:POINt", Clipped("", 4.0, lambda owner, *_: owner.data_sheet.max_arb_points),
                           default=10.0, change="_changed")
    list_dwell = Setting("[:SOURce<1-2>]:LIST:DWELl", Clipped("S", 1e-6, 1e6, 1.0), default=1.0, change="_changed")

    def _changed(self, channel: int) -> None:
        start, stop = self.sweep_start[channel], self.sweep_stop[channel]
        marker = min(max(self.marker_frequency[channel], min(start, stop)), max(start, stop))
        if marker != self.marker_frequency[channel]:
            self.marker_frequency[channel] = marker
            if self.shared.mode[channel] == "SWE":
                self.post_error(-221, text="Settings conflict; marker forced into sweep span")
        if self.shared.mode[channel] in ("SWE", "LIST", "BURS") or self.shared.function[channel] == "ARB":
            self.playback.reshape(channel)

    def _marker_chosen(self, channel: int, frequency: float) -> float:
        low: float
        high: float
        low, high = sorted((self.sweep_start[channel], self.sweep_stop[channel]))
        if low <= frequency <= high:
            return frequency
        self.post_error(-221, text="Settings conflict; marker forced into sweep span")
        return min(max(frequency, low), high)

    @command("[:SOURce<1-2>]:FREQuency:{CENTer|SPAN}", Number("HZ"))
    def set_centre(self, channel: int, which: str, value: float) -> None:
        """``FREQ:CENT`` and ``FREQ:SPAN``: start and stop move."""
        start, stop = self.sweep_start[channel], self.sweep_stop[channel]
        centre, span = ((value, stop - start) if which == "CENT" else ((start + stop) / 2, value))
        bottom, top = _lowest(self), _highest(self, channel)
        if not bottom <= centre <= top:
            raise ScpiError(-222, text="Data out of range; value clipped to upper limit" if centre > top
                            else "Data out of range; value clipped to lower limit")
        room = 2 * min(centre - bottom, top - centre)
        if abs(span) > room:
            span = room if span > 0 else -room
            self.post_error(-221, text="Settings conflict; frequency span reduced")
        self.sweep_start[channel], self.sweep_stop[channel] = centre - span / 2, centre + span / 2
        self._changed(channel)

    @command("[:SOURce<1-2>]:FREQuency:{CENTer|SPAN}?")
    def get_centre(self, channel: int, which: str) -> str:
        """``FREQ:CENT?`` and ``FREQ:SPAN?``."""
        start, stop = self.sweep_start[channel], self.sweep_stop[channel]
        return self.format_number((start + stop) / 2 if which == "CENT" else stop - start)

    @command("[:SOURce<1-2>]:LIST:FREQuency", Many(Clipped("HZ", _lowest, _highest), minimum=1, maximum=LONGEST_LIST))
    def set_list(self, channel: int, *frequencies: float) -> None:
        """``LIST:FREQ f, f, ...``: up to 128 frequencies."""
        self.shared.list_frequencies[channel] = tuple(frequencies)
        self._changed(channel)

    @command("[:SOURce<1-2>]:LIST:FREQuency?")
    def get_list(self, channel: int) -> str:
        """``LIST:FREQ?``."""
        return ",".join(self.format_number(value) for value in self.shared.list_frequencies[channel])

    @command("[:SOURce<1-2>]:LIST:FREQuency:POINts?")
    def list_points(self, channel: int) -> str:
        """``LIST:FREQ:POIN?``."""
        return f"{len(self.shared.list_frequencies[channel]):+d}"

    def sweep(self, channel: int, marked: bool, triggered: bool) -> FrequencySweep | None:
        """Return the sweep or list that a channel plays; None: neither.

        Parameters
        ----------
        channel : 1 or 2
        marked : whether the sync signal shows the marker
        triggered : whether a list goes on with triggers
        """
        mode = self.shared.mode[channel]
        if mode not in ("SWE", "LIST"):
            return None
        listed = np.array(self.shared.list_frequencies[channel]) if mode == "LIST" else None
        return FrequencySweep(
            self.sweep_start[channel], self.sweep_stop[channel], self.sweep_time[channel], self.sweep_hold[channel],
            self.sweep_return[channel], self.sweep_spacing[channel] == "LOG",
            self.marker_frequency[channel] if marked else None, listed, self.list_dwell[channel],
            self.playback.list_position[channel] if triggered else None)
