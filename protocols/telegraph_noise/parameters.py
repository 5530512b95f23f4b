"""What a telegraph-noise run asks for."""

from typing import Self

import numpy as np
from pydantic import Field, model_validator

from tsbench.protocols.fields import VoltsList
from tsbench.protocols.parameters import Parameters
from tsbench.protocols.reading_time import APERTURES
from tsbench.quantities import Amperes, Seconds

_OVERHEAD = 2e-3  #: [s] of a reading beside dwell and apertures


class TelegraphParameters(Parameters):
    """Parameters of a telegraph-noise run."""

    bias: VoltsList = Field(
        default=(0.1, 0.2), min_length=1, description="constant voltages at which the current is sampled, signed")
    samples: int = Field(default=2000, ge=100, le=10_000_000, description="number of readings at each voltage")
    settle: Seconds = Field(default=0.1, ge=0, le=3600, description="time at a voltage before the first reading")
    dwell: Seconds = Field(
        default=0.0, ge=0, le=100, description="waiting time before each reading. With the integration time, it sets "
                                               "the time between two readings")
    nplc: float = Field(default=0.1, ge=0.01, le=10, description="integration time in power-line cycles")
    compliance: Amperes = Field(
        default=100e-6, gt=0, description="compliance current, and the range in which the current is measured")

    @model_validator(mode="after")
    def _biased(self) -> Self:
        if any(one == 0 for one in self.bias):
            raise ValueError("bias must not be 0 V, because without a voltage no current shows the noise")
        return self

    @property
    def highest(self) -> float:
        """Largest magnitude of the voltages [V]."""
        return float(np.abs(self.bias).max())

    def interval(self, line_frequency: float) -> float:
        """Return about how long a reading takes [s].

        Parameters
        ----------
        line_frequency : [Hz] of the mains
        """
        return self.dwell + APERTURES * self.nplc / line_frequency + _OVERHEAD
