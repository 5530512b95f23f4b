"""I-V sweep: a source meter steps through levels under compliance and reads voltage and current at each."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from tsbench.errors import ConfigurationError
from tsbench.instruments import MeasureSettings, Plan, PlanItem, SourceMeter, SourceSettings, Station
from tsbench.protocols.acquiring.device_view import device_view
from tsbench.protocols.iv_sweep.acquisition import SweepAcquisition
from tsbench.protocols.iv_sweep.path import SweepPath, branch_levels, soft_steps, sweep_path
from tsbench.protocols.protocol import Protocol
from tsbench.protocols.worst_case import limit_refusals, range_refusal, worst_case
from tsbench.quantities import Seconds, Unit, VoltsPerSecond, parse_quantity
from tsbench.records import Column, FloatArray, Recorder, Step

#: unit of each drive's level and of its compliance
_UNITS = {"voltage": ("V", "A"), "current": ("A", "V")}
#: what suits a current-driven sweep where nothing else is said
_CURRENT_DEFAULTS: dict[str, Any] = {"stop": 1e-3, "step": 5e-6, "compliance": 2.0}
_LEVEL_FIELDS = ("start", "stop", "step")
#: [s] a reading takes beside dwell and aperture
_OVERHEAD = 2e-3
#: apertures of a reading: its own and that of its auto-zero
_APERTURES = 2
_BYTES_PER_POINT = 120
_PREVIEW_POINTS = 2000
#: of one run: what a plan holds in memory
_MOST_POINTS = 10_000_000

#: a level: volts under voltage drive, amperes under current drive
Level = Annotated[float, Unit("V")]
#: the other quantity: amperes under voltage drive, volts under current drive
Compliance = Annotated[float, Unit("A")]


class IVSweep(Protocol):
    """Sweep a source meter from start to stop and back, in cycles, and record voltage and current.

    Where a scope sees the device it looks every few readings whether the device oscillates at that level;
    without one, or with the check switched off, the source meter runs each cycle natively.
    """

    name: ClassVar[str] = "iv_sweep"
    title: ClassVar[str] = "I-V sweep"
    analyses: ClassVar[tuple[str, ...]] = ("threshold",)
    roles: ClassVar[tuple[str, ...]] = ("drive",)
    columns: ClassVar[tuple[Column, ...]] = (
        Column("index", "", "number of the point, from 0"),
        Column("time", "s", "on the bench's clock"),
        Column("cycle", "", "from 1"),
        Column("direction", "", "+1 away from zero, -1 back"),
        Column("polarity", "", "+1 or -1"),
        Column("set_point", "", "level of the source: V under voltage drive, A under current drive"),
        Column("voltage", "V", "at the source meter's terminals"),
        Column("current", "A", "through the source meter"),
        Column("device_voltage", "V", "voltage less current times the fixture's path resistance"),
    )
    #: unit of a parameter that depends on the drive: name -> drive -> unit
    units_by_drive: ClassVar[dict[str, dict[str, str]]] = {
        **{field: {"voltage": "V", "current": "A"} for field in _LEVEL_FIELDS},
        "compliance": {"voltage": "A", "current": "V"},
    }

    drive: Literal["voltage", "current"] = Field(default="voltage", description="what the source meter sources")
    start: Level = Field(default=0.0, description="first level (V, or A under current drive), signed")
    stop: Level = Field(default=1.2, description="turning point (V, or A under current drive), signed")
    step: Level = Field(
        default=0.004, gt=0, description="largest distance between two levels (V, or A under current drive)"
    )
    points: int | None = Field(
        default=None, ge=2, le=100_000, description="levels from start to stop; overrides the step"
    )
    dual: bool = Field(default=True, description="sweep back from stop to start")
    both_polarities: bool = Field(default=False, description="repeat with the sign of every level changed")
    cycles: int = Field(default=1, ge=1, le=100_000, description="how often the sweep is repeated")
    compliance: Compliance = Field(
        default=1e-3, gt=0, description="current the source will not exceed (voltage under current drive)"
    )
    dwell: Seconds = Field(default=1e-3, ge=0, le=100, description="time at a level before its reading")
    nplc: float = Field(
        default=1.0, ge=0.01, le=10, description="integration time in power-line cycles; 0.1 is faster"
    )
    ramp_rate: VoltsPerSecond = Field(
        default=10.0,
        gt=0,
        description="how fast the source goes to start and back to zero, in soft steps (voltage drive)",
    )
    measure_range: Literal["auto", "compliance"] = Field(
        default="compliance", description="measuring range: fixed by the compliance, or found by the source meter"
    )
    stop_on_compliance: bool = Field(default=False, description="end the sweep at the first reading in compliance")
    check_oscillation: bool = Field(default=True, description="look with the scope whether the device oscillates")
    check_every: int = Field(
        default=10,
        ge=1,
        le=100,
        description="points between two looks of the scope; 1 judges every reading by itself",
    )

    def table(self) -> tuple[Column, ...]:
        """Return the columns; the set-point has the unit of the drive."""
        unit = _UNITS[self.drive][0]
        return tuple(replace(column, unit=unit) if column.name == "set_point" else column for column in self.columns)

    @model_validator(mode="before")
    @classmethod
    def _by_drive(cls, values: Any) -> Any:
        """Read levels and compliance in the units of the drive, and take defaults that suit it."""
        if not isinstance(values, dict):
            return values
        drive = values.get("drive", "voltage")
        if not isinstance(drive, str) or drive not in _UNITS:
            return values  # the field says what is wrong with it
        read = dict(_CURRENT_DEFAULTS) if drive == "current" else {}
        read.update(values)
        for field, units in cls.units_by_drive.items():
            if field in read:
                try:
                    read[field] = parse_quantity(read[field], units[drive])
                except ConfigurationError as error:
                    raise ValueError(f"{field}: {error}") from None
        return read

    @model_validator(mode="after")
    def _has_way(self) -> "IVSweep":
        if self.start == self.stop:
            raise ValueError("start and stop are equal; give a stop that differs from the start")
        branch = self.points or abs(self.stop - self.start) / self.step
        levels = branch * (1 + self.dual) * (1 + self.both_polarities) * self.cycles
        if levels > _MOST_POINTS:
            raise ValueError(
                f"{levels:.3g} points in all, at most {_MOST_POINTS:.0e} fit one run; raise step or lower cycles"
            )
        return self

    def parameters(self) -> dict[str, dict[str, Any]]:
        """Return name -> {"value", "unit"}, units by the drive."""
        parameters = super().parameters()
        for field, units in self.units_by_drive.items():
            parameters[field]["unit"] = units[self.drive]
        return parameters

    # ------------------------------------------------------------------------------------------ plan

    def path(self) -> SweepPath:
        """Return every level in order."""
        up = branch_levels(self.start, self.stop, self.step, self.points)
        return sweep_path(up, self.dual, self.both_polarities, self.cycles)

    def time_per_point(self, line_frequency: float) -> float:
        """Return about how long a point takes [s]."""
        return self.dwell + _APERTURES * self.nplc / line_frequency + _OVERHEAD

    def plan(self, station: Station) -> Plan:
        """Predict points, duration and the worst case at the device; refuse what a limit forbids."""
        meter = station.source_meter("drive")
        capabilities = meter.capabilities
        path = self.path()
        farthest = float(np.abs(path.levels).max())
        voltage, current = (
            (farthest, self.compliance) if self.drive == "voltage" else (self.compliance, farthest)
        )
        items = worst_case(voltage, current, station.fixture)
        per_point = self.time_per_point(capabilities.line_frequency)
        size = abs(float(np.diff(path.levels[:2])[0]))
        voltage_drive = self.drive == "voltage"
        levels = capabilities.source_voltage if voltage_drive else capabilities.source_current
        limits = capabilities.compliance_current if voltage_drive else capabilities.compliance_voltage
        refusals = limit_refusals(items, station.device, self.name, "lower stop or compliance")
        refusals += range_refusal("start", self.start, levels, "drive")
        refusals += range_refusal("stop", self.stop, levels, "drive")
        refusals += range_refusal("compliance", self.compliance, limits, "drive")
        refusals += range_refusal("nplc", self.nplc, capabilities.nplc, "drive")
        checks = self._looks(station)
        looks = -(-len(path) // self.check_every) if checks else 0
        warnings = []
        if not checks and len(path) > self.cycles * capabilities.maximum_sweep_points:
            warnings.append(
                "a cycle is longer than the source meter's list: its output may open between two parts"
            )
        if self.check_oscillation and not checks:
            warnings.append("no scope sees the device: an oscillation during a reading would stay unseen")
        if self.dwell < capabilities.minimum_dwell:
            least = capabilities.minimum_dwell
            warnings.append(f"dwell {self.dwell:g} s is below the source meter's {least:g} s, which counts")
        ramps = soft_steps(0.0, self.start, size).size + soft_steps(float(path.levels[-1]), 0.0, size).size
        duration = len(path) * per_point + ramps * self._ramp_wait(size) + looks * 0.05
        shown = np.linspace(0, len(path) - 1, min(len(path), _PREVIEW_POINTS)).astype(int)
        rate = PlanItem("sweep rate", size / per_point, f"{_UNITS[self.drive][0]}/s")
        return Plan(
            steps=len(path),
            points=len(path),
            duration=duration,
            bytes=len(path) * _BYTES_PER_POINT,
            worst_case=(*items, rate),
            refusals=tuple(refusals),
            warnings=tuple(warnings),
            preview={"time": shown * per_point, "level": path.levels[shown]},
        )

    def _looks(self, station: Station) -> bool:
        return self.check_oscillation and device_view(station) is not None

    def _ramp_wait(self, size: float) -> float:
        return size / self.ramp_rate if self.drive == "voltage" else self.dwell

    # ------------------------------------------------------------------------------------------- run

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Ramp to start, sweep, ramp back to zero, output off."""
        meter = station.source_meter("drive")
        path = self.path()
        self._configure(meter, float(np.abs(path.levels).max()))
        size = abs(float(np.diff(path.levels[:2])[0]))
        meter.set_level(0.0)
        meter.set_output(True)
        acquisition = SweepAcquisition(self, station, recorder, meter, path)
        yield acquisition.step("output on at zero", idle=True)
        acquisition.prepare_check()
        yield from self._ramp(station, meter, soft_steps(0.0, self.start, size), size, acquisition)
        yield from acquisition.run()
        yield from self._ramp(station, meter, soft_steps(acquisition.level, 0.0, size), size, acquisition)
        meter.set_level(0.0)
        meter.set_output(False)
        yield acquisition.step("output off", idle=True)

    def _configure(self, meter: SourceMeter, farthest: float) -> None:
        other: Literal["voltage", "current"] = "current" if self.drive == "voltage" else "voltage"
        fixed = self.compliance if self.measure_range == "compliance" else None
        meter.configure_source(SourceSettings(self.drive, limit=self.compliance, range=farthest))
        meter.configure_measure(MeasureSettings(other, range=fixed, nplc=self.nplc))

    def _ramp(
        self,
        station: Station,
        meter: SourceMeter,
        levels: FloatArray,
        size: float,
        acquisition: SweepAcquisition,
    ) -> Iterator[Step]:
        for level in levels:
            meter.set_level(float(level))
            station.clock.wait(self._ramp_wait(size))
            yield acquisition.step("ramp")
