"""Limits and headers of the Keysight (Agilent) 33250A function generator.

Sources: the user's guide, p. 168 (edges), and limits in drivers by other authors (PyMeasure 0.16.0, keysight33250A.py:
widths, periods, levels, bursts; M. Lints, 2019: codes and points of a waveform). Not compared with a data sheet: sample
rate, smallest amplitude, accuracy of levels, time base.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.instruments.generators.headers import OutputHeaders
from tsbench.instruments.generators.stated_levels import StatedLevels
from tsbench.instruments.interfaces import PulseGeneratorCapabilities, Range
from tsbench.instruments.languages.repeatable import COMMON

#: queries that change nothing in the instrument. The query of the event register is not among them
REPEATABLE = (
    *COMMON, ":OUTPut?", ":OUTPut:LOAD?", ":FUNCtion?", ":VOLTage[:OFFSet]?", ":PULSe:{WIDTh|PERiod|TRANsition}?",
    ":FREQuency?", ":BURSt:NCYCles?",
)
HEADERS = OutputHeaders(
    volts=":VOLT", hold="", width=":PULS:WIDT", period=":PULS:PER", lead=":PULS:TRAN", trail=":PULS:TRAN",
    minimum_amplitude=10e-3, resolution=0.5e-3, full_scale=2047, load=":OUTP:LOAD", polarity=":OUTP:POL",
    output=":OUTP",
)
LEVELS = StatedLevels(
    amplitude_gain=0.01, amplitude=1e-3, offset_gain=0.01, offset_share=0.005, offset=2e-3)
EDGE_SHARE = 0.625  #: of the width, and of the rest of the period: what an edge may take


@dataclass(frozen=True)
class Model33250A:
    """What the driver asks of a model."""

    channels: int = 1


MODELS: Mapping[str, Model33250A] = {"33250A": Model33250A()}
CAPABILITIES = PulseGeneratorCapabilities(
    level_into_50_ohm=Range(-5.0, 5.0, "V"),
    level_into_open=Range(-10.0, 10.0, "V"),
    pulse_width=Range(8e-9, 2000.0, "s"),
    pulse_period=Range(20e-9, 2000.0, "s"),
    edge_time=Range(5e-9, 1e-3, "s"),
    burst_count=Range(1, 1_000_000, ""),
    sample_rate=Range(0.1, 200e6, "Hz"),
    arbitrary_points=Range(8, 65_536, ""),   # so many that the repetition stays below 25 MHz
    output_resistance=50.0,
    amplitude_into_open=Range(2 * HEADERS.minimum_amplitude, 20.0, "V"),
    level_accuracy=LEVELS.constant(5.0),
    pulse_accuracy=LEVELS.top(5.0),
    timebase_accuracy=2e-6,
)
