"""Expressions of a campaign file, read into a tree: numbers with units, names, + - * /, comparisons, and, or, not.

The text is never given to Python: this grammar is all there is::

    logic      = conjunction ("or" conjunction)*
    conjunction= negation ("and" negation)*
    negation   = "not" negation | comparison
    comparison = sum (("<" | "<=" | ">" | ">=" | "==" | "!=") sum)?
    sum        = product (("+" | "-") product)*
    product    = sign (("*" | "/") sign)*
    sign       = "-" sign | atom
    atom       = number unit? | function "(" sum ("," sum)* ")" | name | "'" word "'" | "(" logic ")"
    name       = word ("." word)? ("[" word "=" (word | number | "+" | "-") ("," ...)* "]")?
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tsbench.errors import ConfigurationError
from tsbench.quantities import parse_quantity
from tsbench.station.campaign.dimensions import PLAIN, Dimension, dimension
from tsbench.station.campaign.values import ExpressionError

LONGEST = 500  #: characters
_DEEPEST = 30  #: brackets and signs in each other
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<word>[A-Za-zµΩ_][A-Za-z0-9µΩ_]*)"
    r"|(?P<quoted>'[^']*')|(?P<sign><=|>=|==|!=|[-+*/()<>,.=\[\]]))")
_PREFIXES = "fpnuµμmkKMGT"
_UNITS = ("V", "A", "s", "Hz", "Ohm", "ohm", "Ω", "F", "S", "H", "W", "J", "C", "K")
_COMPOUND = {("V", "s"), ("A", "s"), ("V", "A"), ("V", "K"), ("Hz", "V"), ("Hz", "A")}
FUNCTIONS: Mapping[str, tuple[int, int]] = {   # least and most arguments
    "min": (1, 20), "max": (1, 20), "abs": (1, 1), "sqrt": (1, 1), "round": (1, 1),
    "width": (1, 1), "low": (1, 1), "high": (1, 1), "count": (1, 1), "known": (1, 1),
}


@dataclass(frozen=True)
class WrittenNumber:
    """A number of the text, in SI units."""

    value: float
    dimension: Dimension = PLAIN


@dataclass(frozen=True)
class Word:
    """A word in quotes."""

    text: str


@dataclass(frozen=True)
class NameNode:
    """A name, that of a step before it ("" where there is none), and the conditions of the results that are meant."""

    name: str
    step: str = ""
    where: tuple[tuple[str, str | float], ...] = ()

    @property
    def text(self) -> str:
        """As it was written."""
        return f"{self.step}.{self.name}" if self.step else self.name


@dataclass(frozen=True)
class Call:
    """A function of its arguments."""

    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True)
class Combination:
    """Two sides and the sign between them; "not" and the sign "neg" have only the right one."""

    sign: str
    left: "Node | None"
    right: "Node"


Node = WrittenNumber | Word | NameNode | Call | Combination


@dataclass(frozen=True)
class Expression:
    """The tree of an expression and its text."""

    text: str
    tree: Node = field(compare=False)

    def names(self) -> list[NameNode]:
        """Return every name in it, in the order of the text."""
        return list(_names(self.tree))

    @property
    def literal(self) -> bool:
        """Whether it is only a number with its unit, so that it says nothing that plain text does not."""
        tree = self.tree
        while isinstance(tree, Combination) and tree.sign == "neg":
            tree = tree.right
        return isinstance(tree, WrittenNumber)


def parse(text: str) -> Expression:
    """Read one expression.

    Raises
    ------
    ExpressionError
        One line: what stands where it must not.
    """
    reader = _Reader(text)
    tree = reader.logic()
    reader.end()
    return Expression(text.strip(), tree)


def parse_items(text: str) -> list[Expression]:
    """Read expressions with commas between them.

    Raises
    ------
    ExpressionError
        As :func:`parse`.
    """
    reader = _Reader(text)
    found = []
    while True:
        begin = reader.place
        tree = reader.logic()
        found.append(Expression(reader.text_from(begin), tree))
        if not reader.took(","):
            break
    reader.end()
    return found


def _names(tree: Node) -> Iterator[NameNode]:
    if isinstance(tree, NameNode):
        yield tree
    elif isinstance(tree, Call):
        for one in tree.arguments:
            yield from _names(one)
    elif isinstance(tree, Combination):
        for side in (tree.left, tree.right):
            if side is not None:
                yield from _names(side)


class _Reader:
    """Goes through the signs of one text."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise ExpressionError(f"an expression has at most {LONGEST} characters")
        self.text = text
        self._found: list[tuple[str, str, int, int]] = []
        self.place = 0
        self._depth = 0
        end, stripped = 0, text.rstrip()
        while end < len(stripped):
            match = _TOKEN.match(stripped, end)
            if match is None:
                raise ExpressionError(f"'{stripped[end:].strip()[:20]}' is not understood in the expression '{text}'")
            kind = str(match.lastgroup)
            self._found.append((kind, match[kind], match.start(kind), match.end()))
            end = match.end()

    def text_from(self, begin: int) -> str:
        """Return the text from one sign to the one before this."""
        return self.text[self._found[begin][2]:self._found[self.place - 1][3]]

    def took(self, *signs: str) -> str:
        """Go over one of these signs or words if it is next; returns it, or ""."""
        if self.place < len(self._found) and self._found[self.place][1] in signs and (
                self._found[self.place][0] != "quoted"):
            self.place += 1
            return self._found[self.place - 1][1]
        return ""

    def end(self) -> None:
        """Require that nothing follows."""
        if self.place < len(self._found):
            raise ExpressionError(
                f"'{self._found[self.place][1]}' is not expected there in the expression '{self.text}'")

    def logic(self) -> Node:
        return self._chain(self._conjunction, "or")

    def _conjunction(self) -> Node:
        return self._chain(self._negation, "and")

    def _negation(self) -> Node:
        if self.took("not"):
            self._enter()
            inner = self._negation()
            self._depth -= 1
            return Combination("not", None, inner)
        left = self._sum()
        if sign := self.took("<", "<=", ">", ">=", "==", "!="):
            return Combination(sign, left, self._sum())
        return left

    def _sum(self) -> Node:
        return self._chain(self._product, "+", "-")

    def _product(self) -> Node:
        return self._chain(self._sign, "*", "/")

    def _chain(self, part, *signs: str) -> Node:  # type: ignore[no-untyped-def]
        left: Node = part()
        while sign := self.took(*signs):
            left = Combination(sign, left, part())
        return left

    def _sign(self) -> Node:
        if self.took("-"):
            self._enter()
            inner = self._sign()
            self._depth -= 1
            return Combination("neg", None, inner)
        return self._atom()

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError("an expression must not have so many brackets or signs in each other")

    def _atom(self) -> Node:
        if self.place >= len(self._found):
            raise ExpressionError(f"the expression '{self.text}' ends too early")
        kind, text, _, _ = self._found[self.place]
        self.place += 1
        if kind == "number":
            return self._number(text)
        if kind == "quoted":
            return Word(text[1:-1])
        if kind == "word" and text not in ("and", "or", "not"):
            return self._call(text) if self.took("(") else self._name(text)
        if text == "(":
            self._enter()
            inner = self.logic()
            self._require(")")
            self._depth -= 1
            return inner
        raise ExpressionError(f"'{text}' is not expected there in the expression '{self.text}'")

    def _require(self, sign: str) -> None:
        if not self.took(sign):
            raise ExpressionError(f"'{sign}' is missing in the expression '{self.text}'")

    def _word(self) -> str:
        if self.place < len(self._found) and self._found[self.place][0] == "word":
            self.place += 1
            return self._found[self.place - 1][1]
        raise ExpressionError(f"a name is missing in the expression '{self.text}'")

    def _number(self, text: str) -> WrittenNumber:
        """Return a number; a word behind it is its unit, and "/" with a second unit belongs to it ("2 V/s")."""
        unit = ""
        if self.place < len(self._found) and self._found[self.place][0] == "word" and (
                self._found[self.place][1] not in ("and", "or", "not")):
            unit = self._found[self.place][1]
            self.place += 1
            if self.place + 1 < len(self._found) and self._found[self.place][1] == "/" and (
                    _bare(unit), self._found[self.place + 1][1]) in _COMPOUND:
                unit += f"/{self._found[self.place + 1][1]}"
                self.place += 2
        symbol = _bare(unit)
        if symbol and "/" not in symbol and symbol not in _UNITS:
            raise ExpressionError(f"'{unit}' is no unit that tsbench knows. Give for example '5 mV'")
        try:
            number = parse_quantity(f"{text} {unit}" if unit else text, symbol)
        except ConfigurationError as error:
            raise ExpressionError(str(error)) from None
        return WrittenNumber(number, dimension(symbol))

    def _call(self, function: str) -> Call:
        if function not in FUNCTIONS:
            raise ExpressionError(f"there is no function '{function}'. The functions are {', '.join(FUNCTIONS)}")
        self._enter()
        arguments = [self._sum()]
        while self.took(","):
            arguments.append(self._sum())
        self._require(")")
        self._depth -= 1
        least, most = FUNCTIONS[function]
        if not least <= len(arguments) <= most:
            raise ExpressionError(f"'{function}' takes one argument" if most == 1 else
                                  f"'{function}' takes {least} to {most} arguments")
        return Call(function, tuple(arguments))

    def _name(self, first: str) -> NameNode:
        step, name = (first, self._word()) if self.took(".") else ("", first)
        where: list[tuple[str, str | float]] = []
        if self.took("["):
            while True:
                key = self._word()
                self._require("=")
                where.append((key, self._condition()))
                if not self.took(","):
                    break
            self._require("]")
        return NameNode(name, step, tuple(where))

    def _condition(self) -> str | float:
        if sign := self.took("+", "-"):
            if self.place < len(self._found) and self._found[self.place][0] == "number":
                return float(self._condition()) * (-1 if sign == "-" else 1)
            return sign
        found = self._atom()
        if isinstance(found, WrittenNumber):
            return found.value
        if isinstance(found, Word):
            return found.text
        if isinstance(found, NameNode) and not found.step and not found.where:
            return found.name
        raise ExpressionError(f"the conditions in [ ] must be words or numbers in the expression '{self.text}'")


def _bare(unit: str) -> str:
    """Return a unit without its prefix, as tsbench spells it; "" of a prefix alone ("4.7 k")."""
    if not unit:
        return ""
    first, slash, second = unit.partition("/")
    spelled = {"ohm": "Ohm", "Ω": "Ohm", "kohm": "Ohm"}
    if first not in _UNITS and first[:1] in _PREFIXES:
        first = first[1:]
    first = spelled.get(first, first)
    return f"{first}{slash}{second}"
