"""Events among few readings, and what looks like one: each rule that tells them, by records that need it."""

import numpy as np
import pytest

from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.level_change import LevelStep, is_sharp, steps
from tsbench.analysis.threshold.line_steps import line_steps
from tsbench.analysis.threshold.reading_noise import FLOOR, least_seen, noise_around, resolution_around
from tsbench.analysis.threshold.snapback import Snapback, snapback
from tsbench.analysis.threshold.switching_results import Switching
from tsbench.analysis.threshold.threshold import switching
from tsbench.records import Flag

_THERMAL = 0.02585  #: [V]


def swept(level: np.ndarray, current: np.ndarray) -> Switching:
    (half,) = switching(IVPoints(level, current, level))
    return half


def folded(drive: np.ndarray, voltage: np.ndarray) -> Snapback:
    (half,) = snapback(IVPoints(voltage, drive, drive))
    return half


def noisy(values: np.ndarray, sigma: float, seed: int) -> np.ndarray:
    return values * np.exp(sigma * np.random.default_rng(seed).standard_normal(values.size))


def diode(level: np.ndarray, ideality: float = 1.0, series: float = 1e3) -> np.ndarray:
    """Return the current [A] of a diode of 1 pA behind ``series`` [Ohm], by bisection in the junction's voltage."""
    low, high = np.zeros_like(level), level.copy()
    for _ in range(60):
        middle = 0.5 * (low + high)
        above = 1e-12 * np.expm1(middle / (ideality * _THERMAL)) * series + middle > level
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return 1e-12 * np.expm1(low / (ideality * _THERMAL))


# ---------------------------------------------------------------------------------------------- steps between lines
def test_a_step_that_a_trend_towards_it_takes_back_is_found_between_two_lines() -> None:
    """The voltage of a resistor rises up to the fold, by three times the noise from reading to reading."""
    place, noise = np.arange(16.0), (np.full(16, 0.1), np.full(16, 0.1))
    by_means, by_lines = 0, 0
    for seed in range(40):
        series = -0.3 * place + np.where(place > 7, 1.1, 0.0) + 0.1 * np.random.default_rng(seed).standard_normal(16)
        by_means += any(step.before == 7 for step in steps(series, noise, least_size=0.3))
        by_lines += any(step.before == 7 for step in line_steps(series, place, noise, least_size=0.3))
    assert by_lines >= 38 and by_means < 20


@pytest.mark.parametrize("factor", [0.1, 0.3, 3.0, 10.0])
def test_one_wild_reading_makes_no_step_between_lines(factor: float) -> None:
    place = np.arange(40.0)
    for wild in range(40):
        series = -0.05 * place + 0.03 * np.random.default_rng(wild).standard_normal(40)
        series[wild] += np.log(factor)
        noise = (np.full(40, 0.03), np.full(40, 0.03))
        assert line_steps(series, place, noise, least_size=0.2) == []


def test_noise_makes_no_step_between_lines() -> None:
    place = np.arange(100.0)
    noise = (np.ones(100), np.ones(100))
    assert not any(line_steps(np.random.default_rng(k).standard_normal(100), place, noise) for k in range(300))


def test_a_coarse_one_way_sweep_is_steeper_than_a_barrier_between_its_two_stretches() -> None:
    level = np.linspace(0.0, 1.6, 28)
    for seed in range(10):
        current = noisy(level * np.where(level > 0.8, 1e-3, 4e-6), 0.12, seed)
        assert swept(level, current).threshold_voltage.value == pytest.approx(0.8, abs=0.07), seed


@pytest.mark.parametrize("step", [0.01, 0.03, 0.06])
def test_a_diode_of_sixty_millivolts_a_decade_is_no_switch_one_way(step: float) -> None:
    level = np.arange(0.0, 1.2, step)
    for seed in range(12):
        half = swept(level, noisy(diode(level), 0.1, seed))
        assert half.threshold_voltage.value is None, seed


# -------------------------------------------------------------------------------------------------------- sharpness
def test_a_step_is_sharp_in_some_window_though_the_nearest_readings_do_not_show_it_alone() -> None:
    """Of three readings on each side one is left out and one is half-way: of six the step is plain."""
    series = np.concatenate((np.full(8, -1.3), [-0.35], np.full(7, 0.0)))
    series += 0.13 * np.tile([1.0, -1.0], 8)
    assert is_sharp(series, LevelStep(7, 8, 1.3, 20.0, 8, 0.13))


