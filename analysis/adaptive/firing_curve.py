"""How the probability of firing depends on a stimulus: the family of curves that an adaptive measurement reckons with.

P(x) = floor + (plateau - floor) F((x - location) / spread). The stimulus x is the amplitude of a pulse [V], or the
natural logarithm of the gap [s] before a second pulse. F rises from 0 to 1, is 1/2 at 0 and has the slope 1/4 there.
Its form is not known before the measurement. So three forms stand for what devices do: symmetric (a threshold that
varies from pulse to pulse), with its long tail below (switching as a waiting time: P = 1 - exp(-rate width), the rate
exponential in the stimulus), and with its long tail above.

The floor and the plateau take in pulses that fire, or do not fire, whatever the stimulus is: psychometric functions
have them as false-alarm and lapse rates (Wichmann and Hill, Perception & Psychophysics 63, 1293, 2001).
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tsbench.records import FloatArray

#: the forms of F: symmetric, long tail below, long tail above
FORMS = (0, 1, 2)
#: a Gumbel form is steeper at its middle than the logistic one by this factor, which is taken off
_STEEPER = 2.0 * math.log(2.0)
_MIDDLE = math.log(math.log(2.0))
_FARTHEST = 40.0  #: beyond as many spreads F is 0 or 1


@dataclass(frozen=True)
class Curves:
    """Many curves at once; each array has shape (curves,)."""

    location: FloatArray  #: of F = 1/2, in the unit of x
    spread: FloatArray  #: in the unit of x
    floor: FloatArray
    plateau: FloatArray
    form: FloatArray  #: one of FORMS

    def probability(self, x: FloatArray) -> FloatArray:
        """Return the probability of firing at each ``x``, shape (x.size, curves).

        Parameters
        ----------
        x : of the stimuli, in the unit of the locations: [V], or ln of a gap [s]; shape (n,)
        """
        z = np.clip((np.atleast_1d(x)[:, None] - self.location) / self.spread, -_FARTHEST, _FARTHEST)
        return np.asarray(self.floor + (self.plateau - self.floor) * _rise(z, self.form))

    def with_others(self, others: "Curves", times: int) -> "Curves":
        """Return these curves, then ``others``, as often as ``times``."""
        return Curves(*(np.concatenate([getattr(self, name), *[getattr(others, name)] * times])
                        for name in ("location", "spread", "floor", "plateau", "form")))

    def stimulus(self, probability: FloatArray | float) -> FloatArray:
        """Return the x at which each curve reaches a probability; infinite where it does not, shape (curves,).

        Parameters
        ----------
        probability : 0 to 1, of each curve, shape (curves,), or one for all
        """
        share = (probability - self.floor) / (self.plateau - self.floor)
        inside = np.clip(share, 1e-9, 1.0 - 1e-9)
        x = self.location + self.spread * _inverse(inside, self.form)
        return np.where(share <= 0.0, -np.inf, np.where(share >= 1.0, np.inf, x))


def _rise(z: FloatArray, form: FloatArray) -> FloatArray:
    """Return F at ``z``, shape (stimuli, curves)."""
    found = np.empty_like(z)
    ends = [0, *(np.flatnonzero(np.diff(form)) + 1).tolist(), form.size]  # where the curves have another form
    for left, right in pairwise(ends):
        part, into = z[:, left:right], found[:, left:right]
        if form[left] == 0:
            np.divide(1.0, 1.0 + np.exp(-part), out=into)
        elif form[left] == 1:
            into[:] = -np.expm1(-np.exp(part / _STEEPER + _MIDDLE))
        else:
            into[:] = np.exp(-np.exp(-part / _STEEPER + _MIDDLE))
    return found


def _inverse(share: FloatArray, form: FloatArray) -> FloatArray:
    """Return the z at which F is ``share``, shape (curves,)."""
    return np.select(
        [form == 0, form == 1],
        [np.log(share / (1.0 - share)), _STEEPER * (np.log(-np.log1p(-share)) - _MIDDLE)],
        -_STEEPER * (np.log(-np.log(share)) - _MIDDLE))
