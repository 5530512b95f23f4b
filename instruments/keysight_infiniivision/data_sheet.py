"""Limits of the Keysight InfiniiVision X-Series, by series and model.

Sources: the data sheets 5990-6618 (2000X), 5990-6619 (3000A), 5992-0140 (3000T), 5991-1103 (4000X) and 5991-4087
(6000X). DC gain accuracy ±2 % of full scale (2000X: ±3 %), DC offset accuracy ±0.1 division ±2 mV ±1 % of the offset
setting; eight divisions are one full-scale range. The 6000X has the bandwidth of its base model here; a licence gives
it more.

Not compared with a data sheet: the shortest time scale of each model (a series has that of its fastest model), the
offset ranges but for those of the 3000T, and the DC gain accuracy of the 6000X.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.instruments.interfaces import LowImpedanceInput, OscilloscopeCapabilities, Range
from tsbench.instruments.languages.repeatable import COMMON
from tsbench.instruments.oscilloscopes.driver import VerticalAccuracy

#: queries that change nothing in the instrument (programmer's guide); :AER? and :TER? forget what they tell
REPEATABLE = (
    *COMMON, ":CHANnel<n>:{RANGe|OFFSet|IMPedance|PROBe}?", ":TIMebase:{RANGe|POSition}?", ":ACQuire:MODE?",
    ":ACQuire:SEGMented:COUNt?", ":TRIGger[:EDGE]:LEVel?", ":OPERegister:CONDition?",
    ":WAVeform:{DATA|PREamble|SEGMented:COUNt|SEGMented:TTAG}?",
)
DIVISIONS = 8
GAIN_LIMIT = 0.02  #: of full scale
OFFSET_DIVISIONS = 0.1
OFFSET_LIMIT = 2e-3  #: [V]
OFFSET_SETTING_LIMIT = 0.01  #: of the offset setting
BANDWIDTH_LIMIT = 20e6  #: [Hz]
#: codes of unsigned bytes that do not mean a voltage (programmer's guide, :WAVeform:DATA)
HOLE, CLIP_LOW, CLIP_HIGH = 0, 1, 255
LONGEST_SCALE = 50.0  #: [s/div] (data sheets)
POSITION = Range(-500.0, 500.0, "s")  #: programmer's guide, :TIMebase:POSition
#: bits of :OPERegister:CONDition?
RUNNING = 8


@dataclass(frozen=True)
class ScopeSeries:
    """What the models of a series share."""

    sample_rate: float  #: [Sa/s] one channel of a pair
    record_length: int  #: points, one channel of a pair
    segments: int
    gain_accuracy: float  #: of full scale
    timebase_accuracy: float  #: relative, first year
    shortest_scale: float  #: [s/div] of the fastest models
    range_50: float | None = 8.0  #: [V] the largest full scale of the 50 Ohm input; None: there is none


SERIES: Mapping[str, ScopeSeries] = {
    "2000X": ScopeSeries(2e9, 1_000_000, 250, 0.03, 25e-6, 2e-9, None),
    "3000A": ScopeSeries(4e9, 4_000_000, 1000, 0.02, 25e-6, 500e-12),
    "3000T": ScopeSeries(5e9, 4_000_000, 1000, 0.02, 1.6e-6, 500e-12),
    "4000X": ScopeSeries(5e9, 4_000_000, 1000, 0.02, 10e-6, 500e-12),
    "6000X": ScopeSeries(20e9, 4_000_000, 1000, 0.02, 1.6e-6, 200e-12),
}


@dataclass(frozen=True)
class ScopeModel:
    """What differs between the models."""

    channels: int
    bandwidth: float  #: [Hz]
    series: str = "3000T"  #: a key of :data:`SERIES`


#: series -> last letter of its models, and number -> bandwidth [Hz]
_NUMBERS: Mapping[str, tuple[str, Mapping[int, float]]] = {
    "2000X": ("A", {2002: 70e6, 2004: 70e6, 2012: 100e6, 2014: 100e6, 2022: 200e6, 2024: 200e6}),
    "3000A": ("A", {3012: 100e6, 3014: 100e6, 3024: 200e6, 3032: 350e6, 3034: 350e6, 3052: 500e6, 3054: 500e6,
                    3102: 1e9, 3104: 1e9}),
    "3000T": ("T", {3012: 100e6, 3014: 100e6, 3022: 200e6, 3024: 200e6, 3032: 350e6, 3034: 350e6, 3052: 500e6,
                    3054: 500e6, 3102: 1e9, 3104: 1e9}),
    "4000X": ("A", {4022: 200e6, 4024: 200e6, 4032: 350e6, 4034: 350e6, 4052: 500e6, 4054: 500e6, 4104: 1e9,
                    4154: 1.5e9}),
    "6000X": ("A", {6002: 1e9, 6004: 1e9}),
}
MODELS: Mapping[str, ScopeModel] = {
    f"{kind}-X {number}{letter}": ScopeModel(number % 10, bandwidth, series)
    for kind in ("DSO", "MSO")
    for series, (letter, numbers) in _NUMBERS.items()
    for number, bandwidth in numbers.items()
}


def capabilities(model: ScopeModel) -> OscilloscopeCapabilities:
    """Return the capabilities of a model."""
    series = SERIES[model.series]
    return OscilloscopeCapabilities(
        channels=model.channels,
        bandwidth=model.bandwidth,
        sample_rate=series.sample_rate,
        record_length=series.record_length,
        segments=series.segments,
        range=Range(8e-3, 40.0, "V"),
        gain_accuracy=series.gain_accuracy,
        offset_accuracy=OFFSET_DIVISIONS / DIVISIONS,
        timebase_accuracy=series.timebase_accuracy,
        resolution_bits=8,
        offset_limits=((2.0, 8 * 0.2), (10.0, 8 * 1.0)),  # ±2 V below 200 mV/div, ±10 V below 1 V/div
        low_impedance=None if series.range_50 is None else LowImpedanceInput(series.range_50),
        span=Range(10 * series.shortest_scale, 10 * LONGEST_SCALE, "s"), position=POSITION,
    )


def vertical_accuracy(gain_accuracy: float = GAIN_LIMIT) -> VerticalAccuracy:
    """Return the DC accuracy of a channel."""
    return VerticalAccuracy(gain_accuracy, OFFSET_DIVISIONS, OFFSET_LIMIT, OFFSET_SETTING_LIMIT)
