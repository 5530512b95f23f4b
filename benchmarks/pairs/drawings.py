"""A cell with other drawings of its instruments and device: ``python -m benchmarks.pairs.drawings CELL [--count 20]``.

A cell of the table has one drawing. If it does not hold, this tells if chance explains it. Of exact 95 % intervals,
5 % do not contain the true value. The drawings are kept in ``build/pairs_drawings.jsonl``, and a further run goes on
with them. ``--count 0`` measures nothing and prints the table of all that are kept.
"""

import argparse
import json
import math
import statistics
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.pairs.__main__ import measure
from benchmarks.pairs.cells import cells

KEPT = Path("build/pairs_drawings.jsonl")


def lines(kept: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lines of the table, one for each cell."""
    by_cell: dict[str, list[Mapping[str, Any]]] = {}
    for one in kept:
        by_cell.setdefault(str(one["cell"]), []).append(one)
    yield ("| cell | drawings | intervals that contain the true value | mean error, to its standard uncertainty | "
           "rms error, to the half-width |")
    yield "|---|---|---|---|---|"
    for cell, found in by_cell.items():
        rows = [row for one in found for row in one["rows"] if None not in row]
        held = sum(low <= truth <= high for _, truth, _, low, high in rows)
        parts = [(value - truth) / ((high - low) / 2) for _, truth, value, low, high in rows]
        # the values of a drawing share the error of a time base, so the drawings are what is independent
        means = [statistics.mean((row[2] - row[1]) / row[1] for row in one["rows"]) for one in found if one["rows"]]
        unsure = statistics.stdev(means) / math.sqrt(len(means)) if len(means) > 1 else math.nan
        yield (f"| {cell} | {len(found)} | {held} of {len(rows)} | {statistics.mean(means) / unsure:.2f} | "
               f"{math.sqrt(statistics.mean(part**2 for part in parts)):.2f} |")


def main() -> int:
    """Measure the drawings of a cell that are not there yet, and print the table of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cell", nargs="?", default="", help="name of the cell, as the page of pairs has it")
    parser.add_argument("--count", type=int, default=20, help="drawings")
    options = parser.parse_args()
    KEPT.parent.mkdir(exist_ok=True)
    kept = [json.loads(line) for line in KEPT.read_text("utf-8").splitlines()] if KEPT.exists() else []
    done = {(one["cell"], one["drawing"]) for one in kept}
    wanted = [cell for cell in cells() if cell.name == options.cell]
    if options.count and not wanted:
        parser.error(f"no cell is called {options.cell!r}")
    with KEPT.open("a", encoding="utf-8") as stream:
        for cell in wanted:
            for drawing in range(1, options.count + 1):
                if (cell.name, drawing) not in done:
                    kept.append({**measure(cell, True, drawing), "drawing": drawing})
                    stream.write(json.dumps(kept[-1]) + "\n")
                    stream.flush()
    sys.stdout.writelines(f"{line}\n" for line in lines(kept))
    return 0


if __name__ == "__main__":
    sys.exit(main())
