"""The chuck: one time constant, no events while it rests, and devices that follow in small steps."""

import math

import pytest

from tsbench.simulated_backends.services.clock import BenchClock
from tsbench.simulated_backends.services.heated_body import SMALLEST_CHANGE, HeatedBody


def test_a_constant_power_warms_it_exponentially() -> None:
    clock = BenchClock()
    body = HeatedBody(clock, 300.0, thermal_resistance=2.0, time_constant=50.0)
    body.power = lambda time, temperature: 10.0
    clock.wait(50.0)
    assert body.temperature == pytest.approx(300.0 + 20.0 * (1 - math.exp(-1)), rel=1e-6)
    clock.wait(1000.0)
    assert body.temperature == pytest.approx(320.0, abs=1e-6)


def test_what_lies_on_it_follows_in_small_steps_and_then_nothing_happens() -> None:
    clock = BenchClock()
    body = HeatedBody(clock, 300.0, thermal_resistance=2.0, time_constant=5.0)
    followed: list[float] = []
    body.on_change = followed.append
    body.power = lambda time, temperature: 1.0
    assert clock.next_event() is None   # nobody looks before it is stirred
    body.stirred()
    body.stirred()
    clock.wait(200.0)
    assert followed == sorted(followed) and followed[-1] == pytest.approx(302.0, abs=SMALLEST_CHANGE)
    assert clock.next_event() is None
    body.power = lambda time, temperature: 0.0
    body.stirred()
    clock.wait(200.0)
    assert followed[-1] == pytest.approx(300.0, abs=SMALLEST_CHANGE) and clock.next_event() is None
