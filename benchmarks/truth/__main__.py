"""Bias and coverage of the extractors on a population: ``python -m benchmarks.truth [--resume] [--only TEXT]``.

Each record of the two lists (``records.jsonl``, ``held_out.jsonl``) is one run of a protocol: another device of the
catalogue, another circuit, other instruments and parameters. Each extracted number is compared with the witness of
that run. A number counts for the coverage if no flag doubts it. Of records in which a quantity cannot be known, 99 %
must be flagged.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import INFORMATION, Line, report
from benchmarks.truth.knowable import TOLD
from benchmarks.truth.measuring import attempt
from benchmarks.truth.measuring import kept as kept_files
from benchmarks.truth.page import OF_BOTH_LISTS, PAGE, write
from benchmarks.truth.records import HELD_OUT, LISTS, TruthRecord, drawn_device, load
from benchmarks.truth.scoring import (
    Coverage,
    counts,
    coverage_of,
    is_unflagged,
    kinds_of_interval,
    kinds_that_miss,
    narrowed,
    rejected,
)
from benchmarks.truth.store import FILE, code, store, stored, with_knowable
from tsbench.analysis.statistics import NORMAL_95

KEPT = Path("build/truth.jsonl")
#: records of each protocol that are performed without noise as well, which tells whether a quantity can be known
ASKED = 100
LEAST_ROWS, LEAST_DEVICES, LEAST_FLAGGED, LEAST_KNOWABLE = 300, 300, 0.99, 0.80
#: after so many records, another process goes on: 100 records of up to 10^8 samples leave 3 GB behind
_RECORDS_OF_A_PROCESS = 60
WIDEST = 2.0  #: times a bootstrap interval
#: delays are one quantity; whether the bench was checked decides what their intervals have
SKEW_MEASURED, NOT_MEASURED = "skew measured", "skew not measured"
#: largest median deviation from the truth, relative
LARGEST_BIAS = {"threshold_voltage": 0.005, "frequency": 0.0005, "switching_delay": 0.01}
LARGEST_OF_KIND = 0.05  #: of a kind of device, from the true median of the pulses measured (chosen)
Found = Mapping[int, Mapping[str, Any]]


def first_of_each(records: Sequence[TruthRecord], count: int) -> list[TruthRecord]:
    """Return the first ``count`` records of each protocol and reason, which take turns."""
    groups: dict[tuple[str, str], list[TruthRecord]] = {}
    for record in records:
        groups.setdefault((record.protocol, record.cannot_be_known), []).append(record)
    longest = max(map(len, groups.values()), default=0)
    return [group[k] for k in range(min(count, longest)) for group in groups.values() if k < len(group)]


def lines(records: Sequence[TruthRecord], found: Found) -> list[Line]:
    """Return the table: coverage of each quantity, what could not be known, what failed."""
    measured = [record for record in records if record.number in found]
    knowable = [record for record in measured if not record.cannot_be_known]
    # the cycles of a sweep have the same device and the same set-points: the first one stands for them
    rows = [{**row, "number": record.number, "model": record.model}
            for record in knowable for row in found[record.number]["rows"] if row["conditions"].get("cycle", 1) == 1]
    quantities = sorted({row["quantity"] for row in rows})
    devices = len({drawn_device(one) for one in knowable})
    present = sum(found[record.number].get("code") == code() for record in measured)
    table = [Line("records measured", f"{len(measured)} of {len(records)}", INFORMATION, True),
             Line("of these, extracted by the present code", str(present), INFORMATION, True),
             Line("devices", str(devices), f">= {LEAST_DEVICES}", devices >= LEAST_DEVICES)]
    scores = {name: [coverage_of(f"{part} ({kind})", mine) for part, of_part in _parts(name, rows).items()
                     for kind, mine in kinds_of_interval(of_part).items()] for name in quantities}
    refused = rejected([score for mine in scores.values() for score in mine])
    for name, mine in scores.items():
        of_it = [row for row in rows if row["quantity"] == name]
        table += [*_lines_of(name, mine, of_it, refused), *_sharpness(name, of_it)]
    table += _all_together(rows)
    for reason in sorted({record.cannot_be_known for record in records} - {""}):
        table.append(_unknowable(reason, [record for record in measured if record.cannot_be_known == reason], found))
    failed = [found[record.number] for record in measured if found[record.number]["failed"]]
    refusals = [found[record.number] for record in measured if found[record.number]["refused"]]
    return [*table,
            Line("records refused before the run, for a limit of an instrument", str(len(refusals)), INFORMATION, True),
            Line("records that failed", str(len(failed)), "0", not failed)]


def _parts(name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the rows of one quantity by what their intervals have: of delays, a measured skew or only its limit."""
    mine = [row for row in rows if row["quantity"] == name]
    if name != "switching_delay":
        return {name: mine}
    parts = {SKEW_MEASURED: [row for row in mine if row.get("deskewed")],
             NOT_MEASURED: [row for row in mine if not row.get("deskewed")]}
    return {f"{name}, {part}": of_part for part, of_part in parts.items() if of_part}


