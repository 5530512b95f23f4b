"""A filament that forms and dissolves within a sweep has no one threshold; a wild reading changes none."""

from typing import Any

import numpy as np
import pytest

from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.threshold import switching
from tsbench.records import Flag

STEPS = 60
TOP = 1.2  #: [V]


def swept(up: dict[int, float], down: dict[int, float], noise: float = 0.01, seed: int = 0) -> Any:
    """Return the results of a device that switches on at 0.8 V and off at 0.3 V, some readings replaced.

    ``up`` and ``down``: index of a reading -> part of the time in which the device is in the other state.
    """
    level = np.concatenate((np.linspace(0.0, TOP, STEPS + 1), np.linspace(TOP, 0.0, STEPS + 1)[1:]))
    way_up = np.arange(level.size) <= STEPS
    share = np.where(way_up, level > 0.8, level > 0.3).astype(float)
    for changes in (up, down):
        for k, part in changes.items():
            share[k] = part if share[k] == 0.0 else 1.0 - part
    current = level * (share * 1e-4 + (1.0 - share) * 1e-8)
    current *= 1.0 + noise * np.random.default_rng(seed).standard_normal(level.size)
    points = IVPoints(voltage=level, current=current, level=level, flags=np.zeros(level.size, np.uint32))
    return switching(points)[0]


def doubted(result: Any) -> bool:
    return Flag.AMBIGUOUS in result.flags and "on and off again" in result.method


@pytest.mark.parametrize("seed", range(3))
def test_a_plain_switch_does_not_flicker(seed: int) -> None:
    found = swept({}, {}, seed=seed)
    for result, true in ((found.threshold_voltage, 0.8), (found.hold_voltage, 0.3)):
        assert not doubted(result)
        assert result.low <= true <= result.high


@pytest.mark.parametrize("changes", [{30: 1.0, 31: 1.0}, {25: 0.3, 33: 0.7}, {34: 0.9, 35: 0.9, 36: 0.8}],
                         ids=["on for two readings", "on twice for a part of a reading", "on shortly before"])
def test_a_device_that_was_on_before_has_no_one_threshold(changes: dict[int, float]) -> None:
    found = swept(changes, {})
    assert doubted(found.threshold_voltage)
    assert doubted(found.hold_voltage)   # its state changes faster than the readings show


@pytest.mark.parametrize("changes", [{70: 1.0, 71: 1.0}, {90: 0.9995, 98: 0.9995}, {108: 1.0, 109: 1.0}],
                         ids=["off for two readings", "off twice for most of a reading", "on again"])
def test_a_device_that_comes_back_on_the_way_down_has_no_one_hold_voltage(changes: dict[int, float]) -> None:
    found = swept({}, changes)
    assert doubted(found.hold_voltage)
    assert not doubted(found.threshold_voltage)


@pytest.mark.parametrize("k", [20, 30, 45])
def test_one_wild_reading_is_no_flicker(k: int) -> None:
    for found in (swept({k: 1.0}, {}), swept({}, {60 + k: 1.0})):
        assert not doubted(found.threshold_voltage)
        assert not doubted(found.hold_voltage)


def test_a_device_that_goes_off_above_its_threshold_keeps_it() -> None:
    """Only the readings before the device switches on count for the threshold voltage."""
    assert not doubted(swept({50: 1.0, 51: 1.0}, {}).threshold_voltage)
