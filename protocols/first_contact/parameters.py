"""What a first look at an unknown device asks for."""

import numpy as np
from pydantic import Field

from tsbench.protocols.parameters import Parameters
from tsbench.quantities import Amperes, Seconds, Volts
from tsbench.records import FloatArray


class ContactParameters(Parameters):
    """Parameters of a first contact."""

    highest: Volts = Field(default=0.1, gt=0, le=1, description="largest voltage, far below any threshold")
    levels: int = Field(default=10, ge=5, le=1000, description="number of levels of each polarity")
    compliance: Amperes = Field(default=20e-6, gt=0, description="compliance current")
    dwell: Seconds = Field(default=10e-3, ge=0, le=100, description="time at a level before its reading")
    nplc: float = Field(default=1.0, ge=0.01, le=10, description="integration time in power-line cycles")

    def path(self) -> FloatArray:
        """Return the levels [V], smallest first and both polarities in turn, so that a short shows at once."""
        sizes = self.highest * np.arange(1, self.levels + 1) / self.levels
        return np.concatenate([[0.0], np.stack([sizes, -sizes], axis=1).ravel()])
