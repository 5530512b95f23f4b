"""Diode, capacitor and transistor channel: against closed forms, and none of them switches."""

import math

import numpy as np
import pytest

from tsbench.simulated_backends.circuit.simulate import simulate
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.controls import capacitor, channel, diode
from tsbench.simulated_backends.devices.static import folds

THERMAL = 8.617333262e-5 * 300.0


def current_at(device: str, voltage: float) -> float:
    """Return the settled current at a voltage, through the whole engine."""
    text = f"V1 a 0 {voltage}\nX1 a 0 {device}\n.tran 1u 2u\n.save i(X1)"
    return float(simulate(text).columns["i(x1)"][-1])


@pytest.mark.parametrize("i", [1e-12, 1e-9, 1e-5, 1e-3, 0.1])
@pytest.mark.parametrize("rs", [0.6, 1e3])
def test_diode_is_shockley_s(i: float, rs: float) -> None:
    v = 1.75 * THERMAL * math.log1p(i / 2.5e-9) + rs * i
    assert current_at(f"diode rs={rs}", v) == pytest.approx(i + 1e-12 * v, rel=1e-6)


@pytest.mark.parametrize("v", [-1000.0, -5.0, -0.01])
def test_diode_blocks(v: float) -> None:
    expected = 2.5e-9 * math.expm1(v / (1.75 * THERMAL)) + 1e-12 * v
    assert current_at("diode", v) == pytest.approx(expected, rel=1e-6)


def test_diode_at_a_thousand_volts_is_its_resistance() -> None:
    drop = 1.75 * THERMAL * math.log(1000.0 / 0.6 / 2.5e-9)
    assert current_at("diode", 1000.0) == pytest.approx((1000.0 - drop) / 0.6, rel=1e-3)


@pytest.mark.parametrize("v", [-3.0, -0.3, 0.0, 0.3, 0.7, 2.0, 30.0])
def test_derivatives(v: float) -> None:
    for name, function in (("diode", diode), ("nmos_channel", channel)):
        p = device_model(name).vector().reshape(1, -1)
        here, high, low = np.zeros(3), np.zeros(3), np.zeros(3)
        for out, at in ((here, v), (high, v + 1e-6), (low, v - 1e-6)):
            function(p, 0, at, 0.0, out)
        assert here[1] == pytest.approx((high[0] - low[0]) / 2e-6, rel=1e-4, abs=1e-11)
        assert here[2] == -1.0


def test_rectifier_and_capacitor_in_time() -> None:
    """A half-wave rectifier holds the peak less a diode drop; the capacitor as a device does as the element does."""
    text = "V1 in 0 SIN(0 5 1k)\nX1 in out diode\n{}\nR1 out 0 100k\n.tran 10u 3m uic\n.save v(out)"
    element, device = (
        simulate(text.format(line)).columns["v(out)"] for line in (
            "C1 out 0 1u", "X2 out 0 capacitor c=1u rs=1m rleak=1e12"))
    assert 4.2 < element[-1] < 4.8
    assert device[-1] == pytest.approx(element[-1], rel=1e-4)


def test_capacitor_charges_through_a_resistor() -> None:
    p, out = device_model("capacitor").vector().reshape(1, -1), np.zeros(8)
    capacitor(p, 0, 1.0, 2e-3, np.array([0.25]), 0, out)
    assert out[0] == pytest.approx(0.75 / 50 - 2e-3)
    assert out[4] == pytest.approx((2e-3 - 0.25e-11) / 10e-12)
    result = simulate("V1 in 0 1\nR1 in a 10k\nX1 a 0 capacitor\n.tran 1n 500n uic\n.save v(a)")
    exact = 1 - np.exp(-result.times / (10050 * 10e-12)) * 10000 / 10050
    assert result.columns["v(a)"] == pytest.approx(exact, abs=2e-5)


def test_channel_is_a_square_law_that_saturates() -> None:
    assert current_at("nmos_channel", 3.0) == pytest.approx(0.5e-3 / 1.3, rel=0.02)   # beta (vg - vth)^2/(2 n)
    assert current_at("nmos_channel", 5.0) == pytest.approx(current_at("nmos_channel", 3.0), rel=1e-6)
    assert current_at("nmos_channel", 0.01) == pytest.approx(1e-3 * 0.01, rel=0.05)   # the triode region
    assert current_at("nmos_channel vg=2.7", 5.0) == pytest.approx(4 * current_at("nmos_channel", 5.0), rel=0.02)
    below = current_at("nmos_channel vg=0.3", 1.0) / current_at("nmos_channel vg=0.2", 1.0)
    assert below == pytest.approx(math.exp(0.1 / 1.3 / THERMAL), rel=0.02)   # subthreshold slope
    assert current_at("nmos_channel", -0.5) < 0


@pytest.mark.parametrize("device", ["diode", "capacitor"])
def test_controls_have_no_fold(device: str) -> None:
    found = folds(device_model(device))
    assert found.threshold is None and found.hold is None


def test_one_transistor_one_resistor_cell_oscillates_only_in_between() -> None:
    """The transistor is the load of an NbO2 device: too closed a gate never fires it, too open a one latches it."""
    text = ("V1 in 0 PULSE(0 2.5 0 10n 10n 1 2)\nX1 in out nbo2\nC1 in out 80p\nX2 out 0 nmos_channel vg={}\n"
            ".tran 50n 100u uic\n.save v(in,out)")
    swing = {}
    for gate in (0.8, 1.3, 3.0):
        v = simulate(text.format(gate)).columns["v(in,out)"]
        swing[gate] = np.ptp(v[v.size // 2:])
    print(swing)
    assert swing[0.8] < 1e-3 and swing[3.0] < 1e-3
    assert swing[1.3] > 0.1
