"""Straight lines over a condition: coverage of the slope, evidence of a bend, and the activation energy."""

import numpy as np
import pytest

from tsbench.analysis.series.slopes import BOLTZMANN, SAME_TEMPERATURE, SENSOR_LIMIT, activation_energy, slope_result
from tsbench.analysis.series.straight_line import straight_line
from tsbench.analysis.statistics import wider_half
from tsbench.records import Flag, FloatArray, Result


def rows(values: FloatArray, sigma: FloatArray | float, unit: str = "V") -> list[Result]:
    half = 1.96 * np.broadcast_to(sigma, values.shape)
    return [Result("y", unit, float(v), float(v - h), float(v + h), "", {})
            for v, h in zip(values, half, strict=True)]


@pytest.mark.thin(2)
@pytest.mark.parametrize("count", [3, 4, 6, 12])
@pytest.mark.parametrize("told", [1.0, 0.5, 0.1])
def test_the_interval_of_a_slope_holds_the_true_one(count: int, told: float) -> None:
    """With honest uncertainties, and with ones that are told too small: then the scatter counts."""
    random, inside, draws = np.random.default_rng(5), 0, 500
    x = np.linspace(0, 1, count)
    for _ in range(draws):
        line = straight_line(x, 2.0 - 3.0 * x + random.normal(0, 0.1, count), np.full(count, 0.1 * told))
        assert line is not None
        inside += line.low <= -3.0 <= line.high
    assert inside >= 0.935 * draws


def test_the_wider_of_two_intervals_counts() -> None:
    """Four points 0.5 apart: the sum of squares is 1.25, and Student's t for two degrees of freedom is 4.303."""
    x = np.array([1.0, 1.5, 2.0, 2.5])
    exact = straight_line(x, 3.0 * x, np.full(4, 0.01))
    assert exact is not None and exact.high - exact.slope == pytest.approx(1.96 * 0.01 / 1.25**0.5, rel=1e-3)
    scattered = straight_line(x, 3.0 * x + 0.1 * np.array([1.0, -1.0, -1.0, 1.0]), np.full(4, 0.01))
    chi = 0.1 * (4 / 2) ** 0.5
    assert scattered is not None and scattered.slope == pytest.approx(3.0)
    assert scattered.high - scattered.slope == pytest.approx(4.3027 * chi / 1.25**0.5, rel=1e-3)
    assert wider_half(2.0, 1e9, 0) == pytest.approx(3.92, rel=1e-3)   # two points have no scatter


def bow(x: FloatArray, sigma: float, repeats: int = 1) -> FloatArray:
    """A parabola whose least-squares line leaves distances of this many standard errors of its term."""
    away = (x - x.mean()) ** 2 - np.polyval(np.polyfit(x, (x - x.mean()) ** 2, 1), x)
    return np.asarray(sigma * away / np.sqrt(repeats * away @ away))


@pytest.mark.parametrize("count", [3, 4, 7, 12])
def test_a_bend_is_told_by_evidence_only(count: int) -> None:
    random, x = np.random.default_rng(6), np.linspace(290, 350, count)
    told = [straight_line(x, 0.01 * x + random.normal(0, 0.01, count), np.full(count, 0.01)) for _ in range(500)]
    assert sum(line is not None and line.bent for line in told) <= 3   # 0.1 %
    for sigma in (2.0, 3.0, 6.0, 30.0):
        line = straight_line(x, 0.01 * (x + bow(x, sigma)), np.full(count, 0.01))
        assert line is not None and line.bent == (sigma > 5.0), sigma


def test_a_curve_that_no_parabola_describes_is_bent() -> None:
    """As of a delay that diverges at the threshold: its points are as far from a parabola as from a line."""
    x = np.linspace(1.02, 2.0, 8)
    line = straight_line(x, -2.0 * np.log(x - 1.0), np.full(8, 0.02))
    assert line is not None and line.bent


def test_repeats_tell_scatter_from_a_bend() -> None:
    """Values that scatter ten times as far as their intervals: without repeats, a line and a curve look the same."""
    random, at = np.random.default_rng(8), np.array([290.0, 310.0, 330.0, 350.0])
    x = np.repeat(at, 3) + random.normal(0, 0.02, 12)
    sigma = np.full(12, 0.1)
    scattered = [straight_line(x, 0.1 * x + random.normal(0, 1.0, 12), sigma) for _ in range(300)]
    assert sum(line is not None and line.bent for line in scattered) <= 9   # 1 %
    curved = straight_line(x, 0.1 * x + np.repeat(bow(at, 20.0, 3), 3) + random.normal(0, 1.0, 12), sigma)
    assert curved is not None and curved.bent
    alike = straight_line(x, np.repeat(bow(at, 5.0), 3), sigma)   # repeats that do not scatter at all
    assert alike is not None and alike.bent
    single = straight_line(at, 0.1 * at + np.array([1.0, -1.0, 0.5, -0.5]), np.full(4, 0.1))
    assert single is not None and single.bent
    dense = np.linspace(290.0, 350.0, 400)   # neighbours of many points are no repeats of one another without end
    many = straight_line(dense, bow(dense, 30.0), np.full(400, 1.0))
    assert many is not None and many.bent


