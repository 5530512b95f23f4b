"""Limits and headers of the Rigol DG800 and DG900 function generators.

From the programming guides: the edges of the DG800 (p. 2-79), points and codes of a waveform (p. 2-136).

Not compared with a data sheet: periods, widths, levels, edges of the DG900, sample rates, cycles of a
burst, accuracies.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.instruments.generators.headers import OutputHeaders
from tsbench.instruments.generators.stated_levels import StatedLevels
from tsbench.instruments.interfaces import PulseGeneratorCapabilities, Range
from tsbench.instruments.languages.repeatable import COMMON

#: queries that change nothing in the instrument. The query of the event register is not among them
REPEATABLE = (
    *COMMON, ":OUTPut<n>[:STATe]?", ":OUTPut<n>:LOAD?", ":SOURce<n>:FUNCtion?", ":SOURce<n>:VOLTage[:OFFSet]?",
    ":OUTPut<n>:VOLLimit:{HIGH|LOW}?", ":SOURce<n>:PULSe:WIDTh?", ":SOURce<n>:PERiod?",
    ":SOURce<n>:PULSe:TRANsition[:TRAiling]?", ":SOURce<n>:FREQuency?", ":SOURce<n>:BURSt:NCYCles?",
)
HEADERS = OutputHeaders(
    volts=":SOUR{ch}:VOLT", limits=":OUTP{ch}:VOLL", hold=":SOUR{ch}:PULS:HOLD", width=":SOUR{ch}:PULS:WIDT",
    period=":SOUR{ch}:PER", lead=":SOUR{ch}:PULS:TRAN", trail=":SOUR{ch}:PULS:TRAN:TRA", minimum_amplitude=1e-3,
    resolution=1e-3, full_scale=8191,
)
LEVELS = StatedLevels(
    amplitude_gain=0.01, amplitude=5e-3, offset_gain=0.01, offset_share=0.005, offset=5e-3)
MIDDLE_CODE = 8192  #: of a point that lies at the offset
PACKAGE = 16384  #: points that are sent at once
LEAST_POINTS = 8


@dataclass(frozen=True)
class DgModel:
    """What differs between the models."""

    channels: int
    minimum_edge: float  #: [s] 10-90 %
    highest_frequency: float  #: [Hz] of pulses
    maximum_rate: float  #: [Hz] of arbitrary waveforms
    maximum_points: int


_DG800 = (10e-9, 10e6, 125e6, 2_097_152)
MODELS: Mapping[str, DgModel] = {
    "DG811": DgModel(1, 10e-9, 5e6, 125e6, 2_097_152), "DG812": DgModel(2, 10e-9, 5e6, 125e6, 2_097_152),
    "DG821": DgModel(1, *_DG800), "DG822": DgModel(2, *_DG800),
    "DG831": DgModel(1, *_DG800), "DG832": DgModel(2, *_DG800),
    "DG952": DgModel(2, 10e-9, 15e6, 250e6, 16_777_216), "DG972": DgModel(2, 9e-9, 20e6, 250e6, 16_777_216),
    "DG992": DgModel(2, 8e-9, 25e6, 250e6, 16_777_216),
}


def capabilities(model: DgModel) -> PulseGeneratorCapabilities:
    """Return the capabilities of one output of a model."""
    return PulseGeneratorCapabilities(
        level_into_50_ohm=Range(-5.0, 5.0, "V"),
        level_into_open=Range(-10.0, 10.0, "V"),
        pulse_width=Range(16e-9, 1e6, "s"),
        pulse_period=Range(1 / model.highest_frequency, 1e6, "s"),
        edge_time=Range(model.minimum_edge, 1.0, "s"),
        burst_count=Range(1, 1_000_000, ""),
        sample_rate=Range(1e-5, model.maximum_rate, "Hz"),
        arbitrary_points=Range(LEAST_POINTS, model.maximum_points, ""),
        output_resistance=50.0,
        amplitude_into_open=Range(2 * HEADERS.minimum_amplitude, 20.0, "V"),
        level_accuracy=LEVELS.constant(5.0),
        pulse_accuracy=LEVELS.top(5.0),
        timebase_accuracy=1e-6,
    )
