"""An equilibrium that has lost stability is left as a real circuit leaves it: by thermal noise of its resistances."""

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
from scipy import constants
from scipy.linalg import expm, solve_continuous_lyapunov

from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import IDLE_STAGE, build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.engine import Segment
from tsbench.simulated_backends.circuit.kernel.compiled_circuit import CompiledCircuit
from tsbench.simulated_backends.circuit.kernel.control import new_control
from tsbench.simulated_backends.circuit.kernel.integrator import CALL_AGAIN, REACHED
from tsbench.simulated_backends.circuit.kernel.step_control import FIRST_STEP
from tsbench.simulated_backends.circuit.stability.covariance import carried_covariance
from tsbench.simulated_backends.circuit.stability.departure import Departure, departure
from tsbench.simulated_backends.circuit.stability.linearised import LinearisedCircuit, LinearisedEquilibrium
from tsbench.simulated_backends.circuit.stability.thermal_switch import ThermalSwitch
from tsbench.simulated_backends.circuit.trajectory import Steps
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.studies.batch import Crossing, one_by_one, run_batch
from tsbench.simulated_backends.studies.simulate.simulate import simulate

OSCILLATOR = """ramp
Vin in 0 PWL({points})
R1 in n 5k
C1 n 0 {farads}
X1 n 0 nbo2
.tran 20n {stop} uic
"""
STAIRCASE = "R1 in n 2853.64\nC1 n 0 152.562p\nX1 n 0 tin_nbo2\n"
RAMP = OSCILLATOR.format(points="0 0 3m 4.2", farads="80p", stop="3m")


def swings(times: np.ndarray, values: np.ndarray, size: float) -> np.ndarray:
    """Return the instants of the turning points between which a curve moves by ``size`` at least."""
    found, low, high, rising = [], values[0], values[0], 0
    at = times[0]
    for t, v in zip(times, values, strict=True):
        if rising >= 0 and v > high:
            high, at = v, t
        if rising <= 0 and v < low:
            low, at = v, t
        if rising >= 0 and v < high - size:
            if rising:
                found.append(at)
            low, at, rising = v, t, -1
        elif rising <= 0 and v > low + size:
            if rising:
                found.append(at)
            high, at, rising = v, t, 1
    return np.array(found)


class Waveform:
    """Keeps a node's voltage at the ends of steps and within."""

    def __init__(self, node: str) -> None:
        self.node, self.parts = node, [(np.zeros(0), np.zeros(0))]

    def observe(self, segment: Segment) -> None:
        edges = segment.times
        fine = (edges[:-1, None] + np.diff(edges)[:, None] * np.arange(4) / 4).reshape(-1)
        self.parts.append((fine, segment.voltage(self.node, fine)))

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        return np.concatenate([t for t, _ in self.parts]), np.concatenate([v for _, v in self.parts])


class Film:
    """Keeps the film voltage of an element of third order."""

    def __init__(self, parts: list[tuple[np.ndarray, np.ndarray]]) -> None:
        self.parts = parts

    def observe(self, segment: Segment) -> None:
        times = np.linspace(segment.start, segment.end, 16 * segment.times.size)
        self.parts.append((times, segment.state("X1", 0, times)))


def ramp_to(until: float, seed: int = 1, parts: int = 1) -> Circuit:
    circuit = build_circuit(parse_netlist(RAMP), seed=seed)
    for k in range(1, parts + 1):
        circuit.advance(until * k / parts, skip=False)
    return circuit


def test_a_slow_ramp_finds_the_oscillation() -> None:
    result = simulate(RAMP.replace("3m uic", "1.42m uic"))
    v = result.columns["v(n)"][result.times > 1.4e-3]
    assert 0.35 < np.ptp(v) < 0.39


@pytest.mark.parametrize(("farads", "windows"), [("20p", 169), ("30p", 287), ("40p", 344)])
def test_a_triangle_of_a_fraction_of_a_millisecond_does_too(farads: str, windows: int) -> None:
    """Of 1,000 windows how many oscillate: as by small steps with noise (without it: 135, 258, 316)."""
    text = OSCILLATOR.format(points="0 0 300u 4.2 600u 0", farads=farads, stop="600u")
    result = simulate(text)
    edges = np.searchsorted(result.times, np.arange(1001) * 0.6e-6)
    v = result.columns["v(n)"]
    found = sum(np.ptp(v[a:b]) > 0.03 for a, b in itertools.pairwise(edges))
    assert found == pytest.approx(windows, rel=0.05)


