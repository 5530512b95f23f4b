"""Arguments and numbers of the commands of a Lake Shore controller."""

import math

from tsbench.simulated_backends.scpi.plain_numbers import plain_number, plain_whole_number
from tsbench.simulated_backends.virtual_instruments.line_commands import LineError, argument

COMMAND_ERROR, EXECUTION_ERROR = 0x20, 0x10  #: bits of the standard event register
_DIGITS = 6  #: of a value in sensor units


def whole_number(text: str, low: int, high: int) -> int:
    """Return an argument that is a whole number in a range."""
    value = argument(plain_whole_number, text, COMMAND_ERROR)
    if not low <= value <= high:
        raise LineError(EXECUTION_ERROR, text)
    return value


def number(text: str, low: float, high: float) -> float:
    """Return an argument that is a number in a range."""
    value = argument(plain_number, text, COMMAND_ERROR)
    if not low <= value <= high:
        raise LineError(EXECUTION_ERROR, text)
    return value


def whole_numbers(given: tuple[str, ...], limits: tuple[tuple[int, int], ...]) -> str:
    """Return arguments that are whole numbers in their ranges as a query repeats them."""
    return ",".join(str(whole_number(text, low, high)) for text, (low, high) in zip(given, limits, strict=True))


def six_digits(value: float) -> str:
    """Return a number as ``±nnnnnn``: a sign, and six digits with a point among them."""
    rounded = abs(float(f"{value:.{_DIGITS}g}"))   # 99.99999 has a digit more before its point then
    before = 1 if rounded < 1 else math.floor(math.log10(rounded)) + 1
    return f"{value:+.{max(_DIGITS - before, 0)}f}"
