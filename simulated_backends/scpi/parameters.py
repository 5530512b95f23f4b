"""Types of command parameters: each type reads an argument, and writes the reply to a query of the setting.

A parameter converts the bytes of one argument to a Python value (``parse``) and a value to the text of a
reply (``format``). Bounds and defaults may be numbers or callables ``(owner, *key) -> float``, because they often
depend on another setting. The ``owner`` is the instrument, or the command table that declares the command; ``key`` is
what the header captured (suffix numbers, alternatives). A bound may also be the name of a method of the owner or of
one of its parts: ``"output.top_level"``.
"""

import math
import operator
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.plain_numbers import plain_number
from tsbench.simulated_backends.scpi.syntax import WHITE, WHITE_TEXT, block_payload, capitals

Bound = float | Callable[..., float] | str | None

INFINITY = 9.9e37  #: stands for an infinite value (SCPI-99, volume 1, 7.2.1.4): no setting is larger
_SPACE = rf"[{re.escape(WHITE_TEXT)}]*"
_DECIMAL = re.compile(
    rf"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:{_SPACE}[eE]{_SPACE}[+-]?[0-9]+)?){_SPACE}([A-Za-z/%]*)$")
_MULTIPLIERS = {
    "EX": 1e18, "PE": 1e15, "T": 1e12, "G": 1e9, "MA": 1e6, "K": 1e3, "M": 1e-3, "U": 1e-6, "N": 1e-9, "P": 1e-12,
    "F": 1e-15, "A": 1e-18,
}
#: units whose multiplier M means mega (IEEE 488.2 table 7-2)
_MEGA_UNITS = {"HZ", "OHM"}
_ALIASES = {"SEC": "S", "OHMS": "OHM", "VOLT": "V", "AMP": "A"}


def text_of(raw: bytes) -> str:
    """Return the text of an argument or of a message, without the white space around it."""
    return raw.strip(WHITE).decode("latin-1")


def long_and_short(keyword: str) -> tuple[str, str]:
    """Return both spellings of ``"VOLTage"``: ``("VOLTAGE", "VOLT")``."""
    short = "".join(letter for letter in keyword if not letter.islower())
    return keyword.upper(), short or keyword.upper()


def middle_spellings(keyword: str) -> tuple[str, ...]:
    """Return the spellings of ``"VOLTage"`` that are longer than the short and shorter than the long form."""
    long, short = long_and_short(keyword)
    return tuple(long[:length] for length in range(len(short) + 1, len(long))) if long.startswith(short) else ()


class Parameter:
    """One argument of a command; subclasses say what it may be."""

    optional = False
    many = False

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> Any:
        raise NotImplementedError

    def format(self, value: Any, owner: Any) -> str:
        return str(value)

    def special(self, word: str, owner: Any, key: tuple[Any, ...]) -> Any:
        """Return what a query with MIN, MAX or DEF asks for; ScpiError where there is no such thing."""
        raise ScpiError(-108)


def _bound(bound: Bound, owner: Any, key: tuple[Any, ...]) -> float | None:
    if bound is None or isinstance(bound, (float, int)):
        return bound
    if isinstance(bound, str):
        return float(operator.attrgetter(bound)(owner)(*key))
    return bound(owner, *key)


