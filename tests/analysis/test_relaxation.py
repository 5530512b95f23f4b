"""Relaxation time of synthetic records of known truth, and firing of a pulse beside a device that is still on."""

import math

import numpy as np
import pytest

from tsbench.analysis.pulse.delay_results import PulseFacts
from tsbench.analysis.pulse.firing import Firing, outcome
from tsbench.analysis.relaxation.relaxation import Relaxed, relaxation_time
from tsbench.analysis.relaxation.results import mean_result, median_result, shot_result
from tsbench.records import Flag

RESISTANCE, BASE, TOP, WIDTH, ON = 110e3, 0.1, 1.5, 1e-3, 1 / 12e3
NOISE_V, NOISE_I = 8e-3, 6e-8


def record(random, life, *, fires=True, on_before=False, window=20e-3, samples=20_000, offset=2e-7, base=BASE):
    """Pulse through RESISTANCE to a filament that fires 0.1 ms after the edge and dissolves after ``life`` [s]."""
    time = -0.2e-3 + (window + 1.2e-3) / samples * np.arange(samples)
    source = np.where((time >= 0) & (time < WIDTH), TOP, base)
    conductance = np.full(samples, 1e-11)
    if fires:
        conductance[(time >= 0.1e-3) & (time < WIDTH)] = ON
        after = (time - WIDTH) / life
        decaying = (time >= WIDTH) & (after < 1)
        conductance[decaying] = ON * np.maximum(1 - after[decaying], 1e-9) ** (2 / 3)
    if on_before:
        conductance[time < WIDTH] = ON
    current = source * conductance / (1 + RESISTANCE * conductance)
    voltage = source - RESISTANCE * current
    codes = np.round((current + offset + random.normal(0, NOISE_I, samples)) / 1e-7) * 1e-7
    return time, voltage + random.normal(0, NOISE_V, samples), codes


def true_time(life, level):
    """When the current at the read level falls below ``level`` [A]."""
    g = level / (BASE - level * RESISTANCE)
    return life * (1 - (g / ON) ** 1.5)


FACTS = PulseFacts(voltage_resolution=7e-3, current_resolution=1e-7)


@pytest.mark.thin(3)
@pytest.mark.parametrize("level", [None, 1e-7, 2e-7])
def test_the_relaxation_time_of_a_shot(level):
    covered = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        life = 4e-3 * math.exp(0.2 * random.standard_normal())
        found = relaxation_time(*record(random, life), WIDTH, level=level, facts=FACTS)
        assert found.flags == Flag.NONE
        truth = true_time(life, found.level)
        assert found.value == pytest.approx(truth, rel=0.06)
        half = 1.96 * math.hypot(found.random, found.systematic)
        covered += abs(found.value - truth) <= half
    assert covered >= 34


@pytest.mark.thorough
def test_median_and_mean_over_shots_hold_the_truth_of_the_device():
    covered, covered_mean, widths = 0, 0, []
    for seed in range(40):
        random = np.random.default_rng(seed)
        lives = 4e-3 * np.exp(0.22 * random.standard_normal(20))
        shots = [
            relaxation_time(*record(random, life, samples=5000), WIDTH, level=1e-7, facts=FACTS) for life in lives]
        median, mean = median_result(shots, {}), mean_result(shots, {})
        share = true_time(1.0, 1e-7)
        covered += median.low <= 4e-3 * share <= median.high
        covered_mean += mean.low <= 4e-3 * math.exp(0.5 * 0.22**2) * share <= mean.high
        widths.append((median.high - median.low) / 2 / median.value)
    assert covered >= 34 and covered_mean >= 34
    assert np.median(widths) < 0.2