def test_a_smooth_bend_is_not_sharp_however_long_the_record() -> None:
    series = 1.0 + np.tanh(np.linspace(-4.0, 4.0, 120))
    noise = noise_around(series, np.full(120, 0.02), np.ones(120, dtype=bool))
    assert not any(is_sharp(series, step) for step in steps(series, noise, least_size=np.log(2.0)))


# ---------------------------------------------------------------------------------------------------- additive noise
def test_noise_that_grows_with_the_reading_is_not_taken_for_additive_noise() -> None:
    """Ten readings each way, 20 % noise, an event at low current: the reading at zero shows how little is additive."""
    rising = np.linspace(0.0, 1e-3, 11)
    level = np.concatenate((rising, rising[::-1]))
    values = noisy(1e3 * level * np.where(level > 3e-4, 0.1, 1.0), 0.2, 1)
    values[[0, -1]] = 1e-5, -2e-5
    assert least_seen(values, level) < 2e-3
    hidden = values + 0.05 * np.random.default_rng(2).standard_normal(level.size)
    assert least_seen(hidden, level) > FLOOR * 0.02


def test_noise_that_only_a_few_low_readings_show_is_no_additive_noise() -> None:
    """Of seven readings at low levels one is wild: the others, at any level, show that there is no additive noise."""
    level = np.linspace(0.0, 1.1, 22)
    values = 3e-7 * level
    values[0], values[3] = 1e-10, 3.0 * values[3]
    assert least_seen(values, level) < 1e-8


def test_few_unlike_readings_do_not_make_a_coarse_digitiser() -> None:
    """Off readings are zero, on readings are far apart and no multiples of their least difference."""
    on = np.array([160.343, 210.837, 277.406, 364.585, 479.381])
    values = np.concatenate((np.zeros(7), on))
    assert least_seen(values, np.arange(12.0)) < 10.0
    code = 0.37
    coarse = code * np.array([0.0, 1.0, 0.0, 2.0, 1.0, 3.0, 2.0, 5.0, 9.0, 20.0])
    assert resolution_around(coarse) == pytest.approx(code)
    assert resolution_around(values)[-1] < 4.0
    offset = 8.8e-5 + np.tile([0.0, 0.0, 1.6e-3], 4)
    assert resolution_around(offset) == pytest.approx(1.6e-3)
    assert least_seen(offset, np.arange(12.0)) >= 1.6e-3


@pytest.mark.thorough
def test_a_wild_reading_beside_a_steep_stretch_is_not_steeper_than_a_barrier() -> None:
    """The step across the wild reading is that of two gaps, and the barrier's allowance must be of two gaps as well."""
    level = 0.2 * 1.0175 ** np.arange(80)
    for wild in range(20, 60):
        current = noisy(1e-9 * np.exp(36.0 * (level - 0.2)), 0.01, wild)
        current[wild] *= 0.25
        assert swept(level, current).threshold_voltage.value is None, wild


def test_a_zero_that_nobody_measured_says_nothing_of_the_noise() -> None:
    level = np.linspace(0.0, 1.0, 60)
    values = 0.3 * level + 0.05 * np.random.default_rng(4).standard_normal(60)
    measured = least_seen(values[1:], level[1:])
    values[0] = 0.0
    assert least_seen(values, level) == pytest.approx(measured, rel=0.3)


# ---------------------------------------------------------------------------------------- what would have shown before
def test_a_quiet_one_way_sweep_straight_into_compliance_switches() -> None:
    """Every reading after the event is the limit; a diode that rises so far would have shown two readings earlier."""
    level = np.arange(0.6, 1.4, 0.02)
    for seed in range(10):
        current = noisy(np.where(level > 1.0, 8e-5, 7e-6 * level * np.exp(level)), 0.003, seed)
        assert swept(level, current).threshold_voltage.value == pytest.approx(1.0, abs=0.03), seed


@pytest.mark.thin(2)
@pytest.mark.parametrize("limit", [8e-5, 3e-4])
@pytest.mark.parametrize("step", [0.01, 0.02, 0.05])
def test_a_shunted_diode_straight_into_compliance_does_not(step: float, limit: float) -> None:
    level = np.arange(0.1, 1.0, step)
    for seed in range(12):
        current = noisy(np.minimum(level / 1e5 + diode(level, 1.0, 1.0), limit), 0.003, seed)
        assert swept(level, current).threshold_voltage.value is None, seed


