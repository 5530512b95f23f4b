"""What a protocol's extraction returned, checked before it is stored or printed: protocols may be another author's."""

import math
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

from tsbench.records import Flag, Result
from tsbench.validation import one_line, shortened

_TEXTS = ("quantity", "unit", "method")
_NUMBERS = ("value", "low", "high")
_UNCERTAINTIES = ("random_uncertainty", "systematic_uncertainty")
_PLAIN = (str, int, float, bool, type(None))
_KNOWN_FLAGS = sum(Flag)


class _Wrong(Exception):
    """A result that cannot be stored: what it is, in words."""


def checked_results(found: Any, refuse: Callable[[str], None]) -> tuple[Result, ...]:
    """Return the results that can be stored and printed; each of the others is refused with one line.

    Parameters
    ----------
    found : what ``extract`` returned, an iterable of Result; a generator is used up here
    refuse : called with one line for each kind of refused result: quantity, values and what is wrong

    Returns
    -------
    tuple of Result
        Numbers as Python's own. A bound of NaN or infinity is None: there is no bound.

    Raises
    ------
    TypeError
        ``found`` is no iterable of results at all.
    BaseException
        Whatever a generator raises.
    """
    if found is None or isinstance(found, str | bytes | Mapping | Result):
        raise TypeError(f"the extraction returned a value that is {_kind(found)}, not a sequence of Result")
    good: list[Result] = []
    refused: dict[str, list[str]] = {}
    for number, one in enumerate(found, start=1):  # TypeError where it is no iterable
        try:
            good.append(_checked(one, number))
        except _Wrong as wrong:
            refused.setdefault(str(getattr(one, "quantity", "")), []).append(str(wrong))
    for lines in refused.values():
        refuse(one_line(lines[0] + (f" (and {len(lines) - 1} more of this kind)" if len(lines) > 1 else "")))
    return tuple(good)


def _checked(one: object, number: int) -> Result:
    """Return one result in plain types; _Wrong says why it cannot be used."""
    if not isinstance(one, Result):
        raise _Wrong(f"result {number} is {_kind(one)}, not a Result")
    for name in _TEXTS:
        if not isinstance(text := getattr(one, name), str):
            raise _Wrong(f"result {number} ({_short(one.quantity)}): {name} is {_kind(text)}, not text")
        if not text.isprintable():
            raise _Wrong(f"result {number} ({_short(one.quantity)}): {name} = {_short(text)} must be one line of "
                         "characters that can be printed")
    if not one.quantity.strip():
        raise _Wrong(f"result {number} has no quantity. Give it a name")
    who = f"result '{one.quantity}'"
    numbers = {name: _number(who, name, getattr(one, name)) for name in _NUMBERS}
    value, low, high = numbers["value"], numbers["low"], numbers["high"]
    if value is not None and not math.isfinite(value):
        raise _Wrong(f"{who}: value = {_with_unit(value, one)} is not a finite number. Give value = None where there "
                     "is nothing to extract")
    if low is not None and high is not None and low > high:
        raise _Wrong(f"{who}: low = {_with_unit(low, one)} is above high = {_with_unit(high, one)} "
                     f"(value = {'None' if value is None else _with_unit(value, one)})")
    apart = {name: _number(who, name, getattr(one, name)) for name in _UNCERTAINTIES}
    for name, size in apart.items():
        if size is not None and not 0.0 <= size < math.inf:
            raise _Wrong(f"{who}: {name} = {_with_unit(size, one)} is not a finite number of 0 or more")
    if not isinstance(one.flags, Flag) or int(one.flags) & ~_KNOWN_FLAGS:
        raise _Wrong(f"{who}: flags = {_short(one.flags)} is not a tsbench.records.Flag")
    return Result(one.quantity, one.unit, value, _bound(low), _bound(high), one.method,
                  _conditions(who, one.conditions), one.flags, **apart)


def _number(who: str, name: str, number: Any) -> float | None:
    if number is None or (isinstance(number, int | float) and not isinstance(number, bool)):
        return number
    if not isinstance(number, Real) or isinstance(number, bool):
        raise _Wrong(f"{who}: {name} = {_short(number)} is {_kind(number)}, not a number or None")
    return float(number)  # a number of NumPy


def _conditions(who: str, conditions: Any) -> dict[str, Any]:
    if not isinstance(conditions, Mapping):
        raise _Wrong(f"{who}: conditions is {_kind(conditions)}, not a mapping of name to value")
    plain = {}
    for name, value in conditions.items():
        own = value.item() if hasattr(value, "item") and not getattr(value, "ndim", 1) else value  # of NumPy
        if not isinstance(name, str) or not isinstance(own, _PLAIN):
            raise _Wrong(f"{who}: condition {_short(name)} = {_short(value)} is {_kind(value)}, not a number or text")
        plain[name] = own
    return plain


def _bound(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _with_unit(number: float, result: Result) -> str:
    return f"{number:g} {result.unit}".strip()


def _kind(value: object) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"


def _short(value: object) -> str:
    return shortened(value) if isinstance(value, str | int | float) else one_line(repr(value)[:60])
