"""Diode and capacitor: against closed forms, and neither switches."""

import math

import numpy as np
import pytest

from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.dispatch import evaluated
from tsbench.simulated_backends.devices.static import folds
from tsbench.simulated_backends.studies.simulate.simulate import simulate

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
    here, high, low = (evaluated(device_model("diode"), at, 0.0) for at in (v, v + 1e-6, v - 1e-6))
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
    out = evaluated(device_model("capacitor"), 1.0, 2e-3, (0.25,))
    assert out[0] == pytest.approx(0.75 / 50 - 2e-3)
    assert out[4] == pytest.approx((2e-3 - 0.25e-11) / 10e-12, rel=1e-6)
    result = simulate("V1 in 0 1\nR1 in a 10k\nX1 a 0 capacitor\n.tran 1n 500n uic\n.save v(a)")
    exact = 1 - np.exp(-result.times / (10050 * 10e-12)) * 10000 / 10050
    assert result.columns["v(a)"] == pytest.approx(exact, abs=2e-5)


@pytest.mark.parametrize("device", ["diode", "capacitor"])
def test_controls_have_no_fold(device: str) -> None:
    found = folds(device_model(device))
    assert found.threshold is None and found.hold is None
