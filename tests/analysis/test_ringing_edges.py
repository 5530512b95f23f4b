"""Pulses whose edges ring: a resistor with a capacitance does not switch, and a device that switches is seen."""

import itertools
import math

import numpy as np
import pytest

from tsbench.analysis.pulse.switching_delay import PulseFacts, switching_delay
from tsbench.records import Flag, FloatArray

STEP, WIDTH = 1e-9, 1e-6


def ringing(frequency: float, overshoot: float) -> tuple[FloatArray, FloatArray]:
    """Return times and a pulse of 1 V whose edges of 5 ns ring, four values for each sample of a scope."""
    time = np.arange(-400e-9, WIDTH + 600e-9, STEP / 4)
    damping = -math.log(overshoot) / math.hypot(math.pi, math.log(overshoot))
    rate, side = 2 * math.pi * frequency, math.sqrt(1 - damping**2)

    def step(since: FloatArray) -> FloatArray:
        since = np.maximum(since, 0.0)
        swing = np.cos(side * rate * since) + damping / side * np.sin(side * rate * since)
        risen: FloatArray = 1.0 - np.exp(-damping * rate * since) * swing
        return risen

    edge = np.exp(-0.5 * (np.arange(-40, 41) / 8.0) ** 2)   # of 2 ns, so that the samples of a scope suffice
    return time, np.convolve(step(time) - step(time - WIDTH), edge / edge.sum(), mode="same")


def seen(time: FloatArray, values: FloatArray, noise: float, seed: int) -> tuple[FloatArray, FloatArray]:
    samples = np.arange(-300e-9, WIDTH + 400e-9, STEP)
    return samples, np.interp(samples, time, values) + noise * np.random.default_rng(seed).standard_normal(samples.size)


@pytest.mark.thin(2)
@pytest.mark.parametrize(("ohms", "farads"), [*itertools.product((1e3, 1e4, 1e5), (5e-12, 20e-12, 80e-12))])
def test_a_resistor_behind_an_edge_that_rings_does_not_switch(ohms: float, farads: float) -> None:
    for frequency, overshoot in itertools.product((5e6, 20e6, 50e6), (0.1, 0.2, 0.4, 0.6)):
        time, volts = ringing(frequency, overshoot)
        amperes = volts / ohms + farads * np.gradient(volts, time)
        for noise, skew in itertools.product((2e-7, 2e-6), (0.0, 0.5e-9)):
            samples, voltage = seen(time, volts, 1e-3, 1)
            _, current = seen(time + skew, amperes, noise, 2)
            found = switching_delay(samples, voltage, current, PulseFacts(current_resolution=noise / 3))
            assert not found.fired, (frequency, overshoot, noise, skew, found)


@pytest.mark.parametrize("delay", [60e-9, 150e-9, 400e-9])
@pytest.mark.parametrize("farads", [0.0, 20e-12])
def test_a_device_behind_an_edge_that_rings_switches(delay: float, farads: float) -> None:
    for frequency, overshoot in itertools.product((5e6, 20e6, 50e6), (0.1, 0.4)):
        if delay < 0.5 / frequency:   # it switches while the voltage still rises
            continue
        time, volts = ringing(frequency, overshoot)
        on = 1.0 / (1.0 + np.exp(-(time - delay) / 2e-9)) * (time < WIDTH)
        amperes = volts * (1e-5 + 1e-3 * on) + farads * np.gradient(volts, time)
        samples, voltage = seen(time, volts, 1e-3, 3)
        _, current = seen(time, amperes, 2e-6, 4)
        found = switching_delay(samples, voltage, current)
        assert found.value is not None and found.switching_time == pytest.approx(delay, abs=3e-9), (frequency, found)


def test_a_charging_current_that_hides_a_switch_is_told() -> None:
    time, volts = ringing(20e6, 0.2)
    amperes = volts * 1e-4 * (time > 150e-9) * (time < WIDTH) + 80e-12 * np.gradient(volts, time)
    samples, voltage = seen(time, volts, 1e-3, 3)
    _, current = seen(time, amperes, 2e-7, 4)
    found = switching_delay(samples, voltage, current)
    assert found.value is None and found.flags == Flag.NO_EVENT | Flag.AMBIGUOUS


@pytest.mark.parametrize("resistor", [True, False])
def test_a_rise_within_few_samples_of_the_edge_has_a_flag(resistor: bool) -> None:
    """A resistor behind a ring of 200 MHz, and a device that switches 4 ns after the edge: both look alike."""
    time, volts = ringing(200e6, 0.4)
    amperes = volts / 1e4 + 20e-12 * np.gradient(volts, time)
    if not resistor:
        volts = np.clip((time + 2.5e-9) / 5e-9, 0.0, 1.0) * (time < WIDTH)
        amperes = volts * (1e-5 + 1e-3 / (1.0 + np.exp(-np.clip((time - 4e-9) / 0.4e-9, -50.0, 50.0))))
    samples, voltage = seen(time, volts, 1e-3, 1)
    _, current = seen(time, amperes, 2e-7, 2)
    found = switching_delay(samples, voltage, current)
    assert found.fired and found.value < 7e-9 and found.flags == Flag.UNDER_SAMPLED
