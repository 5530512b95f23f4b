"""Drift and steps: found where they are, and not made by noise."""

import numpy as np
import pytest
from scipy.signal import lfilter

from tsbench.analysis.statistics.drift import drift_of


def noise(memory: float, number: int, seed: int) -> np.ndarray:
    return lfilter([1.0], [1.0, -memory], np.random.default_rng(seed).standard_normal(number + 200))[200:]


@pytest.mark.thin(3)
@pytest.mark.parametrize(("memory", "number"), [(0.0, 20), (0.0, 100), (0.7, 60)])
def test_noise_is_no_drift_and_no_step(memory: float, number: int) -> None:
    """At a level of 1 % more than four of 40 series happen by chance in less than one of 10,000 tests."""
    found = [drift_of(noise(memory, number, seed), seed) for seed in range(40)]
    assert sum(one.drifts for one in found) <= 4 and sum(bool(one.changes) for one in found) <= 4
    assert sum(one.slope.low <= 0 <= one.slope.high for one in found) >= 33


@pytest.mark.parametrize("scale", [1.0, 1e-9])
def test_a_drift_is_found_with_its_slope(scale: float) -> None:
    found = drift_of(scale * (noise(0.0, 100, 1) + 0.03 * np.arange(100)))
    assert found.drifts and not found.changes
    assert found.slope.low < 0.03 * scale < found.slope.high


def test_a_step_is_found_with_place_and_size() -> None:
    values = noise(0.0, 100, 2)
    values[60:] += 2.0
    (change,) = drift_of(values).changes
    assert change.earliest <= 60 <= change.latest and change.latest - change.earliest < 20
    assert change.size.low < 2.0 < change.size.high and change.significance < 0.01


def test_two_steps_are_two_steps_and_not_a_drift() -> None:
    values = noise(0.0, 300, 3)
    values[:100] += 2.0
    values[200:] -= 2.0
    found = drift_of(values)
    assert [change.earliest <= place <= change.latest for change, place in zip(
        found.changes, (100, 200), strict=True)] == [True, True]


def test_an_outlier_is_no_step() -> None:
    values = noise(0.0, 40, 4)
    values[20] += 1e6
    found = drift_of(values)
    assert not found.changes and not found.drifts


def test_too_few_or_equal_values_tell_nothing() -> None:
    for values in (np.arange(9.0), np.ones(50), np.empty(0)):
        found = drift_of(values)
        assert found.significance is None and not found.drifts and found.slope.value is None


def test_a_long_series_is_averaged_in_blocks() -> None:
    values = noise(0.0, 5000, 5)
    values[3000:] += 0.5
    (change,) = drift_of(values).changes
    assert change.earliest <= 3000 <= change.latest and change.size.low < 0.5 < change.size.high
    assert drift_of(values).number == 5000


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_series_with_a_gap_has_no_drift(bad: float) -> None:
    for values in (np.full(20, bad), np.array([bad, *range(19)])):
        found = drift_of(values)
        assert found.slope.value is None and found.significance is None and not found.changes
