"""A sheet of cells to tables: finds the rows of numbers, the header and the units above them."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tsbench.analysis.tables.column_units import looks_like_unit
from tsbench.importers.foreign import ForeignColumn, ForeignTable

#: a cell as a workbook gives it
Cell = object
#: rows of text above the numbers that may hold names and units
_MOST_TEXT_ROWS = 4
#: another block of at least this many rows in a sheet is worth a remark
_WORTH_A_REMARK = 5
_FEWEST_ROWS = 2
_COMMA = re.compile(r"\s*[-+]?\d*,\d+([eE][-+]?\d+)?\s*")
_MOST_NOTES = 300  #: rows of texts in a sheet that are searched for units


class NumberBlock(NamedTuple):
    """A rectangle of numbers in a sheet: rows ``first`` to ``last`` (the last is not included)."""

    first: int
    last: int


def number_of(cell: Cell) -> float | None:
    """Return the number in a cell, None where it holds none; a number that is written as text counts."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int | float):
        return float(cell)
    if isinstance(cell, str) and re.fullmatch(r"\s*[-+]?((\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|inf)\s*", cell):
        return float(cell)
    return None


def _is_missing(cell: Cell) -> bool:
    """Return whether a cell stands for a number that is not there: "#REF", "#N/A", "nan"."""
    return isinstance(cell, str) and (cell.startswith("#") or cell.strip().lower() in ("nan", "n/a"))


def text_of(cell: Cell) -> str:
    """Return a cell's text; Origin's escape for a Greek letter is that letter."""
    text = "" if cell is None else " ".join(str(cell).split())
    return text.replace(r"\g(m)", "µ").replace(r"\g(W)", "Ω")


def tables_of_grid(name: str, rows: Sequence[Sequence[Cell]]) -> tuple[list[ForeignTable], list[str]]:
    """Return the tables of a sheet, and a line for what is not read.

    The table is the longest block of rows of numbers. The rows of text right above it are the header and the units.
    An empty column separates tables that stand side by side.

    Parameters
    ----------
    name : of the sheet
    rows : of cells
    """
    blocks = _blocks(rows)
    if not blocks:
        return [], []
    block = max(blocks, key=lambda one: one.last - one.first)
    said = [
        f"sheet '{name}': rows {one.first + 1} to {one.last} hold other numbers, which are not read"
        for one in blocks if one != block and one.last - one.first >= _WORTH_A_REMARK][:3]
    said += _words_at_the_ends(name, rows, block)
    names, units, settings = _above(rows, block)
    notes = _notes(name, rows, block, [names, units])
    width = max(len(row) for row in rows[block.first : block.last])
    values = np.full((block.last - block.first, width), np.nan)
    for k, row in enumerate(rows[block.first : block.last]):
        for position, cell in enumerate(row):
            number = number_of(cell)
            if number is not None:
                values[k, position] = number
    tables = []
    parts = _parts(values, names)
    for part in parts:
        columns = tuple(
            ForeignColumn(names.get(k, ""), units.get(k, ""), np.ascontiguousarray(values[:, k])) for k in part)
        called = name if len(parts) == 1 else f"{name}, columns {_letters(part[0])} to {_letters(part[-1])}"
        columns = _trimmed(columns)
        labels = {
            names.get(k, f"column {_letters(k)}"): texts[: columns[0].values.size]
            for k in range(width) if (texts := _texts(rows, block, k))}
        broken = _broken_off(name, rows, block, part)
        said += filter(None, [broken])   # also where --columns answers the question
        question = broken or next(
            (_about_commas(label, cells) for label, cells in labels.items() if _commas(cells)), "")
        tables.append(ForeignTable(called, columns, settings, question=question, notes=notes, labels=labels))
    return tables, said


