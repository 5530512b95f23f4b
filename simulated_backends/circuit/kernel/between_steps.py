"""What the step loop does between two steps: drives at breakpoints, pieces of noise, and calls of heavy functions.

Compiled as parts of :func:`.integrator.integrate`. Functions that contain all devices are called by address instead, so
that they are compiled once.
"""

import functools
import math
from typing import NamedTuple

from numba import types

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel.arrays import (
    AT_BREAKPOINT,
    CHANGES,
    CIRCUIT,
    NOW,
    RATES,
    REDUCED,
    SCRATCH,
    SIZES,
    SLOPE,
    SLOPE_AT_BREAKPOINT,
    SOURCE_SLOPES,
    SOURCES,
    STEP_MATRIX,
    VECTOR,
    CircuitArrays,
    Scratch,
    SourceArrays,
)
from tsbench.simulated_backends.circuit.kernel.control import CONTROL_TYPE, StepControl
from tsbench.simulated_backends.circuit.kernel.device_noise import DeviceNoise, next_piece
from tsbench.simulated_backends.circuit.kernel.equations import drive_at, right_side_and_jacobian, solve_currents
from tsbench.simulated_backends.circuit.kernel.generic_step import move_drive
from tsbench.simulated_backends.circuit.kernel.growth import eliminate_currents, grows_unseen, must_stop
from tsbench.simulated_backends.circuit.kernel.places import device_count, differential_count
from tsbench.simulated_backends.circuit.kernel.step_control import (
    FIRST_STEP,
    NOTHING_BEFORE,
    after_breakpoint,
    step_to_try,
)
from tsbench.simulated_backends.circuit.kernel.thermal_noise import ThermalNoise, draw_noise, draw_noise_at
from tsbench.simulated_backends.numerics.compilation import by_address, function_at, part

GROWS, GROWS_AT_END, SMALL = 0, 1, 2   # what look() is asked


_LOOK = types.boolean(types.int64, CIRCUIT, SCRATCH, CONTROL_TYPE, VECTOR, VECTOR, types.float64, types.float64)
_FIND_CURRENTS = types.boolean(CIRCUIT, SCRATCH, VECTOR, VECTOR)
look_at, find_currents_at = function_at(_LOOK), function_at(_FIND_CURRENTS)


class Addresses(NamedTuple):
    """Where the functions are that the loop calls by address: each contains all devices, and is compiled once.

    :func:`~tsbench.simulated_backends.numerics.compilation.by_address` says why, and how compiled code calls them.
    """

    look: int
    find_currents: int
    draw_noise: int


@functools.cache
def addresses() -> Addresses:
    """Return the addresses; compile the functions at the first call."""
    return Addresses(look(), find_currents(), draw_noise())


@by_address(_LOOK)
def look(
    what: int, circuit: CircuitArrays, scratch: Scratch, control: StepControl, weights: FloatArray, y: FloatArray,
    last: float, t: float,
) -> bool:
    """Look at a growing mode; return whether the step loop must stop.

    Parameters
    ----------
    what : int
        :data:`GROWS` or :data:`SMALL`: the next step has linearised the circuit already. :data:`GROWS_AT_END`: this is
        the end of the last step of a call, so the circuit is linearised here.
    circuit, scratch, control, weights, y, last, t
        See :func:`.growth.grows_unseen`.
    """
    if what == SMALL:
        return bool(must_stop(circuit, scratch, control, weights, y, last, t))
    if what == GROWS_AT_END:
        L, devices, stages, places = circuit.L, circuit.devices, circuit.stages, circuit.places
        vectors, matrices, drives, work = scratch.vectors, scratch.matrices, scratch.drives, scratch.work
        right_side_and_jacobian(
            L, devices, stages, places, drives[NOW], drives[SLOPE], y, work, vectors[RATES], vectors[CHANGES],
            matrices[REDUCED])
        control.looks += 1
        eliminate_currents(y.size, differential_count(places), matrices[REDUCED], vectors[RATES], vectors[CHANGES])
    return bool(grows_unseen(circuit, scratch, control, weights, y, last, t))


@by_address(_FIND_CURRENTS)
def find_currents(circuit: CircuitArrays, scratch: Scratch, drive: FloatArray, y: FloatArray) -> bool:
    """Make the device currents in ``y`` consistent, see :func:`.equations.solve_currents`; return whether it worked."""
    vectors, matrices, pivots, work = scratch.vectors, scratch.matrices, scratch.pivots, scratch.work
    return bool(solve_currents(
        circuit.L, circuit.devices, circuit.places, drive, y, work, vectors[RATES], vectors[SIZES],
        matrices[STEP_MATRIX], pivots))


