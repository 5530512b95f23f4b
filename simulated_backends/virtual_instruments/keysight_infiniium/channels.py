"""The commands CHANnel of the Infiniium oscilloscopes: INPut is coupling and impedance in one."""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Number, Text
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniium.tables import InfiniiumTable
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import InputChannel


class InfiniiumChannels(InfiniiumTable):
    """What ``CHANnel`` sets."""

    input = Setting(":CHANnel<1-4>:INPut", Choice("DC", "DC50", "DCFifty", "AC"), default="DC", coerce="_input_chosen",
                    change="input_changed")
    limited = Setting(":CHANnel<1-4>:BWLimit", Boolean(), default=False)
    displayed = Setting(":CHANnel<1-4>:DISPlay", Boolean(), default=lambda owner, channel: channel == 1)
    inverted = Setting(":CHANnel<1-4>:INVert", Boolean(), default=False)
    label = Setting(":CHANnel<1-4>:LABel", Text(), default="")
    units = Setting(":CHANnel<1-4>:UNITs", Choice("VOLT", "AMPere", "WATT", "UNKNown"), default="VOLT")
    vertical_range = Setting(":CHANnel<1-4>:RANGe", Number("V"), default=8.0, coerce="_range_chosen",
                             change="_range_changed")
    offset = Setting(":CHANnel<1-4>:OFFSet", Number("V"), default=0.0, coerce="_offset_chosen")
    probe = Setting(":CHANnel<1-4>:PROBe", Number("X", 1e-4, 1e4), default=1.0)

    def shown_channels(self) -> list[int]:
        """Return the channels that are on."""
        return [channel for channel in range(1, self.data_sheet.channels + 1) if self.displayed[channel]]

    def scale(self, channel: int) -> float:
        """Return the displayed volts per division."""
        return float(self.vertical_range[channel]) / self.data_sheet.divisions

    def channel(self, number: int) -> InputChannel:
        """Return one input as it is set now."""
        sheet = self.data_sheet
        return InputChannel(
            number=number, node=self.scope.node(str(number)), scale=self.scale(number), offset=self.offset[number],
            probe=self.probe[number], divider=self.scope.inputs.dividers.get(number, 1.0),
            bandwidth=sheet.limited_bandwidth if self.limited[number] else sheet.bandwidth,
            ac_coupled=self.input[number] == "AC", inverted=self.inverted[number], divisions=sheet.divisions,
            levels=sheet.levels,
        )

    def _impedance(self, channel: int) -> str:
        return "DC50" if self.input[channel] == "DC50" else "DC"

    def _input_chosen(self, channel: int, value: str) -> str:
        return "DC50" if value == "DCF" else value

    def input_changed(self, channel: int) -> None:
        """Switch an input between 1 MOhm and 50 Ohm."""
        self.vertical_range[channel] = self._within(channel, self.vertical_range[channel])
        self._range_changed(channel)
        self.scope.inputs.set_impedance(channel, self._impedance(channel))

    def _within(self, channel: int, value: float) -> float:
        factor = self.probe[channel] * self.data_sheet.divisions
        low = self.data_sheet.min_scale * factor
        high = self.data_sheet.max_scale[self._impedance(channel)] * factor
        return float(min(max(value, low), high))

    def _range_chosen(self, channel: int, value: float) -> float:
        allowed = self._within(channel, value)
        if abs(allowed - value) > 1e-9 * abs(value):
            self.post_error(-222)
        return allowed

    def _range_changed(self, channel: int) -> None:
        most = self._most(channel)
        self.offset[channel] = min(max(self.offset[channel], -most), most)

    def _most(self, channel: int) -> float:
        probe = float(self.probe[channel])
        return self.data_sheet.max_offset(self.scale(channel) / probe) * probe

    def _offset_chosen(self, channel: int, value: float) -> float:
        most = self._most(channel)
        if abs(value) > most * (1 + 1e-9):
            self.post_error(-222)
        return float(min(max(value, -most), most))

    @command(":CHANnel<1-4>:SCALe", Number("V"))
    def _set_scale(self, channel: int, value: float) -> None:
        """``:CHAN1:SCAL``: volts per division."""
        self.vertical_range[channel] = self._range_chosen(channel, value * self.data_sheet.divisions)
        self._range_changed(channel)

    @command(":CHANnel<1-4>:SCALe?")
    def _get_scale(self, channel: int) -> str:
        return self.format_number(self.scale(channel))

    @command(":CHANnel<1-4>:DIFFerential", Boolean())
    def _set_differential(self, channel: int, on: bool) -> None:
        if on:
            raise ScpiError(-224)   # not simulated

    @command(":CHANnel<1-4>:DIFFerential?")
    def _differential(self, channel: int) -> str:
        return "0"
