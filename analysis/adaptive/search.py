"""An adaptive measurement as a whole: what is wanted, how narrow its interval has to be, what to send, when to stop.

All of it is a function of the pulses so far. So a stored run gives the same interval again.
"""

import math
from dataclasses import dataclass

from tsbench.analysis.adaptive.belief import RECOVERY_RATES, Belief, Interval, Prior, Wanted
from tsbench.analysis.adaptive.firing_curve import Curves
from tsbench.analysis.adaptive.history import HISTORIES, History
from tsbench.records import FloatArray

#: the narrowest spread that is reckoned with, as a share of the interval that is wanted
_LEAST_SPREAD = 1.0 / 8.0
_LARGEST_SPREAD = 0.25  #: the widest, as a share of the range of the stimuli
#: of three pulses, one is chosen for all of the curve
_FOR_THE_CURVE = 3
#: pulses that count, before the interval may end the search (chosen)
FEWEST = 8

#: why a search ended
NARROW, SPENT, ABOVE, BELOW, SILENT = "narrow", "spent", "above", "below", "silent"
#: quiet pulses in succession, none of them below an amplitude that has fired, after which a device has changed
_MOST_QUIET = 5


@dataclass(frozen=True)
class Goal:
    """What an adaptive measurement looks for."""

    prior: Prior
    wanted: Wanted
    width: float  #: of the 95 % interval, in the unit of what is wanted
    budget: int  #: pulses, or pairs of pulses, at most

    def interval(self, found: Belief) -> Interval:
        """Return what is known of what is wanted."""
        return found.interval(self.wanted)

    def ended(self, found: Belief, sent: int) -> str:
        """Return why the search is over; "" while it is not.

        NARROW, SPENT; ABOVE or BELOW all stimuli; SILENT: a device that has fired does not fire any more.

        Parameters
        ----------
        found : the probability of each firing curve after the pulses that count
        sent : pulses, those that do not count included
        """
        known = self.interval(found)
        if found.x.size >= FEWEST and known.width <= self.width:
            return NARROW
        if sent >= self.budget:
            return SPENT
        if found.x.size >= FEWEST:
            if self._never_fires(found, known):
                return ABOVE
            if known.high <= self.prior.lowest:
                return BELOW
            if _silent(found):
                return SILENT
        return ""

    def _never_fires(self, found: Belief, known: Interval) -> bool:
        """Return whether more pulses would only say again that the device is above the range.

        If a threshold stays until the device switches, pulses that do not fire are one sample, however many they are.
        """
        return (known if found.fired.any() else found.with_independent_outcomes().interval(self.wanted)).low \
            >= self.prior.highest

    def next_stimulus(self, found: Belief) -> float:
        """Return what to send next.

        Mostly what narrows the interval; every third pulse, what tells most about the curve: the interval rests on the
        spread and the form of the curve.
        """
        return found.telling() if found.x.size % _FOR_THE_CURVE == 0 else found.narrowing(self.wanted)


def _silent(found: Belief) -> bool:
    """Return whether the last pulses did not fire, though each was as high as any that fired before."""
    last = found.x[-_MOST_QUIET:]
    return bool(found.fired.any() and not found.fired[-_MOST_QUIET:].any()
                and last.min() >= found.x[found.fired == 1.0].max())


@dataclass(frozen=True)
class StimulusFor:
    """Wanted: the stimulus at which pulses fire with a probability."""

    probability: float = 0.5

    def __call__(self, curves: Curves) -> FloatArray:
        return curves.stimulus(self.probability)


@dataclass(frozen=True)
class HalfRecovery:
    """Wanted: the stimulus at which half of the plateau is reached."""

    def __call__(self, curves: Curves) -> FloatArray:
        return curves.stimulus(0.5 * curves.plateau)


def threshold_goal(
    lowest: float, highest: float, width: float, budget: int, histories: tuple[History, ...] = HISTORIES
) -> Goal:
    """Return the search for the amplitude that fires every second pulse; all in V, as magnitudes.

    Parameters
    ----------
    lowest, highest : [V] ends of the range of amplitudes
    width : [V] of the 95 % interval, at which the search may end
    budget : pulses at most
    histories : of thresholds that depend on those before; they are thought possible beside independent outcomes
    """
    return Goal(
        Prior(lowest, highest, width * _LEAST_SPREAD, _LARGEST_SPREAD * (highest - lowest), histories=histories),
        StimulusFor(0.5), width, budget)


def refractory_goal(shortest: float, longest: float, ratio: float, budget: int) -> Goal:
    """Return the search for the refractory period between gaps [s]; stimuli are ln(gap).

    Parameters
    ----------
    shortest, longest : [s] ends of the range of gaps
    ratio : of the high end of the 95 % interval to its low end, at which the search may end; above 1
    budget : pairs of pulses at most
    """
    low, high, width = math.log(shortest), math.log(longest), math.log(ratio)
    prior = Prior(low, high, width * _LEAST_SPREAD, _LARGEST_SPREAD * (high - low), rates=RECOVERY_RATES)
    return Goal(prior, HalfRecovery(), width, budget)
