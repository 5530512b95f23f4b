"""Whether readings behind a gap exclude that a convex curve leads through the gap.

A convex curve lies above the continuation of its chords: the straight line through the currents after a gap, continued
to the reading before it, lies above that reading only if the curve is not convex there. Currents that a limit may hold,
and those that bend down, have no such line.
"""

import math

import numpy as np

from tsbench.analysis.level_change import WINDOWS, median_of_three
from tsbench.records import FloatArray

#: the line must be above by so many of its standard deviations, and by so many with any one reading left out; that
#: the current stepped up at all is shown already
_LINE_SIGMAS, _LINE_WITHOUT = 3.0, 1.5
_OHMIC = 0.4  #: a current that may rise as a lesser power of the level may be held by a limit
_ON_LINE = 0.8  #: the readings beside the gap reach this part of the line before it
_BENT = 0.05  #: part of the current by which a line may bend down
_FEWEST = 3  #: readings of a line


def line_is_above(level: FloatArray, current: FloatArray, noise: float, before: float, off: float) -> bool:
    """Return whether a line through readings, continued back to ``before``, is above the current ``off`` there.

    By more than noise, with any one reading left out.

    Parameters
    ----------
    level, current : [V] and [A] of the readings after the gap, in order of rising level, shape (n,)
    noise : relative standard deviation of one current
    before : [V] level of the reading before the gap
    off : [A] above which the line must be there
    """
    size = level.size
    for count in (*(window for window in WINDOWS if _FEWEST <= window < size), size):
        if count < _FEWEST:
            return False
        amperes, volts = current[:count], level[:count]
        smooth = median_of_three(amperes)
        if _may_be_held(smooth, volts, noise) or _bends_down(smooth, volts, noise):
            continue
        x = volts - volts.mean()
        total = float(x @ x)
        weight = 1.0 / count + x * (before - volts.mean()) / total
        line, spread = float(weight @ amperes), noise * float(np.sqrt(weight**2 @ amperes**2))
        # what leaving out one reading does to a line: its residual over one less its leverage
        residual = amperes - amperes.mean() - x * float(x @ amperes) / total
        leverage = 1.0 / count + x**2 / total
        without = line - weight * residual / np.maximum(1.0 - leverage, 1e-9)
        lowest = min(line - _LINE_SIGMAS * spread, float(without.min()) - _LINE_WITHOUT * spread)
        # a line that the readings beside the gap do not lie on says nothing of them
        beside = float(np.median(amperes[:3]))
        if lowest > off and beside > line * _ON_LINE * (1.0 - min(noise, 0.3)):
            return True
    return False


def _may_be_held(current: FloatArray, level: FloatArray, noise: float) -> bool:
    """Whether some readings, or the later half of them, may be held by a limit, by their power of the level."""
    half = (current.size - 1) // 2
    for part, sigmas in ((slice(0, None), 1.0), (slice(half, None), 0.0)):
        risen = np.log(level[part] / level[-1])
        risen = risen - risen.mean()
        spread = float(risen @ risen)
        if spread <= 0.0:
            return True
        power = float(risen @ np.log(np.maximum(current[part], 1e-300))) / spread
        if power - sigmas * noise / math.sqrt(spread) < _OHMIC:
            return True
    return False


def _bends_down(current: FloatArray, level: FloatArray, noise: float) -> bool:
    """Whether the middle of some readings is above the chord of both ends: a curve that saturates has no line."""
    third = max(1, current.size // 3)
    parts = (slice(0, third), slice(third, current.size - third), slice(current.size - third, current.size))
    (a, b, c), (x, y, z) = ([float(np.median(values[part])) for part in parts] for values in (current, level))
    if z <= x:
        return True
    above = b - (a + (c - a) * (y - x) / (z - x))
    return above > b * (_BENT + 2.0 * noise * math.sqrt(1.5 / third))
