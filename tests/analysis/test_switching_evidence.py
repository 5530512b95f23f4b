"""Switching is decided by evidence: records of things that do not switch, with the troubles of an instrument."""

from collections.abc import Callable

import numpy as np
import pytest

from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.snapback import snapback
from tsbench.analysis.threshold.sweep_statistics import censored_at, statistics
from tsbench.analysis.threshold.switching_results import BRACKET, SweepFacts
from tsbench.analysis.threshold.switching_rule import Above
from tsbench.analysis.threshold.threshold import switching
from tsbench.records import Flag, Result

LEVEL = np.concatenate((np.arange(0.0, 1.2, 0.008), np.arange(1.2, -0.004, -0.008)))
Reading = Callable[[np.random.Generator], np.ndarray]


def found(current: np.ndarray, level: np.ndarray = LEVEL, offset: float = 0.0) -> list[Result]:
    """Return the results of one sweep that say anything but "no event"."""
    (half,) = switching(IVPoints(level + offset, current, level))
    return [result for result in half.results() if (result.value, result.low, result.high) != (None, None, None)]


@pytest.mark.parametrize("resistance", [1e3, 1e6])
@pytest.mark.parametrize("offset", [5e-5, -5e-5, 1e-4])
def test_a_voltmeters_offset_at_zero_volts_is_no_threshold(resistance: float, offset: float) -> None:
    for seed in range(5):
        noise = 1e-5 * np.random.default_rng(seed).standard_normal(LEVEL.size)
        assert found(LEVEL / resistance * (1 + noise), offset=offset) == []


@pytest.mark.thin(3)
@pytest.mark.parametrize("factor", [0.1, 0.3, 3.0, 10.0])
@pytest.mark.parametrize("sigma", [0.0, 0.02])
def test_one_wild_reading_is_no_event(factor: float, sigma: float) -> None:
    for place in range(1, LEVEL.size - 1, 7):
        current = LEVEL / 1e3 * np.exp(sigma * np.random.default_rng(place).standard_normal(LEVEL.size))
        current[place] *= factor
        assert found(current) == [], place


@pytest.mark.thin(2)
@pytest.mark.parametrize(
    "reading",
    [
        lambda random: np.round((LEVEL / 1e3 + 2e-7 * random.standard_normal(LEVEL.size)) / 1e-6) * 1e-6,
        lambda random: np.round((LEVEL / 1e9 + 5e-10 * random.standard_normal(LEVEL.size)) / 1e-9) * 1e-9,
        lambda random: LEVEL / 1e4 * np.exp(0.5 * random.standard_normal(LEVEL.size)),
        lambda random: np.round((LEVEL / 1e9 + 0.2e-9 * random.standard_normal(LEVEL.size)) / 1e-9) * 1e-9,
    ],
    ids=["quantised", "one code", "log-normal", "a fifth of a code"],
)
def test_noise_of_any_kind_is_no_event(reading: Reading) -> None:
    assert [found(reading(np.random.default_rng(seed))) for seed in range(60)] == [[]] * 60


@pytest.mark.parametrize("step", [0.005, 0.05, 0.2])
@pytest.mark.parametrize("limit", [1e-6, np.inf])
def test_a_diode_into_compliance_is_no_switch_however_coarse_the_steps(step: float, limit: float) -> None:
    up = np.arange(0.0, 1.0 + step / 2, step)
    level = np.concatenate((up, up[::-1]))
    current = np.minimum(1e-12 * np.expm1(level / 0.026) / (1 + 1e-9 * np.expm1(level / 0.026)), limit)
    assert found(np.round(current / 1e-10) * 1e-10, level) == []


def test_a_capacitor_is_no_switch() -> None:
    charge = np.where(np.arange(LEVEL.size) <= int(np.argmax(LEVEL)), 1e-9, -1e-9)
    charge[0] = 0.0
    assert found(charge * np.exp(0.1 * np.random.default_rng(1).standard_normal(LEVEL.size))) == []
    drive = LEVEL * 1e-6
    voltage = np.cumsum(drive) / drive.sum()
    (half,) = snapback(IVPoints(voltage, drive, drive))
    assert all(result.value is None for result in half.results())


