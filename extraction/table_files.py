"""Files of others that hold a table as text: how they are opened, and a line for those that are something else."""

import codecs
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from tsbench.analysis.tables.table import Table, parse_table
from tsbench.errors import UnreadableFile

_HEAD = 1 << 16
_LONGEST_LINE = 1 << 20
_EXPORT = "open it in the program it came from and export the sheet as CSV"
#: first bytes -> what the file is, and what to do
_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (.xls)", _EXPORT),
    (b"MATLAB", "a MATLAB file (.mat)", "write its variables as CSV with writematrix"),
    (b"\x93NUMPY", "a NumPy array (.npy)", "write it as CSV with numpy.savetxt and a header that gives the units"),
    (b"PAR1", "a Parquet file", "write it as CSV"),
    (b"\x1f\x8b", "a compressed file (gzip)", "unpack it first"),
    (b"BZh", "a compressed file (bzip2)", "unpack it first"),
    (b"\xfd7zXZ", "a compressed file (xz)", "unpack it first"),
    (b"7z\xbc\xaf", "a compressed file (7-Zip)", "unpack it first"),
    (b"%PDF", "a PDF document", "analyse the file with the numbers instead"),
    (b"\x89PNG", "a picture (PNG)", "analyse the file with the numbers instead"),
    (b"\xff\xd8\xff", "a picture (JPEG)", "analyse the file with the numbers instead"),
    (b"SQLite format 3", "an SQLite database", "export the run as CSV"),
    (b"\x80\x04", "a Python pickle", "write its numbers as CSV"),
)
_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_table(path: Path, columns: Mapping[str, str] | None = None) -> Table:
    """Read a table file; see :func:`tsbench.analysis.tables.table.parse_table`.

    Raises
    ------
    ConfigurationError, UnreadableFile
        As there; UnreadableFile too where the file is a workbook or another binary file.
    OSError
        The file cannot be opened.
    """
    with path.open(encoding=_encoding(path), errors="replace", newline=None) as file:
        return parse_table(_lines(file, path.name), columns, source=path.name)


def _lines(file: TextIO, source: str) -> Iterator[str]:
    """Yield the lines of a file; UnreadableFile where one is longer than any table has."""
    for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), ""), start=1):
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
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _archive(path: Path) -> tuple[str, str]:
    """Return what a zip file is by what it holds, and what to do."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return "a damaged zip file or workbook", "copy it again"
    if any(name.startswith("xl/") for name in names):
        return "an Excel workbook (.xlsx)", _EXPORT
    if "content.xml" in names and "mimetype" in names:
        return "an OpenDocument spreadsheet (.ods)", _EXPORT
    if names and all(name.endswith(".npy") for name in names):
        return "a NumPy archive (.npz)", "write its arrays as CSV with numpy.savetxt and a header that gives the units"
    return "a zip archive", "unpack it first"
