"""Jitter of spikes whose edges are shorter than a sample: what the samples hide is no jitter, and no lack of it."""

import numpy as np
import pytest

from tsbench.analysis.oscillation.frequency import oscillation
from tsbench.analysis.oscillation.line_width import train_results
from tsbench.analysis.oscillation.spikes import spike_times
from tsbench.records import Flag, FloatArray

CASES = pytest.mark.parametrize(("frequency", "jitter", "step", "span"), [
    (12345.6, 10e-9, 0.2e-6, 2e-3),    # 405.003 samples
    (12345.6, 30e-9, 0.2e-6, 2e-3),
    (10e3, 20e-9, 0.2e-6, 2e-3),       # 500 samples
    (12500.0, 20e-9, 0.2e-6, 10e-3),
    (12500.0, 100e-9, 1e-6, 50e-3),    # 80 samples: 36 % too high, with an interval without the truth
    (1 / 80.5e-6, 100e-9, 1e-6, 20e-3),   # two parts of a sample in turn
    (1 / 80.06e-6, 100e-9, 1e-6, 32e-3),  # the place in a sample goes on slowly: 79 % too high, without the truth
    (1 / 80.11e-6, 20e-9, 1e-6, 80e-3),
    (1 / 80.37e-6, 50e-9, 1e-6, 40e-3),
])


def record(frequency: float, jitter: float, step: float, span: float, seed: int) -> tuple[FloatArray, ...]:
    """(time, voltage) of a sawtooth with sudden edges, and its true intervals."""
    random = np.random.default_rng(seed)
    intervals = 1.0 / frequency + jitter * random.standard_normal(int(span * frequency) + 3)
    spikes = np.cumsum(intervals) - intervals[0] + 0.5 * step
    time = step * np.arange(round(span / step))
    before = np.clip(np.searchsorted(spikes, time, side="right") - 1, 0, spikes.size - 2)
    phase = (time - spikes[before]) / intervals[before + 1]
    voltage = 0.5 + 0.7 * (1.0 - np.exp(-3.0 * phase)) + 0.004 * random.standard_normal(time.size)
    return time, voltage, np.diff(spikes[spikes < span])


@CASES
def test_a_period_of_whole_samples_hides_the_jitter(frequency: float, jitter: float, step: float, span: float) -> None:
    for seed in range(6):
        time, voltage, intervals = record(frequency, jitter, step, span, seed)
        found = oscillation(spike_times(time, voltage))
        assert found.jitter is not None
        assert (found.jitter.low or 0.0) <= float(intervals.std(ddof=1)) <= found.jitter.high
        assert found.frequency == pytest.approx(frequency, rel=3e-4)


@CASES
def test_it_hides_how_regular_the_spikes_are_too(frequency: float, jitter: float, step: float, span: float) -> None:
    """The device's intervals do not depend on each other, so its correlation is 0."""
    for seed in range(6):
        time, voltage, intervals = record(frequency, jitter, step, span, seed)
        spikes = spike_times(time, voltage)
        found = {row.quantity: row for row in train_results(oscillation(spikes), spikes.uncertainty, {})}
        change, total = np.diff(intervals), intervals[1:] + intervals[:-1]
        truths = {"": float(intervals.std(ddof=1) / intervals.mean()),
                  "_local": float(np.mean(2.0 * np.abs(change) / total))}
        for name, truth in truths.items():
            row = found[f"inter_spike_interval{name}_variation"]
            if intervals.size > 24:
                assert row.high is not None and (row.low or 0.0) <= truth <= row.high, (name, seed)
        row = found["inter_spike_interval_correlation"]
        assert row.value is None, "jitter far below a sample shows no correlation"
        assert found["line_width"].value is None or Flag.AMBIGUOUS in found["line_width"].flags


def test_a_jitter_of_samples_is_told_although_samples_hide_some() -> None:
    for seed in range(6):
        time, voltage, intervals = record(12500.0, 4e-6, 1e-6, 20e-3, seed)
        spikes = spike_times(time, voltage)
        measured = oscillation(spikes)
        truth = float(intervals.std(ddof=1))
        assert measured.jitter is not None and measured.jitter.value is not None
        assert measured.jitter.low <= truth <= measured.jitter.high < 1.4 * truth
        found = {row.quantity: row for row in train_results(measured, spikes.uncertainty, {})}
        assert found["inter_spike_interval_correlation"].value is not None
        assert not found["line_width"].flags & Flag.AMBIGUOUS or found["line_width"].value is None


@pytest.mark.parametrize("displacement", [0.3e-6, 0.6e-6, 1e-6, 2e-6])
def test_a_device_that_takes_back_what_an_interval_has_too_much_is_within_the_bound(displacement: float) -> None:
    for seed in range(6):
        random = np.random.default_rng(seed)
        spikes = 80.37e-6 * np.arange(102) + displacement * random.standard_normal(102)
        time = 1e-6 * np.arange(8000)
        before = np.clip(np.searchsorted(spikes, time, side="right") - 1, 0, spikes.size - 2)
        phase = (time - spikes[before]) / np.diff(spikes)[before]
        voltage = 0.5 + 0.7 * (1.0 - np.exp(-3.0 * phase)) + 0.004 * random.standard_normal(time.size)
        found = oscillation(spike_times(time, voltage)).jitter
        truth = float(np.diff(spikes[(spikes > 0.0) & (spikes < 8e-3)]).std(ddof=1))
        assert found is not None and (found.low or 0.0) <= truth <= found.high


def test_what_sampling_hides_is_added_once() -> None:
    """The bound of the variation is that of the jitter over the mean interval."""
    time, voltage, _ = record(10e3, 20e-9, 0.2e-6, 2e-3, 0)
    spikes = spike_times(time, voltage)
    measured = oscillation(spikes)
    found = {row.quantity: row for row in train_results(measured, spikes.uncertainty, {})}
    assert measured.jitter is not None and measured.jitter.value is None
    bound = measured.jitter.high / float(measured.intervals.mean())
    assert found["inter_spike_interval_variation"].high == pytest.approx(bound, rel=1e-9)
    assert Flag.TOO_FEW in found["inter_spike_interval_correlation"].flags   # 19 intervals
