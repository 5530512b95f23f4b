"""A bench that records what it is asked and answers by arithmetic: for the protocols' unit tests."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.instruments import (
    Accuracy,
    OscilloscopeCapabilities,
    PulseGeneratorCapabilities,
    Range,
    Reading,
    ScopeChannel,
    SourceMeterCapabilities,
)
from tsbench.records import DeviceDescription, DeviceLimits, Fixture, Flag, Sensing, Waveform


class FakeClock:
    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        assert seconds >= 0
        self.time += seconds


class FakeInstrument:
    """Remembers every call as (method, arguments)."""

    def __init__(self, station: "FakeStation") -> None:
        self.station = station
        self.calls: list[tuple[str, Any]] = []
        self.output = False

    def note(self, method: str, argument: Any = None) -> None:
        self.calls.append((method, argument))
        self.station.calls.append((type(self).__name__, method, argument))

    def named(self, method: str) -> list[Any]:
        return [argument for name, argument in self.calls if name == method]

    def set_output(self, enabled: bool) -> None:
        self.note("set_output", enabled)
        self.output = enabled

    def abort(self) -> None:
        self.note("abort")


class FakeMeter(FakeInstrument):
    """A source meter on a resistor with compliance; points of a sweep appear as the clock goes on."""

    capabilities = SourceMeterCapabilities(
        source_voltage=Range(-210, 210, "V"),
        source_current=Range(-1.05, 1.05, "A"),
        compliance_current=Range(1e-9, 1.05, "A"),
        compliance_voltage=Range(0.02, 210, "V"),
        nplc=Range(0.01, 10, ""),
        maximum_sweep_points=2500,
        minimum_dwell=50e-6,
        current_accuracy=(Accuracy(1e-3, 2e-4, 6e-8),),
        voltage_accuracy=(Accuracy(2, 2e-4, 3e-4),),
        source_voltage_accuracy=(Accuracy(2, 2e-4, 3e-4),),
        source_current_accuracy=(Accuracy(1e-3, 2e-4, 6e-8),),
        line_frequency=50.0,
    )

    def __init__(self, station: "FakeStation") -> None:
        super().__init__(station)
        self.resistance = 10e3
        self.level = 0.0
        self.stuck = False

    def configure_source(self, settings: Any) -> Any:
        self.note("configure_source", settings)
        self.source = settings
        return settings

    def configure_measure(self, settings: Any) -> Any:
        self.note("configure_measure", settings)
        self.measure_settings = settings
        return settings

    def set_level(self, level: float) -> None:
        self.note("set_level", level)
        self.level = level

    def _reading(self, level: float, time: float) -> Reading:
        voltage, current = (level, level / self.resistance)
        if self.source.function == "current":
            voltage, current = level * self.resistance, level
        limited = abs(current if self.source.function == "voltage" else voltage) > self.source.limit
        if limited and self.source.function == "voltage":
            current = float(np.sign(current)) * self.source.limit
            voltage = current * self.resistance
        return Reading(time, level, voltage, current, Flag.COMPLIANCE if limited else Flag.NONE)

    def measure(self) -> Reading:
        self.note("measure")
        self.station.clock.wait(0.02)
        return self._reading(self.level, self.station.clock.now())

    def start_sweep(self, levels: Any, dwell: float) -> None:
        self.note("start_sweep", levels)
        assert self.output, "a sweep with the output off measures nothing"
        self.levels, self.began, self.each = levels, self.station.clock.now(), dwell + 0.02

    def poll_sweep(self) -> int:
        if self.stuck:
            return 0
        done = min(int((self.station.clock.now() - self.began) / self.each), len(self.levels))
        if done:
            self.level = float(self.levels[done - 1])
        return done

    def sweep_running(self) -> bool:
        return self.poll_sweep() < len(self.levels)

    def fetch_sweep(self, first: int, last: int) -> list[Reading]:
        return [self._reading(float(self.levels[k]), k * self.each) for k in range(first, last)]


class FakeGenerator(FakeInstrument):
    capabilities = PulseGeneratorCapabilities(
        level_into_50_ohm=Range(-5, 5, "V"),
        level_into_open=Range(-10, 10, "V"),
        pulse_width=Range(5e-9, 1e3, "s"),
        pulse_period=Range(8.3e-9, 1e6, "s"),
        edge_time=Range(2.9e-9, 1e-6, "s"),
        burst_count=Range(1, 1e8, ""),
        sample_rate=Range(1e-6, 1e9, "Hz"),
        arbitrary_points=Range(32, 4e6, ""),
        output_resistance=50.0,
        level_accuracy=Accuracy(10, 0.01, 1e-3),
        timebase_accuracy=1e-6,
    )
    channel = 1

    def __init__(self, station: "FakeStation") -> None:
        super().__init__(station)
        self.level = 0.0
        self.burst = 1

    def configure_load(self, resistance: float) -> float:
        self.note("configure_load", resistance)
        return resistance

    def configure_level_limits(self, low: float, high: float) -> tuple[float, float]:
        self.note("configure_level_limits", (low, high))
        return low, high

    def configure_pulse(self, pulse: Any) -> Any:
        self.output = False
        self.note("configure_pulse", pulse)
        self.pulse = pulse
        return pulse

    def configure_level(self, level: float) -> float:
        self.note("configure_level", level)
        assert self.output or level == 0.0
        self.level = level
        return level

    def load_waveform(self, waveform: Any) -> None:
        self.note("load_waveform", waveform)
        self.output = False

    def configure_burst(self, count: int, source: str = "bus") -> int:
        self.note("configure_burst", count)
        self.burst = count
        return count

    def trigger(self) -> None:
        self.note("trigger")
        assert self.output, "a trigger with the output off sends nothing"
        self.station.scope.pulses_seen += self.burst

    def burst_running(self) -> bool:
        return False


class FakeScope(FakeInstrument):
    """Answers with ``signal(channel, times)`` [V] in 8-bit codes over the set range."""

    capabilities = OscilloscopeCapabilities(
        channels=4,
        bandwidth=500e6,
        sample_rate=2.5e9,
        record_length=2_000_000,
        segments=1000,
        range=Range(8e-3, 40.0, "V"),
        gain_accuracy=0.02,
        offset_accuracy=0.01,
        timebase_accuracy=1.6e-6,
        resolution_bits=8,
    )

    def __init__(self, station: "FakeStation") -> None:
        super().__init__(station)
        self.vertical: dict[int, Any] = {}
        self.pulses_seen = 0
        self.misses: list[int] = []  #: pulses to miss, one entry an acquisition
        self.forced = self.armed = False
        self.signal: Callable[[int, Any], Any] = lambda channel, times: np.zeros_like(times)
        self.random = np.random.default_rng(1)

    def configure_channel(self, channel: int, vertical: Any) -> Any:
        self.note("configure_channel", (channel, vertical))
        self.vertical[channel] = vertical
        return vertical

    def disable_channel(self, channel: int) -> None:
        self.note("disable_channel", channel)

    def configure_timebase(self, timebase: Any) -> Any:
        self.note("configure_timebase", timebase)
        self.timebase = timebase
        return timebase

    def configure_trigger(self, trigger: Any) -> Any:
        self.note("configure_trigger", trigger)
        return trigger

    def arm(self) -> None:
        self.note("arm")
        self.pulses_seen, self.forced, self.armed = 0, False, True
        self.missing = self.misses.pop(0) if self.misses else 0

    def triggered(self) -> bool:
        return self.forced or self.pulses_seen > self.missing

    def complete(self) -> bool:
        return self.forced or self.pulses_seen - self.missing >= self.timebase.segments

    def force_trigger(self) -> None:
        self.note("force_trigger")
        self.forced = True

    def fetch(self, channels: Any) -> dict[int, Waveform]:
        segments = self.timebase.segments if self.complete() else max(self.pulses_seen - self.missing, 0)
        points = min(self.timebase.points or 1000, int(self.timebase.span * self.capabilities.sample_rate))
        dt = self.timebase.span / points
        times = self.timebase.position - self.timebase.span / 2 + dt * np.arange(points)
        waveforms = {}
        for channel in channels:
            vertical = self.vertical[channel]
            scale = vertical.range / 200
            values = self.signal(channel, times)[None, :] + self.random.normal(0, scale, (segments, points))
            codes = np.clip(np.round((values - vertical.offset) / scale), -127, 127).astype(np.int8)
            period = getattr(self.station.generator, "pulse", None)
            steps = np.arange(segments) * (period.period if period else 0.0)
            waveforms[channel] = Waveform(
                str(channel), "V", codes, scale, vertical.offset, float(times[0]), dt, steps, -127, 127
            )
        return waveforms


@dataclass
class FakeStation:
    """The protocols' side of a bench."""

    limits: DeviceLimits = field(default_factory=lambda: DeviceLimits(max_voltage=4.0, max_current=20e-3))

    def __post_init__(self) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.clock = FakeClock()
        self.positioner = None
        self.meter, self.generator, self.scope = FakeMeter(self), FakeGenerator(self), FakeScope(self)
        self.bias = FakeGenerator(self)
        self.roles = {"drive", "pulser", "bias", "scope"}
        self.fixture = Fixture(
            "",
            sensing=Sensing("scope.1", "scope.2", "scope.2", 50.0),
            path_resistance={"drive": 52.0, "pulser": 102.0, "bias": 5100.0},
            parallel_capacitance=80e-12,
        )

    @property
    def device(self) -> DeviceDescription:
        return DeviceDescription("D1", limits=self.limits)

    def without_scope(self) -> "FakeStation":
        self.roles.discard("scope")
        self.fixture = replace(self.fixture, sensing=Sensing())
        return self

    def has(self, role: str) -> bool:
        return role in self.roles

    def source_meter(self, role: str = "drive") -> FakeMeter:
        if role != "drive":
            raise ConfigurationError(f"{role} is no source meter")
        return self.meter

    def pulse_generator(self, role: str = "pulser") -> FakeGenerator:
        if role not in {"pulser", "bias"}:
            raise ConfigurationError(f"{role} is no generator")
        return self.generator if role == "pulser" else self.bias

    def oscilloscope(self, role: str = "scope") -> FakeScope:
        return self.scope

    def scope_channel(self, terminal: str) -> ScopeChannel:
        return ScopeChannel(self.scope, int(terminal.rpartition(".")[2]))


class FakeRecorder:
    def __init__(self) -> None:
        self.points: list[Any] = []
        self.waveforms: list[Waveform] = []
        self.events: list[Any] = []

    def point(self, point: Any) -> None:
        self.points.append(point)

    def waveform(self, waveform: Waveform) -> None:
        self.waveforms.append(waveform)

    def event(self, event: Any) -> None:
        self.events.append(event)

    def texts(self, kind: str) -> list[str]:
        return [event.message for event in self.events if event.kind == kind]


@pytest.fixture
def station() -> Iterator[FakeStation]:
    yield FakeStation()


@pytest.fixture(scope="session")
def new_station() -> type[FakeStation]:
    return FakeStation


@pytest.fixture
def recorder() -> FakeRecorder:
    return FakeRecorder()


@pytest.fixture(scope="session")
def new_recorder() -> type[FakeRecorder]:
    return FakeRecorder
