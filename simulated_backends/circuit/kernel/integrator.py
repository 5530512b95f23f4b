"""Compiled integrator for any circuit: method RODAS4(3), with adaptive steps and dense output.

Nothing is allocated inside the step loop, and a call returns after a bounded number of steps. The loop is one compiled
function. This module and :mod:`.between_steps` contain its parts.

:mod:`.specialised` copies the source text of :data:`AROUND_A_STEP` into a generated module. CONTRIBUTING.md, section
"Change the step loop of the kernel", lists the files that change together.
"""

import math

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel.arrays import (
    NOW,
    REDUCED,
    TRIAL,
    CircuitArrays,
    Scratch,
    SourceArrays,
    StepArrays,
)
from tsbench.simulated_backends.circuit.kernel.between_steps import (
    GROWS,
    GROWS_AT_END,
    SMALL,
    Addresses,
    begin_call,
    look_at,
    next_thermal_piece,
    pass_breakpoint,
)
from tsbench.simulated_backends.circuit.kernel.control import StepControl
from tsbench.simulated_backends.circuit.kernel.device_noise import DeviceNoise, next_piece
from tsbench.simulated_backends.circuit.kernel.generic_step import begin_step, linearise, move_drive, take_step
from tsbench.simulated_backends.circuit.kernel.growth import two_states_may_grow
from tsbench.simulated_backends.circuit.kernel.places import differential_count
from tsbench.simulated_backends.circuit.kernel.step_control import (
    FIRST_STEP,
    acceptable,
    after_refusal,
    after_success,
    step_to_try,
    too_short,
)
from tsbench.simulated_backends.circuit.kernel.thermal_noise import ThermalNoise
from tsbench.simulated_backends.numerics.compilation import compiled, part

# what integrate() says when it returns
REACHED, CALL_AGAIN, STUCK, NO_CURRENT, UNSTABLE = 0, 1, 2, 3, 4

# ------------------------------------------------------------------------------------ parts of the loop


