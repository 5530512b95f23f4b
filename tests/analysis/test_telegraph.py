"""Telegraph noise: two levels by evidence, what looks like them, and the coverage of the mean times."""

import numpy as np
import pytest

from tsbench.analysis.telegraph import telegraph
from tsbench.analysis.telegraph.telegraph import (
    TwoLevels,
    level_intervals,
    mean_times,
    times_in_states,
    transitions,
    two_levels,
)
from tsbench.protocols.telegraph_noise.extraction import _BiasErrors, _relative
from tsbench.records import Flag, FloatArray


def process(count: int, t_low: float, t_high: float, random: np.random.Generator) -> FloatArray:
    """Return states (0, 1) of a process without memory, sampled once a second at instants."""
    ends = np.cumsum(random.exponential(1.0, 4 * count) * np.tile([t_low, t_high], 2 * count))
    assert ends[-1] > count
    return (np.searchsorted(ends, np.arange(count) + 1e-9) % 2).astype(float)


def averaged(count: int, share: float, t_low: float, t_high: float, random: np.random.Generator) -> FloatArray:
    """Return means of the states (0, 1) of a process over a share of the second between two samples."""
    stays = random.exponential(1.0, 4 * count) * np.tile([t_low, t_high], 2 * count)
    ends, high = np.r_[0, np.cumsum(stays)], np.r_[0, np.cumsum(stays * np.tile([0, 1], 2 * count))]
    first = np.arange(count)
    assert ends[-1] > count + share
    return (np.interp(first + share, ends, high) - np.interp(first, ends, high)) / share


@pytest.mark.thin(2)
@pytest.mark.parametrize(("share", "separation"), [(0.4, 40.0), (0.4, 300.0), (0.7, 300.0), (0.4, 12.0)])
def test_readings_that_are_means_lower_no_amplitude_and_lengthen_no_time(
    monkeypatch: pytest.MonkeyPatch, share: float, separation: float,
) -> None:
    """Of stays of about two readings. At 95 %, fewer than 88 % of 100 happen by chance in 1 of 250 tests."""
    monkeypatch.setattr(telegraph, "_DRAWS", 2000)
    random, inside, draws, longer = np.random.default_rng(12), np.zeros(3), 100, []
    for _ in range(draws):
        values = separation * averaged(1000, share, 2.5, 2.5, random) + random.normal(0, 1, 1000)
        found = two_levels(values + 1000.0)
        assert found is not None
        wide = float(np.hypot(*level_intervals(found)))
        inside[2] += -wide <= separation - found.amplitude <= wide + found.pulled
        for k, one in enumerate(times_in_states(transitions(found.states), 1.0)):
            assert one.value is not None and one.low is not None and one.high is not None
            inside[k] += one.low <= 2.5 <= one.high
            longer.append(one.value / 2.5)
    assert (inside >= 0.88 * draws).all() and np.median(longer) < 1.10


@pytest.mark.parametrize("separation", [8.0, 50.0])
@pytest.mark.parametrize(("t_low", "t_high"), [(30.0, 12.0), (6.0, 40.0)])
def test_levels_and_states_are_found(separation: float, t_low: float, t_high: float) -> None:
    random = np.random.default_rng(1)
    states = process(3000, t_low, t_high, random)
    found = two_levels(1e-6 + 1e-9 * (separation * states + random.normal(0, 1, 3000)))
    # of 8 standard deviations, the state follows a jump one sample late in 1 of 50 jumps
    assert found is not None and np.mean(found.states == (states == 1)) > (0.999 if separation > 10 else 0.996)
    assert found.amplitude == pytest.approx(separation * 1e-9, rel=0.03)
    negative = two_levels(-(1e-6 + 1e-9 * (separation * states + random.normal(0, 1, 3000))))
    assert negative is not None and np.mean(negative.states == (states == 1)) > 0.996


@pytest.mark.thin(3)
@pytest.mark.parametrize(("t_low", "t_high", "count"), [(30.0, 12.0, 3000), (5.0, 5.0, 1000), (100.0, 8.0, 4000)])
def test_the_intervals_of_the_mean_times_hold_the_true_ones(
    monkeypatch: pytest.MonkeyPatch, t_low: float, t_high: float, count: int,
) -> None:
    """At 95 %, fewer than 92 % of 600 happen by chance in 1 of 2000 tests."""
    monkeypatch.setattr(telegraph, "_DRAWS", 2000)
    random, inside, draws = np.random.default_rng(11), np.zeros(2), 600
    for _ in range(draws):
        low, high = times_in_states(transitions(process(count, t_low, t_high, random) == 1), 1.0)
        for k, (one, true) in enumerate(((low, t_low), (high, t_high))):
            assert one.low is not None and one.high is not None
            inside[k] += one.low <= true <= one.high
    assert (inside >= 0.92 * draws).all() and Flag.TOO_FEW not in low.flags


@pytest.mark.parametrize(("time", "flagged"), [(3.0, True), (3.9, True), (4.1, False), (5.0, False)])
def test_a_mean_time_of_fewer_than_four_readings_is_under_sampled(time: float, flagged: bool) -> None:
    count, other = 1_000_000, 20.0
    change = (1.0 - np.exp(-(1.0 / time + 1.0 / other))) / (time + other)   # p = other * change, q = time * change
    counts = np.array([count, round(count * other * change), count, round(count * time * change)])
    short, long = times_in_states(counts, 1.0)
    assert short.value == pytest.approx(time, rel=1e-3) and long.value == pytest.approx(other, rel=1e-3)
    assert (Flag.UNDER_SAMPLED in short.flags) is flagged and Flag.UNDER_SAMPLED not in long.flags


