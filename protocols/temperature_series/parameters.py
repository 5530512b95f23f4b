"""What a temperature series asks for: a sweep, and the temperatures."""

from typing import Self

from pydantic import Field, model_validator

from tsbench.protocols.fields import KelvinsList
from tsbench.protocols.iv_sweep.parameters import SweepParameters
from tsbench.quantities import Volts


class TemperatureSeriesParameters(SweepParameters):
    """Parameters of a temperature series; those of a sweep hold at each temperature."""

    temperature: KelvinsList = Field(
        default=(300.0, 310.0, 320.0), min_length=1, description="temperatures of the chuck, in this order")
    read_voltage: Volts = Field(
        default=0.2, gt=0, description="the resistance for the activation energy comes from the readings of the ways "
                                       "up with at most this voltage at the device")

    @model_validator(mode="after")
    def _temperatures(self) -> Self:
        if any(one <= 0 for one in self.temperature):
            raise ValueError("temperatures must be above 0 K. Give them in kelvin")
        return self
