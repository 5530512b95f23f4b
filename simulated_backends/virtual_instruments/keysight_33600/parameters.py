"""Kinds of parameters of the 33500B/33600A: values that are set to their limit, with an error, when beyond."""

import math
from typing import Any

from tsbench.simulated_backends.scpi.parameters import Number, Parameter
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD


def clipped(value: float, low: float | None, high: float | None, owner: Any) -> float:
    """Return a value, or the limit that it lies beyond, with error -222."""
    if (low is None or low <= value) and (high is None or value <= high):   # most values
        return value
    for limit, upper in ((low, False), (high, True)):
        if limit is not None and (value - limit if upper else limit - value) > 1e-9 * abs(limit):
            name = "upper" if upper else "lower"
            owner.post_error(-222, text=f"Data out of range; value clipped to {name} limit")
            return float(limit)
    return value


class Clipped(Number):
    """A number that is set to its limit, with error -222, when it lies beyond."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> float:
        value = self.value_of(raw, owner, key)
        low, high = self.bounds(owner, key)
        return value if math.isinf(value) else clipped(value, low, high, owner)


class LoadParameter(Parameter):
    """``OUTP:LOAD``: 1 to 10 kOhm, or INFinity."""

    _number = Clipped("OHM", 1.0, 10e3, 50.0, infinite=True)

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> float:
        value = self._number.parse(raw, owner, key) if raw[:3].upper() != b"9.9" else math.inf
        return INFINITE_LOAD if math.isinf(value) else value
