"""How a small difference of the unknowns changes over a run of steps: M = d y(end)/d y(begin).

M is the product of the steps' exponentials exp(h J), J from the circuit's equations with the device currents
eliminated. Only differential unknowns count. In a linear circuit M is exact; in others it has the order of a
trapezoidal rule over steps that error control has chosen, which is right for slow states (h J is small there) and
rough for those that are gone within a step or two.
"""

import numpy as np
from scipy.linalg import expm

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel.compiled_circuit import CompiledCircuit
from tsbench.simulated_backends.circuit.trajectory import Steps

BLOCK = 4096  #: steps whose exponentials are made at once
LINEAR = 1e-12  #: relative; derivatives that differ less are the same

# exp(z) by its 2/3 Pade approximation, which is L-stable, as a sum of simple poles: P. Henrici, Applied and
# Computational Complex Analysis 2 (1977), section 12; as partial fractions it is as well conditioned as 1 - h J
_POLES = np.roots([-1 / 60, 3 / 20, -3 / 5, 1.0])
_RESIDUES = np.polyval([1 / 20, 2 / 5, 1.0], _POLES) / np.polyval([-1 / 20, 3 / 10, -3 / 5], _POLES)


def period_map(compiled: CompiledCircuit, steps: Steps) -> tuple[FloatArray, bool]:
    """Return M over ``steps``, shape (n, n) with n differential unknowns, and whether the circuit is linear there."""
    size = compiled.differential
    total = np.eye(size)
    if not size:
        return total, True
    first = compiled.reduced_jacobians(steps.part(0, 1))[0]
    allowed = LINEAR * abs(first).max()
    for begin in range(0, steps.starts.size, BLOCK):
        part = steps.part(begin, begin + BLOCK)
        J = compiled.reduced_jacobians(part)   # at the begin of each step, and at the end of the last
        if not (abs(J - first) <= allowed).all():
            break
    else:
        return _exponential(compiled, first, float(steps.lengths.sum())), True
    for begin in range(0, steps.starts.size, BLOCK):
        part = steps.part(begin, begin + BLOCK)
        J = compiled.reduced_jacobians(part)
        total = _product(exponentials(0.5 * (J[:-1] + J[1:]) * part.lengths[:, None, None])) @ total
    return total, False


def _exponential(compiled: CompiledCircuit, J: FloatArray, length: float) -> FloatArray:
    """Return exp(J length); that of the last period is known."""
    known = compiled.last_map
    if known is None or abs(known[1] - length) > LINEAR * length or not (abs(known[0] - J) <= LINEAR * abs(J)).all():
        known = compiled.last_map = J, length, np.asarray(expm(J * length))
    return known[2]


def exponentials(matrices: FloatArray) -> FloatArray:
    """Return exp of each matrix, shape (m, n, n), to fifth order; what decays fast within one is gone."""
    unit = np.eye(matrices.shape[-1])
    found = np.zeros_like(matrices)
    for pole, residue in zip(_POLES, _RESIDUES, strict=True):
        if abs(pole.imag) < 1e-9:
            found += residue.real * np.linalg.inv(matrices - pole.real * unit)
        elif pole.imag > 0:   # and its conjugate
            found += 2.0 * (residue * np.linalg.inv(matrices - pole * unit)).real
    return found


def _product(matrices: FloatArray) -> FloatArray:
    """Return the last times ... times the first, shape (m, n, n) -> (n, n)."""
    while len(matrices) > 1:
        if len(matrices) % 2:
            matrices = np.concatenate([matrices, np.eye(matrices.shape[-1])[None]])
        matrices = matrices[1::2] @ matrices[::2]
    return np.asarray(matrices[0])


def ahead(M: FloatArray, change: FloatArray, count: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sum the changes over ``count`` periods: the first changes the unknowns by ``change``, each next by M times that.

    Parameters
    ----------
    M : array, shape (n, n)
        Map of one period.
    change : array, shape (n,)
        Of the unknowns over the first period.
    count : int
        Periods.

    Returns
    -------
    (sum of all changes, its mean over the beginnings of the periods, change over the period behind them)
    """
    n = change.size
    unit, none = np.eye(n), np.zeros((n, n))
    # (change, sum, sum of sums) from one period to the next
    step = np.block([[M, none, none], [unit, unit, none], [none, unit, unit]])
    state = np.linalg.matrix_power(step, count) @ np.concatenate([change, np.zeros(2 * n)])
    return state[n: 2 * n], state[2 * n:] / count, state[:n]