def _lines_of(
    name: str, scores: Sequence[Coverage], rows: Sequence[Mapping[str, Any]], refused: set[str]
) -> list[Line]:
    unflagged, counted = sum(score.rows for score in scores), [row for row in rows if counts(row)]
    distinct = len({row["number"] for row in counted})   # the two half-sweeps of a record are two numbers
    missed = kinds_that_miss(counted)
    table = [Line(f"{name}: unflagged, of all", f"{unflagged} of {len(rows)}", INFORMATION, True),
             Line(f"{name}: {OF_BOTH_LISTS}", str(distinct), f">= {LEAST_ROWS}", distinct >= LEAST_ROWS),
             Line(f"{name}: kinds of devices of which significantly fewer than 90 % of the intervals contain the truth",
                  "; ".join(missed) or "none", "none", not missed)]
    for score in scores:
        bounds = ">= 95 %" if score.bracket else "90 to 98 %, by a test at 1 %"
        largest = LARGEST_BIAS.get(name)
        table += [
            Line(f"{score.quantity}: intervals that contain the truth", f"{score.covered} of {score.rows}", bounds,
                 score.quantity not in refused),
            Line(f"{score.quantity}: median deviation", f"{score.bias:+.3%}",
                 INFORMATION if largest is None else f"at most {largest:.2%}",
                 largest is None or not score.rows or abs(score.bias) <= largest),
            Line(f"{score.quantity}: spread, median half-width", f"{score.spread:.3%}, {score.half_width:.3%}",
                 INFORMATION, True)]
    table += _beside_pulses(name, counted)
    seen = sum(is_unflagged(row) and row["true"] is None for row in rows)
    return [*table, Line(f"{name}: unflagged, without a true value", str(seen), INFORMATION, True)]


