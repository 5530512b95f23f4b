"""What a circuit is built from: attached instruments, models, temperatures, seeds, and voltages at the beginning."""

import pytest

from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit import build
from tsbench.simulated_backends.circuit.build import IDLE_STAGE, build_circuit
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.resistor.equations import Resistor

ONE = parse_netlist("R1 a 0 1k\n", ["a"])


def test_instruments_are_attached_by_name() -> None:
    circuit = build_circuit(
        ONE, stages=[("SMU", "A", "SMU.relay", 1e15)],
        sources=[("gen", "GND", "gen.relay", 50.0), ("g2", "a", "g2.r", 1e9)],
        loads=[("scope.1", "a", 1e6, 14e-12), ("scope.2", "GND", 1e6, 0.0)])
    elements = set(circuit.structure.system.currents)
    assert elements == {"r1", "smu", "smu.relay", "gen", "gen.relay", "g2", "g2.r", "scope.1", "scope.1.c", "scope.2"}
    assert set(circuit.nodes) >= {"a", "smu#", "gen#", "g2#"} and circuit.voltage("gen#") == 0.0
    assert (IDLE_STAGE.function, IDLE_STAGE.level, IDLE_STAGE.limit) == ("voltage", 0.0, 1e-4)
    direct = build_circuit(ONE, stages=[("smu", "a")])
    assert "smu#" not in direct.nodes and set(direct.structure.system.currents) == {"r1", "smu"}


@pytest.mark.parametrize(("attached", "said"), [
    ({"loads": [("R1", "a", 1e6, 0.0)]}, "two elements have the name 'R1'"),
    ({"loads": [("r1", "a", 1e6, 0.0)]}, "two elements have the name 'r1'"),
    ({"stages": [("R1", "a")]}, "two elements have the name 'R1'"),
    ({"loads": [("x", "a", 0.0, 0.0)]}, "resistor x = 0 Ohm must be positive and finite"),
    ({"loads": [("x", "a", float("inf"), 0.0)]}, "resistor x = inf Ohm must be positive"),
    ({"sources": [("g", "a", "g.r", -1.0)]}, "resistor g.r = -1 Ohm must be positive"),
])
def test_what_cannot_be_attached(attached: dict[str, list[tuple[object, ...]]], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        build_circuit(ONE, **attached)  # type: ignore[arg-type]


def test_a_circuit_has_so_many_nodes_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert build.MOST_NODES == 2000
    monkeypatch.setattr(build, "MOST_NODES", 3)
    build_circuit(parse_netlist("V1 a 0 1\nR1 a b 1k\nR2 b 0 1k\n"))   # ground is the third
    with pytest.raises(ConfigurationError, match="4 nodes are too many"):
        build_circuit(parse_netlist("V1 a 0 1\nR1 a b 1k\nR2 b c 1k\nR3 c 0 1k\n"))


def test_a_model_is_that_of_the_element_before_that_of_its_name_before_the_catalogue() -> None:
    netlist = parse_netlist("V1 a 0 1\nXD a 0 device\nXE a 0 device\nXF a 0 resistor r=7\n")
    given = {"xd": Resistor(r=1.0), "DEVICE": Resistor(r=2.0)}
    circuit = build_circuit(netlist, given)
    assert [circuit.model_of(name).parameters()["r"] for name in ("XD", "XE", "XF")] == [1.0, 2.0, 7.0]


@pytest.mark.parametrize(("card", "given", "chuck", "found"), [
    ("", "", None, None), (".temp 30\n", "", None, 303.15), (".temp 30\n", "", 350.0, 350.0),
    (".temp 30\n", " t0=400", 350.0, 400.0), (".temp 30\n", " t0=400", None, 400.0),
])
def test_the_temperature_of_a_device(card: str, given: str, chuck: float | None, found: float | None) -> None:
    circuit = build_circuit(parse_netlist(f"V1 a 0 1\nX1 a 0 nbo2{given}\n{card}"), temperature=chuck)
    own = device_model("nbo2").parameters()["t0"]
    assert circuit.model_of("X1").parameters()["t0"] == pytest.approx(own if found is None else found)


@pytest.mark.parametrize(("cards", "expected"), [
    ("C1 a 0 1n ic=2\n", {"a": 2.0}), ("C1 0 a 1n ic=2\n", {"a": -2.0}),
    ("C1 a b 1n ic=2\n.ic v(b)=1\n", {"a": 3.0, "b": 1.0}), ("C1 a b 1n ic=2\n.ic v(a)=1\n", {"a": 1.0, "b": -1.0}),
    ("C1 a b 1n ic=2\n", {"a": 2.0, "b": 0.0}),   # neither is known: the second is at 0 V
    ("C1 a b 1n ic=2\nC2 b 0 1n ic=3\n", {"a": 5.0, "b": 3.0}),   # the second one is known first
    ("C1 a b 1n ic=2\nC2 c b 1n ic=3\n", {"a": 2.0, "b": 0.0, "c": 3.0}),
    ("C1 a 0 1n ic=2\n.ic v(a)=2\n", {"a": 2.0}), ("C1 a 0 1n ic=2\n.ic v(a)=2.000000001\n", {"a": 2.000000001}),
    ("C1 a 0 1n ic=0\n.ic v(a)=1e-12\n", {"a": 1e-12}), ("C1 a 0 1n\n.ic v(a)=1\n", {"a": 1.0}),
])
def test_voltages_at_the_beginning(cards: str, expected: dict[str, float]) -> None:
    netlist = parse_netlist(f"R1 a b 1k\nR2 b c 1k\nR3 c 0 1k\n{cards}")
    assert build._initial_voltages(netlist) == pytest.approx({"0": 0.0, **expected}, rel=1e-12)


@pytest.mark.parametrize("cards", [
    "C1 a 0 1n ic=2\n.ic v(a)=2.00000001\n", "C1 a 0 1n ic=0\n.ic v(a)=1e-11\n",
    "C1 a b 1n ic=2\nC2 b 0 1n ic=3\nC3 a 0 1n ic=4\n"])
def test_voltages_at_the_beginning_that_contradict_each_other(cards: str) -> None:
    with pytest.raises(ConfigurationError, match=r"but \.ic and other capacitors give"):
        build._initial_voltages(parse_netlist(f"R1 a b 1k\nR2 b 0 1k\n{cards}"))
