"""A firing probability by pulses of one amplitude, sent until its interval is narrow enough.

Before the first pulse, all probabilities are as likely. Then after ``fired`` of ``sent`` pulses, what is left is a beta
distribution, and its central 95 % hold the true value of 95 % of all devices, whenever the pulses end. Pulses of other
amplitudes are not sent. To use them, the form of the firing curve would have to be known.
"""

from dataclasses import replace

import numpy as np
from scipy import special

from tsbench.analysis.adaptive.belief import Interval
from tsbench.analysis.adaptive.dependence import Succession
from tsbench.analysis.adaptive.search import FEWEST, NARROW, SPENT
from tsbench.records import Flag

_PARTS = 200  #: of a distribution, each as likely


def probability_interval(fired: int, sent: int) -> Interval:
    """Return median and central 95 % interval of the probability after ``fired`` of ``sent`` pulses."""
    a, b = fired + 1.0, sent - fired + 1.0
    low, middle, high = (float(special.betaincinv(a, b, share)) for share in (0.025, 0.5, 0.975))
    return Interval(middle, low, high)


def long_run_interval(pulses: Succession) -> Interval:
    """Return median and central 95 % interval of the share that fires in the long run, of outcomes that depend.

    A chain in which a pulse fires with probability a after one that fired and with b after a quiet one fires with
    b / (1 - a + b). Before the first pulse, all a and all b are as likely.
    """
    shares = (np.arange(_PARTS) + 0.5) / _PARTS
    a, b = (special.betaincinv(hits + 1.0, number - hits + 1.0, shares)
            for hits, number in (pulses.after_fired, pulses.after_quiet))
    low, middle, high = np.quantile(b / (1.0 - a[:, None] + b), (0.025, 0.5, 0.975)).tolist()
    return Interval(middle, low, high)


def with_dependence(alone: Interval, pulses: Succession) -> tuple[Interval, Flag, str]:
    """Return a share and its interval with what the outcomes say of a dependence, the flag, and a text for ``method``.

    Parameters
    ----------
    alone : the share and its interval, of outcomes that do not depend on each other
    pulses : the outcomes by what the pulse before did

    Returns
    -------
    tuple
        DEPENDENT: the dependence shows; value and interval are those of the share in the long run. AMBIGUOUS: it is
        likelier than independence, but does not show; the interval holds those of both.
    """
    if not (pulses.dependent or pulses.may_depend):
        return alone, Flag.NONE, ""
    chain, odds = long_run_interval(pulses), f"odds {pulses.odds:.2g}"
    if pulses.dependent:
        return chain, Flag.DEPENDENT, (
            f"; outcomes depend on each other ({odds}), so the value is the share in the long run of a chain of two "
            "probabilities")
    return (replace(alone, low=min(alone.low, chain.low), high=max(alone.high, chain.high)), Flag.AMBIGUOUS,
            f"; outcomes may depend on each other ({odds}), so the interval also holds that of a chain of two "
            "probabilities")


def probability_ended(fired: int, counted: int, sent: int, width: float, budget: int) -> str:
    """Return why the pulses are over: NARROW or SPENT; "" while they are not.

    Parameters
    ----------
    fired, counted : pulses that fired, of those that count
    sent : all pulses
    width : of the interval that ends them
    budget : pulses at most
    """
    if counted >= FEWEST and probability_interval(fired, counted).width <= width:
        return NARROW
    return SPENT if sent >= budget else ""