def _beside_pulses(name: str, rows: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Return how far medians are from the true median of the pulses measured, which shows a bias of a kind of device.

    Beside what the pulses of a run scatter by, a bias against the median of the device would not show.
    """
    kinds: dict[str, list[float]] = {}
    for row in rows:
        if row.get("of_pulses"):
            kinds.setdefault(row["model"], []).append(row["value"] / row["of_pulses"] - 1.0)
    if not kinds:
        return []
    every = [one for mine in kinds.values() for one in mine]
    medians = {kind: float(np.median(mine)) for kind, mine in kinds.items()}
    worst = max(medians, key=lambda kind: abs(medians[kind]))
    return [Line(f"{name}: deviation from the true median of the pulses measured, median and largest",
                 f"{np.median(every):+.3%}, {np.max(np.abs(every)):.2%}", INFORMATION, True),
            Line(f"{name}: the same, median of the kind of device with the largest one",
                 f"{worst} {medians[worst]:+.2%}", f"at most {LARGEST_OF_KIND:.0%}",
                 abs(medians[worst]) <= LARGEST_OF_KIND)]


def _sharpness(name: str, rows: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Return how many knowable numbers are without a flag, and how wide the intervals are beside a bootstrap's."""
    table = []
    known = [row for row in rows if row.get("knowable")]
    told = [row for row in known if not row.get("may_oscillate")]
    if len(told) < len(known):
        table.append(Line(f"{name}: unflagged of those that the likelihood bounds, also where nothing excludes an "
                          "oscillation", _unflagged_of(known), INFORMATION, True))
    if told:
        table.append(Line(f"{name}: unflagged of those that can be known", _unflagged_of(told),
                          f">= {LEAST_KNOWABLE:.0%}", sum(map(is_unflagged, told)) >= LEAST_KNOWABLE * len(told)))
    parts = _parts(name, rows)
    for part, mine in {name: rows, **(parts if len(parts) > 1 else {})}.items():
        repeated = _repeated(mine)
        if not repeated:
            continue
        # a bootstrap knows only what differs between the pulses: so does the random part
        random, whole = (float(np.median([width(row) / row["bootstrap"] for row in repeated])) for width in (
            lambda row: 2.0 * NORMAL_95 * row["random"], lambda row: row["high"] - row["low"]))
        beside = f"over the width of a bootstrap, median of {len(repeated)}"
        required = part == name
        table += [Line(f"{part}: {kind} {beside}", f"{ratio:.2f}", f"<= {WIDEST:g}" if required else INFORMATION,
                       not required or ratio <= WIDEST)
                  for kind, ratio in (("interval of the random part", random), ("whole interval", whole))]
    return [*table, *_if_narrow(name, _repeated(rows))]


def _if_narrow(name: str, rows: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Return how often intervals that are no wider than is asked beside a bootstrap would contain the truth."""
    if not rows:
        return []
    whole, narrow = (coverage_of(name, mine) for mine in (
        rows, [narrowed(row, WIDEST * row["bootstrap"]) for row in rows]))
    return [Line(f"{name}: of these, intervals that contain the truth, and would at {WIDEST:g} widths of the bootstrap",
                 f"{whole.covered} and {narrow.covered} of {whole.rows}", INFORMATION, True)]


def _repeated(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rows without a flag beside which there is a bootstrap."""
    return [row for row in rows if row.get("bootstrap") and row.get("random") is not None and is_unflagged(row)]


def _all_together(rows: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Return how wide the intervals of all quantities are beside those of a bootstrap."""
    ratios = [(row["high"] - row["low"]) / row["bootstrap"] for row in _repeated(rows)]
    return [Line(f"all quantities: whole interval over the width of a bootstrap, median of {len(ratios)}",
                 f"{np.median(ratios):.2f}", INFORMATION, True)] if ratios else []


def _unflagged_of(rows: Sequence[Mapping[str, Any]]) -> str:
    return f"{sum(map(is_unflagged, rows))} of {len(rows)}"


def _unknowable(reason: str, records: Sequence[TruthRecord], found: Found) -> Line:
    """Return how many rows are flagged of records in which the quantity cannot be known.

    "No event" holds where the witness saw none: a stochastic device may switch below its usual threshold.
    """
    rows = [row for record in records for row in found[record.number]["rows"]
            if reason != "no event" or row["true"] is None]
    flagged = sum(not is_unflagged(row) for row in rows)
    return Line(f"cannot be known ({reason}): flagged", f"{flagged} of {len(rows)}", f">= {LEAST_FLAGGED:.0%}",
                bool(rows) and flagged >= LEAST_FLAGGED * len(rows))


def main() -> int:
    """Measure the records that are asked for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resume", action="store_true", help=f"go on with what {KEPT} has")
    parser.add_argument("--only", default="", help="only records whose protocol, model or reason contains this text")
    parser.add_argument("--list", choices=LISTS, help="only records of this list (default: of both)")
    parser.add_argument("--each", type=int, default=0, help="of each protocol and reason only as many records from the "
                        "first: the kinds of devices take turns in the list (default: all)")
    parser.add_argument("--runs", type=Path, help="keep the run files in this folder, and take those that are there")
    parser.add_argument("--kept", action="store_true", help="only records whose run is in the folder of --runs")
    parser.add_argument("--knowable", action="store_true", help=f"perform the first {ASKED} runs of each protocol once "
                        "more without noise, and tell which quantities can be known")
    parser.add_argument("--store", action="store_true", help=f"add what is found to {FILE.name}; with --resume, what "
                        "is there is not measured again")
    parser.add_argument("--page", action="store_true", help=f"write the tables of both lists in {PAGE.name}")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    if options.kept and not options.runs:
        parser.error("--kept needs --runs FOLDER, the folder of the run files")
    listed = LISTS[options.list].load() if options.list else load()
    wanted = [one for one in listed if options.only in f"{one.protocol} {one.model} {one.cannot_be_known}"]
    if not wanted:
        parser.error(f"--only {options.only}: no record has this text in its protocol, model or reason")
    wanted = first_of_each(wanted, options.each or len(wanted))
    asked = {one.number for one in first_of_each(load(), ASKED) if options.knowable and one.protocol in TOLD}
    KEPT.parent.mkdir(exist_ok=True)
    kept = KEPT.read_text("utf-8").splitlines() if options.resume and KEPT.exists() else []
    archive = stored() if options.store or options.page else {}
    found = (archive if options.resume else {}) | {one["number"]: one for one in map(json.loads, kept)}
    jobs = [record for record in wanted if record.number not in found
            and not (options.kept and not kept_files(record, options.runs)[0].exists())]
    jobs.sort(key=lambda record: bool(record.cannot_be_known))   # most requirements ask for what can be known
    if options.kept:   # short runs first: then an interrupted run has evaluated the most
        jobs.sort(key=lambda record: kept_files(record, options.runs)[0].stat().st_size)
    job = partial(attempt, runs=options.runs, asked=asked, perform=not options.kept)
    with KEPT.open("a" if options.resume else "w", encoding="utf-8") as file, get_context("spawn").Pool(
            options.workers, maxtasksperchild=_RECORDS_OF_A_PROCESS) as pool:
        for done, one in enumerate(pool.imap_unordered(job, jobs), start=1):
            found[one["number"]] = one
            file.write(json.dumps(one) + "\n")
            file.flush()
            said = one["refused"] or one["failed"] or "done"
            sys.stderr.write(f"{done}/{len(jobs)} record {one['number']}: {said}\n")
    found = with_knowable(found, archive)
    every = archive | found   # a run that measures a part of the records keeps the others
    if options.store:
        store(every)
    if options.page:
        write(lines(load(), every), lines(HELD_OUT.load(), every))
    lists = ", ".join(f"{name} {one.sha256()[:12]}" for name, one in LISTS.items() if options.list in (None, name))
    return report("truth", f"{len(wanted)} records of {lists}", lines(wanted, found))


if __name__ == "__main__":
    sys.exit(main())
