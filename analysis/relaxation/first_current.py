"""The current of a device right after the edge of a pulse, from the samples behind the edge."""

import math
from dataclasses import dataclass

from tsbench.records import FloatArray
from tsbench.samples import median

FIRST_SAMPLES = 12  #: behind the edge, most of which the median is the current there
_NUMBERS = (FIRST_SAMPLES, 6, 3, 1)  #: of samples, over which the fall is looked for
#: share by which the current may fall over the samples of this median; where it falls by more, fewer samples count
_MOST_FALL = 0.2
_SEEN = 4.0  #: standard deviations by which two medians must differ to show that the current falls
_OF_MEDIAN = 1.25  #: a median scatters by this much more than a mean, in white noise
_LARGEST = 5.0  #: logarithm of the most by which the current at the edge is larger than behind it


@dataclass(frozen=True)
class FirstCurrent:
    """The current right after the edge."""

    behind: float  #: [A] median of the first samples behind the edge
    at_edge: float  #: [A] at the edge, if the current falls exponentially until then; ``behind`` where no fall is seen


def first_current(tail: FloatArray, late: float, noise: float, clear: float) -> FirstCurrent:
    """Return the current right after the edge.

    The samples at the edge itself do not show it: the voltage still falls, and the amplifier is still slow. Over these
    samples, the fall behind them goes on.

    Parameters
    ----------
    tail : [A] current behind the edge, as a magnitude, shape (n,)
    late : samples from the edge to the first one of ``tail``
    noise : [A] of one sample
    clear : standard deviations of the noise by which a median must stand above zero
    """
    falling = [(number, early, later) for number in _NUMBERS for early, later in [_medians(tail, number)]
               if early >= clear * noise / math.sqrt(number) and early - later > _doubt(noise, number)]
    if not falling:
        early = median(tail[:FIRST_SAMPLES])
        return FirstCurrent(early, early)
    slowly = [one for one in falling if one[2] >= (1.0 - _MOST_FALL) * one[1]]
    number, early, later = (slowly or falling[-1:])[0]
    fall = math.log(early / later) if later > 0.0 else math.inf   # over ``number`` samples
    growth = min(fall * (late + 0.5 * (number - 1)) / number, _LARGEST)
    return FirstCurrent(early, early * math.exp(growth))


def _medians(tail: FloatArray, number: int) -> tuple[float, float]:
    return median(tail[:number]), median(tail[number : 2 * number])


def _doubt(noise: float, number: int) -> float:
    return _SEEN * _OF_MEDIAN * noise * math.sqrt(2.0 / number)
