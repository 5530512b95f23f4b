"""The look at two states, written out for the step loop, against eigenvalues and the rules in plain Python."""

import math

import numpy as np
import pytest

from tsbench.simulated_backends.circuit.kernel.control import new_control
from tsbench.simulated_backends.circuit.kernel.growth import LIMIT, LONG, excited, two_states_may_grow
from tsbench.simulated_backends.circuit.kernel.modes import size_of_mode

RTOL = 1e-3
WEIGHTS, UNKNOWNS = np.array([1e-4, 1e-2]), np.array([1.1, -350.0])


class Rules:
    """What is remembered from look to look, as the docstring of ``growth`` says it."""

    def __init__(self) -> None:
        self.real, self.change, self.folds = math.nan, 0.0, 0.0

    def look(self, A: np.ndarray, h: float) -> bool:
        """Return whether the limit is reached."""
        fastest = math.sqrt(sum(abs(A[a, b] * A[b, a]) for a in range(2) for b in range(2)))
        if h * fastest <= LONG:
            self.real, self.change = math.nan, 0.0
            return False
        scale = WEIGHTS / RTOL + abs(UNKNOWNS)
        scaled = A * scale / scale[:, None]
        if all(scaled[a, a] + abs(scaled[a, 1 - a]) < 0.0 for a in range(2)):
            self.real, self.change, self.folds = math.nan, 0.0, 0.0
            return False
        real = float(np.linalg.eigvals(scaled).real.max())
        known, before, change = not math.isnan(self.real), self.real, self.change
        before = before if known else -abs(real)
        self.real, self.change = real, abs(real - before) / h if known else 0.0
        if before <= 0.0 and real <= 0.0:
            self.folds = 0.0
            return (max(before, real) + 0.5 * (abs(real - before) + change * h)) * h > LIMIT
        # the integral of the positive part of a straight line from one real part to the other
        s = np.linspace(0.0, 1.0, 2_001)
        self.folds += h * float(np.trapezoid(np.maximum(before + s * (real - before), 0.0), s))
        grown = self.folds > LIMIT
        if grown or real <= 0.0:
            self.folds = 0.0
        return grown


@pytest.mark.parametrize("seed", range(4))
def test_two_states_are_looked_at_by_the_rules(seed: int) -> None:
    rng, rules = np.random.default_rng(seed), Rules()
    control = new_control(RTOL, math.inf, 1e-10)
    cases = {"short": 0, "stable": 0, "limit": 0, "growing": 0}
    A = np.array([[-1e7, 1e4], [-1e9, -2e7]])
    for _ in range(2000):
        A = 0.7 * A + 0.3 * rng.normal(size=(2, 2)) * [[1e7, 1e4], [1e10, 2e7]]
        h = 10.0 ** rng.uniform(-8.7, -6.5)
        expected = rules.look(A, h)
        assert two_states_may_grow(control, WEIGHTS, UNKNOWNS, A, h) == expected
        assert control.real_part == pytest.approx(rules.real, rel=1e-8, abs=1e-3, nan_ok=True)
        assert control.change == pytest.approx(rules.change, rel=1e-7, abs=1e6)
        assert control.e_folds == pytest.approx(rules.folds, rel=1e-4, abs=1e-6)
        rules.folds = control.e_folds   # differences of the quadrature do not add up
        cases["short"] += math.isnan(rules.real) and not expected
        cases["stable"] += 0 if math.isnan(rules.real) else rules.real < 0.0
        cases["growing"] += rules.folds > 0.0
        cases["limit"] += expected
    assert min(cases.values()) > 20


def test_a_step_as_long_as_steps_may_be_is_looked_at() -> None:
    control = new_control(RTOL, 1e-9, 1e-10)
    A = np.array([[1e6, 0.0], [0.0, -1e6]])
    assert not two_states_may_grow(control, WEIGHTS, UNKNOWNS, A, 0.5e-9)
    assert math.isnan(control.real_part)
    assert not two_states_may_grow(control, WEIGHTS, UNKNOWNS, A, 1e-9)
    assert control.real_part == 1e6


def test_a_mode_at_the_very_edge_has_a_size(capfd: pytest.CaptureFixture[str]) -> None:
    """A division by its eigenvalue, zero, was an error that compiled code cannot raise."""
    A, scale = np.diag([0.0, -1e6]), np.ones(2)
    for rate in (0.0, 1e3):
        size = size_of_mode(2, A, np.array([rate, 0.0]), np.zeros(2), scale, 0j, np.zeros((4, 2), dtype=complex))
        assert not 0.0 < size < 1e6   # at rest there, or infinitely far away
    assert capfd.readouterr().err == ""


def test_what_is_excited_on_a_ramp_counts_until_the_next_long_one() -> None:
    control = new_control(RTOL, math.inf, 1e-10)
    control.breakpoint, control.next_breakpoint = 1.0, 2.0   # the segment of the source
    assert not excited(control, 1e-4)
    control.excited = 1.5
    assert excited(control, 1e-4)
    control.breakpoint, control.next_breakpoint = 2.0, 3.0
    assert not excited(control, 1e-4)
    assert excited(control, 1e-2)   # a short segment, of a hundred such steps
