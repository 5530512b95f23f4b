"""Dense linear algebra for a handful of unknowns, compiled: the matrices are too small for LAPACK's overhead."""

import numpy.typing as npt
from numpy import int64

from tsbench.records import FloatArray
from tsbench.simulated_backends.numerics.compilation import compiled

IntArray = npt.NDArray[int64]


@compiled
def factorise(n: int, W: FloatArray, pivots: IntArray, scale: FloatArray) -> None:
    """Replace W (its first n rows and columns) by its LU factors.

    Partial pivoting is scaled by the rows' sizes, because rows have different units.
    """
    for i in range(n):
        largest = 0.0
        for j in range(n):
            largest = max(largest, abs(W[i, j]))
        scale[i] = 1.0 / largest
    for k in range(n):
        best, pivot = -1.0, k
        for i in range(k, n):
            size = abs(W[i, k]) * scale[i]
            if size > best:
                best, pivot = size, i
        pivots[k] = pivot
        if pivot != k:
            scale[pivot] = scale[k]
            for j in range(n):
                W[k, j], W[pivot, j] = W[pivot, j], W[k, j]
        inverse = 1.0 / W[k, k]
        W[k, k] = inverse
        for i in range(k + 1, n):
            factor = W[i, k] * inverse
            W[i, k] = factor
            if factor != 0.0:
                for j in range(k + 1, n):
                    W[i, j] -= factor * W[k, j]


@compiled
def solve(n: int, W: FloatArray, pivots: IntArray, b: FloatArray) -> None:
    """Solve with the factors of :func:`factorise`, in place."""
    for k in range(n):
        pivot = pivots[k]
        if pivot != k:
            b[k], b[pivot] = b[pivot], b[k]
    if n == 3:   # one device and one capacitance: written out, it takes a third of the time
        b1 = b[1] - W[1, 0] * b[0]
        b2 = (b[2] - W[2, 0] * b[0] - W[2, 1] * b1) * W[2, 2]
        b1 = (b1 - W[1, 2] * b2) * W[1, 1]
        b[0] = (b[0] - W[0, 1] * b1 - W[0, 2] * b2) * W[0, 0]
        b[1], b[2] = b1, b2
        return
    for i in range(1, n):
        total = b[i]
        for j in range(i):
            total -= W[i, j] * b[j]
        b[i] = total
    for i in range(n - 1, -1, -1):
        total = b[i]
        for j in range(i + 1, n):
            total -= W[i, j] * b[j]
        b[i] = total * W[i, i]
