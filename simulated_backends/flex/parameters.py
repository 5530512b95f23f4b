"""Parameters of FLEX commands: numbers within bounds, whole numbers, channels.

A parameter that is left out between commas is an error of syntax (102), too few or too many parameters are an incorrect
terminator position (103), and a value beyond its bounds is error 120.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.flex.syntax import flex_number


@dataclass(frozen=True)
class FlexParameter:
    """A number within bounds."""

    low: float | None = None
    high: float | None = None
    optional: bool = False  #: it may be left out at the end of a command
    many: bool = False  #: it may be repeated
    also: tuple[float, ...] = ()  #: allowed values beyond the bounds

    def value(self, text: str) -> Any:
        """Return the value of one parameter."""
        return self.checked(flex_number(text))

    def checked(self, number: float) -> float:
        """Return a number within the bounds; FlexError 120 else."""
        if number in self.also:
            return number
        if (self.low is not None and number < self.low) or (self.high is not None and number > self.high):
            raise FlexError(120)
        return number


class Whole(FlexParameter):
    """A whole number within bounds."""

    def value(self, text: str) -> int:
        """Return the value of one parameter."""
        number = flex_number(text)
        if number != int(number):
            raise FlexError(120)
        return int(self.checked(number))


class ChannelNumber(Whole):
    """A channel: the slot of a module, or slot and output as 101 or 1002."""

    def value(self, text: str) -> int:
        """Return the channel number as it was sent; FlexError 121 if no slot can have it."""
        number = flex_number(text)
        channel = int(number)
        if channel != number or not (1 <= channel <= 10 or (101 <= channel <= 1002 and channel % 100 in (1, 2))):
            raise FlexError(121)
        return channel


def arguments(parameters: Sequence[FlexParameter], texts: Sequence[str]) -> list[Any]:
    """Convert the parameters of a command."""
    needed = sum(not parameter.optional for parameter in parameters)
    repeated = bool(parameters) and parameters[-1].many
    if len(texts) < needed or (len(texts) > len(parameters) and not repeated):
        raise FlexError(103)
    return [parameters[min(place, len(parameters) - 1)].value(text) for place, text in enumerate(texts)]


def flex(name: str, *parameters: FlexParameter) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a method as the command ``name``; may be stacked.

    The method gets the converted parameters. The method of a query returns its reply. The method may be a generator
    that yields the seconds it takes.
    """

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        method.__dict__.setdefault("__flex__", []).append((name, parameters))
        return method

    return mark


@dataclass(frozen=True)
class FlexEntry:
    """What a command leads to."""

    call: Callable[..., Any]
    parameters: tuple[FlexParameter, ...]


def flex_table(*parts: object) -> dict[str, FlexEntry]:
    """Collect the commands that the methods of some objects declare, by name."""
    found: dict[str, FlexEntry] = {}
    for part in parts:
        for attribute in dir(type(part)):
            for name, parameters in getattr(getattr(type(part), attribute), "__flex__", ()):
                if name in found:
                    raise TypeError(f"command {name} is declared twice")
                found[name] = FlexEntry(getattr(part, attribute), parameters)
    return found
