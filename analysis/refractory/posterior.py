"""What counts of second pulses tell about the recovery of a device: a posterior distribution on a grid of curves.

The curve. P(x) rises with x, the natural logarithm of the gap, from early * plateau to the plateau. ``early`` is the
share of the pulses after which the device is off long before the others: some filaments of silver dissolve much sooner
than most. The form of the rise is not known, so it is one of the three of ``analysis/adaptive/firing_curve.py``. The
most likely curve of one form alone gives a period that is too short if the true form is another one, and most so with
early recoveries (docs/evidence/refractory.md).

The prior (:class:`RecoveryPrior`). Even in the logarithms of period and spread, and in the three forms. The plateau has
the reference prior of a proportion, 1/sqrt(p (1 - p)) (Jeffreys, Proc. R. Soc. A 186, 453, 1946).

Why no maximum of the likelihood: between a gap after which hardly any pulse fires and one after which nearly all do,
the likelihood is nearly flat, and its maximum is where the steepest curve agrees with the few pulses that differ. So it
lies beside one of the two gaps. The median of the posterior lies between them.
"""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.adaptive.firing_curve import FORMS, Curves
from tsbench.records import FloatArray

_ODDS = 7.0  #: largest logarithm of the odds of the plateau on the grid; beyond, the plateau is 0 or 1
#: periods, spreads and plateaus of each search: over all, and twice where it matters
_SIZES = (41, 12, 12), (41, 12, 12), (61, 14, 18)
_LEFT_OUT = 5e-4  #: share of the posterior that the next search may leave out on each side
_DRAWS = 2000  #: of the posterior, for the credible band of the curve
_TAIL = 1e-9  #: stands for the plateau 0; 1 - _TAIL stands for the plateau 1


@dataclass(frozen=True)
class RecoveryPrior:
    """What is assumed of a recovery before its pairs are counted.

    No source gives these numbers. docs/evidence/refractory.md shows how little the period depends on them.
    """

    beyond: float = 1.5  #: the period may lie this far (in x) beyond the gaps measured
    #: narrowest and widest spread, in x: the narrowest rises within some per cent of the gap, the widest over decades
    spreads: tuple[float, float] = (1.0 / 60.0, 2.0)
    #: shares of the pulses after which the device is off early, and how likely each is
    early: tuple[float, ...] = (0.0, 0.05, 0.12, 0.25)
    likely: tuple[float, ...] = (0.6, 0.2, 0.1, 0.1)


PRIOR = RecoveryPrior()


@dataclass(frozen=True)
class Posterior:
    """Posterior of the logarithm of the period and of the plateau, and curves drawn from it."""

    places: FloatArray  #: ln of the period [s], ascending, shape (n,)
    below: FloatArray  #: share of the posterior below each place, shape (n,), from 0 to 1
    plateaus: FloatArray  #: shape (m,)
    plateau_weight: FloatArray  #: shape (m,), sum 1
    draws: Curves  #: of x = ln of the gap [s]

    def log_period(self, quantile: float, above: float = -np.inf, under: float = np.inf) -> float:
        """Return a quantile of ln of the period [s], of the part of the posterior between two places.

        Parameters
        ----------
        quantile : cumulative probability in that part, 0 to 1
        above, under : the places, ln of the period [s]
        """
        first, last = self.share_below(above), self.share_below(under)
        return float(np.interp(first + quantile * (last - first), self.below, self.places))

    def share_below(self, place: float) -> float:
        """Return the share of the posterior below a place, ln of a gap [s]."""
        return float(np.interp(place, self.places, self.below))

    def plateau(self, quantile: float) -> float:
        """Return a quantile of the plateau.

        Parameters
        ----------
        quantile : cumulative probability, 0 to 1
        """
        below = np.cumsum(self.plateau_weight) - 0.5 * self.plateau_weight
        return float(np.interp(quantile, below, self.plateaus))


@dataclass(frozen=True)
class _Grid:
    """Axes: logarithms of period, spread and odds of the plateau; the plateaus 0 and 1 are at the ends."""

    prior: RecoveryPrior
    places: FloatArray
    spreads: FloatArray
    odds: FloatArray

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """Forms, early shares, spreads, places and plateaus."""
        return len(FORMS), len(self.prior.early), self.spreads.size, self.places.size, self.odds.size + 2

    @property
    def plateaus(self) -> FloatArray:
        """All plateaus, ascending."""
        return np.concatenate([[_TAIL], 1.0 / (1.0 + np.exp(-self.odds)), [1.0 - _TAIL]])

    @property
    def plateau_prior(self) -> FloatArray:
        """Share of Jeffreys' prior that each plateau stands for; that of an end is what lies beyond all odds."""
        chance = self.plateaus
        step = float(self.odds[1] - self.odds[0])
        share = np.sqrt(chance * (1.0 - chance)) * step / np.pi
        share[[0, -1]] = 2.0 / np.pi * np.arcsin(np.sqrt(1.0 / (1.0 + np.exp(_ODDS))))
        return share

    def curves(self) -> Curves:
        """Return the curves with the plateau 1: of each form, early share, spread and place in this order."""
        form, early, spread, place = (part.ravel() for part in np.meshgrid(
            np.array(FORMS, dtype=np.float64), np.array(self.prior.early), np.exp(self.spreads), self.places,
            indexing="ij"))
        return _curves(form, early, spread, place, np.ones(form.size))


