"""The demo's oscillator against other integrators, against ngspice, and against itself without skipping."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from benchmarks.kept_segments import KeptSegments
from tests.fixtures.patience import PATIENCE
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.engine import Constant, Repetition, Segment
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.devices_lib import write_devices_lib
from tsbench.simulated_backends.devices.poole_frenkel.equations import PooleFrenkel
from tsbench.simulated_backends.studies.simulate.simulate import simulate

OSCILLATOR = Path(__file__).parents[3] / "examples" / "oscillator.cir"
TEXT = OSCILLATOR.read_text(encoding="utf-8")
SHUNT, SOURCE, LOAD, CAPACITANCE = 50.0, 2.2, 5050.0, 80e-12


def rising(times: np.ndarray, values: np.ndarray, level: float) -> np.ndarray:
    """Return the instants at which sampled values rise through a level."""
    k = np.flatnonzero((values[:-1] < level) & (values[1:] >= level))
    return times[k] + (level - values[k]) / (values[k + 1] - values[k]) * (times[k + 1] - times[k])


def period_of(times: np.ndarray, values: np.ndarray) -> float:
    spikes = rising(times, values, 0.02)[3:]
    return float((spikes[-1] - spikes[0]) / (len(spikes) - 1))


@pytest.fixture(scope="module")
def ours() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    result = simulate(re.sub(r"\.tran.*", ".tran 1n 8u uic", TEXT))
    return result.times, result.columns["v(dut)"], result.columns["v(low)"]


@pytest.mark.thin(2)
@pytest.mark.parametrize("method", ["Radau", "LSODA"])
def test_scipy_agrees(ours: tuple[np.ndarray, np.ndarray, np.ndarray], method: str) -> None:
    """The same circuit written down by hand, the film voltage by its own Newton, other integrators."""
    model = device_model("nbo2")
    assert isinstance(model, PooleFrenkel)
    series = 300.0 + SHUNT

    def current(v: float, t: float) -> float:
        film = v
        for _ in range(60):
            i, slope, _ = model.film(film, t)
            change = (film + series * i - v) / (1 + series * slope)
            film -= change
            if abs(change) < 1e-14:
                break
        return (v - film) / series

    def rates(t: float, y: np.ndarray) -> list[float]:
        i = current(y[0], y[1])
        source = SOURCE * min(t / 10e-9, 1.0)
        heat = i * (y[0] - series * i)
        return [((source - y[0]) / LOAD - i) / CAPACITANCE, (heat - (y[1] - 296.0) / 1e6) / 1e-14]

    grid = np.linspace(0, 2.4e-6, 24001)
    options = {"rtol": 1e-9, "atol": [1e-11, 1e-8], "method": method, "max_step": 5e-9}
    first = solve_ivp(rates, (0, 10e-9), [0.0, 296.0], **options)
    second = solve_ivp(rates, (10e-9, 2.4e-6), first.y[:, -1], t_eval=grid[grid >= 10e-9], **options)
    times, dut, low = ours
    v_low = SHUNT * np.array([current(*y) for y in second.y.T])
    reference = period_of(second.t, v_low)
    mine = times <= 2.4e-6
    assert period_of(times[mine], low[mine]) == pytest.approx(reference, rel=1e-3)
    print(f"{method}: period {reference * 1e9:.5f} ns, ours {period_of(times[mine], low[mine]) * 1e9:.5f} ns")

    # voltages at matched phase, over the fifth period
    start = rising(second.t, v_low, 0.02)[4]
    own_start = rising(times, low, 0.02)[4]
    phase = np.linspace(0, 0.999 * reference, 500)
    theirs = np.interp(start + phase, second.t, second.y[0])
    own = np.interp(own_start + phase, times, dut)
    assert abs(theirs - own).max() < 0.005 * np.ptp(theirs)


@pytest.mark.ngspice
def test_ngspice_agrees(ours: tuple[np.ndarray, np.ndarray, np.ndarray], tmp_path: Path) -> None:
    """The example runs unchanged in ngspice with the generated devices.lib."""
    shutil.copy(OSCILLATOR, tmp_path / "oscillator.cir")
    write_devices_lib(tmp_path / "devices.lib")
    done = subprocess.run(["ngspice", "-b", "-r", "out.raw", "oscillator.cir"], cwd=tmp_path, capture_output=True,
                          text=True, timeout=PATIENCE, check=False)
    assert (tmp_path / "out.raw").exists(), done.stdout + done.stderr
    head, _, data = (tmp_path / "out.raw").read_bytes().partition(b"Binary:\n")
    variables = int(re.search(r"No. Variables: *(\d+)", head.decode())[1])   # type: ignore[index]
    table = np.frombuffer(data).reshape(-1, variables)
    theirs = period_of(table[:, 0], table[:, 2])
    mine = period_of(ours[0], ours[2])
    print(f"ngspice {theirs * 1e9:.4f} ns, ours {mine * 1e9:.4f} ns, difference {mine / theirs - 1:.2e}")
    assert mine == pytest.approx(theirs, rel=2e-3)


# ------------------------------------------------------------------------------------------- energy


def test_energy_and_charge_balance() -> None:
    """What the source gives is stored in the capacitor, heats the resistors, or enters the device."""
    circuit = build_circuit(parse_netlist(TEXT))
    kept = KeptSegments(circuit)
    circuit.advance(3e-6, skip=False)
    energy = kept.energy
    given = -energy("gen", "0", "Vbias")
    used = {
        "Rgen": energy("gen", "in", "Rgen"), "Rload": energy("in", "dut", "Rload"),
        "XDUT": energy("dut", "low", "XDUT"), "Rsh": energy("low", "0", "Rsh"),
        "Cdut": 0.5 * CAPACITANCE * circuit.voltage("dut") ** 2,
    }
    assert sum(used.values()) == pytest.approx(given, rel=1e-6)
    assert energy("dut", "0", "Cdut") == pytest.approx(used["Cdut"], rel=1e-4)
    through = kept.integral("current", "Rload")
    device = kept.integral("current", "XDUT")
    assert through == pytest.approx(device + CAPACITANCE * circuit.voltage("dut"), rel=1e-7)


# ------------------------------------------------------------------------------------------- skipping


class Average:
    """Averages a voltage and a current over everything it sees, and counts spikes."""

    def __init__(self) -> None:
        self.voltage = self.current = self.duration = 0.0
        self.repetitions = 0

    def observe(self, segment: Segment) -> None:
        times, part = (1, segment) if isinstance(segment, RecordedTrajectory) else (segment.count, segment.period)
        self.repetitions += isinstance(segment, Repetition)
        self.voltage += times * part.integral("voltage", "dut", part.start, part.end)
        self.current += times * part.integral("current", "XDUT", part.start, part.end)
        self.duration += times * (part.end - part.start)


def averages(circuit: Circuit, duration: float, skip: bool) -> Average:
    seen = Average()
    circuit.add_observer(seen)
    circuit.advance(circuit.time + duration, skip=skip)
    circuit.remove_observer(seen)
    return seen


def test_skipped_average_is_the_brute_force_average() -> None:
    seen = {}
    for skip in (True, False):
        circuit = build_circuit(parse_netlist(TEXT))
        circuit.advance(2e-6, skip=False)
        seen[skip] = averages(circuit, 1e-3, skip)
    fast, brute = seen[True], seen[False]
    assert fast.repetitions >= 1 and brute.repetitions == 0
    assert fast.duration == pytest.approx(1e-3, rel=1e-9)
    print(f"voltage {fast.voltage / brute.voltage - 1:.1e}, current {fast.current / brute.current - 1:.1e}")
    # the window holds no whole number of periods: a phase error of 1e-6 of 4,000 periods still moves its ends
    assert fast.voltage == pytest.approx(brute.voltage, rel=3e-6)
    assert fast.current == pytest.approx(brute.current, rel=3e-6)


def test_a_power_line_cycle_over_an_oscillation_is_affordable() -> None:
    circuit = build_circuit(parse_netlist(TEXT))
    circuit.advance(1e-6)   # compiled by now
    seen = averages(circuit, 20e-3, skip=True)
    assert seen.duration == pytest.approx(20e-3, rel=1e-9)
    assert circuit.steps < 20_000


def test_skipping_stops_at_the_next_edge_and_goes_on_behind_it() -> None:
    text = re.sub(r"Vbias.*", "Vbias gen 0 PWL(0 0 10n 2.2 500u 2.2 500.01u 2.5 900u 2.5 900.01u 0)", TEXT)
    spikes = {}
    for skip in (True, False):
        circuit = build_circuit(parse_netlist(text))
        circuit.advance(700e-6, skip=skip)
        level = circuit.voltage("dut")
        seen = averages(circuit, 300e-6, skip)
        spikes[skip] = (level, seen.current, circuit.voltage("dut"))
    assert spikes[True][1] == pytest.approx(spikes[False][1], rel=1e-4)
    assert spikes[True][2] == pytest.approx(0.0, abs=1e-6)


def test_no_skipping_while_a_source_moves_or_before_the_cycle_has_converged() -> None:
    sine = re.sub(r"Vbias.*", "Vbias gen 0 SIN(2.2 0.1 10k)", TEXT)
    assert averages(build_circuit(parse_netlist(sine)), 20e-6, skip=True).repetitions == 0
    assert averages(build_circuit(parse_netlist(TEXT)), 0.9e-6, skip=True).repetitions == 0


def test_a_device_that_rests_costs_nothing() -> None:
    circuit = build_circuit(parse_netlist(TEXT))
    circuit.set_source("Vbias", Constant(0.8))   # below the threshold
    circuit.advance(100.0)
    assert circuit.steps < 200
    assert circuit.voltage("dut") < 0.8
