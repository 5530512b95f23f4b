"""Jitter of spikes whose edges are shorter than a sample: what the samples hide is no jitter, and no lack of it."""

import numpy as np
import pytest

from tsbench.analysis.oscillation.frequency import oscillation
from tsbench.analysis.oscillation.spikes import spike_times


@pytest.mark.parametrize(("frequency", "jitter", "step", "span"), [
    (12345.6, 10e-9, 0.2e-6, 2e-3),    # 405.003 samples
    (12345.6, 30e-9, 0.2e-6, 2e-3),
    (10e3, 20e-9, 0.2e-6, 2e-3),       # 500 samples
    (12500.0, 20e-9, 0.2e-6, 10e-3),
    (12500.0, 100e-9, 1e-6, 50e-3),    # 80 samples: 36 % too high, with an interval without the truth
    (1 / 80.5e-6, 100e-9, 1e-6, 20e-3),   # two parts of a sample in turn
])
def test_a_period_of_whole_samples_hides_the_jitter(frequency: float, jitter: float, step: float, span: float) -> None:
    for seed in range(6):
        random = np.random.default_rng(seed)
        intervals = 1.0 / frequency + jitter * random.standard_normal(int(span * frequency) + 3)
        spikes = np.cumsum(intervals) - intervals[0] + 0.5 * step
        time = step * np.arange(round(span / step))
        before = np.clip(np.searchsorted(spikes, time, side="right") - 1, 0, spikes.size - 2)
        phase = (time - spikes[before]) / intervals[before + 1]
        voltage = 0.5 + 0.7 * (1.0 - np.exp(-3.0 * phase)) + 0.004 * random.standard_normal(time.size)
        found = oscillation(spike_times(time, voltage))
        truth = float(np.diff(spikes[spikes < span]).std(ddof=1))
        assert found.jitter is not None
        assert (found.jitter.low or 0.0) <= truth <= found.jitter.high
        assert found.frequency == pytest.approx(frequency, rel=3e-4)
