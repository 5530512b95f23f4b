"""The stochastic filament in the circuit engine: its equations, its Brownian path, and that nobody disturbs it."""

import threading

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.engine import Constant, PulseWaveform, Segment
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.dispatch import evaluated

NETLIST = "V1 in 0 0\nR1 in dut 100k\nC1 dut 0 80p\nX1 dut low device\nR2 low 0 10k\nC2 low 0 20p"


def circuit(seed: int, refinement: float = 1.0) -> Circuit:
    """A pulse source, a load, a shunt."""
    return build_circuit(
        parse_netlist(NETLIST), {"X1": device_model("ag_sio2", {"seed": seed})}, noise_refinement=refinement)


# ------------------------------------------------------------------------------------------- equations


@pytest.mark.parametrize(
    "others", [{}, {"sigma_h": 0.2, "asym_hold": 1.5, "kappa": 2.0, "crowding": 1.4}])
def test_jacobian_is_the_derivative(others: dict[str, float]) -> None:
    model = device_model("ag_sio2", {"asym": 1.2, **others})
    random = np.random.default_rng(1)

    def rates(x: np.ndarray) -> np.ndarray:
        return evaluated(model, x[0], x[1], x[2:], slopes=(3.0, -2.0))

    for _ in range(300):
        v, s = random.uniform(-2, 2), random.uniform(-17, 6)
        x = np.array([v, v * random.uniform(0, 3e-4), s, random.uniform(), random.normal()])
        out = rates(x)
        for k, step in enumerate((1e-6, 1e-10, 1e-6, 1e-6, 1e-6)):
            move = np.eye(5)[k] * step
            slope = (rates(x + move) - rates(x - move))[[0, 6, 12, 18]] / (2 * step)
            expected = out[[1 + k, 7 + k, 13 + k, 19 + k]]
            assert slope == pytest.approx(expected, rel=5e-3, abs=1e-3 * max(abs(out[6]), 1.0))


def test_symmetric_in_polarity_and_no_current_without_voltage() -> None:
    model = device_model("ag_sio2")
    for s in (-16.0, -1.0, 0.3, 4.0):
        points = ((0.9, 1e-6), (-0.9, -1e-6), (0.0, 0.0))
        plus, minus, still = (evaluated(model, v, i, (s, 0.1, 0.5)) for v, i in points)
        assert plus[6] == minus[6]
        assert plus[0] == -minus[0]
        assert still[0] == 0.0


@pytest.mark.parametrize(
    ("change", "named"), [({"seed": 1.5}, "seed"), ({"klim": 1e3}, "klim"), ({"kn": 1e3}, "kn"), ({"v0": 0}, "v0")])
def test_impossible_parameters_are_refused(change: dict[str, float], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        device_model("ag_sio2", change)


# ------------------------------------------------------------------------------------------- nobody disturbs it

CHANGES = ((1e-3, 1.4), (1.7e-3, 0.1), (4.123456e-3, -1.4), (5e-3, 0.0), (9e-3, 1.3))


class Looker:
    """Reads everything it sees."""

    def __init__(self) -> None:
        self.points = 0

    def observe(self, segment: Segment) -> None:
        times = np.linspace(segment.start, segment.end, 7)  # type: ignore[union-attr]
        self.points += segment.current("X1", times).size  # type: ignore[union-attr]


def history(splits: int = 0, ask: bool = False, watch: bool = False) -> bytes:
    """Run through CHANGES, interrupted ``splits`` times between them; return everything known at the end."""
    made = circuit(seed=3)
    if watch:
        made.add_observer(Looker())
    random = np.random.default_rng(splits)
    states: list[float] = []
    for time, level in (*CHANGES, (11e-3, 0.0)):
        for t in np.sort(random.uniform(made.time, time, splits)):
            made.advance(float(t))
            if ask:
                made.voltage("dut"), made.current("X1"), made.device_state("X1")
        made.advance(time)
        states += [made.voltage("dut"), *made.device_state("X1").values()]
        made.set_source("V1", Constant(level))
    return np.array([*states, made.steps]).tobytes()


def test_bitwise_the_same_whoever_looks_and_however_often() -> None:
    undisturbed = history()
    assert undisturbed == history()
    assert undisturbed == history(50)
    assert undisturbed == history(400, ask=True)
    assert undisturbed == history(7, ask=True, watch=True)


def test_bitwise_the_same_on_two_threads_at_once() -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda k=k: found.append(history(20 * k, ask=True))) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [history()] * 2


