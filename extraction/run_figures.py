"""Figures of several runs in one, by ``tsbench figure`` and in notebooks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tsbench.analysis.statistics.fits import FAMILIES
from tsbench.errors import ConfigurationError, nearest
from tsbench.extraction.group_statistics import ALL_DEVICES, GroupStatistics, SampleStatistics
from tsbench.extraction.observations import COUNTERS, DESCRIBING, Gathered, Observation, gather
from tsbench.extraction.overvoltage_figure import draw_overvoltage
from tsbench.extraction.series import axis_name, drive_of, series_against, series_name, unit_of
from tsbench.extraction.statistics import statistics_of
from tsbench.records import FloatArray, Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOGARITHMIC = 20.0  #: ratio of the largest to the smallest value from which on an axis is logarithmic
_MOST_NAMES = 12  #: in a legend
_REJECTED = 0.01  #: p-value of a fit below which a line says so
#: what is said of tables of other programs where only runs can be drawn
_TABLES = (", and this figure cannot be drawn from tables. 'tsbench analyse' draws the I-V curves of a table with "
           "--out FOLDER")
#: column of the run of a series of sweeps -> the condition that it holds
_SERIES = {"temperature": "temperature", "rate": "ramp_rate", "compliance": "compliance"}
_FEW_DEVICES = 5  #: with fewer, the cycles of each are drawn; else one value of each


@dataclass(frozen=True)
class FigureKind:
    """A kind of figure: what it shows, and what it takes if nothing is chosen."""

    about: str
    quantity: str = ""
    against: tuple[str, ...] = ()  #: the first of these that differs between the events is the axis


KINDS: Mapping[str, FigureKind] = {
    "iv": FigureKind("I-V curves of sweeps"),
    "frequency": FigureKind("frequency against bias, load or temperature", "frequency",
                            ("bias", "load", "load_resistance", "temperature")),
    "delay": FigureKind("switching delay against amplitude", "switching_delay", ("amplitude", "temperature")),
    "overvoltage": FigureKind("switching delay against overvoltage (amplitude minus threshold voltage)"),
    "threshold": FigureKind("threshold voltage against temperature, ramp rate or load", "threshold_voltage",
                            ("temperature", "ramp_rate", "load")),
    "against": FigureKind("any quantity against any condition (--quantity, --against)"),
    "distribution": FigureKind("cumulative distribution with its band, over devices or cycles", "threshold_voltage"),
    "probability": FigureKind("probability plot of a fitted distribution", "threshold_voltage"),
    "trend": FigureKind("values in the order of measurement, with drift and steps", "threshold_voltage"),
}


@dataclass(frozen=True)
class RunsFigure:
    """A drawn figure, and remarks on what it shows."""

    figure: "Figure"
    lines: list[str]
    problems: list[str]


@dataclass(frozen=True)
class _Wanted:
    kind: str
    quantity: str
    by: tuple[str, ...] | None
    against: str | None
    family: str


def figure(
    kind: str,
    runs: Iterable[Path | str | Run] | Path | str | Run,
    axes: "Axes | None" = None,
    quantity: str | None = None,
    by: Iterable[str] | str | None = None,
    against: str | None = None,
    family: str | None = None,
    columns: str | None = None,
    kind_of_table: str | None = None,
) -> RunsFigure:
    """Draw one figure of several runs.

    Parameters
    ----------
    kind : one of ``KINDS``
    runs : run files, tables, folders, patterns, or runs as read back
    axes : of Matplotlib, to draw into; None: a new figure. Matplotlib's parameters and styles apply
    quantity : as in the results; None: that of the kind
    by : conditions or parameters of which each value is a series of its own; None: those that differ
    against : condition or parameter of the horizontal axis; None: by the kind
    family : distribution that is fitted: "weibull", "lognormal" or "normal"
    columns, kind_of_table : of tables of other programs, as ``analyse_files`` takes ``columns`` and ``kind``

    Raises
    ------
    ConfigurationError
        An unknown kind, quantity or condition, or nothing to draw.
    """
    if kind not in KINDS:
        raise ConfigurationError(f"the kind of figure '{kind}' is not known{nearest(kind, list(KINDS))}")
    if family is not None and family not in FAMILIES:
        raise ConfigurationError(f"the distribution '{family}' is not known. Give {', '.join(FAMILIES)}")
    _refuse_unused(kind, {"quantity": quantity, "by": by, "against": against, "fit": family})
    wanted = _Wanted(kind, quantity or KINDS[kind].quantity, None if by is None else (
        (by,) if isinstance(by, str) else tuple(by)), against, family or ("weibull" if kind == "probability" else ""))
    gathered = gather(runs, columns, kind_of_table)
    if not gathered.observations:
        raise ConfigurationError(gathered.problems[0] if gathered.problems else "the files give no results")
    from tsbench.analysis.figures import new_figure

    simulated = any(one.simulated for one in gathered.observations)
    title = KINDS[kind].about.split(" (")[0]
    whole = new_figure(title, 6.4, 4.4, simulated) if axes is None else axes.get_figure(root=True)
    assert whole is not None
    place = whole.subplots() if axes is None else axes
    lines = _DRAW[kind](place, wanted, gathered)
    if axes is None and _DRAW[kind] is _against:   # the axis that was drawn, not those that it might have been
        title = f"{place.get_ylabel()} against {place.get_xlabel()}"
        whole.suptitle(f"{title} (simulated bench)" if simulated else title)
    named = len(place.get_legend_handles_labels()[1])
    if 1 < named <= _MOST_NAMES:
        place.legend(loc="best")
    elif named > _MOST_NAMES:
        lines.append(f"the figure has no legend, because {named} names would cover it. Choose fewer files, or separate "
                     "the lines by fewer conditions with --by")
    return RunsFigure(whole, [*gathered.lines, *lines], gathered.problems)


def _refuse_unused(kind: str, given: Mapping[str, object]) -> None:
    """Refuse a choice that a kind of figure does not take, instead of ignoring it."""
    for name, value in given.items():
        if value and name not in _TAKEN[kind]:
            others = ", ".join(other for other, taken in _TAKEN.items() if name in taken)
            raise ConfigurationError(f"the figure '{kind}' takes no --{name}. Leave it out, or draw one of {others}")


def _against(axes: "Axes", wanted: _Wanted, gathered: Gathered) -> list[str]:
    from tsbench.analysis.figures import label
    from tsbench.analysis.figures.comparisons import draw_against

    if not wanted.quantity:
        raise ConfigurationError("give the quantity with --quantity")
    mine = [one for one in gathered.observations if one.result.quantity == wanted.quantity]
    if not mine:
        raise ConfigurationError(f"the files contain no {wanted.quantity.replace('_', ' ')}. Give runs that measure it")
    against = wanted.against or _differing(mine, KINDS[wanted.kind].against)
    series = series_against(gathered.observations, wanted.quantity, against, wanted.by)
    draw_against(axes, series.series)
    for set_scale, numbers in ((axes.set_xscale, [one.x for one in series.series]),
                               (axes.set_yscale, [one.value for one in series.series])):
        if _over_decades(np.concatenate(numbers)):
            set_scale("log")
    unit = unit_of(against, drive_of(one.facts for one in mine))
    label(axes, axis_name(against), unit, axis_name(wanted.quantity), series.unit)
    return series.lines


def _over_decades(numbers: FloatArray) -> bool:
    """Return whether positive numbers spread so far that a linear axis would hide the small ones."""
    known = numbers[np.isfinite(numbers)]
    return bool(known.size) and bool(known.min() > 0) and float(known.max()) > _LOGARITHMIC * float(known.min())


def _differing(mine: list[Observation], names: Iterable[str]) -> str:
    """Return the first of some facts that differs between events.

    Raises
    ------
    ConfigurationError
        None does; the message names what does.
    """
    chosen = tuple(names)
    for name in chosen:
        if len({one.facts[name] for one in mine if name in one.facts}) > 1:
            return name
    others = sorted({name for one in mine for name in one.facts if name not in COUNTERS | DESCRIBING})
    differ = [name for name in others if len({str(one.facts.get(name)) for one in mine}) > 1]
    looked = f"all events have the same {', '.join(chosen)}" if chosen else "the axis is not known"
    advice = f"Give --against, one of {', '.join(differ)}" if differ else (
        "They do not differ in another condition either. Give runs at several values of one of these")
    raise ConfigurationError(f"{looked}. {advice}")


def _groups(wanted: _Wanted, gathered: Gathered) -> list[GroupStatistics]:
    families = (wanted.family,) if wanted.family else ()
    groups = [group for group in statistics_of(gathered.observations, wanted.quantity, wanted.by, families)
              if group.devices]
    if not groups:
        raise ConfigurationError(f"no event with the quantity '{wanted.quantity}' has a value or a bound")
    return groups


def _drive(gathered: Gathered, wanted: _Wanted) -> str:
    return drive_of(one.facts for one in gathered.observations if one.result.quantity == wanted.quantity)


def _samples(
    groups: list[GroupStatistics], drive: str = "voltage"
) -> list[tuple[str, GroupStatistics, SampleStatistics]]:
    """Return name, group and sample of each line: of few devices their cycles, of many one value of each."""
    differ = {name for group in groups for name, value in group.conditions.items()
              if len({str(other.conditions.get(name)) for other in groups}) > 1}
    found = []
    for group in groups:
        several = group.population is not None and group.population.number >= _FEW_DEVICES
        for sample in ([group.population] if several and group.population is not None else group.devices):
            name = series_name({key: value for key, value in group.conditions.items() if key in differ}, drive)
            many = f"{sample.device}, n = {sample.number}"
            if sample.device == ALL_DEVICES:
                many = f"{sample.number} devices"
            found.append((f"{name}, {many}" if name else many, group, sample))
    return found


def _distribution(axes: "Axes", wanted: _Wanted, gathered: Gathered) -> list[str]:
    from tsbench.analysis.figures import label
    from tsbench.analysis.figures.comparisons import colour_of
    from tsbench.analysis.figures.distributions import draw_distribution

    groups = _groups(wanted, gathered)
    shown = [(name, sample, sample.distribution) for name, _, sample in _samples(groups, _drive(gathered, wanted))
             if sample.distribution is not None]
    for number, (name, sample, found) in enumerate(shown):
        draw_distribution(axes, found, colour_of(number), name, next(iter(sample.fits), None))
    if _over_decades(np.concatenate([found.values for *_, found in shown])):
        axes.set_xscale("log")
    label(axes, axis_name(wanted.quantity), groups[0].unit, "cumulative share", "")
    return ["the bands hold the whole distribution with 95 % probability", *_rejected(groups), *_remarks(groups)]


def _probability(axes: "Axes", wanted: _Wanted, gathered: Gathered) -> list[str]:
    from matplotlib.ticker import MaxNLocator, NullLocator

    from tsbench.analysis.figures import label
    from tsbench.analysis.figures.comparisons import colour_of, marker_of
    from tsbench.analysis.figures.distributions import draw_probability_plot

    groups, lines, number = _groups(wanted, gathered), [], 0
    for name, _, sample in _samples(groups, _drive(gathered, wanted)):
        (found,) = sample.fits
        if sample.distribution is None or not found.parameters:
            lines.append(f"{name}: no distribution is fitted, because {found.why}")
            continue
        draw_probability_plot(axes, sample.distribution, colour_of(number), marker_of(number), name, found)
        number += 1
    if not number:
        raise ConfigurationError(lines[0] if lines else "there is nothing to fit")
    if wanted.family != "normal":
        axes.set_xscale("log")
        low, high = axes.get_xlim()
        if high < 10.0 * low:   # less than a decade has no power of ten to write at a tick
            axes.xaxis.set_major_locator(MaxNLocator(5))
            axes.xaxis.set_minor_locator(NullLocator())
    label(axes, axis_name(wanted.quantity), groups[0].unit, "cumulative share (%)", "")
    return [*lines, *_rejected(groups), *_remarks(groups)]


def _trend(axes: "Axes", wanted: _Wanted, gathered: Gathered) -> list[str]:
    from tsbench.analysis.figures import label
    from tsbench.analysis.figures.comparisons import MOST_SERIES, Series, draw_trend

    groups = _groups(wanted, gathered)
    differ, named = len(groups) > 1, sum(len(group.devices) for group in groups) <= MOST_SERIES
    samples = [(group, sample) for group in groups for sample in group.devices]
    all_values, orders = (np.concatenate(parts) for parts in zip(
        *((sample.values, sample.order) for _, sample in samples), strict=True))
    places = np.unique(orders)   # in the order of measurement, also where the events of several lines alternate
    both = bool((all_values > 0).any() and (all_values < 0).any())   # an axis through zero would hide each drift
    drive = _drive(gathered, wanted)
    for number, (group, sample) in enumerate(samples):
        name = ", ".join(filter(None, (series_name(group.conditions, drive) if differ else "", sample.device)))
        turned = both and bool((sample.values <= 0).all())
        values = -sample.values if turned else sample.values
        order = np.asarray(np.searchsorted(places, sample.order) + 1, dtype=np.float64)
        series = Series(name if named else "", order, values, values - sample.own, values + sample.own)
        draw_trend(axes, series, sample.drift, number, turned=turned)
    name = axis_name(wanted.quantity)
    label(axes, "number of the event", "", f"magnitude of {name}" if both else name, groups[0].unit)
    return _remarks(groups)


def _curves(axes: "Axes", wanted: _Wanted, gathered: Gathered) -> list[str]:
    from tsbench.analysis.figures import label
    from tsbench.analysis.figures.comparisons import draw_curves
    from tsbench.protocols.iv_sweep.extraction import sweep_points

    sweeps = [each for run, facts in gathered.runs for each in _sweeps_of(run, facts)]
    if not sweeps:
        tables = any(one.facts.get("protocol") == "table" for one in gathered.observations)
        raise ConfigurationError(
            "none of the files is a run of iv_sweep or of a series of sweeps" + _TABLES * tables)
    names = wanted.by or tuple(
        name for name in ("device", "load", *_SERIES.values())
        if len({facts.get(name) for _, facts in sweeps}) > 1)
    curves = []
    for run, facts in sweeps:
        points = sweep_points(run)
        name = series_name({name: facts.get(name) for name in names}, drive_of([facts]))
        curves.append((name or run.header.device.identifier, points.voltage, points.current))
    draw_curves(axes, curves, logarithmic=True)
    label(axes, "device voltage", "V", "magnitude of current", "A")
    return []


def _sweeps_of(run: Run, facts: Mapping[str, Any]) -> Iterator[tuple[Run, Mapping[str, Any]]]:
    """Yield (run, facts) of the sweeps of a run: of a series, one for each of its conditions; of others, none."""
    names = {column.name for column in run.header.columns}
    if not len(run.points) or not {"set_point", "cycle", "polarity"} <= names:
        return
    swept = next((name for name in _SERIES if name in names), None)
    if swept is None:
        yield run, facts
        return
    values = run.column(swept)
    for value in dict.fromkeys(values[np.isfinite(values)].tolist()):
        mask = values == value
        yield replace(run, points=run.points[mask], point_flags=run.point_flags[mask]), {**facts, _SERIES[swept]: value}


def _overvoltage(axes: "Axes", wanted: _Wanted, gathered: Gathered) -> list[str]:
    return draw_overvoltage(axes, gathered.observations)


def _rejected(groups: list[GroupStatistics]) -> list[str]:
    """Return a line for each drawn fit that the values contradict."""
    return [
        f"{name}: the values do not follow the {found.family} fit (Anderson-Darling, p-value {found.significance:.3f})"
        for name, _, sample in _samples(groups) for found in sample.fits
        if found.significance is not None and found.significance < _REJECTED]


def _remarks(groups: list[GroupStatistics]) -> list[str]:
    return list(dict.fromkeys(line for group in groups for line in group.lines))


_DRAW: Mapping[str, Callable[["Axes", _Wanted, Gathered], list[str]]] = {
    "iv": _curves, "frequency": _against, "delay": _against, "threshold": _against, "against": _against,
    "distribution": _distribution, "probability": _probability, "trend": _trend, "overvoltage": _overvoltage,
}
_AXIS = frozenset({"quantity", "by", "against"})
_SAMPLES = frozenset({"quantity", "by"})
#: the choices that each kind takes
_TAKEN: Mapping[str, frozenset[str]] = {
    "iv": frozenset({"by"}), "frequency": _AXIS, "delay": _AXIS, "threshold": _AXIS, "against": _AXIS,
    "distribution": _SAMPLES | {"fit"}, "probability": _SAMPLES | {"fit"}, "trend": _SAMPLES,
    "overvoltage": frozenset(),
}
__all__ = ["KINDS", "FigureKind", "RunsFigure", "figure"]
