"""The numbers of the T3DSO1000, T3DSO2000 and SDS1000X-E.

Sources: Siglent SDS1000X-E data sheet DS0101E-E03A: 1 GSa/s and 14 Mpts for a pair of channels, half of both when both
are on; DC gain accuracy ±3 % of full scale; time base ±25 ppm; 1 MOhm in parallel with 15 pF (18 pF in the models with
two channels); 500 uV/div to 10 V/div; 1 ns/div to 100 s/div; trigger level within ±4.5 divisions; EX within ±0.6 V,
EX/5 within ±3 V; an external trigger in the models with two channels only. The Teledyne LeCroy T3DSO1000/2000 data
sheet has the same numbers (T3DSO2000: 2 GSa/s, 140 Mpts, 50 Ohm, external trigger). One division has 25 codes
(programming guide, WAVEFORM).

Not compared with a data sheet: noise, trigger jitter, hysteresis, re-arm time, the offset ranges, the offset accuracy
(1.5 % of full scale + 1 % of the offset + 0.5 mV) and the roll-off.
"""

import math
from dataclasses import dataclass, replace

from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet, ScopeSources
from tsbench.simulated_backends.virtual_instruments.sources import Origin


@dataclass(frozen=True)
class ShortScopeSheet(ScopeDataSheet):
    """What differs beside what every oscilloscope has."""

    external: bool = False  #: whether there is an external trigger input
    depths: tuple[int, ...] = (14_000, 140_000, 1_400_000, 14_000_000)  #: points, one channel of a pair


_SHEET = "Siglent SDS1000X-E data sheet DS0101E-E03A"
SOURCES = ScopeSources(
    gain_accuracy=Origin(f"{_SHEET} (3 % of full scale)"), bandwidth=Origin(f"{_SHEET} (-3 dB)", "the roll-off"),
    bandwidth_limit=Origin(f"{_SHEET} (20 MHz)"),
    resolution=Origin("Programming guide, WAVEFORM (25 codes a division)"),
    input_loading=Origin(f"{_SHEET} (1 MOhm, 15 pF or 18 pF)"), timebase_accuracy=Origin(f"{_SHEET} (25 ppm)"),
)

T3DSO1204 = ShortScopeSheet(
    name="T3DSO1204", manufacturer="LECROY", firmware="8.2.6.1.37R9", channels=4, divisions=8, time_divisions=14,
    levels=200, impedances={"1M": 1e6}, input_capacitance=15e-12, bandwidth=200e6, limited_bandwidth=20e6,
    max_sample_rate=1e9, memory=14_000_000, max_segments=1, min_scale=500e-6, max_scale={"1M": 10.0},
    max_offset_below=((0.12, 2.0), (1.2, 20.0), (math.inf, 200.0)),
    gain_accuracy=0.03, offset_divisions=0.12, offset_accuracy=0.5e-3, offset_gain_accuracy=0.01,
    noise_floor=0.15e-3, noise_divisions=0.02, timebase_accuracy=25e-6, trigger_jitter=100e-12, level_divisions=4.5,
    external_range=0.6, hysteresis=0.3, rearm_time=10e-6, auto_timeout=20e-3, min_timebase=1e-9, max_timebase=100.0,
    sources=SOURCES,
)
T3DSO1104 = replace(T3DSO1204, name="T3DSO1104", bandwidth=100e6)
T3DSO2204 = replace(
    T3DSO1204, name="T3DSO2204", max_sample_rate=2e9, memory=140_000_000, impedances={"1M": 1e6, "50": 50.0},
    max_scale={"1M": 10.0, "50": 1.0}, input_capacitance=18e-12, external=True,
    depths=(14_000, 140_000, 1_400_000, 14_000_000, 140_000_000),
)
SDS1204XE = replace(T3DSO1204, name="SDS1204X-E", manufacturer="Siglent Technologies", firmware="8.1.6.1.37R9")
SDS1202XE = replace(
    SDS1204XE, name="SDS1202X-E", firmware="1.3.27", channels=2, input_capacitance=18e-12, external=True)
