"""Spikes of a record with gaps in its time: each part on its own, and no interval across a gap.

Rows of a table may be missing: a recorder lost them, or they are NaN. How many spikes were in such a gap is not known.
"""

import functools
import itertools
import operator
from dataclasses import replace

import numpy as np

from tsbench.analysis.oscillation.spikes import Spikes, spike_times
from tsbench.records import Flag, FloatArray
from tsbench.samples import median

#: a step of the time is a gap if a spike may be hidden in it: longer than this share of the median interval, and longer
#: by this factor than most steps (evenly coarse samples are UNDER_SAMPLED, and no gap)
_HIDES, _LONGER = 0.5, 2.0
_FEWEST = 8  #: samples of a part in which spikes are looked for


def spikes_between_gaps(
    time: FloatArray, values: FloatArray, resolution: float = 0.0
) -> tuple[Spikes, tuple[tuple[float, float], ...]]:
    """Return the spikes of a record, and begin and end [s] of each gap in its time.

    Parameters
    ----------
    time, values : [s] and [V or A], shape (n,), time rising
    resolution : [unit] one code of the digitiser
    """
    whole = spike_times(time, values, resolution)
    if whole.times.size < 2 or time.size < _FEWEST:
        return whole, ()
    steps = np.diff(time)
    gaps = np.flatnonzero(
        (steps > _HIDES * median(np.diff(whole.times))) & (steps > _LONGER * median(steps)))
    if not gaps.size:
        return whole, ()
    bounds = [0, *(gaps + 1).tolist(), time.size]
    parts = [spike_times(time[low:high], values[low:high], resolution)
             for low, high in itertools.pairwise(bounds) if high - low >= _FEWEST]
    parts = [part for part in parts if part.times.size]
    where = tuple((float(time[k]), float(time[k + 1])) for k in gaps)
    if not parts:
        return replace(whole, times=np.empty(0), levels=np.empty(0), flags=whole.flags | Flag.NO_EVENT), where
    most = max(parts, key=lambda part: part.times.size)
    ends = np.cumsum([part.times.size for part in parts])[:-1] - 1
    return replace(
        most, times=np.concatenate([part.times for part in parts]),
        uncertainty=max(part.uncertainty for part in parts if part.times.size > 1) if most.times.size > 1
        else most.uncertainty,
        levels=np.concatenate([part.levels for part in parts]),
        flags=functools.reduce(operator.or_, (part.flags for part in parts if part.times.size > 2), Flag.NONE),
        doubtful=any(part.doubtful for part in parts if part.times.size > 2),
        missing=any(part.missing for part in parts if part.times.size > 2),
        unknown=tuple(int(end) for end in ends)), where