@pytest.mark.parametrize("sigma", [0.02, 0.3])
def test_a_noisy_resistor_under_current_drive_does_not_snap_back(sigma: float) -> None:
    drive = LEVEL * 1e-3
    for seed in range(20):
        voltage = 1e3 * drive * np.exp(sigma * np.random.default_rng(seed).standard_normal(LEVEL.size))
        voltage[seed + 5] *= 0.2
        (half,) = snapback(IVPoints(voltage, drive, drive))
        assert all(result.value is None for result in half.results()), seed


@pytest.mark.thin(2)
@pytest.mark.parametrize("ratio", [3.0, 30.0])
def test_a_change_of_six_times_the_noise_is_found_and_bracketed(ratio: float) -> None:
    covered = 0
    for seed in range(24):
        random = np.random.default_rng(seed)
        threshold, hold = random.uniform(0.5, 1.1), random.uniform(0.2, 0.4)
        down = np.arange(LEVEL.size) > int(np.argmax(LEVEL))
        on = np.where(down, hold <= LEVEL, threshold <= LEVEL)
        current = LEVEL / 1e5 * np.where(on, ratio, 1.0)
        current *= np.exp((1 - 1 / ratio) / 6.5 * random.standard_normal(LEVEL.size))
        current[random.integers(LEVEL.size)] *= 10 ** random.uniform(-1, 1)
        (half,) = switching(IVPoints(LEVEL + 5e-5, current, LEVEL), SweepFacts(voltage_offset=1e-4))
        for result, true in ((half.threshold_voltage, threshold), (half.hold_voltage, hold)):
            assert result.value is not None
            if BRACKET in result.method:
                assert result.high - result.low <= 0.008 + 4 * 1e-4 / 3**0.5
            covered += result.low <= true <= result.high
    assert covered >= 0.95 * 48


def test_a_level_is_passed_by_two_readings_in_a_row() -> None:
    current = LEVEL / 1e9
    current[60] = 5e-8
    (half,) = switching(IVPoints(LEVEL, current, LEVEL), rule=Above(1e-8))
    assert half.threshold_voltage.value is None and half.hold_voltage.value is None


def test_a_hold_is_bounded_only_where_the_device_is_seen_on() -> None:
    """The on-state fades into the noise of the meter below 0.3 V: nothing is known below."""
    on = LEVEL >= 0.9
    on[int(np.argmax(LEVEL)) :] = True
    noise = 1e-7 * np.random.default_rng(3).standard_normal(LEVEL.size)
    (half,) = switching(IVPoints(LEVEL, np.where(on, LEVEL * 1e-6, LEVEL * 1e-9) + noise, LEVEL))
    assert half.threshold_voltage.value is not None
    assert half.hold_voltage.value is None and Flag.CENSORED in half.hold_voltage.flags
    assert 0.05 < half.hold_voltage.high < 0.6


@pytest.mark.parametrize("sign", [1, -1])
def test_half_sweeps_that_are_bounded_only_are_counted_in_mean_and_median(sign: int) -> None:
    def measured(value: float) -> Result:
        return Result("hold_voltage", "V", sign * value, sign * value, sign * value, "")

    def still_on(bound: float) -> Result:
        low, high = (None, bound) if sign > 0 else (-bound, None)
        return Result("hold_voltage", "V", None, low, high, "", {}, Flag.CENSORED)

    rows = [measured(0.05 + 0.001 * k) for k in range(20)] + [still_on(0.0)] * 5
    mean, deviation, median = statistics("hold_voltage", sign, rows, {"number": 20})
    for result in (mean, deviation):
        assert Flag.CENSORED in result.flags and result.conditions["censored"] == 5
    everything = np.array([0.05 + 0.001 * k for k in range(20)] + [0.0] * 5)
    assert mean.value is None
    bound = mean.high if sign > 0 else -mean.low
    assert everything.mean() < bound < everything.mean() + 3 * everything.std() / 5
    assert abs(median.value) == pytest.approx(np.median(everything))
    assert min(abs(median.low), abs(median.high)) < np.median(everything) < max(abs(median.low), abs(median.high))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_bound_from_below_is_no_upper_limit(sign: int) -> None:
    """Means of an oscillation tell that the threshold is above them."""
    low, high = (0.9, None) if sign > 0 else (None, -0.9)
    above = Result("threshold_voltage", "V", None, low, high, "", {}, Flag.CENSORED | Flag.OSCILLATING)
    assert censored_at([above]).size == 0


