"""Spike times and inter-spike intervals of an oscillation record, on device voltage or current.

A spike is a rise and a fall that the noise of the record cannot make and that reach a tenth of its swing; each is timed
at half of its own height. So a drift, or spikes of different heights, hide none of them. Spikes in much noise are found
by running means (:mod:`.turning`); noise with memory needs more height than white noise (:mod:`.search_level`). Where
the edges of a train have one shape, each is then placed by all of its samples (:mod:`.mean_shape`). Long records are
read part by part, by compiled loops.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.compilation import LONG, for_size
from tsbench.analysis.oscillation.loops import Places, crossings, lone_samples
from tsbench.analysis.oscillation.mean_shape import alike, placed_by_shape
from tsbench.analysis.oscillation.samples import ArraySamples, MendedSamples, SampleSource, longest_part, spans
from tsbench.analysis.oscillation.search_level import search_level
from tsbench.analysis.oscillation.turning import (
    LEAST_SHARE,
    LikelyEdges,
    SearchScale,
    Turns,
    largest_edge,
    nearer_levels,
    scale_of,
    turns_of,
)
from tsbench.analysis.signal import OVERFLOW_NUMBER, usable_record
from tsbench.records import Flag, FloatArray
from tsbench.samples import median

#: fewer samples per interval than this may alias
_FEWEST_SAMPLES = 8.0
#: fewer spikes than this are a transient, and other levels are tried
_FEWEST_SPIKES = 3
#: where fewer than this share of the extremes stand alone, a sample that does is an error of the digitiser
_FEW_ALONE = 0.1
#: an edge at an end of the record that has less than this share of the height of the lowest inner one is a part
_PART_OF = 0.75
#: shares of its height between which an edge is measured, and edges that are
_EDGE = (0.35, 0.65)
_MEASURED_EDGES = 100
#: share of the spread of their intervals below which the places by the mean shape are those that count
_CLEARLY_BETTER = 0.7
#: samples of a record whose edges are placed by their shape: it must be in the memory
_MOST_IN_MEMORY = 2**25
#: factor by which falls must be shorter than rises to be timed: of equal edges it is not noise that decides
_SHORTER = 0.9
#: samples in the middle of a long record by which it is guessed how its edges are timed
_STRETCH = 2**14


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
    least: float = 0.0  #: [unit] sensitivity: a spike of this height would have been found
    least_width: float = 0.0  #: [s] if it is at least so wide at half of its height
    doubtful: bool = False  #: noise with memory may have made some (AMBIGUOUS): see :mod:`.search_level`
    missing: bool = False  #: many are hardly higher than ``least``, so others may be lower (AMBIGUOUS)
    sampled: float = 0.0  #: [s] sample interval, where each time is known to a sample only; else 0
    unknown: tuple[int, ...] = ()  #: spikes after which the time has a gap: the interval that follows is not known


@dataclass(frozen=True)
class _Record:
    """The samples of a record, and what turns their indices into times."""

    samples: SampleSource
    dt: float  #: [s]
    time_at: Callable[[FloatArray], FloatArray]


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
        One for each rise and fall by more than noise makes and a tenth of the swing, timed where the steeper of the
        two edges passes half of its own height. The swing is the median over sixteen parts of the record of highest
        less lowest, so that one wild sample does not set it; a sample that stands alone where spikes are wider is no
        spike. UNDER_SAMPLED where many spikes last one sample, or an interval fewer than eight. NO_EVENT where nothing
        swings beyond the noise. AMBIGUOUS, and ``doubtful``, where the noise has a memory and its excursions are not
        told from the spikes; with ``missing``, where many spikes are hardly higher than the least one.
    """
    time, (values,), gaps = usable_record(time, values)
    dt = float(time[-1] - time[0]) / (time.size - 1) if time.size > 1 else 0.0

    def time_at(index: FloatArray) -> FloatArray:
        before = np.minimum(index.astype(np.intp), time.size - 2)
        found: FloatArray = time[before] + (index - before) * (time[before + 1] - time[before])
        return found

    samples = ArraySamples(np.ascontiguousarray(values))
    return _spikes(_Record(samples, dt, time_at), resolution, flags | gaps) or _nothing(flags | Flag.OVERFLOW)


