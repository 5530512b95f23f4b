"""A record as the screen of an oscilloscope shows it: its levels, edges, cycles and pulses, as it measures them.

Top and base are the most common values of the upper and the lower part of the record. An edge runs from the lower to
the upper threshold, so that a runt pulse is no edge; its time is that of the middle threshold.

Source: "Measurements" of the InfiniiVision 3000T X-Series user's guide. Not compared with a manual: the share of points
that makes a value "most common" (5 %).
"""

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray

_PARTS = 256  #: of the histogram
_UPPER = 0.6  #: of the height: above it is the upper part, below 1 - this is the lower part
_COMMON = 0.05  #: of all points: fewer are no top or base, which then is the maximum or minimum


@dataclass(frozen=True)
class Thresholds:
    """Where edges begin and end: parts of the amplitude, or absolute values."""

    upper: float = 90.0
    middle: float = 50.0
    lower: float = 10.0
    absolute: bool = False  #: [V] instead of [%]


@dataclass(frozen=True)
class Edges:
    """The edges of a record, in order of time; arrays of one length."""

    middle: FloatArray  #: [s]
    begin: FloatArray  #: [s] at the first threshold
    end: FloatArray  #: [s] at the last threshold
    rising: npt.NDArray[np.bool_]

    def of(self, slope: str) -> FloatArray:
        """Return the times [s] of the edges with slope "+" or "-"."""
        return np.asarray(self.middle[self.rising == (slope == "+")])

    def nearest(self, reference: float, rising: bool | None = None) -> int | None:
        """Return the index of the edge nearest ``reference`` [s]; of one polarity if that is given."""
        candidates = np.arange(len(self.middle)) if rising is None else np.flatnonzero(self.rising == rising)
        if not len(candidates):
            return None
        return int(candidates[np.argmin(np.abs(self.middle[candidates] - reference))])


