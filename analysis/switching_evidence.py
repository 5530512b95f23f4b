"""The evidence that a device switched between two readings of a sweep, and where.

A branch of a half-cycle is read in order of rising level, the way down backwards: then either event is a rise of
conductance. It counts as switching if it is large, if noise and one wild reading cannot make it, and if no curve that
is a function of voltage alone can make it. Any one of five observations excludes such a curve:

* **steeper than a barrier**: no current over a barrier rises faster than exp(qV/kT), 60 mV a decade at 300 K
  (Sze and Ng, Physics of Semiconductor Devices, 3rd ed., sec. 2.3). At low voltage a curve may rise as the square of
  the voltage. The rise is taken between means, or between lines (:mod:`tsbench.analysis.line_steps`);
* **hysteresis**: the other branch does not make the same step at the same level;
* **nothing before the gap**: a current over a barrier would have shown in the two readings before the gap
  (:mod:`tsbench.analysis.barrier_onset`);
* **falling voltage**: the device voltage falls while its current rises;
* **no convex curve**: the straight line through the currents after the gap, continued to the reading before it, lies
  above that reading (:mod:`tsbench.analysis.convex_curve`). Readings in compliance do not count for it.

For hysteresis and the convex curve the change must be sharp: two levels fit the readings beside it far better than a
line. A reading is in compliance if its flag says so, or if the device voltage does not follow the set-point.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tsbench.analysis.barrier_onset import would_have_shown
from tsbench.analysis.convex_curve import line_is_above
from tsbench.analysis.dips import is_end_of_dip
from tsbench.analysis.level_change import Change, Step, is_sharp, lasting_changes, steps, surest
from tsbench.analysis.line_steps import line_steps
from tsbench.analysis.reading_noise import additive_noise, noise_around, resolution_around, second_differences
from tsbench.analysis.signal import noise_of
from tsbench.records import FloatArray

#: [1/V] q/kT at 300 K
STEEPEST = 38.68
#: steepest power law of a curve at low voltage, less the first power, which the conductance takes off
POWER = 1.0
_LEAST_EXCESS = 0.2  #: [ln S] beyond that
#: the source is in control of the voltage where that of the device rises by this part of the set-point's step
_FOLLOWS = 0.5
#: standard deviations of the noise, and part of the voltage, by which a device voltage must fall
_FALLS, _FALL = 4.0, 1e-3
_MOST_LINES = 8  #: places whose line is continued to the gap
_ABOVE = 1.2  #: the line must be above the reading before the gap by this factor
#: a reading further than this from both levels counts as this many standard deviations away: it may be wild
_WILD = 4.0
#: a change stands out where it is larger than half the step by this many standard deviations of a difference
_CLEAR = 3.0
#: a reading during which a device switches shows at least this part of the change of current
_LEAST_PART = 0.05
_LEAST_BETWEEN = math.log(2.0)  #: and this change of log conductance


@dataclass(frozen=True)
class Branch:
    """Readings in order of rising level; arrays of shape (n,)."""

    level: FloatArray  #: [V]
    voltage: FloatArray  #: [V]
    current: FloatArray  #: [A]
    limited: npt.NDArray[np.bool_]  #: the source meter was in compliance


@dataclass(frozen=True)
class Place:
    """Where a branch switches on."""

    before: int  #: index of the last reading on the lower side of the likeliest gap
    probability: FloatArray  #: that the change was in the gap after each reading, shape (n - 1,); sums to 1


def find_on(
    branch: Branch, other: Branch | None, floor: float, ratio: float, *, backwards: bool = False
) -> Place | None:
    """Return where a branch switches on, if the record shows that it does.

    Parameters
    ----------
    branch, other : the branch, and the other one of the same half-cycle (None on a one-way sweep)
    floor : [A] a current below this counts as "off"
    ratio : least change of conductance
    backwards : the branch was measured from its end

    Returns
    -------
    Place or None
        Of several, the largest change, by what noise leaves of it.
    """
    here, there = _readings(branch, floor), None if other is None else _readings(other, floor)
    if here is None:
        return None
    size = math.log(ratio)
    found = _large(here, _noise(here, there), size)
    if not found:
        return None
    # once it is known where the changes are, what spans them tells nothing of the noise
    theirs = None if there is None else surest(_large(there, _noise(there, here), size).values())
    changes = surest(found.values()), theirs
    noise = _noise(here, there, *changes)
    large = {place: step for place, step in _large(here, noise, size).items() if place in found}
    accepted = _evident(large, here, there, noise, changes, floor, size)
    if not accepted:
        return None
    best = max(accepted, key=lambda step: step.sure)
    everywhere = np.zeros(branch.level.size - 1)
    everywhere[here.index[:-1]] = _places(here.series, here.current, best, here.level, backwards=backwards)
    return Place(int(np.argmax(everywhere)), everywhere)


def _evident(
    large: dict[int, Step], here: "_Readings", there: "_Readings | None", noise: tuple[FloatArray, FloatArray],
    changes: tuple[Change, Change], floor: float, size: float,
) -> list[Step]:
    """Return the changes that no function of the voltage makes, by the first observation that shows any."""
    drift = _barrier(here.level, here.series, here.seen)
    accepted = [
        step for step in steps(here.series, noise, drift, _LEAST_EXCESS)
        if step.before in large and is_sharp(here.series, large[step.before])]
    if not accepted:
        accepted = [
            step for step in line_steps(here.series, here.level, noise, drift, _LEAST_EXCESS)
            if step.before in large and is_sharp(here.series, large[step.before])]
    if there is not None:
        accepted += _hysteresis(large, here, there, noise, _noise(there, here, *changes[::-1]), size)
    if not accepted:
        accepted = [step for step in large.values() if _voltage_falls(step, here)]
    if not accepted:
        accepted = [step for step in large.values() if would_have_shown(step, here.series, here.level, noise, drift)]
    if not accepted:
        accepted = [
            step for step in sorted(large.values(), key=lambda step: -step.sure)[:_MOST_LINES]
            if is_sharp(here.series, step) and _no_convex_curve(step, here, noise, floor, there)]
    return accepted


def _hysteresis(
    large: dict[int, Step], here: "_Readings", there: "_Readings", noise: tuple[FloatArray, FloatArray],
    theirs: tuple[FloatArray, FloatArray], size: float,
) -> list[Step]:
    """Return the changes that the other branch does not make at the same level."""
    found = _difference(here, noise, there, theirs)
    if found is None:
        return []
    values, noises, own = found
    return [
        replace(step, before=int(own[step.before]), after=int(own[step.after]))
        for step in steps(values, noises, least_size=size)
        if own[step.after] - own[step.before] <= 2 and int(own[step.before]) in large
        and is_sharp(values, step, may_bend=False)]


def _noise(
    here: "_Readings", there: "_Readings | None", change: Change = None, theirs: Change = None
) -> tuple[FloatArray, FloatArray]:
    """Return the noise up to and from each reading; ``change`` and ``theirs``: known changes of the branches."""
    beside = None
    if there is not None:
        beside = second_differences(there.series, there.seen, theirs)
    return noise_around(here.series, here.least, here.seen, beside, change)


def _large(readings: "_Readings", noise: tuple[FloatArray, FloatArray], size: float) -> dict[int, Step]:
    """Return the changes of more than ``size`` that last, by the reading before each."""
    return {step.before: step for step in steps(readings.series, noise, least_size=size)
            if not is_end_of_dip(readings.series, readings.seen, step)}


@dataclass(frozen=True)
class _Readings:
    """The readings of a branch whose conductance is known."""

    index: npt.NDArray[np.int64]  #: in the branch
    level: FloatArray
    voltage: FloatArray  #: [V] of the device, as if the set-point had not fallen where it has
    current: FloatArray
    limited: npt.NDArray[np.bool_]  #: in compliance, by its flag or by a voltage that does not follow the source
    follows: bool  #: the device voltage was measured and shows where the source is in control
    series: FloatArray  #: log conductance
    seen: npt.NDArray[np.bool_]  #: the current was above the noise
    least: FloatArray  #: noise of the series by additive noise and the digitiser


def _readings(branch: Branch, floor: float) -> _Readings | None:
    index = np.flatnonzero(informative(branch))
    if index.size < 4:
        return None
    voltage, current, level = branch.voltage[index], branch.current[index], np.maximum.accumulate(branch.level[index])
    raised = voltage + level - branch.level[index]
    followed = _FOLLOWS * np.diff(level, prepend=level[0]) - _FALLS * noise_of(raised - level)
    follows = bool(np.any(branch.voltage != branch.level)) and float(np.median(followed)) > 0.0
    lags = np.diff(raised, prepend=raised[0]) < followed
    seen = np.maximum(current, floor)
    return _Readings(
        index, level, raised, current, branch.limited[index] | (follows & lags), follows, np.log(seen / voltage),
        current > floor, additive_noise(seen, floor, resolution_around(current)))


def informative(branch: Branch) -> npt.NDArray[np.bool_]:
    """Return which readings have a usable conductance, shape (n,): their voltage exceeds the voltmeter's offset."""
    at_zero = np.abs(branch.level) <= 1e-9 * float(np.max(np.abs(branch.level), initial=0.0))
    offset = float(np.max(np.abs(branch.voltage[at_zero]), initial=0.0))
    least = max(1e-6 * float(np.max(np.abs(branch.voltage), initial=0.0)), 2.0 * offset)
    mask: npt.NDArray[np.bool_] = (branch.voltage > least) & ~at_zero
    return mask


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
    here: _Readings, noise: tuple[FloatArray, FloatArray], there: _Readings,
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


