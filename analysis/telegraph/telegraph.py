"""Random telegraph noise in an evenly sampled record: whether there are two levels, and how long each lasts.

Two levels are found by evidence (``two_levels``): they are far apart against the fast noise, and together they explain
the record, which a drift, 1/f noise or an oscillation does not. The state of each sample follows with a hysteresis, so
that noise at the middle makes no transitions. The hysteresis is no wider than the noise asks for: a wider one loses
short stays. A reading during which the process jumps is an average of both levels, so only readings count for a level
whose neighbours are at it too.

The mean times follow from the transitions between neighbouring samples. A jump to the other level and back between two
samples is not seen. :func:`mean_times` accounts for it: it takes the transition probabilities of a two-state Markov
process in continuous time (textbook: J. R. Norris, Markov Chains, 1997, section 2.1). The intervals come from the
posterior of the shares of samples that change, under Jeffreys' prior, because each count is binomial.

A sample that is an average does not show a stay shorter than about half of it: such a stay is missed, and the two stays
around it count as one (D. Colquhoun, F. J. Sigworth, in: Single-Channel Recording, 2nd ed., 1995, chapter 19, on missed
events). How long a sample takes is not known here, so the lower ends of the intervals allow for samples that fill the
time between them (``_shortest``).
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from tsbench.analysis.statistics import NORMAL_95
from tsbench.records import Flag, FloatArray
from tsbench.samples import spread

#: standard deviations of the fast noise by which the levels must differ. With the hysteresis, noise then makes a false
#: transition in 3 of a million samples
LEAST_SEPARATION = 6.0
#: what is left about two levels may be this many times the fast noise: a record of a drift leaves 1.7 times at least
MOST_LEFT = 1.35
#: standard deviations of the fast noise that a sample must be away from its level to change the state, at least
_SURE = 4.5
_FEWEST_SAMPLES = 50
_FEWEST_WITHIN = 10  #: samples whose neighbours are at the same level, for a level of these alone
_LEAST_SHARE = 0.002  #: of the samples must be in either level, and at least three
ENOUGH = 10  #: transitions of either kind for a trustworthy interval
_BETWEEN = 4.0  #: standard deviations from either level
_SLOW = 4.0  #: sample intervals: a shorter mean time is under-sampled
_OF_MEDIAN = math.sqrt(math.pi / 2.0)  #: standard error of the median of normal numbers, in that of their mean
_DRAWS = 20_000
_ROUNDS = 50


@dataclass(frozen=True)
class TwoLevels:
    """Two levels of a record; ``high`` has the larger magnitude of the mean."""

    low: float
    high: float
    noise: float  #: fast noise of a sample, standard deviation
    left: float  #: standard deviation about the two levels
    #: by which the two levels may be too close together, because samples near them hold short stays in the other level
    pulled: float
    counts: tuple[int, int]  #: samples of which the low and the high level are the medians
    states: npt.NDArray[np.bool_]  #: whether a sample is in the high state, shape (n,)

    @property
    def amplitude(self) -> float:
        """Difference of the two levels."""
        return self.high - self.low


@dataclass(frozen=True)
class TimeInState:
    """Mean time in one state [s] with its 95 % interval; None: not known."""

    value: float | None
    low: float | None
    high: float | None
    transitions: int  #: out of this state, as seen
    flags: Flag


def two_levels(values: FloatArray, resolution: float = 0.0) -> TwoLevels | None:
    """Return the two levels of a record, None where the evidence is not enough.

    Parameters
    ----------
    values : evenly sampled, shape (n,); NaN is left out
    resolution : smallest step of the digitiser, in the unit of the values
    """
    values = np.asarray(values, dtype=np.float64)
    values = values[np.isfinite(values)]
    if values.size < _FEWEST_SAMPLES:
        return None
    low, high = (float(one) for one in np.quantile(values, (_LEAST_SHARE, 1 - _LEAST_SHARE)))
    for _ in range(_ROUNDS):   # two medians: a wild sample, or one during a jump, does not move them
        upper = values > 0.5 * (low + high)
        if not upper.any() or upper.all():
            return None
        middles = float(np.median(values[~upper])), float(np.median(values[upper]))
        if middles == (low, high):
            break
        low, high = middles
    noise = max(_noise_within(values, low, high), resolution / np.sqrt(12.0))
    if noise <= 0.0 or high - low < LEAST_SEPARATION * noise:
        return None
    for _ in range(2):   # the second time about levels without the samples during a jump
        states = _with_hysteresis(values, 0.5 * (low + high), max(_SURE * noise - 0.5 * (high - low), 0.0))
        if min(states.sum(), (~states).sum()) < max(3, _LEAST_SHARE * values.size):
            return None
        below, above = _level(values, states, of=False), _level(values, states, of=True)
        low, high = below.value, above.value
    left = _left(values, states, low, high, noise)
    if left is None or left > MOST_LEFT * noise:
        return None
    doubts = _pull(below, noise), _pull(above, noise)
    pulled, counts = min(sum(doubts), high - low), (below.count, above.count)
    if abs(low) > abs(high):   # at negative bias, the state of more current is the lower number
        return TwoLevels(high, low, noise, left, pulled, counts[::-1], ~states)
    return TwoLevels(low, high, noise, left, pulled, counts, states)


@dataclass(frozen=True)
class _Level:
    value: float
    count: int  #: samples of which it is the median
    mixed: float  #: share of them that may hold a stay in the other level


def _level(values: FloatArray, states: npt.NDArray[np.bool_], of: bool) -> _Level:
    """Return the median of the samples in one state whose neighbours are in it too.

    A jump out and one back within such a sample, or within the time to the next one, leave no other trace. Their share
    is about that of the changes out times that of the changes back. Where hardly a sample has such neighbours, all
    samples in the state count, and those with a change beside them may be mixed.
    """
    mine = states == of
    known = np.r_[False, mine[:-2] & mine[1:-1] & mine[2:], False]
    out, back = (float(np.mean(mine[1:][part] != mine[:-1][part])) if part.any() else 1.0
                 for part in (mine[:-1], ~mine[:-1]))
    if known.sum() < _FEWEST_WITHIN:
        return _Level(float(np.median(values[mine])), int(mine.sum()), 2.0 * out)
    return _Level(float(np.median(values[known])), int(known.sum()), out * back)


def _pull(level: _Level, noise: float) -> float:
    """Return by how much one-sided outliers may move the median: as in the worst case of Huber's contamination model.

    P. J. Huber, Ann. Math. Stat. 35 (1964) 73: the median is then the quantile 1/(2(1 - share)) of the others.
    """
    return noise * NormalDist().inv_cdf(0.5 / (1.0 - level.mixed)) if level.mixed < 0.5 else math.inf


def _left(
    values: FloatArray, states: npt.NDArray[np.bool_], low: float, high: float, noise: float,
) -> float | None:
    """Return the standard deviation about the levels; None where too many samples are between the two.

    A sample during which the process jumps is an average of both levels. There may be two for each jump. The largest
    deviations, one in two hundred, may be wild.
    """
    away = np.minimum(np.abs(values - low), np.abs(values - high))
    between = (values > low) & (values < high) & (away > _BETWEEN * noise)
    jumps = int(np.sum(states[1:] != states[:-1]))
    if between.sum() > max(3, 2 * jumps):
        return None
    deviation = np.sort(np.abs(values - np.where(states, high, low))[~between])
    kept = deviation[: max(deviation.size - max(1, deviation.size // 200), 1)]
    return float(np.sqrt(np.mean(kept**2)))


def _noise_within(values: FloatArray, low: float, high: float) -> float:
    """Return the fast noise; transitions do not count, however many there are."""
    same = (values > 0.5 * (low + high)).astype(int)
    second = np.diff(values, 2)
    within = (same[:-2] == same[1:-1]) & (same[1:-1] == same[2:])
    if within.sum() < _FEWEST_SAMPLES // 2:   # a state lasts about a sample: noise about the means
        return float(np.std(values - np.where(same == 1, high, low)))
    return spread(second[within]) / math.sqrt(6.0)


def _with_hysteresis(values: FloatArray, middle: float, half: float) -> npt.NDArray[np.bool_]:
    """Return the state of each sample: it changes where a sample is beyond the middle by ``half``."""
    sure = np.where(values > middle + half, 1, np.where(values < middle - half, 0, -1))
    known = np.flatnonzero(sure >= 0)
    if not known.size:
        return np.asarray(values > middle)
    last = np.maximum.accumulate(np.where(sure >= 0, np.arange(sure.size), known[0]))
    return np.asarray(sure[np.maximum(last, known[0])] == 1)


def transitions(states: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return (samples in low, low -> high, samples in high, high -> low) of one record, last sample left out.

    Parameters
    ----------
    states : whether each sample is in the high state, in order, shape (n,)
    """
    now, after = states[:-1], states[1:]
    return np.array([(~now).sum(), (~now & after).sum(), now.sum(), (now & ~after).sum()], dtype=np.int64)


