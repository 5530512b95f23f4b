r"""Reads the results of PyMeasure: the procedure and its parameters in comments, then a table.

Format: ``pymeasure.experiment.results.Results`` (0.16) writes ``#Procedure: <class>``, ``#Parameters:`` with one
``#\tname: value unit`` a line, optionally ``#Metadata:``, ``#Data:``, and a header in which a unit stands in brackets.
"""

import csv
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tsbench.errors import ConfigurationError, UnreadableFile
from tsbench.importers.foreign import ForeignColumn, ForeignFile, ForeignTable, Match
from tsbench.importers.number_rows import encoding_of, head_lines
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
            delimiter = next((mark for mark in ",;\t" if mark in header), ",")
            names = next(csv.reader([header.strip("\r\n")], delimiter=delimiter), [])
            if not names:
                raise UnreadableFile(f"{path.name}: the results of PyMeasure have no data. Was the procedure stopped "
                                     "before its first measurement?")
            columns = _columns(csv.reader(text, delimiter=delimiter), names, above, path.name)
        return ForeignFile("results of PyMeasure", (ForeignTable(
            "", tuple(columns), settings, compliance=_compliance(settings)),))


def _columns(rows: Iterable[list[str]], names: list[str], above: int, source: str) -> list[ForeignColumn]:
    """Return the columns that hold numbers; a column of texts (a time of day) is left out.

    Raises
    ------
    UnreadableFile
        A row has more or fewer cells than the header.
    """
    cells: list[list[str]] = [[] for _ in names]
    for k, row in enumerate(rows, start=above + 1):
        if not row or row[0].startswith(_COMMENT):
            continue
        if len(row) != len(names):
            raise UnreadableFile(
                f"{source}: line {k} has {len(row)} cells, but the header has {len(names)}. If the measurement was "
                "interrupted here, delete this line")
        for column, cell in zip(cells, row, strict=True):
            column.append(cell)
    found = []
    for name, column in zip(names, cells, strict=True):
        try:
            values = np.array([float(cell) if cell.strip() else np.nan for cell in column])
        except ValueError:
            continue
        found.append(ForeignColumn(name.strip(), "", values))
    return found


def _compliance(settings: dict[str, str]) -> float | None:
    """Return the limit of the current [A] among the parameters, None unless there is one with a unit of current."""
    found = []
    for name, value in settings.items():
        if _COMPLIANCE.fullmatch(name) and re.search(r"A$", value):
            try:
                found.append(parse_quantity(value, "A"))
            except ConfigurationError:
                continue
    return found[0] if len(found) == 1 and found[0] > 0 else None
