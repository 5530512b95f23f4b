"""The results of all runs in a folder as they are stored, from its catalogue: for statistics, without the raw data."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from tsbench.archives.catalogue import RESULTS
from tsbench.archives.questions import problems_of, rejected_in
from tsbench.archives.update import Progress, asked_of, update
from tsbench.extraction.observations import StoredResults, event_facts
from tsbench.records import Flag, Result
from tsbench.storage import codec
from tsbench.storage.campaign_files import missing_in_folder
from tsbench.version import __version__

_FACTS = ("number", "path", "run", "protocol", "device", "material", "start_time", "simulated", "temperature",
          "die_column", "die_row", "extracted_by", "settings")


@dataclass(frozen=True)
class StoredFolder:
    """What the run files right in a folder hold of results."""

    runs: list[StoredResults]
    without: list[Path]  #: run files without a result: their numbers are to be extracted
    lines: list[str]  #: which results another version has extracted, and which runs are rejected
    problems: list[str]  #: one line for each file that could not be read, or campaign of which run files are missing


def stored_folder(folder: Path, progress: Progress = lambda done, total: None) -> StoredFolder:
    """Return the results of the run files right in a folder; those in deeper folders are not among them.

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
    return asked_of(folder, lambda database: _stored(database, folder, progress))


def _stored(database: sqlite3.Connection, folder: Path, progress: Progress) -> StoredFolder:
    update(database, folder, progress=progress)
    repeats: dict[int, list[str]] = {}
    for run, file in database.execute("SELECT run, file FROM repeats"):
        repeats.setdefault(file, []).append(run)
    results: dict[int, list[Result]] = {}
    for file, *row in database.execute(f"SELECT file, {', '.join(RESULTS)} FROM results ORDER BY file, place"):
        quantity, unit, value, low, high, method, flags, conditions, random, systematic = row
        results.setdefault(file, []).append(Result(
            quantity, unit, value, low, high, method, codec.from_json(conditions), Flag(flags), random, systematic))
    found: list[StoredResults] = []
    without: list[Path] = []
    others: dict[str, int] = {}
    for row in database.execute(
            f"SELECT {', '.join(_FACTS)} FROM files WHERE run IS NOT NULL AND rejected = '' "
            "AND path NOT LIKE '%/%' "
            "ORDER BY start_time, run, path"):
        one = dict(zip(_FACTS, row, strict=True))
        if one["number"] not in results:
            without.append(folder / one["path"])
            continue
        if (version := str(one["extracted_by"])) != __version__:
            others[version] = others.get(version, 0) + 1
        found.append(_results_of(one, results[one["number"]], repeats.get(one["number"], [])))
    lines = [*(_of_another_version(version, number) for version, number in others.items()),
             *rejected_in(database, below=False)]
    problems = [*problems_of(database, below=False), *missing_in_folder(folder, below=False)]
    return StoredFolder(found, without, lines, problems)


def _of_another_version(version: str, number: int) -> str:
    """Return the line of the runs whose results a version has extracted that is not this one, or "": not known."""
    return (f"{number} run{' has' if number == 1 else 's have'} the results that "
            f"{f'tsbench {version}' if version else 'an unknown version of tsbench'} has extracted. "
            f"--anew extracts them with tsbench {__version__}")


def _results_of(one: dict[str, object], results: list[Result], repeats: list[str]) -> StoredResults:
    die = None if one["die_column"] is None else [one["die_column"], one["die_row"]]
    facts = event_facts(
        str(one["run"]), str(one["protocol"]), str(one["device"]), str(one["material"] or ""),
        codec.from_json(str(one["settings"])), {"temperature": one["temperature"], "die": die})
    return StoredResults(str(one["run"]), str(one["start_time"]), bool(one["simulated"]), tuple(repeats), facts,
                         tuple(results))
