"""Events of things that do not switch, and of things that do: ``python -m benchmarks.false_events [--quick]``.

Half-sweeps of resistors, diodes and capacitors, and of switching devices, with an instrument's troubles
(`benchmarks.sweep_records`: offset, quantisation, one wild reading, log-normal and 1/f noise, automatic ranges,
compliance) go through the extraction. So do curves that change at one place and do not switch, and meters that do
(`benchmarks.curve_records`). What is counted: thresholds and holds where there is no such thing, devices whose
event is not found where it is (within a step of the set-points, or in an interval over several gaps), and intervals
that hold the true voltage. A category without any record fails. ``--resume`` goes on with what ``--rows`` holds.
"""

import argparse
import itertools
import json
import math
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.curve_records import KINDS, curve
from benchmarks.report import INFORMATION, Line, report
from benchmarks.sweep_records import Array, Record, device, non_device

if TYPE_CHECKING:
    from tsbench.records import Result

FALSE_BAR, FOUND_BAR, BRACKET_BAR, OTHER_BAR = 0.001, 0.99, 0.95, (0.90, 0.98)
_CHUNK = 50


def examine(seed: int, number: int, switches: bool | None) -> list[dict[str, Any]]:
    """Return one row for each event that a record could have: what is true, what was found.

    ``switches``: a device, or (False) a resistor, diode or capacitor, or (None) a curve that changes at one place.
    """
    from tsbench.analysis.threshold.half_sweeps import IVPoints
    from tsbench.analysis.threshold.snapback import snapback
    from tsbench.analysis.threshold.switching_results import BRACKET, SweepFacts
    from tsbench.analysis.threshold.threshold import switching
    from tsbench.records import Flag

    random = np.random.default_rng([seed, number, 2 if switches is None else int(switches)])
    record = curve(random) if switches is None else device(random) if switches else non_device(random)
    once = np.ones(record.level.size, dtype=np.int64)
    flags = np.where(record.limited, int(Flag.COMPLIANCE), 0).astype(np.uint32)
    points = IVPoints(record.voltage, record.current, record.level, flags, once, once)
    facts = SweepFacts(voltage_offset=record.offset_limit)
    halves = switching(points, facts) if record.drive == "voltage" else snapback(points, facts)
    rows = []
    for half in halves:
        for name, index in (("threshold_voltage", half.threshold_index), ("hold_voltage", half.hold_index)):
            result = getattr(half, name)
            row: dict[str, Any] = {
                "record": number, "kind": record.kind, "drive": record.drive, "event": name, "switches": switches,
                "said": (result.value, result.low, result.high) != (None, None, None),
                "found": result.value is not None, "true": name in record.true,
                "doubted": Flag.NO_HYSTERESIS in result.flags}
            if row["true"] and row["found"]:
                bracket = BRACKET in result.method
                row |= {"bracket": bracket, "flagged": result.flags != Flag.NONE}
                row |= _covered(record, name, result.low, result.high, facts.voltage_uncertainty(result.value, 0.0))
                row |= _place(record, name, half.half.level, index, result, within=not bracket)
            rows.append(row)
    return rows


def _place(
    record: Record, name: str, level: Array, index: int | None, result: "Result", *, within: bool
) -> dict[str, Any]:
    """Return whether an event was found within a step of the set-points of the true one ("near"), or where it says.

    Parameters
    ----------
    level : [V or A] set-points of the half-sweep
    index : the last reading before the event that was found
    result : its voltage
    within : the interval of the result is over several gaps of the set-points
    """
    ramp, true = _on_the_ramp(record, name), record.true[name]
    step = _step(record, ramp)
    near = False
    if index is not None:
        gap = level[[index, min(index + 1, level.size - 1)]]
        near = bool(gap.min() - 1.001 * step <= ramp <= gap.max() + 1.001 * step)
    says = within and record.drive == "voltage" and result.low is not None and result.high is not None
    return {"near": near, "placed": near or (says and result.low <= true <= result.high),
            "steps": (result.high - result.low) / (step * true / ramp) if says else None}


def _on_the_ramp(record: Record, name: str) -> float:
    """Return the set-point [V or A] at which an event truly is."""
    return record.true.get(name.replace("voltage", "current"), record.true[name])


def _step(record: Record, ramp: float) -> float:
    """Return the largest step of the set-points over one of them [V or A]."""
    beside = np.minimum(record.level[:-1], record.level[1:]) <= ramp
    beside &= np.maximum(record.level[:-1], record.level[1:]) >= ramp
    return float(np.abs(np.diff(record.level))[beside].max(initial=0.0))


