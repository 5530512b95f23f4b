"""The journal of a run: what is acknowledged is on the disk.

An append-only file ``RUN_ID.tsj``::

    preamble   8 bytes  89 'T' 'S' 'J' 0D 0A 1A 0A     (a text-mode copy breaks it visibly)
               u32      version of this format
               u32      0
    record     4 bytes  'TSR:'                          (where a reader finds its way again after damage)
               u32      length of the body
               u32      CRC-32 of length and body
               body     MessagePack [kind, sequence number, content]

The first record is the header; then points, waveforms, events, "instruments" (as set up by the run); last
"end" (the acquisition is over and its outcome known) and "finish" (with the extracted results: ready to
become a run file). Numbers are little-endian. Arrays above 1 MB lie in ``RUN_ID.raw``, appended and synced
before the record that names them.
"""

import contextlib
import os
import struct
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tsbench.errors import StorageError
from tsbench.records import Point, RunEvent, Waveform
from tsbench.storage import codec, disk, record_data
from tsbench.storage.journal.rescue import put_back, require_named

MAGIC = b"\x89TSJ\r\n\x1a\n"
VERSION = 1
PREAMBLE = MAGIC + struct.pack("<II", VERSION, 0)
MARK = b"TSR:"
RECORD = struct.Struct("<4sII")
LENGTH = struct.Struct("<I")
LARGEST_BODY = 256 * 2**20  #: a record that claims more is damaged
RAW_FROM = 2**20  #: [bytes] arrays from here on go to the raw file
GROUP = 1e-3  #: [s] points closer than this share one sync

SUFFIX, RAW_SUFFIX, LOCK_SUFFIX = ".tsj", ".raw", ".lock"

Durability = Literal["power", "process"]


def frame(kind: str, sequence: int, content: Any, pack: Callable[[Any], bytes] = codec.pack) -> bytes:
    """Return one record as its bytes.

    Parameters
    ----------
    kind : of the record
    sequence : number of the record in its file
    content : plain data
    pack : makes bytes of the body
    """
    body = pack((kind, sequence, content))
    if len(body) > LARGEST_BODY:
        raise StorageError(
            f"one {kind} has {len(body) / 1e6:.0f} MB, but a journal allows at most {LARGEST_BODY / 1e6:.0f} MB")
    crc = zlib.crc32(body, zlib.crc32(LENGTH.pack(len(body))))
    return RECORD.pack(MARK, len(body), crc) + body


