"""The thermal selector: derivatives, folds of three films in three widths, and the engine against its static curve."""

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.derivative_check import check_derivatives
from tsbench.simulated_backends.devices.static import folds

#: threshold [V] and current [A] at it by width 500, 250, 120 nm, computed by others from the same parameters
#: (PHYSICS.md, Part III section 2), and the temperature [K] there
FOLDS = {
    "thermal_ndr_10nm": ((1.062, 411e-6), (1.296, 169e-6), (1.585, 66e-6), 335.0),
    "thermal_ndr_30nm": ((1.931, 245e-6), (2.414, 98e-6), (3.029, 37.5e-6), 338.0),
    "thermal_ndr_90nm": ((2.882, 185e-6), (3.688, 72e-6), (4.743, 27e-6), 343.0),
}


@pytest.mark.parametrize("name", FOLDS)
def test_derivatives(name: str) -> None:
    check_derivatives(device_model(name))


@pytest.mark.parametrize("name", FOLDS)
def test_folds_in_three_widths(name: str) -> None:
    *expected, temperature = FOLDS[name]
    for width, (voltage, current) in zip((500e-9, 250e-9, 120e-9), expected, strict=True):
        found = folds(device_model(name, {"w": width})).threshold
        assert found is not None
        assert found.voltage == pytest.approx(voltage, abs=1e-3)   # given in mV
        assert found.current == pytest.approx(current, rel=0.02)   # flat there, and given in two or three digits
        assert found.temperature == pytest.approx(temperature, abs=3.0)


def test_a_slow_current_follows_the_static_curve() -> None:
    model = device_model("thermal_ndr_30nm")
    for current in (5e-5, 2e-4, 1e-3):
        circuit = build_circuit(parse_netlist(f"I1 0 a {current}\nR1 a 0 1g\nC1 a 0 1f\nX1 a 0 d"), {"X1": model})
        circuit.advance(1e-5, skip=False)
        voltage, temperature = model.settled(current)
        assert circuit.voltage("a") == pytest.approx(voltage, rel=1e-4)
        assert circuit.device_state("X1")["temperature"] == pytest.approx(temperature, rel=1e-4)


def test_heat_scales_with_the_contact() -> None:
    small, large = (device_model("thermal_ndr_10nm", {"w": width}) for width in (100e-9, 500e-9))
    assert (small.rth / large.rth, large.cth / small.cth) == pytest.approx((5.0, 25.0))   # type: ignore[attr-defined]
    assert large.rth == pytest.approx(8e4)   # type: ignore[attr-defined]


@pytest.mark.parametrize("parameter", ["a", "ea", "c", "t", "w", "rth_w", "cth_v", "t0"])
def test_no_parameter_may_vanish(parameter: str) -> None:
    for value in (0.0, -1.0, np.inf):
        with pytest.raises(ConfigurationError, match=rf"device model thermal_ndr: {parameter} = .* must be positive"):
            device_model("thermal_ndr_10nm", {parameter: value})
