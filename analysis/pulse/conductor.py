"""Whether the current of a pulse depends on its past. That of a switching device does, that of a diode does not.

The current of a conductor is a function of its voltage that rises with it, however steeply. A device that has switched
conducts more than it did before at the same voltage.
"""

import math

import numpy as np

from tsbench.records import FloatArray
from tsbench.samples import smoothed

_MOST = 300  #: samples that are compared; more are averaged
_BESIDE = 16  #: samples before the edge and behind the rise, beside as many as there are between them
_WIDTHS = (3, 9, 27)  #: of means; the longest are shorter than the rise is late by this factor
_SHORTER = 2.0
_ALIKE = 0.003  #: share of the highest voltage by which two are alike: in it, the current of a diode grows by 8 %
_SIGMAS_VOLTAGE, _SIGMAS_CURRENT = 4.0, 4.0  #: standard deviations by which noise moves a mean at most


def remembered(
    voltage: FloatArray, current: FloatArray, span: tuple[int, int], middle: float, lags: tuple[float, ...],
    noise: tuple[float, float],
) -> float:
    """Return by how much the current has grown at the same or a lower voltage [A], beyond noise.

    Parameters
    ----------
    voltage, current : [V], [A], shape (n,), evenly sampled, positive in the pulse, zero before it
    span : sample where the edge is half way up, and the last one of the pulse
    middle : sample of the rise of the current
    lags : by which the current may be seen later than the voltage [samples]; the one counts that explains most
    noise : [V], [A] standard deviations of one sample
    """
    first, last = span
    until = max(middle - first, 1.0)
    block = max(1, math.floor(2.0 * until / _MOST))
    beside = math.ceil(until) + _BESIDE * block
    begin, end = max(first - beside, 0), min(math.ceil(middle) + beside, last + 1)
    count = (end - begin) // block
    if count < min(_WIDTHS):
        return 0.0
    at = np.arange(begin, begin + count * block)
    flowing = current[at].reshape(count, block).mean(axis=1)
    least, samples = math.inf, np.arange(voltage.size)
    for lag in lags:
        across = np.interp(at - lag, samples, voltage).reshape(count, block).mean(axis=1)
        most = 0.0
        for width in _WIDTHS:
            if width > _WIDTHS[0] and width * block > until / _SHORTER:
                break
            root = math.sqrt(width * block)
            doubt = _SIGMAS_VOLTAGE * noise[0] / root - _ALIKE * float(across.max())
            grown = _growth(smoothed(across, width), smoothed(flowing, width), doubt)
            most = max(most, grown - _SIGMAS_CURRENT * noise[1] / root)
        least = min(least, most)
    return least


def _growth(voltage: FloatArray, current: FloatArray, higher: float) -> float:
    """Return the largest growth of the current [A] from a sample to one of a voltage that is lower by so much [V]."""
    number = np.arange(voltage.size)
    earlier = (number[None, :] < number[:, None]) & (voltage[None, :] >= voltage[:, None] + higher)
    least = np.where(earlier, current[None, :], math.inf).min(axis=1)
    return float(np.max(current - least, initial=0.0))