@pytest.mark.parametrize("share", [4, 10])
def test_the_intervals_of_the_amplitudes_hold_the_true_ones(share: int) -> None:
    """The noise about the levels counts, which may be more than that from one sample to the next."""
    random, states = np.random.default_rng(8), np.arange(400) % share > 0
    values = np.where(states, 25.0, 10.0) + random.normal(0, 1.3, (4000, 400))
    low, high = np.median(values[:, ~states], axis=1), np.median(values[:, states], axis=1)
    found = TwoLevels(10.0, 25.0, noise=1.0, left=1.3, pulled=0.0, counts=(400 // share, 400 - 400 // share),
                      states=states)
    relative = _relative(found, _BiasErrors(0.0, 0.0, 0.0), "", {}, Flag.NONE)
    assert relative.value == 1.5 and relative.low is not None and relative.high is not None
    assert 0.935 < np.mean(np.abs(high - low - 15.0) <= np.hypot(*level_intervals(found))) < 0.965
    assert 0.935 < np.mean(np.abs((high - low) / low - 1.5) <= 0.5 * (relative.high - relative.low)) < 0.965


def test_slow_noise_is_in_what_is_left_about_the_levels() -> None:
    random = np.random.default_rng(9)
    states, fast = random.random(4000) < 0.3, random.normal(0, 1, 4000)
    slow = 0.8 * np.convolve(random.normal(0, 1, 4019), np.full(20, 20**-0.5), "valid")
    found = two_levels(100.0 + 30.0 * states + fast + slow)
    assert found is not None
    assert found.noise == pytest.approx(1.0, abs=0.1) and found.left == pytest.approx(np.hypot(1.0, 0.8), abs=0.1)
    assert found.amplitude == pytest.approx(30.0, abs=0.3)


def test_jumps_between_two_samples_are_accounted_for() -> None:
    """Of a process as fast as the samples, a count of the transitions alone makes the times twice as long."""
    random = np.random.default_rng(3)
    low, high = times_in_states(transitions(process(20_000, 1.0, 1.0, random) == 1), 1.0)
    assert low.value == pytest.approx(1.0, rel=0.1) and high.value == pytest.approx(1.0, rel=0.1)
    assert Flag.UNDER_SAMPLED in low.flags
    p, q = mean_times(np.array([0.2]), np.array([0.1]), 1.0)   # p/q = t_high/t_low inverted
    assert p[0] / q[0] == pytest.approx(0.1 / 0.2)
    none, _ = times_in_states(transitions(np.arange(400) % 2 == 1), 1.0)   # every sample changes
    assert none.value is None and none.low is None and Flag.CENSORED in none.flags


def test_what_is_no_telegraph_noise_shows_no_two_levels() -> None:
    random, found = np.random.default_rng(4), []
    time, count = np.linspace(0, 1, 2000), 2000
    for _ in range(40):
        noise = random.normal(0, 1, count)
        walk = np.cumsum(random.normal(0, 0.3, count))
        spectrum = np.fft.rfft(random.normal(0, 1, count)) / np.sqrt(np.maximum(np.arange(count // 2 + 1), 1))
        flicker = np.fft.irfft(spectrum, count)
        found += [two_levels(one) for one in (
            noise, noise + 40 * time, walk, walk + noise, flicker / flicker.std() * 10 + noise,
            20 * np.sin(30 * time) + noise, 20 * np.sin(300 * time) + 0.1 * noise,
            np.where(np.arange(count) == 700, 50.0, 0.0) + noise, 50 * (time > 0.5) * (time - 0.5) + noise)]
    assert sum(one is not None for one in found) == 0
    for flat in (np.zeros(2000), np.full(2000, np.nan), np.arange(3.0), np.empty(0)):
        assert two_levels(flat) is None


def test_samples_during_a_jump_and_wild_ones_do_not_hide_the_levels() -> None:
    random = np.random.default_rng(5)
    states = process(3000, 30.0, 12.0, random)
    values = 100 * states + random.normal(0, 1, 3000)
    change = np.flatnonzero(np.diff(states))
    values[change] = random.uniform(0, 100, change.size)   # the aperture holds the jump
    values[1234] = 1e4
    found = two_levels(values)
    assert found is not None and found.amplitude == pytest.approx(100, rel=0.01)


def test_unit_and_offset_do_not_matter() -> None:
    random = np.random.default_rng(6)
    values = 20 * process(2000, 20.0, 20.0, random) + random.normal(0, 1, 2000)
    one, other = two_levels(values + 100.0), two_levels(1e-9 * (values + 100.0))
    assert one is not None and other is not None and (one.states == other.states).all()
    assert other.amplitude == pytest.approx(1e-9 * one.amplitude, rel=1e-9)


def test_one_step_is_two_levels_but_no_mean_time() -> None:
    random = np.random.default_rng(7)
    found = two_levels(50.0 * (np.arange(2000) > 800) + random.normal(0, 1, 2000))
    assert found is not None
    low, high = times_in_states(transitions(found.states), 1.0)
    assert Flag.TOO_FEW in low.flags and Flag.TOO_FEW in high.flags and high.low is not None and high.low > 200
