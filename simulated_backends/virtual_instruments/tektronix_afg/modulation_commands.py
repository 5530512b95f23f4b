"""Modulations and sweeps of the AFG3000C/31000, with internal sources.

A channel has one run mode at a time: a modulation, a sweep or a burst that is switched on ends the other one. Of what
the twin does not play it takes the value after a reset only, and answers -224 to others: external sources, files, added
noise, settings that both channels share.
"""

from typing import Any

from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Number, Optional
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator.modulation import FrequencySweep, Modulation
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import FULL_RANGE
from tsbench.simulated_backends.virtual_instruments.generator.unit_waves import Wave, ramp_wave, sine_wave, step_wave
from tsbench.simulated_backends.virtual_instruments.tektronix_afg.command_table import AfgTable

MODULATIONS = ("AM", "FM", "PM", "PWM", "FSK")
_KIND = "{AM|FM|PM|PWM}"
_POINTS = 256  #: straight lines of a modulating sine


def _top(owner: Any, channel: int) -> float:
    return float(owner.data_sheet.max_frequency["SIN"])


class AfgModulationCommands(AfgTable):
    """What the subsystems ``AM`` to ``PWM``, ``FSKey``, ``SWEep`` and ``COMBine`` do."""

    internal_shape = Setting(f"[:SOURce<1-2>]:{_KIND}:INTernal:FUNCtion",
                             Choice("SINusoid", "SQUare", "TRIangle", "RAMP", "NRAMp"), default="SIN",
                             change="_changed")
    internal_file = Setting(f"[:SOURce<1-2>]:{_KIND}:INTernal:FUNCtion:EFILe", Choice('""'), default='""')
    internal_frequency = Setting(f"[:SOURce<1-2>]:{_KIND}:INTernal:FREQuency", Number("HZ", 2e-3, 5e4), default=10e3,
                                 change="_changed")
    modulation_source = Setting(f"[:SOURce<1-2>]:{_KIND}:SOURce", Choice("INTernal"), default="INT")
    depth = Setting("[:SOURce<1-2>]:AM[:DEPTh]", Number("PCT", 0.0, 120.0), default=50.0, change="_changed")
    deviation = Setting("[:SOURce<1-2>]:FM[:DEViation]", Number("HZ", 0.0, _top), default=1e6, change="_changed")
    phase_deviation = Setting("[:SOURce<1-2>]:PM[:DEViation]", Number("DEG", 0.0, 180.0), default=90.0,
                              change="_changed")
    duty_deviation = Setting("[:SOURce<1-2>]:PWM[:DEViation]:DCYCle", Number("PCT", 0.0, 100.0), default=5.0,
                             change="_changed")
    hop_frequency = Setting("[:SOURce<1-2>]:FSKey[:FREQuency]", Number("HZ", 1e-6, _top), default=1e6,
                            change="_changed")
    keying_rate = Setting("[:SOURce<1-2>]:FSKey:INTernal:RATE", Number("HZ", 2e-3, 1e6), default=50.0,
                          change="_changed")
    keying_source = Setting("[:SOURce<1-2>]:FSKey:SOURce", Choice("INTernal"), default="INT")
    run_mode = Setting("[:SOURce<1-2>]:FREQuency:MODE", Choice("CW", "FIXed", "SWEep"), default="CW",
                       change="_mode_changed")
    sweep_start = Setting("[:SOURce<1-2>]:FREQuency:STARt", Number("HZ", 1e-6, _top), default=1e5, change="_changed")
    sweep_stop = Setting("[:SOURce<1-2>]:FREQuency:STOP", Number("HZ", 1e-6, _top), default=1e6, change="_changed")
    sweep_time = Setting("[:SOURce<1-2>]:SWEep:TIME", Number("S", 1e-3, 300.0), default=10e-3, change="_changed")
    sweep_hold = Setting("[:SOURce<1-2>]:SWEep:HTIMe", Number("S", 0.0, 300.0), default=0.0, change="_changed")
    sweep_return = Setting("[:SOURce<1-2>]:SWEep:RTIMe", Number("S", 0.0, 300.0), default=1e-3, change="_changed")
    sweep_spacing = Setting("[:SOURce<1-2>]:SWEep:SPACing", Choice("LINear", "LOGarithmic"), default="LIN",
                            change="_changed")
    sweep_mode = Setting("[:SOURce<1-2>]:SWEep:MODE", Choice("AUTO"), default="AUTO")
    combined = Setting("[:SOURce<1-2>]:COMBine:FEED", Choice('""'), default='""')
    concurrent_frequency = Setting("[:SOURce<1-2>]:FREQuency:CONCurrent[:STATe]", Choice("OFF", "0"), default="0")
    concurrent_levels = Setting("[:SOURce<1-2>]:VOLTage:CONCurrent[:STATe]", Choice("OFF", "0"), default="0")
    file = Setting("[:SOURce<1-2>]:FUNCtion:EFILe", Choice('""'), default='""')
    reference = Setting("SOURce:ROSCillator:SOURce", Choice("INTernal"), default="INT")

    def __init__(self, generator: Any) -> None:
        super().__init__(generator)
        self.modes = dict.fromkeys((1, 2), "")   #: the modulation that is on

    def _changed(self, channel: int, *_: str) -> None:
        if self.modes[channel] or self.run_mode[channel] == "SWE":
            self.playback.reshape(channel)

    def _mode_changed(self, channel: int) -> None:
        if self.run_mode[channel] == "SWE":
            self.modes[channel] = ""
            self.generator.burst_commands.burst_on[channel] = False
        self.playback.reshape(channel)

    def end(self, channel: int) -> None:
        """End modulation and sweep: a burst was switched on."""
        self.modes[channel] = ""
        if self.run_mode[channel] == "SWE":
            self.run_mode[channel] = "CW"

    @command("[:SOURce<1-2>]:{AM|FM|PM|PWM|FSKey}:STATe", Boolean())
    def set_state(self, channel: int, which: str, on: bool) -> None:
        """``AM:STAT ON``."""
        if on:
            self.end(channel)
            self.generator.burst_commands.burst_on[channel] = False
            self.modes[channel] = which
        elif self.modes[channel] == which:
            self.modes[channel] = ""
        self.playback.reshape(channel)

    @command("[:SOURce<1-2>]:{AM|FM|PM|PWM|FSKey}:STATe?")
    def get_state(self, channel: int, which: str) -> str:
        """``AM:STAT?``."""
        return "1" if self.modes[channel] == which else "0"

    @command("[:SOURce<1-2>]:FREQuency:{CENTer|SPAN}", Number("HZ"))
    def set_centre(self, channel: int, which: str, value: float) -> None:
        """``FREQ:CENT`` and ``FREQ:SPAN``: start and stop move."""
        start, stop = self.sweep_start[channel], self.sweep_stop[channel]
        centre, span = (value, stop - start) if which == "CENT" else ((start + stop) / 2, value)
        self.sweep_start[channel] = min(max(centre - span / 2, 1e-6), _top(self, channel))
        self.sweep_stop[channel] = min(max(centre + span / 2, 1e-6), _top(self, channel))
        self._changed(channel)

    @command("[:SOURce<1-2>]:FREQuency:{CENTer|SPAN}?")
    def get_centre(self, channel: int, which: str) -> str:
        """``FREQ:CENT?`` and ``FREQ:SPAN?``."""
        start, stop = self.sweep_start[channel], self.sweep_stop[channel]
        return self.format_number((start + stop) / 2 if which == "CENT" else stop - start)

    @command("SOURce<3-4>:POWer[:LEVel][:IMMediate][:AMPLitude]?", Optional(Choice("MINimum", "MAXimum")))
    def noise_level(self, source: int, word: str = "") -> str:
        """``SOUR3:POW?``: of the added noise [% of the amplitude]."""
        return self.format_number({"MIN": 0.0, "MAX": 50.0}.get(word, 10.0))

    # ------------------------------------------------------------------------------------ for the waveform

    def modulation(self, channel: int) -> Modulation | None:
        """Return what modulates a channel now."""
        mode, shapes = self.modes[channel], self.generator.shape_commands
        edge = self.data_sheet.square_edge_time / FULL_RANGE
        if not mode:
            return None
        if mode == "FSK":
            amount = self.hop_frequency[channel] - shapes.frequency[channel]
            return Modulation("FM", amount, step_wave(0.5, edge, edge, 0.0, 1.0), self.keying_rate[channel])
        rate = self.internal_frequency[channel, mode]
        wave: Wave = {
            "SIN": sine_wave(_POINTS), "SQU": step_wave(0.5, edge, edge), "TRI": ramp_wave(0.5, edge * rate),
            "RAMP": ramp_wave(1.0, edge * rate), "NRAM": ramp_wave(0.0, edge * rate),
        }[self.internal_shape[channel, mode]]
        if mode == "AM":
            return Modulation("AM", self.depth[channel] / 100, wave, rate)
        if mode == "FM":
            return Modulation("FM", min(self.deviation[channel], shapes.frequency[channel]), wave, rate)
        if mode == "PM":
            return Modulation("PM", self.phase_deviation[channel], wave, rate)
        return Modulation("PWM", self._width_deviation(channel), wave, rate)

    def _width_deviation(self, channel: int) -> float:
        """Return the deviation of the width [s]: no pulse and no gap is shorter than the least width."""
        shapes = self.generator.shape_commands
        period, width = 1 / shapes.frequency[channel], shapes.width[channel]
        edges = (shapes.lead[channel] + shapes.trail[channel]) / FULL_RANGE / 2
        room = min(width, period - width) - max(self.data_sheet.min_pulse_width, edges)
        return float(max(min(self.duty_deviation[channel] / 100 * period, room), 0.0))

    def sweep(self, channel: int) -> FrequencySweep | None:
        """Return the sweep that a channel plays; None: none."""
        if self.run_mode[channel] != "SWE":
            return None
        return FrequencySweep(
            self.sweep_start[channel], self.sweep_stop[channel], self.sweep_time[channel], self.sweep_hold[channel],
            self.sweep_return[channel], self.sweep_spacing[channel] == "LOG")
