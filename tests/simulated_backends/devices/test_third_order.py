"""The third-order element: derivatives, waveforms classified, another integrator, rest."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from tsbench.analysis.oscillation.waveform_class import classify_waveform
from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import Observer, Repetition, Segment
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.dispatch import evaluated
from tsbench.simulated_backends.devices.poole_frenkel.equations import film_current
from tsbench.simulated_backends.devices.third_order.equations import ThirdOrder
from tsbench.simulated_backends.studies.simulate.simulate import simulate

ON_A_SOURCE = "* element\nV1 in 0 PWL(0 0 10n {})\nX1 in 0 nbox_third_order\n.tran 0.2n {} uic\n.save i(X1)\n"


def element() -> ThirdOrder:
    model = device_model("nbox_third_order")
    assert isinstance(model, ThirdOrder)
    return model


def test_derivatives() -> None:
    rng = np.random.default_rng(2)

    def evaluate(x: np.ndarray) -> np.ndarray:
        return evaluated(element(), x[0], x[1], x[2:]).reshape(4, 6)

    steps = np.array([1e-6, 1e-9, 1e-6, 1e-4, 1e-6])
    for _ in range(30):
        x = np.array([rng.uniform(-2, 2), rng.uniform(-1e-3, 1e-3), rng.uniform(0.05, 1.5), rng.uniform(300, 900),
                      rng.uniform(0, 1)])
        here = evaluate(x)
        for column, step in enumerate(steps):
            change = np.eye(5)[column] * step
            difference = (evaluate(x + change)[:, 0] - evaluate(x - change)[:, 0]) / (2 * step)
            scale = np.maximum(abs(difference), 1e-8 * abs(here[:, 0]) / step) + 1e-30
            assert (abs(here[:, 1 + column] - difference) < 1e-3 * scale).all(), (x, column)


@pytest.mark.parametrize(("voltage", "kind", "spikes"), [
    (1.6, "quiet", None), (1.8, "sinusoidal", None), (1.95, "bursting", 2), (2.02, "spiking", None)])
def test_waveforms(voltage: float, kind: str, spikes: int | None) -> None:
    result = simulate(ON_A_SOURCE.format(voltage, "3u"))
    late = result.times > 0.6e-6
    found = classify_waveform(result.times[late], result.columns["i(x1)"][late])
    print(found)
    assert (found.kind, found.spikes_per_burst) == (kind, spikes)
    if kind == "sinusoidal":
        assert found.fundamental_share is not None and found.fundamental_share > 0.9


def test_scipy_agrees_on_the_sinusoid() -> None:
    m = element()
    numbers = [m.columns()[name] for name in ("prefactor", "per_thickness", "depth", "lowering")]

    def rates(t: float, y: np.ndarray) -> list[float]:
        film, temperature, metal = y
        through = film_current(film, temperature, *numbers)[0] + m.gm * metal * film
        z = (temperature - m.tc + m.span * (metal - 0.5)) / m.soft
        return [
            ((1.8 * min(t / 10e-9, 1.0) - film) / m.rs - through) / m.cs,
            (through * film - (temperature - m.t0) / m.rth) / m.cth, (1 / (1 + math.exp(-z)) - metal) / m.taum]

    options = {"rtol": 1e-9, "atol": [1e-10, 1e-7, 1e-10], "method": "Radau"}
    first = solve_ivp(rates, (0, 10e-9), [*m.rest()], **options)
    grid = np.linspace(10e-9, 0.5e-6, 4901)
    second = solve_ivp(rates, (10e-9, 0.5e-6), first.y[:, -1], t_eval=grid, **options)
    result = simulate(ON_A_SOURCE.format(1.8, "0.5u"), rtol=1e-7)
    ours = np.interp(grid, result.times, result.columns["i(x1)"])
    assert ours == pytest.approx((1.8 - second.y[0]) / m.rs, abs=1e-3 * np.ptp(ours))


def test_rest_is_an_equilibrium_and_stays_one() -> None:
    result = simulate("V1 in 0 0\nX1 in 0 nbox_third_order\n.tran 1u 10u uic\n.save i(X1)")
    assert abs(result.columns["i(x1)"]).max() < 1e-15
    with pytest.raises(ConfigurationError, match="taum = 0 must be positive"):
        device_model("nbox_third_order", {"taum": 0.0})


def test_an_irregular_oscillation_is_passed_over_with_its_averages() -> None:
    """At 1.92 V behind the demo's wires the spikes follow no cycle: a millisecond takes some of its 2.2 million steps.

    The mean current over all of it, computed once without skipping, is 342.446 uA.
    """
    netlist = parse_netlist("Vin in 0 1.92\nR1 in dut 2\nC1 dut 0 80p\nX1 dut low nbox_third_order\nRs low 0 50")
    circuit = build_circuit(netlist, seed=1)
    circuit.advance(20e-6, skip=False)
    charges = Charge("low", 50.0)
    circuit.add_observer(charges)
    circuit.advance(1.02e-3)
    assert circuit.steps < 1.6e6
    assert charges.repeated > 100e-6
    assert charges.total / 1e-3 == pytest.approx(342.446e-6, rel=1e-3)


def test_at_rest_it_is_insulating_also_where_it_could_be_metallic() -> None:
    """At the transition temperature, with feedback: the shares 0.0072, 0.5 and 0.9928 hold themselves."""
    model = element()
    bistable = model.with_parameters({"t0": model.tc, "span": 10.0 * model.soft})
    assert bistable.rest() == pytest.approx((0.0, model.tc, 0.00718806418), rel=1e-8)
    assert element().rest()[2] < 1e-5


class Charge(Observer):
    """Adds up the current through a resistance at a node [C], and the time [s] that was passed over."""

    def __init__(self, node: str, resistance: float) -> None:
        self.node, self.resistance = node, resistance
        self.total = self.repeated = 0.0

    def observe(self, segment: Segment) -> None:
        whole = segment.end - segment.start
        if isinstance(segment, Repetition):
            self.repeated += whole
            segment = segment.period
        times = np.linspace(segment.start, segment.end, max(int((segment.end - segment.start) / 0.5e-9), 50))
        self.total += float(segment.voltage(self.node, times).mean()) / self.resistance * whole
