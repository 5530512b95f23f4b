"""What a record shows of the noise of its readings: local, additive, of the digitiser, and slower than the readings.

The scale is read from second differences, in which a smooth curve cancels.
"""

import math

import numpy as np
import numpy.typing as npt

from tsbench.analysis.statistics.pink_noise import OF_SECOND_DIFFERENCE
from tsbench.records import FloatArray
from tsbench.samples import quantile

#: second differences on one side from which on its own noise is judged
_ENOUGH = 6
_LOCAL = 24  #: second differences on each side that tell the local noise
#: the local noise of a stretch that happens to be quiet is not believed below this part of the whole series'
_QUIET = 0.8
#: the scale is read at this quantile of the second differences: two events and a wild reading spoil up to eight of them
_QUANTILE = 0.4
FLOOR = 2.0  #: standard deviations of additive noise below which a reading counts as noise
#: standard deviation of the logarithm of readings that are raised to that floor: few exceed it (0.13), and more
AT_FLOOR = 0.2
#: readings at the lowest levels of which the size bounds additive noise; 1 % quantiles of chi-squared over its degrees
#: of freedom for the first three of them, which the approximation misses
_MOST_SMALL = 24
_LEAST_SHARE = np.array([1.571e-4, 1.005e-2, 3.828e-2] + [0.0] * (_MOST_SMALL - 3))
_NEIGHBOURS = 5  #: readings at the lowest levels that an offset has in common: two of them may be wild
#: parts of the least difference that are tried as the code, and how near to whole numbers of it all values must be
_MOST_PARTS, _WHOLE = 16, 0.02
_LOW = (0.3, 0.5, 0.7, 1.0)  #: quantiles of the levels up to which readings tell additive noise
#: readings are averaged over blocks of at most so many, and at least this many blocks tell slow noise
_LONGEST_BLOCK, _BLOCKS = 8, 16
_NORMAL = 1.0 / 0.5244005127080407  #: standard deviation of Gaussian noise over that quantile of its absolute value
_SHARED = 16.0  #: second differences that those of the whole pair of branches count as, beside the local ones


def second_differences(
    series: FloatArray, seen: npt.NDArray[np.bool_] | None = None, change: tuple[int, int] | None = None
) -> FloatArray:
    """Return the absolute second differences of the readings that were ``seen``, scaled to the noise of one.

    Parameters
    ----------
    series : readings in order, in any unit, shape (n,)
    seen : whether a reading says anything of the noise, shape (n,); None: all do
    change : the last reading before a known change and the first after it; what spans it tells nothing of the noise.
        Only with ``seen``
    """
    deviation = np.abs(series[2:] - series[1:-1] - (series[1:-1] - series[:-2])) / math.sqrt(6.0)
    if seen is None or deviation.size == 0:
        return deviation
    told = seen[:-2] & seen[1:-1] & seen[2:]
    if change is not None:
        told[max(change[0] - 1, 0) : change[1]] = False
    chosen: FloatArray = deviation[told]
    return chosen


def least_seen(values: FloatArray, level: FloatArray, noise: float = 0.0) -> float:
    """Return the magnitude below which a reading is lost in additive noise: two standard deviations of that.

    The noise is that of :func:`noise_of_readings`, half a code of the digitiser, and neighbours of the wrong sign,
    which are noise or offset. All in the unit of ``values``, shape (n,).

    Parameters
    ----------
    values : readings
    level : of the drive at each reading, shape (n,): the readings at the lowest ones tell the noise
    noise : standard deviation by the data sheet
    """
    values = np.asarray(values, dtype=np.float64)
    if values.size < 4:
        return FLOOR * noise
    known = max(noise_of_readings(values, level, noise), 0.5 * float(_codes(values[None, :])[0]))
    # noise alone goes to some three standard deviations on the wrong side; what is beyond is an offset
    wrong_side = 1.5 * max(0.0, _offset(values[np.argsort(level, kind="stable")]) - 3.0 * known)
    return max(FLOOR * known, wrong_side, 1e-9 * float(np.abs(values).max()))


def noise_of_readings(values: FloatArray, level: FloatArray, noise: float = 0.0) -> float:
    """Return the standard deviation of the noise that is in every reading, as data sheet or readings show it.

    The readings at the lowest levels show it by their second differences, in which a smooth curve cancels. Second
    differences hold events and noise that grows with the reading as well; but additive noise is in every reading, so it
    is not larger than what any part of the record shows, from the lowest levels up to a half or all of them, nor much
    larger than the readings at the lowest levels are themselves.

    Parameters
    ----------
    values : readings, shape (n,)
    level : magnitudes of the set-points, shape (n,)
    noise : standard deviation by the data sheet, in the unit of ``values``
    """
    if values.size < 4:
        return noise
    spread = min(_of_few(second_differences(values, level <= quantile(level, part))) for part in _LOW)
    return max(noise, min(spread, _most_by_size(values[np.argsort(level, kind="stable")])))


def _offset(values: FloatArray) -> float:
    """Return by how much readings are on the wrong side, in the order of their levels; one or two alone may be wild.

    An offset is in every reading, so it shows in all of the readings at the lowest levels: the median of neighbours is
    on the wrong side.
    """
    size = min(_NEIGHBOURS, values.size)
    medians = np.median(np.lib.stride_tricks.sliding_window_view(values, size), axis=1)
    return -float(medians.min())


