"""Text files of LeCroy oscilloscopes (.csv, .txt, .dat): instrument, segments, then time and amplitude.

Layout: Teledyne LeCroy, "MAUI Oscilloscopes Remote Control and Automation Manual", "Save waveforms as ASCII"; the files
of the oscilloscope begin with ``LECROYWR640Zi,12345,Waveform``. The unit of the amplitude is not in the file.
"""

import re
from pathlib import Path

import numpy as np

from tsbench.importers.faults import cut_off, damaged
from tsbench.importers.foreign import HEAD, ForeignColumn, ForeignFile, ForeignTable, choose
from tsbench.importers.number_rows import count_of, encoding_of, even_times, head_lines, last_line, read_rows
from tsbench.importers.waveforms import ALL_SEGMENTS
from tsbench.records import FloatArray

_FIRST = re.compile(r'^"?LECROY[^,;\t]*([,;\t ])', re.IGNORECASE)


def is_text(head: bytes) -> bool:
    """Return whether the file begins as LeCroy's text files do."""
    lines = head_lines(head[:4096])
    return bool(lines) and bool(_FIRST.match(lines[0])) and any(line.startswith("Segments") for line in lines[1:4])


def read(path: Path, wanted: str | None) -> ForeignFile:
    """Read a text file; see :meth:`tsbench.importers.foreign.Importer.read`."""
    source = path.name
    with path.open("rb") as file:
        head = file.read(HEAD * 16)
    lines = head_lines(head)
    first = _FIRST.match(lines[0])
    mark = first[1] if first else ","
    delimiter = None if mark == " " else mark
    cells = [[cell.strip() for cell in line.split(delimiter)] for line in lines]
    facts = cells[1]
    segments, size = (count_of(facts[k]) if len(facts) > 3 else None for k in (1, 3))
    if segments is None or size is None:
        raise damaged(source, "line 2 does not give the number and the size of the segments")
    begin = next((k for k, row in enumerate(cells) if row[0].lower() == "time"), None)
    if begin is None or begin + 1 >= len(lines):
        raise cut_off(source)
    comma = mark == ";" and "," in lines[begin + 1]
    encoding = encoding_of(head)
    rows, remarks = read_rows(path, encoding, begin + 1, (0, 1), delimiter, comma=comma)
    if rows.shape[0] < segments * size:
        raise cut_off(source, f" (it declares {segments * size} samples, but holds {rows.shape[0]})")
    program = f"LeCroy {cells[0][0].strip(chr(34))[6:]}".strip()
    amplitude = cells[begin][1] if len(cells[begin]) > 1 else "Ampl"
    settings = {"instrument": cells[0][0], "segments": str(segments), "segment size": str(size)}
    tail = last_line(path, encoding).split(delimiter)[:1]
    printed = [row[0].replace(",", ".") if comma else row[0] for row in (*cells[begin + 1 : begin + 50][:-1], tail)]
    if segments <= 1:
        times, said = even_times(rows[:, 0], printed, None, source)
        columns = (ForeignColumn("time", "s", times, role="time"), ForeignColumn(amplitude, "", rows[:, 1].copy()))
        choose([""], wanted, source)
        return ForeignFile(program, (ForeignTable("", columns, settings, (*remarks, *said)),))
    names = [ALL_SEGMENTS, *(f"segment {k}" for k in range(1, segments + 1))]
    name = choose(names, wanted, source)
    if name == ALL_SEGMENTS:
        offsets = np.repeat(_trigger_times(cells[:begin], segments, source), size)
        times, values = rows[: segments * size, 0] + offsets, rows[: segments * size, 1]
    else:
        part = slice(size * (names.index(name) - 1), size * names.index(name))
        times, said = even_times(rows[part, 0], printed, None, source)
        remarks, values = (*remarks, *said), rows[part, 1]
    columns = (ForeignColumn("time", "s", times, role="time"), ForeignColumn(amplitude, "", values.copy()))
    breaks = tuple(size * k for k in range(1, segments)) if name == ALL_SEGMENTS else ()
    return ForeignFile(program, (ForeignTable(name, columns, settings, remarks, breaks=breaks),))


def _trigger_times(above: list[list[str]], segments: int, source: str) -> FloatArray:
    """Return the times of the triggers since the first one [s], from the rows "#1,date,time since segment 1"."""
    found = [row[-1].replace(",", ".") for row in above if row[0].startswith("#")]
    if len(found) < segments:
        raise cut_off(source)
    try:
        return np.array([float(cell) for cell in found[:segments]])
    except ValueError:
        raise damaged(source, "the times of the segments are not numbers") from None