def spikes_of_samples(
    samples: SampleSource | FloatArray, dt: float, start: float = 0.0, resolution: float = 0.0, flags: Flag = Flag.NONE,
) -> Spikes:
    """Find the spikes of evenly spaced samples, which need not all be in the memory.

    Memory grows with the number of turning points beyond the noise, and not with the number of samples. Edges are
    placed by their mean shape in records of up to 2^25 samples.

    Parameters
    ----------
    samples : [V or A], shape (n,), or what gives them part by part
    dt, start : [s] between samples; of the first
    resolution, flags : as for :func:`spike_times`, which defines what is found
    """
    if isinstance(samples, np.ndarray):
        values = np.ascontiguousarray(samples, dtype=np.float64)
        samples = ArraySamples(values)
        found = _spikes(_Record(samples, dt, lambda index: start + dt * index), resolution, flags)
        if found is not None:
            return found
        _, (values,), gaps = usable_record(np.arange(float(values.size)), values)
        samples, flags = ArraySamples(values), flags | gaps
    record = _Record(samples, dt, lambda index: start + dt * index)
    return _spikes(record, resolution, flags) or _nothing(flags | Flag.OVERFLOW)


def inter_spike_intervals(spikes: Spikes) -> FloatArray:
    """Return the inter-spike intervals [s], shape (n - 1,) less those across a gap of the time."""
    intervals: FloatArray = np.delete(np.diff(spikes.times), list(spikes.unknown))
    return intervals


def _nothing(flags: Flag) -> Spikes:
    return Spikes(np.empty(0), 0.0, False, np.empty(0), 0.0, 0.0, flags | Flag.NO_EVENT)


def _spikes(record: _Record, resolution: float, flags: Flag) -> Spikes | None:
    """Return the spikes, or None where a sample is no number."""
    if record.samples.size < 8:
        return _nothing(flags)
    with np.errstate(invalid="ignore"):   # infinite samples are recognised by the sum
        scale = scale_of(record.samples, resolution)
    likely = _likely_edges(record.samples, scale)
    turns = turns_of(record.samples, scale.width, scale.least, record.samples.size >= LONG, likely=likely)
    if not abs(turns.sum) < OVERFLOW_NUMBER:
        return None
    best = _none(scale, 0.0, record.dt, flags)
    for swing in _swings(turns, record.samples.size):
        if swing <= 0.0 and scale.least <= 0.0:
            continue
        found = _passages(record, scale, turns, swing, flags, likely)
        if found.times.size >= _FEWEST_SPIKES:
            return found
        best = found if found.times.size > best.times.size else best
    return best


def _none(scale: SearchScale, swing: float, dt: float, flags: Flag) -> Spikes:
    return Spikes(np.empty(0), 0.0, False, np.empty(0), swing, scale.raw_noise, flags | Flag.NO_EVENT,
                  max(scale.least, LEAST_SHARE * swing), _least_width(scale, dt))


def _least_width(scale: SearchScale, dt: float) -> float:
    """Return the width [s] that a spike needs, so that the means do not flatten it."""
    return (1 if scale.width == 1 else 2 * scale.width) * dt


