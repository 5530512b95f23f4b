"""The numbers of the Rohde & Schwarz RTO1014 and RTO2024.

Sources: RTO user manual (10 divisions both ways; 253 levels of 8 bits over the range); the model numbers name
bandwidth (1 GHz, 2 GHz) and channels.

Not compared with a data sheet, because none was at hand: rates, memory, gain, offset and time base accuracy, noise,
jitter, hysteresis, offset ranges, re-arm time.
"""

import math
from dataclasses import replace

from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ConverterSheet

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
)
ROHDE_SCHWARZ_RTO2024 = replace(ROHDE_SCHWARZ_RTO1014, bandwidth=2e9, noise_floor=170e-6, noise_divisions=0.02)
