"""Every published observable beside what the models give: ``python -m benchmarks.physics [--quick] [--only PART]``.

Each device has one set of parameters, that of the catalogue; nothing is tuned per row. A published figure carries its
mark: F found in public material, K recalled and to be checked before it is cited, A assumed, T tuned to. A row that
fails is told as such, with what was tried.
"""

import argparse
import importlib
import platform
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from benchmarks.physics_row import Row

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
        "| device | observable | published | source | model gives | tolerance | pass |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        verdict = {True: "pass", False: "FAIL", None: "-"}[row.passed]
        if row.note:
            verdict += f" ({notes.index(row.note) + 1})"
        lines.append(
            f"| {row.device} | {row.observable} | {row.published} | {row.source} | {row.model} | {row.tolerance} "
            f"| {verdict} |")
    if notes:
        lines += ["", *(f"{number}. {note}" for number, note in enumerate(notes, start=1))]
    return "\n".join(lines)


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
    versions = ", ".join(f"{package} {version(package)}" for package in ("tsbench", "numpy", "numba"))
    print("# python -m benchmarks.physics: published observables beside the models'")
    print(f"\n{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {versions}\n")
    print(table(rows))
    held = [row for row in rows if row.passed is not None]
    failed = [row for row in held if not row.passed]
    print(f"\n{len(held) - len(failed)} of {len(held)} rows pass; {len(rows) - len(held)} are shown only.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
