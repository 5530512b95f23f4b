"""What the search for the refractory period asks for."""

from typing import Self

from pydantic import Field, model_validator

from tsbench.instruments import Pulse
from tsbench.protocols.fields import ExternalLevel, ScopeTrigger, VoltsList
from tsbench.protocols.pulses.parameters import LEAST_RESOLUTION, PairOfPulses
from tsbench.quantities import Seconds, Volts, short_quantity


class RefractoryParameters(PairOfPulses):
    """Parameters of pulse pairs whose gap is chosen pair by pair."""

    amplitude: VoltsList = Field(
        default=(1.4,), min_length=1, description="pulse amplitudes above the base level, one search for each"
    )
    base: Volts = Field(default=0.1, description="level between pulses, low enough for the device to relax")
    width: Seconds = Field(default=1e-3, gt=0, description="width of each pulse at 50 %")
    shortest: Seconds = Field(default=0.1e-3, gt=0, description="shortest gap")
    longest: Seconds = Field(default=0.1, gt=0, description="longest gap, long enough for the device to recover")
    ratio: float = Field(
        default=1.5, gt=1, le=100,
        description="ratio of the ends of the 95 % interval of the refractory period that ends the search")
    budget: int = Field(default=200, ge=8, le=100_000, description="largest number of pairs at each amplitude")
    rest: Seconds = Field(
        default=50e-3, ge=0, le=3600,
        description="time at the base level between two pairs, so that the device recovers"
    )
    rise_time: Seconds = Field(default=1e-6, gt=0, description="rise time, 10 to 90 %")
    fall_time: Seconds = Field(default=1e-6, gt=0, description="fall time, 90 to 10 %")
    trigger: ScopeTrigger = "device"
    external_level: ExternalLevel = 1.0
    resolution: int = Field(
        default=500, ge=LEAST_RESOLUTION, le=100_000, description="smallest number of scope samples in the pulse width"
    )

    @model_validator(mode="after")
    def _range_of_gaps(self) -> Self:
        if self.longest <= self.shortest:
            raise ValueError(f"{self.told('longest')} must be greater than {self.told('shortest')}")
        if self.shortest < self.edges:
            raise ValueError(f"a gap of {short_quantity(self.shortest, 's')} is shorter than the edges of the pulse "
                             f"({short_quantity(self.edges, 's')}). Raise 'shortest', or lower "
                             "'rise_time' and 'fall_time'")
        return self

    @property
    def total(self) -> int:
        """Number of pairs at most."""
        return self.budget * len(self.amplitude)

    def pulse(self, amplitude: float, gap: float) -> Pulse:
        """Return the generator's pulse of one ``amplitude`` [V], repeated after ``gap`` [s]."""
        return Pulse(self.base, amplitude, self.width, self.width + gap, self.rise_time, self.fall_time)
