"""Tables of others (CSV and its relatives): lines of text -> named columns of numbers in SI units, streamed.

``table_layout`` says what is understood of the text. Units come from the header ("V [mV]", "I/nA"), from a row of
units, or from ``--columns``; a column without any is taken in SI, and says so; a unit that is unclear is refused.
Blank and NaN cells, and a meter's overflow number, leave the row out, with its line number; text in place of a
number, and a row with more or fewer cells than the header, are refused.
"""

import itertools
import math
import re
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from tsbench.analysis.signal import OVERFLOW_NUMBER
from tsbench.analysis.tables.column_roles import guess_columns, parse_columns
from tsbench.analysis.tables.column_units import (
    Header,
    UnclearColumns,
    UnclearUnit,
    check_quantity,
    is_function,
    other_scale,
    plain_text,
    split_header,
    unit_factor,
)
from tsbench.analysis.tables.device_names import tells_apart
from tsbench.analysis.tables.layout import COMMENTS, HEAD_LINES, Layout, Line, find_layout, is_blank, may_be_number
from tsbench.analysis.tables.named_columns import are_enough, named_columns
from tsbench.analysis.tables.odd_cells import (
    cells_of_units,
    check_row_of_units,
    hint_of_cell,
    hint_of_long_row,
    question_of_units,
)
from tsbench.analysis.tables.remarks import Remark, check_remarks
from tsbench.analysis.tables.repeated_header import check_repeated
from tsbench.analysis.tables.role_names import BARE, UNITS
from tsbench.analysis.tables.thousands import PointsOfThousands
from tsbench.errors import UnreadableFile
from tsbench.records import FloatArray

__all__ = ["ColumnRead", "Table", "missing_reason", "parse_columns", "parse_table", "read_column"]

_THOUSANDS = re.compile(r'"?[+-]?\d{1,3}(?:([,.\' ])\d{3})(?:\1\d{3})*(?:[.,]\d*)?"?')
_BLOCK = 1000  #: rows that are read together
#: what is guessed only where its cells are numbers: a column "Time" may hold dates
_OPTIONAL = ("time", "level", "sweep", "cycle")


@dataclass(frozen=True)
class ColumnRead:
    """One column as it was understood."""

    name: str  #: as in the header; its number where there is none
    unit: str  #: as written; the SI unit where none was given, "" where the column has none
    factor: float  #: numbers were multiplied by it
    assumed: bool  #: no unit was given anywhere: SI
    by_user: bool = False  #: the user gave the unit

    def __str__(self) -> str:
        if not self.unit:
            return f"'{self.name}'"
        unit = f"no unit is given, {self.unit} is assumed" if self.assumed else self.unit
        return f"'{self.name}' [{unit}]"


@dataclass(frozen=True)
class Table:
    """Columns by role in SI units, each shape (n,), in the file's order, and the rows that were left out."""

    columns: Mapping[str, FloatArray]
    left_out: tuple[tuple[int, str], ...]  #: (line number from 1, reason)
    read: Mapping[str, ColumnRead]  #: what each role was read from
    doubts: tuple[str, ...] = ()  #: a line for each reason to look at the units again
    counted: str = "line"  #: what the numbers of ``left_out`` count
    #: flags of each reading that the file states (compliance, clipped), shape (n,); None: it states nothing
    flags: npt.NDArray[np.uint32] | None = None
    #: role -> lowest and highest value that the record can show [V or A]; a role without known ends is not in it
    windows: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    #: of rows that were left out because the current was beyond the range: number of rows before each, and its voltage
    beyond: tuple[tuple[int, float], ...] = ()
    breaks: tuple[int, ...] = ()  #: first row of each further segment of a record with gaps of time in it
    unused: tuple[str, ...] = ()  #: names of the columns without a role
    #: texts of the columns that may tell devices apart, one for each row (see ``device_columns``)
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def parts(self) -> list[slice]:
        """Return the rows of each segment; a record without gaps has one."""
        size = next(iter(self.columns.values())).size
        bounds = [0, *self.breaks, size]
        return [slice(low, high) for low, high in itertools.pairwise(bounds) if high > low]

    def described(self) -> str:
        """Return which column was taken for what, with its unit."""
        return ", ".join(f"{role} = {column}" for role, column in self.read.items())


