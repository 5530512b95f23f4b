"""Where the numbers of a text table begin, what separates them, and what the lines above say of the columns.

Understood: lines of settings before the header (as source meters and scopes export them), a header in a comment (as
NumPy writes it), rows of units and of remarks under it, comma, semicolon, tab, bar or blanks between cells, and a
decimal comma where the comma does not separate cells.
"""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from tsbench.analysis.tables.column_units import UnclearColumns, is_unit, looks_like_unit
from tsbench.errors import ConfigurationError

#: lines from the beginning of a file in which the header is looked for
HEAD_LINES = 300
COMMENTS = ("#", "%")
#: rows of words between header and numbers: units, long names, remarks
_MOST_TEXT_ROWS = 3
_MOST_SHOWN = 6  #: columns that a question describes
_SAMPLE = 30  #: rows by which separators are found
_BLANK = frozenset({"", "nan", "-nan", "na", "n/a", "null", "none", "-"})
_UNITS_LINE = frozenset({"unit", "units", "einheit", "einheiten"})
_DECIMAL_COMMA = r"[+-]?\d+(,\d+)?([eE][+-]?\d+)?"


def may_be_number(row: Sequence[str], position: int) -> bool:
    """Return whether a cell is no date or other words; by its characters, for the row may not be one of numbers.

    Parameters
    ----------
    row : the cells
    position : number of the cell, from 0; a cell that the row has not may be a number
    """
    return position >= len(row) or (not any(letter in row[position] for letter in ":/") and not row[position].isalpha())


def is_blank(cell: str) -> bool:
    """Return whether a cell stands for no number: empty, "nan", "n/a"."""
    return cell.lower() in _BLANK


class Line(NamedTuple):
    """A line of the file that is not blank."""

    number: int  #: from 1
    text: str
    comment: bool = False


@dataclass(frozen=True)
class Format:
    """What separates cells (None: blanks), and whether numbers carry a decimal comma."""

    delimiter: str | None
    comma: bool

    def cells(self, line: str) -> list[str]:
        """Return the cells of a line, without quotes and blanks around them."""
        if self.delimiter is None:
            return line.split()
        if '"' in line:
            return [cell.strip() for cell in next(csv.reader([line], delimiter=self.delimiter, skipinitialspace=True))]
        return [cell.strip().strip("'").strip() for cell in line.split(self.delimiter)]

    def number(self, cell: str) -> float:
        """Return a cell's number, NaN for a blank one.

        Raises
        ------
        ValueError
            Text, or a number that may be read in two ways.
        """
        if cell.lower() in _BLANK:
            return float("nan")
        if "_" in cell or (self.comma and "." in cell):  # Python would take 1_000; 1.234 may be a thousand
            raise ValueError(cell)
        return float(cell.replace(",", ".") if self.comma else cell)

    def is_number(self, cell: str) -> bool:
        """Return whether a cell can stand in a row of numbers: a number or a blank."""
        try:
            self.number(cell)
        except ValueError:
            return False
        return True


@dataclass(frozen=True)
class Layout:
    """How a table is laid out."""

    format: Format
    names: list[str]  #: header cells, or the numbers of the columns
    headed: bool
    units: list[str]  #: cells of the row of units; empty where there is none
    where: dict[str, int]  #: role -> position
    begin: int  #: index of the first row of numbers among the lines looked at


