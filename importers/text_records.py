"""A record in a text file to a table: columns at known positions, and a time that is printed or given by its step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile
from tsbench.importers.faults import cut_off, damaged
from tsbench.importers.foreign import ForeignColumn, ForeignFile, ForeignTable, choose
from tsbench.importers.number_rows import encoding_of, even_times, head_lines, last_line, read_rows
from tsbench.records import FloatArray

#: fewer samples than declared by more than this share: the file is cut off
_MISSING = 0.002
_SHOWN = 50  #: rows that tell how many digits a time has


@dataclass(frozen=True)
class Place:
    """Where a channel stands in the rows."""

    position: int  #: from 0
    name: str
    unit: str
    clip_low: float | None = None  #: in ``unit``; None: not known
    clip_high: float | None = None


@dataclass(frozen=True)
class TimeBase:
    """How the rows give the time: a printed column, or the number of the sample with start and step."""

    name: str = "time"
    unit: str = "s"
    position: int | None = None  #: of the printed times; None: the time is start + step * sample
    step: float | None = None  #: that the header states, in ``unit``
    start: float = 0.0  #: in ``unit``; used without printed times
    numbered: int | None = None  #: position of the numbers of the samples; None: the samples follow one another


@dataclass(frozen=True)
class TextRecord:
    """What the header of a text file says of its rows."""

    begin: int  #: lines above the first row
    channels: Sequence[Place]
    time: TimeBase
    delimiter: str | None = ","  #: None: blanks
    comma: bool = False  #: numbers have a decimal comma
    declared: int | None = None  #: samples that the header states; None: none
    settings: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def read_record(path: Path, head: bytes, program: str, record: TextRecord, wanted: str | None) -> ForeignFile:
    """Read the rows of a text file.

    Raises
    ------
    ConfigurationError
        A table is wanted; the file has only one.
    UnreadableFile
        The rows are not numbers, are fewer than declared, or have another interval than declared.
    """
    source, time = path.name, record.time
    choose([""], wanted, source)
    if not record.channels:
        raise UnreadableFile(f"{source}: the file has no column of an analog channel. Save the channel itself")
    led_by = [place for place in (time.position, time.numbered) if place is not None]
    encoding = encoding_of(head)
    rows, remarks = read_rows(
        path, encoding, record.begin, [*led_by, *(place.position for place in record.channels)], record.delimiter,
        comma=record.comma)
    if record.declared is not None and rows.shape[0] < record.declared * (1.0 - _MISSING) - 1:
        raise cut_off(source, f" (it declares {record.declared} samples, but holds {rows.shape[0]})")
    times, said = _times(path, head, encoding, record, rows)
    said += remarks
    columns = [ForeignColumn(time.name, time.unit, times, role="time")]
    for place, values in zip(record.channels, rows.T[len(led_by):], strict=True):
        column, beyond = _within(place, np.ascontiguousarray(values))
        columns.append(column)
        said += beyond
    table = ForeignTable("", tuple(columns), record.settings, (*record.remarks, *said))
    return ForeignFile(program, (table,))


def _times(
    path: Path, head: bytes, encoding: str, record: TextRecord, rows: FloatArray
) -> tuple[FloatArray, tuple[str, ...]]:
    time = record.time
    if time.position is None:
        if time.step is None or not np.isfinite(time.step) or time.step <= 0 or not np.isfinite(time.start):
            raise damaged(path.name, "the header gives no sample interval above 0")
        position = rows[:, 0] if time.numbered is not None else np.arange(rows.shape[0], dtype=np.float64)
        return time.start + time.step * position, ()
    lines = head_lines(head)
    printed = []
    for line in (*lines[record.begin : record.begin + _SHOWN][:-1], last_line(path, encoding)):
        cells = (line.replace(",", ".") if record.comma else line).split(record.delimiter)
        if time.position < len(cells):
            printed.append(cells[time.position])
    return even_times(rows[:, 0].copy(), printed, time.step, path.name)


def _within(place: Place, values: FloatArray) -> tuple[ForeignColumn, tuple[str, ...]]:
    """Return the column with samples beyond the range set to the end of the range, and a line that says so."""
    beyond: npt.NDArray[np.bool_] = np.isinf(values)
    number = int(np.count_nonzero(beyond))
    if not number:
        return ForeignColumn(place.name, place.unit, values, clip_low=place.clip_low, clip_high=place.clip_high), ()
    finite = values[np.isfinite(values)]
    low = float(finite.min()) if finite.size else 0.0
    high = float(finite.max()) if finite.size else 0.0
    clip_low = low if np.any(values == -np.inf) else place.clip_low
    clip_high = high if np.any(values == np.inf) else place.clip_high
    values = np.clip(values, low, high)
    many = "samples" if number > 1 else "sample"
    said = f"{number} {many} of {place.name} {'are' if number > 1 else 'is'} marked as beyond the range of the input"
    return ForeignColumn(place.name, place.unit, values, clip_low=clip_low, clip_high=clip_high), (said,)


def unquoted(line: str, delimiter: str | None = ",") -> list[str]:
    """Return the cells of a header line, without quotes and blanks around them."""
    return [cell.strip().strip('"').strip() for cell in line.split(delimiter)]
