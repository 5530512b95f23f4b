"""Bias and coverage of every extractor: ``python -m benchmarks.truth [--quick] [--seeds N]``.

The demo is run once per seed of instrument noise and calibration error; each extracted number is compared with the
witness of that same run. A 95 % interval that is honest holds the truth in about 38 of 40 seeds; the bar is 34. An
interval that is merely wide would hold it always: so its median half-width has a bar as well.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Line, report

#: quantity -> largest median relative half-width
WIDTH_BARS = {"threshold_voltage": 0.01, "hold_voltage": 0.01, "switching_delay": 0.10, "frequency": 0.0025}
COVERAGE_BAR = 34 / 40


@dataclass(frozen=True)
class Score:
    """How one row of the demo fared over the seeds."""

    covered: int
    seeds: int
    median_half_width: float  #: relative to the truth
    bias: float  #: mean relative deviation
    worst: float  #: largest relative deviation


def measure(seed: int) -> list[dict[str, Any]]:
    """Run the demo with one seed; return its rows."""
    from tsbench.demo import run_demo

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        return [row.as_json() for row in run_demo(Path(folder), seed=seed, figures=False).rows]


def score(rows: list[dict[str, Any]]) -> Score:
    """Score the rows of one quantity under one condition over all seeds; a number not measured is not covered."""
    truth = np.array([row["true"] for row in rows], float)
    value = np.array([np.nan if row["value"] is None else row["value"] for row in rows], float)
    half = np.array([np.nan if None in (row["low"], row["high"]) else (row["high"] - row["low"]) / 2 for row in rows])
    deviation = value / truth - 1
    return Score(
        covered=sum(bool(row["covered"]) for row in rows), seeds=len(rows),
        median_half_width=float(np.median(half / truth)), bias=float(np.mean(deviation)),
        worst=float(np.max(np.abs(deviation))),
    )


def main() -> int:
    """Run, print the table, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--quick", action="store_true", help="8 seeds, the same checks")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    seeds = range(1, (8 if arguments.quick else arguments.seeds) + 1)

    by_row: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    with ProcessPoolExecutor(arguments.workers) as pool:
        for number, rows in enumerate(pool.map(measure, seeds), start=1):
            for row in rows:
                by_row[row["quantity"], json.dumps(row["conditions"], sort_keys=True)].append(row)
            print(f"seed {number} of {len(seeds)}", file=sys.stderr)

    lines: list[Line] = []
    for (quantity, conditions), rows in sorted(by_row.items()):
        found = score(rows)
        enough = int(np.ceil(COVERAGE_BAR * len(seeds)))
        name = f"{quantity} {conditions}"
        lines += [
            Line(
                f"{name}: intervals that hold the truth",
                f"{found.covered} of {len(seeds)}", f">= {enough}", found.covered >= enough,
            ),
            Line(
                f"{name}: median half-width",
                f"{100 * found.median_half_width:.3f} %", f"<= {100 * WIDTH_BARS[quantity]:g} %",
                found.median_half_width <= WIDTH_BARS[quantity],
            ),
            Line(
                f"{name}: mean and worst deviation",
                f"{100 * found.bias:+.3f} %, {100 * found.worst:.3f} %", "shown", True,
            ),
        ]
    for quantity in WIDTH_BARS:
        present = any(name == quantity for name, _ in by_row)
        if not present:
            lines.append(Line(f"{quantity}: measured at all", "no", "yes", False))
    return report("truth", f"{len(seeds)} seeds of the demo", lines)


if __name__ == "__main__":
    sys.exit(main())
