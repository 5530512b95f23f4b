"""Two groups of values: found where they are, and not made by noise, skew, outliers or the grid of set-points."""

import numpy as np
import pytest

from tsbench.analysis.statistics.groups import FEWEST, two_groups


def mixed(share, apart, seed=1, number=100, spread=0.04):
    random = np.random.default_rng(seed)
    low = round(share * number)
    return np.concatenate([random.normal(1.0 - apart, spread, low), random.normal(1.0, spread, number - low)])


@pytest.mark.parametrize(("values", "own"), [
    (mixed(0.4, 0.4), 0.01), (mixed(0.1, 0.4), 0.01), (np.round(mixed(0.4, 0.3) / 0.03) * 0.03, 0.015)])
def test_two_groups_are_found(values, own) -> None:
    found = two_groups(values, own)
    assert found.significance < 0.01
    assert found.lower < found.split < found.upper == pytest.approx(1.0, abs=0.02)
    assert found.number_lower == (values < found.split).sum()


def test_two_groups_that_alternate_are_found_among_many_values() -> None:
    """Of 999 values, every second one would be tested: all of one group."""
    values = np.where(np.arange(999) % 2, 0.6, 1.0) + np.random.default_rng(1).normal(0.0, 0.04, 999)
    found = two_groups(values, 0.01)
    assert found is not None and found.lower == pytest.approx(0.6, abs=0.02)


@pytest.mark.parametrize("kind", ["normal", "lognormal", "student", "grid"])
def test_one_group_is_one(kind) -> None:
    """Neither skew nor heavy tails nor a grid of few set-points are groups."""
    for seed in range(4):
        random = np.random.default_rng(seed)
        values = {"normal": random.normal(1, 0.05, 80), "lognormal": random.lognormal(0, 0.5, 80),
                  "student": 1 + 0.03 * random.standard_t(3, 80), "grid": np.round(random.normal(1, 0.05, 80), 1)}[kind]
        assert two_groups(values, 0.05 if kind == "grid" else 0.005, seed) is None


def test_outliers_are_no_group() -> None:
    values = mixed(0.0, 0.0)
    assert two_groups(np.append(values, 0.2)) is None
    assert two_groups(np.append(values, [0.2, 0.21, 0.19])) is None


def test_few_or_equal_values_tell_nothing() -> None:
    assert two_groups(mixed(0.4, 0.4, number=FEWEST - 1)) is None
    assert two_groups(np.ones(50)) is None
    assert two_groups(mixed(0.5, 0.4), own=0.5) is None


def test_the_groups_scale_with_the_unit() -> None:
    volts, millivolts = (two_groups(mixed(0.4, 0.4) * factor, 0.01 * factor) for factor in (1.0, 1e3))
    assert millivolts.split == pytest.approx(1e3 * volts.split, rel=1e-6)
    assert (millivolts.number_lower, millivolts.significance) == (volts.number_lower, volts.significance)
