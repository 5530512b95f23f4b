"""What a retention run asks for, and the times of its reads."""

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from tsbench.protocols.parameters import Parameters
from tsbench.quantities import Amperes, Ohms, Seconds, Volts
from tsbench.records import FloatArray

BEFORE = 3  #: reads before the stimulus
_LONGEST = 30 * 24 * 3600.0  #: [s]


class RetentionParameters(Parameters):
    """Parameters of a retention run."""

    set_voltage: Volts = Field(default=1.5, description="voltage that switches the device on, signed")
    set_time: Seconds = Field(default=20e-3, gt=0, le=3600, description="time at this voltage")
    compliance: Amperes = Field(
        default=100e-6, gt=0, description="compliance current, and the range in which the current is measured")
    read_voltage: Volts = Field(
        default=0.1, description="voltage of the reads, below the hold voltage, signed")
    between: Literal["zero", "read"] = Field(
        default="zero", description="voltage between two reads: 0 V, so that the reads disturb least, or the read "
                                    "voltage")
    first: Seconds = Field(default=10e-3, gt=0, description="time of the first read after the stimulus")
    last: Seconds = Field(default=10.0, gt=0, le=_LONGEST, description="time of the last read after the stimulus")
    points: int = Field(default=16, ge=3, le=10_000, description="number of reads, evenly spaced in the logarithm of "
                                                                 "the time")
    off_above: Ohms = Field(
        default=1e6, gt=0, description="the state is lost when the resistance at the read voltage is above this")
    repeats: int = Field(default=6, ge=1, le=10_000, description="number of stimuli")
    rest: Seconds = Field(default=1.0, ge=0, le=3600, description="time at 0 V before each stimulus")
    nplc: float = Field(default=0.1, ge=0.01, le=10, description="integration time in power-line cycles")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name in ("set_voltage", "read_voltage"):
            if getattr(self, name) == 0:
                raise ValueError(f"{name} = 0 V gives no stimulus and no read. Give another voltage")
        if abs(self.read_voltage) >= abs(self.set_voltage):
            raise ValueError(f"{self.told('read_voltage')} must be closer to 0 V than "
                             f"{self.told('set_voltage')}, because a read must not switch "
                             "the device on")
        if self.first >= self.last:
            raise ValueError(f"{self.told('first')} must be shorter than {self.told('last')}")
        return self

    def times(self) -> FloatArray:
        """Return when the reads are due [s] after the stimulus."""
        return np.geomspace(self.first, self.last, self.points)

    @property
    def total(self) -> int:
        """Number of readings: before, during and after each stimulus."""
        return self.repeats * (BEFORE + 1 + self.points)
