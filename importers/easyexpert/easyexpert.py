"""Reads the two text exports of EasyEXPERT: one of rows with a keyword each, one of settings above a plain table.

The first export (of the group of results) writes each line as ``keyword, cells``: ``SetupTitle``, ``TestParameter``,
``MetaData``, ``DataName`` and one ``DataValue`` for each reading. The second (of one result) writes ``Setup title``,
the same parameters without a keyword, and below ``AutoAnalysis.Marker.Data.StartCondition`` a header and rows. Both
hold the parameters ``Channel.*``: names, modes and functions of the channels. All values are in SI units.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tsbench.errors import UnreadableFile
from tsbench.importers.cycles import joined_cycles
from tsbench.importers.foreign import ForeignColumn, ForeignFile, ForeignTable, Match
from tsbench.importers.number_rows import encoding_of, ends_with_line, head_lines, hint_of_comma
from tsbench.records import FloatArray

_HEAD = 1 << 16
_PLAIN_BEGIN = "AutoAnalysis.Marker.Data.StartCondition"
_FIRST = re.compile(r"\ufeff?\s*\"?Setup ?Title\"?\s*([,;\t])", re.IGNORECASE)
_SWEPT = "VAR1"
#: a number that cannot go on: behind the exponent with two digits comes no other character
_WITH_EXPONENT = re.compile(r"[-+]?\d+(\.\d+)?[eE][-+]?\d\d")
#: parameters that two results of one test share
_SAME = ("Measurement.Primary.Start", "Measurement.Primary.Stop", "Measurement.Primary.Step",
         "Measurement.Primary.Compliance", "Measurement.Primary.Locus")


@dataclass
class EasyExpertResult:
    """One result while it is read: its parameters, the names of its columns and its rows."""

    title: str
    parameters: dict[str, list[str]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    first_line: int = 0

    def text(self, name: str) -> str:
        """Return the first cell of a parameter, "" where it is not there."""
        return next(iter(self.parameters.get(name, ())), "")


class EasyExpert:
    """The importer of the text exports of EasyEXPERT."""

    name = "easyexpert"
    reads = "text exports of Keysight EasyEXPERT (.csv, .txt)"
    suffixes = (".csv", ".txt")

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return PROGRAM if the first line that is not blank is that of a setup, and its keywords follow."""
        lines = [line for line in head_lines(head) if line.strip()]
        if not lines or not _FIRST.match(lines[0]):
            return Match.NO
        marks = ("PrimitiveTest", "TestParameter", "ApplicationTest", "Classic test name", "Application test name")
        return Match.PROGRAM if any(line.lstrip('" ').startswith(marks) for line in lines[:20]) else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read all results of a file; see :class:`tsbench.importers.foreign.Importer`."""
        results = list(_results(path))
        remarks = _without_cut_row(path, results[-1]) if results else ()
        made = [(result, _table(result, path.name)) for result in results if result.rows]
        if not made:
            raise UnreadableFile(f"{path.name}: the export of EasyEXPERT has no readings. Was the test aborted? Export "
                                 "a result with data")
        if len(made) == 1:
            return ForeignFile("an export of EasyEXPERT", (replace(made[0][1], name=""),), remarks)
        tables = [replace(one, name=f"{k}: {result.title}") for k, (result, one) in enumerate(made, start=1)]
        if table is None and _are_cycles(made):
            said = (f"{len(tables)} results of '{results[0].title}' with the same settings are read as the cycles of "
                    f"one sweep. For one of them, use --table \"{tables[-1].name}\"")
            return ForeignFile("an export of EasyEXPERT", (joined_cycles(tables, "", said),), remarks)
        return ForeignFile("an export of EasyEXPERT", tuple(tables), remarks)


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of each line that is not blank."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    first = next((found for line in head_lines(head) if (found := _FIRST.match(line))), None)
    delimiter = first[1] if first else ","
    with path.open(encoding=encoding_of(head), errors="replace", newline=None) as text:
        for number, line in enumerate(text, start=1):
            if line.strip():
                cells = next(csv.reader([line.strip("\r\n\ufeff")], delimiter=delimiter, skipinitialspace=True))
                yield number, [cell.strip() for cell in cells]


def _results(path: Path) -> Iterator[EasyExpertResult]:
    """Yield each result of a file."""
    current: EasyExpertResult | None = None
    plain = 0   # 1: the header of the plain table comes next; 2: its rows
    for number, cells in _lines(path):
        key, rest = cells[0], cells[1:]
        if key.replace(" ", "").lower() == "setuptitle":
            if current is not None:
                yield current
            current, plain = EasyExpertResult(rest[0] if rest else ""), 0
        elif current is None:
            continue
        elif key == "DataName":
            current.names, current.first_line = rest, number + 1
        elif key == "DataValue":
            current.rows.append(rest)
        elif key in ("TestParameter", "MetaData", "AnalysisSetup", "Dimension1", "Dimension2"):
            name, values = (key, rest) if key.startswith("Dimension") else (rest[0] if rest else "", rest[1:])
            current.parameters[name] = values
        elif plain == 1:
            current.names, current.first_line, plain = [cell for cell in cells if cell], number + 1, 2
        elif plain == 2:
            current.rows.append(cells)
        else:
            current.parameters[key] = rest
            plain = 1 if key == _PLAIN_BEGIN else 0
    if current is not None:
        yield current


def _table(result: EasyExpertResult, source: str) -> ForeignTable:
    """Return the table of one result.

    Raises
    ------
    UnreadableFile
        A cell is no number, or a row ends early.
    """
    values = np.full((len(result.rows), len(result.names)), np.nan)
    for k, row in enumerate(result.rows):
        if len(row) < len(result.names):
            raise UnreadableFile(
                f"{source}: line {result.first_line + k} has {len(row)} values, but the export has {len(result.names)} "
                "columns. Export the result again")
        for position, cell in enumerate(row[: len(result.names)]):
            if cell:
                try:
                    values[k, position] = float(cell)
                except ValueError:
                    raise UnreadableFile(
                        f"{source}: line {result.first_line + k}: '{cell[:40]}' in column '{result.names[position]}' "
                        f"is not a number.{hint_of_comma(cell) or ' Export the result again'}") from None
    swept, compliance = _swept(result)
    named = {**dict.fromkeys(result.parameters.get("Channel.VName", ()), "V"),
             **dict.fromkeys(result.parameters.get("Channel.IName", ()), "A")}
    columns = [
        ForeignColumn(name, named.get(name, "s" if name.lower() == "time" else ""), np.ascontiguousarray(values[:, k]),
                      role=swept.get(name, ""))
        for k, name in enumerate(result.names)]
    remarks: tuple[str, ...] = ()
    if (traces := _traces(result, values.shape[0])) is not None:
        columns.append(ForeignColumn("trace", "", traces, role="cycle"))
        remarks = (f"the result has {int(traces[-1])} traces of the secondary sweep, which are read as cycles",)
    if (expected := _announced(result)) is not None and expected != values.shape[0]:
        remarks = (*remarks, f"the export announces {expected} readings of '{result.title}', but holds "
                             f"{values.shape[0]}. It is incomplete")
    settings = {name: ", ".join(cells) for name, cells in result.parameters.items() if any(cells)}
    return ForeignTable(result.title, tuple(columns), {"SetupTitle": result.title, **settings}, remarks, compliance)


def _without_cut_row(path: Path, result: EasyExpertResult) -> tuple[str, ...]:
    """Take off the last row where the file ends within it, and say so: its last number may have lost digits.

    If the row has all cells, and the export announces as many rows, only the end of the line is missing. Then the row
    is kept. Its last number is kept only if it ends with an exponent of two digits: any other number may go on.
    """
    if not result.rows or ends_with_line(path):
        return ()
    if len(result.rows) != _announced(result) or len(result.rows[-1]) < len(result.names):
        result.rows.pop()
        return ("the file ends within its last line, which is left out",)
    last = result.rows[-1]
    if _WITH_EXPONENT.fullmatch(last[-1]):
        return ()
    if not last[-1]:
        return ("the file ends before the last number of its last line",)
    cut, last[-1] = last[-1], ""
    return (f"the file ends behind {cut[:40]} without the end of a line. Digits may be missing, so this number is left "
            "out",)


def _announced(result: EasyExpertResult) -> int | None:
    """Return the number of readings that the export announces, None where it does not."""
    try:
        first, second = (int(result.text(f"Dimension{k}")) for k in (1, 2))
    except ValueError:
        return None
    return first * second if first > 0 and second > 0 else None


def _swept(result: EasyExpertResult) -> tuple[Mapping[str, str], float | None]:
    """Return column -> role of the channel that is swept, and the compliance [A] of this channel."""
    functions = result.parameters.get("Channel.Func", [])
    if functions.count(_SWEPT) != 1:
        return {}, None
    k = functions.index(_SWEPT)
    names = [result.parameters.get(f"Channel.{letter}Name", []) for letter in "VI"]
    if any(k >= len(one) or one[k] not in result.names for one in names):
        return {}, None
    roles = {names[0][k]: "voltage", names[1][k]: "current"}
    if "Time" in result.names:
        roles["Time"] = "time"
    mode = result.parameters.get("Channel.Mode", [])
    try:
        limit = abs(float(result.text("Measurement.Primary.Compliance")))
    except ValueError:
        return roles, None
    return roles, limit if k < len(mode) and mode[k] == "V" and limit > 0 else None


def _traces(result: EasyExpertResult, rows: int) -> FloatArray | None:
    """Return the number of the trace of each row, None for a result with one trace."""
    try:
        first, second = (int(result.text(f"Dimension{k}")) for k in (1, 2))
    except ValueError:
        return None
    return None if second < 2 or first < 2 or first * second != rows else np.repeat(np.arange(1.0, second + 1.0), first)


def _are_cycles(made: Sequence[tuple[EasyExpertResult, ForeignTable]]) -> bool:
    """Return whether all results are of one test with the same settings and columns, each with one trace."""
    first, table = made[0]
    return all(
        result.title == first.title and result.names == first.names
        and not any(column.role == "cycle" for column in one.columns)
        and any(column.role == "voltage" for column in table.columns)
        and all(result.parameters.get(name) == first.parameters.get(name) for name in _SAME) for result, one in made)
