"""Whether a noisy series steps up at one place: a change that noise, trend and one wild reading cannot make.

The test compares the mean of the last ``m`` readings before a gap with that of the first ``m`` after it, at many
``m`` (short windows find large steps among few readings, long ones small steps among much noise). The step must be
there as well, if less surely, when from each side the reading that speaks most for it is left out, so that no single
reading decides. The noise is the record's own (:mod:`tsbench.analysis.threshold.reading_noise`), on both sides of the
gap and over the whole series.
"""

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray
from tsbench.samples import median

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
_AT_ONCE = 100_000  #: readings times windows that are compared at once, for the memory they take


@dataclass(frozen=True)
class LevelStep:
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


def is_sharp(series: FloatArray, step: LevelStep, *, may_bend: bool = True) -> bool:
    """Whether two levels fit the readings around a step far better than a line does, in some window around it.

    A step of size J among 2 r readings with noise s leaves squares of r J^2 / 8 about its line, so a difference D of
    the squares, in squares of the noise, takes r = 8 D (s / J)^2. Windows of up to twice that are tried, for noise may
    hide it among so many, and shorter ones, for another event may be near. In longer ones a smooth bend looks like a
    step; where the series has none (``may_bend`` False, a difference of two curves), twice as long ones are tried.

    Parameters
    ----------
    series : in any unit, shape (n,)
    step : of this series
    may_bend : whether the series may have a smooth bend
    """
    enough = math.ceil(16.0 * _SHARP * (step.noise / step.size) ** 2)
    longest = min(max(_FEWEST_LEVEL, enough) * (1 if may_bend else 2), WINDOWS[-1])
    reaches = (*(reach for reach in WINDOWS if _FEWEST_LEVEL <= reach < longest), longest)
    return any(_two_levels_fit(series, step, reach) for reach in reaches)


