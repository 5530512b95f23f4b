"""Events of things that do not switch, and of things that do: ``python -m benchmarks.false_events [--quick]``.

Half-sweeps of resistors, diodes and capacitors, and of switching devices, with an instrument's troubles
(`benchmarks.sweep_records`: offset, quantisation, one wild reading, log-normal and 1/f noise, automatic ranges,
compliance) go through the extraction. So do curves that change at one place and do not switch, and meters that do
(`benchmarks.curve_records`). What is counted: thresholds and holds where there is no such thing, devices whose
event is not found, and intervals that hold the true voltage. ``--resume`` goes on with what ``--rows`` holds.
"""

import argparse
import json
import math
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.curve_records import KINDS, curve
from benchmarks.report import Line, report
from benchmarks.sweep_records import Record, device, non_device

FALSE_BAR, FOUND_BAR, BRACKET_BAR, OTHER_BAR = 0.001, 0.99, 0.95, (0.90, 0.98)
_CHUNK = 50


def examine(seed: int, number: int, switches: bool | None) -> list[dict[str, Any]]:
    """Return one row for each event that a record could have: what is true, what was found.

    ``switches``: a device, or (False) a resistor, diode or capacitor, or (None) a curve that changes at one place.
    """
    from tsbench.analysis.half_sweeps import IVPoints
    from tsbench.analysis.snapback import snapback
    from tsbench.analysis.threshold import BRACKET, SweepFacts, switching
    from tsbench.records import Flag

    random = np.random.default_rng([seed, number, 2 if switches is None else int(switches)])
    record = curve(random) if switches is None else device(random) if switches else non_device(random)
    once = np.ones(record.level.size, dtype=np.int64)
    flags = np.where(record.limited, int(Flag.COMPLIANCE), 0).astype(np.uint32)
    points = IVPoints(record.voltage, record.current, record.level, flags, once, once)
    facts = SweepFacts(voltage_offset=record.offset_limit)
    halves = switching(points, facts) if record.drive == "voltage" else snapback(points, facts)
    results = {result.quantity: result for half in halves for result in half.results()}
    rows = []
    for name in ("threshold_voltage", "hold_voltage"):
        result = results[name]
        row: dict[str, Any] = {
            "record": number, "kind": record.kind, "drive": record.drive, "event": name, "switches": switches,
            "said": (result.value, result.low, result.high) != (None, None, None), "found": result.value is not None,
            "doubted": Flag.NO_HYSTERESIS in result.flags}
        if name in record.true and result.value is not None:
            row |= _covered(record, name, result.low, result.high, facts.voltage_uncertainty(result.value, 0.0)) | {
                "bracket": BRACKET in result.method, "flagged": result.flags != Flag.NONE}
        if name in record.true or not switches:
            rows.append(row)
    return rows


def _covered(
    record: Record, name: str, low: float | None, high: float | None, uncertainty: float
) -> dict[str, Any]:
    true = record.true[name]
    if low is None or high is None:
        return {"covered": False, "narrow": False}
    by = record.true.get(name.replace("voltage", "current"), true)
    steps = np.abs(np.diff(record.level))
    beside = np.minimum(record.level[:-1], record.level[1:]) <= by
    beside &= np.maximum(record.level[:-1], record.level[1:]) >= by
    step = float(steps[beside].max(initial=0.0)) * true / by
    # a reading of the digitiser has its own noise of up to half a code, and is rounded
    code = 0.6 * record.voltage_resolution
    noise = float(np.sqrt(uncertainty**2 + (record.noise * true) ** 2 + code**2))
    return {"covered": low <= true <= high, "narrow": high - low <= 1.01 * step + 4.0 * noise}


def examine_many(seed: int, numbers: Iterable[int], switches: bool | None) -> list[dict[str, Any]]:
    """Return the rows of several records."""
    return [row for number in numbers for row in examine(seed, number, switches)]


