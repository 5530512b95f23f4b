"""Turning points against a comparator whose levels follow the signal, one sample after the other."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.analysis.reversals import reversals


def one_by_one(values, least):
    """The textbook loop: a turn is the extreme behind which the record has gone back by more than ``least``."""
    turns, low, high, direction = [], 0, 0, 0
    for k in range(1, len(values)):
        if direction >= 0 and values[k] > values[high]:
            high = k
        if direction <= 0 and values[k] < values[low]:
            low = k
        if direction >= 0 and values[high] - values[k] > least:
            turns.append(high)
            direction, low = -1, k
        elif direction <= 0 and values[k] - values[low] > least:
            turns.append(low)
            direction, high = 1, k
    return [*turns, high if direction > 0 else low] if direction else []


@settings(max_examples=300, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31), size=st.integers(2, 400), grain=st.sampled_from([1.0, 4.0, 1e3]),
       least=st.sampled_from([0.5, 1.0, 2.0, 5.0]))
def test_it_is_the_comparator_whose_levels_follow(seed, size, grain, least):
    values = np.round(np.cumsum(np.random.default_rng(seed).standard_normal(size)) * grain) / grain
    found, expected = reversals(values, least), one_by_one(values, least)
    swings = np.diff(values[found])
    assert (np.abs(swings) > least).all() and (np.sign(swings[1:]) != np.sign(swings[:-1])).all()
    assert set(expected[1:-1]) <= set(found.tolist())   # the ends of a record may be turns or not
    assert abs(found.size - len(expected)) <= 2
