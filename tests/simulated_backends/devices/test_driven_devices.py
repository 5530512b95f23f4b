"""Devices with a control voltage: transistor and comparator, alone and in the engine, against closed forms."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, fsolve

from benchmarks.agreement_waveforms import in_ngspice
from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.kernel.equations import right_side, right_side_and_jacobian
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.comparator.equations import comparator
from tsbench.simulated_backends.devices.devices_lib import devices_lib
from tsbench.simulated_backends.devices.mechanism import MOST_NUMBERS
from tsbench.simulated_backends.devices.transistor.equations import transistor
from tsbench.simulated_backends.studies.batch import Crossing, one_by_one, run_batch
from tsbench.simulated_backends.studies.neurons.library import neuron
from tsbench.simulated_backends.studies.simulate.simulate import simulate

THERMAL = 8.617333262e-5 * 300.0


def circuit_of(text: str, specialised: bool = False) -> Circuit:
    return build_circuit(parse_netlist(text), specialised=specialised)


def channel(v: float, w: float, beta: float = 1e-3) -> float:
    """Return the drain current [A] by the published form, with the catalogue's threshold and slope factor."""
    def half(x: float) -> float:
        return float(np.logaddexp(0.0, x / (2 * THERMAL)) ** 2)

    pinch = (w - 0.7) / 1.3
    return 2 * 1.3 * beta * THERMAL**2 * (half(pinch) - half(pinch - v)) + 1e-12 * v


# ------------------------------------------------------------------------------------------- the models


def central(function: Callable[[float], float], x: float, step: float) -> float:
    return (function(x + step) - function(x - step)) / (2 * step)


@settings(deadline=None)   # the first call compiles
@given(st.floats(-3, 3), st.floats(-3, 5))
def test_derivatives_of_the_transistor(v: float, w: float) -> None:
    p = [float(x) for x in device_model("nmos").columns().values()]
    g, by_v, by_i, by_w = transistor(v, w, 0.0, *p)
    assert g == pytest.approx(channel(v, w), rel=1e-9, abs=1e-16)
    assert by_i == -1.0
    near = 1e-6 * abs(g) + 1e-14
    assert transistor(1e-9, w, 0.0, *p)[0] == pytest.approx(1e-9 * transistor(0.0, w, 0.0, *p)[1], rel=1e-7)
    assert by_v == pytest.approx(central(lambda x: transistor(x, w, 0.0, *p)[0], v, 1e-5), rel=1e-5, abs=near)
    assert by_w == pytest.approx(central(lambda x: transistor(v, x, 0.0, *p)[0], w, 1e-5), rel=1e-5, abs=near)


@settings(deadline=None)   # the first call compiles
@given(st.floats(-2, 2), st.floats(-5e-3, 5e-3), st.floats(-1e-3, 1e-3), st.floats(-0.1, 1.1))
def test_derivatives_of_the_comparator(v: float, w: float, i: float, s: float) -> None:
    p = [float(x) for x in device_model("comparator").columns().values()]

    def at(v: float, w: float, i: float, s: float) -> np.ndarray:
        return np.array(comparator(v, w, i, s, *p))

    found = at(v, w, i, s)
    steps = np.diag([1e-4, 1e-8, 1e-7, 1e-6])
    here = np.array([v, w, i, s])
    by_v, by_w, by_i, by_s = (
        (at(*(here + d)) - at(*(here - d))) / (2 * d.max()) for d in steps)
    assert found[[1, 3, 2]] == pytest.approx([by_v[0], by_s[0], by_i[0]], rel=1e-6)
    assert found[5:7] == pytest.approx([by_v[4], by_i[4]], abs=1e-3)
    assert found[7] == pytest.approx(by_s[4], rel=1e-5, abs=1e3)   # of 2e8/s
    assert found[8] == pytest.approx(by_w[0], abs=1e-9)
    assert found[9] == pytest.approx(by_w[4], rel=1e-4, abs=1e5)   # of 2e11/(V s)


def current_at(gate: float, voltage: float) -> float:
    """Return the settled drain current, through the whole engine."""
    text = f"V1 d 0 {voltage}\nVg g 0 {gate}\nX1 d g 0 nmos\n.tran 1u 2u\n.save i(X1)"
    return float(simulate(text).columns["i(x1)"][-1])