# ------------------------------------------------------------------------------------------------- no convex curve
def test_a_device_whose_branches_agree_is_told_by_the_readings_of_both() -> None:
    """Both switch in one gap: the mean of both on-states leads to far above the off-state, one of them may not."""
    rising = np.linspace(0.22, 2.86, 13)
    level = np.concatenate((rising, rising[::-1]))
    found = 0
    for seed in range(20):
        half = swept(level, noisy(level * np.where(level > 1.85, 3.2e-5, 4.6e-6), 0.09, seed))
        found += half.threshold_voltage.value is not None
    assert found >= 15


@pytest.mark.thin(2)
@pytest.mark.parametrize("series", [1.0, 1e3, 1e5])
def test_a_diode_of_few_readings_is_no_switch(series: float) -> None:
    rising = np.linspace(0.05, 0.9, 18)
    level = np.concatenate((rising, rising[::-1]))
    for seed in range(12):
        half = swept(level, noisy(diode(level, 1.3, series), 0.1, seed))
        assert half.threshold_voltage.value is None and half.hold_voltage.value is None, seed


# ---------------------------------------------------------------------------------------------------- current drive
def test_a_fold_with_a_wild_reading_beside_it_is_found() -> None:
    """The third reading of the on-state is wild: a surer but smaller step must not hide the large one."""
    drive = np.linspace(0.0, 1e-3, 65)[1:]
    for seed in range(10):
        voltage = noisy(1e4 * drive * np.where(drive > 4e-4, 0.3, 1.0), 0.06, seed)
        after = int(np.argmax(drive > 4e-4))
        voltage[after + 2] *= 4.0
        assert folded(drive, voltage).threshold_voltage.value == pytest.approx(4.0, rel=0.15), seed


def test_a_hold_at_low_current_in_a_noisy_record_is_no_capacitor() -> None:
    rising = np.linspace(0.0, 1.6e-3, 17)
    drive = np.concatenate((rising, rising[::-1]))
    going_up = np.arange(drive.size) < 17
    found = 0
    for seed in range(20):
        on = drive > np.where(going_up, 8.5e-4, 4.5e-4)
        voltage = noisy(1e3 * drive * np.where(on, 0.1, 1.0), 0.1, seed)
        voltage[-3] *= 0.3
        found += folded(drive, voltage).hold_voltage.value is not None
    assert found >= 16


def test_a_diode_and_a_charging_capacitor_under_current_drive_have_no_fold() -> None:
    rising = np.linspace(0.0, 1e-3, 30)
    drive = np.concatenate((rising, rising[::-1]))
    bent = 0.04 * np.log1p(drive / 1e-9)
    charge = np.cumsum(drive) / drive.sum()
    for seed in range(12):
        for voltage in (bent, bent + 100 * drive, charge):
            half = folded(drive, noisy(voltage, 0.05, seed))
            assert half.threshold_voltage.value is None and half.hold_voltage.value is None, seed


# --------------------------------------------------------------------------------------- noise beside a known change
def test_what_spans_a_known_change_tells_nothing_of_the_noise() -> None:
    """Of seven second differences two span the change, and three hold a wild reading."""
    known, without = [], []
    for seed in range(40):
        series = 0.05 * np.random.default_rng(seed).standard_normal(9) + np.where(np.arange(9) > 3, 4.0, 0.0)
        series[7] += 2.0
        least, seen = np.full(9, 1e-3), np.ones(9, dtype=bool)
        known.append(noise_around(series, least, seen, change=(3, 4))[0][3])
        without.append(noise_around(series, least, seen)[0][3])
    assert 0.05 < np.median(known) < 0.5 * np.median(without)


def test_few_local_readings_share_the_noise_of_the_whole_record() -> None:
    """Seven readings after a place scatter much; forty before it have the same noise."""
    scales = []
    for seed in range(60):
        series = 0.1 * np.random.default_rng([3, seed]).standard_normal(47)
        scales.append(noise_around(series, np.full(47, 1e-3), np.ones(47, dtype=bool))[1][39])
    assert np.quantile(scales, 0.9) < 0.2


def test_a_local_noise_far_above_that_of_the_record_is_believed() -> None:
    series = np.random.default_rng(2).standard_normal(90) * np.where(np.arange(90) < 60, 0.01, 0.3)
    assert noise_around(series, np.full(90, 1e-4), np.ones(90, dtype=bool))[1][62] > 0.2


