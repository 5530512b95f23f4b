"""The numbers of a report: every extracted quantity over the devices, with its distribution and its fits."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tsbench.analysis.statistics.fits import FAMILIES, Fit
from tsbench.errors import ConfigurationError
from tsbench.extraction.group_statistics import SampleStatistics
from tsbench.extraction.grouping import Group, groups_of
from tsbench.extraction.observations import Observation, run_facts
from tsbench.extraction.statistics import centre_of, device_statistics, population_statistics
from tsbench.quantities import conditions_text
from tsbench.records import Flag
from tsbench.reports.devices import UNSURE, DeviceRun
from tsbench.reports.words import interval
from tsbench.station.device_record.life import SWITCHING, is_switching

_SAME = 1e-3  #: relative; conditions that are read back differ less between runs
_FEWEST = 2  #: devices of a population


@dataclass(frozen=True)
class ReportedQuantity:
    """A quantity under the same conditions."""

    quantity: str
    unit: str
    conditions: str  #: in words; "" where it has none
    devices: Mapping[str, SampleStatistics]  #: device -> over its events
    population: SampleStatistics | None  #: over the devices, one value of each; None below two
    remarks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The quantity in words, with its conditions."""
        words = self.quantity.replace("_", " ")
        return f"{words} ({self.conditions})" if self.conditions else words

    def value(self, device: str) -> float | None:
        """Return the number that stands for a device; None where there is none."""
        found = self.devices.get(device)
        return None if found is None else centre_of(found)

    def text(self, device: str) -> str:
        """Return the number of a device with its interval as it is printed; "-" where there is none."""
        found = self.devices.get(device)
        if found is None:
            return "-"
        centre = found.mean if found.mean.value is not None else found.median
        if centre.value is None and (value := centre_of(found)) is not None:
            if found.number == 1 and found.own:
                return interval(value, value - found.own, value + found.own, self.unit)
            return interval(value, None, None, self.unit)   # of few events, no interval of their scatter is known
        return interval(centre.value, centre.low, centre.high, self.unit)

    @property
    def resolved(self) -> bool:
        """Whether the devices differ by more than the errors of their values."""
        return self.population is None or Flag.UNDER_SAMPLED not in self.population.flags

    @property
    def fit(self) -> Fit | None:
        """The fit that the values contradict least; None where none was made."""
        fits = [] if self.population is None else [one for one in self.population.fits if one.parameters]
        return max(fits, key=lambda one: one.significance if one.significance is not None else -1.0, default=None)


def reported_quantities(runs: Iterable[DeviceRun], families: Sequence[str] = FAMILIES) -> list[ReportedQuantity]:
    """Return the quantities of all runs with a file, the switching ones first; interrupted runs are left out."""
    observations: list[Observation] = []
    for run in runs:
        if run.stored is None or run.status not in {"success", "abort"}:
            continue
        facts = run_facts(run.stored.run)
        facts = {name: _plain(value) for name, value in facts.items()}
        for stored in run.results:
            result = replace(stored, conditions={name: _plain(value) for name, value in stored.conditions.items()})
            sure = not (is_switching(result.quantity) and result.flags & UNSURE)   # else it is left out by its flag
            kept = result if sure else replace(result, flags=result.flags | Flag.AMBIGUOUS)
            observations.append(Observation(kept, len(observations), run.stored.run.header.simulated,
                                            {**facts, **result.conditions}))
    try:
        groups = groups_of(with_nominal_conditions(observations))
    except ConfigurationError:  # there is no result of a single event
        return []
    found = [one for one in map(lambda group: _of_group(group, tuple(families)), groups) if one is not None]
    rank = {name: place for place, name in enumerate(SWITCHING)}
    return sorted(found, key=lambda one: rank.get(one.quantity, len(rank)))


def _plain(value: Any) -> Any:
    """Return a condition as it is, and what is no number or word as text: files of others may hold anything."""
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _of_group(group: Group, families: tuple[str, ...]) -> ReportedQuantity | None:
    devices = [device_statistics(events) for events in group.devices if events.sample is not None]
    if not devices:
        return None
    population = population_statistics(group, devices, families) if len(devices) >= _FEWEST else None
    spoiled = sum(events.spoiled for events in group.devices)
    unknown = sum(events.unknown for events in group.devices)
    remarks = [f"{spoiled} {'result is' if spoiled == 1 else 'results are'} left out because of flags"] * bool(spoiled)
    remarks += [f"{unknown} results have neither a value nor a bound"] * bool(unknown)
    return ReportedQuantity(group.quantity, group.unit, conditions_text(group.conditions),
                            {one.device: one for one in devices}, population, tuple(remarks))


def with_nominal_conditions(observations: Sequence[Observation]) -> list[Observation]:
    """Put one number in the place of conditions that were read back and differ by less than 0.1 %.

    A level of 50 mV is read back as 50.0273 mV in one run and as 50.0269 mV in the next.
    """
    values: dict[tuple[str, str], set[float]] = {}
    for one in observations:
        for name, value in one.result.conditions.items():
            if isinstance(value, float) and np.isfinite(value):
                values.setdefault((one.result.quantity, name), set()).add(value)
    nominal = {key: _nominal(sorted(found)) for key, found in values.items()}

    def conditions(one: Observation) -> dict[str, Any]:
        return {name: nominal.get((one.result.quantity, name), {}).get(value, value) if isinstance(value, float) else
                value for name, value in one.result.conditions.items()}

    found = []
    for one in observations:
        changed = conditions(one)
        found.append(replace(one, result=replace(one.result, conditions=changed), facts={**one.facts, **changed}))
    return found


def _nominal(values: Sequence[float]) -> dict[float, float]:
    """Return, for each of ascending values, the number that stands for it and for its near neighbours."""
    cuts = [0]
    for place, value in enumerate(values):
        if abs(value - values[cuts[-1]]) > _SAME * abs(value):
            cuts.append(place)
    found: dict[float, float] = {}
    for first, last in itertools.pairwise([*cuts, len(values)]):
        middle = float(np.median(values[first:last]))
        shown = float(f"{middle:.3g}") if last - first > 1 else middle
        found |= dict.fromkeys(values[first:last], shown)
    return found
