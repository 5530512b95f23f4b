"""The true conductance at low voltage: of a resistor, of a device near zero, and refused beyond the threshold."""

import math

import pytest

from tsbench.simulated_backends.devices.catalogue import device_model
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
