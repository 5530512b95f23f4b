"""Whether the place of a firing curve drifted through a search, and by how much.

A search that follows a threshold that moves has outcomes that no one curve explains, and too narrow an interval. So a
second kind of curve has a location that moves evenly from pulse to pulse; how far it moved is believed in as the place
and the spread are, on a grid.
"""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.adaptive.belief import Belief, Interval
from tsbench.analysis.adaptive.firing_curve import Curves
from tsbench.records import FloatArray

_LOCATIONS, _SPREADS, _CHANGES = 31, 9, 41
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
    locations = np.linspace(middle - 0.5 * reach, middle + 0.5 * reach, 2 * _LOCATIONS + 1)
    spreads = np.geomspace(min(least, 0.999 * largest), largest, _SPREADS)
    changes = np.linspace(-reach, reach, _CHANGES)
    moved = np.linspace(-0.5, 0.5, x.size)
    weights = np.array([_evidence(x - change * moved, fired, locations, spreads) for change in changes])
    top = float(weights.max())
    likely = np.exp(weights - top)
    odds = float(likely.mean() / max(likely[_CHANGES // 2], 1e-300))
    total = np.cumsum(likely) / likely.sum() - 0.5 * likely / likely.sum()
    ends = [float(np.interp(share, total, changes)) for share in (0.025, 0.5, 0.975)]
    change = Interval(ends[1], ends[0], ends[2])
    return Drift(change, odds, odds > _ODDS and change.low * change.high > 0.0)


def _evidence(x: FloatArray, fired: FloatArray, locations: FloatArray, spreads: FloatArray) -> float:
    """Return the logarithm of the probability of the outcomes at ``x``, over all places and spreads."""
    spread, location = (part.ravel() for part in np.meshgrid(spreads, locations, indexing="ij"))
    count = location.size
    curves = Curves(location, spread, np.full(count, 0.01), np.full(count, 0.98), np.zeros(count))
    chance = curves.probability(x)
    heights = fired @ np.log(chance) + (1.0 - fired) @ np.log1p(-chance)
    top = float(heights.max())
    return top + math.log(float(np.exp(heights - top).mean()))
