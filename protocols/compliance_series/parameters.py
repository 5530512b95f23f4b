"""What a compliance series asks for: a sweep, and the compliance currents."""

from typing import Any, Self

from pydantic import Field, model_validator

from tsbench.errors import ConfigurationError
from tsbench.protocols.fields import AmperesList, split_list
from tsbench.protocols.iv_sweep.parameters import Compliance, SweepParameters
from tsbench.quantities import parse_quantity

_USUAL = (0.1e-3, 0.3e-3, 1e-3)  #: [A]


class ComplianceSeriesParameters(SweepParameters):
    """Parameters of a compliance series; those of a sweep hold at each compliance."""

    compliances: AmperesList = Field(
        default=_USUAL, min_length=1,
        description="compliance currents (A), in this order, each one sweep. A filament may remember a higher one, so "
                    "begin with the lowest")
    compliance: Compliance = Field(
        default=max(_USUAL), gt=0, description="not used: it is the highest of 'compliances'")

    @model_validator(mode="before")
    @classmethod
    def _highest(cls, values: Any) -> Any:
        """Take the highest compliance for the one by which limits are checked."""
        if not isinstance(values, dict) or "compliances" not in values:
            return values
        try:
            highest = max(parse_quantity(one, "A") for one in split_list(values["compliances"]))
            given = parse_quantity(values.get("compliance", highest), "A")
        except (ConfigurationError, TypeError, ValueError):
            return values   # the field says what is wrong with it
        if given != highest:
            raise ValueError("'compliance' and 'compliances' are both given. Give 'compliances' alone")
        return {**values, "compliance": highest}

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if self.drive != "voltage":
            raise ValueError("a compliance series needs drive = voltage")
        if any(one <= 0 for one in self.compliances):
            raise ValueError("compliance currents must be above 0 A")
        return self

    def at_compliance(self, compliance: float) -> "ComplianceSeriesParameters":
        """Return the sweep at one ``compliance`` [A]."""
        return self.model_copy(update={"compliance": compliance})
