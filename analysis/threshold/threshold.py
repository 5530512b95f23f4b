"""Threshold and hold voltage and current of each half-sweep of a current-voltage record.

The quantities are defined in ``docs/definitions.md``. A sweep in steps shows the last reading before an event and the
first after it. The true value lies between the device voltage of the former and the device voltage that the next
set-point would have given, had the device not switched (its current is still nearly the same there, so the drop along
the wires cancels). These are ``low`` and ``high``; ``value`` is in the middle. The interval is then widened at both
ends by 1.96 standard uncertainties of the source meter and the wires.

Behind enough resistance the device voltage turns back before the jump, as the device passes its fold; then the
extreme reading counts, and the true one lies at most one change between neighbours beyond it. Readings in compliance
do not count on the way down: there the source meter sets the current and not the ramp. A stochastic device is restless:
its hold voltage lies up to four standard deviations of neighbouring readings below the lowest of them.

Systematics: a data-sheet accuracy ``±(gain |reading| + offset)`` is a limit of a uniform distribution,
standard uncertainty limit / sqrt 3; likewise the tolerance of the path resistance times the current. Reading
noise and these join by root of sum of squares.
"""

import math
from dataclasses import replace

import numpy as np

from tsbench.analysis.statistics import NORMAL_95, combined
from tsbench.analysis.statistics.brackets import IN_STEPS
from tsbench.analysis.threshold.beyond_range import with_overflows
from tsbench.analysis.threshold.flicker import doubts_of_further_changes
from tsbench.analysis.threshold.half_sweeps import HalfSweep, IVPoints, split, worst_flags
from tsbench.analysis.threshold.level_rule import undecided
from tsbench.analysis.threshold.retraced import RetracedEvents, judge
from tsbench.analysis.threshold.second_step import second_steps
from tsbench.analysis.threshold.switching_evidence import SwitchOn
from tsbench.analysis.threshold.switching_results import (
    BRACKET,
    ON_AT_ONCE,
    PASSED_ON,
    SweepFacts,
    Switching,
    finished,
    result_of,
    step_flags,
)
from tsbench.analysis.threshold.switching_rule import Jump, Rule, doubt_of_no_event, events, last_on, noise_floor
from tsbench.records import Flag, Result
from tsbench.samples import noise_of

#: fewest points of a half-sweep in which a switching event is looked for (chosen, not derived)
_FEWEST_POINTS = 4
#: a reading averages what a restless device does during it: the voltage goes beyond the lowest reading by up to this
#: many standard deviations of the readings
UNREST = 4.0
#: readings before an event that show how restless a device is: at least, and how far back those in compliance (chosen)
_ENOUGH_FOR_NOISE, _SHOW_UNREST = 5, 20
CERTAIN = 0.975  #: probability of one gap from which on its set-points bracket the event
_OF_PARABOLA, _CLEAR_OF_NOISE = 3, 4.0  #: readings, and standard deviations of one
_TAIL = 0.025  #: of the probability, on each side of an interval over several gaps
#: what an interval is, as ``method`` says it
_TURN_ON = ("reading with the highest voltage before the device switches; the highest is between the set-points "
            "beside it")
_TURN_OFF = ("reading with the lowest voltage before the device switches back; the lowest is between the set-points "
             "beside it")
_IN_LIMIT = "the device is off at the first reading that is not in compliance, so its voltage before that is not known"
_PARTLY = ("the source meter was in compliance during parts of the readings before the device switches back; the "
           "interval begins below the lowest of them and ends at the lowest reading out of compliance")
_RESTLESS = (f"the interval extends below the lowest voltage reading by {UNREST:g} standard deviations of the "
             "fluctuating readings")
_NO_WAY_UP, _NO_WAY_DOWN = "the record has no way up", "the record has no way down"
_AT_FOLD = "the voltage turns between the last two readings, or the device switches during the last one"
_WEIGHED = f"the device switches {IN_STEPS}; median and 95 % interval of the likelihood"


