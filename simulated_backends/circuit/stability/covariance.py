"""The covariance that thermal noise gives the unknowns of a linear circuit, dS/dt = A S + S A^T + N N^T."""

import math
from collections.abc import Sequence

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel.growth import LIMIT
from tsbench.simulated_backends.circuit.stability.linearised import LinearisedCircuit, LinearisedEquilibrium
from tsbench.simulated_backends.numerics.brownian import DEPARTURES, normal_number

_STANDS = 1e-6  #: relative change of an unknown below which it counts as constant
_MOST_GROWTH = 2.0 * LIMIT + 2.0  #: e-folds of the covariance in one interval


def carried_covariance(
    points: list[LinearisedCircuit], scale: FloatArray, before: Sequence[LinearisedEquilibrium]
) -> FloatArray:
    """Return the covariance of the unknowns at the last point, shape (m, m).

    It starts as the stationary covariance of the first equilibrium before, or of the first point where there is none
    (zero if that is unstable), and is carried through the later equilibria and points.

    Parameters
    ----------
    points : list of LinearisedCircuit
        The linearised circuit along the steps, in order of time.
    scale : array, shape (m,)
        Sizes of the unknowns, in their units; they condition the eigenvectors and do not change the result.
    before : sequence of LinearisedEquilibrium
        Those that led to the first point.
    """
    # what does not move meanwhile (the memory of a hysteresis) has eigenvectors that are hardly apart: it stays out
    A, noise = np.array([p.A for p in points]), np.array([p.noise for p in points])
    rates = (abs(A) * scale / scale[:, None]).max(axis=(0, 2))
    moving = np.flatnonzero(rates * (points[-1].time - points[0].time) > _STANDS)
    inside, unit = np.ix_(moving, moving), np.outer(scale, scale)
    size = scale[moving]

    def scaled(A: FloatArray, noise: FloatArray) -> tuple[FloatArray, FloatArray]:
        return A[..., inside[0], inside[1]] * size / size[:, None], (noise / unit)[..., inside[0], inside[1]]

    first = points[0]
    S = np.zeros((moving.size, moving.size))
    for k, one in enumerate(before):
        settled = k == 0 and np.linalg.eigvals(one.A[inside]).real.max() < 0.0
        time = math.inf if settled else one.end - one.start
        S = _carried(*scaled(one.A[None], one.noise[None]), S, np.array([time]))
    if first.real < 0.0 and not before:
        S = _carried(*scaled(first.A[None], first.noise[None]), S, np.array([math.inf]))
    S = _carried(*scaled(0.5 * (A[:-1] + A[1:]), 0.5 * (noise[:-1] + noise[1:])), S, np.diff([p.time for p in points]))
    whole = np.zeros_like(first.A)
    whole[inside] = S
    return whole * unit


def _carried(A: FloatArray, Q: FloatArray, S: FloatArray, times: FloatArray) -> FloatArray:
    """Return the covariance after ``times`` [s] in one circuit x' = A x + noise of strength Q after the other.

    ``A`` and ``Q`` of shape (times, m, m); the covariance is carried in the eigenvectors of each A.
    """
    values, vectors = np.linalg.eig(A)
    inverse = np.linalg.pinv(vectors)
    strength = inverse @ Q @ inverse.conj().swapaxes(1, 2)
    pairs, time = values[:, :, None] + values.conj()[:, None, :], times[:, None, None]
    with np.errstate(all="ignore"):
        small = abs(pairs * time) < 1e-8
        # by the choice of the instant no mode has grown by more than LIMIT e-folds; a mean of two matrices that
        # differ much (a fold within the interval) would say otherwise
        growth = np.exp(np.minimum(pairs.real * time, _MOST_GROWTH) + 1j * pairs.imag * time)
        added = strength * np.where(small, time, (growth - 1.0) / np.where(small, 1.0, pairs))
        forever = np.isinf(time)
        one = np.exp(np.minimum(values.real * times[:, None], 0.5 * _MOST_GROWTH) + 1j * values.imag * times[:, None])
        one, added = np.where(forever[:, 0], 0.0, one), np.where(forever, -strength / pairs, added)
    carry = (vectors * one[:, None, :] @ inverse).real
    more = (vectors @ added @ vectors.conj().swapaxes(1, 2)).real
    while carry.shape[0] > 1:   # each with the next one, until one is left
        if carry.shape[0] % 2:
            carry = np.concatenate([carry, np.eye(carry.shape[1])[None]])
            more = np.concatenate([more, np.zeros_like(more[:1])])
        first, second = carry[::2], carry[1::2]
        more = second @ more[::2] @ second.swapaxes(1, 2) + more[1::2]
        carry = second @ first
    S = carry[0] @ S @ carry[0].T + more[0]
    return np.asarray(0.5 * (S + S.T))


def draw(covariance: FloatArray, seed: int, instant: float) -> FloatArray:
    """Return a normal displacement that is a function of seed and instant [s]."""
    scale = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    place = place_of(instant)
    numbers = np.array([normal_number(seed, DEPARTURES, place, k + 1) for k in range(scale.size)])
    return np.asarray(scale * (vectors @ (np.sqrt(np.maximum(values, 0.0)) * numbers)))


def place_of(instant: float) -> int:
    """Return a whole number for an instant [s]: to 20 bits, since the last digits depend on the order of sums."""
    share, octave = math.frexp(instant)
    return (octave + 2048) << 21 | round(share * 2.0**20)
