"""Rows of numbers below the header lines of an oscilloscope's text file, and the even times behind printed ones.

``numpy.loadtxt`` reads the rows (1 million rows of three numbers a second). Only a row that it cannot read is looked at
in Python.
"""

import csv
import io
import itertools
import math
import re
import warnings
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TextIO

import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile
from tsbench.importers.faults import damaged
from tsbench.records import FloatArray

_DECIMAL_COMMA = "has a decimal comma"
_LONGEST_LINE = 1 << 16
_MOST_DIGITS = 15  #: of a number of samples
_BLANK = frozenset({"", "-", "nan", "n/a", "---"})
#: what programs print for a sample beyond the range
_BEYOND = re.compile(r"^\s*([+-]?)\s*(?:∞|inf(?:inity)?|1\.#INF\w*)\s*$", re.IGNORECASE)
#: times differ from even ones by no more than this share of the last printed digit
_ROUNDED = 0.56


def head_lines(head: bytes) -> list[str]:
    """Return the lines at the beginning of a text file; the last one may be cut off. [] where it is no text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        decoded = head[: len(head) & ~1].decode("utf-16", errors="replace")
    else:
        if b"\0" in head:
            return []
        try:
            decoded = head.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            cut = error.start >= len(head) - 3
            decoded = head[: error.start].decode("utf-8-sig") if cut else head.decode("cp1252", errors="replace")
    return re.split(r"\r\n|\n|\r", decoded)


def encoding_of(head: bytes) -> str:
    """Return the encoding of a text file by its first bytes."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return "utf-8-sig" if error.start >= len(head) - 3 else "cp1252"
    return "utf-8-sig"


def is_number(cell: str) -> bool:
    """Return whether a cell is a number as an oscilloscope prints it."""
    try:
        float(cell)
    except ValueError:
        return bool(_BEYOND.match(cell))
    return "_" not in cell


def number_of(cell: str) -> float | None:
    """Return the finite number in a header's cell, None where it is none."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in cell else None


def count_of(cell: str) -> int | None:
    """Return the number of samples or segments in a header's cell, None where it is none."""
    text = cell.strip()
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None


def read_rows(
    path: Path, encoding: str, skip: int, positions: Sequence[int], delimiter: str | None, *, comma: bool = False
) -> tuple[FloatArray, tuple[str, ...]]:
    """Return the wanted columns of the rows of numbers, shape (rows, columns), and remarks.

    Blank cells are NaN, samples beyond the range infinite. A last line that ends within a row is left out.

    Parameters
    ----------
    path, encoding : of the file
    skip : lines above the first row
    positions : of the wanted columns, from 0
    delimiter : between cells; None: blanks
    comma : numbers have a decimal comma

    Raises
    ------
    UnreadableFile
        Text in place of a number, or a row with too few or too many cells, with the number of the line.
    """
    _check_cells(path, encoding, skip, max(positions) + 1, delimiter)
    rows = None
    for spelled in (False, True):  # the infinities of PicoScope are spelled out only where they are: that costs time
        try:
            rows = _loaded(path, encoding, skip, positions, delimiter, comma=comma, spelled=spelled)
            break
        except (ValueError, IndexError):
            continue
    if rows is None:
        return _one_by_one(path, encoding, skip, positions, delimiter, comma=comma)
    if rows.size == 0:
        raise damaged(path.name, "no row of numbers follows the header")
    if not ends_with_line(path) and _last_cells(path, encoding, delimiter) <= max(positions) + 1:
        return _without_last(path, rows)
    return rows, ()


