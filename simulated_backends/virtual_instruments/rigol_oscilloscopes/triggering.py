"""The commands TRIGger of the Rigol oscilloscopes: edges and pulses.

The DS1000Z programming guide writes EDGe, so the short form is EDG. The MSO5000 guide writes EDGE; whether this series
refuses EDG is not known, and here it does not.
"""

from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Number, Parameter, text_of
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope.pulse_trigger import Duration, PulseSettings
from tsbench.simulated_backends.virtual_instruments.oscilloscope.trigger import (
    EdgeSettings,
    TriggerSettings,
    channel_edge,
    external_edge,
)
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.channels import RigolChannels
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.command_table import RigolBase, RigolTable

_LONGEST = 10.0  #: [s] of a pulse
_WIDTH = Number("S", lambda owner, *_: owner.data_sheet.shortest_pulse, _LONGEST)


class TriggerSource(Parameter):
    """CHANnel1 and so on, AC (the line), and EXT and EXT5 where the model has them."""

    def __init__(self, *others: str) -> None:
        self._others = others

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        text = capitals(text_of(raw)).replace("CHANNEL", "CHAN")
        sheet = owner.data_sheet
        allowed = [f"CHAN{number}" for number in range(1, sheet.channels + 1)]
        missing = {"EXT": not sheet.external, "EXT5": not sheet.divided_range}
        allowed += [other for other in self._others if not missing.get(other)]
        if text not in allowed:
            raise ScpiError(-224 if text[:1].isalpha() else -104)
        return text


class RigolTrigger(RigolTable):
    """What ``TRIGger`` sets.

    Parameters
    ----------
    scope : RigolBase
    channels : RigolChannels
        Of the same scope.
    """

    def __init__(self, scope: RigolBase, channels: RigolChannels) -> None:
        super().__init__(scope)
        self.channels = channels

    trigger_mode = Setting(":TRIGger:MODE", Choice("EDGE", "PULSe"), default="EDGE")
    trigger_coupling = Setting(":TRIGger:COUPling", Choice("AC", "DC", "LFReject", "HFReject"), default="DC")
    trigger_sweep = Setting(":TRIGger:SWEep", Choice("AUTO", "NORMal", "SINGle"), default="AUTO")
    holdoff = Setting(":TRIGger:HOLDoff", Number("S", lambda owner: owner.data_sheet.shortest_holdoff, 10.0),
                      default=lambda owner: owner.data_sheet.shortest_holdoff)
    noise_reject = Setting(":TRIGger:NREJect", Boolean(), default=False)
    edge_source = Setting(":TRIGger:EDGe:SOURce", TriggerSource("AC", "EXT", "EXT5"), default="CHAN1")
    slope = Setting(":TRIGger:EDGe:SLOPe", Choice("POSitive", "NEGative", "RFALl"), default="POS")
    pulse_source = Setting(":TRIGger:PULSe:SOURce", TriggerSource(), default="CHAN1")
    pulse_when = Setting(":TRIGger:PULSe:WHEN", Choice("PGReater", "PLESs", "PGLess", "NGReater", "NLESs", "NGLess"),
                         default="PGR")
    pulse_width = Setting(":TRIGger:PULSe:WIDTh", _WIDTH, default=1e-6)
    pulse_upper = Setting(":TRIGger:PULSe:UWIDth", _WIDTH, default=2e-6)
    pulse_lower = Setting(":TRIGger:PULSe:LWIDth", _WIDTH, default=1e-6)

    # -------------------------------------------------------------------------------------- what it amounts to

    @property
    def source(self) -> str:
        """Return what it triggers on."""
        return str(self.edge_source if self.trigger_mode == "EDGE" else self.pulse_source)

    def settings(self) -> TriggerSettings:
        """Return what the next acquisition triggers on."""
        if self.trigger_mode == "EDGE":
            return self._edge(self.edge_source, "EITH" if self.slope == "RFAL" else self.slope)
        width = {"GR": Duration(low=self.pulse_width), "LES": Duration(high=self.pulse_width),
                 "GL": Duration(self.pulse_lower, self.pulse_upper)}[self.pulse_when[1:]]
        positive = (self.pulse_when[0] == "P") != self.channels.inverted[int(self.pulse_source[4:])]
        return PulseSettings(self._edge(self.pulse_source, "EITH"), positive, width)

    def _edge(self, source: str, slope: str) -> EdgeSettings:
        sheet, noisy = self.data_sheet, self.scope.bench.imperfections
        level = self.scope.trigger_levels.get(source, 0.0)
        if not source.startswith("CHAN"):
            return external_edge(level if source in ("EXT", "EXT5") else float("nan"), slope,
                                 sheet.trigger_jitter if noisy else 0.0)
        hysteresis = sheet.hysteresis * (2.0 if self.noise_reject else 1.0)
        return channel_edge(self.channels.channel(int(source[4:])), sheet, level, slope, hysteresis, noisy)

    # ------------------------------------------------------------------------------------------------- levels

    def _set_level(self, source: str, value: float) -> None:
        """Set a level [V]: at most so many divisions from mid-screen."""
        if source.startswith("CHAN"):
            channel = int(source[4:])
            reach, middle = self.data_sheet.level_divisions * self.channels.scale[channel], (
                -self.channels.position[channel])
        else:
            sheet = self.data_sheet
            reach, middle = sheet.divided_range if source == "EXT5" else sheet.external_range, 0.0
        if abs(value - middle) > reach * (1 + 1e-9):
            raise ScpiError(-222)
        self.scope.trigger_levels[source] = value

    @command(":TRIGger:EDGe:LEVel", Number("V"))
    def _set_edge_level(self, value: float) -> None:
        self._set_level(self.edge_source, value)

    @command(":TRIGger:EDGe:LEVel?")
    def _get_edge_level(self) -> str:
        return self.format_number(self.scope.trigger_levels.get(self.edge_source, 0.0))

    @command(":TRIGger:PULSe:LEVel", Number("V"))
    def _set_pulse_level(self, value: float) -> None:
        self._set_level(self.pulse_source, value)

    @command(":TRIGger:PULSe:LEVel?")
    def _get_pulse_level(self) -> str:
        return self.format_number(self.scope.trigger_levels.get(self.pulse_source, 0.0))
