"""Trajectory of a circuit: stores the accepted steps as polynomials, and passes them to the observers."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, TypeVar

import numpy as np

from tsbench.errors import ConfigurationError, nearest
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import Observer, Segment
from tsbench.simulated_backends.circuit.system import IndexArray, Row, System
from tsbench.simulated_backends.circuit.waveforms import (
    EncodedSources,
    position,
    source_slopes,
    source_values,
)
from tsbench.simulated_backends.numerics.compilation import compiled, inlined

LONGEST_MEMORY = 131072  #: steps kept, from which on an oscillation without a cycle counts as irregular

_GAUSS_POINTS, _GAUSS_WEIGHTS = (np.asarray(a) for a in np.polynomial.legendre.leggauss(4))


Number = TypeVar("Number", float, FloatArray)


def values_in_step(s: Number, y0: Number, y1: Number, p: Number, q: Number) -> Number:
    """Return the value at the share ``s`` of a step, from 0 to 1: the dense output of the method, written down once.

    ``y0`` and ``y1`` are the values at its ends, ``p`` and ``q`` what the step left beside them. Numbers or arrays;
    :data:`value_in_step` is the same compiled for numbers, :data:`rate_in_step` that of :func:`rates_in_step`.
    """
    return y0 * (1.0 - s) + s * (y1 + (1.0 - s) * (p + s * q))


def rates_in_step(s: Number, y0: Number, y1: Number, p: Number, q: Number) -> Number:
    """Return the derivative by ``s`` at the share ``s`` of a step."""
    return y1 - y0 + (1.0 - 2.0 * s) * (p + s * q) + s * (1.0 - s) * q


value_in_step, rate_in_step = inlined(values_in_step), inlined(rates_in_step)


@dataclass(frozen=True)
class Steps:
    """Accepted steps, arrays of shape (steps[, n]); between their ends see :func:`values_in_step`."""

    starts: FloatArray  #: [s]
    lengths: FloatArray  #: [s]
    y0: FloatArray
    y1: FloatArray
    p: FloatArray
    q: FloatArray

    def arrays(self) -> tuple[FloatArray, ...]:
        """Return the arrays in the order of the fields, themselves and not copies."""
        return self.starts, self.lengths, self.y0, self.y1, self.p, self.q

    def part(self, first: int, last: int | None = None) -> "Steps":
        """Return the steps from number ``first`` to before ``last`` (sharing the arrays)."""
        among = slice(first, last)
        return Steps(self.starts[among], self.lengths[among], self.y0[among], self.y1[among], self.p[among],
                     self.q[among])

    def unknowns(self, k: Any, s: Any) -> FloatArray:
        """Return the unknowns within step ``k``, at the share ``s`` of it; both may be arrays."""
        return np.asarray(values_in_step(s, self.y0[k], self.y1[k], self.p[k], self.q[k]))


def join(parts: Sequence[Steps]) -> Steps:
    """Return several runs of steps as one."""
    if len(parts) == 1:
        return parts[0]
    return Steps(*(np.concatenate(arrays) for arrays in zip(*map(Steps.arrays, parts), strict=True)))


@compiled
def _evaluate(
    starts: FloatArray, lengths: FloatArray, y0: FloatArray, y1: FloatArray, p: FloatArray, q: FloatArray,
    values: tuple[IndexArray, FloatArray], slopes: tuple[IndexArray, FloatArray], times: FloatArray, out: FloatArray,
) -> None:
    """Fill ``out`` with a weighted sum of unknowns and of their slopes at ``times`` (fastest when they rise)."""
    value_of, value_weight = values
    slope_of, slope_weight = slopes
    k, last, m = 0, starts.size - 1, 0
    while m < times.size:
        t = times[m]
        if t < starts[k]:
            k = max(position(starts, 0, last + 1, t) - 1, 0)
        while k < last and t >= starts[k + 1]:
            if k + 8 < last and t >= starts[k + 8]:
                k = position(starts, 0, last + 1, t) - 1
            else:
                k += 1
        end = m + 1   # all times behind this one that lie in the same step
        if k == last:
            while end < times.size and times[end] >= starts[k]:
                end += 1
        else:
            while end < times.size and starts[k] <= times[end] < starts[k + 1]:
                end += 1
        part, found = times[m:end], out[m:end]
        for n in range(found.size):
            found[n] = 0.0
        for j in range(value_of.size):
            a, weight = value_of[j], value_weight[j]
            before, after, bend, turn = y0[k, a], y1[k, a], p[k, a], q[k, a]
            for n in range(found.size):
                found[n] += weight * value_in_step((part[n] - starts[k]) / lengths[k], before, after, bend, turn)
        for j in range(slope_of.size):
            a, weight = slope_of[j], slope_weight[j] / lengths[k]
            before, after, bend, turn = y0[k, a], y1[k, a], p[k, a], q[k, a]
            for n in range(found.size):
                found[n] += weight * rate_in_step((part[n] - starts[k]) / lengths[k], before, after, bend, turn)
        m = end


@dataclass(frozen=True)
class RecordedTrajectory:
    """A run of accepted steps of one circuit between ``start`` and ``end`` [s], which may lie inside steps.

    It is a :class:`~tsbench.simulated_backends.circuit.engine.Trajectory`: keeping one keeps its arrays.
    Quantities are linear in the unknowns, so voltages and currents are exact readings of the solver's polynomial.
    """

    start: float
    end: float
    steps: Steps
    system: System
    sources: EncodedSources

    @cached_property
    def times(self) -> FloatArray:
        """Return start, the ends of all steps between, and end [s]."""
        inner = self.steps.starts[1:]
        if not inner.size:
            return np.array([self.start, self.end])
        inner = inner[(inner > self.start) & (inner < self.end)]
        return np.concatenate([[self.start], inner, [self.end]])

    def between(self, start: float, end: float) -> "RecordedTrajectory":
        """Return the part from ``start`` to ``end`` [s] (sharing the arrays)."""
        starts = self.steps.starts
        first = max(int(starts.searchsorted(start, side="right")) - 1, 0)
        last = max(int(starts.searchsorted(end, side="left")), first + 1)
        steps = self.steps if first == 0 and last >= starts.size else self.steps.part(first, last)
        return RecordedTrajectory(start, end, steps, self.system, self.sources)

    def shifted(self, seconds: float) -> "RecordedTrajectory":
        """Return the same a whole number of the sources' common periods later."""
        moved = replace(self.steps, starts=self.steps.starts + seconds)
        sources = replace(self.sources, base=self.sources.base + seconds)
        return RecordedTrajectory(self.start + seconds, self.end + seconds, moved, self.system, sources)

    # ---------------------------------------------------------------------------------- readings

    def unknowns_at(self, time: float) -> FloatArray:
        """Return the unknowns at ``time`` [s]."""
        k = max(int(self.steps.starts.searchsorted(time, side="right")) - 1, 0)
        return self.steps.unknowns(k, (time - self.steps.starts[k]) / self.steps.lengths[k])

    def row(self, kind: Literal["voltage", "current"], name: str) -> Row:
        """Return how a node voltage or element current depends on the unknowns."""
        rows = self.system.voltages if kind == "voltage" else self.system.currents
        try:
            return rows[name.lower()]
        except KeyError:
            what = "node" if kind == "voltage" else "element"
            raise ConfigurationError(f"circuit has no {what} '{name}'{nearest(name.lower(), rows)}") from None

    def voltage(self, node: str, times: FloatArray) -> FloatArray:
        """Return the node voltage [V] at ``times`` (within start..end); "0" is ground."""
        return self.quantity(self.row("voltage", node), times)

    def current(self, element: str, times: FloatArray) -> FloatArray:
        """Return the current [A] into the first terminal of an element; of a source meter: out of it."""
        return self.quantity(self.row("current", element), times)

    def state(self, device: str, index: int, times: FloatArray) -> FloatArray:
        """Return one state of a device (index in its model's ``states``) at ``times``."""
        return self.quantity(self.system.unknowns[self.system.first_state[device.lower()] + index], times)

    def quantity(self, row: Row, times: FloatArray) -> FloatArray:
        """Return a quantity given as a row at ``times`` [s], same shape."""
        times = np.asarray(times, dtype=float)
        flat = times if times.ndim == 1 and times.flags.c_contiguous else np.ascontiguousarray(times.reshape(-1))
        out = np.empty(flat.size)
        *unknowns, values, slopes = row.terms
        _evaluate(*self.steps.arrays(), *unknowns, flat, out)
        if not (values[0].size or slopes[0].size):   # it depends on no source
            return out if flat is times else out.reshape(times.shape)
        e = self.sources
        local = flat - e.base if e.base else flat
        for (used, weights), add in ((values, source_values), (slopes, source_slopes)):
            for k, weight in zip(used, weights, strict=True):
                add(e.kinds[k], e.parameters, k, e.table_times, e.table_values, local, out, weight)
        return out.reshape(times.shape)

    # ---------------------------------------------------------------------------------- integrals

    def integral(self, kind: Literal["voltage", "current"], name: str, start: float, end: float) -> float:
        """Return the integral over [start, end] [s] of a voltage [V s] or current [A s], exact for the polynomial."""
        points, weights = self._quadrature(start, end)
        return float(weights @ self.quantity(self.row(kind, name), points))

    def energy(self, first: str, second: str, element: str, start: float, end: float) -> float:
        """Return the energy [J] into ``element`` between nodes ``first`` and ``second`` over [start, end]."""
        points, weights = self._quadrature(start, end)
        across = self.voltage(first, points) - self.voltage(second, points)
        return float(weights @ (across * self.current(element, points)))

    def _quadrature(self, start: float, end: float) -> tuple[FloatArray, FloatArray]:
        """Return Gauss points and weights, four per step: exact for the product of two cubics."""
        if not self.start <= start <= end <= self.end:
            raise ValueError(f"[{start}, {end}] s is not within the trajectory's [{self.start}, {self.end}] s")
        if self.steps.starts.size == 1:   # the usual case behind a short wait
            middle, reach = 0.5 * (start + end), 0.5 * (end - start)
            return middle + reach * _GAUSS_POINTS, reach * _GAUSS_WEIGHTS
        edges = self.times
        if start > self.start or end < self.end:
            edges = np.concatenate([[start], edges[(edges > start) & (edges < end)], [end]])
        half = 0.5 * (edges[1:] - edges[:-1])
        points = (edges[:-1] + half)[:, None] + half[:, None] * _GAUSS_POINTS
        return points.reshape(-1), (half[:, None] * _GAUSS_WEIGHTS).reshape(-1)

    def extremes(self, kind: Literal["voltage", "current"], name: str) -> tuple[float, float]:
        """Return the lowest and highest value at the ends of the steps and three points within each."""
        edges = self.times
        fine = (edges[:-1, None] + np.diff(edges)[:, None] * np.array([0.0, 0.25, 0.5, 0.75])).reshape(-1)
        values = self.quantity(self.row(kind, name), np.append(fine, edges[-1]))
        return float(values.min()), float(values.max())


