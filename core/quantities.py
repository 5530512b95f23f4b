"""Text with SI prefixes and units <-> SI floats, at the border only: "200 ns", "1.2 mV", "200n".

Inside tsbench every number is a float in SI base units; this module is used by the command line, the form,
the bench and world files and by messages.
"""

import functools
import math
import re
import sys
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator
from quantiphy import Quantity

from tsbench.errors import ConfigurationError

#: spellings people use -> the unit as tsbench writes it
_SPELLINGS = {
    "Ohm": "Ohm", "ohm": "Ohm", "ohms": "Ohm", "Ohms": "Ohm", "Ω": "Ohm", "\u2126": "Ohm", "R": "Ohm",
    "V": "V", "v": "V", "volt": "V", "A": "A", "amp": "A", "s": "s", "sec": "s", "Hz": "Hz", "hz": "Hz",
    "F": "F", "S": "S", "H": "H", "W": "W", "J": "J", "C": "C", "K": "K", "%": "%",
}
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+))?\s*([^\d\s]\S*)?", re.ASCII)
_NO_BREAK = re.compile("[\u00a0\u2007\u2009\u202f]")  #: spaces that typesetting puts between a number and its unit
_EXPONENTS = {
    "f": -15, "p": -12, "n": -9, "u": -6, "µ": -6, "μ": -6, "m": -3, "k": 3, "K": 3, "M": 6, "G": 9, "T": 12,
}

_LONGEST = 100  #: characters of a number with its unit


def parse_quantity(value: object, unit: str) -> float:
    """Parse a number with optional SI prefix and unit.

    Parameters
    ----------
    value : str, int or float
        ``"200n"``, ``"1.2 mV"``, ``"4.7 kΩ"``, or a plain number already in ``unit``.
    unit : str
        Expected SI unit (``"V"``, ``"A"``, ``"s"``, ``"Ohm"``, ``"F"``, …; ``""`` for a plain number).

    Returns
    -------
    float in ``unit``, finite.

    Raises
    ------
    ConfigurationError
        Not a number, not finite, or given in another unit.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ConfigurationError(f"{value!r} is not a quantity. Give a number such as '{_example(unit)}'")
    if isinstance(value, str) and len(value) > _LONGEST:
        raise ConfigurationError(f"'{value[:40]}…' is not a quantity. Give for example '{_example(unit)}'")
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        raise ConfigurationError(
            f"the integer is outside ±{sys.float_info.max:.2g}. Give for example '{_example(unit)}'")
    if isinstance(value, int | float):
        number = float(value)
    else:
        text = _NO_BREAK.sub(" ", value).strip().replace("\u2212", "-")
        if text.lower().lstrip("+-") in ("nan", "inf", "infinity"):
            raise ConfigurationError(f"'{value}' is not finite. Give for example '{_example(unit)}'")
        found = _NUMBER.fullmatch(text)
        if found is None or "," in text:
            hint = ". Use a decimal point, not a comma" if "," in text else ""
            raise ConfigurationError(f"'{value}' is not a quantity{hint}. Give for example '{_example(unit)}'")
        exponent, given = _prefix_and_unit(found[3] or "", unit)
        number = float(f"{found[1]}e{int(found[2] or 0) + exponent}")
        if given and given != unit:
            expected = f"the unit must be {unit}" if unit else "the number must have no unit"
            raise ConfigurationError(
                f"'{value}' is in {given}, but {expected}. Give for example '{_example(unit)}'"
            )
    if not math.isfinite(number):
        raise ConfigurationError(f"'{value}' is not finite. Give for example '{_example(unit)}'")
    return number


def _prefix_and_unit(suffix: str, expected: str) -> tuple[int, str]:
    """Return (power of ten, unit) of what follows a number; a unit is read before a prefix: 300 K are kelvins."""
    units = {**_SPELLINGS, expected: expected}
    if suffix in units and (suffix not in _EXPONENTS or suffix == expected):
        return 0, units[suffix]
    rest = suffix[1:]
    if suffix[:1] in _EXPONENTS and (not rest or rest in units):
        return _EXPONENTS[suffix[0]], units[rest] if rest else ""
    return 0, _SPELLINGS.get(suffix, suffix)


def _example(unit: str) -> str:
    examples = {"V": "1.2 V", "A": "1 mA", "s": "200 ns", "Ohm": "5 kOhm", "F": "80 pF", "Hz": "1 MHz"}
    return examples.get(unit, f"1 {unit}".strip())


@functools.lru_cache(maxsize=1024)   # a sweep tells the same levels in each of its cycles
def format_quantity(value: float | None, unit: str, digits: int = 4) -> str:
    """Return ``value`` [unit] with an SI prefix and ``digits`` significant digits: ``"1.023 V"``."""
    if value is None or math.isnan(value):
        return "-"
    if not unit or not math.isfinite(value):
        return f"{value:.{digits}g} {unit}".strip()
    return Quantity(value, unit).render(prec=digits - 1, strip_zeros=False, form="si")


def short_quantity(value: float, unit: str, digits: int = 4) -> str:
    """Return :func:`format_quantity` without trailing zeros, as people type it: ``"1 mA"``, ``"200 ns"``.

    Parameters
    ----------
    value : in ``unit``
    unit : without a prefix; "": none
    digits : significant ones at most
    """
    number, space, rest = format_quantity(value, unit, digits).partition(" ")
    if "." in number and "e" not in number:
        number = number.rstrip("0").rstrip(".")
    return f"{number}{space}{rest}"


def told_apart(value: float, bound: float, unit: str) -> tuple[str, str]:
    """Return two different quantities as texts with as many digits as it takes to tell them apart (4 to 12).

    Parameters
    ----------
    value, bound : in ``unit``
    unit : without a prefix; "": none
    """
    texts = ("", "")
    for digits in range(4, 13):
        texts = short_quantity(value, unit, digits), short_quantity(bound, unit, digits)
        if texts[0] != texts[1]:
            break
    return texts


class Unit:
    """Marks the SI unit of an annotated float; read by the form, the help text and the run file."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol

    def __repr__(self) -> str:
        return f"Unit({self.symbol!r})"