def _check_cells(path: Path, encoding: str, skip: int, needed: int, delimiter: str | None) -> None:
    """Raise where a row has more cells than the header: its comma is a decimal comma, or separates thousands.

    Most files are told by the number of delimiters in them; only others are looked at line by line.
    """
    if delimiter is None:
        return
    with path.open(encoding=encoding, errors="replace", newline=None) as file:
        above = [file.readline(_LONGEST_LINE) for _ in range(skip)]
        first = file.readline(_LONGEST_LINE)
        header = next((line for line in reversed(above) if line.strip()), first)
        allowed = max(len(_split(header, delimiter)), needed)
        if not encoding.startswith("utf-16") and len(_split(first, delimiter)) <= allowed:
            most = first.count(delimiter)
            with path.open("rb") as raw:
                lines = delimiters = 0
                while chunk := raw.read(1 << 22):
                    lines += chunk.count(b"\n") or chunk.count(b"\r")
                    delimiters += chunk.count(delimiter.encode())
            if delimiters <= most * max(lines - skip, 1) and most < allowed:
                return
        others = iter(lambda: file.readline(_LONGEST_LINE), "")
        for number, line in enumerate(itertools.chain([first], others), skip + 1):
            if line.count(delimiter) < allowed:
                continue
            cells = _split(line, delimiter)
            if any(cell.strip() for cell in cells[allowed:]):
                raise UnreadableFile(
                    f"{path.name}: line {number} has {len(cells)} cells, but the header has {allowed}. A comma cannot "
                    "be the decimal sign, or separate thousands, where it separates the cells. Export with decimal "
                    "points and without thousands separators")


def _split(line: str, delimiter: str | None) -> list[str]:
    """Return the cells of a line; a delimiter within quotes separates nothing."""
    line = line.strip("\r\n")
    if '"' in line and delimiter is not None:
        return next(csv.reader([line], delimiter=delimiter), [])
    return line.split(delimiter)


def _loaded(
    path: Path, encoding: str, skip: int, positions: Sequence[int], delimiter: str | None, *, comma: bool, spelled: bool
) -> FloatArray:
    """Return the rows as numpy.loadtxt reads them; ValueError or IndexError where it cannot."""
    with path.open(encoding=encoding, errors="replace", newline=None) as file:
        for _ in range(skip):
            file.readline(_LONGEST_LINE)
        lines: TextIO | Iterator[str] = (line.replace(",", ".") for line in file) if comma else file
        if spelled:
            lines = (line.replace("\u221e", "inf") for line in lines)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # no rows: that is said by the caller
            return np.loadtxt(lines, delimiter=delimiter, usecols=list(positions), ndmin=2, comments=None)


def _without_last(path: Path, rows: FloatArray) -> tuple[FloatArray, tuple[str, ...]]:
    """Keep the last row where the file simply has no line end; a number that is cut off is shorter than the others."""
    tail = _tail(path).splitlines()
    if len(tail) > 1 and len(tail[-1].rstrip()) < len(tail[-2].rstrip()) - 3 and rows.shape[0] > 1:
        return rows[:-1], ("the last line is shorter than the others and is left out",)
    return rows, ()


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 4096, 0))
        return file.read().decode("latin-1")


def ends_with_line(path: Path) -> bool:
    """Return whether the last line of a file is complete."""
    with path.open("rb") as file:
        if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            file.seek(-2, 2)
            return file.read() in (b"\n\0", b"\r\0", b"\0\n", b"\0\r")
    return _tail(path).endswith(("\n", "\r", "\0"))


def _last_cells(path: Path, encoding: str, delimiter: str | None) -> int:
    return len(_tail(path).splitlines()[-1].split(delimiter)) if not encoding.startswith("utf-16") else 0


def _one_by_one(
    path: Path, encoding: str, skip: int, positions: Sequence[int], delimiter: str | None, *, comma: bool
) -> tuple[FloatArray, tuple[str, ...]]:
    """Read what loadtxt cannot: blank cells, infinities by their sign, a last row that is cut off."""
    kept: list[npt.NDArray[np.float64]] = []
    block: list[list[float]] = []
    needed = max(positions) + 1
    with path.open(encoding=encoding, errors="replace", newline=None) as file:
        for _ in range(skip):
            file.readline(_LONGEST_LINE)
        fault: str | None = None
        for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), ""), start=skip + 1):
            if not line.strip():
                continue
            if fault is not None:
                raise UnreadableFile(fault)
            cells = _split(line.replace(",", ".") if comma else line, delimiter)
            try:
                if len(cells) < needed:
                    raise ValueError(f"it has {len(cells)} cells, but {needed} are needed")
                block.append([_number(cells[k]) for k in positions])
            except ValueError as error:
                advice = "with decimal points" if _DECIMAL_COMMA in str(error) else "on the oscilloscope again"
                fault = f"{path.name}: line {number} is not a row of numbers ({error}). Save the file {advice}"
            if len(block) == 10_000:
                kept.append(np.array(block))
                block = []
    if block:
        kept.append(np.array(block))
    if not kept:
        raise UnreadableFile(fault or f"{path.name}: no row of numbers follows the header. The file is incomplete. "
                             "Save it on the oscilloscope again")
    if fault is not None and ends_with_line(path):
        raise UnreadableFile(fault)
    return np.concatenate(kept), ("the last line is incomplete and is left out",) if fault else ()


