"""Straight lines over a condition: coverage of the slope, evidence of a bend, and the activation energy."""

import numpy as np
import pytest

from tsbench.analysis.series.slopes import BOLTZMANN, activation_energy, slope_result
from tsbench.analysis.series.straight_line import straight_line
from tsbench.records import Flag, FloatArray, Result


def rows(values: FloatArray, sigma: FloatArray | float, unit: str = "V") -> list[Result]:
    half = 1.96 * np.broadcast_to(sigma, values.shape)
    return [Result("y", unit, float(v), float(v - h), float(v + h), "", {})
            for v, h in zip(values, half, strict=True)]


@pytest.mark.parametrize(("count", "told"), [(3, 1.0), (5, 1.0), (8, 1.0), (8, 0.3)])
def test_the_interval_of_a_slope_holds_the_true_one(count: int, told: float) -> None:
    """With honest uncertainties, and with ones that are told too small: then the scatter counts."""
    random, inside, draws = np.random.default_rng(5), 0, 600
    x = np.linspace(0, 1, count)
    for _ in range(draws):
        line = straight_line(x, 2.0 - 3.0 * x + random.normal(0, 0.1, count), np.full(count, 0.1 * told))
        assert line is not None
        inside += line.low <= -3.0 <= line.high
    assert inside >= 0.935 * draws


def test_a_bend_is_told_by_evidence_only() -> None:
    random, x = np.random.default_rng(6), np.linspace(290, 350, 7)
    sigma = np.full(7, 0.01)
    straight = [straight_line(x, 0.01 * x + random.normal(0, 0.01, 7), sigma) for _ in range(300)]
    assert sum(line is not None and line.bent for line in straight) <= 2
    curved = straight_line(x, 1e-4 * (x - 320) ** 2 + random.normal(0, 0.01, 7), sigma)
    assert curved is not None and curved.bent
    few = straight_line(x[:3], 1e-2 * (x[:3] - 300) ** 2, sigma[:3])
    assert few is not None and not few.bent   # three points cannot tell


def test_what_has_no_slope_gives_none() -> None:
    x = np.array([1.0, 1.0, np.nan])
    assert straight_line(x, x, np.ones(3)) is None and straight_line(x[:0], x[:0], x[:0]) is None
    empty = [Result("y", "V", None, 1.0, None, "", {}, Flag.CENSORED)] * 3
    found = slope_result("s", "V/K", np.arange(3.0), empty, "x", {})
    assert found.value is None and Flag.NO_EVENT in found.flags and "3 of 3" in found.method
    two = slope_result("s", "V/K", np.arange(2.0), rows(np.array([1.0, 2.0]), 0.1), "x", {})
    assert two.value == pytest.approx(1.0) and two.flags == Flag.TOO_FEW


def test_activation_energy_of_an_arrhenius_law() -> None:
    random, inside = np.random.default_rng(7), 0
    temperature = np.array([290.0, 305.0, 320.0, 335.0])
    true = 1e3 * np.exp(0.25 / (BOLTZMANN * temperature))
    for _ in range(300):
        found = activation_energy(temperature, rows(true * (1 + random.normal(0, 0.02, 4)), 0.02 * true), {})
        assert found.low is not None and found.high is not None
        inside += found.low <= 0.25 <= found.high
    assert inside >= 0.935 * 300
    both = true / (1 + 1e-4 * np.exp(0.3 / BOLTZMANN * (1 / 300 - 1 / temperature)) * 1e4)   # two paths: bent
    assert Flag.AMBIGUOUS in activation_energy(temperature, rows(both, 1e-3 * both), {}).flags
    scaled = activation_energy(temperature, rows(7.0 * true, 0.14 * true), {})
    assert scaled.value == pytest.approx(0.25, rel=1e-9)   # the unit of the resistance does not matter
