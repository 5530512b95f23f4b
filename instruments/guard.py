"""The guard: the one place that every set-point passes between a protocol and a driver.

A guarded instrument satisfies the same capability as the driver it wraps. Before a message is sent it checks
the request against the model's capabilities and, through the wiring, against the limits of the device.
Making safe, aborting and switching off always pass.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from tsbench.errors import LimitError
from tsbench.instruments.interfaces import (
    ArbitraryWaveform,
    EdgeTrigger,
    InstrumentBase,
    MeasureSettings,
    Oscilloscope,
    OutputState,
    Pulse,
    PulseGenerator,
    Range,
    Reading,
    SourceMeter,
    SourceSettings,
    Timebase,
    Vertical,
)
from tsbench.instruments.levels import emf_of_level
from tsbench.instruments.limits import (
    DeviceGuard,
    Path,
    WorstCase,
    require_finite,
    require_in_range,
    worst_case_of_current,
    worst_case_of_voltage,
)
from tsbench.records import DeviceLimits, FloatArray, Identity, Waveform

_NO_LEVEL = 1e6  #: [V] beyond what any generator makes: no level limits


@dataclass(frozen=True)
class Post:
    """Where a guard stands: who asks (``drive (Keithley 2450, …)``), over which path, for which device."""

    subject: str
    path: Path = field(default_factory=Path)
    device: DeviceGuard = field(default_factory=lambda: DeviceGuard(DeviceLimits()))


class _Guarded:
    """What is passed on unchecked, for every kind of instrument."""

    def __init__(self, driver: InstrumentBase, post: Post) -> None:
        self._driver = driver
        self.post = post
        self.identity: Identity = driver.identity

    def safe_state(self) -> None:
        self._driver.safe_state()

    def output_states(self) -> Sequence[OutputState]:
        return self._driver.output_states()

    def clear(self) -> None:
        self._driver.clear()

    def check_errors(self) -> None:
        self._driver.check_errors()

    def settings(self) -> Mapping[str, object]:
        return self._driver.settings()

    def close(self) -> None:
        self._driver.close()


class GuardedSourceMeter(_Guarded):
    """A source meter whose every level and compliance is checked."""

    def __init__(self, driver: SourceMeter, post: Post) -> None:
        super().__init__(driver, post)
        self.driver = driver
        self.capabilities = driver.capabilities
        self._source: SourceSettings | None = None
        self._level = 0.0

    def configure_source(self, settings: SourceSettings) -> SourceSettings:
        """Check compliance (and range) against instrument and device, then set."""
        subject, caps = self.post.subject, self.capabilities
        if settings.function == "voltage":
            require_in_range(subject, "compliance_current", settings.limit, caps.compliance_current)
            self.post.device.require(subject, "compliance_current", settings.limit, "max_current")
            allowed = caps.source_voltage
        else:
            require_in_range(subject, "compliance_voltage", settings.limit, caps.compliance_voltage)
            self.post.device.require(subject, "compliance_voltage", settings.limit, "max_voltage")
            allowed = caps.source_current
        if settings.range is not None:
            require_in_range(subject, "source range", settings.range, Range(0.0, allowed.high, allowed.unit))
        if self._source is not None and self._source.function == settings.function:
            self._require_level(self._level, settings)
        accepted = self.driver.configure_source(settings)
        if self._source is None or self._source.function != settings.function:
            self._level = 0.0
        self._source = accepted
        return accepted

    def configure_measure(self, settings: MeasureSettings) -> MeasureSettings:
        """Check aperture and range, then set."""
        subject, caps = self.post.subject, self.capabilities
        require_in_range(subject, "nplc", settings.nplc, caps.nplc)
        if settings.range is not None:
            allowed = caps.source_current if settings.function == "current" else caps.source_voltage
            require_in_range(
                subject, "measuring range", settings.range, Range(0.0, allowed.high, allowed.unit)
            )
        return self.driver.configure_measure(settings)

    def set_level(self, level: float) -> None:
        """Check the level at the device, then set it."""
        self._require_level(level, self._configured())
        self.driver.set_level(level)
        self._level = level

    def set_output(self, enabled: bool) -> None:
        """Switch off always; on only if what is configured is allowed."""
        if enabled:
            self._require_level(self._level, self._configured())
        self.driver.set_output(enabled)

    def measure(self) -> Reading:
        return self.driver.measure()

    def start_sweep(self, levels: FloatArray, dwell: float) -> None:
        """Check every level of the list, then start."""
        source, caps = self._configured(), self.capabilities
        values = np.asarray(levels, dtype=np.float64)
        count = Range(1, caps.maximum_sweep_points, "")
        require_in_range(self.post.subject, "number of sweep points", values.size, count)
        if dwell != 0:
            require_in_range(self.post.subject, "dwell", dwell, Range(caps.minimum_dwell, 1e4, "s"))
        for level in _extremes(values):
            self._require_level(level, source)
        self.driver.start_sweep(values, dwell)
        self._level = float(values[-1])

    def poll_sweep(self) -> int:
        return self.driver.poll_sweep()

    def sweep_running(self) -> bool:
        return self.driver.sweep_running()

    def fetch_sweep(self, first: int, last: int) -> list[Reading]:
        return self.driver.fetch_sweep(first, last)

    def abort(self) -> None:
        self.driver.abort()

    def worst_case(self, level: float, source: SourceSettings) -> WorstCase:
        """Return the most the device can see at one level."""
        if source.function == "voltage":
            return worst_case_of_voltage(level, self.post.path, source.limit)
        return worst_case_of_current(level, source.limit)

    def _configured(self) -> SourceSettings:
        if self._source is None:
            raise LimitError(f"{self.post.subject}: no compliance is set yet; configure the source first")
        return self._source

    def _require_level(self, level: float, source: SourceSettings) -> None:
        caps = self.capabilities
        allowed = caps.source_voltage if source.function == "voltage" else caps.source_current
        quantity = f"source {source.function}"
        require_in_range(self.post.subject, quantity, level, allowed)
        self.post.device.require_worst_case(self.post.subject, quantity, self.worst_case(level, source))


class GuardedPulseGenerator(_Guarded):
    """One generator output whose every level is checked as the EMF it makes behind its output resistance."""

    def __init__(self, driver: PulseGenerator, post: Post) -> None:
        super().__init__(driver, post)
        self.driver = driver
        self.capabilities = driver.capabilities
        self.channel = driver.channel
        self._load = 50.0
        self._emfs: tuple[float, ...] = ()  #: [V] extremes of what is configured
        self._duration: float | None = None  #: [s] of one event
        self._limits = (-_NO_LEVEL, _NO_LEVEL)

    def configure_load(self, load_resistance: float) -> float:
        if not load_resistance >= 1.0:
            raise LimitError(
                f"{self.post.subject}: load {load_resistance:g} Ohm must be 1 Ohm or more (inf: open)"
            )
        accepted = self.driver.configure_load(load_resistance)
        if accepted != self._load:  # level limits are volts into the load
            self._limits = (-_NO_LEVEL, _NO_LEVEL)
        self._load = accepted
        return self._load

    def configure_level_limits(self, low: float, high: float) -> tuple[float, float]:
        for level in (low, high):
            require_in_range(self.post.subject, "level limit", level, self.level_range())
        self._limits = self.driver.configure_level_limits(low, high)
        return self._limits

    def configure_pulse(self, pulse: Pulse) -> Pulse:
        """Check base, top, width, period and edges, then set."""
        subject, caps = self.post.subject, self.capabilities
        require_in_range(subject, "pulse width", pulse.width, caps.pulse_width)
        require_in_range(subject, "pulse period", pulse.period, caps.pulse_period)
        for name, edge in (("rise_time", pulse.rise_time), ("fall_time", pulse.fall_time)):
            require_in_range(subject, name, edge, caps.edge_time)
        duration = pulse.width + pulse.fall_time
        self._require_levels({"pulse base": pulse.base, "pulse top": pulse.base + pulse.amplitude}, duration)
        accepted = self.driver.configure_pulse(pulse)
        self._remember((pulse.base, pulse.base + pulse.amplitude), duration)
        return accepted

    def configure_level(self, level: float) -> float:
        self._require_levels({"level": level}, None)
        accepted = self.driver.configure_level(level)
        self._remember((level,), None)
        return accepted

    def load_waveform(self, waveform: ArbitraryWaveform) -> None:
        """Check every level of the waveform, its length and its rate, then load it."""
        subject, caps = self.post.subject, self.capabilities
        levels = np.asarray(waveform.levels, dtype=np.float64)
        require_in_range(subject, "number of waveform points", levels.size, caps.arbitrary_points)
        require_in_range(subject, "sample_rate", waveform.sample_rate, caps.sample_rate)
        low, high = _extremes(levels)
        duration = levels.size / waveform.sample_rate
        self._require_levels({"lowest waveform level": low, "highest waveform level": high}, duration)
        self.driver.load_waveform(waveform)
        self._remember((low, high), duration)

    def configure_burst(self, count: int, source: Literal["bus", "external"] = "bus") -> int:
        require_in_range(self.post.subject, "burst count", count, self.capabilities.burst_count)
        return self.driver.configure_burst(count, source)

    def set_output(self, enabled: bool) -> None:
        """Switch off always; on only if what is configured is allowed."""
        if enabled:
            if not self._emfs:
                raise LimitError(
                    f"{self.post.subject}: no level is set yet; configure a pulse, level or waveform first"
                )
            for emf in self._emfs:
                self._require_emf("output on", emf, self._duration)
        self.driver.set_output(enabled)

    def trigger(self) -> None:
        self.driver.trigger()

    def burst_running(self) -> bool:
        return self.driver.burst_running()

    def abort(self) -> None:
        self.driver.abort()

    def level_range(self) -> Range:
        """Return the levels [V into the set load] that the instrument can make."""
        top = self.capabilities.level_into_open.high
        allowed = top / emf_of_level(1.0, self._load, self.capabilities.output_resistance)
        return Range(-allowed, allowed, "V")

    def _require_levels(self, levels: Mapping[str, float], duration: float | None) -> None:
        for name, level in levels.items():
            require_in_range(self.post.subject, name, level, self.level_range())
            low, high = self._limits
            require_in_range(self.post.subject, name, level, Range(low, high, "V"), "the level limits")
            emf = emf_of_level(level, self._load, self.capabilities.output_resistance)
            self._require_emf(name, emf, duration)

    def _require_emf(self, name: str, emf: float, duration: float | None) -> None:
        require_finite(self.post.subject, name, emf)
        worst = worst_case_of_voltage(emf, self.post.path)
        self.post.device.require_worst_case(self.post.subject, name, worst, duration)

    def _remember(self, levels: Sequence[float], duration: float | None) -> None:
        resistance = self.capabilities.output_resistance
        self._emfs = tuple(emf_of_level(level, self._load, resistance) for level in levels)
        self._duration = duration


class GuardedOscilloscope(_Guarded):
    """A scope makes no level; its settings are checked for range and number."""

    def __init__(self, driver: Oscilloscope, post: Post) -> None:
        super().__init__(driver, post)
        self.driver = driver
        self.capabilities = driver.capabilities

    def configure_channel(self, channel: int, vertical: Vertical) -> Vertical:
        subject = f"{self.post.subject} channel {channel}"
        self._require_channel(channel)
        require_finite(subject, "offset", vertical.offset)
        allowed = self.capabilities.range
        scaled = replace(allowed, low=allowed.low * vertical.probe_attenuation,
                         high=allowed.high * vertical.probe_attenuation)
        require_in_range(subject, "range", vertical.range, scaled)
        return self.driver.configure_channel(channel, vertical)

    def disable_channel(self, channel: int) -> None:
        self._require_channel(channel)
        self.driver.disable_channel(channel)

    def configure_timebase(self, timebase: Timebase) -> Timebase:
        require_finite(self.post.subject, "position", timebase.position)
        require_in_range(self.post.subject, "span", timebase.span, Range(1e-9, 1e3, "s"))
        require_in_range(
            self.post.subject, "segments", timebase.segments, Range(1, self.capabilities.segments, "")
        )
        return self.driver.configure_timebase(timebase)

    def configure_trigger(self, trigger: EdgeTrigger) -> EdgeTrigger:
        require_finite(self.post.subject, "trigger level", trigger.level)
        if isinstance(trigger.source, int):
            self._require_channel(trigger.source)
        return self.driver.configure_trigger(trigger)

    def arm(self) -> None:
        self.driver.arm()

    def triggered(self) -> bool:
        return self.driver.triggered()

    def complete(self) -> bool:
        return self.driver.complete()

    def force_trigger(self) -> None:
        self.driver.force_trigger()

    def fetch(self, channels: Sequence[int]) -> dict[int, Waveform]:
        for channel in channels:
            self._require_channel(channel)
        return self.driver.fetch(channels)

    def abort(self) -> None:
        self.driver.abort()

    def _require_channel(self, channel: int) -> None:
        require_in_range(self.post.subject, "channel", channel, Range(1, self.capabilities.channels, ""))


def _extremes(values: FloatArray) -> tuple[float, float]:
    """Return lowest and highest, NaN if there is any: who checks both has checked every one."""
    if values.size == 0:
        return np.nan, np.nan
    return float(np.min(values)), float(np.max(values))
