"""Spike times and inter-spike intervals of an oscillation record, on device voltage or current."""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.signal import noise_of, usable_record
from tsbench.records import Flag, FloatArray

#: the swing must exceed this many standard deviations of the noise (its own extremes reach about 9)
_LEAST_SWING = 14.0
_BLOCKS = 16
#: hysteresis: armed below the one, fired above the other (fractions of the swing)
ARM, FIRE = 0.35, 0.65
#: fewer samples per interval than this may alias
_FEWEST_SAMPLES = 8.0
#: fewer spikes than this are a transient, and other levels are tried
_FEWEST_SPIKES = 3


@dataclass(frozen=True)
class Spikes:
    """Spike times [s] on the record's time axis, shape (n,), ascending, and how they were found."""

    times: FloatArray
    uncertainty: (
        float  #: [s] standard, of one time (noise over slope, and the sample interval where it is coarse)
    )
    falling: bool  #: timed on the falling edge (the steeper one)
    low: float  #: [unit] level below which the detector arms, as values
    high: float
    swing: float  #: [unit] robust peak to peak
    noise: float  #: [unit] standard deviation
    flags: Flag = Flag.NONE


def spike_times(
    time: FloatArray, values: FloatArray, resolution: float = 0.0, flags: Flag = Flag.NONE
) -> Spikes:
    """Find the spikes of a record.

    Parameters
    ----------
    time, values : [s] and [V or A], shape (n,), ascending, about evenly sampled
    resolution : [unit] one code of the digitiser
    flags : of the acquisition, passed on

    Returns
    -------
    Spikes
        One per cycle of a comparator with hysteresis between 35 % and 65 % of the swing, timed where the
        steeper of the two edges passes half of it. The swing is the median over sixteen parts of the record
        of highest less lowest, so that one wild sample does not set it. NO_EVENT where nothing swings beyond
        the noise.
    """
    time, (values,), gaps = usable_record(time, values)
    flags |= gaps
    noise = noise_of(values, resolution) if values.size else 0.0
    nothing = Spikes(np.empty(0), 0.0, False, 0.0, 0.0, 0.0, noise, flags | Flag.NO_EVENT)
    if values.size < 8:
        return nothing
    best = nothing
    for low, high in _levels(values):
        if high - low <= max(_LEAST_SWING * noise, 0.0):
            continue
        found = _passages(time, values, low, high, noise, flags)
        if found.times.size >= _FEWEST_SPIKES:
            return found
        best = found if found.times.size > best.times.size else best
    return best


def _passages(
    time: FloatArray, values: FloatArray, low: float, high: float, noise: float, flags: Flag
) -> Spikes:
    """Return the spikes between two levels, timed on the steeper edge."""
    swing = high - low
    arm, fire, middle = low + ARM * swing, low + FIRE * swing, low + 0.5 * swing
    rising, rise_length = _edges(values, arm, fire, middle)
    dropping, fall_length = _edges(-values, -fire, -arm, -middle)
    falling = dropping.size > 0 and fall_length < rise_length
    index, length = (dropping, fall_length) if falling else (rising, rise_length)
    if index.size == 0:
        return Spikes(index, 0.0, False, arm, fire, swing, noise, flags | Flag.NO_EVENT)
    dt = float(time[-1] - time[0]) / (time.size - 1)
    slope = (FIRE - ARM) * swing / max(length, 1.0)
    # an edge within one sample tells no more than which sample: uniform
    coarse = dt / math.sqrt(12.0) if length <= 1.0 else 0.0
    if index.size > 1 and float(np.median(np.diff(index))) < _FEWEST_SAMPLES:
        flags |= Flag.UNDER_SAMPLED
    return Spikes(
        times=np.interp(index, np.arange(time.size), time),
        uncertainty=math.hypot(noise / slope * dt, coarse),
        falling=falling,
        low=arm,
        high=fire,
        swing=swing,
        noise=noise,
        flags=flags,
    )


def inter_spike_intervals(spikes: Spikes) -> FloatArray:
    """Return the inter-spike intervals [s], shape (n - 1,)."""
    intervals: FloatArray = np.diff(spikes.times)
    return intervals


def _levels(values: FloatArray) -> list[tuple[float, float]]:
    """Return robust (lowest, highest) to try in turn: medians over parts of the record, and the record's own.

    The record's own come first where most parts hold no spike; a start from rest would spoil them, so the
    medians are still tried after.
    """
    lowest, highest = (float(np.quantile(values, q)) for q in (0.0005, 0.9995))
    if values.size < 8 * _BLOCKS:
        return [(float(values.min()), float(values.max()))]
    blocks = values[: values.size // _BLOCKS * _BLOCKS].reshape(_BLOCKS, -1)
    low, high = float(np.median(blocks.min(axis=1))), float(np.median(blocks.max(axis=1)))
    if high - low < 0.5 * (highest - lowest):
        return [(lowest, highest), (low, high)]
    return [(low, high), (lowest, highest)]


def _edges(values: FloatArray, arm: float, fire: float, middle: float) -> tuple[FloatArray, float]:
    """Return indices of the middle crossings of complete arm -> fire passages, and their median length."""
    state = np.where(values > fire, 1, np.where(values < arm, -1, 0))
    known = np.flatnonzero(state)
    passages = np.flatnonzero((state[known[1:]] == 1) & (state[known[:-1]] == -1))
    starts, ends = known[passages], known[passages + 1]
    if starts.size == 0:
        return np.empty(0), math.inf
    found = np.empty(starts.size)
    for k, (start, end) in enumerate(zip(starts, ends, strict=True)):
        part = values[start : end + 1]
        below = int(np.flatnonzero(part < middle)[-1])
        found[k] = start + below + (middle - part[below]) / (part[below + 1] - part[below])
    return found, float(np.median(ends - starts))
