"""What a report takes from the text of a bench file: places on the wafer, budgets, and dates of calibration.

The text is that of the run file, as it was when the run was measured. What it does not hold is left out.
"""

import datetime
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tsbench.errors import ConfigurationError
from tsbench.quantities import parse_quantity

_UNITS = {"cycles": "", "charge": "C", "energy": "J"}


@dataclass(frozen=True)
class BenchFacts:
    """Facts of a bench file."""

    dies: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  #: device -> column, row, and site on its die
    budgets: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  #: device, "" for all -> SI units
    calibrated: Mapping[str, datetime.date] = field(default_factory=dict)  #: instrument -> date of its calibration
    due: Mapping[str, datetime.date] = field(default_factory=dict)  #: instrument -> when the next one is due


@functools.lru_cache(maxsize=64)
def bench_facts(text: str) -> BenchFacts:
    """Return the facts in the text of a bench file; none where it cannot be read."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return BenchFacts()
    devices, positioner = _table(content.get("devices")), _table(content.get("positioner"))
    dies = {name: die for name, entry in devices.items() if (die := die_of(_table(entry).get("die"))) is not None}
    if positioner.get("kind") == "prober":
        dies |= {name: die for name, place in _table(positioner.get("devices")).items()
                 if (die := die_of(place)) is not None}
    budgets = {"": _budget(_table(content.get("device"))),
               **{name: _budget(_table(entry)) for name, entry in devices.items()}}
    instruments = _table(content.get("instruments"))
    return BenchFacts(dies, {name: budget for name, budget in budgets.items() if budget},
                      _dates(instruments, "calibrated"), _dates(instruments, "calibration_due"))


def die_of(value: Any) -> tuple[int, ...] | None:
    """Return column, row and perhaps site of a die; None where the value is something else."""
    if not isinstance(value, list | tuple) or len(value) not in {2, 3}:
        return None
    if not all(isinstance(part, int) and not isinstance(part, bool) and abs(part) < 10_000 for part in value):
        return None
    return tuple(int(part) for part in value)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _budget(entry: Mapping[str, Any]) -> dict[str, float]:
    found = {}
    for name, value in _table(entry.get("budget")).items():
        if name in _UNITS:
            try:
                found[name] = parse_quantity(value, _UNITS[name])
            except ConfigurationError:
                continue
    return found


def _dates(instruments: Mapping[str, Any], key: str) -> dict[str, datetime.date]:
    found = {}
    for name, entry in instruments.items():
        value = _table(entry).get(key)
        if isinstance(value, str):
            try:
                value = datetime.date.fromisoformat(value)
            except ValueError:
                continue
        if isinstance(value, datetime.date):
            found[name] = value
    return found