def test_transistor_is_a_square_law_that_saturates_and_conducts_both_ways() -> None:
    assert current_at(1.7, 3.0) == pytest.approx(0.5e-3 / 1.3, rel=0.02)   # beta (vg - vth)^2/(2 n)
    assert current_at(1.7, 5.0) == pytest.approx(current_at(1.7, 3.0), rel=1e-6)
    assert current_at(1.7, 0.01) == pytest.approx(1e-3 * 0.01, rel=0.05)   # the triode region
    assert current_at(2.7, 5.0) == pytest.approx(4 * current_at(1.7, 5.0), rel=0.02)
    below = (current_at(0.3, 1.0) - 1e-12) / (current_at(0.2, 1.0) - 1e-12)   # without the leakage
    assert below == pytest.approx(math.exp(0.1 / 1.3 / THERMAL), rel=0.02)   # subthreshold slope
    assert current_at(1.7, 0.0) == 0.0
    assert current_at(1.7, -0.5) < 0
    assert current_at(1.7, -0.5) == pytest.approx(channel(-0.5, 1.7), rel=1e-9)


@pytest.mark.parametrize(("hyst", "gain"), [(20e-3, 1e3), (100e-3, 1e3), (20e-3, 1e4)])
def test_comparator_switches_at_its_folds(hyst: float, gain: float) -> None:
    width = 0.9 / gain
    e0 = math.sqrt(1 - 2 * width / hyst)
    fold = hyst / 2 * e0 - width * math.atanh(e0)
    result = simulate(
        f"V1 in 0 PWL(0 {-hyst} 1m {hyst} 2m {-hyst})\nX1 in 0 out 0 comparator hyst={hyst} gain={gain}\nR1 out 0 1g\n"
        "C1 out 0 1f\n.tran 100n 2m 0 100n uic\n.save v(in) v(out)")
    out = result.columns["v(out)"]
    turns = np.flatnonzero(np.diff(np.sign(out - 0.9)))
    assert result.columns["v(in)"][turns] == pytest.approx([fold, -fold], rel=2e-3)
    assert out.min() == pytest.approx(0.0, abs=1e-5) and out.max() == pytest.approx(1.8, abs=1e-5)


def test_comparator_has_gain_delay_and_output_resistance() -> None:
    """Without hysteresis the gain is that stated; a clear step passes the middle tau ln 2 later; the output divides."""
    ramp = simulate("V1 in 0 PWL(0 -1m 1m 1m)\nX1 in 0 out 0 comparator hyst=0\nR1 out 0 1g\nC1 out 0 1f\n"
                    ".tran 1u 1m 0 1u uic\n.save v(in) v(out)")
    volts, out = ramp.columns["v(in)"], ramp.columns["v(out)"]
    middle = abs(volts) < 0.05e-3
    assert np.polyfit(volts[middle], out[middle], 1)[0] == pytest.approx(1e3, rel=2e-3)
    step = simulate("V1 in 0 PWL(0 0 10n 0 10.001n 0.5)\nX1 in 0 out 0 comparator tau=20n\nR1 out 0 3k\nC1 out 0 1f\n"
                    ".tran 0.1n 400n uic\n.save v(out)")
    out = step.columns["v(out)"]
    assert out[-1] == pytest.approx(1.8 * 0.75, rel=1e-6)
    passed = np.interp(0.5 * 1.8 * 0.75, out[step.times > 10e-9], step.times[step.times > 10e-9])
    assert passed - 10e-9 == pytest.approx(20e-9 * math.log(2), abs=0.05e-9)


def test_an_output_that_nothing_loads_has_no_current() -> None:
    """Levels and output cancel but for rounding, high or low; the solver for currents must take that for none."""
    for level, wanted in ((-0.1, -5.0), (0.1, 5.0)):
        circuit = circuit_of(f"V1 in 0 {level}\nX1 in 0 out 0 comparator vol=-5 voh=5 rout=1\nC1 out 0 1p")
        circuit.advance(1e-6)
        circuit.settle()
        assert circuit.voltage("out") == pytest.approx(wanted, rel=1e-9)
        assert abs(circuit.current("X1")) < 1e-13


def test_a_node_behind_a_closed_transistor_finds_its_operating_point() -> None:
    circuit = circuit_of("V1 in 0 -2.546\nRs in a 100\nX0 a d d nmos\nC2 c d 303p\nC3 c 0 1p\nR4 a c 30")
    circuit.settle()
    assert circuit.voltage("d") == pytest.approx(-2.546, rel=1e-3)   # by the leakage of 1 pS alone


def test_impossible_values_are_refused() -> None:
    for change in ({"voh": -1.0}, {"hyst": -1e-3}, {"tau": 0.0}, {"rout": 0.0}, {"gain": math.inf}):
        with pytest.raises(ConfigurationError, match=next(iter(change))):
            device_model("comparator", change)
    with pytest.raises(ConfigurationError, match="vth"):
        device_model("nmos", {"vth": math.inf})


# ------------------------------------------------------------------------------------------- in the engine