def switching(
    points: IVPoints, facts: SweepFacts | None = None, rule: Rule | None = None
) -> tuple[Switching, ...]:
    """Extract threshold and hold of every half-sweep of a voltage-driven record.

    Parameters
    ----------
    points : device voltage [V], current [A] and set-points [V], each shape (n,), in order of measurement
    facts : accuracy of the source meter, path resistance
    rule : what counts as switching; by default the largest jump of conductance

    Returns
    -------
    tuple of Switching, one per half-sweep
        Voltages are signed. Without an event ``value`` is None and the flag NO_EVENT is set; a device that
        stays on gives CENSORED (bounded on one side). Currents are bounded on one side by nature.
    """
    facts, rule = facts or SweepFacts(), rule or Jump()
    return tuple(with_overflows(switching_of(half, facts, rule)) for half in split(points))


def switching_of(half: HalfSweep, facts: SweepFacts, rule: Rule) -> Switching:
    """Return threshold and hold of one half-sweep, as :func:`switching` does."""
    enough = len(half.voltage) >= _FEWEST_POINTS
    floor = noise_floor(half, facts.current_noise)
    on, off = events(half, rule, floor) if enough else (None, None)
    verdict = RetracedEvents(on, off)
    if isinstance(rule, Jump):
        verdict = judge(half, on, off, floor)
    elif nothing := undecided(half, on, rule, facts.current_noise):
        return Switching(half, None, None, *nothing)
    on, off = verdict.on, verdict.off
    # a device that surely switches back was on: then it is not known where it switched on
    unseen = Flag.AMBIGUOUS if off and not on and half.rises and Flag.AMBIGUOUS not in verdict.flags else Flag.NONE
    error = NORMAL_95 * facts.voltage_uncertainty(0.0, 0.0)
    first, last = (None if one is None or one.before < 0 else one.before for one in (on, off))
    others = second_steps(half, first, last, floor)
    (up, up_doubt), (down, down_doubt) = doubts_of_further_changes(half, on, off, facts.current_noise, others)
    if not (on or off):
        why, doubt = doubt_of_no_event(half, rule, floor, verdict.flags) if enough else ("", Flag.TOO_FEW)
        up, down, up_doubt, down_doubt = why, why, doubt, doubt
    threshold = finished(half, _threshold(half, on, facts, f"{up}rule {rule}"),
                         verdict.flags & ~Flag.AMBIGUOUS | unseen | up_doubt, error)
    hold = finished(half, _hold(half, off, facts, f"{down}rule {rule}", on, floor), verdict.flags | down_doubt, error)
    return Switching(half, first, last, *threshold, *hold, second_step=others.words())


def _threshold(half: HalfSweep, place: SwitchOn | None, facts: SweepFacts, rule: str) -> tuple[Result, Result]:
    if place is None:
        flags = _run_flags(half, half.up()) | (Flag.NO_EVENT if half.rises else Flag.TOO_FEW)
        rule = rule if half.rises else f"{_NO_WAY_UP}, {rule}"
        return (
            result_of(half, "threshold_voltage", "V", rule, flags=flags),
            result_of(half, "threshold_current", "A", rule, flags=flags),
        )
    k = place.before
    if k < 0:  # on from the first point: it switched at a lower voltage than was ever measured
        bound = float(half.voltage[0]) + NORMAL_95 * facts.voltage_uncertainty(half.voltage[0], half.current[0])
        flags, rule = worst_flags(half, 0) & PASSED_ON | Flag.CENSORED, f"{ON_AT_ONCE}, {rule}"
        return (
            result_of(half, "threshold_voltage", "V", rule, high=bound, flags=flags),
            result_of(half, "threshold_current", "A", rule, flags=flags),
        )
    j = _turned(half, 0, k, 1, facts)
    if j == k and place.probability[k] < CERTAIN:
        return _uncertain(half, "threshold", place, facts, rule)
    inner, amperes = float(half.voltage[j]), float(half.current[j])
    step = _step_up(half, k) if j == k else _reach(half, j)
    method = f"{BRACKET if j == k else _TURN_ON}, {rule}"
    voltage = _bracketed(
        half, "threshold_voltage", method, (inner, inner + step), step, amperes, facts, worst_flags(half, j, k, k + 1))
    return voltage, _current_at(half, "threshold_current", method, j, k, facts)


