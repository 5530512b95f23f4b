"""The commands CHANnel of the InfiniiVision oscilloscopes: range, offset, coupling, impedance, probe."""

from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Number, Parameter, Text
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.command_table import ScopeTable
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import InputChannel

OUT_OF_RANGE = "Data out of range"


class Label(Parameter):
    """Text in quotes or bare, at most ten characters, upper case."""

    _text = Text(bare=True)

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        return self._text.parse(raw.upper(), owner, key)[:10]

    def format(self, value: Any, owner: Any) -> str:
        return f'"{value}"'


class ChannelCommands(ScopeTable):
    """What ``CHANnel`` sets."""

    coupling = Setting(":CHANnel<1-4>:COUPling", Choice("AC", "DC"), default="DC", coerce="_coupling_chosen")
    impedance = Setting(":CHANnel<1-4>:IMPedance", Choice("ONEMeg", "FIFTy"), default="ONEM",
                        coerce="_impedance_chosen", change="impedance_changed")
    limited = Setting(":CHANnel<1-4>:BWLimit", Boolean(), default=False)
    displayed = Setting(":CHANnel<1-4>:DISPlay", Boolean(), default=lambda owner, c: c == 1)
    inverted = Setting(":CHANnel<1-4>:INVert", Boolean(), default=False)
    label = Setting(":CHANnel<1-4>:LABel", Label(), default=lambda owner, c: str(c))
    units = Setting(":CHANnel<1-4>:UNITs", Choice("VOLT", "AMPere"), default="VOLT")
    vernier = Setting(":CHANnel<1-4>:VERNier", Boolean(), default=False)
    skew = Setting(":CHANnel<1-4>:PROBe:SKEW", Number("S", -100e-9, 100e-9), default=0.0)
    probe = Setting(":CHANnel<1-4>:PROBe", Number("X", 0.001, 10_000), coerce="_probe_chosen",
                    default=lambda owner, channel: owner.data_sheet.default_probe)
    vertical_range = Setting(":CHANnel<1-4>:RANGe", Number("V"), default=40.0, coerce="_range_chosen",
                             change="_range_changed")
    offset = Setting(":CHANnel<1-4>:OFFSet", Number("V"), default=0.0, coerce="_offset_chosen")

    # ----------------------------------------------------------------------------------- what it amounts to

    def shown_channels(self) -> list[int]:
        """Return the channels that are on."""
        return [channel for channel in range(1, self.data_sheet.channels + 1) if self.displayed[channel]]

    def channel(self, number: int) -> InputChannel:
        """Return one input as it is set now."""
        sheet = self.data_sheet
        return InputChannel(
            number=number, node=self.scope.node(str(number)), scale=self.scale(number), offset=self.offset[number],
            probe=self.probe[number], divider=self.scope.inputs.dividers.get(number, 1.0),
            bandwidth=sheet.limited_bandwidth if self.limited[number] else sheet.bandwidth,
            ac_coupled=self.coupling[number] == "AC", inverted=self.inverted[number],
            divisions=sheet.divisions, levels=sheet.levels,
        )

    # ----------------------------------------------------------------------------------------- changes

    def _impedance_chosen(self, channel: int, value: str) -> str:
        if value not in self.data_sheet.impedances:
            raise ScpiError(-224)
        return value

    def impedance_changed(self, channel: int) -> None:
        """Switch an input between 1 MOhm and 50 Ohm."""
        if self.impedance[channel] == "FIFT":
            self.coupling[channel] = "DC"
            most = self.data_sheet.divisions * self.data_sheet.max_scale["FIFT"] * self.probe[channel]
            self.vertical_range[channel] = min(self.vertical_range[channel], most)
            self._range_changed(channel)
        self.scope.inputs.set_impedance(channel, self.impedance[channel])

    def scale(self, channel: int) -> float:
        """Return the displayed volts per division."""
        return float(self.vertical_range[channel]) / self.data_sheet.divisions

    def _range_chosen(self, channel: int, value: float) -> float:
        factor = self.probe[channel] * self.data_sheet.divisions
        low, high = self.data_sheet.min_scale * factor, self.data_sheet.max_scale[self.impedance[channel]] * factor
        if not low * (1 - 1e-9) <= value <= high * (1 + 1e-9):
            self.post_error(-222, text=OUT_OF_RANGE)
            value = min(max(value, low), high)
        return value

    def _range_changed(self, channel: int) -> None:
        self.offset[channel] = self._offset_chosen(channel, self.offset[channel])

    def _offset_chosen(self, channel: int, value: float) -> float:
        probe = self.probe[channel]   # a value beyond becomes the nearest legal one, without error
        most = self.data_sheet.max_offset(self.scale(channel) / probe) * probe
        return float(min(max(value, -most), most))

    def _probe_chosen(self, channel: int, value: float) -> float:
        ratio = value / self.probe[channel]
        self.vertical_range[channel] = self.vertical_range[channel] * ratio
        self.offset[channel] = self.offset[channel] * ratio
        source = f"CHAN{channel}"
        self.scope.trigger_levels[source] = self.scope.trigger_levels.get(source, 0.0) * ratio
        return value

    def _coupling_chosen(self, channel: int, value: str) -> str:
        if value == "AC" and self.impedance[channel] == "FIFT":
            raise ScpiError(-221, text="Settings conflict")
        return value

    @command(":CHANnel<1-4>:SCALe", Number("V"))
    def set_scale(self, channel: int, value: float) -> None:
        """``:CHAN1:SCAL``: volts per division."""
        self.vertical_range[channel] = self._range_chosen(channel, value * self.data_sheet.divisions)
        self._range_changed(channel)

    @command(":CHANnel<1-4>:SCALe?")
    def get_scale(self, channel: int) -> str:
        """``:CHAN1:SCAL?``."""
        return self.format_number(self.scale(channel))

    @command(":CHANnel<1-4>:PROTection?")
    def get_protection(self, channel: int) -> str:
        """``:CHAN1:PROT?``: whether the 50 Ohm input has tripped."""
        return "NORM"

    @command(":CHANnel<1-4>:PROTection[:CLEar]")
    def clear_protection(self, channel: int) -> None:
        """``:CHAN1:PROT``."""

    @command(":CHANnel<1-4>:PROBe:ID?")
    def _probe_identity(self, channel: int) -> str:
        """``:CHAN1:PROB:ID?``: what an AutoProbe tells; there is none."""
        return "NONE"

    @command(":CHANnel<1-4>:PROBe:STYPe?")
    def _signal_type(self, channel: int) -> str:
        return "SING"

    @command(":CHANnel<1-4>?")
    def describe_channel(self, channel: int) -> str:
        """``:CHAN1?``: everything at once."""
        return (
            f":CHAN{channel}:RANG {self.vertical_range[channel]:+.6E};OFFS {self.offset[channel]:+.5E};"
            f"COUP {self.coupling[channel]};IMP {self.impedance[channel]};"
            f"DISP {int(self.displayed[channel])};BWL {int(self.limited[channel])};"
            f"INV {int(self.inverted[channel])};"
            f'LAB "{self.label[channel]}";UNIT {self.units[channel]};PROB {self.probe[channel]:+.4E};'
            f"PROB:SKEW {self.skew[channel]:+.2E};STYP SING"
        )
