"""The small compiled linear algebra against NumPy's, and seeds by name."""

import numpy as np
import pytest

from tsbench.simulated_backends.numerics.linear import factorise, solve
from tsbench.simulated_backends.numerics.seeds import seed_of


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
def test_solutions_are_those_of_numpy(size: int) -> None:
    random = np.random.default_rng(size)
    for _ in range(50):
        matrix = random.normal(size=(size, size)) * 10.0 ** random.uniform(-6, 6, size=(size, 1))   # rows of any unit
        right = random.normal(size=size) * 10.0 ** random.uniform(-6, 6)
        expected = np.linalg.solve(matrix, right)
        room = np.full((size + 2, size + 2), np.nan)   # larger than the system: only its corner is used
        room[:size, :size] = matrix
        pivots, scale, found = np.zeros(size + 2, dtype=np.int64), np.zeros(size + 2), np.full(size + 2, np.nan)
        found[:size] = right
        factorise(size, room, pivots, scale)
        solve(size, room, pivots, found)
        condition = np.linalg.cond(matrix / np.abs(matrix).max(axis=1, keepdims=True))
        assert np.abs(found[:size] - expected).max() <= 1e-14 * condition * np.abs(expected).max()
        assert np.isnan(found[size:]).all()


def test_rows_are_exchanged_where_the_first_is_small_in_its_own_units() -> None:
    matrix = np.array([[1e-20, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, -1.0]])
    pivots, scale, found = np.zeros(3, dtype=np.int64), np.zeros(3), np.array([1.0, 3.0, 0.0])
    factors = matrix.copy()
    factorise(3, factors, pivots, scale)
    solve(3, factors, pivots, found)
    assert pivots[0] == 1
    assert matrix @ found == pytest.approx([1.0, 3.0, 0.0], abs=1e-15)


def test_a_seed_is_a_function_of_all_its_keys() -> None:
    assert seed_of("bench", 3) == seed_of("bench", 3) == 241_476_532_823_881
    others = {seed_of("bench", 3), seed_of("bench", 4), seed_of("bench", "3"), seed_of(3, "bench"), seed_of("bench")}
    assert len(others) == 5 and all(0 <= seed < 2**48 for seed in others)
