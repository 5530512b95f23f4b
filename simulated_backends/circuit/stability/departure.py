"""How a circuit leaves an equilibrium that has lost stability: as a real one does, by the noise of its resistances.

While it follows an equilibrium the circuit is linear around it, x' = A(t) x + N noise, and the covariance of x obeys

    dS/dt = A S + S A^T + N N^T

:mod:`.kernel.growth` finds the step in which a mode has become unstable. Here the real part of that mode is followed
through the step more closely, to the instant at which it has grown by :data:`.kernel.growth.LIMIT` e-folds; S is
carried there from where it was stationary, and the circuit goes on from a draw of it: a function of the seed and that
instant alone. What noise would add later is 1 to 2 % of the variance. On a ramp noise acts on the steps that follow,
too (:mod:`.kernel.thermal_noise`); there a mode that oscillates starts earlier, where its spread is :data:`EARLY`.
"""

import enum
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel.compiled_circuit import CompiledCircuit
from tsbench.simulated_backends.circuit.kernel.growth import LARGE, LIMIT, size_of_excited
from tsbench.simulated_backends.circuit.kernel.modes import size_of_mode
from tsbench.simulated_backends.circuit.stability.covariance import carried_covariance, draw
from tsbench.simulated_backends.circuit.stability.linearised import (
    Equilibrium,
    LinearisedCircuit,
    LinearisedEquilibrium,
    LinearisedSteps,
    point_at,
)
from tsbench.simulated_backends.circuit.trajectory import Steps

INSIDE = 64  #: parts into which the step in question is cut
FORGOTTEN = 12.0  #: e-folds of decay after which nothing is left of earlier noise
MOST_POINTS = 300  #: at which the circuit is linearised for one departure
SHORT = 0.1  #: e-folds within which nothing need be looked at more closely
TOGETHER = 32  #: short steps, within which nothing changes much
RADIANS_GROWING = 0.5  #: largest step while a mode grows, times the size of its eigenvalue
EARLY = 0.003  #: standard deviation, as a share of an unknown, that is still in the linear range of every device
GONE_LARGE = 2.0  #: times the size from which a mode counts as excited: then it is left to error control
ALREADY = 2.0  #: times the limit: growth before the step in question that no error of counting explains


@dataclass(frozen=True)
class Departure:
    """Where a growing mode starts, and from what."""

    instant: float  #: [s]
    displacement: FloatArray  #: of the unknowns with a derivative
    rate: float  #: size of the leading eigenvalue [1/s]
    goes_on: bool  #: whether noise is to act on the steps that follow


class NoDeparture(enum.Enum):
    """Why no mode starts in a step."""

    STABLE = "no disturbance has grown enough"
    EXCITED = "a disturbance has grown before, so the circuit is not at an equilibrium"


def departure(
    compiled: CompiledCircuit, steps: Steps, seed: int, before: Sequence[Equilibrium] = (), goes_on: bool = False
) -> Departure | NoDeparture:
    """Return where in the last of ``steps`` a mode starts to grow, or why none does.

    Parameters
    ----------
    compiled : CompiledCircuit
        The circuit during these steps.
    steps : Steps
        What happened since the last change, or since the circuit may have been excited; the last one is in question.
    seed : int
        Of the noise.
    before : sequence of Equilibrium
        Those that led to the first of ``steps``, with changes in between.
    goes_on : bool
        Noise acts on the steps that follow, if the mode oscillates. It then starts at the first point where its
        standard deviation exceeds :data:`EARLY`, if that comes before :data:`.kernel.growth.LIMIT` e-folds.
    """
    scale = compiled.weights[: compiled.differential] / compiled.rtol
    last = steps.starts.size - 1
    start, h = float(steps.starts[last]), float(steps.lengths[last])
    along = LinearisedSteps(compiled, steps)
    walked = _walk_back(along, steps, scale)
    if walked is None:
        return NoDeparture.EXCITED
    instant = _instant_of_limit(walked.points, start, h)
    if instant is None:
        return NoDeparture.STABLE
    instant = max(instant, start + 1e-3 * h)
    # more of them where noise is not forgotten: on a slow ramp that is a small part of a step or two
    points = [p for p in walked.points if p.time < instant]
    begin = _forgotten_before(points)
    points = sorted([*points, *along.at(np.linspace(begin, instant, INSIDE + 1)[1:])], key=lambda p: p.time)
    # the record need not go back to the last change
    equilibria = _linearised(before, compiled) if walked.to_the_first else []
    covariance = carried_covariance(points, scale, equilibria)
    if goes_on and points[-1].leading.imag != 0.0:
        size = scale + abs(steps.unknowns(last, (instant - start) / h)[: scale.size])
        low, high = next(k for k, p in enumerate(points) if p.time > start), len(points) - 1
        if _spread(covariance, size) > EARLY:
            while low < high:
                middle = (low + high) // 2
                covariance = carried_covariance(points[: middle + 1], scale, equilibria)
                low, high = (low, middle) if _spread(covariance, size) > EARLY else (middle + 1, high)
            instant, covariance = points[high].time, carried_covariance(points[: high + 1], scale, equilibria)
    y = steps.unknowns(last, (instant - start) / h)
    displacement = draw(covariance, seed, instant)
    # what thermal noise cannot have done says that there was no equilibrium
    if not (abs(displacement) <= LARGE * (scale + abs(y[: scale.size]))).all():
        return NoDeparture.EXCITED
    leading = point_at(compiled, instant, y).leading
    return Departure(instant, displacement, max(abs(leading), 1e-300), goes_on and leading.imag != 0.0)


