"""What a delay can be where the record of a pulse is clipped: a bound.

A current that is larger than the record shows may rise most steeply, and pass half of its highest, after the last
instant that is seen: the delay is longer. A voltage that is larger has its half level later on the edge: the delay is
shorter.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tsbench.analysis.pulse.delay_results import Delay
from tsbench.records import Flag, FloatArray

#: parts into which the rise that is seen is divided, and share of the steepest to which it must have fallen in the last
_PARTS, _PAST = 8, 0.5


def beyond(values: FloatArray, window: tuple[float, float]) -> npt.NDArray[np.intp]:
    """Return the indices of the samples that are at an end of what the record can show, or beyond.

    Parameters
    ----------
    values : of the record, shape (n,)
    window : lowest and highest value that the record can show, in the unit of ``values``
    """
    return np.flatnonzero((values <= window[0]) | (values >= window[1]))


def bounded(
    delay: Delay, current: FloatArray, clipped: npt.NDArray[np.intp], rise: tuple[int, int], *,
    no_edge: bool,
) -> Delay:
    """Return a delay as a bound where clipping hides what it is measured by, else as it is.

    Parameters
    ----------
    delay : measured in what the record shows
    current : [A], shape (n,), positive in the pulse
    clipped : indices of the clipped samples of the current
    rise : first and last sample of the rise, as far as it is seen
    no_edge : whether the voltage is clipped before the device switches
    """
    if delay.value is None:
        return delay
    left, right = rise
    inside = clipped[(clipped >= left) & (clipped <= right)]
    hidden = inside.size > 0 and (delay.by_level or not _steepest_is_past(current[left : int(inside[0])]))
    if not hidden and not no_edge:
        return delay
    half = delay.half_width
    return replace(
        delay, value=None, flags=delay.flags | Flag.CENSORED | Flag.CLIPPED,
        low=None if no_edge else max(delay.value - half, 0.0), high=None if hidden else delay.value + half)


def _steepest_is_past(rise: FloatArray) -> bool:
    """Whether the rise that is seen becomes clearly less steep before it ends."""
    if rise.size < 4 * _PARTS:
        return False
    parts = rise[rise.size % _PARTS :].reshape(_PARTS, -1).mean(axis=1)
    steps = np.diff(parts)
    return bool(np.max(steps[-2:]) < _PAST * np.max(steps))
