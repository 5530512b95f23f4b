"""A study of one material as a paper prints it: sweeps of many devices, temperature, delay, recovery, oscillation.

``python -m benchmarks.study nbo2`` (or vo2, silver) measures on the simulated bench, keeps its runs in
``build/study``, and writes the table and the picture. A run that is there is not measured again (``--new``: all are).
Each number has its 95 % interval and the truth of the very same events beside it.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import INFORMATION, Line, report
from benchmarks.study.materials import MATERIALS
from benchmarks.study.picture import draw
from benchmarks.study.steps import STEPS, Row, perform, switching

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build" / "study"
LEAST = 0.9  #: share of the intervals that contain the truth


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.5g}"


def table(rows: Sequence[Row]) -> list[str]:
    """Return the numbers of a study as a table in Markdown."""
    lines = ["| step | quantity | conditions | unit | value | 95 % interval | truth |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        lines.append(f"| {row.step} | {row.quantity.replace('_', ' ')} | {row.conditions} | {row.unit} | "
                     f"{_cell(row.value)} | {_cell(row.low)} to {_cell(row.high)} | {_cell(row.truth)} |")
    return lines


def judged(rows: Sequence[Row]) -> list[Line]:
    """Return, for each step, how many intervals contain the truth."""
    lines = []
    for step in dict.fromkeys(row.step for row in rows):
        known = [row for row in rows if row.step == step and row.truth is not None and row.value is not None]
        inside = sum(row.low is not None and row.high is not None and row.truth is not None
                     and row.low <= row.truth <= row.high for row in known)
        if known:
            lines.append(Line(f"{step}: intervals that contain the truth", f"{inside} of {len(known)}",
                              f">= {LEAST:.0%}", inside >= LEAST * len(known)))
        else:
            lines.append(Line(f"{step}: numbers without a truth", str(sum(row.step == step for row in rows)),
                              INFORMATION, True))
    return lines


def main() -> int:
    """Measure one material, print the table, draw the picture; return 0 if all requirements are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("material", choices=sorted(MATERIALS))
    parser.add_argument("--devices", type=int, default=20, help="of the I-V sweeps")
    parser.add_argument("--cycles", type=int, default=100, help="of each device")
    parser.add_argument("--only", choices=["sweeps", *STEPS], action="append", help="one step (may be repeated)")
    parser.add_argument("--new", action="store_true", help="measure again what is in build/study")
    options = parser.parse_args()
    material, folder = MATERIALS[options.material], KEPT / options.material
    if options.new:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = options.only or ["sweeps", *STEPS]
    rows: list[Row] = []
    for step in wanted:
        sys.stderr.write(f"{step}\n")
        rows += (switching(material, folder, options.devices, options.cycles) if step == "sweeps"
                 else STEPS[step](material, folder))
    code = report("study", f"study of {material.name}", judged(rows))
    sys.stdout.writelines(f"{line}\n" for line in ("", *table(rows)))
    if options.only is None:
        sweeps = [perform(material, "iv_sweep", {}, folder, device) for device in range(1, options.devices + 1)]
        draw(material.name, sweeps, rows, KEPT / f"study_{material.name}.png")
    return code


if __name__ == "__main__":
    sys.exit(main())
