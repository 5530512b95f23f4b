"""Whether readings behind a gap exclude that a convex curve leads through the gap.

A convex curve lies above the continuation of its chords: the straight line through the currents after a gap, continued
to the reading before it, lies above that reading only if the curve is not convex there. Currents that a limit may hold,
and those that bend down, have no such line. One reading far from the line through the others is left out.
"""

import math

import numpy as np

from tsbench.analysis.threshold.level_change import WINDOWS, median_of_three
from tsbench.records import FloatArray

#: the line must be above by so many of its standard deviations, and by so many with any one reading left out; that
#: the current stepped up at all is shown already
_LINE_SIGMAS, _LINE_WITHOUT = 3.0, 1.5
_OHMIC = 0.4  #: a current that may rise as a lesser power of the level may be held by a limit
_ON_LINE = 0.8  #: the readings beside the gap reach this part of the line before it
_BENT = 0.05  #: part of the current by which a line may bend down
_FEWEST = 3  #: readings of a line
_WILD = 4.0  #: standard deviations from the line through the others beyond which a reading may be wild


def line_is_above(
    level: FloatArray, current: FloatArray, noise: float, before: float, off: float, free: bool = False
) -> bool:
    """Return whether a line through readings, continued back to ``before``, is above the current ``off`` there.

    By more than noise, with any one reading left out.

    Parameters
    ----------
    level, current : [V] and [A] of the readings after the gap, in order of rising level, shape (n,)
    noise : relative standard deviation of one current
    before : [V] level of the reading before the gap
    off : [A] above which the line must be there
    free : a voltmeter shows that the source is in control of all of them
    """
    size = level.size
    # a current that stays as it is up to the end is held, whatever the voltmeter says
    half = (size - 1) // 2
    free = free and size >= _FEWEST and not (
        _rises_less(median_of_three(current), level, 0.0) or _rises_less(current[half:], level[half:], -noise))
    for count in (*(window for window in WINDOWS if _FEWEST <= window < size), size):
        if count < _FEWEST:
            return False
        volts, amperes = _without_wild(level[:count], current[:count], noise)
        smooth = median_of_three(amperes)
        if _bends_down(smooth, volts, noise):
            continue
        # without a voltmeter's word two voltages are too few: the current may be held at the second
        if _rises_less(smooth, volts, 0.0) if free else (
                np.unique(volts).size < _FEWEST or _may_be_held(smooth, volts, noise)):
            continue
        beside = float(np.median(current[:3]))
        weight, residual, leverage = _line(volts, amperes, before)
        line, spread = float(weight @ amperes), noise * float(np.sqrt(weight**2 @ amperes**2))
        # what leaving out one reading does to a line: its residual over one less its leverage
        without = line - weight * residual / np.maximum(1.0 - leverage, 1e-9)
        lowest = min(line - _LINE_SIGMAS * spread, float(without.min()) - _LINE_WITHOUT * spread)
        # a line that the readings beside the gap do not lie on says nothing of them
        if lowest > off and beside > line * _ON_LINE * (1.0 - min(noise, 0.3)):
            return True
    return False


def _line(volts: FloatArray, amperes: FloatArray, at: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return (weight of each reading in the value of their line at a voltage, its residual, its leverage)."""
    x = volts - volts.mean()
    total = max(float(x @ x), 1e-300)
    residual = amperes - amperes.mean() - x * float(x @ amperes) / total
    return 1.0 / volts.size + x * (at - volts.mean()) / total, residual, 1.0 / volts.size + x**2 / total


def _without_wild(volts: FloatArray, amperes: FloatArray, noise: float) -> tuple[FloatArray, FloatArray]:
    """Return readings without the one that is far from the line through the others, if there is one."""
    if volts.size <= _FEWEST:
        return volts, amperes
    _, residual, leverage = _line(volts, amperes, float(volts[0]))
    away = np.abs(residual) / np.sqrt(np.maximum(1.0 - leverage, 1e-9))
    wild = int(np.argmax(away))
    on_line = amperes[wild] - residual[wild] / max(1.0 - float(leverage[wild]), 1e-9)
    if away[wild] <= _WILD * noise * abs(on_line):
        return volts, amperes
    return np.delete(volts, wild), np.delete(amperes, wild)


def _may_be_held(current: FloatArray, level: FloatArray, noise: float) -> bool:
    """Whether some readings, or the later half of them, may be held by a limit, by their power of the level."""
    half = (current.size - 1) // 2
    return _rises_less(current, level, noise) or _rises_less(current[half:], level[half:], 0.0)


def _rises_less(current: FloatArray, level: FloatArray, noise: float) -> bool:
    """Whether a current may rise as a lesser power of the level than an ohmic one, by one standard deviation."""
    risen = np.log(level / level[-1])
    risen = risen - risen.mean()
    spread = float(risen @ risen)
    if spread <= 0.0:
        return True
    power = float(risen @ np.log(np.maximum(current, 1e-300))) / spread
    return power - noise / math.sqrt(spread) < _OHMIC


def _bends_down(current: FloatArray, level: FloatArray, noise: float) -> bool:
    """Whether the middle of some readings is above the chord of both ends: a curve that saturates has no line."""
    third = max(1, current.size // 3)
    parts = (slice(0, third), slice(third, current.size - third), slice(current.size - third, current.size))
    (a, b, c), (x, y, z) = ([float(np.median(values[part])) for part in parts] for values in (current, level))
    if z <= x:
        return True
    above = b - (a + (c - a) * (y - x) / (z - x))
    return above > b * (_BENT + 2.0 * noise * math.sqrt(1.5 / third))
