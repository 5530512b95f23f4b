"""A look inside accepted steps: does what the polynomial says there solve the equations?

Error control sees the end of a step. A device that follows a control voltage at once, or within a time far shorter than
the step (a comparator before nothing slow, a transistor's channel), can switch in the middle of a step whose end is
right. So in circuits with such devices each step is looked into: at three instants the defect of each controlled
device's equations is measured, as the distance from the solution that it stands for::

    |f - y'| / (1/h + |df/dy|)      state        |g| / |dg/di|      current

Not the states of a device that random paths move: their rates belong to the piece of the path in which the step was
taken, and pieces keep steps short.
"""

from typing import NamedTuple

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel.arrays import CircuitArrays, SourceArrays
from tsbench.simulated_backends.circuit.kernel.equations import drive_at, right_side_and_jacobian
from tsbench.simulated_backends.circuit.kernel.places import (
    control_row_of,
    device_count,
    first_current,
    first_state,
    path_count,
    states_end,
)
from tsbench.simulated_backends.circuit.trajectory import Steps, rate_in_step, value_in_step
from tsbench.simulated_backends.devices.mechanism import MOST_NUMBERS
from tsbench.simulated_backends.numerics.compilation import compiled

SLACK, MOST = 1e3, 0.02  #: defect that a step may have: in units of the solver's tolerance, and at most relative
SHORTEST = 1e-10  #: [s]: what happens within a shorter step is left to error control


class DefectScratch(NamedTuple):
    """Working arrays of :func:`first_defect`, for ``n`` unknowns."""

    y: FloatArray  #: unknowns by the polynomial, shape (n,)
    f: FloatArray  #: their rates by the equations, shape (n,)
    ft: FloatArray  #: derivatives of ``f`` by time, shape (n,)
    rate: FloatArray  #: rates by the polynomial, shape (n,)
    J: FloatArray  #: df/dy, shape (n, n)
    drive: FloatArray  #: shape (rows,)
    slope: FloatArray  #: of the drive, shape (rows,)
    u: FloatArray  #: values of the sources, shape (sources,)
    du: FloatArray  #: their slopes, shape (sources,)
    work: FloatArray  #: what the equations of one device return, shape (MOST_NUMBERS,)


def defect_space(unknowns: int, drives: int, sources: int) -> DefectScratch:
    """Return working arrays for this number of unknowns, rows of the drive and sources."""
    return DefectScratch(
        y=np.zeros(unknowns), f=np.zeros(unknowns), ft=np.zeros(unknowns), rate=np.zeros(unknowns),
        J=np.zeros((unknowns, unknowns)), drive=np.zeros(drives), slope=np.zeros(drives), u=np.zeros(sources),
        du=np.zeros(sources), work=np.zeros(MOST_NUMBERS))


def first_defect(
    circuit: CircuitArrays, sources: SourceArrays, steps: Steps, weights: FloatArray, rtol: float,
    space: DefectScratch,
) -> int | None:
    """Return the first step whose polynomial does not solve the controlled devices' equations; None: all do.

    Arguments as in :func:`.integrator.integrate`.
    """
    found = _first(circuit, sources, *steps.arrays(), weights, rtol, space)
    return None if found < 0 else int(found)


@compiled
def _first(
    circuit: CircuitArrays, sources: SourceArrays, starts: FloatArray, lengths: FloatArray, y0: FloatArray,
    y1: FloatArray, p: FloatArray, q: FloatArray, weights: FloatArray, rtol: float, space: DefectScratch,
) -> int:
    L, R, E, devices, stages, places = circuit.L, circuit.R, circuit.E, circuit.devices, circuit.stages, circuit.places
    y, f, ft, rate, J = space.y, space.f, space.ft, space.rate, space.J
    drive, slope, u, du, work = space.drive, space.slope, space.u, space.du, space.work
    n, currents = y.size, first_current(places)
    for step in range(starts.size):
        h = lengths[step]
        if h <= SHORTEST:
            continue
        for quarter in range(1, 4):
            s = 0.25 * quarter
            for a in range(n):
                y[a] = value_in_step(s, y0[step, a], y1[step, a], p[step, a], q[step, a])
                rate[a] = rate_in_step(s, y0[step, a], y1[step, a], p[step, a], q[step, a]) / h
            drive_at(sources, R, E, starts[step] + s * h, u, du, drive, slope)
            right_side_and_jacobian(L, devices, stages, places, drive, slope, y, work, f, ft, J)
            for k in range(device_count(places)):
                if control_row_of(places, k) < 0:
                    continue   # nothing controls it
                own = currents + k
                if _misses(abs(f[own]) / abs(J[own, own]), y0[step, own], y1[step, own], weights[own], rtol):
                    return step
                if path_count(places, k) > 0:
                    continue   # random paths move it
                for a in range(first_state(places, k), states_end(places, k)):
                    distance = abs(f[a] - rate[a]) / (1.0 / h + abs(J[a, a]))
                    if _misses(distance, y0[step, a], y1[step, a], weights[a], rtol):
                        return step
    return -1


@compiled
def _misses(distance: float, before: float, after: float, weight: float, rtol: float) -> bool:
    return not distance <= min(SLACK * rtol, MOST) * (weight / rtol + max(abs(before), abs(after)))
