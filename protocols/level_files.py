"""Columns of numbers in a text file that a user names: levels and recordings that will be sent to a device.

Nothing is guessed here, because a number that is read on a wrong scale destroys the device. A file that can be read in
two ways is refused, and so is a unit that is not understood.
"""

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.quantities import parse_quantity
from tsbench.records import FloatArray

_LARGEST_FILE = 64 * 2**20  #: [bytes]
_MOST_HEADER = 1000  #: lines above the numbers
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
_HEADER_LINES = 3  #: right above the numbers, which may name the columns and their units
_DECIMAL = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")  #: 1,000 or 1.000 with a comma
_BOTH = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+,\d+").fullmatch
_WORD = re.compile(r"[A-Za-z\u00b5\u03bc\u03a9]+")
_UNITS = "VAs"
_GLUED = re.compile(r"[UVIJt][mun\u00b5\u03bck][VAs]")  #: VmV: a name and a unit
_SPELLED = re.compile(r"(femto|pico|piko|nano|micro|mikro|milli|kilo|mega)[- ]?(v|a|s)[a-z]*", re.IGNORECASE)
#: how a unit is marked as one: in brackets at the end, behind a slash, behind "in"
_MARKED = (re.compile(r"[\[({<]([^\[\](){}<>]*)[\])}>]"), re.compile(r"\S\s*/\s*(\S+)\s*$"),
           re.compile(r"\bin\s+(\S+)\s*$"))


@dataclass(frozen=True)
class _Way:
    """One way to read the lines of a file."""

    delimiter: str | None  #: None: blanks
    comma: bool  #: the decimal sign is a comma
    rows: tuple[tuple[float, ...], ...] = ()
    header: tuple[str, ...] = ()  #: lines above the numbers
    failure: str = ""  #: why this way does not suit; "" if it does

    def cells(self, line: str) -> list[str]:
        """Return the cells of a line, without those that end it empty."""
        if self.delimiter is None:
            return line.split()
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=self.delimiter, skipinitialspace=True))]
        while cells and not cells[-1]:
            cells.pop()
        return cells

    def number(self, cell: str) -> float:
        """Return the number in a cell, or raise ValueError."""
        if "_" in cell or (self.comma and "." in cell):   # Python reads 1_000, and 1.000 may be a thousand
            raise ValueError(cell)
        return float(cell.replace(",", ".") if self.comma else cell)

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.rows[0]) if self.rows else 0

    def titles(self) -> list[str]:
        """Return the header of each column, joined over its lines; empty where no line has a cell for each column."""
        lines = [line.lstrip("#% ") for line in self.header[-_HEADER_LINES:]]
        if self.width == 1 and not (self.delimiter and any(len(self.cells(line)) > 1 for line in lines)):
            return [" ; ".join(lines[-_HEADER_LINES:])] if lines else []
        found = [cells for line in lines for cells in self._title_cells(line) if len(cells) == self.width]
        return [" ; ".join(column) for column in zip(*found, strict=True)]

    def _title_cells(self, line: str) -> list[list[str]]:
        if self.delimiter is not None:
            return [self.cells(line)]
        ways = (re.findall(r"[^\s\[(]\S*(?:\s*[\[(][^\])]*[\])])?", line), re.split(r"\s{2,}", line), line.split())
        return next(([way] for way in ways if len(way) == self.width), [])