def test_a_device_that_outlasts_the_record_is_a_lower_bound():
    random = np.random.default_rng(1)
    found = relaxation_time(*record(random, 1.0), WIDTH, facts=FACTS)
    assert found.value is None and Flag.CENSORED in found.flags
    assert found.low == pytest.approx(20e-3, rel=0.02) and found.high is None
    quick = [relaxation_time(*record(random, 4e-3), WIDTH, facts=FACTS) for _ in range(8)]
    median = median_result([*quick, found], {})
    assert median.value == pytest.approx(3.89e-3, rel=0.05) and median.low < median.value < median.high
    assert mean_result([*quick, found], {}).value is None
    most = median_result([found] * 7 + quick[:1], {})
    assert most.value is None and most.high is None and Flag.CENSORED in most.flags


def test_a_device_that_is_off_at_once_is_an_upper_bound():
    found = relaxation_time(*record(np.random.default_rng(1), 1e-7), WIDTH, facts=FACTS)
    assert found.value is None and found.low is None and Flag.CENSORED in found.flags and found.high < 50e-6
    median = median_result([found] * 8, {})
    assert median.value is None and median.low is None and median.high == found.high


def test_a_pulse_that_does_not_fire_has_no_relaxation():
    found = relaxation_time(*record(np.random.default_rng(1), 4e-3, fires=False), WIDTH, facts=FACTS)
    assert found.value is None and not found.fired
    assert median_result([found] * 3, {}).flags == Flag.NO_EVENT


def test_a_resistor_has_no_relaxation_and_never_fires():
    random, (time, voltage, _) = np.random.default_rng(1), record(np.random.default_rng(1), 4e-3, fires=False)
    current = voltage / 1e4 + random.normal(0, NOISE_I, time.size)
    assert not relaxation_time(time, voltage, current, WIDTH, facts=FACTS).fired
    assert outcome(time, voltage, current, FACTS).firing is Firing.QUIET


def test_a_device_still_on_does_not_fire():
    random = np.random.default_rng(2)
    first = outcome(*record(random, 4e-3, window=0.5e-3, samples=850), FACTS)
    assert first.firing is Firing.FIRED and first.delay.value == pytest.approx(0.1e-3, rel=0.1)
    quiet = outcome(*record(random, 4e-3, fires=False, window=0.5e-3, samples=850), FACTS, rested=first)
    assert quiet.firing is Firing.QUIET
    on = outcome(*record(random, 4e-3, on_before=True, window=0.5e-3, samples=850), FACTS, rested=first)
    assert on.firing is Firing.STILL_ON


def test_the_median_is_no_surer_than_what_is_common_to_all_shots():
    """A time base that is off moves every shot alike: many shots do not make its part smaller."""
    times = np.linspace(0.99e-3, 1.01e-3, 21)
    shots = [Relaxed(float(time), random=0.0, systematic=1e-4) for time in times]
    found = median_result(shots, {})
    assert found.value == pytest.approx(1e-3)
    assert found.value - found.low > 1.96e-4 and found.high - found.value > 1.96e-4
    sure = median_result([Relaxed(float(time)) for time in times], {})
    assert sure.high - sure.low < 1e-4


@pytest.mark.thin(8)
@pytest.mark.parametrize("level", [None, 2e-8])
@pytest.mark.parametrize("base", [0.3e-3, 1e-3, 3e-3, 10e-3, 30e-3, 0.1])
def test_an_upper_bound_is_never_below_the_truth(base, level):
    """A read current below the noise of a sample says nothing of the time, unless a mean over some samples shows it."""
    bounds = 0
    for seed in range(24):
        random = np.random.default_rng(seed)
        life = 9e-3 * math.exp(0.2 * random.standard_normal())
        found = relaxation_time(*record(random, life, base=base), WIDTH, level=level, facts=FACTS)
        first = base * ON / (1 + RESISTANCE * ON)
        wanted = 0.5 * first if level is None else level
        truth = life * (1 - (wanted / (base - wanted * RESISTANCE) / ON) ** 1.5) if wanted < first else 0.0
        bounds += found.high is not None
        assert found.high is None or found.high >= truth
        assert found.value is None or found.value > 0.5 * truth or found.random > 0.2 * truth
        if found.value is None and found.high is None and found.low is None and found.fired:
            assert {Flag.CENSORED, Flag.UNDER_SAMPLED} <= set(found.flags)
    assert base > 1e-3 or level or bounds == 0


