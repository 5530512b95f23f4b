"""Conductance at low voltage on records of known truth: coverage, an open device, wild readings, curved devices."""

import numpy as np
import pytest

from tsbench.analysis.conductance.conductance import conductance, low_voltage_results
from tsbench.records import Flag

LEVELS = np.linspace(-0.1, 0.1, 21)


@pytest.mark.parametrize(("siemens", "noise", "offset"), [(1e-4, 1e-8, 0.0), (1e-4, 1e-6, 5e-6), (1e-9, 1e-11, -3e-10)])
def test_the_interval_holds_the_truth_as_often_as_it_says(siemens: float, noise: float, offset: float) -> None:
    random, inside = np.random.default_rng(3), 0
    for _ in range(400):
        current = siemens * LEVELS + offset + noise * random.standard_normal(LEVELS.size)
        found = conductance(LEVELS, current)
        assert found.low is not None and found.high is not None
        inside += found.low <= siemens <= found.high
    assert inside >= 400 * 0.95 - 3 * np.sqrt(400 * 0.95 * 0.05)


def test_gain_accuracy_widens_by_itself() -> None:
    found = conductance(LEVELS, 1e-3 * LEVELS, gain=0.02)
    assert (found.low, found.value, found.high) == pytest.approx((0.98e-3, 1e-3, 1.02e-3))


def test_wild_readings_do_not_decide() -> None:
    current = 1e-4 * LEVELS
    current[[2, 9, 15]] = 1.0, -0.5, 3.0
    found = conductance(LEVELS, current)
    assert found.value == pytest.approx(1e-4, rel=0.05)


def test_an_open_device_has_a_lower_bound_only() -> None:
    current = 2e-10 + 1e-11 * np.random.default_rng(5).standard_normal(LEVELS.size)
    (resistance, *_) = low_voltage_results(LEVELS, current)
    assert resistance.value is None and resistance.high is None and resistance.low is not None
    assert 1e8 < resistance.low < 1e11 and Flag.OPEN | Flag.CENSORED in resistance.flags


@pytest.mark.parametrize(("shape", "expected"), [
    (lambda v: 1e-4 * v, 0.0),
    (lambda v: 1e-4 * 0.05 * np.sinh(v / 0.05), (np.sinh(2) - np.sinh(1)) / np.sinh(1) - 1)])
def test_departure_from_ohms_law(shape: object, expected: float) -> None:
    assert callable(shape)
    levels = np.linspace(-0.1, 0.1, 201)
    results = low_voltage_results(levels, shape(levels))
    found = [result for result in results if result.quantity == "nonlinearity"]
    assert [result.conditions["polarity"] for result in found] == ["+", "-"]
    for result in found:
        assert result.low is not None and result.high is not None and result.value is not None
        assert result.low - 1e-9 <= result.value <= result.high + 1e-9
        assert result.value == pytest.approx(expected, abs=0.15 if expected else 1e-9)


def test_the_interval_of_the_nonlinearity_joins_the_far_ends_of_both_slopes() -> None:
    """Slopes of a parabola at whole voltages: 4 (1 to 7) over the lower half, 12 (9 to 15) over the upper one."""
    levels = np.arange(9.0)
    resistance, found = low_voltage_results(levels, levels**2, gain=0.5)
    assert (found.low, found.value, found.high) == pytest.approx((9 / 7 - 1, 12 / 4 - 1, 15 / 1 - 1))
    assert "gain" in resistance.method and "gain" not in found.method


def test_five_readings_need_five_voltages() -> None:
    at_two, at_four = np.repeat([0.1, 0.2], [2, 3]), np.array([0.1, 0.1, 0.2, 0.3, 0.4])
    for levels in (at_two, at_four):
        assert conductance(levels, 1e-4 * levels).value is None
    assert conductance(LEVELS[:5], 1e-4 * LEVELS[:5]).value == pytest.approx(1e-4)


def test_few_readings_and_strange_ones() -> None:
    for count in range(5):
        (result,) = low_voltage_results(LEVELS[:count], LEVELS[:count])
        assert result.value is None and Flag.TOO_FEW in result.flags
    (backwards, *_) = low_voltage_results(LEVELS, -1e-3 * LEVELS)
    assert backwards.value is None and Flag.IMPLAUSIBLE in backwards.flags
    current = 1e-4 * LEVELS
    current[3] = np.nan
    assert low_voltage_results(LEVELS, current)[0].value == pytest.approx(1e4)
