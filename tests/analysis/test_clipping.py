"""The ends of a digitiser's range are seen in a record, and only where its noise is resolved."""

import numpy as np
import pytest

from tsbench.analysis.tables.clipping import apparent_ends

RNG = np.random.default_rng(5)
SPIKES = 1.0 + 3.0 * np.abs(np.sin(np.linspace(0.0, 200.0, 20_000))) ** 8
NOISY = SPIKES + RNG.normal(0.0, 0.02, SPIKES.size)


def test_a_cut_record_shows_its_ends() -> None:
    assert apparent_ends(np.clip(NOISY, -np.inf, 3.0)) == (-np.inf, 3.0)
    assert apparent_ends(np.clip(NOISY, 1.0, np.inf)) == (1.0, np.inf)
    assert apparent_ends(-2.0 * np.clip(NOISY, -np.inf, 3.0)) == (-6.0, np.inf)


@pytest.mark.parametrize("values", [
    NOISY, SPIKES, np.round(NOISY, 3), np.round(NOISY / 0.04) * 0.04, np.round(np.clip(NOISY, 0, 3) / 0.04) * 0.04,
    np.ones(1000), np.empty(0), np.array([1.0]), np.where(SPIKES > 2, 3.0, 0.0)],
    ids=["noise", "no noise", "12 bits", "8 bits", "8 bits, cut", "constant", "empty", "one", "two levels"])
def test_other_records_show_none(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> None:
    assert apparent_ends(values) == (-np.inf, np.inf)


def test_noise_alone_shows_no_end() -> None:
    for seed in range(200):
        noise = np.random.default_rng(seed).normal(0.0, 1.0, 2000)
        assert apparent_ends(np.round(noise, 2)) == (-np.inf, np.inf)
