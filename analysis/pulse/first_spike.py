"""The first spike of a device that oscillates while a pulse lasts."""

import numpy as np

from tsbench.analysis.reversals import reversals
from tsbench.records import FloatArray

_FEWEST = 2  #: spikes: one alone may be a disturbance
_STANDS_OUT = 0.5  #: share of the largest current by which each spike is above what is beside it
_RATIO = 3.0  #: by which its conductance is above the lowest before and behind it
_FALL = 0.02  #: share of the highest voltage by which the voltage falls during a spike
_END = 0.95  #: share of its height where the first spike ends


def first_spike(
    voltage: FloatArray, current: FloatArray, first: int, last: int, least: float
) -> tuple[int, int] | None:
    """Return peak and last sample of the first spike of a device that oscillates during the pulse; None: it does not.

    During a spike, the current rises above half of its peak and falls below it again, while the voltage falls. The
    charging current of an edge that rings flows while the voltage rises. The shares and the ratio of this file are
    chosen, not derived: tests hold them to devices that oscillate and to resistors behind edges that ring.

    Parameters
    ----------
    voltage, current : [V], [A], shape (n,), smoothed, positive during the pulse
    first, last : samples of the pulse
    least : [A] what noise does not reach
    """
    flowing, across = current[first : last + 1], np.maximum(voltage[first : last + 1], 1e-30)
    conductance = flowing / across
    turns = reversals(flowing, max(least, _STANDS_OUT * float(flowing.max()))).tolist()
    # the highest points in turn; at an end of the record, the current may have been higher before or behind it
    peaks = [k for k, beside in zip(turns, [*turns[1:], *turns[-2:-1]], strict=True)
             if flowing[k] > flowing[beside] and 0 < k < flowing.size - 1]
    spikes = []
    for left, peak, right in zip([0, *peaks], peaks, [*peaks[1:], flowing.size - 1], strict=False):
        low = flowing < 0.5 * flowing[peak]
        before, behind = np.flatnonzero(low[left:peak]), np.flatnonzero(low[peak : right + 1])
        if not before.size or not behind.size:
            continue
        begin, end = left + int(before[-1]), peak + int(behind[0])
        quietest = max(float(conductance[left : begin + 1].min()), float(conductance[end : right + 1].min()), 0.0)
        if (conductance[peak] > _RATIO * quietest
                and float(across[begin] - across[end]) > _FALL * float(across.max())):
            spikes.append(int(peak))
    if len(spikes) < _FEWEST:
        return None
    falling = np.flatnonzero(flowing[spikes[0] :] < _END * flowing[spikes[0]])
    return first + spikes[0], first + spikes[0] + int(falling[0])