def test_another_seed_is_another_path() -> None:
    def after(seed: int) -> float:
        made = circuit(seed)
        made.set_source("V1", Constant(1.1))
        made.advance(30e-6)
        return made.device_state("X1")["extension"]

    assert len({after(seed) for seed in range(6)}) == 6


def instants(seed: int, refinement: float) -> tuple[float, float, float]:
    """Return (s on the way, delay, relaxation) of one pulse."""
    made = circuit(seed, refinement)
    made.set_source("V1", PulseWaveform(0.1, 1.4, 1e-3, 1e-6, 1e-6, 250e-6, 1e-2, 1))
    made.advance(1.04e-3)
    early = made.device_state("X1")["extension"]
    seen: list[tuple[np.ndarray, np.ndarray]] = []

    class States:
        def observe(self, segment: Segment) -> None:
            times = segment.times  # type: ignore[union-attr]
            seen.append((times, segment.state("X1", 0, times)))  # type: ignore[union-attr]

    made.add_observer(States())
    made.advance(9e-3)
    t, s = (np.concatenate(parts) for parts in zip(*seen, strict=True))

    def crossing(k: int, level: float) -> float:
        return float(t[k] + (level - s[k]) / (s[k + 1] - s[k]) * (t[k + 1] - t[k]))

    up = crossing(int(np.flatnonzero((s[:-1] <= 1) & (s[1:] > 1))[0]), 1.0)
    down = crossing(int(np.flatnonzero((s[:-1] >= -1) & (s[1:] < -1))[-1]), -1.0)
    return early, up - 1e-3, down - 1.25e-3


def test_shorter_pieces_follow_the_same_path() -> None:
    """Strong convergence: errors against a 64 times finer path fall about as the square root of the length.

    The order is that of the median error: now and then a path that has just missed a level passes it an excursion
    later, and such a one would decide any mean over a few seeds.
    """
    refinements = (1.0, 1 / 16)
    seeds = range(1, 9)
    finest = np.array([instants(seed, 1 / 64) for seed in seeds])
    errors = np.array([np.array([instants(seed, r) for seed in seeds]) - finest for r in refinements])
    error, middle = np.sqrt(np.mean(errors**2, axis=1)), np.median(abs(errors), axis=1)
    order = np.log2(middle[0] / middle[-1]) / 4   # per halving
    assert (order > 0.3).all(), (order, error)
    assert error[0, 0] < 0.25   # of a gap of 16
    assert error[0, 1] < 0.03 * np.median(finest[:, 1])
    assert error[0, 2] < 0.05 * np.median(finest[:, 2])
    assert np.std(finest[:, 0]) > 5 * error[0, 0]   # the path itself is what differs from seed to seed


def test_rest_is_cheap() -> None:
    """A second without a voltage, and one at low bias, take few steps."""
    made = circuit(1)
    made.advance(1.0)
    assert made.steps < 5000
    made.set_source("V1", Constant(0.3))
    before = made.steps
    made.advance(2.0)
    assert made.steps - before < 8000


def test_never_skips() -> None:
    made = circuit(1)
    made.set_source("V1", Constant(1.3))
    made.advance(50e-3)

    class NoRepetition:
        def observe(self, segment: Segment) -> None:
            assert not hasattr(segment, "count")

    made.add_observer(NoRepetition())
    made.advance(60e-3)
