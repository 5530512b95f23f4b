"""Workbooks of Keithley Clarius (4200A-SCS): each run is a sheet, and the sheet "Settings" describes all runs.

The layout is that of the files that Clarius+ V1.14 saves: in "Settings", a section for each run ("Run4" between lines
of "=") with the settings of each terminal and the formulas. All values are in SI units. A column of a formula is
calculated from the measured ones; many of these columns hold one number in their first row.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tsbench.analysis.tables.column_units import step_of
from tsbench.errors import ConfigurationError, UnreadableFile
from tsbench.importers.cycles import joined_cycles
from tsbench.importers.foreign import ForeignTable, choose
from tsbench.importers.grids import Cell, number_of, tables_of_grid, text_of
from tsbench.quantities import parse_quantity

_SETTINGS, _TERMINALS, _FORMULAS, _CYCLES = "Settings", "Device Terminal", "Formulas", "Cycle Mode"
_RULE = re.compile(r"={5,}")
#: sheets that hold no run
_NO_RUNS = frozenset({_SETTINGS, "Calc"})
_CYCLE = re.compile(r"Cycle\s+(\d+)", re.IGNORECASE)
#: what the program calls the sheet of a run; any other name was given by a person
_NAME_OF_A_RUN = re.compile(r"(Run|Data|Append|Cycle)\s*\d*(, columns [A-Z]+ to [A-Z]+)?", re.IGNORECASE)
#: settings of a terminal that two runs of one test share
_SAME = ("Operation Mode", "Start/Bias", "Stop", "Step", "Compliance", "Dual Sweep")


@dataclass(frozen=True)
class ClariusRun:
    """The settings of one run."""

    settings: Mapping[str, str]  #: of the test: "Mode" -> "Sweeping"
    terminals: Mapping[str, Mapping[str, str]]  #: "A" -> {"Operation Mode": "Voltage Linear Sweep", …}
    formulas: frozenset[str]  #: names of the columns that are calculated
    cycle: int | None = None

    def swept(self) -> str | None:
        """Return the terminal whose voltage or current is swept, None unless it is one."""
        found = [name for name, of in self.terminals.items() if "sweep" in of.get("Operation Mode", "").lower()]
        return found[0] if len(found) == 1 else None

    def same_test(self, other: "ClariusRun") -> bool:
        """Return whether two runs were made by one test with the same settings, so that they are its cycles."""
        return self.settings.get("Test Name") == other.settings.get("Test Name") and {
            name: [of.get(setting) for setting in _SAME] for name, of in self.terminals.items()
        } == {name: [of.get(setting) for setting in _SAME] for name, of in other.terminals.items()}


def is_clarius(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> bool:
    """Return whether a workbook has the sheet of settings that Clarius writes."""
    rows = sheets.get(_SETTINGS, ())
    first = {text_of(row[0]) for row in rows if row}
    return bool(first & {_TERMINALS, _CYCLES} or (first & set(sheets) and any(map(_RULE.fullmatch, first))))


def tables_of_clarius(
    sheets: Mapping[str, Sequence[Sequence[Cell]]], wanted: str | None, source: str
) -> tuple[list[ForeignTable], list[str]]:
    """Return the tables of a workbook: the cycles of one sweep are one table with a column ``cycle``.

    Parameters
    ----------
    sheets : name -> rows of cells
    wanted : name of the run that is read alone, or of the table; None: all
    source : name of the file, for messages

    Raises
    ------
    ConfigurationError
        There is no table or run of this name.
    UnreadableFile
        The workbook is the summary that Clarius makes of many cycles: it has no reading.
    """
    if any(row and text_of(row[0]) == _CYCLES for row in sheets[_SETTINGS]):
        raise UnreadableFile(
            f"{source} is the summary of Clarius over many cycles. It holds one row of calculated quantities for each "
            "cycle and no readings. Analyse the workbook of the test, which has one sheet for each run")
    runs = read_settings(sheets[_SETTINGS])
    read: list[tuple[ClariusRun, ForeignTable]] = []
    said: list[str] = []
    for name, rows in sheets.items():
        if name in _NO_RUNS:
            continue
        run = runs.get(name) or (runs[""] if "" in runs else ClariusRun({}, {}, frozenset()))
        tables, lines = tables_of_grid(name, rows)
        read += [(run, _with_roles(table, run)) for table in tables]
        said += lines
    read.sort(key=lambda one: _number(one[1].name))
    if wanted in {table.name for _, table in read}:
        return [table for _, table in read if table.name == wanted], said
    groups: list[list[tuple[ClariusRun, ForeignTable]]] = []
    for run, table in read:
        mine = next((group for group in groups if _belongs(group[0], run, table)), None)
        if mine is None:
            groups.append([(run, table)])
        else:
            mine.append((run, table))
    tables = [_joined(group) for group in groups]
    if wanted is not None:
        named = choose([table.name for table in tables], wanted, source)
        tables = [table for table in tables if table.name == named]
    if len(tables) == 1 and len(groups[0]) == 1 and wanted is None:
        tables = [replace(tables[0], name="")]
    return tables, said


def read_settings(rows: Sequence[Sequence[Cell]]) -> dict[str, ClariusRun]:
    """Return the settings of each run by the name of its sheet; "" for a file with one section without a name."""
    cells = [[text_of(cell) for cell in row] for row in rows]
    sections: dict[str, list[list[str]]] = {"": []}
    titles = [k for k, row in enumerate(cells) if _is_title(cells, k)]
    name = ""
    for k, row in enumerate(cells):
        if k in titles and not _CYCLE.fullmatch(row[0]):
            name = row[0]
            sections[name] = []
        else:
            sections[name].append(row)
    return {name: _run(section) for name, section in sections.items() if any(any(row) for row in section)}


def _is_title(cells: Sequence[Sequence[str]], k: int) -> bool:
    """Return whether a row stands between two lines of "="."""
    around = (cells[k - 1][:1], cells[k + 1][:1]) if 0 < k < len(cells) - 1 else ()
    return bool(around) and all(line and _RULE.fullmatch(line[0]) for line in around) and bool(
        cells[k] and cells[k][0] and not _RULE.fullmatch(cells[k][0]))


def _run(section: Sequence[Sequence[str]]) -> ClariusRun:
    settings: dict[str, str] = {}
    terminals: dict[str, dict[str, str]] = {}
    formulas: set[str] = set()
    order: list[str] = []
    cycle = None
    part = "test"
    for row in section:
        key, rest = (row[0], list(row[1:])) if row else ("", [])
        if found := _CYCLE.fullmatch(key):
            cycle = int(found[1])
        elif key == _TERMINALS:
            part, order = "terminals", [name for name in rest if name]
            terminals = {name: {} for name in order}
        elif key == _FORMULAS:
            part = "formulas"
        elif part == "formulas" and (formula := re.match(r"(\w+)\s*=", key)):
            formulas.add(formula[1])
        elif part == "terminals" and key:
            for name, value in zip(order, rest, strict=False):
                terminals[name][key] = value
        elif part == "test" and key and rest:
            settings[key] = rest[0]
    return ClariusRun(settings, terminals, frozenset(formulas), cycle)


def _with_roles(table: ForeignTable, run: ClariusRun) -> ForeignTable:
    """Return the table with what its settings state: the swept terminal, its compliance, the formulas, the units."""
    names = [column.name for column in table.columns]
    terminal = run.swept() if run.terminals else _only_pair(names)
    mine = run.terminals.get(terminal, {}) if terminal is not None else {}
    roles = {f"{terminal}V": "voltage", f"{terminal}I": "current"} if terminal is not None else {}
    if (named := mine.get("Name", "")) in names and f"{terminal}V" not in names:
        roles = {named: "voltage", f"{terminal}I": "current"}
    if not set(roles) <= set(names):
        roles = {}
    measured = {"V": "V", "I": "A"}
    columns = []
    for column in table.columns:
        step = step_of(column.name)
        name = step.name if step else column.name
        unit = "s" if name == "Time" else measured.get(name[-1:], "")
        calculated = name in run.formulas
        columns.append(replace(
            column, unit="" if calculated else unit, calculated=calculated,
            role="time" if column.name == "Time" and roles else roles.get(column.name, "")))
    stated = mine.get("Compliance", "") if "voltage" in mine.get("Operation Mode", "").lower() else ""
    limit = _current(stated)
    said = tuple(
        f"the voltage of {table.name} is the programmed one, not a measured one"
        for _ in (1,) if mine.get("Measure Voltage") == "Programmed")
    if limit is None and stated not in ("", "N/A"):
        said = (*said, f"the compliance '{stated[:30]}' of {table.name} is not understood, so no reading is flagged")
    return replace(
        table, columns=tuple(columns), compliance=limit or None, remarks=said,
        settings={**run.settings, **{key: value for key, value in mine.items() if value}})


def _current(text: str) -> float | None:
    """Return a current [A] as Clarius writes it ("0.0005"), or with a decimal comma or a unit; None for other texts."""
    plain = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    try:
        return parse_quantity(plain, "A")
    except ConfigurationError:
        return number_of(plain)


def _only_pair(names: Sequence[str]) -> str | None:
    """Return the terminal of which both voltage and current are in the table, None unless it is one."""
    found = [name[:-1] for name in names if len(name) > 1 and name.endswith("V") and f"{name[:-1]}I" in names]
    return found[0] if len(found) == 1 else None


def _belongs(first: tuple[ClariusRun, ForeignTable], run: ClariusRun, table: ForeignTable) -> bool:
    """Return whether a run is another cycle of the sweep of ``first``.

    Where the file has no settings, the voltages tell: they are the same ones. A sheet that a person named holds a
    measurement of its own: often of another device.
    """
    if not (_NAME_OF_A_RUN.fullmatch(table.name) and _NAME_OF_A_RUN.fullmatch(first[1].name)):
        return False
    if [c.name for c in table.columns] != [c.name for c in first[1].columns]:
        return False
    if run.terminals or first[0].terminals:
        return run.settings.get("Mode") == "Sweeping" and run.swept() is not None and run.same_test(first[0])
    return any(
        column.role == "voltage" and np.array_equal(column.values, first[1].columns[k].values)
        for k, column in enumerate(table.columns))


def _joined(group: Sequence[tuple[ClariusRun, ForeignTable]]) -> ForeignTable:
    """Return the cycles of a sweep as one table, in the order of measurement."""
    run, first = group[0]
    if len(group) == 1:
        return first
    numbers = [one.cycle for one, _ in group if one.cycle is not None]
    last = group[-1][1].name
    test = f"runs of the test '{run.settings['Test Name']}' with the same settings" if run.terminals else (
        "runs with the same voltages")
    said = (f"{len(group)} {test} ({first.name} to {last}) are read as the cycles of one sweep. For one run, use "
            f"--table {last}")
    return joined_cycles([table for _, table in group], f"{first.name} to {last}", said, numbers)


def _number(name: str) -> tuple[int, str]:
    """Return what sheets are sorted by: "Run4" after "Run3", as they were measured."""
    found = re.search(r"(\d+)$", name)
    return (int(found[1]) if found else 0, name)
