"""Every published observable beside what the models give: ``python -m benchmarks.physics [--quick] [--only PART]``.

Each device has one set of parameters, that of the catalogue; nothing is tuned per row. A published figure carries its
mark: F found in public material, F2 in public code of other authors, K recalled and to be checked before it is cited, A
assumed, T tuned to. Rows count apart: numerical, held to a published figure within a tolerance; qualitative, a
statement that holds; no evidence, what was put into the model (see :mod:`benchmarks.physics_restated`); shown only. A
row that fails is shown as such, with what was tried.
"""

import argparse
import importlib
import sys
import time
from collections.abc import Sequence

from benchmarks.physics_restated import what_it_restates
from benchmarks.physics_row import HOLDS, Row
from benchmarks.report import heading

NUMERICAL, QUALITATIVE, NO_EVIDENCE, SHOWN = "numerical", "qualitative", "no evidence", "shown"
KINDS = {
    NUMERICAL: "the model gives a published figure within its tolerance",
    QUALITATIVE: "a published statement holds",
    NO_EVIDENCE: "the row restates a tuned value, a parameter or the form of the model",
    SHOWN: "nothing is published to compare with, or there is no model",
}
PARTS = ("mott", "third_order", "ovonic", "silver", "neurons")  #: ``benchmarks.physics_PART``, with ``rows(quick)``


def rows_of(part: str, quick: bool) -> Sequence[Row]:
    """Return the rows that one part contributes; none where the module does not exist."""
    name = f"benchmarks.physics_{part}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return ()
    rows: Sequence[Row] = module.rows(quick)
    return rows


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table, notes numbered below it."""
    notes = list(dict.fromkeys(row.note for row in rows if row.note))
    lines = [
        "| device | observable | published | source | model gives | tolerance | counts as | verdict |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        verdict = {True: "pass", False: "FAIL", None: "-"}[row.passed]
        if row.note:
            verdict += f" ({notes.index(row.note) + 1})"
        restated = what_it_restates(row)
        cells = (row.device, row.observable, row.published, row.source, row.model, row.tolerance,
                 f"{counts_as(row)}{restated and f': {restated}'}", verdict)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    if notes:
        lines += ["", *(f"{number}. {note}" for number, note in enumerate(notes, start=1))]
    return "\n".join(lines)


def counts_as(row: Row) -> str:
    """Return one of :data:`KINDS`."""
    if row.passed is None:
        return SHOWN
    if what_it_restates(row):
        return NO_EVIDENCE
    return QUALITATIVE if row.tolerance == HOLDS else NUMERICAL


def counted(rows: Sequence[Row]) -> str:
    """Return how many rows of each kind are met and fail, as a Markdown table, and the rows that fail below it."""
    lines = ["| rows | met | failed |", "|---|---|---|"]
    for kind, meaning in KINDS.items():
        mine = [row for row in rows if counts_as(row) == kind]
        met, failed = (sum(row.passed is verdict for row in mine) for verdict in (True, False))
        numbers = f"{len(mine)} | -" if kind == SHOWN else f"{met} | {failed}"
        lines.append(f"| {kind}: {meaning} | {numbers} |")
    failures = [f"* {row.device}: {row.observable} ({counts_as(row)})" for row in rows if row.passed is False]
    return "\n".join([*lines, "", "Failed:", "", *(failures or ["* none"])])


def main() -> int:
    """Run, print the table, return 0 where every row that is held to something passes, else 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer trials, the same checks")
    parser.add_argument("--only", choices=PARTS, action="append", help="these parts only")
    arguments = parser.parse_args()
    rows: list[Row] = []
    for part in arguments.only or PARTS:
        begin = time.perf_counter()
        contributed = rows_of(part, arguments.quick)
        rows += contributed
        sys.stderr.write(f"{part}: {len(contributed)} rows in {time.perf_counter() - begin:.0f} s\n")
    print(heading("physics", "published observables and model values"))
    print(table(rows))
    print(f"\n{counted(rows)}")
    return 1 if any(row.passed is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
