"""Whether a short record beside a reading shows an oscillation, or only a device that is noisier than at rest."""

import numpy as np
import pytest

from tsbench.protocols.acquiring.oscillation_check import oscillation, repeats

TIMES = np.arange(2000)
DT = 25e-9


def test_a_device_that_is_noisier_than_at_rest_does_not_oscillate() -> None:
    for seed in range(100):
        noise = 3.3 * np.random.default_rng(seed).standard_normal(TIMES.size)
        assert oscillation(noise, DT, 1.0, 0.1).cycles == 0, seed


@pytest.mark.parametrize("shape", [TIMES / 2000, np.exp(-TIMES / 150)], ids=["drift", "settling"])
def test_what_moves_once_does_not_oscillate(shape: np.ndarray) -> None:
    for seed in range(100):
        values = 12.0 * shape + np.random.default_rng(seed).standard_normal(TIMES.size)
        assert oscillation(values, DT, 1.0, 0.1).cycles < 3, seed


@pytest.mark.parametrize("period", [3.3, 5.0, 20.0, 200.0, 500.0])
@pytest.mark.parametrize("shape", ["sine", "sawtooth"])
def test_an_oscillation_of_three_times_the_noise_is_found_and_its_frequency(period: float, shape: str) -> None:
    for seed in range(30):
        random = np.random.default_rng(seed)
        phase = TIMES / period + random.uniform()
        clean = 4.2 * np.sin(2 * np.pi * phase) if shape == "sine" else 10.0 * (phase % 1.0)
        found = oscillation(clean + random.standard_normal(TIMES.size), DT, 1.0, 0.1)
        assert found.cycles >= 3, seed
        if 20.0 <= period <= 200.0:
            assert found.frequency * DT * period == pytest.approx(1.0, rel=0.2)


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_noise_of_any_slope_has_no_line(power: float) -> None:
    frequency = np.arange(1.0, 2001.0)
    for seed in range(100):
        random = np.random.default_rng(seed)
        parts = random.standard_normal(2000) + 1j * random.standard_normal(2000)
        noise = np.fft.irfft(np.concatenate(([0.0], parts * frequency ** (-power / 2))))[:2000]
        assert not repeats(noise), seed