def _broken_off(name: str, rows: Sequence[Sequence[Cell]], block: NumberBlock, columns: Sequence[int]) -> str:
    """Return what is wrong where a text in a row of readings ends the block of numbers, "" where none does.

    Such a row begins with a number. A row that begins with a text is a header, or a summary below the table.
    """
    for k in (block.last, block.first - 1):
        cells = [(column, rows[k][column]) for column in columns
                 if 0 <= k < len(rows) and column < len(rows[k]) and text_of(rows[k][column])]
        texts = [(column, text_of(cell)) for column, cell in cells if number_of(cell) is None and not _is_missing(cell)]
        if len(cells) < 2 or not texts or not (
                number_of(cells[0][1]) is not None or _COMMA.fullmatch(text_of(cells[0][1]))):
            continue
        column, text = texts[0]
        remedy = ("In the spreadsheet, convert the texts to numbers" if _COMMA.fullmatch(text) else
                  "Correct the cell. For a reading beyond the range, write inf")
        return (f"sheet '{name}', cell {_letters(column)}{k + 1}: '{text[:20]}' is no number, so the rows behind it "
                f"are not read. {remedy}")
    return ""


def _words_at_the_ends(name: str, rows: Sequence[Sequence[Cell]], block: NumberBlock) -> list[str]:
    """Return a line where the row below a block of numbers has a text and a number: a summary, for example."""
    row = rows[block.last] if block.last < len(rows) else ()
    if not any(number_of(cell) is not None for cell in row):
        return []
    text = ", ".join(filter(None, map(text_of, row)))
    return [f"sheet '{name}': row {block.last + 1} ('{text[:30]}') is not read, because it has a text in it"]


def sheet_without_table(name: str, rows: Sequence[Sequence[Cell]]) -> str:
    """Return why a sheet with numbers has no table, "" for one that has hardly a number.

    Parameters
    ----------
    name : of the sheet
    rows : of cells
    """
    if sum(any(number_of(cell) is not None for cell in row) for row in rows) < _WORTH_A_REMARK:
        return ""
    return (f"sheet '{name}' is not read: it has no rows with two numbers. A formula whose value is not stored in the "
            "file is an empty cell: open the workbook in a spreadsheet and save it")


def longest_block(rows: Sequence[Sequence[Cell]]) -> NumberBlock | None:
    """Return the longest block of rows of numbers in a sheet, None where there is none."""
    return max(_blocks(rows), key=lambda one: one.last - one.first, default=None)


def notes_of_sheet(name: str, rows: Sequence[Sequence[Cell]]) -> tuple[tuple[str, str], ...]:
    """Return the texts of a sheet without a table, for the search for units.

    Parameters
    ----------
    name : of the sheet
    rows : of cells
    """
    return _notes(name, rows, NumberBlock(0, 0), [])


def _notes(
    name: str, rows: Sequence[Sequence[Cell]], block: NumberBlock, header: Sequence[Mapping[int, str]]
) -> tuple[tuple[str, str], ...]:
    """Return the rows of texts outside the block of numbers, but for header and units, which are read cell by cell."""
    known = [" ".join(cells.values()) for cells in header]
    found = []
    for k in [*range(block.first), *range(block.last, len(rows))]:
        cells = [text_of(cell) for cell in rows[k]]
        text = " ".join(filter(None, cells))
        if text and text not in known and any(number_of(cell) is None and text_of(cell) for cell in rows[k]):
            found.append((f"row {k + 1} of sheet '{name}'", text))
        if len(found) == _MOST_NOTES:
            break
    return tuple(found)


def comma_sheet(name: str, rows: Sequence[Sequence[Cell]]) -> str:
    """Return what is wrong with a sheet whose numbers are texts with a decimal comma, "" for another sheet.

    Parameters
    ----------
    name : of the sheet
    rows : of cells
    """
    of_row = [[cell for cell in row if isinstance(cell, str) and _COMMA.fullmatch(cell)] for row in rows]
    if sum(len(cells) > 1 for cells in of_row) < _WORTH_A_REMARK:
        return ""
    return _about_commas(f"sheet '{name}'", next(cells for cells in of_row if len(cells) > 1))


def _commas(cells: Sequence[str]) -> bool:
    return 2 * sum(bool(_COMMA.fullmatch(cell)) for cell in cells) > len(cells)