def _number(cell: str) -> float:
    text = cell.strip().strip('"')
    if text.lower() in _BLANK:
        return float("nan")
    if beyond := _BEYOND.match(text):
        return float("-inf") if beyond[1] == "-" else float("inf")
    if "_" in text:
        raise ValueError(f"'{text[:30]}' is not a number")
    try:
        return float(text)
    except ValueError:
        what = _DECIMAL_COMMA if hint_of_comma(text) else "is not a number"
        raise ValueError(f"'{text[:30]}' {what}") from None


def last_line(path: Path, encoding: str) -> str:
    """Return the last line of a text file that is not blank."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 8192, 0) & ~1)
        tail = file.read()
    text = io.StringIO(tail.decode("utf-16-le" if encoding == "utf-16" else encoding, errors="replace"))
    return next((line for line in reversed(text.readlines()) if line.strip()), "")


def hint_of_comma(cell: str) -> str:
    """Return what to do about a number with a decimal comma, "" for another text."""
    return " The number has a decimal comma. Save the file with decimal points" if re.fullmatch(
        r"\s*[-+]?\d*,\d+([eE][-+]?\d+)?\s*", cell) else ""


def last_digit(cells: Sequence[str]) -> float:
    """Return the value of the last digit of the largest of some printed numbers: 1e-8 for "3.952796e-02".

    Programs drop zeros at the end, so the number with most digits tells how many are printed. Infinite if a cell is no
    number.
    """
    try:
        numbers = [Decimal(cell.strip()) for cell in cells if cell.strip()]
        digits = max((len(number.as_tuple().digits) for number in numbers), default=1)
        largest = max((number.copy_abs() for number in numbers), default=Decimal(0))
    except InvalidOperation:
        return float("inf")
    return float(f"1e{largest.adjusted() - digits + 1}") if largest.is_finite() and largest else 0.0


def even_times(
    printed: FloatArray, cells: Sequence[str], step: float | None, source: str
) -> tuple[FloatArray, tuple[str, ...]]:
    """Return the even times behind the rounded ones of a file, and remarks; the printed ones if they are not even.

    An oscilloscope samples evenly. A file with too few digits gives the same time to several samples.

    Parameters
    ----------
    printed : [s or the file's unit] shape (n,)
    cells : some printed times as text, with the largest one: they tell how far times are rounded
    step : sample interval that the header states, in the same unit; None: not stated

    Raises
    ------
    UnreadableFile
        The stated interval is not that of the printed times.
    """
    count = printed.size
    if count < 3 or not np.all(np.isfinite(printed)):
        return printed, ()
    position = np.arange(count, dtype=np.float64)
    centred = position - 0.5 * (count - 1)
    fitted = float(np.dot(centred, printed) / np.dot(centred, centred))
    if fitted <= 0.0:
        return printed, ()  # such times are refused later, with their row
    rounded = last_digit(cells)
    scale = float(np.max(np.abs(printed)))
    allowed = _ROUNDED * rounded + 1e-12 * scale
    slack = 4.0 * allowed / count  # how well the printed times give the interval
    if step is not None and abs(fitted - step) > 0.01 * abs(step) + slack:
        raise damaged(source, f"the header states a sample interval of {step:.6g}, but the times differ by "
                      f"{fitted:.6g} on average. One of the two is wrong")
    for chosen in (step, fitted):
        if chosen is None:
            continue
        even = chosen * position
        shift = printed - even
        even += 0.5 * (float(shift.min()) + float(shift.max()))
        if float(np.ptp(shift)) <= 2.0 * allowed:
            coarse = not bool(np.all(np.diff(printed) > 0))
            said = (f"the printed times have too few digits. tsbench uses even times with an interval of "
                    f"{chosen:.6g}",) if coarse else ()
            return (even if coarse or rounded > 1e-3 * chosen else printed), said
    return printed, ()
