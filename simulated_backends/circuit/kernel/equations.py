"""Compiled equations of any circuit: right-hand side, Jacobian, sources, and device currents that satisfy them.

The unknowns y come in four blocks (:mod:`.circuit.assembly` makes them)::

    [ linear states | device states | device currents ]        differential | differential | algebraic
      voltages of capacitive nodes, inductor currents, source-meter voltages

    linear states    x' = A y + B u + E u'      (and the servo equation for a source meter's own voltage)
    device states    s' = f(v, w, i, s)         v = terminal voltage, w = control voltage, linear in y and u
    device currents  0  = g(v, w, i, s)

What the sources u contribute is gathered in one vector, the drive: [linear states | device voltages | source-meter
currents | control voltages]. Sources are linear between breakpoints (except sines), so the drive is too.
"""

import math
from typing import NamedTuple

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel.arrays import CircuitArrays, SourceArrays
from tsbench.simulated_backends.circuit.kernel.places import (
    control_row_of,
    device_count,
    device_kind,
    first_current,
    first_state,
    linear_states,
    stage_count,
    stage_place,
    states_end,
)
from tsbench.simulated_backends.circuit.waveforms import OFFSET, OMEGA, SINE, sine_runs, source_segment
from tsbench.simulated_backends.devices.dispatch import evaluate_device
from tsbench.simulated_backends.devices.mechanism import BY_CURRENT, BY_STATES, BY_VOLTAGE, CONTROL_COLUMN, VALUE
from tsbench.simulated_backends.numerics.compilation import compiled, inlined
from tsbench.simulated_backends.numerics.linear import IntArray, factorise, solve

#: columns of the table of source meters: 0 or 1 for voltage or current drive, then fields of SourceMeterStage
STAGE_COLUMNS = ("function", "level", "limit", "voltage_time_constant", "current_time_constant", "loop_resistance",
                 "slew_rate")
_FUNCTION, _LEVEL, _LIMIT, _VOLTAGE_TIME, _CURRENT_TIME, _LOOP_RESISTANCE, _SLEW = range(len(STAGE_COLUMNS))
RELAXED_AFTER = 40  #: iterations for the device currents, after which 1e-14 A is precise enough


@compiled
def stage_rate(stages: FloatArray, k: int, v: float, i: float) -> tuple[float, float, float]:
    """Return dv_s/dt of a source meter's output stage and its derivatives by v_s and by the output current.

    Row ``k`` of ``stages`` has the columns :data:`STAGE_COLUMNS`. The source loop pulls towards its level no faster
    than the slew rate; the limiting loop bounds the rate from both sides with its own finite speed, so the limit is
    overshot for a while.

    A limiting current loop lets the output fall at (i - limit)·loop resistance/tau_i: it behaves like a current
    source of the limit with the capacitance tau_i/(loop resistance) at its output. Capacitance of cable and fixture
    adds to that one, so the overshoot of a device that switches on lasts longer with more cable.
    """
    level, limit, slew = stages[k, _LEVEL], stages[k, _LIMIT], stages[k, _SLEW]
    voltage_gain, current_gain = 1.0 / stages[k, _VOLTAGE_TIME], stages[k, _LOOP_RESISTANCE] / stages[k, _CURRENT_TIME]
    if stages[k, _FUNCTION] == 0.0:
        wanted, by_v, by_i = (level - v) * voltage_gain, -voltage_gain, 0.0
        upper, lower = (limit - i) * current_gain, (-limit - i) * current_gain
        bound_v, bound_i = 0.0, -current_gain
    else:
        wanted, by_v, by_i = (level - i) * current_gain, 0.0, -current_gain
        upper, lower = (limit - v) * voltage_gain, (-limit - v) * voltage_gain
        bound_v, bound_i = -voltage_gain, 0.0
    if wanted > slew:
        wanted, by_v, by_i = slew, 0.0, 0.0
    elif wanted < -slew:
        wanted, by_v, by_i = -slew, 0.0, 0.0
    if wanted > upper:
        return upper, bound_v, bound_i
    if wanted < lower:
        return lower, bound_v, bound_i
    return wanted, by_v, by_i


@inlined
def write_control_voltage(
    L: FloatArray, devices: FloatArray, places: IntArray, drive: FloatArray, y: FloatArray, k: int
) -> int:
    """Write the control voltage of device ``k`` into its parameters; return its row of L, -1 where it has none.

    Arguments as in :func:`right_side`.
    """
    row = control_row_of(places, k)
    if row >= 0:
        w = drive[row]
        for b in range(y.size):
            w += L[row, b] * y[b]
        devices[k, CONTROL_COLUMN] = w
    return row  # type: ignore[no-any-return]


