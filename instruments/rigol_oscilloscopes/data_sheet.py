"""Limits of the Rigol DS1000Z, MSO5000 and DS4000 oscilloscopes.

Sources: user's guide of the DS1000Z, chapter "Specifications"; programming guides of the MSO1000Z/DS1000Z and of the
MSO5000 (depths, transfers, screen); performance verification guides of the DS1000Z-E and the MSO5000-E (time base).
DS4000: user's guide, pages 4-8 (depths) and 17-6 (trigger levels, holdoff); programming guide of the DS4000E, page
2-201 (levels of the external input); performance verification guide (time base).

Not compared with a data sheet: gain and offset accuracy and offset ranges of the MSO5000, and its external trigger
level; gain and offset accuracy, ranges and offset ranges of the DS4000.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.instruments.interfaces import LowImpedanceInput, OscilloscopeCapabilities, Range
from tsbench.instruments.languages.repeatable import COMMON
from tsbench.instruments.oscilloscopes.driver import VerticalAccuracy

#: queries that change nothing in the instrument (programming guides)
REPEATABLE: tuple[str, ...] = (
    *COMMON, ":CHANnel<n>:{SCALe|OFFSet|PROBe|DISPlay}?", ":TIMebase[:MAIN]:{SCALe|OFFSet}?", ":ACQuire:MDEPth?",
    ":ACQuire:SRATe?", ":TRIGger:EDGE:LEVel?", ":TRIGger:STATus?", ":WAVeform:{DATA|PREamble}?",
)
#: likewise of the DS4000: its :WAVeform:DATA? takes points out of the buffer
REPEATABLE_DS4000 = (
    *(question for question in REPEATABLE if not question.startswith(":WAVeform")), ":CHANnel<n>:IMPedance?",
    ":WAVeform:{PREamble|STATus}?",
)
DIVISIONS = 8
CODES = 256
BANDWIDTH_LIMIT = 20e6  #: [Hz]
POSITION = Range(-5000.0, 5000.0, "s")  #: not compared with a manual: that of the longest time scales differs
TRANSFER = 250_000  #: bytes of one reply to :WAVeform:DATA?
OFFSET_DIVISIONS = 0.1
OFFSET_LIMIT = 2e-3  #: [V]
OFFSET_SETTING_LIMIT = 0.01  #: of the offset setting
#: of probes (programming guides, :CHANnel<n>:PROBe)
_ATTENUATIONS = (*(float(f"{step}e{decade}") for decade in range(-2, 3) for step in (1, 2, 5)), 1000.0)
_ATTENUATIONS_MSO5000 = tuple(float(f"{step}e{decade}") for decade in range(-4, 5) for step in (1, 2, 5))


@dataclass(frozen=True)
class RigolSeries:
    """What the models of a series share."""

    time_divisions: int
    sample_rate: float  #: [Sa/s] of one channel alone
    record_length: int  #: points of one channel alone
    depths: tuple[int, ...]  #: memory depths of one channel alone
    depth_words: tuple[str, ...]  #: as the series writes them; empty: as numbers
    shared: bool  #: whether several channels have parts of each depth
    least_range: float  #: [V]
    offset_limits: tuple[tuple[float, float], ...]
    timebase_accuracy: float
    shortest_span: float  #: [s]
    external_level: float | None  #: [V], of the source EXT; None: no external trigger input
    least_holdoff: float  #: [s]
    most_range: float = 80.0  #: [V]
    divided_level: float | None = None  #: [V], of EXT5, the same input behind a divider; None: none
    paired: bool = False  #: whether rate and memory are shared by pairs of channels (1 and 2, 3 and 4)
    level_divisions: float = 5.0  #: a trigger level lies so far from mid-screen at most
    low_impedance: LowImpedanceInput | None = None
    attenuations: tuple[float, ...] = _ATTENUATIONS  #: of probes
    gain_accuracy: float = 0.03  #: of full scale


SERIES: Mapping[str, RigolSeries] = {
    "DS1000Z": RigolSeries(
        12, 1e9, 24_000_000, (12_000, 120_000, 1_200_000, 12_000_000, 24_000_000), (), True, 8e-3,
        ((2.0, 8 * 0.5),), 25e-6, 12 * 5e-9, None, 16e-9),
    "MSO5000": RigolSeries(
        10, 8e9, 100_000_000,
        (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000),
        ("1k", "10k", "100k", "1M", "10M", "25M", "50M", "100M"), False, 4e-3,
        ((2.0, 8 * 0.051), (30.0, 8 * 0.27)), 10e-6, 10 * 5e-9, 5.0, 8e-9,
        attenuations=_ATTENUATIONS_MSO5000),
    "DS4000": RigolSeries(
        14, 4e9, 140_000_000, (14_000, 140_000, 1_400_000, 14_000_000, 140_000_000), (), True, 8e-3,
        ((2.0, 8 * 0.2275), (40.0, 40.0)), 4e-6, 14 * 2e-9, 0.8, 100e-9, most_range=40.0, paired=True,
        divided_level=4.0, level_divisions=6.0, low_impedance=LowImpedanceInput(8.0), gain_accuracy=0.02),
}
#: model -> (series, channels, bandwidth [Hz])
MODELS: Mapping[str, tuple[str, int, float]] = {
    **{f"{kind}{number}Z": ("DS1000Z", 4, bandwidth)
       for kind in ("DS", "MSO") for number, bandwidth in ((1054, 50e6), (1074, 70e6), (1104, 100e6))},
    **{f"MSO{number}": ("MSO5000", number % 10, bandwidth) for number, bandwidth in (
        (5072, 70e6), (5074, 70e6), (5102, 100e6), (5104, 100e6), (5204, 200e6), (5354, 350e6))},
    **{f"{kind}40{number}{channels}{sort}": ("DS4000", channels, bandwidth)
       for kind in ("DS", "MSO") for channels in (2, 4) for sort in ("", "E")
       for number, bandwidth in ((1, 100e6), (2, 200e6), (3, 350e6), (5, 500e6))},
}


def capabilities(model: str) -> OscilloscopeCapabilities:
    """Return the capabilities of a model."""
    name, channels, bandwidth = MODELS[model]
    series = SERIES[name]
    return OscilloscopeCapabilities(
        channels=channels, bandwidth=bandwidth, sample_rate=series.sample_rate, record_length=series.record_length,
        segments=1, range=Range(series.least_range, series.most_range, "V"),
        gain_accuracy=series.gain_accuracy,
        offset_accuracy=OFFSET_DIVISIONS / DIVISIONS, timebase_accuracy=series.timebase_accuracy,
        resolution_bits=8, offset_limits=series.offset_limits, external_trigger=series.external_level is not None,
        low_impedance=series.low_impedance, attenuations=series.attenuations,
        span=Range(series.shortest_span / 10, 500.0, "s"), position=POSITION,
    )


def vertical_accuracy(model: str) -> VerticalAccuracy:
    """Return the DC accuracy of a model's inputs."""
    gain = SERIES[MODELS[model][0]].gain_accuracy
    return VerticalAccuracy(gain, OFFSET_DIVISIONS, OFFSET_LIMIT, OFFSET_SETTING_LIMIT)
