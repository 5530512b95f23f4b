"""Does the circuit, as it is at the end of a step, have a mode that grows? Compiled, for the step loop.

An L-stable method damps a growing mode too once its steps are long compared with it, and error control sees nothing of
a mode that is not excited: a circuit that follows its equilibrium would stay on it when it has lost stability. So after
each step that is long compared with the fastest time constant the linearised circuit is looked at,

    x' = A x,      A = J11 - J12 J22^-1 J21       (unknowns with a derivative; device currents eliminated)

and the real part of its largest eigenvalue is integrated in time. Where the mode has grown by :data:`LIMIT` e-folds
since it began to, without being large already (an oscillation has such stretches all the time, and error control
follows those), the step loop stops: :mod:`.stability` starts the mode where thermal noise would have brought it.
"""

import math

import numpy as np

from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.circuit.kernel.equations import Arrays, right_side_and_jacobian
from tsbench.simulated_backends.circuit.kernel.modes import leading_eigenvalue, size_of_mode
from tsbench.simulated_backends.circuit.kernel.step_control import NOTHING_BEFORE
from tsbench.simulated_backends.numerics.compilation import compiled, inlined, part

LONG = 0.25  #: a step times the root of sum |A_ab A_ba| from which on the circuit is looked at
LONG_AT_FIRST = 0.01  #: the same where a source moves and nothing has been excited yet
LIMIT = 2.0  #: e-folds of growth after which the noise to come adds 1 or 2 % to what has grown
LARGE = 0.05  #: relative size from which on a mode counts as excited: noise is nothing beside it
_ROUNDING = 1e-12  #: part of the fastest rate below which a real part is rounding
#: places in the integrator's ``control``, times [s] from the circuit's base: 1 while it looks; real part [1/s] at the
#: last look (NaN: not known) and its change over the last step [1/s per s]; e-folds so far; since when the circuit may
#: be taken as never excited; evaluations that looking has cost; imaginary part [1/s] at the last look; when an excited
#: mode has grown under a moving source (-inf: never); steps under one until :mod:`.noise_switch` looks
WATCH, REAL_PART, CHANGE, E_FOLDS, SINCE, LOOKS, IMAGINARY, EXCITED, LOOK_AFTER = range(9, 18)
CONTROL_SIZE = 18
LONG_SEGMENT = 1000.0  #: steps of the present length: a segment of a source that counts as a ramp of its own


def new_control(rtol: float, largest_step: float, first_step: float) -> FloatArray:
    """Return what :func:`.integrator.integrate` begins with under its ``control``, not looking at growth."""
    control = np.zeros(CONTROL_SIZE)
    control[:9] = [rtol, largest_step, first_step, 0.0, 0.0, math.inf, 0.0, 0.0, NOTHING_BEFORE]
    control[REAL_PART], control[EXCITED], control[LOOK_AFTER] = math.nan, -math.inf, math.inf
    return control


@inlined
def size_of_excited(rtol: float) -> float:
    """Return the relative size from which on a mode counts as excited: error control sees it, at 10 times ``rtol``."""
    return max(LARGE, 10.0 * rtol)


@compiled
def eliminate_currents(n: int, m: int, J: FloatArray, f: FloatArray, ft: FloatArray) -> None:
    """Eliminate unknowns ``m`` to ``n`` in place: the first m rows and columns of J become A; f and ft go along."""
    for k in range(n - 1, m - 1, -1):
        inverse = 1.0 / J[k, k]
        for a in range(k):
            factor = J[a, k] * inverse
            if factor != 0.0:
                for b in range(k):
                    J[a, b] -= factor * J[k, b]
                f[a] -= factor * f[k]
                ft[a] -= factor * ft[k]


@compiled
def fastest_rate(m: int, A: FloatArray) -> float:
    """Return a rate [1/s] of the size of the largest eigenvalue; the units of the unknowns do not change it."""
    total = 0.0
    for a in range(m):
        for b in range(m):
            total += abs(A[a, b] * A[b, a])
    return math.sqrt(total)


@compiled
def surely_stable(m: int, A: FloatArray, scale: FloatArray) -> bool:
    """Return whether Gershgorin's discs (of the unknowns in units of ``scale``) all lie left of the imaginary axis."""
    for a in range(m):
        total = A[a, a]
        for b in range(m):
            if b != a:
                total += abs(A[a, b]) * scale[b] / scale[a]
        if not total < 0.0:
            return False
    return True


@inlined
def _limit_reached(control: FloatArray, real: float, negligible: bool, h: float) -> bool:
    """Add the e-folds of a step of length ``h`` [s] to those remembered; return whether they exceed :data:`LIMIT`.

    Also where both ends of the step are stable, if a stretch between them may not be.

    ``real`` is the largest real part [1/s] at the end of the step; ``negligible`` says that it is a rounding error.
    """
    real = 0.0 if negligible else real
    before, change, folds = control[REAL_PART], control[CHANGE], control[E_FOLDS]
    known = not math.isnan(before)
    before = before if known else -abs(real)
    apart = abs(real - before)
    control[REAL_PART] = real
    control[CHANGE] = apart / h if known else 0.0
    top, bottom = max(before, real), min(before, real)
    if top <= 0.0:
        control[E_FOLDS] = 0.0
        # both ends are stable: may there be a stretch between them that is not?
        return bool((top + 0.5 * (apart + change * h)) * h > LIMIT)
    folds += 0.5 * h * (top + bottom if bottom >= 0.0 else top * top / apart)
    grown = folds > LIMIT
    control[E_FOLDS] = 0.0 if real <= 0.0 or grown else folds
    return bool(grown)


