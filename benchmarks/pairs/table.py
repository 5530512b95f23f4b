"""The tables of ``docs/evidence/pairs.md``: a summary, and one table of pairs for each device and protocol."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.pairs.cells import Cell

#: what the cells say nothing about, and which tests do
SCALES = (
    "A cell notices an instrument that cannot be set, triggered or read, and a wrong time scale on NbO2. It does not\n"
    "notice a wrong voltage of an oscilloscope, nor, on the silver device, a time scale that is wrong by less than\n"
    "the spread of its events. `test_scales_of_oscilloscopes.py`, `test_imperfections_of_oscilloscopes.py` and\n"
    "`test_imperfections_of_generators.py` hold the times and volts of each model.")
Found = Mapping[str, Any]
Kept = Mapping[tuple[str, bool], Found]   #: by name of the cell, and whether with imperfections


def holds(cell: Cell, found: Found) -> bool:
    """Return whether all values of a cell were extracted, and their intervals contain the true ones."""
    rows = found["rows"]
    return len(rows) == cell.part.values and all(
        low is not None and high is not None and low <= truth <= high for _, truth, _, low, high in rows)


def half_widths(found: Sequence[Found]) -> list[float]:
    """Return the half-widths of all intervals, relative to the true values."""
    return [(high - low) / 2 / abs(truth) for one in found for _, truth, _, low, high in one["rows"]
            if None not in {low, high}]


def ratio(real: Sequence[Found], ideal: Sequence[Found]) -> float | None:
    """Return the median half-width, to that without imperfections; None where there is none."""
    wide, best = half_widths(real), half_widths(ideal)
    return statistics.median(wide) / statistics.median(best) if wide and best and statistics.median(best) else None


def tables(measured: Sequence[Cell], kept: Kept) -> Iterator[str]:
    """Yield what the cells can notice, and the lines of all tables."""
    yield from (SCALES, "")
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in measured:
        groups.setdefault((cell.part.device, cell.part.protocol), []).append(cell)
    yield "| device | protocol | cells | cells that hold | values | median half-width, to that without imperfections |"
    yield "|---|---|---|---|---|---|"
    for (device, protocol), group in groups.items():
        real, ideal = ([kept[cell.name, imperfect] for cell in group] for imperfect in (True, False))
        holding = sum(map(holds, group, real))
        yield (f"| {device} | {protocol} | {len(group)} | {holding} | {sum(len(one['rows']) for one in real)} | "
               f"{_number(ratio(real, ideal))} |")
    for (device, protocol), group in groups.items():
        yield from ("", f"### {device}, {protocol}", "")
        yield from _matrix(group, kept)


def counts(wanted: Sequence[Cell], kept: Kept) -> Iterator[str]:
    """Yield the lines of a table of the cells with imperfections that are kept, by device, protocol and commit."""
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in wanted:
        groups.setdefault((cell.part.device, cell.part.protocol), []).append(cell)
    yield "| device | protocol | commit | cells measured | cells that hold |"
    yield "|---|---|---|---|---|"
    for (device, protocol), group in groups.items():
        found = [(cell, kept[cell.name, True]) for cell in group if (cell.name, True) in kept]
        for commit in dict.fromkeys(str(one.get("commit", "")) for _, one in found):
            part = [(cell, one) for cell, one in found if str(one.get("commit", "")) == commit]
            holding = sum(holds(cell, one) for cell, one in part)
            yield f"| {device} | {protocol} | {commit} | {len(part)} of {len(group)} | {holding} |"


def _matrix(group: Sequence[Cell], kept: Kept) -> Iterator[str]:
    """Yield one line for each source, with the oscilloscopes that it measured with."""
    lines: dict[str, list[str]] = {}
    for cell in group:
        real = kept[cell.name, True]
        mark = "" if holds(cell, real) else " **does not hold**"
        scope = f"{cell.scope.name} " if cell.scope else ""
        lines.setdefault(cell.source.name, []).append(
            f"{scope}{_number(ratio([real], [kept[cell.name, False]]))}{mark}")
    yield "| source | oscilloscope and ratio of the half-widths |"
    yield "|---|---|"
    for source, entries in lines.items():
        yield f"| {source} | {', '.join(entries)} |"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
