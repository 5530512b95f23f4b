r"""Reads the results of PyMeasure: the procedure and its parameters in comments, then a table.

Format: ``pymeasure.experiment.results.Results`` (0.16) writes ``#Procedure: <class>``, ``#Parameters:`` with one
``#\tname: value unit`` a line, optionally ``#Metadata:``, ``#Data:``, and a header in which a unit stands in brackets.
"""

import csv
import math
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tsbench.errors import ConfigurationError, UnreadableFile
from tsbench.importers.foreign import ForeignColumn, ForeignFile, ForeignTable, Match
from tsbench.importers.number_rows import encoding_of, ends_with_line, head_lines, hint_of_comma, is_number
from tsbench.quantities import parse_quantity

_HEAD = 1 << 16
_COMMENT = "#"
_COMPLIANCE = re.compile(r".*(compliance|current limit).*", re.IGNORECASE)


class PyMeasure:
    """The importer of PyMeasure's results."""

    name = "pymeasure"
    reads = "results of PyMeasure (.csv)"
    suffixes = (".csv",)

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return PROGRAM if the file begins with the procedure in a comment."""
        lines = head_lines(head)[:2]
        return Match.PROGRAM if len(lines) == 2 and lines[0].startswith("#Procedure: <") \
            and lines[1].startswith("#Parameters:") else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read the results; see :class:`tsbench.importers.foreign.Importer`."""
        with path.open("rb") as file:
            encoding = encoding_of(file.read(_HEAD))
        settings: dict[str, str] = {}
        notes: list[tuple[str, str]] = []
        with path.open(encoding=encoding, errors="replace", newline="") as text:
            above, header = 0, ""
            for line in text:
                above += 1
                if not line.startswith(_COMMENT):
                    header = line
                    break
                name, colon, value = line.lstrip(_COMMENT).partition(":")
                if colon and value.strip():
                    settings[name.strip()] = value.strip()
                elif name.strip():
                    notes.append((f"line {above}", line.strip()))
            delimiter = next((mark for mark in ",;\t" if mark in header), ",")
            names = next(csv.reader([header.strip("\r\n")], delimiter=delimiter), [])
            if not names:
                raise UnreadableFile(f"{path.name}: the results of PyMeasure have no data. Was the procedure stopped "
                                     "before its first measurement?")
            rows = list(csv.reader(text, delimiter=delimiter))
        cut = not ends_with_line(path) and bool(rows)   # PyMeasure ends each line
        columns, labels = _columns(rows[:-1] if cut and len(rows[-1]) == len(names) else rows, names, above, path.name)
        said = ("the file ends within its last line, which is left out",) if cut else ()
        return ForeignFile("results of PyMeasure", (ForeignTable(
            "", tuple(columns), settings, said, compliance=_compliance(settings), notes=tuple(notes), labels=labels),))


def _columns(
    rows: Iterable[list[str]], names: list[str], above: int, source: str
) -> tuple[list[ForeignColumn], dict[str, list[str]]]:
    """Return the columns that hold numbers, and those of texts (a time of day, the name of a device).

    Raises
    ------
    UnreadableFile
        A row has more or fewer cells than the header, or repeats it, or few cells of a column are no numbers.
    """
    cells: list[list[str]] = [[] for _ in names]
    lines: list[int] = []
    for k, row in enumerate(rows, start=above + 1):
        if not row or row[0].startswith(_COMMENT):
            continue
        if row == names:
            raise UnreadableFile(
                f"{source}: line {k} repeats the header, so the file holds the results of several measurements. Write "
                "each to a file of its own")
        if len(row) != len(names):
            raise UnreadableFile(
                f"{source}: line {k} has {len(row)} cells, but the header has {len(names)}. If the measurement was "
                "interrupted here, delete this line")
        lines.append(k)
        for column, cell in zip(cells, row, strict=True):
            column.append(cell)
    found = []
    labels = {}
    for name, column in zip(names, cells, strict=True):
        try:
            values = np.array([float(cell) if cell.strip() else np.nan for cell in column])
        except ValueError:
            wrong = [k for k, cell in enumerate(column) if cell.strip() and not is_number(cell)]
            if wrong and 2 * len(wrong) < len(column):
                cell = column[wrong[0]]
                raise UnreadableFile(
                    f"{source}: line {lines[wrong[0]]}: '{cell[:40]}' in column '{name}' is not a number."
                    f"{hint_of_comma(cell) or ' Delete the cell if the reading is not valid'}") from None
            labels[name.strip()] = column
            continue
        found.append(ForeignColumn(name.strip(), "", values))
    return found, labels


def _compliance(settings: dict[str, str]) -> float | None:
    """Return the limit of the current [A] among the parameters, None unless there is one with a unit of current."""
    found = []
    for name, value in settings.items():
        if _COMPLIANCE.fullmatch(name) and re.search(r"A$", value):
            try:
                found.append(parse_quantity(value, "A"))
            except ConfigurationError:
                continue
    # the same limit is often stated twice, as a parameter and by its name
    return found[0] if found and found[0] > 0 and all(math.isclose(one, found[0]) for one in found) else None
