"""Reads the SQLite database of QCoDeS: the user chooses one of its data sets.

Layout (database version 9): the table ``runs`` has a row for each data set, with the name of the table of its results
and a description in JSON (parameters, units, which depends on which). Each parameter that depends on others has rows
of its own. A value is a number, or an array that ``numpy.save`` wrote into a blob.
https://microsoft.github.io/Qcodes/examples/DataSet/DataSet-class-walkthrough.html
"""

import contextlib
import datetime
import io
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tsbench.errors import UnreadableFile
from tsbench.importers.foreign import ForeignColumn, ForeignFile, ForeignTable, Match, choose
from tsbench.records import FloatArray

_SIGNATURE = b"SQLite format 3\0"


@dataclass(frozen=True)
class QcodesParameter:
    """One parameter of a data set."""

    name: str
    unit: str
    depends_on: tuple[str, ...]


@dataclass(frozen=True)
class QcodesRun:
    """One data set of the database."""

    number: int
    name: str
    results: str  #: name of the table
    started: float | None  #: [s] since 1970
    parameters: tuple[QcodesParameter, ...]

    def __str__(self) -> str:
        when = ""
        if self.started is not None:
            when = datetime.datetime.fromtimestamp(self.started).strftime(" of %Y-%m-%d %H:%M")
        measured = [one.name for one in self.parameters if one.depends_on]
        return f"{self.number} ({self.name}{when}: {', '.join(measured) or 'no results'})"


