"""Extracts results from a table of another program: finds what the table contains, and analyses it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tsbench.analysis.oscillation.frequency import (
    IN_DOUBT,
    frequency_result,
    oscillation,
    regime_text,
    sensitivity,
)
from tsbench.analysis.oscillation.line_width import train_results
from tsbench.analysis.oscillation.noise_with_memory import is_told_apart
from tsbench.analysis.oscillation.time_gaps import spikes_between_gaps
from tsbench.analysis.pulse.pulses_in_record import find_pulses, jumps
from tsbench.analysis.statistics import combined, standard_uncertainty
from tsbench.analysis.tables.clipping import apparent_ends
from tsbench.analysis.tables.plausibility import contradiction
from tsbench.analysis.tables.printed_digits import printed_digits
from tsbench.analysis.tables.record_kind import HELD, record_kind
from tsbench.analysis.tables.role_names import UNITS, bare_name
from tsbench.analysis.tables.table import ColumnRead, Table
from tsbench.analysis.threshold.switching_rule import Rule
from tsbench.errors import ConfigurationError
from tsbench.extraction.found import Found, drawn
from tsbench.extraction.pulse_tables import analyse_pulses
from tsbench.extraction.sweep_tables import analyse_sweeps
from tsbench.quantities import format_interval, format_quantity
from tsbench.records import Flag, FloatArray


def analyse_table(
    table: Table, path: Path, rule: Rule, out: Path | None, kind: str | None = None, read_voltage: float | None = None
) -> Found:
    """Return the results of one table.

    A table of voltage and current is a sweep; one of time and either of them, spikes; with all three columns the record
    decides (:func:`tsbench.analysis.tables.record_kind.record_kind`).

    Parameters
    ----------
    table : as :func:`tsbench.extraction.table_files.read_tables` reads it
    path : of the table, for messages and for the names of the figures
    rule : what counts as switching in a sweep
    out : folder for figures; None: none are drawn
    kind : what the table holds, one of ``record_kind.KINDS``; None: by columns and record
    read_voltage : [V] at which the off resistance of a sweep is read; None: half of the threshold voltage

    Raises
    ------
    ConfigurationError, UnreadableFile
        One line naming the file, the line and what is wrong with it.
    """
    table = _without_constant_time(table)
    check_units(table, path)
    chosen = kind or _kind(table, path)
    _check(table, chosen, path)
    if chosen == "sweep":
        found = analyse_sweeps(table, path, rule, out, read_voltage)
    elif chosen == "spikes":
        found = _over_time(table, path, out)
    else:
        found = analyse_pulses(table, path, chosen if kind else "both", out)
    said = found.lines
    if table.left_out:
        number, reason = table.left_out[0]
        others = len(table.left_out) - 1
        more = f". {others} more {table.counted}{'s are' if others > 1 else ' is'} left out" if others else ""
        said = [f"{table.counted} {number} is left out ({reason}){more}", *said]
    said = [*table.doubts, *said]
    understood = f"this file is read as {found.understood}. Columns: {table.described()}. Largest: {largest(table)}"
    return replace(found, understood=understood, lines=said)


def largest(table: Table) -> str:
    """Return the largest voltage, current and power of a table, and its length: "1.2 V, 500 uA, 600 uW, over 6 s".

    A unit that is wrong by a factor of 1,000 often shows here, also where nothing in the numbers contradicts it.
    """
    voltage, current, time = (table.columns.get(role) for role in ("voltage", "current", "time"))
    reached = [(np.abs(values), unit) for values, unit in ((voltage, "V"), (current, "A")) if values is not None]
    if voltage is not None and current is not None:
        reached.append((np.abs(voltage * current), "W"))
    said = [format_quantity(float(values.max(initial=0.0)), unit, 3) for values, unit in reached]
    over = [] if time is None else [f"over {format_quantity(float(np.ptp(time)), 's', 3)}"]
    return ", ".join([*said, *over])


def check_units(table: Table, path: Path) -> None:
    """Raise where the numbers contradict the units, unless the user gave the units."""
    units = {role: column for role, column in table.read.items() if column.unit}
    doubt = contradiction(
        {role: values for role, values in table.columns.items() if role in units and not units[role].by_user})
    if not doubt:
        return
    shown = ", ".join(f"{role} = {column}" for role, column in units.items() if not column.by_user)
    say = ",".join(
        f"{role}={bare_name(column.name)} [{_other_unit(role, column) if role in doubt.roles else column.unit}]"
        for role, column in units.items())
    as_read = "" if len(doubt.roles) > 1 else (   # a value that is too large may be right
        f". If the {doubt.roles[0]} is right, give [{units[doubt.roles[0]].unit}]")
    raise ConfigurationError(
        f"{path.name}: the units cannot be right, because {doubt.why}. The file was read with {shown}. Look in the "
        f"notes of the measurement, and give the units, for example --columns '{say}'{as_read}")


def _other_unit(role: str, column: ColumnRead) -> str:
    """Return the unit that a question proposes: the SI unit in place of a prefixed one, a prefixed one in its place."""
    si = UNITS[role]
    if column.factor != 1.0 or role == "time":
        return si
    return f"m{si}" if role in ("voltage", "level") else f"u{si}"


def _kind(table: Table, path: Path) -> str:
    """Return what a table holds by its columns and, with time, voltage and current, by the record."""
    roles = set(table.columns)
    if not {"voltage", "current"} <= roles:
        return "spikes"
    if "time" not in roles or roles & {"sweep", "cycle", "level"}:
        _refuse_pulses(table, path)
        return "sweep"
    _check_time(table, path, ", or use --as sweep if its points are in order of measurement")
    first = table.parts[0]
    kind = record_kind(*(table.columns[role][first] for role in ("time", "voltage", "current")))
    if kind is None:
        raise ConfigurationError(
            f"{path.name}: the record of {table.described()} does not show whether it is a sweep or spikes. Give "
            "--as sweep, pulses, relaxation or spikes")
    return kind


def _check(table: Table, kind: str, path: Path) -> None:
    """Raise where the columns, or the time axis, are not enough for what the table is taken for."""
    roles = set(table.columns)
    enough = {"voltage", "current"} <= roles
    if kind == "spikes":
        enough = "time" in roles and bool(roles & {"voltage", "current"})
    elif kind != "sweep":
        enough = {"time", "voltage", "current"} <= roles
    if not enough:
        needed = {"sweep": ("voltage", "current"), "spikes": ("time", "voltage")}.get(
            kind, ("time", "voltage", "current"))
        words = {"sweep": "voltage and current", "spikes": "time, and of voltage or current"}.get(
            kind, "time, voltage and current")
        shown = ",".join([*(f"{role}={_as_named(table, role)}" for role in table.read),
                          *(f"{role}=NAME" for role in needed if role not in roles)])
        raise ConfigurationError(
            f"{path.name}: a table of {kind} needs columns of {words}, but the only columns that are understood are "
            f"{table.described()}. Name the others too: --columns '{shown}'")
    if kind != "sweep":
        _check_time(table, path)


def _as_named(table: Table, role: str) -> str:
    """Return a column as ``--columns`` names it, with the unit that the user gave."""
    column = table.read[role]
    return f"{column.name} [{column.unit}]" if column.by_user else column.name


def _check_time(table: Table, path: Path, otherwise: str = "") -> None:
    """Raise where time falls or repeats: printed too coarsely, it shows neither order nor length."""
    falls = np.flatnonzero(np.diff(table.columns["time"]) <= 0)
    if falls.size:
        at = format_quantity(float(table.columns["time"][falls[0]]), "s", 6)
        raise ConfigurationError(
            f"{path.name}: time does not rise after {at} (row {int(falls[0]) + 1} of the data). Sort the table, or "
            f"export time with more digits{otherwise}")


def _refuse_pulses(table: Table, path: Path) -> None:
    """Raise where the voltage jumps between levels: no ramp passes a threshold there."""
    voltage, current = table.columns["voltage"], table.columns["current"]
    found = find_pulses(np.arange(float(voltage.size)), voltage, current)
    if "level" in table.columns or not jumps(found, voltage):
        return
    say = "Use --as pulses or --as sweep" if "time" in table.columns else (
        "Name the column of time with --columns time=NAME, or use --as sweep")
    number = f"{len(found.pulses)} pulse{'s' if len(found.pulses) != 1 else ''}"
    raise ConfigurationError(
        f"{path.name}: the voltage jumps between levels ({number}), but in a sweep it changes in small steps. {say}")


def _without_constant_time(table: Table) -> Table:
    """Return the table without a column of time that never changes: a thickness "t", or a clock that stood still."""
    time = table.columns.get("time")
    if time is None or time.size < 2 or float(np.ptp(time)) > 0.0 or not {"voltage", "current"} <= set(table.columns):
        return table
    return replace(
        table, columns={role: values for role, values in table.columns.items() if role != "time"},
        read={role: column for role, column in table.read.items() if role != "time"},
        doubts=(*table.doubts, f"column {table.read['time']} does not change and is not used as time"))


def _least_timing(time: FloatArray, values: FloatArray, spikes: FloatArray, digit: float) -> float:
    """Return the standard uncertainty of a spike time [s] by the last digits of the times and of the values alone.

    Parameters
    ----------
    time, values : [s], [unit], shape (n,)
    spikes : [s] times of the spikes
    digit : [unit] one unit of the last digit of the values
    """
    if not spikes.size or time.size < 2:
        return 0.0
    after = np.clip(np.searchsorted(time, spikes), 1, time.size - 1)
    slope = float(np.median(np.abs(values[after] - values[after - 1]) / (time[after] - time[after - 1])))
    of_time = printed_digits(time).step(float(np.abs(time).max()))
    return combined(standard_uncertainty(0.5 * of_time), standard_uncertainty(0.5 * digit / slope) if slope else 0.0)


def _over_time(table: Table, path: Path, out: Path | None) -> Found:
    """Extract frequency and jitter of a record over time: of the voltage, of the current where that is held."""
    if table.breaks:
        raise ConfigurationError(
            f"{path.name}: the record has {len(table.parts)} segments, and nothing is known of the time between them. "
            "For spikes, choose one segment, for example --table \"segment 1\"")
    time, name = table.columns["time"], "voltage" if "voltage" in table.columns else "current"
    held = name == "voltage" and float(np.ptp(table.columns[name])) < HELD * float(np.abs(table.columns[name]).max())
    if held and "current" in table.columns:
        name = "current"
    values, unit = table.columns[name], "V" if name == "voltage" else "A"
    steps = np.diff(np.unique(values))
    digit = printed_digits(values).step(float(np.nanmax(np.abs(values))))
    resolution = max(float(steps.min()), digit) if steps.size else 0.0
    spikes, gaps = spikes_between_gaps(time, values, resolution)
    spikes = replace(spikes, uncertainty=max(spikes.uncertainty, _least_timing(time, values, spikes.times, digit)))
    found = oscillation(spikes)
    noise = found.frequency is not None and not is_told_apart(time, values, spikes, resolution)
    if noise:
        unknown = Flag.NO_EVENT | Flag.AMBIGUOUS
        found = replace(found, frequency=None, low=None, high=None, jitter=None, regime="", flags=found.flags | unknown)
    window = table.windows.get(name) or apparent_ends(values)
    clipped = int(np.count_nonzero((values <= window[0]) | (values >= window[1])))
    if clipped:
        found = replace(found, flags=found.flags | Flag.CLIPPED)
    conditions: dict[str, Any] = {"column": name}
    many = "" if spikes.times.size == 1 else "s"
    results = [frequency_result(found, conditions, sensitivity(spikes, unit))]
    if noise:
        said = [
            f"the record has {spikes.times.size} possible spike{many}, but they may be correlated noise. The spectrum "
            "has no line, no waveform repeats, and the values are distributed like noise"]
    elif found.frequency is None:
        said = [f"no oscillation ({spikes.times.size} spike{many})"]
    else:
        results += train_results(found, spikes.uncertainty, conditions)
        said = [
            f"{spikes.times.size} spikes, "
            f"{format_interval(found.frequency, found.low, found.high, 'Hz')}, {regime_text(found)}"
        ]
        said += [IN_DOUBT] if spikes.doubtful else []
    if clipped:
        said.append(f"{clipped} of {values.size} samples of the {name} are clipped at "
                    f"{' and '.join(format_quantity(end, unit) for end in window if np.isfinite(end))}. The true "
                    "heights are not known")
    if gaps:
        first = " to ".join(format_quantity(end, "s") for end in gaps[0])
        more = "" if len(gaps) == 1 else f", and in {len(gaps) - 1} more places"
        said.append(f"the time has a gap from {first}{more}. Intervals across a gap are left out, because the spikes "
                    "in it are not known")
    made = Found(f"spikes of the {name} over time", results, said)
    if out is None:
        return made

    from tsbench.analysis.figures import oscillation_figure

    return drawn(made, path, out, {
        "spikes": lambda: oscillation_figure(time, values, unit, spikes, found, title=path.stem)})
