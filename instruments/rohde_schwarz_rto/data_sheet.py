"""Limits of the Rohde & Schwarz RTO oscilloscopes.

Source: RTO user manual (commands; ten divisions; 253 levels over the range); the model numbers name the bandwidth.

Not compared with a data sheet, because none was at hand: rates, memory, accuracies, offset ranges.
"""

from collections.abc import Mapping

from tsbench.instruments.interfaces import LowImpedanceInput, OscilloscopeCapabilities, Range
from tsbench.instruments.languages.repeatable import COMMON
from tsbench.instruments.oscilloscopes.driver import VerticalAccuracy

#: queries that change nothing in the instrument (user manual)
REPEATABLE = (
    *COMMON, ":CHANnel<n>:{COUPling|RANGe|OFFSet}?", ":TIMebase:RANGe?", ":TIMebase:HORizontal:POSition?",
    ":TRIGger<n>:LEVel<n>?", ":STATus:OPERation:CONDition?", ":CHANnel<n>:DATA?", ":CHANnel<n>:DATA:HEADer?",
    ":DIAGnostic:SERVice:WFAModel?", ":PROBe<n>:SETup:ATTenuation:MANual?",
)
DIVISIONS = 10
LEVELS = 253  #: over the range
LARGEST = 127  #: code of 8 bits; this and more is clipped
RANGE_50 = 10.0  #: [V] full scale of the 50 Ohm input
BANDWIDTH_LIMIT = 20e6  #: [Hz]
HOLDOFF = Range(100e-9, 10.0, "s")  #: RTO user manual 1316.0827.02, page 486
SPAN = Range(250e-12, 100_000.0, "s")  #: user manual, TIMebase:SCALe: 25 ps to 10 ks a division
POSITION = Range(-1e5, 1e5, "s")  #: not compared with a manual: as far as the longest record
MEASURING = 16  #: bit of STATus:OPERation:CONDition?
ACCURACY = VerticalAccuracy(gain=0.015, offset_divisions=0.1, offset=1e-3, offset_setting=0.005)

#: model -> bandwidth [Hz]
MODELS: Mapping[str, float] = {
    "RTO1004": 600e6, "RTO1014": 1e9, "RTO1024": 2e9, "RTO1044": 4e9, "RTO2004": 600e6, "RTO2014": 1e9,
    "RTO2024": 2e9, "RTO2034": 3e9, "RTO2044": 4e9, "RTO2064": 6e9,
}


def capabilities(model: str) -> OscilloscopeCapabilities:
    """Return the capabilities of a model."""
    return OscilloscopeCapabilities(
        channels=4, bandwidth=MODELS[model], sample_rate=10e9, record_length=20_000_000, segments=1,
        range=Range(10e-3, 100.0, "V"), gain_accuracy=ACCURACY.gain,
        offset_accuracy=ACCURACY.offset_divisions / DIVISIONS, timebase_accuracy=5e-6, resolution_bits=8,
        offset_limits=((1.0, 10 * 0.031), (10.0, 10 * 1.01)), low_impedance=LowImpedanceInput(RANGE_50),
        span=SPAN, position=POSITION,
    )
