"""Pulse train: a generator sends pulses to the device, the scope records each one."""

from typing import ClassVar

import numpy as np
from pydantic import Field, model_validator

from tsbench.instruments import Plan, Pulse, Station
from tsbench.protocols.acquiring.device_view import device_view
from tsbench.protocols.fields import ExternalLevel, ScopeTrigger, SecondsList, VoltsList
from tsbench.protocols.pulse_train.acquisition import PulseAcquisition
from tsbench.protocols.pulses.delivery import Delivery, delivery, pulse_starts
from tsbench.protocols.pulses.layout import pulse_preview
from tsbench.protocols.pulses.pulse_protocol import NO_SCOPE, OVERHEAD, PulseProtocol
from tsbench.protocols.worst_case import range_refusal
from tsbench.quantities import Seconds, Volts, format_quantity
from tsbench.records import Column, FloatArray


class PulseTrain(PulseProtocol):
    """Send pulses of one width at one or more amplitudes and record device voltage and current during each.

    The scope is armed, found armed, then the generator is triggered: a pulse that it missed is a flagged row,
    never a silent one. Levels are those of the open generator; the fixture and the device share them.
    """

    name: ClassVar[str] = "pulse_train"
    title: ClassVar[str] = "Pulse train"
    analyses: ClassVar[tuple[str, ...]] = ("switching_delay",)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("index", "", "number of the pulse, from 0"),
        Column("time", "s", "of the pulse's edge, on the bench's clock"),
        Column("amplitude", "V", "above base, generator open"),
        Column("width", "s", "at 50 %"),
        Column("gap", "s", "from the end of the pulse before, 0 for the first of a train"),
    )

    amplitude: VoltsList = Field(
        default=(1.15,), min_length=1, description="pulse heights above base, one train each"
    )
    base: Volts = Field(default=0.0, description="level between pulses")
    width: Seconds = Field(default=1e-6, gt=0, description="pulse width at 50 %")
    period: Seconds = Field(default=50e-6, gt=0, description="time from pulse to pulse")
    count: int = Field(default=20, ge=1, le=1_000_000, description="pulses at each amplitude")
    repeats: int = Field(
        default=1, ge=1, le=100_000,
        description="trains at each amplitude; more than one count the pulses until it fires",
    )
    rest: Seconds = Field(
        default=0.0, ge=0, le=3600, description="time at base before each train, for the device to forget"
    )
    rise_time: Seconds = Field(default=10e-9, gt=0, description="rise time, 10 to 90 %")
    fall_time: Seconds = Field(default=10e-9, gt=0, description="fall time, 90 to 10 %")
    gaps: SecondsList = Field(default=(), description="times between pulses one by one; overrides period and count")
    trigger: ScopeTrigger = "device"
    external_level: ExternalLevel = 1.0
    record_span: Seconds | None = Field(
        default=None, gt=0, description="length of each record; from the width where not given"
    )
    probe: bool = Field(
        default=True, description="send one pulse first, at the same amplitude, to choose the scope's ranges"
    )
    retries: int = Field(
        default=2, ge=0, le=100, description="how often a train is repeated when the scope missed a trigger"
    )

    acquisition = PulseAcquisition

    @model_validator(mode="after")
    def _consistent(self) -> "PulseTrain":
        if any(gap <= 0 for gap in self.gaps):
            raise ValueError("gaps must be longer than 0 s")
        if not self.gaps and self.width + self.edges > self.period:
            raise ValueError(
                f"width {self.width:g} s with its edges does not fit the period {self.period:g} s"
            )
        return self

    # ------------------------------------------------------------------------------------------ parts

    @property
    def total(self) -> int:
        """Number of pulses that are recorded."""
        return len(self.starts()) * len(self.amplitude) * self.repeats

    def pulse(self, amplitude: float) -> Pulse:
        """Return the generator's pulse of one ``amplitude`` [V]."""
        period = self.period
        if self.gaps:  # of single pulses: a generator takes no trigger until the period of the one before is over
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
        items, refusals = self.judged(station)
        starts = self.starts()
        how = self.delivery(station)
        if how.refusal:
            refusals.append(f"pulser: {how.refusal}")
        if how.means == "burst":
            allowed = station.pulse_generator("pulser").capabilities.pulse_period
            refusals += range_refusal("period", self.period, allowed, "pulser")
        refusals += self._scope_refusals(station, starts)
        pulses = self.total
        samples = self.span * station.oscilloscope("scope").capabilities.sample_rate
        trains = len(self.amplitude) * (self.repeats + self.probe)
        times, levels = pulse_preview(self, starts[:20])
        probes = f"one probe pulse at each amplitude ({len(self.amplitude)} in all) beside {pulses} recorded"
        return Plan(
            steps=pulses,
            points=pulses,
            duration=len(self.amplitude) * self.repeats * float(starts[-1] + self.span + self.rest)
            + trains * OVERHEAD
            + pulses * 0.005,
            bytes=int(pulses * samples * 2),
            worst_case=items,
            refusals=tuple(refusals),
            warnings=(probes,) if self.probe else (),
            preview={"time": times, "level": levels},
        )

    def _scope_refusals(self, station: Station, starts: FloatArray) -> list[str]:
        if device_view(station) is None:
            return [f"scope: {NO_SCOPE}; add voltage_high and current"]
        if len(starts) > 1 and (closest := float(np.diff(starts).min())) < 1.02 * self.span:
            return [
                f"scope: records of {format_quantity(self.span, 's')} do not fit between pulses "
                f"{format_quantity(closest, 's')} apart; lengthen period or gaps, or shorten record_span"
            ]
        return []
