"""The true refractory period of the truth benchmark, of devices whose recovery is known."""

from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.truth.long_run import Counts, crossing, period_of
from tsbench.records import FloatArray


def device(period: float, plateau: float, width: float, seed: int) -> Callable[[FloatArray, int, int], Counts]:
    """Return the pairs of a device that fires its first pulse in 80 % of pairs."""
    def simulated(gaps: FloatArray, pairs: int, part: int) -> Counts:
        draw = np.random.default_rng([seed, part])
        fired = draw.binomial(pairs, 0.8, len(gaps))
        again = draw.binomial(fired, plateau / (1.0 + np.exp(-np.log(gaps / period) / width)))
        return list(zip(gaps.tolist(), fired.tolist(), again.tolist(), strict=True))
    return simulated


@pytest.mark.parametrize(("plateau", "width", "error"), [
    (1.0, 0.2, 0.02), (0.95, 0.5, 0.05), (0.75, 0.3, 0.05), (0.75, 0.5, 0.07), (0.4, 0.5, 0.12)])
def test_period_lies_where_the_second_pulse_fires_half_as_often_as_late(plateau, width, error):
    found = np.array([period_of(device(4.6e-3, plateau, width, seed), 1e-3, 0.3) for seed in range(20)])
    deviation = found / 4.6e-3 - 1.0
    assert np.abs(np.median(deviation)) < error
    assert np.max(np.abs(deviation)) < 4.0 * error


@pytest.mark.parametrize("period", [1e-5, 5.0])
def test_no_period_where_the_gaps_do_not_show_both_sides(period):
    assert period_of(device(period, 0.75, 0.3, 1), 1e-3, 0.3) is None


def test_no_period_where_no_second_pulse_fires():
    assert period_of(device(4.6e-3, 0.0, 0.3, 1), 1e-3, 0.3) is None


def test_crossing_of_exact_counts():
    gaps = np.geomspace(0.5, 2.0, 9)
    counts = [(float(gap), 100_000, round(100_000 / (1.0 + 1.3 / gap))) for gap in gaps]
    assert crossing(counts, 0.5) == pytest.approx(1.3, rel=1e-3)
