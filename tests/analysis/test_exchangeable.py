"""The test finds outcomes that depend on each other. It seldom calls independent outcomes so."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.analysis.statistics.exchangeable import depends_on_order

GAPS = np.geomspace(1.0, 100.0, 12)


def shuffled(rng: np.random.Generator, repeats: int) -> np.ndarray:
    return rng.permutation(np.repeat(GAPS, repeats))


def fires(gaps: np.ndarray) -> np.ndarray:
    return 0.9 / (1.0 + (gaps / 10.0) ** -2.0)


def test_independent_pairs_are_seldom_said_to_depend() -> None:
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(200):
        gaps = shuffled(rng, 9)
        found += depends_on_order(gaps.tolist(), (rng.random(gaps.size) < fires(gaps)).tolist())
    assert found <= 6   # 2 expected at 1 %


@pytest.mark.parametrize(("memory", "least"), [(3.0, 0.3), (10.0, 0.5), (30.0, 0.5)])
def test_a_device_whose_recovery_wanders_is_seen(memory: float, least: float) -> None:
    rng = np.random.default_rng(2)
    found, trials = 0, 50
    for _ in range(trials):
        gaps = shuffled(rng, 9)
        slow = np.empty(gaps.size)   # logarithm of a factor of the period, which the device keeps for some pairs
        slow[0] = rng.normal()
        for k in range(1, gaps.size):
            slow[k] = np.exp(-1.0 / memory) * slow[k - 1] + np.sqrt(1.0 - np.exp(-2.0 / memory)) * rng.normal()
        found += depends_on_order(gaps.tolist(), (rng.random(gaps.size) < fires(gaps * np.exp(2.0 * slow))).tolist())
    assert found >= least * trials


def test_outcomes_that_take_turns_are_seen() -> None:
    assert depends_on_order([1.0] * 40, [True, False] * 20)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.booleans()), max_size=30))
@settings(max_examples=50, deadline=None)
def test_one_outcome_of_each_kind_tells_nothing(trials: list[tuple[str, bool]]) -> None:
    always = [(kind, kind == "a") for kind, _ in trials]
    assert not depends_on_order(*zip(*always, strict=True)) if always else not depends_on_order([], [])
    names = [kind for kind, _ in trials]
    outcomes = [outcome for _, outcome in trials]
    renamed = [f"{kind} of another name" for kind in names]
    assert depends_on_order(names, outcomes) == depends_on_order(renamed, outcomes)
