"""Parameters of the LeCroy language: numbers whose replies have a unit, pairs of names and values."""

import math
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Bound, Choice, Number, Parameter, text_of
from tsbench.simulated_backends.scpi.plain_numbers import plain_number
from tsbench.simulated_backends.scpi.syntax import capitals

_FACTORS = {"K": 1e3, "M": 1e6, "G": 1e9}


class Quantity(Number):
    """A number with a unit. The reply has the unit where it has a header (``CHDR``); ``always``: in any case."""

    def __init__(self, unit: str, low: Bound = None, high: Bound = None, *, always: bool = False) -> None:
        super().__init__(unit, low, high)
        self.always = always

    def format(self, value: Any, owner: Any) -> str:
        with_unit = self.always or owner.reply_header != "OFF"
        return f"{owner.format_number(value)}{owner.unit_space}{self.unit}" if with_unit else str(
            owner.format_number(value))

    def special(self, word: str, owner: Any, key: tuple[Any, ...]) -> float:
        """Refuse words: this language has no MIN, MAX and DEF."""
        raise ScpiError(-104)


class LecroyWord(Choice):
    """One of some words, any case; each has one spelling."""

    def __init__(self, *words: str) -> None:
        super().__init__(*(word.upper() for word in words))


class Depth(Parameter):
    """A number of points with multiplier: ``14M``, ``1.4M``, ``700K``, ``500``; the value is the number."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> float:
        text = capitals(text_of(raw)).removesuffix("PTS").removesuffix("S").removesuffix("A")
        factor = _FACTORS.get(text[-1:])
        try:
            value = plain_number(text) if factor is None else plain_number(text[:-1]) * factor
        except ValueError:
            raise ScpiError(-104) from None
        if not math.isfinite(value) or value <= 0:
            raise ScpiError(-222)
        return value

    def format(self, value: Any, owner: Any) -> str:
        return depth_text(value)


def depth_text(value: float, letters: str = "KMG") -> str:
    """Return a number of points as these instruments write it: ``14M``, ``1.4M``, ``700K``."""
    for power, letter in ((1e9, letters[2]), (1e6, letters[1]), (1e3, letters[0])):
        if value >= power:
            return f"{value / power:g}{letter}"
    return f"{value:g}"


def pairs(raw: tuple[str, ...]) -> dict[str, str]:
    """Return names and values of ``SP,4,NP,100``.

    Raises
    ------
    ScpiError
        -109: a value is missing.
    """
    if len(raw) % 2:
        raise ScpiError(-109)
    return {capitals(name): capitals(value) for name, value in zip(raw[::2], raw[1::2], strict=True)}
