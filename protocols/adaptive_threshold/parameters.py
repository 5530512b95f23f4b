"""What the adaptive threshold asks for."""

from typing import Self

from pydantic import Field, model_validator

from tsbench.protocols.parameters import Parameters
from tsbench.protocols.pulses.single import SinglePulses
from tsbench.quantities import Volts


class ThresholdRange(Parameters):
    """What the search looks for, and between which amplitudes."""

    lowest: Volts = Field(default=0.1, description="lowest amplitude of a pulse, above the base level")
    highest: Volts = Field(
        default=1.5,
        description="highest amplitude of a pulse, above the base level (both are negative for negative pulses)")
    interval: Volts = Field(
        default=20e-3, gt=0,
        description="width of the 95 % interval of the threshold amplitude that ends the search, without the accuracy "
                    "of the generator")


class ThresholdParameters(SinglePulses, ThresholdRange):
    """Parameters of the search for the amplitude that fires every second pulse."""

    @model_validator(mode="after")
    def _range_of_amplitudes(self) -> Self:
        if self.lowest * self.highest < 0:
            raise ValueError(f"{self.told('lowest')} and {self.told('highest')} have different signs. Give "
                             "both the sign of the pulses")
        if abs(self.highest) <= abs(self.lowest):
            raise ValueError(f"{self.told('highest')} must be farther from 0 V than {self.told('lowest')}")
        if self.interval >= abs(self.highest - self.lowest):
            raise ValueError(f"{self.told('interval')} must be narrower than the range of the search, from "
                             f"{self.told('lowest')} to {self.told('highest')}")
        if self.conditioning is not None and abs(self.conditioning) < abs(self.highest):
            raise ValueError(f"{self.told('conditioning')} must be at least as far from 0 V as "
                             f"{self.told('highest')}: a conditioning pulse surely switches the device")
        return self

    @property
    def amplitude(self) -> tuple[float, ...]:
        """The two amplitudes between which the others are [V]: the farthest first."""
        return (self.highest, self.lowest)

    @property
    def total(self) -> int:
        """Number of pulses at most."""
        return self.budget