class JournalWriter:
    """Appends records; each method returns when its record is as safe as ``durability`` says.

    Parameters
    ----------
    path : Path
        The journal, not there yet.
    header : mapping
        Plain data of the run's header, the first record.
    durability : "power" or "process"
        "power": on the disk (points closer than 1 ms are grouped; each survives the death of the process at
        once). "process": handed to the operating system.

    Raises
    ------
    StorageError
        It cannot be made, or a write failed (disk full): then the journal ends with the last whole record. Or its
        name is gone (folder deleted): then nothing more is acknowledged, and ``rescue`` puts it back.
    """

    def __init__(
        self,
        path: Path,
        header: Any,
        durability: Durability = "power",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self.durability = durability
        self._clock = clock
        self._sequence = 0
        self._pack = codec.packer()
        self._unsynced = False
        self._raw = -1
        self._beside: ThreadPoolExecutor | None = None  #: syncs the raw file
        self._failed = False
        self._nameless = False
        self._size = 0
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
        try:
            self._descriptor = os.open(path, flags, 0o644)
        except OSError as error:
            raise disk.storage_error(error, path, "the journal", kept=False) from error
        try:
            self._know_file()
            self._write(PREAMBLE)
            self.append("header", header)
            self.sync()
            disk.sync_directory(path.parent)
        except BaseException:
            self.close()
            disk.remove(path, missing_ok=True)  # nothing was acknowledged
            raise
        self._last_sync = clock()

    def point(self, point: Point) -> None:
        """Append one row of the point table."""
        self._append("point", (int(point.flags), *map(float, point.values)))
        self.settle()

    def waveform(self, waveform: Waveform) -> int:
        """Append one waveform; returns the CRC-32 of its codes."""
        data = record_data.waveform_data(waveform)
        kind, shape, content = codec.array_view(data["codes"])
        crc = zlib.crc32(content)
        if len(content) >= RAW_FROM:
            data["codes"] = codec.raw_reference(kind, shape, self._append_raw(content), len(content), crc)
        self._append("waveform", data)
        if self.durability == "power":
            self._sync_with_raw() if len(content) >= RAW_FROM else self.sync()
        return crc

    def event(self, event: RunEvent) -> None:
        """Append one event."""
        self._append("event", codec.plain(event))
        self.settle()

    def append(self, kind: str, content: Any) -> None:
        """Append a record of another kind: "header", "end", "finish"; synced in both modes."""
        self._append(kind, codec.plain(content))
        self.sync()

    def settle(self) -> None:
        """Sync what was appended, unless the last sync is younger than 1 ms: the next takes it along."""
        if self._unsynced and self.durability == "power" and self._clock() - self._last_sync >= GROUP:
            self.sync()

    def _sync_with_raw(self) -> None:
        """Wait until the last long waveform and the record that names it are on the disk.

        Both at once: one after the other they cost the disk two turns. A loss of power in between may leave the record
        alone, but that waveform was not acknowledged, and its CRC tells.
        """
        raw_path = self.path.with_suffix(RAW_SUFFIX)
        assert self._beside is not None
        beside = self._beside.submit(disk.sync_data, self._raw)
        try:
            self.sync()
        finally:
            failure = beside.exception()
        if isinstance(failure, OSError):
            self._failed = True
            raise disk.storage_error(failure, raw_path, "a waveform", kept=True) from failure

    def sync(self) -> None:
        """Wait until everything appended is on the disk."""
        try:
            disk.sync_data(self._descriptor)
        except OSError as error:
            self._failed = True  # what the system lost cannot be known: nothing more is acknowledged
            raise disk.storage_error(error, self.path, "the journal", kept=True) from error
        self._unsynced = False
        self._last_sync = self._clock()

    def rescue(self) -> Path | None:
        """Put a journal that has lost its name under one again and go on there; None where it has its name.

        Long waveforms may take a while: call it when all is switched off.

        Raises
        ------
        StorageError
            There is no place for it.
        """
        if not self._nameless and not self._failed and self._descriptor >= 0:
            with contextlib.suppress(StorageError):
                self._require_place()
        if not self._nameless:
            return None
        old = {SUFFIX: self._descriptor} | ({RAW_SUFFIX: self._raw} if self._raw >= 0 else {})
        self.path, new = put_back(old, self.path)
        for descriptor in old.values():
            os.close(descriptor)
        self._descriptor, self._raw = new[SUFFIX], new.get(RAW_SUFFIX, -1)
        self._nameless = False
        self._know_file()
        return self.path

    def close(self) -> None:
        """Close without a word; the journal stays."""
        for descriptor in (self._descriptor, self._raw):
            if descriptor >= 0:
                os.close(descriptor)
        self._descriptor = self._raw = -1
        if self._beside is not None:
            self._beside.shutdown()
            self._beside = None

    def _know_file(self) -> None:
        self._name, found = os.fspath(self.path), os.fstat(self._descriptor)
        self._identity = (found.st_dev, found.st_ino)

    def _append(self, kind: str, content: Any) -> None:
        self._write(frame(kind, self._sequence, content, self._pack))
        self._sequence += 1
        self._unsynced = True

    def _write(self, data: bytes) -> None:
        if self._failed or self._nameless or self._descriptor < 0:
            raise StorageError(f"{self.path}: the journal is closed after a failed write")
        try:
            disk.write_all(self._descriptor, data)
        except OSError as error:
            self._cut_back(self._descriptor, self._size)
            raise disk.storage_error(error, self.path, "the journal", kept=True) from error
        self._size += len(data)
        self._require_place()

    def _require_place(self) -> None:
        """Raise StorageError unless what was written stands where others find it, behind what stood there."""
        with contextlib.suppress(OSError):
            found = os.stat(self._name)  # noqa: PTH116  one call, because it is a third of the cost of a fast point
            if self._raw < 0 and (found.st_dev, found.st_ino, found.st_size) == (*self._identity, self._size):
                return
        try:
            require_named(self._descriptor, self.path)
            if self._raw >= 0:
                require_named(self._raw, self.path.with_suffix(RAW_SUFFIX))
        except StorageError:
            self._nameless = True
            raise
        if (size := os.fstat(self._descriptor).st_size) != self._size:
            self._failed = True
            raise StorageError(
                f"{self.path}: another program has changed the journal. It has {size} bytes, but {self._size} bytes "
                "were written. The remaining data are kept"
            )

    def _append_raw(self, content: memoryview) -> int:
        raw_path = self.path.with_suffix(RAW_SUFFIX)
        offset = 0
        try:
            if self._raw < 0:
                self._beside = self._beside or ThreadPoolExecutor(1, "sync")
                flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
                self._raw = os.open(raw_path, flags, 0o644)
                disk.sync_directory(raw_path.parent)
            offset = os.lseek(self._raw, 0, os.SEEK_END)
            disk.write_all(self._raw, content)
        except OSError as error:
            if self._raw >= 0:
                self._cut_back(self._raw, offset)
            raise disk.storage_error(error, raw_path, "a waveform", kept=True) from error
        return offset

    def _cut_back(self, descriptor: int, end: int) -> None:
        """Remove the torn record of a failed write, so that a later one does not stand behind damage."""
        try:
            os.ftruncate(descriptor, end)
        except OSError:
            self._failed = True


def points_array(rows: list[tuple[float, ...]], columns: int) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Return point rows as an array of shape (n, columns).

    Parameters
    ----------
    rows : of each point, ``columns`` numbers each
    columns : number of columns of the point table
    """
    return np.array(rows, dtype=np.float64).reshape(len(rows), columns)
