"""The ovonic switch: derivatives, static curve, first fire, drift, a time to switch drawn once per cycle."""

import numpy as np
import pytest
from scipy import stats

from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import Observer, Repetition, Segment
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.dispatch import evaluated
from tsbench.simulated_backends.devices.ovonic.equations import draw_of
from tsbench.simulated_backends.devices.static import folds, static_curve
from tsbench.simulated_backends.studies.simulate.simulate import simulate

PULSES = ("* five pulses\nV1 in 0 PULSE(0 {volts} 10n 1n 1n 400n 1u 5)\nR1 in out 1k\nC1 out 0 1f\n"
          "X1 out 0 ots_gst seed={seed}\n.tran 1n 5u uic\n.save i(X1)\n")


def test_derivatives() -> None:
    model = device_model("ots_gst", {"seed": 5})
    rng = np.random.default_rng(1)

    def evaluate(x: np.ndarray) -> np.ndarray:
        return evaluated(model, x[0], x[1], x[2:]).reshape(6, 8)

    steps = np.array([1e-6, 1e-10, 1e-4, 1e-6, 1e-6, 1e-6, 1e-6])
    for _ in range(40):
        v = rng.uniform(-2, 2)
        x = np.array([
            v, np.sign(v) * 10 ** rng.uniform(-6, -3.5), rng.uniform(300, 1000), rng.uniform(0, 1), rng.uniform(0, 8),
            rng.uniform(0, 1.2), rng.choice([0.0, 0.4, 1.0])])
        here = evaluate(x)
        for column, step in enumerate(steps):
            change = np.eye(7)[column] * step
            difference = (evaluate(x + change)[:, 0] - evaluate(x - change)[:, 0]) / (2 * step)
            scale = np.maximum(abs(difference), 1e-7 * abs(here[:, 0]) / step) + 1e-30
            assert (abs(here[:, 1 + column] - difference) < 2e-3 * scale).all(), (x, column)


def test_static_curve_solves_the_equations() -> None:
    model = device_model("ots_gst")
    for current in (1e-9, 5e-7, 1e-5, 3e-4):
        point = static_curve(model, np.array([current]))
        states = (float(point.temperature[0]), 1.0, 0.0, 0.0, 0.0)
        out = evaluated(model, float(point.voltage[0]), current, states)
        assert abs(out[0]) < 1e-5 * current   # the hazard's step, far away, is not zero altogether
        assert abs(out[8] * 8e-10) < 1e-3 * 0.4009 * (point.temperature[0] - 300.0)


def test_folds_go_with_thickness_but_hold_does_not() -> None:
    found = [folds(device_model("ots_gst", {"h": h})) for h in (50e-9, 100e-9)]
    thin, thick = found
    assert thin.threshold and thick.threshold and thin.hold and thick.hold
    assert thick.threshold.voltage / thin.threshold.voltage == pytest.approx(2.0, rel=0.05)
    assert thick.hold.current == pytest.approx(thin.hold.current, rel=0.02)
    assert thin.hold.voltage == pytest.approx(0.4, rel=0.01) and thick.hold.voltage < 0.5


def test_draws_are_weibull_and_belong_to_seed_and_cycle() -> None:
    drawn = np.array([draw_of(7.0, float(k), 1 / 2.5) for k in range(4000)])
    assert stats.kstest(drawn, "weibull_min", args=(2.5,)).pvalue > 0.01
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.05
    assert draw_of(7.0, 3.0, 0.4) != draw_of(8.0, 3.0, 0.4)
    assert draw_of(0.0, 3.0, 0.4) == pytest.approx(np.log(2) ** 0.4)


def delays(seed: int) -> np.ndarray:
    result = simulate(PULSES.format(volts=1.5, seed=seed), seed=0)   # of the noise of the resistances
    on = result.columns["i(x1)"] > 0.2e-3
    begins = result.times[1:][on[1:] & ~on[:-1]]
    return begins - np.floor(begins / 1e-6) * 1e-6 - 10e-9


def test_each_cycle_has_its_own_delay_and_a_seed_its_own_cycles() -> None:
    first = delays(3)
    assert first.size == 5 and np.ptp(first) > 1e-9
    assert (delays(3) == first).all()   # bitwise
    assert not (delays(4) == first).any()
    # the same each time, but for the thermal noise from which each switching starts (some 20 of 19,000 ps), and for
    # what drifts before the first pulse and between later ones
    median = delays(0)
    assert np.ptp(median[1:]) < 5e-3 * median.mean()
    assert median[0] < median[1]


def test_counts_its_cycles_and_forgets_an_unfinished_hazard() -> None:
    circuit = build_circuit(parse_netlist(PULSES.format(volts=1.5, seed=3)))
    circuit.advance(6e-6, skip=False)
    assert circuit.device_state("X1")["cycles"] == pytest.approx(5.0, abs=1e-3)
    below = build_circuit(parse_netlist(PULSES.format(volts=1.38, seed=0)))
    below.advance(0.45e-6, skip=False)
    assert 1e-3 < below.device_state("X1")["hazard"] < 0.5
    below.advance(20e-3, skip=False)
    assert below.device_state("X1")["hazard"] < 1e-6
    assert below.device_state("X1")["cycles"] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("change", "says"), [
    ({"h": 0.0}, "h = 0 must be positive"), ({"fired": 2.0}, "fired = 2 must be at most 1"),
    ({"seed": 0.5}, "whole number"),
    ({"slope": 0.2}, "slope \\* qmax = 1.8 must be below 1"), ({"t0": -1.0}, "t0 = -1 must be positive"),
])
def test_impossible_parameters_are_refused(change: dict[str, float], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        device_model("ots_gst", change)


class NodeMean(Observer):
    """Adds up a node's voltage over time [V s], of what was computed and of what was passed over."""

    def __init__(self) -> None:
        self.total = 0.0

    def observe(self, segment: Segment) -> None:
        copies = segment.count if isinstance(segment, Repetition) else 1
        one = segment.period if isinstance(segment, Repetition) else segment
        self.total += copies * one.integral("voltage", "n", one.start, one.end)


def test_an_oscillation_of_draws_is_passed_over_with_its_averages() -> None:
    """Of 20 ms behind 20 kOhm, 87,000 cycles that all differ, some 400 are computed; the mean stays."""
    text = "V1 in 0 3\nR1 in n 20k\nC1 n 0 20p\nX1 n 0 ots_gst\n.end"
    means = []
    for until, skip in ((0.21e-3, False), (20.01e-3, True)):
        circuit = build_circuit(parse_netlist(text), seed=2)
        circuit.advance(0.01e-3, skip=False)
        seen = NodeMean()
        circuit.add_observer(seen)
        circuit.advance(until, skip=skip)
        means.append(seen.total / (until - 0.01e-3))
    assert circuit.steps < 300_000
    assert means[1] == pytest.approx(means[0], rel=3e-3)
