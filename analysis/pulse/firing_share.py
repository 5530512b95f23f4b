"""The share of pulses that fire, from pulses in order of time: their outcomes may depend on each other.

The Wilson interval is that of independent pulses. A device whose threshold stays high or low for a while, as with
telegraph noise, fires in succession and is quiet in succession: then twenty pulses tell as little as a few.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tsbench.analysis.adaptive.belief import Interval
from tsbench.analysis.adaptive.dependence import succession
from tsbench.analysis.adaptive.probability import with_dependence
from tsbench.analysis.statistics import proportion_interval
from tsbench.records import Flag


@dataclass(frozen=True)
class FiringShare:
    """A share with its 95 % interval, flags, and how it was found."""

    value: float | None  #: None: nothing is known
    low: float | None
    high: float | None
    flags: Flag
    method: str


def firing_share(fired: Sequence[bool], what: str = "pulses", told: Sequence[bool] = ()) -> FiringShare:
    """Return the share of pulses that fired, of at least one.

    Parameters
    ----------
    fired : outcomes in order of time
    what : was counted, for ``method``
    told : whether each outcome is known; empty: all are

    Returns
    -------
    FiringShare
        AMBIGUOUS: of some pulses it is not known whether they fired. The share is that of the others, and the interval
        holds both outcomes of these.
        DEPENDENT, AMBIGUOUS: as :func:`tsbench.analysis.adaptive.probability.with_dependence` says.
    """
    if unknown := len(told) - sum(told):
        doubt = f"whether {unknown} of {len(fired)} {what} fired is not known"
        if not any(told):
            return FiringShare(None, None, None, Flag.AMBIGUOUS, doubt)
        none, every = (
            _share([one if known else outcome for one, known in zip(fired, told, strict=True)], what)
            for outcome in (False, True))
        found = _share([one for one, known in zip(fired, told, strict=True) if known], what)
        return replace(found, low=none.low, high=every.high, flags=found.flags | Flag.AMBIGUOUS,
                       method=f"{found.method}; {doubt}: the interval holds both")
    return _share(fired, what)


def _share(fired: Sequence[bool], what: str) -> FiringShare:
    """Return the share of pulses of which each outcome is known."""
    hits, following = sum(fired), succession(fired)
    alone = Interval(hits / len(fired), *proportion_interval(hits, len(fired)))
    found, flags, text = with_dependence(alone, following)
    by = "" if Flag.DEPENDENT in flags else ", Wilson interval"
    return FiringShare(found.value, found.low, found.high, flags, f"{hits} of {len(fired)} {what} fired{by}{text}")
