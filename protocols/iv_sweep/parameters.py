"""What an I-V sweep asks for, and the levels that follow from it."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from tsbench.errors import ConfigurationError
from tsbench.protocols.fields import split_list
from tsbench.protocols.iv_sweep.path import SweepPath, branch_levels, levels_of_file, list_path, sweep_path
from tsbench.protocols.parameters import Parameters
from tsbench.protocols.reading_time import APERTURES
from tsbench.quantities import Seconds, Unit, VoltsPerSecond, format_quantity, parse_quantity, short_quantity

#: [A] compliance below which a reading may settle for so long [s]
_LITTLE, _SETTLES = 1e-6, 0.4
#: unit of each drive's level and of its compliance
DRIVE_UNITS = {"voltage": ("V", "A"), "current": ("A", "V")}
#: defaults of a current-driven sweep
_CURRENT_DEFAULTS: dict[str, Any] = {"stop": 1e-3, "step": 5e-6, "compliance": 2.0}
_VOLTAGE_STEP = 0.004  #: [V] default
_LEVEL_FIELDS = ("start", "stop", "step")
_FEWEST_LEVELS = 2
LONGEST_DWELL = 100.0  #: [s] at a level before its reading
#: [s] a reading takes beside dwell and aperture
_OVERHEAD = 2e-3
#: of one run: what a plan holds in memory
_MOST_POINTS = 10_000_000

#: a level: volts under voltage drive, amperes under current drive
Level = Annotated[float, Unit("V")]
#: the other quantity: amperes under voltage drive, volts under current drive
Compliance = Annotated[float, Unit("A")]


LevelList = Annotated[tuple[float, ...], BeforeValidator(split_list), Unit("V")]


class SweepParameters(Parameters):
    """Parameters of an I-V sweep."""

    #: unit of a parameter that depends on the drive: name -> drive -> unit
    units_by_drive: ClassVar[dict[str, dict[str, str]]] = {
        **{field: {"voltage": "V", "current": "A"} for field in (*_LEVEL_FIELDS, "levels")},
        "compliance": {"voltage": "A", "current": "V"},
    }
    #: the ramp rate of a sweep is the change of its set-point per time (docs/definitions.md), which is another quantity
    former_names: ClassVar[Mapping[str, str]] = {"ramp_rate": "approach_rate"}
    no_conditions: ClassVar[frozenset[str]] = frozenset({"approach_rate"})

    drive: Literal["voltage", "current"] = Field(default="voltage", description="the sourced quantity")
    start: Level = Field(default=0.0, description="first level (V, or A under current drive), signed")
    stop: Level = Field(default=1.2, description="turning point (V, or A under current drive), signed")
    step: Level = Field(
        default=_VOLTAGE_STEP, gt=0, description="largest distance between two levels (V, or A under current drive)"
    )
    points: int | None = Field(
        default=None, ge=2, le=100_000, description="number of levels from 'start' to 'stop', used instead of 'step'"
    )
    spacing: Literal["linear", "log"] = Field(
        default="linear", description="distances between the levels: even, or even in the logarithm (with 'points' and "
                                      "a 'start' that is not zero)")
    levels: LevelList = Field(
        default=(), description="list of levels in any order, used instead of 'start', 'stop' and their branches (V, "
                                "or A under current drive)")
    file: str = Field(
        default="", description="path of a text file from which 'levels' is read: one level a line, in the last "
                                "column (V, or A under current drive, or the unit in its header)")
    dual: bool = Field(default=True, description="sweep back from 'stop' to 'start'")
    both_polarities: bool = Field(default=False, description="repeat with the sign of every level changed")
    cycles: int = Field(default=1, ge=1, le=100_000, description="number of sweeps")
    compliance: Compliance = Field(
        default=1e-3, gt=0, description="compliance current (compliance voltage under current drive)"
    )
    dwell: Seconds = Field(default=1e-3, ge=0, le=LONGEST_DWELL, description="time at a level before its reading")
    nplc: float = Field(
        default=1.0, ge=0.01, le=10, description="integration time in power-line cycles (0.1 is faster)"
    )
    approach_rate: VoltsPerSecond = Field(
        default=10.0,
        gt=0,
        description="speed of the ramps from zero to start and back (only under voltage drive)",
    )
    measure_range: Literal["auto", "compliance"] = Field(
        default="compliance", description="measuring range: set from the compliance, or chosen by the source meter"
    )
    stop_on_compliance: bool = Field(default=False, description="end the sweep at the first reading in compliance")
    check_oscillation: bool = Field(default=True, description="check with the scope whether the device oscillates")
    check_every: int = Field(
        default=10,
        ge=1,
        le=100,
        description="number of readings between two checks with the scope (with 1, every reading is checked)",
    )

    @model_validator(mode="before")
    @classmethod
    def _by_drive(cls, values: Any) -> Any:
        """Read levels and compliance in the units of the drive, and take defaults that suit it."""
        if not isinstance(values, dict):
            return values
        drive = values.get("drive", "voltage")
        if not isinstance(drive, str) or drive not in DRIVE_UNITS:
            return values  # the field says what is wrong with it
        read = dict(_CURRENT_DEFAULTS) if drive == "current" else {}
        read.update(values)
        if read.get("file") and not read.get("levels"):   # a stored run has both, and its file may be gone
            read["levels"] = levels_of_file(str(read["file"]), DRIVE_UNITS[drive][0])
        for field, units in cls.units_by_drive.items():
            if field in read:
                try:
                    read[field] = (
                        tuple(parse_quantity(one, units[drive]) for one in split_list(read[field]))
                        if field == "levels" else parse_quantity(read[field], units[drive]))
                except ConfigurationError as error:
                    raise ValueError(f"{field}: {error}") from None
        if isinstance(read.get("step"), float) and read["step"] < 0:
            step = short_quantity(-read["step"], DRIVE_UNITS[drive][0])
            raise ValueError(f"step: -{step} is negative, but 'step' is a distance. 'start' and 'stop' alone set the "
                             f"direction of the sweep. Write {step}")
        return read

    @model_validator(mode="after")
    def _has_way(self) -> Self:
        if self.levels:
            if len(self.levels) < _FEWEST_LEVELS or not any(self.levels):
                raise ValueError("'levels' needs two levels or more, one of them not zero")
            if self.points is not None:
                raise ValueError("'levels' and 'points' are both given. Give only one of them")
        elif self.start == self.stop:
            raise ValueError("'start' and 'stop' are equal. Give two different values")
        elif self.spacing == "log" and (self.points is None or self.start * self.stop <= 0):
            raise ValueError("spacing = log needs 'points', and 'start' and 'stop' of one sign that are not zero")
        elif self.points is None and self.step > abs(self.stop - self.start) * (1.0 + 1e-9):
            unit = DRIVE_UNITS[self.drive][0]
            raise ValueError(f"'step' = {format_quantity(self.step, unit)} is larger than the distance from 'start' to "
                             f"'stop' ({format_quantity(abs(self.stop - self.start), unit)}). Lower 'step'")
        usual = _CURRENT_DEFAULTS["step"] if self.drive == "current" else _VOLTAGE_STEP
        if self.points is not None and self.step != usual:   # a form and a run file also give what is usual
            step = short_quantity(self.step, DRIVE_UNITS[self.drive][0])
            raise ValueError(f"'points' = {self.points} and 'step' = {step} are both given, but each sets the number "
                             "of levels. Give only one of them")
        branch = self.points or abs(self.stop - self.start) / self.step
        one = len(self.levels) or branch * (1 + self.dual) * (1 + self.both_polarities)
        if (levels := one * self.cycles) > _MOST_POINTS:
            way = "Lower 'points'" if self.points else "Raise 'step'"
            raise ValueError(
                f"the sweep would have {levels:.3g} points, but at most {_MOST_POINTS:.0e} fit one run. {way} or lower "
                "'cycles'"
            )
        return self

    def parameters(self) -> dict[str, dict[str, Any]]:
        """Return name -> {"value", "unit"}, units by the drive."""
        parameters = super().parameters()
        for field, units in self.units_by_drive.items():
            parameters[field]["unit"] = units[self.drive]
        return parameters

    def path(self) -> SweepPath:
        """Return every level in order."""
        if self.levels:
            return list_path(self.levels, self.cycles)
        if self.spacing == "log":
            up = np.geomspace(self.start, self.stop, self.points or 2)
        else:
            up = branch_levels(self.start, self.stop, self.step, self.points)
        return sweep_path(up, self.dual, self.both_polarities, self.cycles)

    def time_per_point(self, line_frequency: float) -> float:
        """Return about how long a point takes [s].

        Parameters
        ----------
        line_frequency : [Hz] of the mains
        """
        return self.dwell + APERTURES * self.nplc / line_frequency + _OVERHEAD

    @property
    def longest_settling(self) -> float:
        """Return how long a reading may take beside that [s]: in low ranges of the current, meters settle slowly.

        A 4200A takes 30 ms in the range of 1 nA, and 0.2 s in that of 10 pA.
        """
        return _SETTLES if self.drive == "voltage" and self.compliance < _LITTLE else 0.0

    def ramp_wait(self, size: float) -> float:
        """Return how long a soft step of ``size`` [V, or A] stands [s]."""
        return size / self.approach_rate if self.drive == "voltage" else self.dwell