def find_layout(
    lines: Sequence[Line], resolve: Callable[[Sequence[str], Sequence[str], Sequence[str]], dict[str, int]], source: str
) -> Layout:
    """Find header, row of units and first row of numbers.

    Parameters
    ----------
    lines : the first lines of the file, blank ones left out
    resolve : (header cells, units, first row) -> role -> position; raises ConfigurationError where a header does not
        suit
    source : the name of the file, for messages

    Raises
    ------
    ConfigurationError
        No header suits: what ``resolve`` says of the likeliest one.
    """
    plain = [k for k, line in enumerate(lines) if not line.comment]
    first: ConfigurationError | None = None
    likeliest: ConfigurationError | None = None
    for k in plain:
        layout = _layout_at(lines, k)
        if k != plain[0] and all(map(is_unit, filter(None, layout.names))):
            continue  # a row of units under the header
        if len(plain) > 1 and layout.names[0].strip(" :=").lower() in _UNITS_LINE:
            continue  # a row of units above it
        row = layout.format.cells(lines[layout.begin].text) if layout.begin < len(lines) else []
        try:
            where = resolve(layout.names, layout.units, row)
        except ConfigurationError as error:
            if isinstance(error, UnclearColumns) and not layout.headed and k == plain[0]:
                raise _without_header(lines[layout.begin :], layout, source) from None
            first = first or error
            same = len(layout.names) in (len(row), len(_without_end([*row])))
            if same and sum(map(layout.format.is_number, row)) > 1:
                likeliest = likeliest or error
            if not layout.headed:
                break
            continue
        below = [row[position] for position in where.values() if position < len(row)]
        if k == plain[0] or (below and all(map(layout.format.is_number, below))):
            return replace(layout, where=where)
    raise likeliest or first or ConfigurationError(
        f"{source}: the table has no header. Write a line with the names of the columns above the numbers")


def _without_header(rows: Sequence[Line], layout: Layout, source: str) -> ConfigurationError:
    """Return the question about a table without names: what its columns hold, for a user who knows the measurement."""
    cells = [layout.format.cells(line.text) for line in rows if not line.comment]
    shown = []
    for k in range(min(len(layout.names), _MOST_SHOWN)):
        numbers = [
            layout.format.number(row[k]) for row in cells if k < len(row) and _is_plain_number(layout.format, row[k])]
        if numbers:
            shown.append(f"column {k + 1} is between {min(numbers):.4g} and {max(numbers):.4g}")
    first = f"In the first {len(cells)} rows, {', '.join(shown)}. " if shown else ""
    if len(layout.names) == 1:
        return ConfigurationError(
            f"{source}: the table has one column, without a name. {first}tsbench needs two columns: voltage and "
            "current, or time and one of them. Write them side by side in one file, below a line with their names")
    return ConfigurationError(
        f"{source}: the table has no header with names and units. {first}Name the columns and their units, for example "
        "--columns 'voltage=1 [V],current=2 [uA]' or --columns 'time=1 [s],voltage=2 [V]'")


def _layout_at(lines: Sequence[Line], k: int) -> Layout:
    """Return how the table is laid out if it begins at line ``k``: a header, or a row of numbers."""
    text = lines[k].text
    after = [line.text for line in lines[k + 1 :] if not line.comment][:_SAMPLE]
    form = _format(text, after)
    names = _header_cells(text, form, after)
    if all(map(form.is_number, names)):
        above = _comments_above(lines, k, form, len(names))
        units = next((row for row in above[1:] if all(map(looks_like_unit, filter(None, row)))), [])
        numbers = [str(position + 1) for position in range(len(names))]
        return Layout(form, above[0] if above else numbers, bool(above), units, {}, k)
    spread = len(names) < len(_without_end(form.cells(text)))
    rows: list[tuple[bool, list[str]]] = []  # words between header and numbers
    begin = k + 1
    while begin < len(lines) and len(rows) <= _MOST_TEXT_ROWS:
        cells = form.cells(lines[begin].text.lstrip("#% ") if lines[begin].comment else lines[begin].text)
        if not lines[begin].comment and any(_is_plain_number(form, cell) for cell in cells):
            break
        if not lines[begin].comment and not any(cell.lower() not in _BLANK for cell in cells):
            break  # a row of blanks is a row that is left out
        rows.append((lines[begin].comment, [cell for cell in cells if cell] if spread else cells))
        begin += 1
    return Layout(form, names, True, _units_of(rows), {}, begin)


def _units_of(rows: Sequence[tuple[bool, list[str]]]) -> list[str]:
    """Return the row that holds units: all of its words look so, or it is the only row that is not a comment."""
    for _, cells in rows:
        words = [cell for cell in cells if cell.lower() not in _BLANK]
        if words and all(looks_like_unit(word) for word in words):
            return cells
    plain = [cells for comment, cells in rows if not comment]
    return max(plain, key=lambda cells: sum(map(looks_like_unit, cells)), default=[])


