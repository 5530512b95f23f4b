"""Whether a noisy series steps up at one place: a change that noise, trend and one wild reading cannot make.

The test compares the mean of the last ``m`` readings before a gap with that of the first ``m`` after it, at many
``m`` (short windows find large steps among few readings, long ones small steps among much noise). The step must be
there as well, if less surely, when from each side the reading that speaks most for it is left out, so that no single
reading decides. The noise is the record's
own: from second differences, in which a smooth curve cancels, on both sides of the gap and over the whole series.
"""

import math
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
#: second differences on one side from which on its own noise is judged
_ENOUGH = 6
_LOCAL = 24  #: second differences on each side that tell the local noise
#: the local noise of a stretch that happens to be quiet is not believed below this part of the whole series'
_QUIET = 0.8
#: the scale is read at this quantile of the second differences: two events and a wild reading spoil up to eight of them
_QUANTILE = 0.4
#: squares of the noise by which two levels must fit better than a line, and part of their own squares
_SHARP, _TWICE = 20.0, 0.5
FLOOR = 2.0  #: standard deviations of additive noise below which a reading tells nothing
#: standard deviation of the logarithm of readings that are raised to that floor: few exceed it (0.13), and more
AT_FLOOR = 0.2
_LOW = 0.3  #: quantile of the levels up to which readings tell additive noise
#: readings are averaged over blocks of at most so many, and at least this many blocks tell slow noise
_LONGEST_BLOCK, _BLOCKS = 8, 16
#: variance of a second difference of averages of 1/f noise, over 6, in its variance per factor e of frequency
_PINK = (24.0 * math.log(2.0) - 9.0 * math.log(3.0)) / 6.0
_NORMAL = 1.0 / 0.5244005127080407  #: standard deviation of Gaussian noise over that quantile of its absolute value


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


def second_differences(series: FloatArray, seen: npt.NDArray[np.bool_] | None = None) -> FloatArray:
    """Return the absolute second differences of the readings that were ``seen``, scaled to the noise of one."""
    deviation = np.abs(np.diff(series, 2)) / math.sqrt(6.0)
    if seen is None or deviation.size == 0:
        return deviation
    chosen: FloatArray = deviation[seen[:-2] & seen[1:-1] & seen[2:]]
    return chosen


def least_seen(values: FloatArray, level: FloatArray, noise: float = 0.0) -> float:
    """Return the magnitude below which a reading is lost in additive noise: two standard deviations of that.

    The noise is what the data sheet says (``noise``), or what the readings at the lowest levels show: their second
    differences, in which a smooth curve cancels, half a code of the digitiser, and readings of the wrong sign, which
    are noise or offset. All in the unit of ``values``, shape (n,).
    """
    values = np.asarray(values, dtype=np.float64)
    if values.size < 4:
        return FLOOR * noise
    low = level <= np.quantile(level, _LOW)
    own = second_differences(values, low)
    spread = float(_NORMAL * np.quantile(own, _QUANTILE) * _small_sample(own.size)) if own.size else 0.0
    apart = np.diff(np.unique(np.abs(values)))
    apart = apart[apart > 1e-9 * float(np.abs(values).max())]
    rounding = 0.5 * float(apart.min()) if apart.size else 0.0
    # noise alone goes to some three standard deviations on the wrong side; what is beyond is an offset
    wrong_side = 1.5 * max(0.0, -float(values.min()) - 3.0 * max(noise, spread, rounding))
    return max(FLOOR * max(noise, spread, rounding), wrong_side, 1e-9 * float(np.abs(values).max()))


def additive_noise(seen: FloatArray, floor: float, resolution: FloatArray) -> FloatArray:
    """Return the standard deviation by additive noise of the logarithm of readings raised to ``floor``; shape (n,)."""
    above = seen > floor
    share = np.hypot(floor / FLOOR, 0.5 * resolution) / np.where(above, seen, 1.0)
    least: FloatArray = np.where(above, np.minimum(share, 1.0), AT_FLOOR)
    return least


def is_sharp(series: FloatArray, step: Step) -> bool:
    """Whether two levels fit the readings around a step far better than a line does.

    Among as many readings as are needed to tell: a step of size J among 2 r readings with noise s leaves squares of
    r J^2 / 8 about its line, so r = 8 D (s / J)^2 for a difference D of the squares, in squares of the noise.
    """
    reach = int(min(max(3, math.ceil(16.0 * _SHARP * (step.noise / step.size) ** 2)), WINDOWS[-1]))
    left, right = series[max(step.before - reach + 1, 0) : step.before + 1], series[step.after : step.after + reach]
    if min(left.size, right.size) < 3:
        return False
    # without the reading that is furthest from its side: it may be the wild one
    away = [np.abs(side - np.median(side)) for side in (left, right)]
    keep = [np.ones(side.size, dtype=bool) for side in (left, right)]
    wild = 0 if away[0].max() > away[1].max() else 1
    keep[wild][int(np.argmax(away[wild]))] = False
    places = (np.arange(left.size) - left.size + 1, np.arange(right.size) + step.after - step.before)
    place = np.concatenate([side[kept] for side, kept in zip(places, keep, strict=True)])
    left, right = left[keep[0]], right[keep[1]]
    both = np.concatenate((left, right))
    line = float(np.sum((both - np.polyval(np.polyfit(place, both, 1), place)) ** 2))
    levels = float(np.var(left) * left.size + np.var(right) * right.size)
    return line - levels > max(_SHARP * step.noise**2, _TWICE * levels)