def _hold(
    half: HalfSweep, place: SwitchOn | None, facts: SweepFacts, rule: str, on: SwitchOn | None, floor: float
) -> tuple[Result, Result]:
    if place is None:
        flags = _run_flags(half, half.down()) | (Flag.NO_EVENT if half.falls else Flag.TOO_FEW)
        rule = rule if half.falls else f"{_NO_WAY_DOWN}, {rule}"
        last = None if on is None else last_on(half, on.before, floor)
        high = None
        if last is not None:  # still on there: it holds at least down to that voltage
            flags |= Flag.CENSORED
            volts = float(half.voltage[last])
            high = volts + NORMAL_95 * facts.voltage_uncertainty(volts, float(half.current[last]))
        return (
            result_of(half, "hold_voltage", "V", rule, high=high, flags=flags),
            result_of(half, "hold_current", "A", rule, flags=flags),
        )
    k = place.before
    if Flag.COMPLIANCE in Flag(int(half.flags[k])):
        return _within_limit(half, k, facts, rule)
    first = _ramp_begins(half, k)
    j = _turned(half, first, k, -1, facts)
    if j == k and place.probability[k] < CERTAIN:
        return _uncertain(half, "hold", place, facts, rule)
    step = _step_down(half, k) if j == k else _reach(half, j)
    unrest = _unrest(half, first, k, facts)
    if (free := _free_of_limit(half, first, k, facts)) > first:
        return _partly_limited(half, range(first, k + 1), free, max(step, unrest), facts, rule)
    inner, amperes = float(half.voltage[j]), float(half.current[j])
    method = f"{_RESTLESS if unrest > step else BRACKET if j == k else _TURN_OFF}, {rule}"
    voltage = _bracketed(
        half, "hold_voltage", method, (inner - max(step, unrest), inner), step, amperes, facts,
        worst_flags(half, j, k, k + 1))
    return voltage, _current_at(half, "hold_current", method, j, k, facts)


def _within_limit(half: HalfSweep, k: int, facts: SweepFacts, rule: str) -> tuple[Result, Result]:
    """Return what is known of a device that is off at the first reading at which the source meter lets go.

    It switched off while the limit of the current set its voltage, or between these two readings: then the voltage that
    it held down to was read nowhere. It was not above that of the set-point, nor its current above the limit.
    """
    volts, amperes = float(half.voltage[k + 1]) + _step_down(half, k), float(half.current[k])
    flags = worst_flags(half, k, k + 1) & PASSED_ON | Flag.CENSORED
    method = f"{_IN_LIMIT}, {rule}"
    return (
        result_of(half, "hold_voltage", "V", method, flags=flags,
                  high=volts + NORMAL_95 * facts.voltage_uncertainty(volts, float(half.current[k + 1]))),
        result_of(half, "hold_current", "A", method, flags=flags,
                  high=amperes + NORMAL_95 * facts.current_uncertainty(amperes)))


def _partly_limited(
    half: HalfSweep, down: range, free: int, below: float, facts: SweepFacts, rule: str
) -> tuple[Result, Result]:
    """Return what is known of a hold voltage where the source meter limits during parts of the last readings.

    Only voltages out of compliance count, and these readings are means of both. The lowest of these voltages is not
    lower than all readings ``down`` by more than ``below``. It is not above the readings from ``free`` on. Where there
    are none, it is not above the last set-point before the event.

    Parameters
    ----------
    half : the half-sweep
    down : readings on the way down that the ramp sets, to the last one before the event
    free : first of them whose whole mean is out of compliance; behind the last one: there is none
    below : [V] by which the voltage may have been below the lowest reading
    facts : of the source meter and the wires
    rule : in words, for ``method``
    """
    k = down[-1]
    lowest = float(half.voltage[down.start : k + 1].min())
    highest = float(half.voltage[free : k + 1].min()) if free <= k else float(half.level[k])
    amperes = float(half.current[down.start : k + 1].max())
    seen = worst_flags(half, *down)
    voltage = _bracketed(half, "hold_voltage", f"{_PARTLY}, {rule}", (lowest - below, highest), _step_down(half, k),
                       amperes, facts, seen)
    current = result_of(half, "hold_current", "A", f"{_PARTLY}, {rule}", flags=seen & PASSED_ON | Flag.CENSORED,
                        high=amperes + NORMAL_95 * facts.current_uncertainty(amperes))
    return voltage, current


