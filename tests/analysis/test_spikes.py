"""Spikes, intervals and frequency of records whose period is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.analysis.oscillation.frequency import frequency_result, jitter_result, oscillation, sensitivity
from tsbench.analysis.oscillation.jitter import _log_determinant, jitter_of
from tsbench.analysis.oscillation.spikes import inter_spike_intervals, spike_times
from tsbench.analysis.reversals import reversals
from tsbench.analysis.statistics import t_quantile_95
from tsbench.records import Flag


def relaxation(
    period: float,
    dt: float,
    n: int,
    *,
    jitter: float = 0.0,
    duty: float = 0.05,
    phase: float = 0.3,
    seed: int = 0,
):
    """A sawtooth that charges and discharges steeply; returns (time, volts, true discharge times)."""
    random = np.random.default_rng(seed)
    time = dt * np.arange(n)
    starts = (
        np.cumsum(period * (1 + jitter * random.standard_normal(int(n * dt / period) + 4)))
        - 2 * period
        + phase * period
    )
    corners = np.concatenate([[start, start + duty * period] for start in starts])
    values = np.tile([1.0, 0.4], len(starts))
    return time, np.interp(time, corners, values), starts


@settings(max_examples=60, deadline=None)
@given(
    samples=st.floats(12, 300),
    periods=st.integers(15, 60),
    phase=st.floats(0, 1),
    noise=st.floats(0, 0.01),
    duty=st.floats(0.02, 0.5),
    seed=st.integers(0, 1000),
)
def test_the_frequency_is_found_and_covered(samples, periods, phase, noise, duty, seed):
    dt = 1e-6 / samples
    time, values, _ = relaxation(1e-6, dt, int(samples * periods), phase=phase, duty=duty)
    values = values + noise * np.random.default_rng(seed).standard_normal(values.size)
    found = oscillation(spike_times(time, values), 2e-6)
    assert found.frequency == pytest.approx(1e6, rel=0.005)
    assert found.low < found.frequency < found.high
    assert found.regime in {"tonic", "too few", "variable"}
    assert found.intervals.size >= periods - 2


def test_a_regular_train_whose_edges_are_shorter_than_a_sample_is_not_irregular():
    """One interval is longer by a sample, so the bound of the jitter is as wide as the interval."""
    time, values, _ = relaxation(1e-6, 1e-6 / 12.0, 180, phase=0.71875, duty=0.021484375)
    found = oscillation(spike_times(time, values), 2e-6)
    assert found.jitter.value is None and found.jitter.high > 0.3e-6
    assert found.regime == "tonic"


def test_intervals_cover_the_truth_with_eight_bits_jitter_and_timebase():
    covered, widths = 0, []
    for seed in range(40):
        random = np.random.default_rng(seed)
        time, values, starts = relaxation(1e-6, 10e-9, 3100, jitter=0.002, phase=random.random(), seed=seed)
        values = np.round((values + 0.002 * random.standard_normal(values.size)) * 256) / 256
        inside = starts[(starts > 0) & (starts < time[-1])]
        truth = (inside.size - 1) / (inside[-1] - inside[0])
        found = oscillation(spike_times(time * (1 + random.uniform(-2e-6, 2e-6)), values, 1 / 256), 2e-6)
        covered += found.low <= truth <= found.high
        widths.append((found.high - found.low) / 2 / truth)
    assert covered >= 34
    assert np.median(widths) < 0.0025


def test_spike_times_are_those_of_the_steep_edge():
    time, values, starts = relaxation(1e-6, 10e-9, 4000)
    spikes = spike_times(time, values)
    assert spikes.falling
    middle = starts + 0.025e-6
    nearest = np.abs(spikes.times[:, None] - middle).min(axis=1)
    assert nearest.max() < 1e-9
    assert inter_spike_intervals(spikes) == pytest.approx(1e-6, abs=1e-9)


def test_current_spikes_of_small_duty():
    time = 1e-8 * np.arange(100_000)
    current = sum(1e-3 * np.exp(-(((time - at) / 3e-8) ** 2)) for at in np.arange(2e-6, 1e-3, 1.1e-5))
    current = current + 5e-6 * np.random.default_rng(0).standard_normal(time.size)
    found = oscillation(spike_times(time, current))
    assert found.frequency == pytest.approx(1 / 1.1e-5, rel=1e-3)


def test_a_start_from_rest_does_not_hide_the_oscillation():
    time, values, _ = relaxation(1e-6, 10e-9, 5000)
    values[:20] = np.linspace(-3.0, values[20], 20)
    assert oscillation(spike_times(time, values)).frequency == pytest.approx(1e6, rel=1e-3)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("size", [100, 5000])
def test_noise_does_not_oscillate(seed, size):
    values = np.random.default_rng(seed).standard_normal(size)
    found = oscillation(spike_times(1e-9 * np.arange(size), values))
    assert found.frequency is None
    assert Flag.NO_EVENT in found.flags


@pytest.mark.parametrize(
    "values", [np.zeros(500), np.linspace(0, 1, 500), np.ones(3), np.empty(0), np.arange(500) % 2 / 256]
)
def test_nothing_to_see(values):
    found = oscillation(spike_times(1e-9 * np.arange(values.size), values, 1 / 256))
    assert found.frequency is None
    result = frequency_result(found, {"bias": 1.0})
    assert result.value is None
    assert Flag.NO_EVENT in result.flags


def test_one_wild_sample_changes_nothing():
    time, values, _ = relaxation(1e-6, 10e-9, 4000)
    values[1234] = 50.0
    assert oscillation(spike_times(time, values)).frequency == pytest.approx(1e6, rel=2e-3)


def test_few_spikes_coarse_samples_and_clipping_are_said():
    time, values, _ = relaxation(1e-6, 10e-9, 500)
    assert Flag.TOO_FEW in oscillation(spike_times(time, values)).flags
    time, values, _ = relaxation(1e-6, 0.14e-6, 400, duty=0.4)
    assert Flag.UNDER_SAMPLED in oscillation(spike_times(time, values)).flags
    assert Flag.CLIPPED in oscillation(spike_times(time, values, flags=Flag.CLIPPED)).flags


@pytest.mark.parametrize(("width", "under_sampled"), [(1, True), (3, False)])
def test_spikes_of_one_sample_are_said(width, under_sampled):
    """Others may fall between two samples, or these are errors of the digitiser."""
    random = np.random.default_rng(3)
    values = 1e-9 * random.standard_normal(20_000)
    for start in 250 + np.cumsum(np.maximum(random.normal(500, 50, 35), 20)).astype(int):
        values[start : start + width] += 2e-8
    found = spike_times(1e-6 * np.arange(values.size), values)
    assert found.times.size >= 34 and (Flag.UNDER_SAMPLED in found.flags) is under_sampled


def test_bursts_and_irregular_spiking_are_named():
    def record(times):
        time = 1e-8 * np.arange(60_000)
        return time, sum(np.exp(-(((time - at) / 5e-8) ** 2)) for at in times)

    burst = np.concatenate([start + np.array([0, 1e-6, 2e-6]) for start in np.arange(1e-5, 5.5e-4, 2e-5)])
    assert oscillation(spike_times(*record(burst))).regime == "bursting"
    random = np.random.default_rng(3)
    poisson = 1e-5 + np.cumsum(1e-6 + random.exponential(4e-6, 100))
    assert oscillation(spike_times(*record(poisson[poisson < 5.8e-4]))).regime == "irregular"


def test_jitter_is_measured():
    time, values, _ = relaxation(1e-6, 10e-9, 40_000, jitter=0.02)
    jitter = jitter_result(oscillation(spike_times(time, values)), {})
    assert jitter.low < 0.02e-6 * 1.0 < jitter.high


def unequal(seed, small, drift, jitter=0.0, narrow=False):
    """Forty spikes, every second ``small`` times as high, on a drift; returns (time, values, true spike times)."""
    random = np.random.default_rng(seed)
    at = 1e-6 * (0.4 + 0.3 * random.random()) + np.cumsum(np.r_[0, 1e-6 * (1 + jitter * random.standard_normal(39))])
    time = 1e-8 * np.arange(int((at[-1] + 0.5e-6) / 1e-8))
    heights = np.where(np.arange(40) % 2, small, 1.0)
    if narrow:  # charges within a twentieth of a period and discharges slowly
        values = np.interp(time, np.ravel(np.column_stack((at - 5e-8, at))), np.ravel([0.0 * heights, heights], "F"))
    else:
        values = sum(h * np.exp(-(((time - t) / 1.25e-7) ** 2)) for t, h in zip(at, heights, strict=True))
    return time, values + drift * time / time[-1] + 0.01 * random.standard_normal(time.size), at


@pytest.mark.thin(6)
@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize(("small", "drift"), [
    (0.6, 0), (0.4, 0), (0.25, 0), (1, 1), (1, -1), (1, 2), (0.4, 1), (0.25, 2), (0.25, -3)])
def test_spikes_of_two_heights_and_on_a_drift_are_all_found(small, drift, narrow):
    covered = 0
    for seed in range(20):
        time, values, at = unequal(seed, small, drift, narrow=narrow)
        spikes = spike_times(time, values)
        assert spikes.times.size == at.size
        found = oscillation(spikes, 2e-6)
        covered += found.low <= (at.size - 1) / (at[-1] - at[0]) <= found.high
    assert covered >= 17


def test_the_interval_of_a_train_without_jitter_is_that_of_its_timing():
    """Timing noise nearly cancels in the mean of many intervals, and it is no jitter of the device."""
    halves = []
    for seed in range(20):
        time, values, _ = unequal(seed, 1.0, 0.0)
        spikes = spike_times(time, values)
        found = oscillation(spikes, 0.0)
        half = (found.high - found.low) / 2 / found.frequency**2
        halves.append(half / (np.sqrt(2.0) * spikes.uncertainty / found.intervals.size))
        jitter = jitter_result(found, {})
        assert jitter.value is None and jitter.low is None
        assert Flag.CENSORED in jitter.flags
        assert jitter.high < 2.0 * spikes.uncertainty
    assert np.median(halves) < 4.0


@pytest.mark.parametrize("memory", [0.0, 0.9])
def test_edges_of_one_shape_are_placed_by_all_their_samples(memory):
    """The error is near the Cramer-Rao bound, a quarter of that of one crossing, and the uncertainty says so."""
    errors, stated, bounds = [], [], []
    for seed in range(10):
        random = np.random.default_rng(seed)
        at = 1e-6 * (0.5 + np.arange(40)) + 1e-8 * random.random()
        time = 1e-8 * np.arange(4100)
        clean = sum(np.exp(-(((time - t) / 1.25e-7) ** 2)) for t in at)
        noise = 0.01 * random.standard_normal(time.size)
        for k in range(1, noise.size if memory else 0):  # a first-order low pass
            noise[k] = memory * noise[k - 1] + np.sqrt(1 - memory**2) * noise[k]
        spikes = spike_times(time, clean + noise)
        errors.append(np.std(spikes.times - at))
        stated.append(spikes.uncertainty)
        bounds.append(0.01 / np.sqrt(np.sum(np.gradient(np.exp(-(((time - 2e-6) / 1.25e-7) ** 2)), time) ** 2)))
    assert np.median(stated) == pytest.approx(np.median(errors), rel=0.3)
    if not memory:
        assert np.median(errors) < 1.25 * np.median(bounds)


@pytest.mark.thin(2)
@pytest.mark.parametrize(("jitter", "timing"), [(1.0, 0.1), (0.5, 1.0), (0.0, 1.0)])
@pytest.mark.parametrize("count", [15, 100, 1500])
def test_jitter_and_timing_noise_are_told_apart(jitter, timing, count):
    """Both intervals, of the jitter and of the mean, hold the truth in most of a hundred trains."""
    covered, uncertainties = np.zeros(2, int), []
    for seed in range(100):
        random = np.random.default_rng(seed)
        times = np.cumsum(100.0 + jitter * random.standard_normal(count + 1))
        times += timing * random.standard_normal(count + 1)
        found = jitter_of(np.diff(times), timing)
        mean_half = t_quantile_95(count - 1) * found.mean_uncertainty
        covered += [(found.low or 0.0) <= jitter <= found.high, abs(np.diff(times).mean() - 100.0) <= mean_half]
        uncertainties.append(found.mean_uncertainty)
    assert covered.min() >= 89
    assert np.median(uncertainties) < 2.0 * np.sqrt(jitter**2 / count + 2 * timing**2 / count**2)


@pytest.mark.thorough
def test_the_work_on_a_long_record_does_not_grow_faster_than_its_length():
    """Counted, not timed: passes of the loop that takes reversals out, on a record of 2e6 noisy samples."""
    random = np.random.default_rng(0)
    place = np.arange(2_000_000) % 300
    values = np.where(place < 270, place / 270, 1 - (place - 270) / 30) + 0.01 * random.standard_normal(place.size)
    turns = reversals(values, 0.14)
    assert turns.size == pytest.approx(2 * place.size / 300, abs=3)
    assert spike_times(1e-9 * np.arange(place.size), values).times.size == pytest.approx(place.size / 300, abs=2)


@pytest.mark.parametrize("count", [3, 50, 4000])
def test_the_determinant_is_the_product_of_the_eigenvalues(count):
    shares = np.array([0.0, 1e-6, 1e-3, 0.1, 0.5, 0.9, 1.0])
    away = 1.0 - np.cos(np.pi * np.arange(1, count + 1) / (count + 1))
    expected = np.log(shares[:, None] ** 2 + (1.0 - shares[:, None] ** 2) * away).sum(axis=1)
    assert _log_determinant(shares, count) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(("width", "noise", "missing"), [(4, 0.1, True), (4, 0.02, False), (20, 0.05, False)])
def test_spikes_that_hardly_stand_out_of_the_noise_are_in_doubt(width, noise, missing):
    """Of 500 spikes, 244 were not found, and the frequency was wrong by half without a flag."""
    random = np.random.default_rng(0)
    time = np.arange(500 * 200)
    since = np.mod(time - 100 + 0.3, 200.0)
    values = np.where(since < width, 1.0 - since / width, 0.0) + noise * random.standard_normal(time.size)
    found = spike_times(1e-6 * time, values)
    assert found.missing is missing and (Flag.AMBIGUOUS in found.flags) is missing
    assert missing or found.times.size == 500
    told = "others may be too low to be found" in sensitivity(found, "V")
    assert told is missing
