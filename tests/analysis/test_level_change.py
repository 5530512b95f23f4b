"""The steps of a series are those that its definition gives, one window and one gap at a time."""

import math

import numpy as np
import pytest

from tsbench.analysis.threshold import level_change
from tsbench.analysis.threshold.level_change import LEAST_SIGMAS, LEAST_WITHOUT, WINDOWS, steps
from tsbench.records import FloatArray


def by_definition(series: FloatArray, noise: FloatArray, drift: FloatArray) -> dict[int, tuple[int, float]]:
    """Return (reading after, what is sure of the step) of the surest step after each reading."""
    best: dict[int, tuple[int, float]] = {}
    n = series.size
    for window in (size for size in WINDOWS if size <= max(n - 3, 2)):
        for skip in (1, 2):
            for k in range(1, n - skip - 1):
                old, new = np.arange(max(k - window + 1, 0), k + 1), np.arange(k + skip, min(k + skip + window, n))
                whole = _size(series, drift, old, new)
                own = np.arange(max(k - max(window, 2) + 1, 0), k + 1), np.arange(
                    k + skip, min(k + skip + max(window, 2), n))
                # of readings that are alike the one beside the gap stays
                lowest = own[0][np.argmin(series[own[0]])]
                highest = own[1][::-1][np.argmax(series[own[1]][::-1])]
                less = own[0][own[0] != lowest], own[1][own[1] != highest]
                size = series[less[1]].mean() - series[less[0]].mean()
                # the drift of the means of longer windows is that of all their readings
                moved = less if window <= 2 else own
                size -= max(drift[moved[1]].mean() - drift[moved[0]].mean(), 0.0)
                sigmas = size / math.hypot(noise[k] / len(less[0]) ** 0.5, noise[k + skip] / len(less[1]) ** 0.5)
                sure = size * (1.0 - 3.0 / sigmas)
                deviation = math.hypot(noise[k] / len(old) ** 0.5, noise[k + skip] / len(new) ** 0.5)
                margin = 3.0 * max(noise[k], noise[k + skip]) if skip == 2 and k in best and best[k][0] == k + 1 else 0
                if whole >= LEAST_SIGMAS * deviation and sigmas >= LEAST_WITHOUT and (
                        k not in best or sure > best[k][1] + margin):
                    best[k] = k + skip, sure
    return best


def _size(series: FloatArray, drift: FloatArray, old: np.ndarray, new: np.ndarray) -> float:
    return float(series[new].mean() - series[old].mean() - max(drift[new].mean() - drift[old].mean(), 0.0))


@pytest.mark.parametrize(("n", "size"), [(4, 30.0), (5, 30.0), (9, 12.0), (40, 9.0), (80, 5.0)])
def test_steps_are_those_of_the_definition(n: int, size: float, monkeypatch: pytest.MonkeyPatch) -> None:
    number = 0
    for seed in range(3):
        random = np.random.default_rng([n, seed])
        noise, middle = random.uniform(0.5, 1.0, n), (n - 1) // 2
        series = noise * random.standard_normal(n) + size * (np.arange(n) > middle)
        series[middle + 1 - seed % 2] -= 0.4 * size  # taken while it changed
        drift = np.cumsum(random.uniform(0.0, 0.05, n))
        expected = by_definition(series, noise, drift)
        for at_once in (1, 300, 100_000):  # however many windows are compared at once
            monkeypatch.setattr(level_change, "_AT_ONCE", at_once)
            found = {step.before: (step.after, step.sure) for step in steps(series, (noise, noise), drift)}
            assert found.keys() == expected.keys()
            for place, (after, sure) in expected.items():
                assert found[place] == (after, pytest.approx(sure))
        number += len(expected)
    assert number > 0
