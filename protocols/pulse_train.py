"""Pulse train: a generator sends pulses to the device, the scope records each one."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from tsbench.errors import ConfigurationError
from tsbench.instruments import Plan, Pulse, Station
from tsbench.protocols.device_view import device_view
from tsbench.protocols.fields import SecondsList, VoltsList
from tsbench.protocols.protocol import Protocol
from tsbench.protocols.pulse_acquisition import PulseAcquisition, batches
from tsbench.protocols.pulse_delivery import Delivery, delivery, pulse_starts
from tsbench.protocols.worst_case import behind_resistance, limit_refusals, range_refusal, worst_case
from tsbench.quantities import Seconds, Volts, format_quantity
from tsbench.records import Column, FloatArray, Recorder, Step

#: [s] arming, transfer and set-up of one scope acquisition
_OVERHEAD = 0.1


class PulseTrain(Protocol):
    """Send pulses of one width at one or more amplitudes and record device voltage and current during each.

    The scope is armed, found armed, then the generator is triggered: a pulse that it missed is a flagged row,
    never a silent one. Levels are those of the open generator; the fixture and the device share them.
    """

    name: ClassVar[str] = "pulse_train"
    title: ClassVar[str] = "Pulse train"
    analyses: ClassVar[tuple[str, ...]] = ("switching_delay",)
    roles: ClassVar[tuple[str, ...]] = ("pulser", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("index", "", "number of the pulse, from 0"),
        Column("time", "s", "of the pulse's edge, on the bench's clock"),
        Column("amplitude", "V", "above base, generator open"),
        Column("width", "s", "at 50 %"),
        Column("gap", "s", "from the end of the pulse before, 0 for the first of a train"),
    )

    amplitude: VoltsList = Field(
        (1.15,), min_length=1, description="pulse heights above base, one train each"
    )
    base: Volts = Field(0.0, description="level between pulses")
    width: Seconds = Field(1e-6, gt=0, description="pulse width at 50 %")
    period: Seconds = Field(50e-6, gt=0, description="time from pulse to pulse")
    count: int = Field(20, ge=1, le=1_000_000, description="pulses at each amplitude")
    repeats: int = Field(
        1, ge=1, le=100_000, description="trains at each amplitude; more than one count the pulses until it fires"
    )
    rest: Seconds = Field(0.0, ge=0, le=3600, description="time at base before each train, for the device to forget")
    rise_time: Seconds = Field(10e-9, gt=0, description="rise time, 10 to 90 %")
    fall_time: Seconds = Field(10e-9, gt=0, description="fall time, 90 to 10 %")
    gaps: SecondsList = Field((), description="times between pulses one by one; overrides period and count")
    trigger: Literal["device", "external"] = Field(
        "device",
        description="what triggers the scope: the pulse at the device, or the generator's sync at EXT",
    )
    external_level: Volts = Field(1.0, description="trigger level of an external trigger")
    record_span: Seconds | None = Field(
        None, gt=0, description="length of each record; from the width where not given"
    )
    probe: bool = Field(
        True, description="send one pulse first, at the same amplitude, to choose the scope's ranges"
    )
    retries: int = Field(
        2, ge=0, le=100, description="how often a train is repeated when the scope missed a trigger"
    )

    @model_validator(mode="after")
    def _consistent(self) -> "PulseTrain":
        if any(amplitude == 0 for amplitude in self.amplitude):
            raise ValueError("amplitude: a pulse of 0 V is none")
        if any(gap <= 0 for gap in self.gaps):
            raise ValueError("gaps must be longer than 0 s")
        edges = (self.rise_time + self.fall_time) / 2 / 0.8
        if self.width < edges:
            raise ValueError(f"width {self.width:g} s is shorter than its edges ({edges:g} s)")
        if not self.gaps and self.width + edges > self.period:
            raise ValueError(
                f"width {self.width:g} s with its edges does not fit the period {self.period:g} s"
            )
        return self

    # ------------------------------------------------------------------------------------------ parts

    def pulse(self, amplitude: float) -> Pulse:
        """Return the generator's pulse of one ``amplitude`` [V]."""
        period = self.period
        if (
            self.gaps
        ):  # of single pulses: a generator takes no trigger until the period of the one before is over
            period = self.width + max(min(self.gaps) / 2, 1.5 * (self.rise_time + self.fall_time))
        return Pulse(self.base, amplitude, self.width, period, self.rise_time, self.fall_time)

    def starts(self) -> FloatArray:
        """Return when each pulse of a train begins [s] after the first."""
        return pulse_starts(self.width, self.period, self.count, self.gaps)

    def delivery(self, station: Station) -> Delivery:
        """Return how the generator can send the train."""
        capabilities = station.pulse_generator("pulser").capabilities
        return delivery(self.pulse(self.amplitude[0]), self.starts(), self.gaps, capabilities)

    @property
    def lead(self) -> float:
        """Time before the trigger in each record [s]."""
        return max(0.2 * self.width, 5 * self.rise_time, 50e-9)

    @property
    def span(self) -> float:
        """Length of each record [s]."""
        if self.record_span is not None:
            return self.record_span
        return 2 * self.lead + self.width * 1.3 + 2 * self.fall_time

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
        starts = self.starts()
        how = self.delivery(station)
        if how.refusal:
            refusals.append(f"pulser: {how.refusal}")
        if how.means == "burst":
            refusals += range_refusal("period", self.period, capabilities.pulse_period, "pulser")
        refusals += self._scope_refusals(station, starts)
        pulses = len(starts) * len(self.amplitude) * self.repeats
        samples = self.span * station.oscilloscope("scope").capabilities.sample_rate
        trains = len(self.amplitude) * (self.repeats + self.probe)
        times, levels = self._preview(starts)
        probes = f"one probe pulse at each amplitude ({len(self.amplitude)} in all) beside {pulses} recorded"
        return Plan(
            steps=pulses,
            points=pulses,
            duration=len(self.amplitude) * self.repeats * float(starts[-1] + self.span + self.rest)
            + trains * _OVERHEAD
            + pulses * 0.005,
            bytes=int(pulses * samples * 2),
            worst_case=items,
            refusals=tuple(refusals),
            warnings=(probes,) if self.probe else (),
            preview={"time": times, "level": levels},
        )

    def _scope_refusals(self, station: Station, starts: FloatArray) -> list[str]:
        if device_view(station) is None:
            return [
                "scope: [fixture.sensing] names no scope channel at the device; add voltage_high and current"
            ]
        if len(starts) > 1 and (closest := float(np.diff(starts).min())) < 1.02 * self.span:
            return [
                f"scope: records of {format_quantity(self.span, 's')} do not fit between pulses "
                f"{format_quantity(closest, 's')} apart; lengthen period or gaps, or shorten record_span"
            ]
        return []

    def _preview(self, starts: FloatArray) -> tuple[FloatArray, FloatArray]:
        rise, fall = self.rise_time / 0.8, self.fall_time / 0.8
        amplitude = max(self.amplitude, key=abs)
        corners = [-rise / 2, rise / 2, self.width - fall / 2, self.width + fall / 2]
        times = np.concatenate([start + np.asarray(corners) for start in starts[:20]])
        return times, self.base + amplitude * np.tile([0.0, 1.0, 1.0, 0.0], len(times) // 4)

    # ------------------------------------------------------------------------------------------- run

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Send each train, record each pulse; the generator rests at base between trains and ends off."""
        view = device_view(station)
        if view is None:
            raise ConfigurationError("pulse_train: [fixture.sensing] names no scope channel at the device")
        generator = station.pulse_generator("pulser")
        generator.set_output(False)
        generator.configure_load(float("inf"))
        tops = [self.base + amplitude for amplitude in self.amplitude]
        generator.configure_pulse(self.pulse(self.amplitude[0]))  # first: limits must hold what is set
        generator.configure_level_limits(min(self.base, *tops), max(self.base, *tops))
        how = self.delivery(station)
        parts = list(batches(len(how.starts), view.scope.capabilities))
        acquisition = PulseAcquisition(self, station, recorder, generator, view, how)
        for amplitude in self.amplitude:
            yield from acquisition.trains(
                amplitude, parts if how.means != "waveform" else [slice(0, len(how.starts))]
            )
        generator.set_output(False)
        yield acquisition.step("output off", resting=True)
