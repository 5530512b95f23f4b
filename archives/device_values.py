"""What the stored runs of a folder say of each device: the latest value of every quantity."""

import sqlite3
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tsbench.archives.questions import problems_of
from tsbench.archives.update import Progress, asked_of, update
from tsbench.records import Flag


@dataclass(frozen=True)
class DeviceValue:
    """A quantity of a device, as its latest run has it."""

    value: float | None  #: [unit] the median where the run has several; None without any
    low: float | None  #: [unit] of the 95 % interval; of several values the least
    high: float | None  #: [unit] of several values the greatest
    unit: str
    count: int  #: of the values of this run
    flags: tuple[str, ...]
    path: str  #: of the run file, relative to the folder
    start_time: str


@dataclass(frozen=True)
class ArchivedDevice:
    """A device with runs in a folder."""

    runs: int = 0
    last: str = ""  #: start of its latest run
    values: Mapping[str, DeviceValue] = field(default_factory=dict)  #: quantity -> latest value
    valued: frozenset[str] = frozenset()  #: quantities of which any run has found a value
    contact: tuple[str, ...] = ()  #: "open", "short" among the flags of its latest run
    paths: tuple[str, ...] = ()  #: of its run files, the latest first


@dataclass(frozen=True)
class ArchivedDevices:
    """The devices of a folder, and one line for each file that cannot be read."""

    devices: Mapping[str, ArchivedDevice]
    problems: list[str]


def archived_devices(folder: Path, progress: Progress = lambda done, total: None) -> ArchivedDevices:
    """Return the devices of the runs in a folder and in the folders in it. Rejected runs are left out.

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
    return asked_of(folder, lambda database: _devices(database, folder, progress))


@dataclass(frozen=True)
class _Row:
    """A result, as the catalogue has it."""

    quantity: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    flags: int


def _devices(database: sqlite3.Connection, folder: Path, progress: Progress) -> ArchivedDevices:
    update(database, folder, progress=progress)
    runs: dict[str, list[tuple[int, str, str]]] = {}
    for number, device, path, start in database.execute(
            "SELECT number, device, path, start_time FROM files WHERE counted AND rejected = '' "
            "ORDER BY start_time, run"):
        runs.setdefault(device, []).append((number, path, start))
    rows: dict[int, list[_Row]] = {}
    for number, *row in database.execute("SELECT file, quantity, unit, value, low, high, flags FROM results "
                                         "ORDER BY file, place"):
        rows.setdefault(number, []).append(_Row(*row))
    return ArchivedDevices({device: _device(mine, rows) for device, mine in runs.items()}, problems_of(database))


def _device(runs: list[tuple[int, str, str]], rows: Mapping[int, list[_Row]]) -> ArchivedDevice:
    values: dict[str, DeviceValue] = {}
    valued: set[str] = set()
    for number, path, start in runs:
        found: dict[str, list[_Row]] = {}
        for row in rows.get(number, []):
            found.setdefault(row.quantity, []).append(row)
        for quantity, mine in found.items():
            one = _value(mine, path, start)
            if one.value is None and quantity in valued:
                continue  # a later run that has found none takes no value away
            values[quantity] = one
            if one.value is not None:
                valued.add(quantity)
    last = _flags(rows.get(runs[-1][0], []))
    contact = tuple(word for word, flag in (("open", Flag.OPEN), ("short", Flag.SHORT)) if flag in last)
    return ArchivedDevice(len(runs), runs[-1][2], values, frozenset(valued), contact,
                          tuple(path for _, path, _ in reversed(runs)))


def _value(rows: list[_Row], path: str, start: str) -> DeviceValue:
    known = [(row.value, row) for row in rows if row.value is not None]
    middle = statistics.median(value for value, _ in known) if known else None
    bounds = [row for _, row in known] or rows  # of a value that is only bounded, the bound
    lows = [row.low for row in bounds if row.low is not None]
    highs = [row.high for row in bounds if row.high is not None]
    return DeviceValue(middle, min(lows, default=None), max(highs, default=None), rows[0].unit, len(known),
                       tuple(_flags(rows).names()), path, start)


def _flags(rows: list[_Row]) -> Flag:
    found = Flag(0)
    for row in rows:
        found |= Flag(row.flags)
    return found
