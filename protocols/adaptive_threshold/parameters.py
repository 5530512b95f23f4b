"""What the adaptive threshold asks for."""

from pydantic import Field

from tsbench.protocols.adapting.parameters import AmplitudeSearchParameters
from tsbench.quantities import Volts


class ThresholdParameters(AmplitudeSearchParameters):
    """Parameters of the search for the amplitude that fires every second pulse."""

    interval: Volts = Field(
        default=20e-3, gt=0, description="width of the 95 % interval of the threshold amplitude that ends the search")
