"""What the firing probability asks for."""

from pydantic import Field

from tsbench.protocols.fields import ExternalLevel, ScopeTrigger, VoltsList
from tsbench.protocols.pulses.single import SinglePulses
from tsbench.quantities import Seconds, Volts


class ProbabilityParameters(SinglePulses):
    """Parameters of pulses that are sent until the firing probability is known well enough."""

    amplitude: VoltsList = Field(
        default=(1.0,), min_length=1,
        description="pulse heights above the base level; the firing probability is found at each"
    )
    interval: float = Field(
        default=0.2, gt=0, lt=1,
        description="width of the 95 % interval of the firing probability that ends the pulses of an amplitude")
    base: Volts = Field(default=0.0, description="level between pulses")
    width: Seconds = Field(default=1e-6, gt=0, description="pulse width at 50 %")
    budget: int = Field(default=200, ge=8, le=100_000, description="largest number of pulses at each amplitude")
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

    @property
    def total(self) -> int:
        """Number of pulses at most."""
        return self.budget * len(self.amplitude)
