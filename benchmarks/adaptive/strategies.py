"""The two ways to spend pulses: chosen one by one, and equally spaced with repeats."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks.adaptive.population import GAPS, PERIODS, Device, Fires
from tsbench.analysis.adaptive.belief import Interval, Prior, belief
from tsbench.analysis.adaptive.dependence import dependent, succession
from tsbench.analysis.adaptive.drift import drift
from tsbench.analysis.adaptive.firing_curve import Curves
from tsbench.analysis.adaptive.history import HISTORIES
from tsbench.analysis.adaptive.probability import probability_ended, probability_interval
from tsbench.analysis.adaptive.search import Goal, refractory_goal, threshold_goal
from tsbench.records import FloatArray

#: width of the interval that is wanted: of the voltage limit; of the probability; ratio of the ends
THRESHOLD_WIDTH, PROBABILITY_WIDTH, PERIOD_RATIO = 0.01, 0.2, 1.5
BUDGET = 400
#: the lowest amplitude, as a share of the limit
LOWEST = 0.0125
QUANTITIES = ("threshold amplitude", "refractory period", "firing probability")
#: repeats of an equally spaced series that are tried
REPEATS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
#: levels that are tried, for each quantity
LEVELS = {
    "threshold amplitude": (50, 75, 100, 150, 200), "refractory period": (6, 8, 12, 16, 24),
    "firing probability": (100, 200, 400),
}
#: levels between three standard deviations of the population about its mean
TUNED_LEVELS = {
    "threshold amplitude": (16, 24, 32, 48), "refractory period": (5, 8, 12, 16), "firing probability": (48, 96),
}
_TUNED = 0.3  #: three times the spread from device to device


@dataclass(frozen=True)
class Spent:
    """What one way of one device took."""

    pulses: int
    fired: int  #: of these, that switched the device
    overdrive: float  #: highest amplitude, of the threshold (of a refractory period: 1)
    reached: bool  #: whether the interval is as narrow as wanted
    covered: bool  #: whether it holds the truth
    drifted: bool = False  #: whether it is flagged
    dependent: bool = False  #: likewise: outcomes depend on each other


@dataclass(frozen=True)
class _ProbabilityAt:
    amplitude: float

    def __call__(self, curves: Curves) -> FloatArray:
        return np.asarray(curves.probability(np.array([self.amplitude]))[0])


def goal_of(device: Device, quantity: str, spaced_ones: bool = False) -> Goal:
    """Return what is looked for.

    Of spaced pulses, a firing probability is read off the whole curve, and a threshold is taken for independent of the
    one before, which needs fewer pulses.
    """
    lowest = LOWEST * device.limit
    if quantity == "threshold amplitude":
        return threshold_goal(lowest, device.limit, THRESHOLD_WIDTH * device.limit, BUDGET,
                              () if spaced_ones else HISTORIES)
    if quantity == "firing probability":
        prior = Prior(lowest, device.limit, 1e-4 * device.limit, 0.25 * device.limit)
        return Goal(prior, _ProbabilityAt(device.asked), PROBABILITY_WIDTH, BUDGET)
    return refractory_goal(*GAPS, PERIOD_RATIO, BUDGET)


def width_of(device: Device, quantity: str) -> float:
    """Return the width of the interval that is wanted, in the unit of the goal."""
    return {"threshold amplitude": THRESHOLD_WIDTH * device.limit, "refractory period": math.log(PERIOD_RATIO),
            "firing probability": PROBABILITY_WIDTH}[quantity]


def is_narrow(device: Device, quantity: str, low: float, high: float) -> bool:
    """Return whether an interval is as narrow as wanted, by its ends alone."""
    return bool(high - low <= width_of(device, quantity) * (1.0 + 1e-9))


def truth_of(device: Device, quantity: str) -> float:
    """Return what is true, in the unit of the goal."""
    if quantity == "threshold amplitude":
        return device.threshold
    return device.probability(device.asked) if quantity == "firing probability" else math.log(device.period)


def outcomes_of(device: Device, quantity: str, seed: int) -> Fires:
    """Return what answers whether a stimulus fires."""
    return device.pairs(seed) if quantity == "refractory period" else device.pulses(seed)


def adaptive(device: Device, quantity: str, seed: int = 0) -> Spent:
    """Choose pulse by pulse until the interval is narrow enough or the budget is spent."""
    if quantity == "firing probability":
        return _probability(device, seed)
    goal, fires = goal_of(device, quantity), outcomes_of(device, quantity, seed)
    found = belief(goal.prior, np.empty(0), np.empty(0))
    while not goal.ended(found, found.x.size):
        stimulus = goal.next_stimulus(found)
        found = found.learn(stimulus, fires(stimulus))
    known, true = goal.interval(found), truth_of(device, quantity)
    return Spent(found.x.size, int(found.fired.sum()), _overdrive(device, quantity, found.x),
                 is_narrow(device, quantity, known.low, known.high),
                 known.low <= true <= known.high, drift(found).certain, dependent(found))


def _probability(device: Device, seed: int) -> Spent:
    fires, outcomes = device.pulses(seed), list[bool]()
    fired = sent = 0
    while not probability_ended(fired, sent, sent, PROBABILITY_WIDTH, BUDGET):
        outcomes.append(fires(device.asked))
        fired, sent = sum(outcomes), len(outcomes)
    known = probability_interval(fired, sent)
    return Spent(sent, fired, device.asked / device.threshold,
                 is_narrow(device, "firing probability", known.low, known.high),
                 known.low <= device.probability(device.asked) <= known.high,
                 dependent=succession(outcomes).dependent)


def levels_of(device: Device, quantity: str, count: int, tuned: bool) -> Sequence[float]:
    """Return equally spaced amplitudes [V] from zero (left out) to the limit, or ln(gap) over three decades.

    ``tuned``: between three standard deviations of the population about its mean instead; of a refractory period, whose
    population has no narrow range, over the decades of the population.
    """
    if quantity == "refractory period":
        low, high = np.log(PERIODS if tuned else GAPS)
        return list(np.linspace(low, high, count))
    if tuned:
        return list(device.nominal * np.linspace(1 - _TUNED, 1 + _TUNED, count))
    return list(device.limit * np.arange(1, count + 1) / count)


def spaced(device: Device, quantity: str, count: int, tuned: bool = False, seed: int = 1) -> Spent | None:
    """Send series of equally spaced pulses until the interval is narrow enough; None: no number of repeats does it."""
    goal, fires = goal_of(device, quantity, spaced_ones=True), outcomes_of(device, quantity, seed)
    levels, true = np.array(levels_of(device, quantity, count, tuned)), truth_of(device, quantity)
    whole = np.tile(levels, REPEATS[-1])
    outcomes = np.array([float(fires(level)) for level in whole])

    @cache
    def after(repeats: int) -> Interval:
        sent = repeats * levels.size
        return goal.interval(belief(goal.prior, whole[:sent], outcomes[:sent]))

    if after(REPEATS[-1]).width > goal.width:
        return None
    fewest = REPEATS[bisect_left(REPEATS[:-1], True, key=lambda repeats: after(repeats).width <= goal.width)]
    known, sent = after(fewest), fewest * levels.size
    return Spent(sent, int(outcomes[:sent].sum()), _overdrive(device, quantity, levels), True,
                 known.low <= true <= known.high)


def _overdrive(device: Device, quantity: str, x: FloatArray) -> float:
    return 1.0 if quantity == "refractory period" else float(x.max()) / device.threshold
