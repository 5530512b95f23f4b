"""Files of other programs to tables: by an importer where one fits, else as text; a line for those that are neither."""

import codecs
import zipfile
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from tsbench.analysis.tables.column_doubts import of_unlike_terminals
from tsbench.analysis.tables.column_roles import each_of
from tsbench.analysis.tables.device_columns import separated, unused_line
from tsbench.analysis.tables.table import Table, parse_table
from tsbench.errors import ConfigurationError, TsbenchError, UnreadableFile
from tsbench.extraction.foreign_tables import table_of
from tsbench.extraction.pickles import is_pickle, way_round
from tsbench.importers.foreign import choose
from tsbench.importers.registry import importer_of

_HEAD = 1 << 16
_LONGEST_LINE = 1 << 20
#: a last line without an end is cut off if it is this many characters shorter than each of so many lines before it
_SHORTER, _COMPARED = 3, 3
_CLASSIC = ("a netCDF file of the classic format (netCDF-3)",
            "write it as netCDF-4, for example in Python: import xarray; xarray.open_dataset('old.nc').to_netcdf("
            "'new.nc', format='NETCDF4')")
#: first bytes -> what the file is, and what to do
_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", "if it is a run file of tsbench, read it with tsbench.read_run"),
    (b"\xd0\xcf\x11\xe0", "a document of Microsoft Office", "if it is a workbook, name it .xls"),
    (b"MATLAB", "a MATLAB file (.mat)", "write its variables as CSV with writematrix"),
    (b"PAR1", "a Parquet file", "write it as CSV"),
    (b"\x1f\x8b", "a compressed file (gzip)", "unpack it first"),
    (b"BZh", "a compressed file (bzip2)", "unpack it first"),
    (b"\xfd7zXZ", "a compressed file (xz)", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a compressed file (zstd)", "unpack it first"),
    (b"CDF\x01", *_CLASSIC), (b"CDF\x02", *_CLASSIC), (b"CDF\x05", *_CLASSIC),
    (b"7z\xbc\xaf", "a compressed file (7-Zip)", "unpack it first"),
    (b"%PDF", "a PDF document", "analyse the file with the numbers instead"),
    (b"\x89PNG", "a picture (PNG)", "analyse the file with the numbers instead"),
    (b"\xff\xd8\xff", "a picture (JPEG)", "analyse the file with the numbers instead"),
    (b"SQLite format 3", "an SQLite database",
     "if QCoDeS wrote it, it is damaged, so use another copy. From another database, export the table as CSV"),
)
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class NamedTable:
    """One table of a file."""

    name: str  #: "" where the file has only one
    table: Table
    program: str = ""  #: that wrote the file, "" for a text table
    remarks: tuple[str, ...] = ()  #: of the file, a line each


@dataclass(frozen=True)
class TablesRead:
    """The tables of one file, and a line for each that cannot be used."""

    tables: list[NamedTable]
    problems: list[str]


def read_tables(path: Path, columns: Mapping[str, str] | None = None, wanted: str | None = None) -> TablesRead:
    """Read all tables of a file, or the wanted one.

    Parameters
    ----------
    path : of the file
    columns : role -> name of the column, a unit in brackets after it; None: by the format and the header
    wanted : name of a table or its number from 1; None: all

    Raises
    ------
    ConfigurationError, UnreadableFile
        No table can be used: what is wrong with the first one. With several tables, those that cannot be used are
        among ``problems``, and the others are read.
    OSError
        The file cannot be opened.
    """
    importer = importer_of(path)
    if importer is None:
        return TablesRead(_wanted(list(_text_tables(path, columns)), wanted, path.name), [])
    file = importer.read(path, wanted)
    if not file.tables:
        raise UnreadableFile(f"{path.name} is {file.program}, but it has no table of numbers"
                             f"{'. ' + '. '.join(file.remarks) if file.remarks else ''}")
    names = [table.name for table in file.tables]
    tables = file.tables if wanted is None or len(names) == 1 else [
        file.tables[names.index(choose(names, wanted, path.name))]]
    read: list[NamedTable] = []
    problems: list[str] = []
    first: TsbenchError | None = None
    for table in tables:
        source = f"{path.name}, table '{table.name}'" if len(tables) > 1 else path.name
        for label, one in each_of(columns):
            try:
                read += [
                    NamedTable(", ".join(filter(None, (table.name, label, part))), _with_unused(rows, label),
                               file.program, file.remarks)
                    for part, rows in separated(_with_terminals(table_of(table, one, source)))]
            except (ConfigurationError, UnreadableFile) as error:
                first = first or error
                problems.append(str(error))
    if not read and first is not None:
        raise first
    if wanted is not None and len(names) == 1 and len(read) > 1:   # the devices or temperatures of one table
        parts = [one.name for one in read]
        if not names[0] or wanted in parts:
            read = [read[parts.index(choose(parts, wanted, path.name))]]
    return TablesRead(read, problems)


