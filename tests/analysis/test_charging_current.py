"""The current that the edges of pulses charge a capacitance with, of edges whose capacitance is known."""

import numpy as np
import pytest

from tsbench.analysis.pulse.charging_current import ChargedEdge, charged_edge, edge_current
from tsbench.analysis.pulse.delay_results import Delay

DT = 5e-9   #: [s]


def edge(capacitance=0.0, conductance=0.0, *, side=1, averaged=4, samples=40, noise=0.0, seed=0):
    """Return means over a smooth edge of 1.2 V, with a capacitance [F] beside a resistor [S] and noise [A]."""
    voltage = side * 0.6 * (1.0 + np.tanh(np.linspace(-4.0, 4.0, samples + averaged - 1)))
    current = capacitance * np.gradient(voltage, DT) + conductance * voltage
    current = current + noise * np.random.default_rng(seed).standard_normal(current.size)
    volts, amperes = (np.convolve(one, np.full(averaged, 1.0 / averaged), mode="valid") for one in (voltage, current))
    slope = np.gradient(volts, DT)
    return ChargedEdge(volts, slope - slope.mean(), amperes - amperes.mean(), averaged)


@pytest.mark.parametrize("side", [1, -1])
def test_an_early_channel_is_told_of_pulses_of_either_sign(side):
    found = edge_current([edge(1e-12, 2e-4, side=side)] * 3, 1e-7)
    assert found.capacitance == pytest.approx(1e-12, rel=0.01)
    assert found.early == pytest.approx(1.15 * 1e-12 / 2e-4, rel=0.01)   # 15 % for higher orders


def test_noise_alone_charges_no_capacitance():
    """Neighbouring means share their noise, so they are fewer than they look."""
    for seed in range(50):
        edges = [edge(averaged=16, samples=60, noise=1e-6, seed=100 * k + seed) for k in range(3)]
        assert edge_current(edges, 1e-6).capacitance == 0.0, seed


def test_the_current_behind_the_switching_is_no_part_of_an_edge():
    time = DT * np.arange(200)
    voltage = np.interp(time, [250e-9, 310e-9], [0.0, 1.2])
    delay = Delay(100e-9, 0.0, 0.0, edge_time=280e-9, switching_time=380e-9, edge_level=0.6, highest=1.2)
    found = charged_edge(time, voltage, np.where(time >= 375e-9, 2e-3, 0.0), delay)
    assert found is not None and np.ptp(found.current) == 0.0


def readings(voltage, current, time, noise=0.0):
    """Return the readings of an edge; the noise [A] has no part that is smooth."""
    current = current + noise * np.resize([1.0, -1.0, -1.0, 1.0], current.size)
    slope = np.gradient(voltage, time)
    return ChargedEdge(voltage, slope - slope.mean(), current - current.mean(), 1)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.3])
def test_a_channel_that_is_early_by_part_of_the_edge_is_not_found_less_early(share):
    """The current of a resistor is read early by a share of the edge of 50 ns. No capacitance is there."""
    time, early = np.linspace(-200e-9, 200e-9, 801), share * 50e-9
    volts, later = (0.6 * (1.0 + np.tanh((time + shift) / 25e-9)) for shift in (0.0, early))
    found = edge_current([readings(volts, 2e-4 * later, time)] * 3, 5e-6).early
    assert early <= found <= 1.2 * early


@pytest.mark.parametrize(("early", "told"), [(15e-9, True), (17e-9, True), (23e-9, False), (40e-9, False)])
def test_more_than_four_metres_of_cable_make_no_channel_early(early, told):
    found = edge_current([edge(early * 2e-4, 2e-4)] * 3, 1e-7)
    assert found.capacitance == pytest.approx(early * 2e-4, rel=0.01) and (found.early > 0.0) is told


@pytest.mark.parametrize(("left", "told"), [(1.0, True), (3.4, True), (5.0, False), (20.0, False)])
def test_a_steep_off_state_is_no_resistor_with_an_early_channel(left, told):
    """A capacitance of 5 pF beside a current that rises with the third power of the voltage.

    The best fit of a resistor leaves ``left`` times the squares that the noise leaves.
    """
    volts = 0.6 * (1.0 + np.tanh(np.linspace(-4.0, 4.0, 80)))
    time = DT * np.arange(80.0)
    current = 5e-12 * np.gradient(volts, time) + 1.2e-4 * (volts / 1.2) ** 3
    columns = np.column_stack([np.ones(80), volts, np.gradient(volts, time)])
    rest = current - columns @ np.linalg.lstsq(columns, current, rcond=None)[0]
    noise = float(np.sqrt(np.mean(rest**2) / left))
    found = edge_current([readings(volts, current, time, noise)] * 3, noise)
    assert found.capacitance == pytest.approx(5e-12, rel=0.1) and (found.early > 0.0) is told
