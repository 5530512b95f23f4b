"""The commands TRIGger of the InfiniiVision oscilloscopes: edges, pulses, patterns."""

import math
import re
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Integer, Number, Optional, Text
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.channels import OUT_OF_RANGE, ChannelCommands
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.command_table import ScopeBase, ScopeTable
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.sources import SourceName
from tsbench.simulated_backends.virtual_instruments.oscilloscope.pulse_trigger import (
    Duration,
    PatternSettings,
    PatternTerm,
    PulseSettings,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope.trigger import (
    EdgeSettings,
    TriggerSettings,
    channel_edge,
    external_edge,
)

_LONGEST = 10.0  #: [s] of a pulse or a pattern
_SOURCE = SourceName("CHAN", "EXT", "LINE")


def _shortest(owner: Any, *_: object) -> float:
    return float(owner.data_sheet.shortest_pulse)


_TIME = Number("S", _shortest, _LONGEST)


class ScopeTriggerCommands(ScopeTable):
    """What ``TRIGger`` sets.

    Parameters
    ----------
    scope : ScopeBase
    channels : ChannelCommands
        Of the same scope.
    """

    def __init__(self, scope: ScopeBase, channels: ChannelCommands) -> None:
        super().__init__(scope)
        self.channels = channels

    trigger_mode = Setting(":TRIGger:MODE", Choice("EDGE", "GLITch", "PATTern", "TV"), default="EDGE")
    sweep = Setting(":TRIGger:SWEep", Choice("AUTO", "NORMal"), default="AUTO")
    holdoff = Setting(":TRIGger:HOLDoff", Number("S", 40e-9, 10.0), default=40e-9)
    noise_reject = Setting(":TRIGger:NREJect", Boolean(), default=False)
    high_frequency_reject = Setting(":TRIGger:HFReject", Boolean(), default=False)
    trigger_source = Setting(":TRIGger[:EDGE]:SOURce", _SOURCE, default="CHAN1")
    slope = Setting(":TRIGger[:EDGE]:SLOPe", Choice("POSitive", "NEGative", "EITHer", "ALTernate"), default="POS")
    trigger_coupling = Setting(":TRIGger[:EDGE]:COUPling", Choice("AC", "DC", "LFReject"), default="DC")
    reject = Setting(":TRIGger[:EDGE]:REJect", Choice("OFF", "LFReject", "HFReject"), default="OFF")
    glitch_source = Setting(":TRIGger:GLITch:SOURce", SourceName("CHAN", "EXT"), default="CHAN1")
    glitch_polarity = Setting(":TRIGger:GLITch:POLarity", Choice("POSitive", "NEGative"), default="POS")
    glitch_qualifier = Setting(":TRIGger:GLITch:QUALifier", Choice("GREaterthan", "LESSthan", "RANGe"), default="LESS")
    glitch_longer = Setting(":TRIGger:GLITch:GREaterthan", _TIME, default=20e-9)
    glitch_shorter = Setting(":TRIGger:GLITch:LESSthan", _TIME, default=30e-9)
    pattern_qualifier = Setting(
        ":TRIGger:PATTern:QUALifier",
        Choice("ENTered", "GREaterthan", "LESSthan", "INRange", "OUTRange", "TIMeout"), default="ENT")
    pattern_longer = Setting(":TRIGger:PATTern:GREaterthan", _TIME, default=20e-9)
    pattern_shorter = Setting(":TRIGger:PATTern:LESSthan", _TIME, default=30e-9)
    external_probe = Setting(":EXTernal:PROBe", Number("X", 0.001, 10_000), default=1.0)
    external_range = Setting(":EXTernal:RANGe", Number("V"), default=8.0, coerce="_external_range_chosen")
    external_units = Setting(":EXTernal:UNITs", Choice("VOLT", "AMPere"), default="VOLT")
    external_limited = Setting(":EXTernal:BWLimit", Boolean(), default=False)
    tv_source = Setting(":TRIGger:TV:SOURce", SourceName("CHAN"), default="CHAN1")
    tv_mode = Setting(":TRIGger:TV:MODE", Choice("FIEld1", "FIEld2", "AFIelds", "ALINes", "LFIeld1", "LFIeld2",
                                                 "LALTernate"), default="ALIN")
    tv_line = Setting(":TRIGger:TV:LINE", Integer("", 1, 625), default=1)
    tv_polarity = Setting(":TRIGger:TV:POLarity", Choice("POSitive", "NEGative"), default="NEG")
    tv_standard = Setting(":TRIGger:TV:STANdard", Choice("NTSC", "PAL", "PALM", "SECam"), default="NTSC")
    pattern_format = Setting(":TRIGger:PATTern:FORMat", Choice("ASCii", "HEX"), default="ASC")

    # -------------------------------------------------------------------------------------- what it amounts to

    def settings(self) -> TriggerSettings:
        """Return what the next acquisition triggers on."""
        if self.trigger_mode == "GLIT":
            width = {
                "GRE": Duration(low=self.glitch_longer), "LESS": Duration(high=self.glitch_shorter),
                "RANG": Duration(*self._range("glitch"))}[self.glitch_qualifier]
            edge = self._edge(self.glitch_source, "EITH")
            return PulseSettings(edge, (self.glitch_polarity == "POS") != self._inverted(self.glitch_source), width)
        if self.trigger_mode == "PATT":
            return self._pattern()
        if self.trigger_mode == "TV":
            return PatternSettings(())   # nothing on a bench is a video signal
        slope = {"ALT": "EITH"}.get(self.slope, self.slope)
        return self._edge(self.trigger_source, slope)

    def _inverted(self, source: str) -> bool:
        return source.startswith("CHAN") and bool(self.channels.inverted[int(source[4:])])

    def _edge(self, source: str, slope: str) -> EdgeSettings:
        sheet, noisy = self.data_sheet, self.scope.bench.imperfections
        if not source.startswith("CHAN"):
            level = self.level(source) / self.external_probe if source == "EXT" else float("nan")
            return external_edge(level, slope, sheet.trigger_jitter if noisy else 0.0)
        hysteresis = sheet.hysteresis * (2.0 if self.noise_reject else 1.0)
        return channel_edge(
            self.channels.channel(int(source[4:])), sheet, self.level(source), slope, hysteresis, noisy)

    def _pattern(self) -> PatternSettings:
        terms = []
        for number, state in enumerate(self.pattern_states, 1):
            if state == "X":
                continue
            inverted = {"0": "1", "1": "0", "R": "F", "F": "R"}[state]
            terms.append(PatternTerm(self._edge(f"CHAN{number}", "EITH"),
                                     inverted if self._inverted(f"CHAN{number}") else state))
        low, high = self._range("pattern")
        lasting = {
            "GRE": Duration(low=self.pattern_longer), "LESS": Duration(high=self.pattern_shorter),
            "INR": Duration(low, high), "OUTR": Duration(low, high, outside=True)}.get(self.pattern_qualifier)
        return PatternSettings(
            tuple(terms), lasting, self.pattern_longer if self.pattern_qualifier == "TIM" else None)

    # ------------------------------------------------------------------------------------------------- levels

    def level(self, source: str) -> float:
        """Return the level [V at the display] of a trigger source."""
        return self.scope.trigger_levels.get(source, 0.0)

    @property
    def source(self) -> str:
        """Return what it triggers on: "EXT", a channel, or "" for a pattern."""
        return str({"EDGE": self.trigger_source, "GLIT": self.glitch_source}.get(self.trigger_mode, ""))

    def _external_range_chosen(self, value: float) -> float:
        """Take 8 V at 1:1: the external input has no other range (programmer's guide)."""
        if not math.isclose(value, 8.0 * self.external_probe, rel_tol=1e-6):
            raise ScpiError(-222, text=OUT_OF_RANGE)
        return value

    @command(":EXTernal:LEVel", Number("V"))
    def _set_external_level(self, value: float) -> None:
        self.set_level(value, "EXT")

    @command(":EXTernal:LEVel?")
    def _get_external_level(self) -> str:
        return self.format_number(self.level("EXT"))

    @command(":EXTernal?")
    def _describe_external(self) -> str:
        return (f":EXT:BWL {int(self.external_limited)};RANG {self.external_range:+.6E};UNIT {self.external_units};"
                f"PROB {self.external_probe:+.4E}")

    def set_level(self, value: float, source: str) -> None:
        """Set the level [V at the display] of a source; one that is out of reach becomes the limit, with an error."""
        if source.startswith("CHAN"):
            channel = int(source[4:])
            reach = self.data_sheet.level_divisions * self.channels.scale(channel)
            low, high = self.channels.offset[channel] - reach, self.channels.offset[channel] + reach
        else:
            reach = self.data_sheet.external_range * self.external_probe
            low, high = -reach, reach
        if not low - 1e-12 <= value <= high + 1e-12:
            self.post_error(-222, text=OUT_OF_RANGE)
            value = min(max(value, low), high)
        self.scope.trigger_levels[source] = value

    @command(":TRIGger[:EDGE]:LEVel", Number("V"), Optional(SourceName("CHAN", "EXT")))
    def _set_level(self, value: float, source: str | None = None) -> None:
        self.set_level(value, source or self.trigger_source)

    @command(":TRIGger[:EDGE]:LEVel?", Optional(SourceName("CHAN", "EXT")))
    def _get_level(self, source: str | None = None) -> str:
        return self.format_number(self.level(source or self.trigger_source))

    @command(":TRIGger:GLITch:LEVel", Number("V"), Optional(SourceName("CHAN", "EXT")))
    def _set_glitch_level(self, value: float, source: str | None = None) -> None:
        self.set_level(value, source or self.glitch_source)

    @command(":TRIGger:GLITch:LEVel?", Optional(SourceName("CHAN", "EXT")))
    def _get_glitch_level(self, source: str | None = None) -> str:
        return self.format_number(self.level(source or self.glitch_source))

    @command(":TRIGger:LEVel:ASETup")
    def _levels_at_half(self) -> None:
        """``:TRIG:LEV:ASET``: the level of each channel at half its waveform, without a waveform at its offset."""
        for number in self.channels.shown_channels():
            middle = self.scope.middle_of(number)
            self.scope.trigger_levels[f"CHAN{number}"] = self.channels.offset[number] if middle is None else middle

    # ----------------------------------------------------------------------------------------- times, patterns

    def _range(self, kind: str) -> tuple[float, float]:
        """Return the limits [s] of RANGe."""
        low, high = self.setting_values.get((f"{kind}_range", ()), (20e-9, 30e-9))
        return low, high

    @command(":TRIGger:{GLITch|PATTern}:RANGe", _TIME, _TIME)
    def _set_range(self, which: str, one: float, other: float) -> None:
        """``:TRIG:GLIT:RANG``: two times in any order."""
        kind = "glitch" if which == "GLIT" else "pattern"
        self.setting_values[f"{kind}_range", ()] = (min(one, other), max(one, other))

    @command(":TRIGger:{GLITch|PATTern}:RANGe?")
    def _get_range(self, which: str) -> str:
        low, high = self._range("glitch" if which == "GLIT" else "pattern")
        return f"{self.format_number(high)},{self.format_number(low)}"

    @property
    def pattern_states(self) -> str:
        """Return what each channel must be, channel 1 first: "0", "1", "X", "R" or "F"."""
        return str(self.setting_values.get(("pattern_states", ()), "X" * self.data_sheet.channels))

    @command(":TRIGger:PATTern", Text(), Optional(SourceName("CHAN", "NONE")),
             Optional(Choice("POSitive", "NEGative")))
    def _set_pattern(self, pattern: str, source: str | None = None, edge: str | None = None) -> None:
        states, count = capitals(pattern), self.data_sheet.channels
        if self.pattern_format == "HEX":
            if not re.fullmatch(r"0X[0-9A-FX$]+", states):
                raise ScpiError(-224)
            digits = states[2:]
            bits = "".join("XXXX" if digit in "X$" else f"{int(digit, 16):04b}" for digit in digits)
            states = bits[-count:].rjust(count, "0")
            if source not in (None, "NONE"):
                place = int(str(source)[4:]) - 1
                states = states[:place] + ("F" if edge == "NEG" else "R") + states[place + 1:]
        if not re.fullmatch(rf"[01XRF]{{{count}}}", states) or len(re.findall("[RF]", states)) > 1:
            raise ScpiError(-224)
        self.setting_values["pattern_states", ()] = states

    @command(":TRIGger:PATTern?")
    def _get_pattern(self) -> str:
        states = self.pattern_states
        edge = re.search("[RF]", states)
        place = f"CHAN{edge.start() + 1},{'POS' if edge[0] == 'R' else 'NEG'}" if edge else "NONE,POS"
        if self.pattern_format == "HEX":
            bits = "".join(state if state in "01" else "0" for state in states)
            return f'"0x{int(bits, 2):X}",{place}'
        return f'"{states}",{place}'
