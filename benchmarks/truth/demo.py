"""Bias and coverage on the demo: ``python -m benchmarks.truth.demo [--quick] [--seeds N] [--parts nbo2 ag_sio2]``.

The demo is run once per seed of instrument noise, calibration error and, of the stochastic device, its path; each
extracted number is compared with the witness of that same run (the refractory period, a property of the device, with
10^4 simulated pairs). A 95 % interval that is honest holds the truth in about 38 of 40 seeds; the bar is 34. An
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

from benchmarks.report import INFORMATION, Line, report
from tsbench.demo import PARTS

COVERAGE_BAR = 34 / 40
#: conditions that a run's own events set, so that they tell no rows apart
OWN = {"pulses", "level"}


@dataclass(frozen=True)
class Score:
    """How one row of the demo fared over the seeds."""

    covered: int
    seeds: int
    median_half_width: float  #: relative to the truth
    bias: float  #: mean relative deviation
    worst: float  #: largest relative deviation


def measure(seed: int, benches: tuple[str, ...]) -> list[dict[str, Any]]:
    """Run the demo's parts on some benches with one seed; return its rows."""
    from tsbench.demo import PARTS, run_demo

    parts = [part for part in PARTS if part.bench in benches]
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        return [row.as_json() for row in run_demo(Path(folder), seed=seed, figures=False, parts=parts).rows]


def score(rows: list[dict[str, Any]]) -> Score:
    """Score the rows of one quantity under one condition over all seeds; a number not measured is not covered."""
    truth = np.array([np.nan if row["true"] is None else row["true"] for row in rows], float)
    value = np.array([np.nan if row["value"] is None else row["value"] for row in rows], float)
    half = np.array([np.nan if None in (row["low"], row["high"]) else (row["high"] - row["low"]) / 2 for row in rows])
    deviation = value / truth - 1
    return Score(
        covered=sum(bool(row["covered"]) for row in rows), seeds=len(rows),
        median_half_width=float(np.nanmedian(half / truth)), bias=float(np.nanmean(deviation)),
        worst=float(np.nanmax(np.abs(deviation))),
    )


def _lines(name: str, rows: list[dict[str, Any]], width_bar: float, seeds: int) -> list[Line]:
    found, enough = score(rows), int(np.ceil(COVERAGE_BAR * seeds))
    return [
        Line(
            f"{name}: intervals that contain the true value",
            f"{found.covered} of {seeds}", f">= {enough}", found.covered >= enough,
        ),
        Line(
            f"{name}: median half-width",
            f"{100 * found.median_half_width:.3f} %", f"<= {100 * width_bar:g} %", found.median_half_width <= width_bar,
        ),
        Line(
            f"{name}: mean and worst deviation",
            f"{100 * found.bias:+.3f} %, {100 * found.worst:.3f} %", INFORMATION, True,
        ),
    ]


def _words(conditions: str) -> str:
    """Return conditions, which are a JSON object, as words."""
    return ", ".join(f"{name} {value}" for name, value in json.loads(conditions).items())


def main() -> int:
    """Run, print the table, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--quick", action="store_true", help="8 seeds, the same checks")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--parts", nargs="+", choices=[part.bench for part in PARTS],
                        default=[part.bench for part in PARTS])
    parser.add_argument("--rows", type=Path, help="write all rows here as JSON, after each seed")
    arguments = parser.parse_args()
    seeds = range(1, (8 if arguments.quick else arguments.seeds) + 1)

    by_row: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    everything: list[dict[str, Any]] = []
    with ProcessPoolExecutor(arguments.workers) as pool:
        jobs = pool.map(measure, seeds, [tuple(arguments.parts)] * len(seeds))
        for number, rows in enumerate(jobs, start=1):
            for row in rows:
                conditions = {name: value for name, value in row["conditions"].items() if name not in OWN}
                by_row[row["device"], row["quantity"], json.dumps(conditions, sort_keys=True)].append(row)
                everything.append({**row, "seed": number})
            print(f"seed {number} of {len(seeds)}", file=sys.stderr)
            if arguments.rows:
                arguments.rows.write_text(json.dumps(everything, indent=1), "utf-8")

    lines: list[Line] = []
    for part in PARTS:
        for (device, quantity, conditions), rows in sorted(by_row.items()):
            if device != part.device:
                continue
            lines += _lines(f"{part.bench} {quantity} ({_words(conditions)})", rows, part.claims[quantity].half_width,
                            len(seeds))
        if part.bench in arguments.parts:
            lines += [
                Line(f"{part.bench} {quantity}: measured at all", "no", "yes", False) for quantity in part.claims
                if not any(key[:2] == (part.device, quantity) for key in by_row)
            ]
    return report("truth.demo", f"{len(seeds)} seeds of the demo", lines)


if __name__ == "__main__":
    sys.exit(main())
