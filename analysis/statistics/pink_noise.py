"""1/f noise in samples: what a mean over many of them keeps.

The mean of m samples keeps a part 1/m of the variance of white noise. Of 1/f noise it keeps all but the frequencies
above its own, so a current at one time and at another differ by more than the fast noise tells. 1/f noise is also
called pink. The snapback has an estimate of its own (:func:`.reading_noise.slow_noise`), which a few readings suffice
for and which widens intervals in white noise as well.
"""

import math
from collections.abc import Sequence

import numpy as np

from tsbench.records import FloatArray
from tsbench.samples import spread

#: D(1), D(2), D(3) of the structure function of :func:`drift_of_pink`, for neighbouring means
_STRUCTURE = [(n + 1) ** 2 * math.log(n + 1) + (n - 1) ** 2 * math.log(max(n - 1, 1)) - 2 * n**2 * math.log(n)
              for n in (1, 2, 3)]
#: variance of a second difference of means over the root of 6, in the variance per factor e of frequency, and of a
#: third difference over the root of 20: (4 D(1) - D(2)) / 6, (15 D(1) - 6 D(2) + D(3)) / 20
OF_SECOND_DIFFERENCE = (4.0 * _STRUCTURE[0] - _STRUCTURE[1]) / 6.0
_OF_THIRD_DIFFERENCE = (15.0 * _STRUCTURE[0] - 6.0 * _STRUCTURE[1] + _STRUCTURE[2]) / 20.0
_BLOCKS = (4, 8, 32)  #: samples of a mean; longer ones tell weak 1/f noise beside white noise
_FEWEST = 6  #: third differences
#: standard deviations by which the variance of means must exceed that of white noise. That of the squared scale of n
#: differences is about the root of 8 / n, by simulation (median deviations of neighbours that share samples)
_SIGMAS = 2.0


def pink_variance(parts: Sequence[FloatArray]) -> float:
    """Return the variance of 1/f noise per factor e of frequency; 0 where white noise may be all there is.

    Parameters
    ----------
    parts : stretches of samples in which the signal is a parabola over some means, shapes (n,), in any unit

    Returns
    -------
    float
        In the square of this unit.
    """
    most = 0.0
    fast = _third_differences(parts)
    for block in _BLOCKS:
        slow = _third_differences([
            part[: part.size // block * block].reshape(-1, block).mean(axis=1) for part in parts])
        if slow.size < _FEWEST:
            break
        white, found = spread(fast) ** 2 / block, spread(slow) ** 2
        if found > white * (1.0 + _SIGMAS * math.sqrt(8.0 / slow.size)):
            most = max(most, (found - white) / _OF_THIRD_DIFFERENCE)
    return most


def drift_of_pink(variance: float, apart: float, one: int, other: int) -> float:
    """Return the standard deviation of the difference of two means of 1/f noise.

    For means over m samples that are d apart, the structure function of 1/f noise is
    h ((n+1)^2 ln(n+1) + (n-1)^2 ln(n-1) - 2 n^2 ln n) with n = d / m. It tends to h (3 + 2 ln n), and for means over m
    and M samples that do not overlap to h (3 + 2 ln d - ln m - ln M).

    Parameters
    ----------
    variance : h, per factor e of frequency, as :func:`pink_variance` returns it
    apart : samples between the middles of the means
    one, other : samples of each mean
    """
    logarithm = 2.0 * math.log(max(apart, 0.5 * (one + other))) - math.log(one) - math.log(other)
    return math.sqrt(variance * max(3.0 + logarithm, 0.0))


def _third_differences(parts: Sequence[FloatArray]) -> FloatArray:
    """Return the third differences within each part, in which a bend cancels, scaled to the noise of one value."""
    return np.concatenate([[], *(np.diff(part, 3) for part in parts)]) / math.sqrt(20.0)
