"""What to do about a cell that is no number, and about columns of units beside the readings."""

import re
from collections.abc import Collection, Iterator, Sequence

from tsbench.analysis.tables.column_options import option_name
from tsbench.analysis.tables.column_units import looks_like_unit, scales_of
from tsbench.analysis.tables.layout import Layout, Line
from tsbench.analysis.tables.remarks import Remark
from tsbench.analysis.tables.role_names import UNITS
from tsbench.errors import UnreadableFile

_NUMBER = r"[-+]?(?:\d+[.,]?\d*|[.,]\d+)"
_FORTRAN = re.compile(rf"{_NUMBER}[dD][-+]?\d+")
_WITH_UNIT = re.compile(rf"({_NUMBER}(?:[eE][-+]?\d+)?)\s*([A-Za-z\u00b5\u03bc\u03a9%]+)")
#: what programs print in place of a reading beyond the range
_BEYOND = re.compile(r"over(flow|load|range|rng)?|ovr?f?l?w?|o\.?l\.?|#n/?a|#num!?|#value!?|#ref!?|-{2,}|\*+|\?+|inf|"
                     r"err(or)?|clip(ped)?|invalid|none|1\.#\w+", re.IGNORECASE)
_UNIT_NAME = re.compile(r"(.*?)[ _.-]*units?", re.IGNORECASE)
_READINGS = ("reading", "value", "measurement")  #: names of columns of readings beside a plain "Unit"


def hint_of_cell(cell: str) -> str:
    """Return what to do about a cell that is no number, "" where nothing is known of it.

    Parameters
    ----------
    cell : without blanks and quotes around it
    """
    if _FORTRAN.fullmatch(cell):
        return "The exponent has a D, as Fortran writes it. Write it with an E"
    if (found := _WITH_UNIT.fullmatch(cell)) and looks_like_unit(found[2]):
        return "A unit stands in the cell. Write the unit in the header, and only the number in the cell"
    if found:
        return "Letters stand behind the number. Write the number alone, and its unit in the header"
    if _BEYOND.fullmatch(cell):
        return "For a reading beyond the range, write inf. For one that is not valid, leave the cell blank"
    return ""


def hint_of_long_row(cells: Sequence[str], layout: Layout) -> str:
    """Return what to do about a row with more cells than the header, "" where nothing is known of it."""
    words = [cell for cell in cells if cell]
    if words == list(layout.names):
        return (". It repeats the header, so the file holds several tables. Write each to a file of its own, or delete "
                "this line if the rows below it belong to the same measurement")
    numbers = sum(map(layout.format.is_number, words))
    if len(words) > 1 and not numbers:
        return ". This line seems to be the header of another table. Write each table to a file of its own"
    if numbers < len(words):
        return ". Texts stand in it. If this line is a remark, delete it, or begin it with #"
    if layout.format.delimiter == "," and not layout.format.comma:
        return (". A comma cannot be both the decimal sign and the separator of cells. Export with a decimal point or "
                "with semicolons")
    return ""


def units_in_cells(names: Sequence[str], row: Sequence[str]) -> tuple[tuple[str, str, str], ...]:
    """Return (column of units, unit, column of the readings) for each column that holds units, as the 2450 writes them.

    Parameters
    ----------
    names : header cells
    row : the first row of cells
    """
    found = []
    used: set[int] = set()
    for k, name in enumerate(names):
        named = _UNIT_NAME.fullmatch(name)
        if named is None:
            continue
        mine = _readings_of(names, k, named[1].lower(), used)
        if mine is not None:
            used.add(mine)
        unit = row[k] if k < len(row) else ""
        if unit and any(scales_of(unit, si) for si in ("V", "A", "s")):
            found.append((name, unit, "" if mine is None else option_name(names, mine)))
    return tuple(found)


def _readings_of(names: Sequence[str], k: int, prefix: str, used: Collection[int]) -> int | None:
    """Return the position of the readings that a column of units belongs to, None where there is none.

    A column "Source Unit" belongs to "Source". A plain "Unit" belongs to the nearest free column of readings to its
    left; a file that writes the unit first has none there, so the nearest one to the right is taken.
    """
    wanted = (prefix,) if prefix else _READINGS
    free = [j for j, other in enumerate(names) if other.lower() in wanted and j not in used and j != k]
    return max((j for j in free if j < k), default=min(free, default=None))


def question_of_units(names: Sequence[str], row: Sequence[str]) -> str:
    """Return the end of a question about columns whose units stand in cells: how to name them, "" where none do."""
    roles: dict[str, str] = {}
    for _, unit, mine in units_in_cells(names, row):
        role = next(role for role, si in UNITS.items() if scales_of(unit, si))
        if mine:
            roles.setdefault(role, f"{role}={mine} [{unit}]")
    if len(roles) < 2:
        return ""
    return f". The units stand in cells beside the numbers, so use --columns '{','.join(roles.values())}'"


def cells_of_units(layout: Layout, head: Sequence[Line]) -> Iterator[Remark]:
    """Yield the units that stand in cells beside the first row of numbers."""
    row = layout.format.cells(head[layout.begin].text) if layout.begin < len(head) else []
    for name, unit, _ in units_in_cells(layout.names, row):
        yield Remark(f"column '{name}'", f"{name}: {unit}")


def check_row_of_units(layout: Layout, source: str) -> None:
    """Raise where the row below the header is no row of units, but one of numbers with something behind them."""
    for position in layout.where.values():
        cell = layout.units[position] if position < len(layout.units) else ""
        if cell[:1].isdecimal() and (odd := hint_of_cell(cell)):
            raise UnreadableFile(f"{source}: '{cell[:40]}' in column '{layout.names[position]}', below the header, is "
                                 f"not a number. {odd}")
