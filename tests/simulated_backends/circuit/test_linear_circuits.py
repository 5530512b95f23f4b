"""Linear circuits against their closed solutions, and what assembly must refuse or repair."""

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.engine import Constant, PiecewiseLinear, PulseWaveform
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory
from tsbench.simulated_backends.studies.simulate.simulate import simulate


class Last:
    """Keeps the segments."""

    def __init__(self, circuit: Circuit) -> None:
        self.segments: list[RecordedTrajectory] = []
        circuit.add_observer(self)

    def observe(self, segment: RecordedTrajectory) -> None:
        self.segments.append(segment)

    def integral(self, kind: str, name: str) -> float:
        return sum(s.integral(kind, name, s.start, s.end) for s in self.segments)   # type: ignore[arg-type]


def circuit(text: str, **options: float) -> Circuit:
    return build_circuit(parse_netlist(text), **options)


def test_rc_step() -> None:
    c = circuit("V1 in 0 1\nR1 in out 1k\nC1 out 0 1n")
    for t in (0.3e-6, 1e-6, 4e-6):
        c.advance(t)
        assert c.voltage("out") == pytest.approx(1 - np.exp(-t / 1e-6), abs=2e-6)
        assert c.current("C1") == pytest.approx(1e-3 * np.exp(-t / 1e-6), abs=1e-8)
        assert c.current("V1") == pytest.approx(-c.current("R1"), rel=1e-12)


def test_rl_step() -> None:
    c = circuit("V1 in 0 1\nR1 in out 100\nL1 out 0 1m")
    for t in (1e-6, 10e-6, 50e-6):
        c.advance(t)
        assert c.current("L1") == pytest.approx(0.01 * (1 - np.exp(-t * 1e5)), rel=1e-5)
        assert c.voltage("out") == pytest.approx(np.exp(-t * 1e5), abs=1e-5)


def test_rlc_rings_at_its_frequency() -> None:
    c = circuit("V1 in 0 1\nR1 in a 10\nL1 a out 1u\nC1 out 0 1n")
    alpha, w0 = 10 / (2 * 1e-6), 1 / np.sqrt(1e-6 * 1e-9)
    wd = np.sqrt(w0**2 - alpha**2)
    for t in np.linspace(20e-9, 1e-6, 23):
        c.advance(t)
        exact = 1 - np.exp(-alpha * t) * (np.cos(wd * t) + alpha / wd * np.sin(wd * t))
        assert c.voltage("out") == pytest.approx(exact, abs=3e-5)


def test_capacitors_that_only_join_floating_nodes_divide_by_charge() -> None:
    """Nodes a and b hang on resistors; two capacitors in series join them: their difference is the state."""
    c = circuit("V1 in 0 1\nR1 in a 1k\nC1 a m 2n\nC2 m b 2n\nRm m b 1meg\nR2 b 0 1k")
    t = 2e-6
    c.advance(t)
    # series 1 nF through 2 kOhm; Rm changes it by 0.2 % only
    assert c.current("R2") == pytest.approx(0.5e-3 * np.exp(-t / 2e-6), rel=5e-3)
    assert c.current("R1") == pytest.approx(c.current("R2"), rel=1e-9)
    assert c.current("C1") == pytest.approx(c.current("R1"), rel=1e-4)


def test_capacitor_straight_across_a_source_carries_its_slope() -> None:
    c = circuit("V1 in 0 PWL(0 0 1u 1)\nC1 in 0 1n\nR1 in 0 1k")
    c.advance(0.5e-6)
    assert c.current("C1") == pytest.approx(1e-3, rel=1e-9)
    assert c.current("V1") == pytest.approx(-1e-3 - 0.5e-3, rel=1e-9)


def test_stacked_sources_and_a_source_that_closes_a_loop() -> None:
    c = circuit("V1 a 0 1\nV2 b a 2\nR1 b 0 1k")
    assert c.voltage("b") == 3.0
    assert c.current("V2") == pytest.approx(-3e-3)
    assert c.current("V1") == pytest.approx(-3e-3)
    c = circuit("V1 a 0 1\nV2 a 0 1\nR1 a 0 1k")
    assert any("V2" in m and "0.001 Ohm" in m for m in c.messages)
    c = circuit("V1 a b 1\nR1 a 0 1k\nR2 b 0 1k")   # floating
    assert c.voltage("a") - c.voltage("b") == pytest.approx(1.0, rel=1e-5)
    assert any("V1" in m for m in c.messages)


def test_current_source_and_open_relays() -> None:
    c = circuit("I1 0 out 1m\nR1 out 0 1k\nR2 out far 1e15\nR3 far 0 1k\nC1 out 0 1n")
    c.advance(1e-3)
    assert c.voltage("out") == pytest.approx(1.0, rel=1e-9)
    assert abs(c.voltage("far")) < 1e-9
    c.set_resistance("r2", 1e3)
    c.advance(2e-3)
    assert c.voltage("out") == pytest.approx(2 / 3, rel=1e-9)


