"""Adaptive searches against equally spaced pulses: ``python -m benchmarks.adaptive [--quick]``.

Each of 100 devices is measured by searches that choose pulse by pulse, and by equally spaced series that are repeated.
Both stop at the same width of the interval, and both are read by the same function. The numbers of levels and of
repeats of the equally spaced series are those with the fewest pulses with which at least as many devices reach the
width. The devices are a statistical model; a part is measured by the protocols on the simulated bench.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.adaptive.bench_part import SPREADS, BenchRow, bench_run, model_of
from benchmarks.adaptive.population import Device, population
from benchmarks.adaptive.strategies import LEVELS, QUANTITIES, TUNED_LEVELS, Spent, adaptive, spaced
from benchmarks.report import INFORMATION, Line, report

#: pulses of the search, of those of the spaced series, at most
SHARES = {"threshold amplitude": 1 / 3, "refractory period": 1 / 3, "firing probability": 1 / 2}
_DRIFTING, _DRIFT = 50, 0.3  #: of the threshold, in 100 pulses
#: share of the devices that have to reach the width with one and the same series, at most: the last few cost most
_MOST_DEVICES = 0.9
_OF_ONE_MODEL = 40  #: searches of one statistical model, for the part on the bench

Job = tuple[str, Device, int, bool]  #: quantity, device, levels (0: adaptive), tuned


def _done(job: Job) -> Spent | None:
    quantity, device, levels, tuned = job
    return spaced(device, quantity, levels, tuned) if levels else adaptive(device, quantity)


def _kept(jobs: Sequence[Job], pool: ProcessPoolExecutor, keep: Path | None) -> list[Spent | None]:
    """Return what each job took; ``keep``: a file with the jobs done before, to which the others are added."""
    done: dict[str, Spent | None] = {}
    if keep is not None and keep.exists():
        for line in keep.read_text("utf-8").splitlines():
            key, values = json.loads(line)
            done[key] = None if values is None else Spent(**values)
    keys = [repr(job) for job in jobs]
    missing = [(key, job) for key, job in zip(keys, jobs, strict=True) if key not in done]
    for (key, _), found in zip(missing, pool.map(_done, [job for _, job in missing], chunksize=2), strict=True):
        done[key] = found
        if keep is not None:
            with keep.open("a", encoding="utf-8") as file:
                file.write(json.dumps([key, None if found is None else asdict(found)]) + "\n")
    return [done[key] for key in keys]


def best_series(found: dict[int, list[Spent | None]], least_share: float) -> tuple[int, float, float] | None:
    """Return (levels, repeats, mean pulses where each device stops at the width) of the cheapest series.

    Parameters
    ----------
    found : what each device took, by the number of levels
    least_share : of the devices that have to reach the width with one and the same number of repeats
    """
    best: tuple[int, float, float] | None = None
    for levels, devices in found.items():
        needed = np.sort([np.inf if one is None else one.pulses for one in devices])
        pulses = needed[max(round(np.ceil(least_share * len(devices))) - 1, 0)]
        if np.isfinite(pulses) and (best is None or pulses < best[0] * best[1]):
            reached = [one.pulses for one in devices if one is not None]
            best = levels, float(pulses) / levels, float(np.mean(reached))
    return best


def compare(
    quantity: str, devices: Sequence[Device], spaced_ones: int, pool: ProcessPoolExecutor, keep: Path | None
) -> list[Line]:
    """Return the rows of one quantity; the first ``spaced_ones`` devices are measured by spaced series as well."""
    ours = [one for one in _kept([(quantity, device, 0, False) for device in devices], pool, keep) if one]
    series = {
        tuned: {levels: _kept([(quantity, device, levels, tuned) for device in devices[:spaced_ones]], pool, keep)
                for levels in tried}
        for tuned, tried in ((False, LEVELS[quantity]), (True, TUNED_LEVELS[quantity]))}
    pulses, covered = float(np.mean([one.pulses for one in ours])), sum(one.covered for one in ours)
    reached = sum(one.reached for one in ours)
    lines = [
        Line(f"{quantity}: pulses that are chosen, mean (median, most)",
             f"{pulses:.1f} ({np.median([one.pulses for one in ours]):.0f}, {max(one.pulses for one in ours)})",
             INFORMATION, True),
        Line(f"{quantity}: devices whose interval is as narrow as asked", f"{reached} of {len(ours)}", INFORMATION,
             True),
        Line(f"{quantity}: devices whose interval contains the true value", f"{covered} of {len(ours)}",
             "at least 90 %", covered >= 0.9 * len(ours)),
        Line(f"{quantity}: of these, flagged as drifting", f"{sum(one.drifted for one in ours)}", "at most 3 %",
             sum(one.drifted for one in ours) <= max(0.03 * len(ours), 1)),
    ]
    for tuned in (False, True):
        lines += _against(quantity, ours[:spaced_ones], series[tuned], min(reached / len(ours), _MOST_DEVICES), tuned)
    return lines


def _against(
    quantity: str, ours: Sequence[Spent], series: dict[int, list[Spent | None]], share: float, tuned: bool
) -> list[Line]:
    """Return the rows that compare the searches with one kind of series."""
    name = "equally spaced over the population's range" if tuned else "equally spaced"
    pulses = float(np.mean([one.pulses for one in ours]))
    best = best_series(series, share)
    where = f"{share:.0%} of the devices"
    while best is None and share > 0.05:  # no series brings so many devices to the width
        share -= 0.05
        best, where = best_series(series, share), f"{share:.0%} of the devices, more are not reached by any series"
    if best is None:
        return [Line(f"{quantity}: {name}", "no series reaches the width", INFORMATION, True)]
    levels, repeats, each = best
    spaced_pulses = levels * repeats
    bar = (f"at most {SHARES[quantity]:.3f}", pulses <= SHARES[quantity] * spaced_pulses) if not tuned else (
        INFORMATION, True)
    lines = [
        Line(f"{quantity}: {name}, fewest pulses that reach the width in {where}",
             f"{spaced_pulses:.0f} ({levels} levels, {repeats:.0f} times)", INFORMATION, True),
        Line(f"{quantity}: chosen pulses / these", f"{pulses / spaced_pulses:.3f}", *bar),
    ]
    both = [(one, other) for one, other in zip(ours, series[levels], strict=True) if other is not None]
    ratio = float(np.mean([one.pulses for one, _ in both])) / each
    lines.append(Line(f"{quantity}: the same, if each device's series ends at the width ({len(both)} devices reach it)",
                      f"{ratio:.3f}", INFORMATION if tuned else bar[0], tuned or ratio <= SHARES[quantity]))
    if not tuned:
        held = sum(other.covered for _, other in both)
        fired = [float(np.mean([way[k].fired for way in both])) for k in (0, 1)]
        drive = [float(np.median([way[k].overdrive for way in both])) for k in (0, 1)]
        lines += [
            Line(f"{quantity}: intervals of the series that contain the true value", f"{held} of {len(both)}",
                 INFORMATION, True),
            Line(f"{quantity}: pulses that switch the device, chosen and spaced", f"{fired[0]:.1f}, {fired[1]:.1f}",
                 INFORMATION, True)]
        if quantity != "refractory period":
            lines.append(Line(f"{quantity}: highest amplitude of the threshold, median, chosen and spaced",
                              f"{drive[0]:.2f}, {drive[1]:.2f}", INFORMATION, True))
    return lines


def drifting(devices: Sequence[Device], pool: ProcessPoolExecutor, keep: Path | None) -> list[Line]:
    """Return the row of devices whose threshold moves."""
    found = [one for one in _kept([("threshold amplitude", device, 0, False) for device in devices], pool, keep) if one]
    return [Line(
        f"threshold amplitude: devices flagged as drifting, where the threshold rises by {_DRIFT:.0%} in 100 pulses",
        f"{sum(one.drifted for one in found)} of {len(found)}", INFORMATION, True)]


def on_the_bench(runs: int, pool: ProcessPoolExecutor) -> list[Line]:
    """Return the rows that compare the simulated bench with the statistical model of its devices."""
    jobs = [("threshold amplitude", spread, seed) for spread in SPREADS for seed in range(1, runs + 1)]
    jobs += [("firing probability", 0.04, seed) for seed in range(1, runs + 1)]
    jobs += [("refractory period", 0.04, seed) for seed in range(1, 2 * runs + 1)]
    rows = list(pool.map(bench_run, jobs))
    lines = []
    for quantity in QUANTITIES:
        mine = [row for row in rows if row.quantity == quantity]
        lines += _agreement(quantity, mine, pool)
    covered = sum(row.covered for row in rows)
    lines.append(Line("on the bench: runs whose interval contains the true value", f"{covered} of {len(rows)}",
                      "at least 90 %", covered >= 0.9 * len(rows)))
    return lines


def _agreement(quantity: str, rows: Sequence[BenchRow], pool: ProcessPoolExecutor) -> list[Line]:
    """Compare the mean number of pulses of the bench with that of the model, within three standard errors of both."""
    models = list({(row.device.spread, row.device.asked): row.device for row in rows}.values())
    each = max(_OF_ONE_MODEL // len(models), 1)
    jobs = [(device, quantity, seed) for device in models for seed in range(100, 100 + each)]
    model = np.array([one.pulses for one in pool.map(adaptive, *zip(*jobs, strict=True))], dtype=float)
    bench = np.array([row.pulses for row in rows], dtype=float)
    error = float(np.hypot(model.std(ddof=1) / model.size**0.5, bench.std(ddof=1) / bench.size**0.5))
    difference = float(bench.mean() - model.mean())
    return [Line(f"{quantity}: pulses on the bench and of the statistical model of the same devices, mean",
                 f"{bench.mean():.1f} of {bench.size} runs, {model.mean():.1f} of {model.size}",
                 f"within three standard errors ({3 * error:.1f})", abs(difference) <= 3 * error)]


def main() -> int:
    """Run, print the table, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="12 devices, and one run of each kind on the bench")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--spaced", type=int, default=100, help="devices that are also measured by spaced series")
    parser.add_argument("--bench", type=int, default=4, help="runs of each kind on the bench; twice as many of pairs")
    parser.add_argument("--keep", type=Path, help="file that keeps what is done, so that a run can go on later")
    arguments = parser.parse_args()
    count, runs = (12, 1) if arguments.quick else (100, arguments.bench)
    lines: list[Line] = []
    with ProcessPoolExecutor(arguments.workers) as pool:
        for quantity in QUANTITIES:
            lines += compare(quantity, population(count), min(arguments.spaced, count), pool, arguments.keep)
        lines += drifting(population(min(count, _DRIFTING), _DRIFT), pool, arguments.keep)
        lines += on_the_bench(runs, pool)
    model = model_of(SPREADS[1], 0)
    title = (f"{count} devices by chosen pulses, {min(arguments.spaced, count)} by equally spaced ones as well; nbo2 "
             f"on the bench has a threshold amplitude of {model.threshold:.4f} V")
    return report("adaptive", title, lines)


if __name__ == "__main__":
    sys.exit(main())
