"""What a protocol's form asks for: a frozen, validated set of parameters, each with unit, bounds and help."""

from collections.abc import Mapping
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, model_validator

from tsbench.quantities import Unit, short_quantity


class Parameters(BaseModel):
    """Base of all parameters: fields with the unit in the type, bounds and help in ``Field``."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    #: parameters that had another name in earlier versions: former name -> name of now
    former_names: ClassVar[Mapping[str, str]] = {}
    #: parameters that describe how a run is made, and are no condition of its events
    no_conditions: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _by_names_of_now(cls, values: Any) -> Any:
        return cls.by_names_of_now(values) if isinstance(values, Mapping) else values

    @classmethod
    def by_names_of_now(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values by the names of now: a run file or a list of an earlier version may have former ones.

        Raises
        ------
        ValueError
            One parameter is given by both names.
        """
        for former, name in cls.former_names.items():
            if former in values and name in values:
                raise ValueError(f"'{former}' is the former name of '{name}', and both are given. Remove '{former}'")
        return {cls.former_names.get(name, name): value for name, value in values.items()}

    @classmethod
    def unit_of(cls, field: str) -> str:
        """Return the SI unit of a parameter, "" where it has none."""
        described = cls.model_fields[field]
        marks = list(described.metadata)
        for part in get_args(described.annotation):  # an optional parameter has its unit one level down
            marks += get_args(part)
        return next((mark.symbol for mark in marks if isinstance(mark, Unit)), "")

    def told(self, name: str) -> str:
        """Return a parameter as messages name it: "step = 4 mV"."""
        return f"{name} = {short_quantity(getattr(self, name), self.unit_of(name))}"

    def parameters(self) -> dict[str, dict[str, Any]]:
        """Return name -> {"value", "unit"} for the run file."""
        return {
            name: {"value": value, "unit": self.unit_of(name)}
            for name, value in self.model_dump(mode="json").items()
        }
