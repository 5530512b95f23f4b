"""Reading a journal: whole, torn at its end by a crash, damaged in its middle, or while it grows."""

import mmap
import os
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tsbench.errors import UnreadableFile
from tsbench.records import Run, RunEvent, RunHeader, Waveform
from tsbench.storage import codec, record_data
from tsbench.storage.journal.writer import (
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

_MOST_PROBLEMS = 100
_IN_MEMORY = 2**24  #: [bytes] of long waveforms that are read; what follows is mapped, so it needs no memory
_SEARCH = 4  #: times the size of a journal that are read in search of the next whole record


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

    def note(self, problem: str) -> None:
        """Add a problem; a file made of nothing else names the first of them only."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(problem)
        elif len(self.problems) == _MOST_PROBLEMS:
            self.problems.append("the journal has more problems than these")

    def run(self) -> Run:
        """Return the run; status "running" where the journal does not tell how it ended."""
        if self.header is None:
            raise UnreadableFile("the description of the run is missing at the beginning of the journal, so no data "
                                 "can be read")
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
        search = _Search(file, size)
        for start, end, body in search.records():
            if body is None:
                if end == size:
                    journal.torn_bytes = size - start
                else:
                    journal.note(f"the journal is damaged from byte {start} to byte {end}")
                continue
            try:
                kind, sequence, content = codec.unpack(body, blocks.read)
                if sequence > expected:
                    journal.note(f"entries {expected} to {sequence - 1} of the journal are missing")
                expected = sequence + 1
                _add(journal, kind, content)
            except (UnreadableFile, ValueError, TypeError) as error:
                journal.note(f"the journal entry at byte {start} cannot be read ({error})")
                expected += 1
        if search.given_up:
            journal.note(f"the journal is damaged from byte {search.given_up} to byte {size}, and tsbench did not "
                         "search all of this part for entries")
    return journal


def open_journal(path: Path) -> BinaryIO:
    """Open a journal behind its preamble; UnreadableFile where it is none."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise UnreadableFile(f"{path}: the journal cannot be read ({error.strerror})") from None
    preamble = file.read(len(PREAMBLE))
    if preamble == PREAMBLE or PREAMBLE.startswith(preamble):
        return file
    file.close()
    if preamble.startswith(MAGIC):
        version = LENGTH.unpack_from(preamble, len(MAGIC))[0]
        raise UnreadableFile(f"{path}: the journal has format {version}, but this version of tsbench reads only "
                             f"format {VERSION}")
    raise UnreadableFile(f"{path}: this file is not a journal of tsbench")


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
        self._map: mmap.mmap | None = None  #: lives on while an array of it does
        self._read = 0

    def read(self, offset: int, size: int, crc: int) -> bytes | memoryview:
        """Return one block; ValueError where it is missing or its CRC differs.

        Parameters
        ----------
        offset, size : [bytes] where it begins in the raw file, and how long it is
        crc : CRC-32 of the block
        """
        try:
            self._file = self._file or self.path.open("rb")
        except OSError as error:
            raise ValueError(f"the waveform file {self.path.name} cannot be read, {error.strerror}") from None
        held = os.fstat(self._file.fileno()).st_size
        if not 0 <= size <= held:
            raise ValueError(f"the waveform file {self.path.name} ends before byte {offset + size}")
        self._read += size
        if self._read > held:
            raise ValueError(f"the journal refers to more bytes than the waveform file {self.path.name} has")
        content = self._content(offset, size)
        if len(content) != size or zlib.crc32(content) != crc:
            raise ValueError(
                f"the waveform file {self.path.name} is damaged from byte {offset} to byte {offset + size}")
        return content

    def _content(self, offset: int, size: int) -> bytes | memoryview:
        assert self._file is not None
        if self._read <= _IN_MEMORY or sys.platform == "win32":  # Windows removes no file that is mapped
            self._file.seek(offset)
            return self._file.read(size)
        if self._map is None or len(self._map) < offset + size:  # it may have grown
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        return memoryview(self._map)[offset : offset + size]

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


class _Search:
    """Goes through a journal of ``size`` bytes, whatever stands in it."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._left = _SEARCH * size + 2**20  #: [bytes] that may still be read in vain
        self.given_up = 0  #: byte from which nothing was looked through any more

    def records(self) -> Iterator[tuple[int, int, bytes | None]]:
        """Yield (start, end, body) of each record, with body None for a stretch that is no record."""
        start = min(len(PREAMBLE), self._size)
        while start < self._size and not self.given_up:
            body = self._record(start)
            end = self._resume(start + 1) if body is None else start + RECORD.size + len(body)
            if not self.given_up:
                yield start, end, body
            start = end

    def _record(self, start: int) -> bytes | None:
        self._file.seek(start)
        head = self._file.read(RECORD.size)
        if len(head) == RECORD.size and RECORD.unpack(head)[1] > self._size - start - RECORD.size:
            return None  # it would end behind the file: torn, or no record
        self._file.seek(start)
        body = _next(self._file)
        if body is None:
            self._left -= self._file.tell() - start
        return body

    def _resume(self, start: int) -> int:
        """Return where the next whole record begins at or behind ``start``; the size where there is none."""
        while start < self._size:
            self._file.seek(start)
            window = self._file.read(2**20)
            found = 0
            while (place := window.find(MARK, found)) >= 0:
                if self._record(start + place) is not None:
                    return start + place
                if self._left < 0:
                    self.given_up = start + place
                    return self._size
                found = place + 1
            if len(window) < 2**20:
                return self._size
            start += len(window) - len(MARK) + 1
        return self._size


def _add(journal: Journal, kind: str, content: Any) -> None:
    if kind == "header":
        journal.header = record_data.header_from(content)
    elif journal.header is None:
        raise UnreadableFile(f"the entry '{kind}' comes before the header, which describes the run")
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
