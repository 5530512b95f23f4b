"""The commands TRIGger of the Infiniium oscilloscopes: edges and pulses; AUX is the external input."""

from tsbench.simulated_backends.scpi.parameters import Choice, Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.channels import InfiniiumChannels
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.tables import (
    InfiniiumBase,
    InfiniiumTable,
    ScopeSource,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope.pulse_trigger import Duration, PulseSettings
from tsbench.simulated_backends.virtual_instruments.oscilloscope.trigger import (
    EdgeSettings,
    TriggerSettings,
    channel_edge,
    external_edge,
)


class InfiniiumTrigger(InfiniiumTable):
    """What ``TRIGger`` sets.

    Parameters
    ----------
    scope : InfiniiumBase
    channels : InfiniiumChannels
        Of the same scope.
    """

    def __init__(self, scope: InfiniiumBase, channels: InfiniiumChannels) -> None:
        super().__init__(scope)
        self.channels = channels

    trigger_mode = Setting(":TRIGger:MODE", Choice("EDGE", "GLITch"), default="EDGE")
    trigger_sweep = Setting(":TRIGger:SWEep", Choice("AUTO", "TRIGgered", "SINGle"), default="AUTO",
                            change="_sweep_changed")
    holdoff = Setting(":TRIGger:HOLDoff", Number("S", 100e-9, 10.0), default=100e-9)
    edge_source = Setting(":TRIGger:EDGE:SOURce", ScopeSource("AUX", "LINE"), default="CHAN1")
    slope = Setting(":TRIGger:EDGE:SLOPe", Choice("POSitive", "NEGative", "EITHer"), default="POS")
    edge_coupling = Setting(":TRIGger:EDGE:COUPling", Choice("DC", "AC", "LFReject", "HFReject"), default="DC")
    glitch_source = Setting(":TRIGger:GLITch:SOURce", ScopeSource(), default="CHAN1")
    glitch_polarity = Setting(":TRIGger:GLITch:POLarity", Choice("POSitive", "NEGative"), default="POS")
    glitch_width = Setting(":TRIGger:GLITch:WIDTh", Number("S", 1.5e-9, 10.0), default=5e-9)

    @property
    def source(self) -> str:
        """Return what it triggers on; "EXT" is the external input."""
        found = str(self.edge_source if self.trigger_mode == "EDGE" else self.glitch_source)
        return "EXT" if found == "AUX" else found

    def settings(self) -> TriggerSettings:
        """Return what the next acquisition triggers on."""
        if self.trigger_mode == "EDGE":
            return self._edge(self.edge_source, "EITH" if self.slope == "EITH" else self.slope)
        positive = (self.glitch_polarity == "POS") != self.channels.inverted[int(self.glitch_source[4:])]
        return PulseSettings(self._edge(self.glitch_source, "EITH"), positive, Duration(high=self.glitch_width))

    def _edge(self, source: str, slope: str) -> EdgeSettings:
        sheet, noisy = self.data_sheet, self.scope.bench.imperfections
        level = self.scope.trigger_levels.get(source, 0.0)
        if not source.startswith("CHAN"):
            return external_edge(level if source == "AUX" else float("nan"), slope,
                                 sheet.trigger_jitter if noisy else 0.0)
        return channel_edge(
            self.channels.channel(int(source[4:])), sheet, level, slope, sheet.hysteresis, noisy)

    def _sweep_changed(self) -> None:
        """Sweep AUTO triggers by itself an acquisition that is armed, when no trigger comes for a while."""
        acquisition = self.control.acquisition
        if self.trigger_sweep == "AUTO" and acquisition is not None and acquisition.plan.automatic is None:
            def force() -> None:
                if self.control.acquisition is acquisition:
                    self.control.force()

            self.clock.schedule(self.clock.now + self.data_sheet.auto_timeout, force)

    @command(":TRIGger:LEVel", ScopeSource("AUX"), Number("V"))
    def _set_level(self, source: str, value: float) -> None:
        """``:TRIG:LEV CHAN1,0.5``; a level out of reach becomes the limit, with an error."""
        if source == "AUX":
            low, high = -self.data_sheet.external_range, self.data_sheet.external_range
        else:
            channel = int(source[4:])
            reach = self.data_sheet.level_divisions * self.channels.scale(channel)
            low, high = self.channels.offset[channel] - reach, self.channels.offset[channel] + reach
        if not low - 1e-12 <= value <= high + 1e-12:
            self.post_error(-222)
        self.scope.trigger_levels[source] = min(max(value, low), high)

    @command(":TRIGger:LEVel?", ScopeSource("AUX"))
    def _get_level(self, source: str) -> str:
        return self.format_number(self.scope.trigger_levels.get(source, 0.0))

