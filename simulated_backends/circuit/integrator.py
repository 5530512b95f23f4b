"""The one compiled integrator: RODAS4(3) with adaptive steps and dense output, for any circuit.

Nothing is allocated inside the step loop, and a call returns after a bounded number of steps.
"""

import math

import numpy as np

from tsbench.simulated_backends.circuit import rodas as r
from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.circuit.equations import (
    Arrays,
    drive_at,
    right_side,
    right_side_and_jacobian,
    solve_currents,
)
from tsbench.simulated_backends.circuit.linear import factorise, solve
from tsbench.simulated_backends.circuit.noise import next_piece
from tsbench.simulated_backends.devices.compilation import compiled

# what integrate() says when it returns
REACHED, FULL, STUCK, NO_CURRENT = 0, 1, 2, 3

FIRST_STEP = 1e-10  # [s] tried after a discontinuity; error control takes it from there
LARGEST_GROWTH = 5.0


def scratch_space(unknowns: int, drives: int, sources: int) -> Arrays:
    """Return the working arrays of :func:`integrate` for a circuit of this size."""
    return (
        np.zeros((10, unknowns)), np.zeros((2, unknowns, unknowns)), np.zeros(unknowns, dtype=np.int64),
        np.zeros((6, max(drives, sources))), np.zeros(64))


