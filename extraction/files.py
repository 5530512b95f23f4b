"""Analyses files for ``tsbench analyse``: run files, journals and tables of other programs give rows of results."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tsbench.analysis.resistance.state_resistance import TOO_FEW_AROUND
from tsbench.analysis.tables.record_kind import KINDS
from tsbench.analysis.tables.table import parse_columns
from tsbench.analysis.threshold.level_rule import PASSED_AT_ONCE, WITHIN_NOISE
from tsbench.analysis.threshold.switching_results import ON_AT_ONCE
from tsbench.analysis.threshold.switching_rule import Jump, Rule, parse_rule
from tsbench.errors import ConfigurationError, TsbenchError
from tsbench.extraction.paths import RUN_SUFFIXES, named_files, names_of
from tsbench.extraction.runs import draw_figures, extract, other_package
from tsbench.extraction.table_files import TablesRead, read_tables
from tsbench.extraction.tables import analyse_table
from tsbench.importers.registry import importer_of
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.quantities import format_quantity
from tsbench.records import Run, simulation_mark
from tsbench.storage.campaign_files import missing_in_folder

#: first bytes of a run file
_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MOST_EQUAL = 5  #: questions about tables of one file that are alike; more are one line with a count


@dataclass(frozen=True)
class FileAnalysis:
    """Result rows as ``--json`` prints them, a summary in words, and the figures that were written."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    figures: list[Path] = field(default_factory=list)
    understood: list[str] = field(default_factory=list)  #: what each table was taken for, column by column
    #: a line for each file that could not be analysed, each kind of result that was refused, and each campaign in a
    #: given folder of which run files are missing
    problems: list[str] = field(default_factory=list)
    repeated: dict[str, str] = field(default_factory=dict)  #: interrupted run -> the run measured in its place
    names: dict[Path, str] = field(default_factory=dict)  #: of the files, in rows and lines
    runs: dict[str, str] = field(default_factory=dict)  #: run -> name of its file
    stems: set[str] = field(default_factory=set)  #: with which the names of figures of tables begin

    def leave_out_repeated(self) -> None:
        """Take away the rows of runs that were interrupted and measured again: the same device would count twice."""
        for run in sorted({row["run"] for row in self.rows} & set(self.repeated)):
            self.rows[:] = [row for row in self.rows if row["run"] != run]
            self.lines.append(f"{run}: this run is left out, because it was interrupted and measured again as "
                              f"{self.repeated[run]}")


def analyse_files(
    paths: str | Path | Sequence[str | Path],
    columns: str | Mapping[str, str] | None = None,
    rule: str | Rule | None = None,
    out: str | Path | None = None,
    kind: str | None = None,
    table: str | None = None,
    names: Mapping[Path, str] | None = None,
    read_voltage: float | None = None,
) -> FileAnalysis:
    """Extract numbers from run files and tables.

    Parameters
    ----------
    paths : run files (``.nxs``), journals (``.tsj``) or tables; patterns and folders, see
        :func:`tsbench.extraction.paths.named_files`
    columns : for tables: "role=name,…" or role -> name, a unit in brackets after the name; None: by the header
    rule : "jump" (default) or "above=10n"
    out : folder for figures; None: none are drawn
    kind : what tables hold, one of "sweep", "pulses", "relaxation", "spikes"; None: by columns and record
    table : name (or number from 1) of the table in files that hold several; None: all
    names : of the files in rows, lines and figures; None: their own, after as many folders as tell them apart
    read_voltage : [V] at which the off resistance of a sweep is read; None: half of the threshold voltage

    Returns
    -------
    FileAnalysis
        If one of several files cannot be read, ``problems`` names it, and the others are analysed.

    Raises
    ------
    ConfigurationError, UnreadableFile, OSError
        Nothing can be analysed: one line naming the file, the line and what is wrong with it. What is wrong with other
        files and tables are its notes (``__notes__``).
    """
    options = ExtractionOptions(
        rule=parse_rule(rule) if isinstance(rule, str) else rule or Jump(), read_voltage=read_voltage)
    named = parse_columns(columns) if isinstance(columns, str) else columns
    if kind is not None and kind not in KINDS:
        raise ConfigurationError(f"unknown kind of table '{kind}'. Give one of {', '.join(KINDS)}")
    named_paths = [Path(paths)] if isinstance(paths, (str, Path)) else [Path(path) for path in paths]
    out = None if out is None else Path(out)
    files, runs = named_files(named_paths), 0
    analysis, failed = FileAnalysis(names=dict(names or names_of(files))), 0
    for folder in (path for path in named_paths if path.is_dir()):
        analysis.problems.extend(missing_in_folder(folder, below=False))
    for path, run in files_with_runs(files):
        try:
            if isinstance(run, Exception):
                raise run
            if run is not None:
                runs += 1
                _analyse_run(path, run, options, out, analysis)
            else:
                _analyse_tables(read_tables(path, named, table), path, options, out, kind, analysis)
        except (TsbenchError, OSError) as error:
            said = _line(error, path, analysis.names[path])
            analysis.problems.append(said)
            failed += 1
            if failed == len(files):
                none_analysed = type(error)(said) if isinstance(error, TsbenchError) else error
                for line in analysis.problems[:-1]:
                    none_analysed.add_note(line)
                raise none_analysed from error.__cause__ if none_analysed is error else error
    analysis.leave_out_repeated()
    analysis.lines.extend(_level_lines(analysis.rows, options.rule))
    analysis.lines.extend(_unused(analysis.rows, options.read_voltage, runs,
                                  {"--columns": columns, "--as": kind, "--table": table}))
    return analysis


