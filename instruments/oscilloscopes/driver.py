"""Base of drivers of oscilloscopes that speak SCPI: the set-up, and the record with its scale and its accuracy.

A driver adds how its family is set up, armed, waited for and read.
"""

import dataclasses
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.instruments.interfaces import Timebase, Vertical
from tsbench.instruments.languages.scpi_instrument import ScpiInstrument
from tsbench.instruments.oscilloscopes.scope_setup import ScopeSetup
from tsbench.records import Flag, FloatArray, Waveform


@dataclasses.dataclass(frozen=True)
class VerticalAccuracy:
    """DC accuracy of a channel, as data sheets state it; each bound is taken as uniform."""

    gain: float  #: of full scale
    offset_divisions: float  #: of 8 (or as many as the screen has)
    offset: float  #: [V]
    offset_setting: float  #: of the offset setting

    def standard_gain(self) -> float:
        """Return the standard relative uncertainty of the scale."""
        return self.gain / math.sqrt(3)

    def standard_offset(self, vertical: Vertical, divisions: int) -> float:
        """Return the standard uncertainty of the offset [V at the probe tip]."""
        bounds = (self.offset_divisions * vertical.range / divisions, self.offset * vertical.probe_attenuation,
                  self.offset_setting * abs(vertical.offset))
        return math.hypot(*bounds) / math.sqrt(3)


@dataclasses.dataclass(frozen=True)
class Scaling:
    """What turns the codes of a record into volts and seconds."""

    volts_per_code: float
    volts_at_zero: float
    first_sample: float  #: [s] after the trigger
    interval: float  #: [s]
    clip_low: int  #: this code and those below are clipped
    clip_high: int


class OscilloscopeDriver(ScopeSetup, ScpiInstrument):
    """Base of the drivers."""

    vertical_accuracy: VerticalAccuracy
    divisions = 8  #: vertical

    def __init__(self, adapter: Any, name: str = "scope", **kwargs: Any) -> None:
        self._vertical = {}
        self._timebase = Timebase(span=1e-3)
        self._trigger = None
        super().__init__(adapter, name, **kwargs)

    def forget_setup(self) -> None:
        """After a reset: no channel set up, no trigger."""
        self._vertical = {}
        self._trigger = None

    def scale_of(self, channel: int) -> float:
        """Return the range [V] of a channel; infinity where it was not set up."""
        vertical = self._vertical.get(channel)
        return math.inf if vertical is None else vertical.range

    # ---------------------------------------------------------------------------------------- waveforms

    def waveform(
        self, channel: int, scaling: Scaling, codes: npt.NDArray[Any], times: FloatArray, limit: float,
    ) -> Waveform:
        """Build the record of one channel.

        Parameters
        ----------
        channel : int
        scaling : Scaling
        codes : shape (segments, samples)
        times : [s] of each segment after the first, shape (segments,)
        limit : [Hz] of the bandwidth limit
        """
        vertical = self._vertical.get(channel, Vertical(range=8.0))
        clipped = bool(np.any((codes <= scaling.clip_low) | (codes >= scaling.clip_high)))
        return Waveform(
            channel=str(channel), unit="V", codes=codes, scale=scaling.volts_per_code, offset=scaling.volts_at_zero,
            t0=scaling.first_sample, dt=scaling.interval, segment_times=times, clip_low=scaling.clip_low,
            clip_high=scaling.clip_high,
            bandwidth=min(limit, self.capabilities.bandwidth) if vertical.bandwidth_limit
            else self.capabilities.bandwidth,
            accuracy_gain=self.vertical_accuracy.standard_gain(),
            accuracy_offset=self.vertical_accuracy.standard_offset(vertical, self.divisions),
            flags=Flag.CLIPPED if clipped else Flag.NONE,
        )
