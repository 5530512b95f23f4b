"""The commands CHANnel of the Rigol oscilloscopes. A positive offset moves the waveform up."""

import math
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Number, Parameter, text_of
from tsbench.simulated_backends.scpi.syntax import capitals
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import InputChannel
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.command_table import RigolTable


def next_step(value: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is not smaller."""
    decade = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return float(f"{next(step for step in (1.0, 2.0, 5.0, 10.0) if step * decade >= value * (1 - 1e-6)) * decade:.0e}")


class BandwidthLimit(Parameter):
    """OFF, or the name of one of the model's limits: "20M"."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        text = capitals(text_of(raw))
        if text != "OFF" and text not in dict(owner.data_sheet.limits):
            raise ScpiError(-224)
        return text


class Probe(Number):
    """One of the attenuations that the model knows; written without an exponent."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> float:
        value = super().parse(raw, owner, key)
        found = next((one for one in owner.data_sheet.probes if math.isclose(one, value, rel_tol=1e-6)), None)
        if found is None:
            raise ScpiError(-224)
        return float(found)


class RigolChannels(RigolTable):
    """What ``CHANnel`` sets."""

    coupling = Setting(":CHANnel<1-4>:COUPling", Choice("AC", "DC", "GND"), default="DC")
    limit = Setting(":CHANnel<1-4>:BWLimit", BandwidthLimit(), default="OFF")
    displayed = Setting(":CHANnel<1-4>:DISPlay", Boolean(), default=lambda owner, channel: channel == 1)
    inverted = Setting(":CHANnel<1-4>:INVert", Boolean(), default=False)
    units = Setting(":CHANnel<1-4>:UNITs", Choice("VOLTage", "WATT", "AMPere", "UNKNown"), default="VOLT")
    vernier = Setting(":CHANnel<1-4>:VERNier", Boolean(), default=False)
    skew = Setting(":CHANnel<1-4>:TCAL", Number("S", -100e-9, 100e-9), default=0.0, also=(":CHANnel<1-4>:TCALibrate",))
    probe = Setting(":CHANnel<1-4>:PROBe", Probe("X"), coerce="_probe_chosen",
                    default=lambda owner, channel: owner.data_sheet.first_probe)
    scale = Setting(":CHANnel<1-4>:SCALe", Number("V"), coerce="_scale_chosen", change="_scale_changed",
                    default=lambda owner, channel: 0.1 * owner.data_sheet.first_probe)
    position = Setting(":CHANnel<1-4>:OFFSet", Number("V"), default=0.0, coerce="_position_chosen")

    # ----------------------------------------------------------------------------------- what it amounts to

    def shown_channels(self) -> list[int]:
        """Return the channels that are on."""
        return [channel for channel in range(1, self.data_sheet.channels + 1) if self.displayed[channel]]

    def step(self, channel: int) -> float:
        """Return the displayed volts of one code: there are 25 codes a division."""
        return float(self.scale[channel]) * self.data_sheet.divisions / self.data_sheet.levels

    def channel(self, number: int) -> InputChannel:
        """Return one input as it is set now."""
        sheet, step = self.data_sheet, self.step(number)
        return InputChannel(
            number=number, node=self.scope.node(str(number)), scale=self.scale[number],
            offset=-round(self.position[number] / step) * step,   # a whole number of codes
            probe=self.probe[number], divider=self.scope.inputs.dividers.get(number, 1.0),
            bandwidth=min(sheet.bandwidth, dict(sheet.limits).get(self.limit[number], math.inf)),
            ac_coupled=self.coupling[number] == "AC", grounded=self.coupling[number] == "GND",
            inverted=self.inverted[number], divisions=sheet.divisions, levels=sheet.levels,
        )

    # ----------------------------------------------------------------------------------------- changes

    def greatest_scale(self, channel: int) -> float:
        """Return the largest scale [V/div] at 1:1."""
        return max(self.data_sheet.max_scale.values())

    def _scale_chosen(self, channel: int, value: float) -> float:
        low = self.data_sheet.min_scale * self.probe[channel]
        high = self.greatest_scale(channel) * self.probe[channel]
        if not low * (1 - 1e-9) <= value <= high * (1 + 1e-9):
            raise ScpiError(-222)
        return value if self.vernier[channel] else next_step(value)

    def _most(self, channel: int) -> float:
        """Return the largest offset [V] at the present scale."""
        probe = self.probe[channel]
        return self.data_sheet.max_offset(self.scale[channel] / probe) * float(probe)

    def _scale_changed(self, channel: int) -> None:
        most = self._most(channel)
        self.position[channel] = min(max(self.position[channel], -most), most)

    def _position_chosen(self, channel: int, value: float) -> float:
        if abs(value) > self._most(channel) * (1 + 1e-9):
            raise ScpiError(-222)
        return value

    def _probe_chosen(self, channel: int, value: float) -> float:
        ratio, source = value / self.probe[channel], f"CHAN{channel}"
        self.scale[channel] = self.scale[channel] * ratio
        self.position[channel] = self.position[channel] * ratio
        self.scope.trigger_levels[source] = self.scope.trigger_levels.get(source, 0.0) * ratio
        return value

    @command(":CHANnel<1-4>:RANGe", Number("V"))
    def _set_range(self, channel: int, value: float) -> None:
        """``:CHAN1:RANG``: full scale, eight divisions."""
        self.scale[channel] = self._scale_chosen(channel, value / self.data_sheet.divisions)
        self._scale_changed(channel)

    @command(":CHANnel<1-4>:RANGe?")
    def _get_range(self, channel: int) -> str:
        return self.format_number(self.scale[channel] * self.data_sheet.divisions)
