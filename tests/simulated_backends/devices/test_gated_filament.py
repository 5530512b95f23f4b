"""The Ag/HfO2 nanodot switch: derivatives, gates, switching against SciPy, what cannot be; and its oscillator."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq

from benchmarks.physics_nanodots import nanodot_rows
from benchmarks.reference_devices import reference
from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.devices import dispatch
from tsbench.simulated_backends.devices.catalogue import catalogue, device_model
from tsbench.simulated_backends.devices.gated_filament.equations import GatedFilament
from tsbench.simulated_backends.devices.switching_levels import levels_of
from tsbench.simulated_backends.studies.batch import Crossing, one_by_one, run_batch
from tsbench.simulated_backends.studies.simulate.simulate import simulate

NAME = "ag_hfo2"


def filament() -> GatedFilament:
    model = device_model(NAME)
    assert isinstance(model, GatedFilament)
    return model


def evaluated(v: float, i: float, x: float) -> np.ndarray:
    """Return residual and rate with their derivatives by v, i and X, shape (2, 4)."""
    return dispatch.evaluated(filament(), v, i, (x,)).reshape(2, 4)


#: where the gates or the polarity change, and elsewhere
VOLTAGES = st.one_of(
    st.floats(-2, 2), *(st.floats(at - 0.02, at + 0.02) for at in (0.267, -0.119, 0.08, -0.006, 0.0)))


@settings(deadline=None)
@given(VOLTAGES, st.floats(-0.01, 1.01))
def test_derivatives_are_those_of_the_values(v: float, x: float) -> None:
    here = evaluated(v, 0.1, x)
    for column, step in ((0, 1e-8), (1, 1e-4), (2, 1e-5)):
        change = np.eye(3)[column] * step
        difference = (evaluated(v + change[0], 0.1 + change[1], x + change[2])
                      - evaluated(v - change[0], 0.1 - change[1], x - change[2]))[:, 0] / (2 * step)
        lost = 1e-14 * np.array([0.1 + abs(v), 1e7 * (1.0 + 4e3 * abs(v))]) / step   # digits that differences lose
        assert (abs(here[:, 1 + column] - difference) <= 1e-6 * abs(difference) + lost).all(), (v, x, column)


@settings(deadline=None)
@given(VOLTAGES, st.floats(0, 1))
def test_equations_are_the_published_ones(v: float, x: float) -> None:
    again = reference(NAME)
    here = evaluated(v, 0.0, x)
    assert here[0, 0] == pytest.approx(again.current(v, [x]), rel=1e-9, abs=1e-25)
    assert here[1, 0] == pytest.approx(again.rates(v, 0.0, [x])[0], rel=1e-9, abs=1e-6)
    if abs(v) > 0.02:   # beyond the change of polarity: as printed
        printed = v * x / (806.0 if v > 0 else 1434.0) + np.copysign(1e-12, v)
        assert here[0, 0] == pytest.approx(printed, rel=1e-12)


@settings(deadline=None)
@given(VOLTAGES, st.floats(0, 1))
def test_it_never_delivers_power(v: float, x: float) -> None:
    assert evaluated(v, 0.0, x)[0, 0] * v >= 0.0


def test_state_stays_between_none_and_whole() -> None:
    for v in (-2.0, -0.119, -0.006, 0.0, 0.08, 0.267, 2.0):
        assert evaluated(v, 0.0, 0.0)[1, 0] >= 0.0
        assert evaluated(v, 0.0, 1.0)[1, 0] <= 0.0


@pytest.mark.parametrize("polarity", [1, -1])
def test_set_at_full_gate_is_the_integral(polarity: int) -> None:
    """Far above threshold only the set acts: the time to a share of the filament is an integral over it."""
    def speed(x: float) -> float:
        return ((1 - np.exp(-2 * x - 0.05)) * (1 - x) + (1 - np.exp(-2 * (1 - x))) * x) / 1.2e-7

    edge = 1e-12
    result = simulate(f"V1 a 0 PWL(0 0 {edge} {1.5 * polarity})\nX1 a 0 {NAME}\n.tran 1n 1u uic\n.save i(X1)")
    x = abs(result.columns["i(x1)"]) / 1.5 * (806.0 if polarity > 0 else 1434.0)
    rising = x < 0.999
    for share in (0.1, 0.5, 0.8):
        at = np.interp(share, x[rising], result.times[rising]) - edge
        assert at == pytest.approx(quad(lambda s: 1 / speed(s), 0, share)[0], rel=2e-3), share


@pytest.mark.thin(6)
@pytest.mark.parametrize("rate", [1e-2, 1.0, 1e3])
@pytest.mark.parametrize("polarity", [1, -1])
def test_sweep_against_scipy(rate: float, polarity: int) -> None:
    """Threshold and hold at 10 nA of a triangle to 0.5 V across the device, at very different rates."""
    up, again = 0.5 / rate, reference(NAME)
    result = simulate(f"V1 a 0 PWL(0 0 {up} {0.5 * polarity} {2 * up} 0)\nX1 a 0 {NAME}\n"
                      f".tran {up / 500} {2 * up} uic\n.save v(a) i(X1)")
    size = abs(result.columns["i(x1)"])
    on = np.flatnonzero(size > 1e-8)
    ours = abs(result.columns["v(a)"][[on[0], on[-1]]])

    def applied(t: float) -> float:
        return polarity * rate * min(t, 2 * up - t)

    x, theirs = [0.0], []
    for k in (0, 1):
        done = solve_ivp(lambda t, y: again.rates(applied(t), 0.0, y), (k * up, (k + 1) * up), x, "Radau", rtol=1e-8,
                         atol=1e-14, max_step=up / 500, dense_output=True)
        x = list(done.y[:, -1])
        above = [abs(again.current(applied(t), [y])) > 1e-8 for t, y in zip(done.t, done.y[0], strict=True)]
        j = above.index(True) if k == 0 else len(above) - above[::-1].index(True)
        theirs.append(abs(applied(brentq(
            lambda t, s=done.sol: abs(again.current(applied(t), s(t))) - 1e-8, done.t[j - 1], done.t[j]))))
    print(f"{rate:g} V/s: threshold {ours[0]:.5f} V, hold {ours[1]:.5f} V; SciPy {theirs[0]:.5f}, {theirs[1]:.5f}")
    assert ours == pytest.approx(theirs, abs=2e-3)   # the grid of the record is 1 mV


def test_batch_and_special_code_do_what_the_generic_code_does() -> None:
    """The straight form: a ramp through the threshold and back, several devices in lockstep."""
    text = f"V1 in 0 PWL(0 0 50u 0.5 100u 0)\nR1 in dut 1k\nC1 dut 0 1n\nXDUT dut 0 {NAME} vth_p={{volts}}\n"

    def circuits(specialised: bool) -> list[Circuit]:
        return [build_circuit(parse_netlist(text.replace("{volts}", f"{volts}")), rtol=1e-5, specialised=specialised)
                for volts in (0.25, 0.267, 0.28, 0.3)]

    watched = Crossing("current", "XDUT", 5e-5)
    together = run_batch(circuits(False), 100e-6, watched)
    assert together.in_lockstep and together.counts.min() >= 1
    assert (np.diff([instants[0] for instants in together.instants]) > 0).all()
    for specialised in (False, True):
        alone = one_by_one(circuits(specialised), 100e-6, watched, 1)
        assert (together.counts == alone.counts).all()
        assert max(abs(a / b - 1).max() for a, b in zip(together.instants, alone.instants, strict=True)) < 1e-9


def test_rest_is_quiet_and_a_broken_filament_leaks() -> None:
    result = simulate(f"V1 a 0 0\nX1 a 0 {NAME}\n.tran 1u 1m uic\n.save i(X1)")
    assert abs(result.columns["i(x1)"]).max() < 1e-16
    circuit = build_circuit(parse_netlist(f"V1 a 0 PULSE(0.15 1.5 1u 10n 10n 1u 1)\nX1 a 0 {NAME}\nV2 b 0 0.02\n"
                                          f"R2 b c 1\nX2 c 0 {NAME}"))
    circuit.advance(0.9e-6)
    assert circuit.current("X1") == pytest.approx(1e-12, rel=1e-6)
    circuit.advance(5e-6)
    assert circuit.current("X1") == pytest.approx(0.15 / 806.0, rel=1e-6)   # between hold and threshold it stays
    assert circuit.current("X2") == pytest.approx(1e-12, rel=1e-6)


@pytest.mark.parametrize(("volts", "load"), [(0.5, 10e3), (1.0, 100e3), (-0.25, 100e3), (-1.0, 50e3)])
@pytest.mark.parametrize("capacitance", [220e-12, 22e-9])
def test_with_a_load_and_a_capacitor_alone_it_stops_on_the_load_line(
    volts: float, load: float, capacitance: float,
) -> None:
    """Part of a filament carries the load's current between hold and threshold, where nothing moves it."""
    constant = load * capacitance
    circuit = build_circuit(parse_netlist(
        f"V1 in 0 {volts}\nR1 in out {load}\nC1 out 0 {capacitance} ic=0\nX1 out 0 {NAME}\n"))
    circuit.advance(10 * constant)
    early, left = circuit.voltage("out"), circuit.device_state("X1")["filament"]
    circuit.advance(20 * constant)
    assert circuit.voltage("out") == pytest.approx(early, rel=0.02)
    low, high = (0.08, 0.267) if volts > 0 else (0.006, 0.119)
    assert low < abs(early) < high and 0.0 < left < 1.0
    assert circuit.current("X1") == pytest.approx((volts - circuit.voltage("out")) / load, rel=1e-3)


