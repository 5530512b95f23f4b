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

#: variance of the difference between a mean and that of its neighbours, in the variance per factor e of frequency, of a
#: second difference over the root of six: (24 ln 2 - 9 ln 3) / 6, from the structure function of averages 4 D(1) - D(2)
OF_SECOND_DIFFERENCE = (24.0 * math.log(2.0) - 9.0 * math.log(3.0)) / 6.0
_BLOCKS = (4, 8, 32)  #: samples of a mean; longer ones tell weak 1/f noise beside white noise
_FEWEST = 6  #: second differences
#: standard deviations by which the variance of means must exceed that of white noise. That of the squared scale of n
#: second differences is about the root of 8 / n, by simulation (median deviations of neighbours that share samples)
_SIGMAS = 2.0


def pink_variance(parts: Sequence[FloatArray]) -> float:
    """Return the variance of 1/f noise per factor e of frequency; 0 where white noise may be all there is.

    Parameters
    ----------
    parts : stretches of samples in which the signal is straight over some 32 samples, shapes (n,), in any unit

    Returns
    -------
    float
        In the square of this unit.
    """
    most = 0.0
    fast = _second_differences(parts)
    for block in _BLOCKS:
        slow = _second_differences([
            part[: part.size // block * block].reshape(-1, block).mean(axis=1) for part in parts])
        if slow.size < _FEWEST:
            break
        white, found = spread(fast) ** 2 / block, spread(slow) ** 2
        if found > white * (1.0 + _SIGMAS * math.sqrt(8.0 / slow.size)):
            most = max(most, (found - white) / OF_SECOND_DIFFERENCE)
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


def _second_differences(parts: Sequence[FloatArray]) -> FloatArray:
    """Return the second differences within each part, scaled to the noise of one value, shape (n,)."""
    return np.concatenate([[], *(np.diff(part, 2) for part in parts)]) / math.sqrt(6.0)
