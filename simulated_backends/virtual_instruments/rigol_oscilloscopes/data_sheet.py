"""The numbers of the Rigol DS1000Z, MSO5000 and DS4000 oscilloscopes.

Sources: user's guide of the DS1000Z, chapter "Specifications" and page 4-6 (memory depth, 12 divisions); programming
guide of the MSO1000Z/DS1000Z (screen of 1200 points, 25 codes a division, YREFerence 127); performance verification
guides of the DS1000Z-E (25 ppm) and the MSO5000-E (10 ppm); programming guide of the MSO5000 (depths, VerticalScale /
25, TimeScale / 100). DS4000: user's guides of the DS4000 and MSO4000/DS4000, pages 4-8 (depths) and 17-6 (trigger
levels, holdoff, pulse widths); performance verification guide, page 2-19 (4 ppm) and appendix (2 ns a division);
programming guide of the DS4000E (readout, +-6 divisions of the trigger level).

Not compared with a data sheet: noise, trigger jitter, hysteresis, re-arm time and the time without a trigger after
which AUTO triggers, of both series; DC gain and offset accuracy and the offset ranges of the MSO5000; the depth that
AUTO chooses; of the DS4000 also the rate of 4 GSa/s, gain and offset accuracy, offset ranges, scales, codes a division
(as in the DS2000E) and the buffer of a readout.
"""

import math
from dataclasses import dataclass, replace

from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ConverterSheet, ScopeSources
from tsbench.simulated_backends.virtual_instruments.sources import Origin

_RIGOL = "RIGOL TECHNOLOGIES"


@dataclass(frozen=True)
class RigolSheet(ConverterSheet):
    """What differs between the series beside what every oscilloscope has."""

    depths: tuple[int, ...] = ()  #: memory depths of one channel
    depth_words: tuple[str, ...] = ()  #: as the series writes them; empty: as numbers
    depths_shared: bool = True  #: whether two channels have half of each depth, and more a quarter
    limits: tuple[tuple[str, float], ...] = (("20M", 20e6),)  #: bandwidth limits: name, [Hz]
    probes: tuple[float, ...] = ()
    first_probe: float = 10.0  #: after a reset
    shortest_pulse: float = 8e-9  #: [s] of the PULSe trigger
    shortest_holdoff: float = 16e-9  #: [s]
    external: bool = False  #: whether there is an external trigger input
    divided_range: float = 0.0  #: [V] of a trigger level of the source EXT5, the same input behind a divider; 0: none
    reference_code: int = 127  #: :WAVeform:YREFerence?
    picture_forms: tuple[str, ...] = ("BMP24", "BMP8", "PNG")
    transfer: int = 250_000  #: bytes of one :WAVeform:DATA?
    ascii_points: int = 15_625  #: points of one :WAVeform:DATA? in ASCii
    paired: bool = False  #: whether rate and memory are shared by pairs of channels (1 and 2, 3 and 4)


_PROBES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)

_GUIDE = "User's guide of the DS1000Z, chapter Specifications"
SOURCES = ScopeSources(
    gain_accuracy=Origin(_GUIDE, "the MSO5000"), offset_accuracy=Origin(_GUIDE, "the MSO5000"),
    bandwidth=Origin(f"{_GUIDE}; the model number", "the roll-off"), bandwidth_limit=Origin(_GUIDE, "the MSO5000"),
    resolution=Origin("Programming guides of the MSO1000Z/DS1000Z and of the MSO5000 (25 codes a division)"),
    input_loading=Origin(_GUIDE, "the MSO5000"),
    timebase_accuracy=Origin("Performance verification guides of the DS1000Z-E (25 ppm) and the MSO5000-E (10 ppm)"),
)

RIGOL_DS1104Z = RigolSheet(
    name="DS1104Z", manufacturer=_RIGOL, firmware="00.04.04.SP4",
    channels=4, divisions=8, time_divisions=12, levels=200, impedances={"OMEG": 1.0e6}, input_capacitance=13e-12,
    bandwidth=100e6, limited_bandwidth=20e6, max_sample_rate=1e9, memory=24_000_000, max_segments=1,
    min_scale=1e-3, max_scale={"OMEG": 10.0}, max_offset_below=((0.5, 2.0), (math.inf, 100.0)),
    gain_accuracy=0.03, offset_divisions=0.1, offset_accuracy=2e-3, offset_gain_accuracy=0.01,
    noise_floor=0.15e-3, noise_divisions=0.03, timebase_accuracy=25e-6, trigger_jitter=200e-12,
    level_divisions=5.0, external_range=1.0, hysteresis=0.4, rearm_time=10e-6, auto_timeout=50e-3,
    min_timebase=5e-9, max_timebase=50.0, lowest_code=-127, highest_code=128,
    depths=(12_000, 120_000, 1_200_000, 12_000_000, 24_000_000), probes=_PROBES,
    sources=SOURCES,
)
RIGOL_DS1074Z = replace(RIGOL_DS1104Z, name="DS1074Z", bandwidth=70e6)

RIGOL_MSO5104 = replace(
    RIGOL_DS1104Z, name="MSO5104", firmware="00.01.03.00.03", time_divisions=10, bandwidth=100e6,
    max_sample_rate=8e9, memory=100_000_000, min_scale=500e-6,
    max_offset_below=((0.0505, 2.0), (0.2655, 30.0), (math.inf, 100.0)), input_capacitance=17e-12,
    timebase_accuracy=10e-6, min_timebase=5e-9, max_timebase=1000.0,
    depths=(1_000, 10_000, 100_000, 1_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000),
    depth_words=("1k", "10k", "100k", "1M", "10M", "25M", "50M", "100M"), depths_shared=False,
    probes=(1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, *_PROBES, 2000.0, 5000.0, 1e4, 2e4, 5e4),
    first_probe=1.0, shortest_pulse=800e-12, shortest_holdoff=8e-9, external=True, external_range=5.0,
    picture_forms=("BMP24",),
)

RIGOL_DS4024 = replace(
    RIGOL_DS1104Z, name="DS4024", firmware="00.02.03.00.03", time_divisions=14, bandwidth=200e6,
    impedances={"OMEG": 1.0e6, "FIFT": 50.0}, max_sample_rate=4e9, memory=140_000_000, min_scale=1e-3,
    max_scale={"OMEG": 5.0, "FIFT": 1.0}, max_offset_below=((0.2275, 2.0), (math.inf, 40.0)), input_capacitance=15e-12,
    gain_accuracy=0.02, timebase_accuracy=4e-6, trigger_jitter=100e-12, min_timebase=2e-9, max_timebase=1000.0,
    depths=(14_000, 140_000, 1_400_000, 14_000_000, 140_000_000), paired=True, probes=_PROBES, first_probe=1.0,
    limits=(("20M", 20e6), ("100M", 100e6)), shortest_pulse=4e-9, shortest_holdoff=100e-9, external=True,
    external_range=0.8, divided_range=4.0, level_divisions=6.0,
    sources=ScopeSources(
        bandwidth=Origin("the model number (200 MHz)", "the roll-off"),
        timebase_accuracy=Origin("Performance verification guide of the DS4000, p. 2-19 (4 ppm)")),
)
