"""Eigenvalues in compiled code against NumPy's, and a circuit linearised along its steps, made up by hand."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.circuit.kernel.modes import leading_eigenvalue
from tsbench.simulated_backends.circuit.stability import linearised
from tsbench.simulated_backends.circuit.stability.linearised import BEFORE, BLOCK, LinearisedSteps
from tsbench.simulated_backends.devices.mechanism import plain


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_the_leading_eigenvalue_is_that_of_numpy(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    from tsbench.simulated_backends.circuit.kernel import modes

    for name in ("_to_hessenberg", "_qr_steps"):   # in plain Python, as the function itself
        monkeypatch.setattr(modes, name, plain(getattr(modes, name)))
    rng = np.random.default_rng(size)
    for _ in range(20):
        matrix, scale = rng.normal(size=(size, size)), 10.0 ** rng.uniform(-3.0, 3.0, size)
        work = np.zeros((size + 2, size), complex)
        found = plain(leading_eigenvalue)(size, matrix * scale[:, None] / scale, scale, work)
        values = np.linalg.eigvals(matrix)
        expected = values[np.argmax(values.real)]
        assert found.real == pytest.approx(expected.real, rel=1e-9, abs=1e-12)
        assert found.imag == pytest.approx(abs(expected.imag), rel=1e-7, abs=1e-9)


class Path:
    """Steps of 1 s; a linearised circuit is the time and the unknown where it was asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
        self.asked: list[list[float]] = []
        starts = np.arange(float(count))
        steps: Any = SimpleNamespace(
            starts=starts, lengths=np.ones(count), y0=starts[:, None] * 10.0,
            unknowns=lambda k, shares: 10.0 * (np.asarray(k)[..., None] + shares))
        monkeypatch.setattr(linearised, "points_at", self.points)
        self.steps = LinearisedSteps(None, steps)  # type: ignore[arg-type]

    def points(self, compiled: Any, times: Any, unknowns: Any) -> list[tuple[float, float]]:
        self.asked.append(np.asarray(times).tolist())
        return [(float(t), float(u)) for t, u in zip(times, np.ravel(unknowns), strict=True)]


@pytest.mark.parametrize("stride", [1, 3])
def test_beginnings_are_asked_for_in_blocks_down_to_the_first_step(
    monkeypatch: pytest.MonkeyPatch, stride: int,
) -> None:
    path = Path(monkeypatch, 100)
    for k in range(9, -1, -stride):
        assert path.steps.begin(k, stride) == (float(k), 10.0 * k)
    assert sum(map(len, path.asked)) == len(range(9, -1, -stride)) and len(path.asked) == -(-10 // (BLOCK * stride))
    assert path.steps.begin(0, stride) == (0.0, 0.0)
    late = Path(monkeypatch, 1000)
    late.steps.begin(900, stride)
    assert late.asked == [[900.0 - stride * j for j in range(BLOCK)]]


def test_points_inside_a_step_are_in_order_the_latest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(monkeypatch, 5)
    for k in (4, 0):
        found = path.steps.inside(k)
        assert [time for time, _ in found] == pytest.approx([k + j / BEFORE for j in range(BEFORE - 1, -1, -1)])
    times = np.array([-0.5, 0.0, 0.25, 4.9, 6.0])   # before the first and behind the last: of these steps, extended
    assert [time for time, _ in path.steps.at(times)] == times.tolist()
    assert [unknown for _, unknown in path.steps.at(times)] == pytest.approx((10.0 * times).tolist())