def test_the_chuck_changes_nothing_and_the_netlist_is_told_so() -> None:
    assert not filament().feels_temperature and filament().at_temperature(400.0) == filament()
    result = simulate(f"V1 a 0 0.1\nX1 a 0 {NAME}\n.tran 1n 10n\n.save i(X1)", temperature=400.0)
    assert "the model of X1 does not depend on temperature" in result.messages
    assert any("depend on temperature" in text for text in catalogue()[NAME].unknown)


def test_what_others_fitted_is_marked_as_such_and_no_spread_of_devices_is_made_of_it() -> None:
    entry = catalogue()[NAME]
    assert {p.name for p in entry.parameters if p.mark != "F2"} == {"v_p"}
    assert not entry.variability and entry.specimen(1, "D1") == entry.model()


@pytest.mark.parametrize(("parameters", "says"), [
    ({"vh_p": 0.3}, "vh_p = 0.3 V must be below vth_p = 0.267 V"),
    ({"vth_n": 0.005}, "vh_n = 0.006 V must be below vth_n = 0.005 V"),
    ({"ileak": 0.0}, "ileak = 0 must be positive"),
    ({"vth_n": -0.119}, "vth_n = -0.119 must be positive"),
])
def test_impossible_parameters(parameters: dict[str, float], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        device_model(NAME, parameters)


def test_conductances_tell_on_from_off_also_under_compliance() -> None:
    levels = levels_of(filament())
    assert levels is not None
    assert 1e-12 / 0.02 < levels.fold < levels.off < levels.on < levels.hold
    assert levels.on < 1e-6 / 0.12   # 1 uA of compliance: the filament breaks until some 0.12 V are left across it
    assert filament().conductance(np.array([[0.0, 1.0]]))[1] == pytest.approx(0.5 * (1 / 806 + 1 / 1434))


@pytest.mark.thorough
def test_published_figures_that_hold_and_those_that_do_not() -> None:
    """The table gives the reason of each row that fails; no other row may fail."""
    rows = nanodot_rows()
    assert {row.observable for row in rows if row.passed is False} == {
        "hold voltage +, the same sweep", "hold voltage -, the same sweep",
        "slope of the reset +, 10 uA to 0.1 nA, V/decade", "slope of the reset -, 10 uA to 0.1 nA, V/decade",
        "on/off ratio at a compliance of 0.1 mA", "interval of spikes, 21 uA, 2.2 nF, bias 60 mV"}
    assert sum(row.passed is True for row in rows) == 17
    assert all(row.note for row in rows if not row.passed)
