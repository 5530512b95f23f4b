"""Relaxation: a pulse switches the device on, then its current at a low read level is followed until it is off."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field, model_validator

from tsbench.instruments import Plan, Pulse, Station, Timebase
from tsbench.protocols.acquiring.device_view import DeviceView, device_view, marked
from tsbench.protocols.fields import ExternalLevel, ScopeTrigger, VoltsList
from tsbench.protocols.pulses.layout import RecordLayout, pulse_preview, tail_layout
from tsbench.protocols.pulses.pulse_protocol import NO_SCOPE, OVERHEAD, PulseProtocol
from tsbench.protocols.pulses.series import PulseSeries
from tsbench.protocols.pulses.shot import Shot
from tsbench.quantities import Amperes, Number, Seconds, Volts, format_quantity
from tsbench.records import Column, Flag, Point, Recorder, Step


class _Acquisition(PulseSeries["Relaxation"]):
    """One run in progress."""

    def __init__(self, settings: "Relaxation", station: Station, recorder: Recorder, view: DeviceView) -> None:
        super().__init__(settings, station, recorder, view)
        self._layout = settings.layout(station)

    def first_pulse(self, amplitude: float) -> Pulse:
        """Return the pulse of one ``amplitude`` [V]."""
        return self._settings.pulse(amplitude)

    def series(self, amplitude: float) -> Iterator[Step]:
        """Record all pulses of one ``amplitude`` [V]."""
        layout = self._layout
        self._set_up(amplitude, burst=1)
        self._view.scope.configure_timebase(
            Timebase(layout.span, layout.span / 2 - layout.lead, points=layout.points))
        yield self.step(f"pulses of {format_quantity(amplitude, 'V')}", resting=True)
        for _ in range(self._settings.repeats):
            yield from self._let_rest()
            yield from self._record(amplitude)

    def _record(self, amplitude: float) -> Iterator[Step]:
        shot, settings = Shot(), self._settings
        conditions = {"amplitude": amplitude, "pulse_width": settings.width, "shot": float(self._done)}
        yield from self._shooter.fire([0.0], self._layout.span, conditions, shot, self.step)
        rest = self._rested(shot)
        self._last_end = shot.time + self._layout.span
        flags = Flag.NONE if shot.taken else Flag.TRIGGER_MISSED
        for waveform in shot.waveforms.values():
            self._recorder.waveform(marked(waveform, flags))
        self._recorder.point(Point((float(self._done), shot.time, amplitude, settings.width, rest), flags))
        if not shot.taken:
            self._say(
                "warning",
                f"the scope missed pulse {self._done}: it is flagged and not counted; check trigger level, cable and "
                "contact")
        self._done += 1
        yield self.step(f"{format_quantity(amplitude, 'V')}: pulse {self._done}", resting=True)


class Relaxation(PulseProtocol):
    """Switch the device on with a pulse, then record its current at a sub-threshold read level until it has relaxed.

    One record of the scope's memory holds the pulse and the time after it, so that the current is known from one
    sample after the falling edge to the end of the window. The relaxation time runs from the falling edge (50 %) to
    the current staying below ``level``, or below ``fraction`` of what it is right after the edge.
    """

    name: ClassVar[str] = "relaxation"
    title: ClassVar[str] = "Relaxation after a pulse"
    analyses: ClassVar[tuple[str, ...]] = ("relaxation",)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("shot", "", "number of the pulse, from 0"),
        Column("time", "s", "of the pulse's edge, on the bench's clock"),
        Column("amplitude", "V", "above the read level, generator open"),
        Column("width", "s", "at 50 %"),
        Column("rest", "s", "from the end of the record before, 0 for the first"),
    )

    amplitude: VoltsList = Field(default=(1.4,), min_length=1, description="pulse heights above base, one series each")
    base: Volts = Field(default=0.1, description="read level before and after the pulse, below threshold and hold")
    width: Seconds = Field(default=1e-3, gt=0, description="pulse width at 50 %")
    window: Seconds = Field(
        default=20e-3, gt=0, le=1000, description="time after the pulse for which the current is recorded"
    )
    repeats: int = Field(default=20, ge=1, le=100_000, description="pulses of each amplitude")
    rest: Seconds = Field(default=50e-3, ge=0, le=3600, description="time at the read level between two records")
    level: Amperes | None = Field(
        default=None, gt=0, description="current below which the device counts as relaxed; by fraction where not given"
    )
    fraction: Number = Field(
        default=0.5, gt=0, lt=1, description="level as a share of the current right after the falling edge"
    )
    rise_time: Seconds = Field(default=1e-6, gt=0, description="rise time, 10 to 90 %")
    fall_time: Seconds = Field(default=1e-6, gt=0, description="fall time, 90 to 10 %")
    trigger: ScopeTrigger = "device"
    external_level: ExternalLevel = 1.0
    samples: int = Field(default=20_000, ge=1000, le=4_000_000, description="samples of each record")

    acquisition = _Acquisition

    @model_validator(mode="after")
    def _consistent(self) -> "Relaxation":
        if self.base == 0:
            raise ValueError("base: at 0 V no current tells that the device relaxes; give a small read level")
        return self

    @property
    def total(self) -> int:
        """Number of pulses."""
        return self.repeats * len(self.amplitude)

    def pulse(self, amplitude: float) -> Pulse:
        """Return the generator's pulse of one ``amplitude`` [V]."""
        return Pulse(self.base, amplitude, self.width, self.width + 4 * self.edges, self.rise_time, self.fall_time)

    # ------------------------------------------------------------------------------------------- plan

    def plan(self, station: Station) -> Plan:
        """Predict pulses, duration and the worst case at the device; refuse what a limit forbids."""
        items, refusals = self.judged(station)
        if device_view(station) is None:
            refusals.append(f"scope: {NO_SCOPE}; add voltage_high and current")
        else:
            layout = self.layout(station)
            refusals += [f"scope: {layout.refusal}"] if layout.refusal else []
        pulses = self.total
        times, levels = pulse_preview(self, [0.0])
        return Plan(
            steps=pulses, points=pulses, duration=pulses * (self.width + self.window + self.rest + OVERHEAD),
            bytes=2 * pulses * self.samples, worst_case=items, refusals=tuple(refusals),
            preview={"time": times, "level": levels},
        )

    def layout(self, station: Station) -> RecordLayout:
        """Return how the record of one pulse lies in time."""
        return tail_layout(self, self.window, self.samples, station.oscilloscope("scope").capabilities)
