"""What an importer is, and what it returns: tables of named columns as the other program wrote them.

An importer only reads. It does not decide what a column means: names, units and values are those of the file, without
a conversion. ``tsbench.extraction`` finds the roles and units by the same rules as for text tables, prints what it
understood, and asks where there is a doubt.

A new importer is a folder in ``importers/`` whose ``__init__.py`` sets ``IMPORTERS`` to a tuple of objects with the
members of :class:`Importer`. A library that only one format needs is imported within ``read``, in a
``with`` block of :func:`library`, so that the other formats are read without it.
"""

import contextlib
import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from tsbench.errors import ConfigurationError, nearest
from tsbench.records import FloatArray

#: [bytes] at the beginning of a file that ``recognises`` is given
HEAD = 1 << 16
#: names of tables that a question lists
_MOST_LISTED = 20


class Match(enum.IntEnum):
    """How well a file fits an importer. The importer with the best match reads the file."""

    NO = 0
    FORMAT = 1  #: the general format: a workbook, a MATLAB file
    PROGRAM = 2  #: the marks of one program in it: a workbook of Clarius


@dataclass(frozen=True)
class ForeignColumn:
    """One column as it is in the file."""

    name: str  #: as in the file; "" where the file gives none
    unit: str  #: as written in the file; "" where the file gives none
    values: FloatArray  #: in ``unit``, shape (n,); NaN for a blank cell or a reading that the program marks as invalid
    #: what the format itself states: "voltage", "current", "time", "level", "sweep" or "cycle"; "": only by the name
    role: str = ""
    #: a reading at or beyond these limits is clipped, in ``unit``; None: not known
    clip_low: float | None = None
    clip_high: float | None = None
    calculated: bool = False  #: by a formula of the program from other columns; it is chosen only by its name


@dataclass(frozen=True)
class ForeignTable:
    """One table: a sheet, a data set, a run, a record of an oscilloscope."""

    name: str  #: unique in its file; "" if the file has only one table
    columns: tuple[ForeignColumn, ...]  #: all of the same length
    settings: Mapping[str, str] = field(default_factory=dict)  #: as in the file: name -> value
    #: what a user must know of this table, a line each: "2 of 4 sheets are empty", "the record is decimated"
    remarks: tuple[str, ...] = ()
    #: [A] the source meter limits the current here; None: not known
    compliance: float | None = None
    #: what the format leaves open, and which option answers it. It is asked unless the user names the columns
    question: str = ""
    #: first row of each further segment, where a record has several with gaps of time between them
    breaks: tuple[int, ...] = ()
    #: what stands beside the numbers and may name a unit, as (where, text): ("row 1", "voltages in mV"). The settings
    #: are looked at as well
    notes: tuple[tuple[str, str], ...] = ()
    #: columns of texts by their names, one text for each row: the device, the unit of the readings
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len({column.values.shape for column in self.columns}) > 1 or any(c.values.ndim != 1 for c in self.columns):
            raise ValueError(f"the columns of table '{self.name}' do not have the same length")

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return self.columns[0].values.size if self.columns else 0


@dataclass(frozen=True)
class ForeignFile:
    """The tables of one file."""

    program: str  #: that wrote it, as messages call it: "Keithley Clarius", "a MATLAB file"
    tables: tuple[ForeignTable, ...]
    remarks: tuple[str, ...] = ()  #: what a user must know of the file, a line each


@runtime_checkable
class Importer(Protocol):
    """Reads one family of formats."""

    name: str  #: short, lower case: "clarius"
    reads: str  #: in words, for the list of formats: "workbooks of Keithley Clarius (.xlsx, .xls)"
    suffixes: tuple[str, ...]  #: of the files that a folder is searched for, lower case with the dot

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return how well a file fits, by its first :data:`HEAD` bytes; it may open the file where these do not tell.

        It raises nothing: a damaged file is a match if its beginning is one, and ``read`` reports the damage.
        """

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read a file.

        Parameters
        ----------
        path : of the file
        table : name of the table that is wanted; None: all. A format whose tables are large or are different
            measurements (a database) reads only the wanted one, and asks by :func:`choose` if there are several

        Raises
        ------
        ConfigurationError
            No table has this name, or a question that the option ``--table`` or ``--columns`` answers.
        UnreadableFile
            The file is damaged, or a library is missing; one line with the next step.
        """


def choose(names: Sequence[str], wanted: str | None, source: str, said: Iterable[str] = ()) -> str:
    """Return the name of the table that is meant: the wanted one, or the only one.

    Parameters
    ----------
    names : of the tables in the file
    wanted : by the user, a name or its number from 1; None: not given
    source : the name of the file, for messages
    said : for each table, what the question says of it ("3: sweep, 120 rows"); empty: the names

    Raises
    ------
    ConfigurationError
        There is no such table, or there are several and none is given.
    """
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted is not None:
        if wanted in names:
            return wanted
        if wanted.isdigit() and 1 <= int(wanted) <= len(names):
            return names[int(wanted) - 1]
        raise ConfigurationError(f"{source}: the file has no table '{wanted[:60]}'{nearest(wanted, names)}")
    shown = list(said or names)
    more = f", and {len(shown) - _MOST_LISTED} more" if len(shown) > _MOST_LISTED else ""
    raise ConfigurationError(f"{source} has {len(names)} tables: {', '.join(shown[:_MOST_LISTED])}{more}. Choose one "
                             "with --table NAME")


@contextlib.contextmanager
def library(package: str, source: str) -> Iterator[None]:
    """Import a library that only some formats need: ``with library("pyarrow", source): import pyarrow``.

    Raises
    ------
    ConfigurationError
        It is not installed; one line that says how to install it.
    """
    try:
        yield
    except ImportError as error:
        raise ConfigurationError(
            f"{source}: to read this file, tsbench needs the library {package}, which cannot be imported "
            f"({' '.join(str(error).split())[:100]}). Install it with pip install \"tsbench[import]\"") from error
