"""The numbers of the InfiniiVision 3000T X-Series oscilloscopes.

Figures follow the published data sheet of the series; those marked (typ.) are typical there or common
knowledge of the family.
"""

import math
from dataclasses import replace

from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet

KEYSIGHT_DSOX3054T = ScopeDataSheet(
    name="DSO-X 3054T", manufacturer="KEYSIGHT TECHNOLOGIES", firmware="07.20.2017102614",
    channels=4, divisions=8, time_divisions=10, levels=199, impedances={"ONEM": 1.0e6, "FIFT": 50.0},
    input_capacitance=14e-12, bandwidth=500e6, limited_bandwidth=20e6,
    max_sample_rate=5e9, memory=4_000_000, max_segments=1000,
    min_scale=1e-3, max_scale={"ONEM": 5.0, "FIFT": 1.0},
    max_offset_below=((0.2, 2.0), (1.0, 10.0), (math.inf, 40.0)),
    gain_accuracy=0.02, offset_divisions=0.1, offset_accuracy=2e-3, offset_gain_accuracy=0.01,
    noise_floor=0.2e-3, noise_divisions=0.025, timebase_accuracy=1.6e-6,
    level_divisions=6.0, external_range=8.0, trigger_jitter=5e-12, hysteresis=0.4, rearm_time=1e-6,
    auto_timeout=20e-3, min_timebase=1e-9, max_timebase=50.0,
)

#: the same front end and ADC behind a narrower filter: the noise density is that of the 3054T (typ.)
_NARROWER = math.sqrt(350e6 / 500e6)
KEYSIGHT_DSOX3034T = replace(
    KEYSIGHT_DSOX3054T, name="DSO-X 3034T", bandwidth=350e6, noise_floor=0.2e-3 * _NARROWER,
    noise_divisions=0.025 * _NARROWER,
)
