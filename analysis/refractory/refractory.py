"""Refractory period from pulse pairs: how the probability that the second pulse fires recovers with the gap.

Definition. The gap at which the probability that a second equal pulse fires, given that the first fired, reaches half
of its long-gap value. Firing is an off -> on transition: a device that is still on does not fire.

Estimate. The posterior distribution of the period (:mod:`.posterior`), with spread, form and plateau of the recovery
unknown. The value is its median, the interval its central 95 %. If the posterior reaches beyond the gaps measured on
one side, the end on that side is not known, and the other end is that of the part within.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tsbench.analysis.adaptive.firing_curve import Curves
from tsbench.analysis.pulse.at_once import MAY_HAVE_SWITCHED
from tsbench.analysis.pulse.firing import Firing, probability_result
from tsbench.analysis.refractory.posterior import posterior
from tsbench.analysis.statistics import expanded, standard_uncertainty
from tsbench.analysis.statistics.exchangeable import depends_on_order
from tsbench.records import Flag, FloatArray, Result

#: fewest pairs with a first pulse that fired, and fewest gaps, for a trustworthy interval
_FEWEST_PAIRS = 30
_FEWEST_GAPS = 4
_METHOD = ("posterior of a rise with log(gap) to a plateau, of three forms, with a share of early "
           "recoveries: median and central 95 %")
#: share of the posterior on either side of an interval; with more of it beyond the gaps measured, that end is not known
_OUTSIDE = 0.025
#: chance with which a probability that rises with the gap is called one that falls
_FALLS_BY_CHANCE = 0.01

_DEPENDENT = ("The outcomes of the pairs depend on those before them. The interval is that of independent ones and may "
              "be too narrow. Raise 'rest', or send more pairs")


@dataclass(frozen=True)
class PairOutcome:
    """One pair; ``None``: the scope missed that pulse."""

    gap: float  #: [s]
    first: Firing | None
    second: Firing | None


@dataclass(frozen=True)
class Share:
    """Pairs of one gap: in ``fired`` of ``pairs`` the second pulse fired; of ``unknown`` ones more it is not known."""

    gap: float  #: [s]
    fired: int
    pairs: int
    unknown: int


@dataclass(frozen=True)
class Recovery:
    """Counts by gap, ascending, shape (gaps,), and the posterior."""

    gaps: FloatArray  #: [s]
    pairs: FloatArray  #: in which the first pulse fired and both were recorded
    fired: FloatArray  #: of those, in which the second fired too
    firsts: tuple[Firing, ...]  #: of first pulses recorded, in order of time. STILL_ON: the rest was too short
    missed: int  #: pairs the scope missed: counted in nothing
    period: float | None = None  #: [s]
    low: float | None = None
    high: float | None = None
    plateau: float | None = None
    plateau_interval: tuple[float, float] = (0.0, 1.0)
    flags: Flag = Flag.NONE
    draws: Curves | None = None  #: of x = ln of the gap [s], from the posterior
    unread: tuple[float, ...] = ()  #: [s] gaps too short to read the level between the pulses: counted in nothing
    #: [s] gap of each other pair with a pulse of which it is not known whether it fired: counted in no share
    left_out: tuple[float, ...] = ()

    @property
    def still_on(self) -> int:
        """Number of first pulses that found the device on."""
        return self.firsts.count(Firing.STILL_ON)

    @property
    def undecided(self) -> int:
        """Number of first pulses of which it is not known whether they fired."""
        return self.firsts.count(Firing.AT_ONCE)

    def shares(self) -> list[Share]:
        """Return, for each gap, how often the second pulse fired after a first one that fired; ascending."""
        counted = {gap: (int(fired), int(pairs))
                   for gap, fired, pairs in zip(self.gaps.tolist(), self.fired, self.pairs, strict=True)}
        return [Share(gap, *counted.get(gap, (0, 0)), self.left_out.count(gap))
                for gap in sorted({*counted, *self.left_out})]

    def curve(self, gaps: FloatArray) -> FloatArray | None:
        """Return the mean of the posterior of the probability at ``gaps`` [s]; None without one.

        Parameters
        ----------
        gaps : [s] above zero, shape (n,)
        """
        return None if self.draws is None else np.asarray(self.draws.probability(np.log(gaps)).mean(axis=1))

    def band(self, gaps: FloatArray) -> tuple[FloatArray, FloatArray] | None:
        """Return the ends of the 95 % credible band of the probability at ``gaps`` [s]; None without a posterior.

        At each gap, 95 % of the posterior lie between them.

        Parameters
        ----------
        gaps : [s] above zero, shape (n,)
        """
        if self.draws is None:
            return None
        low, high = np.quantile(self.draws.probability(np.log(gaps)), (_OUTSIDE, 1.0 - _OUTSIDE), axis=1)
        return low, high


def recovery(outcomes: Sequence[PairOutcome]) -> Recovery:
    """Count the pairs of one amplitude, and take the posterior of the recovery.

    Parameters
    ----------
    outcomes : in order of time

    Returns
    -------
    Recovery
        NO_EVENT: no first, or no second pulse fired. CENSORED: the gaps measured do not bracket the period: it, or an
        end of its interval, lies outside of them or is not known (None). TOO_FEW: fewer than 30 pairs or four gaps.
        AMBIGUOUS: the probability falls with the gap, which no recovery does. A gap at which a second pulse is
        UNDECIDED does not count: those that are decided there are all of devices that are still on. Nor does a pair
        with a pulse in which the device conducts AT_ONCE (AMBIGUOUS). DEPENDENT: pairs of one gap depend on those
        before (:func:`.exchangeable.depends_on_order`), while the posterior is that of independent ones.
    """
    whole = [pair for pair in outcomes if pair.first is not None and pair.second is not None]
    unread = {pair.gap for pair in whole if pair.second is Firing.UNDECIDED}
    missed = len(outcomes) - len(whole)
    whole = [pair for pair in whole if pair.gap not in unread]
    # where the first did not fire, the second does not matter
    left_out = tuple(pair.gap for pair in whole if Firing.AT_ONCE in (pair.first, pair.second)
                     and pair.first in (Firing.FIRED, Firing.AT_ONCE))
    whole = [pair for pair in whole if Firing.AT_ONCE not in (pair.first, pair.second)]
    given = [pair for pair in whole if pair.first is Firing.FIRED]
    gaps = np.array(sorted({pair.gap for pair in given}))
    pairs = np.array([sum(pair.gap == gap for pair in given) for gap in gaps], dtype=np.float64)
    fired = np.array(
        [sum(pair.gap == gap and pair.second is Firing.FIRED for pair in given) for gap in gaps], dtype=np.float64)
    doubts = (pair.first is Firing.AT_ONCE or pair.second is Firing.AT_ONCE for pair in outcomes)
    flags = Flag.AMBIGUOUS if any(doubts) else Flag.NONE
    if depends_on_order([pair.gap for pair in given], [pair.second is Firing.FIRED for pair in given]):
        flags |= Flag.DEPENDENT
    counts = Recovery(
        gaps, pairs, fired, tuple(pair.first for pair in outcomes if pair.first is not None), missed,
        unread=tuple(sorted(unread)), left_out=left_out, flags=flags)
    return _judged(counts)


def with_left_out(found: Recovery) -> tuple[Recovery, Recovery]:
    """Return the recovery if in none, and if in all, of the pairs that are left out the second pulse fired.

    Both take it that the first one fired.
    """
    shares = found.shares()
    gaps, pairs = (np.array(values, dtype=np.float64) for values in (
        [share.gap for share in shares], [share.pairs + share.unknown for share in shares]))
    fired = (np.array([share.fired + fires * share.unknown for share in shares], dtype=np.float64) for fires in (0, 1))
    none, all_ = (_judged(replace(found, gaps=gaps, pairs=pairs, fired=counted, left_out=(), flags=Flag.NONE))
                  for counted in fired)
    return none, all_


def _falls(pairs: FloatArray, fired: FloatArray) -> bool:
    """Return whether more second pulses fire after some gap than after the longer ones that follow, beyond chance.

    Fisher's exact test, of each gap with each number of the gaps that follow; the chance is that of all tests together.

    Parameters
    ----------
    pairs, fired : numbers at each gap, shape (gaps,), ascending with the gap
    """
    from scipy.stats import hypergeom  # noqa: PLC0415  a large library for one test

    least, tests = 1.0, 0
    for k in range(pairs.size - 1):
        for end in range(k + 2, pairs.size + 1):
            later, hits = int(pairs[k + 1 : end].sum()), int(fired[k + 1 : end].sum())
            mine = int(pairs[k])
            tests += 1
            least = min(least, float(hypergeom.sf(int(fired[k]) - 1, mine + later, int(fired[k]) + hits, mine)))
    return tests > 0 and least * tests < _FALLS_BY_CHANCE


def _judged(counts: Recovery) -> Recovery:
    gaps, pairs, fired = counts.gaps, counts.pairs, counts.fired
    flags = counts.flags
    if pairs.sum() < _FEWEST_PAIRS or gaps.size < _FEWEST_GAPS:
        flags |= Flag.TOO_FEW
    if _falls(pairs, fired):
        flags |= Flag.AMBIGUOUS
    if gaps.size < 2 or fired.sum() == 0:
        return replace(counts, flags=flags | Flag.NO_EVENT)
    x = np.log(gaps)
    found = posterior(x, pairs, fired)
    middle = found.log_period(0.5)
    # what lies beyond the gaps measured is bounded by the prior alone
    ends = _OUTSIDE, 1.0 - _OUTSIDE
    low = None if found.share_below(x[0]) >= ends[0] else math.exp(found.log_period(ends[0], under=x[-1]))
    high = None if found.share_below(x[-1]) <= ends[1] else math.exp(found.log_period(ends[1], above=x[0]))
    if low is None or high is None:
        flags |= Flag.CENSORED
    return replace(
        counts, period=math.exp(middle) if x[0] <= middle <= x[-1] else None, low=low, high=high,
        plateau=found.plateau(0.5), plateau_interval=(found.plateau(ends[0]), found.plateau(ends[1])), flags=flags,
        draws=found.draws)


def recovery_results(found: Recovery, conditions: dict[str, object], instant: float = 0.0) -> list[Result]:
    """Return refractory period, long-gap probability, first-pulse probability and the probability at each gap.

    Parameters
    ----------
    found : counts and posterior
    conditions : of all results
    instant : [s] limit of the error of the instants at which a gap begins and ends, even within; it joins the interval
    """
    notes = f"{_METHOD}; of the {int(found.pairs.sum())} pairs whose first pulse fired"
    if found.missed:
        notes += f", without the {found.missed} pairs that the scope missed"
    if found.unread:
        notes += (f". {len(found.unread)} gap{'s are' if len(found.unread) > 1 else ' is'} too short to read the level "
                  "between the pulses and left out")
    if _falls(found.pairs, found.fired):
        notes += ". The probability falls with the gap at some place, which no recovery does"
    if Flag.DEPENDENT in found.flags:
        notes += f". {_DEPENDENT}"
    if found.undecided or found.left_out:
        where = ([f"in {found.undecided} of {len(found.firsts)} first pulses"] if found.undecided else []) + (
            [f"in a pulse of each of the {len(found.left_out)} pairs that are left out"] if found.left_out else [])
        notes += f". I{' and '.join(where)[1:]} the device conducts from the edge on{MAY_HAVE_SWITCHED}"
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
    rested = [one for one in found.firsts if one is not Firing.STILL_ON]
    first = probability_result(
        "firing_probability", [one is Firing.FIRED for one in rested], len(rested), conditions,
        "first pulses after a rest", told=[one is not Firing.AT_ONCE for one in rested])
    each = [
        _doubted(probability_result(
            "second_firing_probability", share.fired, share.pairs, {**conditions, "gap": share.gap},
            "second pulses (only pairs whose first pulse fired)", unknown=share.unknown), found)
        for share in found.shares()
    ]
    each += [
        Result("second_firing_probability", "", None, None, None,
               "the gap is too short to read the level between the pulses", {**conditions, "gap": gap}, Flag.AMBIGUOUS)
        for gap in found.unread]
    return [period, plateau, first, *each]


def _doubted(share: Result, found: Recovery) -> Result:
    """Return the share of one gap, DEPENDENT where the pairs are."""
    if Flag.DEPENDENT not in found.flags or share.value is None:
        return share
    return replace(share, flags=share.flags | Flag.DEPENDENT, method=f"{share.method}. {_DEPENDENT}")