@dataclass(frozen=True)
class ShownTrace:
    """A record as the screen shows it; a point that was not filled is NaN."""

    start: float  #: [s] of the first point after the trigger ([Hz] of a spectrum)
    interval: float  #: [s] between points
    values: FloatArray  #: [V]
    reference: float = 0.0  #: [s] the point of the screen that measurements are nearest to
    clipped_low: bool = False
    clipped_high: bool = False
    thresholds: Thresholds = field(default_factory=Thresholds)

    @cached_property
    def filled(self) -> FloatArray:
        """Return the values that were filled."""
        return np.asarray(self.values[np.isfinite(self.values)])

    @cached_property
    def extremes(self) -> tuple[float, float]:
        """Return (minimum, maximum); of a clipped record both are only the ends of the ADC."""
        return (float(self.filled.min()), float(self.filled.max())) if len(self.filled) else (math.nan, math.nan)

    @cached_property
    def levels(self) -> tuple[float, float]:
        """Return (base, top)."""
        low, high = self.extremes
        if not low < high:
            return low, high
        counts, corners = np.histogram(self.filled, _PARTS, (low, high))
        first = math.ceil(_UPPER * _PARTS)
        upper = first + int(np.argmax(counts[first:]))
        lower = int(np.argmax(counts[:_PARTS - first]))
        base = self._common(lower, counts, corners)
        top = self._common(upper, counts, corners)
        return (low if base is None else base), (high if top is None else top)

    def _common(self, part: int, counts: npt.NDArray[np.int64], corners: FloatArray) -> float | None:
        if counts[part] < _COMMON * len(self.filled):
            return None
        last = part == _PARTS - 1
        inside = self.filled[(self.filled >= corners[part])
                             & ((self.filled <= corners[part + 1]) if last else (self.filled < corners[part + 1]))]
        return float(np.mean(inside)) if len(inside) else None

    @cached_property
    def edges(self) -> Edges:
        """Return the edges between the thresholds."""
        base, top = self.levels
        limits = self.thresholds
        if limits.absolute:
            lower, middle, upper = limits.lower, limits.middle, limits.upper
        else:
            lower, middle, upper = (base + part / 100 * (top - base) for part in (
                limits.lower, limits.middle, limits.upper))
        if not (base < top and lower < middle < upper):
            return _NO_EDGES
        return _find_edges(self, lower, middle, upper)

    def times(self) -> FloatArray:
        """Return the time [s] of each point."""
        return np.asarray(self.start + self.interval * np.arange(len(self.values)))

    def at(self, time: float) -> float:
        """Return the value at a time [s]; NaN outside of the record."""
        place = (time - self.start) / self.interval
        if not 0 <= place <= len(self.values) - 1:
            return math.nan
        below = int(place)
        above = min(below + 1, len(self.values) - 1)
        return float(self.values[below] + (place - below) * (self.values[above] - self.values[below]))

    # ------------------------------------------------------------------------------------------ what repeats

    @cached_property
    def cycle(self) -> tuple[float, float] | None:
        """Return (begin, end) [s] of the cycle nearest the reference: between two edges of one polarity."""
        times = self.edges.middle
        if len(times) < 3:
            return None
        begins, ends = times[:-2], times[2:]
        distance = np.maximum(np.maximum(begins - self.reference, self.reference - ends), 0.0)
        nearest = np.flatnonzero(distance <= distance.min())
        chosen = nearest[np.argmin(np.abs(begins[nearest] - self.reference))]
        return float(begins[chosen]), float(ends[chosen])

    def pulse(self, positive: bool) -> tuple[float, float] | None:
        """Return (begin, end) [s] of the pulse of one polarity that is nearest the reference."""
        edges = self.edges
        first = np.flatnonzero(edges.rising[:-1] == positive)
        if not len(first):
            return None
        begins, ends = edges.middle[first], edges.middle[first + 1]
        distance = np.maximum(np.maximum(begins - self.reference, self.reference - ends), 0.0)
        chosen = int(np.argmin(distance))
        return float(begins[chosen]), float(ends[chosen])

    def within(self, cycles: bool) -> FloatArray:
        """Return the values of the whole record, or of the whole number of cycles that it has."""
        if not cycles:
            return self.filled
        edges = self.edges
        alike = np.flatnonzero(edges.rising == edges.rising[0]) if len(edges.middle) else np.empty(0, dtype=int)
        if len(alike) < 2:
            return np.empty(0)
        begin, end = edges.middle[alike[0]], edges.middle[alike[-1]]
        times = self.times()
        inside = self.values[(times >= begin) & (times < end)]
        return np.asarray(inside[np.isfinite(inside)])


_NO_EDGES = Edges(np.empty(0), np.empty(0), np.empty(0), np.empty(0, dtype=bool))


def _find_edges(trace: ShownTrace, lower: float, middle: float, upper: float) -> Edges:
    values = trace.values
    marks = np.where(values >= upper, 1, np.where(values <= lower, -1, 0))
    places = np.flatnonzero(marks)
    if len(places) < 2:
        return _NO_EDGES
    changes = np.flatnonzero(marks[places[1:]] != marks[places[:-1]])
    last, first = places[changes], places[changes + 1]   # last point on one side, first on the other
    rising = marks[first] == 1

    def crossed(index: npt.NDArray[np.int64], level: FloatArray) -> FloatArray:
        here, there = values[index], values[index + 1]
        part = np.where(there != here, (level - here) / np.where(there != here, there - here, 1.0), 0.0)
        return np.asarray(trace.start + trace.interval * (index + np.clip(part, 0.0, 1.0)))

    ones = np.ones(len(first))
    begin = crossed(last, np.where(rising, lower, upper) * ones)
    end = crossed(first - 1, np.where(rising, upper, lower) * ones)
    centre = np.empty(len(first))
    for up in (True, False):
        above = values >= middle
        steps = np.flatnonzero(~above[:-1] & above[1:] if up else above[:-1] & ~above[1:])
        mine = np.flatnonzero(rising == up)
        if len(mine):
            found = steps[np.minimum(np.searchsorted(steps, last[mine]), len(steps) - 1)]
            centre[mine] = crossed(found, middle * np.ones(len(mine)))
    return Edges(centre, begin, end, rising)
