"""Tables of others (CSV and its relatives): lines of text -> named columns of numbers, streamed.

Understood: comma, semicolon, tab, bar or blanks between cells; decimal point, or decimal comma where the
comma does not separate cells; a byte-order mark; comments (``#`` or ``%``) and blank lines; a header, or none
(columns are then ``1``, ``2``, …); a second line with units. Blank and NaN cells, and a meter's overflow
number, leave the row out, with its line number; text in place of a number is refused.
"""

import math
import re
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from tsbench.errors import ConfigurationError, UnreadableFile, nearest
from tsbench.records import FloatArray

#: what a column may mean
ROLES: Mapping[str, str] = {
    "voltage": "device voltage [V]",
    "current": "device current [A]",
    "time": "time [s]",
    "level": "set-point [V]",
    "sweep": "number of the half-sweep",
    "cycle": "number of the cycle",
}
#: header names that are taken for a role when no columns are named
_GUESSES: Mapping[str, str] = {
    "voltage": r"(device[ _]?)?(voltage|volt|volts|v|u)",
    "current": r"(device[ _]?)?(current|curr|amps|i)",
    "time": r"(time|t)",
    "sweep": r"(half[ _]?)?sweep",
    "cycle": r"cycle",
    "level": r"(level|set[ _]?point)",
}
#: readings at least this large are a meter's way to say "overflow" (9.9e37)
OVERFLOW_NUMBER = 9e37
_DELIMITERS = ",;\t|"
_NOT_A_NUMBER = frozenset({"", "nan", "-nan", "na", "n/a", "null", "none", "-"})


@dataclass(frozen=True)
class Table:
    """Columns by role, each shape (n,), in the file's order, and the rows that were left out."""

    columns: Mapping[str, FloatArray]
    left_out: tuple[tuple[int, str], ...]  #: (line number from 1, reason)


def parse_columns(text: str) -> dict[str, str]:
    """Read ``role=name,role=name`` as the command line takes it.

    Raises
    ------
    ConfigurationError
        A role that does not exist, named twice, or without a column.
    """
    columns: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        role, equals, name = (piece.strip() for piece in part.partition("="))
        if role not in ROLES:
            raise ConfigurationError(f"--columns: '{role}' is not a role{nearest(role, ROLES)}")
        if not equals or not name:
            raise ConfigurationError(f"--columns: '{part}' names no column; give for example '{role}=NAME'")
        if role in columns:
            raise ConfigurationError(
                f"--columns: role '{role}' is given twice ('{columns[role]}' and '{name}')"
            )
        columns[role] = name
    if not columns:
        raise ConfigurationError("--columns is empty; give for example 'voltage=voltage_V,current=current_A'")
    return columns


def parse_table(
    lines: Iterable[str], columns: Mapping[str, str] | None = None, *, source: str = "table"
) -> Table:
    """Turn the lines of a table into columns by role.

    Parameters
    ----------
    lines : the file's lines; read once, nothing but the wanted columns is kept
    columns : role -> header name (or number from 1 where there is no header); None: guessed from the header
    source : name for messages

    Returns
    -------
    Table

    Raises
    ------
    ConfigurationError
        A column that is not there (with the nearest name), or none could be guessed.
    UnreadableFile
        No rows of numbers, a row with too few cells, or text in place of a number; with the line number.
    """
    rows = _content(lines)
    first_number, first = next(rows, (0, ""))
    if not first_number:
        raise UnreadableFile(f"{source}: no rows in it; expected a header and rows of numbers")
    second = next(rows, None)
    delimiter, comma = _format(first, second[1] if second else "")
    cells = _cells(first, delimiter)
    headed = not all(_is_number(cell, comma) for cell in cells)
    names = cells if headed else [str(k + 1) for k in range(len(cells))]
    if columns is None:
        columns = _guess(names, source)
    where = {role: _position(name, names, source) for role, name in columns.items()}
    kept = {role: array("d") for role in where}
    left_out: list[tuple[int, str]] = []
    pending = ([] if headed else [(first_number, first)]) + ([second] if second else [])
    if (
        headed
        and second
        and not any(_is_number(cell, comma) for cell in _cells(second[1], delimiter) if cell)
    ):
        pending = pending[:-1]  # a line of units under the header
    for number, line in _joined(pending, rows):
        values = _row(_cells(line, delimiter), where, names, comma, f"{source}: line {number}")
        reason = next(
            (
                f"{names[where[role]]} is {_plainly(value)}"
                for role, value in values.items()
                if not math.isfinite(value) or abs(value) >= OVERFLOW_NUMBER
            ),
            None,
        )
        if reason:
            left_out.append((number, reason))
            continue
        for role, value in values.items():
            kept[role].append(value)
    if not any(len(column) for column in kept.values()):
        raise UnreadableFile(
            f"{source}: no row of numbers in columns {', '.join(names[k] for k in where.values())}"
        )
    return Table({role: np.array(column, dtype=np.float64) for role, column in kept.items()}, tuple(left_out))


