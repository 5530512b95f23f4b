"""Files of other programs for scripts and notebooks: their columns by role in SI units."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tsbench.analysis.tables.column_roles import parse_columns
from tsbench.errors import ConfigurationError, nearest
from tsbench.extraction import table_files
from tsbench.extraction.tables import check_units
from tsbench.records import FloatArray


@dataclass(frozen=True)
class TableRead:
    """One table of a file: ``table["voltage"]`` is a column in SI units, shape (n,)."""

    name: str  #: "" where the file has only one table
    columns: Mapping[str, FloatArray]  #: role -> values [V], [A], [s]
    understood: str  #: which column was taken for what, with its unit
    remarks: tuple[str, ...] = ()  #: what the file leaves open, a line each

    def __getitem__(self, role: str) -> FloatArray:
        if role not in self.columns:
            raise ConfigurationError(f"table '{self.name}' has no column for '{role}'{nearest(role, self.columns)}")
        return self.columns[role]


def read_tables(
    path: Path | str, columns: str | Mapping[str, str] | None = None, table: str | None = None
) -> list[TableRead]:
    """Read a file of another program, in any format that ``tsbench analyse`` reads.

    Parameters
    ----------
    path : of the file
    columns : "role=name,…" or role -> name, a unit in brackets after the name; None: by the format and the header
    table : name of a table (a sheet, a run, a data set) or its number from 1; None: all

    Returns
    -------
    list
        The tables whose columns are clear. The extractors of ``tsbench.analysis`` take their columns.

    Raises
    ------
    ConfigurationError, UnreadableFile
        No table can be used, or the numbers contradict the units; one line with what to give.
    """
    path = Path(path)
    named = parse_columns(columns) if isinstance(columns, str) else columns
    read = table_files.read_tables(path, named, table)
    found = []
    for one in read.tables:
        check_units(one.table, path)
        found.append(TableRead(
            one.name, one.table.columns, one.table.described(), (*one.remarks, *one.table.doubts, *read.problems)))
    return found
