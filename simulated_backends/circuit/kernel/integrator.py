"""The one compiled integrator: RODAS4(3) with adaptive steps and dense output, for any circuit.

Nothing is allocated inside the step loop, and a call returns after a bounded number of steps. The loop is one compiled
function: what stands beside :func:`integrate` are its parts, by meaning.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import types

from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.circuit.kernel.control import CONTROL, StepControl
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
    eliminate_currents,
    grows_unseen,
    must_stop,
    two_states_may_grow,
)
from tsbench.simulated_backends.circuit.kernel.noise import is_noisy, next_piece, piece_end_of
from tsbench.simulated_backends.circuit.kernel.places import device_count, first_current
from tsbench.simulated_backends.circuit.kernel.step_control import (
    FIRST_STEP,
    NOTHING_BEFORE,
    acceptable,
    after_breakpoint,
    after_refusal,
    after_success,
    step_to_try,
    too_short,
)
from tsbench.simulated_backends.circuit.kernel.thermal_noise import ThermalNoise, draw_noise, draw_noise_at
from tsbench.simulated_backends.numerics.compilation import by_address, compiled, function_at, part

# what integrate() says when it returns
REACHED, CALL_AGAIN, STUCK, NO_CURRENT, UNSTABLE = 0, 1, 2, 3, 4

GROWS, GROWS_AT_END, SMALL = 0, 1, 2   # what look() is asked


def scratch_space(unknowns: int, drives: int, sources: int) -> Arrays:
    """Return the working arrays of :func:`integrate`: vectors, matrices, pivots, drives, of devices, of modes."""
    return (
        np.zeros((10, unknowns)), np.zeros((3, unknowns, unknowns)), np.zeros(unknowns, dtype=np.int64),
        np.zeros((6, max(drives, sources))), np.zeros(64), np.zeros((unknowns + 2, unknowns), dtype=np.complex128))


_LOOK = types.boolean(types.int64, CIRCUIT, SCRATCH, CONTROL, VECTOR, VECTOR, types.float64, types.float64)
_FIND_CURRENTS = types.boolean(CIRCUIT, SCRATCH, VECTOR, VECTOR)
look_at, find_currents_at = function_at(_LOOK), function_at(_FIND_CURRENTS)


class Addresses(NamedTuple):
    """Where the functions are that the loop calls by address: each contains all devices, and is compiled once."""

    look: int
    find_currents: int
    draw_noise: int


def addresses() -> Addresses:
    """Return where they are, compiling them where nobody has yet."""
    return Addresses(look(), find_currents(), draw_noise())


@by_address(_LOOK)
def look(
    what: int, circuit: Arrays, scratch: Arrays, control: StepControl, weights: FloatArray, y: FloatArray, h: float,
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
        control.looks += 1
        eliminate_currents(y.size, first_current(index), matrices[2], vectors[0], vectors[1])
    return bool(grows_unseen(circuit, scratch, control, weights, y, h, t))


@by_address(_FIND_CURRENTS)
def find_currents(circuit: Arrays, scratch: Arrays, drive: FloatArray, y: FloatArray) -> bool:
    """Make the device currents in ``y`` consistent, see :func:`.equations.solve_currents`; return whether it worked."""
    vectors, matrices, pivots, _, work, _ = scratch
    return bool(solve_currents(
        circuit[0], circuit[3], circuit[5], drive, y, work, vectors[0], vectors[3], matrices[1], pivots))


# ------------------------------------------------------------------------------------ parts of the loop


@part
def enter_segment(
    circuit: Arrays, sources: Arrays, control: StepControl, scratch: Arrays, y: FloatArray, t: float, find: bool,
    functions: Addresses,
) -> tuple[bool, bool]:
    """Write the drive from the last breakpoint on; with ``find`` make the device currents consistent with it.

    Returns whether any source moves along a curve, and whether currents were found.
    """
    _, R, E, _, _, index = circuit
    drives, currents_found = scratch[3], find_currents_at(functions.find_currents)
    still, rate = drives[0], drives[1]
    following, moving, curved = drive_at(
        sources, R, E, control.breakpoint, drives[4], drives[5], still, rate)
    control.next_breakpoint, control.moving = following, moving
    move_drive(False, sources, R, E, t, t - control.breakpoint, drives)
    if find and device_count(index) > 0 and not currents_found(circuit, scratch, still, y):
        return curved, False
    if curved:
        for a in range(still.size):
            still[a] = 0.0   # what move_drive() adds to the sources: noise alone
    return curved, True


@part
def shake(
    circuit: Arrays, sources: Arrays, control: StepControl, scratch: Arrays, thermal: ThermalNoise, y: FloatArray,
    t: float, h: float, fresh: bool, curved: bool, functions: Addresses,
) -> tuple[float, bool]:
    """Go on to the next piece of thermal noise, as long as the step to try.

    Returns its end [s], and whether the device currents have to be made consistent with it.
    """
    noise_drawn, drives = draw_noise_at(functions.draw_noise), scratch[3]
    remaining = control.next_breakpoint - t
    step, _ = step_to_try(min(h, control.largest_step), remaining)
    if not fresh:
        for a in range(thermal.still.size):
            drives[0, a] = thermal.still[a]
    move_drive(curved, sources, circuit[1], circuit[2], t, t - control.breakpoint, drives)
    shaken = t >= thermal.clock.end and thermal.clock.on_devices
    return min(noise_drawn(circuit, scratch, thermal, y, t, step), control.next_breakpoint), shaken


@part
def step_until_accepted(
    circuit: Arrays, sources: Arrays, control: StepControl, scratch: Arrays, weights: FloatArray, y: FloatArray,
    t: float, h: float, remaining: float, curved: bool, dense_p: FloatArray, dense_q: FloatArray, row: int,
) -> tuple[float, float, float, bool, bool]:
    """Try shorter and shorter steps until one is accepted.

    Returns its squared error (one that is not acceptable: steps became too short), its length [s], the step wanted [s],
    whether it lands where something is due in ``remaining`` [s], and whether others were refused. Other arguments as in
    :func:`.generic_step.take_step`.
    """
    begin_step(circuit, scratch, y)
    refused = False
    while True:
        h = min(h, control.largest_step)
        step, landing = step_to_try(h, remaining)
        squared = take_step(
            circuit, sources, scratch, y, weights, control.rtol, t, t - control.breakpoint, step, control.moving,
            curved, dense_p, dense_q, row)
        if acceptable(squared):
            break
        control.refused += 1
        refused = True
        h = after_refusal(step, squared)
        if too_short(h, t):
            break
    return squared, step, h, landing, refused


@part
def grows_before_step(
    circuit: Arrays, sources: Arrays, control: StepControl, scratch: Arrays, weights: FloatArray, y: FloatArray,
    t: float, last: float, curved: bool, functions: Addresses,
) -> bool:
    """Return whether the loop must stop at ``t`` [s] after a step of length ``last`` [s]: see :mod:`.growth`.

    The step tried from there on has linearised the circuit already.
    """
    look_there, matrices = look_at(functions.look), scratch[1]
    linearise(circuit, scratch, y.size)
    if control.moving:
        move_drive(curved, sources, circuit[1], circuit[2], t, t - control.breakpoint, scratch[3])
    if first_current(circuit[5]) == 2:
        return bool(two_states_may_grow(control, weights, y, matrices[2], last) and look_there(
            SMALL, circuit, scratch, control, weights, y, last, t))
    return bool(look_there(GROWS, circuit, scratch, control, weights, y, last, t))


@part
def keep_step(out: Arrays, row: int, t: float, step: float, y: FloatArray, end: FloatArray) -> None:
    """Write a step into ``out``; go on from its end."""
    starts, lengths, left, right, _, _ = out
    starts[row], lengths[row] = t, step
    for a in range(y.size):
        left[row, a], right[row, a] = y[a], end[a]
        y[a] = end[a]


# ------------------------------------------------------------------------------------ the loop


@compiled
def integrate(
    circuit: Arrays, sources: Arrays, control: StepControl, weights: FloatArray, t: float, y: FloatArray,
    restart: bool, stop: float, scratch: Arrays, noise: Arrays, thermal: ThermalNoise, functions: Addresses,
    out: Arrays,
) -> tuple[int, float, int]:
    """Take steps from ``t`` until ``stop`` is reached or passed, or something else has to be done.

    Where the end of the last step is unstable and only :mod:`.stability` can go on, the status says so.
    Breakpoints of the sources are landed on exactly; ``stop`` is not: the last step may pass it, so that the
    trajectory does not depend on who looks when.

    Parameters
    ----------
    circuit, sources : tuples of arrays
        See :func:`.equations.right_side` and :class:`.waveforms.EncodedSources`.
    control : StepControl
        Changed.
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
    thermal : ThermalNoise
        While it is on, each step to try is a piece of its noise.
    functions : Addresses
    out : tuple of arrays
        starts (m,), lengths (m,), y0, y1, p, q (each (m, n)): the accepted steps and their dense output.

    Returns
    -------
    (number of steps, time reached [s], status). REACHED: ``stop`` is reached. CALL_AGAIN: ``out`` is full, noise ends
    where no source moves any more, or :mod:`.noise_switch` has to look. STUCK: the step became too small. NO_CURRENT:
    device currents were not found. UNSTABLE: :mod:`.stability` has to go on.
    """
    starts, lengths, _, _, dense_p, dense_q = out
    L, R, E, devices, _, index = circuit
    drives, trial = scratch[3], scratch[0][2]
    h = control.next_step
    curved, found = enter_segment(circuit, sources, control, scratch, y, t, restart, functions)
    if restart:
        if not found:
            return 0, t, NO_CURRENT
        h = min(h, FIRST_STEP)
        control.error_before = NOTHING_BEFORE
    noisy, piece_end = is_noisy(noise), math.inf
    if noisy:
        piece_end = piece_end_of(noise)
        if restart:
            piece_end = next_piece(L, devices, index, drives[2], y, noise, t, restart)
    thermal_on, fresh, noise_end = thermal.clock.on and control.moving, True, math.inf
    shaken, noise_ends = not fresh, not fresh   # as variables, see below

    restart = False   # as a variable: a literal would be a type of its own, compiled apart
    capacity = starts.size
    steps, refused = capacity - capacity, False   # not 0: see above
    looked = steps   # steps whose ends have been looked at
    while True:
        if thermal_on and t < stop and steps < capacity and control.look_after > 0.0 and (fresh or t >= noise_end):
            noise_end, shaken = shake(
                circuit, sources, control, scratch, thermal, y, t, h, fresh, curved, functions)
            fresh = False
        if control.moving:
            move_drive(curved, sources, R, E, t, t - control.breakpoint, drives)
        if shaken:
            shaken = False
            if not find_currents_at(functions.find_currents)(circuit, scratch, drives[2], y):
                control.next_step = h
                return steps, t, NO_CURRENT
        if t >= stop or steps >= capacity or noise_ends or (control.moving and control.look_after <= 0.0):
            control.next_step = h
            if control.watching and steps > looked and look_at(functions.look)(
                    GROWS_AT_END, circuit, scratch, control, weights, y, lengths[steps - 1], t):
                return steps, t, UNSTABLE
            return steps, t, REACHED if t >= stop else CALL_AGAIN
        planned, due = h, min(control.next_breakpoint, piece_end, noise_end)
        squared, step, h, landing, refused = step_until_accepted(
            circuit, sources, control, scratch, weights, y, t, h, due - t, curved, dense_p, dense_q, steps)
        if not acceptable(squared):
            control.next_step = FIRST_STEP
            return steps, t, STUCK
        if control.watching and steps > looked:
            looked = steps
            if grows_before_step(
                    circuit, sources, control, scratch, weights, y, t, lengths[steps - 1], curved, functions):
                control.next_step = planned   # the step tried here is tried again, whoever looked in between
                return steps, t, UNSTABLE
        following, control.length_before, control.error_before = after_success(
            step, squared, h, refused, control.length_before, control.error_before)
        keep_step(out, steps, t, step, y, trial)
        steps += 1
        if control.moving:
            control.look_after -= 1.0
        if landing and control.next_breakpoint <= due:
            t = control.breakpoint = control.next_breakpoint
            curved, found = enter_segment(circuit, sources, control, scratch, y, t, True, functions)
            if not found:
                return steps, t, NO_CURRENT
            h = after_breakpoint(h, control.next_breakpoint - t)
            control.error_before = NOTHING_BEFORE
            noise_ends, thermal_on = thermal_on and not control.moving, thermal_on and control.moving
            fresh, noise_end = True, math.inf
        else:
            t, h = due if landing else t + step, following
        if noisy:
            piece_end = next_piece(L, devices, index, drives[2], y, noise, t, restart)


#: what :mod:`.specialised` compiles again around the step of one topology
AROUND_A_STEP = (step_until_accepted, grows_before_step, integrate)
