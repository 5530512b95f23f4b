"""What the firing probability asks for."""

from pydantic import Field

from tsbench.protocols.fields import VoltsList
from tsbench.protocols.parameters import Parameters
from tsbench.protocols.pulses.single import SinglePulses


class WantedProbability(Parameters):
    """Where the firing probability is looked for, and how well."""

    amplitude: VoltsList = Field(
        default=(1.0,), min_length=1,
        description="pulse amplitudes above the base level; the firing probability is found at each"
    )
    interval: float = Field(
        default=0.2, gt=0, lt=1,
        description="width of the 95 % interval of the firing probability that ends the pulses of an amplitude")


class ProbabilityParameters(SinglePulses, WantedProbability):
    """Parameters of pulses that are sent until the firing probability is known well enough."""

    budget: int = Field(default=200, ge=8, le=100_000, description="largest number of pulses at each amplitude")

    @property
    def total(self) -> int:
        """Number of pulses at most."""
        return self.budget * len(self.amplitude)
