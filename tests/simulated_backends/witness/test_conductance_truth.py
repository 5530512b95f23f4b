"""The true conductance at low voltage: of a resistor, of a device near zero, and refused beyond the threshold."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.witness import conductance
from tsbench.simulated_backends.witness.conductance import true_conductance


def test_of_a_resistor() -> None:
    for voltage in (1e-3, 0.1, 3.0):
        assert true_conductance(device_model("resistor", {"r": 4700.0}), voltage) == pytest.approx(1 / 4700.0, rel=1e-6)


def test_of_a_film_near_zero_is_its_activated_conductance() -> None:
    model = device_model("thermal_ndr_30nm")
    parameters = model.parameters()
    cold = parameters["a"] * parameters["w"] ** 2 / parameters["t"] * math.exp(
        -parameters["ea"] / (8.617333262e-5 * parameters["t0"]))
    assert true_conductance(model, 1e-6) == pytest.approx(cold, rel=5e-3)
    assert true_conductance(model, 1.0) > 3 * cold


def test_there_is_none_beyond_the_threshold() -> None:
    with pytest.raises(ValueError, match=r"the threshold at 1\.9"):
        true_conductance(device_model("thermal_ndr_30nm"), 2.5)


@pytest.mark.parametrize("fold", [True, False])
def test_it_is_known_up_to_the_threshold_itself(monkeypatch: pytest.MonkeyPatch, fold: bool) -> None:
    """By a curve of three points, on which the current rises as the square of the voltage, and beyond a fold."""
    more = ([0.3, 0.5], [9.0, 10.0]) if fold else ([], [])
    curve = SimpleNamespace(voltage=np.array([0.1, 0.2, 0.4, *more[0]]), current=np.array([0.5, 2.0, 8.0, *more[1]]))
    monkeypatch.setattr(conductance, "static_curve", lambda model, currents: curve)
    found = [true_conductance(device_model("resistor"), volts) for volts in (0.1, 0.2, math.sqrt(0.08), 0.4)]
    assert found == pytest.approx([5.0, 10.0, math.sqrt(200.0), 20.0])
    for beyond in (0.099, 0.401):
        with pytest.raises(ValueError, match=r"is not between 0\.1 V and the threshold at 0\.4 V"):
            true_conductance(device_model("resistor"), beyond)
