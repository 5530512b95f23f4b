"""The events of stored runs and tables, each with the facts by which events are grouped."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tsbench.errors import TsbenchError
from tsbench.extraction.files import analyse_files, is_run
from tsbench.extraction.paths import named_files, names_of
from tsbench.extraction.runs import extract
from tsbench.records import Flag, Result, Run

#: conditions that count events of one kind; all others tell kinds of events apart
COUNTERS = frozenset({"cycle", "half_sweep", "sweep", "sweep_number", "pulse", "shot", "train", "pair", "repeat"})
#: conditions that describe a number, not an event
DESCRIBING = frozenset({"statistic", "pulses", "censored", "number"})
#: flags of values that are no observation of the quantity
SPOILED = (Flag.OPEN | Flag.SHORT | Flag.IMPLAUSIBLE | Flag.TRIGGER_MISSED | Flag.OSCILLATING | Flag.AMBIGUOUS
           | Flag.TIMEOUT | Flag.OVERFLOW)
#: roles whose path holds the load of the device, by the protocols that use them
_PATHS = {"oscillation": "bias", "iv_sweep": "drive", "pulse_train": "pulser", "paired_pulse": "pulser",
          "relaxation": "pulser"}


@dataclass(frozen=True)
class Observation:
    """One event: a result, and what was set when it was measured."""

    result: Result
    order: int  #: in the order of measurement
    simulated: bool
    #: device, run, protocol, temperature [K], load [Ohm], parameters, conditions of the result
    facts: Mapping[str, Any]

    @property
    def spoiled(self) -> bool:
        """Return whether flags say that the value is no observation of the quantity."""
        return bool(self.result.flags & SPOILED)

    @property
    def bounded(self) -> bool:
        """Return whether the value is not known, or is a bound itself (CENSORED)."""
        return self.result.value is None or Flag.CENSORED in self.result.flags

    def bounds(self) -> tuple[float, float] | None:
        """Return the bounds of an event that is only bounded, or did not come; None where nothing is known.

        A pulse that did not switch the device bounds the delay by its width: it ended before.
        """
        low, high = self.result.low, self.result.high
        if low is None and high is None:
            width = self.facts.get("pulse_width")
            if self.result.quantity == "switching_delay" and Flag.NO_EVENT in self.result.flags and width:
                return float(width), float("inf")
            return None
        return float("-inf") if low is None else low, float("inf") if high is None else high


@dataclass
class Gathered:
    """Observations of several files, with remarks and with the files that could not be read."""

    observations: list[Observation] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    runs: list[tuple[Run, Mapping[str, Any]]] = field(default_factory=list)  #: with their facts


def gather(
    runs: Iterable[Path | str | Run] | Path | str | Run, columns: str | None = None, kind: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Gathered:
    """Return the observations of run files, journals, tables, folders or patterns, in the order of measurement.

    Parameters
    ----------
    runs : paths, or runs as read back
    columns, kind : of tables, as :func:`tsbench.extraction.files.analyse_files` takes them
    progress : gets how many files were read, and of how many

    Returns
    -------
    Gathered
        A file that cannot be read is named in ``problems``; of runs that were interrupted and measured again, only
        the later one counts. A run counts once, and so does a table, however many copies of them are given. Each table
        is a device of its own.
    """
    given: Sequence[Path | str | Run] = [runs] if isinstance(runs, Path | str | Run) else list(runs)
    found, gathered = [one for one in given if isinstance(one, Run)], Gathered()
    tables: list[Path] = []
    paths = list(named_files([one for one in given if not isinstance(one, Run)]))
    for number, path in enumerate(paths):
        progress(number, len(paths))
        try:
            if is_run(path):
                from tsbench.storage import read_foreign

                found.append(read_foreign(path))
            else:
                tables.append(path)
        except (TsbenchError, OSError) as error:
            text = " ".join(str(error).split())
            gathered.problems.append(text if path.name in text else f"{path.name}: {text}")
    _add_runs(found, gathered)
    _add_tables(tables, gathered, columns, kind)
    return gathered


def _add_tables(tables: Sequence[Path], gathered: Gathered, columns: str | None, kind: str | None) -> None:
    names, devices = names_of(tables), names_of(tables, suffix=False)
    contents: dict[str, str] = {}
    counted = 0
    for path in tables:
        before = contents.setdefault(_digest(path), names[path])
        if before != names[path]:
            gathered.lines.append(f"{names[path]}: this table is left out, because it is a copy of {before}")
            continue
        _attempt(names[path], gathered, partial(
            _add_table, path, gathered, columns, kind, names=names, device=devices[path]))
        counted += 1
    if counted > 1:
        gathered.lines.append(f"each of the {counted} tables is taken for a device of its own, which is named by its "
                              "file")


def _digest(path: Path) -> str:
    """Return what two copies of a file have in common; the path of one that cannot be read, which fails later."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return str(path)


