"""How a Tektronix oscilloscope writes replies: headers, long and short words, numbers in engineering notation.

Sources: ``HEADer`` and ``VERBose`` of the programmer's guides; replies on public pages (``15.6250E-6``, ``1.0000``,
zero is ``0.0E+0`` on a 5 Series MSO and ``0.0000`` on a DPO7000).
"""

import math
from dataclasses import dataclass
from typing import Any

from tsbench.simulated_backends.scpi.headers import parse_pattern
from tsbench.simulated_backends.scpi.parameters import Choice, Number, long_and_short, middle_spellings
from tsbench.simulated_backends.scpi.plain_numbers import number_behind

NOT_A_NUMBER = "9.91E+37"


def engineering(value: float, zero: str = "0.0E+0", digits: int = 4) -> str:
    """Return a number with an exponent that is a multiple of three, which is left out where it is 0."""
    if not math.isfinite(value):
        return NOT_A_NUMBER
    if value == 0.0:
        return zero
    exponent = math.floor(math.log10(abs(value)) / 3 + 1e-12) * 3
    mantissa = round(value / 10.0**exponent, digits)
    if abs(mantissa) >= 1000.0:
        exponent, mantissa = exponent + 3, mantissa / 1000.0
    return f"{mantissa:.{digits}f}" + (f"E{exponent:+d}" if exponent else "")


def channel_name(text: str, channels: int) -> str | None:
    """Return ``CH2`` of ``ch2``; None where the text names no channel of so many."""
    number = number_behind("CH", text)
    return f"CH{number}" if number is not None and 1 <= number <= channels else None


class TekChoice(Choice):
    """One of some words, each of any length from its capitals on ("Abbreviating" in the programmer's guides)."""

    def __init__(self, *words: str) -> None:
        super().__init__(*words)
        for word in words:
            for spelling in middle_spellings(word):
                self._spellings.setdefault(spelling, long_and_short(word)[1])


class TekWord(TekChoice):
    """One of some words; replies have the long form, or the short form after ``VERBose OFF``."""

    def format(self, value: Any, owner: Any) -> str:
        return self._long(value) if owner.scope.verbose else str(value)

    def _long(self, value: str) -> str:
        return next(long_and_short(word)[0] for word in self.words if long_and_short(word)[1] == value)


class CoercedNumber(Number):
    """A number; one that is out of range becomes the limit, and event 222 says so."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> float:
        value = self.value_of(raw, owner, key)
        low, high = self.bounds(owner, key)
        kept = min(max(value, -math.inf if low is None else low), math.inf if high is None else high)
        if not math.isclose(kept, value, rel_tol=1e-9, abs_tol=1e-15):
            owner.post_error(-222)
        return kept


class CoercedInteger(CoercedNumber):
    """A whole number, likewise."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> int:
        return math.floor(super().parse(raw, owner, key) + 0.5)

    def format(self, value: Any, owner: Any) -> str:
        return str(int(value))


@dataclass(frozen=True)
class Parts:
    """A reply of several settings: (header below that of the query, text) of each."""

    parts: tuple[tuple[str, str], ...]

    def written(self, verbose: bool, headers: bool) -> str:
        """Return them joined by semicolons."""
        spelling = 0 if verbose else 1
        return ";".join(
            f"{long_and_short(name)[spelling]} {text}" if headers else text for name, text in self.parts)


def header_of(pattern: str, key: tuple[Any, ...], verbose: bool) -> str:
    """Return the header of a reply: the pattern of the query with what its header captured."""
    spelling, captured, words = (0 if verbose else 1), list(key), []
    for node in max(parse_pattern(pattern.rstrip("?")), key=len):
        word = node.words[0]
        if node.captures_word:
            short = captured.pop(0)
            word = next(one for one in node.words if long_and_short(one)[1] == short)
        suffix = str(captured.pop(0)) if node.suffix else ""
        words.append(long_and_short(word)[spelling] + suffix)
    return ":" + ":".join(words)
