"""What a protocol may ask of an instrument: small capabilities in SI units, for metal and simulation alike.

Settings go in as frozen dataclasses and come back as the instrument accepted them (read back, never assumed).
Long operations are start, poll, fetch, so that a stop is heard between two polls.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from tsbench.records import Flag, FloatArray, Identity, Waveform

# ------------------------------------------------------------------------------------------------ common


@dataclass(frozen=True)
class Range:
    """Closed interval of a quantity that an instrument accepts."""

    low: float
    high: float
    unit: str


@dataclass(frozen=True)
class Accuracy:
    """One-year accuracy of a range: ± (gain * |reading| + offset), and the noise of a reading at 1 NPLC."""

    full_scale: float  #: [unit]
    gain: float  #: relative
    offset: float  #: [unit]
    noise: float = 0.0  #: [unit] rms at 1 NPLC


@dataclass(frozen=True)
class OutputState:
    """One output as read back from the instrument."""

    output: str  #: "source_meter", "generator.1"
    enabled: bool


@runtime_checkable
class InstrumentBase(Protocol):
    """What every driver does, whatever it measures."""

    identity: Identity

    def safe_state(self) -> None:
        """Switch all outputs off by the quickest clean way; sources to zero. Never raises LimitError."""

    def output_states(self) -> Sequence[OutputState]:
        """Read back every output from the instrument."""

    def clear(self) -> None:
        """Device clear: abandon pending messages and operations."""

    def check_errors(self) -> None:
        """Empty the instrument's error queue; InstrumentError with all entries if there are any."""

    def accepted_settings(self) -> Mapping[str, object]:
        """Return what the run file should hold of the set-up, SI units; no message is sent.

        Each value is the one that was read back when it was last set, or when another setting may have moved it: making
        safe brings levels to zero, and the set-up that was measured with must still be known after it.
        """

    def close(self) -> None: ...


# ------------------------------------------------------------------------------------------ source meter


@dataclass(frozen=True)
class SourceSettings:
    """Sourced ``function``; ``range`` [V or A] fixed, None = auto; ``limit`` = compliance [A or V].

    Messages and parameters say compliance. ``limit`` is the word of the instruments' commands for the same thing.
    """

    function: Literal["voltage", "current"]
    limit: float
    range: float | None = None
    high_capacitance: bool = False


@dataclass(frozen=True)
class MeasureSettings:
    """Measured function (current when sourcing voltage), fixed ``range`` or None = auto, aperture in NPLC."""

    function: Literal["voltage", "current"]
    range: float | None = None
    nplc: float = 1.0
    auto_zero: bool = True


@dataclass(frozen=True)
class Reading:
    """One reading; ``voltage`` and ``current`` are NaN only together with Flag.OVERFLOW."""

    time: float  #: [s] since the source meter's own reference
    source: float  #: set-point [V or A]
    voltage: float  #: [V] at the instrument's sense terminals (read back, or the programmed level)
    current: float  #: [A]
    flags: Flag = Flag.NONE


@dataclass(frozen=True)
class SourceMeterCapabilities:
    """Limits and accuracies as data, so that a plan can be refused before it starts."""

    source_voltage: Range
    source_current: Range
    compliance_current: Range
    compliance_voltage: Range
    nplc: Range
    maximum_sweep_points: int  #: of one ``start_sweep``; 1: the source meter has no sweeps
    minimum_dwell: float  #: [s]
    current_accuracy: tuple[Accuracy, ...]  #: measuring, by range, ascending
    voltage_accuracy: tuple[Accuracy, ...]
    source_voltage_accuracy: tuple[Accuracy, ...]
    source_current_accuracy: tuple[Accuracy, ...]
    line_frequency: float  #: [Hz]


@runtime_checkable
class SourceMeter(InstrumentBase, Protocol):
    """Source one quantity under compliance, measure the other."""

    capabilities: SourceMeterCapabilities

    @property
    def source(self) -> SourceSettings | None:
        """Return the source as it was last *read* to be set (None before it is configured).

        Read again after every setting that may move its limit: it may differ from what ``configure_source`` returned.
        """

    def configure_source(self, settings: SourceSettings) -> SourceSettings:
        """Set function, range and compliance, read them back, and return them as the instrument has them.

        A change of the function sets the level to 0 V or 0 A. The output may stay on or go off with it.

        Raises
        ------
        InstrumentError
            The instrument has set something else.
        """

    def configure_measure(self, settings: MeasureSettings) -> MeasureSettings:
        """Set what is measured, its range and its aperture, read them back, and return them."""

    def set_level(self, level: float) -> None:
        """Set the source level [V or A]; settles before the next reading."""

    def set_output(self, enabled: bool) -> None:
        """Switch the output. The level stays as it is; off must also work while a sweep runs."""

    def measure(self) -> Reading:
        """Take one reading at the present level, and wait for it."""

    def start_sweep(self, levels: FloatArray, dwell: float) -> None:
        """Start a sweep of ``levels`` [V or A], shape (n,), with ``dwell`` [s] at each before reading.

        It may switch the output on by itself. It returns before the sweep is over.
        """

    def poll_sweep(self) -> int:
        """Return how many points the running sweep has measured; never blocks longer than 100 ms."""

    def sweep_running(self) -> bool:
        """Whether the sweep is still running; never blocks longer than 100 ms."""

    def fetch_sweep(self, first: int, last: int) -> list[Reading]:
        """Return readings ``first`` (0-based) up to but not including ``last``."""

    def abort(self) -> None:
        """Stop a sweep; nothing happens where none runs. The output stays as it is."""


