"""Detects a growing mode of the circuit at the end of a step; compiled for the step loop.

An L-stable method damps a growing mode too once its steps are long compared with it, and error control sees nothing of
a mode that is not excited: a circuit that follows its equilibrium would stay on it when it has lost stability. So after
each step that is long compared with the fastest time constant the linearised circuit is looked at,

    x' = A x,      A = J11 - J12 J22^-1 J21       (unknowns with a derivative; device currents eliminated)

and the real part of its largest eigenvalue is integrated in time. Where the mode has grown by :data:`LIMIT` e-folds
since it began to, without being large already (an oscillation has such stretches all the time, and error control
follows those), the step loop stops: :mod:`.stability.departure` starts the mode where thermal noise would have brought
it.
"""

import math

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel.arrays import (
    CHANGES,
    NOW,
    RATES,
    REDUCED,
    SIZES,
    SLOPE,
    CircuitArrays,
    Scratch,
)
from tsbench.simulated_backends.circuit.kernel.control import StepControl
from tsbench.simulated_backends.circuit.kernel.equations import right_side_and_jacobian
from tsbench.simulated_backends.circuit.kernel.modes import ComplexArray, leading_eigenvalue, size_of_mode
from tsbench.simulated_backends.circuit.kernel.places import differential_count
from tsbench.simulated_backends.numerics.compilation import compiled, inlined, part

LONG = 0.25  #: a step times the root of sum |A_ab A_ba| from which on the circuit is looked at
LONG_AT_FIRST = 0.01  #: the same where a source moves and nothing has been excited yet
LIMIT = 2.0  #: e-folds of growth after which the noise to come adds 1 or 2 % to what has grown
LARGE = 0.05  #: relative size from which on a mode counts as excited: noise is nothing beside it
_ROUNDING = 1e-12  #: part of the fastest rate below which a real part is rounding
LONG_SEGMENT = 1000.0  #: steps of the present length: a segment of a source that counts as a ramp of its own


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
def growth_over_step(
    real: float, before: float, change: float, e_folds: float, last: float
) -> tuple[float, float, float]:
    """Add the growth over a step to what is remembered: the integral of a real part that goes straight from one end on.

    Parameters
    ----------
    real, before : float
        Largest real part [1/s] at its end and at its begin (NaN: not known).
    change : float
        How much the real part changed over the step before [1/s per s].
    e_folds : float
        By which the mode had grown.
    last : float
        Length of the step [s].

    Returns
    -------
    (change over this step, e-folds at its end, what is to be compared with :data:`LIMIT`): the e-folds at the end, or,
    where both ends are stable, those of a stretch between them that may not be.
    """
    known = not math.isnan(before)
    before = before if known else -abs(real)
    top = real if real > before else before
    bottom = before if real > before else real
    apart = top - bottom
    positive = 0.5 * (top + bottom) if bottom >= 0.0 else 0.5 * top * top / apart
    grown = e_folds + last * positive if top > 0.0 else 0.0
    hidden = (top + 0.5 * (apart + change * last)) * last
    return apart / last if known else 0.0, grown, grown if top > 0.0 else hidden


@inlined
def _limit_reached(control: StepControl, real: float, last: float) -> bool:
    """Remember the growth over a step of length ``last`` [s]; return whether :data:`LIMIT` is exceeded.

    ``real`` is the largest real part [1/s] at the end of the step.
    """
    change, grown, most = growth_over_step(real, control.real_part, control.change, control.e_folds, last)
    control.real_part, control.change = real, change
    control.e_folds = 0.0 if real <= 0.0 or grown > LIMIT else grown
    return bool(most > LIMIT)


@inlined
def _not_known(control: StepControl) -> None:
    """Remember that nothing was seen at the end of this step."""
    control.real_part, control.change = math.nan, 0.0


@inlined
def excited(control: StepControl, last: float) -> bool:
    """Return whether an excited mode has grown on this ramp already, at a step of length ``last`` [s].

    On a ramp of its own what is excited begins with the noise of the rest before it; short segments are part of one.
    """
    return bool(control.excited >= control.breakpoint or (
        control.excited > -math.inf and control.next_breakpoint - control.breakpoint <= LONG_SEGMENT * last))


@inlined
def least_to_look(control: StepControl, last: float) -> float:
    """Return how long a step must be against the fastest time constant for the circuit to be looked at."""
    return LONG if not control.moving or excited(control, last) else LONG_AT_FIRST


@inlined
def two_states_may_grow(control: StepControl, weights: FloatArray, y: FloatArray, A: FloatArray, last: float) -> bool:
    """Do the part of :func:`grows_unseen` before the size of the mode is needed, for circuits with two states.

    Most circuits have two states and nearly every step is looked at, so the eigenvalues are written out here and no
    function is called. Arguments as in :func:`grows_unseen`, with A of shape (2, 2) [1/s].
    """
    first, second, couple = A[0, 0], A[1, 1], A[0, 1] * A[1, 0]
    squared = first * first + second * second + 2.0 * abs(couple)   # of the fastest rate
    least = least_to_look(control, last)
    if not (last * last * squared > least * least or last > 0.99 * control.largest_step):
        _not_known(control)
        return False
    one = weights[0] + control.rtol * abs(y[0])
    other = weights[1] + control.rtol * abs(y[1])
    if abs(A[0, 1]) * other < -first * one and abs(A[1, 0]) * one < -second * other:   # surely stable
        _not_known(control)
        control.e_folds = 0.0
        return False
    difference = 0.5 * (first - second)
    inside = difference * difference + couple
    real = 0.5 * (first + second) + math.sqrt(max(inside, 0.0))
    control.imaginary = math.sqrt(max(-inside, 0.0))
    real = 0.0 if real * real < _ROUNDING * _ROUNDING * squared else real
    return _limit_reached(control, real, last)  # type: ignore[no-any-return]


