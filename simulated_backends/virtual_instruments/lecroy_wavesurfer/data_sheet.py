"""The numbers of the WaveSurfer 3054z and 4054HD.

Sources: Teledyne LeCroy WaveSurfer 3000z data sheet: 500 MHz, 8 bits, 4 GSa/s and 20 Mpts for one channel of a pair,
half when both are on; DC gain accuracy ±1.5 % of full scale; offset accuracy ±(1 % of the offset + 1.5 % of full scale
+ 1 mV); time base ±10 ppm; 1 MOhm in parallel with 17 pF, 50 Ohm; 1 mV/div to 10 V/div (50 Ohm: to 1 V/div); 1000
segments. WaveSurfer 4000HD data sheet: 500 MHz, 12 bits, 5 GSa/s and 25 Mpts for one channel of a pair; DC gain
accuracy ±0.5 %; 10,000 segments.

Not compared with a data sheet: noise, trigger jitter, hysteresis, re-arm time and the offset ranges.
"""

import math
from dataclasses import dataclass, replace

from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet, ScopeSources
from tsbench.simulated_backends.virtual_instruments.sources import Origin


@dataclass(frozen=True)
class WaveSurferSheet(ScopeDataSheet):
    """What differs beside what every oscilloscope has."""

    limits: tuple[tuple[str, float], ...] = (("ON", 20e6), ("20MHZ", 20e6), ("200MHZ", 200e6))  #: name, [Hz]


_SHEET = "WaveSurfer 3000z and 4000HD data sheets"
SOURCES = ScopeSources(
    gain_accuracy=Origin(f"{_SHEET} (1.5 %, 0.5 %)"), offset_accuracy=Origin(f"{_SHEET} (1 % + 1.5 % + 1 mV)"),
    bandwidth=Origin(f"{_SHEET} (500 MHz)", "the roll-off"), bandwidth_limit=Origin(f"{_SHEET} (20 MHz)"),
    resolution=Origin(f"{_SHEET} (8 bits, 12 bits)"), input_loading=Origin(f"{_SHEET} (1 MOhm, 17 pF)"),
    timebase_accuracy=Origin(f"{_SHEET} (10 ppm)"),
)

WAVESURFER3054Z = WaveSurferSheet(
    name="WS3054Z", manufacturer="LECROY", firmware="9.6.0", channels=4, divisions=8, time_divisions=10, levels=256,
    impedances={"1M": 1e6, "50": 50.0}, input_capacitance=17e-12, bandwidth=500e6, limited_bandwidth=20e6,
    max_sample_rate=4e9, memory=20_000_000, max_segments=1000, min_scale=1e-3, max_scale={"1M": 10.0, "50": 1.0},
    max_offset_below=((0.005, 1.6), (0.1, 4.0), (1.0, 40.0), (math.inf, 400.0)),
    gain_accuracy=0.015, offset_divisions=0.12, offset_accuracy=1e-3, offset_gain_accuracy=0.01,
    noise_floor=0.25e-3, noise_divisions=0.015, timebase_accuracy=10e-6, trigger_jitter=4e-12, level_divisions=4.1,
    external_range=0.4, hysteresis=0.3, rearm_time=1e-6, auto_timeout=20e-3, min_timebase=1e-9, max_timebase=100.0,
    sources=SOURCES,
)
WAVESURFER4054HD = replace(
    WAVESURFER3054Z, name="WS4054HD", max_sample_rate=5e9, memory=25_000_000, max_segments=10_000, gain_accuracy=0.005,
    offset_divisions=0.08, noise_floor=0.15e-3, noise_divisions=0.004, resolution_bits=12,
)
