"""The page ``docs/imperfections.md``."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from benchmarks.acceptance.expected import EVIDENCE, load
from benchmarks.imperfections.kinds import NONE
from benchmarks.imperfections.table import Row, rows

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "imperfections.md"

_HEAD = """# Imperfections of the virtual instruments

*Reference.* This page lists each imperfection of each virtual instrument: its number, the source of this number, and
the test that measures it. `python -m benchmarks.imperfections` writes this page from the data sheets in the code
(`simulated_backends/virtual_instruments/*/data_sheet.py`). A test checks that the page is up to date.

A test measures the effect at the terminals, in the circuit or in a record. It compares the measured effect with the
number. "No data sheet found" means: no data sheet or manual with this number was found. The number is then an estimate.
"None" means: the virtual instrument has no such imperfection. The test holds this too, but the row is not counted.

`python -m benchmarks.imperfections.sabotage` makes each number wrong in the simulation. Its test must then fail. See
the [last results](evidence/imperfections.md). A number that is wrong in the data sheet itself would not be noticed by
these tests. So `tests/simulated_backends/virtual_instruments/test_published_numbers.py` holds the published numbers of
many models a second time.

Not modelled: overshoot, ringing and amplitude flatness of generators, the jitter of their edges from cycle to cycle,
the ripple of an oscilloscope's response (it is Gaussian), temperature coefficients, and common-mode and normal-mode
rejection.

"""

_COLUMNS = "| imperfection | number | source | test |\n|---|---|---|---|\n"


def _counts(every: Sequence[Row]) -> str:
    found = [row for row in every if row.number != NONE]
    full = sum(bool(row.source.found and not row.source.missing) for row in found)
    part = sum(bool(row.source.found and row.source.missing) for row in found)
    kinds = [entry.evidence for entry in load()]
    counts = {
        "imperfections": len(found),
        "imperfections with a source for all of their numbers": full,
        "imperfections with a source for a part of their numbers": part,
        "imperfections without a data sheet": len(found) - full - part,
        "imperfections that a test measures": sum(bool(row.tests) for row in found),
        "rows that say that an instrument has no such imperfection (not counted above)": len(every) - len(found),
        "tests, each for all models of its kind": len({test for row in found for test in row.tests}),
        "expected failures of drivers by other authors (`benchmarks/acceptance/expected_failures.toml`)":
            len(kinds),
        **{f"of these: {text}": kinds.count(kind) for kind, text in EVIDENCE.items()},
    }
    return "| count | number |\n|---|---|\n" + "".join(f"| {name} | {number} |\n" for name, number in counts.items())


def contents() -> str:
    """Return the text of the page."""
    found = rows()
    lines = [_HEAD, _counts(found)]
    for (folder, family), part in groupby(found, key=lambda row: (row.folder, row.family)):
        lines.append(f"\n## {family}\n\nFolder `{folder}`.\n\n{_COLUMNS}")
        for row in part:
            names = "<br>".join(f"`{test.partition('::')[2]}`" for test in row.tests)
            lines.append(f"| {row.imperfection} | {row.number} | {row.source} | {names} |\n")
    files = sorted({test.partition("::")[0] for row in found for test in row.tests})
    lines.append("\n## Files of the tests\n\n" + "".join(f"* `{name}`\n" for name in files))
    return "".join(lines)
