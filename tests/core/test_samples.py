"""The samples of an envelope show every glitch, wherever the bins end."""

import numpy as np
import pytest

from tsbench.samples import envelope


@pytest.mark.parametrize("edges", [range(0, 101, 10), [0, 33, 66, 100], [0, 7, 100]])
def test_the_lowest_and_the_highest_sample_of_each_bin(edges: list[int]) -> None:
    values = np.random.default_rng(1).normal(size=100)
    values[[13, 71]] = 9.0, -9.0
    lowest, highest = envelope(values, edges)
    for low, high, least, most in zip(edges[:-1], edges[1:], lowest, highest, strict=True):
        assert low <= least < high and low <= most < high
        assert values[least] == values[low:high].min() and values[most] == values[low:high].max()
    assert 13 in highest and 71 in lowest


def test_of_equal_samples_the_first_counts() -> None:
    codes = np.array([3, 3, 1, 1], dtype=np.int16)
    assert [found.tolist() for found in envelope(codes, [0, 2, 4])] == [[0, 2], [0, 2]]
