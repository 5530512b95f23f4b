"""Limits and headers of the Tektronix AFG3000C and AFG31000 function generators.

From drivers by other authors: cycles of a burst, and points and codes of a waveform (qcodes_contrib_drivers 0.24.1,
AFG3000.py); amplitudes, frequency and duty cycle of the AFG3152C (PyMeasure 0.16.0, afg3152c.py). Not compared with a
data sheet: edges, widths, periods, levels of the other models, sample rates, level accuracy, time base.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.instruments.generators.headers import OutputHeaders
from tsbench.instruments.generators.stated_levels import StatedLevels
from tsbench.instruments.interfaces import PulseGeneratorCapabilities, Range
from tsbench.instruments.languages.repeatable import COMMON

#: queries that change nothing in the instrument. The query of the event register is not among them
REPEATABLE = (
    *COMMON, ":OUTPut<n>[:STATe]?", ":OUTPut<n>:IMPedance?", ":SOURce<n>:FUNCtion[:SHAPe]?",
    ":SOURce<n>:VOLTage[:OFFSet]?", ":SOURce<n>:VOLTage:LIMit:{HIGH|LOW}?", ":SOURce<n>:PULSe:{WIDTh|PERiod}?",
    ":SOURce<n>:PULSe:TRANsition[:TRAiling]?", ":SOURce<n>:FREQuency?", ":SOURce<n>:BURSt:NCYCles?",
)
HEADERS = OutputHeaders(
    volts=":SOUR{ch}:VOLT", hold=":SOUR{ch}:PULS:HOLD", width=":SOUR{ch}:PULS:WIDT", period=":SOUR{ch}:PULS:PER",
    lead=":SOUR{ch}:PULS:TRAN", trail=":SOUR{ch}:PULS:TRAN:TRA", load=":OUTP{ch}:IMP", minimum_amplitude=0.05,
    resolution=1e-3, full_scale=8191,
)
LEVELS = StatedLevels(
    amplitude_gain=0.01, amplitude=1e-3, offset_gain=0.01, offset_share=0.0, offset=5e-3)
MIDDLE_CODE = 8191  #: of a point that lies at the offset


@dataclass(frozen=True)
class AfgModel:
    """What differs between the models."""

    channels: int
    highest_level: float  #: [V into 50 Ohm]
    minimum_width: float  #: [s]
    minimum_edge: float  #: [s] 10-90 %
    highest_frequency: float  #: [Hz] of pulses
    maximum_rate: float  #: [Hz] of arbitrary waveforms
    longest_edge: float  #: [s]
    minimum_amplitude: float  #: [Vpp into 50 Ohm]


MODELS: Mapping[str, AfgModel] = {
    "AFG31252": AfgModel(2, 5.0, 4e-9, 2e-9, 160e6, 2e9, 1000.0, 1e-3),
    "AFG31102": AfgModel(2, 5.0, 6e-9, 2.5e-9, 80e6, 1e9, 1000.0, 1e-3),
    "AFG3252C": AfgModel(2, 2.5, 4e-9, 2.5e-9, 120e6, 2e9, 625.0, 0.05),
    "AFG3152C": AfgModel(2, 5.0, 5e-9, 3.5e-9, 100e6, 1e9, 625.0, 0.02),
    "AFG3102C": AfgModel(2, 5.0, 8e-9, 5e-9, 50e6, 1e9, 625.0, 0.02),
}


def capabilities(model: AfgModel) -> PulseGeneratorCapabilities:
    """Return the capabilities of one output of a model."""
    level = model.highest_level
    return PulseGeneratorCapabilities(
        level_into_50_ohm=Range(-level, level, "V"),
        level_into_open=Range(-2 * level, 2 * level, "V"),
        pulse_width=Range(model.minimum_width, 1e6, "s"),
        pulse_period=Range(1 / model.highest_frequency, 1e6, "s"),
        edge_time=Range(model.minimum_edge, model.longest_edge, "s"),
        burst_count=Range(1, 1_000_000, ""),
        sample_rate=Range(2e-6, model.maximum_rate, "Hz"),
        arbitrary_points=Range(2, 131_072, ""),
        output_resistance=50.0,
        amplitude_into_open=Range(2 * model.minimum_amplitude, 4 * level, "V"),
        level_accuracy=LEVELS.constant(level),
        pulse_accuracy=LEVELS.top(level),
        timebase_accuracy=1e-6,
    )