def _two_levels_fit(series: FloatArray, step: LevelStep, reach: int) -> bool:
    """Whether two levels of ``reach`` readings at most fit far better than a line, without one that is wild."""
    left, right = series[max(step.before - reach + 1, 0) : step.before + 1], series[step.after : step.after + reach]
    if min(left.size, right.size) < _FEWEST_LEVEL:
        return False
    low, high = median(left), median(right)
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
) -> list[LevelStep]:
    """Return every place where ``series`` steps up beyond noise and drift, the surest of each place.

    Parameters
    ----------
    series : shape (n,)
    noise : of one reading up to each index and from each index on, from
        :func:`tsbench.analysis.threshold.reading_noise.noise_around`
    drift : what a smooth curve may have risen by up to each reading at most, non-decreasing, shape (n,); None: 0
    least_size : what a step must exceed
    least_noises : and how many standard deviations of one reading, where that is less than ``LARGE``
    """
    n = series.size
    if n < 4:
        return []
    drift = np.zeros(n) if drift is None else drift
    windows = np.array([window for window in WINDOWS if window <= max(n - 3, 2)])
    at_once = max(1, _AT_ONCE // n)
    best = np.zeros((6, n))  # of the step at each place: what is sure of it, and what a LevelStep holds
    for first in range(0, windows.size, at_once):
        some = windows[first : first + at_once]
        left = _side(series, drift, noise[0], some)
        right = _side(-series[::-1], -drift[::-1], noise[1][::-1], some).mirrored()
        found = [
            _compared(left.at(slice(1, n - skip - 1)), right.at(slice(1 + skip, n - 1)), least_size, least_noises)
            for skip in (1, 2)]
        for k, window in enumerate(some.tolist()):
            for skip, (size, sigmas, worst, enough) in enumerate(found, 1):
                at = np.flatnonzero(enough[k])
                if at.size:
                    _keep_surer(best, at + 1, skip, window, size[k, at], sigmas[k, at], worst[at])
    return [
        LevelStep(place, place + int(skip), size, sigmas, int(window), worst)
        for place, (skip, size, sigmas, window, worst) in zip(
            np.flatnonzero(best[0]).tolist(), best[1:, best[0] > 0].T.tolist(), strict=True)]


def _keep_surer(
    best: FloatArray, place: npt.NDArray[np.int64], skip: int, window: int, size: FloatArray, sigmas: FloatArray,
    worst: FloatArray,
) -> None:
    """Put into ``best`` the steps of some places that are surer than what it holds."""
    sure = size * (1.0 - 3.0 / sigmas)
    # a reading in between is believed in where leaving it out makes the step clearly larger
    margin = np.where((best[1, place] == 1) & (skip == 2), 3.0 * worst, 0.0)
    better = sure > best[0, place] + margin
    rows = np.empty((6, place.size))
    rows[0], rows[1], rows[2], rows[3], rows[4], rows[5] = sure, skip, size, sigmas, window, worst
    best[:, place[better]] = rows[:, better]


def surest(found: Iterable[LevelStep]) -> Change:
    """Return the readings (last before, first after) of the surest of some steps, None where there is none."""
    best = max(found, key=lambda step: step.sure, default=None)
    return None if best is None else (best.before, best.after)


@dataclass(frozen=True)
class _Side:
    """The readings up to each one, in windows of some sizes; arrays of shape (sizes, n)."""

    mean: FloatArray
    without: FloatArray  #: mean without the reading that favours a step most: the lowest before it, the highest after
    drift: FloatArray  #: mean of the drift
    drift_without: FloatArray
    deviation: FloatArray  #: standard deviation of the mean
    deviation_without: FloatArray
    noise: FloatArray  #: of one reading, shape (n,)

    def at(self, places: slice) -> "_Side":
        """Return some of them."""
        return _Side(*(values[..., places] for values in vars(self).values()))

    def mirrored(self) -> "_Side":
        """Return the readings from each one on, of those of the series that is turned round and upside down."""
        return _Side(
            -self.mean[:, ::-1], -self.without[:, ::-1], -self.drift[:, ::-1], -self.drift_without[:, ::-1],
            self.deviation[:, ::-1], self.deviation_without[:, ::-1], self.noise[::-1])


def _side(series: FloatArray, drift: FloatArray, noise: FloatArray, windows: npt.NDArray[np.int64]) -> _Side:
    """Return the readings that end at each one, in windows of ascending sizes; at the beginning there are fewer."""
    end = np.arange(1, series.size + 1)
    number = np.minimum(end, windows[:, None])
    fewer = np.maximum(number - 1, 1)
    sums, drifts = (np.concatenate(([0.0], np.cumsum(values))) for values in (series, drift))
    total, moved = sums[1:] - sums[end - number], (drifts[1:] - drifts[end - number]) / number
    without, moved_without = (total - _lowest(series, windows)) / fewer, moved.copy()
    # of two readings the one that is left is mostly the one beside the gap, with its own drift
    beside, beside_drift = (np.concatenate((values[:1], values[:-1])) for values in (series, drift))
    without[windows <= 2] = np.maximum(series, beside)
    moved_without[windows <= 2] = np.where(beside > series, beside_drift, drift)
    return _Side(
        total / number, without, moved, moved_without, noise / np.sqrt(number), noise / np.sqrt(fewer), noise)


def _lowest(series: FloatArray, windows: npt.NDArray[np.int64]) -> FloatArray:
    """Return the lowest reading of the windows that end at each one, shape (sizes, n)."""
    lowest, width, made = series, 1, []
    for window in windows.tolist():
        while width < window:  # two windows that overlap, or touch, make one of the next size
            more = min(width, window - width)
            lowest = np.concatenate((lowest[:more], np.minimum(lowest[more:], lowest[:-more])))
            width += more
        made.append(lowest)
    return np.array(made)


def _compared(
    left: _Side, right: _Side, least_size: float, least_noises: float
) -> tuple[FloatArray, FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    """Return (step beyond the drift without one reading, over its deviation, noise of one reading, whether it is one).

    Arrays of shape (sizes, gaps), the noise (gaps,).
    """
    worst = np.maximum(left.noise, right.noise)
    size = right.without - left.without - np.maximum(right.drift_without - left.drift_without, 0.0)
    sigmas = size / np.maximum(np.hypot(left.deviation_without, right.deviation_without), 1e-12)
    whole = right.mean - left.mean - np.maximum(right.drift - left.drift, 0.0)
    enough = whole >= LEAST_SIGMAS * np.maximum(np.hypot(left.deviation, right.deviation), 1e-12)
    enough &= (sigmas >= LEAST_WITHOUT) & (size >= np.maximum(np.minimum(LARGE, least_noises * worst), least_size))
    return size, sigmas, worst, enough


def median_of_three(series: FloatArray) -> FloatArray:
    """Return the running median of three readings, without which one wild reading bends a curve; shape (n,).

    Parameters
    ----------
    series : in any unit, shape (n,)
    """
    if series.size == 0:
        return series
    padded = np.concatenate((series[:1], series, series[-1:]))
    before, here, after = padded[:-2], padded[1:-1], padded[2:]
    made: FloatArray = np.maximum(np.minimum(before, here), np.minimum(np.maximum(before, here), after))
    return made


def lasting_changes(series: FloatArray) -> FloatArray:
    """Return the change over each gap that two readings on either side confirm, shape (n - 1,); one at the ends.

    Parameters
    ----------
    series : in any unit, shape (n,)
    """
    before = np.maximum(series, np.concatenate((series[:1], series[:-1])))
    after = np.minimum(series, np.concatenate((series[1:], series[-1:])))
    changes: FloatArray = after[1:] - before[:-1]
    return changes
