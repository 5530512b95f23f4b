"""Text files of Keithley Clarius and KTEI (4200): the sheet of a run, and its settings in the same file.

No public csv export of Clarius with settings was found. The layout of the settings is that of the sheet "Settings" of
the workbooks (``clarius``), which Clarius and its predecessor KTEI fill alike: programs of others read the sheets
"Data" (or "Run1"), "Calc" and "Settings", with the keys in the first column ("Test Name", "Device Terminal").
A file without settings is a text table: it states neither units nor compliance.
"""

import csv
import re
from pathlib import Path

from tsbench.errors import UnreadableFile
from tsbench.importers.foreign import ForeignFile, Match
from tsbench.importers.grids import longest_block
from tsbench.importers.number_rows import encoding_of, ends_with_line, head_lines
from tsbench.importers.workbooks.clarius import read_settings, tables_of_clarius

_HEAD = 1 << 16
_LARGEST = 1 << 28  #: [bytes] of a file that is read as a whole
_MARK = re.compile(r'^"?Device Terminal"?\s*([,;\t])', re.MULTILINE)
_COMMA = re.compile(r"[-+]?\d*,\d+([eE][-+]?\d+)?")
_POINT = re.compile(r"[-+]?\d*\.\d+([eE][-+]?\d+)?")


class ClariusText:
    """The importer of text files of Clarius with settings."""

    name = "clarius"
    reads = "text exports of Keithley Clarius and KTEI with settings (.csv, .txt)"
    suffixes = (".csv", ".txt")

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return PROGRAM if a line of the settings names the terminals, at the beginning or the end of the file."""
        if not head_lines(head):
            return Match.NO
        text = head.decode(encoding_of(head), errors="replace")
        try:
            return Match.PROGRAM if _MARK.search(text) or _MARK.search(_tail(path, head)) else Match.NO
        except OSError:
            return Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read the runs; see :class:`tsbench.importers.foreign.Importer`."""
        if path.stat().st_size > _LARGEST:
            raise UnreadableFile(f"{path.name}: the file is larger than {_LARGEST / 2**20:.0f} MiB. Save the run as a "
                                 "workbook")
        raw = path.read_bytes()
        text = raw.decode(encoding_of(raw[:_HEAD]), errors="replace").removeprefix("\ufeff")
        found = _MARK.search(text.replace("\r\n", "\n").replace("\r", "\n"))
        delimiter = found[1] if found else ","
        rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines(), delimiter=delimiter)]
        if delimiter != "," and (cells := [cell for row in rows for cell in row]) and any(
                map(_COMMA.fullmatch, cells)) and not any(map(_POINT.fullmatch, cells)):
            rows = [[cell.replace(",", ".") if _COMMA.fullmatch(cell) else cell for cell in row] for row in rows]
        block = longest_block(rows)
        if block is None:
            raise UnreadableFile(f"{path.name}: the export of Clarius has no rows of numbers")
        first = max(block.first - 1, 0)
        settings = [*rows[:first], *rows[block.last :]]
        cut = not any(any(row) for row in rows[block.last :]) and not ends_with_line(path)
        said = ("the file ends without the end of a line, so its last number may be cut off",) if cut else ()
        names = [name for name in read_settings(settings) if name]
        run = names[0] if len(names) == 1 else "Data"
        tables, lines = tables_of_clarius({run: rows[first : block.last], "Settings": settings}, table, path.name)
        return ForeignFile("an export of Keithley Clarius", tuple(tables), (*said, *lines))


def _tail(path: Path, head: bytes) -> str:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - _HEAD, 0) & ~1)
        return file.read().decode(encoding_of(head), errors="replace").replace("\r\n", "\n").replace("\r", "\n")
