"""In which gap a conductance changed: clear changes by hand, unclear ones by the likelihood of each gap."""

import math

import numpy as np
import pytest

from tsbench.analysis.threshold.level_change import LevelStep
from tsbench.analysis.threshold.place_of_change import at_fall_of_voltage, falls, gap_probability
from tsbench.records import FloatArray

LEVEL = np.arange(1.0, 13.0)


def stepped(middle: float | None = None, at: int = 6) -> FloatArray:
    """Return log conductances of 0 and, from the reading ``at`` on, 5; the reading before has ``middle``."""
    series = np.where(np.arange(12) >= at, 5.0, 0.0)
    if middle is not None:
        series[at - 1] = middle
    return series


def likeliest(series: FloatArray, noise: float, *, backwards: bool = False) -> int:
    step = LevelStep(4, 6, 5.0, 50.0, 3, noise)
    found = gap_probability(series, np.exp(series), step, LEVEL, backwards=backwards)
    assert found.sum() == pytest.approx(1.0) and found.shape == (11,)
    return int(np.argmax(found)) if found.max() == 1.0 else -1


def test_a_clear_change_is_in_its_gap() -> None:
    assert likeliest(stepped(), 0.05) == 5 and likeliest(stepped(at=5), 0.05) == 4
    assert likeliest(stepped(), 0.05, backwards=True) == 5
    wild = stepped()
    wild[2] = 9.0   # one reading makes no lasting change
    assert likeliest(wild, 0.05) == 5


@pytest.mark.parametrize(("middle", "gap"), [(2.2, 4), (2.1, 5), (0.5, 5), (-2.0, 5)])
def test_a_reading_that_was_taken_during_the_change_is_on_the_new_side(middle: float, gap: int) -> None:
    """Its current has risen by more than 5 % of the whole, and by more than a factor of two: (e^2.2 - 1)/(e^5 - 1)."""
    assert likeliest(stepped(middle), 0.05) == gap


def test_on_the_way_down_the_reading_after_it_was_taken_before() -> None:
    """Read backwards: one that has lost less than all of the current stands behind the gap."""
    assert likeliest(stepped(2.8, 7), 0.05, backwards=True) == 6
    assert likeliest(stepped(4.4, 7), 0.05, backwards=True) == 5   # less than a factor of two is missing
    wild = stepped(2.8, 7)
    wild[8] = 1.0   # what follows does not matter
    assert likeliest(wild, 0.05, backwards=True) == 6


@pytest.mark.parametrize(("before", "after", "window", "noise"), [(5, 6, 4, 2.0), (4, 6, 3, 1.8), (1, 2, 6, 2.5)])
def test_an_unclear_change_is_weighed_by_gaussian_noise(before: int, after: int, window: int, noise: float) -> None:
    random = np.random.default_rng([before, window])
    series = np.where(np.arange(12) > before, 3.0, 0.0) + random.standard_normal(12)
    level = np.cumsum(random.uniform(0.5, 1.5, 12))
    found = gap_probability(series, np.exp(series), LevelStep(before, after, 3.0, 9.0, window, noise), level,
                            backwards=False)
    low = np.median(series[max(before - window + 1, 0) : before + 1])
    high = np.median(series[after : after + window])
    expected = np.zeros(11)
    for gap in range(max(before - window, 0), min(after + window, 11)):
        old, new = series[max(before - window, 0) : gap + 1], series[gap + 1 : min(after + window, 11)]
        squares = float(np.sum((old - low) ** 2) + np.sum((new - high) ** 2))
        expected[gap] = math.exp(-squares / (2 * noise**2)) * (level[gap + 1] - level[gap])
    assert found == pytest.approx(expected / expected.sum(), rel=1e-9)


def test_a_wild_reading_has_a_bounded_weight() -> None:
    """Further than eight standard deviations from both levels it speaks for neither."""
    series = np.array([0.0, 0.2, -0.1, 0.1, 0.0, 3.1, 2.9, 3.0, 3.2, 2.8])
    found = []
    for wild in (1e3, 1e6):
        spoilt = series.copy()
        spoilt[2] = wild
        found.append(gap_probability(spoilt, np.exp(np.minimum(spoilt, 50.0)), LevelStep(4, 5, 3.0, 9.0, 5, 1.0),
                                     np.arange(10.0), backwards=False))
    assert found[0] == pytest.approx(found[1]) and int(np.argmax(found[0])) == 4


def test_a_voltage_that_falls_tells_the_gap_of_an_unclear_change() -> None:
    """A device that oscillates in compliance conducts a little more with each step; its mean voltage collapses once."""
    level = np.linspace(0.1, 1.0, 10)
    voltage = np.where(level < 0.65, level, 0.4)
    unclear = np.full(9, 1.0 / 9.0)
    assert at_fall_of_voltage(unclear, voltage, level, 0.001).argmax() == 5
    assert at_fall_of_voltage(unclear, voltage, level, 0.001).max() == 1.0
    clear = np.eye(9)[2]
    assert at_fall_of_voltage(clear, voltage, level, 0.001) is clear   # the conductance tells it


@pytest.mark.parametrize(("at", "wild"), [(5, 2.0), (5, 0.1), (8, 0.1), (9, 0.1)])
def test_one_wild_voltage_is_no_fall(at: int, wild: float) -> None:
    level = np.linspace(0.1, 1.0, 10)
    voltage = level.copy()
    voltage[at] = wild
    unclear = np.full(9, 1.0 / 9.0)
    assert at_fall_of_voltage(unclear, voltage, level, 0.001) is unclear
    assert falls(voltage, level).max() < 0.0


def test_a_fall_within_the_noise_does_not_count() -> None:
    level = np.linspace(0.1, 1.0, 10)
    voltage = level - np.where(level > 0.55, 0.21, 0.0)   # it falls by 0.11 V
    unclear = np.full(9, 1.0 / 9.0)
    assert at_fall_of_voltage(unclear, voltage, level, 0.02) is unclear
    assert at_fall_of_voltage(unclear, voltage, level, 0.001).max() == 1.0
