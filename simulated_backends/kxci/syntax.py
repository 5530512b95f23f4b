"""Program messages of KXCI (4200A-SCS KXCI Remote Control Programming, 4200A-KXCI-907-01 Rev. D).

A command is two letters (``DV1, 0, 1.5, 0.01``), a common command (``*IDN?``) or a path (``:PMU:INIT 1``). Parameters
follow with or without a space and are separated by commas; names stand between single quotes. Semicolons separate the
commands of a message. On a socket a NUL ends messages and replies.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tsbench.simulated_backends.kxci.errors import COMMAND, VALUE, KxciError
from tsbench.simulated_backends.scpi.syntax import Framing

KXCI_FRAMING = Framing(message_end=b"\0", reply_end=b"\0", blocks=False)
_COMMAND = re.compile(r"\s*(:[A-Z:]+\??|\*[A-Z]+\??|[A-Z]{2})\s*(.*?)\s*", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([Ee][+-]?\d{1,3})?")
_NAME = re.compile(r"'([A-Z][A-Z0-9]{0,5}[TS]?)'")
_OUTSIDE_OF_QUOTES = re.compile(r"(?:[^;']|'[^']*'|')+")


@dataclass(frozen=True)
class KxciCommand:
    """One command of a message."""

    name: str
    parameters: tuple[str, ...]  #: as they stand, without the spaces around them


def kxci_commands(message: str) -> list[str]:
    """Cut a message at its semicolons."""
    return [part for part in _OUTSIDE_OF_QUOTES.findall(message) if part.strip(" \t\r\n\0")]


def parse_command(text: str) -> KxciCommand:
    """Parse one command; KxciError where it is none."""
    found = _COMMAND.fullmatch(text.strip(" \t\r\n\0"))
    if found is None:
        raise KxciError(COMMAND)
    rest = found[2]
    return KxciCommand(found[1], tuple(part.strip() for part in rest.split(",")) if rest else ())


@dataclass(frozen=True)
class KxciParameter:
    """A number within bounds."""

    low: float | None = None
    high: float | None = None
    optional: bool = False  #: it may be left out at the end of a command
    many: bool = False  #: it may be repeated

    def value(self, text: str) -> Any:
        """Return the value of one parameter."""
        return self.checked(_number(text))

    def checked(self, number: float) -> float:
        """Return a number within the bounds; KxciError else."""
        if (self.low is not None and number < self.low) or (self.high is not None and number > self.high):
            raise KxciError(VALUE)
        return number


class WholeNumber(KxciParameter):
    """A whole number within bounds."""

    def value(self, text: str) -> int:
        """Return the value of one parameter."""
        number = _number(text)
        if number != int(number):
            raise KxciError(VALUE)
        return int(self.checked(number))


class Name(KxciParameter):
    """A name between single quotes: at most six capitals and digits, the first of them a letter.

    ``T`` or ``S`` behind it asks for time stamps or status.
    """

    def value(self, text: str) -> str:
        """Return the name without its quotes."""
        found = _NAME.fullmatch(text)
        if found is None:
            raise KxciError(VALUE)
        return found[1]


class PlainWord(KxciParameter):
    """A word as it stands."""

    def value(self, text: str) -> str:
        """Return the word."""
        return text


def _number(text: str) -> float:
    if _NUMBER.fullmatch(text) is None:
        raise KxciError(COMMAND)
    if not math.isfinite(number := float(text)):
        raise KxciError(VALUE)
    return number


def arguments(parameters: Sequence[KxciParameter], texts: Sequence[str]) -> list[Any]:
    """Convert the parameters of a command."""
    needed = sum(not parameter.optional for parameter in parameters)
    repeated = bool(parameters) and parameters[-1].many
    if len(texts) < needed or (len(texts) > len(parameters) and not repeated):
        raise KxciError(COMMAND)
    return [parameters[min(place, len(parameters) - 1)].value(text) for place, text in enumerate(texts)]


@dataclass(frozen=True)
class KxciEntry:
    """What a command leads to."""

    call: Callable[..., Any]
    parameters: tuple[KxciParameter, ...]
    pages: tuple[str, ...]  #: of which one must be shown; empty: any
    waits: bool  #: whether it waits for the end of a test


def kxci(
    name: str, *parameters: KxciParameter, pages: tuple[str, ...] = (), waits: bool = True,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a method as the command ``name``; may be stacked.

    The method gets the converted parameters and returns the reply of a question. It may be a generator that yields the
    seconds it takes.
    """

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        method.__dict__.setdefault("__kxci__", []).append((name, parameters, pages, waits))
        return method

    return mark


def kxci_table(*parts: object) -> dict[str, KxciEntry]:
    """Collect the commands that the methods of some objects declare, by name."""
    found: dict[str, KxciEntry] = {}
    for part in parts:
        for attribute in dir(type(part)):
            for name, parameters, pages, waits in getattr(getattr(type(part), attribute), "__kxci__", ()):
                if name in found:
                    raise TypeError(f"command {name} is declared twice")
                found[name] = KxciEntry(getattr(part, attribute), parameters, pages, waits)
    return found
