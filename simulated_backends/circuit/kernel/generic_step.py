"""One step of RODAS4(3) for any circuit: loops over its matrices, one device after the other.

The integrator calls :func:`begin_step` once where it stands and :func:`take_step` for every length it tries;
:mod:`.straight_line` writes both out for one topology. A change of the equations of a step must be made there as well.
Both functions are compiled as parts of that loop: handing the arrays of a circuit to a compiled function of its own
takes longer than solving for one u of the method.
"""

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel import rodas as r
from tsbench.simulated_backends.circuit.kernel.arrays import (
    AT_BREAKPOINT,
    CHANGES,
    JACOBIAN,
    NOW,
    RATES,
    REDUCED,
    SIZES,
    SLOPE,
    SLOPE_AT_BREAKPOINT,
    SOURCE_SLOPES,
    SOURCES,
    STEP_MATRIX,
    TRIAL,
    U1,
    U2,
    U3,
    U4,
    U5,
    U6,
    CircuitArrays,
    Scratch,
    SourceArrays,
)
from tsbench.simulated_backends.circuit.kernel.equations import drive_at, right_side, right_side_and_jacobian
from tsbench.simulated_backends.circuit.kernel.growth import eliminate_currents
from tsbench.simulated_backends.circuit.kernel.places import differential_count
from tsbench.simulated_backends.numerics.compilation import compiled, part
from tsbench.simulated_backends.numerics.linear import factorise, solve


@part
def begin_step(circuit: CircuitArrays, scratch: Scratch, y: FloatArray) -> None:
    """Evaluate the right-hand side and its derivatives at ``y`` into the scratch space."""
    L, devices, stages, places = circuit.L, circuit.devices, circuit.stages, circuit.places
    vectors, matrices, drives, work = scratch.vectors, scratch.matrices, scratch.drives, scratch.work
    right_side_and_jacobian(
        L, devices, stages, places, drives[NOW], drives[SLOPE], y, work, vectors[RATES], vectors[CHANGES],
        matrices[JACOBIAN])


@part
def linearise(circuit: CircuitArrays, scratch: Scratch, n: int) -> None:
    """Compute the matrix A of :mod:`.growth` at the start of the step; store it in :data:`.arrays.REDUCED`."""
    sizes, J, A = scratch.vectors[SIZES], scratch.matrices[JACOBIAN], scratch.matrices[REDUCED]
    for a in range(n):
        sizes[a] = 0.0
        for b in range(n):
            A[a, b] = J[a, b]
    eliminate_currents(n, differential_count(circuit.places), A, sizes, sizes)


@part
def take_step(
    circuit: CircuitArrays, sources: SourceArrays, scratch: Scratch, y: FloatArray, weights: FloatArray, rtol: float,
    t: float, elapsed: float, step: float, moving: bool, curved: bool, dense_p: FloatArray, dense_q: FloatArray,
    row: int,
) -> float:
    """Try a step after :func:`begin_step`; return its squared error in units of the tolerance.

    Parameters
    ----------
    circuit, sources, scratch, y, weights : see :func:`.integrator.integrate`
    rtol : relative tolerance
    t, elapsed, step : float
        Time [s], time since the last breakpoint [s], length of the step [s].
    moving, curved : bool
        Whether any source moves, and whether any along a curve.
    dense_p, dense_q, row
        Where the dense output goes; the unknowns at the end go to the vector :data:`.arrays.TRIAL`.
    """
    L, devices, stages, places = circuit.L, circuit.devices, circuit.stages, circuit.places
    vectors, matrices, pivots = scratch.vectors, scratch.matrices, scratch.pivots
    drives, work = scratch.drives, scratch.work
    n, drive, differential = y.size, drives[NOW], differential_count(places)
    f, ft, trial, scale = vectors[RATES], vectors[CHANGES], vectors[TRIAL], vectors[SIZES]
    u1, u2, u3 = vectors[U1], vectors[U2], vectors[U3]
    u4, u5, u6 = vectors[U4], vectors[U5], vectors[U6]
    J, W, inverse = matrices[JACOBIAN], matrices[STEP_MATRIX], 1.0 / step
    for a in range(n):
        for b in range(n):
            W[a, b] = -J[a, b]
    for a in range(differential):
        W[a, a] += inverse / r.GAMMA
    factorise(n, W, pivots, scale)

    for a in range(n):
        u1[a] = f[a] + step * r.G1 * ft[a]
    solve(n, W, pivots, u1)

    for a in range(n):
        trial[a] = y[a] + r.A21 * u1[a]
    _rates_ahead(circuit, sources, scratch, t, elapsed, r.C2 * step, moving, curved, u2)
    for a in range(differential):
        u2[a] += inverse * r.C21 * u1[a]
    for a in range(n):
        u2[a] += step * r.G2 * ft[a]
    solve(n, W, pivots, u2)

    for a in range(n):
        trial[a] = y[a] + r.A31 * u1[a] + r.A32 * u2[a]
    _rates_ahead(circuit, sources, scratch, t, elapsed, r.C3 * step, moving, curved, u3)
    for a in range(differential):
        u3[a] += inverse * (r.C31 * u1[a] + r.C32 * u2[a])
    for a in range(n):
        u3[a] += step * r.G3 * ft[a]
    solve(n, W, pivots, u3)

    for a in range(n):
        trial[a] = y[a] + r.A41 * u1[a] + r.A42 * u2[a] + r.A43 * u3[a]
    _rates_ahead(circuit, sources, scratch, t, elapsed, r.C4 * step, moving, curved, u4)
    for a in range(differential):
        u4[a] += inverse * (r.C41 * u1[a] + r.C42 * u2[a] + r.C43 * u3[a])
    for a in range(n):
        u4[a] += step * r.G4 * ft[a]
    solve(n, W, pivots, u4)

    for a in range(n):
        trial[a] = y[a] + r.A51 * u1[a] + r.A52 * u2[a] + r.A53 * u3[a] + r.A54 * u4[a]
    _rates_ahead(circuit, sources, scratch, t, elapsed, step, moving, curved, u5)
    for a in range(differential):
        u5[a] += inverse * (r.C51 * u1[a] + r.C52 * u2[a] + r.C53 * u3[a] + r.C54 * u4[a])
    solve(n, W, pivots, u5)

    for a in range(n):
        trial[a] += u5[a]
    right_side(L, devices, stages, places, drive, trial, work, u6)
    for a in range(differential):
        u6[a] += inverse * (
            r.C61 * u1[a] + r.C62 * u2[a] + r.C63 * u3[a] + r.C64 * u4[a] + r.C65 * u5[a])
    solve(n, W, pivots, u6)

    return _finish_step(vectors, y, weights, rtol, dense_p, dense_q, row)  # type: ignore[no-any-return]


