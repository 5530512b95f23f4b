"""Brownian paths: their law, and that those of a seed stay what they are."""

import numpy as np
import pytest

from tsbench.simulated_backends.numerics.brownian import (
    DEPARTURES,
    DEPTHS,
    THERMAL_STEPS,
    TICKS_PER_SECOND,
    UNIT_TICKS,
    mix,
    normal_number,
    path_going_on,
    path_in_unit,
    piece,
)


def test_the_hash_is_that_of_splitmix64() -> None:
    """The first numbers from seed 1234567 as its authors' code prints them (prng.di.unimi.it)."""
    states = [np.uint64((1234567 + k * 0x9E3779B97F4A7C15) % 2**64) for k in (1, 2, 3)]
    assert [int(mix(state)) for state in states] == [
        6457827717110365317, 3203168211198807973, 9817491932198370423]


@pytest.mark.parametrize(("place", "expected"), [
    ((0, 0, 0, 0), 0.8064524000766484), ((7, 0, 0, 1), 0.3160596279707519), ((7, 3, 11, 5), 1.316466029441122),
    ((3, DEPARTURES, 40, 2), 0.5886836818337577), ((3, THERMAL_STEPS, 40, 2), -0.45387228279454),
])
def test_the_random_numbers_of_a_seed_are_the_same_for_ever(
    place: tuple[int, int, int, int], expected: float
) -> None:
    """A run that is repeated with its seed in ten years must show the same events."""
    assert normal_number(*place) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(("place", "expected"), [
    ((7, 0, 0, 1), -2.8792050713128116e-06), ((7, 0, 0, UNIT_TICKS // 2), -0.1492048361330847),
    ((7, 2, 5, 123456789), 0.03211595585399838), ((7, 2, 5, UNIT_TICKS), 0.021923869168149403), ((7, 2, 5, 0), 0.0),
])
def test_the_path_of_a_seed_is_the_same_for_ever(place: tuple[int, int, int, int], expected: float) -> None:
    cache, nodes = np.zeros((1, 2 * DEPTHS)), np.full((1, 1 + DEPTHS), -1, dtype=np.int64)
    assert path_in_unit(*place) == pytest.approx(expected, rel=1e-12)
    assert path_going_on(*place, cache, nodes, 0) == path_in_unit(*place)


@pytest.mark.parametrize(("t", "wanted", "expected"), [
    (0.0, 1.0, (0, 0, UNIT_TICKS)),                                # never longer than a unit of 1/32 s
    (0.0313, 1.0, (1, 858_993, UNIT_TICKS)),
    (0.0, 1e-3, (0, 0, 2**24)),                                    # the next shorter power of two: 2^-10 s
    (0.001, 2.0**-12, (0, 17_179_869, 5 * 2**22)),                 # exactly such a power: not halved again
    (0.5, 1e-12, (16, 0, 16)),                                     # 16 ticks, 1 ns, at least
    (1 / 32 - 3 * 2.0**-34, 1e-3, (0, UNIT_TICKS - 3, UNIT_TICKS)),   # a unit's end is an end
    ((2**24 - 2**21) / 2.0**34, 1e-3, (0, 2**24 - 2**21, 2**25)),  # a rest below a quarter joins the next piece
    ((2**24 - 2**22) / 2.0**34, 1e-3, (0, 2**24 - 2**22, 2**24)),  # a quarter is a piece
])
def test_a_piece_ends_on_the_grid(t: float, wanted: float, expected: tuple[int, int, int]) -> None:
    assert TICKS_PER_SECOND == 2.0**34 and UNIT_TICKS / TICKS_PER_SECOND == 1 / 32
    assert piece(t, wanted) == expected


def test_path_has_the_law_of_brownian_motion() -> None:
    path = np.array([[path_in_unit(3, 0, u, k * UNIT_TICKS // 8) for k in range(9)] for u in range(4000)])
    steps = np.diff(path, axis=1) * np.sqrt(8 * TICKS_PER_SECOND / UNIT_TICKS)
    assert steps.mean(axis=0) == pytest.approx(0.0, abs=4 / np.sqrt(4000))
    assert steps.var(axis=0) == pytest.approx(1.0, abs=4 * np.sqrt(2 / 4000))
    assert np.corrcoef(steps.T) == pytest.approx(np.eye(8), abs=4 / np.sqrt(4000))
    other = np.array([path_in_unit(3, 1, u, UNIT_TICKS) for u in range(4000)])
    assert abs(np.corrcoef(other, path[:, -1])[0, 1]) < 4 / np.sqrt(4000)
    fine = np.diff([path_in_unit(3, 0, 7, k * 64) for k in range(4001)]) * np.sqrt(TICKS_PER_SECOND / 64)
    assert fine.var() == pytest.approx(1.0, abs=4 * np.sqrt(2 / 4000))


def test_remembering_intervals_changes_no_bit() -> None:
    cache, nodes = np.zeros((2, 2 * DEPTHS)), np.full((2, 1 + DEPTHS), -1, dtype=np.int64)
    random = np.random.default_rng(0)
    unit, tick = 0, 0
    for _ in range(5000):
        size = 1 << int(random.integers(4, 30))
        tick = (tick // size + 1) * size if random.random() < 0.8 else int(random.integers(0, UNIT_TICKS + 1))
        if tick > UNIT_TICKS:
            unit, tick = unit + 1, int(random.integers(1, UNIT_TICKS))
        assert path_going_on(9, 1, unit, tick, cache, nodes, 1) == path_in_unit(9, 1, unit, tick)


def test_pieces_tile_the_time_whatever_their_length() -> None:
    random = np.random.default_rng(2)
    t = 0.123456789
    for _ in range(300):
        wanted = 10 ** random.uniform(-10, 0)
        unit, now, end = piece(t, wanted)
        assert unit * UNIT_TICKS + now == int(t * TICKS_PER_SECOND)
        assert now < end <= UNIT_TICKS
        assert (end - now) / TICKS_PER_SECOND <= max(1.25 * wanted, 2e-9)
        t = (unit * UNIT_TICKS + end) / TICKS_PER_SECOND
