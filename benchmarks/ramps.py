"""Slow ramps through a loss of stability: ``python -m benchmarks.ramps [--quick] [--known] [--resume]``.

Random circuits (:mod:`benchmarks.ramps_cases`), at default settings, beside 20 runs each by small steps with thermal
noise (:mod:`benchmarks.ramps_reference`). An oscillation is three successive swings of the node voltage above a tenth
of the limit cycle's. A circuit is decided if all 20 oscillate or none does; ours must agree in each. In each that
oscillates 20 seeds of ours begin and end as the reference does: two-sample Kolmogorov-Smirnov, p > 0.01 after Holm, and
the medians within one interquartile range in 95 %. Stable circuits take at most 1.1 times the steps and evaluations of
06c60f1, as ``benchmarks/ramps_counts.json`` has them (:mod:`benchmarks.ramps_counts` says how that is made).

The reference integrates what decides: around the instant at which stability is lost, from the equilibrium and its
stationary covariance 20 e-folds of decay before, and around the instant at which the limit cycle ends, from the cycle
with a random phase. Short ramps are gone through as a whole; ends of ramps of very many periods are not compared.
Ramps of the film with hysteresis (numbers from 1000 on) are gone through as a whole up to 0.1 ms, from rest without
voltage on, because what the step to the first voltage leaves in the loop may still count; ends of longer ones are not
compared, and its swings are measured by the largest of the cycles at three voltages: unstable on the warming
branch, it may all the same come to rest within the loop.
A circuit's reference takes from seconds to minutes and does not depend on our engine: ``ramps_reference.jsonl`` beside
this module and ``build/ramps_reference.jsonl`` keep it (--fresh: compute it again); --known takes circuits that have
one alone. Ours is run anew each time; --resume goes on with what ``build/ramps_ours.jsonl`` holds.
"""

import argparse
import json
import math
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np
from scipy.linalg import solve_continuous_lyapunov
from scipy.stats import ks_2samp, mannwhitneyu

from benchmarks.ramps_cases import FIRST_HYSTERETIC, Case, at_source, equilibria, linearised, random_case
from benchmarks.ramps_counts import counted
from benchmarks.ramps_ours import along, ending, whole
from benchmarks.ramps_reference import (
    BEGUN,
    BOLTZMANN_J,
    BOTTOM,
    ENDED,
    ENOUGH,
    HYSTERETIC,
    PLAY,
    STREAK,
    TEMPERATURE,
    THIRD,
    TOP,
    FloatArray,
    parameters,
    reference_kind,
    run,
    watch,
)
from benchmarks.report import Line, report

RUNS = 20
UNDECIDED = -1  #: runs that oscillate, where they were too short to say
PERIODS = 60  #: or fewer, of a stay at one voltage of the source
STILL = 0.02  #: [V] of a swing where there is no limit cycle to compare with
MOST_STEPS = 60_000_000  #: of one run
SHORT = 300_000  #: steps of a ramp that is gone through as a whole
SHORT_HYSTERETIC = 1e-4  #: [s] and such a one of a film with hysteresis
STRETCH = 250_000  #: small steps before and behind the least stable place of a circuit that stays stable, at least
DECAY = 20.0  #: e-folds: 12 leave of a start at rest, on a moving ramp, as much as noise is at large capacitances
MOST_PERIODS = 20_000  #: around the end of an oscillation
REFERENCE, OURS = Path("build/ramps_reference.jsonl"), Path("build/ramps_ours.jsonl")
KNOWN = Path(__file__).parent / "ramps_reference.jsonl"  #: what the reference has given so far
Found = dict[str, Any]  #: of one circuit, as it is kept
COUNTS = Path(__file__).parent / "ramps_counts.json"


