"""Oscilloscope: channels, time base, trigger; armed, waited for, read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from tsbench.instruments.interfaces.common import InstrumentBase, Range
from tsbench.records import Waveform


@dataclass(frozen=True)
class Vertical:
    """One channel. All voltages are those at the tip of the probe.

    Parameters
    ----------
    range : full scale [V], from the bottom to the top of the screen
    offset : [V] at mid-screen
    impedance : of the input: 50 Ohm or 1 MOhm
    probe_attenuation : of the probe on the channel; 10 for a probe of 10:1
    bandwidth_limit : whether the filter of the channel is on
    """

    range: float
    offset: float = 0.0
    impedance: Literal["50", "1M"] = "1M"
    probe_attenuation: float = 1.0
    bandwidth_limit: bool = False


@dataclass(frozen=True)
class Timebase:
    """``span`` [s] of the record; ``position`` [s] of mid-record after the trigger; number of segments."""

    span: float
    position: float = 0.0
    segments: int = 1
    points: int | None = None  #: record length asked for; None = the instrument's best


@dataclass(frozen=True)
class EdgeTrigger:
    """Edge trigger; ``source`` is a channel number or "external"."""

    source: int | Literal["external"]
    level: float  #: [V]
    slope: Literal["positive", "negative"] = "positive"
    holdoff: float | None = None  #: [s]


@dataclass(frozen=True)
class LowImpedanceInput:
    """The 50 Ohm input of a scope, which may also serve as the resistor that senses a current.

    Tolerance: 50 Ohm ±1.5 % is the specification of the Infiniium 8000 (service guide, page 42: test of the input
    resistance). Not compared with a data sheet: the tolerance of the other models, and the 5 V of all of them, which
    is the usual value.
    """

    range: float  #: [V] largest full scale
    tolerance: float = 0.015  #: of its resistance, relative limit
    rating: float = 5.0  #: [V rms] largest voltage that it withstands
    resistance: float = 50.0  #: [Ohm]


LONGEST_RECORD = 1e3  #: [s] for scopes of which no longest one is known, and the most that is asked of any


@dataclass(frozen=True)
class OscilloscopeCapabilities:
    """Limits as data."""

    channels: int
    bandwidth: float  #: [Hz]
    sample_rate: float  #: [Hz]
    record_length: int
    segments: int
    range: Range
    gain_accuracy: float  #: relative to full scale
    offset_accuracy: float  #: relative to full scale
    timebase_accuracy: float  #: relative
    resolution_bits: int
    #: (offset [V], range [V] that is needed for more than it), ascending
    offset_limits: tuple[tuple[float, float], ...] = ()
    external_trigger: bool = True  #: whether it has an external trigger input
    low_impedance: LowImpedanceInput | None = None  #: the 50 Ohm input; None: there is none
    #: [V] DC or rms that an input of 1 MOhm withstands without a probe. Not compared with a data sheet: the 135 V rms
    #: of recent InfiniiVision models count for every model. Many withstand more (an early sheet of the DSO-X 2000
    #: gives 300 V rms), none of those known less
    input_rating: float = 135.0

    #: of probes, that can be set; empty: every one
    attenuations: tuple[float, ...] = ()
    span: Range | None = None  #: [s] of a record; None: not known
    position: Range | None = None  #: [s] of mid-record after the trigger; None: not known

    @property
    def longest_record(self) -> float:
        """Return the time [s] of the longest record that is asked for: that of the scope, and no more than 1 ks."""
        return LONGEST_RECORD if self.span is None else min(self.span.high, LONGEST_RECORD)

    def widest_range(self, impedance: Literal["50", "1M"]) -> float:
        """Return the largest range [V] of an input of this impedance."""
        return self.range.high if impedance == "1M" or self.low_impedance is None else self.low_impedance.range

    def least_range(self, offset: float) -> float:
        """Return the smallest range [V] in which ``offset`` [V] can be set."""
        needed = [span for largest, span in self.offset_limits if abs(offset) > largest]
        return max(needed, default=self.range.low)


@runtime_checkable
class Oscilloscope(InstrumentBase, Protocol):
    """Arm, verify, wait, fetch."""

    capabilities: OscilloscopeCapabilities

    def configure_channel(self, channel: int, vertical: Vertical) -> Vertical:
        """Set a channel up and switch it on; return it as the instrument has it."""

    def disable_channel(self, channel: int) -> None:
        """Switch a channel off: it takes no memory, and no record has it."""

    def configure_timebase(self, timebase: Timebase) -> Timebase:
        """Set span, position, segments and record length; return them as the instrument has them."""

    def configure_trigger(self, trigger: EdgeTrigger) -> EdgeTrigger:
        """Set the edge that triggers; return it as the instrument has it."""

    def arm(self) -> None:
        """Start one acquisition; returns when the scope says it is armed (pre-trigger memory filled)."""

    def triggered(self) -> bool:
        """Whether a trigger has come since ``arm``; never blocks longer than 100 ms."""

    def complete(self) -> bool:
        """Whether the acquisition (all segments) is complete; never blocks longer than 100 ms."""

    def force_trigger(self) -> None:
        """Trigger now, as if the edge had come."""

    def fetch(self, channels: Sequence[int]) -> dict[int, Waveform]:
        """Read the finished acquisition; ``Waveform.channel`` is the channel number as text."""

    def abort(self) -> None:
        """Stop the acquisition; nothing happens where none runs."""