MIXED = """Vd vdd 0 PWL(0 0 1u 2 2u 1.5)
Vg in 0 PWL(0 0.2 1u 1.4 2u 0.5)
R1 vdd a 5k
C1 a 0 10p
R2 in b 10k
C2 b 0 5p
XM1 a b s nmos
R3 s 0 1k
XN a s nbo2
XC b s out s comparator hyst=0 gain=5
R4 out a 20k
XM2 vdd out d nmos beta=2m
R5 d 0 2k
"""   # gates at a state, at a node of currents alone, at an output; the control's low side moves


def test_jacobian_and_drive_slope_against_finite_differences() -> None:
    circuit = circuit_of(MIXED)
    one, stages = circuit.structure.compiled, np.zeros((0, 7))
    L, _, _, devices, _, index = one.arrays
    n = circuit.unknowns().size

    def f(y: np.ndarray, drive: np.ndarray) -> np.ndarray:
        out = np.zeros(n)
        right_side(L, devices, stages, index, drive, y, np.zeros(MOST_NUMBERS), out)
        return out

    for t in (0.3e-6, 0.7e-6, 1.4e-6):
        circuit.advance(t)
        y = circuit.unknowns()
        _, _, drive, slope, _ = one.segment(t)
        here, ft, J = np.zeros(n), np.zeros(n), np.zeros((n, n))
        right_side_and_jacobian(L, devices, stages, index, drive, slope, y, np.zeros(MOST_NUMBERS), here, ft, J)
        assert (here == f(y, drive)).all()
        size = np.maximum(1e-6 * abs(y), 1e-9)
        numeric = np.stack([(f(y + d, drive) - f(y - d, drive)) / (2 * d.max()) for d in np.diag(size)], axis=1)
        largest = abs(J).max(axis=1, keepdims=True)
        assert (abs(numeric - J) <= 1e-5 * largest).all()
        dt = 1e-11
        by_time = (f(y, drive + dt * slope) - f(y, drive - dt * slope)) / (2 * dt)
        assert by_time == pytest.approx(ft, rel=1e-5, abs=1e-9 * abs(ft).max())


def test_currents_of_devices_that_drive_each_other_are_consistent() -> None:
    """A current mirror and a follower behind it, no capacitance anywhere: Newton must know what gates do."""
    text = ("Vd vdd 0 3\nR1 vdd g 10k\nX1 g g 0 nmos\nX2 o g 0 nmos beta=2m\nR2 vdd o 2k\nX3 vdd o s nmos\nR3 s 0 5k\n")
    circuit = circuit_of(text)

    def rest(x: np.ndarray) -> list[float]:
        g, o, s = x
        return [(3 - g) / 10e3 - channel(g, g), (3 - o) / 2e3 - channel(o, g, 2e-3), channel(3 - s, o - s) - s / 5e3]

    exact = fsolve(rest, [1.2, 2.0, 0.8], xtol=1e-13)
    assert [circuit.voltage(node) for node in "gos"] == pytest.approx(exact, rel=1e-8)
    assert circuit.current("X2") / circuit.current("X1") == pytest.approx(2.0, rel=2e-2)   # the mirror


def test_operating_point_of_an_amplifier() -> None:
    text = "Vd vdd 0 3\nVg g 0 1.1\nR1 vdd o 20k\nC1 o 0 1p\nX1 o g 0 nmos\n.tran 1n 1u\n.save v(o)"
    out = simulate(text).columns["v(o)"]
    exact = brentq(lambda o: (3 - o) / 20e3 - channel(o, 1.1), 0, 3, xtol=1e-14)
    assert out == pytest.approx(exact, rel=1e-6)


HYBRID = neuron("hybrid_cmos").netlist(stimulus="2.2", stop=20e-6)
PULSES = Crossing("voltage", "out", 0.9)


def test_batches_give_the_same_events() -> None:
    generic = one_by_one([circuit_of(HYBRID)], 20e-6, PULSES, 1)
    batch = run_batch([circuit_of(HYBRID), circuit_of(HYBRID)], 20e-6, PULSES, 2)
    assert generic.instants[0].size > 10
    assert not batch.in_lockstep   # one by one: a control voltage is not for lanes
    assert (batch.instants[0] == generic.instants[0]).all() and (batch.instants[1] == generic.instants[0]).all()


SENSING = """Vd vdd 0 PWL(0 0 1u 2 2u 1.5)
Vg in 0 PWL(0 0.2 1u 1.4 2u 0.5)
R1 vdd a 5k
C1 a 0 10p
R2 in q 5k
R3 q b 5k
C2 b 0 5p
XC q s out s comparator hyst=0 gain=5
R4 out a 20k
XM vdd out s nmos beta=2m
R5 s 0 2k
"""   # a control between a source and a state, and one at an output; fewer devices compile in a third of the time