def times_in_states(counts: npt.NDArray[np.int64], interval: float, seed: int = 0) -> tuple[TimeInState, TimeInState]:
    """Return the mean times in the low and in the high state.

    Parameters
    ----------
    counts : as :func:`transitions` returns them, of all records together
    interval : [s] between two samples
    seed : of the draws from the posterior
    """
    in_low, rises, in_high, falls = (int(one) for one in counts)
    if min(in_low, in_high) == 0 or rises + falls == 0:
        nothing = TimeInState(None, None, None, 0, Flag.NO_EVENT | Flag.TOO_FEW)
        return nothing, nothing
    random = np.random.default_rng(seed)
    drawn_p = random.beta(rises + 0.5, in_low - rises + 0.5, _DRAWS)
    drawn_q = random.beta(falls + 0.5, in_high - falls + 0.5, _DRAWS)
    drawn = mean_times(drawn_p, drawn_q, interval)
    best = mean_times(np.array([max(rises, 0.5) / in_low]), np.array([max(falls, 0.5) / in_high]), interval)
    flags = Flag.TOO_FEW if min(rises, falls) < ENOUGH else Flag.NONE
    found = []
    for draws, other, one, seen in ((*drawn, best[0], rises), (*drawn[::-1], best[1], falls)):
        low, high = float(np.quantile(_shortest(draws, other, interval), 0.025)), float(np.quantile(draws, 0.975))
        value, mine = float(one[0]), flags
        if value < _SLOW * interval:
            mine |= Flag.UNDER_SAMPLED
        if value <= 0.0 or low <= 0.0:   # the states change as often as samples can show: no lower bound
            found.append(TimeInState(None, None, high, seen, mine | Flag.CENSORED))
        else:
            found.append(TimeInState(value, low, high, seen, mine))
    return found[0], found[1]


