"""The one compiled integrator: RODAS4(3) with adaptive steps and dense output, for any circuit.

Nothing is allocated inside the step loop, and a call returns after a bounded number of steps.
"""

import math

import numpy as np
from numba import types

from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.circuit.kernel.equations import (
    CIRCUIT,
    SCRATCH,
    VECTOR,
    Arrays,
    drive_at,
    right_side_and_jacobian,
    solve_currents,
)
from tsbench.simulated_backends.circuit.kernel.generic_step import begin_step, linearise, move_drive, take_step
from tsbench.simulated_backends.circuit.kernel.growth import (
    LOOK_AFTER,
    LOOKS,
    WATCH,
    eliminate_currents,
    grows_unseen,
    must_stop,
    two_states_may_grow,
)
from tsbench.simulated_backends.circuit.kernel.noise import next_piece
from tsbench.simulated_backends.circuit.kernel.step_control import (
    NOTHING_BEFORE,
    error_to_remember,
    growth_after_refusal,
    growth_after_success,
    log2_roughly,
    logarithm_of_error,
    rung,
)
from tsbench.simulated_backends.circuit.kernel.thermal_noise import END, ON, ON_DEVICES, STILL, draw_noise_at
from tsbench.simulated_backends.numerics.compilation import by_address, compiled, function_at

# what integrate() says when it returns
REACHED, CALL_AGAIN, STUCK, NO_CURRENT, UNSTABLE = 0, 1, 2, 3, 4

GROWS, GROWS_AT_END, SMALL = 0, 1, 2   # what look() is asked

FIRST_STEP = 1e-10  # [s] tried after a discontinuity; error control takes it from there


def scratch_space(unknowns: int, drives: int, sources: int) -> Arrays:
    """Return the working arrays of :func:`integrate`: vectors, matrices, pivots, drives, of devices, of modes."""
    return (
        np.zeros((10, unknowns)), np.zeros((3, unknowns, unknowns)), np.zeros(unknowns, dtype=np.int64),
        np.zeros((6, max(drives, sources))), np.zeros(64), np.zeros((unknowns + 2, unknowns), dtype=np.complex128))


_LOOK = types.boolean(types.int64, CIRCUIT, SCRATCH, VECTOR, VECTOR, VECTOR, types.float64, types.float64)
_FIND_CURRENTS = types.boolean(CIRCUIT, SCRATCH, VECTOR, VECTOR)
look_at, find_currents_at = function_at(_LOOK), function_at(_FIND_CURRENTS)


@by_address(_LOOK)
def look(
    what: int, circuit: Arrays, scratch: Arrays, control: FloatArray, weights: FloatArray, y: FloatArray, h: float,
    t: float,
) -> bool:
    """Look at a growing mode; ``what`` is one of :data:`GROWS`, :data:`GROWS_AT_END`, :data:`SMALL`.

    At the end of the last step of a call no next one has linearised the circuit yet. Other arguments as in
    :func:`.growth.grows_unseen`.
    """
    if what == SMALL:
        return bool(must_stop(circuit, scratch, control, weights, y, h, t))
    if what == GROWS_AT_END:
        L, _, _, devices, stages, index = circuit
        vectors, matrices, _, drives, work, _ = scratch
        right_side_and_jacobian(
            L, devices, stages, index, drives[2], drives[3], y, work, vectors[0], vectors[1], matrices[2])
        control[LOOKS] += 1.0
        eliminate_currents(y.size, index[3 + 2 * index[1]], matrices[2], vectors[0], vectors[1])
    return bool(grows_unseen(circuit, scratch, control, weights, y, h, t))


@by_address(_FIND_CURRENTS)
def find_currents(circuit: Arrays, scratch: Arrays, drive: FloatArray, y: FloatArray) -> bool:
    """Make the device currents in ``y`` consistent, see :func:`.equations.solve_currents`; return whether it worked."""
    vectors, matrices, pivots, _, work, _ = scratch
    return bool(solve_currents(
        circuit[0], circuit[3], circuit[5], drive, y, work, vectors[0], vectors[3], matrices[1], pivots))