def test_an_element_that_oscillates_by_itself_does_on_a_slow_triangle() -> None:
    text = "element\nVin in 0 PWL(0 0 1m 2.3)\nX1 in 0 nbox_third_order\n.tran 20n 0.8m uic\n.save i(X1)\n"
    result = simulate(text)
    found = swings(result.times, result.columns["i(x1)"], 1e-5)
    assert found.size > 100
    assert 1.75 < found[2] * 2.3e3 < 1.82


def test_the_start_follows_from_the_seed_alone() -> None:
    first, again, other = (ramp_to(1.061e-3, seed) for seed in (1, 1, 2))
    assert (first.unknowns() == again.unknowns()).all()
    assert (first.unknowns() != other.unknowns()).any()


@pytest.mark.thorough
def test_an_ovonic_oscillation_on_a_ramp_goes_on() -> None:
    """Noise of steps beside a stochastic device: once drawn it stayed, and held the circuit on an operating point."""
    text = "Vin in 0 PWL(0 2 0.2m 1.9)\nR1 in n 20k\nC1 n 0 5p\nX1 n 0 ots_gst\n"

    def ramp(parts: int) -> Circuit:
        circuit = build_circuit(parse_netlist(text), seed=3)
        for k in range(1, parts + 1):
            circuit.advance(35e-6 * (k / parts), skip=False)
        return circuit

    once, often = ramp(1), ramp(7)
    assert once.device_state("X1")["cycles"] == pytest.approx(246.0, abs=3.0)   # at a tolerance of 1e-8: 246
    assert once.steps == often.steps
    assert (once.unknowns() == often.unknowns()).all()


@pytest.mark.parametrize("later", [0.0, 1.5])
def test_who_asks_on_the_way_changes_nothing(later: float) -> None:
    """Nor behind more than a second, where time is counted from another instant after a change."""
    def ramp(parts: int) -> Circuit:
        circuit = build_circuit(parse_netlist(RAMP.replace("0 0 3m 4.2", f"{later} 0 {later + 3e-3} 4.2")), seed=1)
        circuit.advance(later)
        for k in range(1, parts + 1):
            circuit.advance(later + 1.1e-3 * (k / parts), skip=parts % 2 == 0)
        return circuit

    once, often, with_skips = ramp(1), ramp(937), ramp(300)
    assert once.steps == often.steps == with_skips.steps > 5_000
    assert (once.unknowns() == often.unknowns()).all()
    assert (once.unknowns() == with_skips.unknowns()).all()


#: the topology of examples/oscillator.cir, whose code other tests compile, too
SHUNTED = OSCILLATOR.replace("X1 n 0 nbo2", "X1 n low nbo2\nR2 low 0 50")


def test_code_for_the_topology_leaves_at_the_same_instant() -> None:
    text = SHUNTED.format(points="0 0 3m 4.2", farads="80p", stop="3m")
    generic, special = (build_circuit(parse_netlist(text), seed=1, specialised=one) for one in (False, True))
    for circuit in (generic, special):
        circuit.advance(1.066e-3, skip=False)
        assert circuit.stability.departures
    assert generic.steps == special.steps
    assert generic.unknowns() == pytest.approx(special.unknowns(), rel=1e-6)


@pytest.mark.parametrize("extra", [
    "", pytest.param("R2 n m 20k\nC2 m 0 30p\nX2 m 0 nbo2\n", marks=pytest.mark.soak)])   # that one compiles for long
