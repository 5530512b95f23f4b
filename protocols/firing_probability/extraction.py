"""A search for a firing probability to numbers: by the firing curve, and by the pulses of that amplitude alone."""

from collections.abc import Sequence

import numpy as np

from tsbench.analysis.adaptive.search import Goal, probability_goal
from tsbench.analysis.pulse.firing import probability_result
from tsbench.protocols.adapting.chooser import Chooser
from tsbench.protocols.adapting.extraction import (
    PulseJudge,
    SearchChooser,
    Searched,
    curve_width_result,
    judged_pulses,
    searched,
)
from tsbench.protocols.extracting.facts import parameter
from tsbench.protocols.firing_probability.parameters import ProbabilityParameters
from tsbench.records import Fixture, Flag, Result, Run


def probability_chooser(settings: ProbabilityParameters, fixture: Fixture) -> Chooser:
    """Return what chooses the amplitudes of a run."""
    goal = probability_goal(
        abs(settings.at), abs(settings.lowest), abs(settings.highest), settings.interval, settings.budget)
    return SearchChooser(goal, fixture, PulseJudge(bool(settings.base)), "the firing probability")


def probability_search(run: Run) -> Searched:
    """Return what a stored run found."""
    judged = list(judged_pulses(run, PulseJudge(bool(parameter(run, "base", 0.0)))))
    return searched(_goal(run), np.abs([amplitude for amplitude, _, _ in judged]),
                    [fired for _, fired, _ in judged], sum(missed for _, _, missed in judged))


def _goal(run: Run) -> Goal:
    at, lowest, highest = (abs(float(parameter(run, name))) for name in ("at", "lowest", "highest"))
    return probability_goal(at, lowest, highest, float(parameter(run, "interval")), int(parameter(run, "budget")))


def probability_results(run: Run) -> Sequence[Result]:
    """Return the firing probability at the amplitude, the same by its own pulses alone, and the curve's width.

    AMBIGUOUS also where the two intervals do not meet: the firing curve has none of the forms reckoned with, or the
    pulses depend on one another.
    """
    found = probability_search(run)
    at = float(parameter(run, "at"))
    conditions: dict[str, object] = {
        "amplitude": at, "pulse_width": float(parameter(run, "width")), "base": float(parameter(run, "base"))}
    mine = found.found.fired[found.found.x == abs(at)]
    alone = probability_result(
        "firing_probability", int(mine.sum()), mine.size, {**conditions, "by": "pulses of this amplitude alone"},
        "pulses")
    conditions |= {"pulses": found.sent, "ended": found.ended or "stopped", "by": "firing curve"}
    value, low, high = found.bounds(float)
    flags = found.flags & ~Flag.NO_EVENT
    if not found.found.x.size:
        value, low, high, flags = None, None, None, flags | Flag.NO_EVENT
    elif not _meet((low, high), (alone.low, alone.high)):
        flags |= Flag.AMBIGUOUS
    by_curve = Result("firing_probability", "", value, low, high, found.notes, conditions, flags)
    return [by_curve, alone, curve_width_result(found, conditions)]


def _meet(one: tuple[float | None, float | None], other: tuple[float | None, float | None]) -> bool:
    """Return whether two intervals have a value in common; an end that is not known is open."""
    lows = [low for low, _ in (one, other) if low is not None]
    highs = [high for _, high in (one, other) if high is not None]
    return not lows or not highs or max(lows) <= min(highs)
