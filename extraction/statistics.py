"""Statistics of stored runs: of the cycles of each device, of the devices, and of the one against the other."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tsbench.analysis.statistics.censored import CensoredSample
from tsbench.analysis.statistics.describe import mean, median, relative_spread, standard_deviation, widened
from tsbench.analysis.statistics.distribution import distribution
from tsbench.analysis.statistics.drift import drift_of
from tsbench.analysis.statistics.enough import cycles_for_mean
from tsbench.analysis.statistics.estimate import Estimate
from tsbench.analysis.statistics.fits import FAMILIES, Fit, fit
from tsbench.analysis.statistics.groups import two_groups
from tsbench.analysis.statistics.variance import variance_components, with_resolution
from tsbench.errors import ConfigurationError
from tsbench.extraction.group_statistics import ALL_DEVICES, GroupStatistics, SampleStatistics
from tsbench.extraction.grouping import DeviceEvents, Group, groups_of
from tsbench.extraction.observations import SPOILED, Observation
from tsbench.quantities import format_quantity
from tsbench.records import Flag, FloatArray

_FEWEST_DEVICES = 2
_SPOILING = ", ".join(SPOILED.names()[:-1]) + f" or {SPOILED.names()[-1]}"  #: names of flags


@dataclass(frozen=True)
class RunStatistics:
    """Statistics of stored runs, one entry for each group."""

    groups: list[GroupStatistics]
    lines: list[str]
    problems: list[str]

    def rows(self) -> list[dict[str, Any]]:
        """Return all numbers as rows, for a table of pandas or a CSV file."""
        return [row for group in self.groups for row in group.rows()]


def require_options(families: Iterable[str], relative: float | None) -> None:
    """Raise ConfigurationError for a distribution that is not known, or a relative half-width beyond 0 to 1."""
    for family in families:
        if family not in FAMILIES:
            raise ConfigurationError(f"the distribution '{family}' is not known. Give {', '.join(FAMILIES)} or all")
    if relative is not None and not 0.0 < relative < 1.0:
        raise ConfigurationError(f"the relative half-width {relative:g} must be between 0 and 1, for example 0.01")


def statistics_of(
    observations: list[Observation], quantity: str | None = None, by: Iterable[str] | str | None = None,
    families: tuple[str, ...] = (), relative: float | None = None, seed: int = 0,
) -> list[GroupStatistics]:
    """Return the statistics of events that were gathered before; as ``tsbench.statistics`` otherwise.

    Parameters
    ----------
    observations : of any quantities and devices
    quantity, by, families, seed : as of ``tsbench.statistics``
    relative : wanted half-width of the interval of a mean over its magnitude, 0 to 1; None: no numbers are computed
    """
    names = [by] if isinstance(by, str) else by
    return [_of_group(group, families, relative, seed) for group in groups_of(observations, quantity, names)]


def _of_group(group: Group, families: tuple[str, ...], relative: float | None, seed: int) -> GroupStatistics:
    lines = [*group.remarks]
    for events in group.devices:
        lines += _left_out(events) + _two_groups(events, group.unit, seed)
    devices = [device_statistics(events, families, relative, seed, ordered=True)
               for events in group.devices if events.sample is not None]
    population, components = None, None
    if len(devices) >= _FEWEST_DEVICES:
        population = population_statistics(group, devices, families, relative, seed)
        complete = [events for events in group.devices if events.values.size and not events.above + events.below]
        if len(complete) >= _FEWEST_DEVICES:
            own = float(np.median([events.own for events in complete]))
            components = with_resolution(variance_components([events.values for events in complete], seed), own)
            if len(complete) < len(group.devices):
                lines.append("devices with events that are only bounded are left out of the comparison of cycles and "
                             "devices")
    return GroupStatistics(group.quantity, group.unit, group.conditions, devices, population, components,
                           group.simulated, lines)


def _left_out(events: DeviceEvents) -> list[str]:
    lines = []
    if events.spoiled:
        lines.append(f"{events.device}: {_are_left_out(events.spoiled)} because of flags ({_SPOILING})")
    if events.unknown:
        lines.append(f"{events.device}: {_are_left_out(events.unknown, ' without a value and without a bound')}. If "
                     "this depends on the value, the numbers are biased")
    return lines


def _are_left_out(number: int, which: str = "") -> str:
    return f"{number} event{'' if number == 1 else 's'}{which} {'is' if number == 1 else 'are'} left out"


def _two_groups(events: DeviceEvents, unit: str, seed: int) -> list[str]:
    """Return a line if the values of a device are in two groups, as of a filament that is not always dissolved."""
    found = two_groups(events.values, events.own, seed)
    if found is None:
        return []
    lower, upper = (format_quantity(value, unit, 4) for value in (found.lower, found.upper))
    return [f"{events.device}: the values are in two groups, {found.number_lower} around {lower} and "
            f"{found.number_upper} around {upper} (p-value {found.significance:.3f}). A device that has not recovered "
            "between cycles does this. Use a longer rest, or give the groups apart: a mean describes neither of them"]


def device_statistics(
    events: DeviceEvents, families: tuple[str, ...] = (), relative: float | None = None, seed: int = 0,
    ordered: bool = False,
) -> SampleStatistics:
    """Return the statistics of the events of one device, of which there is at least one.

    Parameters
    ----------
    events : of one device in one group
    families, relative, seed : as :func:`statistics_of` takes them
    ordered : whether drift and steps are looked for
    """
    assert events.sample is not None
    errors = _Errors(events.own, events.shared, events.of_mean)
    found = replace(_sample(events.device, events.sample, events.values, errors, families, seed), order=events.order)
    if events.above + events.below:
        return found
    return replace(
        found, drift=drift_of(events.values, seed) if ordered else None,
        enough=None if relative is None else cycles_for_mean(events.values, relative, events.of_mean))


def population_statistics(
    group: Group, devices: list[SampleStatistics], families: tuple[str, ...] = (), relative: float | None = None,
    seed: int = 0,
) -> SampleStatistics:
    """Return the statistics over devices, one value for each: its mean, or its median where events are bounded.

    Parameters
    ----------
    group : events of one quantity
    devices : their statistics by :func:`device_statistics`
    families, relative, seed : as :func:`statistics_of` takes them
    """
    centres = [centre_of(one) for one in devices]
    values = np.array([centre for centre in centres if centre is not None], dtype=np.float64)
    bounds = [_bound_of(one, group) for one, centre in zip(devices, centres, strict=True) if centre is None]
    sample = CensoredSample.of(values, above=[low for low, _ in bounds if np.isfinite(low)],
                               below=[high for _, high in bounds if np.isfinite(high)])
    own = float(np.median([events.own for events in group.devices]))
    found = _sample(ALL_DEVICES, sample, values, _Errors(own, own, own), families, seed)
    return replace(found, enough=None if relative is None else cycles_for_mean(values, relative, own))


def centre_of(sample: SampleStatistics) -> float | None:
    """Return the number that stands for a device: its mean, of bounded events their median; None if that is a bound.

    One value stands for itself, although it tells nothing of the scatter.
    """
    if sample.mean.value is not None or sample.median.value is not None:
        return sample.mean.value if sample.mean.value is not None else sample.median.value
    if not sample.bounded:
        return float(sample.values.mean()) if sample.values.size else None
    return None if sample.distribution is None else sample.distribution.quantile(0.5)[0]


def _bound_of(one: SampleStatistics, group: Group) -> tuple[float, float]:
    """Return the bounds of the median of a device of which no event tells it; infinite where there is none."""
    sample = next(events.sample for events in group.devices if events.device == one.device)
    assert sample is not None
    if sample.above.any() and not sample.below.any():   # the median is beyond all that was reached
        return (float(one.distribution.values[-1]) if one.distribution is not None and one.distribution.values.size
                else float(one.values.max(initial=-np.inf))), np.inf
    return -np.inf, float(sample.high.min()) if sample.below.any() and not sample.above.any() else np.inf


@dataclass(frozen=True)
class _Errors:
    """95 % half-widths of measurement errors."""

    own: float  #: of one value
    shared: float  #: of all observations together
    of_mean: float  #: of the mean, that more values do not reduce


def _sample(
    name: str, sample: CensoredSample, values: FloatArray, errors: _Errors, families: tuple[str, ...], seed: int
) -> SampleStatistics:
    bounded = int((sample.above | sample.below).sum())
    nothing = Estimate(None, None, None)
    shown = distribution(sample) if sample.number else None
    middle, flags = (nothing, Flag.NO_EVENT) if shown is None else median(shown, errors.shared)
    if bounded:
        centre, spread, more = nothing, nothing, Flag.CENSORED
    else:
        centre, few = mean(values, errors.of_mean)
        spread, more = standard_deviation(values, errors.own)
        more |= few
    if Flag.UNDER_SAMPLED in more:
        fits = tuple(Fit(family, sample.number, bounded, flags=Flag.UNDER_SAMPLED,
                         why="the spread is not larger than the error of a value") for family in families)
    else:
        fits = tuple(_widened(fit(sample, family, seed), errors.shared) for family in families)
    return SampleStatistics(name, sample.number, bounded, centre, spread, relative_spread(centre, spread), middle,
                            flags | more, shown, values, errors.own, fits)


def _widened(found: Fit, shared: float) -> Fit:
    """Widen what tells the place of a distribution by the error that all values share."""
    places = {"mean", "median", "scale"}

    def wider(estimate: Estimate) -> Estimate:
        made = widened(estimate, shared)
        # these families have positive values only
        return made if found.family == "normal" or made.low is None else replace(made, low=max(made.low, 0.0))

    return replace(
        found,
        parameters={name: wider(estimate) if name in places else estimate
                    for name, estimate in found.parameters.items()},
        quantiles={share: wider(estimate) for share, estimate in found.quantiles.items()})
