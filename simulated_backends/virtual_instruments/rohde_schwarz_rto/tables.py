"""What the command tables of the RTO and the RTB share, and their CHANnel commands."""

import math
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice, Number
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope.converter_scope import ConverterScope
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import Sampling, ScopeDataSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import InputChannel
from tsbench.simulated_backends.virtual_instruments.oscilloscope_table import ConverterTable

EXTERNAL = 5  #: the number of the level of the external input
_LIMITS = {"FULL": math.inf, "B800": 800e6, "B200": 200e6}  #: [Hz] beside the limit of the data sheet, B20


class RtoTable(ConverterTable[ConverterScope]):
    """Base of the command tables."""

    data_sheet: ScopeDataSheet


class SharedChannels(RtoTable):
    """What ``CHANnel`` sets in both series; a series adds its ``coupling`` and its bandwidth ``limit``."""

    coupling: Any
    limit: Any
    displayed = Setting(":CHANnel<1-4>:STATe", Boolean(), default=lambda owner, channel: channel == 1)
    scale = Setting(":CHANnel<1-4>:SCALe", Number("V"), default=0.05, coerce="_scale_chosen", change="_scale_changed")
    shift = Setting(":CHANnel<1-4>:POSition", Number("DIV", -5.0, 5.0), default=0.0)
    offset = Setting(":CHANnel<1-4>:OFFSet", Number("V"), default=0.0, coerce="_offset_chosen")
    attenuation = Setting(":PROBe<1-4>:SETup:ATTenuation:MANual", Number("", 1e-4, 1e4), default=1.0)

    def shown_channels(self) -> list[int]:
        """Return the channels that are on."""
        return [channel for channel in range(1, self.data_sheet.channels + 1) if self.displayed[channel]]

    def middle(self, channel: int) -> float:
        """Return the voltage at mid-screen: a position moves the waveform up."""
        return float(self.offset[channel] - self.shift[channel] * self.scale[channel])

    def channel(self, number: int) -> InputChannel:
        """Return one input as it is set now."""
        sheet = self.data_sheet
        return InputChannel(
            number=number, node=self.scope.node(str(number)), scale=self.scale[number], offset=self.middle(number),
            probe=self.attenuation[number], divider=self.scope.inputs.dividers.get(number, 1.0),
            bandwidth=min(sheet.bandwidth, _LIMITS.get(self.limit[number], sheet.limited_bandwidth)),
            ac_coupled=self.coupling[number] in ("AC", "ACL"), grounded=self.is_grounded(number),
            inverted=self.is_inverted(number), divisions=sheet.divisions, levels=sheet.levels,
        )

    def is_grounded(self, channel: int) -> bool:
        """Return whether an input is cut off from its terminal."""
        raise NotImplementedError

    def is_inverted(self, channel: int) -> bool:
        """Return whether a waveform is turned upside down."""
        raise NotImplementedError

    def _impedance(self, channel: int) -> str:
        return "DC" if self.coupling[channel] == "DC" else "DCL"

    def _scale_chosen(self, channel: int, value: float) -> float:
        low = self.data_sheet.min_scale * self.attenuation[channel]
        high = self.data_sheet.max_scale[self._impedance(channel)] * self.attenuation[channel]
        if not low * (1 - 1e-9) <= value <= high * (1 + 1e-9):
            raise ScpiError(-222)
        return value

    def _most(self, channel: int) -> float:
        probe = float(self.attenuation[channel])
        return self.data_sheet.max_offset(self.scale[channel] / probe) * probe

    def _scale_changed(self, channel: int) -> None:
        most = self._most(channel)
        self.offset[channel] = min(max(self.offset[channel], -most), most)

    def _offset_chosen(self, channel: int, value: float) -> float:
        if abs(value) > self._most(channel) * (1 + 1e-9):
            raise ScpiError(-222)
        return value

    @command(":CHANnel<1-4>:RANGe", Number("V"))
    def _set_range(self, channel: int, value: float) -> None:
        """``CHAN1:RANG``: ten divisions."""
        self.scale[channel] = self._scale_chosen(channel, value / self.data_sheet.divisions)
        self._scale_changed(channel)

    @command(":CHANnel<1-4>:RANGe?")
    def _get_range(self, channel: int) -> str:
        return self.format_number(self.scale[channel] * self.data_sheet.divisions)

    @command(":CHANnel<1-4>:OVERload?")
    def _overload(self, channel: int) -> str:
        return "0"


