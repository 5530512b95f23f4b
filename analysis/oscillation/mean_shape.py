"""Times of the edges of a spike train by the shape that they share.

A crossing of one level uses two samples of an edge and the noise of its level. Where all edges of a train have one
shape, each is placed by all of its samples: y(t) = a s(t - d) + b, with the mean shape s, linear in the delay d for a
small one, by least squares. This is the estimate of least variance in white noise (Cramer-Rao bound, S. M. Kay,
"Fundamentals of Statistical Signal Processing: Estimation Theory", 1993, section 3.11: time delay). The noise of a
real record has memory, so the standard uncertainty of d uses the autocovariance of what the fit leaves over.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.analysis.compilation import LONG, compiled, for_size
from tsbench.analysis.oscillation.loops import dots, means_of_pairs
from tsbench.records import FloatArray
from tsbench.samples import quantile, spread_out

Integers = npt.NDArray[np.signedinteger[Any]]
#: with fewer edges, their mean is not known better than each of them
_FEWEST_EDGES = 5
#: samples around an edge that are fitted: fewer say nothing of a shape; more are averaged in blocks
_FEWEST_SAMPLES, _MOST_SAMPLES = 9, 401
#: the middle of an edge, 0.35 to 0.65 of its height, times this is all that changes
_WHOLE_EDGE = 10.0
#: share of a short interval that is fitted on either side of an edge: less than half, so that no edge is fitted twice
_REACH = 0.3
#: quantile of the intervals that counts as a short one: a single false crossing does not shorten the reach
_SHORT = 0.05
#: an edge has the shared shape if its height is within these shares of the mean one
_LEAST_HEIGHT, _MOST_HEIGHT = 0.5, 2.0
_COMPARED = 4096  #: heights of a long train that are compared
#: an edge that the fit finds farther from its crossing than this share of the reach is not of the train
_FARTHEST = 0.25
#: the crossings scatter, which smears the first mean shape. A fourth round moves no edge by more than 2 % of its
#: uncertainty (simulated trains of 100 edges, with noise up to 5 % of their height)
_ROUNDS = 3
#: edges from which the mean shape of a long train is taken: it adds 1/300 to the variance of a place
_SHAPED = 300
#: standard deviations beyond which a sample is an error of the digitiser
_WILD = 6.0


@dataclass(frozen=True)
class Placed:
    """Edges placed by their mean shape."""

    index: FloatArray  #: [samples] of each edge, shape (n,)
    uncertainty: float  #: [samples] standard, of one of them


def alike(heights: FloatArray) -> bool:
    """Return whether nearly all of these heights, shape (n,), are those of edges of one shape."""
    size = np.abs(heights[spread_out(heights.size, _COMPARED)])
    low, high, mean = quantile(size, 0.05), quantile(size, 0.95), float(size.mean())
    return bool(low > _LEAST_HEIGHT * mean and high < _MOST_HEIGHT * mean)


def placed_by_shape(values: FloatArray, index: FloatArray, length: float = math.inf) -> Placed | None:
    """Place the edges of a train by their mean shape.

    Parameters
    ----------
    values : [unit] record, shape (m,)
    index : [samples] where each edge passes the middle of its height, shape (n,), ascending
    length : [samples] that the middle of an edge takes; around short ones, fewer samples of a long record are fitted

    Returns
    -------
    Placed or None
        None where the edges are too few, too short, of different shapes, or where the fit moves one out of the record.
    """
    if index.size < _FEWEST_EDGES:
        return None
    reach = int(_REACH * float(np.quantile(np.diff(index), _SHORT)))
    if values.size >= LONG and _WHOLE_EDGE * length < _MOST_SAMPLES:
        reach = min(reach, _MOST_SAMPLES // 2)
    block = max(1, math.ceil((2 * reach + 1) / _MOST_SAMPLES))
    if values.size >= LONG:
        block = 1 << (block - 1).bit_length()
    values = _averaged(values, block)
    place = (index - (block - 1) / 2) / block
    offsets = np.arange(-(reach // block), reach // block + 1)
    if offsets.size < _FEWEST_SAMPLES:
        return None
    whole = (place > offsets[-1] + 1) & (place < values.size - offsets[-1] - 2)
    if np.count_nonzero(whole) < _FEWEST_EDGES:
        return None
    found = place.copy()
    inner = np.flatnonzero(whole)
    some = inner[spread_out(inner.size, _SHAPED)]
    for _ in range(_ROUNDS):
        fit = _Fit(_around(values, found[some], offsets).mean(axis=0), offsets)
        delays, heights, _ = fit.of(_around(values, found[some], offsets))
        if not (_alike(delays, heights, offsets) and _inside(found[some] + delays, values.size, offsets)):
            return None
        found[some] += delays
    if some.size < inner.size:
        found[inner] = place[inner]
        for _ in range(_ROUNDS - 1):   # the shape is known already
            delays, heights = fit.quickly(values, found[inner], offsets)
            if not (_alike(delays, heights, offsets) and _inside(found[inner] + delays, values.size, offsets)):
                return None
            found[inner] += delays
    rest = fit.of(_around(values, found[some], offsets))[2]
    found = _ends(values, found, whole, fit, offsets)
    return Placed(found * block + (block - 1) / 2, fit.uncertainty(rest) * block)


def _averaged(values: FloatArray, block: int) -> FloatArray:
    """Return the means of ``block`` samples each; of a long record, a power of two, by halving."""
    if block == 1:
        return values
    if values.size < LONG:
        means: FloatArray = values[: values.size // block * block].reshape(-1, block).mean(axis=1)
        return means
    while block > 1:
        halved = np.empty(values.size // 2)
        compiled(means_of_pairs)(values, halved)
        values, block = halved, block // 2
    return values


class _Fit:
    """The least-squares fit of a shape, its height, its delay and an offset."""

    def __init__(self, shape: FloatArray, offsets: Integers) -> None:
        self.columns = np.column_stack([shape - shape.mean(), -np.gradient(shape, offsets), np.ones(shape.size)])
        self._inverse = np.linalg.pinv(self.columns)

    def of(self, rows: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return delay [samples] and relative height of each row, shape (n,), and what is left over, (n, m)."""
        found = rows @ self._inverse.T
        rest = rows - found @ self.columns.T
        most = _WILD * float(np.std(rest))
        if np.any(np.abs(rest) > most):
            found = (rows - rest + np.clip(rest, -most, most)) @ self._inverse.T
            rest = rows - found @ self.columns.T
        heights = found[:, 0]
        return found[:, 1] / np.where(heights == 0.0, 1.0, heights), heights, rest

    def quickly(self, values: FloatArray, places: FloatArray, offsets: Integers) -> tuple[FloatArray, FloatArray]:
        """Return delay [samples] and relative height of the edges at some places of a record, shape (n,) each."""
        delays, heights = np.empty(places.size), np.empty(places.size)
        weights = np.ascontiguousarray(self._inverse[:2])
        for_size(dots, values.size)(values, places, int(offsets[0]), weights, heights, delays)
        return delays / np.where(heights == 0.0, 1.0, heights), heights

    def uncertainty(self, rest: FloatArray) -> float:
        """Return the standard uncertainty [samples] of a delay, from what is left over of each row.

        The delay of an edge of mean height is the sum of w(i) y(i), with the row w of the inverse and the samples y of
        the edge. Its variance is the sum of w(i) w(j) C(i - j), with the autocovariance C of the noise. The fit takes
        from the noise what looks like an edge, so C is not that of the rest. The variance of the
        delay is therefore scaled with white noise, for which it is exact::

            u^2 = sum_i w(i)^2 * sum_k S(k) p(k) / sum_k W(k) p(k),   k = 0 ... m/2 - 1
            S(k) = mean over the edges of sum_i r(i) r(i + k)
            p(k) = c(k) sum_i w(i) w(i + k) / (m - k),   c(0) = 1, c(k) = 2
            W(k) = trace of the k-th diagonal of I - A A^+

        with the rest r, m samples of an edge, the columns A of the fit and their pseudo-inverse A^+. W(k) is S(k) of
        the rest of white noise of variance 1. More lags than m/2 have too few products.
        """
        count = rest.shape[1]
        lags = count // 2
        power = np.mean(np.abs(np.fft.rfft(rest, 2 * count, axis=1)) ** 2, axis=0)
        seen = np.fft.irfft(power)[:lags]
        left = np.eye(count) - self.columns @ self._inverse
        white = np.array([np.trace(left, lag) for lag in range(lags)])
        weights = self._inverse[1]
        products = np.correlate(weights, weights, "full")[count - 1 :][:lags] / (count - np.arange(lags))
        products[1:] *= 2.0
        variance = float(seen @ products) / float(white @ products) * float(weights @ weights)
        return math.sqrt(max(variance, 0.0))


