"""What a table of time, voltage and current holds: a sweep, pulses, or spikes; told by the record alone."""

import numpy as np

from tsbench.analysis.oscillation.spikes import Spikes, spike_times
from tsbench.analysis.pulse.pulses_in_record import find_pulses
from tsbench.records import FloatArray
from tsbench.samples import noise_of

#: what a table can be taken for
KINDS = ("sweep", "pulses", "relaxation", "spikes")
_FEWEST_SPIKES = 5
#: a voltage that swings by less than this share of itself is held
HELD = 0.05
#: of the highest voltage: sweeps turn back below it, an oscillation stays above
_NEAR_ZERO = 0.15
#: share of the time above the middle: of a ramp there and back one half, of ramps with rests or of spikes less
_RAMP, _SPIKY = 0.25, 0.1
#: readings from which on noise alone is known, and the share of the standard deviation that it then is
_MANY, _NOISE_ALONE = 64, 0.8


def record_kind(time: FloatArray, voltage: FloatArray, current: FloatArray) -> str | None:
    """Return "sweep", "pulses" or "spikes", None where the record does not tell.

    Pulses: short edges, and a level in between. Spikes: many turns that do not come back to zero, or that are short;
    or a voltage that is held. A sweep: ramps that begin or end at zero, or a single one.

    Parameters
    ----------
    time, voltage, current : [s], [V], [A], shape (n,), finite
    """
    if time.size < 2 or not bool(np.all(np.diff(time) > 0)):
        return "sweep"  # the time of such a table is no axis
    highest = float(np.abs(voltage).max())
    if highest == 0.0 or float(np.ptp(voltage)) < HELD * highest:
        return "spikes"
    if find_pulses(time, voltage, current).rectangular:
        return "pulses"
    if voltage.size >= _MANY and noise_of(voltage) > _NOISE_ALONE * float(voltage.std()):
        return None   # noise turns at every third reading: it would be a sweep of thousands of half-sweeps
    spikes = spike_times(time, voltage)
    if spikes.times.size < _FEWEST_SPIKES:
        return "sweep"
    troughs, share = _between(time, voltage, spikes)
    if troughs > _NEAR_ZERO * highest and bool(np.all(np.sign(voltage[voltage != 0]) == np.sign(np.median(voltage)))):
        return "spikes"
    short = min(share, 1.0 - share)
    if short < _SPIKY:
        return "spikes"
    return "sweep" if troughs <= _NEAR_ZERO * highest and short >= _RAMP else None


def _between(time: FloatArray, voltage: FloatArray, spikes: Spikes) -> tuple[float, float]:
    """Return (how low the voltage goes between spikes [V], share of the samples above the middle magnitude).

    The first is the lower quartile of the magnitudes: a sweep behind a resistance spikes twice, and reaches zero once.
    """
    bounds = np.unique(np.searchsorted(time, spikes.times))
    bounds = bounds[bounds < time.size]
    lowest = np.minimum.reduceat(np.abs(voltage), bounds)[:-1]
    inside = np.abs(voltage[bounds[0] : bounds[-1]])
    return float(np.quantile(lowest, 0.25)), float(np.mean(inside > 0.5 * (inside.max() + inside.min())))
