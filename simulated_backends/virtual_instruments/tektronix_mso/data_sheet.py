"""The numbers of the Tektronix 4/5/6 Series MSO, of the MSO5000, DPO5000 and of the DPO7000 oscilloscopes.

Sources: "MSO70000C/DX, DPO70000C/DX, DPO7000C, MSO5000/B, DPO5000/B Series Specifications and Performance
Verification": sample jitter below 1 ps rms (page 53), holdoff 20 ns to 8 s and trigger level accuracy 0.20 divisions
(page 92); of the edition before: time base 5 ppm of the MSO/DPO5000 (page 2-10) and 1.5 ppm of the DPO7000 (table 1-2).
Replies to WFMOutpre? of a 5 Series MSO and of a DPO7000 on public pages: 25 ADC levels a division in one byte, 6400 in
two. Programmer's guides: modes and ranges of the commands; a FastFrame acquisition is ready for triggers 400 ms after
it was started (``HORizontal:FASTframe:STATE``, DPO).

Not compared with a data sheet (known to users of the instruments): sample rates and which of them exist, resolution at
each rate, record lengths, bandwidths, noise, input capacitance, offset ranges, gain and offset accuracy, hysteresis,
re-arm time with FastFrame, the time after which AUTO triggers by itself, range of the auxiliary trigger input, and the
time base of the 4, 5 and 6 Series.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet, ScopeSources
from tsbench.simulated_backends.virtual_instruments.sources import Origin

DIVISIONS = 10  #: of the screen, in both directions
LEVELS = 25  #: ADC steps a division, of 8 bits


@dataclass(frozen=True)
class TektronixSheet(ScopeDataSheet):
    """What differs between the models beside what every oscilloscope has."""

    bandwidth_limits: tuple[float, ...] = (20e6, 250e6)  #: [Hz] of the filters
    #: number of channels that are on (or more) -> highest sample rate [Sa/s], ascending
    rates: Mapping[int, float] = None  # type: ignore[assignment]  # every model gives them
    steps: tuple[float, ...] = (1.25, 2.5, 3.125, 6.25)  #: sample rates within a decade
    bits: tuple[tuple[float, int], ...] = ((math.inf, 8),)  #: (up to this sample rate [Sa/s], bits), ascending
    averaged_bits: int = 16  #: in the mode HIRes
    shortest_record: int = 1000
    auto_record: int = 100_000  #: samples that the horizontal mode AUTO takes at most
    fast_frame_start: float = 0.4  #: [s] until it takes triggers
    holdoff: tuple[float, float] = (0.0, 10.0)  #: [s]
    auxiliary: bool = True  #: whether there is an auxiliary trigger input

    def rate_for(self, channels: int) -> float:
        """Return the highest sample rate [Sa/s] with that many channels on."""
        return next((rate for most, rate in self.rates.items() if channels <= most), min(self.rates.values()))

    def resolution(self, rate: float) -> int:
        """Return the bits of a sample at a rate [Sa/s]."""
        return next(bits for most, bits in self.bits if rate <= most * (1 + 1e-9))

    def possible_rate(self, wanted: float, channels: int) -> float:
        """Return the lowest sample rate [Sa/s] that exists and is not below ``wanted``; the highest if none is."""
        highest = self.rate_for(channels)
        decade = 10.0 ** math.floor(math.log10(wanted))
        known = [step * decade * factor for factor in (0.1, 1.0, 10.0) for step in self.steps]
        found = min(rate for rate in known if rate >= wanted * (1 - 1e-9))
        return min(found, highest)

    def rate_below(self, wanted: float, channels: int) -> float:
        """Return the highest sample rate [Sa/s] that exists and is not above ``wanted``."""
        highest = self.rate_for(channels)
        if wanted >= highest * (1 - 1e-9):
            return highest
        decade = 10.0 ** math.floor(math.log10(wanted))
        known = [step * decade * factor for factor in (0.1, 1.0) for step in self.steps]
        return max(rate for rate in known if rate <= wanted * (1 + 1e-9))


_SHEET = "MSO5000/B, DPO5000/B and DPO7000C Specifications and Performance Verification"
SOURCES = ScopeSources(
    resolution=Origin("replies to WFMOutpre? on public pages (25 levels a division)", "the bits at each sample rate"),
    bandwidth=Origin("the model number", "the roll-off"),
    timebase_accuracy=Origin(f"{_SHEET}, p. 2-10 and table 1-2 (5 ppm, 1.5 ppm)", "the 4, 5 and 6 Series"),
    trigger_jitter=Origin(f"{_SHEET}, p. 53 (sample jitter below 1 ps rms)", "the jitter of the trigger"),
)
_SHARED: dict[str, Any] = {
    "manufacturer": "TEKTRONIX", "divisions": DIVISIONS, "time_divisions": DIVISIONS, "levels": DIVISIONS * LEVELS,
    "impedances": {"1M": 1.0e6, "50": 50.0}, "limited_bandwidth": 20e6,
    "max_scale": {"1M": 10.0, "50": 1.0}, "level_divisions": 8.0, "external_range": 8.0,
    "auto_timeout": 0.1, "max_timebase": 1000.0, "hysteresis": 0.4, "sources": SOURCES,
}
_SERIES_5 = TektronixSheet(
    **_SHARED, name="MSO54", firmware="CF:91.1CT FV:1.44.3.433", channels=4, input_capacitance=14.5e-12, bandwidth=1e9,
    max_sample_rate=6.25e9, memory=62_500_000, max_segments=1_000_000, min_scale=500e-6,
    max_offset_below=((64e-3, 1.0), (1.0, 10.0), (math.inf, 100.0)), gain_accuracy=0.01, offset_divisions=0.1,
    offset_accuracy=0.2e-3, offset_gain_accuracy=0.005, noise_floor=70e-6, noise_divisions=0.011,
    timebase_accuracy=2.5e-6, trigger_jitter=5e-12, rearm_time=2e-6, min_timebase=200e-12,
    rates={8: 6.25e9}, bits=((3.125e9, 12), (math.inf, 8)), auxiliary=False,
)
_MSO_DPO_5000 = TektronixSheet(
    **_SHARED, name="MSO5104B", firmware="CF:91.1CT FV:7.5.1 Build 6", channels=4, input_capacitance=13e-12,
    bandwidth=1e9, max_sample_rate=10e9, memory=25_000_000, max_segments=300_000, min_scale=1e-3,
    max_offset_below=((50.5e-3, 1.0), (505e-3, 10.0), (math.inf, 100.0)), gain_accuracy=0.015, offset_divisions=0.1,
    offset_accuracy=0.2e-3, offset_gain_accuracy=0.005, noise_floor=140e-6, noise_divisions=0.02,
    timebase_accuracy=5e-6, trigger_jitter=5e-12, rearm_time=3.5e-6, min_timebase=50e-12,
    rates={2: 10e9, 4: 5e9}, steps=(1.0, 1.25, 2.5, 5.0), holdoff=(20e-9, 8.0),
)
TEKTRONIX_MSO54 = _SERIES_5
TEKTRONIX_MSO58 = replace(_SERIES_5, name="MSO58", channels=8)
TEKTRONIX_MSO44 = replace(
    _SERIES_5, name="MSO44", memory=31_250_000, max_segments=500_000, auxiliary=True)
TEKTRONIX_MSO64 = replace(
    _SERIES_5, name="MSO64", auxiliary=True, bandwidth=2.5e9, max_sample_rate=25e9, rates={8: 25e9}, noise_floor=90e-6,
    bits=((12.5e9, 12), (math.inf, 8)), min_timebase=40e-12, bandwidth_limits=(20e6, 200e6, 350e6, 1e9))
TEKTRONIX_MSO5104B = _MSO_DPO_5000
TEKTRONIX_DPO5104B = replace(_MSO_DPO_5000, name="DPO5104B")
TEKTRONIX_DPO7254C = replace(
    _MSO_DPO_5000, name="DPO7254C", bandwidth=2.5e9, max_sample_rate=40e9, memory=50_000_000, timebase_accuracy=1.5e-6,
    noise_floor=250e-6, noise_divisions=0.025, rates={1: 40e9, 2: 20e9, 4: 10e9}, steps=(1.0, 1.25, 2.0, 2.5, 4.0, 5.0),
    min_timebase=25e-12, holdoff=(250e-9, 12.0))