def snapping(random: np.random.Generator, pink: float, code: float) -> tuple[dict[str, float], dict[str, Result]]:
    """Return (true voltages, results) of a current-driven device, its noise 1/f and its voltmeter coarse."""
    drive = np.concatenate((np.linspace(0.0, 1e-3, 400), np.linspace(1e-3, 0.0, 400)))
    threshold, hold = random.uniform(5e-4, 9e-4), random.uniform(1e-4, 4e-4)
    rising = np.arange(drive.size) < 400
    voltage = 1e3 * drive * np.where(drive >= np.where(rising, threshold, hold), 1e-2, 1.0)
    power = np.fft.rfftfreq(2 * drive.size)[1:]
    waves = random.standard_normal(power.size) + 1j * random.standard_normal(power.size)
    slow = np.fft.irfft(np.concatenate(([0.0], waves / np.sqrt(power))), 2 * drive.size)[: drive.size]
    voltage = voltage * (1.0 + pink * slow / slow.std()) + 0.3 * code * random.standard_normal(drive.size)
    (half,) = snapback(IVPoints(np.round(voltage / code) * code, drive, drive))
    return ({"threshold_voltage": 1e3 * threshold, "hold_voltage": 10 * hold},
            {result.quantity: result for result in half.results()})


@pytest.mark.thin(2)
@pytest.mark.parametrize(("pink", "code"), [(0.03, 1e-5), (0.0, 1e-2)], ids=["slow noise", "lost in one code"])
def test_a_fold_under_slow_noise_or_below_a_code_is_within_its_interval(pink: float, code: float) -> None:
    for name in ("threshold_voltage", "hold_voltage"):
        held = []
        for seed in range(30):
            true, results = snapping(np.random.default_rng([9, seed]), pink, code)
            low, high = results[name].low, results[name].high
            if low is not None and high is not None:
                held.append(low <= true[name] <= high)
        assert len(held) > 15, name
        assert sum(held) >= 0.9 * len(held), (name, sum(held), len(held))


UP = np.linspace(0.0, 1.0, 101)
CYCLE = np.concatenate((UP, UP[-2::-1]))


def half_sweep(current: np.ndarray, level: np.ndarray = CYCLE) -> tuple[Result, Result]:
    """Return threshold and hold of one sweep."""
    (half,) = switching(IVPoints(level, current, level))
    return half.threshold_voltage, half.hold_voltage


@pytest.mark.thin(2)
@pytest.mark.parametrize(
    "reading",
    [
        lambda random: np.where(CYCLE / 1e6 < 3e-7, 0.0, CYCLE / 1e6),
        lambda random: CYCLE / 1e5 * np.where(CYCLE > 0.5, 1.0, 0.4) * (1 + 0.01 * random.standard_normal(201)),
        lambda random: (1e-9 * CYCLE + 1e-3 * np.maximum(CYCLE - 0.6, 0)) * (1 + 0.01 * random.standard_normal(201)),
        lambda random: np.minimum(1e-3 * np.maximum(CYCLE - 0.6, 0) ** 2 + 1e-12 * random.standard_normal(201), 1e-4),
    ],
    ids=["a meter that reads zero", "a wrong lower range", "a knee", "a square law"],
)
def test_a_change_that_both_branches_make_at_one_place_is_no_event_and_is_told(reading: Reading) -> None:
    for seed in range(10):
        for result in half_sweep(reading(np.random.default_rng(seed))):
            assert (result.value, result.low, result.high) == (None, None, None), seed
            assert result.flags == Flag.NO_EVENT | Flag.NO_HYSTERESIS, seed


@pytest.mark.parametrize(("first", "length"), [(31, 9), (121, 4), (60, 3), (150, 10)])
@pytest.mark.parametrize("factor", [0.02, 0.2])
def test_a_dip_that_comes_back_is_no_event(first: int, length: int, factor: float) -> None:
    for seed in range(10):
        current = CYCLE / 1e6 * (1 + 0.01 * np.random.default_rng(seed).standard_normal(201))
        current[first : first + length] *= factor
        for result in half_sweep(current):
            assert (result.value, result.low, result.high) == (None, None, None), seed