def _add_runs(found: list[Run], gathered: Gathered) -> None:
    repeated = {str(name) for run in found for name in run.header.provenance.get("repeats") or ()}
    counted: set[str] = set()
    # of copies, the one with the most points: a journal may have been copied before its run ended
    for run in sorted(found, key=lambda run: (run.header.start_time, run.header.run_id, -len(run.points))):
        if run.header.run_id in counted:
            gathered.lines.append(f"{run.header.run_id}: a copy of this run is left out")
            continue
        counted.add(run.header.run_id)
        if run.header.run_id in repeated:
            gathered.lines.append(f"{run.header.run_id}: this run is left out, because it was measured again")
            continue
        _attempt(run.header.run_id, gathered, partial(_add_run, run, gathered))


def _attempt(name: str, gathered: Gathered, add: Callable[[], None]) -> None:
    try:
        add()
    except (TsbenchError, OSError) as error:
        text = " ".join(str(error).split())
        gathered.problems.append(text if name in text else f"{name}: {text}")


def _add_run(run: Run, gathered: Gathered) -> None:
    facts = run_facts(run)
    gathered.runs.append((run, facts))
    for result in extract(run, problem=gathered.problems.append):
        gathered.observations.append(Observation(
            result, len(gathered.observations), run.header.simulated, {**facts, **result.conditions}))


def _add_table(
    path: Path, gathered: Gathered, columns: str | None, kind: str | None, *, names: Mapping[Path, str], device: str,
) -> None:
    found = analyse_files([path], columns, kind=kind, names=names)
    gathered.lines += [*found.understood, *found.lines]
    gathered.problems += found.problems
    if len(found.understood) > 1:
        gathered.lines.append(f"{names[path]}: its {len(found.understood)} tables are taken for one device")
    for row in found.rows:
        flags = Flag.NONE
        for name in row["flags"]:
            flags |= Flag[name.upper()]
        result = Result(row["quantity"], row["unit"], row["value"], row["low"], row["high"], row["method"],
                        row["conditions"], flags, row["random_uncertainty"], row["systematic_uncertainty"])
        gathered.observations.append(Observation(
            result, len(gathered.observations), False,
            {"device": device, "run": row["run"], "protocol": "table", **result.conditions}))


def run_facts(run: Run) -> dict[str, Any]:
    """Return by which facts the events of a run can be grouped: numbers in SI units, and words."""
    header = run.header
    facts: dict[str, Any] = {
        name: entry["value"] for name, entry in header.parameters.items()
        if isinstance(entry, Mapping) and isinstance(entry.get("value"), int | float | str)
        and not isinstance(entry.get("value"), bool)}
    facts |= {"device": header.device.identifier, "run": header.run_id, "protocol": header.protocol}
    if header.device.material:
        facts["material"] = header.device.material
    for name in ("temperature", "die"):
        if header.provenance.get(name) is not None:
            facts[name] = header.provenance[name]
    load = header.fixture.path_resistance.get(_PATHS.get(header.protocol, "drive"))
    if load is not None:
        facts["load"] = load
    facts |= {name: value for name, value in header.fixture.control.items()}
    return facts
