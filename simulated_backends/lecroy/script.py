"""The part of VBScript that programs send with ``VBS`` and ``VBS?``: one statement or several, and their values.

Source: MAUI Oscilloscopes Remote Control and Automation Manual, "VBS Command" and "Automation Programming
Conventions": texts have double quotes, numbers and ``true``/``false`` have none; a query assigns to ``return``; an
object that ``set`` has named keeps its name. Statements are separated by colons or line ends. A boolean is written as
-1 or 0, and a real number with up to 15 digits, as VBScript converts them to text. Control structures and operators
are not simulated.
"""

import math
import re
from dataclasses import dataclass

Value = bool | int | float | str

_NAME = r"[a-z_]\w*"
_PATH = re.compile(rf"{_NAME}(?:\([^()]*\))?(?:\.{_NAME}(?:\([^()]*\))?)*", re.IGNORECASE)
_SET = re.compile(rf"set\s+({_NAME})\s*=\s*(.+)", re.IGNORECASE | re.DOTALL)
_RETURN = re.compile(r"return\s*=\s*(.+)", re.IGNORECASE | re.DOTALL)
_MEMBER = re.compile(rf"({_NAME})(?:\(([^()]*)\))?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.IGNORECASE)
_BOOLEANS = {"true": True, "false": False}
_DIGITS = 15


@dataclass(frozen=True)
class Member:
    """One part of a path, in small letters: ``Statistics("mean")`` has the argument ``mean``."""

    name: str
    arguments: tuple[Value, ...] = ()
    called: bool = False  #: whether it has parentheses


@dataclass(frozen=True)
class Statement:
    """One statement.

    Parameters
    ----------
    kind : "set", "return", "assign" or "call"
    path : what is named, read, written or called
    name : of ``set``
    value : of an assignment
    """

    kind: str
    path: tuple[Member, ...]
    name: str = ""
    value: Value = ""


def parse_script(text: str) -> list[Statement]:
    """Return the statements of a script.

    Raises
    ------
    ValueError
        A statement is none of those above.
    """
    return [_statement(part.strip()) for part in _split(text, ":\r\n") if part.strip()]


def _statement(text: str) -> Statement:
    if (found := _SET.fullmatch(text)) is not None:
        return Statement("set", _path(found[2].strip()), found[1].lower())
    if (found := _RETURN.fullmatch(text)) is not None:
        return Statement("return", _path(found[1].strip()))
    path = _PATH.match(text)
    if path is None:
        raise ValueError(f"no statement: {text!r}")
    rest = text[path.end():].strip()
    members = _path(path[0])
    if rest.startswith("="):
        return Statement("assign", members, value=literal(rest[1:]))
    if rest:   # a call without parentheses: acquire 0.1, true
        if members[-1].called:
            raise ValueError(f"no statement: {text!r}")
        members = (*members[:-1], Member(members[-1].name, _arguments(rest), True))
    return Statement("call", members)


def _path(text: str) -> tuple[Member, ...]:
    if _PATH.fullmatch(text) is None:
        raise ValueError(f"no name of an object: {text!r}")
    return tuple(Member(found[1].lower(), _arguments(found[2] or ""), found[2] is not None)
                 for found in _MEMBER.finditer(text))


def _arguments(text: str) -> tuple[Value, ...]:
    return tuple(literal(part) for part in _split(text, ",")) if text.strip() else ()


def _split(text: str, separators: str) -> list[str]:
    """Cut a text at separators outside of double quotes."""
    parts, quoted = [""], False
    for letter in text:
        quoted ^= letter == '"'
        if letter in separators and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def literal(text: str) -> Value:
    """Return the value that is written: a text, a truth value or a number.

    A word without quotes is a text: a variable that nothing was assigned to would be empty, but programs write words
    that way.

    Raises
    ------
    ValueError
        There is no value.
    """
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    if text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    if _NUMBER.fullmatch(text):
        number = float(text)
        return int(number) if number.is_integer() and re.fullmatch(r"[+-]?\d+", text) else number
    if re.fullmatch(_NAME, text, re.IGNORECASE):
        return text
    raise ValueError(f"no value: {text!r}")


def written(value: Value) -> str:
    """Return a value as a reply has it."""
    if isinstance(value, bool):
        return "-1" if value else "0"
    if isinstance(value, float):
        return format(value, f".{_DIGITS}G")
    return str(value)


def as_boolean(value: Value) -> bool:
    """Return a value as a truth value: ``true``, ``-1`` and ``"ON"`` are true.

    Raises
    ------
    ValueError
        It is none.
    """
    if isinstance(value, str):
        word = value.strip().lower()
        if word in {"true", "on", "-1", "1"}:
            return True
        if word in {"false", "off", "0"}:
            return False
        raise ValueError(f"no truth value: {value!r}")
    return bool(value)


def as_number(value: Value) -> float:
    """Return a value as a number; a text may have a unit behind its number, ``"0.1 V"``.

    Raises
    ------
    ValueError
        It is none, or not finite.
    """
    if isinstance(value, str):
        found = _NUMBER.match(value.strip())
        if found is None or not re.fullmatch(r"\s*[A-Za-z/%]*", value.strip()[found.end():]):
            raise ValueError(f"no number: {value!r}")
        value = float(found[0])
    if not math.isfinite(value):
        raise ValueError(f"no number: {value!r}")
    return float(value)
