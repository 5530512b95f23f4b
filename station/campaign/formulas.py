"""What a parameter of a step may be beside a plain value: expressions, and points of a range between two of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tsbench.protocols.description import describe
from tsbench.protocols.protocol import Protocol
from tsbench.station.campaign.dimensions import PLAIN, dimension, unit_text
from tsbench.station.campaign.evaluating import Lookup, between, number_of
from tsbench.station.campaign.expression import LONGEST, Expression, NameNode, parse, parse_items
from tsbench.station.campaign.values import ExpressionError, Quantified, Unknown

_RANGE = re.compile(r"(.+?)\s+to\s+(.+?),\s*(\d+)(?:\s*points?)?(?:,?\s*(log|linear))?\s*")
_MOST_POINTS = 10_000
_NUMERIC = ("number", "integer", "numbers")


@dataclass(frozen=True)
class Formula:
    """A number that is known when the step begins: an expression, or a share of the way between two."""

    first: Expression
    last: Expression | None = None
    share: float = 0.0
    logarithmic: bool = False

    @property
    def text(self) -> str:
        """As the file has it."""
        return self.first.text if self.last is None else f"{self.first.text} to {self.last.text}"

    def names(self) -> list[NameNode]:
        """Return every name in it."""
        return self.first.names() + (self.last.names() if self.last is not None else [])

    def value(self, lookup: Lookup) -> Quantified | Unknown:
        """Return the number.

        Raises
        ------
        ExpressionError
            Units do not agree, or it is no number.
        """
        one = number_of(self.first, lookup)
        if self.last is None or isinstance(one, Unknown):
            return one
        other = number_of(self.last, lookup)
        return other if isinstance(other, Unknown) else between(one, other, self.share, logarithmic=self.logarithmic)


@dataclass(frozen=True)
class Kinds:
    """What the parameters of a protocol take: their kinds and units."""

    kinds: Mapping[str, str]
    units: Mapping[str, str | None]  #: None: the unit depends on another parameter

    @classmethod
    def of(cls, protocol: type[Protocol]) -> "Kinds":
        """Return those of a protocol."""
        found = describe(protocol)["parameters"]
        return cls({one["name"]: one["kind"] for one in found},
                   {one["name"]: None if "units" in one else one["unit"] for one in found})

    def numeric(self, name: str) -> bool:
        """Whether a parameter takes a number or several."""
        return self.kinds.get(name) in _NUMERIC

    def unit_problem(self, name: str, found: Quantified) -> str:
        """Return why a number has not the unit of a parameter; "" where it has."""
        unit = self.units.get(name, "")
        if unit is None or dimension(unit) == found.dimension or (found.dimension == PLAIN and not unit):
            return ""
        return f"the unit must be {unit or 'none'}, but the expression gives {unit_text(found.dimension) or 'no unit'}"


def formulas_in(value: object, numeric: bool) -> tuple[Formula, ...]:
    """Return the expressions of a parameter; none where the value is plain or for the protocol itself to judge.

    Raises
    ------
    ExpressionError
        A text that begins with "=" is no expression.
    """
    texts = [value] if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
    if not numeric or not any(isinstance(one, str) for one in texts):
        return ()
    found: list[Expression] = []
    for one in texts:
        text = str(one).strip()
        said = text.startswith("=")
        try:
            found += parse_items(text.removeprefix("="))
        except ExpressionError:
            if said:
                raise
            return ()
    return () if all(one.literal for one in found) else tuple(Formula(one) for one in found)


def points_of(value: object) -> list[Any]:
    """Return the points of one quantity of a sweep: numbers, texts, or formulas.

    Parameters
    ----------
    value : a list, or a text "0.8 V to 1.4 V, 7 points" or "100 ns to 10 us, 5 points, log"

    Raises
    ------
    ExpressionError
        It is neither.
    """
    if isinstance(value, list):
        points = []
        for one in value:
            formulas = formulas_in(one, numeric=isinstance(one, str))
            points.append(formulas[0] if len(formulas) == 1 else one)
        return points
    short = isinstance(value, str) and len(value) <= LONGEST
    match = _RANGE.fullmatch(value.strip()) if short and isinstance(value, str) else None
    if match is None:
        raise ExpressionError('a sweep takes a list such as ["1 V", "2 V"], or a range such as "0.8 V to 1.4 V, '
                              '7 points" or "100 ns to 10 us, 5 points, log"')
    first, last, count = parse(match[1]), parse(match[2]), int(match[3])
    if not 2 <= count <= _MOST_POINTS:
        raise ExpressionError(f"a range has 2 to {_MOST_POINTS} points, not {count}")
    shares = [number / (count - 1) for number in range(count)]
    ranged = [Formula(first, last, share, match[4] == "log") for share in shares]
    return _computed(ranged) if first.literal and last.literal else list(ranged)


def _computed(formulas: Sequence[Formula]) -> list[Any]:
    """Return the points of a range whose ends are plain numbers, as texts with their unit."""
    points = []
    for formula in formulas:
        number = formula.value(lambda name: Unknown(f"{name.text} is not known"))
        if isinstance(number, Unknown):
            raise ExpressionError(f"{formula.text}: {number.reason}")
        points.append(f"{number.value:.12g} {unit_text(number.dimension)}".strip())
    return points
