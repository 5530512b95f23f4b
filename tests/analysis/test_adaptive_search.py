"""Adaptive searches without instruments: the curves, Bayes' rule by hand, what they find, and when they end."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from tsbench.analysis.adaptive.belief import Belief, Prior, _in_box, belief
from tsbench.analysis.adaptive.drift import drift
from tsbench.analysis.adaptive.firing_curve import FORMS, Curves
from tsbench.analysis.adaptive.probability import probability_ended, probability_interval
from tsbench.analysis.adaptive.search import (
    ABOVE,
    BELOW,
    NARROW,
    SILENT,
    SPENT,
    Goal,
    refractory_goal,
    threshold_goal,
)

NONE = np.empty(0)


def search(goal: Goal, fires: Callable[[float], bool]) -> Belief:
    found = belief(goal.prior, NONE, NONE)
    while not goal.ended(found, found.x.size):
        stimulus = goal.next_stimulus(found)
        found = found.learn(stimulus, fires(stimulus))
    return found


def one_of_each(location: float = 0.0, spread: float = 1.0) -> Curves:
    count = len(FORMS)
    return Curves(np.full(count, location), np.full(count, spread), np.zeros(count), np.ones(count),
                  np.array(FORMS, dtype=float))


def test_every_form_is_half_at_its_location_with_the_same_slope() -> None:
    curves = one_of_each()
    low, middle, high = curves.probability(np.array([-1e-5, 0.0, 1e-5]))
    assert middle == pytest.approx([0.5] * 3)
    assert (high - low) / 2e-5 == pytest.approx([0.25] * 3, rel=1e-6)
    tails = curves.probability(np.array([-4.0, 4.0]))
    assert tails[0, 1] > 2 * tails[0, 0] > 10 * tails[0, 2] and np.allclose(tails[0], 1 - tails[1, [0, 2, 1]])


@pytest.mark.parametrize("probability", [0.02, 0.5, 0.9])
def test_the_stimulus_of_a_probability_is_where_the_curve_has_it(probability: float) -> None:
    curves = one_of_each(1.2, 0.05)
    for form, stimulus in enumerate(curves.stimulus(probability)):
        assert curves.probability(np.array([stimulus]))[0, form] == pytest.approx(probability)


def test_a_curve_does_not_reach_what_lies_beyond_its_floor_and_plateau() -> None:
    curves = Curves(np.ones(1), np.ones(1), np.array([0.1]), np.array([0.8]), np.zeros(1))
    assert curves.stimulus(0.9) == np.inf and curves.stimulus(0.05) == -np.inf
    assert curves.stimulus(0.45) == pytest.approx(1.0)


def test_bayes_rule_by_hand() -> None:
    """The weights after three pulses are the prior times the probabilities of what they did."""
    prior = Prior(0.0, 4.0, 0.01, 1.0)
    before = belief(prior, NONE, NONE)
    after = belief(prior, np.array([1.0, 2.0, 1.0]), np.array([0.0, 1.0, 0.0]))
    assert after.box == before.box
    one, two = before.curves.probability(np.array([1.0, 2.0]))
    by_hand = before.weight * (1 - one) ** 2 * two
    assert np.allclose(after.weight, by_hand / by_hand.sum(), atol=1e-12)
    assert after.evidence == pytest.approx(math.log(by_hand.sum()))


def test_before_the_first_pulse_the_location_may_lie_a_fifth_of_the_range_beyond_it() -> None:
    known = belief(Prior(1.0, 2.0, 0.01, 0.25), NONE, NONE).interval(lambda curves: curves.location)
    assert known.low == pytest.approx(0.8 + 0.025 * 1.4, abs=0.02)
    assert known.high == pytest.approx(2.2 - 0.025 * 1.4, abs=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_a_grid_that_closed_in_leaves_out_less_than_a_thousandth_of_the_belief(seed: int) -> None:
    goal, random = threshold_goal(0.1, 4.0, 0.02, 100, histories=()), np.random.default_rng(seed)
    volts = random.uniform(0.5, 2.5, 15)
    found = belief(goal.prior, volts, (random.normal(1.2, 0.1, 15) < volts).astype(float))
    assert found.box.high < goal.prior.whole.high
    whole = _in_box(goal.prior, goal.prior.whole, found.pulses)
    outside = (whole.curves.location < found.box.low) | (whole.curves.location > found.box.high)
    assert whole.weight[outside].sum() < 1e-3


def test_the_belief_in_independent_outcomes_does_not_depend_on_their_order() -> None:
    goal = threshold_goal(0.1, 4.0, 0.02, 100, histories=())
    found = search(goal, lambda volts: volts > 1.234)
    order = np.random.default_rng(1).permutation(found.x.size)
    shuffled, at_once = (belief(goal.prior, found.x[way], found.fired[way]) for way in (order, np.arange(order.size)))
    assert shuffled.box == at_once.box and np.allclose(shuffled.weight, at_once.weight)
    by_steps, at_end = goal.interval(found), goal.interval(at_once)  # on grids that closed in on other ways
    assert by_steps.low == pytest.approx(at_end.low, abs=0.1 * by_steps.width)
    assert by_steps.high == pytest.approx(at_end.high, abs=0.1 * by_steps.width)


@pytest.mark.thin(4)
@pytest.mark.parametrize("threshold", [0.15, 0.731, 1.9999, 3.9])
def test_a_sharp_threshold_is_found_by_few_pulses_anywhere(threshold: float) -> None:
    goal = threshold_goal(0.1, 4.0, 0.04, 100)
    found = search(goal, lambda volts: volts > threshold)
    known = goal.interval(found)
    assert known.low < threshold < known.high and known.width <= 0.04 and found.x.size <= 35
    assert goal.ended(found, found.x.size) == NARROW


@pytest.mark.thin(3)
@pytest.mark.parametrize("wild", [3, 12, 20])
def test_a_wild_outcome_does_not_mislead(wild: int) -> None:
    goal, sent = threshold_goal(0.1, 4.0, 0.04, 100), iter(range(1000))
    found = search(goal, lambda volts: (volts > 1.234) != (next(sent) == wild))
    assert goal.interval(found).low < 1.234 < goal.interval(found).high


def test_a_threshold_beyond_the_range_ends_the_search() -> None:
    goal = threshold_goal(0.1, 2.0, 0.02, 100)
    never, always = search(goal, lambda volts: False), search(goal, lambda volts: True)
    assert goal.ended(never, never.x.size) == ABOVE and never.x.size < 40
    assert goal.ended(always, always.x.size) == BELOW and always.x.size < 40


def test_a_device_that_dies_in_the_middle_is_not_pulsed_to_the_end() -> None:
    goal, sent = threshold_goal(0.1, 2.0, 0.005, 200), iter(range(1000))
    random = np.random.default_rng(6)
    found = search(goal, lambda volts: next(sent) < 15 and random.normal(1.0, 0.03) < volts)
    assert goal.ended(found, found.x.size) == SILENT and found.x.size < 60
    known = goal.interval(found)
    assert known.width > goal.width


def test_a_spent_budget_ends_the_search() -> None:
    random = np.random.default_rng(2)
    goal = threshold_goal(0.1, 4.0, 1e-3, 30)
    found = search(goal, lambda volts: random.normal(1.2, 0.1) < volts)
    assert found.x.size == 30 and goal.ended(found, 30) == SPENT and goal.interval(found).width > 1e-3


def test_of_equally_telling_amplitudes_the_lowest_is_sent() -> None:
    goal = threshold_goal(0.1, 4.0, 0.04, 100)
    found = search(goal, lambda volts: volts > 1.0)
    far_above = found.x > 2.5
    assert far_above.sum() <= 1, "pulses that surely fire are stress without an answer"


@pytest.mark.soak
def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Twenty-four devices of each search, of which 95 % would be 23: fewer than 20 have a probability of 0.4 %."""
    held = {"threshold": 0, "refractory": 0}
    for seed in range(24):
        random = np.random.default_rng(seed)
        place, spread = random.uniform(0.7, 1.4), 10 ** random.uniform(-2.5, -1.3)

        def fires(volts: float, random: np.random.Generator = random, place: float = place,
                  spread: float = spread) -> bool:
            return bool(random.normal(place, spread * place) < volts)

        goal = threshold_goal(0.1, 3.0, 0.05, 150)
        known = goal.interval(search(goal, fires))
        held["threshold"] += known.low <= place <= known.high
        period, width = math.log(random.uniform(1e-3, 20e-3)), 10 ** random.uniform(-2, -0.5)
        goal = refractory_goal(1e-4, 0.1, 2.0, 150)

        def second_fires(gap: float, random: np.random.Generator = random, period: float = period,
                         width: float = width) -> bool:
            return bool(random.random() < 0.9 and random.normal(period, width) < gap)

        known = goal.interval(search(goal, second_fires))
        held["refractory"] += known.low <= period <= known.high
    assert min(held.values()) >= 20, held


