"""The recorder of a run: an item is on the disk when the call returns; at the end the run file is made."""

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from tsbench.errors import StorageError
from tsbench.records import Point, Result, Run, RunEvent, RunHeader, Waveform
from tsbench.storage import codec, disk, record_data, run_id
from tsbench.storage.journal.reader import read_journal
from tsbench.storage.journal.writer import LOCK_SUFFIX, RAW_SUFFIX, SUFFIX, Durability, JournalWriter
from tsbench.storage.run_lock import RunLock

Compression = Literal["gzip", "none"]
Status = Literal["success", "abort", "fail"]

#: called with ("point" | "waveform" | "event", index, item, CRC of a waveform's codes) once the item is safe
Listener = Callable[[str, int, Point | Waveform | RunEvent, int], None]

_OVERHEAD = 16 * 2**20  #: [bytes] headers, events, results
#: [bytes] of a run file beside its data: HDF5 groups, header, bench file, events. 271 run files of a wafer with 49
#: devices have 0.13 to 0.23 MB each, with some kilobytes of data
FILE_OVERHEAD = 200_000


def require_folder(directory: Path) -> None:
    """Make the folder of a run file; StorageError if it cannot be made, or nothing can be written into it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{directory}: this folder cannot be made ({error.strerror or error}). Choose another "
                           "folder with --out") from error
    if not os.access(directory, os.W_OK):
        raise StorageError(f"{directory}: nothing can be written into this folder. Choose another folder with --out")


def require_place(directory: Path) -> None:
    """Raise StorageError if the folder of a run file could not be made; it is not made here."""
    nearest = directory.absolute()
    while not nearest.exists() and nearest.parent != nearest:
        nearest = nearest.parent
    if not nearest.is_dir():
        raise StorageError(f"{directory}: this folder cannot be made ({nearest} is a file). Choose another folder with "
                           "--out")
    if not os.access(nearest, os.W_OK):
        raise StorageError(f"{directory}: nothing can be written into {nearest}. Choose another folder with --out")


def require_room(directory: Path, planned_bytes: int) -> None:
    """Raise StorageError unless a run of this planned size can be begun in a folder.

    Parameters
    ----------
    directory : where the run is to be
    planned_bytes : [bytes] of its data, by the plan
    """
    require_folder(directory)
    disk.require_space(directory, needed_bytes(planned_bytes))


def needed_bytes(planned_bytes: int) -> int:
    """Return what must be free before a run is begun [bytes]: journal, run file, and its copy while it is written.

    Parameters
    ----------
    planned_bytes : of the data, by the plan
    """
    return 3 * planned_bytes + _OVERHEAD


class RunRecorder:
    """A ``records.Recorder`` over a journal in ``directory``.

    Use as a context manager: leaving it without ``finish`` (a crash of the caller) leaves journal and all for
    ``tsbench recover``.

    Parameters
    ----------
    directory : Path
        Made where it is missing.
    header : RunHeader
    planned_bytes : int
        What the plan expects; three times that must be free (journal, run file, its copy while written).
    durability : "power" or "process"
        See ``JournalWriter``.
    listener : callable
        Told of each item after it is safe.
    compression : "gzip" or "none"
        Of the waveforms in the run file; "none" leaves them a checksum only.

    Raises
    ------
    StorageError
        No space, no permission, no locks, or the run is there already.
    TypeError
        The header could not be read back.
    """

    def __init__(
        self,
        directory: Path,
        header: RunHeader,
        *,
        planned_bytes: int = 0,
        durability: Durability = "power",
        listener: Listener | None = None,
        compression: Compression = "gzip",
    ) -> None:
        run_id.check(header.run_id)
        record_data.require_readable(header)
        require_room(directory, planned_bytes)
        self.header = header
        self.path = directory / f"{header.run_id}{SUFFIX}"
        self.counts = {"point": 0, "waveform": 0, "event": 0}
        self._listener = listener
        self._compression = compression
        try:
            self._lock = RunLock(self.path.with_suffix(LOCK_SUFFIX))
        except OSError as error:
            raise disk.storage_error(error, directory, "the lock file of the run", kept=False) from error
        try:
            self._journal = JournalWriter(self.path, codec.plain(header), durability)
        except BaseException:
            self._lock.release()
            raise

    def point(self, point: Point) -> None:
        """Record one row of the point table."""
        record_data.require_storable(point)
        if len(point.values) != len(self.header.columns):
            raise ValueError(f"the point has {len(point.values)} values, but the run has {len(self.header.columns)} "
                             "columns")
        self._journal.point(point)
        self._tell("point", point)

    def waveform(self, waveform: Waveform) -> None:
        """Record one waveform."""
        record_data.require_storable(waveform)
        self._tell("waveform", waveform, self._journal.waveform(waveform))

    def event(self, event: RunEvent) -> None:
        """Record one event."""
        record_data.require_storable(event)
        self._journal.event(event)
        self._tell("event", event)

    def instruments(self, facts: Mapping[str, Mapping[str, Any]]) -> None:
        """Record the instruments as they are set up now; stands in the header's place of them."""
        self._journal.append("instruments", facts)

    def rescue(self) -> str:
        """Put the run under a name again if it has lost it (its folder was deleted); one line, "" if it has not.

        Raises
        ------
        StorageError
            There is no place for it.
        """
        if (path := self._journal.rescue()) is None:
            return ""
        self._lock.release()
        self.path = path
        self._lock = RunLock(path.with_suffix(LOCK_SUFFIX))
        return f"all data stored so far were written again to {path}"

    def settle(self) -> None:
        """Put on the disk what a group of fast points still holds back; cheap, call it between steps."""
        self._journal.settle()

    def size(self) -> int:
        """Return what the run holds on the disk [bytes]."""
        files = (self.path, self.path.with_suffix(RAW_SUFFIX))
        return sum(file.stat().st_size for file in files if file.exists())

    def snapshot(self) -> Run:
        """Return the run so far, read back from the disk."""
        return read_journal(self.path).run()

    def end(self, status: Status, reason: str = "") -> None:
        """The acquisition is over: from here on ``recover`` knows its outcome."""
        self._journal.append("end", {"status": status, "reason": reason, "end_time": run_id.timestamp()})

    def finish(self, status: Status, reason: str = "", results: Sequence[Result] = ()) -> Path:
        """Write the results and make the run file; returns its path.

        Raises
        ------
        StorageError
            The run file could not be made; the journal stays and ``tsbench recover`` tries again.
        """
        from tsbench.storage.run_file import consolidate  # noqa: PLC0415  h5py comes in only here

        if message := self.rescue():
            self.event(RunEvent("warning", message))
        self._journal.append(
            "finish",
            {
                "status": status,
                "reason": reason,
                "end_time": run_id.timestamp(),
                "results": [codec.plain(record_data.without_nan(result)) for result in results],
            },
        )
        self._journal.close()
        try:
            return consolidate(self.path, packed=self._compression != "none")
        except OSError as error:
            raise disk.storage_error(error, self.path.with_suffix(".nxs"), "the run file", kept=True) from error
        finally:
            self._lock.release()

    def discard(self) -> None:
        """Remove a run in which nothing was sent and nothing measured (refused before it began)."""
        if self.counts["point"] or self.counts["waveform"]:
            raise StorageError(f"run {self.header.run_id} contains data and is not deleted")
        self._journal.close()
        for suffix in (SUFFIX, RAW_SUFFIX):
            disk.remove(self.path.with_suffix(suffix), missing_ok=True)
        self._lock.release()

    def close(self) -> None:
        """Leave the journal as it is, for ``tsbench recover``."""
        self._journal.close()
        self._lock.release()

    def _tell(self, kind: str, item: Point | Waveform | RunEvent, crc: int = 0) -> None:
        index = self.counts[kind]
        self.counts[kind] += 1
        if self._listener is not None:
            self._listener(kind, index, item, crc)

    def __enter__(self) -> "RunRecorder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def unfinished(directory: Path, own: Path) -> list[Path]:
    """Return the journals in ``directory`` that crashes left: all but ``own`` and those somebody writes."""
    left = []
    for path in sorted(directory.glob(f"*{SUFFIX}")):
        if path != own:
            with contextlib.suppress(StorageError, OSError), RunLock(path.with_suffix(LOCK_SUFFIX)):
                left.append(path)
    return left
