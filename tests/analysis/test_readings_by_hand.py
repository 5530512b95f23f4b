"""What a few readings tell of their noise, and the rules of a single reading: each number by its definition."""

import math

import numpy as np
import pytest

from tsbench.analysis.threshold.half_sweeps import HalfSweep
from tsbench.analysis.threshold.level_change import lasting_changes, median_of_three
from tsbench.analysis.threshold.reading_noise import (
    _codes,
    _most_by_size,
    _scale,
    additive_noise,
    least_seen,
    noise_around,
    resolution_around,
    second_differences,
)
from tsbench.analysis.threshold.retraced import _is_fine, _noise_above, _voltage_falls
from tsbench.analysis.threshold.switching_rule import Above, Jump, events, last_on
from tsbench.records import FloatArray
from tsbench.samples import noise_of

READ = np.random.default_rng(11).standard_normal(60)


def test_medians_of_three() -> None:
    assert median_of_three(np.array([1.0, 9, 2, 3, -5, 4, 4])).tolist() == [1, 2, 3, 2, 3, 4, 4]
    assert median_of_three(np.array([3.0, 1])).tolist() == [3, 1] and median_of_three(np.empty(0)).size == 0


def test_a_change_that_lasts_is_confirmed_by_two_readings_on_either_side() -> None:
    assert lasting_changes(np.array([0.0, 1, 4, 9])).tolist() == [1, 3, 5]
    assert lasting_changes(np.array([0.0, 9, 1, 1])).tolist() == [1, -8, -8]
    assert lasting_changes(np.array([0.0, -3, 5, 4])).tolist() == [-3, 4, -1]


def test_second_differences_are_scaled_to_one_reading() -> None:
    """Those of an impulse are 1, 2 and 1. What is about a reading that is not seen, or across a change, is left out."""
    impulse = np.array([0.0, 0, 0, 1, 0, 0, 0, 0])
    expected = np.array([0, 1, 2, 1, 0, 0]) / math.sqrt(6)
    assert second_differences(impulse) == pytest.approx(expected)
    assert second_differences(3.0 + 2.0 * np.arange(8)) == pytest.approx(np.zeros(6))
    seen = np.array([True] * 6 + [False, True])
    assert second_differences(impulse, seen) == pytest.approx(expected[:4])
    step = np.where(np.arange(9) > 4, 1.0, 0.0)
    assert np.count_nonzero(second_differences(step)) == 2
    assert second_differences(step, np.full(9, True), (4, 5)) == pytest.approx(np.zeros(5))
    assert second_differences(step, np.full(9, True), (0, 1)).size == 6
    assert second_differences(np.array([1.0, 2])).size == 0
    white = np.random.default_rng(5).standard_normal(4000)
    assert _scale(second_differences(white)) == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize(("values", "code"), [
    ([0.0, 2, 5, 9], 1.0), ([10.0, 30, 20, 70], 10.0), ([0.5, 0.5, 0.5], 0.0), ([7.0, 7, 10], 3.0),
    ([0.0, 7, 10], 1.0), ([1.0, np.nan, 4, 7], 3.0), ([0.0, 15, 31, 47], 1.0), ([0.0, 17, 18 + 16], 17.0),
])
def test_the_code_of_a_digitiser(values: list[float], code: float) -> None:
    assert float(_codes(np.array([values]))[0]) == pytest.approx(code)


def test_values_that_share_no_code_bound_it() -> None:
    """By a sixteenth of the least difference; of several rows each has its own."""
    assert float(_codes(np.array([[0.0, 1.0, 1.0 + math.sqrt(0.5)]]))[0]) == pytest.approx(math.sqrt(0.5) / 16)
    assert _codes(np.array([[0.0, 4, 8, 20], [1.0, 1.5, 3, 4]])) == pytest.approx([4.0, 0.5])


def test_the_code_around_a_reading() -> None:
    values = np.concatenate((np.arange(30) % 5 * 1.0, np.arange(30) % 5 * 10.0))
    found = resolution_around(values)
    assert found[:22] == pytest.approx(1.0) and found[38:] == pytest.approx(10.0)
    assert np.all(found[22:38] < 10.0) and resolution_around(np.empty(0)).size == 0
    assert resolution_around(values, reach=2)[28 + 4 :] == pytest.approx(10.0)


