"""The level before a pulse against that of the rested device: noise that neighbours share is no device that is on."""

import math

import numpy as np
import pytest

from tsbench.analysis.pulse.delay_results import PulseFacts
from tsbench.analysis.pulse.firing import Firing, PulseOutcome, before_pulse, outcome
from tsbench.records import FloatArray

STEP, BASE, AMPLITUDE = 0.1e-9, 0.05, 1.3   # [s], [V], [V]
TIMES = STEP * np.arange(-2000, 6000)
ON, OFF, CODE, NOISE = 500.0, 100e3, 4e-6, 6e-6   # [Ohm], [Ohm], [A], [A]


def noise(seed: int, response: float) -> FloatArray:
    """Return Gaussian noise of standard deviation 1 behind a response [samples], two rows."""
    white = np.random.default_rng(seed).standard_normal((2, TIMES.size))
    if not response:
        return white
    x = np.arange(-20, 21)
    kernel = np.exp(-(x**2) / (2.0 * response**2))
    kernel /= math.sqrt(float(np.sum(kernel**2)))
    return np.array([np.convolve(row, kernel, mode="same") for row in white])


def pulse(seed: int, response: float, before: float = OFF) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return a pulse that switches the device 30 ns after its edge; it has the resistance ``before`` at the base."""
    volts = np.where(TIMES < 0.0, BASE, BASE + AMPLITUDE)
    current = volts / np.where(TIMES < 0.0, before, np.where(TIMES < 30e-9, OFF, ON))
    added = noise(seed, response)
    return TIMES, volts + 3e-3 * added[0], np.round((current - 2e-5 + NOISE * added[1]) / CODE) * CODE


def judged(response: float, before: float, pulses: int = 60) -> list[Firing]:
    facts = PulseFacts(voltage_resolution=1e-3, current_resolution=CODE, response=response * STEP)
    rested: PulseOutcome = outcome(*pulse(0, response), facts, edge=-1e-9)
    assert rested.firing is Firing.FIRED
    return [outcome(*pulse(seed, response, before), facts, edge=-1e-9, rested=rested).firing
            for seed in range(1, pulses + 1)]


@pytest.mark.thorough
@pytest.mark.thin(3)
@pytest.mark.parametrize("response", [0.0, 0.7, 2.7])
def test_shared_noise_is_no_device_that_is_still_on(response: float) -> None:
    assert set(judged(response, OFF)) == {Firing.FIRED}


@pytest.mark.thin(2)
@pytest.mark.parametrize("response", [0.0, 2.7])
def test_a_device_that_is_on_at_the_base_is_still_seen(response: float) -> None:
    assert set(judged(response, ON, 20)) == {Firing.STILL_ON}


def test_the_uncertainty_of_the_level_is_the_scatter_between_pulses() -> None:
    for response in (0.0, 0.7, 2.7):
        levels = [before_pulse(*pulse(seed, response), -1e-9, response * STEP) for seed in range(100)]
        scatter = float(np.std([one.current for one in levels]))
        stated = float(np.mean([one.uncertainty for one in levels]))
        assert 0.8 < stated / scatter < 1.4


def test_a_drift_before_the_pulse_is_no_noise() -> None:
    time, volts, current = pulse(1, 0.0)
    drifting = before_pulse(time, volts, current + 1e-4 * time / time[-1], -1e-9)
    assert drifting.uncertainty < 1.2 * before_pulse(time, volts, current, -1e-9).uncertainty