def test_what_has_no_slope_gives_none() -> None:
    x = np.array([1.0, 1.0, np.nan])
    assert straight_line(x, x, np.ones(3)) is None and straight_line(x[:0], x[:0], x[:0]) is None
    empty = [Result("y", "V", None, 1.0, None, "", {}, Flag.CENSORED)] * 3
    found = slope_result("s", "V/K", np.arange(3.0), empty, "x", {})
    assert found.value is None and Flag.NO_EVENT in found.flags and "3 of 3" in found.method
    two = slope_result("s", "V/K", np.arange(2.0), rows(np.array([1.0, 2.0]), 0.1), "x", {})
    assert two.value == pytest.approx(1.0) and two.flags == Flag.TOO_FEW


def test_what_the_line_cannot_use_is_counted() -> None:
    """A value with one bound has no interval, an interval without width no weight, and below zero is no logarithm."""
    usable = rows(np.array([1.0, 2.0, 3.0]), 0.1)
    one_bound = Result("y", "V", 4.0, 3.9, None, "", {})
    exact = Result("y", "V", 5.0, 5.0, 5.0, "", {})
    found = slope_result("s", "V/K", np.arange(5.0), [*usable, one_bound, exact], "x", {})
    assert found.value == pytest.approx(1.0) and "2 of 5" in found.method and found.flags == Flag.NONE
    assert "left out" not in slope_result("s", "V/K", np.arange(3.0), usable, "x", {}).method
    ohms = [*rows(np.array([300.0, 200.0]), 1.0), Result("r", "Ohm", -1.0, -2.0, 1.0, "", {})]
    energy = activation_energy(np.array([300.0, 315.0, 330.0]), ohms, {})
    assert "1 of 3" in energy.method and Flag.TOO_FEW in energy.flags


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


def test_the_doubt_of_the_temperature_is_in_the_activation_energy_of_exact_resistances() -> None:
    temperature = np.array([290.0, 305.0, 320.0, 335.0])
    resistance = 1e3 * np.exp(0.25 / (BOLTZMANN * temperature))
    exact = rows(resistance, 1e-9 * resistance, "Ohm")
    found = activation_energy(temperature, exact, {})
    assert found.low is not None and found.high is not None
    limit = abs(activation_energy(temperature + SENSOR_LIMIT, exact, {}).value - 0.25)   # all too warm by the limit
    assert SENSOR_LIMIT == 0.5 and limit == pytest.approx(2 * 0.5 / 312.5 * 0.25, rel=0.02)
    half = 1.96 / np.sqrt(3) * limit   # an error that is uniform within the limit
    assert (found.value - found.low, found.high - found.value) == pytest.approx((half, half), rel=0.02)


@pytest.mark.parametrize("same", [0.0, 0.01])
def test_one_condition_measured_twice_gives_no_line(same: float) -> None:
    """Two cycles at one ramp rate: the measured rates differ in the 14th digit."""
    x = np.log10(np.array([2.1917808219178108, 2.1917808219177974]))
    found = slope_result("s", "V", x, rows(np.array([1.0, 1.01]), 0.01), "x", {}, same)
    assert found.value is None
    assert Flag.TOO_FEW in found.flags


def test_repeats_are_no_further_conditions() -> None:
    x = np.array([300.003, 309.99, 299.998])
    found = slope_result("s", "V/K", x, rows(np.array([1.0, 0.98, 1.001]), 0.01), "temperature", {}, SAME_TEMPERATURE)
    assert found.value == pytest.approx(-0.002, rel=0.1)
    assert found.flags == Flag.TOO_FEW
    energy = activation_energy(x, rows(np.array([300.0, 200.0, 300.0]), 1.0), {})
    assert Flag.TOO_FEW in energy.flags


def test_a_device_that_dies_at_one_condition_makes_its_slope_doubtful() -> None:
    """Of the half-sweeps at the second rate, one has an event (the death itself) and the other has none."""
    dead = Result("y", "V", None, None, None, "", {}, Flag.NO_EVENT)
    x = np.array([0.3, 0.3, 0.5, 0.5, 0.6, 0.6])
    found = slope_result("s", "V", x, [*rows(np.array([1.0, 1.0, 0.2]), 0.01), dead, dead, dead], "x", {})
    assert Flag.AMBIGUOUS in found.flags
    assert "1 of 6 show no event" in found.method
    beyond = slope_result("s", "V", x, [*rows(np.array([1.0, 1.0, 1.1, 1.1]), 0.01), dead, dead], "x", {})
    assert Flag.AMBIGUOUS not in beyond.flags   # no event at a condition at all: the range may end below it