class SharedAcquiring(RtoTable):
    """The time base and the greatest trigger level; a series adds its record length and its trigger.

    Parameters
    ----------
    scope : ConverterScope
    channels : SharedChannels
        Of the same scope.
    """

    channels: Any
    time_scale: Any

    def __init__(self, scope: ConverterScope, channels: SharedChannels) -> None:
        super().__init__(scope)
        self.channels = channels

    @property
    def timebase_range(self) -> float:
        """Return the width of the screen [s]."""
        return float(self.time_scale) * self.data_sheet.time_divisions

    def shown_channels(self) -> list[int]:
        """Return the channels that are acquired."""
        shown: list[int] = self.channels.shown_channels()
        return shown

    def sampling(self) -> Sampling:
        """Return sample rate and points as set now."""
        raise NotImplementedError

    def require_level(self, source: int, value: float) -> float:
        """Return a trigger level within five divisions of mid-screen; beyond, -222."""
        middle, reach = 0.0, self.data_sheet.external_range
        if source != EXTERNAL:
            middle = self.channels.middle(source)
            reach = self.data_sheet.level_divisions * self.channels.scale[source]
        if abs(value - middle) > reach * (1 + 1e-9):
            raise ScpiError(-222)
        return value

    @command(":TIMebase:RANGe", Number("S"))
    def _set_time_range(self, value: float) -> None:
        """``TIM:RANG``: all divisions."""
        sheet = self.data_sheet
        low, high = sheet.min_timebase * sheet.time_divisions, sheet.max_timebase * sheet.time_divisions
        if not low * (1 - 1e-9) <= value <= high * (1 + 1e-9):
            raise ScpiError(-222)
        self.time_scale = value / sheet.time_divisions

    @command(":TIMebase:RANGe?")
    def _get_time_range(self) -> str:
        return self.format_number(self.timebase_range)

    @command(":TIMebase:DIVisions?")
    def _divisions(self) -> str:
        return str(self.data_sheet.time_divisions)

    @command(":ACQuire:POINts[:VALue]?")
    def _points(self) -> str:
        return str(self.sampling().points)

    @command(":ACQuire:SRATe?")
    @command(":ACQuire:POINts:ARATe?")
    def _rate(self) -> str:
        """``ACQ:SRAT?``: samples of the record by its time [Sa/s]."""
        return self.format_number(self.sampling().rate)


class RtoChannels(SharedChannels):
    """What ``CHANnel`` sets. COUPling is coupling and impedance in one: DC has 50 Ohm, DCLimit and AC 1 MOhm."""

    coupling = Setting(":CHANnel<1-4>:COUPling", Choice("DC", "DCLimit", "AC"), default="DCL",
                       change="_coupling_changed")
    grounded = Setting(":CHANnel<1-4>:GND", Boolean(), default=False)
    inverted = Setting(":CHANnel<1-4>:INVert", Boolean(), default=False)
    limit = Setting(":CHANnel<1-4>:BANDwidth", Choice("FULL", "B800", "B200", "B20"), default="FULL")
    power_impedance = Setting(":CHANnel<1-4>:IMPedance", Number("OHM", 1.0, 1e5), default=50.0)
    arithmetics = Setting(":CHANnel<1-4>[:WAVeform<1-3>]:ARIThmetics", Choice("OFF", "ENVelope", "AVERage"),
                          default="OFF")

    def is_grounded(self, channel: int) -> bool:
        """Return whether an input is cut off from its terminal."""
        return bool(self.grounded[channel])

    def is_inverted(self, channel: int) -> bool:
        """Return whether a waveform is turned upside down."""
        return bool(self.inverted[channel])

    def _coupling_changed(self, channel: int) -> None:
        """Switch an input between 1 MOhm and 50 Ohm."""
        most = self.data_sheet.max_scale[self._impedance(channel)] * self.attenuation[channel]
        self.scale[channel] = min(self.scale[channel], most)
        self._scale_changed(channel)
        self.scope.inputs.set_impedance(channel, self._impedance(channel))


class RtbChannels(SharedChannels):
    """What ``CHANnel`` sets in the RTB: all its inputs have 1 MOhm."""

    coupling = Setting(":CHANnel<1-4>:COUPling", Choice("DCLimit", "ACLimit", "GND"), default="DCL")
    polarity = Setting(":CHANnel<1-4>:POLarity", Choice("NORMal", "INVerted"), default="NORM")
    limit = Setting(":CHANnel<1-4>:BANDwidth", Choice("FULL", "B20"), default="FULL")
    decimation = Setting(":CHANnel<1-4>:TYPE", Choice("SAMPle", "PDETect", "HRESolution"), default="SAMP")

    def is_grounded(self, channel: int) -> bool:
        """Return whether an input is cut off from its terminal."""
        return bool(self.coupling[channel] == "GND")

    def is_inverted(self, channel: int) -> bool:
        """Return whether a waveform is turned upside down."""
        return bool(self.polarity[channel] == "INV")
