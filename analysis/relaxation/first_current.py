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


@dataclass(frozen=True)
class _Fall:
    """Medians of the first samples behind the edge and of as many samples after them."""

    number: int  #: of samples in each
    early: float  #: [A]
    later: float  #: [A]
    doubt: float  #: [A] least difference of the two that noise does not make

    @property
    def per_sample(self) -> float:
        """Return by how much the logarithm of the current falls from one sample to the next."""
        return (math.log(self.early / self.later) if self.later > 0.0 else math.inf) / self.number

    def excludes(self, fall: "_Fall") -> bool:
        """Return whether the current would fall by more over these samples, if it fell as evenly as over others."""
        even = self.early * (1.0 - math.exp(-fall.per_sample * self.number))
        return self.early - self.later < even - self.doubt


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
    falls = [fall for number in _NUMBERS for fall in [_fall(tail, number, noise)]
             if fall.early >= clear * noise / math.sqrt(number)]
    shown = [fall for fall in falls if fall.early - fall.later > fall.doubt]
    if not shown:
        early = median(tail[:FIRST_SAMPLES])
        return FirstCurrent(early, early)
    best = next((fall for fall in shown if fall.later >= (1.0 - _MOST_FALL) * fall.early), shown[-1])
    # an even fall is seen over more samples and over fewer; what only some of them show is a step
    level = next((fall.early for fall in falls if fall not in shown and fall.excludes(best)), None)
    if level is not None:
        return FirstCurrent(level, level)
    growth = min(best.per_sample * (late + 0.5 * (best.number - 1)), _LARGEST)
    return FirstCurrent(best.early, best.early * math.exp(growth))


def _fall(tail: FloatArray, number: int, noise: float) -> _Fall:
    doubt = _SEEN * _OF_MEDIAN * noise * math.sqrt(2.0 / number)
    return _Fall(number, median(tail[:number]), median(tail[number : 2 * number]), doubt)
