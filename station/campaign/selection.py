"""Which devices a campaign measures: patterns over the devices of the bench, and the rows of a wafer map."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tsbench.errors import ConfigurationError, nearest
from tsbench.station.campaign.dimensions import Dimension
from tsbench.station.campaign.expression import WrittenNumber, parse
from tsbench.station.campaign.names import Words
from tsbench.station.campaign.values import ExpressionError, Quantified
from tsbench.text_files import read_text

_MOST_ROWS = 100_000
_MEASURED = {"yes": True, "1": True, "true": True, "": True, "no": False, "0": False, "false": False}


@dataclass(frozen=True)
class WaferMap:
    """The rows of a wafer map: device -> its columns, as numbers with unit or as words."""

    rows: Mapping[str, Mapping[str, Quantified | str]] = field(default_factory=dict)

    def columns(self) -> dict[str, Dimension | Words]:
        """Return the unit of each column whose every entry is a number of one unit; Words() for the others."""
        found: dict[str, Dimension | Words] = {}
        for row in self.rows.values():
            for name, value in row.items():
                kind = value.dimension if isinstance(value, Quantified) else Words()
                found[name] = kind if found.get(name, kind) == kind else Words()
        return found


def matching(patterns: Sequence[str], names: Iterable[str]) -> list[str]:
    """Return the names that a pattern matches, in the order of the patterns, each once.

    ``*`` and ``?`` stand for characters within one part between "/", ``**`` for any.
    """
    names, found = list(names), dict[str, None]()
    for pattern in patterns:
        signs = _signs(pattern)
        found |= dict.fromkeys(name for name in names if _matches(signs, name))
    return list(found)


def pattern_problems(patterns: Sequence[str], names: Iterable[str]) -> list[str]:
    """Return one line for each pattern that matches nothing."""
    names = list(names)
    return [f"device '{pattern}' is not on the bench{nearest(pattern, names[:200])}"
            for pattern in patterns if not matching([pattern], names)]


def _signs(pattern: str) -> list[str]:
    """Return the signs of a pattern: ``**``, ``*``, ``?`` and single characters."""
    return [sign for part in re.split(r"(\*\*|\*|\?)", pattern)
            for sign in ([part] if part in ("**", "*", "?") else part)]


def _matches(signs: Sequence[str], name: str) -> bool:
    """Whether a name matches: all places of the pattern at once, so that no pattern takes long."""
    places = _with_empty_stars({0}, signs)
    for character in name:
        after = set()
        for place in places:
            if place == len(signs):
                continue
            sign = signs[place]
            if sign == "**" or (sign == "*" and character != "/"):
                after.add(place)
            elif (sign == "?" and character != "/") or sign == character:
                after.add(place + 1)
        places = _with_empty_stars(after, signs)
    return len(signs) in places


def _with_empty_stars(places: set[int], signs: Sequence[str]) -> set[int]:
    """Add the places behind stars, which may stand for nothing."""
    found = set(places)
    for place in places:
        behind = place
        while behind < len(signs) and signs[behind] in ("*", "**"):
            behind += 1
            found.add(behind)
    return found


def read_map(path: Path) -> WaferMap:
    """Read a wafer map: a CSV file with a column ``device``; a column ``measure`` with "no" leaves a row out.

    Raises
    ------
    ConfigurationError
        One line: the file, the row and what is wrong with it.
    """
    text = read_text(path, "wafer map")
    separator = max(",;\t", key=text.partition("\n")[0].count)
    rows = csv.reader(io.StringIO(text), delimiter=separator)
    found: dict[str, dict[str, Quantified | str] | None] = {}
    try:
        names = [name.strip() for name in next(rows, [])]
        if "device" not in names:
            raise ConfigurationError(f"{path}: a wafer map needs a column 'device'{nearest('device', names)}")
        if twice := sorted({name for name in names if name and names.count(name) > 1}):
            raise ConfigurationError(f"{path}: the column '{twice[0]}' is there twice")
        for line, row in enumerate(rows, start=2):
            if not any(cell.strip() for cell in row):
                continue
            if line > _MOST_ROWS:
                raise ConfigurationError(f"{path}: more than {_MOST_ROWS} rows")
            if len(row) != len(names):
                raise ConfigurationError(f"{path}: line {line} has {len(row)} cells, but there are {len(names)} "
                                         "columns")
            device, cells = _read_row(dict(zip(names, row, strict=True)), f"{path}: line {line}")
            if device in found:
                raise ConfigurationError(f"{path}: line {line}: the device {device!r} is there twice")
            found[device] = cells
    except csv.Error as error:
        raise ConfigurationError(f"{path}: this is not a CSV file ({error})") from None
    return WaferMap({device: cells for device, cells in found.items() if cells is not None})


def _read_row(row: Mapping[str, str], place: str) -> tuple[str, dict[str, Quantified | str] | None]:
    """Return the device of a row and its cells; None instead of the cells where it is not measured."""
    cells = {name: cell.strip() for name, cell in row.items()}
    device, measure = cells.pop("device"), cells.pop("measure", "yes")
    if not device:
        raise ConfigurationError(f"{place}: the device is missing")
    if measure.lower() not in _MEASURED:
        raise ConfigurationError(f"{place}: the column 'measure' has {measure!r:.60} for {device}. Write yes or no")
    if not _MEASURED[measure.lower()]:
        return device, None
    return device, {name: _cell(cell) for name, cell in cells.items() if cell}


def _cell(text: str) -> Quantified | str:
    try:
        tree = parse(text.removeprefix("-")).tree
    except ExpressionError:
        return text
    if not isinstance(tree, WrittenNumber):
        return text
    return Quantified.exact(-tree.value if text.startswith("-") else tree.value, tree.dimension)