def test_noise_by_size() -> None:
    """One value of Gaussian noise is below 0.0125 standard deviations once in a hundred times."""
    assert _most_by_size(np.array([0.0, 2.0])) == pytest.approx(2.0 / math.sqrt(1.571e-4))
    assert _most_by_size(np.array([2.0, 2.0])) == pytest.approx(math.sqrt(8 / 2 / 1.005e-2))
    assert _most_by_size(np.array([2.0, 2.0, 2.0])) == pytest.approx(math.sqrt(4 / 3.828e-2))
    assert _most_by_size(np.array([1e9, 1.0])) == pytest.approx(1e9 / math.sqrt(2 * 1.005e-2))
    assert _most_by_size(np.array([0.0])) == math.inf
    # of twenty four values chi-squared is 10.86 at 1 %
    assert _most_by_size(np.ones(40)) == pytest.approx(math.sqrt(24 / 10.856), rel=2e-3)


def test_noise_of_a_logarithm() -> None:
    """A reading raised to the floor has one fifth; others the part that additive noise and half a code are of them."""
    found = additive_noise(np.array([0.5, 2.0, 4.0, 8.0, 2.1]), 2.0, np.array([0.0, 0.0, 0.0, 3.0, 9.0]))
    assert found == pytest.approx([0.2, 0.2, 0.25, math.hypot(1.0, 1.5) / 8.0, 1.0])


def test_the_least_current_that_is_seen() -> None:
    level = np.arange(40.0)
    noise = 1e-9 * READ[:40]
    assert least_seen(noise[:3], level[:3], 2e-9) == pytest.approx(4e-9)
    assert least_seen(1e-6 * level, level) == pytest.approx(1e-6)   # twice half a code
    assert least_seen(np.sqrt(level) * 1e-5 + 1e-3, level, 1e-7) == pytest.approx(2e-7, rel=0.5)
    assert 1e-9 < least_seen(noise, level) < 4e-9
    # an event spoils the readings of the upper half only, noise that grows with the reading all but the lowest
    assert least_seen(np.where(level > 25, 1e-3 * abs(READ[:40]), noise), level) < 4e-9
    assert least_seen(1e-6 + noise * (1 + 100 * (level / 40) ** 4), level) < 6e-9
    assert least_seen(np.where(level > 14, 1e-3 * abs(READ[:40]), noise), level) < 5e-9
    assert 1e-9 < least_seen(1e-6 + noise, level) < 4e-9
    # an offset on the wrong side
    assert least_seen(np.full(4, -10.0), level[:4], 2.0) == 1.5 * (10.0 - 3.0 * 2.0)
    assert least_seen(noise - 1e-6, level) == pytest.approx(1.5e-6, rel=0.02)


def _noise(series: FloatArray, least: FloatArray, seen: np.ndarray, k: int, *, before: bool) -> float:
    """Return the noise of a reading, by the words of the docstring."""
    triples = second_differences(series)
    pool = second_differences(series, seen)
    local = triples[max(k - 1 - 24, 0) : max(k - 1, 0)] if before else triples[k : k + 24]
    whole = _scale(pool) * (1 + 4 / max(pool.size, 1))
    scale = whole
    if local.size >= 6:
        more = min(pool.size, 16)
        joined = (local.size * _scale(local) ** 2 + more * _scale(pool) ** 2) / (local.size + more)
        scale = math.sqrt(joined) * (1 + 4 / (local.size + more))
    return max(scale, 0.8 * whole, least[k])


