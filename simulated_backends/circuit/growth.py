"""Does the circuit, as it is at the end of a step, have a mode that grows? Compiled, for the step loop.

An L-stable method damps a growing mode too once its steps are long against it, and error control sees nothing of a mode
that is not excited: a circuit that follows its equilibrium would stay on it when it has lost stability. So behind each
step that is long against the fastest time constant the linearised circuit is looked at,

    x' = A x,      A = J11 - J12 J22^-1 J21       (unknowns with a derivative; device currents eliminated)

and the real part of its largest eigenvalue is integrated in time. Where the mode has grown by :data:`LIMIT` e-folds
since it began to, without being large already (an oscillation has such stretches all the time, and error control
follows those), the step loop stops: :mod:`.stability` starts the mode where thermal noise would have brought it.
"""

import math

import numpy.typing as npt
from numpy import complex128

from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.circuit.equations import Arrays, right_side_and_jacobian
from tsbench.simulated_backends.devices.compilation import compiled

ComplexArray = npt.NDArray[complex128]

LONG = 0.25  #: a step times the root of sum |A_ab A_ba| from which on the circuit is looked at
LIMIT = 2.0  #: e-folds of growth behind which the noise to come adds 1 or 2 % to what has grown
LARGE = 0.05  #: relative size from which on a mode counts as excited: noise is nothing beside it
WEAK = 0.02  #: real part, as a share of the imaginary one, of a mode so near to the edge that noise matters
LOOK_AGAIN = 20.0  #: radians, three periods, behind which a mode's size is taken again
FOLLOWED = 1.0  #: a step times the imaginary part, below which error control follows what swings
_ROUNDING = 1e-12  #: part of the fastest rate below which a real part is rounding
#: places in the integrator's ``control``: 1 while it looks; real part [1/s] at the last look (NaN: not known) and its
#: change over the last step [1/s per s]; e-folds so far; since when [s] the circuit may be taken as never excited;
#: evaluations of the circuit that looking has cost; from when on [s] a weak mode that swings is reported (NaN: now);
#: imaginary part [1/s] at the last look; size of a mode below which it is reported
WATCH, REAL_PART, CHANGE, E_FOLDS, SINCE, LOOKS, FADES_AFTER, IMAGINARY, FADED = 9, 10, 11, 12, 13, 14, 15, 16, 17
CONTROL_SIZE = 18


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


@compiled
def leading_eigenvalue(m: int, A: FloatArray, scale: FloatArray, Z: ComplexArray) -> complex:
    """Return the eigenvalue [1/s] of A with the largest real part (and an imaginary part of at least 0).

    Two by two in closed form; else Hessenberg form and QR steps with Wilkinson's shift (G. H. Golub, C. F. Van Loan,
    "Matrix Computations", 4th edition, sections 7.4 and 7.5) in complex numbers, in the working space ``Z``.
    """
    if m == 1:
        return complex(A[0, 0], 0.0)
    if m == 2:
        half = 0.5 * (A[0, 0] + A[1, 1])
        difference = 0.5 * (A[0, 0] - A[1, 1])
        squared = difference * difference + A[0, 1] * A[1, 0]
        if squared < 0.0:
            return complex(half, math.sqrt(-squared))
        return complex(half + math.sqrt(squared), 0.0)
    for a in range(m):
        for b in range(m):
            Z[a, b] = complex(A[a, b] * scale[b] / scale[a], 0.0)
    _to_hessenberg(m, Z)
    _qr_steps(m, Z)
    best = Z[0, 0]
    for a in range(1, m):
        if Z[a, a].real > best.real:
            best = Z[a, a]
    return complex(best.real, abs(best.imag))


@compiled
def _to_hessenberg(m: int, Z: ComplexArray) -> None:
    """Bring Z to upper Hessenberg form by eliminations with pivots."""
    for k in range(1, m - 1):
        pivot = k
        for a in range(k + 1, m):
            if abs(Z[a, k - 1]) > abs(Z[pivot, k - 1]):
                pivot = a
        if Z[pivot, k - 1] == 0.0:
            continue
        if pivot != k:
            for b in range(m):
                Z[k, b], Z[pivot, b] = Z[pivot, b], Z[k, b]
            for a in range(m):
                Z[a, k], Z[a, pivot] = Z[a, pivot], Z[a, k]
        for a in range(k + 1, m):
            factor = Z[a, k - 1] / Z[k, k - 1]
            if factor != 0.0:
                for b in range(m):
                    Z[a, b] -= factor * Z[k, b]
                for b in range(m):
                    Z[b, k] += factor * Z[b, a]


