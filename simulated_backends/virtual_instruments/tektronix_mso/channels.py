"""The commands CH<x> of the Tektronix oscilloscopes: scale, position, offset, coupling, bandwidth, input, probe."""

import math
from collections.abc import Sequence
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Number, Parameter, Text
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import InputChannel
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.command_table import TektronixTable
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.replies import CoercedNumber, TekChoice, TekWord

_OHM = {50.0: "50", 1e6: "1M"}


class Termination(Number):
    """50 or 1E+6 Ohm: the nearer of the two."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:   # type: ignore[override]
        value = self.value_of(raw, owner, key)
        if value <= 0:
            raise ScpiError(-222)
        return _OHM[min(_OHM, key=lambda ohm: abs(math.log(ohm / value)))]

    def format(self, value: Any, owner: Any) -> str:
        return str(owner.format_number(next(ohm for ohm, name in _OHM.items() if name == value)))


class Bandwidth(Parameter):
    """FULl, or the filter nearest to a frequency [Hz] (in its ratio); the value is the bandwidth."""

    def __init__(self, **words: float) -> None:
        self._word = TekChoice("FULl", *words)
        self._words = {key.upper()[:3]: value for key, value in words.items()}
        self._number = Number("Hz", 1.0)

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> float:
        """Return the bandwidth [Hz]."""
        sheet = owner.data_sheet
        if raw.strip()[:1].isalpha():
            word = self._word.parse(raw, owner, key)
            return float(self._words.get(word[:3], sheet.bandwidth))
        wanted = self._number.parse(raw, owner, key)
        known: Sequence[float] = (*sheet.bandwidth_limits, sheet.bandwidth)
        return min(known, key=lambda one: abs(math.log(one / wanted)))

    def format(self, value: Any, owner: Any) -> str:
        return str(owner.format_number(value))


def _scale_limits(high: bool) -> Any:
    def limit(owner: "TektronixChannels", channel: int) -> float:
        sheet = owner.data_sheet
        one = sheet.max_scale[owner.termination[channel]] if high else sheet.min_scale
        return float(one * owner.attenuation[channel])

    return limit


def _offset_limit(owner: "TektronixChannels", channel: int) -> float:
    factor = owner.attenuation[channel]
    return float(owner.data_sheet.max_offset(owner.scale[channel] / factor) * factor)


class TektronixChannels(TektronixTable):
    """What ``CH<x>`` sets, as far as all series have it."""

    scale = Setting(":CH<1-8>:SCAle", CoercedNumber("V", _scale_limits(False), _scale_limits(True)), default=0.1,
                    change="_scale_changed")
    offset = Setting(":CH<1-8>:OFFSet", CoercedNumber("V", high=_offset_limit, symmetric=True), default=0.0)
    position = Setting(":CH<1-8>:POSition", CoercedNumber("", -8.0, 8.0), default=0.0)
    termination = Setting(":CH<1-8>:TERmination", Termination("Ohm"), default="1M", coerce="_termination_chosen",
                          change="termination_changed")
    bandwidth = Setting(":CH<1-8>:BANdwidth", Bandwidth(), default=lambda owner, channel: owner.data_sheet.bandwidth)
    inverted = Setting(":CH<1-8>:INVert", Boolean(), default=False)
    attenuation = Setting(":CH<1-8>:PROBEFunc:EXTAtten", CoercedNumber("", 1e-10, 1e10), default=1.0,
                          coerce="_attenuation_chosen")
    skew = Setting(":CH<1-8>:DESKew", CoercedNumber("S", -125e-9, 125e-9), default=0.0)
    label = Setting(":CH<1-8>:LABel:NAMe", Text(maximum=32), default="")
    termination_voltage = Setting(":CH<1-8>:VTERm:BIAS", CoercedNumber("V", -5.0, 5.0), default=0.0)
    coupling = Setting(":CH<1-8>:COUPling", TekWord("AC", "DC", "DCREJect"), default="DC", coerce="coupling_chosen")
    displayed: Any   #: each series has its own command

    # ----------------------------------------------------------------------------------- what it amounts to

    def shown_channels(self) -> list[int]:
        """Return the channels that are on."""
        return [channel for channel in range(1, self.data_sheet.channels + 1) if self.displayed[channel]]

    def middle(self, number: int) -> float:
        """Return the voltage [V at the display] in the middle of the screen."""
        return float(self.offset[number] - self.position[number] * self.scale[number])

    def channel(self, number: int) -> InputChannel:
        """Return one input as it is set now."""
        sheet = self.data_sheet
        return InputChannel(
            number=number, node=self.scope.node(str(number)), scale=self.scale[number], offset=self.middle(number),
            probe=self.attenuation[number], divider=self.scope.inputs.dividers.get(number, 1.0),
            bandwidth=self.bandwidth[number], ac_coupled=self.coupling[number] in ("AC", "DCREJ", "DCR"),
            grounded=self.coupling[number] == "GND", inverted=self.inverted[number], divisions=sheet.divisions,
            levels=sheet.levels,
        )

    # ----------------------------------------------------------------------------------------- changes

    def _scale_changed(self, channel: int) -> None:
        most = _offset_limit(self, channel)
        self.offset[channel] = min(max(self.offset[channel], -most), most)

    def coupling_chosen(self, channel: int, value: str) -> str:
        """Refuse AC with 50 Ohm (event 221)."""
        if value == "AC" and self.termination[channel] == "50":
            raise ScpiError(-221)
        return value

    def _termination_chosen(self, channel: int, value: str) -> str:
        if value == "50" and self.coupling[channel] == "AC":
            self.coupling[channel] = "DC"
        return value

    def termination_changed(self, channel: int) -> None:
        """Switch an input between 1 MOhm and 50 Ohm; a scale beyond its largest becomes that."""
        most = _scale_limits(True)(self, channel)
        if self.scale[channel] > most:
            self.scale[channel] = most
            self._scale_changed(channel)
        self.scope.inputs.set_impedance(channel, self.termination[channel])

    def _attenuation_chosen(self, channel: int, value: float) -> float:
        ratio = value / self.attenuation[channel]
        self.scale[channel] = self.scale[channel] * ratio
        self.offset[channel] = self.offset[channel] * ratio
        return value

    @command(":CH<1-8>:PRObe:GAIN?")
    def _probe_gain(self, channel: int) -> str:
        """``CH1:PRObe:GAIN?``: of the probe that the instrument has recognised; a cable has 1."""
        return self.format_number(1.0)

    @command(":CH<1-8>:PRObe:RESistance?")
    def _probe_resistance(self, channel: int) -> str:
        return self.format_number(self.data_sheet.impedances[self.termination[channel]])

    @command(":CH<1-8>:PRObe:ID:TYPe?")
    def _probe_type(self, channel: int) -> str:
        return '"1X"'

    @command(":CH<1-8>:PRObe:ID:SERnumber?")
    def _probe_serial(self, channel: int) -> str:
        return '"N/A"'   # of a cable, as of all probes of level 0 and 1 (the maker's description of the command)

    @command(":CH<1-8>:PRObe:UNIts?")
    def _probe_units(self, channel: int) -> str:
        return '"V"'


class MsoChannelCommands(TektronixChannels):
    """``CH<x>`` of the 4, 5 and 6 Series.

    ``SELect:CH<x>`` and ``DISplay:WAVEform``: the maker's driver tm_devices lists them for these series, and pyMSO4,
    which was made with an MSO44, sends them. Without waveforms on its screen, the oscilloscope acquires as with them.
    """

    displayed = Setting(":DISplay:GLObal:CH<1-8>:STATE", Boolean(), default=lambda owner, channel: channel == 1,
                        also=(":SELect:CH<1-8>",))
    waveforms_shown = Setting(":DISplay:WAVEform", Boolean(), default=True)
    coupling = Setting(":CH<1-8>:COUPling", TekWord("AC", "DC", "DCR"), default="DC", coerce="coupling_chosen")

    @command(":CH<1-8>:PROBETYPE?")
    def _kind_of_probe(self, channel: int) -> str:
        """``CH1:PROBETYPE?``: ANALOG or DIGITAL, as the maker's driver tm_devices asks (tekscope.py)."""
        return "ANALOG"


class DpoChannelCommands(TektronixChannels):
    """``CH<x>`` of the MSO5000, DPO5000 and DPO7000."""

    displayed = Setting(":SELect:CH<1-8>", Boolean(), default=lambda owner, channel: channel == 1)
    coupling = Setting(":CH<1-8>:COUPling", TekWord("AC", "DC", "DCREJect", "GND"), default="DC",
                       coerce="coupling_chosen")
    bandwidth = Setting(":CH<1-8>:BANdwidth", Bandwidth(FIVe=500e6, TWEnty=20e6, ONEfifty=150e6, TWOfifty=250e6),
                        default=lambda owner, channel: owner.data_sheet.bandwidth)
    digital_threshold = Setting(":CH<1-8>:THRESH", CoercedNumber("V", -10.0, 10.0), default=0.0)

    @command(":CH<1-8>:PRObe?")
    def _probe(self, channel: int) -> str:
        """``CH1:PRObe?``: the gain of the probe."""
        return self.format_number(1.0)
