"""The entries of a list that a folder already holds: measured to their end, or interrupted."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tsbench.errors import StorageError, first_sentence
from tsbench.records import Run, RunEvent
from tsbench.station.run_list.file import ListEntry
from tsbench.station.runner.events import Listener
from tsbench.station.runner.outcome import RunOutcome
from tsbench.station.runner.process import FIXTURE_GIVEN
from tsbench.storage.codec import to_json

REPEATS = "repeats"  #: in a run's provenance: the interrupted runs that it stands in place of


@dataclass(frozen=True)
class ListProgress:
    """By the number of an entry."""

    done: dict[int, RunOutcome] = field(default_factory=dict)
    interrupted: dict[int, tuple[str, ...]] = field(default_factory=dict)  #: identifiers of runs


def progress_in(out: Path, entries: Sequence[ListEntry], tell: Listener, *, change: bool) -> ListProgress:
    """Return which entries ``out`` already holds; of equal entries as many are done as there are runs.

    Parameters
    ----------
    out : Path
        Folder of the run files.
    entries : sequence of Entry
        Of the list.
    tell : Listener
        Gets a line for each entry found, and warnings.
    change : bool
        Whether journals that a crash left may be made into run files first.
    """
    from tsbench.storage import read_run

    if change and out.is_dir():
        _recover(out, tell)
    whole: dict[tuple[str, str, str, str], list[RunOutcome]] = defaultdict(list)
    broken: dict[tuple[str, str, str, str], list[tuple[str, str]]] = defaultdict(list)
    repeated: set[str] = set()
    for path in sorted(out.glob("*.nxs")):
        try:
            run = read_run(path)
        except StorageError as error:
            tell(RunEvent("warning", f"{path.name} does not count as measured, because the file cannot be "
                                     f"used ({first_sentence(error)})"))
            continue
        header = run.header
        repeated.update(header.provenance.get(REPEATS) or ())
        given = to_json(dict(sorted((header.provenance.get(FIXTURE_GIVEN) or {}).items())))
        key = header.protocol, header.device.identifier, to_json(header.parameters), given
        if _measured(run):
            whole[key].append(_earlier(path, run))
        else:
            broken[key].append((header.run_id, f"{run.status}{f': {run.reason}' if run.reason else ''}"))
    progress = ListProgress()
    for entry in entries:
        about = f"{entry.name} on {entry.device}"
        if whole[entry.key()]:
            progress.done[entry.number] = found = whole[entry.key()].pop(0)
            tell(RunEvent("log", f"{about}: this entry is already measured (run {found.run_id})"))
            continue
        left = [item for item in broken.pop(entry.key(), []) if item[0] not in repeated]
        progress.interrupted[entry.number] = tuple(identifier for identifier, _ in left)
        for identifier, ended in left:
            message = f"{about}: this entry is measured again, because run {identifier} is incomplete ({ended})"
            tell(RunEvent("warning", message))
    return progress


def _recover(out: Path, tell: Listener) -> None:
    from tsbench.extraction import extract
    from tsbench.storage import recover

    for path in recover(out, lambda problem: tell(RunEvent("warning", problem)), extract):
        tell(RunEvent("log", f"recovered {path}"))


def _measured(run: Run) -> bool:
    """Whether all was measured, even if a crash came before the run file."""
    from tsbench.storage.run_file import MEASURED

    return run.status == "success" or (run.status == "recovered" and run.reason.startswith(MEASURED))


def _earlier(path: Path, run: Run) -> RunOutcome:
    header = run.header
    return RunOutcome(
        path, "success", run.reason, run.results, run_id=header.run_id, device=header.device.identifier,
        protocol=header.protocol, earlier=True,
    )
