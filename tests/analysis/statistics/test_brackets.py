"""Brackets of set-points: the error that all share is told from the steps, and fits take the steps into account."""

import numpy as np
import pytest

from tsbench.analysis.statistics.brackets import on_one_grid
from tsbench.analysis.statistics.censored import CensoredSample
from tsbench.analysis.statistics.fits import fit


def widened(values: np.ndarray, step: float, error: float) -> tuple[np.ndarray, np.ndarray]:
    low = np.floor(values / step) * step
    return low - error, low + step + error


def test_the_error_of_the_instruments_is_taken_off_and_the_steps_remain() -> None:
    values = np.random.default_rng(0).normal(1.0, 0.05, 100)
    low, high = widened(values, 0.04, 0.003)
    found = on_one_grid(low, high)
    assert found.common == pytest.approx(0.003) and found.step == pytest.approx(0.04)
    assert found.low == pytest.approx(np.floor(values / 0.04) * 0.04) and found.high == pytest.approx(found.low + 0.04)
    assert np.unique(np.round(found.low, 6)).size < 10


def test_ends_that_differ_by_little_are_one_set_point() -> None:
    random = np.random.default_rng(1)
    low, high = widened(random.normal(1.0, 0.05, 100), 0.04, 0.003)
    found = on_one_grid(low + random.uniform(-5e-4, 5e-4, 100), high + random.uniform(-5e-4, 5e-4, 100))
    ends = np.unique(np.concatenate([found.low, found.high]))
    assert np.diff(ends).min() > 0.03


@pytest.mark.parametrize("low", [np.array([1.0]), np.array([1.0, 1.0, 1.0])])
def test_one_bracket_alone_stays_as_it_is(low: np.ndarray) -> None:
    found = on_one_grid(low, low + 0.1)
    assert found.low == pytest.approx(low) and found.high == pytest.approx(low + 0.1) and found.common == 0.0


def test_steps_do_not_reject_the_true_family() -> None:
    """Taken as values, the middles of steps as wide as 1.6 standard deviations reject every family."""
    values = np.random.default_rng(2).normal(0.1425, 0.005, 100)
    low, high = widened(values, 0.008, 0.001)
    grid = on_one_grid(low, high)
    as_brackets = fit(CensoredSample(grid.low, grid.high), "normal", draws=500)
    as_values = fit(CensoredSample.of(0.5 * (low + high)), "normal", draws=500)
    assert as_values.significance < 0.01 and as_brackets.significance > 0.05
    spread = as_brackets.parameters["standard_deviation"]
    assert spread.low < 0.005 < spread.high
