"""A record that a scope and its smoothing made blunt, and what it was before.

A scope shows a voltage through its response, and each smoothing against noise is one response more. Both together are a
Gaussian with some variance T. A smoothed record and its derivatives are sums over Gaussian kernels, which tells them
between the samples too. All places and widths are in samples.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray
from tsbench.samples import convolved

FINEST = 0.8  #: standard deviation of the narrowest kernel: with a smaller one, the samples are too few
COARSER = 1.3  #: from one kernel to the next that is tried
REACH = 4.5  #: standard deviations of a kernel on either side
_FEWEST_QUIET = 16  #: samples that tell the noise
_LEAST_BLUR = 0.05  #: standard deviation of a response with which neighbours share no noise
#: by how many times its move from T to 2 T an instant moves from 0 to T: along a smooth curve, at a sudden end, and of
#: an uneven rise whose steep part is wider than the blur
SMOOTH, SUDDEN, FLAT = 1.0, 1.0 / (math.sqrt(2.0) - 1.0), 0.0
_HIGHER_ORDERS = 0.2  #: share of the correction that the orders beyond change it by at most


@dataclass(frozen=True)
class Unblurred:
    """An instant, or a height, without the blur."""

    value: float  #: place [samples], or height
    random: float  #: standard uncertainty by the noise, and by what lies between the samples
    form: float  #: limit of the uniform error of the correction, with its sign
    pole: float = 0.0  #: limit of the error by the time constant of the sensor
    hidden: float = 0.0  #: limit of the error by what the response may hide, the same in all rises of one form


class Blunt:
    """A record that a response has made blunt.

    The ``width`` of a kernel in its methods is a standard deviation in samples, a ``place`` is in samples too.

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
        """Return the record of the means over blocks of samples; its places are in blocks.

        Parameters
        ----------
        block : samples of a mean
        """
        whole = self.values[: self.values.size // block * block]
        return Blunt(whole.reshape(-1, block).mean(axis=1), self._quiet.size // block, self.blur / block,
                     self.one_noise / math.sqrt(block))

    def at(self, place: float, width: float, derivatives: int = 4) -> FloatArray:
        """Return the smoothed record and its first derivatives at a place, shape (1 + derivatives,).

        Parameters
        ----------
        place, width : [samples]
        derivatives : how many, 0 to 4; they are per sample
        """
        found: FloatArray = self.at_each(np.array([place]), width, derivatives)[0]
        return found

    def at_each(self, places: FloatArray, width: float, derivatives: int) -> FloatArray:
        """Return the smoothed record and its first derivatives at places, shapes (n,) and (n, 1 + derivatives).

        Parameters
        ----------
        places : [samples], may be fractional
        width : [samples]
        derivatives : how many, 0 to 4; they are per sample
        """
        reach = math.ceil(REACH * width) + 1
        samples = np.rint(places).astype(np.int64)[:, None] + np.arange(-reach, reach + 1)
        u = (places[:, None] - samples) / width
        kernel = np.exp(-0.5 * u * u)
        kernel /= kernel.sum(axis=1, keepdims=True)
        values = self.values[np.clip(samples, 0, self.values.size - 1)]
        means = np.einsum("jk,jk->j", kernel, values)
        deviations = kernel * (values - means[:, None])   # a constant has no slope, also not one of few samples
        hermite = (-u, u * u - 1.0, (3.0 - u * u) * u, (u * u - 6.0) * u * u + 3.0) if derivatives else ()
        return np.stack([means, *(
            np.einsum("jk,jk->j", one, deviations) / width**k
            for k, one in enumerate(hermite[:derivatives], start=1))], axis=1)

    def all(self, first: int, last: int, width: float, weights: Sequence[float]) -> FloatArray:
        """Return a weighted sum of the smoothed record and its derivatives at samples ``first`` to ``last``.

        Parameters
        ----------
        first, last : both are included, so that the sums have the shape (last - first + 1,)
        width : of the kernel
        weights : of the smoothed record and of its first, second and third derivative; fewer: the others count nothing
        """
        reach = math.ceil(REACH * width)
        values = self.values[np.clip(np.arange(first - reach, last + reach + 1), 0, self.values.size - 1)]
        return convolved(values, _kernel(width, weights))

    @property
    def scatter(self) -> float:
        """Return the standard deviation of one sample: by the quiet part, and no less than ``one_noise``."""
        quiet = self._quiet
        return max(self.one_noise, float(np.std(quiet))) if quiet.size >= _FEWEST_QUIET else self.one_noise

    def noise(self, width: float, weights: Sequence[float]) -> float:
        """Return the noise of such a sum: by the quiet part, and no less than that of white noise.

        Where the quiet part is too short to tell it, it is that of white noise behind the response of the scope.

        Parameters
        ----------
        width, weights : as of :meth:`all`
        """
        return self.noise_of(_kernel(width, weights))

    def noise_of(self, kernel: FloatArray) -> float:
        """Return the noise of a weighted sum of neighbouring samples, as :meth:`noise`.

        Parameters
        ----------
        kernel : weights of the samples, shape (k,)
        """
        white = self.one_noise * math.sqrt(float(kernel @ kernel))
        if self._quiet.size >= 4 * kernel.size:
            return max(white, float(np.std(convolved(self._quiet, kernel))))
        lags = np.arange(-math.ceil(REACH * self.blur), math.ceil(REACH * self.blur) + 1)
        shared = np.exp(-0.25 * (lags / max(self.blur, _LEAST_BLUR)) ** 2)   # autocorrelation of a Gaussian response
        coloured = float(kernel @ np.convolve(kernel, shared)[lags.size // 2 : lags.size // 2 + kernel.size])
        return max(white, self.scatter * math.sqrt(max(coloured, 0.0)))

    def wider(self, width: float, times: float) -> float:
        """Return the width of the kernel [samples] with which the whole blur has ``times`` the variance.

        Parameters
        ----------
        width : [samples] of the kernel
        times : by how many times the variance of the whole blur is larger
        """
        return math.sqrt(times * width**2 + (times - 1.0) * self.blur**2)


def influences(width: float, weights: Sequence[float], shares: FloatArray) -> FloatArray:
    """Return by how much each sample changes the sum of such sums at neighbouring samples, each with its share.

    The samples go as far as ``width`` reaches on either side of the neighbours.

    Parameters
    ----------
    width, weights : as of :meth:`Blunt.all`
    shares : of each of the neighbouring sums, shape (n,)
    """
    kernel = _kernel(width, weights)[::-1]
    return convolved(np.pad(shares, kernel.size - 1), kernel)


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


def before_blur(found: Sequence[float], least: float, more: float = 1.0) -> tuple[float, float]:
    """Return what is at T = 0 of what is found at T, 2 T and 4 T, and the limit of its error with a sign.

    The larger moves tell how sudden the curve is. Closer to T = 0 it may be smoother than that (the move is ``least``
    times that from T to 2 T), and not less smooth than a sudden end.

    Parameters
    ----------
    found : places, or heights, with the variances T, 2 T and 4 T of the blur
    least : how little it may move from T to 0, in moves from T to 2 T
    more : factor by which the largest move from T to 0 is larger
    """
    first, second = found[1] - found[0], found[2] - found[1]
    ratio = second / first if first else 0.0
    most = SUDDEN if 0.0 < ratio <= 1.0 else float(np.clip(1.0 / (ratio - 1.0), SMOOTH, SUDDEN))
    most *= more
    middle = 0.5 * (least + most)
    return found[0] - middle * first, (most - middle + _HIGHER_ORDERS) * first
