"""What a record of voltage or current shows: a sinusoid, spikes, bursts, irregular spikes, nothing, a latched device.

Judged by the record alone: its swing, the share of its power that is in the fundamental, and the instants of its
spikes. Works on any sampling that resolves the spikes, even or uneven (the steps of a simulation), either polarity.
"""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray

SINUSOID = 0.9  #: share of the alternating power in the fundamental from which on a wave counts as sinusoidal
SPIKE = 0.3  #: prominence of a spike on both sides, as a share of the swing
GAP = 1.5  #: intervals between bursts are longer than those within by this factor at least
REGULAR = 0.2  #: mean relative change from one interval to the next (half of Holt's CV2), above: irregular
STEADY = 0.02  #: of the largest value: a swing below this does not count
FEWEST = 3  #: spikes that make a rhythm


@dataclass(frozen=True)
class WaveformClass:
    """What a record shows, and what that was based on."""

    kind: str  #: "sinusoidal", "spiking", "bursting", "irregular", "quiet" or "latched"
    spikes: int  #: number of spikes (cycles)
    spikes_per_burst: int | None  #: where it bursts and all complete bursts have the same number
    period: float | None  #: [s] of a cycle, from burst to burst where it bursts
    fundamental_share: float | None  #: of the alternating power, over whole cycles
    sustained: bool  #: it still went on when the record ended
    basis: str  #: one sentence: why


def classify_waveform(
    time: FloatArray, values: FloatArray, *, rest: float = 0.0, on_level: float | None = None, smallest: float = 0.0,
) -> WaveformClass:
    """Classify a record.

    Parameters
    ----------
    time, values : [s] and [V or A], shape (n,), ascending
        Leave out a start-up that is not meant.
    rest : [V or A]
        The value when nothing happens.
    on_level : [V or A], optional
        A steady value at least as far from ``rest``, on the same side, is a latched device. None: none is called so.
    smallest : [V or A]
        Peak to peak below which a variation is noise; never less than 2 % of the largest distance from ``rest``.

    Returns
    -------
    WaveformClass
        "latched": the last quarter stands beyond ``on_level``. "quiet": no swing. "sinusoidal": three cycles or more
        and at least 90 % of the alternating power in the fundamental. "bursting": spikes come in groups, most of two
        or more, and the intervals between groups are at least 1.5 times those within. "spiking": one spike or more
        at intervals that change little from one to the next (they may adapt). "irregular": anything else.

    Raises
    ------
    ValueError
        The arrays differ in shape, hold fewer than four samples, or are not finite.
    """
    time, values = np.asarray(time, float), np.asarray(values, float)
    if time.shape != values.shape or time.ndim != 1 or time.size < 4 or not np.isfinite(values).all():
        raise ValueError(f"classify_waveform: time has the shape {time.shape} and values {values.shape}. Both must "
                         "have the same shape (n,) with n > 3, and be finite")
    least = max(smallest, STEADY * float(abs(values - rest).max()))
    tail = values[time >= time[-1] - 0.25 * (time[-1] - time[0])]
    last, still = float(np.median(tail)), np.ptp(tail) <= least
    latched = on_level is not None and still and (last - rest) * math.copysign(1.0, on_level - rest) >= abs(
        on_level - rest)
    swing = float(np.ptp(values))
    if swing <= least and not latched:
        return WaveformClass(
            "quiet", 0, None, None, None, False,
            f"the swing is {swing:.3g}, which is not above the limit {least:.3g} for a quiet signal")
    upright = values if np.median(values) <= 0.5 * (values.max() + values.min()) else -values
    instants = _spikes(time, upright, SPIKE * swing)
    count = int(instants.size)
    if latched:
        return WaveformClass(
            "latched", count, None, None, None, False,
            f"in the last quarter of the record the signal stays at {last:.3g}. Before, it has {count} spikes")
    intervals = np.diff(instants)
    if count < FEWEST:
        if count == 0:
            return WaveformClass(
                "quiet", 0, None, None, None, False,
                f"the swing is {swing:.3g}, but the signal never rises and falls by 30 % of the swing")
        few = f"the signal has {count} spike{'s' * (count > 1)}. The classification needs {FEWEST} or more"
        return WaveformClass("spiking", count, None, None, None, False, few)
    sustained = bool(time[-1] - instants[-1] <= GAP * intervals.max())
    share = _fundamental_share(time, values, instants)
    cycle = float(intervals.mean())
    if share >= SINUSOID and sustained:
        return WaveformClass(
            "sinusoidal", count, None, cycle, share, True,
            f"the fundamental has {100 * share:.1f} % of the AC power")
    burst = _bursts(instants)
    if burst is not None:
        size, period, why = burst
        return WaveformClass("bursting", count, size, period, share, sustained, why)
    change = float(np.mean(abs(np.diff(intervals)) / (intervals[1:] + intervals[:-1])))
    text = f"the signal has {count} spikes. Successive inter-spike intervals differ by {200 * change:.1f} % on average"
    kind = "spiking" if 2.0 * change < REGULAR else "irregular"
    return WaveformClass(kind, count, None, cycle, share, sustained, text)