def _accept(unit: str) -> BeforeValidator:
    def validate(value: object) -> float:
        try:
            return parse_quantity(value, unit)
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
    return BeforeValidator(validate)


# Annotated floats for pydantic models: each accepts a number or text with prefix and unit.
Volts = Annotated[float, _accept("V"), Unit("V")]
Amperes = Annotated[float, _accept("A"), Unit("A")]
Seconds = Annotated[float, _accept("s"), Unit("s")]
Ohms = Annotated[float, _accept("Ohm"), Unit("Ohm")]
Farads = Annotated[float, _accept("F"), Unit("F")]
Siemens = Annotated[float, _accept("S"), Unit("S")]
Hertz = Annotated[float, _accept("Hz"), Unit("Hz")]
Watts = Annotated[float, _accept("W"), Unit("W")]
Joules = Annotated[float, _accept("J"), Unit("J")]
Coulombs = Annotated[float, _accept("C"), Unit("C")]
Kelvins = Annotated[float, _accept("K"), Unit("K")]
VoltsPerAmpere = Annotated[float, _accept("V/A"), Unit("V/A")]
VoltsPerSecond = Annotated[float, _accept("V/s"), Unit("V/s")]
Number = Annotated[float, _accept(""), Unit("")]


_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}
_UNITS_WITH_PREFIX = {"V", "A", "s", "Ohm", "F", "S", "H", "Hz", "W", "J", "C", "m", "V/s", "V/A", "Hz/V", "Hz/A"}


#: relative: numbers that differ by less differ by rounding
_ROUNDING = 1e-9


def format_interval(value: float | None, low: float | None, high: float | None, unit: str) -> str:
    """Return a value with its 95 % interval on one SI prefix: ``"1.0231 ± 0.0021 V"``.

    A lopsided interval is written out (``"81.2 (79.9 … 90.1) uA"``), an open one by its known bound
    (``"3.1 (≥ 2.9) us"``); the digits follow the width of the interval (two of its significant digits). Where only a
    bound is known, it stands alone (``"≥ 2.9 us"``).

    Parameters
    ----------
    value, low, high : in ``unit``; None or not finite: not known
    unit : without a prefix; "": none
    """
    if value is None or not math.isfinite(value):
        return _bounds_alone(low, high, unit)
    bounds = [bound for bound in (low, high) if bound is not None and math.isfinite(bound)]
    size = max(abs(number) for number in (value, *bounds))
    exponent = 0
    if unit in _UNITS_WITH_PREFIX and 0 < size < math.inf:
        exponent = min(max(3 * math.floor(math.log10(size) / 3), min(_PREFIXES)), max(_PREFIXES))
    scale, symbol = 10.0**exponent, f" {_PREFIXES[exponent]}{unit}".rstrip()
    width = max((abs(bound - value) for bound in bounds), default=0.0) / scale
    resolved = width > _ROUNDING * size / scale   # ends that only rounding tells apart are no interval
    if resolved:
        decimals = min(max(1 - math.floor(math.log10(width)), 0), 9)
    else:
        decimals = max(4 - math.floor(math.log10(size / scale)) - 1, 0) if size else 0

    def text(number: float) -> str:
        return f"{number / scale:z.{decimals}f}"

    if low is None or high is None or len(bounds) < 2:
        if not bounds:
            return f"{text(value)}{symbol}"
        sign = "≤" if low is None or not math.isfinite(low) else "≥"
        return f"{text(value)} ({sign} {text(bounds[0])}){symbol}"
    half = (high - low) / 2
    if not resolved:
        return f"{text(value)}{symbol}"
    if abs((high + low) / 2 - value) > 0.1 * half:
        return f"{text(value)} ({text(low)} … {text(high)}){symbol}"
    return f"{text(value)} ± {half / scale:.{decimals}f}{symbol}"


def _bounds_alone(low: float | None, high: float | None, unit: str) -> str:
    """Return the bounds of a value that is not known itself; "-" where there are none."""
    texts = [
        format_interval(bound, None, None, unit) if bound is not None and math.isfinite(bound) else ""
        for bound in (low, high)
    ]
    if all(texts):
        return " … ".join(texts)
    return f"≥ {texts[0]}" if texts[0] else f"≤ {texts[1]}" if texts[1] else "-"


#: units of what tells result rows apart; names that are not here are plain numbers or words
CONDITION_UNITS = {
    "bias": "V", "amplitude": "V", "base": "V", "level": "A", "source_voltage": "V", "gap": "s", "width": "s",
    "period": "s", "pulse_width": "s", "up to": "V",
    "ramp_rate": "V/s", "source_current": "A", "compliance": "A", "temperature": "K", "load_resistance": "Ohm",
    "parallel_capacitance": "F", "amplitude_limit": "V", "offset_frequency": "Hz",
}


def conditions_text(conditions: Mapping[str, Any]) -> str:
    """Return a result row's conditions in words: ``"bias 2 V, polarity +, sweep 17"``."""
    parts = []
    for name, value in conditions.items():
        text = str(value)
        if isinstance(value, float):
            text = short_quantity(value, CONDITION_UNITS.get(name, ""), 6)
        parts.append(f"{name.replace('_', ' ')} {text}")
    return ", ".join(parts)