def _text_tables(path: Path, columns: Mapping[str, str] | None) -> Iterator[NamedTable]:
    """Yield the tables of a text file: one for each column of a range, device and temperature."""
    for label, one in each_of(columns):
        for part, rows in separated(_with_terminals(read_table(path, one))):
            yield NamedTable(", ".join(filter(None, (label, part))), _with_unused(rows, label))


def _wanted(tables: list[NamedTable], wanted: str | None, source: str) -> list[NamedTable]:
    if wanted is None:
        return tables
    if len(tables) == 1:
        raise ConfigurationError(f"{source}: this file is one text table, so --table {wanted[:60]} cannot be used with "
                                 "it")
    chosen = choose([one.name for one in tables], wanted, source)
    return [one for one in tables if one.name == chosen]


def _with_terminals(table: Table) -> Table:
    """Return a table with a line about a voltage and a current of different terminals, which the user named."""
    said = of_unlike_terminals({role: column.name for role, column in table.read.items()})
    return replace(table, doubts=(*said, *table.doubts))


def _with_unused(table: Table, label: str) -> Table:
    """Return a table with a line about the columns without a role; not where several are taken one by one."""
    return table if label else replace(table, doubts=(*table.doubts, *unused_line(table.unused)))


def read_table(path: Path, columns: Mapping[str, str] | None = None) -> Table:
    """Read a text table; see :func:`tsbench.analysis.tables.table.parse_table`.

    Raises
    ------
    ConfigurationError, UnreadableFile
        As there; UnreadableFile too where the file is a workbook or another binary file.
    OSError
        The file cannot be opened.
    """
    cut: list[str] = []
    with path.open(encoding=_encoding(path), errors="replace", newline="") as file:
        table = parse_table(_whole(_lines(file, path.name), cut), columns, source=path.name)
    said = [f"the last line ('{line[:40]}') has no end and is shorter than those before it. The file may be cut off, "
            "so this line is left out" for line in cut]
    return replace(table, doubts=(*said, *table.doubts))


def _whole(lines: Iterator[str], cut: list[str]) -> Iterator[str]:
    """Yield the lines of a table but a last one that is cut off, which is added to ``cut``.

    A file may end without the end of a line. A number that is cut off is shorter than those before it.
    """
    before: deque[int] = deque(maxlen=_COMPARED)
    for line in lines:
        text = line.replace("\u2212", "-")   # the minus sign of typesetting
        length = len(text.rstrip())
        if text[-1:] not in "\r\n" and len(before) == _COMPARED and length < min(before) - _SHORTER:
            cut.append(text)
            return
        before.append(length)
        yield text


def _lines(file: TextIO, source: str) -> Iterator[str]:
    """Yield the lines of a file, opened with ``newline=""``; UnreadableFile where one is longer than any table has."""
    before, number = "", 0
    for line in iter(lambda: file.readline(_LONGEST_LINE), ""):
        if line == "\r\n" and before.endswith("\r"):
            continue   # CR CR LF: one end of a line, as an editor counts
        before, number = line, number + 1
        if len(line) == _LONGEST_LINE:
            raise UnreadableFile(f"{source}: line {number} has more than {_LONGEST_LINE} characters, so the file is "
                                 "not a text table")
        yield line


def _encoding(path: Path) -> str:
    """Return how the text is encoded; what is not UTF-8 is taken for Windows' Western European one.

    Raises
    ------
    UnreadableFile
        The file is binary: what it is and what to do.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if is_pickle(path, head):
        raise UnreadableFile(way_round(path))
    for signature, what, advice in _SIGNATURES:
        if head.startswith(signature):
            raise UnreadableFile(f"{path.name} is {what}, not a text table. {advice[0].upper()}{advice[1:]}")
    if head.startswith(b"PK\x03\x04"):
        what, advice = _archive(path)
        raise UnreadableFile(f"{path.name} is {what}, not a text table. {advice[0].upper()}{advice[1:]}")
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        raise UnreadableFile(
            f"{path.name} is a binary file of an unknown kind, not a text table. Export the numbers as CSV")
    if head.removeprefix(codecs.BOM_UTF8).startswith(b"LabVIEW Measurement"):
        raise UnreadableFile(
            f"{path.name} is a measurement file of LabVIEW. tsbench does not read its header. Delete all lines above "
            "the one that begins with X_Value, and write the units of Y_Unit_Label behind the names, for example "
            "Voltage [V]")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _archive(path: Path) -> tuple[str, str]:
    """Return what a zip file is by what it holds, and what to do."""
    try:
        with zipfile.ZipFile(path) as archive:
            archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return "a damaged zip file or workbook", "use another copy"
    return "a zip archive", "unpack it first"
