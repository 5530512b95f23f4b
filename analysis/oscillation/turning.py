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
    Places,
    extremes,
    fresh_state,
    means_of_fours,
    means_of_pairs,
    suspects_of_part,
    turns_of_part,
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
_NUMBER, _STRETCHES, _WIDTHS = 3, (2**14, 2**18), 5
#: spikes by which a width can be chosen
_ENOUGH = 12
#: share of the most spikes that a width must show
_NEARLY_ALL = 0.98
#: factor by which all but the smallest twentieth of the spikes should exceed the least
_CLEAR = 1.4
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

    def beyond(self, least: float) -> "Turns":
        """Return those between which the record changes by more than ``least``."""
        kept = reversals(self.levels, least)
        return replace(self, places=self.places[kept], levels=self.levels[kept], suspect=self.suspect[kept])

    @property
    def signs(self) -> FloatArray:
        """Return +1 for a top and -1 for a valley, shape (n,)."""
        first = 1.0 if self.levels.size > 1 and self.levels[0] > self.levels[1] else -1.0
        signs: FloatArray = first * np.where(np.arange(self.levels.size) % 2, -1.0, 1.0)
        return signs


def nearer_levels(levels: FloatArray, signs: FloatArray) -> FloatArray:
    """Return the level of that of both neighbours which is nearer, of all turning points but both ends, (n - 2,)."""
    found: FloatArray = signs[1:-1] * np.maximum(signs[1:-1] * levels[:-2], signs[1:-1] * levels[2:])
    return found


def least_change(noise: float, count: int) -> float:
    """Return the change [unit] that white noise of ``count`` samples makes with a probability of 0.1 % at most."""
    if count < 2:
        return math.inf
    tail = NormalDist().inv_cdf(_BY_CHANCE / count**2)
    return -math.sqrt(2.0) * tail * _NOISE_FACTOR * noise