def _unrest(half: HalfSweep, first: int, k: int, facts: SweepFacts) -> float:
    """Return how far below its lowest reading a restless device may have gone on the way down [V].

    Where there are few readings between the compliance and the event, those in compliance before them show it too.
    """
    first = max(min(first, k + 1 - _SHOW_UNREST), int(half.down().start))
    if facts.path_resistance <= 0 or k + 1 - first < _ENOUGH_FOR_NOISE:
        return 0.0
    instrument = combined(facts.voltage_noise, facts.path_resistance * facts.current_noise)
    seen = noise_of(half.voltage[first : k + 1])
    return UNREST * math.sqrt(max(0.0, seen**2 - instrument**2))


def _uncertain(
    half: HalfSweep, event: str, place: SwitchOn, facts: SweepFacts, rule: str
) -> tuple[Result, Result]:
    """Return voltage and current of a change that noise spreads over several gaps."""
    k = place.before
    gaps = np.flatnonzero(place.probability > 0)
    total = np.concatenate(([0.0], np.cumsum(place.probability[gaps])))
    # the device voltage of the set-points, had the device not switched yet: as before the first gap that counts
    before = int(gaps[np.searchsorted(total, _TAIL, side="right") - 1])
    edges = half.voltage[before] + half.level[np.append(gaps, gaps[-1] + 1)] - half.level[before]
    low, value, high = sorted(float(np.interp(part, total, edges)) for part in (_TAIL, 0.5, 1.0 - _TAIL))
    amperes = float(half.current[k])
    wide = NORMAL_95 * facts.voltage_uncertainty(value, amperes)
    first, last = int(gaps[0]), int(gaps[-1])
    flags = worst_flags(half, *range(first, last + 2)) & PASSED_ON | step_flags(high - low, value)
    method = f"{_WEIGHED}, {rule}"
    voltage = result_of(
        half, f"{event}_voltage", "V", method, value=value, low=value - combined(value - low, wide),
        high=value + combined(high - value, wide), flags=flags,
        parts=facts.parts(value, amperes, 0.0, (high - low) / (2.0 * NORMAL_95)))
    # the device switched at one of these readings, or between two: its current before that is bounded by all of them
    seen, off = half.current[first : last + 1], NORMAL_95 * facts.current_uncertainty(amperes)
    middle, rising = float(np.median(half.current[max(k - 3, 0) : k + 1])), event == "threshold"
    low, high = min(float(seen.min()), middle) - off, max(float(seen.max()), middle) + off
    current = result_of(
        half, f"{event}_current", "A", method, value=middle, low=low if rising else None,
        high=None if rising else high, flags=flags | Flag.CENSORED)
    return voltage, current


def _current_at(half: HalfSweep, quantity: str, method: str, j: int, k: int, facts: SweepFacts) -> Result:
    """Return the current of the fold at ``j``: between its neighbours, or beyond the last point before the jump."""
    amperes = float(half.current[j])
    wide = NORMAL_95 * facts.current_uncertainty(amperes)
    flags = worst_flags(half, j) & PASSED_ON
    if j != k:
        low, high = sorted((float(half.current[max(j - 1, 0)]), float(half.current[j + 1])))
        return result_of(
            half, quantity, "A", method, value=amperes, low=min(low, amperes) - wide, high=max(high, amperes) + wide,
            flags=flags,
        )
    rising = quantity == "threshold_current"
    if (fold := _fold_current(half, k, facts)) is not None:
        before, method = float(half.current[k - 1]), f"{method}; {_AT_FOLD}"
        amperes = fold
        low_bound, high_bound = (before - wide, None) if rising else (None, before + wide)
    else:
        low_bound, high_bound = (amperes - wide, None) if rising else (None, amperes + wide)
    return result_of(
        half, quantity, "A", method, value=amperes, low=low_bound, high=high_bound, flags=flags | Flag.CENSORED
    )


def _fold_current(half: HalfSweep, k: int, facts: SweepFacts) -> float | None:
    """Return the current at which the device voltage turns between the last two readings before a jump; or None.

    A parabola through the last three readings shows it. So does a reading during which the device switches: its current
    is one that the device does not have in either state. Both times the current at the fold is beyond the last reading,
    and the reading before it bounds this current.
    """
    if facts.path_resistance <= 0 or k < _OF_PARABOLA - 1:
        return None
    last = slice(k - _OF_PARABOLA + 1, k + 1)
    current, voltage = half.current[last], half.voltage[last]
    steps = np.diff(current)
    if (half.flags[last] & int(Flag.COMPLIANCE)).any() or steps[0] * steps[1] <= 0.0:
        return None
    slopes = np.diff(voltage) / steps
    bend = float(slopes[1] - slopes[0]) / float(current[2] - current[0])
    if bend == 0.0:
        return None
    at = 0.5 * float(current[0] + current[1]) - 0.5 * float(slopes[0]) / bend
    beyond = (float(current[2]) - at) * math.copysign(1.0, float(steps[1]))
    between = 0.0 < beyond < abs(float(steps[1]))
    return at if between and beyond > _CLEAR_OF_NOISE * facts.current_noise else None


