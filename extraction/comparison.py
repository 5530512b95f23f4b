"""Sweeps of one device compared: is a smooth fall of its voltage a negative resistance or an averaged oscillation?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tsbench.analysis.threshold.averaged_oscillation import (
    NO_FACT,
    Averaged,
    AveragedVerdict,
    LoadedSweep,
    by_capacitance,
    by_other_aperture,
    by_other_load,
    falling_part,
    seen_quiet,
)
from tsbench.analysis.threshold.half_sweeps import HalfSweep, IVPoints, split
from tsbench.errors import ConfigurationError
from tsbench.extraction.files import is_run
from tsbench.extraction.sweep_tables import falls_smoothly, sweep_points_of, way_up
from tsbench.extraction.table_files import read_tables
from tsbench.protocols.extracting.facts import parameter
from tsbench.protocols.iv_sweep.extraction import sweep_points, too_seldom
from tsbench.quantities import format_quantity
from tsbench.records import Flag

#: relative standard uncertainty of a load if none is given: it makes the voltages of two loads differ
LOAD_ACCURACY = 1e-3
_SAME_LOAD = 0.2  #: a given load that differs by more from that of the set-points contradicts them
_NEXT = {
    Averaged.OSCILLATION: "Do not take the falling voltage for a negative resistance, and do not take thresholds from "
                          "it",
    Averaged.STABLE: "Thresholds from this sweep are those of the device",
    Averaged.NOT_EXCLUDED: "Measure the device with a scope during the sweep, or sweep again with a load that is "
                           "2 times larger or smaller. Either of them decides nearly always",
}


@dataclass(frozen=True)
class Comparison:
    """What the facts say, and of which files."""

    verdict: Averaged
    facts: tuple[AveragedVerdict, ...]
    lines: list[str] = field(default_factory=list)

    @property
    def flag(self) -> Flag:
        """Return the flag that the readings deserve; with AMBIGUOUS where two facts contradict each other."""
        said = {one.verdict for one in self.facts}
        flag = AveragedVerdict(self.verdict, "", "").flag
        return flag | (Flag.AMBIGUOUS if {Averaged.OSCILLATION, Averaged.STABLE} <= said else Flag.NONE)

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each fact, and the verdict of all, as ``--json`` prints them."""
        rows = [{"fact": one.fact, "verdict": one.verdict.name.lower(), "reason": one.reason,
                 "flags": one.flag.names()} for one in self.facts]
        return [*rows, {"fact": "all", "verdict": self.verdict.name.lower(), "reason": _NEXT[self.verdict],
                        "flags": self.flag.names()}]


@dataclass(frozen=True)
class _Sweep:
    """The way up of a file, and what is known of how it was measured."""

    name: str
    half: HalfSweep
    load: float | None  #: [Ohm]
    capacitance: float  #: [F], 0: not known
    aperture: float | None  #: power-line cycles
    of_run: bool
    every: tuple[HalfSweep, ...]  #: all sweeps of the file with rising set-points
    check_every: int | None = None  #: readings between two looks of the scope; None: not known

    def loaded(self, accuracy: float) -> LoadedSweep:
        """Return the way up with its load; of a run the voltage at the device is as uncertain as the load."""
        up = way_up(self.half)
        current = self.half.current[up]
        drop = accuracy * (self.load or 0.0) * float(np.abs(current).max()) if self.of_run else 0.0
        return LoadedSweep(self.half.voltage[up], current, self.load or 0.0, drop)