def _level_lines(rows: Sequence[Mapping[str, Any]], rule: Rule) -> list[str]:
    """Return how many half-sweeps pass the current level of the rule in the off state or by noise; [] where none do."""
    if isinstance(rule, Jump):
        return []
    of_sweeps = [row for row in rows if row["quantity"] == "threshold_voltage" and f"rule {rule}" in row["method"]]
    lines = []
    for reasons, how, than in (((PASSED_AT_ONCE, ON_AT_ONCE), "from the first readings on, or as a resistor does",
                                "of the off state"), ((WITHIN_NOISE,), "by their noise alone", "of the noise")):
        if passed := sum(row["method"].startswith(reasons) for row in of_sweeps):
            lines.append(f"{passed} of {len(of_sweeps)} half-sweeps pass the current of the rule '{rule}' {how}. So it "
                         f"tells no switching there. Give a current above that {than}, or --rule jump")
    return lines


def _unused(
    rows: Sequence[Mapping[str, Any]], read_voltage: float | None, runs: int, of_tables: Mapping[str, object]
) -> list[str]:
    """Return what was asked for and changed nothing: a voltage that no reading reaches, options of tables for runs."""
    lines = []
    named = [name for name, value in of_tables.items() if value]
    if runs and named:
        lines.append(f"{' and '.join(named)} {'tell' if len(named) > 1 else 'tells'} what a table holds. "
                     f"{'A run file knows it' if runs == 1 else f'{runs} run files know it'}, so nothing changes there")
    off = [row for row in rows if row["quantity"] == "off_resistance"]
    if read_voltage is not None and off and all(TOO_FEW_AROUND in row["method"] for row in off):
        lines.append("no half-sweep has enough readings of the off state around "
                     f"{format_quantity(read_voltage, 'V', 3)}, so there is no off resistance. Give another "
                     "--read-voltage, or leave it out")
    return lines


def files_with_runs(files: Sequence[Path]) -> Iterator[tuple[Path, Run | TsbenchError | OSError | None]]:
    """Yield each file with its run, None for a table, or what is wrong with it.

    Several runs are read by a few child processes, while this process extracts from those before.
    """
    from tsbench.storage import read_foreign
    from tsbench.storage.reading_children import ReadingChildren

    kinds: dict[Path, bool | TsbenchError | OSError] = {}
    for path in files:
        try:
            kinds[path] = is_run(path)
        except (TsbenchError, OSError) as error:
            kinds[path] = error
    runs = [path for path, kind in kinds.items() if kind is True]
    with ReadingChildren(min(len(runs), 2)) as children:
        answers = children.runs(runs) if len(runs) > 1 else None
        for path, kind in kinds.items():
            if kind is True and answers is not None:
                yield next(answers)
            elif kind is True:
                try:
                    yield path, read_foreign(path)
                except (TsbenchError, OSError) as error:
                    yield path, error
            else:
                yield path, None if kind is False else kind


def is_run(path: Path) -> bool:
    """Return whether a file is taken for a run file or a journal, by its suffix or its first bytes."""
    if path.is_dir():
        raise ConfigurationError(f"{path} is a folder. Give the names of the files in it")
    if path.suffix.lower() in (".nxs", ".tsj") or not path.exists():
        return path.suffix.lower() in RUN_SUFFIXES
    if not path.is_file():
        raise ConfigurationError(f"{path} is a device or a pipe, not a file")
    if importer_of(path) is not None:
        return False
    with path.open("rb") as file:
        return path.suffix.lower() in RUN_SUFFIXES or file.read(len(_HDF5_SIGNATURE)) == _HDF5_SIGNATURE


def _line(error: TsbenchError | OSError, path: Path, name: str) -> str:
    if isinstance(error, OSError):
        return f"{path}: {error.strerror or error}"
    text = " ".join(str(error).split())
    if path.name not in text:
        return f"{name}: {text}"
    return text if name in text or str(path) in text else text.replace(path.name, name)


