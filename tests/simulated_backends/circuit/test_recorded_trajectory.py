"""A trajectory made up by hand: what it says between the ends of its steps, its parts, integrals and extremes."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import Constant, PiecewiseLinear
from tsbench.simulated_backends.circuit.system import Row
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory, Steps, rates_in_step, values_in_step
from tsbench.simulated_backends.circuit.waveforms import encode_sources

STARTS, LENGTHS = np.array([0.0, 1.0, 3.0]), np.array([1.0, 2.0, 1.0])


def row(*weights: float, slopes: bool = False) -> Row:
    """Return weights of the two unknowns and the two sources, or of their slopes."""
    y, u, none = np.array(weights[:2]), np.array(weights[2:]), np.zeros(2)
    return Row(none, none, y, u) if slopes else Row(y, u, none, none)


def trajectory(start: float = 0.0, end: float = 4.0) -> RecordedTrajectory:
    """The first unknown is the time; the second has a bump of height 1 in the middle of each step."""
    bumps = np.array([[0.0, 4.0]] * 3)
    steps = Steps(STARTS, LENGTHS, np.column_stack([STARTS, np.zeros(3)]),
                  np.column_stack([STARTS + LENGTHS, np.zeros(3)]), bumps, np.zeros((3, 2)))
    system: Any = SimpleNamespace(
        voltages={"0": row(0, 0, 0, 0), "a": row(1, 0, 0, 0), "b": row(0, 1, 0, 0)},
        currents={"r1": row(2, 0, 0, 0), "v1": row(0, 0, 1, 3)}, unknowns=(row(1, 0, 0, 0), row(0, 1, 0, 0)),
        first_state={"x1": 0})
    sources = encode_sources([Constant(5.0), PiecewiseLinear(np.array([0.0, 4.0]), np.array([0.0, 8.0]))])
    return RecordedTrajectory(start, end, steps, system, sources)


def test_between_the_ends_of_a_step_is_a_cubic() -> None:
    """y0 (1 - s) + s (y1 + (1 - s) (p + s q)): for 1, 3, 4 and 8, in powers of s, 1 + 6 s + 4 s^2 - 8 s^3."""
    for s in (0.0, 0.25, 0.5, 1.0):
        assert values_in_step(s, 1.0, 3.0, 4.0, 8.0) == pytest.approx(1 + 6 * s + 4 * s**2 - 8 * s**3)
        assert rates_in_step(s, 1.0, 3.0, 4.0, 8.0) == pytest.approx(6 + 8 * s - 24 * s**2)


def test_quantities_at_any_time_and_in_any_order() -> None:
    found, times = trajectory(), np.array([3.5, 0.0, 0.5, 1.0, 2.0, 4.0])
    assert found.voltage("A", times) == pytest.approx(times) and found.voltage("0", times).tolist() == [0.0] * 6
    assert found.voltage("b", times) == pytest.approx([1.0, 0.0, 1.0, 0.0, 1.0, 0.0])
    assert found.current("V1", times) == pytest.approx(5.0 + 3 * 2 * times)   # from the sources alone
    assert found.state("X1", 1, times) == pytest.approx([1.0, 0.0, 1.0, 0.0, 1.0, 0.0])
    # slopes: 1 of the first unknown, 4 (1 - 2 s) / length of the second, 0 and 2 of the sources
    assert found.quantity(row(1, 0, 0, 0, slopes=True), times) == pytest.approx(np.ones(6))
    assert found.quantity(row(0, 1, 0, 0, slopes=True), np.array([0.0, 0.5, 1.0, 2.5])) == pytest.approx([4, 0, 2, -1])
    assert found.quantity(row(0, 0, 1, 1, slopes=True), np.array([0.5, 3.0])) == pytest.approx([2.0, 2.0])
    assert found.voltage("a", times.reshape(2, 3)).shape == (2, 3)
    many = np.linspace(0.0, 4.0, 101)
    assert found.voltage("a", many) == pytest.approx(many)
    assert found.unknowns_at(2.0) == pytest.approx([2.0, 1.0]) and found.unknowns_at(1.0) == pytest.approx([1.0, 0.0])
    for kind, name, said in (("voltage", "c", "no node 'c'"), ("current", "r2", "no element 'r2'. Did you mean 'r1'")):
        with pytest.raises(ConfigurationError, match=said):
            found.row(kind, name)  # type: ignore[arg-type]


def test_many_steps_at_times_far_apart() -> None:
    starts = np.arange(50.0)
    level: FloatArray = starts[:, None]
    steps = Steps(starts, np.ones(50), level, level + 1.0, 0 * level, 0 * level)
    system: Any = SimpleNamespace(voltages={"a": Row(np.ones(1), np.zeros(0), np.zeros(1), np.zeros(0))})
    found = RecordedTrajectory(0.0, 50.0, steps, system, encode_sources([]))
    for times in ([0.5, 8.0, 8.5, 16.5, 40.0, 49.5], [0.5, 49.0, 50.0], [49.5, 3.5, 0.0], [7.5, 15.5, 23.5]):
        assert found.voltage("a", np.array(times)) == pytest.approx(times)


@pytest.mark.parametrize(("start", "end", "times"), [
    (0.0, 4.0, [0.0, 1.0, 3.0, 4.0]), (0.5, 3.5, [0.5, 1.0, 3.0, 3.5]), (1.0, 3.0, [1.0, 3.0]), (1.5, 2.5, [1.5, 2.5])])
def test_its_times_are_the_ends_of_steps_within_it(start: float, end: float, times: list[float]) -> None:
    assert trajectory(start, end).times.tolist() == times


@pytest.mark.parametrize(("start", "end", "steps"), [
    (0.0, 4.0, [0.0, 1.0, 3.0]), (0.5, 0.6, [0.0]), (1.0, 3.0, [1.0]), (0.9, 3.1, [0.0, 1.0, 3.0]), (1.0, 1.0, [1.0]),
    (3.5, 4.0, [3.0])])
def test_a_part_has_the_steps_that_it_needs(start: float, end: float, steps: list[float]) -> None:
    part = trajectory().between(start, end)
    assert (part.start, part.end, part.steps.starts.tolist()) == (start, end, steps)
    assert part.voltage("a", np.array([start, end])) == pytest.approx([start, end])


def test_a_copy_is_the_same_later() -> None:
    later = trajectory().shifted(100.0)
    assert (later.start, later.end, later.times.tolist()) == (100.0, 104.0, [100.0, 101.0, 103.0, 104.0])
    assert later.voltage("a", np.array([102.0])) == pytest.approx([2.0])
    assert later.current("v1", np.array([102.0])) == pytest.approx([17.0])


def test_integrals_and_energies_are_exact() -> None:
    found = trajectory()
    assert found.integral("voltage", "a", 0.5, 3.5) == pytest.approx((3.5**2 - 0.5**2) / 2, rel=1e-14)
    assert found.integral("voltage", "b", 0.0, 4.0) == pytest.approx(4 * 2 / 3, rel=1e-14)
    assert found.integral("current", "r1", 0.0, 4.0) == pytest.approx(16.0, rel=1e-14)
    assert found.energy("a", "0", "r1", 0.0, 3.0) == pytest.approx(2 * 27 / 3, rel=1e-14)   # 2 t^2
    assert found.energy("b", "a", "r1", 1.0, 1.0) == 0.0
    assert found.energy("0", "a", "r1", 0.0, 3.0) == pytest.approx(-18.0, rel=1e-14)
    for start, end in ((-0.1, 1.0), (1.0, 4.1), (2.0, 1.0)):
        with pytest.raises(ValueError, match="is not within the trajectory's"):
            found.integral("voltage", "a", start, end)


def test_extremes_are_looked_for_within_each_step() -> None:
    assert trajectory(0.5, 3.5).extremes("voltage", "a") == pytest.approx((0.5, 3.5))
    assert trajectory().extremes("voltage", "b") == pytest.approx((0.0, 1.0))
    assert trajectory(0.0, 0.25).extremes("voltage", "b") == pytest.approx((0.0, 0.75))   # at its end
