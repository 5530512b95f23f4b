"""Decimal numbers as instruments read them.

Python's own numbers may have underscores, words and the spaces and digits of other scripts; these do not.
"""

import math
import re

_WHOLE = re.compile(r"[ \t]*[+-]?[0-9]+[ \t]*")
_REAL = re.compile(r"[ \t]*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ \t]*")
_MOST_DIGITS = 300  #: more than a float needs; int() refuses more than 4300 with an error of its own


def plain_whole_number(text: str) -> int:
    """Return a whole number: digits behind an optional sign; ValueError for another text."""
    if len(text) > _MOST_DIGITS or not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def number_behind(letters: str, word: str) -> int | None:
    """Return the number behind the letters of a word, in any case: 2 of ``C2``; None: other letters, or no number."""
    found = re.fullmatch(rf"{letters}([0-9]{{1,9}})", word.strip(), re.IGNORECASE)
    return None if found is None else int(found[1])


def plain_number(text: str) -> float:
    """Return a decimal number with an optional exponent; ValueError for another text, and where it is no float."""
    if not _REAL.fullmatch(text):
        raise ValueError(f"{text!r} is not a number")
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text!r} is too large")
    return number