def _comments_above(lines: Sequence[Line], k: int, form: Format, number: int) -> list[list[str]]:
    """Return the comments right above a row of ``number`` cells that have as many."""
    first = k
    while first > 0 and lines[first - 1].comment:
        first -= 1
    rows = [_header_cells(line.text.lstrip("#% "), form, [lines[k].text]) for line in lines[first:k]]
    return [row for row in rows if len(row) == number and not all(map(form.is_number, row))]


def _header_cells(text: str, form: Format, after: Sequence[str]) -> list[str]:
    """Return a header's cells; where blanks separate, a unit in brackets belongs to the name before it."""
    if form.delimiter is not None:
        cells = form.cells(text)
        while len(cells) > 1 and not cells[-1] and len(cells) > max((len(form.cells(row)) for row in after), default=0):
            cells.pop()  # a separator at the end of the header alone
        return _closed_up(cells, form, after) or cells
    wanted = len(form.cells(after[0])) if after else 0
    readings = (
        text.split(), re.split(r"\s{2,}", text.strip()),
        [" ".join(cell.split()) for cell in re.findall(r"[^\s\[(]\S*(?:\s*[\[(][^\])]*[\])])?", text)],
        re.findall(r"\S+(?:\s*/\s*\S+)?", text),
    )
    return next((cells for cells in readings if len(cells) == wanted), readings[0])


def _closed_up(cells: Sequence[str], form: Format, after: Sequence[str]) -> list[str]:
    """Return a header without the empty cells between its names, [] unless each row has exactly as many values.

    Some programs write two tabs between names, and one between values.
    """
    names = [cell for cell in cells if cell]
    rows = [_without_end(form.cells(row)) for row in after]
    # with commas, an empty cell is a column without a name, and so is the first one
    if form.delimiter != "\t" or len(names) == len(cells) or len(names) < 2 or not rows or not cells[0]:
        return []
    fits = all(len([cell for cell in row if cell]) == len(names) for row in rows)
    values = [row for row in rows if any(_is_plain_number(form, cell) for cell in row)]
    return names if fits and values and all(len(row) == len(names) for row in values) else []


def _without_end(cells: list[str]) -> list[str]:
    """Return cells without the empty ones at the end of the line."""
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _is_plain_number(form: Format, cell: str) -> bool:
    return cell.lower() not in _BLANK and form.is_number(cell)


def _format(first: str, after: Sequence[str]) -> Format:
    """Return the delimiter and whether numbers carry a decimal comma."""
    sample = [row for row in after if re.search(r"\d", row)] or [first]
    for delimiter in ";\t|":
        if delimiter == "|" and not all("|" in row for row in sample):
            continue  # the bars of "|I|"
        if delimiter in first or ("," not in first and any(delimiter in row for row in sample)):
            cells = [cell for row in sample for cell in Format(delimiter, False).cells(row)]
            return Format(delimiter, _decimal_comma(cells))
    if "," in first or any("," in row for row in sample):
        # "1,5 2,5": blanks separate and the comma is the decimal one
        if all(len(row.split()) > 1 and all(re.fullmatch(_DECIMAL_COMMA, cell) for cell in row.split())
               for row in sample) and any("," in row for row in sample):
            return Format(None, True)
        quoted = [cell for row in sample if '"' in row for cell in Format(",", False).cells(row)]
        return Format(",", _decimal_comma(quoted))  # "0,1","2,5"
    return Format(None, False)


def _decimal_comma(cells: Sequence[str]) -> bool:
    """Return whether cells show a decimal comma and nowhere a decimal point."""
    numbers = [cell for cell in cells if re.fullmatch(r"[+-]?[\d.,]+([eE][+-]?\d+)?", cell)]
    commas = [cell for cell in numbers if re.fullmatch(r"[+-]?\d*,\d+([eE][+-]?\d+)?", cell)]
    points = [cell for cell in numbers if "." in cell and "," not in cell and len(cell.split(".")[1]) != 3]
    return bool(commas) and not points