def read_columns(path: Path, positions: Sequence[int], units: Sequence[str], what: str) -> list[FloatArray]:
    """Return columns of a text file in SI units, each of shape (n,).

    Cells are separated by semicolons, tabs, commas or blanks. The decimal sign is a point, or a comma where this cannot
    be misread. A unit in the header scales the column; without one, the numbers are in ``units``. Lines that begin with
    ``#`` or ``%`` are comments.

    Parameters
    ----------
    path : of a text file, UTF-8 or UTF-16 with its mark
    positions : of the columns, from 0; -1 is the last one
    units : SI unit of each: "V", "A" or "s"
    what : a line has to have, in words: "a level"

    Raises
    ------
    ConfigurationError
        One line: the file cannot be read, has no such numbers, can be read in two ways, or has an unclear unit.
    """
    lines = [(number, line.strip()) for number, line in enumerate(_text(path).splitlines(), start=1) if line.strip()]
    needed = max((position + 1 if position >= 0 else -position) for position in positions)
    ways = list(_ways(lines, needed, what))
    suited = [way for way in ways if not way.failure]
    if not suited:
        way = max(ways, key=lambda one: len(one.rows))
        raise ConfigurationError(f"{path}: {way.failure}" if way.rows else f"{path}: 0 lines with {what} were found")
    chosen = _one_of(suited, positions, path)
    _require_no_thousands(chosen, [line for _, line in lines], path)
    values = np.array(chosen.rows)
    factors = _factors(chosen, positions, units, path)
    return [values[:, position] * factor for position, factor in zip(positions, factors, strict=True)]


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ConfigurationError(f"{path}: the file is larger than {_LARGEST_FILE // 2**20} MB. Shorten it")
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror or error}). Correct 'file'") from None
    coding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(coding)
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: this is not UTF-8 text. Save the file as text in UTF-8") from None
    if "\0" in text:
        raise ConfigurationError(f"{path}: this is not UTF-8 text, because it has NUL characters (UTF-16?). Save the "
                                 "file as text in UTF-8")
    return text.replace("\u2212", "-")


def _ways(lines: Sequence[tuple[int, str]], needed: int, what: str) -> Iterator[_Way]:
    """Yield each way to read the lines whose separator is in them."""
    for delimiter in (";", "\t", ",", None):
        if delimiter is not None and not any(delimiter in line for _, line in lines):
            continue
        for comma in (False, True):
            if not comma or any("," in line for _, line in lines):
                yield _read(_Way(delimiter, comma), lines, needed, what)


def _read(way: _Way, lines: Sequence[tuple[int, str]], needed: int, what: str) -> _Way:
    rows, header = list[tuple[float, ...]](), list[str]()

    def result(failure: str = "") -> _Way:
        return _Way(way.delimiter, way.comma, tuple(rows), tuple(header), failure)

    for number, line in lines:
        if line[0] in "#%":
            if not rows:
                header.append(line)
            continue
        try:
            row = tuple(map(way.number, way.cells(line)))
        except ValueError:
            row = ()
        if len(row) < needed or (rows and len(row) != len(rows[0])):
            if rows:
                return result(f"line {number} ('{line[:40]}') has no {len(rows[0])} number"
                              f"{'s' if len(rows[0]) > 1 else ''} as the lines above it. Each line needs {what}")
            header.append(line)
            if len(header) > _MOST_HEADER:
                break
            continue
        if not all(map(math.isfinite, row)):
            rows.append(row)
            return result(f"a number in line {number} is not finite. All numbers must be finite")
        rows.append(row)
    return result("" if rows else f"0 lines with {what} were found")


def _one_of(suited: Sequence[_Way], positions: Sequence[int], path: Path) -> _Way:
    """Return the only way to read the file, by its header if the numbers leave more than one."""
    def wanted(way: _Way) -> list[tuple[float, ...]]:
        return [tuple(row[position] for position in positions) for row in way.rows]

    if all(wanted(way) == wanted(suited[0]) for way in suited[1:]):
        return suited[0]
    told = [way for way in suited if len(way.titles()) == way.width and not _is_unclear(way)]
    if len(told) == 1 or (told and all(wanted(way) == wanted(told[0]) for way in told[1:])):
        return told[0]
    ways = " or ".join(f"{wanted(way)[-1][-1]:g}" for way in suited[:2])
    raise ConfigurationError(
        f"{path}: the comma may separate columns, or it may be the decimal sign (the last line is {ways}). Write "
        "decimal points, or separate the columns by semicolons")


