"""What the search for the oscillation window asks for."""

from typing import Self

from pydantic import Field, model_validator

from tsbench.protocols.oscillation.parameters import OscillationParameters
from tsbench.protocols.parameters import Parameters
from tsbench.quantities import Amperes, Seconds, Volts


class WindowParameters(Parameters):
    """Parameters of the search for the edges of the oscillation window."""

    lowest: Volts = Field(default=0.5, description="lowest level of the source, before the load resistor")
    highest: Volts = Field(
        default=4.0, description="highest level of the source (both are negative for a negative bias)")
    points: int = Field(default=8, ge=2, le=1000, description="number of equally spaced biases of the first pass")
    interval: Volts = Field(
        default=20e-3, gt=0,
        description="width of the bracket of each edge that ends the search, without the accuracy of the source")
    budget: int = Field(default=60, ge=4, le=10_000, description="largest number of records")
    settle: Seconds = Field(default=1e-3, ge=0, le=3600, description="time at a bias before its record")
    record_span: Seconds | None = Field(
        default=None, gt=0, le=100,
        description="length of each record (if it is not given, tsbench computes it from the period)"
    )
    periods: int = Field(default=20, ge=5, le=100_000,
                         description="number of periods in a record, used if 'record_span' is not given")
    longest_period: Seconds = Field(default=1e-3, gt=0, le=10, description="longest period to search for")
    compliance: Amperes | None = Field(
        default=None, gt=0,
        description="compliance current, used if a source meter is the source of the bias (if it is not given, 5 mA "
                    "or max_current of the device if this is less)"
    )

    @model_validator(mode="after")
    def _range_of_biases(self) -> Self:
        if self.highest == 0:
            raise ValueError("highest must not be 0 V: it is the far end of the range that is searched")
        if self.lowest * self.highest < 0:
            raise ValueError(f"{self.told('lowest')} and {self.told('highest')} must have the same sign")
        if abs(self.highest) <= abs(self.lowest):
            raise ValueError(f"{self.told('highest')} must be farther from 0 V than {self.told('lowest')}")
        return self

    def records(self) -> OscillationParameters:
        """Return the parameters of the records: the two ends of the range, each from 0 V."""
        return OscillationParameters(
            bias=(self.lowest, self.highest), settle=self.settle, record_span=self.record_span, periods=self.periods,
            longest_period=self.longest_period, compliance=self.compliance)
