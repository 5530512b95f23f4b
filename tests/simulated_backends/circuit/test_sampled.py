"""A quantity at equidistant samples as polynomials: the same as the trajectory says at each sample."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import Constant, PiecewiseLinear, PulseWaveform, Sine, SourceWaveform
from tsbench.simulated_backends.circuit.sampled import Pieces, pieces_of
from tsbench.simulated_backends.circuit.system import Row
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory, Steps
from tsbench.simulated_backends.circuit.waveforms import encode_sources

STARTS = np.array([0.0, 0.3, 1.7, 2.0, 3.1])


def row(y: list[float], u: list[float], slopes: bool = False) -> Row:
    no_y, no_u = np.zeros(len(y)), np.zeros(len(u))
    return Row(no_y, no_u, np.array(y), np.array(u)) if slopes else Row(np.array(y), np.array(u), no_y, no_u)


def trajectory(sources: list[SourceWaveform], base: float = 0.0) -> RecordedTrajectory:
    """Five steps of two unknowns, all numbers at random."""
    random = np.random.default_rng(4)
    lengths = np.append(np.diff(STARTS), 0.9)
    steps = Steps(STARTS, lengths, *(random.normal(size=(5, 2)) for _ in range(4)))
    return RecordedTrajectory(0.0, 4.0, steps, SimpleNamespace(), encode_sources(sources, base))  # type: ignore[arg-type]


def values(pieces: Pieces, first: int, end: int) -> FloatArray:
    numbers = np.arange(first, end)
    which = np.searchsorted(pieces.firsts, numbers, side="right") - 1
    c: Any = pieces.coefficients[which].T
    x = numbers - pieces.firsts[which]
    return np.asarray(c[0] + x * (c[1] + x * (c[2] + x * c[3])))


SOURCES: list[SourceWaveform] = [
    Constant(0.7), PulseWaveform(-1.0, 2.0, 0.25, 0.1, 0.1, 0.5, 1.1, 2),
    PiecewiseLinear(np.array([0.0, 0.5, 0.8]), np.array([0.0, 3.0, -1.0]), 1.0), Sine(0.5, 2.0, 3.0, 0.2, 0.3, 4),
]


@pytest.mark.parametrize("slopes", [False, True])
@pytest.mark.parametrize(("unknowns", "used"), [
    ([1.0, -0.5], [0.0] * 4), ([0.0, 0.0], [2.0, 0.0, 0.0, 0.0]), ([0.3, 1.0], [1.0, -0.5, 0.0, 0.0]),
    ([0.0, 1.0], [0.0, 0.0, 2.0, 0.0]), ([1.0, 0.0], [0.0, 1.0, 1.0, 0.5])])
def test_pieces_are_what_the_trajectory_says(unknowns: list[float], used: list[float], slopes: bool) -> None:
    for base in (0.0, -2.0):
        found, of = trajectory(SOURCES, base), row(unknowns, used, slopes)
        start, interval, first, end = 0.00037, 1.0007e-3, 11, 3900
        pieces = pieces_of(found, of, start, interval, first, end)
        assert pieces is not None and pieces.firsts[0] == first and (np.diff(pieces.firsts) > 0).all()
        assert len(pieces.firsts) == 5 if not any(used[1:]) else len(pieces.firsts) < 1000
        expected = found.quantity(of, start + interval * np.arange(first, end))
        scale = float(np.max(np.abs(expected)))
        # a sine within 1e-6 of its amplitude, its slope within the next power of the angle
        within = (5e-5 if slopes else 1e-6) if used[3] else 1e-9
        assert values(pieces, first, end) == pytest.approx(expected, abs=within * scale)


def test_more_pieces_than_samples_are_not_worth_it() -> None:
    assert pieces_of(trajectory(SOURCES), row([0.0, 0.0], [0.0, 0.0, 0.0, 1.0]), 0.25, 0.01, 0, 125) is None
    many = np.linspace(0.0, 1.0, 1001)
    steps = Steps(many[:-1], np.diff(many), *(np.zeros((1000, 1)) for _ in range(4)))
    fine = RecordedTrajectory(0.0, 1.0, steps, SimpleNamespace(), encode_sources([]))  # type: ignore[arg-type]
    assert pieces_of(fine, row([1.0], []), 0.0, 1e-3, 0, 1000) is None
    few = pieces_of(fine, row([1.0], []), 0.0, 1e-5, 0, 100_000)
    assert few is not None and 1000 <= len(few.firsts) <= 1001


def test_a_sample_on_a_breakpoint_belongs_to_what_follows() -> None:
    jump = PulseWaveform(0.0, 1.0, 1.0, 0.0, 0.0, 0.5, math.inf, 1)
    pieces = pieces_of(trajectory([jump]), row([0.0, 0.0], [1.0]), 0.0, 0.125, 0, 30)
    assert pieces is not None
    assert values(pieces, 0, 30).tolist() == [0.0] * 8 + [1.0] * 4 + [0.0] * 18
