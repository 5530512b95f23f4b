"""The table every benchmark prints: figure, bar, verdict."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version


@dataclass(frozen=True)
class Line:
    """One figure of a benchmark with the bar it is held to."""

    figure: str
    measured: str
    bar: str
    passed: bool


def report(name: str, what: str, lines: Sequence[Line]) -> int:
    """Print the table as Markdown, ready for ``docs/evidence``; return 0 where every bar holds, else 1."""
    versions = ", ".join(f"{package} {version(package)}" for package in ("tsbench", "numpy", "numba"))
    print(f"# python -m benchmarks.{name}: {what}")
    print(f"\n{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {versions}\n")
    print("| figure | measured | bar | verdict |\n|---|---|---|---|")
    for line in lines:
        print(f"| {line.figure} | {line.measured} | {line.bar} | {'pass' if line.passed else 'FAIL'} |")
    return 0 if all(line.passed for line in lines) else 1