def parse_table(
    lines: Iterable[str], columns: Mapping[str, str] | None = None, *, source: str = "table"
) -> Table:
    """Turn the lines of a table into columns by role.

    Parameters
    ----------
    lines : the file's lines; read once, nothing but the wanted columns is kept
    columns : role -> header name (or number from 1), with a unit where the file gives none: ``{"voltage": "V1 [mV]"}``;
        None: guessed from the header
    source : name for messages

    Returns
    -------
    Table

    Raises
    ------
    ConfigurationError
        A column that is not there (with the nearest name), none could be guessed, or a unit is unclear.
    UnreadableFile
        No rows of numbers, a row with too few or too many cells, or text in place of a number; with the line number.
    """
    content = _content(lines, source)
    head = list(itertools.islice(content, HEAD_LINES))
    if all(line.comment for line in head):
        raise UnreadableFile(f"{source}: the table is empty. Expected a header and rows of numbers")
    said: dict[str, str] = {}

    def resolve(names: Sequence[str], units: Sequence[str], row: Sequence[str]) -> dict[str, int]:
        said.clear()
        where, given = named_columns(columns or {}, names, source)
        said.update(given)
        if are_enough(where):
            return where
        try:
            found = guess_columns(names, source, units, where, named=columns)
        except UnclearColumns as error:
            raise UnclearColumns(f"{error}{question_of_units(names, row)}") from None
        return {role: k for role, k in found.items()
                if role in where or role not in _OPTIONAL or may_be_number(row, k)}

    layout = find_layout(head, resolve, source)
    layout = _without_blank_columns(layout, head[layout.begin :], columns or {})
    check_row_of_units(layout, source)
    read = {role: _column(role, layout, said.get(role), source) for role in layout.where}
    assumed = {role: column.name for role, column in read.items() if column.assumed}
    beside = [*map(_remark, _remarks(head[: layout.begin], layout)), *cells_of_units(layout, head)]
    doubts = check_remarks(beside, assumed, source)
    numbers = _numbers(itertools.chain(head[layout.begin :], content), layout, read, source)
    apart = {layout.names[k]: k for k in _unused(layout) if tells_apart(layout.names[k])}
    labels: dict[str, list[str]] = {name: [] for name in apart}
    kept, left_out, beyond = _rows(numbers, layout, source, apart, labels)
    if not any(len(column) for column in kept.values()):
        raise UnreadableFile(
            f"{source}: the table has no row of numbers in the columns "
            f"{', '.join(layout.names[k] for k in layout.where.values())}. Choose other columns with --columns"
        )
    arrays = {role: read[role].factor * np.array(column, dtype=np.float64) for role, column in kept.items()}
    over = tuple((place, volts * read["voltage"].factor) for place, volts in beyond)
    return Table(arrays, tuple(left_out), read, doubts, beyond=over, labels=labels,
                 unused=tuple(layout.names[k] for k in _unused(layout)))


def _content(lines: Iterable[str], source: str) -> Iterator[Line]:
    for number, line in enumerate(lines, start=1):
        text = (line.removeprefix("\ufeff") if number == 1 else line).rstrip("\r\n")
        if "\0" in text:
            raise UnreadableFile(f"{source}: line {number} contains a NUL character, so the file is not a text table")
        if text.strip():
            yield Line(number, text, text.lstrip().startswith(COMMENTS))


def _remarks(above: Sequence[Line], layout: Layout) -> list[Line]:
    """Return the lines above the numbers but for the header and the row of units, which are read cell by cell."""
    cells = {_letters("".join(layout.names)) if layout.headed else "", _letters("".join(layout.units))}
    return [line for line in above if _letters(line.text) not in cells]


def _remark(line: Line) -> Remark:
    return Remark(f"line {line.number}", line.text)


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text)


def _unused(layout: Layout) -> list[int]:
    """Return the positions of the columns with a name and without a role."""
    return [k for k, name in enumerate(layout.names) if layout.headed and name and k not in layout.where.values()]


def _numbers(
    lines: Iterable[Line], layout: Layout, read: Mapping[str, ColumnRead], source: str
) -> Iterator[Line]:
    """Pass on the rows of numbers; a comment between or below them may name a unit as well."""
    assumed = {role: column.name for role, column in read.items() if column.assumed}
    stated = {role: (layout.where[role], column.factor) for role, column in read.items()
              if not column.assumed and not column.by_user}
    for line in lines:
        if line.comment:
            check_repeated(layout.format.cells(line.text.lstrip("#% ")), layout.names, stated,
                           f"{source}: line {line.number}")
            check_remarks([_remark(line)], assumed, source)
        else:
            yield line


