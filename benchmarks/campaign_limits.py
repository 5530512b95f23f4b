"""Random campaigns against the limits of their device.

Run it as ``python -m benchmarks.campaign_limits [--campaigns N] [--seed N] [--workers N] [--resume] [--rows FILE]``.

Each campaign is drawn at random: the device, the wiring, one to three steps, their parameters. It is first run without
limits on five simulated devices, and the witness says what each really saw. Then limits are drawn, and the campaign is
planned with them. A campaign is unsafe if any of the five devices saw more than a limit. ``--scale 0.8`` makes every
predicted worst case 20 % too low: then rows must fail.
"""

import argparse
import math
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from benchmarks.kept_rows import add_options, add_rows, rows_before, rows_in
from benchmarks.limits.cases import case_of
from benchmarks.limits.conflict import conflict_lines
from benchmarks.limits.measured import ALONE, MARGIN, QUANTITIES, measured
from benchmarks.report import INFORMATION, Line, report
from tsbench.errors import LimitError
from tsbench.quantities import short_quantity

KEPT = Path("build/campaign_limits.jsonl")
Row = Mapping[str, Any]


def unsafe(row: Row) -> bool:
    """Whether any device saw more than a limit."""
    return any(row["true"][name] > limit for name, limit in row["limits"].items())


def refused(row: Row, scale: float) -> bool:
    """Whether the campaign is refused; with a scale other than 1, by the scaled predictions alone."""
    if scale == 1.0:
        return bool(row["refused"])
    return any(scale * _number(row["predicted"][name]) > limit for name, limit in row["limits"].items())


def safe_with_margin(row: Row) -> bool:
    """Whether a plan must be accepted: far below each limit by the model, or by voltage and resistances alone."""
    known = row["true"] if row["material"] else row["alone"]
    share = MARGIN if row["material"] else ALONE
    return all(_number(known[name]) <= share * limit for name, limit in row["limits"].items())


def _number(value: float | None) -> float:
    return math.inf if value is None else float(value)


def lines_of(rows: Sequence[Row], scale: float = 1.0) -> list[Line]:
    """Return the rows of the table."""
    judged = [row for row in rows if "impossible" not in row]
    groups: dict[str, list[Row]] = {"unsafe": [], "named": [], "alone": [], "between": []}
    for row in judged:
        margin = safe_with_margin(row)
        key = "unsafe" if unsafe(row) else "between" if not margin else "named" if row["material"] else "alone"
        groups[key].append(row)
    near = sum(any(0.5 <= row["true"][name] / limit <= 2 for name, limit in row["limits"].items()) for row in judged)
    count = {key: sum(refused(row, scale) for row in group) for key, group in groups.items()}

    def told(key: str) -> str:
        return f"{count[key]} of {len(groups[key])}"

    lines = [
        Line("campaigns", f"{len(judged)}; {len(rows) - len(judged)} more are beyond the instruments", INFORMATION,
             True),
        Line("with a true worst case between 0.5 and 2 times a limit", f"{near} of {len(judged)}", INFORMATION, True),
        Line("unsafe: refused", told("unsafe"), "all", count["unsafe"] == len(groups["unsafe"])),
        Line("safe with margin, model named: refused", told("named"), "at most 1 %",
             count["named"] <= 0.01 * len(groups["named"])),
        *_refused_rightly([row for row in groups["named"] if refused(row, scale) and "more" in row]),
        Line("safe with margin, model named: amber", f"{sum(row['amber'] for row in groups['named'])} of "
             f"{len(groups['named'])}", INFORMATION, True),
        *_performed(judged),
        Line("safe with margin, no model: refused", told("alone"), "at most 1 %",
             count["alone"] <= 0.01 * len(groups["alone"])),
        Line("in between: refused", told("between"), INFORMATION, True),
    ]
    for name, unit in QUANTITIES.items():
        lines += _bounds(judged, groups["unsafe"], name, unit, scale)
    return lines


