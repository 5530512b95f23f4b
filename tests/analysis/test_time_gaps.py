"""Spikes of records with gaps in their time: the intervals that are left are those of the device."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.analysis.oscillation.frequency import oscillation
from tsbench.analysis.oscillation.spikes import inter_spike_intervals, spike_times
from tsbench.analysis.oscillation.time_gaps import spikes_between_gaps

PERIOD = 1e-6


def sawtooth(number: int = 60, jitter: float = 0.01, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    edges = np.concatenate(([0.0], np.cumsum(PERIOD * (1 + jitter * random.standard_normal(number)))))
    time = np.arange(0.0, edges[-1], 2e-8)
    k = np.clip(np.searchsorted(edges, time, side="right") - 1, 0, number - 1)
    phase = (time - edges[k]) / np.diff(edges)[k]
    values = np.where(phase < 0.8, 0.6 + 0.5 * phase / 0.8, 1.1 - 2.5 * (phase - 0.8))
    return time, values + 0.005 * random.standard_normal(time.size)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 1000), begin=st.floats(5e-6, 40e-6), length=st.floats(0.7e-6, 30e-6))
def test_no_interval_spans_a_gap(seed: int, begin: float, length: float) -> None:
    time, values = sawtooth(seed=seed)
    kept = (time < begin) | (time > begin + length)
    spikes, gaps = spikes_between_gaps(time[kept], values[kept])
    intervals = inter_spike_intervals(spikes)
    assert len(gaps) == (1 if begin + length < time[-1] - 5 * 2e-8 else len(gaps))
    assert intervals.min() > 0.9 * PERIOD and intervals.max() < 1.1 * PERIOD
    found = oscillation(spikes)
    assert found.regime in {"tonic", "too few"}
    assert found.low is not None and found.high is not None and found.low < 1.02e6 and found.high > 0.98e6


def test_a_record_without_gaps_and_one_of_uneven_steps_stay_as_they_are() -> None:
    time, values = sawtooth()
    whole = spike_times(time, values)
    for kept in (np.ones(time.size, dtype=bool), np.random.default_rng(2).uniform(size=time.size) < 0.8):
        spikes, gaps = spikes_between_gaps(time[kept], values[kept])
        assert gaps == () and spikes.unknown == () and spikes.times.size == whole.times.size


def test_the_place_of_a_gap_is_told() -> None:
    time, values = sawtooth()
    kept = (time < 20e-6) | (time > 30e-6)
    _, gaps = spikes_between_gaps(time[kept], values[kept])
    assert gaps == (pytest.approx((20e-6, 30e-6), abs=4e-8),)
