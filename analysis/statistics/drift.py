"""Drift and change points over the cycles of a device, with the evidence that noise could not make them.

Noise of devices has a memory: after a high threshold another high one is likely. Such noise wanders, and a test for
independent values takes the wandering for a drift. So the significance is the share of series of noise with the same
memory that have as large a trend or step. This noise is a first-order autoregression with the largest memory that is
plausible for what is left after the best line or step. The test uses normal scores (ranks), so that an outlier counts
no more than another extreme value. A step needs several values on both sides.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import ndtri

from tsbench.analysis.statistics.estimate import Estimate
from tsbench.analysis.statistics.intervals import NORMAL_95, t_quantile_95
from tsbench.records import FloatArray

FEWEST = 10  #: values for a test
LEVEL = 0.01  #: significance below which a trend or a step is reported
_LONGEST = 1000  #: values; longer series are averaged in blocks
_MEMORIES = np.array([0.0, 0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.87, 0.92, 0.96, 0.985])
_SERIES, _SERIES_PER_MEMORY = 1999, 199
#: difference of 2 log-likelihoods that holds the place of a change with 95 % (B. E. Hansen, Econometrica 68 (2000) 575)
_PLACE_95 = 7.35


@dataclass(frozen=True)
class Change:
    """A step between two levels."""

    first: int  #: number of the first value after the step, counted from 0
    earliest: int  #: 95 % interval of ``first``
    latest: int
    size: Estimate  #: mean after the step - mean before it, up to the neighbouring steps
    significance: float


@dataclass(frozen=True)
class DriftFound:
    """How the values of one device change in the order of measurement."""

    number: int
    slope: Estimate  #: per cycle: median of the slopes of all pairs (Sen), Kendall's interval widened by the memory
    significance: float | None  #: of the trend; None: too few values, or all are equal
    memory: float  #: correlation of successive values that trend and steps do not explain
    changes: tuple[Change, ...]

    @property
    def drifts(self) -> bool:
        """Return whether noise with this memory makes such a trend in less than 1 % of series."""
        return self.significance is not None and self.significance < LEVEL


def drift_of(values: FloatArray, seed: int = 0) -> DriftFound:
    """Look for a trend and for steps.

    Parameters
    ----------
    values : in the order of measurement, shape (n,)
    seed : of the series of noise

    Returns
    -------
    DriftFound
        Without slope and significance below ten values, where all are equal, or where one is no finite number: a
        series with a gap has another memory.
    """
    given = np.asarray(values, dtype=np.float64)
    nothing = DriftFound(given.size, Estimate(None, None, None), None, 0.0, ())
    if given.size < FEWEST or not np.isfinite(given).all() or float(np.ptp(given)) == 0.0:
        return nothing
    block = math.ceil(given.size / _LONGEST)
    x = given[: given.size // block * block].reshape(-1, block).mean(axis=1)
    scores = _normal_scores(x)
    random = np.random.default_rng(seed)
    memory, largest = _memory(scores, random)
    trend, step, _ = _statistics(scores[None])
    noise_trend, noise_step, _ = _statistics(_noise(largest, _SERIES, x.size, random))
    changes = _changes(x, largest, random, block) if _share(noise_step, float(step[0])) < LEVEL else ()
    return DriftFound(given.size, _slope(x, largest, block), _share(noise_trend, float(trend[0])), memory, changes)


def _statistics(scores: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return of each series |correlation with its number|, the largest standardised step, and where that is."""
    n = scores.shape[1]
    centred = scores - scores.mean(axis=1, keepdims=True)
    size = np.sqrt((centred**2).sum(axis=1))
    size = np.where(size > 0, size, 1.0)
    number = np.arange(n) - 0.5 * (n - 1)
    trend = np.abs(centred @ number) / (size * math.sqrt(float(number @ number)))
    least = fewest_beside(n)
    before = np.arange(least, n - least + 1)
    sums = np.cumsum(centred, axis=1)[:, before - 1]
    steps = np.abs(sums) * np.sqrt(n / (before * (n - before))) / size[:, None]
    place = steps.argmax(axis=1)
    return np.asarray(trend), np.asarray(steps.max(axis=1)), before[place]


