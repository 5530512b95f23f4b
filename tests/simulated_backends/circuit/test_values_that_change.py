"""Values that change while a circuit runs: a capacitor's, and the temperature around a device."""

import math

import pytest

from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import Constant
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.life.cycle_statistics import CycleStatistics
from tsbench.simulated_backends.life.history import DeviceHistory


def test_a_capacitor_keeps_its_voltage_and_has_another_time_constant() -> None:
    circuit = build_circuit(parse_netlist("V1 a 0 1\nR1 a b 1k\nC1 b 0 1n"))
    circuit.advance(math.log(2) * 1e-6)
    assert circuit.voltage("b") == pytest.approx(0.5, rel=1e-5)
    circuit.set_capacitance("c1", 10e-9)
    assert circuit.voltage("b") == pytest.approx(0.5, rel=1e-5)
    circuit.advance(circuit.time + math.log(2) * 10e-6)
    assert circuit.voltage("b") == pytest.approx(0.75, rel=1e-5)
    circuit.set_capacitance("C1", 1e-9)
    circuit.advance(circuit.time + math.log(2) * 1e-6)
    assert circuit.voltage("b") == pytest.approx(0.875, rel=1e-5)


@pytest.mark.parametrize(("name", "value", "message"), [
    ("C2", 1e-9, "no capacitor 'C2'. Did you mean 'c1'"), ("R1", 1e-9, "no capacitor 'R1'"),
    ("C1", 0.0, "must be positive and finite"), ("C1", math.inf, "must be positive and finite"),
])
def test_what_is_no_capacitor_is_refused(name: str, value: float, message: str) -> None:
    circuit = build_circuit(parse_netlist("V1 a 0 1\nR1 a b 1k\nC1 b 0 1n"))
    with pytest.raises(ConfigurationError, match=message):
        circuit.set_capacitance(name, value)


def test_a_device_warms_up_with_its_surroundings() -> None:
    """Its own temperature follows, with the time constant of the device, up to its self-heating; it conducts better."""
    model = device_model("nbo2")
    circuit = build_circuit(parse_netlist("V1 d 0 0.2\nX1 d 0 device"), {"X1": model})
    circuit.advance(1e-3)
    cold = circuit.current("X1")
    before = circuit.device_state("X1")["temperature"]
    circuit.set_temperature("X1", 340.0)
    assert circuit.device_state("X1")["temperature"] == pytest.approx(before)   # not at once
    circuit.advance(2e-3)
    assert circuit.device_state("X1")["temperature"] == pytest.approx(340.0, abs=1.5)
    assert circuit.current("X1") > 1.2 * cold
    assert circuit.model_of("X1").parameters()["t0"] == 340.0
    circuit.set_temperature("X1", 340.0)   # nothing changes


def test_a_device_without_a_temperature_does_not_feel_it() -> None:
    circuit = build_circuit(parse_netlist("V1 d 0 0.2\nX1 d 0 device"), {"X1": device_model("resistor")})
    before = circuit.model_of("X1")
    circuit.set_temperature("X1", 340.0)
    assert circuit.model_of("X1") is before


def test_a_history_goes_on_at_another_temperature() -> None:
    """The draws of its cycles are the same; only the temperature differs."""
    model = device_model("nbo2")
    one, two = (DeviceHistory(model, CycleStatistics(spread={"as_": 0.05}), seed=[3]) for _ in range(2))
    circuit = build_circuit(parse_netlist("V1 d 0 0\nR1 d 0 1k\nX1 d 0 device"), {"X1": model})
    circuit.set_device("X1", model, {}, None, one)
    circuit.set_source("V1", Constant(0.1))
    circuit.set_temperature("X1", 345.0)
    assert one.model.parameters() == {**two.model.parameters(), "t0": 345.0}
    assert one.levels != two.levels   # its folds lie elsewhere
    for history in (one, two):
        history.switched_off(1e-3)
    assert one.model.parameters() == {**two.model.parameters(), "t0": 345.0}
    assert circuit.model_of("X1").parameters()["t0"] == 345.0