def _is_unclear(way: _Way) -> bool:
    """Return whether a header such as "voltage, V" may be two columns, or one column and its unit."""
    titles = way.titles()
    if way.width == 1:
        return "," in titles[0]
    return way.delimiter == "," and titles[-1].strip() in _UNITS and titles[0].strip() not in _UNITS


def _require_no_thousands(way: _Way, lines: Sequence[str], path: Path) -> None:
    """Refuse commas that may all separate thousands: 1,000."""
    numbers = [line for line in lines if line[0] not in "#%"][-len(way.rows):]
    if way.delimiter == "," and not way.titles() and all(map(_BOTH, numbers)):
        raise ConfigurationError(f"{path}: '{numbers[0]}' may be two numbers, or one with a point between thousands "
                                 "and a decimal comma. Separate the columns by semicolons")
    if not way.comma:
        return
    cells = [cell for line in numbers for cell in way.cells(line) if _DECIMAL.fullmatch(cell)]
    if cells and all(map(_THOUSANDS.fullmatch, cells)):
        raise ConfigurationError(f"{path}: the comma in '{cells[0]}' may be the decimal sign, or it may separate "
                                 "thousands. Write decimal points, and no separator of thousands")


def _factors(way: _Way, positions: Sequence[int], units: Sequence[str], path: Path) -> list[float]:
    """Return what each column is multiplied by to be in SI units, as the header says."""
    titles = way.titles()
    if not titles:
        for word in _WORD.findall(re.sub(r"\d\s*[^\W\d]+", " ", " ".join(way.header))):
            if any(_factor(word, unit) not in (None, 1.0) for unit in units):
                raise ConfigurationError(f"{path}: the lines above the numbers have the unit '{word}', but tsbench "
                                         f"cannot tell of which column. {_how(units[-1])}")
        return [1.0] * len(positions)
    return [_title_factor(titles[position], unit, path) for position, unit in zip(positions, units, strict=True)]


def _how(unit: str) -> str:
    name = {"V": "voltage", "A": "current", "s": "time"}[unit]
    return f"Write a header with a cell for each column, for example '{name} (m{unit})'"


def _title_factor(title: str, unit: str, path: Path) -> float:
    """Return the factor of the unit in the header of a column; 1 if there is none."""
    marked = [found[1].strip() for pattern in _MARKED for found in pattern.finditer(title)]
    known = {factor for text in marked if (factor := _factor(text, unit)) is not None}
    unclear = [text for text in marked if _factor(text, unit) is None]
    if unclear:
        raise ConfigurationError(f"{path}: the header '{title[:60]}' has the unit '{unclear[0]}', but a unit of {unit} "
                                 f"is needed. {_how(unit)}")
    words = [word for part in title.split(";") for word in _WORD.findall(part)]
    scaled = {factor for word in words if (factor := _factor(word, unit)) not in (None, 1.0)}
    if not known and (alien := [word for word in words if title.strip() == word and word in _UNITS and word != unit]):
        raise ConfigurationError(f"{path}: the header '{alien[0]}' is a unit, but a unit of {unit} is needed. "
                                 f"{_how(unit)}")
    if any(map(_GLUED.fullmatch, words)) or len(scaled | known) > 1 or _SPELLED.search(title) or \
            re.search(r"\d[eE^]|[x*\u00d7]\s*1", title):
        raise ConfigurationError(f"{path}: the unit in the header '{title[:60]}' is not clear. {_how(unit)}")
    return next(iter(scaled | known), 1.0)


def _factor(word: str, unit: str) -> float | None:
    """Return what a number in the unit ``word`` is multiplied by to be in ``unit``; None if it is no such unit."""
    plain = word.strip().lower()
    if plain in {"V": ("v", "volt", "volts"), "A": ("a", "amp", "ampere"), "s": ("s", "sec", "seconds")}[unit]:
        return 1.0
    if len(word) != 2 or not word.endswith(unit):
        return None
    try:
        return parse_quantity(f"1 {word}", unit)
    except ConfigurationError:
        return None
