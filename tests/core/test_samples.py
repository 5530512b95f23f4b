"""The samples of an envelope show every glitch, wherever the bins end."""

import tracemalloc

import numpy as np
import pytest

from tsbench.records import Waveform
from tsbench.samples import (
    convolved,
    envelope,
    median,
    noise_of,
    quantile,
    resolution,
    smoothed,
    spread_out,
    step_of_codes,
)


@pytest.mark.parametrize("edges", [range(0, 101, 10), [0, 33, 66, 100], [0, 7, 100]])
def test_the_lowest_and_the_highest_sample_of_each_bin(edges: list[int]) -> None:
    values = np.random.default_rng(1).normal(size=100)
    values[[13, 71]] = 9.0, -9.0
    lowest, highest = envelope(values, edges)
    for low, high, least, most in zip(edges[:-1], edges[1:], lowest, highest, strict=True):
        assert low <= least < high and low <= most < high
        assert values[least] == values[low:high].min() and values[most] == values[low:high].max()
    assert 13 in highest and 71 in lowest


def test_of_equal_samples_the_first_counts() -> None:
    codes = np.array([3, 3, 1, 1], dtype=np.int16)
    assert [found.tolist() for found in envelope(codes, [0, 2, 4])] == [[0, 2], [0, 2]]


def test_the_running_mean_is_made_odd_and_keeps_a_level() -> None:
    assert smoothed(np.array([0.0, 0.0, 3.0, 0.0, 0.0]), 3).tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]
    assert smoothed(np.array([0.0, 0.0, 3.0, 0.0, 0.0]), 2).tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]
    assert smoothed(np.array([1.0, 3.0]), 1).tolist() == [1.0, 3.0]
    unchanged = np.array([0.1, 0.2, 0.7])
    assert smoothed(unchanged, 1) is unchanged and smoothed(np.array([]), 3).size == 0
    assert smoothed(np.array([5.0, 5.0]), 9) == pytest.approx([5.0, 5.0])


@pytest.mark.parametrize(("samples", "taps"), [(3000, 2001), (5000, 501), (4096, 4096), (300, 20), (10, 700)])
def test_a_long_kernel_gives_what_a_short_one_does(samples: int, taps: int) -> None:
    values, kernel = (np.random.default_rng(size).normal(size=size) for size in (samples, taps))
    assert convolved(values, kernel) == pytest.approx(np.convolve(values, kernel, mode="valid"), abs=1e-10)


def test_median_and_quantile_are_numpy_s() -> None:
    values = np.random.default_rng(2).normal(size=8)
    for chosen in (values[:1], values[:7], values):
        assert median(chosen) == pytest.approx(np.median(chosen))
        for part in (0.0, 0.3, 1.0):
            assert quantile(chosen, part) == pytest.approx(np.quantile(chosen, part))


def test_the_noise_on_a_slope_is_found_and_is_never_below_the_digitiser_s() -> None:
    values = np.linspace(0.0, 50.0, 20_000) + np.random.default_rng(3).normal(scale=0.2, size=20_000)
    assert noise_of(values) == pytest.approx(0.2, rel=0.03)
    assert noise_of(np.arange(4.0), 12.0**0.5) == pytest.approx(1.0)
    assert noise_of(np.array([0.0, 9.0, 0.0]), 0.0) == 0.0


@pytest.mark.parametrize("samples", [400, 1_000_000])
def test_an_envelope_of_samples_that_may_not_be_written_to_copies_nothing(samples: int) -> None:
    """NumPy's argmin copies such an array as a whole: 200 MB for the preview of a long record."""
    values = np.random.default_rng(1).integers(-3000, 3000, 2 * samples).astype(np.int16)
    values.flags.writeable = False
    edges = range(0, 2 * samples + 1, 200)
    tracemalloc.start()
    lowest, highest = envelope(values, edges)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    folded = values.reshape(-1, 200)
    assert (lowest % 200 == folded.argmin(axis=1)).all() and (highest % 200 == folded.argmax(axis=1)).all()
    assert most < 2**20


@pytest.mark.parametrize("step", [1, 16, 256])
def test_the_step_of_codes_is_that_of_the_converter(step: int) -> None:
    codes = (np.random.default_rng(1).integers(-100, 100, (2, 5000)) * step + 7).astype(np.int16)
    assert step_of_codes(codes) == step
    record = Waveform("device_voltage_high", "V", codes, -1e-3, 0.5, 0.0, 1e-9, np.zeros(2))
    assert resolution(record) == pytest.approx(1e-3 * step)


def test_a_rare_code_counts_and_equal_codes_have_a_step_of_one() -> None:
    codes = np.full(5000, 512, dtype=np.int16)
    assert step_of_codes(codes) == 1
    codes[4000] = 513
    assert step_of_codes(codes) == 1
    assert step_of_codes(np.array([0, 4, 8, -4], dtype=np.int8)) == 1   # a converter of 8 bits has these steps
    assert step_of_codes(np.array([-256, 256, -32768], dtype=np.int16)) == 256
    assert step_of_codes(np.empty(0, dtype=np.int8)) == 1


@pytest.mark.parametrize("period", [2, 3, 10, 20, 1000])
def test_rows_that_stand_for_all_see_every_phase_of_a_period(period: int) -> None:
    rows = spread_out(20_000, 1000)
    assert rows.size == 1000 and np.all(np.diff(rows) > 0) and rows[0] < 20 and rows[-1] >= 19_980
    if period <= 20:
        assert np.unique(rows % period).size == period
    assert spread_out(period, 1000).tolist() == list(range(period))