@compiled
def sizes_of_unknowns(m: int, weights: FloatArray, rtol: float, y: FloatArray, scale: FloatArray) -> None:
    """Fill ``scale`` with the sizes of the first ``m`` unknowns: absolute tolerance over rtol, and what they are."""
    for a in range(m):
        scale[a] = weights[a] / rtol + abs(y[a])


@compiled
def size_of_leading_mode(
    m: int, A: FloatArray, f: FloatArray, ft: FloatArray, weights: FloatArray, rtol: float, y: FloatArray,
    scale: FloatArray, modes: ComplexArray,
) -> tuple[complex, float]:
    """Return the leading eigenvalue of the linearised circuit [1/s], and how far the circuit is away along its mode.

    ``scale`` and ``modes`` are scratch; other arguments as in :func:`.modes.size_of_mode`.
    """
    sizes_of_unknowns(m, weights, rtol, y, scale)
    value = leading_eigenvalue(m, A, scale, modes)
    return value, size_of_mode(m, A, f, ft, scale, value, modes)


@compiled
def _size_now(
    circuit: CircuitArrays, scratch: Scratch, weights: FloatArray, y: FloatArray, control: StepControl
) -> float:
    """Evaluate the circuit where it is; return the size of its leading mode."""
    L, devices, stages, places = circuit.L, circuit.devices, circuit.stages, circuit.places
    vectors, matrices, drives = scratch.vectors, scratch.matrices, scratch.drives
    work, modes = scratch.work, scratch.modes
    m, A, f, ft = differential_count(places), matrices[REDUCED], vectors[RATES], vectors[CHANGES]
    right_side_and_jacobian(L, devices, stages, places, drives[NOW], drives[SLOPE], y, work, f, ft, A)
    control.looks += 1
    eliminate_currents(y.size, m, A, f, ft)
    return size_of_leading_mode(  # type: ignore[no-any-return]
        m, A, f, ft, weights, control.rtol, y, vectors[SIZES], modes)[1]


@part
def must_stop(
    circuit: CircuitArrays, scratch: Scratch, control: StepControl, weights: FloatArray, y: FloatArray, last: float,
    t: float,
) -> bool:
    """Return whether the step loop must stop at ``t`` [s], y, after growth: the mode is small there, or stable again.

    If neither, the circuit counts as excited from there on. But where a moving source has excited it, the first time is
    reported all the same: what noise there was decides when an oscillation begins. Arguments as in
    :func:`grows_unseen`.
    """
    if control.real_part > 0.0 and _size_now(circuit, scratch, weights, y, control) > size_of_excited(control.rtol):
        if control.moving and not excited(control, last):
            control.excited = t
            return True
        control.since = t
        return False
    return True


@part
def grows_unseen(
    circuit: CircuitArrays, scratch: Scratch, control: StepControl, weights: FloatArray, y: FloatArray, last: float,
    t: float,
) -> bool:
    """Look at the circuit at the end of a step; return whether the step loop must stop there.

    Then :mod:`.stability.departure` goes on.

    Parameters
    ----------
    circuit : CircuitArrays
    scratch : Scratch
        The matrix ``REDUCED`` holds A at ``t``, ``y``; ``NOW`` and ``SLOPE`` of the drives hold the drive there.
    control : StepControl
        Changed.
    weights : array, shape (n,)
        Absolute tolerances of the unknowns.
    y : array, shape (n,)
        Unknowns at the end of the step.
    last, t : float
        Length and end of the step [s].
    """
    A, scale, m = scratch.matrices[REDUCED], scratch.vectors[SIZES], differential_count(circuit.places)
    if m == 2:
        return bool(two_states_may_grow(control, weights, y, A, last) and must_stop(
            circuit, scratch, control, weights, y, last, t))
    fastest = fastest_rate(m, A)
    # a step that is as long as steps may be is looked at, too
    if not (last * fastest > least_to_look(control, last) or last > 0.99 * control.largest_step):
        _not_known(control)
        return False
    sizes_of_unknowns(m, weights, control.rtol, y, scale)
    if surely_stable(m, A, scale):
        _not_known(control)
        control.e_folds = 0.0
        return False
    value = leading_eigenvalue(m, A, scale, scratch.modes)
    real, control.imaginary = value.real, value.imag
    real = 0.0 if abs(real) < _ROUNDING * fastest else real
    return bool(_limit_reached(control, real, last) and must_stop(circuit, scratch, control, weights, y, last, t))
