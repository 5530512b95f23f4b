"""The events of stored runs and tables, each with the facts by which events are grouped."""

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tsbench.errors import TsbenchError
from tsbench.extraction.files import analyse_files, files_with_runs
from tsbench.extraction.paths import named_files, names_of
from tsbench.extraction.runs import extract
from tsbench.protocols.extracting.source_path import driving_role
from tsbench.protocols.registry import PROTOCOLS
from tsbench.records import Flag, Result, Run
from tsbench.storage.run_settings import run_settings

#: conditions that count events of one kind; all others tell kinds of events apart
COUNTERS = frozenset({"cycle", "half_sweep", "sweep", "sweep_number", "pulse", "shot", "train", "pair", "repeat"})
#: conditions that describe a number, not an event: of how many pulses, pairs and the like it is, and how a search
#: ``ended`` (those that ended above their range have only a bound, which must not form a group of its own)
DESCRIBING = frozenset({
    "statistic", "pulses", "censored", "number", "ended", "pairs", "records", "stages", "steps", "levels", "trains",
    "fired"})
#: flags of values that are no observation of the quantity
SPOILED = (Flag.OPEN | Flag.SHORT | Flag.IMPLAUSIBLE | Flag.TRIGGER_MISSED | Flag.OSCILLATING | Flag.AMBIGUOUS
           | Flag.TIMEOUT | Flag.OVERFLOW)


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


@dataclass(frozen=True)
class StoredResults:
    """The results of one run as they were stored with it, without its raw data."""

    run_id: str
    start_time: str
    simulated: bool
    repeats: tuple[str, ...]  #: interrupted runs that it stands in place of
    facts: Mapping[str, Any]  #: as of :func:`event_facts`
    results: tuple[Result, ...]


@dataclass
class Gathered:
    """Observations of several files, with remarks and with the files that could not be read."""

    observations: list[Observation] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    runs: list[tuple[Run, Mapping[str, Any]]] = field(default_factory=list)  #: with their facts


def gather(
    runs: Iterable[Path | str | Run | StoredResults] | Path | str | Run, columns: str | None = None,
    kind: str | None = None, progress: Callable[[int, int], None] = lambda done, total: None,
) -> Gathered:
    """Return the observations of run files, journals, tables, folders or patterns, in the order of measurement.

    Parameters
    ----------
    runs : paths, runs as read back, or their stored results, which are taken as they are
    columns, kind : of tables, as :func:`tsbench.extraction.files.analyse_files` takes them
    progress : gets how many files were read, from 1 on, and of how many

    Returns
    -------
    Gathered
        A file that cannot be read is named in ``problems``; of runs that were interrupted and measured again, only
        the later one counts. A run counts once, and so does a table, however many copies of them are given. Each table
        is a device of its own.
    """
    given = [runs] if isinstance(runs, Path | str | Run) else list(runs)
    found, gathered = [one for one in given if isinstance(one, Run | StoredResults)], Gathered()
    tables: list[Path] = []
    paths = list(named_files([one for one in given if isinstance(one, Path | str)]))
    for number, (path, run) in enumerate(files_with_runs(paths)):
        progress(number + 1, len(paths))
        if run is None:
            tables.append(path)
        elif isinstance(run, Run):
            found.append(run)
        else:
            text = " ".join(str(run.strerror if isinstance(run, OSError) and run.strerror else run).split())
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


def _add_runs(found: list[Run | StoredResults], gathered: Gathered) -> None:
    known = [(run, _identity(run)) for run in found]
    repeated = {name for _, one in known for name in one.repeats}
    counted: set[str] = set()
    # of copies, the stored results or the one with the most points: a journal may have been copied before its run
    # ended, and stored results are those of a whole file
    for run, one in sorted(known, key=lambda pair: (pair[1].start_time, pair[1].run_id, -pair[1].points)):
        if one.run_id in counted:
            gathered.lines.append(f"{one.run_id}: a copy of this run is left out")
            continue
        counted.add(one.run_id)
        if one.run_id in repeated:
            gathered.lines.append(f"{one.run_id}: this run is left out, because it was measured again")
        elif isinstance(run, Run):
            _attempt(one.run_id, gathered, partial(_add_run, run, gathered))
        else:
            _add_results(run.results, run.facts, run.simulated, gathered)


@dataclass(frozen=True)
class _Identity:
    start_time: str
    run_id: str
    points: float  #: infinite for stored results
    repeats: tuple[str, ...]


def _identity(run: Run | StoredResults) -> _Identity:
    if isinstance(run, StoredResults):
        return _Identity(run.start_time, run.run_id, math.inf, run.repeats)
    header = run.header
    return _Identity(header.start_time, header.run_id, len(run.points),
                     tuple(str(name) for name in header.provenance.get("repeats") or ()))


def _attempt(name: str, gathered: Gathered, add: Callable[[], None]) -> None:
    try:
        add()
    except (TsbenchError, OSError) as error:
        text = " ".join(str(error).split())
        gathered.problems.append(text if name in text else f"{name}: {text}")


def _add_run(run: Run, gathered: Gathered) -> None:
    facts = run_facts(run)
    gathered.runs.append((run, facts))
    _add_results(extract(run, problem=gathered.problems.append), facts, run.header.simulated, gathered)


def _add_results(results: Iterable[Result], facts: Mapping[str, Any], simulated: bool, gathered: Gathered) -> None:
    for result in results:
        gathered.observations.append(Observation(
            result, len(gathered.observations), simulated, {**facts, **result.conditions}))


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
    return event_facts(header.run_id, header.protocol, header.device.identifier, header.device.material,
                       run_settings(header), header.provenance)


def event_facts(
    run_id: str, protocol: str, device: str, material: str, settings: Mapping[str, Mapping[str, Any]],
    provenance: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the facts of :func:`run_facts` from the parts of a header.

    Parameters
    ----------
    run_id, protocol, device, material : "" where there is no material
    settings : as :func:`tsbench.storage.run_settings.run_settings` returns them
    provenance : temperature [K] and die (column, row) are taken
    """
    offer = PROTOCOLS.offers().get(protocol)   # of one that is not installed, the source is not known
    parameters = dict(settings.get("parameters", {}))
    if offer is not None:
        of_now = {offer.thing.former_names.get(name, name): value for name, value in parameters.items()}
        parameters = {name: value for name, value in of_now.items() if name not in offer.thing.no_conditions}
    facts: dict[str, Any] = parameters
    facts |= {"device": device, "run": run_id, "protocol": protocol}
    if material:
        facts["material"] = material
    if provenance.get("temperature") is not None:
        facts["temperature"] = provenance["temperature"]
    if isinstance(die := provenance.get("die"), list | tuple):
        facts["die"] = ", ".join(str(part) for part in die[:2])
    role = driving_role(offer.thing.roles) if offer is not None else ""
    if (load := settings.get("path_resistance", {}).get(role)) is not None:
        facts["load"] = load
    return facts | dict(settings.get("control", {}))