def test_lanes_of_a_batch_leave_as_circuits_alone_do(extra: str) -> None:
    """Of four on a ramp two stay stable."""

    def circuits() -> list[Circuit]:
        texts = [SHUNTED.format(points="0 0 300u 4.2", farads=f, stop="300u") for f in ("80p", "5p", "30p", "2p")]
        return [build_circuit(parse_netlist(t.replace("R1", extra + "R1")), seed=k, specialised=True)
                for k, t in enumerate(texts)]

    crossing = Crossing("current", "X1", 4e-4)
    batch, alone = run_batch(circuits(), 150e-6, crossing), one_by_one(circuits(), 150e-6, crossing, 1)
    assert batch.in_lockstep
    assert batch.counts[0] > 100
    assert batch.counts[1] < 5
    assert (batch.counts == alone.counts).all()
    for one, other in zip(batch.instants, alone.instants, strict=True):
        assert one == pytest.approx(other, rel=1e-6)


OPERATING = "point\nVin in 0 {volts}\nR1 in n 5k\nC1 n 0 80p\nX1 n 0 nbo2\n.tran 10n 20u\n"


@pytest.mark.thin(3)
@pytest.mark.parametrize("largest", ["", "0 20n ", "0 3n "])
def test_a_largest_step_does_not_keep_noise_away(largest: str) -> None:
    """Short steps damp no mode, but nothing excites it either: without noise it starts from rounding, 11 us late."""
    text = OSCILLATOR.format(points="0 0.9 300u 1.6", farads="80p", stop="300u").replace("uic", f"{largest}uic")
    found = [simulate(text, seed=seed) for seed in range(5)]
    begins = [swings(r.times, r.columns["v(n)"], 0.05)[0] for r in found]
    assert 251.4e-6 < min(begins) < max(begins) < 253.2e-6
    assert len(set(begins)) == 5


def test_noise_of_one_level_is_what_the_next_begins_with() -> None:
    """A mode is damped at one level of the source and grows at the next: both stays have their part in the variance."""
    rate, strength, growth, length = -1e5, 3.0, 4e5, 4e-6
    before = LinearisedEquilibrium(0.0, 1e-3, np.array([[rate]]), np.array([[strength]]))
    points = [LinearisedCircuit(1e-3 + k * length / 8, np.array([[growth]]), np.array([[strength]]), growth)
              for k in range(9)]
    expected = (strength / (2 * -rate) + strength / (2 * growth)) * np.exp(2 * growth * length)
    expected -= strength / (2 * growth)
    assert carried_covariance(points, np.ones(1), [before])[0, 0] == pytest.approx(expected)
    short = LinearisedEquilibrium(1e-3 - 2e-6, 1e-3, np.array([[rate]]), np.array([[strength]]))
    left = strength / (2 * 5e5)   # from a level damped five times as much, of which some is left
    expected += (left - strength / (2 * -rate)) * np.exp(2 * rate * 2e-6) * np.exp(2 * growth * length)
    stays = [LinearisedEquilibrium(0.0, 1e-3 - 2e-6, np.array([[-5e5]]), np.array([[strength]])), short]
    assert carried_covariance(points, np.ones(1), stays)[0, 0] == pytest.approx(expected)


@pytest.mark.thorough
def test_a_source_meters_staircase_leaves_with_a_spread() -> None:
    """The onset after a level is drawn from noise, of the level before too: mean and spread as by small steps."""
    cases = {s: build_circuit(parse_netlist(STAIRCASE, terminals=["in"]), stages=[("smu", "in")], seed=s)
             for s in range(8)}
    begins = []
    for circuit in cases.values():
        seen = Waveform("n")
        circuit.add_observer(seen)
        for k, level in enumerate((3.75864544, 3.73599022, 3.71333501)):
            circuit.set_stage("smu", dataclasses.replace(
                IDLE_STAGE, level=level, limit=1.0, output_resistance=0.1, voltage_time_constant=2e-6, slew_rate=1e9))
            circuit.advance((k + 1) * 185e-6 if k < 2 else 420e-6, skip=False)
        times, volts = seen.arrays()
        third = times > 370e-6
        begins.append(swings(times[third], volts[third], 0.033)[3] - 370e-6)
    assert np.ptp(begins) > 2e-6
    assert 19.6e-6 < np.mean(begins) < 25.8e-6   # 20 runs by small steps: 22.7 us, standard deviation 2.9 us


