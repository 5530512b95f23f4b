"""Whether the way up of a half-sweep has a second step of the conductance beside the one that is called its threshold.

A device with two layers, or two filaments, may switch in two steps. Each of them may be called threshold, and before
the second one the device is in a middle state. One step is told from a steep characteristic by all others beside it,
which are far smaller, and by the readings on both sides, which it keeps apart.
"""

import math

import numpy as np

from tsbench.analysis.threshold.half_sweeps import HalfSweep
from tsbench.analysis.threshold.reading_noise import noise_of_readings
from tsbench.records import Flag, FloatArray

#: why a voltage is ambiguous, as ``method`` says it
SECOND_STEP = "the conductance rises in a second step at another voltage"
#: the conductance rises in one step by this factor at least, and by this many times more than in any other (logarithms)
_RATIO, _MORE = 2.0, 3.0
#: standard deviations of a reading that both sides of the step must exceed, and readings on each side
_SIGMAS, _BESIDE = 6.0, 3


def has_second_step(half: HalfSweep, before: int, noise: float) -> bool:
    """Return whether the way up has another step of the conductance than the one behind reading ``before``.

    Parameters
    ----------
    half : the half-sweep
    before : last reading before the threshold
    noise : [A] standard deviation of a reading by the data sheet
    """
    clear = _SIGMAS * noise_of_readings(half.current, half.level, noise)
    limited = (half.flags & int(Flag.COMPLIANCE | Flag.OVERFLOW)) != 0
    parts = slice(0, before + 1), slice(before + 1, half.turn + 1)
    return any(_steps(half.voltage[part][~limited[part]], half.current[part][~limited[part]], clear) for part in parts)


def _steps(voltage: FloatArray, current: FloatArray, clear: float) -> bool:
    """Return whether the conductance of readings in order of rising set-points rises in one step, and stays."""
    untold = np.flatnonzero((voltage <= 0.0) | (current <= clear))
    begin = int(untold[-1]) + 1 if untold.size else 0
    volts, amperes = voltage[begin:], current[begin:]
    if volts.size < 2 * _BESIDE:
        return False
    conductance = np.log(amperes / volts)
    rises = np.diff(conductance)
    k = int(np.argmax(rises))
    others = np.abs(np.delete(rises, k))
    if not _BESIDE - 1 <= k < rises.size - (_BESIDE - 1):
        return False
    apart = float(conductance[k + 1 :].min() - conductance[: k + 1].max())
    return bool(apart > math.log(_RATIO) and rises[k] > _MORE * float(others.max()))
