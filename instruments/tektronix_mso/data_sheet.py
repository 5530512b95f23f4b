"""Limits of the Tektronix oscilloscopes, by series and model, and where the commands of the series differ.

Sources: the programmer's guides of the 4/5/6 Series MSO and of the MSO5000, DPO5000 and DPO7000 (commands); the
"Specifications and Performance Verification" of the MSO5000, DPO5000 and DPO7000 (time base 5 ppm and 1.5 ppm, ten
divisions are one full scale).

Not compared with a data sheet (known to users of the instruments): sample rates, record lengths, bandwidths, offset
ranges, gain and offset accuracy, number of frames, and the time base of the 4, 5 and 6 Series. A licence can give an
instrument more bandwidth and memory than its model has here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.instruments.interfaces import LowImpedanceInput, OscilloscopeCapabilities, Range
from tsbench.instruments.languages.repeatable import COMMON
from tsbench.instruments.oscilloscopes.driver import VerticalAccuracy

#: queries that change nothing in the instrument; *ESR?, ALLEv?, EVENT? and EVMsg? forget what they tell
REPEATABLE = (
    *COMMON, ":CH<n>:{SCAle|OFFSet|TERmination|PRObe:GAIN|PROBEFunc:EXTAtten}?",
    ":HORizontal:MODE:{RECOrdlength|SAMPLERate}?",
    ":HORizontal:{POSition|DELay:TIMe|MAIn:DELay:TIMe}?", ":HORizontal:FASTframe:COUNt?",
    ":HORizontal:FASTframe:TIMEStamp:ALL?", ":HORizontal:FASTframe:TIMEStamp:ALL:CH<n>?",
    ":TRIGger:A:LEVel:CH<n>?", ":TRIGger:A:LEVel?", ":TRIGger:AUXLevel?", ":TRIGger:STATE?",
    ":ACQuire:{STATE|NUMFRAMESACQuired}?", ":CURVe?", ":WFMOutpre:{XINcr|XZEro|YMUlt|YOFf|YZEro}?",
    ":WFMOutpre:PT_Off?", ":WFMOutpre:NR_Pt?",
)
DIVISIONS = 10
LEVELS = 25  #: codes a division, of one byte
BANDWIDTH_LIMIT = 20e6  #: [Hz]
CLIPPED = 127  #: code of one byte that means beyond the range, with either sign
SHORTEST_RECORD = 1000
RANGE_50 = 10.0  #: [V] full scale of the 50 Ohm input
OFFSET_DIVISIONS = 0.1
OFFSET_LIMIT = 0.2e-3  #: [V]
OFFSET_SETTING_LIMIT = 0.005  #: of the offset setting


@dataclass(frozen=True)
class Dialect:
    """Where the commands of the series differ."""

    switch: str  #: of a channel
    delay: str  #: header of the delay after the trigger
    auxiliary: str  #: header of the auxiliary input's trigger level
    stamps: str  #: query of the time stamps of all frames
    no_summary: tuple[str, ...]  #: no summary frame

    def level(self, source: int | str) -> str:
        """Return the header of the trigger level of a channel, or of the auxiliary input ("external")."""
        return self.auxiliary if source == "external" else f":TRIG:A:LEV:CH{source}"


MSO = Dialect(
    switch=":DIS:GLO:CH{channel}:STATE", delay=":HOR:DEL", auxiliary=":TRIG:AUXL", stamps=":HOR:FAST:TIMES:ALL?",
    no_summary=(":HOR:FAST:SUMF:STATE OFF",),
)
DPO = Dialect(
    switch=":SEL:CH{channel}", delay=":HOR:MAI:DEL", auxiliary=":TRIG:A:LEV",
    stamps=":HOR:FAST:TIMES:ALL:CH{channel}? 1,{frames}",
    no_summary=(":HOR:FAST:SUMF NON", ":HOR:FAST:SEQ FIR"),
)


@dataclass(frozen=True)
class TektronixSeries:
    """What the models of a series share."""

    dialect: Dialect
    sample_rate: float  #: [Sa/s]
    record_length: int
    frames: int
    gain_accuracy: float  #: of full scale
    timebase_accuracy: float  #: relative
    bits: int
    lowest_scale: float  #: [V/div]
    offset_limits: tuple[tuple[float, float], ...]  #: (offset [V], range [V] that is needed for more than it)
    transfer: str  #: width of the codes that loses nothing
    longest_delay: float  #: [s] after the trigger (programmer manuals, HORizontal:[MAIn:]DELay:TIMe)


_OFFSETS_MSO, _OFFSETS_DPO = ((1.0, 0.64), (10.0, 10.0)), ((1.0, 0.505), (10.0, 5.05))
SERIES: Mapping[str, TektronixSeries] = {
    "4": TektronixSeries(MSO, 6.25e9, 31_250_000, 500_000, 0.01, 2.5e-6, 12, 500e-6, _OFFSETS_MSO, "word", 5e3),
    "5": TektronixSeries(MSO, 6.25e9, 62_500_000, 1_000_000, 0.01, 2.5e-6, 12, 500e-6, _OFFSETS_MSO, "word", 5e3),
    "6": TektronixSeries(MSO, 25e9, 62_500_000, 1_000_000, 0.01, 2.5e-6, 12, 500e-6, _OFFSETS_MSO, "word", 5e3),
    "5000": TektronixSeries(DPO, 10e9, 12_500_000, 100_000, 0.015, 5e-6, 8, 1e-3, _OFFSETS_DPO, "byte", 250.0),
    "7000": TektronixSeries(DPO, 40e9, 12_500_000, 100_000, 0.015, 1.5e-6, 8, 1e-3, _OFFSETS_DPO, "byte", 250.0),
}


@dataclass(frozen=True)
class TektronixModel:
    """What differs between the models."""

    channels: int
    bandwidth: float  #: [Hz]
    series: str  #: a key of :data:`SERIES`


_SMALL = re.compile(r"MSO([456])([468])B?")
_LARGE = re.compile(r"(?:MSO|DPO)([57])(\d\d)4[BC]?")
KNOWN = "MSO44 to MSO68 and their B models, DPO5000, DPO7000 and MSO5000"  #: in words
_BANDWIDTHS: Mapping[str, float] = {"4": 1e9, "5": 1e9, "6": 2.5e9}
#: two digits of the model -> bandwidth [Hz]
_DIGITS: Mapping[str, float] = {"03": 350e6, "05": 500e6, "10": 1e9, "20": 2e9, "25": 2.5e9, "35": 3.5e9}


def model_of(name: str) -> TektronixModel | None:
    """Return a model by its name; None where it is not known."""
    if small := _SMALL.fullmatch(name):
        return TektronixModel(int(small[2]), _BANDWIDTHS[small[1]], small[1])
    large = _LARGE.fullmatch(name)
    if large is None or large[2] not in _DIGITS:
        return None
    return TektronixModel(4, _DIGITS[large[2]], f"{large[1]}000")


def capabilities(model: TektronixModel) -> OscilloscopeCapabilities:
    """Return the capabilities of a model."""
    series = SERIES[model.series]
    return OscilloscopeCapabilities(
        channels=model.channels, bandwidth=model.bandwidth, sample_rate=series.sample_rate,
        record_length=series.record_length, segments=series.frames,
        range=Range(series.lowest_scale * DIVISIONS, 100.0, "V"), gain_accuracy=series.gain_accuracy,
        offset_accuracy=OFFSET_DIVISIONS / DIVISIONS, timebase_accuracy=series.timebase_accuracy,
        resolution_bits=series.bits, offset_limits=series.offset_limits, external_trigger=model.series != "5",
        low_impedance=LowImpedanceInput(RANGE_50), span=Range(1e-9, 10_000.0, "s"),
        position=Range(-5_000.0, series.longest_delay, "s"),
    )


def vertical_accuracy(model: TektronixModel) -> VerticalAccuracy:
    """Return the DC accuracy of a model's inputs."""
    return VerticalAccuracy(
        SERIES[model.series].gain_accuracy, OFFSET_DIVISIONS, OFFSET_LIMIT, OFFSET_SETTING_LIMIT)
