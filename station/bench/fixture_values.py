"""Values of the fixture that decade boxes, gates and the operator set: names, units, and their text."""

import math
from collections.abc import Mapping
from typing import Final

from tsbench.errors import ConfigurationError, nearest
from tsbench.quantities import parse_quantity, short_quantity

#: quantity of ``[fixture.control]`` -> its unit
UNITS: Final[Mapping[str, str]] = {"load_resistance": "Ohm", "parallel_capacitance": "F"}


def fixture_values(given: Mapping[str, object]) -> dict[str, float]:
    """Return values [Ohm or F] by quantity, read from numbers or from texts such as "4.7 kOhm".

    Raises
    ------
    ConfigurationError
        There is no such quantity, or the value is not a positive number with its unit.
    """
    values = {}
    for quantity, value in given.items():
        if quantity not in UNITS:
            raise ConfigurationError(f"the fixture has no quantity '{quantity}'{nearest(quantity, UNITS)}")
        try:
            number = parse_quantity(value, UNITS[quantity])
        except ConfigurationError as error:
            raise ConfigurationError(f"{quantity}: {error}") from None
        if not (math.isfinite(number) and number > 0):
            raise ConfigurationError(f"{quantity} = {value!r:.60} must be a positive number in {UNITS[quantity]}")
        values[quantity] = number
    return values


def in_words(values: Mapping[str, float]) -> str:
    """Return values in one line: "load resistance 4.7 kOhm, parallel capacitance 1 nF"."""
    return ", ".join(f"{quantity.replace('_', ' ')} {short_quantity(value, UNITS.get(quantity, ''))}"
                     for quantity, value in values.items())
