"""Waveforms that change their frequency, phase, amplitude or width all the time, laid out as straight lines.

A signal is a wave over phase, a course of the phase over time, and what happens to its amplitude. It is laid out for
one stretch of time after the other. Where all its periods have a common multiple that is short enough, one such
stretch is enough: the circuit repeats it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.virtual_instruments.generator.courses import Course, whole_multiple
from tsbench.simulated_backends.virtual_instruments.generator.unit_waves import Vertices, Wave

STRETCH_POINTS = 60_000  #: points laid out at once
LONGEST_REPEATED = 200_000  #: points of a stretch that the circuit repeats


@dataclass(frozen=True)
class Envelope:
    """What a modulating wave does to amplitude or width; with the defaults it does nothing."""

    wave: Wave | None = None
    rate: float = 1.0  #: [Hz]
    gain: tuple[float, float] = (1.0, 0.0)  #: amplitude factor: first + second * wave
    added: float = 0.0  #: of half the amplitude, times the wave (SUM)
    width: tuple[float, float, float] | None = None  #: [s] pulse width, its deviation, half the difference of the edges

    def values(self, times: FloatArray, left: bool = False) -> FloatArray:
        """Return the wave at times [s]; ``left``: in front of a jump that happens there."""
        assert self.wave is not None
        phases = times * self.rate
        return self.wave.at(phases - 1e-9 if left else phases)

    def jumps(self, first: float, last: float) -> Vertices:
        """Return the vertices between two times [s]."""
        assert self.wave is not None
        return self.wave.vertices(first * self.rate, last * self.rate)


@dataclass(frozen=True)
class Signal:
    """One waveform, in volts of EMF."""

    wave: Wave
    course: Course
    middle: float  #: [V]
    half: float  #: [V] from the middle to the top; negative: inverted
    envelope: Envelope = field(default_factory=Envelope)
    phase_jumps: tuple[Wave, float] | None = None  #: what the phase jumps with (PM, BPSK), its rate [Hz]
    edge: float = 1e-9  #: [s] of a jump of a modulated quantity

    @property
    def density(self) -> float:
        """Return how many points a second has at most."""
        points = self.wave.points * self.course.highest
        if self.envelope.wave is not None:
            points += self.envelope.wave.points * self.envelope.rate
        if self.phase_jumps is not None:
            points += self.phase_jumps[0].points * self.phase_jumps[1]
        return max(points, 1e-9)

    def repeats_after(self) -> float:
        """Return the time [s] after which all is as at the start; infinite: never, or too late."""
        period = self.course.repeats_after() * self.wave.cycles
        if math.isinf(period) or self.envelope.wave is None:
            return period
        return period * whole_multiple(period * self.envelope.rate / self.envelope.wave.cycles)

    def lay_out(self, first: float, last: float) -> tuple[FloatArray, FloatArray]:
        """Return times from ``first`` to ``last`` [s] and EMF [V], straight in between."""
        times: list[FloatArray] = []
        values: list[FloatArray] = []
        for begin, end in self._parts(first, last):
            t, carrier = self._carrier(begin, end)
            if self.envelope.wave is not None and self.envelope.width is None:
                bends = self.envelope.jumps(begin, end).phases / self.envelope.rate
                both = np.union1d(t, bends[(bends > begin) & (bends < end)])
                t, carrier = both, np.interp(both, t, carrier)
            value = self.middle + self.half * carrier
            if self.envelope.wave is not None and self.envelope.width is None:
                modulating = self.envelope.values(t)
                if len(t):
                    modulating[-1] = self.envelope.values(t[-1:], left=True)[0]
                offset, slope = self.envelope.gain
                value = self.middle + self.half * (
                    (offset + slope * modulating) * carrier + self.envelope.added * modulating)
            times.append(t)
            values.append(value)
        return rising(np.concatenate(times), np.concatenate(values))

    def _parts(self, first: float, last: float) -> Iterator[tuple[float, float]]:
        """Yield the stretches between jumps of a modulating wave; a jump itself takes ``edge``."""
        marks: list[FloatArray] = []
        if self.envelope.wave is not None and self.envelope.width is None:
            found = self.envelope.jumps(first, last)
            marks.append(found.phases[found.before != found.after] / self.envelope.rate)
        if self.phase_jumps is not None:
            wave, rate = self.phase_jumps
            found = wave.vertices(first * rate, last * rate)
            marks.append(found.phases[found.before != found.after] / rate)
        jumps = np.unique(np.concatenate([*marks, np.zeros(0)]))
        begin = first
        for jump in jumps[jumps < last]:
            if jump - begin > self.edge:
                yield begin, float(jump)
            begin = max(begin, float(jump) + self.edge) if jump > first else first
        if last > begin:
            yield begin, last

    def _carrier(self, begin: float, end: float) -> tuple[FloatArray, FloatArray]:
        """Return times [s] and the wave, between -1 and 1, from ``begin`` to ``end`` without jumps of phase."""
        inside = end - 1e-9 * (end - begin)   # a jump at the end belongs to what follows
        early = begin - (1.0 / self.course.highest if self.envelope.width is not None else 0.0)
        cycles = abs(float(np.diff(self.course.phase(np.array([early, inside])))[0]))
        grid = np.linspace(early, inside, int(16 * min(cycles, 1e6)) + 65)
        grid = np.union1d(grid, self.course.bends(early, inside))
        phases = np.maximum.accumulate(self.course.phase(grid))
        found = self.wave.vertices(float(phases[0]) - 1e-9, float(phases[-1]))
        times = np.interp(found.phases, phases, grid)
        if self.envelope.width is not None:
            times = self._moved_falls(found, times)
        ends = self.wave.at(phases[[0, -1]])
        times, values = _with_edges(times, found, (early, end), (float(ends[0]), float(ends[1])))
        if early < begin:
            later = times > begin
            start = np.interp([begin], times, values)
            times, values = np.append(begin, times[later]), np.append(start, values[later])
        return times, values

    def _moved_falls(self, found: Vertices, times: FloatArray) -> FloatArray:
        """Return the times of a pulse train whose width follows the modulating wave at the beginning of each pulse."""
        width, deviation, shift = self.envelope.width or (0.0, 0.0, 0.0)
        rising = found.after > found.before
        begins, moved = times[rising], times.copy()
        if len(begins):
            ends = begins + width + deviation * self.envelope.values(begins) + shift
            owner = np.searchsorted(begins, times[~rising], "right") - 1
            moved[~rising] = np.where(owner >= 0, ends[np.maximum(owner, 0)], times[~rising])
        return moved


def _with_edges(
    times: FloatArray, found: Vertices, span: tuple[float, float], ends: tuple[float, float],
) -> tuple[FloatArray, FloatArray]:
    """Return a polyline through vertices at ``times`` [s], jumps with their edges, and both ends of the span [s]."""
    begin, end = span
    inner = (times >= begin) & (times < end)
    times = times[inner]
    before, after, edges = found.before[inner], found.after[inner], found.edges[inner]
    edges = np.minimum(edges, 0.9 * np.diff(np.append(times, end)))
    jump = edges > 0
    first = float(before[0]) if len(times) and times[0] <= begin else ends[0]
    all_times = np.concatenate([[begin], times, times[jump] + edges[jump], [end]])
    all_values = np.concatenate([[first], before, after[jump], [ends[1]]])
    order = np.argsort(all_times, kind="stable")
    return all_times[order], all_values[order]


@dataclass(frozen=True)
class Sum:
    """Signals on one output."""

    signals: tuple[Signal, ...]

    @property
    def density(self) -> float:
        """Return how many points a second has at most."""
        return sum(signal.density for signal in self.signals)

    def repeats_after(self) -> float:
        """Return the time [s] after which all is as at the start; infinite: never."""
        period, *others = (signal.repeats_after() for signal in self.signals)
        for other in others:
            if math.isinf(period) or math.isinf(other):
                return math.inf
            period *= whole_multiple(period / other)
        return period

    def lay_out(self, first: float, last: float) -> tuple[FloatArray, FloatArray]:
        """Return times from ``first`` to ``last`` [s] and EMF [V], straight in between."""
        parts = [signal.lay_out(first, last) for signal in self.signals]
        times = np.unique(np.concatenate([t for t, _ in parts]))
        return times, np.sum([np.interp(times, t, v) for t, v in parts], axis=0)


def rising(times: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a polyline without the points whose time [s] is not later than the one before."""
    kept = np.append(True, np.diff(times) > 0)
    return times[kept], values[kept]


def stretch_length(signal: Signal | Sum) -> tuple[float, bool]:
    """Return how long a stretch [s] to lay out, and whether the circuit may repeat it without end."""
    period = signal.repeats_after()
    if period * signal.density <= LONGEST_REPEATED:
        return period, True
    return STRETCH_POINTS / signal.density, False
