"""What is believed of a firing curve after some pulses: weights on a grid of curves, by Bayes' rule.

The grid has a range of locations and of spreads that closes in on what the pulses leave possible. While the locations
lie farther apart than the narrowest spread, narrower spreads than half of their distance are left out: else no curve of
the grid would fit. Written here, because packages for psychophysics (questplus 2023.1) have neither a grid that
closes in, nor the plateau that a refractory period is defined by, nor the choice for one wanted number.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tsbench.analysis.adaptive.firing_curve import FORMS, Curves
from tsbench.analysis.adaptive.history import History, States, StimulusPlaces, first_states, states_after
from tsbench.records import FloatArray

#: what is wanted of each curve, shape (curves,)
Wanted = Callable[[Curves], FloatArray]
#: (floor, plateau, how likely before the first pulse)
Rates = tuple[tuple[float, float, float], ...]

_LOCATIONS, _SPREADS, _CANDIDATES = 61, 13, 33
#: the range closes in once all but this share of the belief, on either side, lies in less than a part of it
_OUTSIDE, _CLOSE_IN = 2e-4, 0.55
_MARGIN = 0.35  #: of the new range, on both sides
_MOST_ROUNDS = 12
#: how likely all histories together are before the first pulse; each as likely as the others
_SHARE_OF_HISTORIES = 0.5
#: a few pulses may fire, or not fire, whatever their amplitude is
USUAL_RATES: Rates = ((0.0, 1.0, 0.7), (0.02, 0.98, 0.2), (0.0, 0.9, 0.1))
#: the plateau of a recovery is the firing probability of a rested device. All values are equally likely, but 1 is four
#: times as likely
RECOVERY_RATES: Rates = (
    *((0.0, value, 1.0) for value in (0.1, 0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)),
    (0.0, 1.0, 4.0), (0.02, 1.0, 1.0))


@dataclass(frozen=True)
class Prior:
    """What is believed before the first pulse: all locations alike, all spreads alike in their logarithm.

    Locations and spreads are in the unit of the stimulus. Stimuli are chosen from ``lowest`` to ``highest``; the
    location may lie beyond by ``beyond`` times that range, which shows in the interval.
    """

    lowest: float
    highest: float
    least_spread: float
    largest_spread: float
    rates: Rates = USUAL_RATES
    beyond: float = 0.2
    histories: tuple[History, ...] = ()  #: beside independent outcomes

    @property
    def whole(self) -> "Box":
        """The range of the grid before the first pulse."""
        more = self.beyond * (self.highest - self.lowest)
        return Box(self.lowest - more, self.highest + more, self.least_spread, self.largest_spread)


@dataclass(frozen=True)
class Box:
    """Range of the locations and of the spreads of a grid."""

    low: float
    high: float
    least: float
    largest: float


@dataclass(frozen=True)
class Interval:
    """Median and central 95 % interval of what is wanted; infinite ends where it may lie beyond all stimuli."""

    value: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """High less low end."""
        return self.high - self.low


@dataclass(frozen=True)
class Candidates:
    """Stimuli, and what the curves of a grid make of them: computed once, and only where one is to be chosen."""

    x: FloatArray  #: shape (m,)
    curves: Curves  #: of independent outcomes
    states: States  #: any of this grid

    @cached_property
    def chance(self) -> FloatArray:
        """Probability of firing where outcomes are independent, shape (m, curves)."""
        return self.curves.probability(self.x)

    @cached_property
    def doubt(self) -> FloatArray:
        """Entropy of the outcome where the curve is known, shape (m, curves)."""
        return _entropy(self.chance)

    @cached_property
    def places(self) -> StimulusPlaces:
        """Where they lie in the distributions of the thresholds that depend on those before."""
        return self.states.places(self.x)


@dataclass(frozen=True)
class Pulses:
    """What was sent and what it did; each shape (n,), in order of time."""

    x: FloatArray
    fired: FloatArray  #: 1 or 0
    renewed: tuple[bool, ...]  #: whether the device was made to switch since the pulse before

    def then(self, x: float, fired: bool, renewed: bool) -> "Pulses":
        """Return these and one more.

        Parameters
        ----------
        x : of the pulse, in the unit of the stimulus: [V], or ln of a gap [s]
        fired, renewed : as the fields of this class
        """
        return Pulses(np.append(self.x, x), np.append(self.fired, float(fired)), (*self.renewed, renewed))


@dataclass(frozen=True)
class Belief:
    """Weights of the curves of a grid after some pulses: those of independent outcomes, then those of each history."""

    prior: Prior
    box: Box
    curves: Curves
    weight: FloatArray  #: shape (curves,), sum 1
    next_ones: Candidates  #: the next stimulus is one of these
    states: States  #: of the curves with a history, after the pulses
    pulses: Pulses
    evidence: float = 0.0  #: logarithm of the probability of all outcomes
    expected: tuple[float, ...] = ()  #: with which probability each pulse was expected to fire, where they came singly

    @property
    def x(self) -> FloatArray:
        """The stimuli, shape (n,)."""
        return self.pulses.x

    @property
    def fired(self) -> FloatArray:
        """The outcomes, 0 or 1, shape (n,)."""
        return self.pulses.fired

    @property
    def independent(self) -> int:
        """Number of the curves of independent outcomes: the first ones."""
        return self.weight.size - len(self.prior.histories) * self.states.curves.location.size

    @property
    def history_odds(self) -> FloatArray:
        """How much likelier the outcomes are with each history than with independent outcomes, shape (histories,)."""
        if not self.prior.histories:
            return np.empty(0)
        shares = self.weight[self.independent:].reshape(len(self.prior.histories), -1).sum(axis=1)
        alone = max(float(self.weight[:self.independent].sum()), 1e-300)
        return np.asarray(shares / alone * (1.0 - _SHARE_OF_HISTORIES) / _SHARE_OF_HISTORIES * shares.size)

    def with_independent_outcomes(self) -> "Belief":
        """Return what would be believed if outcomes were known to be independent."""
        weight = np.where(np.arange(self.weight.size) < self.independent, self.weight, 0.0)
        return replace(self, weight=weight / max(float(weight.sum()), 1e-300))

    def learn(self, x: float, fired: bool, renewed: bool = False) -> "Belief":
        """Return the belief after one more pulse; ``renewed``: the device was made to switch before it.

        Parameters
        ----------
        x : of the pulse, in the unit of the stimulus: [V], or ln of a gap [s]
        fired : whether it made the device switch
        renewed : whether the device was made to switch since the pulse before
        """
        states = self.states.renewed() if renewed else self.states
        known = np.flatnonzero(self.next_ones.x == x)
        if known.size:
            alone = self.next_ones.chance[known[0]]
        else:
            alone = self.next_ones.curves.probability(np.array([x]))[0]
        states, kept = states.after(x, fired)
        weight = self.weight * np.concatenate([alone if fired else 1.0 - alone, kept])
        total, pulses = float(weight.sum()), self.pulses.then(x, fired, renewed)
        expected = (*self.expected, total if fired else 1.0 - total)
        if total < 1e-9 or _at_a_closed_edge(self, weight / total):
            return replace(_closed_in(self.prior, self.prior.whole, pulses), expected=expected)
        after = replace(self, weight=weight / total, states=states, pulses=pulses, expected=expected,
                        evidence=self.evidence + math.log(total))
        closer = _closer(after)
        return after if closer is None else replace(_closed_in(self.prior, closer, pulses), expected=expected)

    def interval(self, wanted: Wanted, share: float = 0.95) -> Interval:
        """Return the median and the central interval of what is wanted.

        Parameters
        ----------
        wanted : function of the curves
        share : of the belief that lies in the interval, 0 to 1
        """
        low, middle, high = self.quantiles(wanted, (0.5 - share / 2, 0.5, 0.5 + share / 2))
        return Interval(middle, low, high)

    def quantiles(self, wanted: Wanted, shares: tuple[float, ...]) -> tuple[float, ...]:
        """Return the quantiles of what is wanted.

        Parameters
        ----------
        wanted : function of the curves
        shares : cumulative probabilities, 0 to 1
        """
        values = wanted(self.curves)
        order = np.argsort(values)
        values, weight = values[order], self.weight[order]
        below = np.cumsum(weight) - 0.5 * weight
        finite = np.isfinite(values)
        ends = float(weight[values == -np.inf].sum()), 1.0 - float(weight[values == np.inf].sum())
        if not finite.any():
            return tuple(-np.inf if share < ends[0] else np.inf for share in shares)
        return tuple(
            -np.inf if share < ends[0] else np.inf if share > ends[1]
            else float(np.interp(share, below[finite], values[finite])) for share in shares)

    def telling(self) -> float:
        """Return the candidate whose outcome is expected to tell most about the whole curve.

        The mutual information between outcome and curve: how much less certain the outcome is before than it would be
        if the curve were known (Kontsevich and Tyler, Vision Research 39, 2729, 1999, minimise the same entropy). Of
        equally good ones, the lowest: it is the least stress.
        """
        kept = self.states.chance(self.next_ones.places)
        doubt = self.next_ones.doubt @ self.weight[:self.independent] + _entropy(kept) @ self.weight[self.independent:]
        gain = _entropy(self._chances(kept) @ self.weight) - doubt
        return float(self.next_ones.x[np.flatnonzero(gain >= gain.max() - 1e-3 * abs(gain.max()))[0]])

    def _chances(self, kept: FloatArray) -> FloatArray:
        """Return the probability of firing at each candidate, shape (m, curves)."""
        return np.concatenate([self.next_ones.chance, kept], axis=1)

    def narrowing(self, wanted: Wanted) -> float:
        """Return the candidate after which the variance of what is wanted is expected to be least.

        Of equally good ones, the lowest. It comes sooner to an answer than :meth:`telling`, but learns little about the
        spread and the form of the curve, on which the interval rests.
        """
        values = np.clip(wanted(self.curves), *_wide(self))
        values = values - float(self.weight @ values)
        moments = np.stack([self.weight, self.weight * values, self.weight * values**2], axis=1)
        fires = self._chances(self.states.chance(self.next_ones.places)) @ moments
        quiet = moments.sum(axis=0) - fires
        expected = np.add(*(part[:, 2] - part[:, 1] ** 2 / np.maximum(part[:, 0], 1e-300) for part in (fires, quiet)))
        best = float(expected.min())
        return float(self.next_ones.x[np.flatnonzero(expected <= best + 1e-3 * abs(best))[0]])


def belief(prior: Prior, x: FloatArray, fired: FloatArray) -> Belief:
    """Return the belief after the pulses ``x``, shape (n,), of which ``fired``, shape (n,), fired (0 or 1).

    Parameters
    ----------
    prior : what is believed before the first pulse
    x : in the unit of the prior: [V], or ln of a gap [s]
    fired : 1 or 0
    """
    x, fired = np.asarray(x, dtype=np.float64), np.asarray(fired, dtype=np.float64)
    return _closed_in(prior, prior.whole, Pulses(x, fired, (False,) * x.size))


def _closed_in(prior: Prior, box: Box, pulses: Pulses) -> Belief:
    for _ in range(_MOST_ROUNDS):
        found = _in_box(prior, box, pulses)
        closer = _closer(found)
        if closer is None:
            break
        box = closer
    return found


def _in_box(prior: Prior, box: Box, pulses: Pulses) -> Belief:
    """Return the belief on the grid of one range."""
    locations = np.linspace(box.low, box.high, _LOCATIONS)
    least = max(box.least, 0.5 * float(locations[1] - locations[0]))
    spreads = np.geomspace(least, max(box.largest, 1.001 * least), _SPREADS)
    rates = np.arange(len(prior.rates), dtype=np.float64)
    form, rate, spread, location = (part.ravel() for part in np.meshgrid(
        np.array(FORMS, dtype=np.float64), rates, spreads, locations, indexing="ij"))
    floor, plateau, likely = np.array(prior.rates).T[:, rate.astype(np.int64)]
    alone = Curves(location, spread, floor, plateau, form)
    states = first_states(prior.histories, _one_of_each_form(spreads, locations))
    log_weight = np.log(likely / likely.sum()) + _log_likelihood(alone, pulses)
    every = alone
    if prior.histories:
        states, kept = states_after(states, pulses.x, pulses.fired, pulses.renewed)
        count = len(prior.histories)
        log_weight = np.concatenate([log_weight + math.log(1.0 - _SHARE_OF_HISTORIES),
                                     kept + math.log(_SHARE_OF_HISTORIES / kept.size)])
        every = alone.with_others(states.curves, count)
    top = float(log_weight.max())
    weight = np.exp(log_weight - top)
    total = float(weight.sum())
    candidates = _candidates(prior, box, float(np.exp((weight / total) @ np.log(every.spread))))
    return Belief(prior, box, every, weight / total, Candidates(candidates, alone, states), states, pulses,
                  top + math.log(total))


def _one_of_each_form(spreads: FloatArray, locations: FloatArray) -> Curves:
    """Return the curves of a grid that fire never at the least and always at the highest stimuli."""
    form, spread, location = (part.ravel() for part in np.meshgrid(
        np.array(FORMS, dtype=np.float64), spreads, locations, indexing="ij"))
    return Curves(location, spread, np.zeros(form.size), np.ones(form.size), form)


def _log_likelihood(curves: Curves, pulses: Pulses) -> FloatArray:
    """Return the logarithm of the probability of independent outcomes, shape (curves,)."""
    stimuli, inverse = np.unique(pulses.x, return_inverse=True)
    if not stimuli.size:
        return np.zeros(curves.location.size)
    count = np.bincount(inverse, minlength=stimuli.size)
    hits = np.bincount(inverse, weights=pulses.fired, minlength=stimuli.size)
    chance = np.clip(curves.probability(stimuli), 1e-12, 1.0 - 1e-12)
    some_fired, some_quiet = hits > 0, count > hits  # of many spaced stimuli, most are only one of the two
    return np.asarray(hits[some_fired] @ np.log(chance[some_fired])
                      + (count - hits)[some_quiet] @ np.log1p(-chance[some_quiet]))


def _entropy(chance: FloatArray) -> FloatArray:
    """Return the entropy of outcomes that come with a ``chance``, in nats."""
    inside = np.clip(chance, 1e-12, 1.0 - 1e-12)
    return np.asarray(-inside * np.log(inside) - (1.0 - inside) * np.log1p(-inside))


def _candidates(prior: Prior, box: Box, spread: float) -> FloatArray:
    """Return stimuli over the range of the locations and two spreads beyond, within those that are allowed."""
    low, high = max(box.low - 2.0 * spread, prior.lowest), min(box.high + 2.0 * spread, prior.highest)
    return np.unique(np.linspace(min(low, prior.highest), max(high, prior.lowest), _CANDIDATES))


def _closer(found: Belief) -> Box | None:
    """Return the range that holds nearly all of a belief, if it is clearly smaller than the present one."""
    box = found.box
    shape = (-1, _SPREADS, _LOCATIONS)
    by_spread, by_location = (found.weight.reshape(shape).sum(axis=axes) for axes in ((0, 2), (0, 1)))
    locations, spreads = found.curves.location[:_LOCATIONS], found.curves.spread.reshape(shape)[0, :, 0]
    low, high = _holding(by_location, locations)
    least, largest = (math.exp(edge) for edge in _holding(by_spread, np.log(spreads)))
    range_of_spreads = math.log(spreads[-1] / spreads[0])
    narrower = high - low < _CLOSE_IN * (box.high - box.low)
    tighter = math.log(largest / least) < _CLOSE_IN * range_of_spreads and range_of_spreads > 1.0
    if not narrower and not tighter:
        return None
    if narrower:
        more = _MARGIN * (high - low)
        box = replace(box, low=max(low - more, box.low), high=min(high + more, box.high))
    wider = (largest / least) ** _MARGIN
    # the narrowest spread of a coarse grid stands for all below
    below = box.least if least <= 1.01 * spreads[0] else max(least / wider, box.least)
    box = replace(box, least=below, largest=min(largest * wider, box.largest))
    return None if box == found.box else box


def _holding(weight: FloatArray, places: FloatArray) -> tuple[float, float]:
    """Return the places between which all but a small share of the weight lies, one node wider."""
    total = np.cumsum(weight)
    low = max(int(np.searchsorted(total, _OUTSIDE)) - 1, 0)
    high = min(int(np.searchsorted(total, total[-1] - _OUTSIDE)) + 1, places.size - 1)
    return float(places[low]), float(places[high])


def _at_a_closed_edge(before: Belief, weight: FloatArray) -> bool:
    """Return whether the belief runs against an edge of the range that is not one of the prior."""
    by_location = weight.reshape(-1, _LOCATIONS).sum(axis=0)
    by_spread = weight.reshape(-1, _SPREADS, _LOCATIONS).sum(axis=(0, 2))
    whole, box = before.prior.whole, before.box
    return bool(
        (by_location[0] > 2e-3 and box.low > whole.low) or (by_location[-1] > 2e-3 and box.high < whole.high)
        or (by_spread[-1] > 2e-2 and box.largest < whole.largest))


def _wide(found: Belief) -> tuple[float, float]:
    """Return bounds for values that may be infinite."""
    whole = found.prior.whole
    return whole.low - (whole.high - whole.low), whole.high + (whole.high - whole.low)
