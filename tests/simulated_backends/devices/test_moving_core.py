"""The moving metal core (Nb2O5, VO2): folds against the closed form, trajectories against SciPy, energy."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from benchmarks.kept_segments import KeptSegments
from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.devices.catalogue import catalogue, device_model
from tsbench.simulated_backends.devices.devices_lib import devices_lib
from tsbench.simulated_backends.devices.dispatch import evaluated
from tsbench.simulated_backends.devices.moving_core.equations import MovingCore
from tsbench.simulated_backends.devices.static import folds, static_curve
from tsbench.simulated_backends.studies.simulate.simulate import simulate

OSCILLATOR = """* relaxation oscillator
Vin in 0 PULSE(0 {source} 0 10n 10n 1 2)
RL in out {load}
C1 out 0 1n
X1 out 0 {device}
.tran 10n {stop} uic
.save v(out) i(X1)
"""


def core(name: str) -> MovingCore:
    model = device_model(name)
    assert isinstance(model, MovingCore)
    return model


def extremum(m: MovingCore, low: float, high: float) -> float:
    """Return ln(1/u) where 2 A u^2 ln(1/u) = 1 + A u^2: a fold of the film, between two bounds."""
    a = m.rho_ins / m.rho_met - 1
    return brentq(lambda w: 2 * a * math.exp(-2 * w) * w - 1 - a * math.exp(-2 * w), low, high, xtol=1e-15)


def film_voltage(m: MovingCore, w: float) -> float:
    a, rise = m.rho_ins / m.rho_met - 1, m.t_mit - m.t0
    return math.sqrt(
        2 * m.rho_ins * m.kappa * rise * m.length**2 / m.r_ch**2 / (w * (1 + a * math.exp(-2 * w))))


@pytest.mark.parametrize("name", ["nb2o5", "vo2"])
def test_folds_are_the_closed_form_s(name: str) -> None:
    m = core(name)
    m = m.with_parameters({"re": 0.0})
    found = folds(m)
    assert found.threshold is not None and found.hold is not None
    assert found.threshold.voltage == pytest.approx(film_voltage(m, extremum(m, 1.5, 30.0)), rel=1e-9)
    assert found.hold.voltage == pytest.approx(film_voltage(m, extremum(m, 0.4, 1.5)), rel=1e-9)


def test_values_stated_for_the_catalogue() -> None:
    for name, threshold, at, hold, hold_at in (
        ("nb2o5", 1.7500, 26.5e-6, 0.748, 0.385e-3), ("vo2", 1.2215, 15e-6, 0.209, 0.567e-3),
    ):
        found = folds(core(name))
        assert found.threshold is not None and found.hold is not None
        print(name, found)
        assert found.threshold.voltage == pytest.approx(threshold, abs=2e-4)
        assert found.threshold.current == pytest.approx(at, rel=0.02)
        assert found.hold.voltage == pytest.approx(hold, abs=6e-4)
        assert found.hold.current == pytest.approx(hold_at, rel=2e-3)
    for name, time_constant, near in (("nb2o5", 0.39e-9, 1e-3), ("vo2", 0.74e-9, 1e-2)):   # thermal, without a core
        assert core(name).sensible / core(name).cooling == pytest.approx(time_constant, rel=near)
    assert core("nb2o5").insulating == pytest.approx(78.4e3, rel=1e-3)


@pytest.mark.parametrize(("name", "slope"), [("nb2o5", -1.116e-3), ("vo2", -14.2e-3)])
def test_threshold_falls_with_the_chuck(name: str, slope: float) -> None:
    m = core(name)
    high, low = (folds(m.with_parameters({"t0": m.t0 + change})).threshold for change in (1.0, -1.0))
    assert high is not None and low is not None
    assert (high.voltage - low.voltage) / 2 == pytest.approx(slope, rel=5e-3)


@pytest.mark.parametrize("psi", [0.0, 1e-3, 0.05, 0.11, 0.4, 3.0, 27.0, 3000.0, -1e-4])
@pytest.mark.parametrize("v", [1.3, -0.4])
def test_rates_and_analytic_derivatives(psi: float, v: float) -> None:
    m, i = core("vo2"), 2e-4 * v

    def evaluate(v: float, i: float, psi: float) -> np.ndarray:
        return evaluated(m, v, i, (psi,))

    here = evaluate(v, i, psi)
    if psi > 2e-3:   # the published form in u, chain rule included
        w = 1 / psi
        u = math.exp(-w)
        rise, a = m.t_mit - m.t0, m.rho_ins / m.rho_met - 1
        film = v - m.re * i
        by_u = math.pi * m.length * m.r_ch**2 * (
            m.cp * rise * (1 - u**2 + 2 * u**2 * math.log(u)) / (2 * u * math.log(u)**2) + 2 * m.dh * u)
        du = (i * film - 2 * math.pi * m.length * m.kappa * rise / w) / by_u
        assert here[4] == pytest.approx(du / u / w**2, rel=1e-7 if psi < 100 else 1e-3)
        resistance = m.rho_ins * m.length / (math.pi * m.r_ch**2) / (1 + a * u**2)
        assert here[0] == pytest.approx(film / resistance - i, rel=1e-9)
    for column, (dv, di, ds) in enumerate(((1e-6, 0, 0), (0, 1e-9, 0), (0, 0, max(1e-6 * abs(psi), 1e-8)))):
        difference = (evaluate(v + dv, i + di, psi + ds) - evaluate(v - dv, i - di, psi - ds)) / 2 / (dv + di + ds)
        for row in (0, 4):
            assert here[row + 1 + column] == pytest.approx(
                difference[row], rel=2e-5, abs=1e-6 * abs(here[row]) / (dv + di + ds))


def test_series_and_closed_form_of_the_heat_meet() -> None:
    out = [evaluated(core("nb2o5"), 1.0, 1e-3, (2 / x,)) for x in (0.1 * (1 - 1e-12), 0.1 * (1 + 1e-12))]
    assert out[0] == pytest.approx(out[1], rel=1e-10)


@pytest.mark.thin(2)
@pytest.mark.parametrize(("name", "source", "load", "stop"), [("nb2o5", 3.0, 10e3, 30e-6), ("vo2", 2.0, 10e3, 40e-6)])
def test_scipy_agrees_on_the_relaxation_oscillator(name: str, source: float, load: float, stop: float) -> None:
    """The published equations written down again, by an integrator of another kind."""
    m = core(name)
    a, rise = m.rho_ins / m.rho_met - 1, m.t_mit - m.t0
    volume = math.pi * m.length * m.r_ch**2

    def rates(t: float, y: np.ndarray) -> list[float]:
        w = 1 / max(y[1], 2e-3)
        u2 = math.exp(-2 * w)
        r = m.rho_ins * m.length**2 / volume / (1 + a * u2)
        i = y[0] / (r + m.re)
        heat = volume * (m.cp * rise * (1 - u2 * (1 + 2 * w)) / 2 + 2 * m.dh * u2 * w * w)
        vin = source * min(t / 10e-9, 1.0)
        return [((vin - y[0]) / load - i) / 1e-9, (r * i * i - 2 * math.pi * m.length * m.kappa * rise * y[1]) / heat]

    options = {"rtol": 1e-8, "atol": 1e-10, "method": "Radau"}
    first = solve_ivp(rates, (0, 10e-9), [0.0, 0.0], **options)
    second = solve_ivp(rates, (10e-9, stop), first.y[:, -1], **options)
    result = simulate(OSCILLATOR.format(source=source, load=load, device=name, stop=stop))
    ours = result.columns["v(out)"]

    def falls(times: np.ndarray, values: np.ndarray) -> np.ndarray:
        level = 0.5 * values.max()
        k = np.flatnonzero((values[:-1] >= level) & (values[1:] < level))
        return times[k] + (level - values[k]) / (values[k + 1] - values[k]) * (times[k + 1] - times[k])

    theirs, own = falls(second.t, second.y[0]), falls(result.times, ours)
    assert len(theirs) == len(own) >= 3
    print(f"{name}: period {np.diff(theirs).mean() * 1e6:.6f} us, ours {np.diff(own).mean() * 1e6:.6f} us")
    assert np.diff(own).mean() == pytest.approx(np.diff(theirs).mean(), rel=1e-4)
    if name == "nb2o5":   # period stated in PHYSICS.md, Part I section 7
        assert np.diff(own).mean() == pytest.approx(7.632654e-6, rel=1e-4)
    assert ours.max() == pytest.approx(second.y[0].max(), rel=1e-4)


@pytest.mark.parametrize("name", ["nb2o5", "vo2"])
def test_energy_balance(name: str) -> None:
    """What the source gives is stored in the capacitor, heats the load, or enters the device."""
    circuit = build_circuit(parse_netlist(OSCILLATOR.format(source=2.5, load=10e3, device=name, stop="1u")))
    kept = KeptSegments(circuit)
    circuit.advance(20e-6, skip=False)
    used = kept.energy("in", "out", "RL") + kept.energy("out", "0", "X1") + 0.5e-9 * circuit.voltage("out") ** 2
    assert used == pytest.approx(-kept.energy("in", "0", "Vin"), rel=1e-6)


def test_rest_and_curve_are_symmetric() -> None:
    m = core("vo2")
    i = np.array([1e-6, 15e-6, 1e-3])
    assert static_curve(m, -i).voltage == pytest.approx(-static_curve(m, i).voltage)
    assert m.conductance(np.array([[0.0]]))[0] == pytest.approx(1 / (m.insulating + m.re))


def test_catalogue_entries_state_their_gaps_and_have_a_subcircuit() -> None:
    text = devices_lib()
    for name in ("nb2o5", "vo2"):
        entry = catalogue()[name]
        assert {p.mark for p in entry.parameters} <= {"F", "K", "A", "T"} and entry.unknown
        assert f".subckt {name} a b" in text


@pytest.mark.parametrize(("change", "says"), [
    ({"t0": 350.0}, "t0 = 350 K must be below the transition"),
    ({"rho_met": 1.0}, "rho_met = 1 Ohm m must be below"),
    ({"re": -1.0}, "re = -1 must be finite and not negative"),
    ({"kappa": 0.0}, "kappa = 0 must be positive"),
])
def test_impossible_parameters_are_refused(change: dict[str, float], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        device_model("vo2", change)
