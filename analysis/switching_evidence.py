"""The evidence that a device switched between two readings of a sweep, and where.

A branch of a half-cycle is read in order of rising level, the way down backwards: then either event is a rise of
conductance. It counts as switching if it is large, if noise and one wild reading cannot make it, and if no curve that
is a function of voltage alone can make it. Any one of four observations excludes such a curve:

* **steeper than a barrier**: no current over a barrier rises faster than exp(qV/kT), 60 mV a decade at 300 K
  (Sze and Ng, Physics of Semiconductor Devices, 3rd ed., sec. 2.3). At low voltage a curve may rise as the square of
  the voltage. The rise is taken between means, or between lines (:mod:`tsbench.analysis.line_steps`);
* **hysteresis**: the other branch does not make the same step at the same level;
* **nothing before the gap**: a current over a barrier would have shown in the two readings before the gap
  (:mod:`tsbench.analysis.barrier_onset`);
* **no convex curve**: the straight line through the currents after the gap, continued to the reading before it, lies
  above that reading (:mod:`tsbench.analysis.convex_curve`). Readings in compliance do not count for it.

For hysteresis and the convex curve the change must be sharp: two levels fit the readings beside it far better than a
line.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tsbench.analysis.barrier_onset import would_have_shown
from tsbench.analysis.convex_curve import line_is_above
from tsbench.analysis.dips import is_end_of_dip
from tsbench.analysis.level_change import Step, is_sharp, lasting_changes, steps
from tsbench.analysis.line_steps import line_steps
from tsbench.analysis.reading_noise import additive_noise, noise_around, resolution_around, second_differences
from tsbench.records import FloatArray

#: [1/V] q/kT at 300 K
STEEPEST = 38.68
#: steepest power law of a curve at low voltage, less the first power, which the conductance takes off
POWER = 1.0
_LEAST_EXCESS = 0.2  #: [ln S] beyond that
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
    beside = None if there is None else second_differences(there.series, there.seen)
    noise = noise_around(here.series, here.least, here.seen, beside)
    large = {step.before: step for step in steps(here.series, noise, least_size=size)
             if not is_end_of_dip(here.series, here.seen, step)}
    if not large:
        return None
    drift = _barrier(here.level, here.series, here.seen)
    accepted = [step for step in steps(here.series, noise, drift, _LEAST_EXCESS) if step.before in large]
    if not accepted:
        accepted = [
            step for step in line_steps(here.series, here.level, noise, drift, _LEAST_EXCESS)
            if step.before in large and is_sharp(here.series, large[step.before])]
    difference = None if there is None else _difference(here, noise, there)
    if difference is not None:
        values, noises, own = difference
        for step in steps(values, noises, least_size=size):
            before, after = int(own[step.before]), int(own[step.after])
            if after - before <= 2 and before in large and is_sharp(values, step, may_bend=False):
                accepted.append(replace(step, before=before, after=after))
    if not accepted:
        accepted = [
            step for step in large.values() if would_have_shown(step, here.series, here.level, noise, drift)]
    if not accepted:
        accepted = [
            step for step in sorted(large.values(), key=lambda step: -step.sure)[:_MOST_LINES]
            if is_sharp(here.series, step) and _no_convex_curve(step, here, noise, floor, there)
        ]
    if not accepted:
        return None
    best = max(accepted, key=lambda step: step.sure)
    everywhere = np.zeros(branch.level.size - 1)
    everywhere[here.index[:-1]] = _places(here.series, here.current, best, here.level, backwards=backwards)
    return Place(int(np.argmax(everywhere)), everywhere)


@dataclass(frozen=True)
class _Readings:
    """The readings of a branch whose conductance is known."""

    index: npt.NDArray[np.int64]  #: in the branch
    level: FloatArray
    current: FloatArray
    limited: npt.NDArray[np.bool_]
    series: FloatArray  #: log conductance
    seen: npt.NDArray[np.bool_]  #: the current was above the noise
    least: FloatArray  #: noise of the series by additive noise and the digitiser


def _readings(branch: Branch, floor: float) -> _Readings | None:
    index = np.flatnonzero(informative(branch))
    if index.size < 4:
        return None
    voltage, current = branch.voltage[index], branch.current[index]
    seen = np.maximum(current, floor)
    least = additive_noise(seen, floor, resolution_around(current))
    return _Readings(
        index, np.maximum.accumulate(branch.level[index]), current, branch.limited[index], np.log(seen / voltage),
        current > floor, least)


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
    here: _Readings, noise: tuple[FloatArray, FloatArray], there: _Readings
) -> tuple[FloatArray, tuple[FloatArray, FloatArray], npt.NDArray[np.int64]] | None:
    """Return (log conductance less that of the other branch at the same level, its noise, readings that have one)."""
    margin = 1e-6 * float(there.level[-1])
    own = np.flatnonzero((here.level >= there.level[0] - margin) & (here.level <= there.level[-1] + margin))
    if own.size < 4:
        return None
    at = here.level[own]
    difference = here.series[own] - np.interp(at, there.level, there.series)
    # an event of the other branch is on one side of each of its readings: the quieter side tells the noise
    other = np.minimum(*noise_around(there.series, there.least, there.seen, second_differences(here.series, here.seen)))
    theirs = np.interp(at, there.level, other)
    before, after = (np.hypot(mine[own], theirs) for mine in noise)
    return difference, (before, after), own


def _no_convex_curve(
    step: Step, here: _Readings, noise: tuple[FloatArray, FloatArray], floor: float, there: _Readings | None
) -> bool:
    """Whether the line through the readings after a step, continued to the reading before it, lies above that one.

    The readings of this branch, or the means of both: a function of the voltage passes through those of the other too.
    """
    k, after = step.before, step.after
    # the reading before the gap may be the wild one: the one before it may be as high
    off = max(float(here.current[k]), float(here.current[k - 1]), floor) * (_ABOVE + 2.0 * min(float(noise[0][k]), 0.5))
    mine, one, place = _free(here, after), float(noise[1][after]), float(here.level[k])
    if line_is_above(*mine, one, place, off):
        return True
    both = None if there is None else _mean_of_branches(mine, there)
    return both is not None and line_is_above(*both, one / math.sqrt(2.0), place, off)


def _mean_of_branches(mine: tuple[FloatArray, FloatArray], there: _Readings) -> tuple[FloatArray, FloatArray] | None:
    """Return (level, mean current of both branches) as long as they have the same levels, None where they do not."""
    first = int(np.searchsorted(there.level, mine[0][0] * (1.0 - 1e-6))) if mine[0].size else there.level.size
    level, current = _free(there, first)
    count = min(level.size, mine[0].size)
    if count == 0 or np.abs(level[:count] - mine[0][:count]).max() > 1e-6 * mine[0][0]:
        return None
    return mine[0][:count], 0.5 * (mine[1][:count] + current[:count])


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