@part
def enter_segment(
    circuit: CircuitArrays, sources: SourceArrays, control: StepControl, scratch: Scratch, y: FloatArray, t: float,
    find: bool, functions: Addresses,
) -> tuple[bool, bool]:
    """Write the drive from the last breakpoint on.

    Parameters
    ----------
    t : float
        Present instant [s].
    find : bool
        Make the device currents in ``y`` consistent with the drive.
    circuit, sources, control, scratch, y, functions
        See :func:`.integrator.integrate`.

    Returns
    -------
    (whether any source moves along a curve, whether currents were found)
    """
    R, E, places = circuit.R, circuit.E, circuit.places
    drives, currents_found = scratch.drives, find_currents_at(functions.find_currents)
    at_breakpoint, rate = drives[AT_BREAKPOINT], drives[SLOPE_AT_BREAKPOINT]
    following, moving, curved = drive_at(
        sources, R, E, control.breakpoint, drives[SOURCES], drives[SOURCE_SLOPES], at_breakpoint, rate)
    control.next_breakpoint, control.moving = following, moving
    move_drive(False, sources, R, E, t, t - control.breakpoint, drives)
    if find and device_count(places) > 0 and not currents_found(circuit, scratch, at_breakpoint, y):
        return curved, False
    if curved:
        for a in range(at_breakpoint.size):
            at_breakpoint[a] = 0.0   # what move_drive() adds to the sources: noise alone
    return curved, True


@part
def begin_call(
    circuit: CircuitArrays, sources: SourceArrays, control: StepControl, scratch: Scratch, noise: DeviceNoise,
    y: FloatArray, t: float, restart: bool, functions: Addresses,
) -> tuple[float, float, bool, bool]:
    """Write the drive at ``t`` [s]; with ``restart`` begin anew there.

    Arguments as in :func:`.integrator.integrate`.

    Returns
    -------
    (step wanted [s], end of the piece of noise [s], whether any source moves along a curve, whether device currents
    were found)
    """
    L, devices, places = circuit.L, circuit.devices, circuit.places
    curved, found = enter_segment(circuit, sources, control, scratch, y, t, restart, functions)
    h, piece_end = control.next_step, math.inf
    if restart and found:
        h = min(h, FIRST_STEP)
        control.error_before = NOTHING_BEFORE
    if noise.clock.on:
        piece_end = noise.clock.end
        if restart and found:
            piece_end = next_piece(L, devices, places, scratch.drives[NOW], y, noise, t, restart)
    return h, piece_end, curved, found


@part
def pass_breakpoint(
    circuit: CircuitArrays, sources: SourceArrays, control: StepControl, scratch: Scratch, y: FloatArray, h: float,
    functions: Addresses,
) -> tuple[float, bool, bool]:
    """Go on behind the next breakpoint.

    Parameters
    ----------
    h : float
        Step wanted before it [s].
    circuit, sources, control, scratch, y, functions
        See :func:`.integrator.integrate`.

    Returns
    -------
    (step wanted [s], whether any source moves along a curve, whether device currents were found)
    """
    t = control.breakpoint = control.next_breakpoint
    curved, found = enter_segment(circuit, sources, control, scratch, y, t, True, functions)
    if found:
        h = after_breakpoint(h, control.next_breakpoint - t)
        control.error_before = NOTHING_BEFORE
    return h, curved, found


@part
def next_thermal_piece(
    circuit: CircuitArrays, sources: SourceArrays, control: StepControl, scratch: Scratch, thermal: ThermalNoise,
    y: FloatArray, t: float, h: float, fresh: bool, curved: bool, functions: Addresses,
) -> tuple[float, bool]:
    """Go on to the next piece of thermal noise, as long as the step to try, and write the drive with it.

    Parameters
    ----------
    t, h : float
        Present instant and step wanted [s].
    fresh : bool
        The drive has been written anew since the last piece, and is without noise.
    curved : bool
        Whether any source moves along a curve.
    circuit, sources, control, scratch, thermal, y, functions
        See :func:`.integrator.integrate`.

    Returns
    -------
    (end of the piece [s], whether device currents were found)
    """
    noise_drawn, currents_found = draw_noise_at(functions.draw_noise), find_currents_at(functions.find_currents)
    R, E = circuit.R, circuit.E
    drives = scratch.drives
    step, _ = step_to_try(min(h, control.largest_step), control.next_breakpoint - t)
    if not fresh:
        for a in range(thermal.without_noise.size):
            drives[AT_BREAKPOINT, a] = thermal.without_noise[a]
    move_drive(curved, sources, R, E, t, t - control.breakpoint, drives)
    new_on_devices = t >= thermal.clock.end and thermal.clock.on_devices
    end = min(noise_drawn(circuit, scratch, thermal, y, t, step), control.next_breakpoint)
    move_drive(curved, sources, R, E, t, t - control.breakpoint, drives)
    return end, not new_on_devices or currents_found(circuit, scratch, drives[NOW], y)
