"""The arrays that the compiled functions of a circuit share, each under a name.

Compiled code takes tuples of arrays: a circuit, its sources, its scratch space, the steps that come out. Their members
have names, and so have the rows of an array whose rows mean different things.
"""

from typing import NamedTuple

import numpy as np
from numba import types

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel.modes import ComplexArray
from tsbench.simulated_backends.devices.mechanism import MOST_NUMBERS
from tsbench.simulated_backends.numerics.linear import IntArray

VECTOR, MATRIX = types.float64[::1], types.float64[:, ::1]   #: types, for functions that are called by address


class CircuitArrays(NamedTuple):
    """The numbers of a circuit; ``n`` unknowns, of which the first ``m`` are differential, see :mod:`.equations`."""

    L: FloatArray  #: how each row of the drive (see :mod:`.equations`) depends on the unknowns, shape (rows, n)
    R: FloatArray  #: what the sources contribute to the drive, shape (rows, sources)
    E: FloatArray  #: what the slopes of the sources contribute to it, shape (linear states, sources)
    devices: FloatArray  #: parameters, one row for each device
    stages: FloatArray  #: source meters, one row each: columns :data:`.equations.STAGE_COLUMNS`
    places: IntArray  #: what stands where among the unknowns, see :mod:`.places`


CIRCUIT = types.NamedTuple((*[MATRIX] * 5, types.int64[::1]), CircuitArrays)  #: its type


class SourceArrays(NamedTuple):
    """The sources, see :class:`.circuit.waveforms.EncodedSources`."""

    kinds: IntArray
    parameters: FloatArray
    table_times: FloatArray  #: [s]
    table_values: FloatArray  #: [V] or [A]


class Scratch(NamedTuple):
    """Working arrays of the step loop for ``n`` unknowns."""

    vectors: FloatArray  #: rows :data:`RATES` to :data:`U6`, shape (10, n)
    matrices: FloatArray  #: :data:`JACOBIAN`, :data:`STEP_MATRIX` and :data:`REDUCED`, shape (3, n, n)
    pivots: IntArray  #: of the step's matrix, shape (n,)
    drives: FloatArray  #: rows :data:`AT_BREAKPOINT` to :data:`SOURCE_SLOPES`, shape (6, rows of the drive or sources)
    work: FloatArray  #: what the equations of one device return, shape (MOST_NUMBERS,)
    modes: ComplexArray  #: for the eigenvalues of :mod:`.modes`, shape (n + 2, n)


SCRATCH = types.NamedTuple(  #: its type
    (MATRIX, types.float64[:, :, ::1], types.int64[::1], MATRIX, VECTOR, types.complex128[:, ::1]), Scratch)

#: rows of the vectors: f, its derivative by time, the unknowns tried, sizes of unknowns (between uses, scratch for
#: anything), and the six u of the method, see :mod:`.rodas`
RATES, CHANGES, TRIAL, SIZES, U1, U2, U3, U4, U5, U6 = range(10)
#: matrices: df/dy, the one of the step's linear equations, and A of :mod:`.growth`
JACOBIAN, STEP_MATRIX, REDUCED = range(3)
#: rows of the drives: the drive at the last breakpoint, with the present thermal noise, and its slope there (if a
#: source is a sine, AT_BREAKPOINT holds only the noise, and :func:`.generic_step.move_drive` adds the sources); the
#: drive at the present instant and its slope; then the values of the sources and their slopes
AT_BREAKPOINT, SLOPE_AT_BREAKPOINT, NOW, SLOPE, SOURCES, SOURCE_SLOPES = range(6)


class StepArrays(NamedTuple):
    """Accepted steps and their dense output, see :class:`.circuit.trajectory.Steps`."""

    starts: FloatArray  #: [s], shape (most steps,)
    lengths: FloatArray  #: [s], shape (most steps,)
    y0: FloatArray  #: shape (most steps, n), as the next three
    y1: FloatArray
    p: FloatArray
    q: FloatArray


def scratch_space(unknowns: int, drives: int, sources: int) -> Scratch:
    """Return working arrays for this number of unknowns, rows of the drive and sources."""
    return Scratch(
        vectors=np.zeros((10, unknowns)), matrices=np.zeros((3, unknowns, unknowns)),
        pivots=np.zeros(unknowns, dtype=np.int64), drives=np.zeros((6, max(drives, sources))),
        work=np.zeros(MOST_NUMBERS), modes=np.zeros((unknowns + 2, unknowns), dtype=np.complex128))

