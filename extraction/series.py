"""Series of values against a set quantity, and the words at the axes and in the legends of figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.extraction.grouping import Group, groups_of
from tsbench.extraction.observations import Observation
from tsbench.extraction.statistics import device_statistics
from tsbench.protocols.iv_sweep.parameters import SweepParameters
from tsbench.quantities import CONDITION_UNITS, short_quantity

if TYPE_CHECKING:
    from tsbench.analysis.figures.comparisons import Series

#: units of facts beside the conditions of results
_UNITS = {"load": "Ohm", "load_resistance": "Ohm", "parallel_capacitance": "F", "stop": "V", "step": "V", "dwell": "s"}
#: facts whose unit does not tell them from a measured quantity: their names stand in legends too
_WITH_NAME = frozenset({"compliance"})
_NAMES = {"load": "load resistance", "bias": "bias", "amplitude": "pulse amplitude", "gap": "gap between pulses"}


@dataclass(frozen=True)
class AllSeries:
    """Series with the unit of their values, and remarks."""

    series: "list[Series]"
    unit: str
    lines: list[str]


def drive_of(facts: Iterable[Mapping[str, Any]]) -> str:
    """Return the quantity that the source sets in all of these events: "voltage", "current", or "" if both occur."""
    drives = {str(one.get("drive", "voltage")) for one in facts}
    return drives.pop() if len(drives) == 1 else "" if drives else "voltage"


def unit_of(fact: str, drive: str = "voltage") -> str:
    """Return the unit of a condition or parameter, as ``drive_of`` the events; "" for a plain number."""
    if drive != "voltage" and (units := SweepParameters.units_by_drive.get(fact)):
        return units.get(drive, "")
    return _UNITS.get(fact) or CONDITION_UNITS.get(fact, "")


def axis_name(name: str) -> str:
    """Return the words for an axis: "switching delay"."""
    return _NAMES.get(name, name.replace("_", " "))


def series_name(facts: Mapping[str, Any], drive: str = "voltage") -> str:
    """Return the words for a legend: "300 K, 4.7 kΩ"; devices are named as they are, plain numbers with their name.

    ``drive`` is that of the events: the unit of a compliance follows from it.
    """
    parts = []
    for name, value in facts.items():
        if value in (None, ""):
            continue
        if isinstance(value, int | float):
            unit = unit_of(name, drive)
            text = short_quantity(float(value), unit, 4).replace("Ohm", "\u03a9")
            parts.append(text if unit and name not in _WITH_NAME else f"{axis_name(name)} {text}")
        else:
            parts.append(str(value))
    return ", ".join(parts)


def series_against(
    observations: Sequence[Observation], quantity: str, against: str, by: Iterable[str] | None
) -> AllSeries:
    """Return the values of a quantity against a fact, one series for each device and each value of other conditions.

    Several events at one place are shown as their mean, with its interval; of one event, its own interval is shown.

    Raises
    ------
    ConfigurationError
        The fact is not a number of these events.
    """
    from tsbench.analysis.figures.comparisons import Series

    chosen = tuple(by or ())
    others = [name for name in chosen if name not in {against, "device"}]
    mine = [one for one in observations if one.result.quantity == quantity]
    if by is None and mine:
        others = [name for name in ("temperature", "load", "load_resistance", "bias", "amplitude", "pulse_width",
                                    "polarity", "ramp_rate")
                  if name != against and len({one.facts.get(name) for one in mine}) > 1]
    groups = groups_of(observations, quantity, (against, *others))
    found: dict[tuple[str, ...], list[tuple[float, float, float, float]]] = {}
    lines: list[str] = []
    for group in groups:
        at = group.conditions.get(against)
        if not isinstance(at, int | float):
            raise ConfigurationError(f"'{against}' is not a number in some events of '{quantity}'. Choose another "
                                     "--against, or leave their files out")
        lines += group.remarks
        _add(found, group, float(at), series_name(
            {name: group.conditions[name] for name in others}, drive_of(one.facts for one in mine)))
    several = len({device for device, _ in found}) > 1
    series = []
    for (device, name), points in found.items():
        x, value, low, high = np.array(sorted(points)).T
        text = ", ".join(filter(None, (device if several else "", name))) or device
        series.append(Series(text, x, value, low, high))
    return AllSeries(series, groups[0].unit, list(dict.fromkeys(lines)))


def _add(found: dict[Any, list[tuple[float, float, float, float]]], group: Group, at: float, name: str) -> None:
    for events in group.devices:
        if events.sample is None:
            continue
        statistics = device_statistics(events)
        centre = statistics.mean if statistics.bounded == 0 else statistics.median
        numbers = (centre.value, centre.low, centre.high)
        if events.sample.number == 1:   # its own interval
            low, high = float(events.sample.low[0]), float(events.sample.high[0])
            numbers = (low, low - events.own, low + events.own) if low == high else (None, low, high)
        value, least, most = (np.nan if number is None or not np.isfinite(number) else number for number in numbers)
        found.setdefault((events.device, name), []).append((at, value, least, most))
