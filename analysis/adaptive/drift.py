"""Whether the place of a firing curve drifted through a search, and by how much.

A search that follows a threshold that moves has outcomes that no one curve explains, and too narrow an interval. So a
second kind of curve has a location that moves evenly from pulse to pulse; how far it moved is believed in as the place
and the spread are, on a grid. A threshold that depends on the one before can look like a drift, so a drift has to
explain the outcomes better than each history that the search reckons with.
"""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.adaptive.belief import Belief, Interval
from tsbench.analysis.adaptive.firing_curve import Curves
from tsbench.analysis.adaptive.history import first_states, states_after
from tsbench.records import FloatArray

_LOCATIONS, _SPREADS, _CHANGES = 41, 9, 25
#: pulses that tell a drift from chance at least
_FEWEST = 20
#: odds of a drift against none, from which on it is certain
_ODDS = 30.0
#: farthest drift that is looked for, in spreads and in widths of what is left of the locations
_FARTHEST = 8.0


@dataclass(frozen=True)
class Drift:
    """How far the location moved from the first pulse to the last, in the unit of the stimulus."""

    change: Interval
    odds: float  #: how much likelier the outcomes are with a drift than without
    certain: bool


def drift(found: Belief) -> Drift:
    """Compare curves that move evenly with curves that stay, by the pulses of a search."""
    x, fired = found.x, found.fired
    if x.size < _FEWEST or not 0.0 < fired.mean() < 1.0:
        return Drift(Interval(0.0, -math.inf, math.inf), 1.0, False)
    low, middle, high = found.quantiles(lambda curves: curves.location, (0.001, 0.5, 0.999))
    least, spread, largest = found.quantiles(lambda curves: curves.spread, (0.01, 0.5, 0.99))
    tried = x[x.size // 3:]  # a search that has begun to follow
    reach = max(_FARTHEST * spread, float(np.ptp(tried)), high - low)
    locations = np.linspace(middle - 0.5 * reach, middle + 0.5 * reach, _LOCATIONS)
    spreads = np.geomspace(min(least, 0.999 * largest), largest, _SPREADS)
    changes = np.linspace(-reach, reach, _CHANGES)
    moved = np.linspace(-0.5, 0.5, x.size)
    weights = np.array([_evidence(x - change * moved, fired, locations, spreads) for change in changes])
    top = float(weights.max())
    likely = np.exp(weights - top)
    steady = max(float(weights[_CHANGES // 2]), _evidence_of_histories(found, locations, spreads))
    odds = float(likely.mean()) * math.exp(min(top - steady, 700.0))
    total = np.cumsum(likely) / likely.sum() - 0.5 * likely / likely.sum()
    ends = [float(np.interp(share, total, changes)) for share in (0.025, 0.5, 0.975)]
    change = Interval(ends[1], ends[0], ends[2])
    return Drift(change, odds, odds > _ODDS and change.low * change.high > 0.0)


def _evidence(x: FloatArray, fired: FloatArray, locations: FloatArray, spreads: FloatArray) -> float:
    """Return the logarithm of the probability of the outcomes at ``x``, over all places and spreads."""
    chance = _curves(locations, spreads, 0.01, 0.98).probability(x)
    return _log_mean(fired @ np.log(chance) + (1.0 - fired) @ np.log1p(-chance))


def _evidence_of_histories(found: Belief, locations: FloatArray, spreads: FloatArray) -> float:
    """Return the same of the history of the search that explains the outcomes best; minus infinity without any."""
    histories, pulses = found.prior.histories, found.pulses
    if not histories:
        return -math.inf
    states = first_states(histories, _curves(locations, spreads, 0.0, 1.0))
    _, heights = states_after(states, pulses.x, pulses.fired, pulses.renewed)
    return max(_log_mean(one) for one in heights.reshape(len(histories), -1))


def _curves(locations: FloatArray, spreads: FloatArray, floor: float, plateau: float) -> Curves:
    spread, location = (part.ravel() for part in np.meshgrid(spreads, locations, indexing="ij"))
    return Curves(location, spread, np.full(location.size, floor), np.full(location.size, plateau),
                  np.zeros(location.size))


def _log_mean(heights: FloatArray) -> float:
    top = float(heights.max())
    return top + math.log(float(np.exp(heights - top).mean()))