def compare_sweeps(
    paths: Sequence[Path | str],
    loads: Sequence[float] = (),
    capacitance: float | None = None,
    response_time: float | None = None,
    known_to: float = 1.5,
    load_accuracy: float = LOAD_ACCURACY,
    columns: str | Mapping[str, str] | None = None,
) -> Comparison:
    """Compare sweeps of one device, to tell the mean of an oscillation from a stable negative resistance.

    Parameters
    ----------
    paths : run files of sweeps, or tables of voltage (at the device) and current; the first one is judged
    loads : [Ohm] between source and device, one for each file; empty: those of the bench, in the run files, and those
        that the set-points of a table show
    capacitance : [F] across the device; None: that of the bench
    response_time : [s] with which the device relaxes at rest; None: the capacitance is not used
    known_to : factor to which the ratio of response time and capacitance is known
    load_accuracy : relative standard uncertainty of the loads
    columns : of tables, as for :func:`tsbench.analyse_files`

    Raises
    ------
    ConfigurationError, UnreadableFile
        A file is no sweep, or there is nothing to compare. A value is not positive, or ``known_to`` below 1. The number
        of loads is not that of the files, or a load is not that of the set-points of its file.
    """
    _refuse_not_positive([*((one, "load", "Ohm") for one in loads), (capacitance, "capacitance", "F"),
                          (response_time, "response time", "s"), (load_accuracy, "accuracy of the loads", "")])
    if not known_to >= 1.0:
        raise ConfigurationError(f"the response time is known to a factor of 1 or more, not {known_to:g}")
    if loads and len(loads) != len(paths):
        raise ConfigurationError(
            f"--load gives {len(loads)} value{'' if len(loads) == 1 else 's'} for {len(paths)} "
            f"file{'' if len(paths) == 1 else 's'}. Give one load for each file")
    sweeps = [_sweep(Path(path), loads[k] if loads else None, columns) for k, path in enumerate(paths)]
    first = sweeps[0]
    one = first.loaded(load_accuracy)
    if not falls_smoothly(first.half):
        raise ConfigurationError(
            f"{first.name}: the voltage does not fall smoothly while the current rises, so there is nothing to decide. "
            "The results of 'tsbench analyse' are those of the device")
    facts = [*_of_scopes(sweeps), *_facts(first, one, sweeps[1:], load_accuracy)]
    across = first.capacitance if capacitance is None else capacitance
    if response_time is not None and across > 0.0 and first.load:
        facts.append(by_capacitance(one, across, response_time, known_to))
    said = {fact.verdict for fact in facts}
    verdict = next((one for one in (Averaged.OSCILLATION, Averaged.STABLE) if one in said), Averaged.NOT_EXCLUDED)
    lines = [f"{fact.fact}: {fact.verdict.value}, because {fact.reason}" for fact in facts]
    if not facts:
        facts.append(NO_FACT)
        lines.append(_looked(first) or _missing(sweeps, response_time, across))
    if {Averaged.OSCILLATION, Averaged.STABLE} <= said:
        lines.append("the facts contradict each other: check the loads, the capacitance, the response time and the "
                     "records of the scope")
    lines.append(f"{first.name}: {verdict.value}. {_NEXT[verdict]}")
    return Comparison(verdict, tuple(facts), lines)


def _refuse_not_positive(values: Sequence[tuple[float | None, str, str]]) -> None:
    """Refuse a value (number, name, unit) that is not positive and finite."""
    for value, name, unit in values:
        if value is not None and not 0.0 < value < np.inf:
            raise ConfigurationError(f"the {name} is {format_quantity(value, unit)}. It must be positive and finite")


def by_scope(half: HalfSweep, check_every: int, name: str = "the sweep") -> AveragedVerdict | None:
    """Return what a scope that looked at the device during a sweep says.

    Parameters
    ----------
    half : of a run, whose flags say what the scope saw
    check_every : readings between two looks; those in between are flagged if the look before or after them sees one
    name : of the sweep, for the verdict

    Returns
    -------
    AveragedVerdict or None
        OSCILLATION where it saw one in the part in which the voltage falls. STABLE where it looked at least three times
        there, and saw none. None where it looked less often, or not at all readings, or the voltage does not fall.
    """
    up, fact = way_up(half), f"the scope during {name}"
    part = falling_part(half.voltage[up], half.current[up])
    if part is None:
        return None
    flags = half.flags[up][part]
    oscillating = int(np.count_nonzero(flags & int(Flag.OSCILLATING)))
    if oscillating:
        return AveragedVerdict(Averaged.OSCILLATION, fact, f"{oscillating} of the {flags.size} readings at "
                               "which the voltage falls are marked as oscillating")
    if not seen_quiet(flags, check_every):
        return None
    return AveragedVerdict(Averaged.STABLE, fact, "the device oscillates at none of "
                           f"{flags.size // check_every} looks while the voltage falls")


def _of_scopes(sweeps: Sequence[_Sweep]) -> Iterator[AveragedVerdict]:
    """Yield what the scopes say of the runs with the load of the first sweep."""
    load = sweeps[0].load
    for sweep in sweeps:
        same = sweep is sweeps[0] or (load and sweep.load and np.isclose(load, sweep.load, rtol=0.1))
        if not same or sweep.check_every is None:
            continue
        if (verdict := by_scope(sweep.half, sweep.check_every, sweep.name)) is not None:
            yield verdict


