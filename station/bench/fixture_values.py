"""Values of the fixture that decade boxes, gates and the operator set: names, units, and their text."""

import math
from collections.abc import Mapping

from tsbench.errors import ConfigurationError, nearest
from tsbench.instruments.interfaces import FIXTURE_UNITS
from tsbench.quantities import parse_quantity, short_quantity


def fixture_values(given: Mapping[str, object]) -> dict[str, float]:
    """Return values [Ohm or F] by quantity, read from numbers or from texts such as "4.7 kOhm".

    Raises
    ------
    ConfigurationError
        There is no such quantity, or the value is not a positive number with its unit.
    """
    values = {}
    for quantity, value in given.items():
        if quantity not in FIXTURE_UNITS:
            raise ConfigurationError(f"the fixture has no quantity '{quantity}'{nearest(quantity, FIXTURE_UNITS)}")
        try:
            number = parse_quantity(value, FIXTURE_UNITS[quantity])
        except ConfigurationError as error:
            raise ConfigurationError(f"{quantity}: {error}") from None
        if not (math.isfinite(number) and number > 0):
            raise ConfigurationError(
                f"{quantity} = {value!r:.60} must be a positive number in {FIXTURE_UNITS[quantity]}")
        values[quantity] = number
    return values


def in_words(values: Mapping[str, float]) -> str:
    """Return values in one line: "load resistance 4.7 kOhm, parallel capacitance 1 nF".

    Parameters
    ----------
    values : quantity -> [Ohm or F]
    """
    return ", ".join(f"{quantity.replace('_', ' ')} {short_quantity(value, FIXTURE_UNITS.get(quantity, ''))}"
                     for quantity, value in values.items())