def lines(rows: list[dict[str, Any]]) -> list[Line]:
    """Return the table."""
    table = []
    nothing = [row for row in rows if row["switches"] is False]
    for kind in ("resistor", "diode", "capacitor", "all"):
        mine = [row for row in nothing if kind in (row["kind"], "all")]
        records, said = {row["record"] for row in mine}, {row["record"] for row in mine if row["said"]}
        share = len(said) / max(len(records), 1)
        table.append(Line(
            f"{kind}: records with a threshold or a hold", f"{len(said)} of {len(records)}",
            f"<= {100 * FALSE_BAR:g} %" if kind == "all" else "shown", kind != "all" or share <= FALSE_BAR))
    table += [_curves(kind, [row for row in rows if row["switches"] is None and row["kind"] == kind]) for kind in KINDS]
    events = [row for row in rows if row["switches"]]
    for drive in ("voltage", "current", "all"):
        mine = [row for row in events if drive in (row["drive"], "all")]
        found = sum(row["found"] for row in mine)
        table.append(Line(
            f"devices, {drive} drive: events found" if drive != "all" else "devices: events found",
            f"{found} of {len(mine)}", f">= {100 * FOUND_BAR:g} %" if drive == "all" else "shown",
            drive != "all" or found >= FOUND_BAR * len(mine)))
    for drive in ("voltage", "current"):
        for name in ("threshold_voltage", "hold_voltage"):
            mine = [row for row in events if row["found"] and (row["drive"], row["event"]) == (drive, name)]
            table += _coverage(f"{name}, {drive} drive", mine)
    return table


def _curves(kind: str, rows: list[dict[str, Any]]) -> Line:
    records, said = {row["record"] for row in rows}, {row["record"] for row in rows if row["found"]}
    sure = {row["record"] for row in rows if row["found"] and not row["doubted"]}
    return Line(
        f"{kind}: records with a threshold or a hold; of these without the flag no_hysteresis",
        f"{len(said)} of {len(records)}; {len(sure)}", "shown", True)


def _coverage(what: str, rows: list[dict[str, Any]]) -> list[Line]:
    brackets = [row for row in rows if row["bracket"] and row["narrow"]]
    others = [row for row in rows if not (row["bracket"] and row["narrow"]) and not row["flagged"]]
    table = []
    for name, mine in (("brackets of set-points", brackets), ("other intervals", others)):
        held = sum(row["covered"] for row in mine)
        low, high = (BRACKET_BAR, 1.0) if mine is brackets else OTHER_BAR
        passed = not mine or (
            tail(held, len(mine), low) > 0.005 and tail(len(mine) - held, len(mine), 1.0 - high) > 0.005)
        if mine is brackets:
            passed = held >= BRACKET_BAR * len(mine) or tail(held, len(mine), BRACKET_BAR) > 0.01
        bar = f">= {100 * low:g} %" if mine is brackets else f"{100 * low:g} to {100 * high:g} %"
        table.append(Line(f"{what}: {name} that hold the truth", f"{held} of {len(mine)}", bar, passed))
    return table


def tail(successes: int, trials: int, chance: float) -> float:
    """Return the probability of at most ``successes`` in ``trials`` (binomial)."""
    return math.fsum(
        math.exp(math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
                 + (k * math.log(chance) if k else 0.0)
                 + ((trials - k) * math.log1p(-chance) if chance < 1 else -math.inf if trials > k else 0.0))
        for k in range(successes + 1)) if chance > 0.0 else 1.0


def main() -> int:
    """Run, print the table, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10000, help="records of things that do not switch")
    parser.add_argument("--devices", type=int, help="records of devices; a fifth of --count by default")
    parser.add_argument("--quick", action="store_true", help="600 and 120 records, the same checks")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rows", type=Path, default=Path("false_events.jsonl"), help="rows are kept here")
    parser.add_argument("--resume", action="store_true", help="go on with what --rows holds of this seed")
    arguments = parser.parse_args()
    count = 600 if arguments.quick else arguments.count
    devices = arguments.devices or count // 5
    done: dict[str, list[dict[str, Any]]] = {}
    if arguments.resume and arguments.rows.exists():
        done = dict(json.loads(line) for line in arguments.rows.read_text("utf-8").splitlines())
    todo = [
        (f"{arguments.seed} {switches} {first}", range(first, min(first + _CHUNK, number)), switches)
        for switches, number in ((False, count), (True, devices), (None, devices))
        for first in range(0, number, _CHUNK)]
    missing = [part for part in todo if part[0] not in done]
    with ProcessPoolExecutor(arguments.workers) as pool, arguments.rows.open(
            "a" if arguments.resume else "w", encoding="utf-8") as kept:
        jobs = [(key, pool.submit(examine_many, arguments.seed, part, switches)) for key, part, switches in missing]
        for key, job in jobs:
            done[key] = job.result()
            kept.write(json.dumps([key, done[key]]) + "\n")
            kept.flush()
    rows = [row for key, _, _ in todo for row in done[key]]
    return report("false_events", f"seed {arguments.seed}, {count} and {devices} records", lines(rows))


if __name__ == "__main__":
    sys.exit(main())