def _analyse_tables(
    read: TablesRead, path: Path, options: ExtractionOptions, out: Path | None, kind: str | None, into: FileAnalysis
) -> None:
    """Analyse the tables of a file one by one; an error of one of several is a line of ``problems``."""
    label = into.names[path]
    into.problems.extend(read.problems)
    if read.tables and (remarks := read.tables[0].remarks):
        into.lines.extend(f"{label}: {line}" for line in remarks)
    failed, asked = 0, list[tuple[str, str]]()
    for one in read.tables:
        name = f"{label}:{one.name}" if one.name else label
        drawn_as = path.with_name(_figure_stem(label, path, one.name, into.stems) + path.suffix)
        try:
            found = analyse_table(one.table, drawn_as, options.rule, out, kind, options.read_voltage)
        except TsbenchError as error:
            failed += 1
            said = str(error).replace(drawn_as.name, f"{label}, table '{one.name}'" if one.name else label)
            asked.append((one.name, said))
            if failed == len(read.tables):
                *before, last = _counted(asked)
                into.problems.extend(before)
                raise type(error)(last) from error
            continue
        program = f"{one.program}, " if one.program else ""
        into.understood.append(f"{name}: {program}{found.understood}")
        into.rows.extend(result.row(device="", protocol="table", run=name) for result in found.results)
        into.lines.extend(f"{name}: {line}" for line in found.lines)
        into.figures.extend(found.figures)
    into.problems.extend(_counted(asked))


def _counted(asked: Sequence[tuple[str, str]]) -> list[str]:
    """Return the questions about the tables of a file; equal ones, but for names and values, as one with a count.

    Parameters
    ----------
    asked : (name of the table, question)
    """
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, said in asked:
        alike = said.replace(f"'{name}'", "") if name else said
        groups.setdefault(re.sub(r"\d[\d.]*(?:e[-+]?\d+)?( [munpk](?=[VA]\b))?", "#", alike), []).append((name, said))
    lines = []
    for group in groups.values():
        if len(group) <= _MOST_EQUAL:
            lines += [said for _, said in group]
            continue
        lines.append(f"{group[0][1]}. The same holds for {len(group) - 1} more tables of this file, from "
                     f"'{group[1][0]}' to '{group[-1][0]}'")
    return lines


def _figure_stem(label: str, path: Path, table: str, used: set[str]) -> str:
    """Return with what the names of a table's figures begin: no other table's do, not even in capital letters."""
    stem = label.removesuffix(path.suffix).replace("/", "_") + (f"_{_file_name(table)}" if table else "")
    others = (f"{stem}_{path.suffix[1:]}", *(f"{stem}_{number}" for number in range(2, len(used) + 3)))
    free = next(one for one in (stem, *others) if one.lower() not in used)
    used.add(free.lower())
    return free


def _file_name(table: str) -> str:
    """Return the name of a table as a part of a file's name."""
    return re.sub(r"[^\w.+-]+", "_", table).strip("_")[:60]


def _count(results: int, without: int, refused: bool) -> str:
    """Return how many results a run gives, and whether others were refused."""
    if not results:
        return "no results that can be stored" if refused else "no results"
    left_out = ". Other results are left out, because they cannot be stored" if refused else ""
    return f"{results} results, {without} of them without a value{left_out}"


def _analyse_run(path: Path, run: Run, options: ExtractionOptions, out: Path | None, into: FileAnalysis) -> None:
    header, label = run.header, into.names[path]
    if other := into.runs.get(header.run_id):
        into.lines.append(f"{label}: this file is left out, because it holds the run {header.run_id} as {other} does")
        return
    into.runs[header.run_id] = label
    into.repeated.update(dict.fromkeys(map(str, header.provenance.get("repeats") or ()), header.run_id))
    before = len(into.problems)
    results = extract(run, options, problem=into.problems.append)
    refused = len(into.problems) > before
    into.rows.extend(result.row(header.device.identifier, header.protocol, header.run_id) for result in results)
    if line := other_package(run):
        into.lines.append(f"{label}: {line}")
    without = sum(result.value is None for result in results)
    simulated = {name: bool(facts.get("simulated")) for name, facts in header.instruments.items()}
    mark = f" ({simulation_mark(simulated).lower()})" if any(simulated.values()) else ""
    state = "" if run.status == "success" else f". The run ended with status '{run.status}'"
    into.lines.append(
        f"{label}: {header.protocol} on {header.device.identifier}{mark} gives "
        f"{_count(len(results), without, refused)}{state}"
    )
    if out is not None:
        into.figures.extend(draw_figures(run, out, options, lambda line: into.lines.append(f"{label}: {line}")))