def test_voltages_that_nothing_determines_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"is not determined, because the elements at this node \(L1, X1\) "
                                                 r"set"):
        circuit("V1 in 0 1\nL1 in m 1u\nX1 m 0 nbo2")
    with pytest.raises(ConfigurationError, match=r"has no resistor 'R2'. Did you mean 'r1'"):
        circuit("V1 in 0 1\nR1 in 0 1").set_resistance("R2", 1.0)
    with pytest.raises(ConfigurationError, match="must be positive and finite"):
        circuit("V1 in 0 1\nR1 in 0 1").set_resistance("R1", np.inf)
    with pytest.raises(ConfigurationError, match="shorter than its edges"):
        circuit("V1 in 0 1\nR1 in 0 1").set_source("V1", PulseWaveform(0, 1, 0, 1e-6, 1e-6, 0.5e-6, 1e-3, 1))


# ------------------------------------------------------------------------------------------- time


def test_pulse_train_lands_on_its_edges() -> None:
    """A 30 ns pulse after 10 ms of rest is neither missed nor blurred; width counts at half height."""
    c = circuit("V1 in 0 0\nR1 in out 50\nC1 out 0 10f")
    c.advance(1e-3)
    keep = Last(c)
    c.set_source("V1", PulseWaveform(0.0, 1.0, 11e-3, 5e-9, 7e-9, 30e-9, 1e-3, 3))
    c.advance(15e-3)
    assert keep.integral("voltage", "out") == pytest.approx(3 * 30e-9, rel=1e-5)
    assert c.steps < 1000
    edges = np.concatenate([s.times for s in keep.segments])
    for instant in (11e-3, 11e-3 + 5e-9, 12e-3 + 29e-9, 13e-3 + 36e-9):
        assert abs(edges - instant).min() < 1e-15


def test_sampled_waveform() -> None:
    times = np.linspace(0, 1e-3, 1001)
    values = np.sin(2 * np.pi * 3e3 * times)
    c = circuit("V1 in 0 0\nR1 in out 1k\nC1 out 0 1p")
    c.set_source("V1", PiecewiseLinear(times, values))
    for t in (0.0001234, 0.0005, 0.00087):
        c.advance(t)
        assert c.voltage("out") == pytest.approx(np.interp(t, times, values), abs=1e-4)
    c.advance(3e-3)
    assert c.voltage("out") == pytest.approx(values[-1], abs=1e-9)


def test_looking_does_not_change_what_happens() -> None:
    text = "V1 in 0 PULSE(0 2.2 0 10n 10n 1)\nR1 in out 5k\nC1 out 0 80p\nX1 out 0 nbo2"
    coarse, fine = circuit(text), circuit(text)
    coarse.advance(3e-6, skip=False)
    for t in np.linspace(1e-9, 3e-6, 777):
        fine.advance(t, skip=False)
        fine.voltage("out")
    assert fine.voltage("out") == coarse.voltage("out")
    assert fine.device_state("X1") == coarse.device_state("X1")
    assert fine.steps == coarse.steps


def test_segments_join_and_cover_everything() -> None:
    c = circuit("V1 in 0 PULSE(0 2.2 0 10n 10n 1)\nR1 in out 5k\nC1 out 0 80p\nX1 out 0 nbo2")
    keep = Last(c)
    for t in np.linspace(1e-9, 3e-6, 77):
        c.advance(t)
    assert keep.segments[0].start == 0.0
    assert keep.segments[-1].end == 3e-6
    for a, b in zip(keep.segments, keep.segments[1:], strict=False):
        assert a.end == b.start
        at = np.array([a.end])
        assert a.voltage("out", at) == pytest.approx(b.voltage("out", at), abs=1e-9)
    assert all((np.diff(s.times) > 0).all() for s in keep.segments)


def test_a_change_takes_effect_at_once_and_discards_the_future() -> None:
    c = circuit("V1 in 0 1\nR1 in out 1k\nC1 out 0 1n\nR2 out 0 1meg")
    c.advance(20e-6)   # at rest: the integrator's last step reaches far beyond
    before = c.voltage("out")
    c.set_source("V1", Constant(0.0))
    assert c.voltage("out") == pytest.approx(before, rel=1e-6)
    assert c.current("R1") == pytest.approx(-before / 1e3, rel=1e-6)
    c.advance(21e-6)
    assert c.voltage("out") == pytest.approx(before * np.exp(-1.001), rel=1e-4)


def test_backwards_is_refused() -> None:
    c = circuit("V1 in 0 1\nR1 in 0 1")
    c.advance(1.0)
    with pytest.raises(ValueError, match=r"cannot advance from 1\.0 s to 0\.5 s"):
        c.advance(0.5)


def test_a_circuit_in_which_nothing_moves_has_an_operating_point() -> None:
    result = simulate("divider\nV1 in 0 1\nR1 in n 1k\nR2 n 0 1k\n.tran 1n 1u\n.end")
    assert result.columns["v(n)"] == pytest.approx(0.5)
