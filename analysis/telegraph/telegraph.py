"""Random telegraph noise in an evenly sampled record: whether there are two levels, and how long each lasts.

Two levels are found by evidence (``two_levels``): they are far apart against the fast noise, and together they explain
the record, which a drift, 1/f noise or an oscillation does not. The state of each sample follows with a hysteresis, so
that noise at the middle makes no transitions.

The mean times follow from the transitions between neighbouring samples. A jump to the other level and back between two
samples is not seen. :func:`mean_times` accounts for it: it takes the transition probabilities of a two-state Markov
process in continuous time (textbook: J. R. Norris, Markov Chains, 1997, section 2.1). The intervals come from the
posterior of the shares of samples that change, under Jeffreys' prior, because each count is binomial.
"""

import math
from dataclasses import dataclass

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
_HYSTERESIS = 0.25  #: of the separation, on either side of the middle
_FEWEST_SAMPLES = 50
_LEAST_SHARE = 0.002  #: of the samples must be in either level, and at least three
ENOUGH = 10  #: transitions of either kind for a trustworthy interval
_BETWEEN = 4.0  #: standard deviations from either level
_SLOW = 4.0  #: sample intervals: a shorter mean time is under-sampled
_DRAWS = 20_000
_ROUNDS = 50


@dataclass(frozen=True)
class TwoLevels:
    """Two levels of a record; ``high`` has the larger magnitude of the mean."""

    low: float
    high: float
    noise: float  #: fast noise of a sample, standard deviation
    left: float  #: standard deviation about the two levels
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
    separation = high - low
    if noise <= 0.0 or separation < LEAST_SEPARATION * noise:
        return None
    states = _with_hysteresis(values, 0.5 * (low + high), _HYSTERESIS * separation)
    least = max(3, _LEAST_SHARE * values.size)
    if min(states.sum(), (~states).sum()) < least:
        return None
    left = _left(values, states, low, high, noise)
    if left is None or left > MOST_LEFT * noise:
        return None
    if abs(low) > abs(high):   # at negative bias, the state of more current is the lower number
        return TwoLevels(high, low, noise, left, ~states)
    return TwoLevels(low, high, noise, left, states)


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
    """Return (samples in low, low -> high, samples in high, high -> low) of one record, last sample left out."""
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
    for draws, one, seen in ((drawn[0], best[0], rises), (drawn[1], best[1], falls)):
        low, high = (float(end) for end in np.quantile(draws, (0.025, 0.975)))
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
    """
    both = p + q
    rate = np.where(both < 1.0, -np.log1p(-np.minimum(both, 1 - 1e-12)), np.inf) / interval
    with np.errstate(divide="ignore"):
        return np.where(np.isfinite(rate), both / (p * rate), 0.0), np.where(np.isfinite(rate), both / (q * rate), 0.0)


def amplitude_interval(found: TwoLevels) -> float:
    """Return half of the 95 % interval of the amplitude by the noise of both levels."""
    counts = np.array([found.states.sum(), (~found.states).sum()], dtype=np.float64)
    return float(NORMAL_95 * found.left * np.sqrt(np.sum(1.0 / counts)))

