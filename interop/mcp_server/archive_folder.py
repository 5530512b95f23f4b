"""The archive of a bench for a client that is not trusted: only files in its folder, and nothing is written there."""

import contextlib
import math
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from tsbench.archives.catalogue import in_memory
from tsbench.archives.questions import ArchiveQuestion, answer_in
from tsbench.archives.update import update
from tsbench.errors import ConfigurationError
from tsbench.records import Flag, Run
from tsbench.storage import codec
from tsbench.storage.campaign_files import missing_in_folder
from tsbench.storage.nexus.schema import SUFFIX as RUN_SUFFIX
from tsbench.storage.safe_read import read_foreign

MOST_ROWS = 500  #: results or points in one answer


class ArchiveFolder:
    """Answers questions to the run files below a folder; its catalogue is in the memory.

    Parameters
    ----------
    folder : Path
        It may not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._database = in_memory()
        self._lock = threading.RLock()  # the tools run in threads

    def inside(self, name: str) -> Path:
        """Return the whole path of a file below the folder.

        Raises
        ------
        ConfigurationError
            It would be outside of the folder, also by a link.
        """
        path = Path(name)
        if path.is_absolute() or ".." in path.parts or "\0" in name or "\\" in name:
            raise ConfigurationError(
                f"'{name:.200}': only files inside the archive folder can be read. Give a path below this folder")
        whole = self.folder / path
        if not whole.resolve().is_relative_to(self.folder.resolve()):
            raise ConfigurationError(f"'{name:.200}': this is a link that leads out of the archive folder")
        return whole

    def file(self, name: str) -> Path:
        """Return a run file by its path below the folder, or by the identifier of its run.

        Raises
        ------
        ConfigurationError
            It would be outside of the folder, or there is none.
        """
        whole = self.inside(name if name.endswith(RUN_SUFFIX) else name + RUN_SUFFIX)
        if not whole.is_file() and whole.parent == self.folder:
            with self._refreshed() as database:
                named = database.execute("SELECT path FROM files WHERE run = ?", (whole.stem,)).fetchone()
            whole = self.inside(named[0]) if named else whole
        if not whole.is_file():
            raise ConfigurationError(f"'{name:.200}': there is no such run in the archive")
        return whole

    def results(self, wanted: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
        """Return rows of results, the latest runs first, and problems, both as ``tsbench query`` has them.

        Parameters
        ----------
        wanted : as for :class:`ArchiveQuestion`
        """
        known = {field.name for field in fields(ArchiveQuestion)}
        question = ArchiveQuestion(**{name: value for name, value in wanted.items() if name in known and value})
        if not self.folder.is_dir():   # no run was made yet
            return [], []
        with self._lock:
            answer = answer_in(self._database, self.folder, question)
        return [{**row, "flags": row["flags"].split()} for row in reversed(answer.rows)], answer.problems[:MOST_ROWS]

    def runs(self, device: str = "", protocol: str = "") -> list[dict[str, Any]]:
        """Return what is known of each run file, the latest first."""
        names = ("run", "path", "protocol", "device", "start_time", "status", "reason", "simulated", "user", "problem")
        with self._refreshed() as database:
            found = database.execute(f"SELECT {', '.join(names)} FROM files ORDER BY start_time DESC, path").fetchall()
        rows = [dict(zip(names, row, strict=True)) for row in found]
        return [{**row, "simulated": bool(row["simulated"])} for row in rows
                if (not device or row["device"] == device) and (not protocol or row["protocol"] == protocol)]

    def missing(self) -> list[str]:
        """Return a line for each campaign of which run files are missing."""
        return missing_in_folder(self.folder)[:MOST_ROWS]

    def read(self, name: str) -> Run:
        """Read a run in a child process, whatever its file holds."""
        return read_foreign(self.file(name))

    @contextlib.contextmanager
    def _refreshed(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            with contextlib.suppress(ConfigurationError):  # no run was made yet
                update(self._database, self.folder)
            yield self._database


def run_facts(run: Run) -> dict[str, Any]:
    """Return a run without its samples."""
    header = run.header
    return {
        "run": header.run_id, "protocol": header.protocol, "device": codec.plain(header.device),
        "simulated": header.simulated, "parameters": codec.plain(header.parameters), "user": header.user,
        "start_time": header.start_time, "end_time": run.end_time, "status": run.status, "reason": run.reason,
        "instruments": {name: {key: facts.get(key) for key in ("model", "serial", "firmware", "roles")}
                        for name, facts in header.instruments.items()},
        "points": len(run.points), "waveforms": len(run.waveforms),
        "columns": [{"name": column.name, "unit": column.unit} for column in header.columns],
        "remarks": [event.message for event in run.events if event.kind in {"warning", "retry"}][:MOST_ROWS],
        "results": [codec.plain(result.row(header.device.identifier, header.protocol, header.run_id))
                    for result in run.results][:MOST_ROWS],
    }


def points_of(run: Run, columns: Sequence[str], first: int, count: int) -> dict[str, Any]:
    """Return rows of the point table; a reading that is not there is null.

    Raises
    ------
    ConfigurationError
        The run has no such column.
    """
    names = [column.name for column in run.header.columns]
    if unknown := [name for name in columns if name not in names]:
        raise ConfigurationError(f"the run has no column '{unknown[0]:.60}'. Its columns are {', '.join(names)}")
    places = [names.index(name) for name in columns or names]
    part = slice(max(first, 0), max(first, 0) + min(max(count, 0), MOST_ROWS))
    rows = [[None if math.isnan(value) else value for value in row] for row in run.points[part][:, places].tolist()]
    return {
        "run": run.header.run_id, "points": len(run.points), "first": part.start,
        "columns": [{"name": run.header.columns[k].name, "unit": run.header.columns[k].unit} for k in places],
        "rows": rows, "flags": [Flag(int(flags)).names() for flags in run.point_flags[part]],
    }


def page(rows: Sequence[dict[str, Any]], first: int, count: int) -> Iterator[dict[str, Any]]:
    """Yield ``count`` rows from ``first`` on, at most ``MOST_ROWS``."""
    yield from rows[max(first, 0) : max(first, 0) + min(max(count, 0), MOST_ROWS)]