def test_a_hold_without_a_threshold_is_doubted_a_contact_may_have_been_lost() -> None:
    current = CYCLE / 1e6 * np.where(np.arange(201) < 130, 1.0, 0.02)
    threshold, hold = half_sweep(current)
    assert (threshold.value, threshold.flags) == (None, Flag.NO_EVENT)
    assert Flag.AMBIGUOUS in hold.flags


@pytest.mark.parametrize(("steps", "flag"), [(1, Flag.NO_HYSTERESIS), (2, Flag.NONE), (5, Flag.NONE)])
def test_a_small_hysteresis_is_found_and_doubted_only_within_one_step(steps: int, flag: Flag) -> None:
    hold = 0.605 - 0.01 * steps
    for seed in range(10):
        on = np.where(np.arange(201) <= 100, CYCLE > 0.605, hold < CYCLE)
        noise = 1 + 0.002 * np.random.default_rng(seed).standard_normal(201)
        threshold, held = half_sweep(CYCLE * np.where(on, 1e-3, 1e-6) * noise)
        assert threshold.value == pytest.approx(0.605)
        assert held.value == pytest.approx(hold)
        assert threshold.flags == held.flags & ~Flag.UNDER_SAMPLED == flag


def test_a_hysteresis_that_the_steps_cannot_show_is_doubted() -> None:
    level = np.concatenate((np.linspace(0.0, 1.0, 11), np.linspace(0.9, 0.0, 10)))
    threshold, hold = half_sweep(level * np.where(level > 0.55, 1e-3, 1e-6), level)
    assert threshold.value == hold.value == pytest.approx(0.55)
    assert Flag.NO_HYSTERESIS in threshold.flags & hold.flags


@pytest.mark.thin(2)
@pytest.mark.parametrize("one_way", [True, False])
def test_a_current_that_rises_as_the_square_of_the_voltage_is_no_event_however_far_apart_the_levels(
    one_way: bool,
) -> None:
    """Space-charge limited: where the level rises fivefold at once, the conductance does."""
    up = np.concatenate((np.linspace(1e-3, 1.2e-3, 8), np.linspace(5e-3, 6e-3, 8), np.linspace(0.05, 1.0, 40)))
    level = up if one_way else np.concatenate((up, up[-2::-1]))
    for seed in range(5):
        noise = np.exp(0.01 * np.random.default_rng(seed).standard_normal(level.size))
        assert found(1e-3 * level**2 * noise, level) == [], seed


@pytest.mark.thorough
def test_voltages_in_the_noise_of_the_voltmeter_are_no_event() -> None:
    level = np.concatenate((np.linspace(0.0, 1e-3, 80), np.linspace(1e-3, 0.0, 80)))
    for seed in range(30):
        noise = np.random.default_rng(seed).standard_normal(level.size)
        halves = switching(IVPoints(level + 4e-5 + 1e-4 * noise, level / 1e4, level))
        assert all(result.value is None for half in halves for result in half.results()), seed


def switched_during_a_reading(series: float, on: float, off: float) -> tuple[Result, Result]:
    """Return threshold and hold of a device that is on in the last tenth of the reading at 0.61 V, and off after three
    tenths of that at 0.31 V, behind a resistance [Ohm]; ``on``, ``off``: its own [Ohm].
    """
    share = np.where(np.arange(201) <= 100, CYCLE > 0.605, CYCLE > 0.315).astype(float)  # of the time that it is on
    share[61], share[169] = 0.1, 0.3
    current = share * CYCLE / (series + on) + (1.0 - share) * CYCLE / (series + off)
    points = IVPoints(CYCLE - series * current, current, CYCLE)
    (half,) = switching(points, SweepFacts(path_resistance=series, voltage_gain=1e-4))
    return half.threshold_voltage, half.hold_voltage


