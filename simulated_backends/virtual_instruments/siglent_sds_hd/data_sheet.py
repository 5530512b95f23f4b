"""The numbers of the SDS1000X HD and SDS2000X HD.

Sources: Siglent SDS2000X HD data sheet: 12 bits, 2 GSa/s and 200 Mpts for one channel of a pair, 100 Mpts when both are
on; DC gain accuracy ±0.5 % of full scale from 5 mV/div on; 500 uV/div to 10 V/div (50 Ohm: to 1 V/div); time base
±1 ppm; 1 MOhm in parallel with 17 pF; external trigger. Programming guide EN11D, ":ACQuire:MDEPth": the depths.
SDS1000X HD data sheet: 12 bits, 2 GSa/s, 100 Mpts, no 50 Ohm input, time base ±25 ppm.

Not compared with a data sheet: noise, trigger jitter, hysteresis, re-arm time, offset ranges, offset accuracy, the
gain accuracy below 5 mV/div, and the largest number of segments.
"""

import math
from dataclasses import dataclass, replace

from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet, ScopeSources
from tsbench.simulated_backends.virtual_instruments.sources import Origin


@dataclass(frozen=True)
class SdsHdSheet(ScopeDataSheet):
    """What differs beside what every oscilloscope has."""

    depths: tuple[int, ...] = (20_000, 200_000, 2_000_000, 20_000_000, 200_000_000)  #: points, one channel of a pair
    most_transferred: int = 5_000_000  #: points of one piece (``:WAVeform:MAXPoint?``)


_SHEET = "Siglent SDS2000X HD and SDS1000X HD data sheets"
SOURCES = ScopeSources(
    gain_accuracy=Origin(f"{_SHEET} (0.5 % of full scale from 5 mV/div on)", "less than 5 mV/div"),
    bandwidth=Origin(f"{_SHEET} (200 MHz, 100 MHz)", "the roll-off"), bandwidth_limit=Origin(f"{_SHEET} (20 MHz)"),
    resolution=Origin(f"{_SHEET} (12 bits)"), input_loading=Origin(f"{_SHEET} (1 MOhm, 17 pF)"),
    timebase_accuracy=Origin(f"{_SHEET} (1 ppm, 25 ppm)"),
)

SDS2204XHD = SdsHdSheet(
    name="SDS2204X HD", manufacturer="Siglent Technologies", firmware="1.2.2.5", channels=4, divisions=8,
    time_divisions=10, levels=240, impedances={"ONEM": 1e6, "FIFT": 50.0}, input_capacitance=17e-12, bandwidth=200e6,
    limited_bandwidth=20e6, max_sample_rate=2e9, memory=200_000_000, max_segments=10_000, min_scale=500e-6,
    max_scale={"ONEM": 10.0, "FIFT": 1.0}, max_offset_below=((0.1, 1.0), (1.02, 10.0), (math.inf, 100.0)),
    gain_accuracy=0.005, offset_divisions=0.04, offset_accuracy=1e-3, offset_gain_accuracy=0.005, noise_floor=80e-6,
    noise_divisions=0.005, timebase_accuracy=1e-6, trigger_jitter=20e-12, level_divisions=4.1, external_range=0.61,
    hysteresis=0.3, rearm_time=2e-6, auto_timeout=20e-3, min_timebase=1e-9, max_timebase=1000.0, resolution_bits=12,
    sources=SOURCES,
)
SDS1104XHD = replace(
    SDS2204XHD, name="SDS1104X HD", firmware="1.1.1.0", bandwidth=100e6, memory=100_000_000,
    impedances={"ONEM": 1e6}, max_scale={"ONEM": 10.0}, timebase_accuracy=25e-6,
    depths=(20_000, 200_000, 2_000_000, 20_000_000, 100_000_000),
)
