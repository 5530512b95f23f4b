"""Bias and coverage of the extractors on a population: ``python -m benchmarks.truth [--resume] [--only TEXT]``.

Each record of the list (``records.jsonl``) is one run of a protocol: another device of the catalogue, another circuit,
other instruments and parameters. Each extracted number is compared with the witness of that run. A number counts for
the coverage if no flag doubts it. Of records in which a quantity cannot be known, 99 % must be flagged.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.report import INFORMATION, Line, report
from benchmarks.truth.measuring import measure
from benchmarks.truth.records import TruthRecord, drawn_device, load, sha256
from benchmarks.truth.scoring import Coverage, coverage_of, is_unflagged, rejected

KEPT = Path("build/truth.jsonl")
LEAST_ROWS, LEAST_DEVICES, LEAST_FLAGGED = 300, 300, 0.99
Found = Mapping[int, Mapping[str, Any]]


def _job(record: TruthRecord) -> dict[str, Any]:
    try:
        return measure(record)
    except Exception as error:   # noqa: BLE001  one record that fails is a finding, and the others go on
        return {"number": record.number, "rows": [], "refused": "", "failed": f"{type(error).__name__}: {error}"}


def lines(records: Sequence[TruthRecord], found: Found) -> list[Line]:
    """Return the table: coverage of each quantity, what could not be known, what failed."""
    knowable = [record for record in records if not record.cannot_be_known and record.number in found]
    rows = [row for record in knowable for row in found[record.number]["rows"]]
    quantities = sorted({row["quantity"] for row in rows})
    scores = [coverage_of(name, [row for row in rows if row["quantity"] == name]) for name in quantities]
    refused = rejected(scores)
    devices = len({drawn_device(one) for one in knowable})
    table = [Line("devices", str(devices), f">= {LEAST_DEVICES}", devices >= LEAST_DEVICES)]
    for score in scores:
        table += _lines_of(score, sum(row["quantity"] == score.quantity for row in rows), score.quantity in refused)
    for reason in sorted({record.cannot_be_known for record in records} - {""}):
        mine = [row for record in records if record.cannot_be_known == reason and record.number in found
                for row in found[record.number]["rows"]]
        flagged = sum(not is_unflagged(row) for row in mine)
        table.append(Line(f"cannot be known ({reason}): flagged", f"{flagged} of {len(mine)}",
                          f">= {LEAST_FLAGGED:.0%}", bool(mine) and flagged >= LEAST_FLAGGED * len(mine)))
    failed = [one for one in found.values() if one["failed"]]
    refusals = [one for one in found.values() if one["refused"]]
    return [*table, Line("records refused by the plan", str(len(refusals)), "0", not refusals),
            Line("records that failed", str(len(failed)), "0", not failed)]


def _lines_of(score: Coverage, of: int, refused: bool) -> list[Line]:
    bounds = ">= 95 %" if score.bracket else "90 to 98 %"
    return [
        Line(f"{score.quantity}: unflagged, of all", f"{score.rows} of {of}", f">= {LEAST_ROWS}",
             score.rows >= LEAST_ROWS),
        Line(f"{score.quantity}: intervals that contain the truth", f"{score.share:.1%}", bounds, not refused),
        Line(f"{score.quantity}: bias, spread, half-width",
             f"{score.bias:+.3%}, {score.spread:.3%}, {score.half_width:.3%}", INFORMATION, True),
    ]


def main() -> int:
    """Measure the records that are asked for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resume", action="store_true", help=f"go on with what {KEPT} has")
    parser.add_argument("--only", default="", help="only records whose protocol, model or reason contains this text")
    parser.add_argument("--most", type=int, default=0, help="no more than this many records, evenly from the list")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    wanted = [one for one in load() if options.only in f"{one.protocol} {one.model} {one.cannot_be_known}"]
    if options.most and len(wanted) > options.most:
        wanted = wanted[:: -(-len(wanted) // options.most)]
    KEPT.parent.mkdir(exist_ok=True)
    kept = KEPT.read_text("utf-8").splitlines() if options.resume and KEPT.exists() else []
    found = {one["number"]: one for one in map(json.loads, kept)}
    jobs = [record for record in wanted if record.number not in found]
    with KEPT.open("a" if options.resume else "w", encoding="utf-8") as file, ProcessPoolExecutor(
            options.workers) as pool:
        for done, one in enumerate(pool.map(_job, jobs), start=1):
            found[one["number"]] = one
            file.write(json.dumps(one) + "\n")
            file.flush()
            said = one["refused"] or one["failed"] or "done"
            sys.stderr.write(f"{done}/{len(jobs)} record {one['number']}: {said}\n")
    return report("truth", f"{len(wanted)} records of the list {sha256()[:12]}", lines(wanted, found))


if __name__ == "__main__":
    sys.exit(main())