def _without_blank_columns(layout: Layout, rows: Sequence[Line], named: Mapping[str, str]) -> Layout:
    """Return the layout without optional columns of numbers in few rows, unless the user names them."""
    cells = [layout.format.cells(line.text) for line in rows if not line.comment]
    few = [
        role for role, k in layout.where.items() if role in _OPTIONAL and role not in named
        and 2 * sum(k < len(row) and is_blank(row[k]) for row in cells) > len(cells)]
    return replace(layout, where={role: k for role, k in layout.where.items() if role not in few})


def _column(role: str, layout: Layout, said: str | None, source: str) -> ColumnRead:
    position = layout.where[role]
    under = layout.units[position] if position < len(layout.units) else ""
    return read_column(role, layout.names[position], under, said, source, headed=layout.headed)


def read_column(
    role: str, name: str, under: str, said: str | None, source: str, *, headed: bool = True
) -> ColumnRead:
    """Return the unit of a column: what the user says, else those of header and row of units, which must agree.

    Parameters
    ----------
    role : of the column
    name : cell of the header, in which a unit may stand
    under : unit in the row of units, or as the format of the file gives it; "" where there is none
    said : unit by the user; None: not given
    source : name for messages
    headed : False if ``name`` is only the number of the column

    Raises
    ------
    UnclearUnit
        The unit is unclear.
    """
    si = UNITS.get(role)
    if si is None:
        return ColumnRead(name, "", 1.0, assumed=False)
    if said is not None:
        check_quantity(role, name, (split_header(name, BARE).unit if headed else "") or under, said)
        try:
            return ColumnRead(name, said, unit_factor(said, si), assumed=False, by_user=True)
        except UnclearUnit as error:
            raise UnclearUnit(f"--columns {role}: {error}. Give for example {role}='{name} [m{si}]'") from None
    head = split_header(name, BARE) if headed else Header(name, "")
    shown = name if head.unit.isdecimal() else head.name   # the number in "V (7)" may be part of the name
    hint = f"Give its unit with --columns {role}=\"{shown} [m{si}]\""
    if is_function(head.name):
        raise UnclearUnit(f"{source}: column '{name}' seems to be a function or a multiple of the {role}, such as a "
                          f"logarithm. If the column is the {role} itself, {hint[0].lower()}{hint[1:]}")
    given = [unit for unit in (head.unit, under) if unit not in ("", "-")]
    try:
        factors = {unit_factor(unit, si) for unit in given}
    except UnclearUnit as error:
        if under and BARE.fullmatch(under):
            raise UnclearUnit(f"{source}: the line with '{name}' was taken for the header, but '{under}' below it is "
                              "the name of a column. If the first line is a title, begin it with #") from None
        raise UnclearUnit(f"{source}, column '{name}': {error}. {hint}") from None
    if len(factors) > 1:
        raise UnclearUnit(f"{source}, column '{name}': the header gives the unit {given[0]}, but the row of units "
                          f"gives {given[1]}. {hint}")
    if other := other_scale(head, si, next(iter(factors), 1.0)):
        raise UnclearUnit(f"{source}, column '{name}': '{other[:40]}' beside the unit is not understood. {hint}")
    if not factors:
        return ColumnRead(name, si, 1.0, assumed=True)
    return ColumnRead(name, plain_text(given[-1]), factors.pop(), assumed=False)


def _rows(
    lines: Iterable[Line], layout: Layout, source: str, apart: Mapping[str, int], labels: Mapping[str, list[str]]
) -> tuple[dict[str, "array[float]"], list[tuple[int, str]], list[tuple[int, float]]]:
    """Return the numbers of the wanted columns as written, the rows that were left out, and those beyond the range.

    The texts of the columns ``apart`` (name -> position) of the same rows are added to ``labels``.
    """
    beyond: list[tuple[int, float]] = []
    kept = {role: array("d") for role in layout.where}
    left_out: list[tuple[int, str]] = []
    lines, points = iter(lines), PointsOfThousands()
    while block := list(itertools.islice(lines, _BLOCK)):
        points.look("\n".join(line.text for line in block))
        plain = _plain_numbers(block, layout)
        if plain is None:
            block = _read_one_by_one(block, layout, source, kept, left_out, beyond)
        for name, k in apart.items():
            labels[name].extend(sys.intern(_cell(layout.format.cells(line.text), k)) for line in block)
        for role, column in (plain or {}).items():
            kept[role].extend(column)
    points.require_decimal(source)
    return kept, left_out, beyond


