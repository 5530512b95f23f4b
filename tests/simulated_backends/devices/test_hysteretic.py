"""The VO2 film with a hysteresis loop: derivatives, the loop itself, and the oscillator against one with jumps."""

import math

import numpy as np
import pytest

from benchmarks.kept_segments import KeptSegments
from benchmarks.ramps_reference import HYSTERETIC, parameters, run, watch
from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import PiecewiseLinear
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.dispatch import evaluated
from tsbench.simulated_backends.devices.hysteretic.equations import BAND, Hysteretic
from tsbench.simulated_backends.devices.static import folds
from tsbench.simulated_backends.devices.switching_levels import levels_of
from tsbench.simulated_backends.studies.simulate.simulate import simulate

LOAD, CAPACITANCE = 12e3, 145.346e-12


def film() -> Hysteretic:
    model = device_model("vo2_hysteretic")
    assert isinstance(model, Hysteretic)
    return model


def test_derivatives() -> None:
    rng = np.random.default_rng(0)

    def evaluate(x: np.ndarray) -> np.ndarray:
        return evaluated(film(), x[0], x[1], x[2:]).reshape(6, 8)

    steps = np.array([1e-6, 1e-9, 1e-7, 1e-7, 1e-7, 1e-7, 1e-7])
    for _ in range(100):
        rise = rng.uniform(0, 40)
        x = np.array([rng.uniform(-12, 12), rng.uniform(-3e-3, 3e-3), rise, rise + rng.uniform(-0.012, 0.012),
                      rng.uniform(-1.3, 1.3), rng.uniform(-1, 40), rng.uniform(-3, 3)])
        here = evaluate(x)
        for column, step in enumerate(steps):
            change = np.eye(7)[column] * step
            difference = (evaluate(x + change)[:, 0] - evaluate(x - change)[:, 0]) / (2 * step)
            scale = np.maximum(abs(difference), 1e-7 * abs(here[:, 0]) / step) + 1e-20
            assert (abs(here[:, 1 + column] - difference) < 5e-3 * scale).all(), (x, column)


def with_jumps(volts: float, stop: float, step: float = 1e-10) -> tuple[np.ndarray, np.ndarray]:
    """Return times and currents of the published oscillator, reversals as jumps, by the midpoint rule."""
    m = film()
    v, t, direction, reversal, kept, extreme = 0.0, m.t0, 1.0, -math.inf, 0.0, m.t0
    currents = np.zeros(int(stop / step))

    def loop(t: float) -> float:
        middle = direction * m.w / 2 + m.tc
        if reversal == -math.inf:
            return m.beta * (middle - t)
        span = middle - kept / m.beta - reversal
        x = (t - reversal) / span
        shape = (1 - math.sin(m.gamma * x)) * (1 + math.tanh(math.pi**2 - 2 * math.pi * x)) / 2
        return m.beta * (middle - (t + span * shape))

    def rates(v: float, t: float) -> tuple[float, float, float]:
        i = v / (m.r0 * math.exp(m.ea / t) * (1 + math.tanh(loop(t))) / 2 + m.rm)
        return ((volts - v) / LOAD - i) / CAPACITANCE, (i * v - m.sth * (t - m.t0)) / m.cth, i

    for k in range(currents.size):
        by_v, by_t, currents[k] = rates(v, t)
        by_v, by_t, _ = rates(v + 0.5 * step * by_v, t + 0.5 * step * by_t)
        v += step * by_v
        new = t + step * by_t
        extreme = max(extreme, new) if direction > 0 else min(extreme, new)
        if direction * (extreme - new) > 1e-4:
            kept, reversal = loop(t), t
            direction, extreme = -direction, new
        t = new
    return np.arange(currents.size) * step, currents


def period(times: np.ndarray, values: np.ndarray, start: float) -> float:
    t, x = times[times > start], values[times > start]
    level = 0.5 * (x.max() + x.min())
    k = np.flatnonzero((x[:-1] < level) & (x[1:] >= level))
    return float(np.diff(t[k] + (level - x[k]) / (x[k + 1] - x[k]) * (t[k + 1] - t[k])).mean())


@pytest.mark.thin(2)
@pytest.mark.parametrize("volts", [12.0, 14.0])
def test_states_in_place_of_jumps_hardly_change_the_period(volts: float) -> None:
    result = simulate(f"V1 in 0 {volts}\nR1 in out {LOAD}\nC1 out 0 {CAPACITANCE}\nX1 out 0 vo2_hysteretic\n"
                      ".tran 2n 20u uic\n.save i(X1)")
    ours = period(result.times, result.columns["i(x1)"], 5e-6)
    theirs = period(*with_jumps(volts, 20e-6), 5e-6)
    print(f"{volts:g} V: {ours * 1e6:.4f} us, with jumps {theirs * 1e6:.4f} us")
    assert ours == pytest.approx(theirs, rel=2e-3)


