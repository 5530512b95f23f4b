"""How a circuit leaves an equilibrium that has lost stability: as a real one does, by the noise of its resistances.

While it follows an equilibrium the circuit is linear around it, x' = A(t) x + N noise, and the covariance of x obeys

    dS/dt = A S + S A^T + N N^T

:mod:`.growth` finds the step in which a mode has become unstable. Here the real part of that mode is followed through
the step more closely, to the instant at which it has grown by :data:`.growth.LIMIT` e-folds; S is carried there from
where it was stationary, and the circuit goes on from a draw of it: a function of the seed and that instant alone. What
noise would add later is 1 to 2 % of the variance. On a ramp noise acts on the steps that follow, too
(:mod:`.thermal_noise`); there a mode that oscillates starts earlier, where its spread is :data:`EARLY`.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.circuit.kernel.compiled_circuit import CompiledCircuit
from tsbench.simulated_backends.circuit.kernel.growth import LARGE, LIMIT, size_of_excited
from tsbench.simulated_backends.circuit.kernel.modes import size_of_mode
from tsbench.simulated_backends.circuit.trajectory import Steps
from tsbench.simulated_backends.numerics.brownian import DEPARTURES, normal_number

INSIDE, BEFORE = 64, 4  #: parts into which the step in question is cut, and at most those before it
FORGOTTEN = 12.0  #: e-folds of decay after which nothing is left of earlier noise
STEPS_KEPT = 1 << 14  #: that :func:`departure` is given at most
BLOCK = 8  #: beginnings of steps that are linearised at once
MOST_POINTS = 300  #: at which the circuit is linearised for one departure
SHORT = 0.1  #: e-folds within which nothing need be looked at more closely
TOGETHER = 32  #: short steps, within which nothing changes much
RADIANS_GROWING = 0.5  #: largest step while a mode grows, times the size of its eigenvalue
EARLY = 0.003  #: standard deviation, as a share of an unknown, that is still in the linear range of every device
GONE_LARGE = 2.0  #: times the size from which a mode counts as excited: then it is left to error control
ALREADY = 2.0  #: times the limit: growth before the step in question that no error of counting explains
_STANDS = 1e-6  #: relative change of an unknown below which it counts as constant
_MOST_GROWTH = 2.0 * LIMIT + 2.0  #: e-folds of the covariance in one interval


@dataclass(frozen=True)
class Departure:
    """Where a growing mode starts, and from what."""

    instant: float  #: [s]
    displacement: FloatArray  #: of the unknowns with a derivative
    rate: float  #: size of the leading eigenvalue [1/s]
    goes_on: bool  #: whether noise is to act on the steps that follow


@dataclass(frozen=True)
class LinearisedCircuit:
    """A circuit linearised: x' = A x + N noise."""

    time: float  #: [s]
    A: FloatArray
    noise: FloatArray  #: N N^T
    real: float  #: of the leading eigenvalue [1/s]


def unknowns_in(steps: Steps, k: Any, s: Any) -> FloatArray:
    """Return the unknowns within step ``k``, ``s`` from 0 to 1; both may be arrays."""
    return np.asarray(steps.y0[k] * (1 - s) + s * (steps.y1[k] + (1 - s) * (steps.p[k] + s * steps.q[k])))


def _points(compiled: CompiledCircuit, times: FloatArray, unknowns: FloatArray) -> list[LinearisedCircuit]:
    _, _, A, N = compiled.linearisations(times, unknowns)
    real = np.linalg.eigvals(A).real.max(axis=1)
    noise = N @ N.transpose(0, 2, 1)
    return [LinearisedCircuit(float(times[k]), A[k], noise[k], float(real[k])) for k in range(times.size)]


def _point(compiled: CompiledCircuit, time: float, y: FloatArray) -> LinearisedCircuit:
    return _points(compiled, np.array([time]), y[None])[0]


