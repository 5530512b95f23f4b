"""The numbers of the Infiniium oscilloscopes DSOS104A and DSO9254A.

Source: the model numbers name bandwidth and channels; Infiniium programmer's guide (hole code 31232 of WORD).

Not compared with a data sheet, because none was at hand: sample rates, memory, gain, offset and time base accuracy,
noise, jitter, hysteresis, offset ranges, segments, re-arm time, and the code at the edge of the screen (30720).
"""

import math
from dataclasses import dataclass, replace

from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ConverterSheet, ScopeSources
from tsbench.simulated_backends.virtual_instruments.sources import Origin


@dataclass(frozen=True)
class InfiniiumSheet(ConverterSheet):
    """What differs between the series beside what every oscilloscope has."""

    usual_points: int = 1_000_000  #: most points of a record while :ACQuire:POINts is AUTO


SOURCES = ScopeSources(bandwidth=Origin("the model number (1 GHz, 2.5 GHz)", "the roll-off"))

KEYSIGHT_DSOS104A = InfiniiumSheet(
    name="DSOS104A", manufacturer="KEYSIGHT TECHNOLOGIES", firmware="05.70.00901",
    channels=4, divisions=8, time_divisions=10, levels=240, impedances={"DC": 1.0e6, "DC50": 50.0},
    input_capacitance=14e-12, bandwidth=1e9, limited_bandwidth=20e6, max_sample_rate=20e9, memory=100_000_000,
    max_segments=8192, min_scale=1e-3, max_scale={"DC": 5.0, "DC50": 1.0},
    max_offset_below=((0.2, 2.0), (1.0, 10.0), (math.inf, 40.0)),
    gain_accuracy=0.02, offset_divisions=0.1, offset_accuracy=2e-3, offset_gain_accuracy=0.0125,
    noise_floor=90e-6, noise_divisions=0.012, timebase_accuracy=1e-6, trigger_jitter=1e-12,
    level_divisions=8.0, external_range=5.0, hysteresis=0.3, rearm_time=3e-6, auto_timeout=25e-3,
    min_timebase=5e-12, max_timebase=20.0, lowest_code=-120, highest_code=120, resolved=4,
    sources=SOURCES,
)
KEYSIGHT_DSO9254A = replace(
    KEYSIGHT_DSOS104A, name="DSO9254A", firmware="05.70.00901", bandwidth=2.5e9, memory=20_000_000, resolved=1,
    noise_floor=150e-6, noise_divisions=0.02, timebase_accuracy=1.4e-6,
)
