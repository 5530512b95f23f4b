"""The steps between two lines are those that their definition gives, one window and one gap at a time."""

import math

import numpy as np
import pytest

from tsbench.analysis.threshold.level_change import LEAST_SIGMAS, LEAST_WITHOUT
from tsbench.analysis.threshold.line_steps import line_steps
from tsbench.records import FloatArray


def line_at(x: FloatArray, y: FloatArray, at: float) -> tuple[float, float, float]:
    """Return (value, its deviation in deviations of one reading, misfit) of the line of least squares at a place."""
    away = x - x.mean()
    spread = float(away @ away)
    slope = float(away @ y) / spread
    misfit = y - y.mean() - slope * away
    return (float(y.mean()) + slope * (at - float(x.mean())),
            math.sqrt(1.0 / x.size + (at - float(x.mean())) ** 2 / spread),
            math.sqrt(float(misfit @ misfit) / max(x.size - 2, 1)))


def by_definition(
    y: FloatArray, x: FloatArray, before: FloatArray, after: FloatArray, drift: FloatArray, least: float,
    noises: float,
) -> dict[int, tuple[int, float, float, float]]:
    """Return (reading after, size, deviations without a reading, what is sure of it) of the surest step after each."""
    best: dict[int, tuple[int, float, float, float]] = {}
    n = y.size
    for window in (3, 4, 6, 8, 12):
        if window > n - 3:
            continue
        for skip in (1, 2):
            for k in range(2, n - skip - 2):
                m = k + skip
                old, new = np.arange(max(k - window + 1, 0), k + 1), np.arange(m, min(m + window, n))
                low, high = line_at(x[old], y[old], x[k]), line_at(x[new], y[new], x[m])
                if low[2] > 1.5 * before[k] or high[2] > 1.5 * after[m]:
                    continue   # a line does not fit the readings
                noise = max(before[k], low[2]), max(after[m], high[2])
                deviation = noise[0] * low[1], noise[1] * high[1]
                allowed = drift[m] - drift[k]
                size = high[0] - low[0] - allowed
                enough = max(min(math.log(2.0), noises * max(before[k], after[m])), least)
                if size < max(enough, LEAST_SIGMAS * math.hypot(*deviation)):
                    continue
                without = []
                for out in old:
                    value, share, _ = line_at(x[old[old != out]], y[old[old != out]], x[k])
                    without.append((high[0] - value - allowed) / math.hypot(noise[0] * share, deviation[1]))
                for out in new:
                    value, share, _ = line_at(x[new[new != out]], y[new[new != out]], x[m])
                    without.append((value - low[0] - allowed) / math.hypot(noise[1] * share, deviation[0]))
                sure = size * (1.0 - 3.0 / min(without))
                if min(without) >= LEAST_WITHOUT and (k not in best or sure > best[k][3]):
                    best[k] = m, size, min(without), sure
    return best


@pytest.mark.parametrize(("n", "size", "trend"), [(7, 30.0, 2.0), (9, 20.0, -2.0), (16, 14.0, -1.0)])
def test_steps_are_those_of_the_definition(n: int, size: float, trend: float) -> None:
    number = 0
    for seed in range(1 if n > 9 else 3):
        random = np.random.default_rng([n, seed])
        x = np.cumsum(random.uniform(0.5, 1.5, n))
        before, after = random.uniform(0.8, 1.2, (2, n))
        middle = (n - 1) // 2
        y = trend * x + 0.7 * random.standard_normal(n) + size * (np.arange(n) > middle)
        y[middle + 1 - seed % 2] -= 0.4 * size * (seed > 0)   # taken while it changed
        drift = np.cumsum(random.uniform(0.0, 0.3, n))
        for least, noises in ((0.0, 0.0), (0.8 * size, 0.0), (0.0, 9.0)):
            expected = by_definition(y, x, before, after, drift, least, noises)
            found = {step.before: step for step in line_steps(y, x, (before, after), drift, least, noises)}
            assert found.keys() == expected.keys()
            for place, (second, height, sigmas, sure) in expected.items():
                step = found[place]
                assert (step.after, step.size) == (second, pytest.approx(height))
                assert (step.sigmas, step.sure) == (pytest.approx(sigmas), pytest.approx(sure))
                assert step.noise == max(before[place], after[second])
        number += len(expected)
    assert number > 0


def test_readings_in_one_place_and_few_readings_have_no_line() -> None:
    y = np.where(np.arange(12) > 5, 50.0, 0.0)
    noise = np.ones(12)
    assert [step.before for step in line_steps(y, np.arange(12.0), (noise, noise))] == [4, 5]   # and one between
    assert line_steps(y, np.zeros(12), (noise, noise)) == []
    assert line_steps(y[3:8], np.arange(5.0), (noise[:5], noise[:5])) == []
    wild = np.where(np.arange(12) == 6, 50.0, 0.0)   # one reading makes no step
    assert line_steps(wild, np.arange(12.0), (noise, noise)) == []
