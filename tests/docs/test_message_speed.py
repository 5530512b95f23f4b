"""The benchmark of messages times a reading only where the reading is that of the device."""

import random

import pytest

from benchmarks.message_speed import NBO2, RESISTOR, require_physics


def readings(median: float, noise: float = 5e-8) -> list[float]:
    """Return 301 readings [A] of a median."""
    chance = random.Random(1)
    found = [median + chance.gauss(0.0, noise) for _ in range(150)]
    return [*found, median, *(2 * median - one for one in found)]


@pytest.mark.parametrize(("world", "current"), [(RESISTOR, 30e-6), (RESISTOR, 30.09e-6), (NBO2, 2.8e-6)])
def test_the_current_of_the_device_is_timed(world: str, current: float) -> None:
    require_physics(f"examples/{world}", readings(current))


@pytest.mark.parametrize(("world", "current"), [
    (RESISTOR, 30.11e-6), (RESISTOR, 29.89e-6), (RESISTOR, 1.1e-9), (RESISTOR, 0.9e-3), (NBO2, 30e-6), (NBO2, 0.0),
])
def test_another_current_is_not(world: str, current: float) -> None:
    with pytest.raises(RuntimeError, match=r"does not measure the device"):
        require_physics(world, readings(current))


def test_a_current_without_noise_is_not() -> None:
    with pytest.raises(RuntimeError, match="give 1 different numbers"):
        require_physics(RESISTOR, readings(30e-6, 0.0))
