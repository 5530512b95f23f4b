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


@pytest.mark.thin(3)
@pytest.mark.parametrize(("plateau", "width", "error"), [
    (1.0, 0.2, 0.02), (0.95, 0.5, 0.05), (0.75, 0.3, 0.05), (0.75, 0.5, 0.07), (0.4, 0.5, 0.12)])
def test_period_lies_where_the_second_pulse_fires_half_as_often_as_late(plateau, width, error):
    found = [period_of(device(4.6e-3, plateau, width, seed), 1e-3, 0.3) for seed in range(20)]
    known = np.array([one for one in found if one is not None])
    assert known.size >= (20 if plateau > 0.5 else 16)   # a device that seldom fires may tell nothing
    deviation = known / 4.6e-3 - 1.0
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


@pytest.mark.parametrize("shape", [2.5, 6.0])
def test_the_true_period_of_filaments_of_which_some_dissolve_early_is_their_median_life(shape: float) -> None:
    """A logistic function through all gaps is half high 3 to 5 % too soon."""
    def device(seed: int) -> float | None:
        def simulated(gaps: FloatArray, pairs: int, part: int) -> Counts:
            random = np.random.default_rng([seed, part])
            again = [(3e-3 * random.weibull(shape, pairs) < gap) & (random.random(pairs) < 0.95) for gap in gaps]
            return [(float(gap), pairs, int(fired.sum())) for gap, fired in zip(gaps, again, strict=True)]

        return period_of(simulated, 0.3e-3, 30e-3)

    found = [device(seed) for seed in range(12)]
    assert np.mean([one for one in found if one is not None]) == pytest.approx(
        3e-3 * np.log(2.0) ** (1.0 / shape), rel=0.018)
    assert None not in found


def test_a_device_that_never_recovers_has_no_true_period() -> None:
    assert period_of(lambda gaps, pairs, part: [(float(gap), pairs, 0) for gap in gaps], 0.3e-3, 30e-3) is None
