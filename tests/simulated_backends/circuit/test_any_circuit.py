"""Circuits drawn at random: Kirchhoff's laws, energy, and two independent ways to the same answer."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import Constant, PulseWaveform
from tsbench.simulated_backends.devices.catalogue import device_model

NODES = ["a", "b", "c", "d", "0"]


@st.composite
def netlists(draw: st.DrawFn) -> str:
    """A source behind a resistor, and up to nine R, C, L and devices between any of five nodes, gates at any."""
    lines = [f"V1 in 0 {draw(st.floats(-3, 3)):.3f}", "Rs in a 100"]
    for k in range(draw(st.integers(2, 9))):
        first, second = draw(st.lists(st.sampled_from(NODES), min_size=2, max_size=2, unique=True))
        kind = draw(st.sampled_from("RRRCCLXMK"))
        value = 10 ** draw(st.floats(0, 3))
        if kind in "MK":   # a transistor or a comparator that senses any nodes
            gate, other = draw(st.sampled_from(NODES)), draw(st.sampled_from(NODES))
            lines.append(f"X{k} {first} {gate} {second} nmos" if kind == "M" else
                         f"X{k} {gate} {other} {first} {second} comparator")
            continue
        text = {"R": f"{value * 30:.6g}", "C": f"{value:.6g}p", "L": f"{value:.6g}n", "X": "nbo2"}[kind]
        lines.append(f"{kind}{k} {first} {second} {text}")
    return "\n".join(lines)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(netlists())
def test_kirchhoff_holds_in_any_circuit_that_is_accepted(text: str) -> None:
    try:
        netlist = parse_netlist(text)
        circuit = build_circuit(netlist)
    except ConfigurationError as error:
        assert "\n" not in str(error)
        return
    carrying = [circuit.model_of(e.name).placed(e) if e.kind == "X" else e for e in netlist.elements]
    for t in (1e-9, 30e-9, 1e-6):
        circuit.advance(t)
        for node in netlist.nodes:
            currents = [
                circuit.current(e.name) * (1 if e.nodes[0] == node else -1)
                for e in carrying if node in e.nodes
            ]
            assert sum(currents) == pytest.approx(0.0, abs=1e-6 * max(map(abs, currents)) + 1e-9), node
        for element in netlist.of_kind("R"):
            across = circuit.voltage(element.nodes[0]) - circuit.voltage(element.nodes[1])
            assert circuit.current(element.name) == pytest.approx(across / element.value, rel=1e-6, abs=1e-12)


def test_two_devices_in_series_share_the_voltage_and_in_parallel_the_current() -> None:
    series = build_circuit(parse_netlist("V1 in 0 1\nX1 in m nbo2\nX2 m 0 nbo2\nR1 m 0 1g\nC1 m 0 1f"))
    single = build_circuit(parse_netlist("V1 in 0 0.5\nX1 in 0 nbo2"))
    parallel = build_circuit(parse_netlist("V1 in 0 0.5\nX1 in 0 nbo2\nX2 in 0 nbo2"))
    for circuit in (series, single, parallel):
        circuit.advance(1e-3)
    assert series.voltage("m") == pytest.approx(0.5, rel=1e-3)
    assert series.current("X1") == pytest.approx(single.current("X1"), rel=2e-3)
    assert parallel.current("V1") == pytest.approx(2 * single.current("V1"), rel=1e-9)


def test_the_device_is_odd_in_its_polarity() -> None:
    text = "V1 in 0 {}\nR1 in out 5k\nC1 out 0 80p\nX1 out 0 nbo2"
    up, down = (build_circuit(parse_netlist(text.format(v))) for v in ("2.2", "-2.2"))
    for t in np.linspace(1e-8, 2e-6, 50):
        up.advance(t)
        down.advance(t)
        assert down.voltage("out") == pytest.approx(-up.voltage("out"), rel=1e-9)
        assert down.device_state("X1") == pytest.approx(dict(up.device_state("X1")), rel=1e-9)


def test_a_device_keeps_its_heat_while_another_takes_its_place() -> None:
    circuit = build_circuit(parse_netlist("V1 in 0 1.5\nR1 in out 100\nC1 out 0 10p\nX1 out 0 nbo2\nX2 out 0 nbo2"))
    circuit.advance(1e-6)
    hot, other = circuit.device_state("X1"), circuit.device_state("X2")
    assert hot["temperature"] > 500
    circuit.set_device("X1", "resistor", {"r": 1e6}, None)
    assert circuit.device_state("X1") == {}
    assert circuit.device_state("X2") == other
    circuit.advance(2e-6)
    circuit.set_device("x1", "nbo2", {"re": 250.0}, hot)
    assert circuit.device_state("X1") == hot
    circuit.set_device("X1", device_model("nbo2"), {}, None)
    assert circuit.device_state("X1") == {"temperature": 296.0}
    with pytest.raises(ConfigurationError, match="Did you mean 'nbo2'"):
        circuit.set_device("X1", "nbo", {}, None)


def test_a_pulse_train_far_from_time_zero() -> None:
    """After an hour of circuit time a 100 ns pulse with 5 ns edges still switches the device on, and off again."""
    circuit = build_circuit(parse_netlist("V1 in 0 0\nR1 in out 50\nC1 out 0 20p\nX1 out low nbo2\nR2 low 0 50"))
    circuit.advance(3600.0)
    circuit.set_source("V1", PulseWaveform(0.0, 1.6, 3600.001, 5e-9, 5e-9, 100e-9, 1e-3, 1))
    circuit.advance(3600.001 + 95e-9)
    assert circuit.device_state("X1")["temperature"] > 600
    circuit.advance(3601.0)
    assert circuit.device_state("X1")["temperature"] == pytest.approx(296.0, abs=1e-6)
    circuit.set_source("V1", Constant(0.5))
    circuit.advance(7200.0)
    assert circuit.voltage("out") == pytest.approx(0.5, rel=0.01)
