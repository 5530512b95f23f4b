"""The numbers of the Rohde & Schwarz RTO1014, RTO2024 and RTB2004.

Sources: RTO user manual (10 divisions both ways; 253 levels of 8 bits over the range); the model numbers name
bandwidth (1 GHz, 2 GHz) and channels.

RTB2004: RTB2000 user manual 1333.1611.02, page 244 (8 bits: 25 codes a division of ten, mid-screen between 127 and 128,
16 bits: the upper byte is that of 8 bits); QCoDeS' community driver of the RTB2000 (12 divisions of 1 ns to 500 s,
holdoff of 51.2 ns to 13.7 s).

Not compared with a data sheet, because none was at hand: rates, memory, gain, offset and time base accuracy, noise,
jitter, hysteresis, offset ranges, re-arm time.
"""

import math
from dataclasses import replace

from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ConverterSheet, ScopeSources
from tsbench.simulated_backends.virtual_instruments.sources import Origin

SOURCES = ScopeSources(
    bandwidth=Origin("the model number (1 GHz, 2 GHz)", "the roll-off, and the RTB2004"),
    input_loading=Origin("a dealer's copy of the RTO1000 data sheet (50 Ohm, 1 MOhm, 15 pF)", "the RTB2004"),
    resolution=Origin("RTO user manual (253 levels of 8 bits); RTB2000 user manual 1333.1611.02, p. 244 (250 levels)"),
)

ROHDE_SCHWARZ_RTO1014 = ConverterSheet(
    name="RTO", manufacturer="Rohde&Schwarz", firmware="3.70.1.0",
    channels=4, divisions=10, time_divisions=10, levels=253, impedances={"DCL": 1.0e6, "DC": 50.0},
    input_capacitance=15e-12, bandwidth=1e9, limited_bandwidth=20e6, max_sample_rate=10e9, memory=20_000_000,
    max_segments=1, min_scale=1e-3, max_scale={"DCL": 10.0, "DC": 1.0},
    max_offset_below=((0.0305, 1.0), (1.005, 10.0), (math.inf, 100.0)),
    gain_accuracy=0.015, offset_divisions=0.1, offset_accuracy=1e-3, offset_gain_accuracy=0.005,
    noise_floor=120e-6, noise_divisions=0.015, timebase_accuracy=5e-6, trigger_jitter=1e-12,
    level_divisions=5.0, external_range=5.0, hysteresis=0.2, rearm_time=1e-6, auto_timeout=100e-3,
    min_timebase=25e-12, max_timebase=10_000.0, lowest_code=-127, highest_code=127,
    sources=SOURCES,
)
ROHDE_SCHWARZ_RTO2024 = replace(ROHDE_SCHWARZ_RTO1014, bandwidth=2e9, noise_floor=170e-6, noise_divisions=0.02)
#: with option RTB-B243 (300 MHz); an ADC of 10 bits resolves a quarter of a code of 8 bits
ROHDE_SCHWARZ_RTB2004 = replace(
    ROHDE_SCHWARZ_RTO1014, name="RTB2004", firmware="02.400", time_divisions=12, levels=250,
    impedances={"DCL": 1.0e6}, input_capacitance=9e-12, bandwidth=300e6, max_sample_rate=2.5e9, memory=20_000_000,
    max_scale={"DCL": 5.0}, max_offset_below=((0.205, 1.0), (math.inf, 40.0)), gain_accuracy=0.015,
    noise_floor=100e-6, noise_divisions=0.01, timebase_accuracy=10e-6, trigger_jitter=50e-12, level_divisions=5.0,
    min_timebase=1e-9, max_timebase=500.0, lowest_code=-127, highest_code=128, resolution_bits=10, resolved=4,
)
