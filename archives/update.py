"""Brings the catalogue of a folder up to date: reads the run files that are new or changed, in few child processes."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tsbench.archives.catalogue import NAME, DiskRefused, count_each_run_once, in_memory, opened, store, transaction
from tsbench.errors import ConfigurationError
from tsbench.storage.nexus.schema import SUFFIX as RUN_SUFFIX
from tsbench.storage.reading_children import ReadingChildren
from tsbench.storage.review import review_path

_Answer = TypeVar("_Answer")
Progress = Callable[[int, int], None]  #: gets how many of how many files were read
_BATCH = 50  #: files that a child reads for one request


@dataclass(frozen=True)
class Update:
    """How many run files were read, are known, and are gone since the last time."""

    read: int
    known: int
    gone: int


@dataclass(frozen=True)
class StoredRun:
    """A run file in a folder, with its newest extraction beside it."""

    path: Path
    sidecar: Path | None  #: the newest one
    state: str  #: differs where the file, its extraction or its review is another


def update(
    database: sqlite3.Connection, folder: Path, processes: int = 2, anew: bool = False,
    progress: Progress = lambda done, total: None,
) -> Update:
    """Read what is new or changed below ``folder`` and forget what is gone, all in one transaction.

    Parameters
    ----------
    database : of ``catalogue.opened``
    folder : searched with the folders in it; links to folders are not followed
    processes : that read
    anew : forget all first
    progress : gets how many of the new and changed files were read, and of how many

    Raises
    ------
    ConfigurationError
        No such folder.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: this folder does not exist")
    with transaction(database):
        if anew:
            database.execute("DELETE FROM files")
        known = dict(database.execute("SELECT path, state FROM files").fetchall())
        found = {_name(one.path, folder): one for one in stored_runs(folder)}
        gone = [(name,) for name in known if name not in found]
        database.executemany("DELETE FROM files WHERE path = ?", gone)
        changed = [(name, one) for name, one in found.items() if known.get(name) != one.state]
        batches = [changed[start : start + _BATCH] for start in range(0, len(changed), _BATCH)]
        with ReadingChildren(min(processes, len(batches)) or 1) as children:
            asked = ([(one.path, one.sidecar) for _, one in batch] for batch in batches)
            for number, (batch, entries) in enumerate(zip(batches, children.entries(asked), strict=True)):
                progress(min((number + 1) * _BATCH, len(changed)), len(changed))
                for (name, one), entry in zip(batch, entries, strict=True):
                    store(database, name, one.state, entry)
        if changed or gone:
            count_each_run_once(database)
    return Update(len(changed), len(found), len(gone))


@contextlib.contextmanager
def opened_for(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open the catalogue of a folder; one in the memory if there is no run file, so that none is left there.

    Raises
    ------
    StorageError
        As for :func:`tsbench.archives.catalogue.opened`.
    """
    if (folder / NAME).exists() or has_runs(folder):
        with opened(folder) as database:
            yield database
        return
    with contextlib.closing(in_memory()) as database:
        yield database


def asked_of(folder: Path, ask: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
    """Return what ``ask`` finds in the catalogue of a folder; in one in the memory where the disk takes none.

    Raises
    ------
    StorageError
        As for :func:`tsbench.archives.catalogue.opened`.
    """
    try:
        with opened_for(folder) as database:
            return ask(database)
    except DiskRefused:
        with contextlib.closing(in_memory()) as database:
            return ask(database)


def has_runs(folder: Path) -> bool:
    """Return whether there is a run file in a folder or in the folders in it."""
    return next(stored_runs(folder), None) is not None


def _name(path: Path, folder: Path) -> str:
    """Return the path of a file in the catalogue: relative, so that the folder may be moved."""
    text = path.relative_to(folder).as_posix()
    return text.encode("utf-8", "backslashreplace").decode()


def stored_runs(folder: Path) -> Iterator[StoredRun]:
    """Yield the run files in a folder and in the folders in it; links are not followed."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        sidecars = sorted(name for name in names if ".extraction-" in name and name.endswith(".json"))
        beside = set(names)
        newest = {name.partition(".extraction-")[0]: name for name in sidecars}
        for name in sorted(names):
            path = Path(place, name)
            if name.endswith(RUN_SUFFIX) and path.is_file() and not path.is_symlink():
                sidecar = Path(place, newest[path.stem]) if path.stem in newest else None
                review = review_path(path) if review_path(path).name in beside else None
                files = [one for one in (path, sidecar, review) if one is not None]
                yield StoredRun(path, sidecar, " ".join(map(_state, files)))


def _state(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return "gone"
    return f"{path.name}:{found.st_size}:{found.st_mtime_ns}"
