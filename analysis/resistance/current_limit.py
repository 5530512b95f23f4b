"""The readings of a table without flags at which a source limits the current while its set-point goes on.

Behind any resistance, the current of an on state grows at least as fast as the set-point: its growth, the slope of
the logarithm of the current over that of the set-point, is 1 or more. In compliance it is 0. So the readings around the
highest set-point that have one current within their scatter are in compliance if this scatter leaves room for no
growth, and none for a growth of 1. Where few readings with much noise tell neither, nothing is known of a limit.
"""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.statistics import noise_or_scatter
from tsbench.analysis.threshold.half_sweeps import HalfSweep, IntArray
from tsbench.records import Flag, FloatArray
from tsbench.samples import noise_of, spread

#: readings with these flags are no readings of a state
NO_STATE = int(Flag.OVERFLOW | Flag.CLIPPED | Flag.OSCILLATING)
_PART = 0.5  #: of the highest current: readings below are not in its compliance
#: standard deviations within which readings show one current; within which others have it too; standard errors
_CORE, _SIGMAS = 2.0, 3.0
_STABLE = 5e-3  #: relative change of a limit within a sweep that is not the device. Chosen
_GROWTH_OF_LIMIT, _GROWTH_OF_DEVICE = 0.1, 1.0  #: the first is chosen, for a limit that drifts
_FOLLOWS = 0.5  #: part of the step of the set-point by which a measured voltage rises where the source sets it
_FEWEST = 3  #: readings
_ROUNDS = 20  #: in which the current of a plateau and its length are found from each other; most need three
_ROUNDED = 1e-6  #: relative difference of a voltage to its set-point that is one of written digits


@dataclass(frozen=True)
class Growth:
    """Slope of the logarithm of the current over that of the set-point, less and more three standard errors."""

    low: float
    high: float


def limited_currents(half: HalfSweep) -> IntArray:
    """Return the readings of a half-sweep under voltage drive whose current is limited, by the currents alone.

    They are successive readings on both sides of the highest set-point. There are none if the readings do not tell a
    limit, or if a measured voltage follows the set-point: then it is the device that takes no more current.

    Parameters
    ----------
    half : the half-sweep; levels and voltages [V], currents [A]

    Returns
    -------
    indices, in order of measurement, shape (k,)
    """
    none = np.empty(0, np.int64)
    sides = (_outward(half, -1), _outward(half, 1))
    block = np.concatenate((sides[0][:0:-1], sides[1]))
    if block.size < _FEWEST:
        return none
    noise = _relative_noise(half.current[block])
    core = _plateau(half, sides, _CORE * noise)
    growth = _growth(half.level[core], half.current[core], noise)
    if growth is None or growth.low > _GROWTH_OF_LIMIT or growth.high >= _GROWTH_OF_DEVICE:
        return none
    found = _plateau(half, sides, _SIGMAS * max(noise, spread(np.log(half.current[core]))))
    if _digits_hide(half, block, found) or _goes_on(half, sides, found, noise) or _voltage_follows(half, found):
        return none
    limited: IntArray = np.arange(found[0], found[-1] + 1)
    return limited


def _plateau(half: HalfSweep, sides: tuple[IntArray, IntArray], far: float) -> IntArray:
    """Return the readings of both sides that have one current, within ``far`` (relative), in order of measurement."""
    before, after = (side[: _run(half.current[side], max(far, _STABLE))] for side in sides)
    found: IntArray = np.concatenate((before[:0:-1], after))
    return found


def _outward(half: HalfSweep, way: int) -> IntArray:
    """Return the readings from the highest set-point on, backwards (-1) or forwards (1) in time, that may be limited.

    They end where two readings in a row have less than half of the highest current: one alone may be wild.
    """
    index: IntArray = np.arange(half.turn, -1 if way < 0 else half.current.size, way)
    index = index[(half.flags[index] & NO_STATE == 0) & (half.level[index] > 0.0)]
    if index.size == 0:
        return index
    low = half.current[index] < _PART * float(half.current[half.level > 0.0].max())
    ends = np.flatnonzero(low & np.append(low[1:], True))
    index = index[: ends[0]] if ends.size else index
    found: IntArray = index[half.current[index] > 0.0]
    return found


