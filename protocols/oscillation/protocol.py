"""Oscillation: a bias through the load resistor makes the device oscillate, the scope records it."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from pydantic import Field, model_validator

from tsbench.errors import ConfigurationError
from tsbench.instruments import Plan, Station
from tsbench.protocols.acquiring.bias_source import bias_source
from tsbench.protocols.acquiring.device_view import device_view
from tsbench.protocols.acquiring.waiting import steps_for
from tsbench.protocols.fields import VoltsList
from tsbench.protocols.oscillation.acquisition import OscillationAcquisition
from tsbench.protocols.protocol import Protocol
from tsbench.protocols.worst_case import behind_resistance, limit_refusals, range_refusal, worst_case
from tsbench.quantities import Amperes, Seconds, Volts
from tsbench.records import Column, FloatArray, Recorder, RunEvent, Step

#: [s] the records, probes included, and set-up of one bias
_OVERHEAD = 0.4
#: samples of a record whose length is found on the way, for the plan
_USUAL_SAMPLES = 100_000


class Oscillation(Protocol):
    """Hold a bias, record device voltage and current for many periods, go on to the next bias.

    Without a given record span a probe record at each bias finds the period; the record holds ``periods``.
    """

    name: ClassVar[str] = "oscillation"
    title: ClassVar[str] = "Oscillation"
    analyses: ClassVar[tuple[str, ...]] = ("oscillation",)
    roles: ClassVar[tuple[str, ...]] = ("bias", "scope")
    columns: ClassVar[tuple[Column, ...]] = (
        Column("index", "", "number of the bias, from 0"),
        Column("time", "s", "of the record, on the bench's clock"),
        Column("bias", "V", "level of the source, before the load resistor"),
        Column("record_span", "s", "length of the record"),
    )

    bias: VoltsList = Field(
        default=(1.8, 2.2, 2.6), min_length=1, description="levels of the source, before the load resistor"
    )
    start: Volts | None = Field(
        default=None, description="first bias of an even series; with stop and points it replaces bias"
    )
    stop: Volts | None = Field(default=None, description="last bias of an even series")
    points: int | None = Field(default=None, ge=2, le=10_000, description="number of biases from start to stop")
    settle: Seconds = Field(default=1e-3, ge=0, le=3600, description="time at a bias before its record")
    record_span: Seconds | None = Field(
        default=None, gt=0, le=100, description="length of each record; found from the period where not given"
    )
    periods: int = Field(default=30, ge=3, le=100_000, description="periods in a record whose length is found")
    longest_period: Seconds = Field(default=1e-3, gt=0, le=10, description="the longest period that is looked for")
    zero_between: bool = Field(
        default=True, description="go to zero between two biases, so that each starts from rest"
    )
    compliance: Amperes = Field(default=5e-3, gt=0, description="compliance where the bias is a source meter")

    @model_validator(mode="after")
    def _whole_series(self) -> "Oscillation":
        given = [value is not None for value in (self.start, self.stop, self.points)]
        if any(given) and not all(given):
            raise ValueError("start, stop and points belong together; give all three or none")
        return self

    def biases(self) -> FloatArray:
        """Return every bias [V] in order."""
        if self.start is not None and self.stop is not None and self.points is not None:
            return np.linspace(self.start, self.stop, self.points)
        return np.asarray(self.bias, dtype=np.float64)

    # ------------------------------------------------------------------------------------------- plan

    def plan(self, station: Station) -> Plan:
        """Predict records, duration and the worst case at the device; refuse what a limit forbids."""
        source = bias_source(station)
        biases = self.biases()
        farthest = float(np.abs(biases).max())
        resistance = station.fixture.path_resistance.get("bias", 0.0)
        current, power = behind_resistance(farthest, resistance)
        if source.limits_current and self.compliance < current:
            current, power = self.compliance, None
        items = worst_case(farthest, current, station.fixture, power=power)
        refusals = limit_refusals(items, station.device, self.name, "lower bias or raise the load resistance")
        for level in (float(biases.min()), float(biases.max())):
            refusals += range_refusal("bias", level, source.allowed, "bias")
        warnings = []
        if device_view(station) is None:
            refusals.append(
                "scope: [fixture.sensing] names no scope channel at the device; add voltage_high and current"
            )
        if station.fixture.parallel_capacitance <= 0:
            warnings.append(
                "no capacitance across the device in the fixture: the frequency is that of unknown parasitics"
            )
        scope = station.oscilloscope("scope").capabilities
        span = self.record_span if self.record_span is not None else self.periods * self.longest_period
        samples = min(scope.record_length, span * scope.sample_rate)
        if self.record_span is None:
            samples = min(samples, _USUAL_SAMPLES)
        times = np.repeat(np.arange(len(biases) + 1) * (self.settle + _OVERHEAD), 2)[1:-1]
        return Plan(
            steps=len(biases),
            points=len(biases),
            duration=len(biases) * (self.settle + (self.record_span or 0.0) + _OVERHEAD),
            bytes=int(len(biases) * samples * 2),
            worst_case=items,
            refusals=tuple(refusals),
            warnings=tuple(warnings),
            preview={"time": times, "level": np.repeat(biases, 2)},
        )

    # ------------------------------------------------------------------------------------------- run

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Hold and record each bias; the source ends at zero with its output off."""
        view = device_view(station)
        if view is None:
            raise ConfigurationError("oscillation: [fixture.sensing] names no scope channel at the device")
        source, clock, biases = bias_source(station), station.clock, self.biases()
        source.prepare(float(biases.min()), float(biases.max()), self.compliance)
        acquisition = OscillationAcquisition(self, station, recorder, view)
        yield Step(0, len(biases), "output on at zero", idle=True)
        for number, bias in enumerate(biases):
            message = f"bias {bias:.4g} V"
            source.set_level(float(bias))
            until = clock.now() + self.settle
            yield from steps_for(clock, until, lambda: Step(number, len(biases), message))  # noqa: B023
            acquisition.record(number, float(bias))
            if self.zero_between:
                source.set_level(0.0)
            yield Step(number + 1, len(biases), message, idle=self.zero_between)
        source.switch_off()
        recorder.event(RunEvent("log", "bias at zero, output off", clock.now()))
        yield Step(len(biases), len(biases), "output off", idle=True)
