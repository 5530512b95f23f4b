"""Units that the numbers contradict, and numbers that contradict nothing."""

import numpy as np
import pytest

from tsbench.analysis.tables.plausibility import contradiction

TIME = 1e-4 * np.arange(800)


def relaxing(seed: int, mean: int = 1) -> np.ndarray:
    """Return a current [A] that falls from 80 uA to nothing, with noise of 3 nA that a meter averages over samples."""
    noise = np.convolve(np.random.default_rng(seed).normal(0, 3e-9 * np.sqrt(mean), 900), np.ones(mean) / mean)[:800]
    return np.where(TIME < 0.04, 8e-5 * np.exp(-TIME / 0.02), 0.0) + noise


@pytest.mark.parametrize("mean", [1, 2, 4])
@pytest.mark.parametrize("seed", range(10))
def test_a_fraction_of_an_electron_is_no_reading(seed: int, mean: int) -> None:
    current = relaxing(seed, mean)
    assert contradiction({"time": TIME, "current": current}) is None
    assert contradiction({"time": TIME, "current": 1e-3 * current}) is None   # 3 pA at 10 kHz: a good amplifier
    assert "of an electron" in contradiction({"time": 1e-3 * TIME, "current": 1e-6 * current}).why
    assert "of an electron" in contradiction({"time": TIME, "current": 1e-9 * current}).why


@pytest.mark.parametrize("digits", [3, 4, 6, 17])
def test_a_simulated_record_without_noise_shows_nothing(digits: int) -> None:
    for scale, step in ((1e-9, 1e-9), (1e-15, 1e-6), (1.0, 1e-3)):
        time = step * np.arange(1000)
        for shape in (np.sin(0.01 * np.arange(1000)), np.linspace(0, 1, 1000), np.exp(-0.01 * np.arange(1000))):
            current = np.array([float(f"{scale * value:.{digits}g}") for value in shape])
            assert contradiction({"time": time, "current": current}) is None


def test_a_voltage_or_a_current_that_no_source_meter_reaches() -> None:
    assert contradiction({"voltage": np.array([0.0, -4000.0])}).roles == ("voltage",)
    assert contradiction({"voltage": np.array([0.0, 200.0]), "current": np.array([0.0, -3.0])}) is None
    assert "the voltage would reach 500 V" in contradiction({"voltage": np.array([0.0, 500.0])}).why
    assert "the current would reach" in contradiction({"current": np.array([0.0, 80.0])}).why
