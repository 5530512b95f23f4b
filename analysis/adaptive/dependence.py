"""Whether the outcomes of pulses depend on each other: evidence from the outcomes alone.

Two tests. Pulses of one amplitude: is one that follows a pulse that fired as likely to fire as one that follows a quiet
pulse? Pulses of chosen amplitudes: do the surprises follow each other? With every pulse, Bayes' rule has said before
how likely it was to fire. The differences between outcome and probability are then uncorrelated, whatever the device,
if one of the models that were reckoned with describes it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import special

from tsbench.analysis.adaptive.belief import Belief
from tsbench.records import FloatArray

#: odds above which a dependence counts as seen, above which it is likelier than independence, and up to which it counts
#: as refuted. The first and the last are chosen; :func:`.probability.with_dependence` says what follows from them
_SEEN_ODDS = 30.0
_EVEN_ODDS = 1.0
_REFUTED_ODDS = 1.0 / 3.0
#: standard deviations of the sum of products of neighbouring surprises: 0.3 % of independent outcomes go beyond
_FAR = 3.0
_FEWEST = 10  #: neighbours


@dataclass(frozen=True)
class Succession:
    """Pulses of one amplitude, by what the pulse before did: (fired, number)."""

    after_fired: tuple[int, int]
    after_quiet: tuple[int, int]
    odds: float  #: how much likelier two probabilities explain the outcomes than one

    @property
    def dependent(self) -> bool:
        """Whether the outcomes depend on each other."""
        return self.odds > _SEEN_ODDS

    @property
    def may_depend(self) -> bool:
        """Whether a dependence explains the outcomes better than independence, but does not show."""
        return _EVEN_ODDS < self.odds <= _SEEN_ODDS

    @property
    def independent(self) -> bool:
        """Whether the outcomes speak against a dependence; otherwise there may be too few to tell."""
        return self.odds <= _REFUTED_ODDS


def succession(fired: Sequence[bool]) -> Succession:
    """Compare pulses that follow one that fired with pulses that follow a quiet one.

    Parameters
    ----------
    fired : outcomes in order of time, of pulses of one amplitude

    Notes
    -----
    Before the first pulse, all probabilities are as likely, of one probability as of two. The odds are the ratio of the
    probabilities of all outcomes, integrated over these (a Bayes factor; beta functions).
    """
    counts = np.zeros((2, 2), dtype=int)  # [what the one before did, what this one did]
    for before, now in pairwise(fired):
        counts[int(before), int(now)] += 1
    hits, quiet = counts.sum(axis=0)
    one = special.betaln(hits + 1.0, quiet + 1.0)
    two = sum(special.betaln(row[1] + 1.0, row[0] + 1.0) for row in counts)
    return Succession((int(counts[1, 1]), int(counts[1].sum())), (int(counts[0, 1]), int(counts[0].sum())),
                      math.exp(min(float(two - one), 700.0)))


def surprises_follow(expected: Sequence[float], fired: FloatArray) -> bool:
    """Return whether neighbouring surprises have the same sign, or opposite ones, more often than chance allows.

    Parameters
    ----------
    expected : probability of firing of each pulse, as it was believed before it, shape (n,)
    fired : outcomes, 0 or 1, shape (n,), in order of time
    """
    chance = np.asarray(expected, dtype=np.float64)
    if chance.size != fired.size or chance.size <= _FEWEST:
        return False
    surprise = fired - chance
    variance = float((chance[1:] * (1.0 - chance[1:])) @ surprise[:-1] ** 2)
    return bool(variance > 0.0 and abs(float(surprise[1:] @ surprise[:-1])) > _FAR * math.sqrt(variance))


def history_seen(found: Belief) -> str:
    """Return which history of the threshold explains the outcomes far better than independence does; "": none."""
    odds = found.history_odds
    if not odds.size or odds.mean() <= _SEEN_ODDS:
        return ""
    return f"{found.prior.histories[int(odds.argmax())].name} (odds {odds.mean():.2g})"


def dependent(found: Belief) -> bool:
    """Return whether the outcomes of a search show that they depend on each other."""
    return bool(history_seen(found)) or surprises_follow(found.expected, found.fired)