def _about_commas(where: str, cells: Sequence[str]) -> str:
    example = next(cell for cell in cells if _COMMA.fullmatch(cell))
    return (f"{where} holds texts with a decimal comma ('{example.strip()[:20]}'), which are no numbers. In the "
            "spreadsheet, convert these cells to numbers")


def _texts(rows: Sequence[Sequence[Cell]], block: NumberBlock, k: int) -> list[str]:
    """Return the cells of a column of texts within the block; [] where it holds few texts."""
    cells = [text_of(row[k]) if k < len(row) and number_of(row[k]) is None and not _is_missing(row[k]) else ""
             for row in rows[block.first : block.last]]
    return cells if 2 * sum(map(bool, cells)) > len(cells) else []


def _blocks(rows: Sequence[Sequence[Cell]]) -> list[NumberBlock]:
    blocks: list[NumberBlock] = []
    begin: int | None = None
    for k, row in enumerate([*rows, ()]):
        numbers = sum(number_of(cell) is not None for cell in row)
        missing = sum(_is_missing(cell) for cell in row) if numbers else 0
        words = sum(number_of(cell) is None and bool(text_of(cell)) for cell in row) - missing
        if numbers + missing >= max(2, words) or (begin is not None and numbers and not words):
            begin = k if begin is None else begin
        elif begin is not None:
            if k - begin >= _FEWEST_ROWS:
                blocks.append(NumberBlock(begin, k))
            begin = None
    return blocks


def _above(rows: Sequence[Sequence[Cell]], block: NumberBlock) -> tuple[dict[int, str], dict[int, str], dict[str, str]]:
    """Return names and units by position, and the settings in the rows above them."""
    text_rows: list[dict[int, str]] = []
    k = block.first - 1
    while k >= 0 and len(text_rows) < _MOST_TEXT_ROWS:
        cells = {position: text_of(cell) for position, cell in enumerate(rows[k]) if text_of(cell)}
        if len(cells) < 2 and (text_rows or not cells):
            break
        text_rows.append(cells)
        k -= 1
        if len(text_rows) > 1 and not all(map(looks_like_unit, text_rows[-2].values())):
            break   # the row below is the header, this one belongs to the settings or to a group of columns
    units: dict[int, str] = {}
    names: dict[int, str] = {}
    for cells in text_rows:
        if all(map(looks_like_unit, cells.values())) and not units and not names:
            units = cells
        elif not names:
            names = cells
    if units and not names:
        names, units = units, {}
    first = block.first - len(text_rows)
    settings = {
        text_of(row[0]).rstrip(":= "): " ".join(filter(None, map(text_of, row[1:])))
        for row in rows[: max(first, 0)] if row and text_of(row[0]) and any(map(text_of, row[1:]))}
    return names, units, settings


def _parts(values: "np.ndarray[tuple[int, int], np.dtype[np.float64]]", names: Mapping[int, str]) -> list[list[int]]:
    """Return the positions of each table: an empty column without a name stands between two of them."""
    empty = [not np.isfinite(values[:, k]).any() for k in range(values.shape[1])]
    parts: list[list[int]] = [[]]
    for k in range(values.shape[1]):
        if empty[k] and k not in names:
            parts.append([])
        elif not empty[k]:
            parts[-1].append(k)
    large = [part for part in parts if len(part) > 1]
    return large if len(large) > 1 else [[k for part in parts for k in part]]


def _trimmed(columns: tuple[ForeignColumn, ...]) -> tuple[ForeignColumn, ...]:
    """Return the columns without the rows at the end in which all are blank: the table beside is longer."""
    used = np.flatnonzero(np.logical_or.reduce([np.isfinite(column.values) for column in columns]))
    end = int(used[-1]) + 1 if used.size else 0
    return tuple(ForeignColumn(column.name, column.unit, column.values[:end]) for column in columns)


def _letters(position: int) -> str:
    """Return a column's letters as a spreadsheet shows them: 0 is A, 26 is AA."""
    text = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