# --------------------------------------------------------------------------------------- pulse generator


@dataclass(frozen=True)
class Pulse:
    """One pulse, levels in volts into ``load_resistance`` (inf: open circuit); width at 50 %."""

    base: float  #: [V]
    amplitude: float  #: [V] top level above base (negative: pulse downwards)
    width: float  #: [s] at 50 %
    period: float  #: [s]
    rise_time: float  #: [s] 10-90 %
    fall_time: float  #: [s]


@dataclass(frozen=True)
class ArbitraryWaveform:
    """Levels [V into the set load], shape (n,), played at ``sample_rate`` [Hz]; idles at ``levels[0]``."""

    levels: npt.NDArray[np.float64]
    sample_rate: float
    interpolation: Literal["step", "linear"] = "step"


@dataclass(frozen=True)
class PulseGeneratorCapabilities:
    """Limits of one output as data."""

    level_into_50_ohm: Range
    level_into_open: Range
    pulse_width: Range
    pulse_period: Range
    edge_time: Range
    burst_count: Range
    sample_rate: Range
    arbitrary_points: Range
    output_resistance: float  #: [Ohm]
    level_accuracy: Accuracy
    timebase_accuracy: float  #: relative


@runtime_checkable
class PulseGenerator(InstrumentBase, Protocol):
    """One output channel of a generator. Levels are what a load of ``load_resistance`` would see."""

    capabilities: PulseGeneratorCapabilities
    channel: int

    def configure_load(self, load_resistance: float) -> float:
        """Set the load [Ohm] for which levels are given (inf: open circuit), and return it as read back."""

    def configure_level_limits(self, low: float, high: float) -> tuple[float, float]:
        """Set the generator's own level limits [V]."""

    def configure_pulse(self, pulse: Pulse) -> Pulse:
        """Set up a pulse, and return it as the instrument has it."""

    def configure_level(self, level: float) -> float:
        """DC output [V]."""

    def load_waveform(self, waveform: ArbitraryWaveform) -> None:
        """Send a waveform to the instrument and select it; it idles at its first level."""

    def configure_burst(self, count: int, source: Literal["bus", "external"] = "bus") -> int:
        """One trigger plays ``count`` pulses (or waveforms); returns the accepted count."""

    def set_output(self, enabled: bool) -> None:
        """Switch this output; off must also work while a burst runs."""

    def trigger(self) -> None:
        """Start the burst; returns without waiting for its end."""

    def burst_running(self) -> bool:
        """Whether a burst is running; never blocks longer than 100 ms."""

    def abort(self) -> None:
        """Stop a burst; nothing happens where none runs. The output stays on, at its base level."""


# ------------------------------------------------------------------------------------------ oscilloscope


@dataclass(frozen=True)
class Vertical:
    """One channel: full-scale ``range`` [V], ``offset`` [V] at mid-screen, input 50 Ohm or 1 MOhm."""

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

    def least_range(self, offset: float) -> float:
        """Return the smallest range [V] in which ``offset`` [V] can be set."""
        needed = [span for largest, span in self.offset_limits if abs(offset) > largest]
        return max(needed, default=self.range.low)


@runtime_checkable
class Oscilloscope(InstrumentBase, Protocol):
    """Arm, verify, wait, fetch."""

    capabilities: OscilloscopeCapabilities

    def configure_channel(self, channel: int, vertical: Vertical) -> Vertical: ...
    def disable_channel(self, channel: int) -> None: ...
    def configure_timebase(self, timebase: Timebase) -> Timebase: ...
    def configure_trigger(self, trigger: EdgeTrigger) -> EdgeTrigger: ...
    def arm(self) -> None:
        """Start one acquisition; returns when the scope says it is armed (pre-trigger memory filled)."""

    def triggered(self) -> bool: ...
    def complete(self) -> bool:
        """Whether the acquisition (all segments) is complete; never blocks longer than 100 ms."""

    def force_trigger(self) -> None: ...
    def fetch(self, channels: Sequence[int]) -> dict[int, Waveform]:
        """Read the finished acquisition; ``Waveform.channel`` is the channel number as text."""

    def abort(self) -> None: ...
