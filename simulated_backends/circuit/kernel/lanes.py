"""For circuits that run in lanes: their working arrays, and where within a step a quantity passes its level."""

import math
from typing import NamedTuple

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel.arrays import (
    CHANGES,
    NOW,
    RATES,
    REDUCED,
    SIZES,
    SLOPE,
    STEP_MATRIX,
    CircuitArrays,
    Scratch,
    scratch_space,
)
from tsbench.simulated_backends.circuit.kernel.control import StepControl
from tsbench.simulated_backends.circuit.kernel.equations import right_side_and_jacobian
from tsbench.simulated_backends.circuit.kernel.growth import (
    LIMIT,
    eliminate_currents,
    grows_unseen,
    size_of_excited,
    size_of_leading_mode,
)
from tsbench.simulated_backends.circuit.kernel.places import differential_count
from tsbench.simulated_backends.circuit.trajectory import rate_in_step, value_in_step
from tsbench.simulated_backends.numerics.compilation import compiled
from tsbench.simulated_backends.numerics.linear import IntArray

NEARLY = 0.9  #: of the limit of growth: a lane ends before its circuit alone would be left


class LaneScratch(NamedTuple):
    """Working arrays of the lanes, for circuits of ``n`` unknowns; those of length n belong to one lane at a time."""

    owners: FloatArray  #: number of the circuit that each lane runs, -1 for none
    unknowns: FloatArray  #: shape (n,)
    weights: FloatArray  #: their absolute tolerances, shape (n,)
    space: Scratch


def lane_space(lanes: int, unknowns: int, drives: int, sources: int) -> LaneScratch:
    """Return working arrays for this number of lanes, of unknowns, rows of the drive and sources."""
    return LaneScratch(
        np.zeros(lanes), np.zeros(unknowns), np.zeros(unknowns), scratch_space(unknowns, drives, sources))


@compiled
def crossing_in_step(start: float, step: float, g0: float, g1: float, p: float, q: float) -> float:
    """Return the instant [s] at which a quantity passes zero within a step, g0 < 0 <= g1.

    Newton's method inside a bracket that halves where Newton would leave it. See
    :func:`.circuit.trajectory.values_in_step`.
    """
    low, high, s = 0.0, 1.0, -g0 / (g1 - g0)
    for _ in range(60):
        value = value_in_step(s, g0, g1, p, q)
        if value >= 0.0:
            high = s
        else:
            low = s
        following = s - value / rate_in_step(s, g0, g1, p, q)
        if not low <= following <= high:
            following = 0.5 * (low + high)
        if abs(following - s) <= 1e-10:   # the next would be exact
            s = following
            break
        s = following
    return start + s * step


@compiled
def lane_may_leave(
    L: FloatArray, devices: FloatArray, places: IntArray, control: StepControl, scratch: LaneScratch, last: float,
    ended: bool,
) -> bool:
    """Look at a lane as it is now; return whether a mode may grow unseen, so that its circuit is to be run alone.

    Parameters
    ----------
    L, devices, places : arrays
        See :func:`.equations.right_side`.
    control : StepControl
        What the lane remembers of growth; changed.
    scratch : LaneScratch
        Unknowns, absolute tolerances, and the drive in rows ``NOW`` and ``SLOPE`` of ``space.drives``.
    last : float
        Length of its last step [s].
    ended : bool
        This is the end of that step, which has not been looked at.
    """
    y, weights, space = scratch.unknowns, scratch.weights, scratch.space
    vectors, matrices, drives, work, modes = space.vectors, space.matrices, space.drives, space.work, space.modes
    f, ft, A = vectors[RATES], vectors[CHANGES], matrices[REDUCED]
    n, m, slope = y.size, differential_count(places), drives[SLOPE]
    stages = matrices[STEP_MATRIX]   # a stand-in: a circuit in a lane has no source meter, so no row is read
    right_side_and_jacobian(L, devices, stages, places, drives[NOW], slope, y, work, f, ft, A)
    eliminate_currents(n, m, A, f, ft)
    moving = False
    for k in range(L.shape[0]):
        moving = moving or slope[k] != 0.0
    if m != 2 or ended:   # all that is done for a circuit alone
        control.moving, control.excited = moving, -math.inf
        circuit = CircuitArrays(L, L, L, devices, stages, places)   # R and E are stand-ins: they are not read here
        leaves = grows_unseen(circuit, space, control, weights, y, last, 0.0)
        return bool(leaves or control.e_folds > NEARLY * LIMIT)
    control.e_folds = 0.0
    value, size = size_of_leading_mode(m, A, f, ft, weights, control.rtol, y, vectors[SIZES], modes)
    # under a moving source noise counts for what is excited, too
    return bool(value.real <= 0.0 or moving or size <= size_of_excited(control.rtol))