def _covered(
    record: Record, name: str, low: float | None, high: float | None, uncertainty: float
) -> dict[str, Any]:
    true = record.true[name]
    if low is None or high is None:
        return {"covered": False, "narrow": False}
    ramp = _on_the_ramp(record, name)
    step = _step(record, ramp) * true / ramp
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
    for kind, drive in (*itertools.product(("resistor", "diode", "capacitor"), ("voltage", "current")), ("all", "all")):
        mine = [row for row in nothing if kind in (row["kind"], "all") and drive in (row["drive"], "all")]
        records, said = {row["record"] for row in mine}, {row["record"] for row in mine if row["said"]}
        table.append(Line(
            f"{kind if kind == 'all' else f'{kind}, {drive} drive'}: records with a false threshold or hold",
            f"{len(said)} of {len(records)}", f"<= {100 * FALSE_BAR:g} %" if kind == "all" else INFORMATION,
            bool(records) and (kind != "all" or len(said) <= FALSE_BAR * len(records))))
    table += [_curves(kind, [row for row in rows if row["switches"] is None and row["kind"] == kind]) for kind in KINDS]
    events = [row for row in rows if row["switches"] and row["true"]]
    table += [_found(drive, [row for row in events if drive in (row["drive"], "all")])
              for drive in ("voltage", "current", "all")]
    others = [row for row in rows if row["switches"] and not row["true"]]
    table.append(Line("devices, sweeps in one direction: events on the branch that was not swept",
                      f"{sum(row['found'] for row in others)} of {len(others)}", "0",
                      bool(others) and not any(row["found"] for row in others)))
    for drive in ("voltage", "current"):
        for name in ("threshold_voltage", "hold_voltage"):
            mine = [row for row in events if row["found"] and (row["drive"], row["event"]) == (drive, name)]
            table += _coverage(f"{name}, {drive} drive", mine)
    return table


def _curves(kind: str, rows: list[dict[str, Any]]) -> Line:
    records, said = {row["record"] for row in rows}, {row["record"] for row in rows if row["found"]}
    sure = {row["record"] for row in rows if row["found"] and not row["doubted"]}
    return Line(
        f"{kind}: records with a false threshold or hold; those without the flag no_hysteresis",
        f"{len(said)} of {len(records)}; {len(sure)}", INFORMATION, bool(records))


def _found(drive: str, rows: list[dict[str, Any]]) -> Line:
    """Return the row of the events that were found where they are."""
    found = [row for row in rows if row["found"]]
    placed = [row for row in found if row["placed"]]
    wide = [row["steps"] for row in placed if not row["near"]]
    measured = f"{len(placed)} of {len(rows)}; {len(found) - len(placed)} at a wrong place"
    if wide:
        measured += f"; {len(wide)} only by an interval of up to {max(wide):.0f} steps"
    return Line(
        f"{'devices' if drive == 'all' else f'devices, {drive} drive'}: events found at the right place", measured,
        f">= {100 * FOUND_BAR:g} %" if drive == "all" else INFORMATION,
        bool(rows) and (drive != "all" or len(placed) >= FOUND_BAR * len(rows)))


def _coverage(what: str, rows: list[dict[str, Any]]) -> list[Line]:
    brackets = [row for row in rows if row["bracket"] and row["narrow"]]
    others = [row for row in rows if not (row["bracket"] and row["narrow"]) and not row["flagged"]]
    low, high = OTHER_BAR
    held, count = _held(others), len(others)
    inside = tail(held, count, low) > 0.005 and tail(count - held, count, 1.0 - high) > 0.005
    table = [
        Line(f"{what}: narrow brackets that contain the true value", f"{_held(brackets)} of {len(brackets)}",
             f">= {100 * BRACKET_BAR:g} %", bool(brackets) and (
                 _held(brackets) >= BRACKET_BAR * len(brackets)
                 or tail(_held(brackets), len(brackets), BRACKET_BAR) > 0.01)),
        Line(f"{what}: other intervals without a flag that contain the true value", f"{held} of {count}",
             f"{100 * low:g} to {100 * high:g} %",
             bool(others) and inside)]
    for name, mine in (("brackets of any width that contain the true value", [row for row in rows if row["bracket"]]),
                       ("other intervals with a flag that contain the true value", [
                           row for row in rows if row["flagged"] and not (row["bracket"] and row["narrow"])])):
        table.append(Line(f"{what}: {name}", f"{_held(mine)} of {len(mine)}", INFORMATION, bool(mine)))
    return table


def _held(rows: list[dict[str, Any]]) -> int:
    return sum(row["covered"] for row in rows)


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
    parser.add_argument(
        "--quick", action="store_true",
        help="600 and 120 records, the same checks; a rare category may be empty, and fail")
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
