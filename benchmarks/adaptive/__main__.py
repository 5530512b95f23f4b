"""Adaptive searches against equally spaced pulses: ``python -m benchmarks.adaptive [--quick]``.

Each of 100 devices is measured by searches that choose pulse by pulse, and by equally spaced series that are repeated.
Both stop at the same width of the interval. The same function reads both, but for the chosen pulses of a firing
probability. The numbers of levels and of repeats of the equally spaced series are those with the fewest pulses with
which 90 % of the devices reach the width. The devices are a statistical model; a part is measured by the protocols on
the simulated bench.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from scipy import stats

from benchmarks.adaptive.bench_part import SPREADS, BenchJob, BenchRow, bench_jobs, bench_run, model_of
from benchmarks.adaptive.population import Device, population
from benchmarks.adaptive.strategies import LEVELS, QUANTITIES, REPEATS, TUNED_LEVELS, Spent, adaptive, spaced
from benchmarks.adaptive.window_part import WindowRow, window_run
from benchmarks.kept_rows import add_rows, rows_of_commit
from benchmarks.report import INFORMATION, Line, commit, report

#: pulses of the search, of those of the spaced series, at most
SHARES = {"threshold amplitude": 1 / 3, "refractory period": 1 / 3, "firing probability": 1 / 2}
_DRIFTING, _DRIFT = 20, 0.3  #: of the threshold, in 100 pulses
#: share of the devices that have to reach the width: by the searches, and with one and the same series. The last few
#: would cost a series most
_LEAST_DEVICES = 0.9
_MODELS = 3  #: searches of the statistical model for each run on the bench
_REMEMBERING = 30

#: of the devices with a memory: correlations of successive thresholds
_MEMORIES = (0.0, 0.5)

Job = tuple[str, Device, int, bool]  #: quantity, device, levels (0: adaptive), tuned


def _modelled(job: tuple[Device, str, int]) -> Spent:
    return adaptive(*job)


def _done(job: Job) -> Spent | None:
    quantity, device, levels, tuned = job
    return spaced(device, quantity, levels, tuned) if levels else adaptive(device, quantity)


Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Work:
    """Does jobs on several processes; what is done is kept in a file, to which a later run of the same commit adds."""

    pool: ProcessPoolExecutor
    file: Path | None

    def searches(self, jobs: Sequence[Job]) -> list[Spent | None]:
        """Return what each job took."""
        return self.done(jobs, _done, Spent)

    def done(self, jobs: Sequence[Asked], work: Callable[[Asked], Answer], kind: Callable[..., Answer]) -> list[Answer]:
        """Return the answers of ``work``, which are of one ``kind``, to the ``jobs``."""
        rows = rows_of_commit(self.file, commit()) if self.file is not None else []
        known: dict[str, Any] = {
            row["key"]: None if row["answer"] is None else kind(**row["answer"])
            for row in rows if row["answer"] is None or set(row["answer"]) == _names(kind)}
        keys = [repr(job) if isinstance(job, tuple) else f"{work.__name__} {job!r}" for job in jobs]
        missing = [(key, job) for key, job in zip(keys, jobs, strict=True) if key not in known]
        found = self.pool.map(work, [job for _, job in missing], chunksize=2)
        for (key, _), answer in zip(missing, found, strict=True):
            known[key] = answer
            if self.file is not None:
                add_rows(self.file, [{
                    "commit": commit(), "key": key, "answer": None if answer is None else asdict(answer)}])
        return [known[key] for key in keys]


def _names(kind: Any) -> set[str]:
    return {field.name for field in fields(kind)}


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
    quantity: str, devices: Sequence[Device], spaced_ones: int, work: Work
) -> list[Line]:
    """Return the rows of one quantity; the first ``spaced_ones`` devices are measured by spaced series as well."""
    ours = [one for one in work.searches([(quantity, device, 0, False) for device in devices]) if one]
    series = {
        tuned: {levels: work.searches([(quantity, device, levels, tuned) for device in devices[:spaced_ones]])
                for levels in tried}
        for tuned, tried in ((False, LEVELS[quantity]), (True, TUNED_LEVELS[quantity]))}
    pulses, covered = float(np.mean([one.pulses for one in ours])), sum(one.covered for one in ours)
    reached = sum(one.reached for one in ours)
    lines = [
        Line(f"{quantity}: number of chosen pulses of a device",
             f"mean {pulses:.1f}, median {np.median([one.pulses for one in ours]):.0f}, at most "
             f"{max(one.pulses for one in ours)}", INFORMATION, True),
        Line(f"{quantity}: devices whose interval is as narrow as asked", f"{reached} of {len(ours)}",
             f"at least {_LEAST_DEVICES:.0%}", reached >= _LEAST_DEVICES * len(ours)),
        Line(f"{quantity}: devices whose interval contains the true value", f"{covered} of {len(ours)}",
             "at least 90 %", covered >= 0.9 * len(ours)),
        Line(f"{quantity}: of these, flagged as drifting", f"{sum(one.drifted for one in ours)}", "at most 3 %",
             sum(one.drifted for one in ours) <= max(0.03 * len(ours), 1)),
        Line(f"{quantity}: of these, flagged as dependent", f"{sum(one.dependent for one in ours)}", "at most 3 %",
             sum(one.dependent for one in ours) <= max(0.03 * len(ours), 1)),
    ]
    for tuned in (False, True):
        lines += _against(quantity, ours[:spaced_ones], series[tuned], tuned)
    return lines


def _against(
    quantity: str, ours: Sequence[Spent], series: dict[int, list[Spent | None]], tuned: bool
) -> list[Line]:
    """Return the rows that compare the searches with one kind of series.

    Where no series brings enough devices to the width, the row has the best series that brings fewer: the least number
    of pulses is higher than its own, and the ratio is lower.
    """
    name = "equally spaced over the population's range" if tuned else "equally spaced"
    pulses = float(np.mean([one.pulses for one in ours]))
    share, best = _LEAST_DEVICES, best_series(series, _LEAST_DEVICES)
    while best is None and share > 0.05:
        share -= 0.05
        best = best_series(series, share)
    if best is None:
        return [Line(f"{quantity}: {name}", "no series reaches the width", INFORMATION if tuned else "one that does",
                     tuned)]
    levels, repeats, each = best
    spaced_pulses, bounded = levels * repeats, share < _LEAST_DEVICES
    most = max(series) * REPEATS[-1]
    where = f"{share:.0%} of the devices" + (
        f"; none of up to {max(series)} levels, {REPEATS[-1]} times ({most} pulses), reaches it in "
        f"{_LEAST_DEVICES:.0%}" if bounded else "")
    bar = (f"at most {SHARES[quantity]:.3f}", pulses <= SHARES[quantity] * spaced_pulses) if not tuned else (
        INFORMATION, True)
    lines = [
        Line(f"{quantity}: {name}, fewest pulses that reach the width in {where}",
             f"{spaced_pulses:.0f} ({levels} levels, {repeats:.0f} times)"
             + ", a lower bound of the number that is needed" * bounded, INFORMATION, True),
        Line(f"{quantity}: number of chosen pulses, divided by that of this series",
             f"{pulses / spaced_pulses:.3f}" + ", an upper bound" * bounded, *bar),
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
            Line(f"{quantity}: number of pulses that switch the device, mean",
                 f"chosen {fired[0]:.1f}, spaced {fired[1]:.1f}", INFORMATION, True)]
        if quantity != "refractory period":
            lines.append(Line(f"{quantity}: highest amplitude divided by the threshold, median",
                              f"chosen {drive[0]:.2f}, spaced {drive[1]:.2f}", INFORMATION, True))
    return lines


def drifting(devices: Sequence[Device], work: Work) -> list[Line]:
    """Return the row of devices whose threshold moves."""
    found = [one for one in work.searches([("threshold amplitude", device, 0, False) for device in devices]) if one]
    return [Line(
        f"threshold amplitude: flags of {len(found)} devices whose threshold rises by {_DRIFT:.0%} in 100 pulses",
        f"{sum(one.drifted for one in found)} drifting, {sum(one.dependent for one in found)} dependent; "
        f"{sum(one.drifted or one.dependent or not one.reached for one in found)} with one of these or too few pulses",
        INFORMATION, True)]


def remembering(count: int, work: Work) -> list[Line]:
    """Return the rows of devices whose threshold stays until they switch."""
    lines = []
    for resembles in _MEMORIES:
        devices = population(count, resembles=resembles)
        found = [one for one in work.searches([("threshold amplitude", one, 0, False) for one in devices]) if one]
        covered = sum(one.covered for one in found)
        name = "threshold amplitude, of devices whose threshold stays until they switch" + (
            f" and resembles the one before (correlation {resembles:g})" if resembles else "")
        lines += [
            _covered(f"{name}: intervals that contain the true value", covered, len(found)),
            Line(f"{name}: number of pulses, mean", f"{np.mean([one.pulses for one in found]):.1f}; "
                 f"{sum(one.dependent for one in found)} of {len(found)} flagged as dependent", INFORMATION, True)]
    return lines


def _covered(name: str, covered: int, count: int) -> Line:
    """Return a row of a coverage, with the chance of so many if the true coverage was 90 %."""
    chance = float(stats.binom.sf(covered - 1, count, 0.9))
    return Line(name, f"{covered} of {count} (so many or more with a true coverage of 90 %: {chance:.3f})",
                "at least 90 %", count > 0 and covered >= 0.9 * count)


def on_the_bench(runs: int, work: Work) -> list[Line]:
    """Return the rows that compare the simulated bench with the statistical model of its devices."""
    jobs = bench_jobs(runs)
    rows = work.done(jobs, bench_run, BenchRow)
    lines = []
    for quantity in QUANTITIES:
        mine = [(job, row) for job, row in zip(jobs, rows, strict=True) if job.quantity == quantity]
        for kind in dict.fromkeys(job.kind for job, _ in mine):
            lines += _agreement(quantity, kind, [(job, row) for job, row in mine if job.kind == kind], work)
    lines.append(_covered("on the bench: runs whose interval contains the true value",
                          sum(row.covered for row in rows), len(rows)))
    return lines


def _agreement(quantity: str, kind: str, mine: Sequence[tuple[BenchJob, BenchRow]], work: Work) -> list[Line]:
    """Compare the mean number of pulses of the bench with that of the model, within three standard errors.

    If both are the same, the scatter of the many runs of the model is that of the few on the bench. The model knows no
    thresholds that resemble each other in spite of conditioning pulses: these are not compared.
    """
    compared = not any(job.conditioning and job.resembles for job, _ in mine)
    found = work.done([(model_of(job), quantity, seed) for job, _ in mine for seed in range(100, 100 + _MODELS)],
                      _modelled, Spent) if compared else []
    bench = np.array([row.pulses for _, row in mine], dtype=float)
    beside = f"{np.mean([row.conditioning for _, row in mine]):.1f}"
    name = f"{quantity} on the bench" + (f", {kind}" if kind else "")
    covered, dependent = sum(row.covered for _, row in mine), sum(row.dependent for _, row in mine)
    held = Line(f"{name}: intervals that contain the true value",
                f"{covered} of {bench.size}; {dependent} flagged as dependent", INFORMATION, True)
    if not compared:
        return [held, Line(f"{name}: number of pulses that count, mean",
                           f"{bench.mean():.1f}, and {beside} conditioning pulses", INFORMATION, True)]
    model = np.array([one.pulses for one in found], dtype=float).reshape(len(mine), -1)
    scatter = model.std(axis=1, ddof=1)  # of each device by itself: they differ in their spread
    error = float(np.sqrt((scatter**2).mean() * (1.0 / bench.size + 1.0 / model.size)))
    return [held, Line(
        f"{name}: number of pulses that count, mean",
        f"bench {bench.mean():.1f} ({bench.size} runs), and {beside} conditioning pulses; model {model.mean():.1f} "
        f"({model.size} runs)", f"they differ by at most {3 * error:.1f} (three standard errors)",
        abs(float(bench.mean() - model.mean())) <= 3 * error)]


def windows(count: int, work: Work) -> list[Line]:
    """Return the rows of the search for the oscillation window."""
    rows = work.done(list(range(1, count + 1)), window_run, WindowRow)
    held, bounds, widths = [], [], []
    for row in rows:
        for true, low, high in zip(row.true, row.low, row.high, strict=True):
            if low is not None and high is not None:
                held.append(true is not None and low <= true <= high)
                widths.append(high - low)
            else:
                known = low is not None or high is not None
                bounds.append(true is None or (
                    known and (low is None or true >= low) and (high is None or true <= high)))
    return [
        _covered("oscillation window: edges whose interval contains the edge of the circuit", sum(held), len(held)),
        Line("oscillation window: edges of which only a bound is known, and the bound holds",
             f"{sum(bounds)} of {len(bounds)}", "all", bool(held + bounds) and all(bounds)),
        Line("oscillation window: number of records; width of the intervals, median",
             f"mean {np.mean([row.records for row in rows]):.1f}, at most {max(row.records for row in rows)}; "
             f"{1e3 * np.median(widths):.0f} mV" if widths else "no interval", INFORMATION, True)]


def main() -> int:
    """Run, print the table, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="12 devices, and one run of each kind on the bench")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--spaced", type=int, default=100, help="devices that are also measured by spaced series")
    parser.add_argument("--bench", type=int, default=4, help="runs of each kind on the bench; twice as many of pairs")
    parser.add_argument("--windows", type=int, default=30, help="circuits whose oscillation window is looked for")
    parser.add_argument("--keep", type=Path, help="file that keeps what is done, so that a later "
                        "run of the same commit can go on")
    arguments = parser.parse_args()
    count, runs = (12, 1) if arguments.quick else (100, arguments.bench)
    lines: list[Line] = []
    with ProcessPoolExecutor(arguments.workers) as pool:
        work = Work(pool, arguments.keep)
        for quantity in QUANTITIES:
            lines += compare(quantity, population(count), min(arguments.spaced, count), work)
        lines += drifting(population(min(count, _DRIFTING), _DRIFT), work)
        lines += remembering(min(count, _REMEMBERING), work)
        lines += on_the_bench(runs, work)
        lines += windows(arguments.windows if not arguments.quick else 2, work)
    model = model_of(BenchJob("threshold amplitude", SPREADS[1], 0))
    title = (f"{count} devices by chosen pulses, {min(arguments.spaced, count)} by equally spaced ones as well; nbo2 "
             f"on the bench has a threshold amplitude of {model.threshold:.4f} V")
    return report("adaptive", title, lines)


if __name__ == "__main__":
    sys.exit(main())
