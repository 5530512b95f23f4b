"""What an oscillation run asks for."""

from typing import Self

import numpy as np
from pydantic import Field, model_validator

from tsbench.protocols.fields import VoltsList
from tsbench.protocols.parameters import Parameters
from tsbench.quantities import Amperes, Seconds, Volts
from tsbench.records import FloatArray


class OscillationParameters(Parameters):
    """Parameters of an oscillation run."""

    bias: VoltsList = Field(
        default=(1.8, 2.2, 2.6), min_length=1, description="levels of the source, before the load resistor"
    )
    start: Volts | None = Field(
        default=None,
        description="first of equally spaced biases ('start', 'stop' and 'points' are used instead of 'bias')",
    )
    stop: Volts | None = Field(default=None, description="last of equally spaced biases")
    points: int | None = Field(default=None, ge=2, le=10_000, description="number of biases from 'start' to 'stop'")
    settle: Seconds = Field(default=1e-3, ge=0, le=3600, description="time at a bias before its record")
    record_span: Seconds | None = Field(
        default=None, gt=0, le=100,
        description="length of each record (if it is not given, tsbench computes it from the period)"
    )
    periods: int = Field(default=100, ge=3, le=100_000,
                         description="number of periods in a record, used if 'record_span' is not given")
    longest_period: Seconds = Field(default=1e-3, gt=0, le=10, description="longest period to search for")
    zero_between: bool = Field(
        default=True, description="go to 0 V between two biases, so that the device relaxes"
    )
    compliance: Amperes | None = Field(
        default=None, gt=0,
        description="compliance current, used if a source meter is the source of the bias (if it is not given, 5 mA "
                    "or max_current of the device if this is less)"
    )

    @model_validator(mode="after")
    def _whole_series(self) -> Self:
        given = [value is not None for value in (self.start, self.stop, self.points)]
        if any(given) and not all(given):
            raise ValueError(
                "'start', 'stop' and 'points' belong together. Give all three of them, or leave out all three")
        return self

    def biases(self) -> FloatArray:
        """Return every bias [V] in order."""
        if self.start is not None and self.stop is not None and self.points is not None:
            return np.linspace(self.start, self.stop, self.points)
        return np.asarray(self.bias, dtype=np.float64)