def fewest_beside(number: int) -> int:
    """Return how many values a step needs on either side.

    Parameters
    ----------
    number : values of the series
    """
    return max(4, number // 20)


def _after_the_best(scores: FloatArray) -> FloatArray:
    """Return the correlation of successive values of each series after its best line or step is taken off."""
    trend, step, at = _statistics(scores)
    n = scores.shape[1]
    number = np.arange(n) - 0.5 * (n - 1)
    centred = scores - scores.mean(axis=1, keepdims=True)
    line = centred - ((centred @ number) / float(number @ number))[:, None] * number
    before = np.arange(n)[None, :] < at[:, None]
    first = np.where(before, centred, 0.0).sum(axis=1) / at
    second = np.where(before, 0.0, centred).sum(axis=1) / (n - at)
    level = centred - np.where(before, first[:, None], second[:, None])
    rest = np.where((step > trend)[:, None], level, line)
    size = (rest**2).sum(axis=1)
    return np.asarray((rest[:, 1:] * rest[:, :-1]).sum(axis=1) / np.where(size > 0, size, 1.0))


def _memory(scores: FloatArray, random: np.random.Generator) -> tuple[float, float]:
    """Return the memory of which noise has the correlation of the series in the median, and the largest plausible one.

    To take a line or a step off lowers the correlation; noise of each memory tells by how much. Of noise with the
    largest plausible memory, one series in ten has so small a correlation.
    """
    seen = float(_after_the_best(scores[None])[0])
    shares = np.array([
        np.quantile(_after_the_best(_noise(float(memory), _SERIES_PER_MEMORY, scores.size, random)), (0.5, 0.1))
        for memory in _MEMORIES])
    median, largest = (float(np.interp(seen, np.maximum.accumulate(line), _MEMORIES)) for line in shares.T)
    return median, largest


def _normal_scores(x: FloatArray) -> FloatArray:
    """Return what values of a normal distribution with the same ranks would be, shape (n,)."""
    from scipy.stats import rankdata  # noqa: PLC0415  a large library, which most runs need for nothing else

    return np.asarray(ndtri((rankdata(x) - 0.5) / x.size))


def _noise(memory: float, series: int, number: int, random: np.random.Generator) -> FloatArray:
    """Return stationary first-order autoregressions, shape (series, number)."""
    from scipy.signal import lfilter  # noqa: PLC0415  a large library, too

    drawn = random.standard_normal((series, number))
    drawn[:, 0] /= math.sqrt(1.0 - memory * memory)
    return np.asarray(lfilter([1.0], [1.0, -memory], drawn, axis=1))


def _share(noise: FloatArray, seen: float) -> float:
    return float((1 + (noise >= seen - 1e-12).sum()) / (noise.size + 1))


def _slope(x: FloatArray, memory: float, block: int) -> Estimate:
    first, second = np.triu_indices(x.size, 1)
    slopes = np.sort((x[second] - x[first]) / ((second - first) * block))
    n = x.size
    spread = NORMAL_95 * math.sqrt(n * (n - 1) * (2 * n + 5) / 18.0 * (1.0 + memory) / (1.0 - memory))
    low = slopes[max(math.floor(0.5 * (slopes.size - spread)) - 1, 0)]
    high = slopes[min(math.ceil(0.5 * (slopes.size + spread)), slopes.size - 1)]
    return Estimate(float(np.median(slopes)), float(low), float(high))


def _changes(x: FloatArray, memory: float, random: np.random.Generator, block: int) -> tuple[Change, ...]:
    """Divide the series at its largest step, then each part again, as long as noise does not make such a step."""
    found: dict[int, float] = {}
    waiting = [(0, x.size)]
    while waiting:
        start, end = waiting.pop()
        if end - start < max(FEWEST, 2 * fewest_beside(end - start)):
            continue
        part = x[start:end]
        if float(np.ptp(part)) == 0.0:
            continue
        scores = _normal_scores(part)
        _, step, at = _statistics(scores[None])
        noise = _statistics(_noise(memory, _SERIES, part.size, random))[1]
        # every part is another chance for noise
        significance = min(1.0, _share(noise, float(step[0])) * (len(found) + 1))
        if significance < LEVEL:
            found[start + int(at[0])] = significance
            waiting += [(start, start + int(at[0])), (start + int(at[0]), end)]
    edges = [0, *sorted(found), x.size]
    if not found or _line_is_better(x, edges):
        return ()
    return tuple(
        _change(x, edges[k - 1], edges[k], edges[k + 1], memory, found[edges[k]], block)
        for k in range(1, len(edges) - 1))


def _line_is_better(x: FloatArray, edges: list[int]) -> bool:
    """Return whether a straight line explains the values better than steps, by Schwarz's criterion (BIC)."""
    number = np.arange(x.size) - 0.5 * (x.size - 1)
    slope = float(number @ x) / float(number @ number)
    line = float(((x - x.mean() - slope * number) ** 2).sum())
    steps = sum(float(((x[a:b] - x[a:b].mean()) ** 2).sum()) for a, b in pairwise(edges))
    more = 2 * (len(edges) - 2) + 1 - 2   # each step has a place and a level
    return x.size * math.log(max(line, 1e-300)) <= x.size * math.log(max(steps, 1e-300)) + more * math.log(x.size)


def _change(
    x: FloatArray, start: int, at: int, end: int, memory: float, significance: float, block: int
) -> Change:
    before, after = x[start:at], x[at:end]
    wider = (1.0 + memory) / (1.0 - memory)
    errors = [part.var(ddof=1) / part.size for part in (before, after)]
    total = sum(errors)
    freedom = total**2 / max(
        sum(e**2 / (part.size - 1) for e, part in zip(errors, (before, after), strict=True)), 1e-300)
    half = t_quantile_95(max(1, math.floor(freedom))) * math.sqrt(wider * total)
    size = float(after.mean() - before.mean())
    part, n = x[start:end], end - start
    places = np.arange(1, n)
    sums = np.cumsum(part - part.mean())[:-1]
    rest = float(((part - part.mean()) ** 2).sum()) - sums**2 * n / (places * (n - places))
    noise = float(rest.min()) / max(n - 2, 1) * wider
    likely = places[rest - rest.min() <= _PLACE_95 * noise]
    return Change(at * block, (start + int(likely.min())) * block, (start + int(likely.max())) * block,
                  Estimate(size, size - half, size + half), significance)
