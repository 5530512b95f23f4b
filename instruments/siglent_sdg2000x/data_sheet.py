"""Limits of the Siglent SDG2000X function generators.

Not compared with a data sheet: all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.instruments.generators.headers import OutputHeaders
from tsbench.instruments.generators.stated_levels import StatedLevels
from tsbench.instruments.interfaces import PulseGeneratorCapabilities, Range

#: queries that change nothing in the instrument
REPEATABLE = ("*IDN?", "BSWV?", "OUTP?", "BTWV?", "SRATE?", "SYNC?")
LEVELS = StatedLevels(
    amplitude_gain=0.01, amplitude=1e-3, offset_gain=0.01, offset_share=0.0, offset=3e-3)
HEADERS = OutputHeaders(
    volts="C{ch}:BSWV", hold="", width="WIDTH", period="PERI", lead="RISE", trail="FALL", minimum_amplitude=2e-3,
    resolution=1e-3, full_scale=32767, load="C{ch}:OUTP", polarity="C{ch}:OUTP PLRT", output="C{ch}:OUTP",
)


@dataclass(frozen=True)
class SdgModel:
    """What differs between the models."""

    channels: int


MODELS: Mapping[str, SdgModel] = {name: SdgModel(2) for name in ("SDG2042X", "SDG2082X", "SDG2122X")}


def capabilities(model: SdgModel) -> PulseGeneratorCapabilities:
    """Return the capabilities of one output of a model."""
    return PulseGeneratorCapabilities(
        level_into_50_ohm=Range(-5.0, 5.0, "V"),
        level_into_open=Range(-10.0, 10.0, "V"),
        pulse_width=Range(16.3e-9, 1e6, "s"),
        pulse_period=Range(1 / 25e6, 1e6, "s"),
        edge_time=Range(8.4e-9, 22.4, "s"),
        burst_count=Range(1, 1_000_000, ""),
        sample_rate=Range(1e-6, 75e6, "Hz"),
        arbitrary_points=Range(8, 8_388_608, ""),
        output_resistance=50.0,
        amplitude_into_open=Range(2 * HEADERS.minimum_amplitude, 20.0, "V"),
        level_accuracy=LEVELS.constant(5.0),
        pulse_accuracy=LEVELS.top(5.0),
        timebase_accuracy=2e-6,
    )
