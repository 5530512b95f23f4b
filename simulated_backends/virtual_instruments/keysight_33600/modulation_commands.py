"""Modulations of the 33500B/33600A: AM, FM, PM, PWM, FSK, BPSK and SUM with internal sources or the other channel.

An external source is the Modulation In connector. Nothing can be plugged in there, so it stays at 0 V: AM then gives
half the amplitude, FM and PM the carrier. The trigger input, which selects the frequency of an externally keyed FSK, is
taken as low.
"""

from typing import Any

import numpy as np

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator.modulation import Modulation, ModulationKind
from tsbench.simulated_backends.virtual_instruments.generator.prbs import bit_sequence
from tsbench.simulated_backends.virtual_instruments.generator.signal_shapes import wave_of
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import FULL_RANGE, NOISE_POINTS, noise_values
from tsbench.simulated_backends.virtual_instruments.generator.unit_waves import (
    BitWave,
    Wave,
    flat_wave,
    ramp_wave,
    sine_wave,
    step_wave,
    straight_wave,
)
from tsbench.simulated_backends.virtual_instruments.keysight_33600.command_table import Table33600
from tsbench.simulated_backends.virtual_instruments.keysight_33600.parameters import Clipped

MODULATIONS = ("AM", "FM", "PM", "PWM", "FSK", "BPSK", "SUM")
_MODULATING_POINTS = 256  #: straight lines of a modulating sine: its area is right within 0.005 %
_KINDS: dict[str, ModulationKind] = {"FM": "FM", "FSK": "FM", "PM": "PM", "BPSK": "PM", "PWM": "PWM", "SUM": "SUM"}
_SHAPES = ("SINusoid", "SQUare", "RAMP", "NRAMp", "TRIangle", "NOISe", "PRBS", "ARB")


def _carrier(owner: Any, channel: int) -> float:
    function = owner.shared.function[channel]
    if function == "PRBS":
        return float(owner.generator.function_commands.bit_rate[channel])
    return float(owner.shared.frequency[channel])


def _fastest(owner: Any, channel: int, which: str) -> float:
    function = owner.internal_shape[channel, which]
    name = {"NRAM": "RAMP", "ARB": "SIN"}.get(function, function)
    return float(owner.data_sheet.max_frequency[name])


