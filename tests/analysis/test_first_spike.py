"""The first spike of a device that oscillates during a pulse: what is a spike, and what only looks like one."""

import numpy as np
import pytest

from tsbench.analysis.pulse.first_spike import first_spike
from tsbench.records import FloatArray

SAMPLES, FIRST, LAST = np.arange(2000.0), 100, 1900
CENTRES = (600.0, 1000.0, 1400.0)


def humps(centres: tuple[float, ...], width: float = 10.0) -> FloatArray:
    return np.asarray(sum(np.exp(-0.5 * ((SAMPLES - centre) / width) ** 2) for centre in centres))


def saw(centres: tuple[float, ...], fall: float) -> FloatArray:
    """Return a voltage that falls by ``fall`` during each hump of the current, and recovers behind it."""
    volts = np.ones(SAMPLES.size)
    for centre in centres:
        since = SAMPLES - centre
        volts -= fall * np.exp(-np.maximum(since, 0.0) / 100.0) / (1.0 + np.exp(-since / 3.0))
    return volts


def test_the_first_of_several_spikes_is_found() -> None:
    current = 1e-6 + 1e-3 * humps(CENTRES)
    found = first_spike(saw(CENTRES, 0.3), current, FIRST, LAST, 1e-6)
    assert found is not None
    peak, end = found
    assert peak == 600 and peak < end < 610 and current[end] == pytest.approx(0.95e-3, rel=0.05)


@pytest.mark.parametrize(("count", "seen"), [(1, False), (2, True)])
def test_one_spike_alone_may_be_a_disturbance(count: int, seen: bool) -> None:
    centres = CENTRES[:count]
    assert (first_spike(saw(centres, 0.3), 1e-6 + 1e-3 * humps(centres), FIRST, LAST, 1e-6) is not None) is seen


def test_a_current_that_rises_with_the_voltage_is_that_of_a_resistor() -> None:
    """Its channel is late, so the voltage is lower where the current ends. But the conductance hardly changes."""
    volts = 0.3 + humps(CENTRES, 40.0)
    assert first_spike(volts, 1e-3 * np.roll(volts, 15), FIRST, LAST, 1e-6) is None


@pytest.mark.parametrize(("fall", "seen"), [(0.3, True), (0.05, True), (0.0, False), (-0.3, False)])
def test_the_voltage_falls_during_a_spike(fall: float, seen: bool) -> None:
    """The charging current of a capacitance flows while the voltage rises."""
    current = 1e-6 + 1e-3 * humps(CENTRES)
    assert (first_spike(saw(CENTRES, fall), current, FIRST, LAST, 1e-6) is not None) is seen


def test_small_humps_before_the_first_spike_do_not_count() -> None:
    early = (200.0, 300.0, 400.0)
    current = 1e-6 + 1e-3 * humps(CENTRES) + 2e-4 * humps(early)
    found = first_spike(saw((*early, *CENTRES), 0.2), current, FIRST, LAST, 1e-6)
    assert found is not None and found[0] == 600


def test_humps_of_noise_do_not_count() -> None:
    current = 1e-6 + 1e-5 * humps(CENTRES)
    volts = saw(CENTRES, 0.3)
    assert first_spike(volts, current, FIRST, LAST, 2e-5) is None
    assert first_spike(volts, current, FIRST, LAST, 5e-6) is not None


def test_a_device_that_stays_on_does_not_spike() -> None:
    current = 1e-6 + 1e-3 / (1.0 + np.exp(-(SAMPLES - 600.0) / 3.0)) * (1.0 - 0.3 * humps((900.0, 1300.0)))
    assert first_spike(saw((600.0,), 0.3), current, FIRST, LAST, 1e-6) is None
