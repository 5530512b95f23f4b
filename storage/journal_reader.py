"""Reading a journal: whole, torn at its end by a crash, damaged in its middle, or while it grows."""

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tsbench.errors import UnreadableFile
from tsbench.records import Run, RunEvent, RunHeader, Waveform
from tsbench.storage import codec, record_data
from tsbench.storage.journal import (
    LARGEST_BODY,
    LENGTH,
    MAGIC,
    MARK,
    PREAMBLE,
    RAW_SUFFIX,
    RECORD,
    VERSION,
    points_array,
)


@dataclass
class Journal:
    """What a journal holds. ``problems``: damage, one line each; a torn tail is not damage."""

    header: RunHeader | None = None
    rows: list[tuple[float, ...]] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    waveforms: list[Waveform] = field(default_factory=list)
    events: list[RunEvent] = field(default_factory=list)
    end: dict[str, Any] | None = None  #: outcome of the acquisition
    finish: dict[str, Any] | None = None  #: outcome and results
    torn_bytes: int = 0
    problems: list[str] = field(default_factory=list)

    def run(self) -> Run:
        """Return the run; status "running" where the journal does not tell how it ended."""
        if self.header is None:
            raise UnreadableFile("the journal holds no header: nothing was measured yet")
        outcome = self.finish or self.end or {}
        return Run(
            header=self.header,
            points=points_array(self.rows, len(self.header.columns)),
            point_flags=np.array(self.flags, dtype=np.uint32),
            waveforms=tuple(self.waveforms),
            events=tuple(self.events),
            status=outcome.get("status", "running"),
            reason=outcome.get("reason", ""),
            end_time=outcome.get("end_time", ""),
            results=tuple(outcome.get("results", ())),
        )


def read_journal(path: Path) -> Journal:
    """Read all there is; tolerates a torn tail, reports damage before it and reads on behind it.

    Raises
    ------
    UnreadableFile
        Not there, not a journal, or of another version.
    """
    journal = Journal()
    expected = 0
    with open_journal(path) as file, RawBlocks(path) as blocks:
        size = os.fstat(file.fileno()).st_size
        for start, end, body in _records(file, size):
            if body is None:
                if end == size:
                    journal.torn_bytes = size - start
                else:
                    journal.problems.append(f"bytes {start} to {end} are damaged")
                continue
            try:
                kind, sequence, content = codec.unpack(body, blocks.read)
                if sequence > expected:
                    journal.problems.append(f"records {expected} to {sequence - 1} are missing")
                expected = sequence + 1
                _add(journal, kind, content)
            except (UnreadableFile, ValueError, TypeError) as error:
                journal.problems.append(f"record at byte {start}: {error}")
                expected += 1
    return journal


def open_journal(path: Path) -> BinaryIO:
    """Open a journal behind its preamble; UnreadableFile where it is none."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise UnreadableFile(f"{path}: cannot be read: {error.strerror}") from None
    preamble = file.read(len(PREAMBLE))
    if preamble == PREAMBLE or PREAMBLE.startswith(preamble):
        return file
    file.close()
    if preamble.startswith(MAGIC):
        version = LENGTH.unpack_from(preamble, len(MAGIC))[0]
        raise UnreadableFile(f"{path}: a journal of format {version}; this tsbench reads format {VERSION}")
    raise UnreadableFile(f"{path}: not a tsbench journal")


def follow(path: Path, offset: int = len(PREAMBLE)) -> tuple[list[tuple[str, Any]], int]:
    """Return the whole records from ``offset`` on, as (kind, content), and where to go on the next time.

    For a viewer that follows a run: call it again with the returned offset.
    """
    found: list[tuple[str, Any]] = []
    with open_journal(path) as file, RawBlocks(path) as blocks:
        file.seek(offset)
        while (body := _next(file)) is not None:
            kind, _, content = codec.unpack(body, blocks.read)
            found.append((kind, content))
            offset = file.tell()
    return found, offset


class RawBlocks:
    """The raw file beside a journal; opened when a record names it."""

    def __init__(self, journal: Path) -> None:
        self.path = journal.with_suffix(RAW_SUFFIX)
        self._file: BinaryIO | None = None

    def read(self, offset: int, size: int, crc: int) -> bytes:
        """Return one block; ValueError where it is missing or its CRC differs."""
        try:
            self._file = self._file or self.path.open("rb")
        except OSError as error:
            raise ValueError(f"{self.path.name}: {error.strerror}") from None
        if not 0 <= size <= os.fstat(self._file.fileno()).st_size:
            raise ValueError(f"{self.path.name} ends before byte {offset + size}")
        self._file.seek(offset)
        content = self._file.read(size)
        if len(content) != size or zlib.crc32(content) != crc:
            raise ValueError(f"{self.path.name}: bytes {offset} to {offset + size} are damaged")
        return content

    def __enter__(self) -> "RawBlocks":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def _next(file: BinaryIO) -> bytes | None:
    """Return the body of the record at the file's position; None where there is no whole one."""
    head = file.read(RECORD.size)
    if len(head) < RECORD.size:
        return None
    mark, length, crc = RECORD.unpack(head)
    if mark != MARK or length > LARGEST_BODY:
        return None
    body = file.read(length)
    if len(body) != length or zlib.crc32(body, zlib.crc32(LENGTH.pack(length))) != crc:
        return None
    return body


def _records(file: BinaryIO, size: int) -> Iterator[tuple[int, int, bytes | None]]:
    """Yield (start, end, body) of each record, with body None for a stretch that is no record."""
    start = min(len(PREAMBLE), size)
    while start < size:
        file.seek(start)
        body = _next(file)
        if body is not None:
            end = start + RECORD.size + len(body)
            yield start, end, body
        else:
            end = _resume(file, start + 1, size)
            yield start, end, None
        start = end


def _resume(file: BinaryIO, start: int, size: int) -> int:
    """Return where the next whole record begins at or behind ``start``; ``size`` where there is none."""
    while start < size:
        file.seek(start)
        window = file.read(2**20)
        place = window.find(MARK)
        if place < 0:
            if len(window) < 2**20:
                return size
            start += len(window) - len(MARK) + 1
            continue
        file.seek(start + place)
        if _next(file) is not None:
            return start + place
        start += place + 1
    return size


def _add(journal: Journal, kind: str, content: Any) -> None:
    if kind == "header":
        journal.header = record_data.header_from(content)
    elif journal.header is None:
        raise UnreadableFile(f"{kind} without a header")
    elif kind == "point":
        flags, values = record_data.point_from(content, len(journal.header.columns))
        journal.rows.append(values)
        journal.flags.append(flags)
    elif kind == "waveform":
        journal.waveforms.append(record_data.waveform_from(content))
    elif kind == "event":
        journal.events.append(record_data.event_from(content))
    elif kind == "instruments":
        journal.header = replace(journal.header, instruments=record_data.instruments_from(content))
    elif kind == "end":
        journal.end = record_data.outcome_from(content)
    elif kind == "finish":
        journal.finish = record_data.outcome_from(content)
    # another kind comes from a newer version that only added to the format