@dataclass(frozen=True)
class _Walk:
    """The circuit linearised from where earlier noise is forgotten to the end of the step in question."""

    points: list[LinearisedCircuit]  #: in order of time
    to_the_first: bool  #: whether they go back to the first step


def _walk_back(along: LinearisedSteps, steps: Steps, scale: FloatArray) -> _Walk | None:
    """Linearise the circuit backwards from the end of the last step; None: it was excited before that step."""
    last = steps.starts.size - 1
    shares = np.linspace(0.0, 1.0, INSIDE + 1)
    # the end of the step may be a breakpoint: the drive just after it would be that of another circuit
    shares[-1] -= 1e-6
    points = along.within([last], shares)[::-1]   # the latest first, until all are there
    k, growth, growing = last - 1, 0.0, points[-1].real > 0.0   # growth up to the step in question
    decay = _decay(points[::-1])
    together = 1
    while k >= 0 and len(points) < MOST_POINTS and decay < FORGOTTEN:
        then = points[-1]
        found, together = _earlier(along, steps, scale, then, k, min(2 * together, k + 1, TOGETHER))
        for earlier in found:
            decay = _decay([earlier, points[-1]]) + (decay if points[-1].real < 0.0 else 0.0)
            points.append(earlier)
        k -= together
        growing = growing and points[-1].real > 0.0
        growth += 0.5 * (then.time - points[-1].time) * (then.real + points[-1].real) if growing else 0.0
        if growth > ALREADY * LIMIT:   # in steps short enough to follow it: no rest
            return None
    return _Walk(points[::-1], k < 0)


def _earlier(
    along: LinearisedSteps, steps: Steps, scale: FloatArray, then: LinearisedCircuit, k: int, together: int
) -> tuple[list[LinearisedCircuit], int]:
    """Return the next points before ``then``, the beginning of step ``k`` + 1, and over how many steps they go back.

    ``together`` are the most; one step is cut where much happens in it.
    """
    while together > 1:
        earlier = along.begin(k + 1 - together, together // 2)
        # the leading mode may be one that hardly moves: nothing in the circuit is to change much meanwhile
        change = max(abs((then.A - earlier.A) * scale / scale[:, None]).max(), abs(then.real), abs(earlier.real))
        if (then.time - earlier.time) * change < SHORT:
            return [earlier], together
        together //= 2
    short = steps.lengths[k] * abs(then.real) <= SHORT
    return [along.begin(k, 1)] if short else along.inside(k), together


def _instant_of_limit(points: list[LinearisedCircuit], start: float, h: float) -> float | None:
    """Return when [s] the leading mode reaches the limit in a step of ``h`` [s] from ``start`` [s]; None: never."""
    # short steps follow what still rings, and the rate with it: they were counted one by one on the way
    grown, instant = 0.0, points[-1].time if h * abs(points[-1].real) < SHORT else None
    for a, b in itertools.pairwise(points):
        first, then_real, length = a.real, b.real, b.time - a.time
        more = length * _positive_part(first, then_real)
        if grown + more >= LIMIT and b.time > start:
            return a.time + length * _share(first, then_real, (LIMIT - grown) / length)
        grown = grown + more if then_real > 0.0 else 0.0
    return instant


def _linearised(before: Sequence[Equilibrium], compiled: CompiledCircuit) -> list[LinearisedEquilibrium]:
    """Linearise the equilibria of the same unknowns; what that costs is counted with the circuit."""
    found = []
    for one in before:
        if one.circuit.differential == compiled.differential:
            looks = one.circuit.looks
            found.append(one.linearised())
            compiled.looks += one.circuit.looks - looks
    return found


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
