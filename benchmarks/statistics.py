"""Coverage of the intervals of ``tsbench.analysis.statistics`` on drawn samples with known parameters.

``python -m benchmarks.statistics [--quick]`` prints the table of docs/evidence/statistics.md. Each line draws samples,
computes the interval and counts how often it holds the truth. A line passes where an exact binomial test at 1 % (Holm
over the lines) does not reject its requirement: a coverage of 90 % to 98 %, or of at least 95 % where the interval is
conservative by its construction. Lines beyond what the method promises are for information.
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter
from scipy.stats import binom

from benchmarks.report import INFORMATION, Line, report
from tsbench.analysis.statistics.censored import CensoredSample
from tsbench.analysis.statistics.describe import mean, standard_deviation
from tsbench.analysis.statistics.distribution import distribution
from tsbench.analysis.statistics.drift import drift_of
from tsbench.analysis.statistics.estimate import Estimate
from tsbench.analysis.statistics.fits import fit
from tsbench.analysis.statistics.variance import variance_components
from tsbench.records import FloatArray

Random = np.random.Generator
BETWEEN, AT_LEAST, AT_MOST, INFORM = "90 % to 98 %", "at least 95 %", "at most 1 %", INFORMATION


@dataclass(frozen=True)
class Case:
    """What is counted in one line: a trial returns hit or miss for each of its names; None: no interval was given."""

    names: tuple[str, ...]
    trial: Callable[[Random, int], tuple[bool | None, ...]]
    bar: str = BETWEEN
    cost: int = 1  #: a trial takes as long as so many others: so many times fewer are made


def holds(estimate: Estimate | None, truth: float) -> bool | None:
    """Return whether an interval holds the truth; an open end is no bound, and without both there is no interval."""
    if estimate is None or (estimate.low is None and estimate.high is None):
        return None
    return (estimate.low is None or estimate.low <= truth) and (estimate.high is None or truth <= estimate.high)


def family_case(family: str, number: int, limited: bool) -> Case:
    """Return the case of a fitted family; ``limited``: values above the 70 % quantile are only known to be above."""
    names = {"weibull": ("scale", "shape"), "lognormal": ("median", "sigma"), "normal": ("mean", "standard_deviation")}
    truths = {"weibull": (2.0, 3.0), "lognormal": (2.0, 0.4), "normal": (2.0, 0.3)}[family]

    def quantile(share: float) -> float:
        from scipy.special import ndtri

        place, width = truths
        if family == "weibull":
            return place * (-math.log1p(-share)) ** (1.0 / width)
        return place * math.exp(width * ndtri(share)) if family == "lognormal" else place + width * float(ndtri(share))

    def trial(random: Random, seed: int) -> tuple[bool | None, ...]:
        values = np.array([quantile(share) for share in random.uniform(size=number)])
        limit = quantile(0.7) if limited else math.inf
        sample = CensoredSample.of(values[values <= limit], above=np.full(int((values > limit).sum()), limit))
        found = fit(sample, family, seed, 1000)
        ends = [holds(found.parameters.get(name), truth) for name, truth in zip(names[family], truths, strict=True)]
        tested = None if found.significance is None else found.significance > 0.05
        return (*ends, holds(found.quantiles.get(0.1), quantile(0.1)), tested)

    about = f"{family}, {number} values" + (", 30 % only bounded" if limited else "")
    return Case(tuple(f"{about}: {what}" for what in (*names[family], "10 % quantile", "p-value above 0.05")), trial,
                cost=8)


def spread_case(name: str, draw: Callable[[Random, int], FloatArray], number: int, bar: str) -> Case:
    """Return the case of mean and standard deviation of values with the mean 0 and the standard deviation 1."""
    def trial(random: Random, seed: int) -> tuple[bool | None, ...]:
        values = draw(random, number)
        return holds(mean(values)[0], 0.0), holds(standard_deviation(values)[0], 1.0)

    return Case(tuple(f"{name}, {number} values: {what}" for what in ("mean", "standard deviation")), trial, bar)


def components_case(name: str, between: float, within: float, counts: tuple[int, ...]) -> Case:
    """Return the case of the spreads within and between devices."""
    def trial(random: Random, seed: int) -> tuple[bool | None, ...]:
        groups = [random.normal(random.normal(1.0, between), within, count) for count in counts]
        found = variance_components(groups, seed, 2000)
        share = between**2 / (between**2 + within**2)
        return tuple(holds(estimate, truth) for estimate, truth in (
            (found.mean, 1.0), (found.within, within), (found.between, between), (found.share, share)))

    return Case(tuple(f"{name}: {what}" for what in (
        "mean of all devices", "sd between cycles", "sd between devices", "share between devices")), trial, cost=3)


def band_case(name: str, observe: Callable[[Random, FloatArray], CensoredSample], bar: str) -> Case:
    """Return the case of the band of a distribution, and of its median."""
    def trial(random: Random, seed: int) -> tuple[bool | None, ...]:
        found = distribution(observe(random, random.weibull(2.0, 30)))
        share = 1.0 - np.exp(-(found.values**2))
        before = np.concatenate([[found.band_before], found.band_high[:-1]])
        inside = bool((found.band_low <= share + 1e-12).all() and (before >= share - 1e-12).all())
        return inside, holds(Estimate(*found.quantile(0.5)), math.sqrt(math.log(2.0)))

    return Case((f"{name}, 30 values: band of the distribution", f"{name}, 30 values: median"), trial, bar)


def noise_case(memory: float, number: int, bar: str = AT_MOST) -> Case:
    """Return the case of noise without drift: reported drifts and steps are errors."""
    def trial(random: Random, seed: int) -> tuple[bool | None, ...]:
        drawn = random.standard_normal(number + 500)
        values = np.cumsum(drawn) if memory == 1.0 else lfilter([1.0], [1.0, -memory], drawn)
        found = drift_of(values[500:], seed)
        return found.drifts, bool(found.changes)

    name = "random walk" if memory == 1.0 else f"noise with memory {memory:g}"
    return Case((f"{name}, {number} values: drift reported", f"{name}, {number} values: step reported"), trial, bar, 25)


def found_case(step: float, slope: float, number: int) -> Case:
    """Return the case of a step or drift that is there: size or slope, place, and how often it is found."""
    def trial(random: Random, seed: int) -> tuple[bool | None, ...]:
        values = random.standard_normal(number) + slope * np.arange(number)
        at = int(number * 0.6)
        values[at:] += step
        found = drift_of(values, seed)
        if not step:
            return found.drifts, holds(found.slope, slope), None
        seen = len(found.changes) == 1
        change = found.changes[0] if seen else None
        return (seen, holds(change.size, step) if change else None,
                change.earliest <= at <= change.latest if change else None)

    if not step:
        name = f"drift of {slope:g} standard deviations per cycle, {number} values"
        return Case((f"{name}: found", f"{name}: slope", ""), trial, INFORM, 25)
    name = f"step of {step:g} standard deviations, {number} values"
    return Case((f"{name}: found as one step", f"{name}: size", f"{name}: place"), trial, INFORM, 25)


def cases() -> Iterator[Case]:
    """Yield all cases."""
    for family in ("weibull", "lognormal", "normal"):
        for number, limited in ((10, False), (30, False), (30, True)):
            yield family_case(family, number, limited)
    yield spread_case("normal", lambda random, n: random.normal(size=n), 20, BETWEEN)
    yield spread_case("uniform", lambda random, n: random.uniform(-1, 1, n) * math.sqrt(3), 20, BETWEEN)
    yield spread_case("gamma (shape 4)", lambda random, n: (random.gamma(4.0, size=n) - 4.0) / 2.0, 20, BETWEEN)
    yield spread_case("exponential", lambda random, n: random.exponential(size=n) - 1.0, 20, INFORM)
    yield spread_case("normal", lambda random, n: random.normal(size=n), 5, INFORM)
    yield components_case("8 devices, 10 cycles each, spreads 2 to 1", 0.1, 0.05, (10,) * 8)
    yield components_case("10 devices, 2 to 20 cycles, spreads 1 to 5", 0.02, 0.1, (5, 10, 20, 3, 8, 8, 15, 4, 2, 9))
    yield components_case("5 devices, 30 cycles each, spreads 3 to 1", 0.3, 0.1, (30,) * 5)
    yield band_case("all known", lambda random, x: CensoredSample.of(x), BETWEEN)
    yield band_case("random lower bounds", with_limits, BETWEEN)
    yield band_case("brackets of a grid", lambda random, x: CensoredSample(
        np.floor(x / 0.3) * 0.3, np.floor(x / 0.3) * 0.3 + 0.3), AT_LEAST)
    for memory, number in ((0.0, 20), (0.0, 100), (0.5, 20), (0.5, 100), (0.9, 100)):
        yield noise_case(memory, number)
    yield noise_case(0.9, 20, INFORM)
    yield noise_case(1.0, 100, INFORM)
    yield found_case(1.5, 0.0, 100)
    yield found_case(2.0, 0.0, 40)
    yield found_case(0.0, 0.02, 100)


def with_limits(random: Random, values: FloatArray) -> CensoredSample:
    """Return values of which those above a limit of their own are only known to be above it."""
    limit = random.uniform(0.5, 2.0, values.size)
    return CensoredSample(np.minimum(values, limit), np.where(values > limit, np.inf, values))


@dataclass(frozen=True)
class Count:
    """How often the intervals of one line held the truth."""

    name: str
    bar: str
    hits: int
    trials: int
    without: int  #: trials without an interval

    def probability(self) -> float:
        """Return the p-value of the exact binomial test against what is required."""
        if self.bar == AT_MOST:
            return float(binom.sf(self.hits - 1, self.trials, 0.01))
        low = float(binom.cdf(self.hits, self.trials, 0.95 if self.bar == AT_LEAST else 0.90))
        return low if self.bar == AT_LEAST else min(low, float(binom.sf(self.hits - 1, self.trials, 0.98)))

    def line(self, passed: bool) -> Line:
        """Return the line of the table."""
        share = 100.0 * self.hits / max(self.trials, 1)
        text = f"{share:.1f} % ({self.hits} of {self.trials})"
        text += f"; {self.without} without an interval" if self.without else ""
        return Line(self.name, text, self.bar, passed)


def counted(case: Case, trials: int, seed: int) -> list[Count]:
    """Return the counts of one case."""
    random = np.random.default_rng(seed)
    results = [case.trial(random, trial) for trial in range(max(trials // case.cost, 40))]
    counts = []
    for name, column in zip(case.names, zip(*results, strict=True), strict=True):
        known = [bool(one) for one in column if one is not None]
        if name:
            counts.append(Count(name, case.bar, sum(known), len(known), len(column) - len(known)))
    return counts


def judged(counts: list[Count]) -> list[Line]:
    """Return the lines; by Holm, the k-th smallest p-value is compared with 1 % / (number of lines + 1 - k)."""
    tested = sorted((count for count in counts if count.bar != INFORM), key=Count.probability)
    failed: set[str] = set()
    for k, count in enumerate(tested):
        if count.probability() >= 0.01 / (len(tested) - k):
            break
        failed.add(count.name)
    return [count.line(count.name not in failed) for count in counts]


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 where a line fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the samples")
    options = parser.parse_args(arguments)
    trials = 400 if options.quick else 4000
    counts = []
    for seed, case in enumerate(cases(), start=1):
        counts += counted(case, trials, seed)
        print(counts[-1].name, file=sys.stderr)
    return report("statistics", "coverage of the intervals of statistics", judged(counts))


if __name__ == "__main__":
    sys.exit(main())