def _content(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, start=1):
        text = (line.removeprefix("\ufeff") if number == 1 else line).rstrip("\r\n")
        if "\0" in text:
            raise UnreadableFile(f"line {number} holds zero bytes: this is not a text table")
        if text.strip() and not text.lstrip().startswith(("#", "%")):
            yield number, text


def _joined(head: list[tuple[int, str]], rest: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield from head
    yield from rest


def _format(first: str, second: str) -> tuple[str | None, bool]:
    """Return the delimiter (None: blanks) and whether numbers carry a decimal comma."""
    sample = second or first
    for delimiter in ";\t|":
        if delimiter in first or (delimiter in second and "," not in first):
            return delimiter, bool(re.search(r"\d,\d", sample)) and "." not in sample.replace("e-", "")
    if "," in first or "," in second:
        # "1,5 2,5": blanks separate and the comma is the decimal one
        blanks = sample.split()
        if len(blanks) > 1 and all(re.fullmatch(r"[+-]?\d+(,\d+)?([eE][+-]?\d+)?", cell) for cell in blanks):
            return None, True
        return ",", False
    return None, False


def _cells(line: str, delimiter: str | None) -> list[str]:
    if delimiter is None:
        return line.split()
    return [cell.strip().strip("\"'").strip() for cell in line.split(delimiter)]


def _number(cell: str, comma: bool) -> float:
    if cell.lower() in _NOT_A_NUMBER:
        return math.nan
    if "_" in cell:  # Python would take 1_000
        raise ValueError(cell)
    return float(cell.replace(",", ".") if comma else cell)


def _is_number(cell: str, comma: bool) -> bool:
    try:
        _number(cell, comma)
    except ValueError:
        return False
    return True


def _row(
    cells: list[str],
    where: Mapping[str, int],
    names: list[str],
    comma: bool,
    place: str,
) -> dict[str, float]:
    values = {}
    for role, position in where.items():
        if position >= len(cells):
            raise UnreadableFile(
                f"{place} has {len(cells)} cells where the header has {len(names)}; "
                f"'{names[position]}' is missing"
            )
        try:
            values[role] = _number(cells[position], comma)
        except ValueError:
            raise UnreadableFile(
                f"{place}: '{cells[position][:40]}' in column '{names[position]}' is not a number"
            ) from None
    return values


def _position(name: str, names: list[str], source: str) -> int:
    if name in names:
        return names.index(name)
    raise ConfigurationError(f"{source}: no column '{name[:60]}'{nearest(name, names)}")


def _guess(names: list[str], source: str) -> dict[str, str]:
    """Find roles by the header; a unit after a name ("voltage_V", "Current (A)") is looked past."""
    found: dict[str, str] = {}
    for name in names:
        bare = re.sub(r"[ _]*[\[(].*$|[ _]+[munpk]?(V|A|s|sec)$", "", name.strip())
        for role, pattern in _GUESSES.items():
            if role not in found and re.fullmatch(pattern, bare, re.IGNORECASE):
                found[role] = name
                break
    if len({"voltage", "current", "time"} & found.keys()) < 2:
        raise ConfigurationError(
            f"{source}: which columns are voltage and current (or time)? Say so with --columns "
            f"voltage=NAME,current=NAME; there are {', '.join(names[:20])}"
        )
    return found


def _plainly(value: float) -> str:
    return "blank or not a number" if math.isnan(value) else "beyond the meter's range"