def _refused_rightly(rows: Sequence[Row]) -> Iterator[Line]:
    """Say of the campaigns that are safe by their five devices and refused: what further devices saw of them."""
    beyond = [sum(any(device[name] > limit for name, limit in row["limits"].items()) / len(row["more"])
                  for device in row["more"]) for row in rows]
    if rows:
        yield Line("of these: a limit was passed by some of the further devices",
                   f"{sum(share > 0 for share in beyond)} of {len(rows)} ({len(rows[0]['more'])} devices each)",
                   INFORMATION, True)
        yield Line("of these: mean probability that five other devices had made it unsafe",
                   f"{statistics.mean(1 - (1 - share) ** 5 for share in beyond):.2g}", INFORMATION, True)


def _performed(rows: Sequence[Row]) -> Iterator[Line]:
    """Say what became of the campaigns whose plans were not refused, when the first device was measured."""
    for what, amber in (("amber, with a yes", True), ("green", False)):
        mine = [row["run"] for row in rows if "run" in row and row["amber"] is amber]
        stopped = [run for runs in mine for run in runs if run[0] == "fail" and run[1] == LimitError.exit_code]
        told = f" ({stopped[0][2].partition('. ')[0]})" if stopped else ""
        count = sum(any(run in runs for run in stopped) for runs in mine)
        yield Line(f"{what}: campaigns with a run that a limit ended", f"{count} of {len(mine)}{told}", "0",
                   not stopped)


def _bounds(rows: Sequence[Row], bad: Sequence[Row], name: str, unit: str, scale: float) -> Iterator[Line]:
    def pair(row: Row) -> tuple[float, float]:
        return scale * _number(row["predicted"][name]), float(row["true"][name])

    mine = [row for row in bad if row["true"][name] > row["limits"].get(name, math.inf)]
    for what, group, share in (("unsafe by it", mine, 1.0), ("all", rows, 0.99)):
        pairs = [pair(row) for row in group if row["true"][name] > 0]
        if not pairs:
            continue
        bounds = sum(predicted >= seen for predicted, seen in pairs)
        worst = min(pairs, key=lambda one: one[0] / one[1])
        low = " against ".join(short_quantity(one, unit, 3) for one in worst) if math.isfinite(worst[0]) else "-"
        yield Line(f"{name}, {what}: the prediction bounds the truth", f"{bounds} of {len(pairs)}; lowest {low}",
                   "all" if share == 1.0 else "99 %", bounds >= share * len(pairs))
    for what, kind in (("model named", True), ("no model", False)):
        pairs = [pair(row) for row in rows if row["true"][name] > 0 and bool(row["material"]) is kind]
        bounded = [one for one in pairs if math.isfinite(one[0])]
        if bounded:
            ratio = statistics.median(predicted / seen for predicted, seen in bounded)
            none = f"; {len(pairs) - len(bounded)} have no bound" if len(pairs) > len(bounded) else ""
            yield Line(f"{name}, {what}: median of predicted / true", f"{ratio:.3g}{none}", INFORMATION, True)


def _one(seed: int, number: int) -> dict[str, Any]:
    return measured(case_of(seed, number), seed)


def main() -> int:
    """Draw, run and plan campaigns, as many as there are not yet."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    add_options(parser, 1000, KEPT, "two campaigns")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="of every prediction, to see that rows can fail")
    parser.add_argument("--conflict", action="store_true", help="only how far any plan can tell safe from unsafe ones")
    options = parser.parse_args()
    if options.conflict:
        return report(f"campaign_limits --conflict --seed {options.seed}", "what a plan can know of a device",
                      list(conflict_lines(options.seed)))
    wanted = 2 if options.quick else options.campaigns
    done = {row["number"] for row in rows_before(options)}
    left = [] if options.kept else [number for number in range(wanted) if number not in done]
    with ProcessPoolExecutor(options.workers) as pool:
        for future in as_completed([pool.submit(_one, options.seed, number) for number in left]):
            add_rows(options.rows, [future.result()])
    rows = sorted(rows_in(options.rows), key=lambda row: row["number"])
    scaled = f" --scale {options.scale}" if options.scale != 1.0 else ""
    return report(f"campaign_limits --campaigns {len(rows)} --seed {options.seed}{scaled}",
                  "random campaigns and limits", lines_of(rows, options.scale))


if __name__ == "__main__":
    sys.exit(main())
