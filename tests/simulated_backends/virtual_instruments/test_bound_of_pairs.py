"""The benchmark of pairs of instruments: how few intervals may contain the true value by chance."""

from math import comb

import pytest

from benchmarks.pairs.__main__ import fewest_by_chance


@pytest.mark.parametrize("intervals", [1, 2, 12, 34, 36, 72, 73, 216])
def test_fewer_intervals_than_required_contain_the_true_value_in_less_than_one_of_a_thousand_runs(
    intervals: int,
) -> None:
    """Before, with a normal approximation: in 20 of a thousand runs of 12 intervals, in 3 to 8 of longer ones."""
    def below(least: int) -> float:
        return sum(comb(intervals, held) * 0.95**held * 0.05 ** (intervals - held) for held in range(least))

    least = fewest_by_chance(intervals)
    assert below(least) < 1e-3 <= below(least + 1)


def test_no_interval_requires_none() -> None:
    assert fewest_by_chance(0) == 0