@pytest.mark.parametrize(("number", "unseen"), [(60, 5), (12, 0), (5, 1), (60, 50)])
def test_local_noise(number: int, unseen: int) -> None:
    series = READ[:number] * np.where(np.arange(number) > number // 2, 1.0, 0.1)
    seen, least = np.arange(number) >= unseen, np.where(np.arange(number) == 3, 9.0, 0.01)
    up, down = noise_around(series, least, seen)
    assert up == pytest.approx([_noise(series, least, seen, k, before=True) for k in range(number)])
    assert down == pytest.approx([_noise(series, least, seen, k, before=False) for k in range(number)])


def half(voltage: list[float], current: list[float], level: list[float] | None = None) -> HalfSweep:
    level = voltage if level is None else level
    return HalfSweep(0, 1, np.array(level), np.array(voltage), np.array(current), np.zeros(len(level), np.uint32),
                     int(np.argmax(level)))


UP_AND_DOWN = [0.5, 1.0, 1.5, 2.0, 2.5, 2.0, 1.5, 1.0, 0.5]


@pytest.mark.parametrize(("current", "on", "off"), [
    ([1, 1, 9, 9, 9, 9, 9, 1, 1], 1, 6), ([1, 9, 1, 9, 9, 9, 9, 1, 9], 2, 6), ([9, 9, 9, 9, 9, 9, 9, 9, 1], -1, 7),
    ([1, 1, 1, 1, 9, 9, 1, 1, 1], None, 5), ([1, 1, 1, 9, 9, 1, 9, 9, 9], 2, None), ([1] * 9, None, None),
    ([9, 1, 1, 1, 1, 1, 1, 1, 9], None, None), ([5, 5, 9, 9, 9, 9, 9, 5, 5], 1, 6),
])
def test_a_level_is_passed_where_two_readings_say_so(current: list[float], on: int | None, off: int | None) -> None:
    found = events(half(UP_AND_DOWN, current), Above(5.0), 0.0)
    assert [None if one is None else one.before for one in found] == [on, off]
    for one in found:
        if one is not None:
            assert one.probability.shape == (8,) and one.probability.sum() == one.probability[max(one.before, 0)] == 1.0


def test_a_device_that_is_on_at_the_last_set_point_only() -> None:
    """The way down shows it on; a charging current does not, nor do less than four readings."""
    level = [0.1 * k for k in (*range(1, 21), *range(19, 0, -1))]
    on = [1e-9 * v for v in level[:19]] + [1e-5 * v for v in level[19:]]
    (switched, held) = events(half(level, on), Jump(), 1e-12)
    assert switched is not None and switched.before == 18 and switched.probability.shape == (38,)
    assert switched.probability[18] > 0.99 and held is None
    charged = on[:20] + [1e-9 * v for v in level[20:]]
    assert events(half(level, charged), Jump(), 1e-12)[0] is None
    assert events(half(level[:23], on[:23]), Jump(), 1e-12)[0] is None
    assert events(half(level, on), Jump(), 0.0) == (None, None)


def _on_at_the_peak(at: dict[int, float], points: int = 20, more: int = 0, ratio: float = 2.3) -> int | None:
    """Return where a device is found to switch on whose conductance is ``ratio`` times as high from the peak on.

    ``at``: the ratio of other readings, counted from the last one at the peak; ``more``: readings at the peak after the
    first one.
    """
    steps = [*range(1, points), *[points] * (1 + more), *range(points - 1, 0, -1)]
    change = [1.0] * (points - 1) + [ratio] * (len(steps) - points + 1)
    for place, value in at.items():
        change[points - 1 + more + place] = value
    swept = half([0.1 * k for k in steps], [1e-9 * k * value for k, value in zip(steps, change, strict=True)])
    on, _ = events(swept, Jump(), 1e-12)
    assert on is None or on.probability.sum() == pytest.approx(1.0, abs=1e-12)
    return None if on is None else on.before


def test_four_readings_after_the_peak_say_whether_it_was_on_there() -> None:
    """Each must conduct twice as well as the last one before the peak; more readings at the peak do not count."""
    assert _on_at_the_peak({}) == 18 and _on_at_the_peak({}, ratio=1.9) is None
    assert [_on_at_the_peak({place: 1.0}) for place in (1, 2, 3, 4)] == [None] * 4
    assert _on_at_the_peak({5: 1.0}) == 18 and _on_at_the_peak({-1: 1.2}) is None
    assert [_on_at_the_peak({place: 1.0}, more=4, ratio=1e3) for place in (-1, 0, 1)] == [18, 18, None]
    assert _on_at_the_peak({}, points=5, ratio=1e3) == 3   # six readings and the four after the peak
    level = [0.1 * k for k in (*range(1, 21), *range(19, 0, -1))]
    on = [1e-9 * v for v in level[:19]] + [1e-5 * v for v in level[19:]]
    assert [events(half(level[:n], on[:n]), Jump(), 1e-12)[0] is None for n in (23, 24)] == [True, False]
    assert events(half(level, on), Jump(), 1.0) == (None, None)   # all of it is below the floor


def test_on_and_off_are_found_and_each_gap_has_a_probability() -> None:
    """The sweep has hysteresis and rests at the peak. The gaps of the way down count in the order of the record."""
    up, down = list(range(1, 21)), list(range(19, 0, -1))
    level = [0.1 * k for k in (*up, 20, 20, *down)]
    on = [k > 15 for k in up] + [True] * 2 + [k > 6 for k in down]
    swept = half(level, [1e-9 * v * (300.0 if is_on else 1.0) for v, is_on in zip(level, on, strict=True)])
    for found, gap in zip(events(swept, Jump(), 1e-12), (14, 34), strict=True):
        assert found is not None and found.before == gap and on[gap] is not on[gap + 1]
        assert found.probability.shape == (40,) and found.probability[gap] > 0.99
        assert found.probability.sum() == pytest.approx(1.0)


def test_the_last_reading_that_is_on() -> None:
    """More than the mean of off and on, of the logarithm of the conductance; and the next to it."""
    volts = [1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0, 0.5]

    def last(*siemens: float, before: int = 2, floor: float = 1e-3) -> int | None:
        g = [0.01, 0.01, 0.01, *siemens]
        return last_on(half(volts, [v * s for v, s in zip(volts, g, strict=True)]), before, floor)

    assert last(1.0, 1.0, 0.11, 0.09, 0.01) == 5 and last(1.0, 1.0, 0.09, 0.09, 0.01) == 4
    assert last(1.0, 1.0, 0.01, 1.0, 0.01) == 4 and last(1.0, 0.01, 1.0, 0.01, 0.01) is None
    assert last(1.0, 1.0, 1.0, 1.0, 1.0) == 7
    assert last(1.0, 1.0, 1.0, 1.0, 1.0, floor=0.3) == 6   # 0.5 A is not twice the floor
    assert last(1.0, 1.0, 1.0, 0.01, 0.01, before=-1, floor=4e-3) == 6   # on from the first: what conducts at all is
    assert last(1.0, 1.0, 0.11, 0.09, 0.01, before=0) == 5 and last(1.0, 1.0, 0.09, 0.09, 0.01, before=0) == 4
    # "on" is the largest of the first half of the way down: at low voltages an offset makes any conductance
    assert last(1.0, 1.0, 1.0, 0.01, 1e6) == 5 and last(1.0, 1.0, 1e6, 1e6, 0.01) == 6
    assert last(0.11, 1.0, 0.09, 0.09, 0.01) == 4   # the largest of two of five
    assert last_on(half(volts[:5], [0.01, 0.02, 0.03, 0.2, 3.0]), 2, 1e-3) == 4   # of one of two: 0.05 S
    assert last_on(half(volts[:4], [0.01, 0.02, 0.03, 4.0]), 2, 1e-3) is None
    volts = [0.3, 0.4, 0.3, 0.2, 0.1]   # such a device, a million times less conductive
    for on, kept in ((0.11, 3), (0.09, 2)):
        siemens = [1e-8, 1e-6, 1e-6, on * 1e-6, 1e-8]
        assert last_on(half(volts, [v * s for v, s in zip(volts, siemens, strict=True)]), 0, 1e-12) == kept


def test_what_a_step_may_hide() -> None:
    swept = half(UP_AND_DOWN, [1e-3 * v for v in UP_AND_DOWN])
    assert not _is_fine(swept, 0) and _noise_above(swept, 3) == 0.0
    fine = half([10.0, 10.5, 11.0, 10.5], [1.0] * 4)
    assert _is_fine(fine, 0) and not _is_fine(half([10.0, 10.6, 10.0], [1.0] * 3), 0)
    assert _is_fine(half([10.0, 9.5, 10.0], [1.0] * 3, [10.0, 9.5, 10.6]), 0)   # of the larger of the two levels
    level = np.concatenate((np.linspace(0.1, 4, 40), np.linspace(3.9, 0.1, 39)))
    current = level * np.exp(0.01 * np.concatenate((READ[:40], 9 * READ[:39])))
    noisy = HalfSweep(0, 1, level, level, current, np.zeros(79, np.uint32), 39)
    assert _noise_above(noisy, 9) == pytest.approx(noise_of(0.01 * READ[10:40]))   # to the peak
    for fall, seen in ((0.4, False), (0.6, True)):   # half a step or less may be a reading of the source
        volts = [float(v) for v in (*range(1, 12), 11 - fall, *range(12, 1, -1))]
        swept = half(volts, volts, [float(v) for v in (*range(1, 13), *range(11, 0, -1))])
        assert _voltage_falls(swept, 10) is seen and not _voltage_falls(swept, 5)