@compiled
def right_side(
    L: FloatArray, devices: FloatArray, stages: FloatArray, places: IntArray, drive: FloatArray, y: FloatArray,
    work: FloatArray, f: FloatArray,
) -> None:
    """Fill f(y) for a given drive.

    ``L`` has the drive's rows: what linear states' rates, device voltages, source-meter currents and control voltages
    depend on. ``places``: see :mod:`.places`. Plain arrays and no slices: numba counts references
    to those, which costs more than the physics.
    """
    nl, nd, ns = linear_states(places), device_count(places), stage_count(places)
    n, currents = y.size, first_current(places)
    for a in range(nl):
        total = drive[a]
        for b in range(n):
            total += L[a, b] * y[b]
        f[a] = total
    for k in range(nd):
        v = drive[nl + k]
        for b in range(n):
            v += L[nl + k, b] * y[b]
        first = first_state(places, k)
        count = states_end(places, k) - first
        write_control_voltage(L, devices, places, drive, y, k)
        evaluate_device(device_kind(places, k), devices, k, v, y[currents + k], y, first, work)
        f[currents + k] = work[VALUE]
        for s in range(count):
            f[first + s] = work[(s + 1) * (BY_STATES + count)]
    for k in range(ns):
        own = stage_place(places, k)
        current = drive[nl + nd + k]
        for b in range(n):
            current += L[nl + nd + k, b] * y[b]
        f[own] = stage_rate(stages, k, y[own], current)[0]


@compiled
def right_side_and_jacobian(
    L: FloatArray, devices: FloatArray, stages: FloatArray, places: IntArray, drive: FloatArray, slope: FloatArray,
    y: FloatArray, work: FloatArray, f: FloatArray, ft: FloatArray, J: FloatArray,
) -> None:
    """Fill f, df/dt (from the drive's slope) and df/dy; arguments as in :func:`right_side`."""
    nl, nd, ns = linear_states(places), device_count(places), stage_count(places)
    n, currents = y.size, first_current(places)
    for a in range(nl):
        total = drive[a]
        for b in range(n):
            total += L[a, b] * y[b]
            J[a, b] = L[a, b]
        f[a] = total
        ft[a] = slope[a]
    for k in range(nd):
        own, row = currents + k, nl + k
        v = drive[row]
        for b in range(n):
            v += L[row, b] * y[b]
        first = first_state(places, k)
        count = states_end(places, k) - first
        control_row = write_control_voltage(L, devices, places, drive, y, k)
        evaluate_device(device_kind(places, k), devices, k, v, y[own], y, first, work)
        for e in range(count + 1):
            base = e * (BY_STATES + count)
            target = own if e == 0 else first + e - 1
            f[target] = work[base + VALUE]
            by_v = work[base + BY_VOLTAGE]
            ft[target] = by_v * slope[row]
            for b in range(n):
                J[target, b] = by_v * L[row, b]
            J[target, own] += work[base + BY_CURRENT]
            for s in range(count):
                J[target, first + s] += work[base + BY_STATES + s]
            if control_row >= 0:
                by_w = work[(count + 1) * (BY_STATES + count) + e]
                ft[target] += by_w * slope[control_row]
                for b in range(n):
                    J[target, b] += by_w * L[control_row, b]
    for k in range(ns):
        own, row = stage_place(places, k), nl + nd + k
        current = drive[row]
        for b in range(n):
            current += L[row, b] * y[b]
        rate, by_v, by_i = stage_rate(stages, k, y[own], current)
        f[own] = rate
        ft[own] = by_i * slope[row]
        for b in range(n):
            J[own, b] = by_i * L[row, b]
        J[own, own] += by_v


@compiled
def drive_at(
    sources: SourceArrays, R: FloatArray, E: FloatArray, t: float, u: FloatArray, du: FloatArray, drive: FloatArray,
    slope: FloatArray,
) -> tuple[float, bool, bool]:
    """Evaluate the sources just after ``t`` and what they contribute.

    Returns the next breakpoint [s], whether any source moves, and whether any moves along a curve (a sine).
    """
    kinds, parameters = sources.kinds, sources.parameters
    table_times, table_values = sources.table_times, sources.table_values
    following, moving, curved = math.inf, False, False
    for s in range(kinds.size):
        value, rate, until = source_segment(kinds[s], parameters, s, table_times, table_values, t)
        u[s], du[s] = value, rate
        following = min(following, until)
        if kinds[s] == SINE and sine_runs(parameters, s, t):
            curved = True
        if rate != 0.0:
            moving = True
    for a in range(R.shape[0]):
        total, rate = 0.0, 0.0
        for s in range(kinds.size):
            total += R[a, s] * u[s]
            rate += R[a, s] * du[s]
        drive[a], slope[a] = total, rate
    if moving or curved:
        for a in range(E.shape[0]):
            for s in range(kinds.size):
                drive[a] += E[a, s] * du[s]
            if curved:   # E u'' of the sines
                for s in range(kinds.size):
                    if kinds[s] == SINE and sine_runs(parameters, s, t):
                        slope[a] -= E[a, s] * (u[s] - parameters[s, OFFSET]) * parameters[s, OMEGA] ** 2
    return following, moving or curved, curved


