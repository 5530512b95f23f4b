"""Base of drivers of oscilloscopes that speak SCPI: the set-up, and the record with its scale and its accuracy.

A driver adds how its family is set up, armed, waited for and read.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import CommunicationError
from tsbench.instruments.interfaces import Timebase, Vertical
from tsbench.instruments.languages.scpi_instrument import ScpiInstrument
from tsbench.instruments.oscilloscopes.scope_setup import ScopeSetup
from tsbench.quantities import short_quantity
from tsbench.records import Flag, FloatArray, Waveform

_OFF_CENTRE = 0.1  #: of the range: by more than this, no oscilloscope rounds the middle of its screen
MEMORY = 20.0  #: ratio by which a record may be longer or shorter than the time base, where the driver knows no better
_SCALE = 4.0  #: ratio of what the codes span to the range: most exceed the screen


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

    def misfit(self, vertical: Vertical | None, span: float, samples: int | None, memory: float = MEMORY) -> str:
        """Return what contradicts the settings in a record; empty where nothing does.

        A number whose digits changed on the way would otherwise shift or stretch the record without a message.

        Parameters
        ----------
        vertical : Vertical or None
            What was read back; None for a channel that was not set up.
        span : float
            [s] of the time base.
        samples : int or None
            Of the record; None where their number follows from the interval.
        memory : float
            Ratio by which a record may be longer or shorter than the time base.
        """
        found = [] if samples is None else [("lasts", samples * self.interval, span, "s", memory)]
        if vertical is not None:
            low, high = (self.volts_at_zero + code * self.volts_per_code for code in (self.clip_low, self.clip_high))
            if abs((low + high) / 2 - vertical.offset) > _OFF_CENTRE * vertical.range:
                return _instead("is centred at", (low + high) / 2, vertical.offset, "V")
            found.append(("has a range of", high - low, vertical.range, "V", _SCALE))
        return next((_instead(what, value, asked, unit) for what, value, asked, unit, ratio in found
                     if not asked / ratio < value < asked * ratio), "")


def _instead(what: str, value: float, asked: float, unit: str) -> str:
    return f"{what} {short_quantity(value, unit)} instead of {short_quantity(asked, unit)}"


class OscilloscopeDriver(ScopeSetup, ScpiInstrument):
    """Base of the drivers."""

    vertical_accuracy: VerticalAccuracy
    divisions = 8  #: vertical
    memory = MEMORY  #: ratio by which a record may be longer or shorter than the time base

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

    def fitting(self, channel: int, samples: int | None, scaling: Scaling) -> Scaling:
        """Return the scaling of a record; ValueError if it contradicts the settings that were read back."""
        if why := scaling.misfit(self._vertical.get(channel), self._timebase.span, samples, self.memory):
            raise ValueError(f"the record {why}")
        return scaling

    def fitting_again(self, channel: int, samples: int, read: Callable[[], Scaling]) -> Scaling:
        """Return the scaling of a record from several questions, asked once more if it contradicts the settings.

        Raises
        ------
        CommunicationError
            It contradicts them again.
        """
        try:
            return self.fitting(channel, samples, read())
        except ValueError as error:
            self.on_repeat(f"{self.label}: the scale of channel {channel} was read again, because {error}")
        try:
            return self.fitting(channel, samples, read())
        except ValueError as error:
            raise CommunicationError(
                f"{self.label}: {error}, by the scale of channel {channel} that the oscilloscope tells. Repeat the "
                "acquisition. If this happens again, check the cable") from None

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