@part
def step_until_accepted(
    circuit: CircuitArrays, sources: SourceArrays, control: StepControl, scratch: Scratch, weights: FloatArray,
    y: FloatArray, t: float, h: float, remaining: float, curved: bool, dense_p: FloatArray, dense_q: FloatArray,
    row: int,
) -> tuple[float, float, float, bool, bool]:
    """Try shorter and shorter steps until one is accepted.

    Parameters
    ----------
    h, remaining : float
        Step wanted [s], and the time [s] until something is due.
    circuit, sources, control, scratch, weights, y, t
        See :func:`integrate`.
    curved, dense_p, dense_q, row
        See :func:`.generic_step.take_step`.

    Returns
    -------
    (squared error of the step, its length [s], step wanted [s], whether it lands where something is due, whether others
    were refused). If the error is not acceptable, steps became too short.
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
    circuit: CircuitArrays, sources: SourceArrays, control: StepControl, scratch: Scratch, weights: FloatArray,
    y: FloatArray, t: float, last: float, curved: bool, functions: Addresses,
) -> bool:
    """Return whether the loop must stop because a mode of the circuit grows, see :mod:`.growth`.

    The step tried from ``t`` on has linearised the circuit already.

    Parameters
    ----------
    t, last : float
        Present instant [s], and the length of the step that ended there [s].
    curved : bool
        Whether any source moves along a curve.
    circuit, sources, control, scratch, weights, y, functions
        See :func:`integrate`.
    """
    look_there, A = look_at(functions.look), scratch.matrices[REDUCED]
    linearise(circuit, scratch, y.size)
    if control.moving:
        move_drive(curved, sources, circuit.R, circuit.E, t, t - control.breakpoint, scratch.drives)
    if differential_count(circuit.places) == 2:
        return bool(two_states_may_grow(control, weights, y, A, last) and look_there(
            SMALL, circuit, scratch, control, weights, y, last, t))
    return bool(look_there(GROWS, circuit, scratch, control, weights, y, last, t))


@part
def keep_step(
    out: StepArrays, row: int, control: StepControl, t: float, step: float, squared: float, h: float, refused: bool,
    y: FloatArray, end: FloatArray,
) -> float:
    """Write an accepted step into row ``row`` of ``out``, and go on from its end; return the step wanted next [s].

    Parameters
    ----------
    t, step, squared : float
        Begin [s], length [s] and squared error of the step.
    h, refused : float, bool
        Step that was wanted [s], and whether others were refused before.
    y, end : arrays, shape (n,)
        Unknowns at the begin and at the end; ``y`` becomes ``end``.
    """
    starts, lengths, left, right = out.starts, out.lengths, out.y0, out.y1
    following, control.length_before, control.error_before = after_success(
        step, squared, h, refused, control.length_before, control.error_before)
    if control.moving:
        control.steps_until_look -= 1.0
    starts[row], lengths[row] = t, step
    for a in range(y.size):
        left[row, a], right[row, a] = y[a], end[a]
        y[a] = end[a]
    return following  # type: ignore[no-any-return]


@part
def status_at_end(
    circuit: CircuitArrays, control: StepControl, scratch: Scratch, weights: FloatArray, y: FloatArray, t: float,
    stop: float, last: float, looked: bool, functions: Addresses,
) -> int:
    """Return the status of a call that ends at ``t`` [s].

    Parameters
    ----------
    stop, last : float
        Where the call was to end [s], and the length of its last step [s].
    looked : bool
        Whether the end of this step has been looked at, see :mod:`.growth`.
    circuit, control, scratch, weights, y, functions
        See :func:`integrate`.
    """
    if control.watching and not looked and look_at(functions.look)(
            GROWS_AT_END, circuit, scratch, control, weights, y, last, t):
        return UNSTABLE
    return REACHED if t >= stop else CALL_AGAIN


# ------------------------------------------------------------------------------------ the loop


@compiled
def integrate(
    circuit: CircuitArrays, sources: SourceArrays, control: StepControl, weights: FloatArray, t: float, y: FloatArray,
    restart: bool, stop: float, scratch: Scratch, noise: DeviceNoise, thermal: ThermalNoise, functions: Addresses,
    out: StepArrays,
) -> tuple[int, float, int]:
    """Take steps from ``t`` until ``stop`` is reached or passed, or something else has to be done.

    A step ends exactly at each breakpoint of the sources. The last step may pass ``stop``, so that the trajectory does
    not depend on observers.

    Parameters
    ----------
    circuit, sources, scratch, noise, thermal, functions, out : tuples
        The members of the named tuples of :mod:`.arrays` and so on, as plain tuples: numba takes 3 us longer over one
        with names, each time it is called from Python. ``out`` is filled.
    control, weights : StepControl, array of shape (n,)
        Settings and memory of the step control, which is changed; absolute tolerances.
    t, y, stop : float, array of shape (n,), float
        Begin [s], unknowns there, and the time to reach [s]; ``y`` is overwritten with the unknowns at the end.
    restart : bool
        Something has just changed: solve for the device currents and start with a small step.

    Returns
    -------
    (number of steps, time reached [s], status). REACHED: ``stop`` is reached. CALL_AGAIN: ``out`` is full, no source
    moves any more (thermal noise ends there), or :mod:`.stability.thermal_switch` has to look. STUCK: the step became
    too small. NO_CURRENT: device currents were not found. UNSTABLE: :mod:`.stability.departure` has to go on.
    """
    circuit, sources, scratch = CircuitArrays(*circuit), SourceArrays(*sources), Scratch(*scratch)
    noise, thermal, functions = DeviceNoise(*noise), ThermalNoise(*thermal), Addresses(*functions)
    out = StepArrays(*out)
    L, R, E, devices, places = circuit.L, circuit.R, circuit.E, circuit.devices, circuit.places
    drives, trial, lengths = scratch.drives, scratch.vectors[TRIAL], out.lengths
    h, piece_end, curved, found = begin_call(circuit, sources, control, scratch, noise, y, t, restart, functions)
    if not found:
        return 0, t, NO_CURRENT
    thermal_on, fresh, noise_end, noise_ends = thermal.clock.on and control.moving, True, math.inf, False
    # variables: the literals False and 0 would each be a type of its own, and the parts would be compiled apart for it
    capacity, restart = lengths.size, False
    steps = looked = capacity - capacity   # looked: steps whose ends have been looked at
    while True:
        look_due = control.steps_until_look <= 0.0
        if thermal_on and t < stop and steps < capacity and not look_due and (fresh or t >= noise_end):
            noise_end, found = next_thermal_piece(
                circuit, sources, control, scratch, thermal, y, t, h, fresh, curved, functions)
            fresh = False
            if not found:
                control.next_step = h
                return steps, t, NO_CURRENT
        elif control.moving:
            move_drive(curved, sources, R, E, t, t - control.breakpoint, drives)
        if t >= stop or steps >= capacity or noise_ends or (control.moving and look_due):
            control.next_step = h
            last, seen = lengths[max(steps - 1, 0)], steps <= looked
            return steps, t, status_at_end(circuit, control, scratch, weights, y, t, stop, last, seen, functions)
        planned, due = h, min(control.next_breakpoint, piece_end, noise_end)
        squared, step, h, landing, refused = step_until_accepted(
            circuit, sources, control, scratch, weights, y, t, h, due - t, curved, out.p, out.q, steps)
        if not acceptable(squared):
            control.next_step = FIRST_STEP
            return steps, t, STUCK
        if control.watching and steps > looked:
            looked = steps
            if grows_before_step(
                    circuit, sources, control, scratch, weights, y, t, lengths[steps - 1], curved, functions):
                control.next_step = planned   # the step tried here is tried again, whoever looked in between
                return steps, t, UNSTABLE
        following = keep_step(out, steps, control, t, step, squared, h, refused, y, trial)
        steps += 1
        if landing and control.next_breakpoint <= due:
            t = due
            h, curved, found = pass_breakpoint(circuit, sources, control, scratch, y, h, functions)
            if not found:
                return steps, t, NO_CURRENT
            noise_ends, thermal_on = thermal_on and not control.moving, thermal_on and control.moving
            fresh, noise_end = True, math.inf
        else:
            t, h = due if landing else t + step, following
        if noise.clock.on:
            piece_end = next_piece(L, devices, places, drives[NOW], y, noise, t, restart)


#: what :mod:`.specialised` compiles again around the step of one topology. It copies their text: each global name that
#: they use must also be imported in ``_HEAD`` there
AROUND_A_STEP = (step_until_accepted, grows_before_step, integrate)
