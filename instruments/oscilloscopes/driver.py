"""Base of drivers of oscilloscopes: the set-up as it was read back, and what a scope without outputs reports.

A driver adds how its family is set up, armed, waited for and read.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import InstrumentError, LimitError
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import (
    EdgeTrigger,
    OscilloscopeCapabilities,
    OutputState,
    Range,
    Timebase,
    Vertical,
)
from tsbench.instruments.languages.scpi_instrument import ScpiInstrument
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


class OscilloscopeDriver(ScpiInstrument):
    """Base of the drivers."""

    capabilities: OscilloscopeCapabilities
    vertical_accuracy: VerticalAccuracy
    divisions = 8  #: vertical

    def __init__(self, adapter: Any, name: str = "scope", **kwargs: Any) -> None:
        self._vertical: dict[int, Vertical] = {}
        self._timebase = Timebase(span=1e-3)
        self._trigger: EdgeTrigger | None = None
        super().__init__(adapter, name, **kwargs)

    def forget_setup(self) -> None:
        """After a reset: no channel set up, no trigger."""
        self._vertical = {}
        self._trigger = None

    # ------------------------------------------------------------------------------------------- limits

    def require_channel(self, channel: int) -> None:
        """Refuse a channel that the model does not have."""
        require_in_range(self.label, "channel", channel, Range(1, self.capabilities.channels, ""))

    def require_vertical(self, channel: int, vertical: Vertical, range_50: float | None) -> None:
        """Refuse what the input cannot do.

        Parameters
        ----------
        channel : int
        vertical : Vertical
        range_50 : largest full scale [V] of the input of 50 Ohm; None: there is no such input
        """
        self.require_channel(channel)
        subject, allowed = f"{self.label} channel {channel}", self.capabilities.range
        if vertical.impedance == "50":
            if range_50 is None:
                raise LimitError(f"{subject}: this model has no input of 50 Ohm. Write impedance 1M")
            allowed = Range(allowed.low, range_50, "V")
        require_in_range(subject, "range", vertical.range / vertical.probe_attenuation, allowed)

    def require_timebase(self, timebase: Timebase) -> None:
        """Refuse more segments or points than there can be."""
        require_in_range(self.label, "segments", timebase.segments, Range(1, self.capabilities.segments, ""))
        if timebase.points is not None:
            allowed = Range(100, self.capabilities.record_length, "")
            require_in_range(self.label, "points", timebase.points, allowed)

    def require_trigger(self, trigger: EdgeTrigger) -> None:
        """Refuse a source that the model does not have."""
        if trigger.source == "external" and not self.capabilities.external_trigger:
            raise LimitError(f"{self.label}: this model has no external trigger input. Trigger on a channel")
        if not isinstance(trigger.source, str):
            self.require_channel(trigger.source)

    def scale_of(self, channel: int) -> float:
        """Return the range [V] of a channel; infinity where it was not set up."""
        vertical = self._vertical.get(channel)
        return math.inf if vertical is None else vertical.range

    # ------------------------------------------------------------------------------------------- arming

    def not_armed(self, patience: str) -> InstrumentError:
        """Return the error of a scope that did not arm within ``patience``, as text with its unit."""
        return InstrumentError(
            f"{self.label}: the oscilloscope did not arm within {patience}. Check its time base and channels")

    @property
    def pre_trigger(self) -> float:
        """Return the part of the record [s] before the trigger."""
        return max(0.0, self._timebase.span / 2 - self._timebase.position)

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

    # ------------------------------------------------------------------------------------ common duties

    def safe_state(self) -> None:
        """Stop the acquisition; a scope has no outputs."""
        self.abort()

    def output_states(self) -> list[OutputState]:
        """Return nothing: a scope has no outputs."""
        return []

    @property
    def output_names(self) -> tuple[str, ...]:
        """Return nothing: a scope has no outputs."""
        return ()

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up as it was last read back."""
        found: dict[str, object] = {}
        for channel, vertical in sorted(self._vertical.items()):
            found |= {f"channel_{channel}_{name}": value for name, value in dataclasses.asdict(vertical).items()}
        found |= {f"timebase_{name}": value for name, value in dataclasses.asdict(self._timebase).items()}
        if self._trigger is not None:
            found |= {f"trigger_{name}": value for name, value in dataclasses.asdict(self._trigger).items()}
        return found

    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """Return gain, offset and time-base accuracy."""
        caps = self.capabilities
        return {"gain": {"full_scale": caps.gain_accuracy}, "offset": {"full_scale": caps.offset_accuracy},
                "timebase": {"relative": caps.timebase_accuracy}}
