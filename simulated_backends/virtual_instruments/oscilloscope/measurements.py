"""Automatic measurements of an oscilloscope: numbers of a record that the screen shows.

What cannot be measured is NaN: the model writes its own number for it. An amplitude of a clipped record cannot be
measured. Source: the MEASure chapter of the InfiniiVision 3000T X-Series programmer's guide.
"""

import math
from collections.abc import Callable

import numpy as np

from tsbench.simulated_backends.virtual_instruments.oscilloscope.shown_trace import ShownTrace

Measurement = Callable[[ShownTrace], float]


# ------------------------------------------------------------------------------------------------- amplitude

def maximum(trace: ShownTrace) -> float:
    """Return the largest value [V]; NaN where the record is clipped there."""
    return math.nan if trace.clipped_high else trace.extremes[1]


def minimum(trace: ShownTrace) -> float:
    """Return the smallest value [V]; NaN where the record is clipped there."""
    return math.nan if trace.clipped_low else trace.extremes[0]


def peak_to_peak(trace: ShownTrace) -> float:
    """Return maximum - minimum [V]."""
    return maximum(trace) - minimum(trace)


def top(trace: ShownTrace) -> float:
    """Return the most common value of the upper part [V]."""
    return math.nan if trace.clipped_high else trace.levels[1]


def base(trace: ShownTrace) -> float:
    """Return the most common value of the lower part [V]."""
    return math.nan if trace.clipped_low else trace.levels[0]


def amplitude(trace: ShownTrace) -> float:
    """Return top - base [V]."""
    return top(trace) - base(trace)


def average(trace: ShownTrace, cycles: bool = False) -> float:
    """Return the mean [V]."""
    values = trace.within(cycles)
    return float(np.mean(values)) if len(values) and not _clipped(trace) else math.nan


def rms(trace: ShownTrace, cycles: bool = False, ac: bool = False) -> float:
    """Return the rms value [V]; with ``ac`` about the mean."""
    values = trace.within(cycles)
    if not len(values) or _clipped(trace):
        return math.nan
    return float(np.std(values)) if ac else float(np.sqrt(np.mean(np.square(values))))


def area(trace: ShownTrace, cycles: bool = False) -> float:
    """Return the area between waveform and ground [V s]."""
    values = trace.within(cycles)
    return float(np.sum(values) * trace.interval) if len(values) and not _clipped(trace) else math.nan


def _clipped(trace: ShownTrace) -> bool:
    return trace.clipped_low or trace.clipped_high


def overshoot(trace: ShownTrace) -> float:
    """Return how far the waveform goes beyond its level after the edge nearest the reference [% of the amplitude]."""
    return _shoot(trace, after=True)


def preshoot(trace: ShownTrace) -> float:
    """Return how far the waveform goes beyond its level before that edge [% of the amplitude]."""
    return _shoot(trace, after=False)


def _shoot(trace: ShownTrace, after: bool) -> float:
    edges, (low, high) = trace.edges, trace.levels
    index = edges.nearest(trace.reference)
    if index is None or _clipped(trace):
        return math.nan
    times = trace.times()
    borders = np.concatenate([[-math.inf], edges.middle, [math.inf]])
    begin, end = (borders[index + 1], borders[index + 2]) if after else (borders[index], borders[index + 1])
    values = trace.values[(times >= begin) & (times <= end) & np.isfinite(trace.values)]
    if not len(values):
        return math.nan
    upward = bool(edges.rising[index]) == after
    beyond = float(values.max()) - high if upward else low - float(values.min())
    return 100.0 * max(beyond, 0.0) / (high - low)


# ------------------------------------------------------------------------------------------------------ time

def period(trace: ShownTrace) -> float:
    """Return the period [s] of the cycle nearest the reference."""
    return math.nan if trace.cycle is None else trace.cycle[1] - trace.cycle[0]


def frequency(trace: ShownTrace) -> float:
    """Return the frequency [Hz] of that cycle."""
    return 1.0 / period(trace)


def counted_frequency(trace: ShownTrace) -> float:
    """Return the frequency [Hz] over all cycles, as a counter does."""
    times = trace.edges.of("+")
    return (len(times) - 1) / float(times[-1] - times[0]) if len(times) > 1 else math.nan