class Number(Parameter):
    """A real number with optional unit and SI multiplier; MINimum, MAXimum and DEFault where bounded.

    ``symmetric``: the lowest value is the highest with the other sign.
    """

    def __init__(
        self,
        unit: str = "",
        low: Bound = None,
        high: Bound = None,
        default: Bound = None,
        *,
        units: Sequence[str] = (),
        symmetric: bool = False,
        infinite: bool = False,
        out_of_range: int = -222,
    ) -> None:
        self.unit = unit
        self.low, self.high, self.default = low, high, default
        self.units = {name.upper() for name in (*units, unit) if name}
        self.symmetric = symmetric
        self.infinite = infinite
        self.out_of_range = out_of_range

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> float:
        value = self.value_of(raw, owner, key)
        low, high = self.bounds(owner, key)
        infinite = self.infinite and math.isinf(value)
        if not infinite and (
            abs(value) > INFINITY
            or (low is not None and value < low * (1 - math.copysign(1e-12, low)))
            or (high is not None and value > high * (1 + math.copysign(1e-12, high)))
        ):
            raise ScpiError(self.out_of_range)
        return value

    def value_of(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> float:
        """Return the number that ``raw`` stands for, whether it is within the bounds or not."""
        text = text_of(raw)
        try:
            value = float(text)  # the common case; words and spaces that only Python knows are sorted out below
            if not math.isfinite(value) or "_" in text or not text.isascii():
                raise ValueError
        except ValueError:
            value = self._other(text, owner, key)
        return value

    def bounds(self, owner: Any, key: tuple[Any, ...]) -> tuple[float | None, float | None]:
        """Return the lowest and the highest value as they are now; None: there is none."""
        high = _bound(self.high, owner, key)
        if self.symmetric and high is not None:
            return -high, high
        return _bound(self.low, owner, key), high

    def _other(self, text: str, owner: Any, key: tuple[Any, ...]) -> float:
        upper = capitals(text)
        if upper[:1] == "#":
            base = {"H": 16, "Q": 8, "B": 2}.get(upper[1:2])
            if base is None:
                raise ScpiError(-104)
            try:
                if not upper[2:].isalnum():   # int() also takes signs, spaces and underscores
                    raise ValueError
                return float(int(upper[2:], base))
            except ValueError:
                raise ScpiError(-121) from None
            except OverflowError:
                return sys.float_info.max
        if match := _DECIMAL.match(text):
            mantissa, suffix = match.groups()
            number = float(mantissa.encode("ascii").translate(None, WHITE)) * self._multiplier(capitals(suffix))
            # too large for a float: the largest float, which the bounds refuse. Infinity is written as INF
            return number if math.isfinite(number) else math.copysign(sys.float_info.max, number)
        if upper in {"INF", "INFINITY", "+INF", "+INFINITY"} and self.infinite:
            return math.inf
        if upper[:1].isalpha():
            return float(self.special(upper, owner, key))
        if upper[:1] in "'\"":
            raise ScpiError(-104)
        raise ScpiError(-121 if upper[:1] in "+-.0123456789" else -104)

    def _multiplier(self, suffix: str) -> float:
        if not suffix:
            return 1.0
        if not self.units:
            raise ScpiError(-138)
        for unit in sorted(self.units, key=len, reverse=True):
            for spelling in (unit, *(alias for alias, name in _ALIASES.items() if name == unit)):
                if not suffix.endswith(spelling):
                    continue
                prefix = suffix[: len(suffix) - len(spelling)]
                if not prefix:
                    return 1.0
                if prefix == "M" and unit in _MEGA_UNITS:
                    return 1e6
                if prefix in _MULTIPLIERS:
                    return _MULTIPLIERS[prefix]
        raise ScpiError(-131)

    def special(self, word: str, owner: Any, key: tuple[Any, ...]) -> float:
        low, high = self.bounds(owner, key)
        for name, value in (("MINimum", low), ("MAXimum", high), ("DEFault", _bound(self.default, owner, key))):
            if word in long_and_short(name):
                if value is None:
                    raise ScpiError(-224)
                return value
        raise ScpiError(-224 if self.low is not None or self.high is not None else -104)

    def format(self, value: Any, owner: Any) -> str:
        return str(owner.format_number(value))


class Limited(Number):
    """A number that is set to its limit, with error -222, when it lies beyond."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> float:
        value = self.value_of(raw, owner, key)
        if math.isinf(value):
            return value
        for limit, above in zip(self.bounds(owner, key), (False, True), strict=True):
            if limit is not None and value != limit and (value > limit) == above:
                if abs(value - limit) > 1e-9 * abs(limit):
                    owner.post_error(-222, text="Data out of range")
                return limit
        if abs(value) > INFINITY:
            raise ScpiError(-222)
        return value


class Integer(Number):
    """A whole number (rounded, as instruments do)."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> int:
        return math.floor(super().parse(raw, owner, key) + 0.5)

    def format(self, value: Any, owner: Any) -> str:
        return str(owner.format_integer(int(value)))


class Boolean(Parameter):
    """ON, OFF, or a number (0 is OFF)."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> bool:
        text = capitals(text_of(raw))
        if text in {"ON", "1"}:
            return True
        if text in {"OFF", "0"}:
            return False
        try:
            return bool(round(plain_number(text)))
        except (ValueError, OverflowError):
            raise ScpiError(-224 if text[:1].isalpha() else -104) from None

    def format(self, value: Any, owner: Any) -> str:
        return "1" if value else "0"


class OnOrOff(Parameter):
    """The word ON or OFF; numbers are not taken."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> bool:
        word = capitals(text_of(raw))
        if word not in {"ON", "OFF"}:
            raise ScpiError(-224)
        return word == "ON"

    def format(self, value: Any, owner: Any) -> str:
        return "ON" if value else "OFF"


class Choice(Parameter):
    """One of some words, long or short, any case; the value is the short form.

    ``Choice("VOLTage", "CURRent")``; ``quoted`` words are accepted in quotes too (and answered in quotes if
    ``answer`` says so). A word may have digits (``"CHANnel1"``).
    """

    def __init__(self, *words: str, quoted: bool = False, answer: Callable[[str], str] | None = None) -> None:
        self.words = words
        self.quoted = quoted
        self.answer = answer
        self._spellings: dict[str, str] = {}
        for word in words:
            long, short = long_and_short(word)
            self._spellings[long] = self._spellings[short] = short

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        text = text_of(raw.upper())   # of bytes, where 0xDF has no capitals SS
        if text[:1] in {"'", '"'} and self.quoted:
            text = unquote(text)
        elif text[:1] in {"'", '"'}:
            raise ScpiError(-158)
        try:
            return self._spellings[text]
        except KeyError:
            raise ScpiError(-224 if text[:1].isalpha() else -104) from None

    def format(self, value: Any, owner: Any) -> str:
        return self.answer(value) if self.answer else str(value)


def unquote(text: str) -> str:
    """Return the content of ``'…'`` or ``"…"``, doubled quotes undone; ScpiError(-151) if not closed."""
    quote = text[:1]
    if len(text) < 2 or text[-1] != quote:
        raise ScpiError(-151)
    inside = text[1:-1]
    if inside.replace(quote * 2, "").count(quote):
        raise ScpiError(-151)
    return inside.replace(quote * 2, quote)


class Text(Parameter):
    """A string in single or double quotes; ``bare`` accepts a word without quotes as well."""

    def __init__(self, *, bare: bool = False, maximum: int | None = None) -> None:
        self.bare = bare
        self.maximum = maximum

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        text = text_of(raw)
        if text[:1] in {"'", '"'}:
            text = unquote(text)
        elif not self.bare:
            raise ScpiError(-104)
        if self.maximum is not None and len(text) > self.maximum:
            raise ScpiError(-223)
        return text

    def format(self, value: Any, owner: Any) -> str:
        return '"' + str(value).replace('"', '""') + '"'


class Block(Parameter):
    """The bytes of a definite-length (or indefinite) ``#`` block."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> bytes:
        payload = block_payload(raw)
        if payload is None:
            raise ScpiError(-161 if raw.lstrip(WHITE)[:1] == b"#" else -104)
        return payload


class AnyOf(Parameter):
    """The first of several kinds that accepts the argument (a number or a word, numbers or a block)."""

    def __init__(self, *kinds: Parameter) -> None:
        self.kinds = kinds

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> Any:
        failure = ScpiError(-104)
        for kind in self.kinds:
            try:
                return kind.parse(raw, owner, key)
            except ScpiError as error:
                failure = error
        raise failure

    def format(self, value: Any, owner: Any) -> str:
        numeric = isinstance(value, int | float)
        return min(self.kinds, key=lambda kind: isinstance(kind, Number) != numeric).format(value, owner)


class Optional(Parameter):
    """An argument that may be left out; the method then gets its own default."""

    optional = True

    def __init__(self, kind: Parameter) -> None:
        self.kind = kind

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> Any:
        return self.kind.parse(raw, owner, key)


class Many(Parameter):
    """All remaining arguments (``minimum`` or more), each of one kind; the method gets them one by one."""

    many = True

    def __init__(self, kind: Parameter, minimum: int = 0, maximum: int | None = None) -> None:
        self.kind = kind
        self.minimum = minimum
        self.maximum = maximum

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> Any:
        return self.kind.parse(raw, owner, key)


def parse_arguments(
    parameters: tuple[Parameter, ...], raw: list[bytes], owner: Any, key: tuple[Any, ...]
) -> list[Any]:
    """Convert the arguments of one unit; ScpiError -108 for one too many, -109 for one too few."""
    if len(raw) == 1 == len(parameters) and not parameters[0].many and raw[0].strip(WHITE):   # most commands
        return [parameters[0].parse(raw[0], owner, key)]
    if raw and not raw[-1].strip(WHITE) and len(raw) > sum(not p.optional and not p.many for p in parameters):
        raw = raw[:-1]  # "…, " : a parameter left out at the end
    values: list[Any] = []
    position = 0
    for parameter in parameters:
        if parameter.many:
            rest = raw[position:]
            if len(rest) < getattr(parameter, "minimum", 0):
                raise ScpiError(-109)
            maximum = getattr(parameter, "maximum", None)
            if maximum is not None and len(rest) > maximum:
                raise ScpiError(-108)
            for item in rest:
                values.append(parameter.parse(item, owner, key))
            position = len(raw)
        elif position < len(raw):
            if not raw[position].strip(WHITE):
                if parameter.optional:
                    raise ScpiError(-102)
                raise ScpiError(-109)
            values.append(parameter.parse(raw[position], owner, key))
            position += 1
        elif not parameter.optional:
            raise ScpiError(-109)
    if position < len(raw):
        raise ScpiError(-108)
    return values
