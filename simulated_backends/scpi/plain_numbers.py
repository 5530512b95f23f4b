"""Decimal numbers as instruments read them: without the underscores and words that Python's numbers may have."""

import math
import re

_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*")
_REAL = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*")
_MOST_DIGITS = 300  #: Python's numbers have more than a float can hold


def plain_whole_number(text: str) -> int:
    """Return a whole number: digits behind an optional sign; ValueError for another text."""
    if len(text) > _MOST_DIGITS or not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def plain_number(text: str) -> float:
    """Return a decimal number with an optional exponent; ValueError for another text, and where it is no float."""
    if not _REAL.fullmatch(text):
        raise ValueError(f"{text!r} is not a number")
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text!r} is too large")
    return number
