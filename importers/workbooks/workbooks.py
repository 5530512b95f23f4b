"""Reads workbooks by the library Calamine: each sheet with rows of numbers is a table.

Calamine reads all four formats and runs no macro or formula: a formula gives the value that was stored with it.
"""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tsbench.errors import UnreadableFile
from tsbench.importers.arrays import LARGEST
from tsbench.importers.containers import names_in_zip
from tsbench.importers.foreign import ForeignFile, ForeignTable, Match, library
from tsbench.importers.grids import Cell, comma_sheet, notes_of_sheet, sheet_without_table, tables_of_grid
from tsbench.importers.workbooks.clarius import is_clarius, tables_of_clarius

_OLE = b"\xd0\xcf\x11\xe0"  #: of the formats before 2007
#: [bytes] of XML, which becomes several times as much in memory
_LARGEST_XML = LARGEST // 4


class Workbooks:
    """The importer of workbooks."""

    name = "workbooks"
    reads = "workbooks (.xlsx, .xlsm, .xls, .xlsb, .ods), also those of Keithley Clarius and 4200A-SCS"
    suffixes = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return FORMAT for a workbook."""
        names = names_in_zip(path, head)
        if any(name.startswith("xl/") for name in names) or ("content.xml" in names and "mimetype" in names):
            return Match.FORMAT
        return Match.FORMAT if head.startswith(_OLE) and path.suffix.lower() == ".xls" else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read all sheets; see :class:`tsbench.importers.foreign.Importer`."""
        sheets = _sheets(path)
        if is_clarius(sheets):
            tables, said = tables_of_clarius(sheets, table, path.name)
            return ForeignFile("a workbook of Keithley Clarius", tuple(tables), tuple(said))
        found: list[ForeignTable] = []
        said = []
        notes: list[tuple[str, str]] = []
        unread: list[str] = []
        for name, rows in sheets.items():
            more, lines = tables_of_grid(name, rows)
            found += more
            said += lines
            if not more:
                notes += notes_of_sheet(name, rows)
                unread += filter(None, [comma_sheet(name, rows) or sheet_without_table(name, rows)])
        if not found and unread:
            raise UnreadableFile(f"{path.name}: {unread[0]}")
        said += unread
        found = [replace(one, notes=(*one.notes, *notes)) for one in found]
        if len(found) == 1:
            found = [replace(found[0], name="")]
        return ForeignFile("a workbook", tuple(found), tuple(said))


def _sheets(path: Path) -> Mapping[str, Sequence[Sequence[Cell]]]:
    """Return the cells of each sheet.

    Raises
    ------
    ConfigurationError
        Calamine is not installed.
    UnreadableFile
        The file is damaged, protected by a password, or too large.
    """
    with library("python-calamine", path.name):
        import python_calamine

    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                size = sum(item.file_size for item in archive.infolist())
            if size > _LARGEST_XML:
                raise UnreadableFile(f"{path.name}: the workbook unpacks to {size / 2**30:.1f} GiB, but tsbench reads "
                                     f"at most {_LARGEST_XML / 2**30:.0f} GiB. Save the sheet as CSV")
        with python_calamine.CalamineWorkbook.from_path(str(path)) as book:
            cells = python_calamine.SheetTypeEnum.WorkSheet   # not a chart, a dialogue or a macro
            names = [sheet.name for sheet in book.sheets_metadata if sheet.typ == cells]
            return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in names}
    except python_calamine.PasswordError:
        raise UnreadableFile(
            f"{path.name}: the workbook is protected by a password. Save it without a password") from None
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError, ValueError, EOFError) as error:
        words = " ".join(str(error).split())[:120]
        raise UnreadableFile(f"{path.name}: the workbook is damaged ({words}). Use another copy") from None