def test_an_oscillation_that_is_there_is_no_equilibrium() -> None:
    """What is in full swing leaves nothing: wherever a record ends, noise would move it by next to nothing."""
    circuit = build_circuit(parse_netlist(OSCILLATOR.format(points="0 1.6", farads="5p", stop="1u")))
    circuit.advance(2e-6, skip=False)
    control, y = new_control(1e-6, np.inf, FIRST_STEP), circuit.unknowns()
    steps, _, _ = circuit.structure.compiled.integrate(control, 0.0, y, True, 1e-6, 400)
    assert np.ptp(steps.y0[:, 0]) > 0.2 * 5e-12   # charge of a whole swing
    for k in range(1, steps.starts.size + 1):
        found = departure(circuit.structure.compiled, steps.part(0, k), 1)
        if isinstance(found, Departure):
            assert (abs(found.displacement) < 0.01 * (abs(steps.y0[:, : found.displacement.size]).max(axis=0))).all()


FADING = "R1 in n 243.68\nC1 n 0 2.67122p\nX1 n 0 nbox_third_order\n"


@pytest.mark.parametrize(("volts", "circuit", "followed"), [
    (1.75, FADING, slice(1, 3)),   # its inner resistance makes a noise voltage; the node is too fast to be followed
    (1.35, "R1 in n 5k\nC1 n 0 80p\nX1 n 0 nbo2\n", slice(2)),
    (1.35, "R0 in m 1k\nC1 m 0 20p\nR1 m n 1k\nX1 n 0 nbo2\n", slice(2)),   # no capacitor at the device
])
def test_noise_in_every_step_has_the_covariance_of_the_linear_circuit(
    volts: float, circuit: str, followed: slice
) -> None:
    """Under a source that hardly moves the unknowns have the covariance of Lyapunov's equation."""
    built = build_circuit(parse_netlist(f"Vin in 0 PWL(0 {volts} 1 {volts + 1e-9})\n{circuit}"))
    built.settle()
    compiled, y = built.structure.compiled, built.unknowns()
    m, rest = compiled.differential, y.copy()
    _, _, A, N = compiled.linearised(0.0, y)
    S = solve_continuous_lyapunov(A, -N @ N.T)
    values = np.linalg.eigvals(A)
    time, seen = 0.0, []
    leading = values[np.argmax(values.real)]
    control = new_control(1e-6, 0.2 / abs(leading), FIRST_STEP)
    ThermalSwitch().start(compiled, time, 1.0, seed=3)
    until = 4_000 / -leading.real
    while time < until:
        steps, time, status = compiled.integrate(control, time, y, time == 0.0, until)
        assert status in (REACHED, CALL_AGAIN)
        seen.append((steps.y1 - rest)[:, :m])
    size = np.sqrt(np.diag(S))
    found, expected = (C[followed, followed] / np.outer(size[followed], size[followed])
                       for C in (np.cov(np.concatenate(seen), rowvar=False), S))
    assert found == pytest.approx(expected, abs=0.06)


def test_noise_in_every_step_is_that_of_300_kelvin() -> None:
    """A capacitor behind a resistor has a variance of kT/C, with the constant from elsewhere."""
    circuit = build_circuit(parse_netlist("Vin in 0 PWL(0 1 1 1.000001)\nR1 in n 2k\nC1 n 0 3p\n"))
    compiled, y, time, seen = circuit.structure.compiled, circuit.unknowns(), 0.0, []
    control = new_control(1e-6, 0.05 * 6e-9, FIRST_STEP)
    ThermalSwitch().start(compiled, time, 1.0, seed=7)
    while time < 20_000 * 6e-9:
        steps, time, _ = compiled.integrate(control, time, y, time == 0.0, 20_000 * 6e-9)
        seen.append(steps.y1[:, 0])
    voltages = np.concatenate(seen)[1000:]
    assert np.var(voltages) == pytest.approx(constants.k * 300.0 / 3e-12, rel=0.04)


