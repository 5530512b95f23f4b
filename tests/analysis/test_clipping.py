"""The ends of a digitiser's range are seen in a record, and only where its noise is resolved."""

import numpy as np
import pytest

from tsbench.analysis.tables.clipping import apparent_ends, shown_noise, shown_step, stands_at_end

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


@pytest.mark.parametrize("share", [0.3, 0.45, 0.555, 0.7, 0.8, 0.95])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_record_that_is_mostly_at_its_end_is_clipped(share: float, sign: int) -> None:
    time = np.arange(40_000)
    for record in (np.sin(2.0 * np.pi * time / 2000.0), np.exp(-time / 20_000.0)):
        noisy = record + np.random.default_rng(3).normal(0.0, 0.02, record.size)
        end = float(np.quantile(noisy, 1.0 - share))
        found = apparent_ends(sign * np.minimum(noisy, end))
        assert found == ((-np.inf, end) if sign > 0 else (-end, np.inf))


def resting(width: float, size: int = 40_000) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Spikes of height 1 from a rest at 0; ``width`` [samples] is their standard deviation."""
    period = 40.0 * width + 0.37
    since = (np.arange(size) + 0.5 * period) % period - 0.5 * period
    return np.exp(-0.5 * (since / width) ** 2)


@pytest.mark.parametrize("width", [1.5, 2.0, 3.0, 5.0, 10.0])
@pytest.mark.parametrize("codes", [30, 200, 2000])
def test_codes_of_a_rest_are_no_end(width: float, codes: int) -> None:
    noise = np.random.default_rng(4).normal(0.0, 0.1, 40_000)   # less than a code: it rests at one
    record = np.round(codes * resting(width) + noise)
    assert float(np.mean(record == 0.0)) > 0.7 and apparent_ends(record) == (-np.inf, np.inf)


@pytest.mark.parametrize("digits", [3, 5, 12])
def test_a_table_without_noise_that_rests_shows_no_end(digits: int) -> None:
    spikes = resting(5.0)
    record = np.where(spikes < 0.01, 0.0, spikes)
    printed = np.array([float(f"{value:.{digits}e}") for value in record.tolist()])
    limited = np.minimum(printed, float(f"{0.6:.{digits}e}"))
    assert apparent_ends(printed) == apparent_ends(limited) == (-np.inf, np.inf)


def test_a_digital_square_wave_shows_no_end() -> None:
    period = np.arange(40_000) % 100
    for high in (30, 60, 90):
        assert apparent_ends(np.where(period < high, 3.3, 0.0)) == (-np.inf, np.inf)
        assert apparent_ends(np.clip(np.minimum(period, high - period) / 3.0, 0.0, 1.0)) == (-np.inf, np.inf)


def test_noise_and_step_are_shown_by_what_is_between_the_ends() -> None:
    noisy = np.sin(np.arange(40_000) / 300.0) + np.random.default_rng(7).normal(0.0, 0.02, 40_000)
    codes = np.round(noisy / 1e-3) * 1e-3
    clipped = np.minimum(codes, float(np.quantile(codes, 0.3)))
    assert shown_noise(clipped) == pytest.approx(0.02, rel=0.05)
    assert shown_step(clipped) == pytest.approx(1e-3, rel=1e-6)
    assert shown_noise(np.ones(5)) == 0.0 and shown_step(np.ones(5)) == np.inf
    assert shown_step(np.exp(-np.arange(5000) / 300.0)) == np.inf   # the curve itself is no noise


def test_readings_of_a_pulse_at_one_largest_value_are_clipped_unless_the_codes_are_coarse() -> None:
    noise = np.random.default_rng(1).normal(0.0, 1e-7, 200)
    current = 1e-5 + noise
    assert not stands_at_end(current, 1e-7)
    assert stands_at_end(np.minimum(current, 1e-5), 1e-7)
    assert stands_at_end(-np.minimum(current, 1e-5), 1e-7)
    assert not stands_at_end(np.full(50, 1e-5), 1e-7)
    long = np.concatenate([np.minimum(current, 1e-5)[:5], np.linspace(0.0, 0.9e-5, 5000)])
    assert not stands_at_end(long, 1e-7)   # less than a hundredth of it
    square = np.concatenate([[0.1e-5, 0.6e-5], np.full(200, 1e-5), [0.5e-5]])
    assert not stands_at_end(square, 1e-7) and not stands_at_end(square, 1e-7, 3e-7)
    assert stands_at_end(square, 1e-7, 1e-9)   # the rest of the record shows that the steps are fine


@pytest.mark.parametrize("step", [0.8, 1.0, 1.9])
@pytest.mark.parametrize("place", [0.0, 0.2, 0.5, 0.8])
def test_codes_as_coarse_as_the_noise_pile_up_at_the_end_only(step: float, place: float) -> None:
    """Without an end, the outermost code of a noisy level has the fewest readings; ``place`` of the level in a code."""
    for seed in range(50):
        level = np.random.default_rng(seed).normal((20.0 + place) * step, 1.0, 500)
        codes = np.concatenate(([0.0, 10.0], np.rint(level / step)))   # with the edge of a pulse
        assert not stands_at_end(codes * step, 1.0, step), seed
        assert stands_at_end(np.minimum(codes, 20.0) * step, 1.0, step), seed