def covariance(case: Case, source: float, y: FloatArray) -> FloatArray:
    """Return the stationary covariance of node voltage and states at an equilibrium.

    Of a film with hysteresis it is that of voltage and temperature; its other states follow or stand.
    """
    noise = np.zeros((y.size, 3))
    p = parameters(case.model)
    current = (source - y[0]) / case.load
    noise[0, 0] = math.sqrt(1.0 / case.load) / case.capacitance
    if reference_kind(case.model) == THIRD:
        inner = math.sqrt(1.0 / p[4])
        noise[0, 1], noise[1, 1] = -inner / case.capacitance, inner / p[8]
    else:
        noise[0, 1] = math.sqrt(current / y[0]) / case.capacitance
    noise = noise[:2] if reference_kind(case.model) == HYSTERETIC else noise
    noise *= math.sqrt(2.0 * BOLTZMANN_J * TEMPERATURE)
    return np.asarray(solve_continuous_lyapunov(linearised(case, source, y), -noise @ noise.T))


class Reference:
    """Small steps on the ramp of a case."""

    def __init__(self, case: Case) -> None:
        self.case, self.points = case, equilibria(case)
        self.cut = False   # whether the last runs ended before the ramp did, see :data:`MOST_STEPS`
        self.first = np.array([case.hold, case.first])
        self.last = np.array([case.hold + case.ramp, case.last])
        inside = [abs(p.values.imag).max() for p in self.points if p.real > 0.0]
        self.longest = min(20.0 * math.pi / min((x for x in inside if x > 0.0), default=1.0 / case.dt), 1e5 * case.dt)
        if reference_kind(case.model) == HYSTERETIC:   # its cycle is slower than its small swings
            self.longest = max(1e5 * case.dt, case.load * case.capacitance)

    def on_ramp(self, y: FloatArray, begin: float, stop: float, state: FloatArray, seed: int, once: bool) -> FloatArray:
        """Go along the ramp from ``y``, which is overwritten; return what was seen."""
        c = self.case
        until = min(stop, begin + MOST_STEPS * c.dt)
        run(reference_kind(c.model), parameters(c.model), c.load, c.capacitance, y, begin, until,
            c.dt, self.first, self.last, True, seed, c.meter, state, once)
        return state

    def frozen(self, source: float) -> tuple[FloatArray, float, float]:
        """Return the state, the swing [V] and the period [s] behind a long stay at a source voltage."""
        c = self.case
        y = at_source(self.points, source)
        y[0] *= 0.7
        ends = np.array([0.0, source]), np.array([1e9, source])
        now, period, state = 0.0, self.longest, watch(1e-3, math.inf)
        for share in (0.7, 0.3):   # the second part alone is looked at
            state = watch(1e-3, math.inf)
            begin = now
            end = now + share * PERIODS * period
            now = run(reference_kind(c.model), parameters(c.model), c.load, c.capacitance, y, now, end,
                      c.dt, *ends, False, 1, False, state, False)
        if state[STREAK] >= ENOUGH:
            period = 2.0 * (state[ENDED] - begin) / state[STREAK]
        return y, float(state[TOP] - state[BOTTOM]), period

    def begin(self) -> float:
        """Return when the reference is to start: :data:`DECAY` e-folds before stability is lost [s]."""
        c = self.case
        edge = c.critical if c.window is None else c.window[0] if c.last > c.first else c.window[1]
        shares = np.linspace(0.0, 1.0, 4001)
        source = edge + (c.first - edge) * shares
        reals = np.interp(source, [p.source for p in self.points], [p.real for p in self.points])
        step = abs(c.when(c.first) - c.when(edge)) / 4000
        decayed = np.cumsum(np.maximum(-reals, 0.0)) * step
        k = int(np.searchsorted(decayed, DECAY))
        return c.when(float(source[min(k, 4000)]))

    def from_rest(self, begin: float, seed: int) -> FloatArray:
        """Return the state at ``begin`` [s] of a film with hysteresis that was at rest, without voltage, at time 0."""
        y = self.points[0].y.copy()
        y[:3] = 0.0, 0.0, -PLAY
        self.on_ramp(y, 0.0, begin, watch(1.0, 1.0), seed, once=False)
        return y

    def along(self, swing: float, gap: float, once: bool) -> list[FloatArray]:
        """Return what 20 runs have seen: to where they oscillate with ``once``, else to the end of the ramp."""
        c = self.case
        begin = max(self.begin(), c.hold)
        if not once:
            stop = c.hold + c.ramp
        elif c.window is None:   # around the least stable place; a staircase takes a level or two there
            middle = c.when(c.critical)
            span = max(middle - begin, STRETCH * c.dt, 1.5 * c.dwell if c.meter else 0.0)
            begin, stop = max(middle - span, c.hold), middle + span
        else:
            stop = c.when(c.window[1] if c.last > c.first else c.window[0]) + 0.05 * c.ramp
        self.cut = c.window is not None and stop - begin > MOST_STEPS * c.dt
        source = c.at(begin)
        rest = at_source(self.points, source)
        S = covariance(c, source, rest)
        found = []
        for seed in range(RUNS):
            y, draw = rest.copy(), np.random.default_rng([c.number, seed]).multivariate_normal(np.zeros(len(S)), S)
            y[:draw.size] += draw
            if reference_kind(c.model) == HYSTERETIC:
                y[2] += draw[1]   # the follower is at the play's edge
                if not once:
                    y = self.from_rest(begin, 3000 * c.number + seed)
            found.append(self.on_ramp(y, begin, stop, watch(swing, gap), 1000 * c.number + seed, once=once))
        return found

    def ends(self, swing: float, gap: float, start: float, stop: float) -> list[float]:
        """Return when the last swing of 20 runs ends [s]; at ``start`` they are on the limit cycle, in any phase."""
        c = self.case
        source = c.at(start)
        cycle, _, period = self.frozen(source)
        found = []
        for seed in range(RUNS):
            y, phase = cycle.copy(), period * np.random.default_rng([c.number, seed, 1]).random()
            run(reference_kind(c.model), parameters(c.model), c.load, c.capacitance, y, 0.0, phase, c.dt,
                np.array([0.0, source]), np.array([1e9, source]), False, 1, False, watch(swing, gap), False)
            state = self.on_ramp(y, start, stop, watch(swing, gap), 2000 * c.number + seed, once=False)
            found.append(float(state[ENDED]))
        return found

    def last_cycle(self, largest: float) -> float:
        """Return the source voltage at which the frozen cycle's swing falls to a tenth of the largest [V]."""
        c = self.case
        assert c.window is not None
        inside, outside = c.critical, c.last
        for _ in range(9):
            middle = 0.5 * (inside + outside)
            _, swing, _ = self.frozen(middle)
            inside, outside = (middle, outside) if swing > 0.1 * largest else (inside, middle)
        return 0.5 * (inside + outside)


