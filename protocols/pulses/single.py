"""Single pulses: each with a record of its own."""

from typing import Self

from pydantic import Field, model_validator

from tsbench.instruments import Pulse
from tsbench.protocols.fields import ExternalLevel, ScopeTrigger
from tsbench.protocols.pulses.parameters import PulseParameters
from tsbench.quantities import Seconds, Volts

#: [s] more than the settling of any scope before its trigger
_LEAST_LEAD = 50e-9


class SinglePulses(PulseParameters):
    """What searches by single pulses ask for, each with a record of its own; a form begins with what is its own."""

    base: Volts = Field(default=0.0, description="level between pulses")
    width: Seconds = Field(default=1e-6, gt=0, description="pulse width at 50 %")
    budget: int = Field(default=200, ge=8, le=100_000, description="largest number of pulses")
    conditioning: Volts | None = Field(
        default=None,
        description="amplitude of a conditioning pulse, which surely switches the device. It is sent after each pulse "
                    "that did not fire, so that every pulse meets a device that has just switched (if it is not "
                    "given, no such pulse is sent)")
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
    def _conditioning_has_the_sign_of_the_pulses(self) -> Self:
        if self.conditioning is not None and any(self.conditioning * one <= 0 for one in self.amplitude):
            raise ValueError(f"conditioning = {self.conditioning:g} V must have the sign of the pulses")
        return self

    @property
    def levels(self) -> tuple[float, ...]:
        """Every level of the generator [V]: the base, then the top of each amplitude."""
        more = () if self.conditioning is None else (self.base + self.conditioning,)
        return (*super().levels, *more)

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
