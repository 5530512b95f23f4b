"""A search for the threshold to numbers: the amplitude that fires every second pulse, and the width of the curve."""

import math
from collections.abc import Sequence

import numpy as np

from tsbench.analysis.adaptive.firing_curve import Curves
from tsbench.analysis.adaptive.search import Goal, threshold_goal
from tsbench.protocols.adapting.chooser import PulseChooser
from tsbench.protocols.adapting.extraction import (
    PulseJudge,
    SearchChooser,
    Searched,
    judged_pulses,
    searched,
)
from tsbench.protocols.adaptive_threshold.parameters import ThresholdParameters
from tsbench.protocols.extracting.facts import level_limit, parameter
from tsbench.quantities import format_quantity
from tsbench.records import Fixture, Flag, FloatArray, Result, Run


def threshold_chooser(settings: ThresholdParameters, fixture: Fixture) -> PulseChooser:
    """Return what chooses the amplitudes of a run."""
    goal = threshold_goal(abs(settings.lowest), abs(settings.highest), settings.interval, settings.budget)
    sign = math.copysign(1.0, settings.highest)
    return SearchChooser(
        goal, fixture, PulseJudge(bool(settings.base), fixture), "the threshold amplitude",
        lambda magnitude: sign * magnitude, abs,
        lambda now, wanted: f"interval {format_quantity(now, 'V')} wide, {format_quantity(wanted, 'V')} wanted",
        settings.conditioning)


def threshold_search(run: Run) -> Searched:
    """Return what a stored run found."""
    pulses, conditioning = judged_pulses(run, PulseJudge(bool(parameter(run, "base", 0.0)), run.header.fixture))
    return searched(_goal(run), np.abs([one.amplitude for one in pulses]), [one.fired for one in pulses],
                    sum(one.missed for one in pulses), [one.renewed for one in pulses], conditioning,
                    sum(one.at_once for one in pulses), sum(one.unreadable for one in pulses))


def _goal(run: Run) -> Goal:
    lowest, highest = abs(float(parameter(run, "lowest"))), abs(float(parameter(run, "highest")))
    return threshold_goal(lowest, highest, float(parameter(run, "interval")), int(parameter(run, "budget")))


def threshold_results(run: Run) -> Sequence[Result]:
    """Return the threshold amplitude and the width of the firing curve."""
    found = threshold_search(run)
    sign = math.copysign(1.0, float(parameter(run, "highest")))
    conditions: dict[str, object] = {
        "pulse_width": float(parameter(run, "width")), "base": float(parameter(run, "base")), "pulses": found.sent,
        "ended": found.ended or "stopped"}
    value, low, high = found.bounds(
        lambda amplitude: sign * amplitude, lambda amplitude: level_limit(run.header, "pulser", amplitude, pulse=True))
    if sign < 0:
        low, high = high, low
    notes = f"{found.notes}; with the stated accuracy of the generator{found.advice}"
    threshold = Result("threshold_amplitude", "V", value, low, high, notes,
                       {**conditions, "statistic": "amplitude with a firing probability of 1/2"}, found.flags)
    return [threshold, _curve_width(found, conditions)]


def _curve_width(found: Searched, conditions: dict[str, object]) -> Result:
    """Return from where to where the firing curve rises: the amplitude of 90 % of its rise less that of 10 % [V]."""
    shares = (0.1, 0.9)

    def width(curves: Curves) -> FloatArray:
        low, high = (curves.stimulus(curves.floor + share * (curves.plateau - curves.floor)) for share in shares)
        return high - low

    known = found.found.interval(width)
    narrowest = width(found.found.curves).min()
    # a curve that is narrower than the grid reckons with is known to be no wider only
    low = None if known.low <= 1.05 * narrowest else known.low
    flags = found.flags & ~Flag.CENSORED | (Flag.CENSORED if low is None else Flag.NONE)
    empty = Flag.NO_EVENT in found.flags
    return Result(
        "firing_curve_width", "V", None if low is None or empty else known.value, None if empty else low,
        None if empty else known.high, found.notes + found.advice,
        {**conditions, "statistic": "10 to 90 % of the rise"}, flags)
