"""The limits of an oscilloscope with volts and seconds for each division, and the uncertainties that follow."""

import math
from dataclasses import dataclass

from tsbench.instruments.interfaces import LowImpedanceInput, OscilloscopeCapabilities, Range, Vertical

DIVISIONS = 8  #: of the screen, vertical
_STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class StepScopeModel:
    """What differs between the models."""

    title: str  #: as people call it
    channels: int
    bandwidth: float  #: [Hz]
    sample_rate: float  #: [Sa/s] one channel of a pair
    record_length: int  #: points, one channel of a pair
    time_divisions: int
    gain_accuracy: float  #: of full scale
    offset_accuracy: float  #: of full scale
    offset_limit: float  #: [V] at 1:1
    offset_setting_accuracy: float  #: of the offset setting
    timebase_accuracy: float  #: relative
    least_scale: float = 1e-3  #: [V/div] at 1:1
    most_scale: float = 10.0
    most_scale_50: float | None = None  #: [V/div] of the 50 Ohm input; None: there is none
    segments: int = 1
    bits: int = 8
    external: bool = True  #: whether there is an external trigger input
    limit: float = 20e6  #: [Hz] of the bandwidth limit
    offset_limits: tuple[tuple[float, float], ...] = ()
    attenuations: tuple[float, ...] = ()  #: of probes; empty: every one
    shortest_scale: float = 1e-9  #: [s/div]
    longest_scale: float = 100.0

    def capabilities(self) -> OscilloscopeCapabilities:
        """Return the capabilities."""
        return OscilloscopeCapabilities(
            channels=self.channels, bandwidth=self.bandwidth, sample_rate=self.sample_rate,
            record_length=self.record_length, segments=self.segments,
            range=Range(self.least_scale * DIVISIONS, self.most_scale * DIVISIONS, "V"),
            gain_accuracy=self.gain_accuracy, offset_accuracy=self.offset_accuracy,
            timebase_accuracy=self.timebase_accuracy, resolution_bits=self.bits, offset_limits=self.offset_limits,
            external_trigger=self.external, attenuations=self.attenuations,
            span=Range(self.shortest_scale * self.time_divisions, self.longest_scale * self.time_divisions, "s"),
            low_impedance=None if self.most_scale_50 is None else LowImpedanceInput(self.most_scale_50 * DIVISIONS),
        )

    def gain_uncertainty(self) -> float:
        """Return the standard relative uncertainty of the scale: the data sheet's bound taken as uniform."""
        return self.gain_accuracy / math.sqrt(3)

    def offset_uncertainty(self, vertical: Vertical) -> float:
        """Return the standard uncertainty of the offset [V at the probe tip]: independent uniform bounds."""
        bounds = (self.offset_accuracy * vertical.range, self.offset_limit * vertical.probe_attenuation,
                  self.offset_setting_accuracy * abs(vertical.offset))
        return math.hypot(*bounds) / math.sqrt(3)


def time_scale_for(span: float, divisions: int) -> float:
    """Return the smallest 1-2-5 value of seconds per division whose screen is at least ``span`` [s] long."""
    wanted = span / divisions
    decade = 10.0 ** math.floor(math.log10(wanted) + 1e-9)
    return float(f"{next(step * decade for step in _STEPS if step * decade >= wanted * (1 - 1e-9)):.6g}")