@compiled
def _qr_steps(m: int, Z: ComplexArray) -> None:
    """Leave the eigenvalues of an upper Hessenberg matrix on its diagonal; rows m and m + 1 of Z hold the rotations."""
    high, tries = m - 1, 0
    while high > 0 and tries < 300:
        low = high
        while low > 0 and abs(Z[low, low - 1]) > 2e-16 * (abs(Z[low, low]) + abs(Z[low - 1, low - 1])):
            low -= 1
        if low == high:
            high -= 1
            continue
        tries += 1
        a, b, c, d = Z[high - 1, high - 1], Z[high - 1, high], Z[high, high - 1], Z[high, high]
        root = ((0.5 * (a - d)) ** 2 + b * c) ** 0.5
        shift = 0.5 * (a + d) + root
        if abs(shift - d) > abs(0.5 * (a + d) - root - d):
            shift = 0.5 * (a + d) - root
        if tries % 11 == 10:
            shift += abs(c)   # a shift that leads out of a circle
        for k in range(low, high + 1):
            Z[k, k] -= shift
        for k in range(low, high):
            x, y = Z[k, k], Z[k + 1, k]
            size = math.sqrt(x.real * x.real + x.imag * x.imag + y.real * y.real + y.imag * y.imag)
            if size == 0.0:
                cosine, sine = complex(1.0, 0.0), complex(0.0, 0.0)
            else:
                cosine, sine = x / size, y / size
            Z[m, k], Z[m + 1, k] = cosine, sine
            for j in range(k, high + 1):
                upper, lower = Z[k, j], Z[k + 1, j]
                Z[k, j] = cosine.conjugate() * upper + sine.conjugate() * lower
                Z[k + 1, j] = cosine * lower - sine * upper
        for k in range(low, high):
            cosine, sine = Z[m, k], Z[m + 1, k]
            for j in range(low, min(k + 2, high) + 1):
                left, right = Z[j, k], Z[j, k + 1]
                Z[j, k] = left * cosine + right * sine
                Z[j, k + 1] = right * cosine.conjugate() - left * sine.conjugate()
        for k in range(low, high + 1):
            Z[k, k] += shift


@compiled
def _eigenvector(
    m: int, A: FloatArray, scale: FloatArray, value: complex, left: bool, Z: ComplexArray, row: int
) -> None:
    """Write an eigenvector (of the unknowns in units of ``scale``) into row ``row`` of Z, by inverse iteration."""
    for a in range(m):
        Z[row, a] = complex(1.0, 0.1 * a)
    shifted = value * (1.0 + 1e-9)
    for _ in range(2):
        for a in range(m):
            for b in range(m):
                entry = A[b, a] * scale[a] / scale[b] if left else A[a, b] * scale[b] / scale[a]
                Z[a, b] = complex(entry, 0.0)
            Z[a, a] -= shifted
        for k in range(m):
            pivot = k
            for a in range(k + 1, m):
                if abs(Z[a, k]) > abs(Z[pivot, k]):
                    pivot = a
            if pivot != k:
                for b in range(k, m):
                    Z[k, b], Z[pivot, b] = Z[pivot, b], Z[k, b]
                Z[row, k], Z[row, pivot] = Z[row, pivot], Z[row, k]
            if Z[k, k] == 0.0:
                Z[k, k] = complex(1e-300, 0.0)
            for a in range(k + 1, m):
                factor = Z[a, k] / Z[k, k]
                for b in range(k + 1, m):
                    Z[a, b] -= factor * Z[k, b]
                Z[row, a] -= factor * Z[row, k]
        largest = 0.0
        for k in range(m - 1, -1, -1):
            total = Z[row, k]
            for b in range(k + 1, m):
                total -= Z[k, b] * Z[row, b]
            Z[row, k] = total / Z[k, k]
            largest = max(largest, abs(Z[row, k]))
        for a in range(m):
            Z[row, a] /= largest


@compiled
def size_of_mode(
    m: int, A: FloatArray, f: FloatArray, ft: FloatArray, scale: FloatArray, value: complex, Z: ComplexArray
) -> float:
    """Return how far the circuit is from its moving equilibrium along a mode: the largest share of ``scale``.

    To first order in the speed of the drive the equilibrium's own motion has no part in w (f + ft/value), w the left
    eigenvector.
    """
    _eigenvector(m, A, scale, value, True, Z, m)
    _eigenvector(m, A, scale, value, False, Z, m + 1)
    product, moved, largest = complex(0.0, 0.0), complex(0.0, 0.0), 0.0
    for a in range(m):
        product += Z[m, a] * Z[m + 1, a]
        moved += Z[m, a] * (f[a] + ft[a] / value) / scale[a]
        largest = max(largest, abs(Z[m + 1, a]))
    amplitude = abs(moved / (value * product)) * largest
    return 2.0 * amplitude if value.imag != 0.0 else amplitude


