"""Turning points of a record that noise cannot make, at the width of running means that shows most of them.

White noise gives N samples a range that exceeds T standard deviations with a probability of N^2 Q(T / sqrt 2) at most,
by the number of pairs of samples and the tail Q of the normal distribution. A turning point counts where the record
goes back by so much that this is 0.1 %. Means of w samples have less noise, but flatten what is narrower than they are.
So the means of 1, 2, 4, ... samples are tried on parts of the record. The narrowest that show as many spikes as any
do, each well above the noise, are used.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from tsbench.analysis.compilation import LONG
from tsbench.analysis.compilation import compiled as compiled_loop
from tsbench.analysis.oscillation.loops import (
    BLOCK,
    DIRECTION,
    HIGH,
    HIGH_AT,
    LOW,
    LOW_AT,
    TILE,
    Places,
    fresh_state,
    search_part,
)
from tsbench.analysis.oscillation.samples import PART, ArraySamples, SampleSource
from tsbench.analysis.reversals import reversals
from tsbench.records import FloatArray
from tsbench.samples import median, noise_of, quantile

#: probability that the noise of a record makes a turning point; and the error of the estimated noise
_BY_CHANCE, _NOISE_FACTOR = 1e-3, 1.1
#: share of the swing of the record that a spike has at least: less is the ripple of something else
LEAST_SHARE = 0.1
#: parts of a record whose extremes are compared
PARTS = 16
#: means at least, so that their noise is known; and means that are enough for it
_FEWEST_MEANS, _MOST_MEANS = 64, 4096
#: stretches by which the width is chosen, their samples at first and if they show few spikes, and widths that are tried
_NUMBER, _STRETCHES, _WIDTHS = 3, (2**14, 2**15, 2**16, 2**18), 5
#: spikes by which a width can be chosen
_ENOUGH = 12
#: share of the most spikes that a width must show
_NEARLY_ALL = 0.98
#: factor by which all but the smallest twentieth of the spikes should exceed the least
_CLEAR = 1.4
#: factor by which means of sixteen samples must be clearer than those of four: spikes that they flatten are not
_CLEARER = 1.2
#: widths that are tried on the whole record where its parts show few spikes
_COARSE = (1, 4, 16, 64, 256)


@dataclass(frozen=True)
class SearchScale:
    """Width of the means [samples] by which a record is searched, and their noise [unit], standard deviation."""

    width: int
    noise: float
    least: float  #: [unit] change that noise does not make in the record
    raw_noise: float  #: [unit] of single samples


@dataclass(frozen=True)
class Turns:
    """Turning points, and the extremes of sixteen parts of the record."""

    places: Places  #: [samples] shape (n,), ascending: of the middle of the mean
    levels: FloatArray  #: [unit] means there, shape (n,)
    lows: FloatArray  #: [unit] lowest and highest mean of each part, shape (16,) or fewer
    highs: FloatArray
    sum: float  #: of all samples; not finite where one is not
    suspect: npt.NDArray[np.bool_]  #: a single sample may have made it, shape (n,)
    #: [samples] where the record passes half of the way to the next one, by the likely edges; NaN: not known, (n,)
    halfway: FloatArray

    def beyond(self, least: float) -> "Turns":
        """Return those between which the record changes by more than ``least``.

        Parameters
        ----------
        least : in the unit of the record
        """
        if self.levels.size < 2 or np.abs(np.diff(self.levels)).min() > least:
            return self
        kept = reversals(self.levels, least)
        halfway = np.where(np.diff(kept, append=-1) == 1, self.halfway[kept], math.nan)
        return replace(self, places=self.places[kept], levels=self.levels[kept], suspect=self.suspect[kept],
                       halfway=halfway)

    @property
    def signs(self) -> FloatArray:
        """Return +1 for a top and -1 for a valley, shape (n,)."""
        first = 1.0 if self.levels.size > 1 and self.levels[0] > self.levels[1] else -1.0
        signs: FloatArray = first * np.where(np.arange(self.levels.size) % 2, -1.0, 1.0)
        return signs


@dataclass(frozen=True)
class LikelyEdges:
    """How the edges of a record are probably timed: this is done while the samples are at hand, to read them once."""

    sign: float  #: +1 for rises and -1 for falls
    half: int  #: means of 2 half + 1 samples are used
    back: float  #: share of the height from which on the middle is looked for


def nearer_levels(levels: FloatArray, signs: FloatArray) -> FloatArray:
    """Return the level of that of both neighbours which is nearer, of all turning points but both ends, (n - 2,).

    Parameters
    ----------
    levels : the record at the turning points, shape (n,), in its unit
    signs : +1 for a top and -1 for a valley, shape (n,)
    """
    found: FloatArray = signs[1:-1] * np.maximum(signs[1:-1] * levels[:-2], signs[1:-1] * levels[2:])
    return found


def least_change(noise: float, count: int) -> float:
    """Return the change [unit] that white noise of ``count`` samples makes with a probability of 0.1 % at most.

    Parameters
    ----------
    noise : [unit] standard deviation of one sample
    count : number of samples
    """
    if count < 2:
        return math.inf
    tail = NormalDist().inv_cdf(_BY_CHANCE / count**2)
    return -math.sqrt(2.0) * tail * _NOISE_FACTOR * noise


def turns_of(
    samples: SampleSource, width: int, least: float, compiled: bool, number: int = PARTS,
    likely: LikelyEdges | None = None,
) -> Turns:
    """Return the turning points of the means of ``width`` samples (a power of two), and the extremes of some parts.

    Parameters
    ----------
    samples : the record
    width : samples of a mean
    least : change between two turning points, in the unit of the record
    compiled : whether the record is searched part by part, by compiled loops
    number : parts of which the extremes are returned, at most
    likely : how edges are timed on the way, by compiled loops only; None: they are not
    """
    size = samples.size // width * width
    if size < 2 * width:
        none = np.empty(0)
        return Turns(np.empty(0, np.int64), none, none, none, 0.0, np.empty(0, bool), none)
    if compiled:
        return _turns_by_parts(samples, width, least, size, number, likely)
    means = _means(samples.part(0, size), width)
    kept = reversals(means, least)
    starts = np.arange(0, means.size, max(1, -(-means.size // number)))
    return Turns(kept * width + width // 2, means[kept],
                 np.minimum.reduceat(means, starts), np.maximum.reduceat(means, starts), float(means.sum()) * width,
                 np.ones(kept.size, bool), np.full(kept.size, math.nan))


def _turns_by_parts(
    samples: SampleSource, width: int, least: float, size: int, number: int, likely: LikelyEdges | None,
) -> Turns:
    step = max(1, min(PART, -(-size // number)) // (BLOCK * width)) * BLOCK * width
    search = _PartSearch(step, width, least, likely)
    found, summaries = [], []
    for first in range(0, size, step):
        some, summary = search.through(samples.part(first, min(first + step, size)), first)
        found.append(some)
        summaries.append(summary)
    found.append(search.last())
    lows, highs, sums = np.array(summaries).T
    starts = np.arange(0, lows.size, max(1, -(-lows.size // number)))
    places, levels, suspects, halfway = (np.concatenate(one) for one in zip(*found, strict=True))
    return Turns(places * width + width // 2, levels, np.minimum.reduceat(lows, starts),
                 np.maximum.reduceat(highs, starts), float(sums.sum()) * width, suspects, halfway)


_Found = tuple[Places, FloatArray, npt.NDArray[np.bool_], FloatArray]  #: places, levels, suspect, halfway


class _PartSearch:
    """The loops over one part of a record. Their memory is used again for the next part, since new memory is slow."""

    def __init__(self, step: int, width: int, least: float, likely: LikelyEdges | None) -> None:
        tile, count = max(TILE, BLOCK * width), step // width
        self._memory = np.empty(tile + 2 * (tile // BLOCK))
        self._places, self._levels = np.empty(count, np.int64), np.empty(count)
        self._suspect, self._halfway = np.ones(count, bool), np.full(count, math.nan)
        self._timing = np.zeros(3) if likely is None else np.array([likely.sign, likely.half, likely.back])
        self._width, self._least, self._search = width, least, compiled_loop(search_part)
        self._state = np.empty(0)

    def through(self, part: FloatArray, first: int) -> tuple[_Found, FloatArray]:
        """Return the turning points in the next part, and (lowest, highest, sum) of its means."""
        if not self._state.size:
            self._state = fresh_state(float(part[: self._width].mean()))
        summary = np.array([math.inf, -math.inf, 0.0])
        count = self._search(part, first, self._width, self._least, self._timing, self._state, self._memory,
                             self._places, self._levels, self._suspect, self._halfway, summary)
        found = (self._places[:count].copy(), self._levels[:count].copy(), self._suspect[:count].copy(),
                 self._halfway[:count].copy())
        self._suspect[:count], self._halfway[:count] = True, math.nan
        return found, summary

    def last(self) -> _Found:
        """Return the last extreme, near which the record ends, or nothing."""
        count = int(self._state[DIRECTION] != 0.0)
        at, level = (HIGH_AT, HIGH) if self._state[DIRECTION] > 0.0 else (LOW_AT, LOW)
        return (np.full(count, int(self._state[at])), np.full(count, float(self._state[level])),
                np.ones(count, bool), np.full(count, math.nan))


def _means(values: FloatArray, width: int) -> FloatArray:
    means: FloatArray = values[: values.size // width * width].reshape(-1, width).mean(axis=1) if width > 1 else values
    return means


def scale_of(samples: SampleSource, resolution: float = 0.0) -> SearchScale:
    """Return the width of the means by which a record should be searched, by parts of it or all of it.

    Parameters
    ----------
    samples : the record
    resolution : one code of the digitiser, in the unit of the record
    """
    size = samples.size
    if size < LONG:
        return _best(_tried(samples.part(0, size), size, resolution, False))
    for length in _STRETCHES:
        if size < 4 * length:
            break
        firsts = (size * (np.arange(_NUMBER) + 0.5) / _NUMBER).astype(int) - length // 2
        # one behind the other: each seam may look like half a spike
        values = np.concatenate([samples.part(first, first + length) for first in firsts])
        tried = _tried(values, size, resolution, True, _WIDTHS)
        if max(one.count for one in tried) >= _ENOUGH:
            return _faster(tried, _best(tried))
    scales = [one.scale for one in _tried(values, size, resolution, True) if one.scale.width in _COARSE]
    return _best([_Tried.of(turns_of(samples, scale.width, scale.least, compiled=True), scale) for scale in scales])


def _faster(tried: Sequence["_Tried"], best: SearchScale) -> SearchScale:
    """Return wider means than the best where they show as much: they are searched in less time, and have less noise."""
    ones, twos, fours, _, sixteens = tried
    same = best.width <= 4 and fours.count >= max(ones.count, twos.count)
    if not same or fours.clear < max(ones.clear, twos.clear):
        return best
    wide = sixteens.count >= max(one.count for one in tried) and math.isfinite(sixteens.clear)
    return sixteens.scale if wide and sixteens.clear >= _CLEARER * fours.clear else fours.scale


def _tried(
    values: FloatArray, size: int, resolution: float, compiled: bool, most: int = 64,
) -> list["_Tried"]:
    """Return what widths of 1, 2, 4, ... samples, ``most`` of them, show in some samples of a record of ``size``."""
    found: list[_Tried] = []
    raw = 0.0
    while not found or (values.size >= _FEWEST_MEANS and len(found) < most):
        width = 2 ** len(found)
        noise = noise_of(values, resolution, _MOST_MEANS)
        raw = raw if found else noise
        noise = max(noise, raw / math.sqrt(width))  # not below that of white noise
        scale = SearchScale(width, noise, least_change(noise, size // width), raw)
        found.append(_Tried.of(turns_of(ArraySamples(values), 1, scale.least, compiled, number=1), scale))
        values = 0.5 * (values[: values.size // 2 * 2 : 2] + values[1::2])
    return found


@dataclass(frozen=True)
class _Tried:
    """What a width shows."""

    scale: SearchScale
    count: int  #: of spikes
    clear: float  #: factor by which all but the smallest twentieth of the swings exceed the least

    @classmethod
    def of(cls, turns: Turns, scale: SearchScale) -> "_Tried":
        swing = min(median(turns.highs) - median(turns.lows), largest_edge(turns)) if turns.lows.size else 0.0
        if LEAST_SHARE * swing > scale.least:
            turns = turns.beyond(LEAST_SHARE * swing)
        return cls(scale, max(0, (turns.places.size - 1) // 2), _clearness(np.abs(np.diff(turns.levels)), scale.least))


def largest_edge(turns: Turns) -> float:
    """Return the second largest rise or fall between turning points; infinite where there is no second one.

    A drift makes the range of a record larger than any spike, and not its edges. One wild sample makes the largest one.
    """
    edges = np.abs(np.diff(turns.levels))
    return float(np.partition(edges, -2)[-2]) if edges.size > 1 else math.inf


def _clearness(swings: FloatArray, least: float) -> float:
    if swings.size == 0:
        return 0.0
    return quantile(swings, 0.05) / least if least > 0.0 else math.inf


def _best(tried: Sequence[_Tried]) -> SearchScale:
    """Return the narrowest of the means that show nearly all spikes clearly; where none is clear, the clearest."""
    most = max(one.count for one in tried)
    good = [one for one in tried if one.count >= _NEARLY_ALL * most]
    clear = next((one for one in good if one.clear >= _CLEAR), None)
    return (clear or max(good, key=lambda one: one.clear)).scale
