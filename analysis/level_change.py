"""Whether a noisy series steps up at one place: a change that noise, trend and one wild reading cannot make.

The test compares the mean of the last ``m`` readings before a gap with that of the first ``m`` after it, at many
``m`` (short windows find large steps among few readings, long ones small steps among much noise). The step must be
there as well, if less surely, when from each side the reading that speaks most for it is left out, so that no single
reading decides. The noise is the record's own (:mod:`tsbench.analysis.reading_noise`), on both sides of the gap and
over the whole series.
"""

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray

#: windows that are tried, in readings on each side
WINDOWS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
#: a step must exceed its standard deviation by this factor: with some 10^4 comparisons in a long record (places times
#: windows) fewer than one Gaussian record in 10^4 reaches it
LEAST_SIGMAS = 6.0
#: and by this one without the reading of each side that speaks most for it
LEAST_WITHOUT = 4.0
#: the last reading before a change, and the first after it; None: there is none
Change = tuple[int, int] | None
LARGE = math.log(2.0)  #: noise that is slower than the readings does not make this step
#: squares of the noise by which two levels must fit better than a line, and part of their own squares
_SHARP, _TWICE = 20.0, 0.5
_FEWEST_LEVEL = 3  #: readings that make a level
_WILD = 4.0  #: standard deviations from the median of a level beyond which a reading may be wild


@dataclass(frozen=True)
class Step:
    """The best supported step of a series."""

    before: int  #: index of the last reading on the old side
    after: int  #: index of the first on the new side; ``before + 2`` where one reading lies in between
    size: float  #: difference of the means, less the allowance, without the readings that speak most for it
    sigmas: float  #: over its standard deviation
    window: int  #: readings on each side that gave it
    noise: float  #: standard deviation of one reading there

    @property
    def sure(self) -> float:
        """The part of the size that noise of three standard deviations leaves."""
        return self.size * (1.0 - 3.0 / self.sigmas)


def is_sharp(series: FloatArray, step: Step, *, may_bend: bool = True) -> bool:
    """Whether two levels fit the readings around a step far better than a line does, in some window around it.

    A step of size J among 2 r readings with noise s leaves squares of r J^2 / 8 about its line, so a difference D of
    the squares, in squares of the noise, takes r = 8 D (s / J)^2. Windows of up to twice that are tried, for noise may
    hide it among so many, and shorter ones, for another event may be near. In longer ones a smooth bend looks like a
    step; where the series has none (``may_bend`` False, a difference of two curves), twice as long ones are tried.
    """
    enough = math.ceil(16.0 * _SHARP * (step.noise / step.size) ** 2)
    longest = min(max(_FEWEST_LEVEL, enough) * (1 if may_bend else 2), WINDOWS[-1])
    reaches = (*(reach for reach in WINDOWS if _FEWEST_LEVEL <= reach < longest), longest)
    return any(_two_levels_fit(series, step, reach) for reach in reaches)


def _two_levels_fit(series: FloatArray, step: Step, reach: int) -> bool:
    """Whether two levels of ``reach`` readings at most fit far better than a line, without one that is wild."""
    left, right = series[max(step.before - reach + 1, 0) : step.before + 1], series[step.after : step.after + reach]
    if min(left.size, right.size) < _FEWEST_LEVEL:
        return False
    low, high = _median(left), _median(right)
    both, border = np.concatenate((left - low, right - high)), left.size
    place = _places(left.size, right.size, step.after - step.before)
    worst = int(np.abs(both).argmax())
    if abs(both[worst]) > _WILD * step.noise:
        both, place, border = np.delete(both, worst), np.delete(place, worst), border - (worst < border)
    levels = _about_mean(both[:border]) + _about_mean(both[border:])
    both[border:] += high - low
    place = place - place.sum() / place.size
    along = float(place @ both)
    line = _about_mean(both) - along * along / float(place @ place)
    return line - levels > max(_SHARP * step.noise**2, _TWICE * levels)


def _median(values: FloatArray) -> float:
    """As NumPy's, which takes ten times as long for a few readings."""
    ordered = np.sort(values)
    middle = values.size // 2
    return float(ordered[middle] if values.size % 2 else 0.5 * (ordered[middle - 1] + ordered[middle]))


def _about_mean(values: FloatArray) -> float:
    """Return the sum of squared deviations from the mean."""
    away = values - values.sum() / values.size
    return float(away @ away)


@functools.lru_cache(maxsize=1024)
def _places(left: int, right: int, gap: int) -> FloatArray:
    """Return the places of readings on both sides of a gap, the last one before it at 0."""
    return np.concatenate((np.arange(1.0 - left, 1.0), np.arange(float(gap), gap + right)))