@inlined
def excited(control: FloatArray, h: float) -> bool:
    """Return whether an excited mode has grown on this ramp already, at a step of length ``h`` [s].

    On a ramp of its own what is excited begins with the noise of the rest before it; short segments are part of one.
    """
    return bool(control[EXCITED] >= control[4] or (
        control[EXCITED] > -math.inf and control[5] - control[4] <= LONG_SEGMENT * h))


@inlined
def least_to_look(control: FloatArray, h: float) -> float:
    """Return how long a step must be against the fastest time constant for the circuit to be looked at."""
    return LONG if control[6] == 0.0 or excited(control, h) else LONG_AT_FIRST


@inlined
def two_states_may_grow(control: FloatArray, weights: FloatArray, y: FloatArray, A: FloatArray, h: float) -> bool:
    """Do the part of :func:`grows_unseen` before the size of the mode is needed, for circuits with two states.

    Most circuits have two states and nearly every step is looked at, so the eigenvalues are written out here and no
    function is called. Arguments as in :func:`grows_unseen`, with A of shape (2, 2) [1/s].
    """
    first, second, couple = A[0, 0], A[1, 1], A[0, 1] * A[1, 0]
    squared = first * first + second * second + 2.0 * abs(couple)   # of the fastest rate
    least = least_to_look(control, h)
    if not (h * h * squared > least * least or h > 0.99 * control[1]):
        control[REAL_PART], control[CHANGE] = math.nan, 0.0
        return False
    one = weights[0] + control[0] * abs(y[0])
    other = weights[1] + control[0] * abs(y[1])
    if abs(A[0, 1]) * other < -first * one and abs(A[1, 0]) * one < -second * other:   # surely stable
        control[REAL_PART], control[E_FOLDS], control[CHANGE] = math.nan, 0.0, 0.0
        return False
    difference = 0.5 * (first - second)
    inside = difference * difference + couple
    real = 0.5 * (first + second) + math.sqrt(max(inside, 0.0))
    control[IMAGINARY] = math.sqrt(max(-inside, 0.0))
    return _limit_reached(control, real, real * real < _ROUNDING * _ROUNDING * squared, h)  # type: ignore[no-any-return]


@compiled
def _size_now(
    circuit: Arrays, scratch: Arrays, weights: FloatArray, y: FloatArray, control: FloatArray
) -> float:
    """Evaluate the circuit where it is; return the size of its leading mode."""
    L, _, _, devices, stages, index = circuit
    vectors, matrices, _, drives, work, Z = scratch
    n, m, A, rtol, scale = y.size, index[3 + 2 * index[1]], matrices[2], control[0], vectors[3]
    for a in range(m):
        scale[a] = weights[a] / rtol + abs(y[a])
    right_side_and_jacobian(L, devices, stages, index, drives[2], drives[3], y, work, vectors[0], vectors[1], A)
    control[LOOKS] += 1.0
    eliminate_currents(n, m, A, vectors[0], vectors[1])
    return size_of_mode(  # type: ignore[no-any-return]
        m, A, vectors[0], vectors[1], scale, leading_eigenvalue(m, A, scale, Z), Z)


@part
def must_stop(
    circuit: Arrays, scratch: Arrays, control: FloatArray, weights: FloatArray, y: FloatArray, h: float, t: float
) -> bool:
    """Return whether the step loop must stop at ``t`` [s], y, after growth: the mode is small there, or stable again.

    If neither, the circuit counts as excited from there on. But where a moving source has excited it, the first time is
    reported all the same: what noise there was decides when an oscillation begins. Arguments as in
    :func:`grows_unseen`.
    """
    if control[REAL_PART] > 0.0 and _size_now(circuit, scratch, weights, y, control) > size_of_excited(control[0]):
        if control[6] != 0.0 and not excited(control, h):
            control[EXCITED] = t
            return True
        control[SINCE] = t
        return False
    return True


@part
def grows_unseen(
    circuit: Arrays, scratch: Arrays, control: FloatArray, weights: FloatArray, y: FloatArray, h: float, t: float,
) -> bool:
    """Look at the circuit at the end of a step; return whether the step loop must stop there.

    Then :mod:`.stability` goes on.

    Parameters
    ----------
    circuit : tuple of arrays
        See :func:`.equations.right_side`.
    scratch : tuple of arrays
        See :func:`.integrator.scratch_space`. The third matrix holds A at ``t``, ``y``; ``drives[2]`` and
        ``drives[3]`` hold the drive there and its slope.
    control : array, shape (CONTROL_SIZE,)
        See :func:`.integrator.integrate` and the places above; changed.
    weights : array, shape (n,)
        Absolute tolerances of the unknowns.
    y : array, shape (n,)
        Unknowns at the end of the step.
    h, t : float
        Length and end of the step [s].
    """
    index, vectors, A, Z = circuit[5], scratch[0], scratch[1][2], scratch[5]
    m, rtol = index[3 + 2 * index[1]], control[0]
    if m == 2:
        return bool(two_states_may_grow(control, weights, y, A, h) and must_stop(
            circuit, scratch, control, weights, y, h, t))
    fastest = fastest_rate(m, A)
    if not (h * fastest > least_to_look(control, h) or h > 0.99 * control[1]):   # or as long as steps may be
        control[REAL_PART], control[CHANGE] = math.nan, 0.0
        return False
    scale = vectors[3]
    for a in range(m):
        scale[a] = weights[a] / rtol + abs(y[a])
    if surely_stable(m, A, scale):
        control[REAL_PART], control[E_FOLDS], control[CHANGE] = math.nan, 0.0, 0.0
        return False
    value = leading_eigenvalue(m, A, scale, Z)
    real, control[IMAGINARY] = value.real, value.imag
    return bool(_limit_reached(control, real, abs(real) < _ROUNDING * fastest, h) and must_stop(
        circuit, scratch, control, weights, y, h, t))