def _turned(half: HalfSweep, first: int, k: int, sign: int, facts: SweepFacts) -> int:
    """Return where the device voltage was most extreme up to ``k``: ``k`` unless it had turned back before.

    Behind a resistance the device passes its fold before the load line leaves the curve: the voltage that it
    reached at most (``sign`` 1; at least: -1) is that of the fold, not that of the last point before the jump.
    """
    if facts.path_resistance <= 0:
        return k  # the source itself sets the device voltage: what turns is noise
    j = first + int(np.argmax(sign * half.voltage[first : k + 1]))
    noise = combined(facts.voltage_noise, facts.path_resistance * facts.current_noise)
    return j if sign * float(half.voltage[j] - half.voltage[k]) > 4.0 * noise + 1e-9 else k


def _ramp_begins(half: HalfSweep, k: int) -> int:
    """Return the first point on the way down from which on the ramp sets the voltage, not the compliance."""
    start = int(half.down().start)
    limited = np.flatnonzero(half.flags[start : k + 1] & Flag.COMPLIANCE)
    return min(start + int(limited[-1]) + 1, k) if limited.size else start


def _free_of_limit(half: HalfSweep, first: int, k: int, facts: SweepFacts) -> int:
    """Return the first point from ``first`` to ``k`` at which the voltage of the source meter was at its set-point.

    A reading is a mean, and its flag says whether the source meter limited at its end. Near the limit, a restless
    device goes in and out of compliance during one reading, and the mean is below the set-point. The result is
    ``k + 1`` where this is so for all readings, and ``first`` where no reading before was in compliance.
    """
    if first == half.down().start:
        return first
    at_source = replace(facts, path_resistance=0.0)   # its own reading: no drop along the wires is taken off
    while first <= k:
        level = float(half.level[first])
        source = float(half.voltage[first] + facts.path_resistance * half.current[first])
        least = max(NORMAL_95 * at_source.voltage_uncertainty(level, 0.0), 0.5 * _usual_step(half))
        if level - source <= least:
            break
        first += 1
    return first


def _reach(half: HalfSweep, j: int) -> float:
    """Return how far beyond a reading the turning point may be [V]: the larger of the changes beside it."""
    beside = np.abs(np.diff(half.voltage[max(j - 1, 0) : j + 2]))
    return float(beside.max()) if beside.size else 0.0


def _step_up(half: HalfSweep, k: int) -> float:
    """Return the step of the set-point after ``k`` [V]; at the peak, where there is none, the usual one."""
    step = float(half.level[k + 1] - half.level[k])
    return step if step > 0 else _usual_step(half)


def _step_down(half: HalfSweep, k: int) -> float:
    step = float(half.level[k] - half.level[k + 1])
    return step if step > 0 else _usual_step(half)


def _usual_step(half: HalfSweep) -> float:
    steps = np.abs(np.diff(half.level))
    steps = steps[steps > 0]
    return float(np.median(steps)) if steps.size else 0.0


def _bracketed(
    half: HalfSweep,
    quantity: str,
    method: str,
    ends: tuple[float, float],
    step: float,
    current: float,
    facts: SweepFacts,
    seen: Flag,
) -> Result:
    low, high = ends
    value = 0.5 * (low + high)
    wide = NORMAL_95 * facts.voltage_uncertainty(value, current)
    flags = seen & PASSED_ON | step_flags(step, value)
    return result_of(half, quantity, "V", method, value=value, low=low - wide, high=high + wide, flags=flags,
                     parts=facts.parts(value, current, high - low))


def _run_flags(half: HalfSweep, branch: slice) -> Flag:
    joined = int(np.bitwise_or.reduce(half.flags[branch])) if len(half.flags[branch]) else 0
    return Flag(joined) & PASSED_ON