def width(trace: ShownTrace, positive: bool = True) -> float:
    """Return the width [s] of the pulse nearest the reference, between middle thresholds."""
    pulse = trace.pulse(positive)
    return math.nan if pulse is None else pulse[1] - pulse[0]


def duty_cycle(trace: ShownTrace, positive: bool = True) -> float:
    """Return the width [% of the period]."""
    return 100.0 * width(trace, positive) / period(trace)


def transition(trace: ShownTrace, rising: bool = True) -> float:
    """Return the rise or fall time [s] of the edge nearest the reference."""
    edges = trace.edges
    index = edges.nearest(trace.reference, rising)
    return math.nan if index is None else float(edges.end[index] - edges.begin[index])


def burst_width(trace: ShownTrace) -> float:
    """Return the time [s] between the first and the last edge."""
    times = trace.edges.middle
    return float(times[-1] - times[0]) if len(times) > 1 else math.nan


def bit_rate(trace: ShownTrace) -> float:
    """Return the reciprocal of the narrowest pulse [1/s]."""
    times = trace.edges.middle
    return 1.0 / float(np.min(np.diff(times))) if len(times) > 1 else math.nan


def edge_count(trace: ShownTrace, rising: bool) -> float:
    """Return the number of rising or falling edges."""
    return float(np.count_nonzero(trace.edges.rising == rising))


def pulse_count(trace: ShownTrace, positive: bool) -> float:
    """Return the number of whole pulses of one polarity."""
    rising = trace.edges.rising
    return float(np.count_nonzero(rising[:-1] == positive)) if len(rising) else 0.0


def edge_time(trace: ShownTrace, slope: str, occurrence: int) -> float:
    """Return the time [s] of an edge, counted from the left: slope "+" or "-"."""
    times = trace.edges.of(slope)
    return float(times[occurrence - 1]) if 1 <= occurrence <= len(times) else math.nan


def crossing_time(trace: ShownTrace, level: float, slope: str, occurrence: int) -> float:
    """Return the time [s] at which the waveform crosses ``level`` [V], counted from the left."""
    above = trace.values >= level
    steps = np.flatnonzero(~above[:-1] & above[1:] if slope == "+" else above[:-1] & ~above[1:])
    if not 1 <= occurrence <= len(steps):
        return math.nan
    index = int(steps[occurrence - 1])
    here, there = float(trace.values[index]), float(trace.values[index + 1])
    return trace.start + trace.interval * (index + (level - here) / (there - here))


def time_of_maximum(trace: ShownTrace) -> float:
    """Return the time [s] of the (first) maximum; of a spectrum its frequency [Hz]."""
    return math.nan if not len(trace.filled) else trace.start + trace.interval * int(np.nanargmax(trace.values))


def time_of_minimum(trace: ShownTrace) -> float:
    """Return the time [s] of the (first) minimum."""
    return math.nan if not len(trace.filled) else trace.start + trace.interval * int(np.nanargmin(trace.values))


# ------------------------------------------------------------------------------------------- of two records

def delay(first: ShownTrace, second: ShownTrace, edges: tuple[tuple[str, int], tuple[str, int]]) -> float:
    """Return the time [s] from an edge of ``first`` to one of ``second``, each (slope, occurrence from the left)."""
    return edge_time(second, *edges[1]) - edge_time(first, *edges[0])


def nearest_delay(first: ShownTrace, second: ShownTrace) -> float:
    """Return the time [s] between the rising edges nearest the reference."""
    found = [(trace, trace.edges.nearest(trace.reference, True)) for trace in (first, second)]
    times = [math.nan if index is None else float(trace.edges.middle[index]) for trace, index in found]
    return times[1] - times[0]


def phase(first: ShownTrace, second: ShownTrace) -> float:
    """Return the phase from ``first`` to ``second`` [degrees]."""
    return 360.0 * nearest_delay(first, second) / period(first)


def ratio(first: ShownTrace, second: ShownTrace, cycles: bool = True) -> float:
    """Return the ratio of the AC rms values [dB]."""
    above, below = rms(first, cycles, True), rms(second, cycles, True)
    return 20.0 * math.log10(above / below) if above > 0 and below > 0 else math.nan