@compiled
def integrate(
    circuit: Arrays, sources: Arrays, control: FloatArray, weights: FloatArray, t: float, y: FloatArray,
    restart: bool, stop: float, scratch: Arrays, noise: Arrays, thermal: Arrays, address_of_look: int,
    address_of_find_currents: int, address_of_draw: int, out: Arrays,
) -> tuple[int, float, int]:
    """Take steps from ``t`` until ``stop`` is reached or passed, or something else has to be done.

    Where the end of the last step is unstable and only :mod:`.stability` can go on, the status says so.
    Breakpoints of the sources are landed on exactly; ``stop`` is not: the last step may pass it, so that the
    trajectory does not depend on who looks when.

    Parameters
    ----------
    circuit, sources : tuples of arrays
        See :func:`.equations.right_side` and :class:`.waveforms.EncodedSources`.
    control : array
        (rtol, largest step [s], step to try next [s] (in and out), number of refused steps (counted up), last
        breakpoint passed [s] (in and out), and out: next breakpoint [s], 1 if any source is moving; logarithms of the
        length and the error of the last step (in and out); then the places of :mod:`.growth`).
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
    thermal : tuple of arrays
        See :func:`.thermal_noise.thermal_space`; while it is on, each step to try is a piece of its noise.
    address_of_look, address_of_find_currents, address_of_draw : int
        What :func:`look`, :func:`find_currents` and :func:`.thermal_noise.draw_noise` return.
    out : tuple of arrays
        starts (m,), lengths (m,), y0, y1, p, q (each (m, n)): the accepted steps and their dense output.

    Returns
    -------
    (number of steps, time reached [s], status). REACHED: ``stop`` is reached. CALL_AGAIN: ``out`` is full, noise ends
    where no source moves any more, or :mod:`.noise_switch` has to look. STUCK: the step became too small. NO_CURRENT:
    device currents were not found. UNSTABLE: :mod:`.stability` has to go on.
    """
    look_there, currents_found = look_at(address_of_look), find_currents_at(address_of_find_currents)
    noise_drawn = draw_noise_at(address_of_draw)
    starts, lengths, left, right, dense_p, dense_q = out
    L, R, E, devices, _, index = circuit
    n, nd = y.size, index[1]
    rtol, h_max, h = control[0], control[1], control[2]

    vectors, matrices, _, drives, _, _ = scratch
    drive0, slope0, drive, slope = drives[0], drives[1], drives[2], drives[3]
    u, du = drives[4], drives[5]
    trial = vectors[2]

    # the drive is drive0 + slope0 (t - reference) from one breakpoint to the next, also if calls end in between
    reference = control[4]
    following, moving, curved = drive_at(sources, R, E, reference, u, du, drive0, slope0)
    control[5], control[6] = following, 1.0 if moving else 0.0
    move_drive(False, sources, R, E, t, t - reference, u, du, drive0, slope0, drive, slope)
    if restart:
        if nd > 0 and not currents_found(circuit, scratch, drive0, y):
            return 0, t, NO_CURRENT
        h = min(h, FIRST_STEP)
        control[8] = NOTHING_BEFORE
    noisy, piece_end = noise[0][3] != 0.0, math.inf
    if noisy:
        piece_end = noise[0][1]
        if restart:
            piece_end = next_piece(L, devices, index, drive, y, noise, t, restart)
    thermal_on, fresh, noise_end = thermal[0][ON] != 0.0 and moving, True, math.inf
    shaken, noise_ends = not fresh, not fresh   # as variables, see below
    if curved:
        for a in range(drive0.size):
            drive0[a] = 0.0   # what move_drive() adds to the sources: noise alone

    restart = False   # as a variable: a literal would be a type of its own, compiled apart
    capacity = starts.size
    steps, after_refusal = capacity - capacity, False   # not 0: see above
    looked = steps   # steps whose ends have been looked at
    while True:
        if thermal_on and t < stop and steps < capacity and control[LOOK_AFTER] > 0.0 and (fresh or t >= noise_end):
            remaining = following - t
            step = min(h, h_max)
            if step > 0.5 * remaining:
                step = remaining if step >= remaining else 0.5 * remaining
            if not fresh:
                for a in range(drive0.size):
                    drive0[a] = thermal[STILL][a]
            move_drive(curved, sources, R, E, t, t - reference, u, du, drive0, slope0, drive, slope)
            shaken = t >= thermal[0][END] and thermal[0][ON_DEVICES] != 0.0
            noise_end = min(noise_drawn(circuit, scratch, thermal, y, t, step), following)
            fresh = False
        if moving:
            move_drive(curved, sources, R, E, t, t - reference, u, du, drive0, slope0, drive, slope)
        if shaken:
            shaken = False
            if not currents_found(circuit, scratch, drive, y):
                control[2] = h
                return steps, t, NO_CURRENT
        if t >= stop or steps >= capacity or noise_ends or (moving and control[LOOK_AFTER] <= 0.0):
            control[2] = h
            if control[WATCH] != 0.0 and steps > looked and look_there(
                    GROWS_AT_END, circuit, scratch, control, weights, y, lengths[steps - 1], t):
                return steps, t, UNSTABLE
            return steps, t, REACHED if t >= stop else CALL_AGAIN
        planned = h
        begin_step(circuit, scratch, y)

        while True:   # until a step is accepted
            h = min(h, h_max)
            remaining = min(following, piece_end, noise_end) - t
            landing = h >= remaining * (1.0 - 1e-9)
            step = h
            if landing:
                step = remaining
            elif h > 0.5 * remaining:
                step = 0.5 * remaining
            squared = take_step(
                circuit, sources, scratch, y, weights, rtol, t, t - reference, step, moving, curved, dense_p, dense_q,
                steps)
            if squared <= 1.0:
                break
            control[3] += 1.0
            after_refusal = True
            if math.isfinite(squared):
                h = rung(log2_roughly(step) + growth_after_refusal(logarithm_of_error(squared)))
            else:   # the trial left the domain of a device model
                h = step * 0.1
            if h < 8.9e-16 * abs(t) + 1e-18:
                control[2] = FIRST_STEP
                return steps, t, STUCK

        if control[WATCH] != 0.0 and steps > looked:
            looked = steps
            linearise(circuit, scratch, n)
            if moving:
                move_drive(curved, sources, R, E, t, t - reference, u, du, drive0, slope0, drive, slope)
            last = lengths[steps - 1]
            if index[3 + 2 * nd] == 2:
                leaves = two_states_may_grow(control, weights, y, matrices[2], last) and look_there(
                    SMALL, circuit, scratch, control, weights, y, last, t)
            else:
                leaves = look_there(GROWS, circuit, scratch, control, weights, y, last, t)
            if leaves:
                control[2] = planned   # the step tried here is tried again, whoever looked in between
                return steps, t, UNSTABLE
        error, length = logarithm_of_error(squared), log2_roughly(step)
        growth = growth_after_success(error, length, control[8], control[7])
        if after_refusal:
            growth = min(growth, 0.0)
        after_refusal = False
        control[7], control[8] = length, error_to_remember(error)
        starts[steps], lengths[steps] = t, step
        for a in range(n):
            left[steps, a], right[steps, a] = y[a], trial[a]
            y[a] = trial[a]
        steps += 1
        control[LOOK_AFTER] -= 1.0 if moving else 0.0
        if landing and following <= min(piece_end, noise_end):
            t = following
            following, moving, curved = drive_at(sources, R, E, t, u, du, drive0, slope0)
            reference = t
            control[4], control[5], control[6] = t, following, 1.0 if moving else 0.0
            move_drive(False, sources, R, E, t, 0.0, u, du, drive0, slope0, drive, slope)
            if nd > 0 and not currents_found(circuit, scratch, drive0, y):
                return steps, t, NO_CURRENT
            # short segments (a sampled waveform) are not worth a fresh start each
            begin = max(FIRST_STEP, 0.02 * (following - t)) if following < math.inf else FIRST_STEP
            h = min(h, begin)
            control[8] = NOTHING_BEFORE
            noise_ends, thermal_on, fresh = thermal_on and not moving, thermal_on and moving, True
            noise_end = math.inf
            if curved:
                for a in range(drive0.size):
                    drive0[a] = 0.0
        else:
            t = min(piece_end, noise_end) if landing else t + step
            h = max(rung(length + growth), h if step < h and growth >= 0.0 else 0.0)
        if noisy:
            piece_end = next_piece(L, devices, index, drive, y, noise, t, restart)
