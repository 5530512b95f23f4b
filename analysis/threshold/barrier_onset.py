"""Whether a current over a barrier, grown through a gap, would have shown before it.

A current that an exponential adds to a smooth one is largest at the last reading before a gap: from what it is after
the gap it falls by 60 mV a decade at most (:mod:`tsbench.analysis.threshold.switching_evidence`). If the two readings
before the gap lie on the line of those before them, closer than such a current allows, no barrier made the rise. Of the
last one alone, it must lie on that line as well: a wild reading is anywhere.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tsbench.analysis.threshold.level_change import LARGE, LEAST_SIGMAS, LEAST_WITHOUT, LevelStep
from tsbench.records import FloatArray

#: readings of the line
_LINES = (3, 4, 6, 8, 12)
#: a line does not fit readings whose misfit is more noise than this
_MISFIT = 1.5
#: what is read after the gap may be too high by so many standard deviations
_AFTER = 3.0
#: a reading lies on a line that is known as well as this if it is nearer than so many standard deviations
_KNOWN, _ON_LINE = 0.05, 2.0


def would_have_shown(
    steps: Sequence[LevelStep], series: FloatArray, place: FloatArray, noise: tuple[FloatArray, FloatArray],
    drift: FloatArray,
) -> list[LevelStep]:
    """Return the steps that would have shown at each of the two readings before them, had they been smooth.

    Parameters
    ----------
    steps : rises of ``series``
    series : log conductance, shape (n,)
    place : level [V], shape (n,)
    noise : of one reading up to each index and from each index on
    drift : what log conductance of a smooth curve may have risen by up to each reading at most, shape (n,)
    """
    before, after = (np.array([getattr(step, end) for step in steps], dtype=np.int64) for end in ("before", "after"))
    shown = np.zeros(before.size, dtype=bool)
    for count in _LINES:
        left = np.flatnonzero(~shown & (before > count))
        shown[left] = _shown_by(count, before[left], after[left], series, place, noise, drift)
    return [step for step, one in zip(steps, shown.tolist(), strict=True) if one]


def _shown_by(
    count: int, before: npt.NDArray[np.int64], after: npt.NDArray[np.int64], series: FloatArray, place: FloatArray,
    noise: tuple[FloatArray, FloatArray], drift: FloatArray,
) -> npt.NDArray[np.bool_]:
    """Return of which steps lines through ``count`` readings tell it; shape (steps,)."""
    own = before[:, None] + np.arange(-1 - count, -1)
    at, here = np.stack((before, before - 1)), np.stack((after, np.minimum(after + 1, series.size - 1)))
    middle, base = place[own].sum(axis=1) / count, series[own].sum(axis=1) / count
    x, y = place[own] - middle[:, None], series[own] - base[:, None]
    spread, own_noise = (x * x).sum(axis=1), noise[0][before]
    with np.errstate(all="ignore"):  # lines that say nothing are left out at the end
        slope = (x * y).sum(axis=1) / spread
        misfit = np.sqrt(((y - slope[:, None] * x) ** 2).sum(axis=1) / (count - 2))
        line = base + slope * (place[at] - middle)
        deviation = own_noise * np.sqrt(1.0 + 1.0 / count + (place[at] - middle) ** 2 / spread)
        # one reading after the gap may be wild: both must have risen, and the lower of them counts
        trend = base + np.maximum(slope, 0.0) * (place[here] - middle)
        seen = series[here] - _AFTER * noise[1][after]
        risen = np.exp(seen.min(axis=0)) - np.exp(trend[0])
        expected = np.log1p(risen * np.exp(drift[at] - drift[after] - line))
        lacking = (line + expected - series[at]) / deviation
        on_line = (deviation[0] <= _KNOWN) & (np.abs(series[before] - line[0]) <= _ON_LINE * deviation[0])
        told: npt.NDArray[np.bool_] = (
            (spread > 0.0) & (misfit <= _MISFIT * own_noise) & ((seen - trend).min(axis=0) >= LARGE)
            & (lacking[0] >= LEAST_SIGMAS) & ((lacking[1] >= LEAST_WITHOUT) | on_line))
    return told
