"""The catalogue of a folder: an SQLite file with the facts and results of each run file. The run files are the truth.

It can be deleted at any time, and is made again from the run files. It is a file like others, that somebody may have
put there: what it holds is data, and one that this version did not write is replaced.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tsbench.errors import StorageError

NAME = ".tsbench-catalogue.sqlite"
APPLICATION, VERSION = 0x74736263, 5  #: "tsbc"; a change of the tables changes the version
_WAIT = 60.0  #: [s] for another process that writes the catalogue

#: columns of the facts in the order of ``catalogue_entry``
FACTS = ("run", "protocol", "device", "material", "campaign", "user", "start_time", "end_time", "status", "reason",
         "simulated", "temperature", "die_column", "die_row", "extracted_by", "extraction", "starred", "rejected",
         "notes")
RESULTS = ("quantity", "unit", "value", "low", "high", "method", "flags", "conditions", "random_uncertainty",
           "systematic_uncertainty")

_TABLES = f"""
CREATE TABLE files (
    number INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, state TEXT NOT NULL, problem TEXT NOT NULL,
    settings TEXT NOT NULL, counted INTEGER NOT NULL DEFAULT 0,
    {", ".join(f"{name} {kind}" for name, kind in zip(
        FACTS, ["TEXT"] * 10 + ["INTEGER", "REAL", "INTEGER", "INTEGER", "TEXT", "INTEGER", "INTEGER", "TEXT", "TEXT"],
        strict=True))});
CREATE TABLE results (
    file INTEGER NOT NULL REFERENCES files(number) ON DELETE CASCADE, place INTEGER NOT NULL, quantity TEXT, unit TEXT,
    value REAL, low REAL, high REAL, method TEXT, flags INTEGER, conditions TEXT, random_uncertainty REAL,
    systematic_uncertainty REAL, PRIMARY KEY (file, place)
) WITHOUT ROWID;
CREATE TABLE repeats (run TEXT NOT NULL, file INTEGER NOT NULL REFERENCES files(number) ON DELETE CASCADE);
CREATE INDEX results_quantity ON results(quantity, file);
CREATE INDEX files_device ON files(device);
CREATE INDEX files_run ON files(run, path);
CREATE INDEX files_protocol ON files(protocol);
CREATE INDEX repeats_run ON repeats(run);
CREATE INDEX repeats_file ON repeats(file);
"""


_OF_THE_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}


class DiskRefused(StorageError):
    """The disk takes no catalogue: one in the memory serves as well."""


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open the catalogue of a folder; one in the memory where the folder cannot be written to.

    Raises
    ------
    DiskRefused
        The disk is full, or fails.
    StorageError
        Another process holds it for more than a minute.
    """
    database = _on_disk(folder / NAME) or in_memory()
    try:
        yield database
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in _OF_THE_DISK:
            raise DiskRefused(f"{folder / NAME}: the catalogue cannot be written ({error}). Check the disk") from error
        raise StorageError(f"{folder / NAME}: the catalogue cannot be used ({error}). Another process may write it. "
                           "Try again, or delete it: tsbench makes it again from the run files") from error
    finally:
        database.close()


def _on_disk(path: Path) -> sqlite3.Connection | None:
    for _ in range(2):
        try:
            database = _connected(str(path))
        except sqlite3.Error:
            return None  # the folder is read-only
        try:
            if _ours(database):
                return database
        except sqlite3.OperationalError:
            database.close()
            return None  # the folder is read-only, or its disk has no locks
        except sqlite3.DatabaseError:
            pass  # no catalogue at all
        database.close()
        try:
            path.unlink()  # of another version, or damaged
        except OSError:
            return None
    return None


def in_memory() -> sqlite3.Connection:
    """Return an empty catalogue that is written to no disk; several threads may use it one after the other."""
    database = _connected(":memory:", check_same_thread=False)
    _ours(database)
    return database


def _connected(name: str, check_same_thread: bool = True) -> sqlite3.Connection:
    database = sqlite3.connect(name, timeout=_WAIT, isolation_level=None, check_same_thread=check_same_thread)
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA foreign_keys = ON")
    return database


def _ours(database: sqlite3.Connection) -> bool:
    """Whether a catalogue has our tables; a new one gets them."""
    found = tuple(database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    if found == (APPLICATION, VERSION):
        named = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        others = database.execute("SELECT count(*) FROM sqlite_master WHERE type IN ('view', 'trigger')").fetchone()[0]
        return named == {"files", "results", "repeats"} and not others
    if found != (0, 0) or database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return False
    with transaction(database):
        if database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:  # nobody else made them meanwhile
            for statement in _TABLES.split(";"):
                database.execute(statement)
            database.execute(f"PRAGMA application_id = {APPLICATION}")
            database.execute(f"PRAGMA user_version = {VERSION}")
    return True


@contextlib.contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Write all or nothing; waits for another writer."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if database.in_transaction:   # SQLite has ended it by itself where the disk is full
            database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def store(database: sqlite3.Connection, path: str, state: str, entry: dict[str, Any]) -> None:
    """Put what is known of one file in the place of what was known of it before."""
    database.execute("DELETE FROM files WHERE path = ?", (path,))
    facts = entry.get("facts") or [None] * len(FACTS)
    number = database.execute(
        f"INSERT INTO files (path, state, problem, settings, {', '.join(FACTS)}) "
        f"VALUES ({', '.join('?' * (4 + len(FACTS)))})",
        (path, state, entry["problem"], entry.get("settings", "{}"), *facts)).lastrowid
    database.executemany(
        f"INSERT INTO results (file, place, {', '.join(RESULTS)}) VALUES ({', '.join('?' * (2 + len(RESULTS)))})",
        ((number, place, *row) for place, row in enumerate(entry.get("results") or ())))
    database.executemany("INSERT INTO repeats (run, file) VALUES (?, ?)",
                         ((run, number) for run in entry.get("repeats") or ()))


def count_each_run_once(database: sqlite3.Connection) -> None:
    """Note which file counts of those that hold the same run: the one whose path comes first."""
    database.execute("UPDATE files SET counted = run IS NOT NULL AND NOT EXISTS ("
                     "SELECT 1 FROM files AS other WHERE other.run = files.run AND other.path < files.path)")
