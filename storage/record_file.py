"""An append-only file of records that outlives crashes: the state of a campaign, the life of a device.

Each record is framed as in the journal of a run (``journal/writer.py``): mark, length, CRC-32, MessagePack of
[kind, sequence number, content]. The file begins with 8 bytes that say what it is, and a version. A record is
acknowledged when it is on the disk (fdatasync). A torn record at the end, which a crash leaves, is cut off before the
next one is written.
"""

import contextlib
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsbench.errors import StorageError, UnreadableFile
from tsbench.storage import codec, disk
from tsbench.storage.journal.writer import LARGEST_BODY, LENGTH, MARK, RECORD, frame

MAGIC = b"\x89TSL\r\n\x1a\n"
VERSION = 1
PREAMBLE = MAGIC + struct.pack("<II", VERSION, 0)
LARGEST = 2**31  #: [bytes] of a whole file
_SMALL = 2**24  #: [bytes] of one record

Record = tuple[str, Mapping[str, Any]]  #: kind, content


def read_records(path: Path, offset: int = 0) -> tuple[list[Record], int]:
    """Return the whole records from ``offset`` on, and where the next one will begin.

    Parameters
    ----------
    path : Path
        A file that is not there, or is still empty, has no records.
    offset : int
        0, or what an earlier call returned.

    Raises
    ------
    UnreadableFile
        It is another kind of file, of another version, or damaged before its end.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise UnreadableFile(
                f"{path}: the file has {size / 1e9:.1f} GB, but at most {LARGEST / 1e9:.1f} GB are read")
        with path.open("rb") as file:
            if offset == 0:
                _require_ours(file.read(len(PREAMBLE)), path)
                offset = min(len(PREAMBLE), size)
            file.seek(offset)
            data = file.read(size - offset)
    except FileNotFoundError:
        return [], 0
    except OSError as error:
        raise UnreadableFile(f"{path}: the file cannot be read ({error.strerror or error})") from None
    found: list[Record] = []
    place = 0
    while (end := _end_of(data, place)) > place:
        kind, _, content = codec.unpack(data[place + RECORD.size:end])
        found.append((str(kind), content))
        place = end
    if data.find(MARK, place + 1) >= 0 and _is_whole_later(data, place + 1):
        raise UnreadableFile(f"{path}: the file is damaged at byte {offset + place}. What stands behind is whole, but "
                             "what was lost there is not known. Restore the file from a copy")
    return found, offset + place


def _require_ours(head: bytes, path: Path) -> None:
    if head == PREAMBLE or PREAMBLE.startswith(head):
        return
    if head.startswith(MAGIC) and len(head) == len(PREAMBLE):
        version = LENGTH.unpack_from(head, len(MAGIC))[0]
        raise UnreadableFile(f"{path}: the file has format {version}, but this version of tsbench reads only {VERSION}")
    raise UnreadableFile(f"{path}: this is no file of records of tsbench")


def _end_of(data: bytes, place: int) -> int:
    """Return where the whole record at ``place`` ends; ``place`` itself where there is none."""
    if len(data) - place < RECORD.size:
        return place
    mark, length, crc = RECORD.unpack_from(data, place)
    end = place + RECORD.size + length
    if mark != MARK or length > min(LARGEST_BODY, _SMALL) or end > len(data):
        return place
    body = data[place + RECORD.size:end]
    return end if zlib.crc32(body, zlib.crc32(LENGTH.pack(length))) == crc else place


def _is_whole_later(data: bytes, place: int) -> bool:
    """Whether a whole record stands behind a damaged place: then the damage is no torn end."""
    for _ in range(1000):
        place = data.find(MARK, place)
        if place < 0:
            return False
        if _end_of(data, place) > place:
            return True
        place += 1
    return True


class RecordFile:
    """Appends records to a file; there is one writer at a time, which a lock beside the file must see to.

    Parameters
    ----------
    path : Path
        Made where it is missing. What a crash left half written is cut off.

    Raises
    ------
    StorageError, UnreadableFile
        It cannot be written, or it is another kind of file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records, end = read_records(path)  #: those that were there
        self._sequence = len(self.records)
        fresh = end < len(PREAMBLE)
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
            try:
                os.ftruncate(self._descriptor, 0 if fresh else end)
                os.lseek(self._descriptor, 0, os.SEEK_END)
                if fresh:
                    disk.write_all(self._descriptor, PREAMBLE)
                disk.sync_data(self._descriptor)
                if fresh:
                    disk.sync_directory(path.parent)
            except BaseException:
                os.close(self._descriptor)
                raise
        except OSError as error:
            raise disk.storage_error(error, path, "the records", kept=False) from error
        self._end = max(end, len(PREAMBLE))

    def append(self, kind: str, content: Mapping[str, Any], *, sync: bool = True) -> None:
        """Append one record; returns when it is on the disk, or with the next one where ``sync`` is False.

        Raises
        ------
        StorageError
            It could not be written: then the file ends with the record before. No more is acknowledged.
        """
        if self._descriptor < 0:
            raise StorageError(f"{self.path}: the file of records is closed after a failed write")
        data = frame(kind, self._sequence, codec.plain(content))
        try:
            disk.write_all(self._descriptor, data)
            if sync:
                disk.sync_data(self._descriptor)
        except OSError as error:
            self._give_up()
            raise disk.storage_error(error, self.path, "a record", kept=False) from error
        self._sequence += 1
        self._end += len(data)

    def _give_up(self) -> None:
        """Cut off what was half written, and write no more: what the system lost cannot be known."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, self._end)
        self.close()

    def close(self) -> None:
        """Close the file. Safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> "RecordFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