def _plain_numbers(block: Sequence[Line], layout: Layout) -> dict[str, list[float]] | None:
    """Return the wanted columns of rows that are all numbers, as most tables' are; None: look at each row."""
    text = "\n".join(line.text for line in block)
    if '"' in text or "_" in text or (layout.format.comma and "." in text):
        return None
    text = text.replace(",", ".") if layout.format.comma else text
    rows = [line.split(layout.format.delimiter) for line in text.split("\n")]
    if any(len(row) != len(layout.names) for row in rows):
        return None
    try:
        columns = {role: [float(row[position]) for row in rows] for role, position in layout.where.items()}
    except ValueError:
        return None
    usable = all(abs(value) < OVERFLOW_NUMBER for column in columns.values() for value in column)  # NaN is not
    return columns if usable else None


def _read_one_by_one(
    lines: Iterable[Line], layout: Layout, source: str, kept: dict[str, "array[float]"],
    left_out: list[tuple[int, str]], beyond: list[tuple[int, float]],
) -> list[Line]:
    """Add the rows of numbers to ``kept``, and those without one to ``left_out``; return the lines that are kept."""
    used = []
    for line in lines:
        values = _row(layout, line, f"{source}: line {line.number}")
        if reason := missing_reason({layout.names[layout.where[role]]: value for role, value in values.items()}):
            left_out.append((line.number, reason))
            if is_beyond(values):
                beyond.append((len(kept["voltage"]), values["voltage"]))
            continue
        used.append(line)
        for role, value in values.items():
            kept[role].append(value)
    return used


def _cell(cells: Sequence[str], position: int) -> str:
    return cells[position] if position < len(cells) else ""


def _other_length(place: str, cells: Sequence[str], names: Sequence[str]) -> str:
    return f"{place} has {len(cells)} cell{'s' * (len(cells) != 1)}, but the header has {len(names)}"


def _row(layout: Layout, line: Line, place: str) -> dict[str, float]:
    cells, names = layout.format.cells(line.text), layout.names
    if len(cells) > len(names) and any(cells[len(names) :]):
        raise UnreadableFile(f"{_other_length(place, cells, names)}{hint_of_long_row(cells, layout)}")
    values = {}
    for role, position in layout.where.items():
        if position >= len(cells):
            raise UnreadableFile(f"{_other_length(place, cells, names)}. '{names[position]}' is missing")
        try:
            values[role] = layout.format.number(cells[position])
        except ValueError:
            if cells[position] == names[position]:
                raise UnreadableFile(
                    f"{place} repeats the header, so the file holds several tables. Write each to a file of its own, "
                    "or delete this line if the rows below it belong to the same measurement") from None
            hint = (". Numbers with thousands separators cannot be read, because a comma may be a decimal sign. Export "
                    "without these separators" if _THOUSANDS.fullmatch(cells[position].strip()) else "")
            hint = hint or (f". {odd}" if (odd := hint_of_cell(cells[position])) else
                            ". Correct or remove this line, or name another column with --columns")
            raise UnreadableFile(
                f"{place}: '{cells[position][:40]}' in column '{names[position]}' is not a number{hint}"
            ) from None
    return values


def missing_reason(values: Mapping[str, float]) -> str | None:
    """Return why a row is left out ("I is blank or not a number"), None where all values are usable.

    Parameters
    ----------
    values : name of the column -> value of the row
    """
    unusable = (name for name, value in values.items() if not math.isfinite(value) or abs(value) >= OVERFLOW_NUMBER)
    name = next(unusable, None)
    return None if name is None else f"{name} is {_plainly(values[name])}"


def is_beyond(values: Mapping[str, float]) -> bool:
    """Return whether the current of a row is beyond the range of the meter at a known voltage.

    Parameters
    ----------
    values : role of the column -> value of the row
    """
    return (abs(values.get("current", 0.0)) >= OVERFLOW_NUMBER
            and abs(values.get("voltage", math.inf)) < OVERFLOW_NUMBER)


def _plainly(value: float) -> str:
    return "blank or not a number" if math.isnan(value) else "beyond the range of the meter"