def posterior(x: FloatArray, pairs: FloatArray, fired: FloatArray, prior: RecoveryPrior = PRIOR) -> Posterior:
    """Return the posterior of the recovery.

    Parameters
    ----------
    x : ln of each gap [s], ascending, shape (gaps,)
    pairs, fired : how many pairs count, and after how many of them the second pulse fired, shape (gaps,)
    prior : what is assumed before
    """
    places, odds = (float(x[0]) - prior.beyond, float(x[-1]) + prior.beyond), (-_ODDS, _ODDS)
    spreads = math.log(prior.spreads[0]), math.log(prior.spreads[1])
    for many, wide, high in _SIZES:
        grid = _Grid(prior, np.linspace(*places, many), np.linspace(*spreads, wide), np.linspace(*odds, high))
        curves = grid.curves()
        weight = _weights(grid, curves, x, pairs, fired)
        by_form = weight.reshape(grid.shape)
        places = _holding(grid.places, by_form.sum(axis=(0, 1, 2, 4)))
        spreads = _holding(grid.spreads, by_form.sum(axis=(0, 1, 3, 4)))
        odds = _holding(grid.odds, by_form.sum(axis=(0, 1, 2, 3))[1:-1])
    by_place, by_plateau = by_form.sum(axis=(0, 1, 2, 4)), by_form.sum(axis=(0, 1, 2, 3))
    return Posterior(grid.places, _shares(by_place), grid.plateaus, by_plateau / by_plateau.sum(),
                     _drawn(grid, weight))


def _weights(grid: _Grid, curves: Curves, x: FloatArray, pairs: FloatArray, fired: FloatArray) -> FloatArray:
    """Return the posterior of each curve and plateau, shape (curves, plateaus), its largest value 1."""
    chance = np.clip(curves.probability(x), 1e-12, 1.0 - 1e-12)
    plateaus = grid.plateaus
    found = (fired @ np.log(chance))[:, None] + float(fired.sum()) * np.log(plateaus)
    found += np.log(grid.plateau_prior)
    for mine, quiet in zip(chance, pairs - fired, strict=True):
        if quiet > 0:
            found += quiet * np.log1p(-mine[:, None] * plateaus)
    likely = np.log(np.array(grid.prior.likely))
    by_early = found.reshape(grid.shape)
    by_early += likely[None, :, None, None, None]
    return np.asarray(np.exp(found - found.max()))


def _shares(weight: FloatArray) -> FloatArray:
    """Return the integral of evenly spaced weights up to each of them, as a share of the whole, from 0 to 1."""
    total = np.concatenate([[0.0], np.cumsum(0.5 * (weight[1:] + weight[:-1]))])
    return total / total[-1] if total[-1] > 0.0 else np.linspace(0.0, 1.0, total.size)


def _holding(places: FloatArray, weight: FloatArray) -> tuple[float, float]:
    """Return between which places nearly all of the weight lies, two steps wider, within the range of the places."""
    low, high = np.interp((_LEFT_OUT, 1.0 - _LEFT_OUT), _shares(weight), places)
    more = 2.0 * float(places[1] - places[0])
    return max(float(low) - more, float(places[0])), min(float(high) + more, float(places[-1]))


def _curves(form: FloatArray, early: FloatArray, spread: FloatArray, place: FloatArray, plateau: FloatArray) -> Curves:
    """Return curves that are half of their plateau at ``place``; each argument has the shape (curves,)."""
    whole = np.ones(form.size)
    half = Curves(np.zeros(form.size), spread, early, whole, form).stimulus(0.5)
    return Curves(place - half, spread, early * plateau, plateau, form)


def _drawn(grid: _Grid, weight: FloatArray) -> Curves:
    """Return curves drawn by their weight, shape (curves, plateaus).

    They are drawn evenly, without chance. Each is moved by a part of a step of the grid, else a band would have steps.
    """
    total = np.cumsum(weight.ravel())
    number = np.arange(_DRAWS)
    chosen = np.minimum(np.searchsorted(total, total[-1] * (number + 0.5) / _DRAWS), weight.size - 1)
    form, early, spread, place, plateau = np.unravel_index(chosen, grid.shape)
    order = np.argsort(form, kind="stable")   # curves of one form side by side
    form, early, spread, place, plateau = (axis[order] for axis in (form, early, spread, place, plateau))
    # multiples of irrational numbers fill the steps evenly (Weyl)
    moved = ((number * math.sqrt(prime)) % 1.0 - 0.5 for prime in (2.0, 3.0, 5.0))
    steps = (axis[1] - axis[0] for axis in (grid.places, grid.spreads, grid.odds))
    by_place, by_spread, by_odds = (part * step for part, step in zip(moved, steps, strict=True))
    inside = (plateau > 0) & (plateau < grid.plateaus.size - 1)
    odds = grid.odds[np.clip(plateau - 1, 0, grid.odds.size - 1)] + by_odds
    chance = np.where(inside, 1.0 / (1.0 + np.exp(-odds)), grid.plateaus[plateau])
    return _curves(np.array(FORMS, dtype=np.float64)[form], np.array(grid.prior.early)[early],
                   np.exp(grid.spreads[spread] + by_spread), grid.places[place] + by_place, chance)
