"""CSV, TSV and text files of Infiniium oscilloscopes: header lines from "Revision" or "Type" to "Data", then the rows.

Layout: "Agilent Infiniium 90000 Series Oscilloscopes Programmer's Reference", section "CSV and TSV Header Format". The
rows hold the samples of each waveform, alone or behind their time.
"""

import re
from pathlib import Path

import numpy as np

from tsbench.errors import UnreadableFile
from tsbench.importers.faults import cut_off, damaged
from tsbench.importers.foreign import HEAD, ForeignColumn, ForeignFile, ForeignTable, choose
from tsbench.importers.number_rows import (
    encoding_of,
    even_times,
    head_lines,
    is_number,
    last_line,
    number_of,
    read_rows,
)

_SPLIT = re.compile(r"\s*[:,\t]\s*")
_NEEDED = ("type", "points", "xinc", "xorg")


def _facts(head: bytes) -> tuple[dict[str, list[str]], int | None]:
    """Return header name in lower case -> its cells, and the number of lines above the first row of numbers."""
    facts: dict[str, list[str]] = {}
    for number, line in enumerate(head_lines(head[:16384])):
        name, *cells = _SPLIT.split(line.strip().strip('"'), maxsplit=1)
        if name.lower() == "data":
            return facts, number + 1
        if number > 80:
            break
        facts.setdefault(name.lower().replace(" ", ""), [
            cell.strip().strip('"') for cell in re.split(r"[,\t]", cells[0])] if cells else [])
    return facts, None


def is_table(head: bytes) -> bool:
    """Return whether the file begins with Infiniium's header."""
    facts, begin = _facts(head)
    return begin is not None and all(name in facts for name in _NEEDED)


def read(path: Path, wanted: str | None) -> ForeignFile:
    """Read a text file; see :meth:`tsbench.importers.foreign.Importer.read`."""
    source = path.name
    with path.open("rb") as file:
        head = file.read(HEAD)
    facts, begin = _facts(head)
    lines = head_lines(head)
    choose([""], wanted, source)
    if begin is None or begin >= len(lines) or not lines[begin].strip():
        raise cut_off(source)
    if "segments" in facts:
        raise UnreadableFile(f"{source}: the file holds segments. Save it in the format .bin, which has their times")
    first = lines[begin]
    delimiter = next((mark for mark in (",", "\t") if mark in first), None)
    cells = [cell.strip() for cell in first.split(delimiter) if cell.strip()]
    if not all(map(is_number, cells)):
        raise damaged(source, f"line {begin + 1} is not a row of numbers")
    encoding = encoding_of(head)
    rows, remarks = read_rows(path, encoding, begin, range(len(cells)), delimiter)
    points, step, start = (number_of(facts[name][0]) if facts[name] else None for name in ("points", "xinc", "xorg"))
    if points is None or step is None or start is None or step <= 0:
        raise damaged(source, "the header gives no number of points or no time base")
    if rows.shape[0] < points:
        raise cut_off(source, f" (it declares {points:.0f} samples, but holds {rows.shape[0]})")
    units = facts.get("yunits", [])
    waveforms = max(len(units), 1)
    paired = rows.shape[1] > 1 and abs(rows[0, 0] - start) <= max(abs(step), 1e-6 * abs(start))
    position = np.arange(rows.shape[0], dtype=np.float64)
    times = start + step * position
    if paired:
        shown = (*lines[begin : begin + 50][:-1], last_line(path, encoding))
        times, said = even_times(
            rows[:, 0].copy(), [re.split(r"[,\t]|\s+", line.strip())[0] for line in shown], step, source)
        remarks = (*remarks, *said)
    names = facts.get("source", [])
    count = min(waveforms, rows.shape[1] - int(paired))
    named = [names[k] if k < len(names) and names[k] else f"waveform {k + 1}" for k in range(count)]
    columns = (ForeignColumn("time", (facts.get("xunits") or ["s"])[0] or "s", times, role="time"), *(
        ForeignColumn(named[k], units[k] if k < len(units) else "", np.ascontiguousarray(rows[:, k + int(paired)]))
        for k in range(count)))
    kept = {name: ", ".join(value) for name, value in facts.items() if value}
    return ForeignFile("Keysight Infiniium", (ForeignTable("", columns, kept, remarks),))