def mean_times(p: FloatArray, q: FloatArray, interval: float) -> tuple[FloatArray, FloatArray]:
    """Return the mean times [s] in the low and the high state from the shares of samples that change; 0: no solution.

    With the rates a = 1/t_low and b = 1/t_high of a process without memory, p = a/(a + b) (1 - exp(-(a + b) dt)) and
    q = b/(a + b) (1 - exp(-(a + b) dt)).

    Parameters
    ----------
    p : share of the samples in the low state after which the next one is in the high state, shape (n,)
    q : the same from high to low, shape (n,)
    interval : [s] between two samples
    """
    both = p + q
    rate = np.where(both < 1.0, -np.log1p(-np.minimum(both, 1 - 1e-12)), np.inf) / interval
    with np.errstate(divide="ignore"):
        return np.where(np.isfinite(rate), both / (p * rate), 0.0), np.where(np.isfinite(rate), both / (q * rate), 0.0)


def _shortest(times: FloatArray, other: FloatArray, interval: float) -> FloatArray:
    """Return the mean times in a state [s] if samples are averages that miss short stays in the other state.

    A stay of the length t < ``interval`` shows in one of interval/t places of the samples. Of exponential stays of the
    mean ``other``, those shorter than half of an average that fills the interval are lost, (interval/2)^2/(2 other) of
    interval. Each hides a jump to it and one back, and joins two stays.
    """
    with np.errstate(divide="ignore"):
        return np.where(other > 0.0, times / (1.0 + interval / (4.0 * other)), 0.0)


def level_intervals(found: TwoLevels) -> tuple[float, float]:
    """Return half of the 95 % interval of the low and of the high level by the noise; each is a median."""
    low, high = (NORMAL_95 * _OF_MEDIAN * found.left / math.sqrt(count) for count in found.counts)
    return low, high

