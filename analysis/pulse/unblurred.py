"""Instants on an edge as they were before the scope and the sensor made the record blunt.

A scope shows a voltage through its response, and each smoothing against noise is one response more. Both together are a
Gaussian with some variance T. An instant at T, 2 T and 4 T tells how it moves with T, so where it is at T = 0: along a
smooth curve it moves in proportion to T, at a sudden end in proportion to the root of T. The sensor of the current is a
pole: the current i and the signal s behind the time constant t obey i = s + t ds/dt, whatever their form.

All places and widths are in samples. A smoothed record and its derivatives are sums over Gaussian kernels, which tells
them between the samples too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tsbench.analysis.pulse.level_top import TopNoise, level_top
from tsbench.analysis.pulse.sharp_top import SharpTop, sharp_top
from tsbench.analysis.statistics import combined, standard_uncertainty
from tsbench.records import FloatArray
from tsbench.samples import transformed

_FINEST = 0.8  #: standard deviation of the narrowest kernel: with a smaller one, the samples are too few
_COARSER = 1.3  #: from one kernel to the next that is tried
_LONG_KERNEL = 500  #: samples; for more, a transform is faster than sums (measured: as fast at 300 to 500)
REACH = 4.5  #: standard deviations of a kernel on either side
_CLEAR_SLOPE = 15.0  #: the steepest slope is so many standard deviations of its noise
_CLEAR_TOP = 6.0  #: a top is so many above what is two kernels beside it
_WIDEST_RISE, _WIDEST_TOP = 0.5, 1.0 / 6.0  #: kernel, as a share of the rise, and of the time before the top
#: a rise ends suddenly where its slope falls to half within so many standard deviations of the whole response, and that
#: is so many times shorter than its way from half
_ABRUPT, _LONGER = 2.0, 2.0
_FEWEST_POINTS = 12  #: of a slope, through which a parabola is laid
_LEAST_SLOPE = 1e-6  #: of an edge, of its height in a sample
_OF_EDGE = 0.045  #: kernel of an edge, as a share of its height over its slope
#: by how many times its move from T to 2 T an instant moves from 0 to T: along a smooth curve, at a sudden end, and of
#: an uneven rise whose steep part is wider than the blur
_SMOOTH, _SUDDEN, _FLAT = 1.0, 1.0 / (math.sqrt(2.0) - 1.0), 0.0
_CLIFF = 1.25  #: a top beside a cliff moves by so many times more, for the response reaches over it less and less
_IN_BLOCKS = 8.0  #: standard deviation of a kernel over means, at least [blocks]
_FEWEST_BLOCKS, _NEXT_BLOCK = 50, 4  #: of a rise whose end is looked for in means; by how many times they grow
_HIGHER = 3.0  #: standard uncertainties by which the end of a rise is above the top of the smoothed record
_LUCK = 5.0  #: standard uncertainties by which the top of the smoothed record is above a line that ends there
_FEWEST_QUIET = 16  #: samples that tell the noise
_LEAST_BLUR = 0.05  #: standard deviation of a response with which neighbours share no noise
_LONG_MEAN = 4.0  #: standard deviation of a kernel that is long against what neighbours share
_PARTS = 4  #: of a sample, at which a top is looked for
_HIGHER_ORDERS = 0.2  #: share of the correction that the orders beyond change it by at most
_HALF_MAXIMUM = math.sqrt(2.0 * math.log(2.0))  #: half width of a Gaussian at half of its height


@dataclass(frozen=True)
class Unblurred:
    """An instant, or a height, without the blur."""

    value: float  #: place [samples], or height
    random: float  #: standard uncertainty by the noise, and by what lies between the samples
    form: float  #: limit of the uniform error of the correction, with its sign
    pole: float = 0.0  #: limit of the error by the time constant of the sensor


class Blunt:
    """A record that a response has made blunt.

    Parameters
    ----------
    values : shape (n,)
    quiet : number of samples from the first on that show nothing but noise
    blur : standard deviation of the response of the scope [samples]
    noise : standard deviation of one sample, at least (quantisation)
    """

    def __init__(self, values: FloatArray, quiet: int, blur: float, noise: float) -> None:
        self.values, self.blur, self.one_noise = values, blur, noise
        self._quiet = values[:quiet]

    def means(self, block: int) -> "Blunt":
        """Return the record of the means over blocks of samples; its places are in blocks."""
        whole = self.values[: self.values.size // block * block]
        return Blunt(whole.reshape(-1, block).mean(axis=1), self._quiet.size // block, self.blur / block,
                     self.one_noise / math.sqrt(block))

    def at(self, place: float, width: float, derivatives: int = 4) -> FloatArray:
        """Return the smoothed record and its first derivatives at a place, shape (1 + derivatives,)."""
        reach = math.ceil(REACH * width) + 1
        samples = np.arange(round(place) - reach, round(place) + reach + 1)
        u = (place - samples) / width
        kernel = np.exp(-0.5 * u * u)
        kernel /= kernel.sum()
        values = self.values[np.clip(samples, 0, self.values.size - 1)]
        mean = float(kernel @ values)
        hermite = (-u, u * u - 1.0, (3.0 - u * u) * u, (u * u - 6.0) * u * u + 3.0) if derivatives else ()
        found: FloatArray = np.array([mean, *(   # a constant has no slope, also not one of few samples
            float((one * kernel) @ (values - mean)) / width**k
            for k, one in enumerate(hermite[:derivatives], start=1))])
        return found

    def all(self, first: int, last: int, width: float, weights: Sequence[float]) -> FloatArray:
        """Return a weighted sum of the smoothed record and its derivatives at samples ``first`` to ``last``."""
        reach = math.ceil(REACH * width)
        values = self.values[np.clip(np.arange(first - reach, last + reach + 1), 0, self.values.size - 1)]
        return _convolved(values, _kernel(width, weights))

    @property
    def scatter(self) -> float:
        """Return the standard deviation of one sample: by the quiet part, and no less than ``one_noise``."""
        quiet = self._quiet
        return max(self.one_noise, float(np.std(quiet))) if quiet.size >= _FEWEST_QUIET else self.one_noise

    def noise(self, width: float, weights: Sequence[float], shares: FloatArray | None = None) -> float:
        """Return the noise of such a sum: by the quiet part, and no less than that of white noise.

        Where the quiet part is too short to tell it, it is that of white noise behind the response of the scope.

        With ``shares``, the noise of the sum of such sums at neighbouring samples, each with its share.
        """
        kernel = _kernel(width, weights)
        if shares is not None:
            kernel = _convolved(np.pad(shares[::-1], kernel.size - 1), kernel)
        white = self.one_noise * math.sqrt(float(kernel @ kernel))
        if self._quiet.size >= 4 * kernel.size:
            return max(white, float(np.std(_convolved(self._quiet, kernel))))
        lags = np.arange(-math.ceil(REACH * self.blur), math.ceil(REACH * self.blur) + 1)
        shared = np.exp(-0.25 * (lags / max(self.blur, _LEAST_BLUR)) ** 2)   # autocorrelation of a Gaussian response
        coloured = float(kernel @ np.convolve(kernel, shared)[lags.size // 2 : lags.size // 2 + kernel.size])
        return max(white, self.scatter * math.sqrt(max(coloured, 0.0)))

    def wider(self, width: float, times: float) -> float:
        """Return the kernel with which the whole blur has ``times`` the variance."""
        return math.sqrt(times * width**2 + (times - 1.0) * self.blur**2)


def _convolved(values: FloatArray, kernel: FloatArray) -> FloatArray:
    """Return the part of the convolution in which the shorter of both lies wholly inside."""
    if kernel.size <= _LONG_KERNEL or kernel.size > values.size:
        return np.convolve(values, kernel, mode="valid")
    return transformed(values, kernel)


def _kernel(width: float, weights: Sequence[float]) -> FloatArray:
    reach = math.ceil(REACH * width)
    u = np.arange(-reach, reach + 1) / width
    gauss = np.exp(-0.5 * u * u)
    gauss /= gauss.sum()
    hermite = (np.ones_like(u), -u, u * u - 1.0, (3.0 - u * u) * u)
    kernel: FloatArray = np.zeros_like(u)
    for k, (weight, one) in enumerate(zip(weights, hermite, strict=False)):
        kernel += weight / width**k * (one - (float(one @ gauss) if k else 0.0)) * gauss
    return kernel


def _before_blur(found: Sequence[float], least: float, more: float = 1.0) -> tuple[float, float]:
    """Return what is at T = 0 of what is found at T, 2 T and 4 T, and the limit of its error with a sign.

    The larger moves tell how sudden the curve is. Closer to T = 0 it may be smoother than that (the move is ``least``
    times that from T to 2 T), and not less smooth than a sudden end.
    """
    first, second = found[1] - found[0], found[2] - found[1]
    ratio = second / first if first else 0.0
    most = _SUDDEN if 0.0 < ratio <= 1.0 else float(np.clip(1.0 / (ratio - 1.0), _SMOOTH, _SUDDEN))
    most *= more
    middle = 0.5 * (least + most)
    return found[0] - middle * first, (most - middle + _HIGHER_ORDERS) * first


def steepest(record: Blunt, first: int, last: int, late: float, doubt: float) -> Unblurred | None:
    """Return the steepest point of the rise between two samples before a pole; None where it is not clear of the noise.

    It is the top of a parabola through the slope where that is more than half of its highest (docs/definitions.md).

    Parameters
    ----------
    record : of the current
    first, last : samples between which it rises
    late, doubt : time constant of the sensor, and the limit of its error [samples]
    """
    first = max(first - math.ceil(2.0 * late) - 1, 0)
    width = _FINEST
    while True:
        found = _peak(record, first, last, width, late)
        clear = _CLEAR_SLOPE * max(1.0, 0.5 * found.half / width)   # a wide rise has more room for the luck of noise
        if found.height >= clear * record.noise(width, (0.0, 1.0, late)):
            break
        width *= _COARSER
        if width > max(_WIDEST_RISE * (last - first), _FINEST):
            return None
    wider = [_peak(record, first, last, record.wider(width, times), late).place for times in (2.0, 4.0)]
    value, form = _before_blur([found.place, *wider], _FLAT)
    if found.after < _ABRUPT * math.hypot(width, record.blur) and found.before > _LONGER * found.after:
        # nothing tells where on the last, steepest part of it the parabola of the true slope would lie
        end = found.top + found.after
        value, form = 0.5 * (value + end), 0.5 * abs(end - value) + abs(form)
    poles = [_peak(record, first, last, width, max(late + side * doubt, 0.0)).place for side in (-1.0, 1.0)]
    # of the width that is seen, a sample may be that of the samples
    spread = max((max(found.half - 1.0, 0.0) / _HALF_MAXIMUM) ** 2 - width**2, record.blur**2)
    return Unblurred(value, math.hypot(found.random, _between(math.sqrt(spread))), form,
                     max(abs(pole - found.place) for pole in poles))


@dataclass(frozen=True)
class _Peak:
    """The peak of a slope: its top by a parabola, the noise of that, half its width, and its height."""

    place: float
    random: float
    half: float
    height: float
    top: float  #: highest sample
    before: float  #: samples from where the slope has passed half of its height to there
    after: float  #: and from there to where it falls below


def _peak(record: Blunt, first: int, last: int, width: float, late: float) -> _Peak:
    """Return the peak of the slope before a pole."""
    begin = max(first - round(2.0 * width), 0)
    end = min(last + round(2.0 * width) + 1, record.values.size - 1)
    weights = (0.0, 1.0, late)
    slope = record.all(begin, end, width, weights)
    top = int(np.argmax(slope))
    height = float(slope[top])
    low = slope < 0.5 * height
    before, after = np.flatnonzero(low[:top]), np.flatnonzero(low[top:])
    start, stop = int(before[-1]) if before.size else 0, top + int(after[0]) if after.size else slope.size - 1
    fine = max(1, math.ceil(_FEWEST_POINTS / max(stop - start, 1)))   # points for each sample
    x = np.arange(fine * (stop - start) + 1) / fine + start
    if fine > 1:
        slope = np.array([float(np.dot(record.at(begin + one, width, 2)[1:], weights[1:])) for one in x])
    else:
        slope = slope[start : stop + 1]
    high = np.maximum(slope - 0.5 * float(slope.max()), 0.0)
    middle, half = 0.5 * (start + stop), 0.5 * (stop - start)
    u = (x - middle) / max(half, 0.5)
    basis = np.vander(u, 3)
    solved = np.linalg.pinv((basis * high[:, None]).T @ basis) @ (basis * high[:, None]).T
    bend, lean, _ = solved @ slope
    if bend >= 0.0:
        return _Peak(float(begin + top), half, half, height, float(begin + top), top - start, stop - top)
    moves = (0.5 * lean / bend**2 * solved[0] - 0.5 / bend * solved[1]) * max(half, 0.5)   # by each slope
    shares = np.zeros(stop - start + 1)
    np.add.at(shares, np.round(x - start).astype(int), moves)   # of finer points the nearest sample's
    random = record.noise(width, weights, shares)
    place = begin + middle + float(np.clip(-0.5 * lean / bend, -1.0, 1.0)) * max(half, 0.5)
    return _Peak(place, random, half, height, float(begin + top), top - start, stop - top)


def _between(spread: float) -> float:
    """Return the uncertainty by what lies between the samples of a step whose slope has a standard deviation.

    Its first image at the sample rate is as large, against it, as the spectrum of a Gaussian there.
    """
    return min(1.0, 2.0 * math.exp(-2.0 * (math.pi * min(spread, 3.0)) ** 2)) / math.sqrt(12.0)


def highest(record: Blunt, first: int, last: int) -> tuple[Unblurred, int]:
    """Return the highest value between two samples, and the sample: before the blur, and without the luck of noise.

    A wide kernel goes over means of blocks of samples, which takes no longer than a narrow one over the samples.
    """
    widest = max(_WIDEST_TOP * (last - first), _FINEST)
    width, means = _FINEST, record
    block = 1
    while True:
        if width >= 2.0 * _IN_BLOCKS * block:
            means, block = means.means(2), 2 * block
        begin, end = first // block, last // block
        smooth = means.all(begin, end, _within(width, block), (1.0,))
        top = int(np.argmax(smooth))
        aside = round(2.0 * width / block)
        beside = 0.5 * float(smooth[max(top - aside, 0)] + smooth[min(top + aside, smooth.size - 1)])
        noise = means.noise(_within(width, block), (1.0,))
        if float(smooth[top]) - beside >= _CLEAR_TOP * noise or width >= widest:
            break
        width = min(_COARSER * width, widest)
    found = [_top(means, begin, end, _within(record.wider(width, times), block)) for times in (1.0, 2.0, 4.0)]
    value, form = _before_blur(found, _SMOOTH, _CLIFF)
    likely, at = Unblurred(value, noise, form), min(block * (begin + top) + block // 2, last)
    level = level_top(record.values, record.all(first, last, _FINEST, (1.0,)), first, record.blur, _top_noise(record))
    if level is not None and value - level.value <= _LUCK * combined(
            noise, level.random, standard_uncertainty(form)):
        likely, at = Unblurred(level.value, level.random, level.form), level.place
    sharp = _end_of_rise(record, first, last)
    if sharp is not None and sharp.value - likely.value > _HIGHER * combined(
            sharp.random, likely.random, standard_uncertainty(sharp.form)):
        return Unblurred(sharp.value, sharp.random, sharp.form), min(round(sharp.place), last)
    return likely, at


def _top_noise(record: Blunt) -> TopNoise:
    alone = record.scatter / math.sqrt(2.0 * math.sqrt(math.pi) * _LONG_MEAN)   # of noise that neighbours do not share
    return TopNoise(record.scatter, record.noise(_FINEST, (1.0,)),
                    max(1.0, record.noise(_LONG_MEAN, (1.0,)) / max(alone, 1e-30)))


def _end_of_rise(record: Blunt, first: int, last: int) -> SharpTop | None:
    """Return the top at which a rise ends all at once, in means over so many samples that it is the clearest there."""
    clearest, block = None, 1
    while block == 1 or (last - first) // block >= _FEWEST_BLOCKS:
        means = record.means(block)
        top = sharp_top(means.values, first // block, last // block, means.blur, means.one_noise)
        if top is not None and (clearest is None or top.corner > clearest.corner):
            clearest = replace(top, place=block * (top.place + 0.5) - 0.5)
        block *= _NEXT_BLOCK
    return clearest


def _within(width: float, block: int) -> float:
    """Return the kernel over means of blocks [blocks] that is a kernel of ``width`` [samples] with them."""
    return math.sqrt(width**2 - (block**2 - 1) / 12.0) / block


def _top(record: Blunt, first: int, last: int, width: float) -> float:
    """Return the highest of the smoothed record, between its samples too."""
    smooth = record.all(first, last, width, (1.0,))
    at = first + int(np.argmax(smooth))
    between = at + np.arange(-_PARTS, _PARTS + 1) / _PARTS
    return max(float(record.at(float(place), width, 0)[0]) for place in between if first <= place <= last)


def crossing(record: Blunt, near: float, level: float, height: float, slope: float) -> tuple[Unblurred, float]:
    """Return where a rising edge crosses a level, and its slope there [1/sample].

    Parameters
    ----------
    record : of the voltage
    near : about there
    level, height : that is crossed, and of the whole edge
    slope : of the edge, about [1/sample]
    """
    slope = max(slope, _LEAST_SLOPE * height)
    width = min(max(_OF_EDGE * height / slope, _FINEST), 0.5 * max(near, 2.0 * _FINEST))
    found = [_crossed(record, near, level, record.wider(width, times)) for times in (1.0, 2.0, 4.0)]
    there = float(record.at(found[0], width, 1)[1])
    if not there > 0.25 * slope or found[0] == near:   # noise hides the form of the edge
        return Unblurred(near, record.noise(_FINEST, (1.0,)) / slope + 0.5, 0.0), slope
    slope = there
    # an edge is smooth there: what is in proportion to T and to its square is taken off
    first, second = found[1] - found[0], (found[2] - found[1] - 2.0 * (found[1] - found[0])) / 3.0
    random = math.hypot(record.noise(width, (1.0,)) / slope, _between(max(record.blur, 0.3 * height / slope)))
    return Unblurred(found[0] - first + second, random, second), slope


def _crossed(record: Blunt, near: float, level: float, width: float) -> float:
    place = near
    for _ in range(10):
        value, slope = record.at(place, width, 1)
        if not slope > 0.0:
            return near
        step = min(max((level - float(value)) / float(slope), -2.0 * width), 2.0 * width)
        place += step
        if abs(step) < 1e-3:
            break
    return place
