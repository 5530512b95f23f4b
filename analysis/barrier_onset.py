"""Whether a current over a barrier, grown through a gap, would have shown before it.

A current that an exponential adds to a smooth one is largest at the last reading before a gap: from what it is after
the gap it falls by 60 mV a decade at most (:mod:`tsbench.analysis.switching_evidence`). If the two readings before the
gap lie on the line of those before them, closer than such a current allows, no barrier made the rise. Of the last one
alone, it must lie on that line as well: a wild reading is anywhere.
"""

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
    for count in _LINES:
        own = np.arange(before - 1 - count, before - 1)
        if own[0] < 0:
            return False
        middle = float(place[own].mean())
        spread = float(((place[own] - middle) ** 2).sum())
        if spread <= 0.0:
            continue
        slope = float((place[own] - middle) @ series[own]) / spread
        base = float(series[own].mean())
        misfit = float(np.sqrt(((series[own] - base - slope * (place[own] - middle)) ** 2).sum() / (count - 2)))
        if misfit > _MISFIT * noise[0][before]:
            continue
        at = np.array([before, before - 1])
        line = base + slope * (place[at] - middle)
        deviation = noise[0][before] * np.sqrt(1.0 + 1.0 / count + (place[at] - middle) ** 2 / spread)
        # one reading after the gap may be wild: both must have risen, and the lower of them counts
        here = np.array([after, min(after + 1, series.size - 1)])
        trend = base + max(slope, 0.0) * (place[here] - middle)
        seen = series[here] - _AFTER * float(noise[1][after])
        if float((seen - trend).min()) < LARGE:
            continue
        risen = np.exp(float(seen.min())) - np.exp(float(trend[0]))
        expected = np.log1p(risen * np.exp(-(drift[after] - drift[at]) - line))
        lacking = (line + expected - series[at]) / deviation
        on_line = deviation[0] <= _KNOWN and abs(float(series[before] - line[0])) <= _ON_LINE * deviation[0]
        if lacking[0] >= LEAST_SIGMAS and (lacking[1] >= LEAST_WITHOUT or on_line):
            return True
    return False