def test_a_device_that_is_off_at_once_has_an_upper_bound_where_its_current_would_be_seen():
    random = np.random.default_rng(3)
    quick = relaxation_time(*record(random, 1e-9), WIDTH, facts=FACTS)
    assert quick.value is None and quick.low is None and quick.high < 0.1e-3
    unseen = relaxation_time(*record(random, 1e-9, base=1e-3), WIDTH, facts=FACTS)
    assert (unseen.value, unseen.low, unseen.high) == (None, None, None)
    median = median_result([quick, quick, unseen], {})
    assert "in 1 other pulse the current is not above the noise" in median.method
    assert {Flag.CENSORED, Flag.UNDER_SAMPLED} <= set(median.flags)


def test_no_interval_of_a_relaxation_time_goes_below_zero() -> None:
    shots = [Relaxed(value, random=1e-3) for value in (0.7e-3, 0.8e-3, 1.1e-3)]
    results = [shot_result(shots[0], {}), median_result(shots, {}), mean_result(shots, {}), mean_result(shots[:1], {})]
    for result in results:
        assert result.low == 0.0, result.quantity
        assert result.high > 1e-3


STEP, PULSE, LIFE = 1e-6, 100e-6, 500e-6


def decaying(after: int, level: float) -> Relaxed:
    """A shot without noise: 10 uA at the read level of 0.1 V decay with LIFE; ``after``: samples after the pulse."""
    time = STEP * np.arange(-50, 100 + after)
    voltage = np.where((time >= 0) & (time < PULSE), 1.0, 0.1)
    on = np.where((time >= 20e-6) & (time < PULSE), 1e-4, 1e-9)
    dissolving = np.where(time >= PULSE, 1e-4 * np.exp(-(time - PULSE) / LIFE), 0.0)
    return relaxation_time(time, voltage, voltage * (on + dissolving), PULSE, level=level)


def test_a_record_must_go_on_for_one_and_a_half_means_after_the_crossing() -> None:
    """A mean over a fiftieth of the record tells where the current stays below: before that only a lower bound is."""
    truth = LIFE * math.log(10.0)
    found = [(after, decaying(after, 1e-6)) for after in range(1140, 1200)]
    known = [one.value is not None for _, one in found]
    assert known == sorted(known)
    for after, one in found:
        if one.value is None:
            assert one.flags == Flag.CENSORED and one.low is not None
            assert min(truth, after * STEP) - 15 * STEP < one.low <= truth
        else:
            assert one.value == pytest.approx(truth, abs=1.5 * STEP) and not one.flags
    first = found[known.index(True)][0]
    assert first - truth / STEP == pytest.approx(1.5 * 0.02 * first, abs=2.0)


def test_a_level_that_the_current_never_reaches_bounds_the_time_by_the_first_samples() -> None:
    found = decaying(1500, 11e-6)
    assert found.value is None and found.low is None and found.flags == Flag.CENSORED
    assert found.high is not None and 12 * STEP <= found.high < 35 * STEP   # the fall, and at least twelve samples
    just_below = decaying(1500, 9.5e-6)   # 26 us after the pulse
    assert just_below.value == pytest.approx(LIFE * math.log(10.0 / 9.5), abs=2 * STEP)


def test_a_current_that_is_clipped_after_the_pulse_gives_no_relaxation_time_and_the_device_did_fire() -> None:
    time, voltage, current = record(np.random.default_rng(2), 4e-3)
    for end in (4e-7, 6e-7):
        facts = PulseFacts(current_resolution=1e-7, current_window=(-end, end))
        for level in (None, 1e-7, 5e-7):
            found = relaxation_time(
                time, voltage, np.minimum(current, end), WIDTH, level=level, facts=facts, flags=Flag.CLIPPED)
            assert found.fired and found.bounded is None and found.flags == Flag.CLIPPED | Flag.CENSORED
            result = shot_result(found, {})
            assert (result.value, result.low, result.high) == (None, None, None)
            assert "clipped" in median_result([found], {}).method


