"""Files to result rows, as ``tsbench analyse`` prints them: run files, journals and tables of others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsbench.analysis.switching_rule import Jump, Rule, parse_rule
from tsbench.analysis.table import parse_columns
from tsbench.errors import ConfigurationError
from tsbench.extraction.options import ExtractionOptions
from tsbench.extraction.pictures import draw_figures
from tsbench.extraction.runs import extract
from tsbench.extraction.tables import analyse_table

#: what tells a run file, or the journal of one, from a table
_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_RUN_SUFFIXES = frozenset({".nxs", ".tsj", ".h5", ".hdf5"})


@dataclass(frozen=True)
class FileAnalysis:
    """Result rows as ``--json`` prints them, a summary in words, and the figures that were written."""

    rows: list[dict[str, Any]]
    lines: list[str]
    figures: list[Path]


def analyse_files(
    paths: Sequence[Path],
    columns: str | Mapping[str, str] | None = None,
    rule: str | Rule | None = None,
    out: Path | None = None,
) -> FileAnalysis:
    """Extract numbers from run files and tables.

    Parameters
    ----------
    paths : run files (``.nxs``), journals (``.tsj``) or tables
    columns : for tables: "role=name,…" or role -> name; None: guessed from the header
    rule : "jump" (default) or "above=10n"
    out : folder for figures; None: none are drawn

    Raises
    ------
    ConfigurationError, UnreadableFile, OSError
        One line naming the file, the line and what is wrong with it.
    """
    named = parse_columns(columns) if isinstance(columns, str) else columns
    chosen = parse_rule(rule) if isinstance(rule, str) else rule or Jump()
    rows: list[dict[str, Any]] = []
    lines: list[str] = []
    figures: list[Path] = []
    for path in paths:
        if _is_run(path):
            _analyse_run(path, ExtractionOptions(rule=chosen), out, (rows, lines, figures))
            continue
        results, said, drawn = analyse_table(path, named, chosen, out)
        rows += [result.row(device="", protocol="table", run=path.name) for result in results]
        lines += [f"{path.name}: {line}" for line in said]
        figures += drawn
    return FileAnalysis(rows, lines, figures)


def _is_run(path: Path) -> bool:
    if path.is_dir():
        raise ConfigurationError(f"{path}: is a folder; name the files in it")
    if path.suffix.lower() in _RUN_SUFFIXES:
        return True
    with path.open("rb") as file:
        return file.read(len(_HDF5_SIGNATURE)) == _HDF5_SIGNATURE


def _analyse_run(
    path: Path,
    options: ExtractionOptions,
    out: Path | None,
    into: tuple[list[dict[str, Any]], list[str], list[Path]],
) -> None:
    from tsbench.storage import read_foreign

    run = read_foreign(path)
    header = run.header
    rows, lines, figures = into
    results = extract(run, options)
    rows += [result.row(header.device.identifier, header.protocol, header.run_id) for result in results]
    without = sum(result.value is None for result in results)
    mark = " (simulated)" if header.simulated else ""
    state = "" if run.status == "success" else f", run ended with status '{run.status}'"
    lines.append(
        f"{path.name}: {header.protocol} on {header.device.identifier}{mark}: {len(results)} results, "
        f"{without} of them without a value{state}"
    )
    if out is not None:
        figures += draw_figures(run, out, options)
