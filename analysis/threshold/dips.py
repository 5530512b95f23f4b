"""Whether a step of a branch is the end of a dip: the branch was at the level after it before, as at a bad contact."""

import math

import numpy as np
import numpy.typing as npt

from tsbench.analysis.threshold.level_change import LevelStep
from tsbench.records import FloatArray
from tsbench.samples import median

#: fewest readings before a dip
_FEWEST = 3
#: part of the step by which the readings before a dip lie above the middle, and standard deviations
_BACK, _BACK_SIGMAS = 0.25, 4.0
_NEAR = 5  #: readings right before the dip


def is_end_of_dip(series: FloatArray, seen: npt.NDArray[np.bool_], step: LevelStep) -> bool:
    """Return whether a branch was at the level after a step before: the step ends a dip.

    Parameters
    ----------
    series : log conductance in order of rising level, shape (n,)
    seen : readings above the noise floor, shape (n,); the others count as "off"
    step : a rise of the series
    """
    after = median(series[step.after : step.after + max(step.window, 2)])
    old = slice(step.before + 1)
    above = np.where(seen[old], series[old] - (after - 0.5 * step.size), -0.5 * step.size)
    last = int(above.cumsum().argmax())
    before = above[: last + 1]
    if before.size < _FEWEST or last >= step.before:
        return False
    less_one = (float(before.sum()) - float(before.max())) / (before.size - 1)
    near = median(before[-_NEAR:])
    sure = less_one > _BACK_SIGMAS * step.noise / math.sqrt(before.size - 1)
    return sure and min(near, less_one) > _BACK * step.size
