"""Conditions that were measured and not set: values that differ by less than they are known are one condition.

The amplitude of the pulses in a table is the median of noisy samples, and the current at which a relaxation is timed
is a share of what flowed in this shot. So none of them returns exactly.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tsbench.extraction.observations import Observation
from tsbench.records import FloatArray

#: share of a value by which two of one condition may differ: noise of medians and of widths at half height, of the
#: current of a single shot, of times between readings and of the highest voltage that was read. Steps of a series that
#: are set on purpose are mostly larger
_SAME: Mapping[str, float] = {
    "amplitude": 0.01, "base": 0.01, "pulse_width": 0.03, "level": 0.05, "ramp_rate": 0.02, "up to": 0.02}
_OF_RUNS = frozenset({"level", "ramp_rate", "up to"})  #: measured in runs too; the others are set there
_DIGITS = 4


class MeasuredConditions:
    """What each measured value stands for: the median of the values near it, of one quantity.

    Parameters
    ----------
    chosen : all events that are grouped
    """

    def __init__(self, chosen: Sequence[Observation]) -> None:
        self._stands: dict[tuple[str, str, float], float] = {}
        for quantity in {one.result.quantity for one in chosen}:
            mine = [one for one in chosen if one.result.quantity == quantity]
            largest = max((abs(float(one.result.conditions["amplitude"])) for one in mine
                           if _is_measured(one, "amplitude")), default=0.0)
            for name, share in _SAME.items():
                values = np.sort([float(one.result.conditions[name]) for one in mine if _is_measured(one, name)])
                # a base is near zero: it is known to a share of the pulse
                width = share * (np.full(values.size, largest) if name == "base" else np.abs(values))
                self._stands |= {(quantity, name, value): stands for value, stands in zip(
                    values.tolist(), near(values, width), strict=True)}

    def of(self, one: Observation, name: str, value: Any) -> Any:
        """Return what a condition of an event stands for; itself where it was set."""
        return self._stands.get((one.result.quantity, name, float(value)), value) if _is_measured(one, name) else value


def _is_measured(one: Observation, name: str) -> bool:
    value = one.result.conditions.get(name)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and (one.facts.get("protocol") == "table" or name in _OF_RUNS) and name in _SAME


def near(values: FloatArray, width: FloatArray) -> list[float]:
    """Return the median of the group of each value: no value is farther than its ``width`` from the first of its group.

    A chain of small steps is so no single group.

    Parameters
    ----------
    values : in rising order, in any unit, shape (n,)
    width : of each value, in the unit of the values, shape (n,)
    """
    groups: list[list[float]] = []
    for value, most in zip(values.tolist(), width.tolist(), strict=True):
        if groups and value - groups[-1][0] <= most:
            groups[-1].append(value)
        else:
            groups.append([value])
    return [_rounded(float(np.median(group))) if len(group) > 1 else group[0] for group in groups for _ in group]


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