def test_specialised_code_where_everything_senses_and_moves() -> None:
    generic, special = circuit_of(SENSING), circuit_of(SENSING, True)
    for circuit in (generic, special):
        circuit.advance(3e-6)
    assert generic.steps == special.steps
    assert special.unknowns() == pytest.approx(generic.unknowns(), rel=1e-9)


def test_the_gate_draws_no_current() -> None:
    gate = "Vg in 0 SIN(1 1 1meg)\nRg in g 1g\nCg g 0 1f\n"
    alone = circuit_of(gate)
    circuit = circuit_of(gate + "Vd vdd 0 2\nR1 vdd o 1k\nXM o g 0 nmos\nXC g o c 0 comparator\nR2 c 0 1k")
    for t in np.linspace(0.1e-6, 3e-6, 7):
        circuit.advance(t)
        alone.advance(t)
        assert circuit.current("Vg") == pytest.approx(alone.current("Vg"), rel=1e-5, abs=1e-16)


# ------------------------------------------------------------------------------------------- on a netlist


@pytest.mark.parametrize(("line", "message"), [
    ("X1 a in nmos", r"line 4: X1: nmos needs 3 nodes \(drain gate source\), got 2 \(a in\)"),
    ("X1 a in 0 0 nmos", r"line 4: X1: nmos needs 3 nodes \(drain gate source\), got 4"),
    ("X1 a in 0 comparator", r"line 4: X1: comparator needs 4 nodes \(plus minus out low\), got 3"),
    ("X1 a in 0 diode", r"line 4: X1: diode needs 2 nodes \(a b\), got 3"),
    ("X1 a in a nmos", r"line 4: X1: drain and source are both on node 'a'"),
    ("X1 a g 0 nmos", r"line 4: node 'g' is floating. Only X1"),
    ("X1 a g 0 nmos\nX2 in g 0 nmos", r"line 4: node 'g' is floating. Only control inputs \(X1, X2\) are"),
    ("X1 a g 0 nmos\nC1 g 0 1p", r"node 'g' is floating. It has no DC path"),
])
def test_a_wrong_line_is_refused_by_name(line: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        circuit_of(f"V1 in 0 1\nR1 in a 1k\nR2 a 0 1k\n{line}")


def test_a_device_with_a_gate_cannot_take_the_place_of_one_without() -> None:
    circuit = circuit_of("V1 in 0 1\nR1 in a 1k\nX1 a 0 nbo2")
    with pytest.raises(ConfigurationError, match=r"X1 has the nodes a b. A device with the model transistor "
                                                 r"has the nodes drain gate source"):
        circuit.set_device("X1", "nmos", {}, None)
    driven = circuit_of("V1 in 0 1\nR1 in a 1k\nX1 a in 0 nmos")
    before = driven.current("X1")
    driven.set_device("X1", "nmos", {"beta": 2e-3}, None)
    assert driven.current("X1") > 1.2 * before


def test_subcircuits_have_the_nodes_of_the_netlist() -> None:
    text = devices_lib()
    assert ".subckt nmos drain gate source\n" in text
    assert ".subckt comparator plus minus out low\n" in text
    assert ".subckt nbo2 a b\n" in text


def test_elements_keep_apart_what_carries_and_what_senses() -> None:
    netlist = parse_netlist("V1 in 0 1\nR1 in a 1k\nX1 in a b 0 comparator\nR2 b 0 1k")
    element = netlist.find("X1")
    assert element.nodes == ("in", "a", "b", "0") and element.controls == ()
    placed = device_model("comparator").placed(element)
    assert placed == dataclasses.replace(element, nodes=("b", "0"), controls=("in", "a"))


@pytest.mark.ngspice
def test_ngspice_reads_levels_of_either_sign() -> None:
    text = ("* levels\n.include devices.lib\nVg g 0 PULSE(-50m 50m 20n 0.1n 0.1n 50n 200n)\n"
            "XC g 0 out 0 comparator vol=-2.5 voh=-0.5 hyst=0\nC1 out 0 1p\n"
            ".tran 1n 200n 0 0.1n uic\n.save v(out)\n.end\n")
    theirs, ours = in_ngspice(text), simulate(text)
    late = ours.times > 15e-9
    out = np.interp(ours.times, theirs["time"], theirs["v(out)"])
    assert out[late] == pytest.approx(ours.columns["v(out)"][late], abs=5e-3)
    assert theirs["v(out)"].min() == pytest.approx(-2.5, abs=1e-3)
    assert theirs["v(out)"].max() > -0.55
