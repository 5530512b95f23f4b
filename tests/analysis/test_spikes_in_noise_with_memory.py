"""Spikes in noise that is not white: low-pass and 1/f noise. A number without a flag is right."""

from dataclasses import replace

import numpy as np
import pytest

from tests.analysis.test_spikes import unequal
from tsbench.analysis.oscillation.frequency import frequency_result, oscillation, sensitivity
from tsbench.analysis.oscillation.noise_with_memory import is_told_apart
from tsbench.analysis.oscillation.spikes import spike_times
from tsbench.records import Flag

ONE_OVER_F = np.inf


def noise_of_memory(random, size, memory):
    """Noise with a standard deviation of 1 and a coefficient from sample to sample, or 1/f noise."""
    values = random.standard_normal(size)
    if memory == ONE_OVER_F:
        spectrum = np.fft.rfft(values)
        values = np.fft.irfft(spectrum / np.sqrt(np.arange(1, spectrum.size + 1)), size)
    else:
        for k in range(1, size):
            values[k] += memory * values[k - 1]
    return values / values.std()


def train(seed, period=200, ratio=0.25, size=40_000):
    """Two hundred spikes of two heights on a line as high as the larger ones; returns (values, true times)."""
    random = np.random.default_rng(seed)
    at = period * 0.5 + np.cumsum(period * (1 + 0.05 * random.standard_normal(size // period - 2)))
    place, values = np.arange(size), np.linspace(0, 1, size)
    for t, height in zip(at, np.where(random.random(at.size) < 0.5, ratio, 1.0), strict=True):
        near = slice(int(t) - period // 2, int(t) + period // 2)
        values[near] += height * np.exp(-4 * np.log(2) * ((place[near] - t) / (0.1 * period)) ** 2)
    return values, at


def right(found, at):
    truth = (at.size - 1) / (at[-1] - at[0])
    return found.low <= truth <= found.high or abs(found.frequency / truth - 1) < 0.01


@pytest.mark.thin(2)
@pytest.mark.parametrize("share", [0.1, 0.2])
@pytest.mark.parametrize("memory", [0.5, 0.8, 0.95, ONE_OVER_F])
def test_a_frequency_without_a_flag_is_right(memory, share):
    for seed in range(4):
        values, at = train(seed)
        noise = noise_of_memory(np.random.default_rng(100 + seed), values.size, memory)
        spikes = spike_times(np.arange(float(values.size)), values + share * 0.25 * noise)
        assert Flag.AMBIGUOUS in spikes.flags or right(oscillation(spikes), at)


@pytest.mark.parametrize("memory", [0.5, 0.8, ONE_OVER_F])
def test_spikes_are_told_from_noise_of_a_tenth_of_the_smallest(memory):
    for seed in range(4):
        values, at = train(seed)
        noise = noise_of_memory(np.random.default_rng(100 + seed), values.size, memory)
        spikes = spike_times(np.arange(float(values.size)), values + 0.025 * noise)
        assert spikes.flags == Flag.NONE and not spikes.doubtful
        assert abs(spikes.times.size - at.size) <= 2


@pytest.mark.parametrize("memory", [0.5, 0.8, 0.95, ONE_OVER_F])
def test_noise_alone_is_no_spikes_or_has_a_flag(memory):
    for seed in range(5):
        values = noise_of_memory(np.random.default_rng(seed), 40_000, memory)
        time = np.arange(values.size) * 1e-6
        spikes = spike_times(time, values)
        assert spikes.times.size < 3 or spikes.doubtful or not is_told_apart(time, values, spikes)
        assert spikes.times.size < 3 or Flag.AMBIGUOUS in spikes.flags


def test_the_method_says_that_spikes_may_be_noise():
    values, _ = train(0)
    noise = noise_of_memory(np.random.default_rng(1), values.size, 0.8)
    spikes = spike_times(1e-6 * np.arange(values.size), values + 0.08 * noise)
    result = frequency_result(oscillation(spikes), {}, sensitivity(spikes, "V"))
    assert Flag.AMBIGUOUS in result.flags
    assert "some of the spikes may be noise" in result.method


def test_a_scale_and_a_shift_change_no_level():
    values, _ = train(2)
    values = values + 0.025 * noise_of_memory(np.random.default_rng(3), values.size, 0.95)
    time = np.arange(float(values.size))
    one, other = spike_times(time, values), spike_times(time, 5.0 - 1e-3 * values)
    assert one.flags == other.flags
    assert abs(one.times.size - other.times.size) <= 1
    assert other.least == pytest.approx(1e-3 * one.least)


def test_white_noise_has_no_flag():
    for seed in range(5):
        time, values, at = unequal(seed, 0.25, 1.0)
        spikes = spike_times(time, values + 0.01 * np.random.default_rng(seed).standard_normal(time.size))
        assert spikes.flags == Flag.NONE
        assert spikes.times.size == at.size


def test_three_excursions_of_the_noise_whose_intervals_are_alike_are_no_oscillation():
    time, at = np.arange(4000.0), np.array([1000.0, 2000.0, 3010.0])
    for seed in range(20):
        values = noise_of_memory(np.random.default_rng(seed), time.size, 0.8)
        three = replace(spike_times(time, values), times=at, levels=np.zeros(3), flags=Flag.NONE, unknown=())
        if is_told_apart(time, values, replace(three, doubtful=False)):
            break   # the two heights are alike as well
    else:
        pytest.fail("no noise has two heights that are alike")
    assert not is_told_apart(time, values, replace(three, doubtful=True))
    ten = np.arange(200.0, 4000.0, 400.0)
    assert is_told_apart(time, 0.02 * values + np.isin(time, ten), replace(three, times=ten, doubtful=True))
