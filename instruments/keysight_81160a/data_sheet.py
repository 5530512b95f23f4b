"""Limits and headers of the Keysight 81160A and 81150A pulse generators.

Sources: the 81150A and 81160A User's Guide (pulse periods), and the limits that PyMeasure's driver of the 81160A has
(0.16.0, keysight81160A.py: edges, widths, levels, codes). Not compared with a data sheet: the edges and widths of the
81150A, level accuracy, time base, memory. The 81150A is driven with its amplifier of high bandwidth, from 50 Ohm.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.instruments.generators.headers import OutputHeaders
from tsbench.instruments.generators.stated_levels import StatedLevels
from tsbench.instruments.interfaces import PulseGeneratorCapabilities, Range
from tsbench.instruments.languages.repeatable import COMMON

#: queries that change nothing in the instrument. The query of the event register is not among them
REPEATABLE = (
    *COMMON, ":OUTPut<n>[:STATe]?", ":OUTPut<n>:COMPlement?", ":OUTPut<n>:LOAD?", ":FUNCtion<n>?",
    ":VOLTage<n>[:OFFSet]?", ":VOLTage<n>:LIMit:{HIGH|LOW}?", ":PULSe:{WIDTh|PERiod}<n>?",
    ":PULSe:TRANsition<n>[:TRAiling]?", ":FREQuency<n>?", ":TRIGger<n>:COUNt?",
)
LEVELS = StatedLevels(
    amplitude_gain=0.015, amplitude=5e-3, offset_gain=0.01, offset_share=0.01, offset=25e-3)
OUTPUT_RESISTANCE = 50.0
MINIMUM_AMPLITUDE, MAXIMUM_AMPLITUDE = 0.05, 5.0  #: [Vpp into 50 Ohm], of a pulse or a waveform
HEADERS = OutputHeaders(
    volts=":VOLT{ch}", hold=":PULS:HOLD{ch}", width=":PULS:WIDT{ch}", period=":PULS:PER{ch}", lead=":PULS:TRAN{ch}",
    trail=":PULS:TRAN{ch}:TRA", minimum_amplitude=MINIMUM_AMPLITUDE, resolution=1e-3, full_scale=8191,
)


@dataclass(frozen=True)
class PulserModel:
    """What differs between the models."""

    channels: int
    minimum_width: float  #: [s]
    minimum_edge: float  #: [s] 10-90 %
    minimum_period: float  #: [s]
    maximum_rate: float  #: [Hz] of arbitrary waveforms
    maximum_points: int


MODELS: Mapping[str, PulserModel] = {
    "81160A": PulserModel(2, 1.5e-9, 1e-9, 1 / 330e6, 2.5e9, 131_072),
    "81150A": PulserModel(2, 4.1e-9, 2.5e-9, 1 / 120e6, 2e9, 524_288),
}


def capabilities(model: PulserModel) -> PulseGeneratorCapabilities:
    """Return the capabilities of one output of a model."""
    return PulseGeneratorCapabilities(
        level_into_50_ohm=Range(-5.0, 5.0, "V"),
        level_into_open=Range(-10.0, 10.0, "V"),
        pulse_width=Range(model.minimum_width, 1e6, "s"),
        pulse_period=Range(model.minimum_period, 1e6, "s"),
        edge_time=Range(model.minimum_edge, 1000.0, "s"),
        burst_count=Range(1, 2_147_483_647, ""),
        sample_rate=Range(1e-5, model.maximum_rate, "Hz"),
        arbitrary_points=Range(2, model.maximum_points, ""),
        output_resistance=OUTPUT_RESISTANCE,
        amplitude_into_open=Range(2 * MINIMUM_AMPLITUDE, 2 * MAXIMUM_AMPLITUDE, "V"),
        level_accuracy=LEVELS.constant(5.0),
        pulse_accuracy=LEVELS.top(5.0),
        timebase_accuracy=25e-6,
    )
