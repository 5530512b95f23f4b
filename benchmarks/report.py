"""The table that every benchmark prints: quantity, measured value, required value, verdict."""

import functools
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

INFORMATION = "for information"  #: the required value of a line without a requirement


@dataclass(frozen=True)
class Line:
    """One figure of a benchmark with the requirement that it must meet."""

    figure: str
    measured: str
    bar: str
    passed: bool


@functools.cache
def commit() -> str:
    """Return the commit of this tree, with "-dirty" where files differ from it; "" where the tree has none.

    It is that of the first call: the tree may change while a benchmark runs.
    """
    question = ("git", "describe", "--always", "--exclude=*", "--abbrev=8", "--dirty")
    try:
        asked = subprocess.run(question, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    except FileNotFoundError:   # there is no git
        return ""
    return asked.stdout.strip()


def is_changed(of_commit: str) -> bool:
    """Return whether a :func:`commit` text is that of a tree with changes that are not committed."""
    return of_commit.endswith("-dirty")


def same_code(one: str, other: str) -> bool:
    """Return whether two :func:`commit` texts are surely those of the same code."""
    return one == other != "" and not is_changed(other)


def heading(name: str, title: str) -> str:
    """Return the heading of a section of results in ``docs/evidence``, with command, date, commit and versions."""
    versions = ", ".join(f"{package} {version(package)}" for package in ("tsbench", "numpy", "numba"))
    place = f"commit {found}, " if (found := commit()) else ""
    return (f"## Results: {title}\n\n"
            f"`python -m benchmarks.{name}`, {datetime.now(UTC):%Y-%m-%d}, {place}Python {platform.python_version()}, "
            f"{versions}\n")


def table_of(lines: Sequence[Line]) -> str:
    """Return the table as Markdown."""
    rows = ["| quantity | measured | required | verdict |", "|---|---|---|---|"]
    for line in lines:
        verdict = "FAIL" if not line.passed else "-" if line.bar == INFORMATION else "pass"
        rows.append(f"| {line.figure} | {line.measured} | {line.bar} | {verdict} |")
    return "".join(f"{row}\n" for row in rows)


def report(name: str, title: str, lines: Sequence[Line]) -> int:
    """Print the table as Markdown for a page in ``docs/evidence``; return 0 if all requirements are met, else 1."""
    print(heading(name, title))
    print(table_of(lines), end="")
    return 0 if all(line.passed for line in lines) else 1