def swings_between(netlist: str, seed: int, begin: float, end: float, size: float) -> np.ndarray:
    """Return the turning points of node n between two instants [s], of swings of ``size`` [V] at least."""
    circuit = build_circuit(parse_netlist(netlist), seed=seed)
    circuit.advance(begin, skip=False)
    seen = Waveform("n")
    circuit.add_observer(seen)
    circuit.advance(end, skip=False)
    return swings(*seen.arrays(), size)


CANARD = """ramp
Vin in 0 PWL(0 19.005923559377273 3.849263862535021e-08 19.005923559377273 0.0008759608477256434 0.8551714600800834)
R1 in n 40839.06981831473
C1 n 0 2.9389494954659236e-12
X1 n 0 nb2o5
"""


@pytest.mark.thorough
def test_a_small_swing_becomes_wide_when_noise_has_it() -> None:
    """Small steps with noise: at 154.78 us, standard deviation 0.03 us; noise of the beginning alone: at 154.86 us."""
    begins = [swings_between(CANARD, seed, 154.5e-6, 155.0e-6, 0.1143)[3] for seed in range(4)]
    assert np.mean(begins) == pytest.approx(154.78e-6, abs=0.04e-6)
    assert np.ptp(begins) > 10e-9


EARLY = """ramp
Vin in 0 PWL(0 1.5199858 56.87u 1.5199858 15.334951m 1.7539273)
R1 in n 3441.5522
C1 n 0 18.9626338p
X1 n 0 nbo2
"""


def test_noise_that_sets_a_swing_going_before_two_e_folds_decides_when() -> None:
    """Small steps with noise: the first swing above 11 mV at 2.586 ms, half of them within 24 us."""
    begins = [swings_between(EARLY, seed, 2.5e-3, 2.7e-3, 0.01107)[0] for seed in range(10)]
    assert np.median(begins) == pytest.approx(2.586e-3, abs=0.02e-3)
    assert 8e-6 < np.subtract(*np.percentile(begins, [75, 25])) < 60e-6


@pytest.mark.thin(2)
@pytest.mark.parametrize(("source", "inside"), [
    ("PWL(0 0 1m 4.2 1.2m 4.5 2m 0)", 0.45e-3), ("SIN(2.1 2.1 250)", 0.1e-3)])
def test_noise_ends_where_the_circuit_has_come_to_rest(source: str, inside: float) -> None:
    """Behind the window a circuit at rest goes on in long steps."""
    circuit = build_circuit(parse_netlist(f"Vin in 0 {source}\nR1 in n 5k\nC1 n 0 80p\nX1 n 0 nbo2\n"), seed=1)
    circuit.advance(inside, skip=False)
    assert circuit.stability.switch.on
    circuit.advance(0.99e-3, skip=False)
    before = circuit.steps
    assert not circuit.stability.switch.on
    circuit.advance(1.02e-3, skip=False)
    assert circuit.steps - before < 200


def test_a_swing_that_fades_ends_by_its_seed() -> None:
    """On a ramp out of the window noise takes over from the swing of the film; without it, all seeds ended together."""
    source = "Vin in 0 PWL(0 1.99 1u 1.99 7u 1.83)\n"
    ends, last = [], set()
    for seed in range(6):
        circuit = build_circuit(parse_netlist(source + FADING), seed=seed)
        circuit.advance(6e-6, skip=False)
        parts: list[tuple[np.ndarray, np.ndarray]] = []
        circuit.add_observer(Film(parts))
        circuit.advance(7e-6, skip=False)
        times, volts = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        ends.append(swings(times, volts, 2e-3)[-1])
        last.add(float(np.interp(ends[-1], times, volts)))   # two may fall on one of the times that are looked at
    assert len(last) == 6
    assert np.ptp(ends) < 0.2e-6


# the swing of this element begins to beat at 2.494 V, where its cycle becomes unstable, and ends some time later
BEATING = """ramp
Vin in 0 PWL(0 2.47082 2u 2.47082 5.3757u 2.55341)
R1 in n 127.797
C1 n 0 2.53064p
X1 n 0 nbox_third_order
"""


