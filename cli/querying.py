"""The command ``query``: results of many run files, from the catalogue of a folder."""

import argparse
import sys
from pathlib import Path
from typing import Any

from tsbench.cli.declaring import add_command, add_json


def declare(commands: Any) -> None:
    """Declare ``query``."""
    query = add_command(
        commands, "query", "querying:query", "find results in the run files of a folder and the folders in it",
        "  tsbench query runs --quantity threshold_voltage --device \"W3*\" --since 2026-11-01\n"
        "  tsbench query runs --quantity switching_delay --without-flag censored --csv delays.csv")
    query.add_argument("folder", type=Path, metavar="DIR", help="folder of run files")
    for name, what in (
        ("quantity", "quantity, for example threshold_voltage"), ("device", "device"), ("protocol", "protocol"),
        ("campaign", "identifier of a series of runs"), ("status", "status of the run, for example success"),
    ):
        query.add_argument(f"--{name}", default="", metavar="NAME", help=f"{what} (* and ? are wildcards)")
    query.add_argument("--since", default="", metavar="TIME", help="runs that began then or later (2026-11-29)")
    query.add_argument("--until", default="", metavar="TIME", help="runs that began before")
    query.add_argument("--without-flag", action="append", default=[], metavar="FLAG",
                       help="leave out results with this flag")
    query.add_argument("--with-value", action="store_true", help="leave out results without a value")
    query.add_argument("--starred", action="store_true", help="only runs with a star ('tsbench review')")
    query.add_argument("--rejected", action="store_true", help="also runs that a person has rejected")
    query.add_argument("--csv", type=Path, metavar="FILE", help="write the rows to a CSV file and print no table")
    query.add_argument("--rebuild", action="store_true", help="make the catalogue anew from the run files")
    add_json(query, "the results")


def query(options: argparse.Namespace) -> int:
    """Bring the catalogue up to date, ask it, and print the rows; 1 if a file could not be read or is gone."""
    from tsbench.archives.questions import ArchiveQuestion, answer_of
    from tsbench.archives.update import has_runs, opened_for, update
    from tsbench.cli.printing import print_json, print_results

    names = ("quantity", "device", "protocol", "campaign", "status", "since", "until", "with_value", "starred",
             "rejected")
    wanted = {name: getattr(options, name) for name in names}
    question = ArchiveQuestion(**wanted, without_flags=tuple(options.without_flag))
    if options.folder.is_dir() and not has_runs(options.folder):
        if options.json:
            print_json([])
        sys.stderr.write(f"{options.folder}: there is no run file (.nxs) in this folder or in the folders in it\n")
        return 0
    if options.rebuild:
        with opened_for(options.folder) as database:
            update(database, options.folder, anew=True)
    answer = answer_of(options.folder, question)
    rows = [{**row, "flags": row["flags"].split()} for row in answer.rows]
    if options.json:
        print_json(rows)
    elif options.csv:
        _write_csv(rows, options.csv)
        sys.stdout.write(f"wrote {len(rows)} rows to {options.csv}\n")
    elif rows:
        print_results(rows, f"Results in {options.folder}", files=True)
    else:
        sys.stdout.write(f"{options.folder}: no result fits\n")
    for copy in answer.copies:
        sys.stderr.write(f"{copy}: this file is left out, because another one in the folder holds the same run\n")
    for line in answer.rejected:
        sys.stderr.write(f"{line}. --rejected shows it\n")
    for problem in answer.problems:
        sys.stderr.write(f"tsbench: {problem}\n")
    return 1 if answer.problems else 0


def _write_csv(rows: list[dict[str, Any]], path: Path) -> None:
    import json

    from tsbench.archives.questions import COLUMNS
    from tsbench.storage.exports.delimited import write_csv
    from tsbench.storage.exports.tables import ExportTable, Field

    numbers = {"value", "low", "high", "random_uncertainty", "systematic_uncertainty", "temperature", "die_column",
               "die_row"}
    plain = [{**row, "flags": " ".join(row["flags"]), "conditions": json.dumps(row["conditions"], sort_keys=True)}
             for row in rows]
    shown = tuple(Field(name, "number" if name in numbers else "text") for name in COLUMNS)
    write_csv(ExportTable("results", shown, iter([[[row[name] for row in plain] for name in COLUMNS]])), path)