@part
def _rates_ahead(
    circuit: CircuitArrays, sources: SourceArrays, scratch: Scratch, t: float, elapsed: float, ahead: float,
    moving: bool, curved: bool, out: FloatArray,
) -> None:
    """Fill ``out``, shape (n,), with the right-hand side at the trial, ``ahead`` [s] of the start of the step.

    Other arguments as in :func:`take_step`.
    """
    L, R, E, devices, stages, places = circuit.L, circuit.R, circuit.E, circuit.devices, circuit.stages, circuit.places
    vectors, drives, work = scratch.vectors, scratch.drives, scratch.work
    if moving:
        move_drive(curved, sources, R, E, t + ahead, elapsed + ahead, drives)
    right_side(L, devices, stages, places, drives[NOW], vectors[TRIAL], work, out)


@part
def _finish_step(
    vectors: FloatArray, y: FloatArray, weights: FloatArray, rtol: float, dense_p: FloatArray, dense_q: FloatArray,
    row: int,
) -> float:
    """Write the dense output and the unknowns at the end; return the squared error. Arguments: :func:`take_step`."""
    u1, u2, u3 = vectors[U1], vectors[U2], vectors[U3]
    u4, u5, u6 = vectors[U4], vectors[U5], vectors[U6]
    n, trial = y.size, vectors[TRIAL]
    for a in range(n):
        dense_p[row, a] = r.D21 * u1[a] + r.D22 * u2[a] + r.D23 * u3[a] + r.D24 * u4[a] + r.D25 * u5[a]
        dense_q[row, a] = r.D31 * u1[a] + r.D32 * u2[a] + r.D33 * u3[a] + r.D34 * u4[a] + r.D35 * u5[a]
    error = 0.0
    for a in range(n):
        trial[a] += u6[a]
        deviation = u6[a] / (weights[a] + rtol * max(abs(y[a]), abs(trial[a])))
        error += deviation * deviation
    return error / max(n, 1)


@compiled
def move_drive(
    curved: bool, sources: SourceArrays, R: FloatArray, E: FloatArray, t: float, elapsed: float, drives: FloatArray
) -> None:
    """Evaluate the drive at ``t``, ``elapsed`` after the last breakpoint: rows ``NOW`` and ``SLOPE`` of ``drives``.

    ``AT_BREAKPOINT`` and ``SLOPE_AT_BREAKPOINT`` are read. ``SOURCES`` and ``SOURCE_SLOPES`` are scratch space. See
    :mod:`.arrays`.
    """
    at_breakpoint, rate = drives[AT_BREAKPOINT], drives[SLOPE_AT_BREAKPOINT]
    drive, slope = drives[NOW], drives[SLOPE]
    if curved:
        drive_at(sources, R, E, t, drives[SOURCES], drives[SOURCE_SLOPES], drive, slope)
        for a in range(R.shape[0]):
            drive[a] += at_breakpoint[a]
    else:
        for a in range(R.shape[0]):
            drive[a] = at_breakpoint[a] + rate[a] * elapsed
            slope[a] = rate[a]
