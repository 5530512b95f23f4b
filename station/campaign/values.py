"""What an expression of a campaign may come to: a number with its interval and unit, a word, true or false, unknown."""

import math
from dataclasses import dataclass

from tsbench.quantities import format_interval, short_quantity
from tsbench.station.campaign.dimensions import PLAIN, Dimension, unit_text


@dataclass(frozen=True)
class Quantified:
    """A number in SI units with the interval in which it lies; of an exact number both ends are the number."""

    value: float
    low: float
    high: float
    dimension: Dimension = PLAIN
    count: int = 1  #: results that it was made of

    @classmethod
    def exact(cls, value: float, dimension: Dimension = PLAIN) -> "Quantified":
        """Return a number without an interval.

        Parameters
        ----------
        value : in SI units
        dimension : of the unit
        """
        return cls(value, value, value, dimension)

    @property
    def text(self) -> str:
        """The number as messages show it."""
        unit = unit_text(self.dimension)
        if self.low == self.high:
            return short_quantity(self.value, unit, 6)
        ends = [end if math.isfinite(end) else None for end in (self.low, self.high)]
        return format_interval(self.value, ends[0], ends[1], unit)


@dataclass(frozen=True)
class Unknown:
    """What cannot be said, and why."""

    reason: str


Value = Quantified | str | bool | Unknown


class ExpressionError(ValueError):
    """An expression is wrong: its form, a name, or its units. One line."""
