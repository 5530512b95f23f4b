"""Bias, spread and coverage of refractory periods from counts of pairs: ``python -m benchmarks.refractory [--quick]``.

Each case is a device of known law: with which probability its second pulse fires after each gap, relative to a long
one. Its pairs are drawn, and ``analysis/refractory`` gives a period and an interval. The laws are logistic functions of
the logarithm of the gap, lives of a filament that are log-normal or Weibull, lives of which 15 % are five times
shorter, and the counts of 10,008 simulated pairs of the silver device ``ag_sio2``. Beside it stands the estimator that
tsbench had before: the most likely logistic function, with the interval of its profile likelihood.

The last rows show what other assumptions before the pairs change (``RecoveryPrior``).
"""

import argparse
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.stats import binom, chi2, norm

from benchmarks.report import INFORMATION, Line, report
from benchmarks.stochastic import TRUTH
from tsbench.analysis.pulse.firing import Firing
from tsbench.analysis.refractory.posterior import PRIOR, RecoveryPrior, posterior
from tsbench.analysis.refractory.refractory import PairOutcome, Recovery, recovery
from tsbench.records import FloatArray

#: probability relative to a long gap, against the logarithm of the gap over the period
Law = Callable[[FloatArray], FloatArray]
#: (gaps, pairs at each gap, longest gap over shortest one)
_DESIGNS = ((6, 10, 1.4**5), (7, 6, 100.0), (9, 14, 100.0), (9, 21, 100.0), (13, 10, 100.0), (12, 20, 100.0),
            (20, 40, 100.0))
_PLATEAUS = (1.0, 0.85)
_MIDDLE = 0.3, 0.7  #: between which parts of the range of ln(gap) the period lies
_COVERED = 0.90, 0.98
PRIORS: dict[str, RecoveryPrior] = {
    "no early recoveries": RecoveryPrior(early=(0.0,), likely=(1.0,)),
    "all shares of early recoveries equally likely": RecoveryPrior(likely=(1 / len(PRIOR.early),) * len(PRIOR.early)),
    "widest rise half as wide": RecoveryPrior(spreads=(PRIOR.spreads[0], PRIOR.spreads[1] / 2)),
    "widest rise twice as wide": RecoveryPrior(spreads=(PRIOR.spreads[0], PRIOR.spreads[1] * 2)),
    "narrowest rise a third as wide": RecoveryPrior(spreads=(PRIOR.spreads[0] / 3, PRIOR.spreads[1])),
    "periods up to a factor of 20 beyond the gaps, not 4.5": RecoveryPrior(beyond=3.0),
}


class Estimate(NamedTuple):
    """What an estimator found of one device."""

    deviation: float  #: ln of found over true period
    covered: bool  #: whether the interval contains the true period
    half_width: float  #: of the interval, in ln of the period


@dataclass(frozen=True)
class Case:
    """One device; None: no estimate."""

    law: str
    design: str
    found: Estimate | None
    likely: Estimate | None  #: of the most likely logistic function
    others: tuple[Estimate, ...] = ()  #: of each of ``PRIORS``


def laws() -> dict[str, Law]:
    """Return all laws; each is 1/2 at 0."""
    made: dict[str, Law] = {}
    for steepness in (3.0, 8.0, 25.0):
        made[f"logistic, steepness {steepness:g}"] = lambda u, s=steepness: 1.0 / (1.0 + np.exp(-s * u))
    for spread in (0.1, 0.25, 0.6):
        made[f"log-normal lives, spread {spread:g}"] = lambda u, s=spread: norm.cdf(u / s)
    for shape in (2.5, 8.0):
        made[f"Weibull lives, shape {shape:g}"] = lambda u, k=shape: -np.expm1(-np.log(2.0) * np.exp(k * u))
    made["log-normal lives, spread 0.2, of which 15 % are five times shorter"] = _centred(
        lambda u: 0.85 * norm.cdf(u / 0.2) + 0.15 * norm.cdf((u + np.log(5.0)) / 0.2))
    made["the silver device ag_sio2"] = _silver()
    return made


def _centred(law: Law) -> Law:
    """Return a law moved to be 1/2 at 0."""
    places = np.linspace(-1.0, 1.0, 20001)
    middle = float(np.interp(0.5, law(places), places))
    return lambda u: law(u + middle)


def _silver() -> Law:
    """Return the law of the kept simulated pairs: a smooth curve through the probits of the shares."""
    gaps, pairs, again = np.array(tomllib.loads(TRUTH.read_text("utf-8"))["refractory_period"]["counts"]).T
    x, probits = np.log(gaps[:-1]), norm.ppf(again[:-1] / pairs[:-1])   # the last one is the long gap
    inside = PchipInterpolator(x, probits)
    slopes = (probits[1] - probits[0]) / (x[1] - x[0]), (probits[-1] - probits[-2]) / (x[-1] - x[-2])
    middle = float(inside.solve(0.0, extrapolate=False)[0])

    def law(u: FloatArray) -> FloatArray:
        at = u + middle
        beyond = (probits[0] + slopes[0] * np.minimum(at - x[0], 0.0), slopes[1] * np.maximum(at - x[-1], 0.0))
        return np.asarray(norm.cdf(np.where(at < x[0], beyond[0], inside(np.clip(at, x[0], x[-1])) + beyond[1])))

    return law


