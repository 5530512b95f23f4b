"""Relaxation: a pulse switches the device on, then its current at a low read level is followed until it is off."""

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from tsbench.errors import ConfigurationError
from tsbench.instruments import Plan, Pulse, PulseGenerator, Station, Timebase
from tsbench.protocols.device_view import DeviceView, clipped, device_view
from tsbench.protocols.fields import VoltsList
from tsbench.protocols.protocol import Protocol
from tsbench.protocols.pulse_layout import RecordLayout, aim, edges_width, pulse_preview, tail_layout
from tsbench.protocols.pulse_shot import Shooter, Shot
from tsbench.protocols.waiting import steps_for
from tsbench.protocols.worst_case import behind_resistance, limit_refusals, range_refusal, worst_case
from tsbench.quantities import Amperes, Number, Seconds, Volts, format_quantity
from tsbench.records import Column, Flag, Point, Recorder, RunEvent, Step

#: [s] arming, transfer and set-up of one scope acquisition
_OVERHEAD = 0.1


class Relaxation(Protocol):
    """Switch the device on with a pulse, then record its current at a sub-threshold read level until it has relaxed.

    One record of the scope's memory holds the pulse and the time after it, so that the current is known from one
    sample after the falling edge to the end of the window. The relaxation time runs from the falling edge (50 %) to
    the current staying below ``level``, or below ``fraction`` of what it is right after the edge.
    """

    name: ClassVar[str] = "relaxation"
    title: ClassVar[str] = "Relaxation after a pulse"
    analyses: ClassVar[tuple[str, ...]] = ("relaxation",)
    roles: ClassVar[tuple[str, ...]] = ("pulser", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("shot", "", "number of the pulse, from 0"),
        Column("time", "s", "of the pulse's edge, on the bench's clock"),
        Column("amplitude", "V", "above the read level, generator open"),
        Column("width", "s", "at 50 %"),
        Column("rest", "s", "from the end of the record before, 0 for the first"),
    )

    amplitude: VoltsList = Field((1.4,), min_length=1, description="pulse heights above base, one series each")
    base: Volts = Field(0.1, description="read level before and after the pulse, below threshold and hold")
    width: Seconds = Field(1e-3, gt=0, description="pulse width at 50 %")
    window: Seconds = Field(20e-3, gt=0, le=1000, description="time after the pulse for which the current is recorded")
    repeats: int = Field(20, ge=1, le=100_000, description="pulses of each amplitude")
    rest: Seconds = Field(50e-3, ge=0, le=3600, description="time at the read level between two records")
    level: Amperes | None = Field(
        None, gt=0, description="current below which the device counts as relaxed; by fraction where not given"
    )
    fraction: Number = Field(
        0.5, gt=0, lt=1, description="level as a share of the current right after the falling edge"
    )
    rise_time: Seconds = Field(1e-6, gt=0, description="rise time, 10 to 90 %")
    fall_time: Seconds = Field(1e-6, gt=0, description="fall time, 90 to 10 %")
    trigger: Literal["device", "external"] = Field(
        "device", description="what triggers the scope: the pulse at the device, or the generator's sync at EXT"
    )
    external_level: Volts = Field(1.0, description="trigger level of an external trigger")
    samples: int = Field(20_000, ge=1000, le=4_000_000, description="samples of each record")

    @model_validator(mode="after")
    def _consistent(self) -> "Relaxation":
        if any(amplitude == 0 for amplitude in self.amplitude):
            raise ValueError("amplitude: a pulse of 0 V is none")
        if self.base == 0:
            raise ValueError("base: at 0 V no current tells that the device relaxes; give a small read level")
        edges = edges_width(self.rise_time, self.fall_time)
        if self.width < edges:
            raise ValueError(f"width {self.width:g} s is shorter than its edges ({edges:g} s)")
        return self

    def pulse(self, amplitude: float) -> Pulse:
        """Return the generator's pulse of one ``amplitude`` [V]."""
        edges = edges_width(self.rise_time, self.fall_time)
        return Pulse(self.base, amplitude, self.width, self.width + 4 * edges, self.rise_time, self.fall_time)

    # ------------------------------------------------------------------------------------------- plan

    def plan(self, station: Station) -> Plan:
        """Predict pulses, duration and the worst case at the device; refuse what a limit forbids."""
        capabilities = station.pulse_generator("pulser").capabilities
        resistance = station.fixture.path_resistance.get("pulser", capabilities.output_resistance)
        tops = [self.base + amplitude for amplitude in self.amplitude]
        farthest = max(abs(level) for level in (self.base, *tops))
        current, power = behind_resistance(farthest, resistance)
        items = worst_case(farthest, current, station.fixture, self.width, power)
        refusals = limit_refusals(items, station.device, self.name, "lower amplitude, base or width")
        for name, value, allowed in (
            ("base", self.base, capabilities.level_into_open),
            ("base + amplitude", max(tops), capabilities.level_into_open),
            ("base + amplitude", min(tops), capabilities.level_into_open),
            ("width", self.width, capabilities.pulse_width),
            ("rise_time", self.rise_time, capabilities.edge_time),
            ("fall_time", self.fall_time, capabilities.edge_time),
        ):
            refusals += range_refusal(name, value, allowed, "pulser")
        if device_view(station) is None:
            refusals.append(
                "scope: [fixture.sensing] names no scope channel at the device; add voltage_high and current")
        else:
            layout = self._layout(station)
            refusals += [f"scope: {layout.refusal}"] if layout.refusal else []
        pulses = self.repeats * len(tops)
        times, levels = pulse_preview(self, [0.0])
        return Plan(
            steps=pulses, points=pulses, duration=pulses * (self.width + self.window + self.rest + _OVERHEAD),
            bytes=2 * pulses * self.samples, worst_case=items, refusals=tuple(refusals),
            preview={"time": times, "level": levels},
        )

    def _layout(self, station: Station) -> RecordLayout:
        return tail_layout(self, self.window, self.samples, station.oscilloscope("scope").capabilities)

    # ------------------------------------------------------------------------------------------- run

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Send the pulses, record each with what follows; the generator rests at ``base`` and ends off."""
        view = device_view(station)
        if view is None:
            raise ConfigurationError("relaxation: [fixture.sensing] names no scope channel at the device")
        generator = station.pulse_generator("pulser")
        generator.set_output(False)
        generator.configure_load(float("inf"))
        tops = [self.base + amplitude for amplitude in self.amplitude]
        generator.configure_pulse(self.pulse(self.amplitude[0]))  # first: limits must hold what is set
        generator.configure_level_limits(min(self.base, *tops), max(self.base, *tops))
        acquisition = _Acquisition(self, station, recorder, generator, view, self._layout(station))
        for amplitude in self.amplitude:
            yield from acquisition.series(amplitude)
        generator.set_output(False)
        yield acquisition.step("output off", resting=True)


class _Acquisition:
    """One run in progress."""

    def __init__(
        self, settings: Relaxation, station: Station, recorder: Recorder, generator: PulseGenerator, view: DeviceView,
        layout: RecordLayout,
    ) -> None:
        self._settings = settings
        self._station = station
        self._recorder = recorder
        self._generator = generator
        self._view = view
        self._layout = layout
        self._shooter = Shooter(station, generator, view, self._say)
        self._shot = 0
        self._last_end: float | None = None

    def step(self, message: str, resting: bool = False) -> Step:
        """Return how far the run has come; ``resting``: no pulse is on its way (the read level still is)."""
        settings = self._settings
        idle = resting and settings.base == 0.0
        return Step(self._shot, settings.repeats * len(settings.amplitude), message, idle=idle)

    def series(self, amplitude: float) -> Iterator[Step]:
        """Record all pulses of one amplitude [V]."""
        settings, layout, clock = self._settings, self._layout, self._station.clock
        self._generator.configure_pulse(settings.pulse(amplitude))
        self._generator.configure_burst(1)
        self._generator.set_output(True)
        aim(settings, amplitude, self._view, max(self._station.fixture.path_resistance.get("pulser", 0.0), 1.0))
        self._view.scope.configure_timebase(
            Timebase(layout.span, layout.span / 2 - layout.lead, points=layout.points))
        yield self.step(f"pulses of {format_quantity(amplitude, 'V')}", resting=True)
        for _ in range(settings.repeats):
            ended = clock.now() if self._last_end is None else self._last_end
            yield from steps_for(clock, ended + settings.rest, lambda: self.step("the device rests", resting=True))
            yield from self._record(amplitude)

    def _record(self, amplitude: float) -> Iterator[Step]:
        shot, rest, settings = Shot(), 0.0, self._settings
        conditions = {"amplitude": amplitude, "pulse_width": settings.width, "shot": float(self._shot)}
        yield from self._shooter.fire([0.0], self._layout.span, conditions, shot, self.step)
        if self._last_end is not None:
            rest = max(shot.time - self._last_end, 0.0)
        self._last_end = shot.time + self._layout.span
        flags = Flag.NONE if shot.taken else Flag.TRIGGER_MISSED
        for waveform in shot.waveforms.values():
            marks = waveform.flags | flags | (Flag.CLIPPED if clipped(waveform) else Flag.NONE)
            self._recorder.waveform(replace(waveform, flags=marks))
        self._recorder.point(Point((float(self._shot), shot.time, amplitude, settings.width, rest), flags))
        if not shot.taken:
            self._say(
                "warning",
                f"the scope missed pulse {self._shot}: it is flagged and not counted; check trigger level, cable and "
                "contact")
        self._shot += 1
        yield self.step(f"{format_quantity(amplitude, 'V')}: pulse {self._shot}", resting=True)

    def _say(self, kind: str, message: str) -> None:
        self._recorder.event(RunEvent(kind, message, self._station.clock.now()))