class LinearisationScratch(NamedTuple):
    """Working arrays of :func:`linearisations`, for ``n`` unknowns."""

    work: FloatArray  #: what the equations of one device return, shape (MOST_NUMBERS,)
    f: FloatArray  #: rates of the unknowns, shape (n,)
    ft: FloatArray  #: their derivatives by time, shape (n,)
    J: FloatArray  #: df/dy, shape (n, n)
    drive: FloatArray  #: shape (rows,)
    slope: FloatArray  #: of the drive, shape (rows,)
    u: FloatArray  #: values of the sources, shape (sources,)
    du: FloatArray  #: their slopes, shape (sources,)
    y: FloatArray  #: unknowns, shape (n,)


@compiled
def linearisations(
    circuit: CircuitArrays, sources: SourceArrays, times: FloatArray, unknowns: FloatArray, directions: FloatArray,
    scratch: LinearisationScratch, drives: FloatArray, rates: FloatArray, changes: FloatArray, out: FloatArray,
    along: FloatArray,
) -> None:
    """Fill, at several instants, what :meth:`.compiled_circuit.CompiledCircuit.linearisations` puts together.

    That is the drive (times, rows), f and df/dt (times, n), df/dy (times, n, n), and the change of f along each of the
    ``directions`` (sources of noise, rows) of the drive: (times, sources of noise, n).
    """
    L, R, E, devices, stages, places = circuit.L, circuit.R, circuit.E, circuit.devices, circuit.stages, circuit.places
    work, f, ft, J, drive = scratch.work, scratch.f, scratch.ft, scratch.J, scratch.drive
    slope, u, du, y = scratch.slope, scratch.u, scratch.du, scratch.y
    n = y.size
    for k in range(times.size):
        for a in range(n):
            y[a] = unknowns[k, a]
        drive_at(sources, R, E, times[k], u, du, drive, slope)
        right_side_and_jacobian(L, devices, stages, places, drive, slope, y, work, f, ft, J)
        for a in range(drive.size):
            drives[k, a] = drive[a]
        for a in range(n):
            rates[k, a], changes[k, a] = f[a], ft[a]
            for b in range(n):
                out[k, a, b] = J[a, b]
        for d in range(directions.shape[0]):
            for a in range(drive.size):
                slope[a] = directions[d, a]
            right_side_and_jacobian(L, devices, stages, places, drive, slope, y, work, f, ft, J)
            for a in range(n):
                along[k, d, a] = ft[a]


@compiled
def solve_currents(
    L: FloatArray, devices: FloatArray, places: IntArray, drive: FloatArray, y: FloatArray, work: FloatArray,
    F: FloatArray, scale: FloatArray, J: FloatArray, pivots: IntArray,
) -> bool:
    """Make the device currents consistent with voltages and states; return whether that worked.

    Newton's method in all currents at once. A film's current rises convexly with its voltage. Therefore, with one
    device, the iteration that starts at zero current (the highest voltage) converges monotonically. With several
    devices, the step is damped when the residual grows. If the voltages cancel, rounding errors exceed the first
    tolerance of 1e-20 A. Therefore the tolerance is 10 fA after :data:`RELAXED_AFTER` iterations. This is a thousandth
    of what the integrator resolves. The last four arguments are scratch space for the size of all unknowns.
    """
    nl, nd, currents = linear_states(places), device_count(places), first_current(places)
    for attempt in range(2):
        if attempt == 1:
            for k in range(nd):
                y[currents + k] = 0.0
        before, damping = math.inf, 1.0
        for iteration in range(200):
            residual = 0.0
            least = 1e-20 if iteration < RELAXED_AFTER else 1e-14
            for k in range(nd):
                own, first = currents + k, first_state(places, k)
                v = drive[nl + k]
                for b in range(y.size):
                    v += L[nl + k, b] * y[b]
                control_row = write_control_voltage(L, devices, places, drive, y, k)
                evaluate_device(device_kind(places, k), devices, k, v, y[own], y, first, work)
                F[k] = work[VALUE]
                for m in range(nd):
                    J[k, m] = work[BY_VOLTAGE] * L[nl + k, currents + m]
                    if control_row >= 0:
                        count = states_end(places, k) - first
                        J[k, m] += work[(count + 1) * (BY_STATES + count)] * L[control_row, currents + m]
                J[k, k] += work[BY_CURRENT]
                residual = max(residual, abs(F[k] / J[k, k]))
            if not math.isfinite(residual):
                break
            damping = max(0.5 * damping, 1e-3) if residual > before else min(1.0, 2.0 * damping)
            before = residual
            factorise(nd, J, pivots, scale)
            solve(nd, J, pivots, F)
            converged = True
            for k in range(nd):
                y[currents + k] -= damping * F[k]
                if not abs(F[k]) <= 1e-12 * abs(y[currents + k]) + least:
                    converged = False
            if converged:
                return True
    return False
