"""Eigenvalues and eigenvectors of a small matrix, and how far a circuit is from its equilibrium along one: compiled."""

import math

import numpy.typing as npt
from numpy import complex128

from tsbench.records import FloatArray
from tsbench.simulated_backends.numerics.compilation import compiled

ComplexArray = npt.NDArray[complex128]


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
            Z[row, a] *= 1.0 / largest


@compiled
def size_of_mode(
    m: int, A: FloatArray, f: FloatArray, ft: FloatArray, scale: FloatArray, value: complex, Z: ComplexArray
) -> float:
    """Return how far the circuit is from its moving equilibrium along a mode: the largest share of ``scale``.

    To first order in the speed of the drive, the motion of the equilibrium itself does not enter w (f + ft/value), with
    the left eigenvector w.

    Parameters
    ----------
    m : int
        Number of unknowns with a derivative.
    A : array, shape (m, m) at least
        The linearised circuit [1/s].
    f, ft : array, shape (m,) at least
        Rates of the unknowns, and their derivative by time at fixed unknowns.
    scale : array, shape (m,) at least
        Sizes of the unknowns.
    value : complex
        Eigenvalue of the mode [1/s].
    Z : array, shape (m + 2, m)
        Working space.
    """
    for side in range(2):   # one call: True and False would each be a type of its own, compiled apart
        _eigenvector(m, A, scale, value, side == 0, Z, m + side)
    # by a real number: to divide by a complex one would raise where it is zero
    inverse = value.conjugate() * (1.0 / max(value.real * value.real + value.imag * value.imag, 1e-300))
    product, moved, largest = complex(0.0, 0.0), complex(0.0, 0.0), 0.0
    for a in range(m):
        product += Z[m, a] * Z[m + 1, a]
        moved += Z[m, a] * ((f[a] + ft[a] * inverse) * (1.0 / scale[a]))
        largest = max(largest, abs(Z[m + 1, a]))
    amplitude = abs(moved) / abs(value * product) * largest
    return 2.0 * amplitude if value.imag != 0.0 else amplitude
