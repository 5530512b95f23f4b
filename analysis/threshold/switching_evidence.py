"""The evidence that a device switched between two readings of a sweep, and where.

A branch of a half-sweep is read in order of rising level, the way down backwards: then either event is a rise of
conductance. It counts as switching if it is large, if noise and one wild reading cannot make it, and if no curve that
is a function of voltage alone can make it. Any one of five observations excludes such a curve:

* **steeper than a barrier**: no current over a barrier rises faster than exp(qV/kT), 60 mV a decade at 300 K
  (Sze and Ng, Physics of Semiconductor Devices, 3rd ed., sec. 2.3). At low voltage a curve may rise as the square of
  the voltage. The rise is taken between means, or between lines (:mod:`tsbench.analysis.threshold.line_steps`);
* **hysteresis**: the other branch does not make the same step at the same level;
* **nothing before the gap**: a current over a barrier would have shown in the two readings before the gap
  (:mod:`tsbench.analysis.threshold.barrier_onset`);
* **falling voltage**: the device voltage falls while its current rises;
* **no convex curve**: the straight line through the currents after the gap, continued to the reading before it, lies
  above that reading (:mod:`tsbench.analysis.threshold.convex_curve`). Readings in compliance do not count for it.

For hysteresis, the convex curve and the barrier the change must be sharp: two levels fit the readings beside it far
better than a line. A reading is in compliance if its flag says so, or if the device voltage does not follow the
set-point.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tsbench.analysis.threshold.barrier_onset import would_have_shown
from tsbench.analysis.threshold.branch_readings import FALLS, Branch, BranchReadings, readings_of
from tsbench.analysis.threshold.convex_curve import line_is_above
from tsbench.analysis.threshold.dips import is_end_of_dip
from tsbench.analysis.threshold.level_change import Change, LevelStep, is_sharp, steps, surest
from tsbench.analysis.threshold.line_steps import line_steps
from tsbench.analysis.threshold.place_of_change import at_fall_of_voltage, gap_probability
from tsbench.analysis.threshold.reading_noise import noise_around, second_differences
from tsbench.records import FloatArray

#: [1/V] q/kT at 300 K
STEEPEST = 38.68
#: steepest power law of a curve at low voltage, less the first power, which the conductance takes off
POWER = 1.0
_LEAST_EXCESS = 0.2  #: [ln S] beyond that
#: part of the voltage by which a device voltage must fall
_FALL = 1e-3
_MOST_LINES = 8  #: places whose line is continued to the gap
_ABOVE = 1.2  #: the line must be above the reading before the gap by this factor


@dataclass(frozen=True)
class SwitchOn:
    """Where a branch switches on."""

    before: int  #: index of the last reading on the lower side of the likeliest gap
    probability: FloatArray  #: that the change was in the gap after each reading, shape (n - 1,); sums to 1


def find_on(up: Branch, down: Branch | None, floor: float, ratio: float) -> tuple[SwitchOn | None, SwitchOn | None]:
    """Return where the branches of a half-sweep switch on, if the record shows that they do.

    Parameters
    ----------
    up, down : the way up, and the way down read backwards (None on a one-way sweep)
    floor : [A] a current below this counts as "off"
    ratio : least change of conductance

    Returns
    -------
    (SwitchOn or None, SwitchOn or None)
        Of the way up and of the way down. Of several changes the largest, by what noise leaves of it.
    """
    size = math.log(ratio)
    on, off = readings_of(up, floor), None if down is None else readings_of(down, floor)
    found = [{} if here is None else _large(here, _noise(here, there), size) for here, there in ((on, off), (off, on))]
    if not any(found):
        return None, None
    # once it is known where the changes are, what spans them tells nothing of the noise
    changes = surest(found[0].values()), surest(found[1].values())
    mine, theirs = _known(on, off, changes, found[0], size), _known(off, on, changes[::-1], found[1], size)
    return (
        _place(up, mine, theirs, floor, size, backwards=False),
        None if down is None else _place(down, theirs, mine, floor, size, backwards=True))


@dataclass(frozen=True)
class _Known:
    """The readings of a branch, their noise, and by the reading before each the changes that it does not make."""

    readings: BranchReadings
    noise: tuple[FloatArray, FloatArray]
    large: dict[int, LevelStep]


def _known(
    here: BranchReadings | None, there: BranchReadings | None, changes: tuple[Change, Change],
    found: dict[int, LevelStep], size: float,
) -> _Known | None:
    """Return what is known of a branch, where the changes of both are; ``found``: the changes found before that."""
    if here is None:
        return None
    noise = _noise(here, there, *changes)
    large = _large(here, noise, size) if found else {}
    return _Known(here, noise, {place: step for place, step in large.items() if place in found})


def _place(
    branch: Branch, here: _Known | None, there: _Known | None, floor: float, size: float, *, backwards: bool
) -> SwitchOn | None:
    """Return where a branch switches on; ``backwards``: it was measured from its end."""
    best = None if here is None or not here.large else _evident(here, there, floor, size, backwards)
    if here is None or best is None:
        return None
    readings = here.readings
    everywhere = np.zeros(branch.level.size - 1)
    probability = gap_probability(readings.series, readings.current, best, readings.level, backwards=backwards)
    everywhere[readings.index[:-1]] = at_fall_of_voltage(
        probability, readings.voltage, readings.level, readings.voltage_noise)
    return SwitchOn(int(np.argmax(everywhere)), everywhere)


def _evident(
    known: _Known, there: _Known | None, floor: float, size: float, backwards: bool
) -> LevelStep | None:
    """Return the surest change that no function of the voltage makes, by the first observation that shows any."""
    here, noise, large = known.readings, known.noise, known.large
    drift = _barrier(here.level, here.series, here.seen)

    def sharp(step: LevelStep) -> bool:
        return step.before in large and is_sharp(here.series, large[step.before])

    best = _surest(steps(here.series, noise, drift, _LEAST_EXCESS), sharp) or _surest(
        line_steps(here.series, here.level, noise, drift, _LEAST_EXCESS), sharp)
    if there is not None:
        hysteresis = _hysteresis(known, there, size, backwards)
        best = max((step for step in (best, hysteresis) if step), key=lambda step: step.sure, default=None)
    theirs = None if there is None else there.readings
    return best or _surest(large.values(), lambda step: _voltage_falls(step, here)) or max(
        would_have_shown(list(large.values()), here.series, here.level, noise, drift), key=lambda step: step.sure,
        default=None) or _surest(
        sorted(large.values(), key=lambda step: -step.sure)[:_MOST_LINES],
        lambda step: is_sharp(here.series, step) and _no_convex_curve(step, here, noise, floor, theirs))


def _surest(found: Iterable[LevelStep], is_evident: Callable[[LevelStep], bool]) -> LevelStep | None:
    """Return the surest of some steps that is evident."""
    return next((step for step in sorted(found, key=lambda step: -step.sure) if is_evident(step)), None)


def _hysteresis(here: _Known, there: _Known, size: float, backwards: bool) -> LevelStep | None:
    """Return the surest change that the other branch does not make at the same level.

    Above the threshold voltage, and below the hold voltage, the branches of a threshold switch are alike. A reaction at
    an electrode, or a charge, makes them differ the other way round: the way up conducts, and the way down does not.
    """
    found = _difference(here.readings, here.noise, there.readings, there.noise)
    if found is None:
        return None
    values, noises, own = found

    def is_alike_behind(step: LevelStep) -> bool:
        before = values[max(step.before - step.window + 1, 0) : step.before + 1]
        after = values[step.after : step.after + step.window]
        rest, other = (before, after) if backwards else (after, before)
        return abs(float(np.median(rest))) < abs(float(np.median(other)))

    best = _surest(
        steps(values, noises, least_size=size),
        lambda step: own[step.after] - own[step.before] <= 2 and int(own[step.before]) in here.large
        and is_sharp(values, step, may_bend=False) and is_alike_behind(step))
    return None if best is None else replace(best, before=int(own[best.before]), after=int(own[best.after]))


def _noise(
    here: BranchReadings, there: BranchReadings | None, change: Change = None, theirs: Change = None
) -> tuple[FloatArray, FloatArray]:
    """Return the noise up to and from each reading; ``change`` and ``theirs``: known changes of the branches."""
    beside = None
    if there is not None:
        beside = second_differences(there.series, there.seen, theirs)
    return noise_around(here.series, here.least, here.seen, beside, change)


def _large(readings: BranchReadings, noise: tuple[FloatArray, FloatArray], size: float) -> dict[int, LevelStep]:
    """Return the changes of more than ``size`` that last, by the reading before each."""
    return {step.before: step for step in steps(readings.series, noise, least_size=size)
            if not is_end_of_dip(readings.series, readings.seen, step)}


def _barrier(level: FloatArray, series: FloatArray, seen: npt.NDArray[np.bool_]) -> FloatArray:
    """Return by how much the log conductance of a smooth curve may have risen up to each level, shape (n,).

    The rise is that of a barrier, or the usual rise of this branch over most of its length, whichever is steeper.
    """
    level = np.maximum.accumulate(level)
    usual, span = 0.0, max(1, level.size // 8)
    pairs = np.flatnonzero(seen[:-span] & seen[span:] & (level[span:] > level[:-span]))
    if pairs.size:
        usual = float(np.median((series[pairs + span] - series[pairs]) / (level[pairs + span] - level[pairs])))
    positive = np.maximum(level, 1e-12)
    drift: FloatArray = max(STEEPEST, 1.5 * usual) * (level - level[0]) + POWER * np.log(positive / positive[0])
    return drift


def _difference(
    here: BranchReadings, noise: tuple[FloatArray, FloatArray], there: BranchReadings,
    theirs: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, tuple[FloatArray, FloatArray], npt.NDArray[np.int64]] | None:
    """Return (log conductance less that of the other branch at the same level, its noise, readings that have one).

    ``theirs``: the noise of the other branch.
    """
    margin = 1e-6 * float(there.level[-1])
    own = np.flatnonzero((here.level >= there.level[0] - margin) & (here.level <= there.level[-1] + margin))
    if own.size < 4:
        return None
    at = here.level[own]
    difference = here.series[own] - np.interp(at, there.level, there.series)
    # an event of the other branch is on one side of each of its readings: the quieter side tells the noise
    quiet = np.interp(at, there.level, np.minimum(*theirs))
    before, after = (np.hypot(mine[own], quiet) for mine in noise)
    return difference, (before, after), own


def _voltage_falls(step: LevelStep, here: BranchReadings) -> bool:
    """Whether the device voltage falls at a step, although the set-point rises and the current does.

    Both readings after the step must show it; the one before it is not above its set-point unless it is wild.
    """
    before = min(float(here.voltage[step.before]), float(here.level[step.before]))
    after = float(here.voltage[step.after : step.after + 2].max())
    return before - after > FALLS * here.voltage_noise + _FALL * before


def _no_convex_curve(
    step: LevelStep, here: BranchReadings, noise: tuple[FloatArray, FloatArray], floor: float,
    there: BranchReadings | None,
) -> bool:
    """Whether the line through the readings after a step, continued to the reading before it, lies above that one.

    The readings of this branch, or of both: a function of the voltage passes through those of the other too. The
    reading before the step may be wild, and low: the other branch's at that level must lie below the line as well, or
    the one before it.
    """
    k = step.before
    mine, noise_after = _free(here, step.after), float(noise[1][step.after])
    margin = _ABOVE + 2.0 * min(float(noise[0][k]), 0.5)
    off = margin * max(float(here.current[k]), float(here.current[k - 1]), floor)
    same = np.array([]) if there is None else there.current[np.abs(there.level - here.level[k]) <= 1e-6 * here.level[k]]

    def is_above(at: float, low: float) -> bool:
        return line_is_above(*mine, noise_after, at, low, here.follows) or (
            there is not None and line_is_above(*_of_both(mine, there), noise_after, at, low, here.follows))

    level = here.level
    if same.size and is_above(float(level[k]), max(off, margin * float(same.max()))):
        return True
    before = margin * max(float(here.current[k - 1]), floor)
    return is_above(float(level[k]), off) and is_above(float(level[k - 1]), before)


def _of_both(mine: tuple[FloatArray, FloatArray], there: BranchReadings) -> tuple[FloatArray, FloatArray]:
    """Return (level, current) of the readings of both branches in order of level, from the first of ``mine`` on."""
    first = int(np.searchsorted(there.level, mine[0][0] * (1.0 - 1e-6))) if mine[0].size else there.level.size
    level, current = (np.concatenate(pair) for pair in zip(mine, _free(there, first), strict=True))
    order = np.argsort(level, kind="stable")
    return level[order], current[order]


def _free(readings: BranchReadings, first: int) -> tuple[FloatArray, FloatArray]:
    """Return (level, current) of the readings from ``first`` on, up to the first in compliance."""
    limited = np.flatnonzero(readings.limited[first:])
    free = slice(first, first + int(limited[0]) if limited.size else None)
    return readings.level[free], readings.current[free]