@compiled
def _size_now(
    circuit: Arrays, scratch: Arrays, weights: FloatArray, y: FloatArray, value: complex, control: FloatArray
) -> float:
    """Return the size of a mode; the drive and its slope are those that :func:`_grows` has."""
    L, _, _, devices, stages, index = circuit
    vectors, matrices, _, drives, work, Z = scratch
    n, m, A, scale = y.size, index[3 + 2 * index[1]], matrices[2], vectors[3]
    right_side_and_jacobian(L, devices, stages, index, drives[2], drives[3], y, work, vectors[0], vectors[1], A)
    control[LOOKS] += 1.0
    eliminate_currents(n, m, A, vectors[0], vectors[1])
    return float(size_of_mode(m, A, vectors[0], vectors[1], scale, value, Z))


@compiled
def _grows(
    circuit: Arrays, scratch: Arrays, control: FloatArray, weights: FloatArray, y: FloatArray, h: float, t: float,
) -> bool:
    """Return whether a mode has grown unseen.

    The third matrix of ``scratch`` holds A at ``t``, y; ``drives[2]`` and ``drives[3]`` the drive there and its slope.
    """
    vectors, matrices, Z, index = scratch[0], scratch[1], scratch[5], circuit[5]
    m, A, rtol = index[3 + 2 * index[1]], matrices[2], control[0]
    before = control[REAL_PART]
    control[REAL_PART] = math.nan
    fastest = fastest_rate(m, A)
    if not (h * fastest > LONG or h > 0.99 * control[1]):   # nor as long as steps may be: none will be longer
        control[CHANGE] = 0.0
        return False
    scale = vectors[3]
    for a in range(m):
        scale[a] = weights[a] / rtol + abs(y[a])
    if surely_stable(m, A, scale):
        control[E_FOLDS] = control[CHANGE] = 0.0
        return False
    value = leading_eigenvalue(m, A, scale, Z)
    real = value.real
    if abs(real) < _ROUNDING * fastest:
        real = 0.0
    control[REAL_PART] = real
    control[IMAGINARY] = value.imag
    change, control[CHANGE] = control[CHANGE], 0.0
    if math.isnan(before):   # not known
        before = -abs(real)
    else:
        control[CHANGE] = abs(real - before) / h
    if max(before, real) <= 0.0:
        control[E_FOLDS] = 0.0
        # both ends are stable: may there be a stretch between them that is not?
        highest = max(before, real) + 0.5 * (abs(real - before) + change * h)
        return bool(highest * h > LIMIT)
    if min(before, real) >= 0.0:
        control[E_FOLDS] += 0.5 * h * (before + real)
    else:
        control[E_FOLDS] += 0.5 * h * max(before, real) ** 2 / abs(real - before)
    grown = control[E_FOLDS] > LIMIT
    if real <= 0.0 or grown:
        control[E_FOLDS] = 0.0
    if not grown:
        return False
    if real > 0.0 and _size_now(circuit, scratch, weights, y, value, control) > max(LARGE, 10.0 * rtol):
        control[SINCE] = t
        return False
    return True


@compiled
def grows_unseen(
    circuit: Arrays, scratch: Arrays, control: FloatArray, weights: FloatArray, y: FloatArray, h: float, t: float,
) -> bool:
    """Look at the circuit at the end of a step of length ``h`` [s]; return whether somebody is to see to it.

    That is :mod:`.stability`, or where :data:`FADES_AFTER` has become NaN, :mod:`.fading`.
    """
    if _grows(circuit, scratch, control, weights, y, h, t):
        return True
    real, imaginary = control[REAL_PART], abs(control[IMAGINARY])
    if (control[6] == 0.0 or t < control[FADES_AFTER] or not abs(real) < WEAK * imaginary
            or h * imaginary > FOLLOWED):
        return False
    size = _size_now(circuit, scratch, weights, y, complex(real, imaginary), control)
    control[FADES_AFTER] = math.nan if size < control[FADED] else t + LOOK_AGAIN / imaginary
    return bool(size < control[FADED])