def most_likely(counts: Recovery) -> tuple[float, float, float]:
    """Return ln of the period of the most likely logistic function, and the ends of its profile likelihood."""
    x = np.log(counts.gaps)
    low, high = float(x[0]) - 1.5, float(x[-1]) + 1.5
    for _ in range(2):
        places, steep = np.linspace(low, high, 101), np.geomspace(0.5, 60.0, 30)
        plateaus = np.append(1.0 / (1.0 + np.exp(-np.linspace(-2.0, 7.0, 30))), 1.0 - 1e-9)
        heights = np.zeros((places.size, steep.size, plateaus.size))
        for place, n, k in zip(x, counts.pairs, counts.fired, strict=True):
            share = 1.0 / (1.0 + np.exp(np.clip(-steep * (place - places[:, None]), -500.0, 500.0)))
            chance = np.clip(share, 1e-12, 1.0 - 1e-12)[:, :, None] * plateaus
            heights += k * np.log(chance) + (n - k) * np.log1p(-chance)
        profile = heights.max(axis=(1, 2))
        inside = places[profile >= profile.max() - 0.5 * chi2.ppf(0.95, 1)]
        step = float(places[1] - places[0])
        low, high = float(inside[0]) - step, float(inside[-1]) + step
    top = places[profile >= profile.max() - 0.02]
    return float(top[top.size // 2]), float(inside[0]), float(inside[-1])


def case(name: str, law: Law, design: tuple[int, int, float], plateau: float, random: np.random.Generator) -> Case:
    """Draw the pairs of one device and estimate its period."""
    number, repeats, span = design
    gaps = np.geomspace(1e-3, 1e-3 * span, number)
    x = np.log(gaps)
    true = float(x[0] + random.uniform(*_MIDDLE) * (x[-1] - x[0]))
    fired = random.binomial(repeats, plateau * law(x - true))
    counts = recovery([PairOutcome(float(gap), Firing.FIRED, Firing.FIRED if k < hits else Firing.STILL_ON)
                       for gap, hits in zip(gaps, fired, strict=True) for k in range(repeats)])
    label = f"{number} gaps, ratio {span ** (1.0 / (number - 1)):.2f}, {repeats} pairs"
    if counts.flags or counts.period is None or counts.low is None or counts.high is None:
        return Case(name, label, None, None)
    rows = [(np.log(counts.period), np.log(counts.low), np.log(counts.high)), most_likely(counts)]
    for prior in PRIORS.values():
        other = posterior(x, counts.pairs, counts.fired, prior)
        rows.append((other.log_period(0.5), other.log_period(0.025), other.log_period(0.975)))
    found, likely, *others = (
        Estimate(float(value) - true, bool(low <= true <= high), 0.5 * float(high - low)) for value, low, high in rows)
    return Case(name, label, found, likely, tuple(others))


def cases(each: int, seed: int) -> Iterator[Case]:
    """Return ``each`` devices of each law, design and plateau."""
    for place, (name, law) in enumerate(laws().items()):
        for one, design in enumerate(_DESIGNS):
            for two, plateau in enumerate(_PLATEAUS):
                random = np.random.default_rng([seed, place, one, two])
                for _ in range(each):
                    yield case(name, law, design, plateau, random)


def _said(rows: list[Estimate]) -> str:
    """Return mean and scatter of the deviation, coverage and half-width."""
    deviation, covered, width = np.array(rows, dtype=np.float64).T
    error = deviation.std() / np.sqrt(deviation.size)
    return (f"mean {100 * deviation.mean():+.1f} ± {100 * error:.1f} %, root mean square "
            f"{100 * np.sqrt(np.mean(deviation**2)):.1f} %, largest {100 * np.abs(deviation).max():.0f} %; "
            f"{int(covered.sum())} of {covered.size} intervals ({100 * covered.mean():.1f} %); "
            f"median half-width {100 * np.median(width):.1f} %")


def lines_of(every: list[Case]) -> list[Line]:
    """Return a line for all cases, and for each law and design, of this estimator and of the one before."""
    lines = []
    known = [one for one in every if one.found is not None and one.likely is not None]
    lines.append(Line("cases without a flag", f"{len(known)} of {len(every)}", INFORMATION, True))
    groups = {"all": known} | {key: [one for one in known if key in (one.law, one.design)]
                               for key in dict.fromkeys([*(one.law for one in known), *(one.design for one in known)])}
    for key, mine in groups.items():
        found = [one.found for one in mine if one.found is not None]
        likely = [one.likely for one in mine if one.likely is not None]
        hits = sum(one.covered for one in found)
        low, high = binom.cdf(hits, len(found), _COVERED[0]), binom.sf(hits - 1, len(found), _COVERED[1])
        bar = (f"{100 * _COVERED[0]:g} to {100 * _COVERED[1]:g} % (binomial test at 1 %)" if key == "all" else
               INFORMATION)
        lines.append(Line(f"{key}: posterior", _said(found), bar, key != "all" or min(low, high) > 0.01))
        lines.append(Line(f"{key}: most likely logistic function", _said(likely), INFORMATION, True))
    for k, name in enumerate(PRIORS):
        pairs = [(one.others[k], one.found) for one in known if one.found is not None]
        moved = [abs(other.deviation - mine.deviation) / mine.half_width for other, mine in pairs]
        hits = sum(other.covered for other, _ in pairs)
        lines.append(Line(
            f"all, prior: {name}",
            f"period moves by {np.median(moved):.2f} half-widths (median; 95 %: {np.quantile(moved, 0.95):.2f}); "
            f"{hits} of {len(pairs)} intervals ({100 * hits / len(pairs):.1f} %)", INFORMATION, True))
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="2 devices of each law, design and plateau")
    parser.add_argument("--each", type=int, default=40, help="devices of each law, design and plateau")
    given = parser.parse_args()
    every = list(cases(2 if given.quick else given.each, 1))
    return report("refractory", "refractory periods of known devices", lines_of(every))


if __name__ == "__main__":
    sys.exit(main())
