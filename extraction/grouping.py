"""Groups of events: which of them are repeats of one measurement, and which are of other devices."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tsbench.analysis.series.slopes import SAME_TEMPERATURE
from tsbench.analysis.statistics.brackets import grid_of
from tsbench.analysis.statistics.censored import CensoredSample
from tsbench.errors import ConfigurationError, nearest
from tsbench.extraction.measured_conditions import MeasuredConditions, near
from tsbench.extraction.observations import COUNTERS, DESCRIBING, Observation
from tsbench.records import FloatArray

#: rows that are statistics of a run already, or count its pulses
_DERIVED = ("_mean", "_median", "_standard_deviation", "_probability")


@dataclass(frozen=True)
class DeviceEvents:
    """The events of one device in one group, in the order of measurement; spoiled ones are left out."""

    device: str
    values: FloatArray  #: of those that have a value, shape (n,)
    half_widths: FloatArray  #: of the 95 % interval of each value; 0 where it is not known
    sample: CensoredSample | None  #: all of them, on a coarse grid of set-points as brackets; None where there is none
    shared: float  #: 95 % half-width of the error that all events in ``sample`` share
    step: float  #: width of the brackets; 0 where ``sample`` has values
    above: int  #: events of which only a lower bound is known
    below: int  #: events of which only an upper bound is known
    spoiled: int
    unknown: int  #: events without a value and without a bound
    order: FloatArray  #: place of each value in the order of measurement of all events, shape (n,)

    @property
    def own(self) -> float:
        """Return the 95 % half-width of the measurement of one value."""
        return float(np.median(self.half_widths)) if self.half_widths.size else 0.0

    @property
    def of_mean(self) -> float:
        """Return the 95 % half-width of the error of the mean that more events do not reduce.

        Within brackets the errors average out if the spread is at least half a step: then the mean of the middles of a
        normal distribution is off by less than 0.3 % of a step (W. F. Sheppard, Proc. London Math. Soc. 29 (1898) 353).
        """
        resolved = self.step > 0 and self.values.size > 1 and float(self.values.std(ddof=1)) >= 0.5 * self.step
        return self.shared if resolved else self.own


@dataclass(frozen=True)
class Group:
    """Events of one quantity under the same conditions, by device."""

    quantity: str
    unit: str
    conditions: dict[str, Any]  #: that distinguish it from the other groups
    devices: list[DeviceEvents]
    simulated: bool
    remarks: list[str] = field(default_factory=list)


def groups_of(
    observations: Sequence[Observation], quantity: str | None = None, by: Iterable[str] | None = None,
) -> list[Group]:
    """Group events.

    Parameters
    ----------
    observations : of all files
    quantity : only this one; None: all that are measured for each event
    by : names of facts that distinguish groups beside the quantity; None: the conditions of the results, but for those
        that count events

    Raises
    ------
    ConfigurationError
        No event of the quantity, or no event with such a fact; the message names what there is.
    """
    chosen = [one for one in observations
              if (one.result.quantity == quantity if quantity else _is_event(one))]
    if not chosen:
        known = sorted({one.result.quantity for one in observations if _is_event(one)})
        if not known:
            raise ConfigurationError("the files give no results, so there is nothing to group")
        wanted = quantity or ""
        raise ConfigurationError(f"there is no event of the quantity '{wanted}'{nearest(wanted, known)}")
    names = None if by is None else tuple(by)
    if names is not None:
        _check(chosen, names)
    chuck, measured = _chuck_temperatures(chosen), MeasuredConditions(chosen)
    found: dict[tuple[Any, ...], list[Observation]] = {}
    for one in chosen:
        key = (one.result.quantity, one.result.unit, *_conditions(one, names, chuck, measured).items())
        found.setdefault(key, []).append(one)
    return [_group(mine, names, chuck, measured)
            for _, mine in sorted(found.items(), key=lambda item: _sortable(item[0]))]


def _is_event(one: Observation) -> bool:
    return not one.result.quantity.endswith(_DERIVED) and "statistic" not in one.result.conditions


def _check(chosen: Sequence[Observation], names: Iterable[str]) -> None:
    known = sorted({name for one in chosen for name in one.facts})
    for name in names:
        if not any(name in one.facts for one in chosen):
            raise ConfigurationError(f"no event has '{name}' to group by{nearest(name, known)}")


def _chuck_temperatures(chosen: Iterable[Observation]) -> dict[float, float]:
    """Return, for each reading of a chuck [K], the temperature that it stands for: the median of the readings near it.

    A chuck that was set to one temperature reads 295.983 K in one run and 295.991 K in the next.
    """
    readings = np.array(sorted({float(one.facts["temperature"]) for one in chosen if "temperature" in one.facts}))
    readings = readings[np.isfinite(readings)]
    stand_for = near(readings, np.full(readings.size, SAME_TEMPERATURE))
    return {reading: round(one, 1) for reading, one in zip(readings.tolist(), stand_for, strict=True)}


def _conditions(
    one: Observation, names: tuple[str, ...] | None, chuck: Mapping[float, float], measured: MeasuredConditions,
) -> dict[str, Any]:
    facts = dict(one.facts)
    if "temperature" in facts:
        facts["temperature"] = chuck.get(float(facts["temperature"]), facts["temperature"])
    if names is not None:
        return {name: measured.of(one, name, facts.get(name, "")) for name in names if name != "device"}
    found = {name: measured.of(one, name, value) for name, value in one.result.conditions.items()
             if name not in COUNTERS | DESCRIBING}
    if "temperature" in facts:
        found["temperature"] = facts["temperature"]
    return found


def _sortable(key: tuple[Any, ...]) -> list[tuple[str, float, str]]:
    parts: list[tuple[str, float, str]] = []
    for part in key:
        name, value = part if isinstance(part, tuple) else ("", part)
        number = float(value) if isinstance(value, int | float) else 0.0
        parts.append((name, number, str(value)))
    return parts


def _group(
    mine: Sequence[Observation], names: tuple[str, ...] | None, chuck: Mapping[float, float],
    measured: MeasuredConditions,
) -> Group:
    first = mine[0]
    devices: dict[str, list[Observation]] = {}
    for one in sorted(mine, key=lambda one: one.order):
        devices.setdefault(str(one.facts.get("device", "")), []).append(one)
    return Group(
        first.result.quantity, first.result.unit, _conditions(first, names, chuck, measured),
        [_device(name, events) for name, events in devices.items()], any(one.simulated for one in mine),
        _differences(mine, names, chuck, measured))


def _differences(
    mine: Sequence[Observation], names: tuple[str, ...] | None, chuck: Mapping[float, float],
    measured: MeasuredConditions,
) -> list[str]:
    """Return a remark where events were put together that were measured in different ways."""
    ignored = COUNTERS | DESCRIBING | {"device", "run", "cycles", "count", "repeats", "die"} | set(names or ())
    differ = []
    for name in sorted({name for one in mine for name in one.facts} - ignored):
        values = {measured.of(one, name, one.facts.get(name)) for one in mine}
        if len({chuck.get(value, value) for value in values} if name == "temperature" else values) > 1:
            differ.append(name)
    return [f"events with different {', '.join(differ)} are put together. Separate them with --by"] if differ else []


def _device(name: str, events: Sequence[Observation]) -> DeviceEvents:
    good = [one for one in events if not one.spoiled]
    known = [one.result for one in good if not one.bounded]
    values = np.array([result.value for result in known], dtype=np.float64)
    order = np.array([one.order for one in good if not one.bounded], dtype=np.float64)
    ends = np.array([(result.value if result.low is None else result.low,
                      result.value if result.high is None else result.high) for result in known],
                    dtype=np.float64).reshape(-1, 2)
    bounds = [one.bounds() for one in good if one.bounded]
    limits = np.array([pair for pair in bounds if pair is not None], dtype=np.float64).reshape(-1, 2)
    half_widths = 0.5 * (ends[:, 1] - ends[:, 0])
    own = float(np.median(half_widths)) if half_widths.size else 0.0
    least, most, shared, step = values, values, own, 0.0
    deviation = float(values.std(ddof=1)) if values.size > 1 else 0.0
    if grid := grid_of(ends[:, 0], ends[:, 1], [result.method for result in known], deviation):
        least, most, shared, step = grid.low, grid.high, grid.common, grid.step
    low, high = (np.concatenate([part, limits[:, k]]) for k, part in ((0, least), (1, most)))
    return DeviceEvents(
        name, values, half_widths, CensoredSample(low, high) if low.size else None, shared, step,
        int(np.isinf(limits[:, 1]).sum()), int(np.isinf(limits[:, 0]).sum()), len(events) - len(good),
        sum(pair is None for pair in bounds), order)
