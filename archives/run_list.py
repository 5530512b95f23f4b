"""The runs of a folder, one row each, with their reviews: for a person who looks for one."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from tsbench.archives.questions import problems_of
from tsbench.archives.update import Progress, asked_of, update
from tsbench.records import Flag

_FACTS = ("path", "run", "protocol", "device", "start_time", "status", "reason", "simulated", "campaign", "temperature",
          "starred", "rejected", "notes")


@dataclass(frozen=True)
class ListedRun:
    """A stored run."""

    path: str  #: of its file, relative to the folder
    run: str
    protocol: str
    device: str
    start_time: str
    status: str
    reason: str
    simulated: bool
    campaign: str
    temperature: float | None  #: [K]
    starred: bool
    rejected: str  #: why a person has rejected it; "" where it counts
    notes: str
    quantity: str = ""  #: of its first result; "" where it has none
    value: float | None = None  #: in ``unit``, with its 95 % interval
    low: float | None = None
    high: float | None = None
    unit: str = ""
    flags: tuple[str, ...] = ()  #: of all its results


@dataclass(frozen=True)
class RunList:
    """The runs of a folder, the latest first, and one line for each file that cannot be read."""

    runs: list[ListedRun]
    problems: list[str]


def listed_runs(folder: Path, progress: Progress = lambda done, total: None) -> RunList:
    """Return the runs in a folder and in the folders in it.

    Parameters
    ----------
    folder : Path
    progress : gets how many new and changed files were read, and of how many

    Raises
    ------
    ConfigurationError
        No such folder.
    StorageError
        Another process holds the catalogue.
    """
    return asked_of(folder, lambda database: _listed(database, folder, progress))


def _listed(database: sqlite3.Connection, folder: Path, progress: Progress) -> RunList:
    update(database, folder, progress=progress)
    flags: dict[int, Flag] = {}
    for file, mask in database.execute("SELECT DISTINCT file, flags FROM results"):
        flags[file] = flags.get(file, Flag.NONE) | Flag(mask)
    first = {file: row for file, *row in database.execute(
        "SELECT file, quantity, value, low, high, unit FROM results WHERE place = 0")}
    found = []
    for number, *row in database.execute(
            f"SELECT number, {', '.join(_FACTS)} FROM files WHERE counted ORDER BY start_time DESC, run"):
        facts = dict(zip(_FACTS, row, strict=True))
        texts = {name: str(facts[name] or "") for name in _FACTS
                 if name not in {"simulated", "starred", "temperature"}}
        quantity, value, low, high, unit = first.get(number, ("", None, None, None, ""))
        found.append(ListedRun(
            **texts, simulated=bool(facts["simulated"]), starred=bool(facts["starred"]),
            temperature=facts["temperature"], quantity=quantity, value=value, low=low, high=high, unit=unit,
            flags=tuple(flags.get(number, Flag.NONE).names())))
    return RunList(found, problems_of(database))
