"""A quantity of a recorded trajectory at equidistant samples, as polynomials in the sample's number.

A step of the solver is a cubic, and so is what sources add to it between their breakpoints; a sine is followed by
cubics of a short angle. A million samples are then a few pieces, and whoever wants the samples evaluates the pieces.
"""

import math
from typing import NamedTuple

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.system import IndexArray, Row
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory, rate_in_step, value_in_step
from tsbench.simulated_backends.circuit.waveforms import OFFSET, OMEGA, SINE, position, sine_runs, source_segment
from tsbench.simulated_backends.numerics.compilation import compiled

_ANGLE = 0.06  #: [rad] of a sine in one piece: the cubic is off by 5e-7 of the amplitude at its end
_LEAST_SAMPLES = 4  #: in a piece, on average: more pieces cost more than their samples


class Pieces(NamedTuple):
    """Polynomials c0 + c1 x + c2 x^2 + c3 x^3 of x = number of a sample - number of its piece's first sample."""

    firsts: IndexArray  #: number of the first sample of each piece
    coefficients: FloatArray  #: shape (pieces, 4)


def pieces_of(
    trajectory: RecordedTrajectory, row: Row, start: float, interval: float, first: int, end: int,
) -> Pieces | None:
    """Return a quantity at the samples ``first`` to before ``end``, which lie at ``start + number * interval`` [s].

    The samples lie within the trajectory. None where there would be hardly fewer pieces than samples.
    """
    steps, sources = trajectory.steps, trajectory.sources
    room = 16 + (end - first) // _LEAST_SAMPLES
    inside = np.searchsorted(steps.starts, [start + interval * first, start + interval * end])
    needed = int(inside[1] - inside[0]) + 2
    if needed > room:
        return None
    *_, values, slopes = row.terms
    moving = sources.kinds[values[0]].any() or sources.kinds[slopes[0]].any()
    size = room if moving else needed
    firsts, coefficients = np.empty(size, dtype=np.intp), np.zeros((size, 4))
    count = _fill_pieces(
        steps.arrays(), row.terms,
        (sources.kinds, sources.parameters, sources.table_times, sources.table_values, sources.base),
        start, interval, first, end, firsts, coefficients)
    return Pieces(firsts[:count], coefficients[:count]) if count >= 0 else None


Terms = tuple[IndexArray, FloatArray]


@compiled
def _fill_pieces(
    steps: tuple[FloatArray, ...], terms: tuple[Terms, ...],
    sources: tuple[IndexArray, FloatArray, FloatArray, FloatArray, float], start: float, interval: float, first: int,
    end: int, firsts: IndexArray, coefficients: FloatArray,
) -> int:
    """Fill ``firsts`` and ``coefficients`` (zeros before); return the number of pieces, -1 if they do not fit in."""
    starts, lengths = steps[0], steps[1]
    count, number, last = 0, first, starts.size - 1
    while number < end:
        if count == firsts.size:
            return -1
        t = start + number * interval
        k = max(position(starts, 0, last + 1, t) - 1, 0)
        until = _next_sample(starts[k + 1] if k < last else math.inf, start, interval, number, end)
        row = coefficients[count]
        _add_step(steps, terms[0], terms[1], k, (t - starts[k]) / lengths[k], interval / lengths[k], row)
        until = _add_sources(sources, terms[2], False, start, interval, number, until, row)
        until = _add_sources(sources, terms[3], True, start, interval, number, until, row)
        firsts[count] = number
        count, number = count + 1, until
    return count


@compiled
def _add_step(
    steps: tuple[FloatArray, ...], values: Terms, slopes: Terms, k: int, share: float, rise: float, row: FloatArray,
) -> None:
    """Add to ``row`` what unknowns and their slopes make from the ``share`` of step ``k`` on, ``rise`` a sample."""
    lengths, y0, y1, p, q = steps[1], steps[2], steps[3], steps[4], steps[5]
    for j in range(values[0].size):
        a, weight = values[0][j], values[1][j]
        bend, turn = p[k, a], q[k, a]
        row[0] += weight * value_in_step(share, y0[k, a], y1[k, a], bend, turn)
        row[1] += weight * rise * rate_in_step(share, y0[k, a], y1[k, a], bend, turn)
        row[2] += weight * rise * rise * (turn - bend - 3.0 * share * turn)
        row[3] -= weight * rise * rise * rise * turn
    for j in range(slopes[0].size):
        a, weight = slopes[0][j], slopes[1][j] / lengths[k]
        bend, turn = p[k, a], q[k, a]
        row[0] += weight * rate_in_step(share, y0[k, a], y1[k, a], bend, turn)
        row[1] += 2.0 * weight * rise * (turn - bend - 3.0 * share * turn)
        row[2] -= 3.0 * weight * rise * rise * turn


@compiled
def _add_sources(
    sources: tuple[IndexArray, FloatArray, FloatArray, FloatArray, float], terms: Terms, slopes: bool, start: float,
    interval: float, number: int, until: int, row: FloatArray,
) -> int:
    """Add to ``row`` what sources, or their ``slopes``, make from sample ``number`` on; return where that ends."""
    kinds, parameters, table_times, table_values, base = sources
    time = start + number * interval - base
    for j in range(terms[0].size):
        u, weight = terms[0][j], terms[1][j]
        value, slope, following = source_segment(kinds[u], parameters, u, table_times, table_values, time)
        until = _next_sample(following + base, start, interval, number, until)
        bent = 0.0   # the square of the angle between two samples
        if kinds[u] == SINE and sine_runs(parameters, u, time):
            angle = parameters[u, OMEGA] * interval
            bent = angle * angle
            if angle * (until - number) > _ANGLE:
                until = number + max(int(_ANGLE / angle), 1)
        away, step = value - parameters[u, OFFSET], slope * interval
        if not slopes:
            row[0] += weight * value
            row[1] += weight * step
            row[2] -= weight * bent * away / 2.0
            row[3] -= weight * bent * step / 6.0
        else:
            row[0] += weight * slope
            row[1] -= weight * bent * away / interval
            row[2] -= weight * bent * slope / 2.0
            row[3] += weight * bent * bent * away / (6.0 * interval)
    return until


@compiled
def _next_sample(time: float, start: float, interval: float, number: int, end: int) -> int:
    """Return the first sample not before ``time`` [s], at least the next one behind ``number`` and at most ``end``."""
    place = (time - start) / interval
    if not place < end:
        return end
    return max(math.ceil(place), number + 1)
