"""Spike times and inter-spike intervals of an oscillation record, on device voltage or current.

A spike is a rise and a fall that the noise of the record cannot make and that reach a tenth of its swing; each is timed
at half of its own height. So a drift, or spikes of different heights, hide none of them. Where the edges of a train
have one shape, each is then placed by all of its samples (:mod:`.mean_shape`).
"""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.oscillation.mean_shape import placed_by_shape
from tsbench.analysis.reversals import Indices, reversals
from tsbench.analysis.signal import usable_record
from tsbench.records import Flag, FloatArray
from tsbench.samples import noise_of

#: a spike must exceed this many standard deviations of the noise (its own extremes reach about 9)
_LEAST_SWING = 14.0
#: and this share of the swing of the record: less is the ripple of something else
_LEAST_SHARE = 0.1
_BLOCKS = 16
#: fewer samples per interval than this may alias
_FEWEST_SAMPLES = 8.0
#: fewer spikes than this are a transient, and other levels are tried
_FEWEST_SPIKES = 3
#: where fewer than this share of the extremes stand alone, a sample that does is an error of the digitiser
_FEW_ALONE = 0.1
#: samples that are enough for a quantile
_ENOUGH = 500_000
#: shares of its height between which an edge is measured, and edges that are
_EDGE = (0.35, 0.65)
_MEASURED_EDGES = 500
#: share of the spread of their intervals below which the places by the mean shape are those that count
_CLEARLY_BETTER = 0.7


