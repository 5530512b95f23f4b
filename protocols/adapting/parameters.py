"""What the searches over the amplitude of single pulses ask for."""

from typing import Self

from pydantic import Field, model_validator

from tsbench.instruments import Pulse
from tsbench.protocols.fields import ExternalLevel, ScopeTrigger
from tsbench.protocols.pulses.parameters import PulseParameters
from tsbench.quantities import Seconds, Volts

#: [s] more than the settling of any scope before its trigger
_LEAST_LEAD = 50e-9


class AmplitudeSearchParameters(PulseParameters):
    """Parameters of single pulses whose amplitude is chosen pulse by pulse."""

    lowest: Volts = Field(default=0.1, description="lowest amplitude of a pulse, above the base level")
    highest: Volts = Field(
        default=1.5,
        description="highest amplitude of a pulse, above the base level (both are negative for negative pulses)")
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
    def sign(self) -> float:
        """Sign of all amplitudes."""
        return 1.0 if self.highest > 0 else -1.0

    @property
    def total(self) -> int:
        """Number of pulses at most."""
        return self.budget

    @property
    def lead(self) -> float:
        """Time before the trigger in each record [s]."""
        return max(0.2 * self.width, 5 * self.rise_time, _LEAST_LEAD)

    @property
    def span(self) -> float:
        """Length of each record [s]."""
        return 2 * self.lead + 1.3 * self.width + 2 * self.fall_time

    @property
    def samples(self) -> int:
        """Samples of each record."""
        return max(round(self.resolution * self.span / self.width), 1000)

    def pulse(self, amplitude: float) -> Pulse:
        """Return the generator's pulse of one ``amplitude`` [V]."""
        period = self.width + 1.5 * (self.rise_time + self.fall_time)  # of a single pulse
        return Pulse(self.base, amplitude, self.width, period, self.rise_time, self.fall_time)
