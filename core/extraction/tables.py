"""Tables of others to results: what the table holds, and the analysis that suits it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tsbench.analysis.frequency import frequency_result, jitter_result, oscillation
from tsbench.analysis.spikes import spike_times
from tsbench.analysis.switching_rule import Rule
from tsbench.analysis.table import Table
from tsbench.errors import ConfigurationError
from tsbench.extraction.found import Found, drawn
from tsbench.extraction.sweep_tables import analyse_sweeps
from tsbench.extraction.table_files import read_table
from tsbench.quantities import format_interval


def analyse_table(path: Path, columns: Mapping[str, str] | None, rule: Rule, out: Path | None) -> Found:
    """Return what was found in one table.

    With voltage and current it is a sweep; with time and one of them a record over time.

    Raises
    ------
    ConfigurationError, UnreadableFile
        One line naming the file, the line and what is wrong with it.
    """
    table = read_table(path, columns)
    roles = set(table.columns)
    if {"voltage", "current"} <= roles:
        found = analyse_sweeps(table, path, rule, out)
    elif "time" in roles and roles & {"voltage", "current"}:
        found = _over_time(table, path, out)
    else:
        raise ConfigurationError(
            f"{path.name}: columns {', '.join(sorted(roles))} are not enough; "
            "give voltage and current, or time and one of them"
        )
    said = found.lines
    if table.left_out:
        number, reason = table.left_out[0]
        more = f" and {len(table.left_out) - 1} more" if len(table.left_out) > 1 else ""
        said = [f"left out line {number} ({reason}){more}", *said]
    understood = f"understood as: {found.understood}; columns: {table.described()}"
    return replace(found, understood=understood, lines=said)


def _over_time(table: Table, path: Path, out: Path | None) -> Found:
    """Extract frequency and jitter of a record over time."""
    name = "voltage" if "voltage" in table.columns else "current"
    unit = "V" if name == "voltage" else "A"
    time, values = table.columns["time"], table.columns[name]
    if time.size > 1 and not bool(np.all(np.diff(time) > 0)):
        k = int(np.flatnonzero(np.diff(time) <= 0)[0])
        raise ConfigurationError(
            f"{path.name}: time does not rise after {time[k]:g} s (row {k + 2}); sort the table"
        )
    steps = np.diff(np.unique(values))
    spikes = spike_times(time, values, float(steps.min()) if steps.size else 0.0)
    found = oscillation(spikes)
    conditions: dict[str, Any] = {"column": name}
    results = [frequency_result(found, conditions)]
    if found.frequency is None:
        said = [f"no oscillation: {spikes.times.size} spikes"]
    else:
        results.append(jitter_result(found, conditions))
        said = [
            f"{spikes.times.size} spikes, "
            f"{format_interval(found.frequency, found.low, found.high, 'Hz')}, {found.regime}"
        ]
    made = Found(f"spikes of the {name} over time", results, said)
    if out is None:
        return made

    from tsbench.analysis.figures import oscillation_figure

    return drawn(made, path, out, {
        "spikes": lambda: oscillation_figure(time, values, unit, spikes, found, title=path.stem)})