class ModulationCommands(Table33600):
    """What the subsystems of the modulations do, apart from their ``STATe``."""

    internal_shape = Setting("[:SOURce<1-2>]:{AM|FM|PM|PWM|SUM}:INTernal:FUNCtion[:SHAPe]", Choice(*_SHAPES),
                             default="SIN", change="_changed")
    internal_frequency = Setting(
        "[:SOURce<1-2>]:{AM|FM|PM|PWM|SUM}:INTernal:FREQuency",
        Clipped("HZ", 1e-6, _fastest, lambda owner, c, which: 100.0 if which in ("AM", "SUM") else 10.0),
        default=lambda owner, c, which: 100.0 if which in ("AM", "SUM") else 10.0, change="_changed")
    modulation_source = Setting("[:SOURce<1-2>]:{AM|FM|PM|PWM|SUM}:SOURce",
                                Choice("INTernal", "EXTernal", "CH1", "CH2"), default="INT", coerce="_source_chosen",
                                change="_changed")
    depth = Setting("[:SOURce<1-2>]:AM[:DEPTh]", Clipped("PCT", 0.0, 120.0, 100.0), default=100.0, change="_changed")
    suppressed = Setting("[:SOURce<1-2>]:AM:DSSC", Boolean(), default=False, change="_changed")
    deviation = Setting("[:SOURce<1-2>]:FM[:DEViation]",
                        Clipped("HZ", 1e-6, lambda owner, c: owner.data_sheet.max_frequency["SIN"], 100.0),
                        default=100.0, coerce="_deviation_chosen", change="_changed")
    phase_deviation = Setting("[:SOURce<1-2>]:PM:DEViation", Clipped("DEG", 0.0, 360.0, 180.0), default=180.0,
                              change="_changed")
    width_deviation = Setting("[:SOURce<1-2>]:PWM:DEViation[:WIDTh]", Clipped("S", 0.0, 1e6, 10e-6), default=10e-6,
                              coerce="_width_chosen", change="_changed")
    hop_frequency = Setting(
        "[:SOURce<1-2>]:FSKey:FREQuency",
        Clipped("HZ", 1e-6, lambda owner, c: min(owner.data_sheet.max_frequency[owner.shared.function[c]], 1e9), 100.0),
        default=100.0, change="_changed")
    phase_shift = Setting("[:SOURce<1-2>]:BPSK:PHASe", Clipped("DEG", 0.0, 360.0, 180.0), default=180.0,
                          change="_changed")
    keying_rate = Setting("[:SOURce<1-2>]:{FSKey|BPSK}:INTernal:RATE", Clipped("HZ", 125e-6, 1e6, 10.0), default=10.0,
                          change="_changed")
    keying_source = Setting("[:SOURce<1-2>]:{FSKey|BPSK}:SOURce", Choice("INTernal", "EXTernal"), default="INT",
                            change="_changed")
    sum_amplitude = Setting("[:SOURce<1-2>]:SUM:AMPLitude", Clipped("PCT", 0.0, 100.0, 0.1), default=0.1,
                            change="_changed")

    def _changed(self, channel: int, *_: str) -> None:
        if self.shared.mode[channel] in MODULATIONS:
            self.playback.reshape(channel)

    def _source_chosen(self, channel: int, which: str, source: str) -> str:
        if source == f"CH{channel}":
            raise ScpiError(-221, text="Settings conflict; not able to modulate a channel with itself")
        return source

    def _deviation_chosen(self, channel: int, deviation: float) -> float:
        """Keep the frequency above 0 Hz and 100 kHz above the highest one at most."""
        carrier = _carrier(self, channel)
        if deviation > carrier:
            self.post_error(-221, text="Settings conflict; FM deviation cannot exceed carrier")
            deviation = carrier
        room = self.data_sheet.max_frequency[self.shared.function[channel]] + 100e3 - carrier
        if deviation > room:
            self.post_error(-221, text="Settings conflict; FM deviation exceeds max frequency")
            deviation = room
        return deviation

    def _width_chosen(self, channel: int, deviation: float) -> float:
        """Keep each pulse, with its edges, within its period and above the least width."""
        width, least = self.generator.function_commands.pulse_width[channel], self.data_sheet.min_pulse_width
        edges = (self.shared.lead[channel] + self.shared.trail[channel]) / FULL_RANGE / 2
        room = min(width - max(least, edges), 1 / self.shared.frequency[channel] - width - max(least, edges))
        if deviation > room * (1 + 1e-9):
            self.post_error(-221, text="Settings conflict; PWM deviation limited by pulse parameters")
            deviation = max(room, 0.0)
        return deviation

    @command("[:SOURce<1-2>]:PWM:DEViation:DCYCle", Clipped("PCT", 0.0, 100.0, 1.0))
    def set_duty_deviation(self, channel: int, percent: float) -> None:
        """``PWM:DEV:DCYC`` [% of the period]."""
        wanted = percent / 100 / self.shared.frequency[channel]
        self.width_deviation[channel] = self._width_chosen(channel, wanted)
        self._changed(channel)

    @command("[:SOURce<1-2>]:PWM:DEViation:DCYCle?")
    def get_duty_deviation(self, channel: int) -> str:
        """``PWM:DEV:DCYC?``."""
        return self.format_number(100 * self.width_deviation[channel] * self.shared.frequency[channel])

    # ------------------------------------------------------------------------------------ for the waveform

    def modulation(self, channel: int) -> Modulation | None:
        """Return what modulates a channel now."""
        mode = self.shared.mode[channel]
        if mode not in MODULATIONS:
            return None
        if mode in ("FSK", "BPSK"):
            edge = self.data_sheet.square_edge_time / FULL_RANGE
            keyed = self.keying_source[channel, mode] == "INT"
            wave: Wave = step_wave(0.5, edge, edge, 0.0, 1.0) if keyed else flat_wave(0.0)
            amount = (self.hop_frequency[channel] - _carrier(self, channel) if mode == "FSK"
                      else self.phase_shift[channel])
            return Modulation(_KINDS[mode], amount, wave, self.keying_rate[channel, mode])
        wave, rate = self._modulating(channel, mode)
        if mode == "AM":
            kind: ModulationKind = "DSSC" if self.suppressed[channel] else "AM"
            return Modulation(kind, self.depth[channel] / 100, wave, rate)
        amount = {"FM": self.deviation[channel], "PM": self.phase_deviation[channel],
                  "PWM": self.width_deviation[channel], "SUM": self.sum_amplitude[channel] / 100}[mode]
        return Modulation(_KINDS[mode], amount, wave, rate)

    def _modulating(self, channel: int, mode: str) -> tuple[Wave, float]:
        source = self.modulation_source[channel, mode]
        if source == "EXT":
            return flat_wave(0.0), 1.0
        if source != "INT":
            other = self.generator.unmodulated(int(source[-1]))
            return wave_of(other), 1.0 / other.period
        frequency = self.internal_frequency[channel, mode]
        return self._internal(channel, self.internal_shape[channel, mode], frequency)

    def _internal(self, channel: int, shape: str, frequency: float) -> tuple[Wave, float]:
        edge = self.data_sheet.square_edge_time / FULL_RANGE
        if shape == "NOIS":
            phases = np.arange(NOISE_POINTS) / NOISE_POINTS
            return straight_wave(phases, noise_values(channel)), 2.5 * frequency / NOISE_POINTS
        if shape == "PRBS":
            return BitWave(bit_sequence("PN7"), edge), frequency
        if shape == "ARB":
            arb = self.generator.arbitrary(channel, frequency)
            return wave_of(arb), frequency
        return {
            "SIN": sine_wave(_MODULATING_POINTS), "SQU": step_wave(0.5, edge, edge),
            "TRI": ramp_wave(0.5, edge * frequency), "RAMP": ramp_wave(1.0, edge * frequency),
            "NRAM": ramp_wave(0.0, edge * frequency),
        }[shape], frequency
