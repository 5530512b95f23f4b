"""The numbers of the InfiniiVision X-Series oscilloscopes.

Sources: the data sheets of the series: 1000X 5992-3484, 2000X 5990-6618, 3000A 5990-6619, 3000T 5992-0140, 4000X
5991-1103, 6000X 5991-4087. The time base accuracy of the 4000X is that of its service guide (page 52: 10 ppm). The
shortest pulse of the GLITch trigger depends on the bandwidth (2 ns to 10 ns: data sheet of the 3000X, page 20).

Not compared with a data sheet: noise, trigger jitter and hysteresis of all models (the noise of the 3000T is common
knowledge of the family; that of the others has its noise density), re-arm time but for the 1000X (user's guide of the
1200X: 19 us), the offset ranges but for those of the 3000T, the DC gain accuracy of the 6000X, and the shortest time
base of each model.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet, ScopeSources
from tsbench.simulated_backends.virtual_instruments.sources import Origin

_KEYSIGHT = "KEYSIGHT TECHNOLOGIES"


@dataclass(frozen=True)
class InfiniiVisionSheet(ScopeDataSheet):
    """What differs between the series beside what every oscilloscope has."""

    functions: int = 1  #: math waveforms
    operations: tuple[str, ...] = ("ADD", "SUBT", "MULT", "FFT")  #: of a math waveform
    measurements: int = 4  #: on the screen at once
    references: int = 2  #: reference waveforms
    normal_points: int = 62_500  #: longest transfer of the measurement record
    default_probe: float = 1.0  #: after a reset
    spectrum_source: bool = False  #: FFT is a waveform of its own
    external_source: bool = False  #: the external input is a waveform
    shortest_pulse: float = 2e-9  #: [s] of the GLITch trigger


_ADVANCED = ("ADD", "SUBT", "MULT", "DIV", "INT", "DIFF", "FFT", "SQRT", "MAGN", "ABS", "SQU", "LN", "LOG", "EXP",
             "TEN", "LIN")

_SHEETS = "InfiniiVision data sheets 5992-3484, 5990-6618, 5990-6619, 5992-0140, 5991-1103 and 5991-4087"
SOURCES = ScopeSources(
    gain_accuracy=Origin(_SHEETS, "the 6000X"), offset_accuracy=Origin(_SHEETS),
    bandwidth=Origin(_SHEETS, "the roll-off"), bandwidth_limit=Origin(_SHEETS), resolution=Origin(_SHEETS),
    input_loading=Origin(_SHEETS), timebase_accuracy=Origin(f"{_SHEETS}; service guide of the 4000X, p. 52 (10 ppm)"),
    rearm_time=Origin("1200X user's guide (19 us)", "the other series"),
)

KEYSIGHT_DSOX3054T = InfiniiVisionSheet(
    name="DSO-X 3054T", manufacturer=_KEYSIGHT, firmware="07.20.2017102614",
    channels=4, divisions=8, time_divisions=10, levels=199, impedances={"ONEM": 1.0e6, "FIFT": 50.0},
    input_capacitance=14e-12, bandwidth=500e6, limited_bandwidth=20e6,
    max_sample_rate=5e9, memory=4_000_000, max_segments=1000,
    min_scale=1e-3, max_scale={"ONEM": 5.0, "FIFT": 1.0},
    max_offset_below=((0.2, 2.0), (1.0, 10.0), (math.inf, 40.0)),
    gain_accuracy=0.02, offset_divisions=0.1, offset_accuracy=2e-3, offset_gain_accuracy=0.01,
    noise_floor=0.2e-3, noise_divisions=0.025, timebase_accuracy=1.6e-6,
    level_divisions=6.0, external_range=8.0, trigger_jitter=5e-12, hysteresis=0.4, rearm_time=1e-6,
    auto_timeout=20e-3, min_timebase=1e-9, max_timebase=50.0,
    functions=2, operations=_ADVANCED, measurements=10, spectrum_source=True,
    sources=SOURCES,
)


def _model(like: InfiniiVisionSheet, name: str, bandwidth: float, **changes: Any) -> InfiniiVisionSheet:
    """Return a model with another bandwidth, whose noise has the density of the 3054T."""
    narrower = math.sqrt(bandwidth / KEYSIGHT_DSOX3054T.bandwidth)
    return replace(like, name=name, bandwidth=bandwidth, noise_floor=KEYSIGHT_DSOX3054T.noise_floor * narrower,
                   noise_divisions=KEYSIGHT_DSOX3054T.noise_divisions * narrower, **changes)


KEYSIGHT_DSOX3034T = _model(KEYSIGHT_DSOX3054T, "DSO-X 3034T", 350e6, shortest_pulse=5e-9)

KEYSIGHT_DSOX3054A = replace(
    KEYSIGHT_DSOX3054T, name="DSO-X 3054A", firmware="02.50.2019022736", max_sample_rate=4e9, timebase_accuracy=25e-6,
    functions=1, measurements=4, spectrum_source=False,
)

KEYSIGHT_DSOX2024A = _model(
    KEYSIGHT_DSOX3054A, "DSO-X 2024A", 200e6, max_sample_rate=2e9, memory=1_000_000, max_segments=250,
    impedances={"ONEM": 1.0e6}, input_capacitance=11e-12, max_scale={"ONEM": 5.0}, gain_accuracy=0.03, rearm_time=19e-6,
    min_timebase=2e-9, operations=("ADD", "SUBT", "MULT", "FFT"), shortest_pulse=10e-9,
)

KEYSIGHT_MSOX4154A = _model(
    KEYSIGHT_DSOX3054T, "MSO-X 4154A", 1.5e9, firmware="04.08.2016071801", timebase_accuracy=10e-6,
    min_timebase=500e-12, functions=4, measurements=8, spectrum_source=False,
)
KEYSIGHT_DSOX4104A = _model(KEYSIGHT_MSOX4154A, "DSO-X 4104A", 1e9)

KEYSIGHT_DSOX6004A = _model(
    KEYSIGHT_DSOX3054T, "DSO-X 6004A", 1e9, firmware="06.12.2016071801", max_sample_rate=20e9,
    min_timebase=200e-12, functions=4, measurements=8, spectrum_source=False,
)

KEYSIGHT_DSOX1102G = _model(
    KEYSIGHT_DSOX2024A, "DSO-X 1102G", 100e6, firmware="01.20.2019061038", channels=2, max_segments=50,
    input_capacitance=16e-12, min_scale=0.5e-3, max_scale={"ONEM": 10.0}, timebase_accuracy=50e-6, min_timebase=5e-9,
    operations=("ADD", "SUBT", "MULT", "DIV", "FFT"), default_probe=10.0, spectrum_source=True, external_source=True,
)
