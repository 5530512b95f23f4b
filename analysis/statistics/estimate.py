"""A number with its 95 % interval."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval; None where it, or an end, is not known."""

    value: float | None
    low: float | None
    high: float | None

    def root(self) -> "Estimate":
        """Return the square root: of a variance, the standard deviation."""
        numbers = (self.value, self.low, self.high)
        return Estimate(*(None if number is None else math.sqrt(number) for number in numbers))
