"""Refractory period from pulse pairs: how the probability that the second pulse fires recovers with the gap.

Definition. The gap at which the probability that a second equal pulse fires, given that the first fired, reaches half
of its long-gap value. Firing is an off -> on transition: a device that is still on does not fire.

Estimate. P(gap) = plateau / (1 + (refractory / gap)^steepness): logistic in the logarithm of the gap, below a plateau
that the same data tell. All three are fitted by maximum likelihood to the binomial counts; the 95 % interval is that of
the profile likelihood (plateau and steepness free), which needs no large numbers at each gap and stays open where the
data bound the period on one side only. The curve's form matters little: between two gaps of which one hardly ever fires
and the other nearly always does, the interval spans what lies between.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.stats import hypergeom

from tsbench.analysis.pulse.firing import Firing, probability_result
from tsbench.analysis.statistics import expanded, standard_uncertainty
from tsbench.records import Flag, FloatArray, Result

#: half of the 95 % quantile of chi-squared with one degree of freedom
_DROP_95 = 0.5 * 3.841458820694124
#: fewest pairs with a first pulse that fired, and fewest gaps, for a trustworthy interval
_FEWEST_PAIRS = 30
_FEWEST_GAPS = 4
_METHOD = "fit of a logistic function of log(gap) with a fitted plateau; interval from the profile likelihood"
_BEYOND = 1.5  #: the fit looks this far (in ln gap) beyond the gaps measured
#: positions, steepnesses and plateaus of the two searches
_COARSE, _FINE = (73, 20, 20), (121, 30, 48)
#: chance with which a probability that rises with the gap is called one that falls
_FALLS_BY_CHANCE = 0.01
_DRAWS = 2000  #: of the posterior, for the credible band of the curve


@dataclass(frozen=True)
class PairOutcome:
    """One pair; ``None``: the scope missed that pulse."""

    gap: float  #: [s]
    first: Firing | None
    second: Firing | None


@dataclass(frozen=True)
class Recovery:
    """Counts by gap, ascending, shape (gaps,), and the fit."""

    gaps: FloatArray  #: [s]
    pairs: FloatArray  #: in which the first pulse fired and both were recorded
    fired: FloatArray  #: of those, in which the second fired too
    first_pulses: int  #: first pulses recorded
    first_fired: int
    still_on: int  #: first pulses that found the device on: the rest was too short
    missed: int  #: pairs the scope missed: counted in nothing
    period: float | None = None  #: [s]
    low: float | None = None
    high: float | None = None
    plateau: float | None = None
    plateau_interval: tuple[float, float] = (0.0, 1.0)
    steepness: float | None = None
    flags: Flag = Flag.NONE
    #: (ln of the period, steepness, plateau) drawn from the posterior, shape (draws, 3)
    draws: FloatArray = field(default_factory=lambda: np.empty((0, 3)))
    unread: tuple[float, ...] = ()  #: [s] gaps too short to read the level between the pulses: counted in nothing

    def curve(self, gaps: FloatArray) -> FloatArray | None:
        """Return the fitted probability at ``gaps`` [s]; None without a fit."""
        if self.period is None or self.plateau is None or self.steepness is None:
            return None
        return np.asarray(self.plateau / (1.0 + (self.period / gaps) ** self.steepness))

    def band(self, gaps: FloatArray) -> tuple[FloatArray, FloatArray] | None:
        """Return the ends of the 95 % credible band of the probability at ``gaps`` [s]; None without a fit.

        At each gap, 95 % of the posterior lie between them. The prior is even in the logarithms of period and
        steepness and in the odds of the plateau.
        """
        if not self.draws.size:
            return None
        position, steepness, plateau = self.draws.T[:, :, None]
        away = np.clip(-steepness * (np.log(gaps) - position), -500.0, 500.0)
        low, high = np.quantile(plateau / (1.0 + np.exp(away)), (0.025, 0.975), axis=0)
        return low, high


def recovery(outcomes: Sequence[PairOutcome]) -> Recovery:
    """Count the pairs of one amplitude and fit the recovery.

    Returns
    -------
    Recovery
        NO_EVENT: no first, or no second pulse fired. CENSORED: the gaps measured do not bracket the period: it, or an
        end of its interval, lies outside of them or is not known (None). TOO_FEW: fewer than 30 pairs or four gaps.
        AMBIGUOUS: the probability falls with the gap, which no recovery does. A gap at which a second pulse is
        UNDECIDED does not count: those that are decided there are all of devices that are still on.
    """
    whole = [pair for pair in outcomes if pair.first is not None and pair.second is not None]
    unread = {pair.gap for pair in whole if pair.second is Firing.UNDECIDED}
    missed = len(outcomes) - len(whole)
    whole = [pair for pair in whole if pair.gap not in unread]
    given = [pair for pair in whole if pair.first is Firing.FIRED]
    gaps = np.array(sorted({pair.gap for pair in given}))
    pairs = np.array([sum(pair.gap == gap for pair in given) for gap in gaps], dtype=np.float64)
    fired = np.array(
        [sum(pair.gap == gap and pair.second is Firing.FIRED for pair in given) for gap in gaps], dtype=np.float64)
    firsts = [pair.first for pair in outcomes if pair.first is not None]
    counts = Recovery(
        gaps, pairs, fired, len(firsts), firsts.count(Firing.FIRED), firsts.count(Firing.STILL_ON),
        missed, unread=tuple(sorted(unread)))
    return replace(_fitted(counts), unread=counts.unread)


def _falls(pairs: FloatArray, fired: FloatArray) -> bool:
    """Return whether more second pulses fire after some gap than after the longer ones that follow, beyond chance.

    Fisher's exact test, of each gap with each number of the gaps that follow; the chance is that of all tests together.

    Parameters
    ----------
    pairs, fired : numbers at each gap, shape (gaps,), ascending with the gap
    """
    least, tests = 1.0, 0
    for k in range(pairs.size - 1):
        for end in range(k + 2, pairs.size + 1):
            later, hits = int(pairs[k + 1 : end].sum()), int(fired[k + 1 : end].sum())
            mine = int(pairs[k])
            tests += 1
            least = min(least, float(hypergeom.sf(int(fired[k]) - 1, mine + later, int(fired[k]) + hits, mine)))
    return least * tests < _FALLS_BY_CHANCE


def _fitted(counts: Recovery) -> Recovery:
    gaps, pairs, fired = counts.gaps, counts.pairs, counts.fired
    flags = Flag.NONE
    if pairs.sum() < _FEWEST_PAIRS or gaps.size < _FEWEST_GAPS:
        flags |= Flag.TOO_FEW
    if _falls(pairs, fired):
        flags |= Flag.AMBIGUOUS
    known = (counts.gaps, counts.pairs, counts.fired, counts.first_pulses, counts.first_fired, counts.still_on,
             counts.missed)
    if gaps.size < 2 or fired.sum() == 0:
        return Recovery(*known, flags=flags | Flag.NO_EVENT)
    x = np.log(gaps)
    positions = np.linspace(x[0] - _BEYOND, x[-1] + _BEYOND, _COARSE[0])
    odds = np.array([-7.0, 7.0])
    for sizes in (_COARSE, _FINE):  # once over all, once where it matters
        positions = np.linspace(positions[0], positions[-1], sizes[0])
        steep = np.geomspace(0.5, 60.0, sizes[1])
        odds = np.linspace(odds[0], odds[-1], sizes[2] - 1)
        plateaus = np.concatenate([1.0 / (1.0 + np.exp(-odds)), [1.0 - 1e-9]])
        heights = _likelihood(x, pairs, fired, positions, steep, plateaus)
        profile = heights.max(axis=(1, 2))
        if sizes is _COARSE:
            near = np.flatnonzero(profile > profile.max() - 3 * _DROP_95)
            positions = positions[max(near[0] - 1, 0) : near[-1] + 2]
            by_plateau = heights.max(axis=(0, 1))
            near = np.minimum(np.flatnonzero(by_plateau > by_plateau.max() - 3 * _DROP_95), odds.size - 1)
            odds = odds[max(near[0] - 1, 0) : near[-1] + 2]
    top = _middle_of_top(profile)
    _, best_steep, best_plateau = np.unravel_index(int(np.argmax(heights[top])), (1, steep.size, plateaus.size))
    low, high = _crossings(positions, profile)
    beyond = positions[top] < x[0] or positions[top] > x[-1]
    inside = [low is not None and low >= x[0] - _BEYOND * 0.99, high is not None and high <= x[-1] + _BEYOND * 0.99]
    bracketed = low is not None and high is not None and low >= x[0] and high <= x[-1]
    if beyond or not bracketed:
        flags |= Flag.CENSORED
    by_plateau = heights.max(axis=(0, 1))
    likely = plateaus[by_plateau > by_plateau.max() - _DROP_95]
    return Recovery(
        *known,
        period=None if beyond else float(np.exp(positions[top])),
        low=float(np.exp(low)) if low is not None and inside[0] else None,
        high=float(np.exp(high)) if high is not None and inside[1] else None,
        plateau=float(plateaus[best_plateau]),
        plateau_interval=(float(likely[0]), float(likely[-1])),
        steepness=float(steep[best_steep]),
        flags=flags,
        draws=_drawn(heights, positions, steep, plateaus),
    )


def _drawn(heights: FloatArray, positions: FloatArray, steep: FloatArray, plateaus: FloatArray) -> FloatArray:
    """Return places of a grid drawn by their likelihood, (ln period, steepness, plateau), shape (draws, 3)."""
    weights = np.exp(heights - heights.max()).ravel()
    chosen = np.random.default_rng(0).choice(weights.size, _DRAWS, p=weights / weights.sum())
    places = np.unravel_index(chosen, heights.shape)
    return np.column_stack([axis[place] for axis, place in zip((positions, steep, plateaus), places, strict=True)])


def _likelihood(
    x: FloatArray, pairs: FloatArray, fired: FloatArray, positions: FloatArray, steep: FloatArray, plateaus: FloatArray
) -> FloatArray:
    """Return the log likelihood, shape (positions, steepnesses, plateaus)."""
    total = np.zeros((positions.size, steep.size, plateaus.size))
    for place, n, k in zip(x, pairs, fired, strict=True):
        share = 1.0 / (1.0 + np.exp(np.clip(-steep * (place - positions[:, None]), -500.0, 500.0)))
        share = np.clip(share, 1e-12, 1.0 - 1e-12)[:, :, None]
        if k:
            total += k * (np.log(share) + np.log(plateaus))
        if n - k:
            total += (n - k) * np.log1p(-share * plateaus)
    return total


def _middle_of_top(profile: FloatArray) -> int:
    """Return the middle of where the profile is highest: between two gaps it may be flat."""
    best = int(np.argmax(profile))
    level = np.flatnonzero(profile >= profile[best] - 0.02)
    group = level[np.abs(np.searchsorted(level, best) - np.arange(level.size)) == np.abs(level - best)]
    return int(group[group.size // 2]) if group.size else best


def _crossings(positions: FloatArray, profile: FloatArray) -> tuple[float | None, float | None]:
    """Return where the profile falls by the 95 % drop on both sides of its top; None: not within the grid."""
    level = float(profile.max()) - _DROP_95
    inside = np.flatnonzero(profile >= level)
    first, last = int(inside[0]), int(inside[-1])
    low = high = None
    if first > 0:
        low = float(np.interp(level, profile[first - 1 : first + 1], positions[first - 1 : first + 1]))
    if last < profile.size - 1:
        high = float(np.interp(-level, -profile[last : last + 2], positions[last : last + 2]))
    return low, high


def recovery_results(found: Recovery, conditions: dict[str, object], instant: float = 0.0) -> list[Result]:
    """Return refractory period, long-gap probability, first-pulse probability and the probability at each gap.

    Parameters
    ----------
    found : counts and fit
    conditions : of all results
    instant : [s] limit of the error of the instants at which a gap begins and ends, even within; it joins the interval
    """
    notes = f"{_METHOD}; the fit uses the {int(found.pairs.sum())} pairs whose first pulse fired"
    if found.missed:
        notes += f" and leaves out the {found.missed} pairs that the scope missed"
    if found.unread:
        notes += (f". {len(found.unread)} gap{'s are' if len(found.unread) > 1 else ' is'} too short to read the level "
                  "between the pulses and left out")
    if Flag.AMBIGUOUS in found.flags:
        notes += ". The probability falls with the gap at some place, which the fitted function cannot do"
    doubt = expanded(math.sqrt(2.0) * standard_uncertainty(instant), 0.0)
    low, high = (None if end is None else max(end + side * doubt, 0.0) if found.period is None else
                 max(found.period + side * math.hypot(end - found.period, doubt), 0.0)
                 for side, end in ((-1.0, found.low), (1.0, found.high)))
    period = Result(
        "refractory_period", "s", found.period, low, high, notes,
        {**conditions, "statistic": "half of the long-gap probability"}, found.flags)
    low, high = found.plateau_interval
    plateau = Result(
        "long_gap_probability", "", found.plateau, low, high, notes, conditions, found.flags & ~Flag.CENSORED)
    if found.plateau is None:
        plateau = Result("long_gap_probability", "", None, None, None, notes, conditions, found.flags)
    first = probability_result(
        "firing_probability", found.first_fired, found.first_pulses - found.still_on, conditions,
        "first pulses after a rest")
    each = [
        probability_result(
            "second_firing_probability", int(fired), int(pairs), {**conditions, "gap": float(gap)},
            "second pulses (only pairs whose first pulse fired)")
        for gap, pairs, fired in zip(found.gaps, found.pairs, found.fired, strict=True)
    ]
    each += [
        Result("second_firing_probability", "", None, None, None,
               "the gap is too short to read the level between the pulses", {**conditions, "gap": gap}, Flag.AMBIGUOUS)
        for gap in found.unread]
    return [period, plateau, first, *each]