def test_a_limit_cycle_that_loses_its_stability_is_left_by_noise() -> None:
    """By 20 runs of small steps 3.92 us behind the start, standard deviation 0.06 us; without noise 4.27 us."""
    ends = []
    for seed in range(10):
        circuit = build_circuit(parse_netlist(BEATING), seed=seed)
        film = Film([])
        circuit.add_observer(film)
        circuit.advance(5.3757e-6, skip=False)
        times, volts = (np.concatenate(arrays) for arrays in zip(*film.parts, strict=True))
        ends.append(swings(times, volts, 14e-3)[-1])
    assert np.mean(ends) == pytest.approx(3.92e-6, abs=0.08e-6)
    assert 0.02e-6 < np.std(ends) < 0.14e-6


def test_noise_beside_a_limit_cycle_follows_from_the_seed_alone() -> None:
    def after(parts: int, seed: int) -> Circuit:
        circuit = build_circuit(parse_netlist(BEATING), seed=seed)
        for k in range(1, parts + 1):
            circuit.advance(3.5e-6 * k / parts, skip=False)
        return circuit

    once, often = after(1, 3), after(457, 3)
    assert once.steps == often.steps
    assert (once.unknowns() == often.unknowns()).all()
    assert (once.unknowns() != after(1, 4).unknowns()).any()


def test_a_stable_cycle_pays_next_to_nothing_for_being_looked_at() -> None:
    """Behind a slow filter too, whose voltage fades over hundreds of periods: that is no loss of stability."""
    source = "Vin in 0 PWL(0 1.6 10u 1.6 300u 2.2)\nR0 in m 100\nC0 m 0 100n\n"
    circuit = build_circuit(parse_netlist(source + "R1 m n 5k\nC1 n 0 20p\nX1 n 0 nbo2\n"))
    circuit.advance(10e-6, skip=False)
    circuit.advance(300e-6, skip=False)
    assert circuit.steps > 100_000
    assert circuit.readings.evaluations < 1.02 * (6 * circuit.steps + 5 * circuit.readings.refused_steps)


@pytest.mark.parametrize(("volts", "node"), [(1.0, 0.87786), (1.5, 1.02053), (2.2, 0.94061), (3.2, 0.89139)])
def test_an_operating_point_is_found_said_to_be_unstable_and_left(volts: float, node: float) -> None:
    """That at 2.2 V is ngspice's."""
    result = simulate(OPERATING.format(volts=volts), seed=1)
    v = result.columns["v(n)"]
    assert v[0] == pytest.approx(node, abs=1e-5)
    said = [message for message in result.messages if "unstable" in message]
    assert bool(said) == (volts > 1.0) == (np.ptp(v[-200:]) > 0.05)


def test_stable_circuits_pay_next_to_nothing() -> None:
    """Steps, and evaluations of the circuit, of 06c60f1: 6 a step and 5 a refused one."""
    stable = [(RAMP.replace("80p", "5p"), 100, 615), (RAMP.replace("4.2", "1.1"), 53, 318)]
    for text, steps, evaluations in stable:
        circuit = build_circuit(parse_netlist(text))
        circuit.advance(3e-3, skip=False)
        assert circuit.steps <= 1.1 * steps
        assert circuit.readings.evaluations <= 1.1 * evaluations


def test_an_operating_point_is_found_where_no_capacitor_holds_the_node() -> None:
    """Against the static curve of the device."""
    text = "point\nVin in 0 4.354229\nR1 in a {}\nX1 a 0 vo2\nR2 in n 5k\nC1 n 0 80p\nX2 n 0 nbo2\n.tran 1n 2n\n"
    for load in ("4k", "20k"):
        result = simulate(text.format(load), seed=1)
        current = (4.354229 - result.columns["v(a)"][0]) / (4e3 if load == "4k" else 20e3)
        assert device_model("vo2").settled(current)[0] == pytest.approx(result.columns["v(a)"][0], rel=1e-6)


THRESHOLD = """ramp
Vin in 0 PWL(0 1.2728783695601287 3.037164629u 1.2728783695601287 21.43585765u 28.73817093292275)
R1 in n 69257.5525
C1 n 0 2.75278618p
X1 n 0 nb2o5
"""


