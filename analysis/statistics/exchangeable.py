"""Whether outcomes of several kinds depend on each other: they come in groups in time, or take turns.

Independent outcomes of one kind, such as pulse pairs with one gap, can be exchanged with each other: whatever their
probability is, each order of them is as likely. So the test needs no model of the kinds (a permutation test:
E. J. G. Pitman, J. R. Stat. Soc. Suppl. 4 (1937) 119).
"""

from collections.abc import Hashable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray

_ORDERS = 999  #: random orders that the one measured is compared with
_CHANCE = 0.01  #: with which independent outcomes are said to depend on each other
#: outcomes after which a common deviation has fallen to 1/e: memories of neighbours and of long successions
_REACHES = (1.0, 5.0, 25.0)
_SEED = 1
_AT_ONCE = 1_000_000  #: outcomes in memory


def depends_on_order(kinds: Sequence[Hashable], outcomes: Sequence[bool]) -> bool:
    """Return whether the outcomes depend on each other, beyond a chance of 1 %.

    Parameters
    ----------
    kinds, outcomes : of each trial, in order of time

    Notes
    -----
    The deviation of an outcome is its difference from the share of its kind. The sum of the products of all pairs of
    deviations, with weights that fall with their distance in time, is compared with that of random orders. Of the
    three reaches of the weights, the most unusual sum counts.
    """
    if len(outcomes) < 2:
        return False
    names = {kind: number for number, kind in enumerate(dict.fromkeys(kinds))}
    kind = np.array([names[one] for one in kinds])
    outcome = np.asarray(outcomes, dtype=np.float64)
    deviation = outcome - (np.bincount(kind, outcome) / np.bincount(kind))[kind]
    sums = np.concatenate([_products(orders) for orders in _orders(kind, deviation)])
    spread = sums.std(axis=0)
    away = np.abs(sums - sums.mean(axis=0)) / np.where(spread > 1e-12, spread, np.inf)
    unusual = away.max(axis=1)
    # orders with the same sum differ by rounding
    return bool(np.mean(unusual >= unusual[0] - 1e-9) < _CHANCE)


def _orders(kind: npt.NDArray[np.intp], deviation: FloatArray) -> Iterator[FloatArray]:
    """Yield rows of deviations: as measured, then in random orders, in which those of a kind are exchanged."""
    yield deviation[None]
    by_kind, random = np.argsort(kind, kind="stable"), np.random.default_rng(_SEED)
    part = max(_AT_ONCE // kind.size, 1)
    for done in range(0, _ORDERS, part):
        draws = random.random((min(part, _ORDERS - done), kind.size))
        exchanged = np.empty_like(draws)
        exchanged[:, by_kind] = deviation[np.argsort(kind + draws, axis=1)]
        yield exchanged


def _products(orders: FloatArray) -> FloatArray:
    """Return sums of the products of all pairs of a row, weighing 1/e a reach apart; shape (rows, reaches)."""
    from scipy.signal import lfilter  # noqa: PLC0415  a large library for one filter

    falls = np.exp(-1.0 / np.array(_REACHES))
    return np.stack([(lfilter([0.0, one], [1.0, -one], orders, axis=1) * orders).sum(axis=1) for one in falls], axis=1)