def test_a_device_that_switches_during_a_reading_switches_before_the_next_set_point() -> None:
    threshold, hold = switched_during_a_reading(0.0, 1e4, 3e5)
    assert (threshold.value, hold.value) == (pytest.approx(0.605), pytest.approx(0.315))


@pytest.mark.parametrize("on", [1e3, 3e4])
def test_behind_a_resistance_a_reading_during_which_a_device_switches_bounds_no_voltage(on: float) -> None:
    """Its voltage is a mean of the device's, on and off."""
    threshold, hold = switched_during_a_reading(1e4, on, 1e6)
    for result, true in ((threshold, 0.61 * 1e6 / 1.01e6), (hold, 0.31 * on / (1e4 + on))):
        assert BRACKET in result.method and result.high - result.low < 0.024
        assert result.low <= true <= result.high


def test_a_gradual_change_is_told_by_the_other_branch_over_as_many_readings_as_it_takes() -> None:
    for seed in range(5):
        behind = CYCLE - np.where(np.arange(201) <= 100, 0.7, 0.3)
        state = 1.0 / (1.0 + np.exp(-np.clip(behind / 0.01, -50.0, 50.0)))
        noise = np.exp(0.1 * np.random.default_rng(seed).standard_normal(201))
        threshold, hold = half_sweep(CYCLE / 1e6 * 3.0**state * noise)
        assert threshold.value == pytest.approx(0.7, abs=0.03), seed
        assert hold.value == pytest.approx(0.3, abs=0.03), seed


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_a_reaction_at_an_electrode_is_no_event(noise: float) -> None:
    """A cyclic voltammogram: the way up conducts before the way down does, which a threshold switch never shows."""
    up = 6e-6 / (1.0 + np.exp(-(CYCLE - 0.2) / 0.03)) * np.exp(-CYCLE / 3.0)
    down = 6e-6 / (1.0 + np.exp(-(CYCLE - 0.45) / 0.06)) - 2e-7
    current = np.where(np.arange(201) <= 100, up, down)
    for seed in range(4):
        wander = np.exp(noise * np.random.default_rng(seed).standard_normal(201))
        assert found(current * wander, CYCLE) == [], seed


def test_places_as_far_apart_as_noise_carries_a_change_show_no_hysteresis() -> None:
    """A meter reads zero below a current: noise of 1 % moves the last such reading by many of the fine steps."""
    up = np.linspace(0.0, 1.0, 1001)
    level = np.concatenate((up, up[-2::-1]))
    events = 0
    for seed in range(6):
        current = level / 1e6 * np.exp(0.01 * np.random.default_rng(seed).standard_normal(level.size))
        for result in half_sweep(np.where(current < 3e-7, 0.0, current), level):
            events += result.value is not None
            assert result.flags & Flag.NO_HYSTERESIS, seed
    assert events


def test_a_gradual_change_into_a_limit_is_at_its_set_points_and_not_at_the_device_voltage_in_the_limit() -> None:
    """Steps widen, so that the last of the gaps in which the change may be is the likeliest; it is in the limit."""
    up = np.geomspace(0.3, 1.0, 201)
    conductance = np.where(np.arange(201) > 150, 0.73, 0.0105)
    conductance[149:153] = 0.0137, 0.0927, 0.571, 0.7205
    current = np.minimum(up * conductance, 0.2)
    (half,) = switching(IVPoints(current / conductance, current, up))
    assert up[147] < half.threshold_voltage.low <= up[150] <= half.threshold_voltage.high < up[154]


def test_a_smooth_turning_point_is_known_to_its_noise() -> None:
    """The interval holds the truth and is no wider than a step and some standard deviations."""
    up = np.linspace(5e-6, 1e-3, 200)
    level = np.concatenate((up, up[::-1]))
    share = level / 0.3e-3
    inside = 0
    for seed in range(20):
        noise = 1e-3 * np.random.default_rng(seed).standard_normal(level.size)
        (half,) = snapback(IVPoints(1.2 * share * np.exp(1.0 - share) * (1.0 + noise), level, level))
        (threshold,) = [result for result in half.results() if result.quantity == "threshold_voltage"]
        inside += threshold.low <= 1.2 <= threshold.high
        assert threshold.high - threshold.low < 12 * 1.2e-3
    assert inside >= 18