class StepMemory:
    """The steps since the last breakpoint, while all sources are constant: where a limit cycle may be found."""

    def __init__(self) -> None:
        self._steps: Steps | None = None   # with room behind the last one
        self._first = self._end = 0

    def __bool__(self) -> bool:
        return self._end > self._first

    def clear(self) -> None:
        """Forget all steps: something has changed."""
        self._steps, self._first, self._end = None, 0, 0

    def add(self, steps: Steps, quiet_since: float, moving: bool) -> None:
        """Remember new steps, one at least.

        Parameters
        ----------
        steps : Steps
            What has been integrated, in order and without gaps.
        quiet_since : float
            Last breakpoint [s]; what was before it is forgotten.
        moving : bool
            Whether any source moves: then nothing is remembered.
        """
        if moving:
            self.clear()
            return
        if steps.starts[0] < quiet_since:
            self.clear()
            steps = steps.part(int(np.searchsorted(steps.starts, quiet_since)))
        count = steps.starts.size
        if self._steps is None:
            self._steps, self._end = steps, count
            return
        end = self._end + count
        if end > self._steps.starts.size:
            self._make_room(end - self._first)
        for kept, new in zip(self._steps.arrays(), steps.arrays(), strict=True):
            kept[self._end: self._end + count] = new
        self._end += count
        self._first = max(self._first, self._end - LONGEST_MEMORY)

    def _make_room(self, size: int) -> None:
        """Move to arrays for twice as many steps as will be kept: most calls of :meth:`add` copy the new ones alone."""
        old = self.steps().arrays()
        arrays = tuple(np.empty((2 * size, *a.shape[1:])) for a in old)
        for new, a in zip(arrays, old, strict=True):
            new[: a.shape[0]] = a
        self._steps, self._first, self._end = Steps(*arrays), 0, self._end - self._first

    @property
    def full(self) -> bool:
        """Whether as many steps are kept as ever are."""
        return self._end - self._first >= LONGEST_MEMORY

    def steps(self, most: int = LONGEST_MEMORY) -> Steps:
        """Return the last of them (sharing the arrays), ``most`` if there are so many."""
        assert self._steps is not None
        return self._steps.part(max(self._first, self._end - most), self._end)


@dataclass
class Audience:
    """The observers of a circuit."""

    observers: list[Observer] = field(default_factory=list)
    shown: int = 0  #: segments so far

    def show(self, segment: Segment) -> None:
        """Show a segment to all."""
        self.shown += 1
        for observer in tuple(self.observers):
            observer.observe(segment)
