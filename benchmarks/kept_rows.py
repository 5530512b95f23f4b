"""Options of benchmarks that keep a row for each campaign in a file of JSON lines, so that they can be resumed."""

import argparse
import json
from pathlib import Path
from typing import Any

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


def add_rows(path: Path, rows: list[Row]) -> None:
    """Write rows behind those that are there; an unfinished line is ended first. JSON has no infinity: null."""
    torn = path.exists() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" * torn + "".join(f"{json.dumps(row).replace('Infinity', 'null')}\n" for row in rows))
