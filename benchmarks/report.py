"""The table that every benchmark prints: quantity, measured value, required value, verdict."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

INFORMATION = "for information"  #: the required value of a line without a requirement


@dataclass(frozen=True)
class Line:
    """One figure of a benchmark with the requirement that it must meet."""

    figure: str
    measured: str
    bar: str
    passed: bool


def heading(name: str, title: str) -> str:
    """Return the heading of a section of results in ``docs/evidence``, with command, date and versions."""
    versions = ", ".join(f"{package} {version(package)}" for package in ("tsbench", "numpy", "numba"))
    return (f"## Results: {title}\n\n"
            f"`python -m benchmarks.{name}`, {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, "
            f"{versions}\n")


def report(name: str, title: str, lines: Sequence[Line]) -> int:
    """Print the table as Markdown for a page in ``docs/evidence``; return 0 if all requirements are met, else 1."""
    print(heading(name, title))
    print("| quantity | measured | required | verdict |\n|---|---|---|---|")
    for line in lines:
        verdict = "FAIL" if not line.passed else "-" if line.bar == INFORMATION else "pass"
        print(f"| {line.figure} | {line.measured} | {line.bar} | {verdict} |")
    return 0 if all(line.passed for line in lines) else 1
