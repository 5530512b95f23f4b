"""Devices whose outcomes depend on each other: thresholds that stay, or that resemble the one before.

A firing curve is the distribution of a threshold: F(x) is the probability that it lies below x. If the threshold is
drawn anew for every pulse, outcomes are independent. No publication was found whose data show that it is. Physics
suggests two others: a threshold that is set when the device switches (the domains or the filament that are left behind)
and stays through pulses that do not fire; and one that wanders slowly. After pulses at x, what is left of such a
threshold is not F. So each curve has a state here: the distribution of the present threshold, given the pulses so far,
over classes of equal width in the normal quantile of F (a hidden Markov model, by its forward recursion). From one
switch or pulse to the next, the quantile is a first-order autoregression.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy import special

from tsbench.analysis.adaptive.firing_curve import Curves
from tsbench.records import FloatArray

#: a pulse may fire, or not fire, whatever its amplitude is
_SLIP = 0.01
_CLASSES = 16
_FARTHEST = 2.3  #: normal quantile where the outermost classes begin
_QUANTILES = np.linspace(-_FARTHEST, _FARTHEST, _CLASSES - 1)
_ENDS = np.concatenate([[0.0], special.ndtr(_QUANTILES), [1.0]])
_MASS = np.diff(_ENDS)
_PER_CLASS = 9  #: values of a class of which the mean transition is taken


@dataclass(frozen=True)
class History:
    """How the threshold of a device goes on."""

    name: str
    resembles: float  #: correlation of the normal quantiles of one threshold and the next
    stays: bool  #: whether the next one comes with the next switch only; False: with every pulse


#: what an adaptive search reckons with beside independent outcomes. The correlations are assumed: 0.6 between cycles,
#: and 0.8 between neighbouring pulses, which are closer in time
HISTORIES = (
    History("the threshold stays until the device switches", 0.0, stays=True),
    History("the threshold stays until the device switches, and the next one resembles it", 0.6, stays=True),
    History("the threshold wanders from pulse to pulse", 0.8, stays=False),
)


@dataclass(frozen=True)
class StimulusPlaces:
    """Where stimuli lie in the distribution of each curve's threshold."""

    number: np.ndarray  #: of the class, shape (m, curves)
    share: FloatArray  #: of that class that lies below, shape (m, curves)


@dataclass(frozen=True)
class States:
    """The present threshold of each curve under each history, after some pulses.

    ``state``: the share of each class, shape (histories, curves, classes).
    """

    histories: tuple[History, ...]
    curves: Curves  #: with floor 0 and plateau 1
    state: FloatArray

    def places(self, x: FloatArray) -> StimulusPlaces:
        """Return where ``x``, shape (m,), lies in the distributions."""
        below = self.curves.probability(x)
        number = np.clip(np.searchsorted(_ENDS, below, side="right") - 1, 0, _CLASSES - 1)
        return StimulusPlaces(number, (below - _ENDS[number]) / _MASS[number])

    def chance(self, places: StimulusPlaces) -> FloatArray:
        """Return the probability of firing now, shape (m, histories x curves)."""
        every = np.arange(self.state.shape[1])
        within = self.state[:, every, places.number]
        before = np.cumsum(self.state, axis=2)[:, every, places.number] - within
        below = np.moveaxis(before + within * places.share, 0, 1)
        return np.asarray(_SLIP + (1.0 - 2.0 * _SLIP) * below.reshape(places.number.shape[0], -1))

    def after(self, x: float, fired: bool) -> "tuple[States, FloatArray]":
        """Return the states after a pulse, and how likely its outcome was, shape (histories x curves,).

        Parameters
        ----------
        x : of the pulse, in the unit of the curves
        fired : whether it made the device switch
        """
        below = self.curves.probability(np.array([x]))[0]
        switches = _SLIP + (1.0 - 2.0 * _SLIP) * np.clip((below[:, None] - _ENDS[:-1]) / _MASS, 0.0, 1.0)
        state = self.state * (switches if fired else 1.0 - switches)
        likely = state.sum(axis=2)
        state /= likely[:, :, None]
        return replace(self, state=self._next(state, fired)), likely.ravel()

    def renewed(self) -> "States":
        """Return the states after the device was made to switch."""
        return replace(self, state=self._next(self.state, switched=True))

    def _next(self, state: FloatArray, switched: bool) -> FloatArray:
        """Return ``state`` where the next threshold has come in each history in which it has."""
        state = np.array(state)
        for number, history in enumerate(self.histories):
            if switched or not history.stays:
                state[number] = _MASS if history.resembles == 0.0 else state[number] @ _transition(history.resembles)
        return state


def first_states(histories: tuple[History, ...], curves: Curves) -> States:
    """Return the states before the first pulse: each threshold is drawn from its distribution."""
    shape = (len(histories), curves.location.size, _CLASSES)
    return States(histories, curves, np.broadcast_to(_MASS, shape))


def states_after(
    states: States, x: FloatArray, fired: FloatArray, renewed: Sequence[bool]
) -> tuple[States, FloatArray]:
    """Return the states after pulses, and the logarithm of the outcomes' probability, shape (histories x curves,).

    Parameters
    ----------
    states : before them
    x, fired, renewed : stimuli, outcomes (0 or 1), whether the device was made to switch before; in order of time
    """
    total = np.zeros(len(states.histories) * states.curves.location.size)
    for stimulus, outcome, new in zip(x.tolist(), fired.tolist(), renewed, strict=True):
        states = states.renewed() if new else states
        states, likely = states.after(stimulus, bool(outcome))
        total += np.log(likely)
    return states, total


@cache
def _transition(resembles: float) -> FloatArray:
    """Return the probabilities of the next class (columns) after each class (rows)."""
    shares = (np.arange(_PER_CLASS) + 0.5) / _PER_CLASS
    values = special.ndtri(_ENDS[:-1, None] + _MASS[:, None] * shares)  # shape (classes, values)
    spread = (1.0 - resembles**2) ** 0.5
    below = special.ndtr((_QUANTILES - resembles * values[:, :, None]) / spread).mean(axis=1)
    return np.diff(below, axis=1, prepend=0.0, append=1.0)
