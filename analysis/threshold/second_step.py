"""Whether a branch of a half-sweep has a second step beside the one that is called threshold or hold.

A device with two layers, or two filaments, may switch in two steps. Each of them may be called threshold, and between
them the device is in a middle state.

The parts of a branch before and behind the known step are searched for another one. It must be larger than noise and
one wild reading make, two levels must fit the readings around it far better than a line, and it must be larger than
what the curve beside it, continued over the gap, rises by. So neither a steep characteristic nor a gap between the
set-points is a step. One reading may lie in the middle of the step: it is the mean of both states.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tsbench.analysis.threshold.branch_readings import Branch, readings_of
from tsbench.analysis.threshold.half_sweeps import HalfSweep, IntArray
from tsbench.analysis.threshold.level_change import LevelStep, is_sharp, steps
from tsbench.analysis.threshold.reading_noise import noise_around
from tsbench.quantities import format_quantity
from tsbench.records import Flag, FloatArray
from tsbench.samples import median

#: why a voltage is ambiguous, as ``method`` begins to say it
SECOND_STEP = "the conductance has a second step"
#: the conductance changes by this factor at least, beyond what the curve beside the step continues to (chosen)
_RATIO = 2.0
#: and, in logarithms, by this many times what the curve rises by over the gap (chosen: a curve bends within the gap)
_MORE = 3.0
#: readings on each side that make a state, and that tell how steep the curve is (chosen)
FEWEST_OF_STATE, _SLOPE = 3, 8
_WILD = 0.1  #: share of the readings that may be on the wrong side of a step, or one of few (chosen)


@dataclass(frozen=True)
class SecondSteps:
    """The set-points at the upper end of a further step of the way up, and of the way down; None: there is none."""

    up: float | None
    down: float | None
    unit: str = "V"  #: of the set-points
    what: str = SECOND_STEP  #: in words

    def words(self, *, down: bool = False) -> str:
        """Return why an event is ambiguous, for ``method``; "" where nothing makes it so.

        With two steps on the way up, two thresholds and two hold voltages are possible.

        Parameters
        ----------
        down : whether the event is that of the way down
        """
        at = self.up if not down or self.down is None else self.down
        if at is None:
            return ""
        where = " on the way up" if down and self.down is None else ""
        return f"{self.what}{where} at {format_quantity(at, self.unit, 3)}"


def second_steps(half: HalfSweep, on: int | None, off: int | None, floor: float) -> SecondSteps:
    """Return where a half-sweep under voltage drive has another step beside its events.

    Parameters
    ----------
    half : the half-sweep
    on : last reading before it switches on; None: it does not
    off : last reading before it switches off; None: it does not
    floor : [A] a current below this counts as "off"
    """
    up, down = np.arange(half.turn + 1), np.arange(len(half.level) - 1, half.down().start - 1, -1)
    limited = (half.flags & int(Flag.COMPLIANCE | Flag.OVERFLOW)) != 0

    def found(branch: IntArray, known: int | None, before: bool) -> float | None:
        if known is None or known < 0:
            return None
        border = int(np.flatnonzero(branch == known)[0]) + before
        for first, last in pairwise((0, border, branch.size)):
            part = branch[first:last]
            part = part[~limited[part]]
            readings = readings_of(
                Branch(half.level[part], half.voltage[part], half.current[part], limited[part]), floor)
            if readings is None:
                continue
            noise = noise_around(readings.series, readings.least, readings.seen)
            at = further_step(readings.series, readings.level, noise, readings.seen, math.log(_RATIO))
            if at is not None:
                return at
        return None

    return SecondSteps(found(up, on, before=True), found(down, off, before=False))


def further_step(
    series: FloatArray, level: FloatArray, noise: tuple[FloatArray, FloatArray], seen: npt.NDArray[np.bool_],
    least: float, least_noises: float = 0.0, conductance: FloatArray | None = None,
) -> float | None:
    """Return the set-point at the upper end of the surest step of a part of a branch, None where it has none.

    Parameters
    ----------
    series : logarithms of readings in order of rising set-points, shape (n,)
    level : set-points, in any unit, shape (n,)
    noise : of one reading up to each index and from each index on, as of ``reading_noise.noise_around``
    seen : readings above the noise, shape (n,)
    least : what a step must exceed, beyond the curve beside it
    least_noises : smallest size in standard deviations of one reading; not asked of steps of more than a factor of two
    conductance : its logarithm, whose readings must stay on their side of the step, shape (n,); None: ``series``
    """
    found = [step for step in steps(series, noise, least_size=least, least_noises=least_noises)
             if step.before + 1 >= FEWEST_OF_STATE and step.after <= series.size - FEWEST_OF_STATE
             and seen[step.after : step.after + FEWEST_OF_STATE].all()
             and _lasts(series if conductance is None else conductance, step)
             and _is_more_than_curve(series, level, step, least) and is_sharp(series, step)]
    best = max(found, key=lambda step: step.sure, default=None)
    return None if best is None else float(level[best.after])


def _lasts(series: FloatArray, step: LevelStep) -> bool:
    """Whether the readings stay on their side of a step: telegraph noise goes back and forth, few readings are wild."""
    before, after = series[: step.before + 1], series[step.after :]
    middle = 0.5 * (median(before[-FEWEST_OF_STATE:]) + median(after[:FEWEST_OF_STATE]))
    return all(np.count_nonzero(wrong) <= max(1, _WILD * wrong.size) for wrong in (before > middle, after < middle))


def _is_more_than_curve(series: FloatArray, level: FloatArray, step: LevelStep, least: float) -> bool:
    """Whether a step is larger than the curve on either side rises by over the gap, by evidence of both."""
    left, right = slice(max(step.before + 1 - _SLOPE, 0), step.before + 1), slice(step.after, step.after + _SLOPE)
    steepest = max(0.0, _slope(series[left], level[left]), _slope(series[right], level[right]))
    before = series[step.before + 1 - FEWEST_OF_STATE : step.before + 1]
    after = series[step.after : step.after + FEWEST_OF_STATE]
    between = float(level[step.after + 1] - level[step.before - 1])   # of the middle readings
    # a step is also found beside a gap, whose readings then lie behind it
    gap = float(np.diff(level[step.before + 1 - FEWEST_OF_STATE : step.after + FEWEST_OF_STATE]).max())
    excess = median(after) - median(before) - steepest * between
    return excess > max(least, _MORE * steepest * gap)


def _slope(series: FloatArray, level: FloatArray) -> float:
    """Return how steep some readings are: the median over neighbours, so that one wild reading does not count."""
    rise = np.diff(level)
    known = rise > 0.0
    return median(np.diff(series)[known] / rise[known]) if known.any() else 0.0
