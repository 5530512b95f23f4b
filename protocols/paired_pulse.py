"""Paired pulses: two equal pulses with a gap between, many times and in random order: the refractory period."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from tsbench.errors import ConfigurationError
from tsbench.instruments import Plan, Pulse, Station
from tsbench.protocols.device_view import device_view
from tsbench.protocols.fields import SecondsList, VoltsList
from tsbench.protocols.paired_acquisition import PairedAcquisition
from tsbench.protocols.protocol import Protocol
from tsbench.protocols.pulse_layout import edges_width, pair_layout, pulse_preview
from tsbench.protocols.worst_case import behind_resistance, limit_refusals, range_refusal, worst_case
from tsbench.quantities import Seconds, Volts, format_quantity
from tsbench.records import Column, FloatArray, Recorder, Step

#: [s] arming, transfer and set-up of one scope acquisition
_OVERHEAD = 0.1


class PairedPulse(Protocol):
    """Send pairs of equal pulses over a range of gaps in random order and record both pulses of each pair.

    Each repeat goes through all gaps in an order of its own, so that a drift of the device touches all gaps alike. A
    pair is one burst of two: the gap is the generator's, whatever the computer does meanwhile. Between pairs the device
    rests at ``base``, a level below its threshold at which it relaxes and at which the scope can see that it does.
    """

    name: ClassVar[str] = "paired_pulse"
    title: ClassVar[str] = "Paired pulses: refractory period"
    analyses: ClassVar[tuple[str, ...]] = ("refractory",)
    roles: ClassVar[tuple[str, ...]] = ("pulser", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("pair", "", "number of the pair, from 0, in order of time"),
        Column("time", "s", "of the first pulse's edge, on the bench's clock"),
        Column("amplitude", "V", "above base, generator open"),
        Column("width", "s", "of each pulse, at 50 %"),
        Column("gap", "s", "from the fall of the first to the rise of the second pulse, at 50 %"),
        Column("rest", "s", "from the end of the pair before, 0 for the first"),
    )

    amplitude: VoltsList = Field((1.4,), min_length=1, description="pulse heights above base, one series each")
    base: Volts = Field(0.1, description="level between pulses: low enough for the device to relax")
    width: Seconds = Field(1e-3, gt=0, description="width of each pulse at 50 %")
    shortest: Seconds = Field(0.3e-3, gt=0, description="shortest gap")
    longest: Seconds = Field(30e-3, gt=0, description="longest gap: the device must have recovered by then")
    points: int = Field(12, ge=2, le=1000, description="number of gaps from shortest to longest, log-spaced")
    gaps: SecondsList = Field((), description="gaps one by one; overrides shortest, longest and points")
    repeats: int = Field(20, ge=1, le=100_000, description="pairs at each gap and amplitude")
    rest: Seconds = Field(50e-3, ge=0, le=3600, description="time at base between two pairs, for the device to forget")
    seed: int = Field(1, ge=0, le=2**53, description="seed of the random order of the gaps")
    rise_time: Seconds = Field(1e-6, gt=0, description="rise time, 10 to 90 %")
    fall_time: Seconds = Field(1e-6, gt=0, description="fall time, 90 to 10 %")
    trigger: Literal["device", "external"] = Field(
        "device", description="what triggers the scope: the pulse at the device, or the generator's sync at EXT"
    )
    external_level: Volts = Field(1.0, description="trigger level of an external trigger")
    resolution: int = Field(
        500, ge=20, le=100_000, description="samples of the scope in each pulse's width, at least"
    )

    @model_validator(mode="after")
    def _consistent(self) -> "PairedPulse":
        if any(amplitude == 0 for amplitude in self.amplitude):
            raise ValueError("amplitude: a pulse of 0 V is none")
        if any(gap <= 0 for gap in self.gaps):
            raise ValueError("gaps must be longer than 0 s")
        if not self.gaps and self.longest <= self.shortest:
            raise ValueError(f"longest gap {self.longest:g} s must exceed the shortest, {self.shortest:g} s")
        edges = edges_width(self.rise_time, self.fall_time)
        if self.width < edges:
            raise ValueError(f"width {self.width:g} s is shorter than its edges ({edges:g} s)")
        if min(self.gap_list()) < edges:
            raise ValueError(f"gap {min(self.gap_list()):g} s is shorter than the pulse's edges ({edges:g} s)")
        return self

    # ------------------------------------------------------------------------------------------ parts

    def gap_list(self) -> tuple[float, ...]:
        """Return the gaps [s], ascending, each once."""
        if self.gaps:
            return tuple(sorted(set(self.gaps)))
        return tuple(float(gap) for gap in np.geomspace(self.shortest, self.longest, self.points))

    def order(self) -> FloatArray:
        """Return the gaps [s] of one series in order of measurement: ``repeats`` times all of them, each shuffled."""
        random, gaps = np.random.default_rng(self.seed), np.array(self.gap_list())
        return np.concatenate([random.permutation(gaps) for _ in range(self.repeats)])

    def pulse(self, amplitude: float, gap: float) -> Pulse:
        """Return the generator's pulse of one ``amplitude`` [V], repeated after ``gap`` [s]."""
        return Pulse(self.base, amplitude, self.width, self.width + gap, self.rise_time, self.fall_time)

    # ------------------------------------------------------------------------------------------- plan

    def plan(self, station: Station) -> Plan:
        """Predict pairs, duration and the worst case at the device; refuse what a limit forbids."""
        capabilities = station.pulse_generator("pulser").capabilities
        resistance = station.fixture.path_resistance.get("pulser", capabilities.output_resistance)
        tops = [self.base + amplitude for amplitude in self.amplitude]
        farthest = max(abs(level) for level in (self.base, *tops))
        current, power = behind_resistance(farthest, resistance)
        items = worst_case(farthest, current, station.fixture, self.width, power)
        refusals = limit_refusals(items, station.device, self.name, "lower amplitude, base or width")
        gaps = self.gap_list()
        for name, value, allowed in (
            ("base", self.base, capabilities.level_into_open),
            ("base + amplitude", max(tops), capabilities.level_into_open),
            ("base + amplitude", min(tops), capabilities.level_into_open),
            ("width", self.width, capabilities.pulse_width),
            ("width + gap", self.width + gaps[0], capabilities.pulse_period),
            ("width + gap", self.width + gaps[-1], capabilities.pulse_period),
            ("rise_time", self.rise_time, capabilities.edge_time),
            ("fall_time", self.fall_time, capabilities.edge_time),
        ):
            refusals += range_refusal(name, value, allowed, "pulser")
        size, warnings = 0, []
        if device_view(station) is None:
            refusals.append(
                "scope: [fixture.sensing] names no scope channel at the device; add voltage_high and current")
        else:
            scope = station.oscilloscope("scope").capabilities
            layouts = [pair_layout(self, gap, self.resolution, scope) for gap in gaps]
            size = sum(layout.points * layout.segments for layout in layouts) * self.repeats * 2 * len(tops)
            refusals += [f"scope: {layout.refusal}" for layout in layouts if layout.refusal]
            split = [gap for gap, layout in zip(gaps, layouts, strict=True) if layout.segments > 1]
            if split and self.trigger == "device":
                warnings.append(
                    f"gaps from {format_quantity(split[0], 's')} on are recorded pulse by pulse: a device still on at "
                    "the second pulse may not trigger the scope; prefer trigger = external, or lower resolution")
        if self.gaps and len(gaps) < 4:
            warnings.append("fewer than 4 gaps: the long-gap probability and the recovery cannot be told apart")
        pairs = len(gaps) * self.repeats * len(tops)
        each = 2 * self.width + float(np.mean(gaps)) + max(self.rest, _OVERHEAD)
        times, levels = pulse_preview(self, [0.0, self.width + gaps[len(gaps) // 2]])
        return Plan(
            steps=pairs, points=pairs, duration=pairs * each, bytes=size, worst_case=items, refusals=tuple(refusals),
            warnings=tuple(warnings), preview={"time": times, "level": levels},
        )

    # ------------------------------------------------------------------------------------------- run

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Send the pairs, record each; the generator rests at base between pairs and ends off."""
        view = device_view(station)
        if view is None:
            raise ConfigurationError("paired_pulse: [fixture.sensing] names no scope channel at the device")
        generator = station.pulse_generator("pulser")
        generator.set_output(False)
        generator.configure_load(float("inf"))
        tops = [self.base + amplitude for amplitude in self.amplitude]
        order = self.order()
        generator.configure_pulse(self.pulse(self.amplitude[0], float(order[0])))  # first: limits must hold what is set
        generator.configure_level_limits(min(self.base, *tops), max(self.base, *tops))
        acquisition = PairedAcquisition(self, station, recorder, generator, view)
        for amplitude in self.amplitude:
            yield from acquisition.series(amplitude, order)
        generator.set_output(False)
        yield acquisition.step("output off", resting=True)
