"""CSV files of InfiniiVision oscilloscopes: "x-axis,1,2", then "second,Volt,Volt", then the rows.

Layout: "Keysight InfiniiVision 3000T X-Series Oscilloscopes User's Guide", section "CSV and ASCII XY files". With
segments, the first row gives the points of each segment, and the segments follow one another.
"""

import re
from pathlib import Path

import numpy as np

from tsbench.importers.faults import damaged
from tsbench.importers.foreign import HEAD, ForeignColumn, ForeignFile, ForeignTable, choose
from tsbench.importers.number_rows import (
    count_of,
    encoding_of,
    even_times,
    head_lines,
    is_number,
    last_line,
    read_rows,
)
from tsbench.importers.waveforms import ALL_SEGMENTS

_NAMES = re.compile(r'^\s*"?x-axis"?\s*,', re.IGNORECASE)
_UNITS = re.compile(r'^\s*"?second"?\s*,', re.IGNORECASE)


def is_table(head: bytes) -> bool:
    """Return whether the file begins with the two header rows, with the row of points per segment or without it."""
    return _begin(head_lines(head[:4096])) is not None


def _begin(lines: list[str]) -> int | None:
    """Return the position of the row of names."""
    places = (0, 1) if len(lines) > 2 else ()
    return next((k for k in places if _NAMES.match(lines[k]) and _UNITS.match(lines[k + 1])), None)


def read(path: Path, wanted: str | None) -> ForeignFile:
    """Read a CSV file; see :meth:`tsbench.importers.foreign.Importer.read`."""
    source = path.name
    with path.open("rb") as file:
        head = file.read(HEAD)
    lines = head_lines(head)
    begin = _begin(lines)
    if begin is None:
        raise damaged(source, "the header rows of a Keysight file are missing")
    names = [cell.strip().strip('"') for cell in lines[begin].split(",")]
    units = [cell.strip().strip('"') for cell in lines[begin + 1].split(",")]
    first = (lines[begin + 2] if len(lines) > begin + 2 else "").split(",")
    common = min(len(names), len(units), len(first))
    channels = [k for k in range(1, common) if units[k] and is_number(first[k])]
    if not channels:
        raise damaged(source, "no column of numbers follows the header")
    dropped = [names[k] or f"column {k + 1}" for k in range(1, common) if units[k] and k not in channels]
    encoding = encoding_of(head)
    rows, remarks = read_rows(path, encoding, begin + 2, (0, *channels), ",")
    if dropped:
        remarks = (*remarks, f"not read, because the first sample is not a number: {', '.join(dropped[:8])}")
    cells = [line.split(",")[0] for line in (*lines[begin + 2 : begin + 50][:-1], last_line(path, encoding))]
    per_segment = lines[0].split(",")[0].strip() if begin else ""
    size = count_of(per_segment) or rows.shape[0]
    segments = rows.shape[0] // size if 0 < size < rows.shape[0] else 1
    part, name = slice(None), ""
    if segments > 1:
        names_of = [ALL_SEGMENTS, *(f"segment {k}" for k in range(1, segments + 1))]
        name = choose(names_of, wanted, source)
        if name != ALL_SEGMENTS:
            number = names_of.index(name) - 1
            part = slice(number * size, (number + 1) * size)
    else:
        choose([""], wanted, source)
    times = rows[part, 0].copy()
    if name != ALL_SEGMENTS:
        times, said = even_times(times, cells, None, source)
        remarks = (*remarks, *said)
    columns = (ForeignColumn("x-axis", units[0], times, role="time"), *(
        ForeignColumn(names[k] or f"column {k + 1}", units[k], np.ascontiguousarray(rows[part, j]))
        for j, k in enumerate(channels, start=1)))
    breaks = tuple(size * k for k in range(1, segments)) if name == ALL_SEGMENTS else ()
    return ForeignFile("Keysight InfiniiVision", (ForeignTable(name, columns, {}, remarks, breaks=breaks),))