def steps(
    series: FloatArray,
    noise: tuple[FloatArray, FloatArray],
    drift: FloatArray | None = None,
    least_size: float = 0.0,
    least_noises: float = 0.0,
) -> list[Step]:
    """Return every place where ``series`` steps up beyond noise and drift, the surest of each place.

    Parameters
    ----------
    series : shape (n,)
    noise : of one reading up to each index and from each index on, from :func:`noise_around`
    drift : what a smooth curve may have risen by up to each reading at most, non-decreasing, shape (n,); None: 0
    least_size : what a step must exceed
    least_noises : and how many standard deviations of one reading, where that is less than ``LARGE``
    """
    n = series.size
    if n < 4:
        return []
    before_noise, after_noise = noise
    drift = np.zeros(n) if drift is None else drift
    best: dict[int, Step] = {}
    everywhere = np.arange(n)
    for window in WINDOWS:
        if window > max(n - 3, 2):
            break
        lefts, rights = (_side(series, drift, everywhere, window, sign) for sign in (-1, 1))
        for skip in (1, 2):
            k = slice(1, n - skip - 1)
            left, right = lefts.at(k), rights.at(slice(1 + skip, n - 1))
            size, sigmas = _compared(
                left.without, right.without, left, right, before_noise[k], after_noise[1 + skip : n - 1], 1)
            _, all_sigmas = _compared(
                left.mean, right.mean, left, right, before_noise[k], after_noise[1 + skip : n - 1], 0)
            least = np.minimum(LARGE, least_noises * np.maximum(before_noise[k], after_noise[1 + skip : n - 1]))
            enough = (all_sigmas >= LEAST_SIGMAS) & (sigmas >= LEAST_WITHOUT) & (size >= np.maximum(least, least_size))
            for at in np.flatnonzero(enough):
                place = int(at) + 1
                worst = float(max(before_noise[place], after_noise[place + skip]))
                step = Step(place, place + skip, float(size[at]), float(sigmas[at]), window, worst)
                # a reading in between is believed in where leaving it out makes the step clearly larger
                margin = 3.0 * worst if skip == 2 and place in best and best[place].after == place + 1 else 0.0
                if place not in best or step.sure > best[place].sure + margin:
                    best[place] = step
    return [best[place] for place in sorted(best)]


def surest(found: Iterable[Step]) -> Change:
    """Return the readings (last before, first after) of the surest of some steps, None where there is none."""
    best = max(found, key=lambda step: step.sure, default=None)
    return None if best is None else (best.before, best.after)


@dataclass(frozen=True)
class _Side:
    """The readings on one side of each of some gaps; arrays of shape (gaps,)."""

    mean: FloatArray
    without: FloatArray  #: mean without the reading that favours a step most: the lowest before it, the highest after
    drift: FloatArray  #: mean of the drift
    drift_without: FloatArray
    number: FloatArray

    def at(self, places: slice) -> "_Side":
        """Return some of them."""
        return _Side(
            self.mean[places], self.without[places], self.drift[places], self.drift_without[places],
            self.number[places])


def _side(series: FloatArray, drift: FloatArray, at: npt.NDArray[np.int64], window: int, sign: int) -> _Side:
    """Return ``window`` readings that end (sign -1) or begin (1) at each of ``at``."""
    n, size = series.size, window - 1
    first, last = (at - size, at) if sign < 0 else (at, at + size)
    first, last = np.maximum(first, 0), np.minimum(last, n - 1)
    number = (last - first + 1).astype(np.float64)
    sums, drifts = (np.concatenate(([0.0], np.cumsum(values))) for values in (series, drift))
    total, moved = sums[last + 1] - sums[first], (drifts[last + 1] - drifts[first]) / number
    wide = max(window, 2)
    pad = np.full(wide - 1, np.inf if sign < 0 else -np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(
        np.concatenate((pad, series) if sign < 0 else (series, pad)), wide)
    extreme = (windows.min(axis=1) if sign < 0 else windows.max(axis=1))[at]
    if window > 2:
        return _Side(total / number, (total - extreme) / np.maximum(number - 1, 1), moved, moved, number)
    # of two readings the one that is left is mostly the one beside the gap
    other = windows.max(axis=1)[at] if sign < 0 else windows.min(axis=1)[at]
    beside = np.clip(at + sign, 0, n - 1)
    chosen = np.where(other == series[at], at, beside)  # the drift up to the reading that is left
    return _Side(total / number, other, moved, drift[chosen], number)


def _compared(
    before: FloatArray, after: FloatArray, left: _Side, right: _Side, before_noise: FloatArray,
    after_noise: FloatArray, without: int,
) -> tuple[FloatArray, FloatArray]:
    """Return (step beyond the drift, the same over its standard deviation)."""
    drift = right.drift_without - left.drift_without if without else right.drift - left.drift
    size = after - before - np.maximum(drift, 0.0)
    deviation = np.hypot(
        before_noise / np.sqrt(np.maximum(left.number - without, 1)),
        after_noise / np.sqrt(np.maximum(right.number - without, 1)))
    return size, size / np.maximum(deviation, 1e-12)


def median_of_three(series: FloatArray) -> FloatArray:
    """Return the running median of three readings, without which one wild reading bends a curve; shape (n,)."""
    if series.size == 0:
        return series
    padded = np.concatenate((series[:1], series, series[-1:]))
    made: FloatArray = np.median(np.lib.stride_tricks.sliding_window_view(padded, 3), axis=1)
    return made


def lasting_changes(series: FloatArray) -> FloatArray:
    """Return the change over each gap that two readings on either side confirm, shape (n - 1,); one at the ends."""
    before = np.maximum(series, np.concatenate((series[:1], series[:-1])))
    after = np.minimum(series, np.concatenate((series[1:], series[-1:])))
    changes: FloatArray = after[1:] - before[:-1]
    return changes
