"""Tests whether the spikes of a record differ from noise with memory: Gaussian noise of any spectrum, telegraph noise.

Second differences see the noise that is new in each sample. Noise that a pole or a drift gives memory is smooth from
sample to sample, and its excursions look like spikes. One of three observations tells them apart:

* **a line**: the spectrum has a bin far above its neighbours, which a smooth spectrum does not have;
* **a form that repeats**: intervals and heights of the spikes hardly vary;
* **a distribution that is not Gaussian**, of the record or of its changes over some time, with intervals or widths of
  the spikes that do not vary as those of a telegraph do. Skewness and kurtosis are compared with their standard
  deviations in Gaussian noise with the record's own autocorrelation r: 6/n sum r^3 and 24/n sum r^4 (Lomnicki 1961).
"""

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tsbench.analysis.oscillation.spikes import Spikes, inter_spike_intervals
from tsbench.records import FloatArray
from tsbench.samples import spread_out

#: bins on either side of a bin with which it is compared, without those that the window spreads it over
_NEIGHBOURS, _SPREAD = 24, 3
#: factor over their mean by which a bin exceeds them; one in 10^6 records of 10^4 bins has one by chance
_LINE = 30.0
_CYCLES = 3  #: a line has at least so many in the record
#: standard deviation over mean below which intervals and heights repeat; and below which they do where there are fewer
#: intervals than the last number
_REPEATS, _REPEATS_OF_FEW, _FEW = 0.15, 0.04, 4
#: and above which intervals, and widths, are those of a telegraph; where most readings are near one of two levels
_TELEGRAPH = 0.5
_LEVEL, _MOST = 0.1, 0.6  #: within this share of their difference; share of the readings
#: standard deviations by which skewness or kurtosis differ from those of Gaussian noise
_SIGMAS = 7.0
#: codes of the digitiser: changes with a smaller standard deviation show its steps, which are not Gaussian. Uniform
#: errors of two readings add a sixth of a square code, so 2 % of the variance at 3 codes
_CODES = 3.0
_HEIGHTS = 500  #: spikes whose heights are compared
_LONGEST = 65536  #: samples; longer records are averaged
_FEWEST = 64


def is_told_apart(time: FloatArray, values: FloatArray, spikes: Spikes, resolution: float = 0.0) -> bool:
    """Return whether a record shows more than noise with memory.

    Parameters
    ----------
    time, values : [s] and [V or A], shape (n,), about evenly sampled
    spikes : what :func:`tsbench.analysis.oscillation.spikes.spike_times` found there
    resolution : [V or A] one code of the digitiser
    """
    intervals = inter_spike_intervals(spikes)
    if intervals.size < 2:
        return False
    inside = np.searchsorted(time, spikes.times)
    some = spread_out(inside.size - 1, _HEIGHTS)
    heights = np.array([float(np.ptp(values[a : b + 1])) for a, b in zip(inside[some], inside[some + 1], strict=True)])
    if _repeats(intervals, heights, spikes.doubtful):
        return True
    known = values[np.isfinite(values)]
    block = max(1, known.size // _LONGEST)
    known = known[: known.size // block * block].reshape(-1, block).mean(axis=1)
    if known.size < _FEWEST:
        return False
    return has_line(known) or (not_gaussian(known, resolution) and not _like_a_telegraph(time, values, spikes, inside))


def _repeats(intervals: FloatArray, heights: FloatArray, doubtful: bool) -> bool:
    """Return whether spikes repeat: their intervals, and their heights, are alike.

    If the spikes may be excursions of the noise (``doubtful``), a few of them tell nothing: two intervals are alike by
    chance.
    """
    few = intervals.size < _FEW
    return not (few and doubtful) and max(_spread(intervals), _spread(heights)) < (
        _REPEATS_OF_FEW if few else _REPEATS)


def _spread(values: FloatArray) -> float:
    return float(values.std(ddof=1) / abs(values.mean())) if values.size > 1 and values.mean() else math.inf


def has_line(values: FloatArray) -> bool:
    """Return whether the spectrum of evenly sampled values, shape (n,), has a bin far above its neighbours."""
    place = np.arange(values.size) - 0.5 * (values.size - 1)
    level = values - values.mean()
    level = level - place * float(place @ level) / float(place @ place)
    power = np.abs(np.fft.rfft(level * np.hanning(values.size)))[1:-1] ** 2
    if power.size < 2 * _NEIGHBOURS or not power.max() > 0.0:
        return False
    # noise that a pole has given memory falls with the square of the frequency: a line is one with that taken off too
    steep = power * np.arange(1.0, power.size + 1.0) ** 2
    return bool((_stands_out(power) & _stands_out(steep)).any())


def _stands_out(power: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which bins, from the third cycle on, are far above the mean of their neighbours on either side."""
    sums = np.concatenate(([0.0], np.cumsum(power)))
    bins = np.arange(_CYCLES - 1, power.size)
    parts = []
    for begin, end in ((-_NEIGHBOURS, -_SPREAD), (_SPREAD + 1, _NEIGHBOURS + 1)):
        first, last = np.clip(bins + begin, 0, power.size), np.clip(bins + end, 0, power.size)
        parts.append((sums[last] - sums[first]) / np.maximum(last - first, 1))
    found: npt.NDArray[np.bool_] = power[bins] > _LINE * np.maximum(*parts)
    return found


def not_gaussian(values: FloatArray, resolution: float = 0.0) -> bool:
    """Return whether evenly sampled values, shape (n,), or their changes over some time, are not Gaussian.

    Changes with a standard deviation of less than :data:`_CODES` codes of the digitiser are left out.

    Parameters
    ----------
    values : shape (n,), n > 0
    resolution : one code of the digitiser, in the unit of the values
    """
    if _not_normal(values):
        return True
    lags = (2**k for k in range(int(math.log2(values.size / 32)) + 1))
    changes = (values[lag:] - values[:-lag] for lag in lags)
    return any(_not_normal(one) for one in changes if one.std() >= _CODES * resolution)


def _not_normal(values: FloatArray) -> bool:
    count = values.size
    level = values - values.mean()
    variance = float(level @ level) / count
    if not variance > 0.0:
        return False
    length = 1 << (3 * count // 2).bit_length()  # lags up to half the record do not wrap round
    spectrum = np.fft.rfft(level, length)
    r = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)[1 : count // 2] / (count * variance)
    square, r_square = level * level, r * r  # powers of arrays are slow
    skewness = float(square @ level) / count / variance**1.5
    kurtosis = float(square @ square) / count / variance**2 - 3.0
    third, fourth = (1.0 + 2.0 * float(r_square @ other) for other in (np.abs(r), r_square))
    sigmas = abs(skewness) / math.sqrt(6.0 * third / count), abs(kurtosis) / math.sqrt(24.0 * fourth / count)
    return bool(max(sigmas) > _SIGMAS)


def _like_a_telegraph(time: FloatArray, values: FloatArray, spikes: Spikes, inside: npt.NDArray[np.intp]) -> bool:
    """Whether a record has two levels, and the times at both vary as those of a telegraph do."""
    middle = float(np.median(spikes.levels))
    high, low = (float(np.median(values[side])) for side in (values > middle, values <= middle))
    near = np.minimum(np.abs(values - high), np.abs(values - low)) < _LEVEL * (high - low)
    if float(near.mean()) < _MOST:
        return False
    share = np.array([np.mean(values[first : last + 1] > middle) for first, last in pairwise(inside)])
    whole = np.diff(spikes.times)
    return min(_spread(share * whole), _spread((1.0 - share) * whole)) > _TELEGRAPH
