"""What a ramp-rate series asks for: a sweep, and the rates."""

from typing import Self

from pydantic import Field, model_validator

from tsbench.protocols.fields import VoltsPerSecondList
from tsbench.protocols.iv_sweep.parameters import LONGEST_DWELL, SweepParameters
from tsbench.quantities import Seconds


class RampRateParameters(SweepParameters):
    """Parameters of a ramp-rate series. The time at a level follows from the rate and takes the place of ``dwell``."""

    rate: VoltsPerSecondList = Field(
        default=(0.02, 0.1, 0.5), min_length=1, description="ramp rates (V/s), in this order, each one sweep")
    dwell: Seconds = Field(
        default=1e-3, ge=0, le=LONGEST_DWELL,
        description="not used: the time at a level follows from 'rate' and the distance of the levels")
    nplc: float = Field(
        default=0.1, ge=0.01, le=10, description="integration time in power-line cycles (it limits the highest rate)")
    check_oscillation: bool = Field(
        default=False, description="check with the scope whether the device oscillates. The looks make the ramp slower")

    @model_validator(mode="after")
    def _rates(self) -> Self:
        if self.drive != "voltage":
            raise ValueError("a ramp-rate series needs drive = voltage")
        if self.spacing != "linear" or self.levels:
            raise ValueError("a ramp-rate series needs even steps. Remove 'spacing' and 'levels'")
        if any(one <= 0 for one in self.rate):
            raise ValueError("ramp rates must be above 0 V/s")
        return self

    @property
    def size(self) -> float:
        """Distance between two levels [V]."""
        return self.path().largest_step

    def at_rate(self, rate: float, line_frequency: float) -> "RampRateParameters":
        """Return the sweep at one ``rate`` [V/s], its dwell at least zero.

        Parameters
        ----------
        rate : [V/s] above zero
        line_frequency : [Hz] of the mains
        """
        without = self.model_copy(update={"dwell": 0.0}).time_per_point(line_frequency)
        return self.model_copy(update={"dwell": max(self.size / rate - without, 0.0)})

    def lowest_rate(self, line_frequency: float) -> float:
        """Return the rate [V/s] whose time at a level is the longest that a sweep may have.

        Parameters
        ----------
        line_frequency : [Hz] of the mains
        """
        return self.size / self.model_copy(update={"dwell": LONGEST_DWELL}).time_per_point(line_frequency)

    def highest_rate(self, line_frequency: float) -> float:
        """Return the highest rate [V/s] that the source meter reaches with these levels and this aperture.

        Parameters
        ----------
        line_frequency : [Hz] of the mains
        """
        return self.size / self.model_copy(update={"dwell": 0.0}).time_per_point(line_frequency)