def noise_around(
    series: FloatArray, least: FloatArray, seen: npt.NDArray[np.bool_], beside: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return the standard deviation of one reading up to each index, and from each index on; shape (n,) each.

    Parameters
    ----------
    series : shape (n,)
    least : what is known beforehand of the noise of each reading (quantisation, data sheet), shape (n,)
    seen : readings above the noise floor; the others say nothing of the noise, shape (n,)
    beside : second differences of another record with the same noise
    """
    n = series.size
    if n < 3:
        return least, least
    deviation = second_differences(series)  # of the triple around reading 1 .. n - 2
    size = deviation.size
    pool = second_differences(series, seen)
    pool = pool if beside is None else np.concatenate((pool, beside))
    whole = float(_NORMAL * np.quantile(pool, _QUANTILE) * _small_sample(pool.size)) if pool.size else 0.0
    padding = np.full(_LOCAL, np.inf)
    windows = np.sort(
        np.lib.stride_tricks.sliding_window_view(np.concatenate((padding, deviation, padding)), _LOCAL), axis=1)
    ends = np.arange(windows.shape[0])  # of the window, among the second differences
    counts = np.minimum(ends, size) - np.maximum(ends - _LOCAL, 0)
    enough = np.flatnonzero(counts >= _ENOUGH)
    number = counts[enough]
    rank = _QUANTILE * (number - 1)
    below = rank.astype(np.int64)
    read = windows[enough, below] + (rank - below) * (windows[enough, below + 1] - windows[enough, below])
    scales = np.full(windows.shape[0], whole)
    scales[enough] = _NORMAL * read * _small_sample(number.astype(np.float64))
    # the triples that end at or before reading k are 0 .. k - 2: the window that ends there starts at k - 1
    index = np.arange(n)
    before = scales[np.clip(index - 1, 0, scales.size - 1)]
    # those that begin at or after k are k .. size - 1
    after = scales[np.clip(index + _LOCAL, 0, scales.size - 1)]
    before = np.where(index >= _ENOUGH + 1, before, whole)
    after = np.where(size - index >= _ENOUGH, after, whole)
    return np.maximum.reduce((before, np.full(n, _QUIET * whole), least)), np.maximum.reduce(
        (after, np.full(n, _QUIET * whole), least))


def slow_noise(series: FloatArray) -> float:
    """Return the standard deviation of the part of 1/f noise that the mean of a few neighbouring readings keeps.

    Averages of m readings keep white noise to 1/m of its variance, and 1/f noise as it is: what their second
    differences show beyond the former tells its variance h per factor e of frequency. The second difference of
    neighbouring averages of 1/f noise has the variance (24 ln 2 - 9 ln 3) h (from the structure function of averages,
    4 D(1) - D(2)). Between one cycle in two records, and one in m readings, lies h ln(2 n / m).

    Parameters
    ----------
    series : readings in the order of measurement, of a quantity that varies smoothly but for few events, shape (n,)
    """
    block = min(series.size // _BLOCKS, _LONGEST_BLOCK)
    if block < 2:
        return 0.0
    means = series[: series.size // block * block].reshape(-1, block).mean(axis=1)
    single, averaged = (
        float(_NORMAL * np.quantile(second_differences(values), _QUANTILE)) for values in (series, means))
    averaged *= float(_small_sample(means.size - 2))
    variance = max(0.0, averaged**2 - single**2 / block) / _PINK
    return math.sqrt(variance * math.log(2.0 * series.size / block))


def _small_sample(number: FloatArray | float) -> FloatArray:
    """Return by what a scale from few second differences is widened: their median scatters."""
    widened: FloatArray = 1.0 + 4.0 / np.maximum(number, 1)
    return widened


def steps(
    series: FloatArray,
    noise: tuple[FloatArray, FloatArray],
    drift: FloatArray | None = None,
    least_size: float = 0.0,
) -> list[Step]:
    """Return every place where ``series`` steps up beyond noise and drift, the surest of each place.

    Parameters
    ----------
    series : shape (n,)
    noise : of one reading up to each index and from each index on, from :func:`noise_around`
    drift : what a smooth curve may have risen by up to each reading at most, non-decreasing, shape (n,); None: 0
    least_size : what a step must exceed
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
            k = np.arange(1, n - skip - 1)
            left, right = lefts.at(k), rights.at(k + skip)
            size, sigmas = _compared(
                left.without, right.without, left, right, before_noise[k], after_noise[k + skip], 1)
            _, all_sigmas = _compared(left.mean, right.mean, left, right, before_noise[k], after_noise[k + skip], 0)
            enough = (all_sigmas >= LEAST_SIGMAS) & (sigmas >= LEAST_WITHOUT) & (size >= least_size)
            for at in np.flatnonzero(enough):
                place = int(k[at])
                worst = float(max(before_noise[place], after_noise[place + skip]))
                step = Step(place, place + skip, float(size[at]), float(sigmas[at]), window, worst)
                # a reading in between is believed in where leaving it out makes the step clearly larger
                margin = 3.0 * worst if skip == 2 and place in best and best[place].after == place + 1 else 0.0
                if place not in best or step.sure > best[place].sure + margin:
                    best[place] = step
    return [best[place] for place in sorted(best)]


@dataclass(frozen=True)
class _Side:
    """The readings on one side of each of some gaps; arrays of shape (gaps,)."""

    mean: FloatArray
    without: FloatArray  #: mean without the reading that favours a step most: the lowest before it, the highest after
    drift: FloatArray  #: mean of the drift
    drift_without: FloatArray
    number: FloatArray

    def at(self, places: npt.NDArray[np.int64]) -> "_Side":
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
    return _Side(total / number, other, moved, drift[at], number)


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
