"""Whether a current over a barrier, grown through a gap, would have shown before it.

A current that an exponential adds to a smooth one is largest at the last reading before a gap: from what it is after
the gap it falls by 60 mV a decade at most (:mod:`tsbench.analysis.switching_evidence`). If the two readings before the
gap lie on the line of those before them, closer than such a current allows, no barrier made the rise. Of the last one
alone, it must lie on that line as well: a wild reading is anywhere.
"""

import math

import numpy as np

from tsbench.analysis.level_change import LARGE, LEAST_SIGMAS, LEAST_WITHOUT, Step
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
    step: Step, series: FloatArray, place: FloatArray, noise: tuple[FloatArray, FloatArray], drift: FloatArray
) -> bool:
    """Return whether what rises at ``step`` would have shown at each of the two readings before it, had it been smooth.

    Parameters
    ----------
    step : a rise of ``series``
    series : log conductance, shape (n,)
    place : level [V], shape (n,)
    noise : of one reading up to each index and from each index on
    drift : what log conductance of a smooth curve may have risen by up to each reading at most, shape (n,)
    """
    before, after = step.before, step.after
    at, here = slice(before - 1, before + 1), slice(after, after + 2)
    # one reading after the gap may be wild: both must have risen, and the lower of them counts
    seen = series[here] - _AFTER * noise[1][after]
    for count in _LINES:
        if before - 1 < count:
            return False
        own = slice(before - 1 - count, before - 1)
        middle, base = float(place[own].sum()) / count, float(series[own].sum()) / count
        x, y = place[own] - middle, series[own] - base
        spread = float(x @ x)
        if spread <= 0.0:
            continue
        slope = float(x @ y) / spread
        rest = y - slope * x
        if math.sqrt(float(rest @ rest) / (count - 2)) > _MISFIT * noise[0][before]:
            continue
        trend = base + max(slope, 0.0) * (place[here] - middle)
        if float((seen - trend).min()) < LARGE:
            continue
        line = base + slope * (place[at] - middle)
        deviation = noise[0][before] * np.sqrt(1.0 + 1.0 / count + (place[at] - middle) ** 2 / spread)
        risen = math.exp(float(seen.min())) - math.exp(float(trend[0]))
        expected = np.log1p(risen * np.exp(-(drift[after] - drift[at]) - line))
        lacking = (line + expected - series[at]) / deviation
        on_line = deviation[1] <= _KNOWN and abs(float(series[before] - line[1])) <= _ON_LINE * deviation[1]
        if lacking[1] >= LEAST_SIGMAS and (lacking[0] >= LEAST_WITHOUT or on_line):
            return True
    return False
