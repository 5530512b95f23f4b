"""Limits of the Keysight 33500B and 33600A waveform generators, by model.

Sources: data sheets 33500B (5991-0692) and 33600A (5991-3272); level accuracy ±1 % of setting ±1 mV
(amplitude) and ±1 % ±0.25 % of amplitude ±2 mV (offset); time base 1 ppm per year.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.instruments.generators.stated_levels import StatedLevels
from tsbench.instruments.interfaces import PulseGeneratorCapabilities, Range
from tsbench.instruments.languages.repeatable import COMMON

#: queries that change nothing in the instrument (33500-90901). The query of the event register is not among them
REPEATABLE = (
    *COMMON, ":OUTPut<n>[:STATe]?", ":OUTPut<n>:LOAD?", ":SOURce<n>:FUNCtion?", ":SOURce<n>:VOLTage[:OFFSet]?",
    ":SOURce<n>:VOLTage:LIMit:{HIGH|LOW}?", ":SOURce<n>:FUNCtion:PULSe:{WIDTh|PERiod}?",
    ":SOURce<n>:FUNCtion:PULSe:TRANsition:{LEADing|TRAiling}?", ":SOURce<n>:FUNCtion:ARBitrary:SRATe?",
    ":SOURce<n>:BURSt:NCYCles?",
)
LEVELS = StatedLevels(
    amplitude_gain=0.01, amplitude=1e-3, offset_gain=0.01, offset_share=0.0025, offset=2e-3)
OUTPUT_RESISTANCE = 50.0
DAC_FULL_SCALE = 32767
MINIMUM_AMPLITUDE = 1e-3  #: [Vpp into 50 Ohm]
EDGE_OF_LARGE_PULSES = 3.3e-9  #: [s] of a 33600A above 4 Vpp into 50 Ohm; not compared with a data sheet


@dataclass(frozen=True)
class GeneratorModel:
    """What differs between the models of the family."""

    channels: int
    minimum_width: float  #: [s]
    minimum_edge: float  #: [s] 10-90 %
    maximum_rate: float  #: [Hz] of arbitrary waveforms
    minimum_points: int
    maximum_points: int
    minimum_period: float  #: [s] of pulses


def _b(channels: int, rate: float, period: float) -> GeneratorModel:
    return GeneratorModel(channels, 16e-9, 8.4e-9, rate, 8, 1_000_000, period)


def _a(channels: int, period: float) -> GeneratorModel:
    return GeneratorModel(channels, 5e-9, 2.9e-9, 1e9, 32, 4_000_000, period)


MODELS: Mapping[str, GeneratorModel] = {
    "33509B": _b(1, 250e6, 50e-9), "33510B": _b(2, 250e6, 50e-9), "33511B": _b(1, 250e6, 50e-9),
    "33512B": _b(2, 250e6, 50e-9), "33519B": _b(1, 250e6, 33e-9), "33520B": _b(2, 250e6, 33e-9),
    "33521B": _b(1, 250e6, 33e-9), "33522B": _b(2, 250e6, 33e-9),
    "33611A": _a(1, 12.5e-9), "33612A": _a(2, 12.5e-9), "33621A": _a(1, 10e-9), "33622A": _a(2, 10e-9),
}


def capabilities(model: GeneratorModel) -> PulseGeneratorCapabilities:
    """Return the capabilities of one output of a model."""
    return PulseGeneratorCapabilities(
        level_into_50_ohm=Range(-5.0, 5.0, "V"),
        level_into_open=Range(-10.0, 10.0, "V"),
        pulse_width=Range(model.minimum_width, 1e6, "s"),
        pulse_period=Range(model.minimum_period, 1e6, "s"),
        edge_time=Range(model.minimum_edge, 1e-6, "s"),
        burst_count=Range(1, 100_000_000, ""),
        sample_rate=Range(1e-6, model.maximum_rate, "Hz"),
        arbitrary_points=Range(model.minimum_points, model.maximum_points, ""),
        output_resistance=OUTPUT_RESISTANCE,
        amplitude_into_open=Range(2 * MINIMUM_AMPLITUDE, 20.0, "V"),
        fast_edges_up_to=8.0,
        edge_of_large_pulses=EDGE_OF_LARGE_PULSES,
        level_accuracy=LEVELS.constant(5.0),
        pulse_accuracy=LEVELS.top(5.0),
        timebase_accuracy=1e-6,
    )