def by_reference(case: Case) -> Found:
    """Run one circuit by small steps and return what was found."""
    reference = Reference(case)
    hysteretic = reference_kind(case.model) == HYSTERETIC
    largest, period = 10.0 * STILL, reference.longest if hysteretic else 1e3 * case.dt
    if case.window is not None and not hysteretic:
        _, largest, period = reference.frozen(case.critical)
    if hysteretic and case.window is not None:   # at one voltage it may come to rest within the loop
        voltages = case.critical, 0.5 * (case.critical + case.last), case.last
        _, largest, period = max((reference.frozen(v) for v in voltages), key=lambda found: found[1])
        largest = max(largest, 10.0 * STILL)
    swing, gap = 0.1 * largest, 3.0 * period
    short = case.window is not None and case.ramp <= (SHORT_HYSTERETIC if hysteretic else SHORT * case.dt)
    seen = reference.along(swing, gap, once=not short)
    begins = [float(state[BEGUN]) for state in seen]
    oscillates = [not math.isnan(t) for t in begins]
    result: Found = {
        "number": case.number, "name": case.name, "ramp": case.ramp, "meter": case.meter, "first": case.first,
        "capacitance": case.capacitance, "window": case.window, "swing": swing, "gap": gap, "short": short,
        "reference": sum(oscillates)}
    if reference.cut and not any(oscillates):   # they may later
        result["reference"] = UNDECIDED
    if not all(oscillates):
        return result
    result.update(begins=begins)
    if short:
        result.update(ends=[float(state[ENDED]) for state in seen])
    if short or hysteretic:
        return result
    assert case.window is not None
    edge = case.when(reference.last_cycle(largest))
    span = max(0.03 * case.ramp, 40.0 * period)
    if 2.0 * span <= MOST_PERIODS * period:
        lost = case.when(case.window[0] if case.last > case.first else case.window[1])   # stability
        start, stop = max(edge - span, 0.5 * (lost + edge)), min(edge + span, case.hold + case.ramp)
        if case.meter:
            start = case.hold + math.floor((start - case.hold) / case.dwell) * case.dwell
        result.update(start=start, stop=stop, ends=reference.ends(swing, gap, start, stop))
    return result


