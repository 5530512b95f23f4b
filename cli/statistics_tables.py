"""The tables of ``tsbench statistics``: columns and cells of each."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tsbench.analysis.statistics.estimate import Estimate
from tsbench.quantities import conditions_text, format_interval

if TYPE_CHECKING:
    from tsbench.analysis.statistics.enough import Enough
    from tsbench.extraction.group_statistics import GroupStatistics, SampleStatistics

Columns = tuple[str, ...]
Cells = tuple[Columns, list[Columns]]


def _text(estimate: Estimate, unit: str) -> str:
    return format_interval(estimate.value, estimate.low, estimate.high, unit)


def _per_cent(estimate: Estimate) -> str:
    return _text(Estimate(*(None if number is None else 100.0 * number for number in (
        estimate.value, estimate.low, estimate.high))), "%")


def _samples(group: "GroupStatistics") -> Iterator["SampleStatistics"]:
    yield from group.devices
    if group.population is not None:
        yield group.population


def samples(groups: Sequence["GroupStatistics"]) -> Cells:
    """Return mean, standard deviation and median of each device and of all devices."""
    rows: list[Columns] = [
        (conditions_text(group.conditions), sample.device,
         f"{sample.number}" + (f" ({sample.bounded} bounded)" if sample.bounded else ""),
         _text(sample.mean, group.unit), _text(sample.standard_deviation, group.unit), _per_cent(sample.relative),
         _text(sample.median, group.unit), ", ".join(sample.flags.names()))
        for group in groups for sample in _samples(group)]
    return ("conditions", "device", "number", "mean (95 % interval)", "standard deviation", "relative", "median",
            "flags"), rows


def components(groups: Sequence["GroupStatistics"]) -> Cells:
    """Return the spread between cycles beside that between devices."""
    rows: list[Columns] = []
    for group in groups:
        if (parts := group.components) is None:
            continue
        significance = "-" if parts.significance is None else _significance(parts.significance)
        rows.append((
            conditions_text(group.conditions), str(parts.devices), str(parts.cycles), _text(parts.within, group.unit),
            _text(parts.between, group.unit), _per_cent(parts.share), significance, ", ".join(parts.flags.names())))
    return ("conditions", "devices", "events", "sd between cycles", "sd between devices",
            "share between devices", "p-value (devices alike)", "flags"), rows


def fits(groups: Sequence["GroupStatistics"]) -> Cells:
    """Return the parameters of the fitted distributions; the likeliest family of each sample is marked."""
    rows: list[Columns] = []
    for group in groups:
        for sample in _samples(group):
            known = [found.aic for found in sample.fits if found.aic is not None]
            for found in sample.fits if known else ():
                plain = {"shape", "sigma"}
                parameters = ", ".join(
                    f"{name.replace('_', ' ')} {_text(estimate, '' if name in plain else group.unit)}"
                    for name, estimate in found.parameters.items()) or found.why
                best = len(known) > 1 and found.aic == min(known)
                rows.append((
                    conditions_text(group.conditions), sample.device, found.family + (" (likeliest)" if best else ""),
                    parameters, *(_text(found.quantiles[share], group.unit) if share in found.quantiles else "-"
                                  for share in (0.01, 0.99)),
                    "-" if found.significance is None else _significance(found.significance),
                    ", ".join(found.flags.names())))
    return ("conditions", "device", "distribution", "parameters (95 % interval)", "1 % are below", "99 % are below",
            "p-value (Anderson-Darling)", "flags"), rows


def without_fit(groups: Sequence["GroupStatistics"]) -> list[str]:
    """Return a line for each reason why samples have no fit."""
    whys: dict[str, list[str]] = {}
    for group in groups:
        for sample in _samples(group):
            if sample.fits and all(found.aic is None for found in sample.fits):
                name = sample.device if len(groups) == 1 else f"{sample.device} ({conditions_text(group.conditions)})"
                whys.setdefault(sample.fits[0].why, []).append(name)
    return [f"no distribution is fitted to {', '.join(names)}: {why}" for why, names in whys.items()]


def courses(groups: Sequence["GroupStatistics"]) -> Cells:
    """Return the drifts and steps for which there is evidence."""
    rows: list[Columns] = []
    for group in groups:
        for sample in group.devices:
            if (drift := sample.drift) is None:
                continue
            head = (conditions_text(group.conditions), sample.device)
            if drift.drifts and drift.significance is not None:
                rows.append((*head, "drift", f"{_text(drift.slope, group.unit)} per cycle",
                             _significance(drift.significance)))
            for change in drift.changes:
                where = f"step at event {change.first + 1} ({change.earliest + 1} to {change.latest + 1})"
                rows.append((*head, where, _text(change.size, group.unit), _significance(change.significance)))
    return ("conditions", "device", "what", "size (95 % interval)", "p-value (noise)"), rows


def needed(groups: Sequence["GroupStatistics"]) -> Cells:
    """Return how many events and devices a wanted interval needs."""
    rows: list[Columns] = []
    for group in groups:
        found = [(f"cycles of {sample.device}", sample.enough) for sample in group.devices]
        if group.population is not None:
            found.append(("devices", group.population.enough))
        rows += [(conditions_text(group.conditions), what, *_needed(enough)) for what, enough in found
                 if enough is not None]
    return ("conditions", "what is counted", "wanted half-width of the mean", "reached", "number", "needed",
            "at most needed", "more"), rows


def never_enough(groups: Sequence["GroupStatistics"]) -> list[str]:
    """Return a line for each reason why no number of events or devices is known to be enough."""
    whys: dict[str, list[str]] = {}
    for group in groups:
        counted = [(f"cycles of {sample.device}", sample) for sample in group.devices]
        if group.population is not None:
            counted.append(("devices", group.population))
        asked = any(sample.enough is not None for _, sample in counted)
        for what, sample in counted:
            name = what if len(groups) == 1 else f"{what} ({conditions_text(group.conditions)})"
            if sample.enough is not None and sample.enough.needed is None:
                whys.setdefault(sample.enough.why, []).append(name)
            elif asked and sample.enough is None:
                whys.setdefault("some events have only a bound, so the mean is not known", []).append(name)
    return [f"no number of {', '.join(names)} is known to be enough: {why}" for why, names in whys.items()]


def _needed(enough: "Enough") -> Columns:
    now = "-" if enough.now is None else f"{100.0 * enough.now:.2g} %"
    return (f"{100.0 * enough.wanted:g} %", now, str(enough.have), *(
        "-" if number is None else str(number) for number in (enough.needed, enough.most, enough.more)))


def _significance(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"
