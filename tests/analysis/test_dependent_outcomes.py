"""Outcomes that depend on each other: thresholds that stay, beside the formula, and what shows a dependence."""

import math

import numpy as np
import pytest

from tsbench.analysis.adaptive.belief import Prior, belief
from tsbench.analysis.adaptive.dependence import succession, surprises_follow
from tsbench.analysis.adaptive.firing_curve import Curves
from tsbench.analysis.adaptive.history import HISTORIES, History, first_states, states_after
from tsbench.analysis.adaptive.probability import long_run_interval
from tsbench.analysis.adaptive.search import threshold_goal

ONE = Curves(np.array([1.0]), np.array([0.1]), np.zeros(1), np.ones(1), np.zeros(1))


def rise(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-(x - 1.0) / 0.1))


def test_a_threshold_that_stays_by_hand() -> None:
    """Quiet at 0.9, quiet again at 0.9, fired at 1.1, quiet at 1.1: the second look at 0.9 tells nothing."""
    states = first_states(HISTORIES[:1], ONE)
    _, total = states_after(states, np.array([0.9, 0.9, 1.1, 1.1]), np.array([0, 0, 1, 0]), [False] * 4)
    by_hand = (1 - rise(0.9)) * 1.0 * (rise(1.1) - rise(0.9)) / (1 - rise(0.9)) * (1 - rise(1.1))
    assert math.exp(total[0]) == pytest.approx(by_hand, rel=0.15)  # slips, and a class that is not split


def test_a_device_that_was_made_to_switch_has_a_new_threshold() -> None:
    states = first_states(HISTORIES[:1], ONE)
    x, quiet = np.full(20, 1.0), np.zeros(20)
    _, stayed = states_after(states, x, quiet, [False] * 20)
    _, renewed = states_after(states, x, quiet, [False] + [True] * 19)
    assert math.exp(stayed[0]) > 0.3 and renewed[0] == pytest.approx(20 * math.log(0.5), rel=0.01)


def test_the_next_threshold_resembles_the_one_before_as_often_as_its_correlation_says() -> None:
    """After a threshold below the median, the next one is below it with 1/2 + arcsin(correlation) / pi."""
    states, _ = first_states((History("", 0.6, stays=True),), ONE).after(1.0, True)
    chance = states.chance(states.places(np.array([1.0])))[0, 0]
    assert chance == pytest.approx(0.5 + math.asin(0.6) / math.pi, abs=0.01)
    wanders = first_states((History("", 0.6, stays=False),), ONE)
    assert wanders.after(1.0, False)[0].chance(states.places(np.array([1.0])))[0, 0] == pytest.approx(
        0.5 - math.asin(0.6) / math.pi, abs=0.01)


def test_a_threshold_that_stays_is_told_from_one_that_does_not() -> None:
    """The same 40 amplitudes about the median; drawn anew with every pulse, or when the device switches."""
    odds = {}
    for stays in (True, False):
        random, found = np.random.default_rng(3), belief(
            Prior(0.5, 1.5, 0.01, 0.2, histories=HISTORIES), np.empty(0), np.empty(0))
        threshold = random.normal(1.0, 0.05)
        for volts in random.normal(1.0, 0.05, 40):
            fired = bool(volts > threshold)
            found = found.learn(float(volts), fired)
            if fired or not stays:
                threshold = random.normal(1.0, 0.05)
        odds[stays] = found.history_odds
        assert found.interval(threshold_goal(0.5, 1.5, 0.02, 50).wanted).low < 1.0
    assert odds[True].max() > 30 and odds[False].max() < 3
    assert belief(Prior(0.5, 1.5, 0.01, 0.2), np.empty(0), np.empty(0)).history_odds.size == 0


def test_pulses_after_one_that_fired_by_hand() -> None:
    """FFFQQQQ: of three that follow a fired one two fired, of three that follow a quiet one none."""
    found = succession([True] * 3 + [False] * 4)
    assert found.after_fired == (2, 3) and found.after_quiet == (0, 3)
    one = math.factorial(2) * math.factorial(4) / math.factorial(7)  # beta functions of 2 of 6
    two = (2 * 1 / math.factorial(4)) * (math.factorial(3) / math.factorial(4))
    assert found.odds == pytest.approx(two / one) and 1.0 < found.odds < 30.0
    assert found.may_depend and not found.dependent and not found.independent
    stuck = succession([True] * 3 + [False] * 31)
    assert stuck.dependent and long_run_interval(stuck).low < 0.01
    random = np.random.default_rng(4)
    seen = [succession((random.random(60) < 0.5).tolist()).odds for _ in range(200)]
    # odds above 30 come from independent outcomes in less than 1 of 30 cases, whatever their number
    assert sum(odds > 30 for odds in seen) <= 6 and np.median(seen) < 0.5
    assert not succession([]).dependent and not succession([]).may_depend and not succession([]).independent
    assert succession((random.random(1000) < 0.5).tolist()).independent


def test_neighbouring_surprises_are_seen() -> None:
    random = np.random.default_rng(5)
    alternating = np.arange(60) % 2
    assert surprises_follow([0.5] * 60, alternating.astype(float))
    assert not surprises_follow([0.5] * 5, alternating[:5].astype(float))
    false = sum(surprises_follow([0.3] * 60, (random.random(60) < 0.3).astype(float)) for _ in range(300))
    assert false <= 5  # 0.3 % of 300 is one; six or more have a probability of 0.03 %