def by_us(case: Case, before: Found) -> Found:
    """Run one circuit by our engine, at default settings, and return what was found beside the reference."""
    swing, gap, short = float(before["swing"]), float(before["gap"]), bool(before["short"])
    since = max(Reference(case).begin(), case.hold)
    ours, steps, evaluations = whole(case, swing, gap, since)
    result: Found = {"number": case.number, "ours": ours, "steps": steps, "evaluations": evaluations}
    if not (ours and before["reference"] == RUNS):
        return result
    found = [along(case, swing, gap, since, seed, once=not short) for seed in range(RUNS)]
    result.update(our_begins=[begin for begin, _ in found])
    if short:
        result.update(our_ends=[end for _, end in found])
    elif "start" in before:
        result.update(our_ends=[
            ending(case, swing, gap, before["start"], before["stop"], seed) for seed in range(RUNS)])
    return result


def kept(path: Path) -> dict[int, Found]:
    """Return what a file holds, by the circuit's number."""
    return {r["number"]: r for r in map(json.loads, path.read_text().splitlines())} if path.exists() else {}


def _reference_of(number: int) -> Found:
    return by_reference(random_case(number))


def _ours_of(before: Found) -> Found:
    return by_us(random_case(before["number"]), before)


def gather(path: Path, work: Callable[[Any], Found], tasks: list[Any], workers: int) -> None:
    """Do all tasks, each result a line of the file as soon as it is there."""
    with ProcessPoolExecutor(workers) as pool, path.open("a", encoding="utf-8") as file:
        for k, future in enumerate(as_completed([pool.submit(work, task) for task in tasks]), 1):
            found = future.result()
            file.write(json.dumps(found) + "\n")
            file.flush()
            said = f"reference {found['reference']} of {RUNS}" if "reference" in found else f"ours {found['ours']}"
            print(f"{k} of {len(tasks)}: circuit {found['number']}, {said}", file=sys.stderr, flush=True)


def _agrees(result: Found) -> bool:
    """Return whether ours oscillates where the reference does, with every seed that has been run."""
    begins = result.get("our_begins", [])
    return bool(result["reference"]) == result["ours"] and not any(math.isnan(t) for t in begins)


def _same(a: FloatArray, b: FloatArray) -> float:
    """Return Kolmogorov-Smirnov's p of two samples; 0 where a run has no number."""
    return float(ks_2samp(a, b).pvalue) if np.isfinite(a).all() and np.isfinite(b).all() else 0.0


def _shift(pairs: list[tuple[FloatArray, FloatArray]]) -> float:
    """Return by how many standard errors all circuits together come later than the reference, by ranks (Mann-Whitney).

    A few per cent of noise too little or too much that no single circuit shows is seen so.
    """
    ranks = [float(mannwhitneyu(b, a).statistic) / (a.size * b.size) - 0.5 for a, b in pairs]
    errors = [math.sqrt((a.size + b.size + 1) / (12.0 * a.size * b.size)) for a, b in pairs]
    return float(sum(ranks) / math.sqrt(sum(e * e for e in errors))) if pairs else 0.0