def _relative_noise(current: FloatArray) -> float:
    """Return the relative standard deviation of a reading by second differences; few of them scatter, so it is wider.

    It is zero for fewer than four readings.
    """
    return noise_of(current) * (1.0 + 4.0 / max(current.size - 2, 1)) / float(np.median(current))


def _run(current: FloatArray, far: float) -> int:
    """Return how many of the first readings have one current.

    A reading that has it counts for a plateau by its squared distance. One further away than ``far`` counts against
    it, at most three times as much: it may be wild.

    Parameters
    ----------
    current : [A], all above zero, from the highest set-point on, shape (n,)
    far : relative distance
    """
    if current.size == 0:
        return 0
    logarithm = np.log(current)
    length = min(_FEWEST, current.size)
    for _ in range(_ROUNDS):
        away = np.abs(logarithm - np.median(logarithm[:length])) / far
        found = int(np.argmax(np.cumsum(1.0 - np.minimum(away, 2.0) ** 2))) + 1
        if found == length:
            break
        length = found
    # at its end, a reading that is not lower belongs to it, however large its error
    lower = logarithm[length:] < float(np.median(logarithm[:length])) - far
    return length + (int(np.argmax(lower)) if lower.any() else lower.size)


def _growth(level: FloatArray, value: FloatArray, noise: float) -> Growth | None:
    """Return the growth of a current with the set-point; None: too few readings.

    Parameters
    ----------
    level : set-points [V], above zero, shape (n,)
    value : above zero, shape (n,)
    noise : relative standard deviation of a reading
    """
    if level.size < _FEWEST or np.ptp(level) == 0.0:
        return None
    x, y = np.log(level), np.log(value)
    x, y = x - x.mean(), y - y.mean()
    squares = float(x @ x)
    slope = float(x @ y) / squares
    left, degrees = y - slope * x, level.size - 2
    scatter = math.sqrt(float(left @ left) / degrees)
    wide = _SIGMAS * noise_or_scatter(noise, scatter, degrees) / math.sqrt(squares)
    return Growth(slope - wide, slope + wide)


def _goes_on(half: HalfSweep, sides: tuple[IntArray, IntArray], found: IntArray, noise: float) -> bool:
    """Return whether the current goes on to fall beyond a plateau, but by less than behind any resistance.

    Then the readings are the flat top of a device that saturates slowly. As many readings as the plateau has count.
    """
    for side in sides:
        beyond = side[~np.isin(side, np.arange(found[0], found[-1] + 1))][: found.size]
        growth = _growth(half.level[beyond], half.current[beyond], noise)
        if growth is not None and growth.low > 0.0 and growth.high < _GROWTH_OF_DEVICE:
            return True
    return False


def _digits_hide(half: HalfSweep, block: IntArray, found: IntArray) -> bool:
    """Return whether the currents have so few digits that a growth of 1 would not show among the readings found.

    Equal neighbours beyond the plateau show how many digits there are.
    """
    beyond = half.current[block[(block < found[0]) | (block > found[-1])]]
    steps = np.abs(np.diff(beyond))
    if not (steps == 0.0).any() or not (steps > 0.0).any():
        return False
    code = float(steps[steps > 0.0].min()) / float(half.current[found].min())
    return float(np.ptp(np.log(half.level[found]))) <= code * _GROWTH_OF_DEVICE


def _voltage_follows(half: HalfSweep, mine: IntArray) -> bool:
    """Return whether a voltage that was measured rises with the set-points of some readings."""
    level, voltage = half.level[mine], half.voltage[mine]
    if bool(np.all(np.abs(half.voltage - half.level) <= _ROUNDED * float(half.level.max()))):
        return False   # the voltages are the set-points
    x = level - level.mean()
    return float(x @ (voltage - voltage.mean())) / float(x @ x) > _FOLLOWS
