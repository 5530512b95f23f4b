"""Oscillation frequency, jitter and regime from spike times.

Definition: frequency is the inverse of the mean inter-spike interval over the record. Its 95 % interval joins
the jitter of the intervals and the timing noise of the spikes, told apart by :mod:`.jitter` (timing noise matters only
at the first and the last spike), and the accuracy of the time base, whose error is uniform within its data-sheet limit.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tsbench.analysis.oscillation.jitter import Jitter, jitter_of, within_samples
from tsbench.analysis.oscillation.spikes import Spikes, inter_spike_intervals
from tsbench.analysis.statistics import NORMAL_95, expanded, standard_uncertainty, t_quantile_95
from tsbench.quantities import format_quantity
from tsbench.records import Flag, FloatArray, Result

#: fewer intervals give no trustworthy interval
FEWEST_INTERVALS = 10
#: with fewer, jitter and timing noise are not told apart
FEWEST_FOR_JITTER = 5
_TONIC, _IRREGULAR = 0.05, 0.3
#: of spikes that are not told from noise with memory
IN_DOUBT = ("the noise of the record has a memory, and its excursions are not told from the smallest spikes: some of "
            "the spikes may be noise")


@dataclass(frozen=True)
class MeasuredOscillation:
    """What one record shows."""

    frequency: float | None  #: [Hz]
    low: float | None
    high: float | None
    intervals: FloatArray  #: [s]
    jitter: Jitter | None  #: of the intervals, without timing noise; None for fewer than five
    regime: str  #: "quiet", "too few", "tonic", "bursting", "variable" or "irregular"
    flags: Flag
    random: float | None = None  #: [Hz] standard uncertainty by the scatter and the timing of the spikes
    systematic: float | None = None  #: [Hz] by the time base


def oscillation(spikes: Spikes, timebase_accuracy: float = 0.0) -> MeasuredOscillation:
    """Turn spike times into a frequency with its 95 % interval.

    Parameters
    ----------
    spikes : of one record
    timebase_accuracy : relative limit of the scope's time base

    Returns
    -------
    MeasuredOscillation
        NO_EVENT with fewer than three spikes (a transient, not an oscillation), TOO_FEW with fewer than ten
        intervals.
    """
    intervals = inter_spike_intervals(spikes)
    n = intervals.size
    if n < 2:
        return MeasuredOscillation(None, None, None, intervals, None, "quiet", spikes.flags | Flag.NO_EVENT)
    mean, deviation = float(intervals.mean()), float(intervals.std(ddof=1))
    ends = math.sqrt(2.0) * spikes.uncertainty / n
    # a timing error is never exactly zero: a noiseless record says that all of the spread is jitter
    jitter = jitter_of(intervals, max(spikes.uncertainty, 1e-3 * deviation)) if n >= FEWEST_FOR_JITTER else None
    if jitter is not None and spikes.sampled:
        jitter = within_samples(jitter, intervals, spikes.sampled)
    scatter = deviation / math.sqrt(n) if jitter is None else jitter.mean_uncertainty
    random = max(t_quantile_95(n - 1) * scatter / NORMAL_95, ends)
    half = expanded(random, timebase_accuracy * mean)
    flags = spikes.flags | (Flag.TOO_FEW if n < FEWEST_INTERVALS else Flag.NONE)
    low = 1.0 / (mean + half)
    high = 1.0 / (mean - half) if half < mean else None
    if high is None:
        flags |= Flag.CENSORED
    return MeasuredOscillation(1.0 / mean, low, high, intervals, jitter, _regime(intervals, jitter), flags,
                               random / mean**2, standard_uncertainty(timebase_accuracy) / mean)


def _regime(intervals: FloatArray, jitter: Jitter | None) -> str:
    """Name the pattern by the spread of the intervals without timing errors; two clusters apart are bursts."""
    if intervals.size < FEWEST_INTERVALS or jitter is None:
        return "too few"
    # where timing errors explain all of the spread, the intervals themselves show how much it is at most
    most = min(jitter.high, float(intervals.std(ddof=1))) if jitter.value is None else jitter.value
    spread = most / float(intervals.mean())
    if spread < _TONIC:
        return "tonic"
    ordered = np.sort(intervals)
    ratio = ordered[1:] / ordered[:-1]
    gap = int(np.argmax(ratio))
    few = max(2, intervals.size // 20)
    within = max(ordered[gap] / ordered[0], ordered[-1] / ordered[gap + 1])
    if few <= gap + 1 <= intervals.size - few and ratio[gap] > 1.5 and ratio[gap] > within:
        return "bursting"
    return "irregular" if spread > _IRREGULAR else "variable"


def regime_text(found: MeasuredOscillation) -> str:
    """Return the regime as a line about the oscillation names it; in doubt where the jitter that names it is."""
    if found.regime == "too few":
        return "too few to name a regime"
    doubtful = found.jitter is not None and Flag.AMBIGUOUS in found.jitter.flags
    return f"{found.regime} (in doubt, as the jitter)" if doubtful else found.regime


def sensitivity(spikes: Spikes, unit: str) -> str:
    """Return in words the least spike that would have been found in a record in ``unit``; "" where nothing is known."""
    if not spikes.least > 0.0 or not math.isfinite(spikes.least):
        return ""
    width = format_quantity(spikes.least_width, "s", 3)
    said = f"a spike of {format_quantity(spikes.least, unit, 3)} that lasts {width} would be found"
    if spikes.missing:
        return f"{said}; many spikes are hardly higher, so others may be too low to be found"
    return f"{said}; {IN_DOUBT}" if spikes.doubtful else said


def frequency_result(found: MeasuredOscillation, conditions: Mapping[str, Any], seen: str = "") -> Result:
    """Return the frequency as a result; the method names the regime, and says what :func:`sensitivity` returned."""
    n = found.intervals.size
    method = f"inverse mean of {n} inter-spike intervals, {regime_text(found)}" if n > 1 else "no oscillation"
    method = f"{method}; {seen}" if seen else method
    return Result(
        "frequency", "Hz", found.frequency, found.low, found.high, method, dict(conditions), found.flags,
        found.random, found.systematic)


def jitter_result(found: MeasuredOscillation, conditions: Mapping[str, Any]) -> Result:
    """Return the standard deviation of the inter-spike intervals without the timing noise of the spikes.

    CENSORED, with an upper bound alone, where the intervals vary no more than timing noise explains or samples may
    hide. AMBIGUOUS where neighbours take back more than timing noise explains.
    """
    n, name = found.intervals.size, "inter_spike_interval_jitter"
    method = f"standard deviation of {n} inter-spike intervals, timing noise subtracted"
    if n < FEWEST_INTERVALS or found.jitter is None:
        return Result(name, "s", None, None, None, method, dict(conditions), found.flags | Flag.TOO_FEW)
    jitter = found.jitter
    flags = found.flags | jitter.flags | (Flag.CENSORED if jitter.value is None else Flag.NONE)
    if Flag.AMBIGUOUS in jitter.flags:
        method += ("; what an interval has too much the next one lacks, by more than the timing noise of this record "
                   "explains. The interval holds both: that the device does so, and that the times have such errors")
    return Result(name, "s", jitter.value, jitter.low, jitter.high, method, dict(conditions), flags)