def test_samples_farther_apart_after_the_pulse_change_no_time():
    """A long record is often thinned out after the pulse; its times are those of the samples."""
    time, voltage, current = record(np.random.default_rng(5), 4e-3)
    kept = (time < 3e-3) | (np.arange(time.size) % 10 == 0)
    whole = relaxation_time(time, voltage, current, WIDTH, facts=FACTS)
    thinned = relaxation_time(time[kept], voltage[kept], current[kept], WIDTH, facts=FACTS)
    for found in (whole, thinned):
        assert abs(found.value - true_time(4e-3, found.level)) < 3 * math.hypot(found.random, found.systematic)


def test_a_current_that_does_not_fall_with_the_voltage_is_followed_from_the_edge_of_the_voltage():
    """A device without a resistance in series is read at another gain: its current falls only when it relaxes."""
    random = np.random.default_rng(6)
    time = -1e-3 + 2e-6 * np.arange(8000)
    voltage = np.where((time >= 0) & (time < 4e-3), 0.5, 0.02) + 1e-4 * random.standard_normal(time.size)
    current = np.where(time < 1e-3, 0.0, 1e-5 * np.exp(-np.maximum(time - 4e-3, 0.0) / 2e-3))
    current = current + 1e-9 * random.standard_normal(time.size)
    found = relaxation_time(time, voltage, current, 4e-3, start=0.0)
    assert found.edge_time == pytest.approx(4e-3, abs=1e-5)
    assert found.value == pytest.approx(2e-3 * math.log(1e-5 / found.level), rel=0.02)
    assert found.level == pytest.approx(0.5e-5, rel=0.05)


@pytest.mark.thin(4)
@pytest.mark.parametrize(("noise", "code"), [
    (1e-9, 0.0), (1e-7, 0.0), (2e-7, 0.0), (4e-7, 0.0), (1e-9, 2e-7), (1e-9, 4e-7), (1.3e-7, 4e-7)])
def test_intervals_hold_the_truth_in_much_noise_and_with_few_codes(noise, code):
    """An exponential from 5 uA: noise up to 8 % of it, and 12 to 25 codes. No resolution is stated, as in a table."""
    life, first = 200e-6, 5e-6
    time = 1e-6 * np.arange(-200, 3000)
    held = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        on = (time >= 2e-5) & (time < 2e-4)
        after = time >= 2e-4
        current = np.where(on, 1e-4, np.where(after, first * np.exp(-(time - 2e-4) / life), 0.0))
        current += noise * random.standard_normal(time.size)
        current = np.round(current / code) * code if code else current
        voltage = np.where((time >= 0) & (time < 2e-4), np.where(on, 1.0, 1.4), 0.05)
        found = relaxation_time(time, voltage, current, 2e-4, level=2.2e-6, start=0.0)
        assert found.value is not None
        low, high = (found.value + side * 1.96 * math.hypot(found.random, found.systematic) for side in (-1, 1))
        held += low <= life * math.log(first / 2.2e-6) <= high
    assert held >= 36   # with a mean over 3 % of the time, 28 of 48 and none


@pytest.mark.parametrize("doubt", [Flag.UNDER_SAMPLED, Flag.CLIPPED, Flag.AMBIGUOUS])
def test_mean_and_median_keep_the_flags_of_their_shots(doubt):
    shots = [Relaxed(1e-3 + 1e-6 * k, 1e-6, 1e-6, doubt if k == 3 else Flag.NONE) for k in range(8)]
    assert mean_result(shots, {}).flags == median_result(shots, {}).flags == doubt
    assert mean_result(shots[3:4], {}).flags == doubt | Flag.TOO_FEW