# ----------------------------------------------------------------------------------- what a measured voltage tells
def measured(
    level: np.ndarray, voltage: np.ndarray, current: np.ndarray, limited: np.ndarray | None = None
) -> Switching:
    """Return the half-sweep of a source meter that reads the device voltage as well; ``limited``: its flag."""
    flags = None if limited is None else np.where(limited, int(Flag.COMPLIANCE), 0).astype(np.uint32)
    (half,) = switching(IVPoints(voltage + 5e-5, current, level, flags))
    return half


def limited_by(limit: float, level: np.ndarray, curve: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (voltage, current) of a device with a rising ``curve`` [A] at some levels, the source limiting it."""
    fine = np.linspace(0.0, float(level.max()), 20001)
    at_limit = float(np.interp(limit, np.interp(fine, np.sort(level), np.sort(curve)), fine))
    return np.where(curve > limit, at_limit, level), np.minimum(curve, limit)


@pytest.mark.parametrize("flagged", [False, True])
def test_a_device_voltage_that_falls_while_the_current_rises_is_an_event(flagged: bool) -> None:
    """A coarse one-way sweep straight into compliance: a barrier could rise as far, but its voltage would not fall."""
    level = np.linspace(0.1, 1.5, 15)
    for seed in range(20):
        on = level > 0.95
        current = noisy(np.where(on, 4e-6, 1e-6 * level), 0.1, seed)
        half = measured(level, np.where(on, 0.3, level), current, on if flagged else None)
        assert half.threshold_voltage.value == pytest.approx(0.95, abs=0.06), seed
        half = measured(level, np.minimum(level, 0.96), current, on if flagged else None)
        assert half.threshold_voltage.value is None, seed


def test_a_voltmeter_shows_that_a_noisy_on_state_is_not_held_by_a_limit() -> None:
    """Nine readings after the event, noise of 9 %: their current may be held, but the source is seen in control."""
    level = np.linspace(0.52, 1.733, 21)
    found, alone = 0, 0
    for seed in range(40):
        current = noisy(level * np.where(level > 1.2, 2e-6, 4.5e-7), 0.09, seed)
        found += measured(level, level, current).threshold_voltage.value is not None
        alone += swept(level, current).threshold_voltage.value is not None
    assert found >= 32 and found > alone


@pytest.mark.thin(2)
@pytest.mark.parametrize("noise", [0.0, 0.02, 0.15])
def test_a_diode_in_a_limit_that_only_the_voltmeter_shows_is_no_switch(noise: float) -> None:
    rising = np.linspace(0.1, 1.0, 19)
    level = np.concatenate((rising, rising[::-1]))
    for seed in range(12):
        for sweep in (rising, level):
            voltage, current = limited_by(3e-6, sweep, diode(sweep, 1.2, 10.0))
            half = measured(sweep, voltage, noisy(current, noise, seed))
            assert half.threshold_voltage.value is None and half.hold_voltage.value is None, (seed, sweep.size)


@pytest.mark.parametrize("noise", [1e-3, 0.01])
def test_a_current_that_stays_up_to_the_end_is_held_whatever_the_voltmeter_says(noise: float) -> None:
    level = np.linspace(0.1, 1.0, 19)
    for seed in range(12):
        current = noisy(np.minimum(diode(level, 1.2, 10.0), 3e-6), noise, seed)
        assert measured(level, level, current).threshold_voltage.value is None, seed


def test_two_readings_of_each_branch_tell_what_two_of_one_do_not() -> None:
    """Both branches switch in one gap and two readings before the limit; a barrier could rise as far in a step."""
    rising = np.linspace(0.0, 1.3, 14)
    level = np.concatenate((rising, rising[::-1]))
    voltage, on = np.where(level > 1.15, 1.1, level), level > 0.95
    both, one = 0, 0
    for seed in range(20):
        current = noisy(voltage * np.where(on, 1e-3, 1e-4), 0.02, seed)
        half = measured(level, voltage, current)
        both += (half.threshold_voltage.value is not None) + (half.hold_voltage.value is not None)
        one += measured(rising, voltage[:14], current[:14]).threshold_voltage.value is not None
    assert both >= 34 and one <= 5


# ------------------------------------------------------------------------------------------------- one wild reading
def test_a_low_wild_reading_before_a_bend_makes_no_event() -> None:
    """The line through the readings after it lies above it, but not above the one before, nor the other branch's."""
    rising = np.linspace(0.079, 1.262, 16)
    level = np.concatenate((rising, rising[::-1]))
    for place in range(2, 8):
        for sweep, wild in ((rising, place), (level, place), (level, 31 - place)):
            current = noisy(diode(sweep, 1.3, 1e7), 0.02, place)
            current[wild] *= 0.25
            half = measured(sweep, sweep, current)
            assert half.threshold_voltage.value is None and half.hold_voltage.value is None, (sweep.size, wild)


@pytest.mark.thorough
def test_a_high_wild_reading_on_a_steep_stretch_makes_no_event() -> None:
    """What the reading after it shows is judged at its own place."""
    level = np.linspace(0.211, 0.705, 12)
    for wild in range(5, 11):
        for seed in range(10):
            current = noisy(diode(level, 1.29, 1.0), 0.027, seed)
            current[wild] *= 7.9
            assert measured(level, level, current).threshold_voltage.value is None, (wild, seed)


def test_a_wild_reading_after_a_change_does_not_hide_it() -> None:
    """One of six readings of the on-state is five times too low: the line through the others is that of the device."""
    level = np.linspace(0.3, 2.5, 23)
    for wild in range(1, 6):
        current = noisy(level * np.where(level > 1.95, 1e-5, 1e-6), 0.02, wild)
        current[int(np.argmax(level > 1.95)) + wild] *= 0.2
        assert measured(level, level, current).threshold_voltage.value == pytest.approx(1.95, abs=0.06), wild


def test_of_what_would_have_shown_one_reading_on_its_line_is_enough() -> None:
    """A barrier would have shown by a tenth in the last reading before the gap, in the one before it by nothing."""
    level = np.geomspace(0.0148, 0.7548, 26)
    voltage = np.minimum(level, 0.68)
    for seed in range(10):
        current = noisy(6e-8 * voltage * np.exp(2.45 * voltage) * np.where(level > 0.585, 3.5, 1.0), 5e-4, seed)
        half = measured(level, voltage, current, level > 0.7)
        assert half.threshold_voltage.value == pytest.approx(0.598, abs=0.05), seed


# --------------------------------------------------------------------------------------------------------- power laws
@pytest.mark.thin(3)
@pytest.mark.parametrize("power", [2.0, 4.0, 6.0])
@pytest.mark.parametrize("noise", [0.0, 1e-2])
def test_a_power_law_at_low_voltage_is_smooth_and_no_switch(power: float, noise: float) -> None:
    """Below a tenth of a volt it is steeper than a barrier, but nowhere sharp."""
    for top in (0.5, 1.0, 3.0):
        for rising in (np.linspace(0.0, top, 500), top * np.geomspace(1e-2, 1.0, 50)):
            current = noisy(1e-6 * (rising / top) ** power, noise, 1)
            for level in (rising, np.concatenate((rising, rising[-2::-1]))):
                half = swept(level, np.concatenate((current, current[-2::-1]))[: level.size])
                assert half.threshold_voltage.value is None and half.hold_voltage.value is None, (top, level.size)


# ------------------------------------------------------------------------------------- where the rules above are used
def test_second_differences_across_the_change_do_not_hide_it_in_nine_readings_one_way() -> None:
    level, found = np.linspace(0.1, 1.0, 9), 0
    for seed in range(30):
        current = noisy(level / 1e5 * np.where(level > 0.83, 1.0, 0.02), 0.01, seed)
        found += swept(level, current).threshold_voltage.value is not None
    assert found >= 20   # with them: 15


@pytest.mark.parametrize("seed", [9, 20, 22, 24, 30, 32, 45, 47])
def test_a_knee_is_no_threshold_where_wild_readings_hide_it_on_the_way_down(seed: int) -> None:
    up = np.linspace(0.0, 1.0, 101)
    level = np.concatenate((up, up[-2::-1]))
    random = np.random.default_rng(seed)
    current = level / 1e5 * np.where(level > 0.5, 1.0, 0.25) * np.exp(0.1 * random.standard_normal(201))
    current[147:151] *= random.uniform(0.3, 3, 4)
    half = swept(level, current)
    assert (half.threshold_voltage.value, half.hold_voltage.value) == (None, None)
    assert Flag.NO_HYSTERESIS in half.threshold_voltage.flags