def turns_of(samples: SampleSource, width: int, least: float, compiled: bool, number: int = PARTS) -> Turns:
    """Return the turning points of the means of ``width`` samples (a power of two), and the extremes of some parts."""
    size = samples.size // width * width
    if size < 2 * width:
        return Turns(np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty(0), 0.0, np.empty(0, bool))
    if compiled:
        return _turns_by_parts(samples, width, least, size, number)
    means = _means(samples.part(0, size), width)
    kept = reversals(means, least)
    starts = np.arange(0, means.size, max(1, -(-means.size // number)))
    return Turns(kept * width + width // 2, means[kept],
                 np.minimum.reduceat(means, starts), np.maximum.reduceat(means, starts), float(means.sum()) * width,
                 np.ones(kept.size, bool))


def _turns_by_parts(samples: SampleSource, width: int, least: float, size: int, number: int) -> Turns:
    step = max(1, min(PART, -(-size // number)) // (BLOCK * width)) * BLOCK * width
    search, state = _PartSearch(step, width), np.empty(0)
    places, levels, suspects, lows, highs, total = [], [], [], [], [], 0.0
    for first in range(0, size, step):
        part = samples.part(first, min(first + step, size))
        values = search.means(part)
        if not state.size:
            state = fresh_state(values[0])
        some, there, low, high, added = search.turns(values, first // width, least, state)
        places.append(some)
        levels.append(there)
        suspects.append(search.suspects(part, first, some, there))
        lows.append(low)
        highs.append(high)
        total += added
    if state[DIRECTION] != 0.0:   # the last extreme: the record ends near it
        at, level = (HIGH_AT, HIGH) if state[DIRECTION] > 0.0 else (LOW_AT, LOW)
        places.append(np.array([int(state[at])]))
        levels.append(np.array([float(state[level])]))
        suspects.append(np.ones(1, bool))
    starts = np.arange(0, len(lows), max(1, -(-len(lows) // number)))
    return Turns(
        np.concatenate(places) * width + width // 2, np.concatenate(levels),
        np.minimum.reduceat(lows, starts), np.maximum.reduceat(highs, starts), total * width,
        np.concatenate(suspects))


class _PartSearch:
    """The loops over one part of a record. Their memory is used again for the next part, since new memory is slow."""

    def __init__(self, step: int, width: int) -> None:
        shift = width.bit_length() - 1   # by fours as far as that goes: one pass less
        factors = [4] * (shift // 2) + [2] * (shift % 2)
        sizes = step // np.cumprod(factors, dtype=int)
        self._fewer = [(compiled_loop(means_of_fours if factor == 4 else means_of_pairs), factor, np.empty(size))
                       for factor, size in zip(factors, sizes, strict=True)]
        count = step // width
        self._low, self._high = np.empty(count // BLOCK), np.empty(count // BLOCK)
        self._places, self._levels = np.empty(count, np.int64), np.empty(count)
        self._extremes, self._turns = compiled_loop(extremes), compiled_loop(turns_of_part)
        self._width, self._suspects = width, compiled_loop(suspects_of_part)

    def means(self, values: FloatArray) -> FloatArray:
        """Return the means of the width."""
        for loop, factor, memory in self._fewer:
            means = memory[: values.size // factor]
            loop(values, means)
            values = means
        return values

    def turns(
        self, values: FloatArray, first: int, least: float, state: FloatArray,
    ) -> tuple[Places, FloatArray, float, float, float]:
        """Return (places, levels) of turning points, lowest, highest and sum of all values."""
        blocks = values.size // BLOCK
        low, high, rest = self._low[:blocks], self._high[:blocks], values[blocks * BLOCK :]
        total = self._extremes(values, low, high)
        count = self._turns(values, low, high, first, least, state, self._places, self._levels)
        lowest = min(low.min(initial=math.inf), rest.min(initial=math.inf))
        highest = max(high.max(initial=-math.inf), rest.max(initial=-math.inf))
        return (self._places[:count].copy(), self._levels[:count].copy(), float(lowest), float(highest),
                float(total + rest.sum()))

    def suspects(
        self, part: FloatArray, first: int, places: Places, levels: FloatArray,
    ) -> npt.NDArray[np.bool_]:
        """Return which turning points one sample alone may make, while the part is at hand."""
        found = np.empty(places.size, bool)
        self._suspects(part, first, places, levels, self._width, found)
        return found


def _means(values: FloatArray, width: int) -> FloatArray:
    means: FloatArray = values[: values.size // width * width].reshape(-1, width).mean(axis=1) if width > 1 else values
    return means


def scale_of(samples: SampleSource, resolution: float = 0.0) -> SearchScale:
    """Return the width of the means by which a record should be searched, by parts of it or all of it."""
    size = samples.size
    if size < LONG:
        return _best(_tried(samples.part(0, size), size, resolution, False))
    for length in _STRETCHES:
        if size < 4 * length:
            break
        firsts = (size * (np.arange(_NUMBER) + 0.5) / _NUMBER).astype(int) - length // 2
        # one behind the other: each seam may look like half a spike
        values = np.concatenate([samples.part(first, first + length) for first in firsts])
        tried = _tried(values, size, resolution, True)
        if max(one.count for one in tried[:_WIDTHS]) >= _ENOUGH:
            best = _best(tried[:_WIDTHS])
            # means of four are searched in less time than single samples, and where they show spikes as well, they do
            # so in less noise
            fours = tried[2]
            same = best.width < fours.scale.width and fours.count >= max(one.count for one in tried[:2])
            return fours.scale if same and fours.clear >= max(one.clear for one in tried[:2]) else best
    scales = [one.scale for one in tried if one.scale.width in _COARSE]
    return _best([_Tried.of(turns_of(samples, scale.width, scale.least, compiled=True), scale) for scale in scales])


def _tried(values: FloatArray, size: int, resolution: float, compiled: bool) -> list["_Tried"]:
    """Return what widths of 1, 2, 4, ... samples show in some samples of a record of ``size``."""
    found: list[_Tried] = []
    raw = 0.0
    while not found or values.size >= _FEWEST_MEANS:
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
        swing = median(turns.highs) - median(turns.lows) if turns.lows.size else 0.0
        if LEAST_SHARE * swing > scale.least:
            turns = turns.beyond(LEAST_SHARE * swing)
        return cls(scale, max(0, (turns.places.size - 1) // 2), _clearness(np.abs(np.diff(turns.levels)), scale.least))


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
