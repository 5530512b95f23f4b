"""Whether a noisy series steps up between two stretches that are each a straight line.

The means of :func:`tsbench.analysis.threshold.level_change.steps` lose what a trend towards the step takes back within
the windows, and must allow a curve its steepest rise over the windows as well. Here the readings themselves say how
steep each stretch is: the line through the readings before a gap and that through the readings after it are continued
to the gap, and what is between them is the step. Where a line does not fit the readings of a window within their noise,
that window says nothing. The step must be there, if less surely, with any one reading left out (leverages; Belsley, Kuh
and Welsch, Regression Diagnostics, 1980, sec. 2.1), so that no single reading makes it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.analysis.threshold.level_change import LARGE, LEAST_SIGMAS, LEAST_WITHOUT, WINDOWS, LevelStep
from tsbench.records import FloatArray

#: readings of a line; of two every one would be left without which there is no line
_FEWEST, _MOST = 3, 12
#: a line does not fit readings whose misfit is more noise than this: a bend that it hides, of 1.1 noise, moves the ends
#: of a line through twelve readings by less than what a step must exceed
_MISFIT = 1.5


@dataclass(frozen=True)
class _Ends:
    """What the line through the readings up to each one says of that one; arrays of shape (n,), NaN: no line."""

    value: FloatArray
    deviation: FloatArray  #: standard deviation of it
    noise: FloatArray  #: of one reading
    weight: FloatArray  #: of each reading in the value, shape (n, window)
    residual: FloatArray  #: shape (n, window)
    rest: FloatArray  #: one less the leverage, shape (n, window); NaN where the line needs the reading
    there: npt.NDArray[np.bool_]  #: whether the window holds a reading, shape (n, window)

    def without(self, at: npt.NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
        """Return some values with one reading left out, and their deviations; shape (places, window) each."""
        weight, rest = self.weight[at], self.rest[at]
        values = self.value[at, None] - weight * self.residual[at] / rest
        deviations = self.noise[at, None] * np.sqrt(weight[:, -1:] + weight**2 / rest)
        # where there are fewer readings than the window, the last one stands for the rest
        there = self.there[at]
        return np.where(there, values, values[:, -1:]), np.where(there, deviations, deviations[:, -1:])


def line_steps(
    series: FloatArray, place: FloatArray, noise: tuple[FloatArray, FloatArray], drift: FloatArray | None = None,
    least_size: float = 0.0, least_noises: float = 0.0,
) -> list[LevelStep]:
    """Return every gap at which ``series`` steps up from one line to another, the surest step of each.

    Parameters
    ----------
    series : shape (n,)
    place : along which lines are straight, non-decreasing, in any unit, shape (n,)
    noise : of one reading up to each index and from each index on, as of ``reading_noise.noise_around``
    drift : what a smooth curve may have risen by up to each reading at most, non-decreasing, shape (n,); None: 0
    least_size : what a step must exceed
    least_noises : and how many standard deviations of one reading, where that is less than ``LARGE``
    """
    n = series.size
    drift = np.zeros(n) if drift is None else drift
    best: dict[int, LevelStep] = {}
    for window in WINDOWS:
        if not _FEWEST <= window <= min(_MOST, n - _FEWEST):
            continue
        left = _ends(series, place, noise[0], window)
        # those from each reading on are those of the series that is turned round
        right = _ends(series[::-1], -place[::-1], noise[1][::-1], window)
        right_value, right_deviation = right.value[::-1], right.deviation[::-1]
        for skip in (1, 2):
            allowed = drift[skip:] - drift[:-skip]
            size = right_value[skip:] - left.value[:-skip] - allowed
            sigmas = size / np.hypot(left.deviation[:-skip], right_deviation[skip:])
            least = np.minimum(LARGE, least_noises * np.maximum(noise[0][:-skip], noise[1][skip:]))
            at = np.flatnonzero((sigmas >= LEAST_SIGMAS) & (size >= np.maximum(least, least_size)))
            if not at.size:
                continue
            (lefts, left_deviations), (rights, right_deviations) = left.without(at), right.without(n - 1 - at - skip)
            one_left = (right_value[at + skip] - allowed[at])[:, None] - lefts
            one_left = one_left / np.hypot(left_deviations, right_deviation[at + skip, None])
            one_right = rights - (left.value[at] + allowed[at])[:, None]
            one_right = one_right / np.hypot(left.deviation[at, None], right_deviations)
            without = np.minimum(one_left.min(axis=1), one_right.min(axis=1))
            for k, sure in zip(at.tolist(), without.tolist(), strict=True):
                step = LevelStep(k, k + skip, float(size[k]), sure, window, float(max(noise[0][k], noise[1][k + skip])))
                if sure >= LEAST_WITHOUT and (k not in best or step.sure > best[k].sure):
                    best[k] = step
    return [best[at] for at in sorted(best)]


def _ends(series: FloatArray, place: FloatArray, noise: FloatArray, window: int) -> _Ends:
    """Return what lines through ``window`` readings say of the last of them; of fewer where there are fewer."""
    take = np.arange(series.size)[:, None] + np.arange(1 - window, 1)
    there = take >= 0
    count = np.minimum(np.arange(1, series.size + 1), window)[:, None]
    x, y = (np.where(there, values[np.maximum(take, 0)], 0.0) for values in (place, series))
    x = np.where(there, x - x.sum(axis=1, keepdims=True) / count, 0.0)
    spread = (x**2).sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = 1.0 / count + x[:, -1:] * x / spread  # of each reading in the line's end
        rest = 1.0 - 1.0 / count - x**2 / spread  # one less the leverage
        rest = np.where(rest > 1e-9, rest, np.nan)
        middle = y.sum(axis=1, keepdims=True) / count
        residual = np.where(there, y - middle - x * ((x * y).sum(axis=1, keepdims=True) / spread), 0.0)
        misfit = np.sqrt((residual**2).sum(axis=1) / np.maximum(count[:, 0] - 2, 1))
        fits = (misfit <= _MISFIT * noise) & (count[:, 0] >= _FEWEST)
        one = np.where(fits, np.maximum(noise, misfit), np.nan)
        value = np.where(fits, (weight * y).sum(axis=1), np.nan)
        deviation = one * np.sqrt(weight[:, -1])
    return _Ends(value, deviation, one, weight, residual, rest, there)
