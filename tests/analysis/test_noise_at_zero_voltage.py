"""The noise of readings at zero voltage: each way tells it, if it has enough readings around zero."""

import numpy as np
import pytest

from tsbench.analysis.threshold.current_offset import ZeroReading, zero_readings
from tsbench.analysis.threshold.half_sweeps import IVPoints, split

QUIET, LOUD = 1e-12, 1e-8   #: [A] noise of the way up and of the way down


def at_zero(readings: int, on_way_up: float, on_way_down: float, seed: int) -> tuple[ZeroReading, ...]:
    """Return what both ways read at 0 V: 61 readings up to 1.2 V, and so many down again, with a noise [A] each."""
    random = np.random.default_rng(seed)
    up, down = 0.02 * np.arange(61), np.linspace(1.2, 0.0, readings + 1)[1:]
    level = np.concatenate([up, down])
    noise = np.where(np.arange(level.size) < up.size, on_way_up, on_way_down)
    (half,) = split(IVPoints(level, 1e-6 * level + noise * random.standard_normal(level.size), level=level))
    return zero_readings(half, 0.0)


@pytest.mark.parametrize(("readings", "quiet"), [(8, False), (12, True), (40, True)])
def test_a_way_with_enough_readings_has_the_noise_of_the_quieter_way(readings: int, quiet: bool) -> None:
    """The noise of an on state grows with its current, so the quieter way tells the noise of the meter.

    A way with few readings does not show whether its noise is that of the other one, so its own noise counts.
    """
    first, last = at_zero(readings, QUIET, LOUD, seed=0)
    assert first.rising and not last.rising and first.noise < 0.1 * LOUD
    assert (last.noise < 0.1 * LOUD) is quiet


@pytest.mark.parametrize(("readings", "quiet"), [(8, False), (12, True)])
def test_a_way_with_few_readings_tells_nothing_of_the_noise_of_the_other_way(readings: int, quiet: bool) -> None:
    first, last = at_zero(readings, LOUD, QUIET, seed=1)
    assert last.noise < 0.1 * LOUD
    assert (first.noise < 0.1 * LOUD) is quiet
