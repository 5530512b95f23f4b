"""What the adaptive threshold asks for."""

from typing import Self

from pydantic import Field, model_validator

from tsbench.protocols.fields import ExternalLevel, ScopeTrigger
from tsbench.protocols.pulses.single import SinglePulses
from tsbench.quantities import Seconds, Volts


class ThresholdParameters(SinglePulses):
    """Parameters of the search for the amplitude that fires every second pulse."""

    lowest: Volts = Field(default=0.1, description="lowest amplitude of a pulse, above the base level")
    highest: Volts = Field(
        default=1.5,
        description="highest amplitude of a pulse, above the base level (both are negative for negative pulses)")
    interval: Volts = Field(
        default=20e-3, gt=0, description="width of the 95 % interval of the threshold amplitude that ends the search")
    base: Volts = Field(default=0.0, description="level between pulses")
    width: Seconds = Field(default=1e-6, gt=0, description="pulse width at 50 %")
    budget: int = Field(default=200, ge=8, le=100_000, description="largest number of pulses")
    rest: Seconds = Field(
        default=1e-3, ge=0, le=3600,
        description="time at the base level between two pulses, so that the device recovers"
    )
    rise_time: Seconds = Field(default=10e-9, gt=0, description="rise time, 10 to 90 %")
    fall_time: Seconds = Field(default=10e-9, gt=0, description="fall time, 90 to 10 %")
    trigger: ScopeTrigger = "device"
    external_level: ExternalLevel = 1.0
    resolution: int = Field(
        default=500, ge=20, le=100_000, description="smallest number of scope samples in the pulse width"
    )

    @model_validator(mode="after")
    def _range_of_amplitudes(self) -> Self:
        if self.lowest * self.highest < 0:
            raise ValueError(f"lowest = {self.lowest:g} V and highest = {self.highest:g} V have different signs. Give "
                             "both the sign of the pulses")
        if abs(self.highest) <= abs(self.lowest):
            raise ValueError(f"highest = {self.highest:g} V must be farther from 0 V than lowest = {self.lowest:g} V")
        return self

    @property
    def amplitude(self) -> tuple[float, ...]:
        """The two amplitudes between which the others are [V]: the farthest first."""
        return (self.highest, self.lowest)

    @property
    def total(self) -> int:
        """Number of pulses at most."""
        return self.budget

