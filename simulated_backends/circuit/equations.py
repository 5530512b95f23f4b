"""The equations of any circuit, compiled: right-hand side, Jacobian, drives, consistent device currents.

The unknowns y come in four blocks (:mod:`.assembly` makes them)::

    [ linear states | device states | device currents ]        differential | differential | algebraic
      voltages of capacitive nodes, inductor currents, source-meter voltages

    linear states    x' = A y + B u + E u'      (and the servo equation for a source meter's own voltage)
    device states    s' = f(v, i, s)            v = terminal voltage, linear in y and u
    device currents  0  = g(v, i, s)

What the sources u contribute is gathered in one vector, the drive: [linear states | device voltages | source-meter
currents]. Sources are linear between breakpoints (except sines), so the drive is too.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.circuit.linear import dot, factorise, solve
from tsbench.simulated_backends.circuit.waveforms import SINE, source_segment
from tsbench.simulated_backends.devices.compiled import evaluate_device

Arrays = tuple[Any, ...]  # tuples of arrays: numba infers their types


@njit(cache=True, nogil=True, error_model="numpy")
def stage_rate(q: FloatArray, v: float, i: float) -> tuple[float, float, float]:
    """Return dv_s/dt of a source meter's output stage and its derivatives by v_s and by the output current.

    ``q`` is (function, level, limit, tau_v, tau_i, loop resistance, slew rate); function 0 drives a voltage. The
    source loop pulls towards its level no faster than the slew rate; the limiting loop bounds the rate from both
    sides with its own finite speed, so the limit is overshot for a while.
    """
    voltage_gain, current_gain = 1.0 / q[3], q[5] / q[4]
    if q[0] == 0.0:
        wanted, by_v, by_i = (q[1] - v) * voltage_gain, -voltage_gain, 0.0
        upper, lower = (q[2] - i) * current_gain, (-q[2] - i) * current_gain
        bound_v, bound_i = 0.0, -current_gain
    else:
        wanted, by_v, by_i = (q[1] - i) * current_gain, 0.0, -current_gain
        upper, lower = (q[2] - v) * voltage_gain, (-q[2] - v) * voltage_gain
        bound_v, bound_i = -voltage_gain, 0.0
    if wanted > q[6]:
        wanted, by_v, by_i = q[6], 0.0, 0.0
    elif wanted < -q[6]:
        wanted, by_v, by_i = -q[6], 0.0, 0.0
    if wanted > upper:
        return upper, bound_v, bound_i
    if wanted < lower:
        return lower, bound_v, bound_i
    return wanted, by_v, by_i


@njit(cache=True, nogil=True, error_model="numpy")
def right_side(circuit: Arrays, drive: FloatArray, y: FloatArray, work: FloatArray, f: FloatArray) -> None:
    """Fill f(y) for a given drive; ``work`` is scratch space for one device."""
    A, kinds, parameters, first_state, voltage_y, stages, stage_index, stage_y = circuit
    nl, nd = A.shape[0], kinds.size
    first_current = first_state[nd]
    for a in range(nl):
        f[a] = drive[a] + dot(A[a], y)
    for k in range(stage_index.size):
        current = drive[nl + nd + k] + dot(stage_y[k], y)
        f[stage_index[k]] = stage_rate(stages[k], y[stage_index[k]], current)[0]
    for k in range(nd):
        own = first_current + k
        v = drive[nl + k] + dot(voltage_y[k], y)
        evaluate_device(kinds[k], parameters[k], v, y[own], y, first_state[k], work)
        f[own] = work[0]
        count = first_state[k + 1] - first_state[k]
        for s in range(count):
            f[first_state[k] + s] = work[(s + 1) * (3 + count)]


@njit(cache=True, nogil=True, error_model="numpy")
def right_side_and_jacobian(
    circuit: Arrays, drive: FloatArray, slope: FloatArray, y: FloatArray, work: FloatArray, f: FloatArray,
    ft: FloatArray, J: FloatArray,
) -> None:
    """Fill f, df/dt (from the drive's slope) and df/dy."""
    A, kinds, parameters, first_state, voltage_y, stages, stage_index, stage_y = circuit
    nl, n = A.shape
    nd = kinds.size
    first_current = first_state[nd]
    for a in range(nl):
        f[a] = drive[a] + dot(A[a], y)
        ft[a] = slope[a]
        for b in range(n):
            J[a, b] = A[a, b]
    for k in range(stage_index.size):
        own = stage_index[k]
        current = drive[nl + nd + k] + dot(stage_y[k], y)
        rate, by_v, by_i = stage_rate(stages[k], y[own], current)
        f[own] = rate
        ft[own] = by_i * slope[nl + nd + k]
        for b in range(n):
            J[own, b] = by_i * stage_y[k, b]
        J[own, own] += by_v
    for k in range(nd):
        own = first_current + k
        v = drive[nl + k] + dot(voltage_y[k], y)
        evaluate_device(kinds[k], parameters[k], v, y[own], y, first_state[k], work)
        count = first_state[k + 1] - first_state[k]
        for e in range(count + 1):
            base = e * (3 + count)
            row = own if e == 0 else first_state[k] + e - 1
            f[row] = work[base]
            by_v = work[base + 1]
            ft[row] = by_v * slope[nl + k]
            for b in range(n):
                J[row, b] = by_v * voltage_y[k, b]
            J[row, own] += work[base + 2]
            for s in range(count):
                J[row, first_state[k] + s] += work[base + 3 + s]


@njit(cache=True, nogil=True, error_model="numpy")
def drive_at(
    sources: Arrays, rows: Arrays, t: float, u: FloatArray, du: FloatArray, drive: FloatArray, slope: FloatArray
) -> tuple[float, bool, bool]:
    """Evaluate the sources just after ``t`` and what they contribute.

    Returns the next breakpoint [s], whether any source moves, and whether any moves along a curve (a sine).
    """
    kinds, parameters, table_times, table_values = sources
    R, E = rows
    following, moving, curved = math.inf, False, False
    for s in range(kinds.size):
        value, rate, until = source_segment(kinds[s], parameters[s], table_times, table_values, t)
        u[s], du[s] = value, rate
        following = min(following, until)
        if kinds[s] == SINE and t >= parameters[s, 3]:
            curved = True
        if rate != 0.0:
            moving = True
    for a in range(R.shape[0]):
        drive[a] = dot(R[a], u)
        slope[a] = dot(R[a], du)
    if moving or curved:
        for a in range(E.shape[0]):
            drive[a] += dot(E[a], du)
            if curved:   # E u'' of the sines
                for s in range(kinds.size):
                    if kinds[s] == SINE and t >= parameters[s, 3]:
                        slope[a] -= E[a, s] * (u[s] - parameters[s, 0]) * parameters[s, 2] ** 2
    return following, moving or curved, curved


@njit(cache=True, nogil=True, error_model="numpy")
def solve_currents(circuit: Arrays, drive: FloatArray, y: FloatArray, work: FloatArray) -> bool:
    """Make the device currents consistent with voltages and states; return whether that worked.

    Newton in all currents at once. A film's current rises convexly with its voltage, so from zero current (the
    highest voltage) one device converges monotonically; several are damped where the residual grows.
    """
    A, kinds, parameters, first_state, voltage_y, _, _, _ = circuit
    nl, nd = A.shape[0], kinds.size
    first_current = first_state[nd]
    F, scale = np.empty(nd), np.empty(nd)
    J = np.empty((nd, nd))
    pivots = np.empty(nd, dtype=np.int64)
    for attempt in range(2):
        if attempt == 1:
            for k in range(nd):
                y[first_current + k] = 0.0
        before, damping = math.inf, 1.0
        for _ in range(200):
            residual = 0.0
            for k in range(nd):
                own = first_current + k
                v = drive[nl + k] + dot(voltage_y[k], y)
                evaluate_device(kinds[k], parameters[k], v, y[own], y, first_state[k], work)
                F[k] = work[0]
                for m in range(nd):
                    J[k, m] = work[1] * voltage_y[k, first_current + m]
                J[k, k] += work[2]
                residual = max(residual, abs(F[k] / J[k, k]))
            if not math.isfinite(residual):
                break
            damping = max(0.5 * damping, 1e-3) if residual > before else min(1.0, 2.0 * damping)
            before = residual
            factorise(J, pivots, scale)
            solve(J, pivots, F)
            converged = True
            for k in range(nd):
                y[first_current + k] -= damping * F[k]
                if not abs(F[k]) <= 1e-12 * abs(y[first_current + k]) + 1e-20:
                    converged = False
            if converged:
                return True
    return False
