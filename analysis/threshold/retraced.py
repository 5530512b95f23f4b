"""Changes that a device with a threshold does not make: the record itself shows that they are undone.

A threshold switch stays on below its threshold. So where the other branch of a half-sweep makes the same change at the
same place, that is a property of the curve (a knee) or of the instrument (a range, a floor below which it reads zero).
A device that switches off in a half-sweep has switched on in it, or was on from before it; but then the way up shows it
on at voltages that are too low to hold it, and a contact that was lost on the way down looks the same.
"""

from dataclasses import dataclass

import numpy as np

from tsbench.analysis.threshold.half_sweeps import HalfSweep, IntArray
from tsbench.analysis.threshold.switching_evidence import SwitchOn
from tsbench.records import Flag
from tsbench.samples import noise_of

#: a change at the same place is not denied where a step is larger than this part of the voltage: the hysteresis of a
#: device may be as small
RESOLVED = 0.05
#: steps that the places of both branches may differ by: a reading close to the limit of a range falls on either side
_STEPS = 1.01
#: and standard deviations of a reading, in volts of a current that rises with the voltage
_NOISES = 4.0
_ENOUGH_FOR_NOISE = 5
#: readings of each branch between the two places that must all be apart: close to the limit of a range, a reading falls
#: on the right side with a chance of one half, so all of ten do in one of 1,000 sweeps
_APART = 5
#: readings on each side of a place by which the other branch is judged
_BESIDE = 3
#: standard deviations of the noise by which the device voltage must fall
_FALL_SIGMAS = 4.0


@dataclass(frozen=True)
class RetracedEvents:
    """What is left of the events of a half-sweep, and the flags of both."""

    on: SwitchOn | None
    off: SwitchOn | None
    flags: Flag = Flag.NONE


def judge(half: HalfSweep, on: SwitchOn | None, off: SwitchOn | None, floor: float) -> RetracedEvents:
    """Return the events that the other branch does not deny.

    Parameters
    ----------
    half : one half-sweep
    on, off : where the way up switches on, and the way down off, None where they do not
    floor : [A] a current below this counts as "off"

    Returns
    -------
    RetracedEvents
        An event is taken back, with the flag NO_HYSTERESIS, where the other branch makes the same change in the same
        gap, and the step is small. Where the step is not, or the change is one step away or as far as the noise of a
        reading may carry it, the event stays and gets the flag. A hold without a threshold, of a way up that was on
        below it, gets the flag AMBIGUOUS.
    """
    ups, downs = np.arange(half.turn + 1), np.arange(half.down().start, len(half.current))[::-1]
    if min(ups.size, downs.size) < _BESIDE or (on is not None and on.before < 0):
        return RetracedEvents(on, off)
    if on is not None and _voltage_falls(half, on.before):
        return RetracedEvents(on, off)  # a curve is no function of the voltage there
    if on is not None and off is not None:
        return _compared(half, on, off, floor)
    if off is not None:
        gap = float(half.level[off.before + 1]), float(half.level[off.before])
        own = _beside(half, downs, gap, floor)
        theirs = _beside(half, ups, gap, floor)
        if own is None or theirs is None:
            return RetracedEvents(on, off)
        middle = 0.5 * sum(own)
        if theirs[0] > middle:
            return RetracedEvents(None, off, Flag.AMBIGUOUS)
        if theirs[1] > middle and _is_fine(half, off.before):
            return RetracedEvents(None, None, Flag.NO_HYSTERESIS)
    elif on is not None:
        gap = float(half.level[on.before]), float(half.level[on.before + 1])
        own, theirs = _beside(half, ups, gap, floor), _beside(half, downs, gap, floor)
        if own is None or theirs is None:
            return RetracedEvents(on, off)
        if theirs[0] < 0.5 * sum(own) < theirs[1] and _is_fine(half, on.before):
            return RetracedEvents(None, None, Flag.NO_HYSTERESIS)
    return RetracedEvents(on, off)


def _compared(half: HalfSweep, on: SwitchOn, off: SwitchOn, floor: float) -> RetracedEvents:
    """Return the verdict on two events, by the gaps of the set-points in which they were."""
    k, m = on.before, off.before
    hysteresis = float(half.level[k] - half.level[m + 1])
    step = max(_step(half, k), _step(half, m))
    if hysteresis > max(_STEPS * step, _NOISES * _noise_above(half, k) * float(half.level[k])):
        return RetracedEvents(on, off)
    if hysteresis > _STEPS * step and _apart(half, k, m, floor):
        return RetracedEvents(on, off)
    if hysteresis < 0.5 * step and _is_fine(half, k):
        return RetracedEvents(None, None, Flag.NO_HYSTERESIS)
    return RetracedEvents(on, off, Flag.NO_HYSTERESIS)


def _apart(half: HalfSweep, k: int, m: int, floor: float) -> bool:
    """Return whether all readings between the two places show the way up off and the way down on.

    The noise of a reading moves the place of a change only where it makes readings fall on either side.

    Parameters
    ----------
    half : one half-sweep
    k, m : last reading before it switches on, and last one before it switches off
    floor : [A] a current below this counts as "off"
    """
    margin = 1e-6 * float(half.level[half.turn])
    up = np.flatnonzero(half.level[: k + 1] > half.level[m + 1] + margin)
    start = half.down().start
    down = start + np.flatnonzero(half.level[start : m + 1] < half.level[k + 1] - margin)
    if min(up.size, down.size) < _APART or float(half.voltage[np.concatenate((up, down))].min()) <= margin:
        return False
    size = np.maximum(half.current, floor)
    return float((size[up] / half.voltage[up]).max()) < float((size[down] / half.voltage[down]).min())


def _step(half: HalfSweep, k: int) -> float:
    return abs(float(half.level[k + 1] - half.level[k]))


def _noise_above(half: HalfSweep, k: int) -> float:
    """Return the relative noise of the current after a reading of the way up; 0 of too few readings."""
    above = slice(k + 1, half.turn + 1)
    current, voltage = half.current[above], half.voltage[above]
    known = (current > 0) & (voltage > 0)
    return noise_of(np.log(current[known] / voltage[known])) if int(known.sum()) >= _ENOUGH_FOR_NOISE else 0.0


def _is_fine(half: HalfSweep, k: int) -> bool:
    """Whether the step after a reading is small enough to show the hysteresis of a device."""
    return _step(half, k) <= RESOLVED * max(float(half.level[k]), float(half.level[k + 1]))


def _voltage_falls(half: HalfSweep, k: int) -> bool:
    """Whether the device voltage falls after a reading while the set-point rises."""
    least = max(0.5 * _step(half, k), _FALL_SIGMAS * noise_of(half.voltage))
    return float(half.voltage[k] - half.voltage[k + 1]) > least


def _beside(
    half: HalfSweep, branch: IntArray, gap: tuple[float, float], floor: float
) -> tuple[float, float] | None:
    """Return the median log conductance of a branch just below and just above a gap of set-points; None: unknown."""
    margin = 1e-6 * float(half.level[half.turn])
    branch = branch[half.voltage[branch] > margin]
    below = branch[half.level[branch] <= gap[0] + margin][-_BESIDE:]
    above = branch[half.level[branch] >= gap[1] - margin][:_BESIDE]
    if min(below.size, above.size) < _BESIDE:
        return None
    series = np.log(np.maximum(half.current, floor) / np.maximum(half.voltage, margin))
    return float(np.median(series[below])), float(np.median(series[above]))
