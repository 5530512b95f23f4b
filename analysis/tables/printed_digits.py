"""How finely a column of numbers was printed: the least that a number of a table may be wrong by.

A table without noise repeats itself exactly, so its scatter says nothing of its errors. But no number is known better
than its last digit. The numbers tell by themselves how many digits they have, also those of a file that keeps no text.
"""

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from tsbench.records import FloatArray
from tsbench.samples import spread_out

#: numbers of a column that are looked at: a program drops zeros at the end, but hardly those of all of them
_ENOUGH = 1000
_OF_A_DOUBLE = 15  #: decimal digits that each double keeps; a unit prefix changes the ones after them


@dataclass(frozen=True)
class PrintedDigits:
    """Digits of a column: ``significant`` ones at most, and none below the decimal place ``last`` (-3: 0.001)."""

    significant: int
    last: int

    def step(self, value: float) -> float:
        """Return one unit of the last digit with which a number such as ``value`` was printed, in its unit.

        Numbers with a fixed number of decimals have the same step, those with a fixed number of digits one that grows
        with them. Both are tried, and the larger step is the one that is sure.
        """
        if not value or not math.isfinite(value):
            return 10.0**self.last
        return 10.0 ** max(self.last, math.floor(math.log10(abs(value))) - self.significant + 1)


def printed_digits(values: FloatArray) -> PrintedDigits:
    """Return how finely numbers, shape (n,), n > 0, were printed; NaN and infinite ones say nothing of it."""
    known = values[np.isfinite(values)]
    known = known[spread_out(known.size, _ENOUGH)]
    numbers = [Decimal(f"{value:.{_OF_A_DOUBLE}g}").normalize() for value in known.tolist() if value]
    if not numbers:
        return PrintedDigits(1, -_OF_A_DOUBLE)
    return PrintedDigits(
        max(len(number.as_tuple().digits) for number in numbers),
        min(int(number.as_tuple().exponent) for number in numbers))
