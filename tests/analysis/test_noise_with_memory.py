"""Noise with memory is not reported as an oscillation, and real spikes and oscillations still are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.extraction import analyse_files

STEP = 2e-6  #: [s]


def filtered(noise: np.ndarray, *back: float) -> np.ndarray:
    """Return noise after a filter: each value is the new noise and parts of the values before."""
    made = [0.0] * len(back)
    for new in noise:
        made.append(new + sum(part * made[-1 - k] for k, part in enumerate(back)))
    return np.array(made[len(back):])


def telegraph(random: np.random.Generator) -> np.ndarray:
    ends = np.cumsum(random.exponential(60, 1000))
    return np.searchsorted(ends, np.arange(10000)) % 2 + 0.01 * random.standard_normal(10000)


def frequency(tmp_path: Path, values: np.ndarray, column: str = "V [V]") -> dict[str, Any]:
    """Return the frequency that `tsbench analyse` finds in a table."""
    path = tmp_path / "record.csv"
    np.savetxt(path, np.column_stack((STEP * np.arange(values.size), values)), "%.9g", ",",
               header=f"t [s],{column}", comments="")
    analysis = analyse_files([path])
    (found,) = [result for result in analysis.rows if result["quantity"] == "frequency"]
    return found


NOISES: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    **{f"pole of {pole} us": lambda random, pole=pole: 0.7 + 0.001 * filtered(
        random.standard_normal(10000), np.exp(-2.0 / pole)) for pole in (20, 40, 60, 200)},
    "random walk": lambda random: np.cumsum(random.standard_normal(5000)),
    "resonator": lambda random: filtered(random.standard_normal(5000), 1.95, -0.96),
    "telegraph": telegraph,
}


@pytest.mark.thin(9)
@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES.keys())
def test_noise_with_memory_is_no_oscillation_and_is_told(
    tmp_path: Path, noise: Callable[[np.random.Generator], np.ndarray]
) -> None:
    for seed in range(10):
        found = frequency(tmp_path, noise(np.random.default_rng(seed)))
        assert (found["value"], found["low"], found["high"]) == (None, None, None), seed
        assert {"no_event", "ambiguous"} <= set(found["flags"]), seed


def spikes(random: np.random.Generator, jitter: float, heights: float) -> np.ndarray:
    """Return spikes of a pole's decay, 150 samples apart with gamma-distributed intervals."""
    shape = 1.0 / jitter**2
    starts = np.cumsum(10.0 + 140.0 * random.gamma(shape, 1.0 / shape, 60))
    x = np.arange(5000.0)
    made = sum((1 + heights * random.standard_normal()) * np.where(x >= start, np.exp(-np.abs(x - start) / 5), 0.0)
               for start in starts)
    return made + 0.005 * random.standard_normal(x.size)


def sawtooth(random: np.random.Generator, jitter: float, fall: float) -> np.ndarray:
    starts = np.cumsum(120.0 * np.maximum(1 + jitter * random.standard_normal(80), 0.2))
    corners = np.column_stack((starts, starts + fall * 120.0)).ravel()
    return np.interp(np.arange(5000), corners, np.tile([1.0, 0.4], 80)) + 0.005 * random.standard_normal(5000)


@pytest.mark.thin(9)
@pytest.mark.parametrize(
    ("signal", "number"),
    [
        (lambda random: spikes(random, 0.1, 0.0), 33),
        (lambda random: spikes(random, 0.5, 0.3), 33),
        (lambda random: spikes(random, 1.0, 0.0), 33),
        (lambda random: sawtooth(random, 0.01, 0.05), 41),
        (lambda random: sawtooth(random, 0.3, 0.05), 41),
        (lambda random: sawtooth(random, 0.01, 0.2), 41),
        (lambda random: np.sin(np.arange(5000) / 20.0) + 0.02 * random.standard_normal(5000), 40),
        (lambda random: np.sin(np.cumsum(0.05 + 0.02 * random.standard_normal(5000))), 40),
    ],
)
def test_spikes_and_oscillations_are_told_from_noise(
    tmp_path: Path, signal: Callable[[np.random.Generator], np.ndarray], number: int
) -> None:
    for seed in range(10):
        found = frequency(tmp_path, signal(np.random.default_rng(seed)))
        assert found["value"] == pytest.approx(number / (5000 * STEP), rel=0.5), seed
        assert "ambiguous" not in found["flags"], seed
