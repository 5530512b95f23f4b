"""What every protocol is: a frozen, validated set of parameters that can plan itself and run itself.

One declaration serves the form, the command line, the campaign file and the run file.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from tsbench.errors import ConfigurationError, nearest
from tsbench.instruments import Plan, Station
from tsbench.quantities import Unit
from tsbench.records import Column, Recorder, Step
from tsbench.validation import first_problem


class Protocol(BaseModel, ABC):
    """Base of all protocols: parameters as fields (unit in the type, bounds and help in ``Field``)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str]  #: as on the command line: "iv_sweep"
    title: ClassVar[str]  #: as in the window: "I-V sweep"
    analyses: ClassVar[tuple[str, ...]]  #: names that tsbench.extraction knows
    columns: ClassVar[tuple[Column, ...]]
    roles: ClassVar[tuple[str, ...]]  #: roles the bench must have

    @abstractmethod
    def plan(self, station: Station) -> Plan:
        """Predict steps, duration, worst case at the device and bytes, without sending anything."""

    @abstractmethod
    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Acquire. Each yielded step is a place where the runner may pause or stop."""

    @classmethod
    def parse(cls, values: Mapping[str, Any] | None = None, /, **more: Any) -> Self:
        """Build from names and values: text with prefix and unit, or numbers in SI units.

        ``IVSweep.parse(stop="1.2 V", step="4 mV")``. The constructor takes the same; type checkers accept only
        numbers there.

        Parameters
        ----------
        values : mapping
            Name to value, for names that are data.
        **more
            The same as keywords.

        Raises
        ------
        ConfigurationError
            One line: the parameter, the value and what is wrong with it.
        """
        values = {**(values or {}), **more}
        for name in values:
            if name not in cls.model_fields:
                raise ConfigurationError(
                    f"{cls.name}: unknown parameter '{name}'{nearest(name, cls.model_fields)}"
                )
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ConfigurationError(f"{cls.name}: {first_problem(error)}") from None

    @classmethod
    def unit_of(cls, field: str) -> str:
        """Return the SI unit of a parameter, "" where it has none."""
        described = cls.model_fields[field]
        marks = list(described.metadata)
        for part in get_args(
            described.annotation
        ):  # where the parameter may be left out, the unit is one level down
            marks += get_args(part)
        return next((mark.symbol for mark in marks if isinstance(mark, Unit)), "")

    def table(self) -> tuple[Column, ...]:
        """Return the columns of the point table with the units that they have under these parameters."""
        return self.columns

    def parameters(self) -> dict[str, dict[str, Any]]:
        """Return name -> {"value", "unit"} for the run file."""
        return {
            name: {"value": value, "unit": self.unit_of(name)}
            for name, value in self.model_dump(mode="json").items()
        }
