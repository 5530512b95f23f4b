"""Records of oscilloscopes to columns: codes of a converter with their scale, even times, and segments.

What all makers share. Each reader beside it knows one maker's layout only.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile
from tsbench.importers.faults import cut_off
from tsbench.importers.foreign import ForeignColumn, ForeignFile, ForeignTable, choose
from tsbench.records import FloatArray

#: name of the table that holds all segments one after the other
ALL_SEGMENTS = "all segments"
#: two times that differ by less than this share of the sample interval are the same
_SAME = 1e-3


@dataclass(frozen=True)
class Trace:
    """One channel of a record: what a converter wrote, and how codes become numbers with a unit."""

    name: str  #: as in the file: "CH1", "C2"
    unit: str  #: as in the file
    codes: npt.NDArray[Any]  #: shape (n,) or (segments, n); codes, or numbers in ``unit`` with factor 1
    start: float  #: [s] of the first sample, from the trigger
    step: float  #: [s]
    factor: float = 1.0  #: value = factor * code + offset
    offset: float = 0.0
    lowest: float | None = None  #: this code and those below it are clipped; None: not known
    highest: float | None = None
    #: [s] of the first sample of each segment, from the first trigger, shape (segments,); empty: one record
    starts: FloatArray = field(default_factory=lambda: np.empty(0))

    def column(self, segment: int | None = None) -> ForeignColumn:
        """Return the values of one segment; None: of all, one after the other."""
        codes = self.codes if segment is None or self.codes.ndim == 1 else self.codes[segment]
        values = np.multiply(codes.reshape(-1), self.factor, dtype=np.float64)
        values += self.offset
        limits = [None if code is None else float(np.float64(code) * self.factor + self.offset)
                  for code in (self.lowest, self.highest)]
        low, high = limits if self.factor >= 0 else limits[::-1]
        return ForeignColumn(self.name, self.unit, values, clip_low=low, clip_high=high)

    def times(self, segment: int | None = None) -> FloatArray:
        """Return the times of one segment from its trigger [s]; of all segments from the first trigger."""
        one = self.step * np.arange(self.codes.shape[-1], dtype=np.float64)
        if self.codes.ndim == 2 and segment is None:
            return np.add.outer(self.starts, one).reshape(-1)
        return one + self.start


def file_of(
    program: str, traces: Sequence[Trace], wanted: str | None, source: str, *,
    settings: Mapping[str, str] | None = None, remarks: Sequence[str] = (),
) -> ForeignFile:
    """Return the traces as one table, or as one for each segment and one for all; of several, only the wanted one.

    Raises
    ------
    ConfigurationError
        There are segments, and none is wanted; or there is no such segment.
    UnreadableFile
        There is no trace, or traces do not have the same times.
    """
    if not traces or traces[0].codes.size == 0:
        raise UnreadableFile(f"{source}: the file holds no samples of an analog channel. Save a channel of the "
                             "oscilloscope, not its settings or a digital channel")
    first, said = traces[0], list(remarks)
    for trace in traces:
        if not (np.isfinite(trace.start) and np.isfinite(trace.step) and trace.step > 0
                and np.isfinite(trace.factor) and np.isfinite(trace.offset)):
            raise UnreadableFile(f"{source}: the time base or the scale of channel {trace.name} is not a number. The "
                                 "file is damaged. Copy it again, or save it as CSV on the oscilloscope")
    same = [trace for trace in traces if _same_times(first, trace)]
    if len(same) < len(traces):
        others = ", ".join(trace.name for trace in traces if trace not in same)
        said.append(f"not read, because the sample times differ from those of {first.name}: {others}")
    segments = first.codes.shape[0] if first.codes.ndim == 2 else 1
    segment: int | None = None
    name = ""
    if first.codes.ndim == 2:
        names = [ALL_SEGMENTS, *(f"segment {k}" for k in range(1, segments + 1))]
        name = choose(names, wanted, source)
        segment = names.index(name) - 1 if name != ALL_SEGMENTS else None
    elif wanted is not None:
        choose([""], wanted, source)
    time = ForeignColumn("time", "s", first.times(segment), role="time")
    breaks = tuple(first.codes.shape[1] * k for k in range(1, segments)) if name == ALL_SEGMENTS else ()
    table = ForeignTable(
        name, (time, *(trace.column(segment) for trace in same)), dict(settings or {}), tuple(said), breaks=breaks)
    return ForeignFile(program, (table,))


def pairs_of(trace: Trace, step: float) -> list[Trace]:
    """Return the two traces of an envelope: its samples are the lowest and the highest of each time.

    Parameters
    ----------
    step : between two times [s]
    """
    even = trace.codes[..., : trace.codes.shape[-1] // 2 * 2]
    return [replace(trace, name=f"{trace.name} {end}", codes=even[..., k::2], step=step)
            for k, end in enumerate(("minimum", "maximum"))]


def _same_times(first: Trace, other: Trace) -> bool:
    return (
        first.codes.shape == other.codes.shape and abs(first.step - other.step) <= _SAME * first.step / first.codes.size
        and abs(first.start - other.start) <= _SAME * first.step
        and first.starts.shape == other.starts.shape
        and bool(np.all(np.abs(first.starts - other.starts) <= _SAME * first.step)))


def fields(layout: str, names: str, block: bytes | memoryview, offset: int, source: str) -> dict[str, Any]:
    """Return the named fields of a packed structure.

    Parameters
    ----------
    layout : as :mod:`struct` takes it, with its byte order
    names : of the fields, separated by blanks

    Raises
    ------
    UnreadableFile
        The block ends before the structure does.
    """
    if offset < 0 or offset + struct.calcsize(layout) > len(block):
        raise cut_off(source)
    return dict(zip(names.split(), struct.unpack_from(layout, block, offset), strict=True))


def text(field_bytes: bytes) -> str:
    """Return the text of a field of fixed length that a zero ends."""
    return field_bytes.split(b"\0", 1)[0].decode("latin-1").strip()


def mapped(path: Path) -> npt.NDArray[np.uint8]:
    """Return a file's bytes without reading them into memory.

    Raises
    ------
    UnreadableFile
        The file is empty.
    """
    if path.stat().st_size == 0:
        raise UnreadableFile(f"{path.name}: the file is empty. Copy it from the oscilloscope again")
    return np.memmap(path, dtype=np.uint8, mode="r")


def numbers_at(
    content: npt.NDArray[np.uint8], kind: str, offset: int, count: int, source: str
) -> npt.NDArray[Any]:
    """Return ``count`` numbers of a NumPy type that begin at a byte, as a view.

    Raises
    ------
    UnreadableFile
        The file ends before them, or the numbers make no sense (a negative count).
    """
    size = count * np.dtype(kind).itemsize
    if offset < 0 or count < 0 or offset + size > content.size:
        there = max(content.size - offset, 0)
        raise cut_off(source, f" (it holds {there} of {size} bytes of samples)" if size > 0 else "")
    return content[offset : offset + size].view(kind)