@pytest.mark.thorough
def test_a_drift_is_seen_and_a_steady_device_has_none() -> None:
    seen = {0.0: 0, 0.1: 0}
    prior = threshold_goal(0.1, 3.0, 0.01, 100).prior
    for shift in seen:
        for seed in range(4):
            random = np.random.default_rng(seed)
            sent = random.uniform(0.95, 1.15, 100)
            found = belief(prior, sent, random.normal(1.0 + shift * np.linspace(0, 1, 100), 0.02) < sent)
            known = drift(found)
            seen[shift] += known.certain
            assert not known.certain or known.change.low < shift < known.change.high
    assert seen[0.0] == 0 and seen[0.1] >= 3, seen


def test_a_firing_probability_by_hand() -> None:
    """After 0 of n pulses the beta distribution is 1 - (1 - p)^(n + 1); after none, all probabilities are as likely."""
    nothing, none_of_ten = probability_interval(0, 0), probability_interval(0, 10)
    assert (nothing.low, nothing.value, nothing.high) == pytest.approx((0.025, 0.5, 0.975))
    assert none_of_ten.high == pytest.approx(1 - 0.025 ** (1 / 11)) and none_of_ten.low > 0
    one, other = probability_interval(3, 10), probability_interval(7, 10)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low))


def test_the_pulses_of_a_firing_probability_end() -> None:
    assert probability_ended(0, 7, 7, 0.9, 100) == "" and probability_ended(0, 8, 8, 0.9, 100) == NARROW
    assert probability_ended(10, 20, 20, 0.2, 100) == "" and probability_ended(10, 20, 100, 0.2, 100) == SPENT


def test_intervals_of_firing_probabilities_hold_the_truth_whenever_the_pulses_end() -> None:
    """Of 400 devices 95 %, that is 380, would be held: fewer than 365 have a probability below 0.1 %."""
    random, held = np.random.default_rng(5), 0
    for true in random.uniform(0.0, 1.0, 400):
        fired = sent = 0
        while not probability_ended(fired, sent, sent, 0.3, 200):
            fired, sent = fired + (random.random() < true), sent + 1
        known = probability_interval(fired, sent)
        held += known.low <= true <= known.high
    assert held >= 365
