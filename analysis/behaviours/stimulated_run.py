"""One run of a neuron: what was applied, what came out, and the spikes in it.

A passive network answers a change of its stimulus too, so a passage of the response counts as a spike only where one
of its strokes is much shorter than the time since the stimulus last changed: no network of resistors and capacitors
does that (the step response of one to three equal sections takes 0.7 to 0.45 of that time from 30 to 70 %).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray

#: a change of the stimulus within this share of the record is an edge, a longer one a ramp
EDGE_SHARE = 0.01
#: armed below the one, fired above the other (shares of the largest excursion of an experiment)
ARM, FIRE = 0.3, 0.6
#: the faster stroke of a spike takes less than this share of the time since the stimulus last changed
STROKE_SHARE = 0.2
#: an excursion does not count below this many standard deviations of the response at rest
LEAST_SIGNIFICANCE = 8.0
#: nor below this share of the largest change of the stimulus: that is a residue
LEAST_GAIN = 0.02
#: at its end a run is back at rest within this share of the largest excursion
REST_SHARE = 0.1
#: and has been there for this share of its duration
REST_TAIL = 0.05


@dataclass(frozen=True)
class StimulatedRecord:
    """Time [s] (ascending, not necessarily even), stimulus and response [V], each of shape (n,).

    The stimulus is what the generator was told, without noise. The run begins at rest.
    """

    time: FloatArray
    stimulus: FloatArray
    response: FloatArray


@dataclass(frozen=True)
class Phase:
    """A stretch of the stimulus between two instants [s]: level at its ends [V], relative to the first."""

    start: float
    end: float
    first: float
    last: float

    @property
    def duration(self) -> float:
        """Return how long it lasts [s]."""
        return self.end - self.start


@dataclass(frozen=True)
class Stimulus:
    """The stimulus in phases: holds away from the first level, ramps, and where edges or ramps end [s]."""

    holds: tuple[Phase, ...]
    ramps: tuple[Phase, ...]
    edges: tuple[Phase, ...]


@dataclass(frozen=True)
class Response:
    """What came out of one run, on the scale of the largest excursion of its experiment."""

    run: StimulatedRecord
    stimulus: Stimulus
    rest: float  #: [V] level before the stimulus
    scale: float  #: [V] the experiment's largest excursion above rest
    spikes: FloatArray  #: [s] times of the upstrokes
    amplitudes: FloatArray  #: [V] peaks above rest
    widths: FloatArray  #: [s] at half of the scale
    returned: bool  #: at rest again, for the last part of the run

    def between(self, start: float, end: float) -> FloatArray:
        """Return the spikes from ``start`` to ``end`` [s]."""
        return self.spikes[(self.spikes >= start) & (self.spikes < end)]

    @property
    def width(self) -> float:
        """Return the median width of a spike [s], nan without spikes."""
        return float(np.median(self.widths)) if self.widths.size else math.nan


def phases(time: FloatArray, stimulus: FloatArray) -> Stimulus:
    """Divide a stimulus (piecewise linear, without noise) into holds, ramps and edges.

    Parameters
    ----------
    time : [s] rising, not necessarily even, shape (n,)
    stimulus : [V] at these times, shape (n,)
    """
    base = float(stimulus[0])
    level = stimulus - base
    largest = float(np.abs(level).max())
    if largest == 0:
        return Stimulus((), (), ())
    duration = float(time[-1] - time[0])
    # samples that only rounding tells apart have no slope
    kept = np.append(True, np.diff(time) > 1e-7 * duration)
    time, level = time[kept], level[kept]
    slope = np.diff(level) / np.diff(time)
    # 0 where it stands still; a run of equal signs is one stretch
    moving = np.where(np.abs(slope) * duration > 0.02 * largest, np.sign(slope), 0.0)
    starts = np.concatenate(([0], np.flatnonzero(np.diff(moving)) + 1))
    ends = np.concatenate((starts[1:], [moving.size]))
    holds, ramps, edges = [], [], []
    for a, b in zip(starts, ends, strict=True):
        phase = Phase(float(time[a]), float(time[b]), float(level[a]), float(level[b]))
        if moving[a] == 0:
            if abs(phase.first) > 0.02 * largest:
                holds.append(phase)
        elif phase.duration < EDGE_SHARE * duration:
            edges.append(phase)
        else:
            ramps.append(phase)
    return Stimulus(tuple(holds), tuple(ramps), tuple(edges))


def responses(runs: Sequence[StimulatedRecord]) -> tuple[Response, ...]:
    """Return what came out of the runs of one experiment, spikes found on their common scale."""
    parts = [phases(run.time, run.stimulus) for run in runs]
    rests, spreads = zip(*(_rest(run, part) for run, part in zip(runs, parts, strict=True)), strict=True)
    scale = max(float((run.response - rest).max()) for run, rest in zip(runs, rests, strict=True))
    change = max(float(np.abs(run.stimulus - run.stimulus[0]).max()) for run in runs)
    if scale <= max(LEAST_SIGNIFICANCE * max(spreads), LEAST_GAIN * change):
        scale = math.inf
    return tuple(
        _response(run, part, rest, scale) for run, part, rest in zip(runs, parts, rests, strict=True))


def _rest(run: StimulatedRecord, stimulus: Stimulus) -> tuple[float, float]:
    """Return mean and standard deviation of the response before the stimulus first changes (weighted by time)."""
    begin = min((p.start for p in (*stimulus.edges, *stimulus.ramps)), default=float(run.time[-1]))
    # a ramp begins at its first sample after the change: keep clear of it
    before = run.time <= begin
    if before.sum() < 3:
        return float(run.response[0]), 0.0
    t, y = run.time[before], run.response[before]
    weights = np.gradient(t)
    mean = float(np.average(y, weights=weights))
    return mean, math.sqrt(float(np.average((y - mean) ** 2, weights=weights)))


def _response(run: StimulatedRecord, stimulus: Stimulus, rest: float, scale: float) -> Response:
    above = run.response - rest
    nothing = np.empty(0)
    if not math.isfinite(scale):
        return Response(run, stimulus, rest, scale, nothing, nothing, nothing, True)
    changes = np.array([run.time[0], *(p.end for p in stimulus.edges), *(p.start for p in stimulus.ramps)])
    found = [
        spike for spike in _passages(run.time, above, scale)
        if spike[3] < STROKE_SHARE * _since(spike[4], changes, stimulus.edges)
    ]
    times, amplitudes, widths = (np.array([s[k] for s in found]) for k in range(3))
    tail = run.time >= run.time[-1] - REST_TAIL * (run.time[-1] - run.time[0])
    returned = bool((np.abs(above[tail]) < REST_SHARE * scale).all())
    return Response(run, stimulus, rest, scale, times, amplitudes, widths, returned)


def _since(instant: float, changes: FloatArray, edges: Sequence[Phase]) -> float:
    """Return the time [s] since the stimulus last changed; 0 on an edge."""
    if any(p.start <= instant <= p.end for p in edges):
        return 0.0
    return float(instant - changes[changes <= instant].max())


def _passages(time: FloatArray, above: FloatArray, scale: float) -> list[tuple[float, float, float, float, float]]:
    """Return (time, peak, width, duration of the faster stroke, when that ends) of every passage beyond FIRE."""
    state = np.where(above > FIRE * scale, 1, np.where(above < ARM * scale, -1, 0))
    known = np.flatnonzero(state)
    rises = np.flatnonzero((state[known[1:]] == 1) & (state[known[:-1]] == -1))
    falls = np.flatnonzero((state[known[1:]] == -1) & (state[known[:-1]] == 1))
    found = []
    for rise in rises:
        a, b = known[rise], known[rise + 1]
        later = falls[falls > rise]
        up = _crossing(time, above, a, b, ARM * scale), _crossing(time, above, a, b, FIRE * scale)
        last = known[later[0]] if later.size else above.size - 1
        peak = float(above[b: last + 1].max())
        strokes = [(up[1] - up[0], up[1])]
        end = float(time[-1])
        if later.size:
            c, d = known[later[0]], known[later[0] + 1]
            down = _crossing(time, -above, c, d, -FIRE * scale), _crossing(time, -above, c, d, -ARM * scale)
            strokes.append((down[1] - down[0], down[1]))
            end = down[0]
        stroke = min(strokes)
        found.append((up[1], peak, end - up[1], *stroke))
    return found


def _crossing(time: FloatArray, values: FloatArray, first: int, last: int, level: float) -> float:
    """Return when ``values`` last rise through ``level`` between two samples [s]."""
    part = values[first: last + 1]
    k = first + int(np.flatnonzero(part[:-1] < level)[-1]) if (part[:-1] < level).any() else first
    rise = values[k + 1] - values[k]
    share = (level - values[k]) / rise if rise > 0 else 0.0
    return float(time[k] + min(max(share, 0.0), 1.0) * (time[k + 1] - time[k]))