def _likely_edges(samples: SampleSource, scale: SearchScale) -> LikelyEdges | None:
    """Return how the edges in the middle of a long record are timed; None where it shows too few of them."""
    if samples.size < LONG:
        return None
    begin = (samples.size - _STRETCH) // 2
    with np.errstate(invalid="ignore"):
        stretch = ArraySamples(np.ascontiguousarray(samples.part(begin, begin + _STRETCH)))
        turns = turns_of(stretch, scale.width, scale.least, compiled=True, number=1)
    if turns.places.size < 2 * _FEWEST_SPIKES:
        return None
    turns = turns.beyond(max(scale.least, LEAST_SHARE * float(turns.highs.max() - turns.lows.min())))
    return _timing(stretch, _edges(turns, 1.0), _edges(turns, -1.0), scale.width // 2, samples.size)[0]


def _timing(
    samples: SampleSource, rises: "_Edges", falls: "_Edges", half: int, size: int = 0,
) -> tuple[LikelyEdges, float]:
    """Return how edges are timed, and how many samples the middle of one takes; ``size`` as for :func:`_crossings`."""
    lengths = _middle_length(samples, rises, half, size), _middle_length(samples, falls, half, size)
    falling = lengths[1] < _SHORTER * lengths[0]
    length = lengths[1 if falling else 0]
    edges, steep = (falls if falling else rises), min(half, int(0.5 * min(length, 1e9)))
    if steep < half and edges.starts.size:   # a steep edge is not smoothed: means make it longer
        half, length = steep, _middle_length(samples, edges, steep, size)
    back = 0.75 if edges.starts.size and _begins_at_once(samples, edges, half, size) else 0.25
    return LikelyEdges(-1.0 if falling else 1.0, half, back), length


def _passages(
    record: _Record, scale: SearchScale, turns: Turns, swing: float, flags: Flag, likely: LikelyEdges | None,
) -> Spikes:
    """Return the spikes of a record with a known swing, timed on the steeper edge."""
    least, dt = max(scale.least, LEAST_SHARE * swing), record.dt
    samples, turns, alone = _without_wild(record.samples, scale, turns, least, likely)
    level, half = search_level(samples, scale, turns, least), scale.width // 2
    least, turns = level.least, turns.beyond(level.least)
    narrow = _are_many(int(np.count_nonzero(np.isin(turns.places, alone))), turns)
    flags |= Flag.AMBIGUOUS if level.doubtful or level.missing else Flag.NONE
    rises, falls = _whole_edges(samples, turns, 1.0, half), _whole_edges(samples, turns, -1.0, half)
    if not (rises.starts.size or falls.starts.size):
        return _none(scale, swing, dt, flags)
    timing, length = _timing(samples, rises, falls, half)
    falling, half = timing.sign < 0.0, timing.half
    edges = falls if falling else rises
    index = edges.halfway.copy() if timing == likely else np.full(edges.starts.size, math.nan)
    missing = np.flatnonzero(np.isnan(index))
    index[missing] = _crossings(samples, edges.some(missing), 0.5, half, timing.back)
    slope = (_EDGE[1] - _EDGE[0]) * median(np.abs(edges.heights)) / max(length, 1.0)
    noise = max(scale.raw_noise / math.sqrt(2 * half + 1), scale.noise)
    # an edge within one sample tells no more than which sample: uniform
    coarse = 1.0 / math.sqrt(12.0) if length <= 1.0 else 0.0
    uncertainty = math.hypot(noise / slope, coarse)
    placed = None
    if length > 1.0 and samples.size <= _MOST_IN_MEMORY and alike(edges.heights):
        placed = placed_by_shape(samples.part(0, samples.size), index, length)
    # what a place is wrong by adds to the spread of the intervals, so a much smaller spread is a better place
    if placed is not None and np.std(np.diff(placed.index)) < _CLEARLY_BETTER * np.std(np.diff(index)):
        index, uncertainty = placed.index, placed.uncertainty
    if narrow or (index.size > 1 and median(np.diff(index)) < _FEWEST_SAMPLES):
        flags |= Flag.UNDER_SAMPLED
    return Spikes(
        times=record.time_at(index),
        uncertainty=uncertainty * dt, sampled=dt if coarse else 0.0,
        falling=falling,
        levels=edges.bases + 0.5 * edges.heights,
        swing=swing,
        noise=scale.raw_noise,
        flags=flags,
        least=least, least_width=_least_width(scale, dt), doubtful=level.doubtful, missing=level.missing,
    )


def _swings(turns: Turns, size: int) -> list[float]:
    """Return robust swings to try in turn: the median over parts of the record, and the record's own.

    The record's own, without its most extreme part, comes first where most parts hold no spike; a start from rest
    would spoil it, so the median is still tried after.
    """
    if turns.lows.size < 4 or size < 8 * turns.lows.size:
        return [float(turns.highs.max() - turns.lows.min())] if turns.lows.size else []
    typical = median(turns.highs) - median(turns.lows)
    own = float(np.sort(turns.highs)[-2] - np.sort(turns.lows)[1])
    own, typical = (min(one, largest_edge(turns)) for one in (own, typical))
    return [own, typical] if typical < 0.5 * own else [typical, own]


def _without_wild(
    samples: SampleSource, scale: SearchScale, turns: Turns, least: float, likely: LikelyEdges | None,
) -> tuple[SampleSource, Turns, Places]:
    """Return the record without the samples that stand alone, and its turning points beyond ``least``.

    Few of them are errors of the digitiser. Where many turning points stand alone, spikes may be that narrow: the
    record stays as it is, and the places of these turning points are returned last.
    """
    beyond = turns.beyond(least)
    if beyond.places.size < 3:
        return samples, beyond, beyond.places[:0]
    inner = np.flatnonzero(beyond.suspect[1:-1]) + 1
    signs, lone = beyond.signs, np.full(inner.size, -1)
    nearer, search = nearer_levels(beyond.levels, signs)[inner - 1], for_size(lone_samples, samples.size)
    places, reach = beyond.places[inner], scale.width + 2
    for which, first, last in spans(np.maximum(places - reach, 0), np.minimum(places + reach, samples.size),
                                    longest_part(samples)):
        search(samples.part(first, last), first, places[which], signs[inner[which]], nearer[which], scale.width,
               lone[which])
    found = lone[lone >= 0]
    if found.size == 0 or _are_many(found.size, beyond):
        return samples, beyond, places[lone >= 0]
    mended = MendedSamples(samples, found)
    turns = turns_of(mended, scale.width, scale.least, samples.size >= LONG, likely=likely)
    return mended, turns.beyond(least), places[:0]


def _are_many(alone: int, turns: Turns) -> bool:
    """Return whether so many turning points that are one sample are no errors of the digitiser."""
    return alone > max(_FEW_ALONE * (turns.places.size - 2), 1)


@dataclass(frozen=True)
class _Edges:
    """Rises (``sign`` +1) or falls (-1) of a record, shape (n,) each."""

    starts: Places
    ends: Places
    bases: FloatArray  #: [unit] of the record at the start
    heights: FloatArray  #: [unit] how far it goes on, with its sign
    halfway: FloatArray  #: [samples] as that of :class:`.turning.Turns`

    def some(self, chosen: "slice | Places") -> "_Edges":
        return _Edges(self.starts[chosen], self.ends[chosen], self.bases[chosen], self.heights[chosen],
                      self.halfway[chosen])


def _edges(turns: Turns, sign: float) -> _Edges:
    """Return the edges of one direction between the turning points."""
    places, levels = turns.places, turns.levels
    first = 0 if places.size < 2 or sign * (levels[1] - levels[0]) > 0 else 1
    count = max(0, (places.size - first) // 2)
    starts = slice(first, first + 2 * count, 2)
    ends = slice(first + 1, first + 1 + 2 * count, 2)
    bases = levels[starts].copy()
    return _Edges(places[starts].copy(), places[ends].copy(), bases, levels[ends] - bases, turns.halfway[starts])


def _whole_edges(samples: SampleSource, turns: Turns, sign: float, half: int) -> _Edges:
    """Return the edges of one direction that the record holds whole."""
    edges, places = _edges(turns, sign), turns.places
    if edges.starts.size and edges.starts[0] == places[0] and (
            _is_low(edges, 0) or _is_cut(samples, edges.some(slice(1)), half)):
        edges = edges.some(slice(1, None))
    if edges.starts.size and edges.ends[-1] == places[-1] and (
            _is_low(edges, -1) or _is_cut(samples, edges.some(slice(-1, None)), half, -1)):
        edges = edges.some(slice(-1))
    return edges


def _is_low(edges: _Edges, which: int) -> bool:
    """Return whether the first or the last edge is lower than all inner ones, as one is that pauses half way."""
    heights = np.abs(edges.heights)
    return heights.size > _FEWEST_SPIKES and bool(heights[which] < _PART_OF * heights[1:-1].min())


def _is_cut(samples: SampleSource, edge: _Edges, half: int, direction: int = 1) -> bool:
    """Return whether the record begins in the middle of an edge: it stays at the foot for less than the edge takes.

    Read backwards (``direction`` -1): whether it ends there.
    """
    begin, end = max(int(edge.starts[0]) - half, 0), min(int(edge.ends[0]) + half + 1, samples.size)
    alone = ArraySamples(np.ascontiguousarray(samples.part(begin, end)[::direction]))
    if direction < 0:
        last, before = alone.size - 1 + begin, samples.size - end
        edge = _Edges(last - edge.ends, last - edge.starts, edge.bases + edge.heights, -edge.heights, edge.halfway)
    else:
        before = begin
        edge = _Edges(edge.starts - begin, edge.ends - begin, edge.bases, edge.heights, edge.halfway)
    foot, middle = (before + float(_crossings(alone, edge, share, half, share, samples.size)[0])
                    for share in (0.1, 0.5))
    return foot < 0.5 * (middle - foot)


def _middle_length(samples: SampleSource, edges: _Edges, half: int, size: int = 0) -> float:
    """Return the samples that the middle of an edge takes, median over some of them; infinite without any."""
    if not edges.starts.size:
        return math.inf
    edges = _some(edges)
    low, high = (_crossings(samples, edges, share, half, size=size) for share in _EDGE)
    return median(high - low)


def _some(edges: _Edges) -> _Edges:
    count = edges.starts.size
    return edges.some(np.unique(np.linspace(0, count - 1, min(count, _MEASURED_EDGES)).astype(np.intp)))


def _begins_at_once(samples: SampleSource, edges: _Edges, half: int, size: int = 0) -> bool:
    """Return whether edges are nearer to their start than to their end, where they are then looked for."""
    some = _some(edges)
    after = (_crossings(samples, some, 0.5, half, size=size) - some.starts) / np.maximum(some.ends - some.starts, 1)
    return median(after) < 0.5


def _crossings(
    samples: SampleSource, edges: _Edges, share: float, half: int, back: float | None = None, size: int = 0,
) -> FloatArray:
    """Return the fractional place at which each edge passes a share of its height, shape (n,).

    ``back``: the share from which on it is looked for, half of ``share`` where it is None. ``size``: of the record
    that the samples are a part of.
    """
    search, found = for_size(crossings, max(size, samples.size)), np.empty(edges.starts.size)
    firsts, lasts = np.maximum(edges.starts - half, 0), np.minimum(edges.ends + half + 1, samples.size)
    for which, first, last in spans(firsts, lasts, longest_part(samples)):
        one = edges.some(which)
        search(samples.part(first, last), first, one.starts, one.ends, one.bases, one.heights, share,
               0.5 * share if back is None else back, half, found[which])
    return found
