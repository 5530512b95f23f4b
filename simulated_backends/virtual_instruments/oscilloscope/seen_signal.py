"""What an input sees of a node, at the samples of a record: pieces of polynomials, and samples where it is fast.

Where the solver's steps are long against the input's response, the response follows the solution, which is a few
polynomials. Only near fast steps the samples are filtered one by one (:mod:`.response`).
"""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.sampled import pieces_of
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory
from tsbench.simulated_backends.numerics.linear import IntArray
from tsbench.simulated_backends.virtual_instruments.oscilloscope.history import (
    InputHistory,
    InputTrace,
    Repeated,
    Samples,
    Shifted,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope.response import (
    convolution_is_cheaper,
    fast_parts,
    filtered,
    near,
)

_FEW = 16  #: fast parts of a record, up to which each is filtered by itself


@dataclass(frozen=True)
class SeenSignal:
    """A voltage [V] at ``count`` samples, in pieces: polynomials or values.

    The polynomial of a piece is c0 + c1 x + c2 x^2 + c3 x^3 of x = number of a sample - ``origins``. Where ``places``
    is not -1, the voltage is ``values[places + x]`` instead.
    """

    count: int
    firsts: IntArray  #: number of the first sample of each piece, rising from 0
    origins: IntArray
    places: IntArray
    coefficients: FloatArray  #: [V] shape (pieces, 4)
    values: FloatArray  #: [V]

    def arrays(self) -> tuple[IntArray, IntArray, IntArray, FloatArray, FloatArray]:
        """Return all arrays in order."""
        return self.firsts, self.origins, self.places, self.coefficients, self.values

    def mean(self) -> float:
        """Return the mean over all samples [V]."""
        total, ends = 0.0, [*self.firsts[1:], self.count]
        for first, end, origin, place, row in zip(
                self.firsts, ends, self.origins, self.places, self.coefficients, strict=True):
            if place >= 0:
                total += float(self.values[place + first - origin:place + end - origin].sum())
            else:
                total += float(np.polyval(row[::-1], np.arange(first - origin, end - origin, dtype=float)).sum())
        return total / self.count


class _Pieces:
    """Pieces of a signal, collected in order."""

    def __init__(self) -> None:
        self.firsts: list[IntArray] = []
        self.places: list[IntArray] = []
        self.coefficients: list[FloatArray] = []
        self.values: list[FloatArray] = []
        self._given = 0

    def add(self, firsts: IntArray, coefficients: FloatArray) -> None:
        """Add polynomials."""
        self.firsts.append(firsts)
        self.places.append(np.full(len(firsts), -1))
        self.coefficients.append(coefficients)

    def add_constant(self, first: int, voltage: float) -> None:
        """Add the same voltage [V] from sample ``first`` on."""
        self.add(np.array([first]), np.array([[voltage, 0.0, 0.0, 0.0]]))

    def add_values(self, first: int, voltages: FloatArray) -> None:
        """Add voltages [V] one by one."""
        self.firsts.append(np.array([first]))
        self.places.append(np.array([self._given]))
        self.coefficients.append(np.zeros((1, 4)))
        self.values.append(voltages)
        self._given += len(voltages)

    def signal(self, count: int) -> SeenSignal:
        """Return them as the signal of ``count`` samples."""
        firsts = np.concatenate(self.firsts)
        values = np.concatenate(self.values) if len(self.values) > 1 else [*self.values, np.empty(0)][0]
        return SeenSignal(
            count, firsts, firsts, np.concatenate(self.places), np.concatenate(self.coefficients), values)


def constant_signal(voltage: float, count: int) -> SeenSignal:
    """Return the same voltage [V] at all samples."""
    pieces = _Pieces()
    pieces.add_constant(0, voltage)
    return pieces.signal(count)


def given_signal(voltages: FloatArray) -> SeenSignal:
    """Return voltages [V] as a signal."""
    pieces = _Pieces()
    pieces.add_values(0, voltages)
    return pieces.signal(len(voltages))


def seen_signal(history: InputHistory, node: str, samples: Samples, sigma: float) -> SeenSignal:
    """Return a node voltage seen through a Gaussian low-pass of ``sigma`` [s]."""
    if any(isinstance(trace, Repeated) for trace in history.traces):
        return given_signal(filtered(history, node, samples.times(), sigma))
    firsts, ends = fast_parts(history, samples, sigma)
    if not len(firsts):
        return _followed(history, node, samples)
    fast = int((ends - firsts).sum())
    if fast == samples.count or (len(firsts) > _FEW and convolution_is_cheaper(samples, fast, sigma)):
        return given_signal(filtered(history, node, samples.times(), sigma))
    if len(firsts) <= _FEW:
        parts = [filtered(history, node, samples.times(first, end), sigma)
                 for first, end in zip(firsts.tolist(), ends.tolist(), strict=True)]
    else:
        parts = [near(history, node, np.concatenate([
            samples.times(first, end) for first, end in zip(firsts.tolist(), ends.tolist(), strict=True)]), sigma)]
    return _with_parts(_followed(history, node, samples), firsts, ends, np.concatenate(parts))


def _followed(history: InputHistory, node: str, samples: Samples) -> SeenSignal:
    """Return the node voltage itself; beyond the ends of the history the end values."""
    pieces, traces = _Pieces(), history.between(
        samples.start, samples.start + (samples.count - 1) * samples.interval).traces or history.traces[:1]
    number = samples.from_time(history.start)
    if number:
        pieces.add_constant(0, float(history.voltage(node, np.array([history.start]))[0]))
    for k, trace in enumerate(traces):
        end = samples.from_time(traces[k + 1].start if k + 1 < len(traces) else math.nextafter(trace.end, math.inf))
        if end > number:
            _add_trace(pieces, trace, node, samples, number, end)
            number = end
    if number < samples.count:
        pieces.add_constant(number, float(history.voltage(node, np.array([history.end]))[0]))
    return pieces.signal(samples.count)


def _add_trace(pieces: _Pieces, trace: InputTrace, node: str, samples: Samples, first: int, end: int) -> None:
    delay, recorded = 0.0, trace
    while isinstance(recorded, Shifted):
        delay, recorded = delay + recorded.delay, recorded.original
    if isinstance(recorded, RecordedTrajectory):
        found = pieces_of(recorded, recorded.row("voltage", node), samples.start - delay, samples.interval, first, end)
        if found is not None:
            pieces.add(*found)
            return
    pieces.add_values(first, trace.voltage(node, np.clip(samples.times(first, end), trace.start, trace.end)))


def _with_parts(signal: SeenSignal, firsts: IntArray, ends: IntArray, values: FloatArray) -> SeenSignal:
    """Return a signal with ``values`` [V] at the samples of the parts from ``firsts`` to before ``ends``."""
    cuts = np.unique(np.concatenate([signal.firsts, firsts, ends[ends < signal.count]]))
    before = np.searchsorted(signal.firsts, cuts, side="right") - 1
    origins, places = signal.origins[before], signal.places[before]
    part = np.searchsorted(firsts, cuts, side="right") - 1
    inside = (part >= 0) & (cuts < ends[part])
    begins = np.concatenate([[0], np.cumsum(ends - firsts)[:-1]]) + len(signal.values)
    origins[inside], places[inside] = firsts[part[inside]], begins[part[inside]]
    return SeenSignal(signal.count, cuts, origins, places, signal.coefficients[before],
                      np.concatenate([signal.values, values]))
