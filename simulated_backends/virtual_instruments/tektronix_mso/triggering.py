"""The commands TRIGger of the Tektronix oscilloscopes: edges and pulse widths.

The other types of trigger can be set; nothing on a simulated bench triggers them.
"""

import math
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import AnyOf, Parameter, middle_spellings, text_of
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope.pulse_trigger import (
    Duration,
    PatternSettings,
    PulseSettings,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope.trigger import (
    EdgeSettings,
    TriggerSettings,
    channel_edge,
    external_edge,
)
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.channels import TektronixChannels
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.command_table import TektronixBase, TektronixTable
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.replies import (
    CoercedNumber,
    TekChoice,
    TekWord,
    channel_name,
)

_SLOPES = {"RIS": "POS", "FALL": "NEG", "EIT": "EITH"}
_TTL, _ECL = 1.4, -1.3  #: [V]
_EQUAL = 0.05  #: of a width that counts as equal: the instrument's tolerance
_SHORTEST, _LONGEST = 300e-12, 20.0  #: [s] of a pulse width


class Source(Parameter):
    """What it triggers on: CH<x>, AUXiliary or LINE; the value is "CH1", "AUX" or "LINE"."""

    def __init__(self, *others: str) -> None:
        self.others = others

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        text = capitals(text_of(raw))
        if (name := channel_name(text, owner.data_sheet.channels)) is not None:
            return name
        auxiliary = text in ("AUX", *middle_spellings("AUXiliary"), "AUXILIARY")
        if auxiliary and "AUX" in self.others and owner.data_sheet.auxiliary:
            return "AUX"
        if text == "LINE" and "LINE" in self.others:
            return "LINE"
        raise ScpiError(-224 if text[:1].isalpha() else -104)

    def format(self, value: Any, owner: Any) -> str:
        return "AUXILIARY" if value == "AUX" and owner.scope.verbose else str(value)


class Level(AnyOf):
    """A level [V]; ECL or TTL."""

    def __init__(self) -> None:
        super().__init__(TekChoice("ECL", "TTL"), CoercedNumber("V", "lowest_level", "highest_level"))

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> float:
        value = super().parse(raw, owner, key)
        return float({"ECL": _ECL, "TTL": _TTL}.get(value, value) if isinstance(value, str) else value)


class TriggerCommands(TektronixTable):
    """What ``TRIGger`` sets, as far as all series have it.

    Parameters
    ----------
    scope : TektronixBase
    channels : TektronixChannels
        Of the same scope.
    """

    def __init__(self, scope: TektronixBase, channels: TektronixChannels) -> None:
        super().__init__(scope)
        self.channels = channels

    trigger_type: Any   #: each series has its own words
    trigger_mode = Setting(":TRIGger:A:MODe", TekWord("AUTO", "NORMal"), default="AUTO")
    edge_source = Setting(":TRIGger:A:EDGE:SOUrce", Source("AUX", "LINE"), default="CH1")
    slope = Setting(":TRIGger:A:EDGE:SLOpe", TekWord("RISe", "FALL", "EITher"), default="RIS")
    edge_coupling: Any
    level = Setting(":TRIGger:A:LEVel:CH<1-8>", Level(), default=0.0)
    holdoff_time = Setting(":TRIGger:A:HOLDoff:TIMe",
                           CoercedNumber("S", lambda owner: owner.data_sheet.holdoff[0],
                                   lambda owner: owner.data_sheet.holdoff[1]),
                           default=lambda owner: owner.data_sheet.holdoff[0])
    holdoff_by: Any
    width_source: Any
    width_polarity: Any
    width_when: Any
    width_low: Any
    width_high: Any

    def lowest_level(self, channel: int) -> float:
        """Return the lowest level [V] of a channel."""
        return self.channels.middle(channel) - self.data_sheet.level_divisions * float(self.channels.scale[channel])

    def highest_level(self, channel: int) -> float:
        """Return the highest level [V] of a channel."""
        return self.channels.middle(channel) + self.data_sheet.level_divisions * float(self.channels.scale[channel])

    # -------------------------------------------------------------------------------------- what it amounts to

    @property
    def on_width(self) -> bool:
        """Return whether it triggers on the width of a pulse."""
        raise NotImplementedError

    @property
    def source(self) -> str:
        """Return what it triggers on: "EXT", a channel, or "" for what is not simulated."""
        if self.trigger_type == "EDGE":
            return "EXT" if self.edge_source == "AUX" else str(self.edge_source)
        return str(self.width_source) if self.on_width else ""

    @property
    def holdoff(self) -> float:
        """Return the holdoff [s]."""
        return max(float(self.holdoff_time), 1e-9)

    def auxiliary_level(self) -> float:
        """Return the level [V] of the auxiliary input."""
        raise NotImplementedError

    def settings(self) -> TriggerSettings:
        """Return what the next acquisition triggers on."""
        if self.trigger_type == "EDGE":
            return self._edge(self.source, _SLOPES[self.slope])
        if not self.on_width:
            return PatternSettings(())
        positive = self.width_polarity[:1] == "P"
        channel = int(self.width_source[2:])
        return PulseSettings(self._edge(self.width_source, "EITH"), positive != self.channels.inverted[channel],
                             self.width())

    def width(self) -> Duration:
        """Return the width [s] of the pulses that it triggers on."""
        raise NotImplementedError

    def _edge(self, source: str, slope: str) -> EdgeSettings:
        sheet, noisy = self.data_sheet, self.scope.bench.imperfections
        if not source.startswith("CH"):
            level = self.auxiliary_level() if source == "EXT" else math.nan
            return external_edge(level, slope, sheet.trigger_jitter if noisy else 0.0)
        number = int(source[2:])
        hysteresis = sheet.hysteresis * (2.0 if self.edge_coupling[:5] == "NOISE" else 1.0)
        return channel_edge(self.channels.channel(number), sheet, self.level[number], slope, hysteresis, noisy)

    @command(":TRIGger:A", TekChoice("SETLevel"))
    def _set_to_half(self, word: str) -> None:
        """``TRIGger:A SETLevel``: the level at the middle of the screen of the source."""
        if self.source.startswith("CH"):
            number = int(self.source[2:])
            self.level[number] = self.channels.middle(number)


_WIDTH = CoercedNumber("S", _SHORTEST, _LONGEST)


class MsoTriggerCommands(TriggerCommands):
    """``TRIGger`` of the 4, 5 and 6 Series."""

    trigger_type = Setting(
        ":TRIGger:A:TYPe",
        TekWord("EDGE", "WIDth", "TIMEOut", "RUNt", "WINdow", "LOGIc", "SETHold", "TRANsition", "BUS"), default="EDGE")
    edge_coupling = Setting(":TRIGger:A:EDGE:COUPling", TekWord("DC", "HFRej", "LFRej", "NOISErej"), default="DC")
    holdoff_by = Setting(":TRIGger:A:HOLDoff:BY", TekWord("TIMe", "RANDom"), default="TIM")
    width_source = Setting(":TRIGger:A:PULSEWidth:SOUrce", Source(), default="CH1")
    width_polarity = Setting(":TRIGger:A:PULSEWidth:POLarity", TekWord("NEGative", "POSitive"), default="POS")
    width_when = Setting(
        ":TRIGger:A:PULSEWidth:WHEn",
        TekWord("LESSthan", "MOREthan", "EQual", "UNEQual", "WIThin", "OUTside"), default="LESS")
    width_low = Setting(":TRIGger:A:PULSEWidth:LOWLimit", _WIDTH, default=8e-9)
    width_high = Setting(":TRIGger:A:PULSEWidth:HIGHLimit", _WIDTH, default=12e-9)
    auxiliary = Setting(":TRIGger:AUXLevel", Level(), default=0.0)

    def lowest_level(self, channel: int | None = None) -> float:
        """Return the lowest level [V] of a channel; without it that of the auxiliary input."""
        return -self.data_sheet.external_range if channel is None else super().lowest_level(channel)

    def highest_level(self, channel: int | None = None) -> float:
        """Return the highest level [V] of a channel; without it that of the auxiliary input."""
        return self.data_sheet.external_range if channel is None else super().highest_level(channel)

    @property
    def on_width(self) -> bool:
        """Return whether it triggers on the width of a pulse."""
        return bool(self.trigger_type == "WID")

    def auxiliary_level(self) -> float:
        """Return the level [V] of the auxiliary input."""
        return float(self.auxiliary)

    def width(self) -> Duration:
        """Return the width [s] of the pulses that it triggers on: the low limit is that of one-sided conditions."""
        low, high = float(self.width_low), float(self.width_high)
        return {
            "LESS": Duration(high=low), "MORE": Duration(low=low), "WIT": Duration(low, high),
            "OUT": Duration(low, high, outside=True), "EQ": Duration(low * (1 - _EQUAL), low * (1 + _EQUAL)),
            "UNEQ": Duration(low * (1 - _EQUAL), low * (1 + _EQUAL), outside=True)}[self.width_when]


class DpoTriggerCommands(TriggerCommands):
    """``TRIGger`` of the MSO5000, DPO5000 and DPO7000."""

    trigger_type = Setting(
        ":TRIGger:A:TYPe",
        TekWord("EDGE", "LOGIc", "PULse", "VIDeo", "I2C", "CAN", "SPI", "COMMunication", "SERIAL", "RS232"),
        default="EDGE")
    edge_coupling = Setting(":TRIGger:A:EDGE:COUPling", TekWord("AC", "DC", "HFRej", "LFRej", "NOISErej"), default="DC")
    holdoff_by = Setting(":TRIGger:A:HOLDoff:BY", TekWord("TIMe", "DEFAult", "RANDom", "AUTO"), default="DEFA")
    pulse_class = Setting(":TRIGger:A:PULse:CLAss",
                          TekWord("GLItch", "RUNT", "WIDth", "TRANsition", "TIMEOut", "WINdow"), default="GLI")
    width_source = Setting(":TRIGger:A:PULse:SOUrce", Source(), default="CH1")
    width_polarity = Setting(":TRIGger:A:PULse:WIDth:POLarity", TekWord("NEGAtive", "POSITIVe"), default="POSITIV")
    width_when = Setting(":TRIGger:A:PULse:WIDth:WHEn", TekWord("OUTside", "WIThin"), default="WIT")
    width_low = Setting(":TRIGger:A:PULse:WIDth:LOWLimit", _WIDTH, default=2e-9)
    width_high = Setting(":TRIGger:A:PULse:WIDth:HIGHLimit", _WIDTH, default=2e-9)
    auxiliary = Setting(":TRIGger:A:LEVel:AUX", Level(), default=0.0)
    delayed_type = Setting(":TRIGger:B:TYPe", TekWord("EDGE", "LOGIc", "PULse"), default="EDGE")
    delayed_source = Setting(":TRIGger:B:EDGE:SOUrce", Source("AUX", "LINE"), default="CH1")
    delayed_slope = Setting(":TRIGger:B:EDGE:SLOpe", TekWord("RISe", "FALL", "EITher"), default="RIS")
    delayed_coupling = Setting(":TRIGger:B:EDGE:COUPling",
                               TekWord("AC", "DC", "HFRej", "LFRej", "NOISErej", "ATRIGger"), default="DC")

    delayed_level = Setting(":TRIGger:B:LEVel", Level(), default=0.0)

    def lowest_level(self, channel: int | None = None) -> float:
        """Return the lowest level [V] of a channel; without it that of the source."""
        found = self._of_source(channel)
        return -self.data_sheet.external_range if found is None else super().lowest_level(found)

    def highest_level(self, channel: int | None = None) -> float:
        """Return the highest level [V] of a channel; without it that of the source."""
        found = self._of_source(channel)
        return self.data_sheet.external_range if found is None else super().highest_level(found)

    def _of_source(self, channel: int | None) -> int | None:
        if channel is not None:
            return channel
        source = self.source
        return int(source[2:]) if source.startswith("CH") else None

    @property
    def on_width(self) -> bool:
        """Return whether it triggers on the width of a pulse."""
        return bool(self.trigger_type == "PUL" and self.pulse_class == "WID")

    def auxiliary_level(self) -> float:
        """Return the level [V] of the auxiliary input."""
        return float(self.auxiliary)

    def width(self) -> Duration:
        """Return the width [s] of the pulses that it triggers on."""
        return Duration(self.width_low, self.width_high, outside=self.width_when == "OUT")

    @command(":TRIGger:A:LEVel", Level())
    def _set_level(self, value: float) -> None:
        """``TRIGger:A:LEVel``: of the present source."""
        channel = self._of_source(None)
        if channel is None:
            self.auxiliary = value
        else:
            self.level[channel] = value

    @command(":TRIGger:A:LEVel?")
    def _get_level(self) -> str:
        channel = self._of_source(None)
        return self.format_number(self.auxiliary if channel is None else self.level[channel])
