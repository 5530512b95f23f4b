"""Steps are looked into where a device follows a control voltage: nothing that switches within one is jumped over."""

import numpy as np
import pytest
from scipy.optimize import brentq

from tsbench.netlist import parse_netlist
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import Segment
from tsbench.simulated_backends.devices.catalogue import device_model

COMPARATOR = "Vr r 0 1.5\nXC in r o 0 comparator\nR1 o 0 10k"


class Samples:
    """Keeps a voltage at 200 instants of each segment and the crossings of half the output."""

    def __init__(self, node: str, level: float) -> None:
        self.node, self.level = node, level
        self.times: list[FloatArray] = []
        self.values: list[FloatArray] = []
        self.crossings: list[float] = []

    def observe(self, segment: Segment) -> None:
        ends = segment.times
        values = segment.voltage(self.node, ends) - self.level
        for k in np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0):
            self.crossings.append(brentq(
                lambda t: float(segment.voltage(self.node, np.array([t]))[0]) - self.level, ends[k], ends[k + 1],
                xtol=1e-16))
        fine = np.linspace(segment.start, segment.end, 200)
        self.times.append(fine)
        self.values.append(segment.voltage(self.node, fine))


def run(text: str, node: str, until: float, level: float, rtol: float = 1e-6, looks: int = 1) -> Samples:
    circuit = build_circuit(parse_netlist(text), rtol=rtol)
    seen = Samples(node, level)
    circuit.add_observer(seen)
    for k in range(looks):
        circuit.advance(until * (k + 1) / looks, skip=False)   # every period is looked at
    return seen


@pytest.mark.parametrize("rtol", [1e-3, 1e-6])
@pytest.mark.parametrize("length", [1e-3, 1.0, 100.0])
def test_a_comparator_on_a_slow_ramp_switches_where_its_input_does(length: float, rtol: float) -> None:
    """Its output follows its input as its gain says; only 10 ns and less are between (its speed)."""
    model = device_model("comparator").parameters()
    level = 0.5 * (model["vol"] + model["voh"]) * 10e3 / (10e3 + model["rout"])
    seen = run(f"V1 in 0 PWL(0 0 {length} 3)\n{COMPARATOR}", "o", length, level, rtol)
    assert len(seen.crossings) == 1
    # with hysteresis it switches at +-e0 of a fold above the reference: see its docstring
    k = 4.0 * model["gain"] / (model["voh"] - model["vol"])
    fold = 0.0
    if model["hyst"] * k > 4:
        e0 = np.sqrt(1.0 - 4.0 / (model["hyst"] * k))
        fold = 0.5 * (model["hyst"] * e0 - 4.0 * np.arctanh(e0) / k)
    expected = (1.5 + fold) / 3.0 * length
    slow = 30 * model["tau"] + 3e-3 * length / 3.0 * (model["tau"] / length) ** (2 / 3)   # passing a fold takes time
    assert seen.crossings[0] == pytest.approx(expected, abs=slow + 1e-6 * length)


def test_a_comparator_on_a_sine_switches_twice_a_period() -> None:
    seen = run(f"V1 in 0 SIN(1.5 1 1k)\n{COMPARATOR}", "o", 20e-3, 0.9)
    assert len(seen.crossings) in (39, 40)
    rising = np.array(seen.crossings)[::2]
    assert np.diff(rising) == pytest.approx(1e-3, rel=1e-6)


def test_a_transistor_is_right_within_a_step_as_at_its_end() -> None:
    text = "V1 in 0 PWL(0 0 1 3)\nVdd d 0 3\nR1 d a 10k\nXM a in 0 nmos"
    seen = run(text, "a", 1.0, 1.5)
    times, values = np.concatenate(seen.times), np.concatenate(seen.values)
    for time in (0.1, 0.25, 0.29, 0.31, 0.38, 0.5, 0.9):
        circuit = build_circuit(parse_netlist(text.replace("PWL(0 0 1 3)", repr(3.0 * time))))
        circuit.settle()
        assert np.interp(time, times, values) == pytest.approx(circuit.voltage("a"), abs=1.5e-3)


def test_who_looks_when_changes_nothing() -> None:
    text = f"V1 in 0 SIN(1.5 1 1k)\n{COMPARATOR}\nR2 o p 1k\nC2 p 0 10n"
    ends = []
    for looks in (1, 313):
        circuit = build_circuit(parse_netlist(text))
        for k in range(looks):
            circuit.advance(3e-3 * (k + 1) / looks)
        ends.append((circuit.unknowns().tobytes(), circuit.steps))
    assert ends[0][0] == ends[1][0]


def test_circuits_without_a_control_take_the_steps_they_took() -> None:
    circuit = build_circuit(parse_netlist("V1 in 0 PWL(0 0 1 3)\nR1 in a 1k\nX1 a 0 diode"))
    assert not circuit.structure.compiled.controlled
    circuit.advance(1.0)
    assert circuit.steps < 200
