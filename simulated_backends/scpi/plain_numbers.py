"""Decimal numbers as instruments read them.

Python's own numbers may have underscores, words and the spaces and digits of other scripts; these do not. White space
around them is that of :data:`~tsbench.simulated_backends.scpi.syntax.WHITE`.
"""

import math
import re

from tsbench.simulated_backends.scpi.syntax import WHITE_TEXT

_WHOLE = re.compile(r"[+-]?[0-9]+")
_REAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MOST_DIGITS = 300  #: more than a float needs; int() refuses more than 4300 with an error of its own


def plain_whole_number(text: str) -> int:
    """Return a whole number: digits behind an optional sign; ValueError for another text."""
    plain = text.strip(WHITE_TEXT)
    if len(plain) > _MOST_DIGITS or not _WHOLE.fullmatch(plain):
        raise ValueError(f"{text!r} is not a whole number")
    return int(plain)


def number_behind(pattern: str, word: str) -> int | None:
    """Return the number at the end of a word: 2 of ``C2``; None: there is none, or the word does not begin as it must.

    Parameters
    ----------
    pattern : regular expression of what is before the number, without groups, in any case: ``"C(?:HAN)?"``
    word : as it was sent
    """
    found = re.fullmatch(rf"{pattern}([0-9]{{1,{_MOST_DIGITS}}})", word.strip(WHITE_TEXT), re.IGNORECASE)
    return None if found is None else int(found[1])


def plain_number(text: str) -> float:
    """Return a decimal number with an optional exponent; ValueError for another text, and where it is no float."""
    plain = text.strip(WHITE_TEXT)
    if not _REAL.fullmatch(plain):
        raise ValueError(f"{text!r} is not a number")
    if not math.isfinite(number := float(plain)):
        raise ValueError(f"{text!r} is too large")
    return number
