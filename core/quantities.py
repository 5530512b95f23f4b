"""Text with SI prefixes and units <-> SI floats, at the border only: "200 ns", "1.2 mV", "200n".

Inside tsbench every number is a float in SI base units; this module is used by the command line, the form,
the bench and world files and by messages.
"""

import math
from typing import Annotated

from pydantic import BeforeValidator
from quantiphy import InvalidNumber, Quantity

from tsbench.errors import ConfigurationError

#: spellings people use -> the unit as tsbench writes it
_SPELLINGS = {
    "Ohm": "Ohm", "ohm": "Ohm", "ohms": "Ohm", "Ohms": "Ohm", "Ω": "Ohm", "Ω": "Ohm", "R": "Ohm",
    "V": "V", "v": "V", "volt": "V", "A": "A", "amp": "A", "s": "s", "sec": "s", "Hz": "Hz", "hz": "Hz",
    "F": "F", "H": "H", "W": "W", "J": "J", "C": "C", "K": "K", "%": "%",
}


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
        raise ConfigurationError(f"{value!r} is not a quantity; give a number such as '{_example(unit)}'")
    if isinstance(value, int | float):
        number = float(value)
    else:
        try:
            quantity = Quantity(value.strip())
        except InvalidNumber:
            raise ConfigurationError(f"'{value}' is not a quantity; give for example '{_example(unit)}'") from None
        number = float(quantity)
        given = _SPELLINGS.get(quantity.units, quantity.units)
        if given and given != unit:
            expected = f"expected {unit}" if unit else "expected a number without unit"
            raise ConfigurationError(f"'{value}' is in {given}, {expected}; give for example '{_example(unit)}'")
    if not math.isfinite(number):
        raise ConfigurationError(f"'{value}' is not finite; give for example '{_example(unit)}'")
    return number


def _example(unit: str) -> str:
    return {"V": "1.2 V", "A": "1 mA", "s": "200 ns", "Ohm": "5 kOhm", "F": "80 pF", "Hz": "1 MHz"}.get(unit, f"1 {unit}".strip())


def format_quantity(value: float | None, unit: str, digits: int = 4) -> str:
    """Return ``value`` [unit] with an SI prefix and ``digits`` significant digits: ``"1.023 V"``."""
    if value is None or math.isnan(value):
        return "-"
    if not unit or not math.isfinite(value):
        return f"{value:.{digits}g} {unit}".strip()
    return Quantity(value, unit).render(prec=digits - 1, strip_zeros=False, form="si")


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
Hertz = Annotated[float, _accept("Hz"), Unit("Hz")]
Watts = Annotated[float, _accept("W"), Unit("W")]
Joules = Annotated[float, _accept("J"), Unit("J")]
Coulombs = Annotated[float, _accept("C"), Unit("C")]
Kelvins = Annotated[float, _accept("K"), Unit("K")]
VoltsPerSecond = Annotated[float, _accept("V/s"), Unit("V/s")]
Number = Annotated[float, _accept(""), Unit("")]