def test_lanes_of_a_batch_on_a_fast_ramp_are_spread_as_circuits_alone_are() -> None:
    """They look at shorter steps while a source moves, too; with those alone that others look at all were the same."""
    def circuits() -> list[Circuit]:
        return [build_circuit(parse_netlist(THRESHOLD), seed=seed, specialised=False) for seed in range(1, 4)]

    crossing = Crossing("current", "X1", 1e-4)
    batch, alone = run_batch(circuits(), 5e-6, crossing), one_by_one(circuits(), 5e-6, crossing, 1)
    assert batch.in_lockstep
    assert len({float(instants[0]) for instants in batch.instants}) == 3
    for one, other in zip(batch.instants, alone.instants, strict=True):
        assert one == pytest.approx(other, rel=1e-9)


def test_a_fast_ramp_through_a_threshold_is_spread_by_the_noise_at_rest() -> None:
    """No mode grows before: the node runs into the threshold. Small steps with noise: 0.17 ns (circuit 118)."""
    falls = []
    for seed in range(1, 13):
        circuit = build_circuit(parse_netlist(THRESHOLD), seed=seed)
        circuit.advance(3.0371646e-6)
        seen = Waveform("n")
        circuit.add_observer(seen)
        while circuit.time < 12e-6 and not falls[seed - 1:]:
            circuit.advance(circuit.time + 0.2e-6)
            times, volts = seen.arrays()
            top = int(np.argmax(volts))
            below = np.flatnonzero(volts[top:] < 0.8 * volts[top]) + top
            if below.size:
                k = int(below[0])
                falls.append(float(np.interp(-0.8 * volts[top], -volts[k - 1: k + 1], times[k - 1: k + 1])))
    assert 0.05e-9 < np.std(falls, ddof=1) < 0.3e-9


def test_noise_is_carried_finely_where_stability_is_lost_in_an_earlier_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last steps of a slow ramp take milliseconds, and what counts happens within 0.1 ms (sd was half as large)."""
    text = ("ramp\nVin in 0 PWL(0 7.7015907064402835 1.0972193u 7.7015907064402835 48.953212m 0.8399865079587572)\n"
            "R1 in n 1587.877814\nC1 n 0 52.25775p\nX1 n 0 nbo2_slesazeck\n")
    found: list[tuple[list[LinearisedCircuit], np.ndarray]] = []
    kept: list[tuple[CompiledCircuit, Steps]] = []

    def carried(points: list[LinearisedCircuit], scale: np.ndarray, before: list[LinearisedEquilibrium]) -> np.ndarray:
        found.append((points, carried_covariance(points, scale, before)))
        return found[-1][1]

    def leave(compiled: CompiledCircuit, steps: Steps, *others: Any) -> Any:
        kept.append((compiled, steps))
        return departure(compiled, steps, *others)

    monkeypatch.setattr("tsbench.simulated_backends.circuit.stability.departure.carried_covariance", carried)
    monkeypatch.setattr("tsbench.simulated_backends.circuit.stability.watch.departure", leave)
    circuit = build_circuit(parse_netlist(text), seed=1)
    while not found:
        circuit.advance(circuit.time + 1e-3)
    (compiled, steps), (points, S) = kept[-1], found[0]
    assert points[-1].time - points[-2].time < 1e-5
    times = np.linspace(points[-1].time - 0.3e-3, points[-1].time, 4001)
    k = steps.starts.searchsorted(times, side="right") - 1
    shares = (times - steps.starts[k]) / steps.lengths[k]
    _, _, A, N = compiled.linearisations(times, steps.unknowns(k, shares[:, None]))
    V, dt = solve_continuous_lyapunov(A[0], -N[0] @ N[0].T), times[1] - times[0]
    for a, n in zip(0.5 * (A[:-1] + A[1:]), N[:-1], strict=True):   # C. F. Van Loan, IEEE TAC 23 (1978) 395
        both = expm(dt * np.block([[-a, n @ n.T], [np.zeros_like(a), a.T]]))
        E = both[2:, 2:].T
        V = E @ V @ E.T + E @ both[:2, 2:]
    assert np.sqrt(np.diag(S)) == pytest.approx(np.sqrt(np.diag(V)), rel=0.05)