def _facts(
    first: _Sweep, one: LoadedSweep, others: Sequence[_Sweep], accuracy: float,
) -> Iterator[AveragedVerdict]:
    for other in others:
        if first.load and other.load and not np.isclose(first.load, other.load, rtol=0.1):
            yield by_other_load(one, other.loaded(accuracy))
        elif first.aperture is not None and other.aperture is not None and first.aperture != other.aperture:
            long, short = (first, other) if first.aperture > other.aperture else (other, first)
            up = way_up(long.half)
            alike = [half.voltage[up] for half in short.every
                     if half.level.size == long.half.level.size and np.allclose(half.level, long.half.level)]
            part = falling_part(long.half.voltage[up], long.half.current[up])
            if alike and part is not None:
                yield by_other_aperture(long.half.voltage[up], np.array(alike), part)


def _looked(sweep: _Sweep) -> str:
    """Return one line where a scope looked at all of the fall, but too seldom; else ""."""
    up = way_up(sweep.half)
    part = falling_part(sweep.half.voltage[up], sweep.half.current[up])
    if part is None or sweep.check_every is None:
        return ""
    flags = sweep.half.flags[up][part]
    known = not (flags & int(Flag.UNCHECKED)).any()
    return f"{sweep.name}: {too_seldom(flags.size, sweep.check_every)}" if known else ""


def _missing(sweeps: Sequence[_Sweep], response_time: float | None, capacitance: float) -> str:
    """Return why no fact could be used."""
    if len(sweeps) > 1:
        known = ", ".join(f"{one.name}: load {'unknown' if one.load is None else format_quantity(one.load, 'Ohm')}, "
                          f"aperture {'unknown' if one.aperture is None else f'{one.aperture:g} cycles'}"
                          for one in sweeps)
        return f"the sweeps differ neither in the load nor, at equal set-points, in the aperture ({known}). Give --load"
    if response_time is None:
        return "one sweep alone does not exclude an oscillation. Give a second sweep, or --response"
    what = "capacitance across the device" if capacitance <= 0.0 else "load"
    return f"the {what} is not known. Give --{'capacitance' if capacitance <= 0.0 else 'load'}"


def _sweep(path: Path, load: float | None, columns: str | Mapping[str, str] | None) -> _Sweep:
    if not is_run(path):
        from tsbench.analysis.tables.table import parse_columns

        named = parse_columns(columns) if isinstance(columns, str) else columns
        tables = read_tables(path, named, None).tables
        if len(tables) != 1 or not {"voltage", "current"} <= set(tables[0].table.columns):
            raise ConfigurationError(f"{path.name}: this file has not one table of voltage and current")
        halves = _halves(sweep_points_of(tables[0].table, path), path.name)
        half = _falling(halves)
        return _Sweep(path.name, half, _load(half, load, path), 0.0, None, False, halves)
    from tsbench.storage import read_foreign

    run = read_foreign(path)
    if "set_point" not in {column.name for column in run.header.columns}:
        raise ConfigurationError(f"{path.name}: a run of '{run.header.protocol}' is no sweep")
    fixture, cycles = run.header.fixture, run.header.parameters.get("nplc")
    given = cycles.get("value") if isinstance(cycles, Mapping) else cycles
    halves = _halves(sweep_points(run), path.name)
    return _Sweep(
        path.name, _falling(halves),
        fixture.path_resistance.get("drive") if load is None else load, fixture.parallel_capacitance,
        float(given) if isinstance(given, int | float) else None, True, halves,
        int(parameter(run, "check_every", 0)) or None)


def _load(half: HalfSweep, given: float | None, path: Path) -> float | None:
    """Return the load [Ohm] of a table: what is given, or that of its set-points, if it has a column of these."""
    up = way_up(half)
    drop, free = half.level[up] - half.voltage[up], (half.flags[up] & int(Flag.COMPLIANCE)) == 0
    part = falling_part(half.voltage[up], half.current[up])
    if half.assumed or part is None or not free[part].any() or not (drop[part] > 0.0).all():
        return given
    shown = float(np.median(drop[part][free[part]] / half.current[up][part][free[part]]))
    if given is not None and not np.isclose(given, shown, rtol=_SAME_LOAD):
        raise ConfigurationError(
            f"{path.name}: --load gives {format_quantity(given, 'Ohm')}, but the set-points less the voltages are "
            f"{format_quantity(shown, 'Ohm', 3)} times the current. Give the load of this file. Or name the columns "
            "with --columns, if the set-points are those of another column")
    return shown if given is None else given


def _halves(points: IVPoints, name: str) -> tuple[HalfSweep, ...]:
    halves = tuple(half for half in split(points) if half.turn > 1)
    if not halves:
        raise ConfigurationError(f"{name}: the file has no sweep with rising set-points")
    return halves


def _falling(halves: Sequence[HalfSweep]) -> HalfSweep:
    """Return the first half-sweep whose voltage falls, or the first one."""
    return next((half for half in halves if falls_smoothly(half)), halves[0])
