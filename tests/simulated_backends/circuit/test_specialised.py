"""Code written for one topology against the generic code: the same steps, the same events."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.engine import Segment, Sine, SourceMeterStage
from tsbench.simulated_backends.circuit.kernel.specialised import LARGEST_SIZE, integrator_text, specialised_integrate
from tsbench.simulated_backends.circuit.kernel.step_control import exp2_roughly, log2_roughly, rung
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory
from tsbench.simulated_backends.numerics.generated import cache_folder

OSCILLATOR = (Path(__file__).parents[3] / "examples" / "oscillator.cir").read_text(encoding="utf-8")
MIXED = """Vb gen 0 PULSE(0 2.6 20n 10n 10n 3u 5u)
R1 gen a 5k
L1 a dut 20n
C1 dut 0 80p
XDUT dut low nbo2
Rs low 0 50
C2 dut e 10p
R2 e 0 10k
X2 0 e diode
R3 smu e 20k
C3 smu 0 20p
"""   # a pulsed source, an inductor, a device without straight form and a source meter
STAGE = SourceMeterStage("voltage", 2.2, 1e-3, 0.1, 2e-8, 2e-8, 1e3, 1e9)


class Events:
    """Instants at which the current of XDUT rises through 0.4 mA, by the dense output."""

    def __init__(self) -> None:
        self.instants: list[float] = []

    def observe(self, segment: Segment) -> None:
        assert isinstance(segment, RecordedTrajectory)
        knots = segment.times
        values = segment.current("XDUT", knots)
        for k in np.flatnonzero((values[:-1] < 4e-4) & (values[1:] >= 4e-4)):
            low, high = knots[k], knots[k + 1]
            for _ in range(60):
                middle = 0.5 * (low + high)
                above = segment.current("XDUT", np.array([middle]))[0] >= 4e-4
                low, high = (low, middle) if above else (middle, high)
            self.instants.append(low)


def events(text: str, rtol: float, specialised: bool) -> tuple[np.ndarray, Circuit]:
    """Return the events of 24 us and the circuit behind them."""
    stages = [("smu", "smu")] if "smu" in text else []
    netlist = parse_netlist(text, terminals=["smu"] if stages else [])
    circuit = build_circuit(netlist, stages=stages, rtol=rtol, specialised=specialised)
    if stages:
        circuit.set_stage("smu", STAGE)
    seen = Events()
    circuit.add_observer(seen)
    circuit.advance(24e-6, skip=False)
    return np.array(seen.instants), circuit


@pytest.mark.parametrize("rtol", [1e-3, 1e-6])
@pytest.mark.parametrize("text", [OSCILLATOR, MIXED], ids=["oscillator", "mixed"])
def test_events_agree_with_the_generic_code(text: str, rtol: float) -> None:
    special, one = events(text, rtol, True)
    generic, other = events(text, rtol, False)
    assert special.size == generic.size >= 70
    difference = abs(special / generic - 1).max()
    print(f"{special.size} events, {one.steps} steps, difference {difference:.1e}")
    assert one.steps == other.steps and one.readings.refused_steps == other.readings.refused_steps
    assert difference < 1e-9


def test_it_is_the_special_code_that_ran() -> None:
    circuit = build_circuit(parse_netlist(OSCILLATOR), specialised=True)
    kernel = specialised_integrate(circuit.structure.compiled.topology)
    assert kernel is not None and Path(kernel.py_func.__code__.co_filename).parent == cache_folder()


def test_bitwise_the_same_each_time() -> None:
    first, second = (events(OSCILLATOR, 1e-4, True) for _ in range(2))
    assert (first[0] == second[0]).all()
    assert (first[1].unknowns() == second[1].unknowns()).all()


def test_a_circuit_in_which_nothing_has_a_derivative_by_time() -> None:
    circuit = build_circuit(parse_netlist("V1 in 0 PWL(0 0 1m 1)\nR1 in out 1k\nX1 out 0 diode\n"), specialised=False)
    text = integrator_text(circuit.structure.compiled.topology)
    step = text.partition("def take_step(")[2].partition("return squared")[0]
    assert step and "rates[" not in step
    compile(text, "generated", "exec")


#: the topology of the bench in examples/ag_sio2.world.toml, whose code the demo compiles, too
SILVER = """V1 gen1 0 PWL(0 0 2m 1.6 4m 0)
R_drive smu dut 2
C_cable smu 0 20p
R_pulse gen1 dut 100k
C_probe dut 0 66p
XDUT dut low ag_sio2 seed=7
R_shunt low 0 50
C_low low 0 5p
"""


def test_a_stochastic_device_stays_on_its_path() -> None:
    voltages = []
    for specialised in (True, False):
        circuit = build_circuit(
            parse_netlist(SILVER, terminals=["smu"]), stages=[("smu", "smu")], specialised=specialised)
        circuit.set_stage("smu", dataclasses.replace(STAGE, function="current", level=0.0, limit=10.0))
        found = []
        for t in np.linspace(0.0, 4e-3, 201)[1:]:
            circuit.advance(t)
            found.append(circuit.voltage("dut"))
        voltages.append(np.array(found))
    assert max(voltages[1]) > 0.5 and min(abs(np.diff(voltages[1])).max(), 0.1) == 0.1   # it switched
    assert abs(voltages[0] - voltages[1]).max() < 1e-6


def test_a_curved_source_is_left_to_the_generic_code() -> None:
    text = OSCILLATOR.replace("PULSE(0 2.2 0 10n 10n 1)", "2.2")
    found = []
    for specialised in (True, False):
        circuit = build_circuit(parse_netlist(text), specialised=specialised)
        circuit.advance(1e-7)
        circuit.set_source("Vbias", Sine(2.2, 0.1, 1e6, 1e-7))
        circuit.advance(1e-6, skip=False)
        found.append(circuit.voltage("dut"))
    assert found[0] == pytest.approx(found[1], rel=1e-9)


def test_a_large_circuit_is_left_to_the_generic_code() -> None:
    cells = "".join(f"R{k} {k} {k + 1} 1k\nC{k} {k + 1} 0 1p\n" for k in range(1, LARGEST_SIZE + 2))
    circuit = build_circuit(parse_netlist("V1 1 0 1\n" + cells), specialised=True)
    circuit.advance(1e-9)
    assert specialised_integrate(circuit.structure.compiled.topology) is None


def test_resistors_alone_are_left_to_the_generic_code() -> None:
    """They have no unknown: a waveform with many corners on them must not end in a division by zero."""
    circuit = build_circuit(parse_netlist("V1 in 0 PWL(0 0 1m 1)\nR1 in a 50\nR2 a 0 10k\n"), specialised=True)
    assert specialised_integrate(circuit.structure.compiled.topology) is None
    circuit.advance(2e-3)
    assert circuit.time == 2e-3


def test_rough_powers_are_as_near_as_they_say_and_the_ladder_only_goes_down() -> None:
    x = np.geomspace(1e-30, 1e30, 4001)
    error = np.array([log2_roughly(v) for v in x]) - np.log2(x)
    assert error.max() < 1e-12 and error.min() > -0.0861
    y = np.linspace(-60, 60, 4001)
    ratio = np.array([exp2_roughly(v) for v in y]) / 2.0**y
    assert ratio.min() > 1 - 1e-12 and ratio.max() < 1.0615
    for h in (1e-12, 3.7e-9, 1.0, 2.0**-30):
        step = rung(log2_roughly(h))
        assert h / 2.0 ** (1.5 / 16) < step <= h
        assert rung(log2_roughly(step)) == step   # it stays where it is
