"""A quantity of a recorded trajectory at equidistant samples, as polynomials in the sample's number.

A step of the solver is a cubic, and so is what sources add to it between their breakpoints; a sine is followed by
cubics of a short angle. A million samples are then a few pieces, and whoever wants the samples evaluates the pieces.
"""

import math
from typing import Final, NamedTuple

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


#: members of the tuple of steps
STARTS: Final = 0
LENGTHS: Final = 1
BEGINS: Final = 2
ENDS: Final = 3
BENDS: Final = 4
TURNS: Final = 5
#: members of terms, and which terms there are
WHICH: Final = 0
WEIGHTS: Final = 1
OF_UNKNOWNS: Final = 0
OF_THEIR_SLOPES: Final = 1
OF_SOURCES: Final = 2
OF_SLOPES_OF_SOURCES: Final = 3
#: members of the tuple of sources
KINDS: Final = 0
PARAMETERS: Final = 1
TABLE_TIMES: Final = 2
TABLE_VALUES: Final = 3
BASE: Final = 4
#: coefficients of a polynomial
CONSTANT: Final = 0
LINEAR: Final = 1
SQUARE: Final = 2
CUBE: Final = 3

Terms = tuple[IndexArray, FloatArray]


@compiled
def _fill_pieces(
    steps: tuple[FloatArray, ...], terms: tuple[Terms, ...],
    sources: tuple[IndexArray, FloatArray, FloatArray, FloatArray, float], start: float, interval: float, first: int,
    end: int, firsts: IndexArray, coefficients: FloatArray,
) -> int:
    """Fill ``firsts`` and ``coefficients`` (zeros before); return the number of pieces, -1 if they do not fit in."""
    starts, lengths = steps[STARTS], steps[LENGTHS]
    count, number, last = 0, first, starts.size - 1
    while number < end:
        if count == firsts.size:
            return -1
        t = start + number * interval
        k = max(position(starts, 0, last + 1, t) - 1, 0)
        until = _next_sample(starts[k + 1] if k < last else math.inf, start, interval, number, end)
        row = coefficients[count]
        share, rise = (t - starts[k]) / lengths[k], interval / lengths[k]
        _add_step(steps, terms[OF_UNKNOWNS], terms[OF_THEIR_SLOPES], k, share, rise, row)
        until = _add_sources(sources, terms[OF_SOURCES], False, start, interval, number, until, row)
        until = _add_sources(sources, terms[OF_SLOPES_OF_SOURCES], True, start, interval, number, until, row)
        firsts[count] = number
        count, number = count + 1, until
    return count


@compiled
def _add_step(
    steps: tuple[FloatArray, ...], values: Terms, slopes: Terms, k: int, share: float, rise: float, row: FloatArray,
) -> None:
    """Add to ``row`` what unknowns and their slopes make from the ``share`` of step ``k`` on, ``rise`` a sample."""
    lengths, y0, y1 = steps[LENGTHS], steps[BEGINS], steps[ENDS]
    p, q = steps[BENDS], steps[TURNS]
    for j in range(values[WHICH].size):
        a, weight = values[WHICH][j], values[WEIGHTS][j]
        bend, turn = p[k, a], q[k, a]
        row[CONSTANT] += weight * value_in_step(share, y0[k, a], y1[k, a], bend, turn)
        row[LINEAR] += weight * rise * rate_in_step(share, y0[k, a], y1[k, a], bend, turn)
        row[SQUARE] += weight * rise * rise * (turn - bend - 3.0 * share * turn)
        row[CUBE] -= weight * rise * rise * rise * turn
    for j in range(slopes[WHICH].size):
        a, weight = slopes[WHICH][j], slopes[WEIGHTS][j] / lengths[k]
        bend, turn = p[k, a], q[k, a]
        row[CONSTANT] += weight * rate_in_step(share, y0[k, a], y1[k, a], bend, turn)
        row[LINEAR] += 2.0 * weight * rise * (turn - bend - 3.0 * share * turn)
        row[SQUARE] -= 3.0 * weight * rise * rise * turn


@compiled
def _add_sources(
    sources: tuple[IndexArray, FloatArray, FloatArray, FloatArray, float], terms: Terms, slopes: bool, start: float,
    interval: float, number: int, until: int, row: FloatArray,
) -> int:
    """Add to ``row`` what sources, or their ``slopes``, make from sample ``number`` on; return where that ends."""
    kinds, parameters, base = sources[KINDS], sources[PARAMETERS], sources[BASE]
    table_times, table_values = sources[TABLE_TIMES], sources[TABLE_VALUES]
    time = start + number * interval - base
    for j in range(terms[WHICH].size):
        u, weight = terms[WHICH][j], terms[WEIGHTS][j]
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
            row[CONSTANT] += weight * value
            row[LINEAR] += weight * step
            row[SQUARE] -= weight * bent * away / 2.0
            row[CUBE] -= weight * bent * step / 6.0
        else:
            row[CONSTANT] += weight * slope
            row[LINEAR] -= weight * bent * away / interval
            row[SQUARE] -= weight * bent * slope / 2.0
            row[CUBE] += weight * bent * bent * away / (6.0 * interval)
    return until


@compiled
def _next_sample(time: float, start: float, interval: float, number: int, end: int) -> int:
    """Return the first sample not before ``time`` [s], at least the next one behind ``number`` and at most ``end``."""
    place = (time - start) / interval
    if not place < end:
        return end
    return max(math.ceil(place), number + 1)