@compiled
def integrate(
    circuit: Arrays, sources: Arrays, control: FloatArray, weights: FloatArray, t: float, y: FloatArray,
    restart: bool, stop: float, scratch: Arrays, noise: Arrays, out: Arrays,
) -> tuple[int, float, int]:
    """Take steps from ``t`` until ``stop`` is reached or passed, or ``out`` is full.

    Breakpoints of the sources are landed on exactly; ``stop`` is not: the last step may pass it, so that the
    trajectory does not depend on who looks when.

    Parameters
    ----------
    circuit, sources : tuples of arrays
        See :func:`.equations.right_side` and :class:`.waveforms.EncodedSources`.
    control : array
        (rtol, largest step [s], step to try next [s] (in and out), number of refused steps (counted up), last
        breakpoint passed [s] (in and out), and out: next breakpoint [s], 1 if any source is moving).
    weights : array, shape (n,)
        Absolute tolerances.
    t, y : float, array
        Where to begin; ``y`` is overwritten with the end.
    restart : bool
        Something has just changed: solve for the device currents and start with a small step.
    scratch : tuple of arrays
        See :func:`scratch_space`.
    noise : tuple of arrays
        See :func:`.noise.noise_space`; steps land on the ends of its pieces.
    out : tuple of arrays
        starts (m,), lengths (m,), y0, y1, p, q (each (m, n)): the accepted steps and their dense output.

    Returns
    -------
    (number of steps, time reached [s], status)
    """
    starts, lengths, left, right, dense_p, dense_q = out
    L, R, E, devices, stages, index = circuit
    n, nd = y.size, index[1]
    algebraic = index[3 + 2 * nd]   # unknowns from here on have no derivative
    rtol, h_max, h = control[0], control[1], control[2]

    vectors, matrices, pivots, drives, work = scratch
    drive0, slope0, drive, slope = drives[0], drives[1], drives[2], drives[3]
    u, du = drives[4], drives[5]
    f, ft, trial, scale = vectors[0], vectors[1], vectors[2], vectors[3]
    u1, u2, u3, u4, u5, u6 = vectors[4], vectors[5], vectors[6], vectors[7], vectors[8], vectors[9]
    J, W = matrices[0], matrices[1]

    # the drive is drive0 + slope0 (t - reference) from one breakpoint to the next, whoever interrupts in between
    reference = control[4]
    following, moving, curved = drive_at(sources, R, E, reference, u, du, drive0, slope0)
    control[5], control[6] = following, 1.0 if moving else 0.0
    move_drive(False, sources, R, E, t, t - reference, u, du, drive0, slope0, drive, slope)
    if restart:
        if nd > 0 and not solve_currents(L, devices, index, drive0, y, work, f, scale, W, pivots):
            return 0, t, NO_CURRENT
        h = min(h, FIRST_STEP)
    noisy, piece_end = noise[0][3] != 0.0, math.inf
    if noisy:
        piece_end = noise[0][1]
        if restart:
            piece_end = next_piece(L, devices, index, drive, y, noise, t, True)

    steps, after_refusal, factor = 0, False, 1.0
    while steps < starts.size:
        if t >= stop:
            control[2] = h
            return steps, t, REACHED
        if moving:
            move_drive(curved, sources, R, E, t, t - reference, u, du, drive0, slope0, drive, slope)
        right_side_and_jacobian(L, devices, stages, index, drive, slope, y, work, f, ft, J)

        while True:   # until a step is accepted
            h = min(h, h_max)
            remaining = min(following, piece_end) - t
            landing = h >= remaining * (1.0 - 1e-9)
            step = h
            if landing:
                step = remaining
            elif h > 0.5 * remaining:
                step = 0.5 * remaining
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
                move_drive(curved, sources, R, E, t + ahead, t - reference + ahead, u, du, drive0,
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
                move_drive(curved, sources, R, E, t + ahead, t - reference + ahead, u, du, drive0,
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
                move_drive(curved, sources, R, E, t + ahead, t - reference + ahead, u, du, drive0,
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
                move_drive(curved, sources, R, E, t + step, t - reference + step, u, du, drive0,
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

            error = 0.0
            for a in range(n):
                trial[a] += u6[a]
                part = u6[a] / (weights[a] + rtol * max(abs(y[a]), abs(trial[a])))
                error += part * part
            error = math.sqrt(error / max(n, 1))
            if error <= 1.0:
                factor = min(LARGEST_GROWTH, 0.9 / math.sqrt(math.sqrt(max(error, 1e-8))))
                if after_refusal:
                    factor = min(factor, 1.0)
                break
            control[3] += 1.0
            after_refusal = True
            if math.isfinite(error):
                h = step * max(1.0 / LARGEST_GROWTH, 0.9 / math.sqrt(math.sqrt(error)))
            else:   # the trial left the domain of a device model
                h = step * 0.1
            if h < 8.9e-16 * abs(t) + 1e-18:
                control[2] = FIRST_STEP
                return steps, t, STUCK

        after_refusal = False
        starts[steps], lengths[steps] = t, step
        for a in range(n):
            left[steps, a], right[steps, a] = y[a], trial[a]
            dense_p[steps, a] = r.D21 * u1[a] + r.D22 * u2[a] + r.D23 * u3[a] + r.D24 * u4[a] + r.D25 * u5[a]
            dense_q[steps, a] = r.D31 * u1[a] + r.D32 * u2[a] + r.D33 * u3[a] + r.D34 * u4[a] + r.D35 * u5[a]
            y[a] = trial[a]
        steps += 1
        if landing and following <= piece_end:
            t = following
            following, moving, curved = drive_at(sources, R, E, t, u, du, drive0, slope0)
            reference = t
            control[4], control[5], control[6] = t, following, 1.0 if moving else 0.0
            move_drive(False, sources, R, E, t, 0.0, u, du, drive0, slope0, drive, slope)
            if nd > 0 and not solve_currents(L, devices, index, drive0, y, work, f, scale, W, pivots):
                return steps, t, NO_CURRENT
            # short segments (a sampled waveform) are not worth a fresh start each
            begin = max(FIRST_STEP, 0.02 * (following - t)) if following < math.inf else FIRST_STEP
            h = min(h, begin)
        else:
            t = piece_end if landing else t + step
            h = max(step * factor, h if step < h and factor >= 1.0 else 0.0)
        if noisy:
            piece_end = next_piece(L, devices, index, drive, y, noise, t, False)
    control[2] = h
    return steps, t, FULL


@compiled
def move_drive(
    curved: bool, sources: Arrays, R: FloatArray, E: FloatArray, t: float, elapsed: float, u: FloatArray,
    du: FloatArray, drive0: FloatArray, slope0: FloatArray, drive: FloatArray, slope: FloatArray,
) -> None:
    """Evaluate the drive at ``t``, ``elapsed`` after the last breakpoint."""
    if curved:
        drive_at(sources, R, E, t, u, du, drive, slope)
    else:
        for a in range(drive.size):
            drive[a] = drive0[a] + slope0[a] * elapsed
            slope[a] = slope0[a]
