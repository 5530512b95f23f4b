"""The part of 1/f noise that averages keep, of noise whose spectrum is known."""

import math

import numpy as np
import pytest

from tsbench.analysis.threshold.reading_noise import slow_noise


def pink(size: int, seed: int, h: float = 1.0) -> np.ndarray:
    """Return 1/f noise of variance ``h`` per factor e of frequency, shape (size,)."""
    generator = np.random.default_rng(seed)
    frequencies = np.fft.rfftfreq(2 * size)[1:]
    amplitudes = np.sqrt(h / (frequencies * 2 * size))   # each bin has h df / f
    phases = np.exp(2j * math.pi * generator.random(frequencies.size))
    spectrum = np.concatenate([[0.0], amplitudes * phases * size * math.sqrt(2)])
    return np.fft.irfft(spectrum, 2 * size)[:size]


def test_white_noise_has_little_of_it_and_pink_noise_what_its_spectrum_says() -> None:
    white = [slow_noise(np.random.default_rng(seed).normal(size=2000)) for seed in range(20)]
    assert np.median(white) < 0.5
    for h in (1.0, 100.0):
        found = [slow_noise(pink(2000, seed, h)) for seed in range(20)]
        assert np.median(found) == pytest.approx(math.sqrt(h * math.log(2 * 2000 / 8)), rel=0.25)
    slope = 7.0 * np.arange(2000.0)   # what varies smoothly is no noise
    assert slow_noise(slope + pink(2000, 1)) == pytest.approx(slow_noise(pink(2000, 1)), rel=0.05)


def test_of_few_readings_nothing_is_known() -> None:
    for size in (0, 1, 5, 31):
        assert all(slow_noise(pink(64, seed, 1e4)[:size]) == 0.0 for seed in range(5))
    assert any(slow_noise(pink(64, seed, 1e4)[:32]) > 0.0 for seed in range(5))
