"""The height from which on a rise and fall is a spike, in noise that need not be white.

The least change of :mod:`.turning` is beyond white noise. Noise with memory (behind a low pass, 1/f) changes little
from sample to sample and much over some samples, so it goes beyond that level. Where the scatter over some samples says
that it may, the number of turning points is counted for higher levels. Noise makes fewer of them the higher the level
is, and spikes that stand out of it make the same number for all levels between the noise and the lowest spike: a
plateau. A level on it is used. Without one, noise and spikes are not told apart, and the spikes are in doubt.
"""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.oscillation.samples import SampleSource
from tsbench.analysis.oscillation.turning import SearchScale, Turns, least_change
from tsbench.records import FloatArray
from tsbench.samples import noise_of, quantile

#: a plateau is this factor of the level long. It is looked for in steps by a smaller factor, of which five are longer
_WIDE, _STEP, _STEPS = 1.25, 1.05, 5
#: share of the turning points that may be lost on a plateau
_LOST = 0.002
#: fewer spikes above a plateau may be the few largest excursions of the noise, whose heights differ by chance
_FEWEST_ABOVE = 12
#: below a plateau, a level that is higher by two steps leaves at most this share of what noise makes: noise becomes
#: rare with its height. Spikes of a second, smaller height do not
_FALLS, _FALLS_OVER = 0.5, 2
#: fewer turning points below a plateau do not show how they become rare; they may be as many as this share of the rest
_FEW, _FEW_OF = 6, 0.01
#: spikes up to this factor above the least height are near it; above this share of them, others may be below it
_NEAR, _MANY_NEAR = 1.15, 0.01
#: scatter over some samples, of that of neighbours, up to which noise is white: the error of both
_WHITE = 1.15
#: steps [means] over which the scatter is taken, of how many samples in the middle, and how many means are needed
_LAGS, _STRETCH, _FEWEST_MEANS = (2, 4, 8, 16, 32), 2**17, 32
#: means in a stretch that may be quiet, how many stretches are needed, the share that is quiet, and the standard
#: deviation at this quantile in white noise (chi distribution of 15 degrees of freedom)
_QUIET, _FEWEST_STRETCHES, _QUIETEST, _OF_WHITE = 16, 16, 0.1, 0.755


@dataclass(frozen=True)
class SearchLevel:
    """The least change [unit] of a spike, and what is in doubt."""

    least: float
    doubtful: bool = False  #: noise may make more than that
    missing: bool = False  #: so many spikes are hardly larger than that, that others may be smaller


def search_level(samples: SampleSource, scale: SearchScale, turns: Turns, least: float) -> SearchLevel:
    """Return the level that tells the spikes of a record from its noise.

    Parameters
    ----------
    samples : the record
    scale : by which it was searched
    turns : its turning points beyond ``least``
    least : [unit] level that white noise does not reach, and a tenth of the swing
    """
    if turns.beyond(_WIDE * least).places.size >= _kept(_inner(turns)):
        return SearchLevel(least)
    if not _may_reach(samples, scale, least):
        return SearchLevel(least, missing=least <= scale.least and _ends_at(turns, least))
    counts = _counts(turns, least)
    for first in range(counts.size - _STEPS):
        count = counts[first]
        if count < 2 * _FEWEST_ABOVE:
            break
        if counts[first + _STEPS] >= _kept(count):
            if not _becomes_rare(counts[: first + 1]):
                break
            return SearchLevel(least * _STEP ** (first + _STEPS))
    return SearchLevel(least, doubtful=True)


def _ends_at(turns: Turns, least: float) -> bool:
    """Return whether the heights of the spikes go on down to the least one, where the noise ends them."""
    inner = _inner(turns)
    return inner - _inner(turns.beyond(_NEAR * least)) > max(_FEW, _MANY_NEAR * inner)


def _inner(turns: Turns) -> int:
    """Return how many turning points there are; the first and the last edge may be parts of one, and do not count."""
    return max(turns.places.size - 2, 0)


def _kept(count: float) -> float:
    """Return how many turning points a higher level on a plateau leaves at least."""
    return (1.0 - _LOST) * count


def _counts(turns: Turns, least: float) -> FloatArray:
    """Return how many turning points there are beyond each level from ``least`` on, in steps of :data:`_STEP`."""
    counts = [float(turns.places.size)]
    while counts[-1] >= 2 * _FEWEST_ABOVE:
        turns = turns.beyond(least * _STEP ** len(counts))
        counts.append(float(turns.places.size))
    return np.array(counts)


def _becomes_rare(counts: FloatArray) -> bool:
    """Return whether what is below a plateau becomes rare as noise does; ``counts`` up to its begin, shape (n,)."""
    excess = counts - counts[-1]
    few = max(_FEW, _FEW_OF * counts[-1])
    before, after = excess[:-_FALLS_OVER], excess[_FALLS_OVER:]
    return bool((after <= np.maximum(_FALLS * before, few)).all())


def _may_reach(samples: SampleSource, scale: SearchScale, least: float) -> bool:
    """Return whether noise with the scatter that the record has over some samples may reach ``least``."""
    length = min(samples.size, _STRETCH) // scale.width * scale.width
    begin = (samples.size - length) // 2
    means = np.asarray(samples.part(begin, begin + length)).reshape(-1, scale.width).mean(axis=1)
    noise = max((noise_of(means[::lag]) for lag in _LAGS if means.size >= _FEWEST_MEANS * lag), default=0.0)
    reached = least_change(noise / _WHITE, samples.size // scale.width)
    return reached > least and _quiet_scatter(means) > _WHITE * scale.noise


def _quiet_scatter(means: FloatArray) -> float:
    """Return the standard deviation [unit] in the quietest stretches, where there is no spike; infinite of few means.

    White noise has that of neighbours there; spikes close to each other make no more of it.
    """
    if means.size < _QUIET * _FEWEST_STRETCHES:
        return math.inf
    stretches = means[: means.size // _QUIET * _QUIET].reshape(-1, _QUIET)
    return quantile(stretches.std(axis=1, ddof=1), _QUIETEST) / _OF_WHITE