def _codes(values: FloatArray) -> FloatArray:
    """Return the code of a digitiser that rounded each row of values, or the most that it can be; shape (rows,).

    The least difference between unlike values, if all differences are multiples of it; else of a whole part of it. Of
    few unlike values the least difference says little: they may be many codes apart. NaN are left out.
    """
    values = values - np.fmin.reduce(values, axis=1, keepdims=True)  # an offset is no part of a code
    values[np.isnan(values)] = 0.0  # a whole number of any code, and at least one value is zero already
    ordered = np.sort(values, axis=1)
    differences = ordered[:, 1:] - ordered[:, :-1]
    differences[differences <= 1e-9 * ordered[:, -1:]] = np.inf
    least = differences.min(axis=1)
    codes = np.where(np.isfinite(least), least / _MOST_PARTS, 0.0)
    open_rows = np.flatnonzero(np.isfinite(least))
    for part in range(1, _MOST_PARTS):
        numbers = values[open_rows] * (part / least[open_rows])[:, None]
        whole = np.abs(numbers - np.rint(numbers)).max(axis=1) < _WHOLE
        codes[open_rows[whole]] = least[open_rows[whole]] / part
        open_rows = open_rows[~whole]
    return codes


def _of_few(deviations: FloatArray) -> float:
    """Return the scale that second differences show, widened if they are few; zero if there is none."""
    return _scale(deviations) * float(_small_sample(deviations.size))


def _scale(deviations: FloatArray) -> float:
    """Return the standard deviation that second differences show; zero if there is none."""
    return _NORMAL * quantile(deviations, _QUANTILE) if deviations.size else 0.0


def _most_by_size(values: FloatArray) -> float:
    """Return the upper limit of noise that is in each of some values, by the mean squares of the first 1, 2, 3 ...

    With the 1 % quantile of chi-squared (Wilson and Hilferty 1931; for one value exact).
    """
    values = values[values != 0.0]  # a table may begin with a zero that was not measured
    count = min(values.size, _MOST_SMALL)
    number = np.arange(1.0, count + 1.0)
    share = (1.0 - 2.0 / (9.0 * number) - 2.326 * np.sqrt(2.0 / (9.0 * number))) ** 3
    share = np.maximum(share, _LEAST_SHARE[:count])
    return float(np.sqrt((np.cumsum(values[:count] ** 2) / number / share).min(initial=np.inf)))


def additive_noise(seen: FloatArray, floor: float, resolution: FloatArray) -> FloatArray:
    """Return the standard deviation by additive noise of the logarithm of readings raised to ``floor``; shape (n,).

    Parameters
    ----------
    seen : readings, those below ``floor`` raised to it, shape (n,)
    floor : reading below which additive noise hides it, in their unit: two of its standard deviations
    resolution : code of the digitiser at each reading, in their unit, shape (n,)
    """
    above = seen > floor
    share = np.hypot(floor / FLOOR, 0.5 * resolution) / np.where(above, seen, 1.0)
    least: FloatArray = np.where(above, np.minimum(share, 1.0), AT_FLOOR)
    return least


def resolution_around(values: FloatArray, reach: int = 8) -> FloatArray:
    """Return the code of the digitiser at each reading, as neighbouring readings show it; shape (n,).

    From the ``2 reach + 1`` readings around each one, which show at most how large it is.

    Parameters
    ----------
    values : readings in order, shape (n,); the code is in their unit
    reach : readings on either side
    """
    n = values.size
    if n == 0:
        return np.zeros(0)
    padded = np.concatenate((np.full(reach, np.nan), values, np.full(reach, np.nan)))
    return _codes(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1))


def noise_around(
    series: FloatArray, least: FloatArray, seen: npt.NDArray[np.bool_], beside: FloatArray | None = None,
    change: tuple[int, int] | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Return the standard deviation of one reading up to each index, and from each index on; shape (n,) each.

    Parameters
    ----------
    series : shape (n,)
    least : what is known beforehand of the noise of each reading (quantisation, data sheet), shape (n,)
    seen : readings above the noise floor; the others say nothing of the noise, shape (n,)
    beside : second differences of another record with the same noise
    change : the last reading before a known change, and the first after it

    The local noise is that of up to 24 second differences on that side. Few of them scatter much, so those of the whole
    pair of branches count as up to 16 more.
    """
    n = series.size
    if n < 3:
        return least, least
    deviation = second_differences(series)  # of the triple around reading 1 .. n - 2
    size = deviation.size
    pool = second_differences(series, seen, change)
    pool = pool if beside is None else np.concatenate((pool, beside))
    whole = _of_few(pool)
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
    more = min(float(pool.size), _SHARED)
    shared = np.sqrt((number * (_NORMAL * read) ** 2 + more * _scale(pool) ** 2) / (number + more))
    scales[enough] = shared * _small_sample(number + more)
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
        _scale(second_differences(values)) for values in (series, means))
    averaged *= float(_small_sample(means.size - 2))
    variance = max(0.0, averaged**2 - single**2 / block) / OF_SECOND_DIFFERENCE
    return math.sqrt(variance * math.log(2.0 * series.size / block))


def _small_sample(number: FloatArray | float) -> FloatArray:
    """Return by what a scale from few second differences is widened: their median scatters."""
    widened: FloatArray = 1.0 + 4.0 / np.maximum(number, 1)
    return widened
