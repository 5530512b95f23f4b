"""Limits of the Keysight Infiniium S-Series and 9000 Series oscilloscopes.

Source: Infiniium programmer's guide (commands, hole code 31232 of WORD); the model numbers name bandwidth and channels.

Not compared with a data sheet, because none was at hand: rates, memory, accuracies, offset ranges, segments.
"""

from collections.abc import Mapping

from tsbench.instruments.interfaces import LowImpedanceInput, OscilloscopeCapabilities, Range
from tsbench.instruments.languages.repeatable import COMMON
from tsbench.instruments.oscilloscopes.driver import VerticalAccuracy

#: queries that change nothing (programmer's guide); :AER?, :TER? and :ADER? forget what they tell
REPEATABLE = (
    *COMMON, ":CHANnel<n>:{INPut|RANGe|OFFSet|PROBe}?", ":TIMebase:{RANGe|POSition}?", ":ACQuire:MODE?",
    ":ACQuire:SEGMented:COUNt?", ":TRIGger:LEVel?", ":RSTate?", ":ASTate?",
    ":WAVeform:{DATA|PREamble|SEGMented:COUNt|SEGMented:TTAG}?",
)
DIVISIONS = 8
LEVEL_RESOLUTION = 0.01  #: of the range
BANDWIDTH_LIMIT = 20e6  #: [Hz]
RANGE_50 = 8.0  #: [V] full scale of the 50 Ohm input
AUX_LEVEL = 5.0  #: [V] of the auxiliary trigger input
#: codes of signed words that do not mean a voltage: not filled, clipped below, clipped above
HOLE, CLIPPED_LOW, CLIPPED_HIGH = 31232, 31744, 32256
LARGEST = 30720  #: the largest code that is a voltage
ACCURACY = VerticalAccuracy(gain=0.02, offset_divisions=0.1, offset=2e-3, offset_setting=0.0125)

SPAN = Range(50e-12, 200.0, "s")  #: programmer's guide: 5 ps to 20 s a division
POSITION = Range(-200.0, 200.0, "s")  #: not compared with a manual: as far as the longest record
#: model -> (bandwidth [Hz], memory [points], bits, relative accuracy of the time base)
MODELS: Mapping[str, tuple[float, int, int, float]] = {
    **{f"{kind}S{number}A": (bandwidth, 100_000_000, 10, 1e-6) for kind in ("DSO", "MSO") for number, bandwidth in (
        ("054", 500e6), ("104", 1e9), ("204", 2e9), ("254", 2.5e9), ("404", 4e9), ("604", 6e9), ("804", 8e9))},
    **{f"{kind}9{number}A": (bandwidth, 20_000_000, 8, 1.4e-6) for kind in ("DSO", "MSO") for number, bandwidth in (
        ("064", 600e6), ("104", 1e9), ("254", 2.5e9), ("404", 4e9))},
}


def capabilities(model: str) -> OscilloscopeCapabilities:
    """Return the capabilities of a model."""
    bandwidth, memory, bits, timebase = MODELS[model]
    return OscilloscopeCapabilities(
        channels=4, bandwidth=bandwidth, sample_rate=20e9, record_length=memory, segments=8192,
        range=Range(8e-3, 40.0, "V"), gain_accuracy=ACCURACY.gain,
        offset_accuracy=ACCURACY.offset_divisions / DIVISIONS, timebase_accuracy=timebase, resolution_bits=bits,
        offset_limits=((2.0, 8 * 0.2), (10.0, 8 * 1.0)), low_impedance=LowImpedanceInput(RANGE_50), span=SPAN,
        position=POSITION,
    )
