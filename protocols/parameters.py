"""What a protocol's form asks for: a frozen, validated set of parameters, each with unit, bounds and help."""

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict

from tsbench.quantities import Unit


class Parameters(BaseModel):
    """Base of all parameters: fields with the unit in the type, bounds and help in ``Field``."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    @classmethod
    def unit_of(cls, field: str) -> str:
        """Return the SI unit of a parameter, "" where it has none."""
        described = cls.model_fields[field]
        marks = list(described.metadata)
        for part in get_args(described.annotation):  # an optional parameter has its unit one level down
            marks += get_args(part)
        return next((mark.symbol for mark in marks if isinstance(mark, Unit)), "")

    def parameters(self) -> dict[str, dict[str, Any]]:
        """Return name -> {"value", "unit"} for the run file."""
        return {
            name: {"value": value, "unit": self.unit_of(name)}
            for name, value in self.model_dump(mode="json").items()
        }