class _Along:
    """A circuit linearised along steps; where they begin in blocks, which cost hardly more than one point."""

    def __init__(self, compiled: CompiledCircuit, steps: Steps) -> None:
        self._compiled, self._steps = compiled, steps
        self._begins: dict[int, LinearisedCircuit] = {}
        self._inside: dict[int, list[LinearisedCircuit]] = {}

    def begin(self, k: int, stride: int) -> LinearisedCircuit:
        """Return the beginning of step ``k``; the next ones asked for are likely to be ``stride`` steps apart."""
        if k not in self._begins:
            block = range(k, max(k - BLOCK * stride, -1), -stride)
            points = _points(self._compiled, self._steps.starts[block], self._steps.y0[block])
            self._begins |= zip(block, points, strict=True)
        return self._begins[k]

    def inside(self, k: int) -> list[LinearisedCircuit]:
        """Return :data:`BEFORE` points of step ``k``, its beginning among them, the latest first."""
        if k not in self._inside:
            block = range(k, max(k - BLOCK // 2, -1), -1)
            points = self.within(block, np.linspace(0.0, 1.0, BEFORE + 1)[-2::-1])
            self._inside |= {step: points[BEFORE * j: BEFORE * (j + 1)] for j, step in enumerate(block)}
        return self._inside[k]

    def at(self, times: FloatArray) -> list[LinearisedCircuit]:
        """Return points at these times [s]."""
        k = np.maximum(self._steps.starts.searchsorted(times, side="right") - 1, 0)
        shares = (times - self._steps.starts[k]) / self._steps.lengths[k]
        return _points(self._compiled, times, unknowns_in(self._steps, k, shares[:, None]))

    def within(self, block: Sequence[int], shares: FloatArray) -> list[LinearisedCircuit]:
        """Return points at these shares of each of some steps."""
        rows = np.array(block)[:, None]
        unknowns = unknowns_in(self._steps, rows, shares[None, :, None])
        times = self._steps.starts[rows] + shares * self._steps.lengths[rows]
        return _points(self._compiled, times.reshape(-1), unknowns.reshape(times.size, -1))


@dataclass(frozen=True)
class Stay:
    """The linearised circuit at the end of a time in which nothing was changed; the next one begins with its noise."""

    start: float  #: [s]
    end: float  #: [s]
    A: FloatArray
    noise: FloatArray  #: N N^T


@dataclass(frozen=True)
class Rest:
    """The end of such a time; the circuit is linearised if a mode grows later, which few changes lead to."""

    start: float  #: [s]
    end: float  #: [s]
    circuit: CompiledCircuit  #: as it was then
    y: FloatArray  #: unknowns

    def stay(self) -> Stay:
        """Linearise the circuit."""
        point = _point(self.circuit, self.end, self.y)
        return Stay(self.start, self.end, point.A, point.noise)


def departure(
    compiled: CompiledCircuit, steps: Steps, seed: int, before: Sequence[Rest] = (), goes_on: bool = False
) -> Departure | Literal["excited"] | None:
    """Return where in the last of ``steps`` a mode starts to grow; None: none does; "excited": it has grown before.

    Parameters
    ----------
    compiled : CompiledCircuit
        The circuit during these steps.
    steps : Steps
        What happened since the last change, or since the circuit may have been excited; the last one is in question.
    seed : int
        Of the noise.
    before : sequence of Rest
        Those that led to the first of ``steps``, with changes in between.
    goes_on : bool
        Noise acts on the steps that follow, if the mode oscillates. It then starts at the first point where its
        standard deviation exceeds :data:`EARLY`, if that comes before :data:`.growth.LIMIT` e-folds.
    """
    scale = compiled.weights[: compiled.differential] / compiled.rtol
    last = steps.starts.size - 1
    along = _Along(compiled, steps)
    shares = np.linspace(0.0, 1.0, INSIDE + 1)
    # the end of the step may be a breakpoint: the drive just after it would be that of another circuit
    shares[-1] -= 1e-6
    points = along.within([last], shares)[::-1]   # the latest first, until all are there
    k, growth, growing = last - 1, 0.0, points[-1].real > 0.0   # growth up to the step in question
    decay = _decay(points[::-1])
    together = 1
    while k >= 0 and len(points) < MOST_POINTS and decay < FORGOTTEN:
        then = points[-1]
        together = min(2 * together, k + 1, TOGETHER)
        found: list[LinearisedCircuit] = []
        while together > 1 and not found:
            earlier = along.begin(k + 1 - together, together // 2)
            # the leading mode may be one that hardly moves: nothing in the circuit is to change much meanwhile
            change = max(abs((then.A - earlier.A) * scale / scale[:, None]).max(), abs(then.real), abs(earlier.real))
            if (then.time - earlier.time) * change < SHORT:
                found = [earlier]
            else:
                together //= 2
        if not found:
            short = steps.lengths[k] * abs(then.real) <= SHORT
            found = [along.begin(k, 1)] if short else along.inside(k)
        for earlier in found:
            decay = _decay([earlier, points[-1]]) + (decay if points[-1].real < 0.0 else 0.0)
            points.append(earlier)
        k -= together
        growing = growing and points[-1].real > 0.0
        growth += 0.5 * (then.time - points[-1].time) * (then.real + points[-1].real) if growing else 0.0
        if growth > ALREADY * LIMIT:   # in steps short enough to follow it: no rest
            return "excited"
    points.reverse()
    if k >= 0:   # the record need not go back to the last change
        before = ()
    start, h = float(steps.starts[last]), float(steps.lengths[last])
    # short steps follow what still rings, and the rate with it: they were counted one by one on the way
    grown, instant = 0.0, points[-1].time if h * abs(points[-1].real) < SHORT else None
    for a, b in itertools.pairwise(points):
        first, then_real, length = a.real, b.real, b.time - a.time
        more = length * _positive_part(first, then_real)
        if grown + more >= LIMIT and b.time > start:
            instant = a.time + length * _share(first, then_real, (LIMIT - grown) / length)
            break
        grown = grown + more if then_real > 0.0 else 0.0
    if instant is None:
        return None
    instant = max(instant, start + 1e-3 * h)
    # more of them where noise is not forgotten: on a slow ramp that is a small part of a step or two
    points = [p for p in points if p.time < instant]
    begin = _forgotten_before(points)
    points = sorted([*points, *along.at(np.linspace(begin, instant, INSIDE + 1)[1:])], key=lambda p: p.time)
    stays = []
    for rest in before:
        if rest.circuit.differential == compiled.differential:
            looks = rest.circuit.looks
            stays.append(rest.stay())
            compiled.looks += rest.circuit.looks - looks
    covariance = carried_covariance(points, scale, stays)
    if goes_on and _leading(points[-1]).imag != 0.0:
        size = scale + abs(unknowns_in(steps, last, (instant - start) / h)[: scale.size])
        low, high = next(k for k, p in enumerate(points) if p.time > start), len(points) - 1
        if _spread(covariance, size) > EARLY:
            while low < high:
                middle = (low + high) // 2
                covariance = carried_covariance(points[: middle + 1], scale, stays)
                low, high = (low, middle) if _spread(covariance, size) > EARLY else (middle + 1, high)
            instant, covariance = points[high].time, carried_covariance(points[: high + 1], scale, stays)
    y = unknowns_in(steps, last, (instant - start) / h)
    displacement = draw(covariance, seed, instant)
    # what thermal noise cannot have done says that there was no equilibrium
    if not (abs(displacement) <= LARGE * (scale + abs(y[: scale.size]))).all():
        return "excited"
    leading = _leading(_point(compiled, instant, y))
    return Departure(instant, displacement, max(abs(leading), 1e-300), goes_on and leading.imag != 0.0)


def _leading(point: LinearisedCircuit) -> complex:
    values = np.linalg.eigvals(point.A)
    return complex(values[np.argmax(values.real)])


def _spread(covariance: FloatArray, size: FloatArray) -> float:
    return float((np.sqrt(np.maximum(np.diag(covariance), 0.0)) / size).max())


def _decay(points: list[LinearisedCircuit]) -> float:
    """Return the e-folds by which the leading mode has decayed before it first grew."""
    total = 0.0
    for a, b in itertools.pairwise(points):
        if b.real >= 0.0:
            break
        total -= (b.time - a.time) * 0.5 * (min(a.real, 0.0) + b.real)
    return total


def _forgotten_before(points: list[LinearisedCircuit]) -> float:
    """Return the time [s] from which on the leading mode decays by :data:`FORGOTTEN` e-folds before it grows."""
    total = 0.0
    for a, b in itertools.pairwise(reversed(points)):   # b is the earlier one
        more = -0.5 * (a.time - b.time) * min(a.real + b.real, 0.0)
        if total + more >= FORGOTTEN:
            return a.time - (a.time - b.time) * math.sqrt((FORGOTTEN - total) / more)
        total += more
    return points[0].time if points else -math.inf


def _positive_part(before: float, after: float) -> float:
    """Return the mean of the positive part of a rate that goes straight from one value to another."""
    if min(before, after) >= 0.0:
        return 0.5 * (before + after)
    if max(before, after) <= 0.0:
        return 0.0
    return 0.5 * max(before, after) ** 2 / abs(after - before)


def _share(before: float, after: float, wanted: float) -> float:
    """Return the first share of an interval over which a straight rate [1/s] grows by ``wanted`` times its length."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        if middle * _positive_part(before, before + middle * (after - before)) < wanted:
            low = middle
        else:
            high = middle
    return high


def carried_covariance(points: list[LinearisedCircuit], scale: FloatArray, before: Sequence[Stay]) -> FloatArray:
    """Return the covariance of the unknowns at the last point, shape (m, m).

    It starts as the stationary covariance of the first stay, or of the first point where there are no stays (zero if
    that is unstable), and is carried through the later stays and points.

    Parameters
    ----------
    points : list of Point
        The linearised circuit along the steps, in order of time.
    scale : array, shape (m,)
        Sizes of the unknowns, in their units; they condition the eigenvectors and do not change the result.
    before : sequence of Stay
        The stays that led to the first point.
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
    for k, stay in enumerate(before):
        whole = k == 0 and np.linalg.eigvals(stay.A[inside]).real.max() < 0.0
        time = math.inf if whole else stay.end - stay.start
        S = _carried(*scaled(stay.A[None], stay.noise[None]), S, np.array([time]))
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
    added = (vectors @ added @ vectors.conj().swapaxes(1, 2)).real
    while carry.shape[0] > 1:   # each with the next one, until one is left
        if carry.shape[0] % 2:
            carry = np.concatenate([carry, np.eye(carry.shape[1])[None]])
            added = np.concatenate([added, np.zeros_like(added[:1])])
        first, second = carry[::2], carry[1::2]
        added = second @ added[::2] @ second.swapaxes(1, 2) + added[1::2]
        carry = second @ first
    S = carry[0] @ S @ carry[0].T + added[0]
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


def still_small(compiled: CompiledCircuit, time: float, y: FloatArray) -> float | None:
    """Return the largest step [s] for a mode that grows and is still small; None: it decays, or is large enough.

    Parameters
    ----------
    compiled : CompiledCircuit
    time : float
        [s].
    y : array, shape (n,)
        Unknowns at that instant.
    """
    f, ft, A, _ = compiled.linearised(time, y)
    m = compiled.differential
    values = np.linalg.eigvals(A)
    leading = complex(values[np.argmax(values.real)])
    if leading.real <= 0.0:
        return None
    scale = compiled.weights[:m] / compiled.rtol + abs(y[:m])
    size = size_of_mode(m, np.ascontiguousarray(A), f.copy(), ft.copy(), scale, leading,
                        np.zeros((m + 2, m), dtype=np.complex128))
    if size > GONE_LARGE * size_of_excited(compiled.rtol):
        return None
    return RADIANS_GROWING / abs(leading)
