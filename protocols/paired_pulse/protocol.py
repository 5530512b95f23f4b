"""Paired pulses: two equal pulses with a gap between, many times and in random order: the refractory period."""

from typing import ClassVar

import numpy as np
from pydantic import Field, model_validator

from tsbench.instruments import Plan, Pulse, Station
from tsbench.protocols.acquiring.device_view import device_view
from tsbench.protocols.fields import ExternalLevel, ScopeTrigger, SecondsList, VoltsList
from tsbench.protocols.paired_pulse.acquisition import PairedAcquisition
from tsbench.protocols.pulses.layout import pair_layout, pulse_preview
from tsbench.protocols.pulses.pulse_protocol import NO_SCOPE, OVERHEAD, PulseProtocol
from tsbench.quantities import Seconds, Volts, format_quantity
from tsbench.records import Column, FloatArray


class PairedPulse(PulseProtocol):
    """Send pairs of equal pulses over a range of gaps in random order and record both pulses of each pair.

    Each repeat goes through all gaps in an order of its own, so that a drift of the device touches all gaps alike. A
    pair is one burst of two: the gap is the generator's, whatever the computer does meanwhile. Between pairs the device
    rests at ``base``, a level below its threshold at which it relaxes and at which the scope can see that it does.
    """

    name: ClassVar[str] = "paired_pulse"
    title: ClassVar[str] = "Paired pulses: refractory period"
    analyses: ClassVar[tuple[str, ...]] = ("refractory",)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("pair", "", "number of the pair, from 0, in order of time"),
        Column("time", "s", "of the first pulse's edge, on the bench's clock"),
        Column("amplitude", "V", "above base, generator open"),
        Column("width", "s", "of each pulse, at 50 %"),
        Column("gap", "s", "from the fall of the first to the rise of the second pulse, at 50 %"),
        Column("rest", "s", "from the end of the pair before, 0 for the first"),
    )

    amplitude: VoltsList = Field(default=(1.4,), min_length=1, description="pulse heights above base, one series each")
    base: Volts = Field(default=0.1, description="level between pulses: low enough for the device to relax")
    width: Seconds = Field(default=1e-3, gt=0, description="width of each pulse at 50 %")
    shortest: Seconds = Field(default=0.3e-3, gt=0, description="shortest gap")
    longest: Seconds = Field(default=30e-3, gt=0, description="longest gap: the device must have recovered by then")
    points: int = Field(default=12, ge=2, le=1000, description="number of gaps from shortest to longest, log-spaced")
    gaps: SecondsList = Field(default=(), description="gaps one by one; overrides shortest, longest and points")
    repeats: int = Field(default=20, ge=1, le=100_000, description="pairs at each gap and amplitude")
    rest: Seconds = Field(
        default=50e-3, ge=0, le=3600, description="time at base between two pairs, for the device to forget"
    )
    seed: int = Field(default=1, ge=0, le=2**53, description="seed of the random order of the gaps")
    rise_time: Seconds = Field(default=1e-6, gt=0, description="rise time, 10 to 90 %")
    fall_time: Seconds = Field(default=1e-6, gt=0, description="fall time, 90 to 10 %")
    trigger: ScopeTrigger = "device"
    external_level: ExternalLevel = 1.0
    resolution: int = Field(
        default=500, ge=20, le=100_000, description="samples of the scope in each pulse's width, at least"
    )

    acquisition = PairedAcquisition

    @model_validator(mode="after")
    def _consistent(self) -> "PairedPulse":
        if any(gap <= 0 for gap in self.gaps):
            raise ValueError("gaps must be longer than 0 s")
        if not self.gaps and self.longest <= self.shortest:
            raise ValueError(f"longest gap {self.longest:g} s must exceed the shortest, {self.shortest:g} s")
        if min(self.gap_list()) < self.edges:
            raise ValueError(f"gap {min(self.gap_list()):g} s is shorter than the pulse's edges ({self.edges:g} s)")
        return self

    # ------------------------------------------------------------------------------------------ parts

    @property
    def total(self) -> int:
        """Number of pairs."""
        return len(self.gap_list()) * self.repeats * len(self.amplitude)

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
        gaps, period = self.gap_list(), station.pulse_generator("pulser").capabilities.pulse_period
        ends = [("width + gap", self.width + gap, period) for gap in (gaps[0], gaps[-1])]
        items, refusals = self.judged(station, ends)
        size, warnings = 0, []
        if device_view(station) is None:
            refusals.append(f"scope: {NO_SCOPE}; add voltage_high and current")
        else:
            scope = station.oscilloscope("scope").capabilities
            layouts = [pair_layout(self, gap, self.resolution, scope) for gap in gaps]
            size = sum(layout.points * layout.segments for layout in layouts) * self.repeats * 2 * len(self.amplitude)
            refusals += [f"scope: {layout.refusal}" for layout in layouts if layout.refusal]
            split = [gap for gap, layout in zip(gaps, layouts, strict=True) if layout.segments > 1]
            if split and self.trigger == "device":
                warnings.append(
                    f"gaps from {format_quantity(split[0], 's')} on are recorded pulse by pulse: a device still on at "
                    "the second pulse may not trigger the scope; prefer trigger = external, or lower resolution")
        if self.gaps and len(gaps) < 4:
            warnings.append("fewer than 4 gaps: the long-gap probability and the recovery cannot be told apart")
        each = 2 * self.width + float(np.mean(gaps)) + max(self.rest, OVERHEAD)
        times, levels = pulse_preview(self, [0.0, self.width + gaps[len(gaps) // 2]])
        return Plan(
            steps=self.total, points=self.total, duration=self.total * each, bytes=size, worst_case=items,
            refusals=tuple(refusals), warnings=tuple(warnings), preview={"time": times, "level": levels},
        )
