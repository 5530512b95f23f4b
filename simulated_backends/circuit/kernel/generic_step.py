"""One step of RODAS4(3) for any circuit: loops over its matrices, one device after the other.

The integrator calls :func:`begin_step` once where it stands and :func:`take_step` for every length it tries;
:mod:`.straight_line` writes both out for one topology.
"""

from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.circuit.kernel import rodas as r
from tsbench.simulated_backends.circuit.kernel.equations import (
    Arrays,
    drive_at,
    right_side,
    right_side_and_jacobian,
)
from tsbench.simulated_backends.circuit.kernel.growth import eliminate_currents
from tsbench.simulated_backends.numerics.compilation import compiled
from tsbench.simulated_backends.numerics.linear import factorise, solve


@compiled
def begin_step(circuit: Arrays, scratch: Arrays, y: FloatArray) -> None:
    """Evaluate the right-hand side and its derivatives at ``y`` into the scratch space."""
    L, _, _, devices, stages, index = circuit
    vectors, matrices, _, drives, work, _ = scratch
    right_side_and_jacobian(
        L, devices, stages, index, drives[2], drives[3], y, work, vectors[0], vectors[1], matrices[0])


@compiled
def linearise(circuit: Arrays, scratch: Arrays, n: int) -> None:
    """Compute the matrix A of :mod:`.growth` at the start of the step; store it in the third matrix."""
    index, vectors, matrices = circuit[5], scratch[0], scratch[1]
    J, A = matrices[0], matrices[2]
    for a in range(n):
        vectors[3][a] = 0.0
        for b in range(n):
            A[a, b] = J[a, b]
    eliminate_currents(n, index[3 + 2 * index[1]], A, vectors[3], vectors[3])


@compiled
def take_step(
    circuit: Arrays, sources: Arrays, scratch: Arrays, y: FloatArray, weights: FloatArray, rtol: float, t: float,
    elapsed: float, step: float, moving: bool, curved: bool, dense_p: FloatArray, dense_q: FloatArray, row: int,
) -> float:
    """Try a step after :func:`begin_step`; return its squared error in units of the tolerance.

    Parameters
    ----------
    circuit, sources, scratch, y, weights, rtol : see :func:`.integrator.integrate`
    t, elapsed, step : float
        Time [s], time since the last breakpoint [s], length of the step [s].
    moving, curved : bool
        Whether any source moves, and whether any along a curve.
    dense_p, dense_q, row
        Where the dense output goes; the unknowns at the end go to the third vector of ``scratch``.
    """
    L, R, E, devices, stages, index = circuit
    vectors, matrices, pivots, drives, work, _ = scratch
    n = y.size
    algebraic = index[3 + 2 * index[1]]   # unknowns from here on have no derivative
    drive0, slope0, drive, slope = drives[0], drives[1], drives[2], drives[3]
    u, du = drives[4], drives[5]
    f, ft, trial, scale = vectors[0], vectors[1], vectors[2], vectors[3]
    u1, u2, u3, u4, u5, u6 = vectors[4], vectors[5], vectors[6], vectors[7], vectors[8], vectors[9]
    J, W = matrices[0], matrices[1]

    inverse = 1.0 / step
    for a in range(n):
        for b in range(n):
            W[a, b] = -J[a, b]
    for a in range(algebraic):
        W[a, a] += inverse / r.GAMMA
    factorise(n, W, pivots, scale)

    for a in range(n):
        u1[a] = f[a] + step * r.G1 * ft[a]
    solve(n, W, pivots, u1)

    for a in range(n):
        trial[a] = y[a] + r.A21 * u1[a]
    if moving:
        ahead = r.C2 * step
        move_drive(curved, sources, R, E, t + ahead, elapsed + ahead, u, du, drive0,
                   slope0, drive, slope)
    right_side(L, devices, stages, index, drive, trial, work, u2)
    for a in range(algebraic):
        u2[a] += inverse * r.C21 * u1[a]
    for a in range(n):
        u2[a] += step * r.G2 * ft[a]
    solve(n, W, pivots, u2)

    for a in range(n):
        trial[a] = y[a] + r.A31 * u1[a] + r.A32 * u2[a]
    if moving:
        ahead = r.C3 * step
        move_drive(curved, sources, R, E, t + ahead, elapsed + ahead, u, du, drive0,
                   slope0, drive, slope)
    right_side(L, devices, stages, index, drive, trial, work, u3)
    for a in range(algebraic):
        u3[a] += inverse * (r.C31 * u1[a] + r.C32 * u2[a])
    for a in range(n):
        u3[a] += step * r.G3 * ft[a]
    solve(n, W, pivots, u3)

    for a in range(n):
        trial[a] = y[a] + r.A41 * u1[a] + r.A42 * u2[a] + r.A43 * u3[a]
    if moving:
        ahead = r.C4 * step
        move_drive(curved, sources, R, E, t + ahead, elapsed + ahead, u, du, drive0,
                   slope0, drive, slope)
    right_side(L, devices, stages, index, drive, trial, work, u4)
    for a in range(algebraic):
        u4[a] += inverse * (r.C41 * u1[a] + r.C42 * u2[a] + r.C43 * u3[a])
    for a in range(n):
        u4[a] += step * r.G4 * ft[a]
    solve(n, W, pivots, u4)

    for a in range(n):
        trial[a] = y[a] + r.A51 * u1[a] + r.A52 * u2[a] + r.A53 * u3[a] + r.A54 * u4[a]
    if moving:
        move_drive(curved, sources, R, E, t + step, elapsed + step, u, du, drive0,
                   slope0, drive, slope)
    right_side(L, devices, stages, index, drive, trial, work, u5)
    for a in range(algebraic):
        u5[a] += inverse * (r.C51 * u1[a] + r.C52 * u2[a] + r.C53 * u3[a] + r.C54 * u4[a])
    solve(n, W, pivots, u5)

    for a in range(n):
        trial[a] += u5[a]
    right_side(L, devices, stages, index, drive, trial, work, u6)
    for a in range(algebraic):
        u6[a] += inverse * (
            r.C61 * u1[a] + r.C62 * u2[a] + r.C63 * u3[a] + r.C64 * u4[a] + r.C65 * u5[a])
    solve(n, W, pivots, u6)

    for a in range(n):
        dense_p[row, a] = r.D21 * u1[a] + r.D22 * u2[a] + r.D23 * u3[a] + r.D24 * u4[a] + r.D25 * u5[a]
        dense_q[row, a] = r.D31 * u1[a] + r.D32 * u2[a] + r.D33 * u3[a] + r.D34 * u4[a] + r.D35 * u5[a]
    error = 0.0
    for a in range(n):
        trial[a] += u6[a]
        part = u6[a] / (weights[a] + rtol * max(abs(y[a]), abs(trial[a])))
        error += part * part
    return error / max(n, 1)


@compiled
def move_drive(
    curved: bool, sources: Arrays, R: FloatArray, E: FloatArray, t: float, elapsed: float, u: FloatArray,
    du: FloatArray, drive0: FloatArray, slope0: FloatArray, drive: FloatArray, slope: FloatArray,
) -> None:
    """Evaluate the drive at ``t``, ``elapsed`` after the last breakpoint; along a curve drive0 holds noise alone."""
    if curved:
        drive_at(sources, R, E, t, u, du, drive, slope)
        for a in range(drive.size):
            drive[a] += drive0[a]
    else:
        for a in range(drive.size):
            drive[a] = drive0[a] + slope0[a] * elapsed
            slope[a] = slope0[a]
