"""A study of one material as a paper prints it: sweeps of many devices, temperature, delay, recovery, oscillation.

``python -m benchmarks.study nbo2`` (or vo2, silver) measures on the simulated bench, keeps its runs in
``build/study``, and writes the page ``docs/evidence/study_NAME.md`` with its pictures. A run of the same bench and the
same parameters that is there is not measured again (``--new``: all are). Its numbers are those that were extracted
then, unless the environment variable ``TSBENCH_STUDY_EXTRACT`` names its protocol. Each number has its 95 % interval
and the truth beside it: of the very same events by the witness, or of the circuit without noise.
"""

import argparse
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.report import report
from benchmarks.study.materials import MATERIALS, Material
from benchmarks.study.measuring import Measured
from benchmarks.study.oscillating import neurons, oscillation_map
from benchmarks.study.page import judged, page, tables
from benchmarks.study.picture import draw
from benchmarks.study.rows import Count, Row
from benchmarks.study.switching import (
    delays,
    hold_by_compliance,
    over_temperature,
    recovery,
    refractory,
    sweeps,
    switching,
)

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build" / "study"
PICTURES = ROOT / "docs" / "pictures"
STEPS: dict[str, Callable[[Material, Path, list[Measured]], Iterable[Row | Count]]] = {
    "sweeps": lambda material, folder, swept: switching(swept, _cycles(swept)),
    "hold": lambda material, folder, _: hold_by_compliance(material, folder),
    "temperature": lambda material, folder, _: over_temperature(material, folder),
    "delays": lambda material, folder, swept: delays(material, folder, swept[0]),
    "relaxation": lambda material, folder, _: recovery(material, folder),
    "refractory": lambda material, folder, _: refractory(material, folder),
    "oscillation": lambda material, folder, _: oscillation_map(material, folder),
    "neuron": lambda material, folder, _: neurons(material, folder),
}
_NEEDS_SWEEPS = {"sweeps", "delays"}


def _cycles(swept: list[Measured]) -> int:
    return int(swept[0].run.column("cycle").max())


def main() -> int:
    """Measure one material, print the table, write page and pictures; return 0 if all requirements are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("material", choices=sorted(MATERIALS))
    parser.add_argument("--devices", type=int, default=20, help="of the I-V sweeps")
    parser.add_argument("--cycles", type=int, default=100, help="of each device")
    parser.add_argument("--only", choices=[*STEPS], action="append", help="one step (may be repeated)")
    parser.add_argument("--new", action="store_true", help="measure again what is in build/study")
    parser.add_argument("--page", action="store_true", help="write the page in docs/evidence and its picture")
    options = parser.parse_args()
    material, folder = MATERIALS[options.material], KEPT / options.material
    if options.new:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = options.only or [*STEPS]
    needed = options.devices if "sweeps" in wanted else 1
    swept = sweeps(material, folder, needed, options.cycles) if _NEEDS_SWEEPS & set(wanted) else []
    rows: list[Row | Count] = []
    for step in wanted:
        sys.stderr.write(f"{step}\n")
        rows += [*STEPS[step](material, folder, swept)] or [Count(step, "numbers", 0, 0, 0)]
    lines = judged(rows, material.exceptions)
    code = report(f"study {material.name}", f"study of {material.name}", lines)
    sys.stdout.writelines(f"{line}\n" for line in tables(rows))
    figure = None
    if options.only is None:
        figure = draw(material, swept, rows, (PICTURES if options.page else KEPT) / f"study_{material.name}.png")
    if options.page:
        missing = [step for step in STEPS if step not in wanted]
        (ROOT / "docs" / "evidence" / f"study_{material.name}.md").write_text(
            page(material, rows, figure, missing, options.devices, options.cycles), "utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main())