def _voltage_falls(step: Step, here: _Readings) -> bool:
    """Whether the device voltage falls at a step, although the set-point rises and the current does.

    Both readings after the step must show it; the one before it is not above its set-point unless it is wild.
    """
    before = min(float(here.voltage[step.before]), float(here.level[step.before]))
    after = float(here.voltage[step.after : step.after + 2].max())
    return before - after > _FALLS * noise_of(here.voltage - here.level) + _FALL * before


def _no_convex_curve(
    step: Step, here: _Readings, noise: tuple[FloatArray, FloatArray], floor: float, there: _Readings | None
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


def _of_both(mine: tuple[FloatArray, FloatArray], there: _Readings) -> tuple[FloatArray, FloatArray]:
    """Return (level, current) of the readings of both branches in order of level, from the first of ``mine`` on."""
    first = int(np.searchsorted(there.level, mine[0][0] * (1.0 - 1e-6))) if mine[0].size else there.level.size
    level, current = (np.concatenate(pair) for pair in zip(mine, _free(there, first), strict=True))
    order = np.argsort(level, kind="stable")
    return level[order], current[order]


def _free(readings: _Readings, first: int) -> tuple[FloatArray, FloatArray]:
    """Return (level, current) of the readings from ``first`` on, up to the first in compliance."""
    limited = np.flatnonzero(readings.limited[first:])
    free = slice(first, first + int(limited[0]) if limited.size else None)
    return readings.level[free], readings.current[free]


def _places(
    series: FloatArray, current: FloatArray, step: Step, level: FloatArray, *, backwards: bool
) -> FloatArray:
    """Return the probability of each gap to be the one in which the conductance changed; shape (n - 1,).

    A change that stands out from the noise is where it is largest; if a reading in between was taken while the device
    switched, it is on the new side already. Otherwise the readings around the gap are weighed between the levels
    before and after it, with Gaussian noise and a bounded weight of each reading; beforehand the change may be at any
    voltage within the windows.
    """
    n, window = series.size, max(step.window, 2)
    first, last = max(step.before - window, 0), min(step.after + window, n - 1)
    low = float(np.median(series[max(step.before - window + 1, 0) : step.before + 1]))
    high = float(np.median(series[step.after : step.after + window]))
    probability = np.zeros(n - 1)
    changes = lasting_changes(series)[first:last]
    k = int(np.argmax(changes))
    if changes[k] > 0.5 * (high - low) + _CLEAR * math.sqrt(2.0) * step.noise:
        probability[_in_between(series, current, first + k, step.noise, backwards=backwards)] = 1.0
        return probability
    noise = max(step.noise, 1e-3 * abs(high - low))
    on_old_side = (
        np.minimum(np.abs(series - high) / noise, 2 * _WILD) ** 2
        - np.minimum(np.abs(series - low) / noise, 2 * _WILD) ** 2) / 2.0
    gaps = np.arange(first, last)
    support = np.cumsum(on_old_side[first:last])
    chance = np.exp(support - support.max()) * np.maximum(np.diff(level)[gaps], 1e-300)
    probability[gaps] = chance / chance.sum()
    return probability


def _in_between(series: FloatArray, current: FloatArray, k: int, noise: float, *, backwards: bool) -> int:
    """Return the gap of a clear change after reading ``k``, where a reading taken during it is on the new side."""
    clear = 2 * _CLEAR * noise
    if not backwards and k > 0 and series[k] - series[k - 1] > max(clear, _LEAST_BETWEEN):
        part = float((current[k] - current[k - 1]) / (current[k + 1] - current[k - 1]))
        return k - 1 if part > _LEAST_PART else k
    if backwards and k + 2 < series.size and series[k + 2] - series[k + 1] > max(clear, _LEAST_BETWEEN):
        part = float((current[k + 2] - current[k + 1]) / (current[k + 2] - current[k]))
        return k + 1 if part > _LEAST_PART else k
    return k