def _around(values: FloatArray, places: FloatArray, offsets: Integers) -> FloatArray:
    """Return the record around each place, between samples by a line, shape (n, m)."""
    first = np.floor(places)
    part = (places - first)[:, None]
    index = first.astype(np.intp)[:, None] + offsets
    found: FloatArray = (1.0 - part) * values[index] + part * values[index + 1]
    return found


def _alike(delays: FloatArray, heights: FloatArray, offsets: Integers) -> bool:
    """Return whether every edge has about the mean height and lies about where its crossing was."""
    return bool(np.all((heights > _LEAST_HEIGHT) & (heights < _MOST_HEIGHT))
                and np.all(np.abs(delays) < _FARTHEST * offsets[-1]))


def _inside(places: FloatArray, size: int, offsets: Integers) -> bool:
    """Return whether the record shows all samples around each place: no edge was moved out of it."""
    return bool(np.all((places + offsets[0] >= 0) & (np.floor(places) + offsets[-1] + 1 < size)))


def _ends(
    values: FloatArray, places: FloatArray, whole: npt.NDArray[np.bool_], fit: _Fit, offsets: Integers,
) -> FloatArray:
    """Return the places with those edges placed that the record does not show as widely as the others."""
    found = places.copy()
    for k in np.flatnonzero(~whole):
        at = places[k] + offsets
        seen = (at >= 0) & (at <= values.size - 1)
        if np.count_nonzero(seen) < max(_FEWEST_SAMPLES, offsets.size // 2):
            continue
        row = np.interp(at[seen], np.arange(values.size), values)
        height, delay, _ = np.linalg.lstsq(fit.columns[seen], row, rcond=None)[0]
        if _LEAST_HEIGHT < height < _MOST_HEIGHT and abs(delay / height) < _FARTHEST * offsets[-1]:
            found[k] += delay / height
    return found