class QcodesDatabase:
    """The importer of QCoDeS's database."""

    name = "qcodes"
    reads = "databases of QCoDeS (.db)"
    suffixes = (".db",)

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return PROGRAM for a SQLite database with the tables of QCoDeS."""
        if not head.startswith(_SIGNATURE):
            return Match.NO
        try:
            with _opened(path) as database:
                names = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        except sqlite3.Error:
            return Match.NO
        return Match.PROGRAM if {"runs", "experiments", "layouts"} <= names else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read one data set, by its number; see :class:`tsbench.importers.foreign.Importer`."""
        try:
            with _opened(path) as database:
                runs = list(_runs(database))
                if not runs:
                    raise UnreadableFile(f"{path.name}: the database of QCoDeS has no data set")
                number = choose([str(run.number) for run in runs], table, path.name, map(str, runs))
                run = next(run for run in runs if str(run.number) == number)
                tables = _tables(database, run)
        except (sqlite3.Error, ValueError, KeyError, TypeError, EOFError) as error:
            words = " ".join(str(error).split())[:120]
            raise UnreadableFile(f"{path.name}: the database is damaged ({words}). Use another copy") from None
        if not tables:
            raise UnreadableFile(f"{path.name}: data set {run} has no readings. Choose another one with --table NUMBER")
        return ForeignFile(f"data set {run.number} of a QCoDeS database", tuple(tables))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database for reading only: nothing is written, no journal is made, no code of the file runs."""
    address = path.resolve().as_uri()
    database = sqlite3.connect(f"{address}?mode=ro", uri=True)
    try:
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:   # a write-ahead log needs a file beside it, and the folder may be read-only
        database.close()
        database = sqlite3.connect(f"{address}?mode=ro&immutable=1", uri=True)
    try:
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA query_only = ON")
        yield database
    finally:
        database.close()


def _runs(database: sqlite3.Connection) -> Iterator[QcodesRun]:
    known = {row[1] for row in database.execute("PRAGMA table_info(runs)")}
    described = "run_description" if "run_description" in known else "NULL"   # from version 3 of the database on
    rows = database.execute(
        f"SELECT run_id, name, result_table_name, run_timestamp, {described} FROM runs ORDER BY run_id").fetchall()
    for number, name, results, started, description in rows:
        specs = json.loads(description or "{}").get("interdependencies", {}).get("paramspecs", [])
        parameters = tuple(
            QcodesParameter(str(one["name"]), str(one.get("unit") or ""), tuple(one.get("depends_on") or ()))
            for one in specs) or _from_layouts(database, int(number))
        yield QcodesRun(int(number), str(name), str(results), started, parameters)


def _from_layouts(database: sqlite3.Connection, run: int) -> tuple[QcodesParameter, ...]:
    """Return the parameters of a run as the first versions of the database describe them."""
    layouts = {row[0]: row[1:] for row in database.execute(
        "SELECT layout_id, parameter, unit FROM layouts WHERE run_id = ?", (run,))}
    axes: dict[int, list[str]] = {}
    for dependent, independent in database.execute(
            "SELECT dependent, independent FROM dependencies ORDER BY dependent, axis_num"):
        if dependent in layouts and independent in layouts:
            axes.setdefault(dependent, []).append(str(layouts[independent][0]))
    return tuple(
        QcodesParameter(str(name), str(unit or ""), tuple(axes.get(layout, ())))
        for layout, (name, unit) in layouts.items())


def _tables(database: sqlite3.Connection, run: QcodesRun) -> list[ForeignTable]:
    """Return a table for each set of set-points: the parameters that depend on the same ones are its columns."""
    units = {one.name: one.unit for one in run.parameters}
    groups: dict[tuple[str, ...], dict[str, list[FloatArray]]] = {}
    for measured in run.parameters:
        if not measured.depends_on:
            continue
        names = (*measured.depends_on, measured.name)
        columns = _columns(database, run.results, names, measured.name)
        if columns and columns[0].size:
            groups.setdefault(measured.depends_on, {})[measured.name] = columns
    found: list[tuple[str, dict[str, FloatArray]]] = []
    for axes, dependents in groups.items():
        first = next(iter(dependents.values()))
        together = dict(zip(axes, first, strict=False))
        apart: list[tuple[str, dict[str, FloatArray]]] = []
        for name, values in dependents.items():
            if all(np.array_equal(values[k], first[k], equal_nan=True) for k in range(len(axes))):
                together[name] = values[-1]
            else:
                apart.append((name, dict(zip((*axes, name), values, strict=True))))
        found += [(", ".join(name for name in together if name not in axes), together), *apart]
    settings = {"run": str(run.number), "name": run.name}
    return [
        ForeignTable(
            f"{run.number} {name}" if len(found) > 1 else "",
            tuple(ForeignColumn(one, units.get(one, ""), values) for one, values in columns.items()), settings)
        for name, columns in found]


def _columns(
    database: sqlite3.Connection, table: str, names: Sequence[str], measured: str
) -> list[FloatArray]:
    """Return the values of parameters in the rows that hold the measured one; [] where they are not real numbers."""
    quoted = ", ".join(_quoted(name) for name in names)
    rows = database.execute(
        f"SELECT {quoted} FROM {_quoted(table)} WHERE {_quoted(measured)} IS NOT NULL ORDER BY id")
    parts: list[list[FloatArray]] = [[] for _ in names]
    for row in rows:
        values = [_array(value) for value in row]
        length = max(value.size for value in values)
        for part, value in zip(parts, values, strict=True):
            if value.size not in (1, length):
                raise ValueError(f"arrays of {value.size} and {length} numbers in one row")
            part.append(np.full(length, value[0]) if value.size == 1 else value)
    return [np.concatenate(part) if part else np.empty(0) for part in parts]


def _array(value: object) -> FloatArray:
    """Return a stored value as an array, NaN for none; ValueError for complex numbers and texts."""
    if value is None:
        return np.array([np.nan])
    if isinstance(value, bytes):
        stored = np.load(io.BytesIO(value), allow_pickle=False)
        if stored.dtype.kind not in "biuf":
            raise ValueError(f"values of the type {stored.dtype}")
        return np.asarray(stored, dtype=np.float64).ravel()
    return np.array([float(value)])  # type: ignore[arg-type]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
