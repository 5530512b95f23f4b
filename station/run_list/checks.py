"""Checks of a list before its first message: functions on planned entries, for whatever runs many of them.

In the order of what they need: the files (``bench_problems``), the instruments that say what they can do
(``plan_entries``), the plans together (``space_problem``). None of them switches anything on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tsbench.errors import ConfigurationError, TsbenchError
from tsbench.instruments import Plan
from tsbench.quantities import format_quantity
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.fixture_values import in_words
from tsbench.station.run_list.file import ListEntry
from tsbench.station.runner.planning import checked_plan
from tsbench.station.runner.safety import RunnerBench
from tsbench.storage import disk

_COPIES = 2  #: of each run's bytes stand on the disk while the next is measured: its file, and room to make one


@dataclass(frozen=True)
class PlannedEntry:
    """An entry and what it would do, or why it is refused."""

    entry: ListEntry
    plan: Plan | None = None
    problem: TsbenchError | None = None
    fixture: Mapping[str, float] = field(default_factory=dict)  #: quantity -> [Ohm or F] that it is planned with

    @property
    def line(self) -> str:
        """What it would do, in one line."""
        if self.plan is None:
            return f"{self.entry.where}: {self.problem}"
        plan = self.plan
        worst = ", ".join(f"{i.quantity} {format_quantity(i.value, i.unit)}" for i in plan.worst_case)
        fixture = f", with {in_words(self.fixture)}" if self.fixture else ""
        notes = "".join(f"; {i.note}" for i in plan.worst_case if i.note)
        return (
            f"{self.entry.name} on {self.entry.device}: {plan.points} points, about "
            f"{format_quantity(plan.duration, 's', 2)}, {plan.bytes / 1e6:.1f} MB, worst case {worst or 'nothing'}"
            f"{fixture}{notes}"
        )


def bench_problems(entries: Sequence[ListEntry]) -> list[ListEntry]:
    """Return the entries, with the problem of each whose bench file, device or role is missing; sends nothing."""
    files: dict[Path, BenchFile | TsbenchError] = {}
    return [entry if entry.problem else replace(entry, problem=_bench_problem(entry, files)) for entry in entries]


def _bench_problem(entry: ListEntry, files: dict[Path, BenchFile | TsbenchError]) -> TsbenchError | None:
    assert entry.protocol is not None
    try:
        if entry.bench not in files:
            files[entry.bench] = BenchFile.load(entry.bench)
        file = files[entry.bench]
        if isinstance(file, TsbenchError):
            return file
        file.device(entry.device)
        for quantity in entry.fixture:
            if quantity not in file.table.fixture.control:
                raise ConfigurationError(
                    f"{entry.name}: nothing can set {quantity}. Add [fixture.control.{quantity}] to the bench file")
        for role in entry.protocol.roles:
            if role not in file.table.roles:
                raise ConfigurationError(
                    f"{entry.name}: the bench has no role '{role}'. Add it to [roles] in the bench file")
    except TsbenchError as error:
        files.setdefault(entry.bench, error)
        return error
    return None


def plan_entries(
    entries: Sequence[ListEntry], open_bench: Callable[[Path, str | None], RunnerBench]
) -> tuple[list[PlannedEntry], RunnerBench | None]:
    """Plan every entry on its bench, which is opened for it; nothing is switched on and no device is moved.

    Parameters
    ----------
    entries : sequence of Entry
        Without problems.
    open_bench : callable
        ``Bench.open``.

    Returns
    -------
    list of PlannedEntry
        In the order of the entries.
    RunnerBench or None
        The bench of the first entry, still open, its device connected: the caller closes it. None: it did not open.
    """
    first = entries[0]
    paths = list(dict.fromkeys(entry.bench for entry in entries))
    planned: dict[int, PlannedEntry] = {}
    kept: RunnerBench | None = None
    for path in (*paths[1:], first.bench):
        members = [entry for entry in entries if entry.bench == path]
        try:
            bench = open_bench(path, first.device if path == first.bench else None)
        except TsbenchError as error:
            planned |= {entry.number: PlannedEntry(entry, problem=error) for entry in members}
            continue
        try:
            planned |= {entry.number: _planned(bench, entry) for entry in members}
        except BaseException:
            bench.close()
            raise
        if path == first.bench:
            kept = bench
        else:
            bench.close()
    return [planned[entry.number] for entry in entries], kept


def _planned(bench: RunnerBench, entry: ListEntry) -> PlannedEntry:
    assert entry.protocol is not None
    try:
        pending = bench.preparation.pending(entry.fixture)
        here = bench.device.identifier == entry.device and not pending
        station = bench if here else bench.planning_for(entry.device, pending)
        return PlannedEntry(entry, checked_plan(station, entry.protocol), fixture=station.fixture.control)
    except TsbenchError as error:
        return PlannedEntry(entry, problem=error)


def space_problem(planned: Sequence[PlannedEntry], out: Path) -> str:
    """Return one line where the disk has no room for all entries together, "" where it has."""
    needed = _COPIES * sum(item.plan.bytes for item in planned if item.plan is not None)
    existing = next(folder for folder in (out.absolute(), *out.absolute().parents) if folder.is_dir())
    free = disk.free_bytes(existing)
    if needed <= free:
        return ""
    return (
        f"the list needs {needed / 1e6:.1f} MB in {out}, but only {free / 1e6:.1f} MB are free. Free some space, "
        "shorten the list or choose another folder with --out"
    )
