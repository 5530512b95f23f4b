"""Whether the points in the numbers of a table are decimal signs, or may separate thousands: "1.020"."""

import re

from tsbench.errors import UnreadableFile

#: a number that only a decimal point can have: other than three digits behind it, an exponent, a zero before it
_DECIMAL = re.compile(
    r"(?<![\d.])\d*\.(?:\d{0,2}|\d{4,})(?![\d.])|(?<![\d.])\d*\.\d+[eE]|(?<![\d.])0*\.\d|(?<![\d.])\d{4,}\.\d")
_EITHER = re.compile(r"(?<![\d.])[1-9]\d{0,2}\.\d{3}(?![\d.eE])")


class PointsOfThousands:
    """What the rows of a table show of their points, block by block."""

    def __init__(self) -> None:
        self._decimal = False
        self._first = ""

    def look(self, text: str) -> None:
        """Look at the text of some rows."""
        if self._decimal or "." not in text:
            return
        self._decimal = bool(_DECIMAL.search(text))
        if not self._first and (found := _EITHER.search(text)):
            self._first = found[0]

    def require_decimal(self, source: str) -> None:
        """Refuse a table in which each point may separate thousands.

        Raises
        ------
        UnreadableFile
            One line: the first such number, and what to do.
        """
        if self._first and not self._decimal:
            raise UnreadableFile(
                f"{source}: the point in '{self._first}' may be the decimal sign, or it may separate thousands, "
                "because each number with a point has three digits behind it. Export without separators of "
                "thousands, or with another number of decimals")
