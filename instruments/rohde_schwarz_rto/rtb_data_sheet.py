"""Limits of the Rohde & Schwarz RTB2000 oscilloscopes.

Sources: RTB2000 user manual 1333.1611.02 (commands; page 244: values of 8 and 16 bits); QCoDeS' community driver of the
RTB2000 (holdoff, width of the screen). Options B241 to B243 and B221 to B223 name the bandwidth.

Not compared with a data sheet, because none was at hand: rates, memory, ranges, offset ranges, accuracies.
"""

from collections.abc import Mapping

from tsbench.instruments.interfaces import OscilloscopeCapabilities, Range
from tsbench.instruments.languages.repeatable import COMMON
from tsbench.instruments.oscilloscopes.driver import VerticalAccuracy

#: queries that change nothing in the instrument (user manual)
REPEATABLE = (
    *COMMON, "*OPT?", ":CHANnel<n>:{COUPling|RANGe|OFFSet}?", ":TIMebase:{RANGe|POSition}?", ":TRIGger:A:LEVel<n>?",
    ":PROBe<n>:SETup:ATTenuation:MANual?", ":STATus:OPERation:CONDition?", ":ACQuire:STATe?", ":CHANnel<n>:DATA?",
    ":CHANnel<n>:DATA:{HEADer|XORigin|XINCrement|YORigin|YINCrement}?",
)
DIVISIONS = 10
BANDWIDTH_LIMIT = 20e6  #: [Hz]
CLIP_LOW, CLIP_HIGH = 0x00FF, 0xFF00  #: of 16 bits: the upper byte is 0 or 255
SPAN = Range(12e-9, 6000.0, "s")
POSITION = Range(-5999.856, 51539607.402, "s")  #: user manual, TIMebase:POSition
HOLDOFF = Range(51.2e-9, 13.7, "s")
#: record lengths that can be set
LENGTHS = (10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000)
ACCURACY = VerticalAccuracy(gain=0.015, offset_divisions=0.1, offset=1e-3, offset_setting=0.005)
#: option -> bandwidth [Hz]; without one, 70 MHz
BANDWIDTHS: Mapping[str, float] = {
    f"B2{channels}{number}": bandwidth
    for channels in (2, 4) for number, bandwidth in ((1, 100e6), (2, 200e6), (3, 300e6))}
LEAST_BANDWIDTH = 70e6
#: model -> channels
MODELS: Mapping[str, int] = {"RTB2002": 2, "RTB2004": 4}


def capabilities(model: str, bandwidth: float) -> OscilloscopeCapabilities:
    """Return the capabilities of a model with its bandwidth [Hz]."""
    return OscilloscopeCapabilities(
        channels=MODELS[model], bandwidth=bandwidth, sample_rate=2.5e9, record_length=LENGTHS[-1], segments=1,
        range=Range(10e-3, 50.0, "V"), gain_accuracy=ACCURACY.gain,
        offset_accuracy=ACCURACY.offset_divisions / DIVISIONS, timebase_accuracy=10e-6, resolution_bits=10,
        offset_limits=((1.0, 10 * 0.205), (40.0, 50.0)), span=SPAN, position=POSITION,
    )