@dataclass(frozen=True)
class Spikes:
    """Spike times [s] on the record's time axis, shape (n,), ascending, and how they were found."""

    times: FloatArray
    #: [s] standard, of one time (noise over slope, and the sample interval where it is coarse)
    uncertainty: float
    falling: bool  #: timed on the falling edge (the steeper one)
    levels: FloatArray  #: [unit] at which each was timed, shape (n,): half of its own height
    swing: float  #: [unit] robust peak to peak of the record
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
        One for each rise and fall by more than fourteen standard deviations of the noise and a tenth of the swing,
        timed where the steeper of the two edges passes half of its own height. The swing is the median over sixteen
        parts of the record of highest less lowest, so that one wild sample does not set it; a sample that stands
        alone where spikes are wider is no spike. NO_EVENT where nothing swings beyond the noise.
    """
    time, (values,), gaps = usable_record(time, values)
    flags |= gaps
    noise = noise_of(values, resolution) if values.size else 0.0
    best = Spikes(np.empty(0), 0.0, False, np.empty(0), 0.0, noise, flags | Flag.NO_EVENT)
    if values.size < 8:
        return best
    for low, high in _levels(values):
        if high - low <= _LEAST_SWING * noise:
            continue
        found = _passages(time, values, high - low, noise, flags)
        if found.times.size >= _FEWEST_SPIKES:
            return found
        best = found if found.times.size > best.times.size else best
    return best


def _passages(time: FloatArray, values: FloatArray, swing: float, noise: float, flags: Flag) -> Spikes:
    """Return the spikes of a record with a known swing, timed on the steeper edge."""
    least = max(_LEAST_SWING * noise, _LEAST_SHARE * swing)
    values, turns = _without_wild(values, reversals(values, least), least)
    rises, falls = _whole_edges(values, turns, 1.0), _whole_edges(values, turns, -1.0)
    if not (rises.starts.size or falls.starts.size):
        return Spikes(np.empty(0), 0.0, False, np.empty(0), swing, noise, flags | Flag.NO_EVENT)
    lengths = _middle_length(values, rises), _middle_length(values, falls)
    falling = lengths[1] < lengths[0]
    edges, length = (falls if falling else rises), min(lengths)
    index = _crossings(values, edges, 0.5)
    dt = float(time[-1] - time[0]) / (time.size - 1)
    heights = edges.heights(values)
    slope = (_EDGE[1] - _EDGE[0]) * float(np.median(heights)) / max(length, 1.0)
    # an edge within one sample tells no more than which sample: uniform
    coarse = 1.0 / math.sqrt(12.0) if length <= 1.0 else 0.0
    uncertainty = math.hypot(noise / slope, coarse)
    placed = placed_by_shape(values, index) if length > 1.0 else None
    # what a place is wrong by adds to the spread of the intervals, so a much smaller spread is a better place
    if placed is not None and np.std(np.diff(placed.index)) < _CLEARLY_BETTER * np.std(np.diff(index)):
        index, uncertainty = placed.index, placed.uncertainty
    if index.size > 1 and float(np.median(np.diff(index))) < _FEWEST_SAMPLES:
        flags |= Flag.UNDER_SAMPLED
    return Spikes(
        times=np.interp(index, np.arange(time.size), time),
        uncertainty=uncertainty * dt,
        falling=falling,
        levels=values[edges.starts] + 0.5 * edges.sign * heights,
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
    some = values[:: max(values.size // _ENOUGH, 1)]
    lowest, highest = (float(np.quantile(some, q)) for q in (0.0005, 0.9995))
    if values.size < 8 * _BLOCKS:
        return [(float(values.min()), float(values.max()))]
    blocks = values[: values.size // _BLOCKS * _BLOCKS].reshape(_BLOCKS, -1)
    low, high = float(np.median(blocks.min(axis=1))), float(np.median(blocks.max(axis=1)))
    if high - low < 0.5 * (highest - lowest):
        return [(lowest, highest), (low, high)]
    return [(low, high), (lowest, highest)]


def _without_wild(values: FloatArray, turns: Indices, least: float) -> tuple[FloatArray, Indices]:
    """Return the record without the samples that stand alone, and its turning points.

    A turning point stands alone if both its neighbours lie beyond the middle of the smaller of its two swings. Where
    many do, spikes are that narrow; where few do, they are errors and take the mean of their neighbours.
    """
    inner = turns[1:-1]
    if inner.size == 0:
        return values, turns
    swings = np.diff(values[turns])
    half = 0.5 * np.where(np.abs(swings[:-1]) < np.abs(swings[1:]), swings[:-1], -swings[1:])
    middle, side = values[inner] - half, np.sign(half)
    alone = (side * (values[inner - 1] - middle) < 0) & (side * (values[inner + 1] - middle) < 0)
    wild = inner[alone]
    if wild.size == 0 or wild.size > max(_FEW_ALONE * inner.size, 1):
        return values, turns
    values = values.copy()
    values[wild] = 0.5 * (values[wild - 1] + values[wild + 1])
    return values, reversals(values, least)


@dataclass(frozen=True)
class _Edges:
    """Rises (``sign`` +1) or falls (-1) of a record: from which sample to which, shape (n,) each."""

    starts: Indices
    ends: Indices
    sign: float

    def heights(self, values: FloatArray) -> FloatArray:
        """Return how far the record goes on each [unit], positive, shape (n,)."""
        found: FloatArray = self.sign * (values[self.ends] - values[self.starts])
        return found

    def some(self, chosen: "slice | Indices") -> "_Edges":
        return _Edges(self.starts[chosen], self.ends[chosen], self.sign)


def _whole_edges(values: FloatArray, turns: Indices, sign: float) -> _Edges:
    """Return the edges of one direction that the record holds whole."""
    if turns.size < 2:
        return _Edges(turns[:0], turns[:0], sign)
    first = 0 if sign * (values[turns[1]] - values[turns[0]]) > 0 else 1
    starts, ends = turns[first:-1:2], turns[first + 1 :: 2]
    edges = _Edges(starts, ends, sign)
    if starts.size and starts[0] == turns[0] and _is_cut(values, edges.some(slice(1))):
        edges = edges.some(slice(1, None))
    if edges.starts.size and edges.ends[-1] == turns[-1] and _is_cut(
        values[::-1], _reversed(edges.some(slice(-1, None)), values.size)
    ):
        edges = edges.some(slice(-1))
    return edges


def _is_cut(values: FloatArray, edge: _Edges) -> bool:
    """Return whether the record begins in the middle of an edge: it stays at the foot for less than the edge takes."""
    foot, middle = (float(_crossings(values, edge, share)[0]) for share in (0.1, 0.5))
    return foot < 0.5 * (middle - foot)


def _reversed(edges: _Edges, size: int) -> _Edges:
    """Return edges of the record read backwards."""
    return _Edges(size - 1 - edges.ends[::-1], size - 1 - edges.starts[::-1], -edges.sign)


def _middle_length(values: FloatArray, edges: _Edges) -> float:
    """Return the samples that the middle of an edge takes, median over some of them; infinite without any."""
    if not edges.starts.size:
        return math.inf
    count = edges.starts.size
    edges = edges.some(np.unique(np.linspace(0, count - 1, min(count, _MEASURED_EDGES)).astype(np.intp)))
    low, high = (_crossings(values, edges, share) for share in _EDGE)
    return float(np.median(high - low))


def _crossings(values: FloatArray, edges: _Edges, share: float) -> FloatArray:
    """Return the fractional index at which each edge last passes a share of its height, shape (n,)."""
    levels = values[edges.starts] + share * edges.sign * edges.heights(values)
    lengths = edges.ends - edges.starts
    offsets = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    index = np.arange(int(lengths.sum())) + np.repeat(edges.starts - offsets, lengths)
    before = edges.sign * (values[index] - np.repeat(levels, lengths)) < 0
    last = np.maximum.reduceat(np.where(before, index, -1), offsets)
    last = np.where(last < 0, edges.starts, last)
    step = values[last + 1] - values[last]
    found: FloatArray = last + (levels - values[last]) / np.where(step == 0.0, 1.0, step)
    return found
