"""A device that switches while a slow edge goes on: its current overshoots, then follows the edge to its top."""

import numpy as np
import pytest

from tsbench.analysis.pulse.switching_delay import PulseFacts, switching_delay
from tsbench.records import FloatArray

STEP, EDGE, WIDTH = 1e-9, 800e-9, 5e-6  #: [s]
SERIES, CAPACITANCE, OFF, ON = 300.0, 66e-12, 1e6, 700.0  #: [Ohm], [F], [Ohm], [Ohm]
FINE = 10  #: steps of the circuit in one sample


def behind_an_edge(switches: float, bends: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return times [s], voltage [V] and current [A] of a device that switches ``switches`` [s] after the edge begins.

    The on conductance falls by ``bends`` where the voltage is small.
    """
    time = np.arange(-2e-6, WIDTH + 2e-6, STEP / FINE)
    source = 3.0 * np.clip(time / EDGE, 0.0, 1.0) * (time < WIDTH)
    on = 1.0 / (1.0 + np.exp(-np.clip((time - switches) / 1e-9, -50.0, 50.0)))
    volts, amperes = np.zeros(time.size), np.zeros(time.size)
    across = 0.0
    for k in range(time.size):
        conductance = 1.0 / OFF + on[k] / ON * (1.0 - bends / (1.0 + across**2))
        across += (STEP / FINE / CAPACITANCE) * ((source[k] - across) / SERIES - conductance * across)
        volts[k], amperes[k] = across, conductance * across
    return time, volts, amperes


@pytest.mark.thin(2)
@pytest.mark.parametrize("bends", [0.0, 0.3])
@pytest.mark.parametrize("switches", [150e-9, 300e-9, 500e-9, 650e-9])
def test_the_switching_counts_and_not_the_rest_of_the_edge(switches: float, bends: float) -> None:
    time, volts, amperes = behind_an_edge(switches, bends)
    before = time < switches
    half = float(time[before][np.argmax(volts[before] >= 0.5 * volts[before].max())])
    rng = np.random.default_rng(1)
    for noise in (2e-6, 5e-5 if switches > 200e-9 else 1e-5):   # at 150 ns, the current jumps to 0.3 mA only
        voltage = volts[::FINE] + 3e-3 * rng.standard_normal(time[::FINE].size)
        current = amperes[::FINE] + noise * rng.standard_normal(time[::FINE].size)
        found = switching_delay(time[::FINE], voltage, current, PulseFacts(current_resolution=noise / 3))
        assert found.value == pytest.approx(switches - half, rel=0.03), noise
