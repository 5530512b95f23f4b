"""What the search for a firing probability asks for."""

from typing import Self

from pydantic import Field, model_validator

from tsbench.protocols.adapting.parameters import AmplitudeSearchParameters
from tsbench.quantities import Volts


class ProbabilityParameters(AmplitudeSearchParameters):
    """Parameters of the search for the firing probability at one amplitude."""

    at: Volts = Field(default=1.0, description="amplitude whose firing probability is looked for, above the base level")
    interval: float = Field(
        default=0.2, gt=0, lt=1,
        description="width of the 95 % interval of the firing probability that ends the search")

    @model_validator(mode="after")
    def _at_within(self) -> Self:
        if not min(self.amplitude) <= self.at <= max(self.amplitude):
            raise ValueError(f"at = {self.at:g} V must be from 'lowest' to 'highest' ({self.lowest:g} V to "
                             f"{self.highest:g} V)")
        return self
