"""Rows that benchmarks keep in a file of JSON lines, so that they can be resumed, and the options of some of them."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.report import same_code

Row = dict[str, Any]


def add_options(parser: argparse.ArgumentParser, campaigns: int, kept: Path, quick: str) -> None:
    """Declare them.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    campaigns : how many without ``--campaigns``
    kept : file of the rows without ``--rows``
    quick : what ``--quick`` does
    """
    parser.add_argument("--campaigns", type=int, default=campaigns)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--resume", action="store_true", help="go on with the rows that are there")
    parser.add_argument("--rows", type=Path, default=kept, metavar="FILE", help="of the rows (default: %(default)s)")
    parser.add_argument("--kept", action="store_true", help="only the table of the rows that are there")


def rows_before(options: argparse.Namespace) -> list[Row]:
    """Return the rows with which a benchmark goes on; without ``--resume`` and ``--kept`` it begins a new file."""
    options.rows.parent.mkdir(exist_ok=True, parents=True)
    if not (options.resume or options.kept):
        options.rows.unlink(missing_ok=True)
    return rows_in(options.rows)


def rows_in(path: Path) -> list[Row]:
    """Return the rows of a file; a line that a killed process left unfinished is left out."""
    rows = []
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return rows


def rows_of_commit(path: Path, commit: str) -> list[Row]:
    """Return the rows whose ``commit`` is the same code as this one. Tell how many others there are, and why.

    Parameters
    ----------
    path : of the rows
    commit : :func:`~benchmarks.report.commit` of this tree
    """
    rows = rows_in(path)
    mine = [row for row in rows if isinstance(row, dict) and same_code(row.get("commit", ""), commit)]
    if len(mine) < len(rows):
        sys.stderr.write(
            f"{path}: {len(rows) - len(mine)} of {len(rows)} rows do not count: they are of another commit, or this "
            "tree has no commit or changes that are not committed. They are measured again. Commit the changes to keep "
            "the rows from now on\n")
    return mine


def add_rows(path: Path, rows: list[Row]) -> None:
    """Write rows behind those that are there; an unfinished line is ended first. JSON has no infinity: null."""
    torn = path.exists() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" * torn + "".join(f"{json.dumps(row).replace('Infinity', 'null')}\n" for row in rows))
