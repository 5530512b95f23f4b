"""Limits of the Keysight InfiniiVision 3000T X-Series, by model.

Source: data sheet 5992-0140. DC gain accuracy ±2 % of full scale, DC offset accuracy ±0.1 division ±2 mV ±1 %
of the offset setting, time base 1.6 ppm; eight divisions are one full-scale range.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.instruments.interfaces import OscilloscopeCapabilities, Range, Vertical
from tsbench.instruments.languages.repeatable import COMMON

#: queries that change nothing in the instrument (programmer's guide); :AER? and :TER? forget what they tell
REPEATABLE = (
    *COMMON, ":CHANnel<n>:{RANGe|OFFSet|IMPedance}?", ":TIMebase:{RANGe|POSition}?", ":ACQuire:MODE?",
    ":ACQuire:SEGMented:COUNt?", ":TRIGger[:EDGE]:LEVel?", ":OPERegister:CONDition?",
    ":WAVeform:{DATA|PREamble|SEGMented:COUNt|SEGMented:TTAG}?",
)
DIVISIONS = 8
GAIN_LIMIT = 0.02  #: of full scale
OFFSET_DIVISIONS = 0.1
OFFSET_LIMIT = 2e-3  #: [V]
OFFSET_SETTING_LIMIT = 0.01  #: of the offset setting
BANDWIDTH_LIMIT = 20e6  #: [Hz]
#: codes of unsigned bytes that do not mean a voltage (programmer's guide, :WAVeform:DATA)
HOLE, CLIP_LOW, CLIP_HIGH = 0, 1, 255
#: bits of :OPERegister:CONDition?
RUNNING = 8


@dataclass(frozen=True)
class ScopeModel:
    """What differs between the models."""

    channels: int
    bandwidth: float  #: [Hz]


MODELS: Mapping[str, ScopeModel] = {
    f"{kind}-X {number}T": ScopeModel(number % 10, bandwidth)
    for kind in ("DSO", "MSO")
    for number, bandwidth in (
        (3012, 100e6), (3014, 100e6), (3022, 200e6), (3024, 200e6), (3032, 350e6), (3034, 350e6),
        (3052, 500e6), (3054, 500e6), (3102, 1e9), (3104, 1e9),
    )
}


def capabilities(model: ScopeModel) -> OscilloscopeCapabilities:
    """Return the capabilities of a model."""
    return OscilloscopeCapabilities(
        channels=model.channels,
        bandwidth=model.bandwidth,
        sample_rate=5e9,
        record_length=4_000_000,
        segments=1000,
        range=Range(8e-3, 40.0, "V"),
        gain_accuracy=GAIN_LIMIT,
        offset_accuracy=OFFSET_DIVISIONS / DIVISIONS,
        timebase_accuracy=1.6e-6,
        resolution_bits=8,
        offset_limits=((2.0, 8 * 0.2), (10.0, 8 * 1.0)),  # ±2 V below 200 mV/div, ±10 V below 1 V/div
    )


def standard_gain_uncertainty() -> float:
    """Return the standard relative uncertainty of the scale: the data sheet's bound taken as uniform."""
    return GAIN_LIMIT / math.sqrt(3)


def standard_offset_uncertainty(vertical: Vertical) -> float:
    """Return the standard uncertainty of the offset [V at the probe tip]: independent uniform bounds."""
    bounds = (
        OFFSET_DIVISIONS * vertical.range / DIVISIONS,
        OFFSET_LIMIT * vertical.probe_attenuation,
        OFFSET_SETTING_LIMIT * abs(vertical.offset),
    )
    return math.hypot(*bounds) / math.sqrt(3)