def lines(results: list[Found]) -> list[Line]:
    """Return the table."""
    decided = [r for r in results if r["reference"] in (0, RUNS)]
    agree = [r for r in decided if _agrees(r)]
    wrong = [r["number"] for r in decided if not _agrees(r)]
    count = len(results)
    least = math.ceil(count * 130 / 150)
    found = [
        Line("circuits", str(count), ">= 150", count >= 150),
        Line("circuits that the reference decides (all 20 runs oscillate, or none)", str(len(decided)), f">= {least}",
             len(decided) >= least),
        Line("decided circuits in which tsbench agrees", f"{len(agree)}{f', not in {wrong}' if wrong else ''}", "all",
             not wrong)]
    for what, key in (("beginning", "begins"), ("end", "ends")):
        compared = [r for r in results if f"our_{key}" in r]
        pairs = [(np.array(r[key], float), np.array(r[f"our_{key}"], float)) for r in compared]
        ps = sorted(_same(a, b) for a, b in pairs)
        holm = min((p * (len(ps) - k) for k, p in enumerate(ps)), default=1.0)
        near = [abs(np.median(a) - np.median(b)) <= np.subtract(*np.percentile(a, [75, 25])) for a, b in pairs]
        share = sum(near) / len(near) if near else 0.0
        bad = [r["number"] for r, n in zip(compared, near, strict=True) if not n]
        found += [
            Line(f"{what}: smallest p of {len(pairs)} Kolmogorov-Smirnov tests, corrected by Holm", f"{holm:.2g}",
                 "> 0.01",
                 holm > 0.01),
            Line(f"{what}: circuits with medians within one interquartile range", f"{share:.1%} (not: {bad})",
                 ">= 95 %",
                 share >= 0.95),
            Line(f"{what}: delay of tsbench over all circuits, in standard errors", f"{_shift(pairs):.2f}", "-3 to 3",
                 abs(_shift(pairs)) <= 3.0)]
    before = json.loads(COUNTS.read_text()) if COUNTS.exists() else {}
    stable = [r for r in results if r["window"] is None and str(r["number"]) in before]
    for what, place in (("steps", 0), ("evaluations", 1)):
        ours = sum(r[what] for r in stable)
        theirs = sum(before[str(r["number"])][place] for r in stable)
        ratio = ours / theirs if theirs else math.inf
        found.append(Line(
            f"stable circuits ({len(stable)}): {what}, divided by those of commit 06c60f1",
            f"{ours} / {theirs} = {ratio:.3f}", "<= 1.1",
            ratio <= 1.1))
    return found


def main() -> int:
    """Run what is missing and print the table; return 0 where every bar holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="12 circuits on ramps of at most 1 ms")
    parser.add_argument("--resume", action="store_true", help="go on with what a run that was broken off has kept")
    parser.add_argument("--known", action="store_true", help="the circuits whose reference is there already")
    parser.add_argument("--fresh", action="store_true", help="take nothing from the kept reference")
    parser.add_argument("--reference", action="store_true", help="the reference alone, no table")
    parser.add_argument("--circuits", type=int, default=160)
    parser.add_argument("--hysteretic", type=int, default=24, help="circuits of the film with hysteresis (24)")
    parser.add_argument("--workers", type=int, default=1, help="processes (1)")
    parser.add_argument("--most-steps", type=float, default=math.inf, metavar="N",
                        help="leave out, for now, ramps of more than N small steps (at most 1e9 occur)")
    arguments = parser.parse_args()
    REFERENCE.parent.mkdir(exist_ok=True)
    if arguments.fresh:
        REFERENCE.unlink(missing_ok=True)
    if not arguments.resume:
        OURS.unlink(missing_ok=True)
    numbers = kept(KNOWN) | kept(REFERENCE) if arguments.known else [
        *range(arguments.circuits), *range(FIRST_HYSTERETIC, FIRST_HYSTERETIC + arguments.hysteretic)]
    most = 1e-3 if arguments.quick else math.inf
    wanted = [c for c in map(random_case, numbers) if c.ramp <= min(most, arguments.most_steps * c.dt)]
    wanted.sort(key=lambda c: c.ramp / c.dt)   # the cheap ones first
    numbers = [c.number for c in wanted][:12 if arguments.quick else None]
    known = {} if arguments.fresh else kept(KNOWN)
    gather(REFERENCE, _reference_of, [n for n in numbers if n not in known | kept(REFERENCE)], arguments.workers)
    if arguments.reference:
        return 0
    references, ours = known | kept(REFERENCE), kept(OURS)
    gather(OURS, _ours_of, [references[n] for n in numbers if n not in ours], arguments.workers)
    ours = kept(OURS)
    done = [references[n] | ours[n] for n in sorted(numbers)]
    seconds = counted([random_case(r["number"]) for r in done if r["window"] is None][:20])[1]
    print(f"Processor time of ours on the first stable circuits: {seconds:.2f} s")
    return report("ramps", "slow ramps through a loss of stability", lines(done))


if __name__ == "__main__":
    sys.exit(main())
