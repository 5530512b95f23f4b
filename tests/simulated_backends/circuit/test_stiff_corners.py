"""Circuits nobody should draw: every one ends in an answer or in one line that names what is wrong, none hangs."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tsbench.errors import ConfigurationError, TsbenchError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit import stepping as engine
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.steady.ringing import fastest_ringing
from tsbench.simulated_backends.devices.catalogue import catalogue

DEVICES = sorted(catalogue())


def line_of(name: str, device: str, *nodes: str) -> str:
    """Return a device on a netlist line, its current between the first two nodes, what it senses at the others."""
    model = catalogue()[device].model()
    at = dict(zip(dict.fromkeys((*model.carries, *(model.senses or ()))), nodes, strict=False))
    return f"{name} {' '.join(at[terminal] for terminal in model.terminals)} {device}"


@pytest.fixture(autouse=True, scope="module")
def impatient() -> object:
    """A million steps are enough here."""
    patch = pytest.MonkeyPatch()
    patch.setattr(engine, "MOST_STEPS", 1e6)
    patch.setattr(engine, "ENOUGH_STEPS", 30_000)
    yield
    patch.undo()


@st.composite
def extremes(draw: st.DrawFn) -> tuple[str, float]:
    """A netlist of values over many decades, and for how long [s] to look at it: 1 ps to 1000 s."""
    duration = 10 ** draw(st.floats(-12, 3))
    height = draw(st.floats(-5, 5))
    source = draw(st.sampled_from([
        f"{height:.3f}", f"SIN(0 {height:.3f} {3 / duration:.4g})",
        f"PULSE(0 {height:.3f} {0.1 * duration:.3g} {duration / 100:.3g} {duration / 100:.3g} {0.3 * duration:.3g} "
        f"{duration / 2:.3g})",
        f"PWL(0 0 {duration / 2:.4g} {height:.3f} {duration:.4g} 0)"]))
    lines = [f"V1 in 0 {source}", f"Rs in a {10 ** draw(st.floats(-6, 9)):.4g}"]
    for k in range(draw(st.integers(1, 5))):
        first, second = draw(st.lists(st.sampled_from(["a", "b", "0"]), min_size=2, max_size=2, unique=True))
        kind = draw(st.sampled_from("RCCLXXX"))
        if kind == "X":
            senses = draw(st.lists(st.sampled_from(["a", "b", "in", "0"]), min_size=2, max_size=2))
            lines.append(line_of(f"X{k}", draw(st.sampled_from(DEVICES)), first, second, *senses))
            continue
        value = {
            "R": f"{10 ** draw(st.floats(-6, 12)):.4g}", "C": f"{10 ** draw(st.floats(-21, -3)):.4g}",
            "L": f"{10 ** draw(st.floats(-12, 0)):.4g}"}[kind]
        lines.append(f"{kind}{k} {first} {second} {value}")
    return "\n".join(lines), duration


@pytest.mark.thorough
@settings(max_examples=60, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(extremes())
def test_an_answer_or_one_clear_line(case: tuple[str, float]) -> None:
    text, duration = case
    try:
        netlist = parse_netlist(text)
        circuit = build_circuit(netlist)
        circuit.advance(duration)
    except TsbenchError as error:
        message = str(error)
        names = [line.split()[0] for line in text.splitlines()]
        assert "\n" not in message
        assert any(name in message for name in (*names, "node 'a'", "node 'b'", "node 'in'")), message
        return
    assert circuit.time == duration
    assert np.isfinite([circuit.voltage(node) for node in netlist.nodes]).all()
    for element in netlist.elements:
        assert math.isfinite(circuit.current(element.name)), element.name


@pytest.mark.parametrize("line", ["C1 a 0 -1p", "C1 a 0 0", "R1 a 0 -5", "R1 a 0 0", "L1 a 0 -1n", "R1 a 0 nan"])
def test_an_impossible_value_is_refused_by_name(line: str) -> None:
    with pytest.raises(ConfigurationError, match=line.split(maxsplit=1)[0]):
        build_circuit(parse_netlist(f"V1 in 0 1\nRs in a 50\nC9 a 0 1p\n{line}"))


def test_inductors_in_parallel_have_an_operating_point() -> None:
    circuit = build_circuit(parse_netlist("V1 in 0 0.8\nRs in a 100\nL0 d a 7\nL1 d a 8.6\nR2 0 d 200"))
    circuit.settle()
    assert circuit.current("Rs") == pytest.approx(0.8 / 300, rel=1e-9)
    assert circuit.current("L0") + circuit.current("L1") == pytest.approx(-0.8 / 300, rel=1e-9)


def test_a_capacitance_that_another_drowns_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match=r"C2 = 1e-19 F is too small for a computation in series with C1 = "
                                                 r"0\.001 F"):
        build_circuit(parse_netlist("V1 in 0 0\nRs in a 1\nR0 a b 1\nC1 a b 1m\nC2 a 0 1e-19"))


@pytest.mark.parametrize("device", DEVICES)
def test_a_temperature_below_absolute_zero_is_refused(device: str) -> None:
    parameters = {parameter.name for parameter in catalogue()[device].parameters}
    text = f"V1 in 0 1\nRs in a 50\nC9 a 0 1p\n{line_of('X1', device, 'a', '0', 'in', '0')} t0=-5"
    with pytest.raises(ConfigurationError) as refused:
        build_circuit(parse_netlist(text))
    assert ("t0 = -5" if "t0" in parameters else "t0") in str(refused.value)


@pytest.mark.parametrize("device", DEVICES)
def test_every_parameter_refuses_what_is_not_a_number(device: str) -> None:
    model = catalogue()[device].model()
    for parameter in catalogue()[device].parameters:
        with pytest.raises(ConfigurationError, match=parameter.name):
            model.with_parameters({parameter.name: math.nan})


def test_a_ringing_that_would_take_forever_is_told_with_what_rings() -> None:
    circuit = build_circuit(parse_netlist("V1 in 0 SIN(0 1 1g)\nRs in a 1000\nC1 a 0 1p\nL1 a b 1n\nC2 b 0 1p"))
    with pytest.raises(TsbenchError, match=r"oscillation is only 1.41e-10 s. It is an oscillation of .*current of L1"):
        circuit.advance(1000.0, skip=False)   # else its steady state is found


def test_ringing_is_told_from_damping() -> None:
    period, shares = fastest_ringing(np.array([[0.0, 1.0], [-1e6, 0.0]]), 2) or (0.0, np.zeros(2))
    assert period == pytest.approx(2 * math.pi * 1e-3)
    assert shares == pytest.approx([0.5, 0.5])
    assert fastest_ringing(np.diag([-1.0, -1e9]), 2) is None
