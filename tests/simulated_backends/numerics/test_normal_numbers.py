"""Normal numbers by number: their distribution, their independence, and the same ones however they are asked for."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from tsbench.simulated_backends.numerics.normal_numbers import BLOCK, keys_of, normal_block, normal_numbers

COUNT = 1 << 20


def numbers(*seed: int, first: int = 0, stride: int = 1, count: int = COUNT) -> npt.NDArray[np.float64]:
    out = np.empty(count, dtype=np.float32)
    normal_numbers(*keys_of(seed), first, stride, out)
    return out.astype(float)


def test_a_number_depends_on_its_place_alone() -> None:
    whole, block = numbers(1, 2, count=5 * BLOCK), np.empty(BLOCK, dtype=np.float32)
    for number in range(5):
        normal_block(*keys_of((1, 2)), number, block)
        assert np.array_equal(block, whole[number * BLOCK:(number + 1) * BLOCK])
    assert np.array_equal(numbers(1, 2, first=3, stride=11, count=900), whole[3:][::11][:900])
    assert keys_of((1, 2)) == keys_of((1, 2)) != keys_of((2, 1))


def test_they_are_normal_far_into_the_tails() -> None:
    found = numbers(7)
    for power, moment in enumerate((0.0, 1.0, 0.0, 3.0, 0.0, 15.0), 1):
        spread = math.sqrt((math.prod(range(2 * power - 1, 0, -2)) - moment**2) / COUNT)
        assert float(np.mean(found**power)) == pytest.approx(moment, abs=4.5 * spread)
    for level in (0.5, 1.0, 2.0, 3.0, 4.0):
        share = math.erfc(level / math.sqrt(2)) / 2
        for beyond in (found > level, found < -level):
            assert np.count_nonzero(beyond) == pytest.approx(share * COUNT, abs=4.5 * math.sqrt(share * COUNT))
    assert 4.5 < float(np.max(np.abs(found))) < 6.7


def test_they_are_independent_of_their_neighbours_and_of_other_seeds() -> None:
    found = numbers(8)
    for lag in (1, 2, 3, 7, 64, BLOCK // 2 - 1, BLOCK // 2, BLOCK // 2 + 1, BLOCK, 3 * BLOCK):
        for kind in (found, found**2 - 1, np.abs(found) - math.sqrt(2 / math.pi)):
            one, other = kind[lag:], kind[:-lag]
            assert abs(float(np.corrcoef(one, other)[0, 1])) < 4.5 / math.sqrt(COUNT)
    for seed in ((9,), (8, 0), (0, 8)):
        assert abs(float(np.corrcoef(found, numbers(*seed))[0, 1])) < 4.5 / math.sqrt(COUNT)


def test_their_spectrum_is_flat() -> None:
    power = np.abs(np.fft.rfft(numbers(10)))[1:-1] ** 2 / COUNT
    for part in np.array_split(power, 16):
        assert float(np.mean(part)) == pytest.approx(1.0, abs=4.5 / math.sqrt(len(part)))
    assert float(np.max(power)) < 25.0   # of half a million, each beyond 25 with 1e-11