def _spikes(time: FloatArray, values: FloatArray, prominence: float) -> FloatArray:
    """Return when the values rise through the middle between a valley and the peak behind it.

    Valleys and peaks alternate and differ by ``prominence`` at least; a peak at the end of the record does not count.
    """
    slope = np.sign(np.diff(values))
    moving = np.flatnonzero(slope)
    turns = moving[1:][slope[moving[1:]] != slope[moving[:-1]]] if moving.size else moving
    candidates = np.concatenate(([0], turns, [values.size - 1]))
    pairs: list[tuple[int, int]] = []
    valley = peak = 0
    rising = False
    for k in candidates:
        if rising:
            if values[k] > values[peak]:
                peak = int(k)
            elif values[k] < values[peak] - prominence:
                pairs.append((valley, peak))
                valley, rising = int(k), False
        elif values[k] < values[valley]:
            valley = int(k)
        elif values[k] > values[valley] + prominence:
            peak, rising = int(k), True
    lows = [float(values[valley]) for valley, _ in pairs]
    if len(pairs) > 1:   # the record may begin on the way up
        lows[0] = min(lows[:2])
    instants = [_rise(time, values, low, *pair) for low, pair in zip(lows, pairs, strict=True)]
    return np.array([instant for instant in instants if instant is not None])


def _rise(time: FloatArray, values: FloatArray, low: float, valley: int, peak: int) -> float | None:
    """Return when the middle is passed; None if it was before the record."""
    middle = 0.5 * (low + values[peak])
    if values[valley] >= middle:
        return None
    k = valley + int(np.flatnonzero(values[valley: peak + 1] >= middle)[0])
    share = (middle - values[k - 1]) / (values[k] - values[k - 1])
    return float(time[k - 1] + share * (time[k] - time[k - 1]))


def _fundamental_share(time: FloatArray, values: FloatArray, instants: FloatArray) -> float:
    """Return the share of the alternating power at the rate of the spikes, over the whole cycles between them."""
    first, last = instants[0], instants[-1]
    inside = (time > first) & (time < last)
    t = np.concatenate(([first], time[inside], [last]))
    v = np.interp(t, time, values)
    length = last - first
    v = v - np.trapezoid(v, t) / length
    power = float(np.trapezoid(v * v, t)) / length
    turn = np.exp(-2j * math.pi * (instants.size - 1) * (t - first) / length)
    amplitude = 2.0 * abs(complex(np.trapezoid(v * turn, t))) / length
    return 0.5 * amplitude**2 / power if power > 0 else 0.0


def _bursts(instants: FloatArray) -> tuple[int | None, float, str] | None:
    """Return (spikes in each burst if all have the same, burst to burst [s], why), or None where there are none."""
    intervals = np.diff(instants)
    ordered = np.sort(intervals)
    ratios = ordered[1:] / ordered[:-1]
    k = int(np.argmax(ratios))
    if ratios[k] < GAP:
        return None
    between = intervals > math.sqrt(ordered[k] * ordered[k + 1])
    sizes = np.diff(np.flatnonzero(np.concatenate(([True], between, [True]))))
    whole = sizes[1:-1] if sizes.size > 3 else sizes   # the record may begin and end within a burst
    if sizes.size < 2 or np.mean(whole >= 2) < 0.8:
        return None
    first = np.concatenate(([True], between))
    starts = instants[first]
    if sizes.size > 3:
        starts = starts[1:]
    same = int(whole[0]) if (whole == whole[0]).all() else None
    size = f"{same}" if same is not None else f"{whole.min()} to {whole.max()}"
    why = (f"the signal has bursts of {size} spikes. The inter-spike intervals are at most {ordered[k]:.3g} s in a "
           f"burst, and at least {ordered[k + 1]:.3g} s between bursts")
    return same, float(np.diff(starts).mean()), why