@pytest.mark.thin(2)
@pytest.mark.parametrize(("load", "capacitance", "volts"), [(12e3, 1e-10, 12.0), (30e3, 1e-10, 17.0)])
def test_small_steps_give_the_same_cycle(load: float, capacitance: float, volts: float) -> None:
    """The equations written down again for the benchmark of ramps, without noise, and the engine: from rest, 5 us."""
    model = film()
    p, y, reached, path = parameters(model), np.array([0.0, *model.rest()]), 0.0, []
    source = np.array([0.0, volts]), np.array([1.0, volts])
    for stop in np.linspace(0.0, 5e-6, 251)[1:]:
        reached = run(HYSTERETIC, p, load, capacitance, y, reached, float(stop), 4e-12, *source, noisy=False, seed=1,
                      meter=False, state=watch(1.0, 1.0), once=False)
        path.append((reached, y[0]))
    times, expected = np.array(path).T
    circuit = build_circuit(parse_netlist(
        f"V1 in 0 {volts}\nR1 in out {load}\nC1 out 0 {capacitance}\nX1 out 0 vo2_hysteretic\n"), rtol=1e-9)
    kept = KeptSegments(circuit)
    circuit.advance(reached, skip=False)
    error = abs(kept.voltage("out", times) - expected).max()
    print(f"{load:g} Ohm, {volts:g} V: {error * 1e6:.2f} uV of {np.ptp(expected[125:]):.2f} V")
    assert np.ptp(expected[125:]) > 4.0
    assert error < 5e-5


def test_slow_loop_has_the_published_width() -> None:
    """Warmed and cooled by a slow current the film is at half of its loop where the formula has it."""
    m = film()
    circuit = build_circuit(parse_netlist("I1 0 a PWL(0 0 5m 3m 10m 0)\nR1 a 0 1meg\nX1 a 0 vo2_hysteretic\n"))
    at = {}
    for k in range(1, 4000):
        circuit.advance(k * 2.5e-6, skip=False)
        state = circuit.device_state("X1")
        warm = state["rise"] + m.t0
        share = (circuit.voltage("a") / max(circuit.current("X1"), 1e-12) - m.rm) / (m.r0 * math.exp(m.ea / warm))
        direction = "up" if state["direction"] > 0 else "down"
        if direction == "up" and share < 0.5:
            at.setdefault("up", warm)
        if direction == "down" and share > 0.5:
            at.setdefault("down", warm)
    print(at)
    assert at["down"] == pytest.approx(m.tc - m.w / 2, abs=0.3)
    assert at["up"] >= m.tc + m.w / 2 - 0.3   # the film runs away there


def test_rest_and_impossible_parameters() -> None:
    assert film().rest()[1] == -BAND
    result = simulate("V1 a 0 0\nX1 a 0 vo2_hysteretic\n.tran 1u 1m uic\n.save i(X1)")
    assert abs(result.columns["i(x1)"]).max() == 0.0
    with pytest.raises(ConfigurationError, match="w = 0 must be positive"):
        device_model("vo2_hysteretic", {"w": 0.0})


def test_the_static_curve_is_what_a_slow_sweep_meets() -> None:
    model = device_model("vo2_hysteretic")
    found = folds(model)
    assert found.threshold is not None and found.hold is not None
    circuit = build_circuit(parse_netlist("V1 in 0 0\nR1 in dut 1\nXDUT dut 0 device"), {"XDUT": model})
    top, length = 1.2 * found.threshold.voltage, 1.0   # C/S is 241 ns: at 20 ms the fold is passed by 5 mV
    circuit.set_source("V1", PiecewiseLinear(np.array([0.0, length, 2 * length]), np.array([0.0, top, 0.0])))
    rows = []
    while circuit.time < 2 * length:
        circuit.advance(circuit.time + length / 4000)
        rows.append((circuit.time, circuit.voltage("dut"), circuit.current("XDUT")))
    times, voltages, currents = np.array(rows).T
    conductance = currents / np.maximum(voltages, 1e-9)
    levels = levels_of(model)
    assert levels is not None
    on = int(np.argmax(conductance > levels.on))
    off = on + int(np.argmax(conductance[on:] < levels.off))
    assert times[on] < length < times[off]
    step = top / 4000
    assert voltages[:on].max() == pytest.approx(found.threshold.voltage, abs=2 * step)
    assert voltages[off - 1] == pytest.approx(found.hold.voltage, abs=3 * step)
