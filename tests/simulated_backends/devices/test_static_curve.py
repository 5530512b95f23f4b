"""The static curve of the catalogue's devices against formulas written down again, independently."""

import dataclasses
import math

import numpy as np
import pytest
from scipy.constants import Boltzmann, elementary_charge, epsilon_0
from scipy.optimize import brentq

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.catalogue import MARKS, catalogue, device_model
from tsbench.simulated_backends.devices.poole_frenkel.equations import PooleFrenkel
from tsbench.simulated_backends.devices.static import folds, static_curve

AS, D, EA, EPSR, RE, RTH, T0 = 3.482e-10, 20e-9, 0.215, 45.0, 300.0, 1e6, 296.0


def hartke(v: float, t: float) -> float:
    """Return the film current [A] in SI units, straight from the published form."""
    b = math.sqrt(elementary_charge**3 / (math.pi * epsilon_0 * EPSR))
    kt, field = Boltzmann * t, v / D
    x = b * math.sqrt(field) / kt
    bracket = (kt / b) ** 2 * (1 + (x - 1) * math.exp(x)) + field / 2
    return AS * math.exp(-EA * elementary_charge / kt) * bracket


def terminal_voltage(i: float) -> float:
    film = brentq(lambda v: hartke(v, T0 + RTH * i * v) - i, 1e-6, 5.0, xtol=1e-14)
    return film + RE * i


def film(name: str) -> PooleFrenkel:
    model = device_model(name)
    assert isinstance(model, PooleFrenkel)
    return model


@pytest.mark.parametrize(("v", "t"), [(0.02, 296.0), (0.5, 296.0), (1.0, 366.0), (0.7, 700.0), (2.0, 1200.0)])
def test_film_current_is_the_published_form(v: float, t: float) -> None:
    model = film("nbo2")
    assert model.film(v, t)[0] == pytest.approx(hartke(v, t), rel=1e-8)
    assert model.film(-v, t)[0] == pytest.approx(-hartke(v, t), rel=1e-8)


@pytest.mark.parametrize(("v", "t"), [(1e-9, 296.0), (0.004, 500.0), (0.5, 296.0), (1.0, 366.0), (-0.7, 700.0)])
def test_analytic_derivatives(v: float, t: float) -> None:
    model = film("nbo2")
    _, by_v, by_t = model.film(v, t)
    dv, dt = 1e-5 * abs(v), 1e-3
    high, low = model.film(v + dv, t)[0], model.film(v - dv, t)[0]
    assert by_v == pytest.approx((high - low) / (2 * dv), rel=1e-6)
    high, low = model.film(v, t + dt)[0], model.film(v, t - dt)[0]
    assert by_t == pytest.approx((high - low) / (2 * dt), rel=1e-6)


def test_series_and_closed_form_meet() -> None:
    model = film("nbo2")
    numbers = model.columns()
    edge = (1e-2 * 400.0 / numbers["lowering"]) ** 2 / numbers["per_thickness"]   # film voltage where x = 1e-2 at 400 K
    below, above = model.film(edge * (1 - 1e-9), 400.0), model.film(edge * (1 + 1e-9), 400.0)
    for a, b in zip(below, above, strict=True):
        assert a == pytest.approx(b, rel=1e-7)


def test_threshold_and_hold_of_nbo2() -> None:
    grid = np.geomspace(2e-5, 3e-3, 4001)
    voltage = np.array([terminal_voltage(i) for i in grid])
    top = int(np.argmax(voltage[grid < 3e-4]))
    bottom = int(np.argmin(voltage[grid > 3e-4])) + int((grid <= 3e-4).sum())
    found = folds(device_model("nbo2"))
    assert found.threshold is not None and found.hold is not None
    print(f"threshold {found.threshold}, hold {found.hold}")
    assert found.threshold.voltage == pytest.approx(voltage[top], rel=1e-6)
    assert found.hold.voltage == pytest.approx(voltage[bottom], rel=1e-6)
    assert found.threshold.current == pytest.approx(grid[top], rel=3e-3)
    assert found.hold.current == pytest.approx(grid[bottom], rel=3e-3)
    # the values that PHYSICS.md states for this catalogue entry
    assert found.threshold.voltage == pytest.approx(1.023, abs=5e-4)
    assert found.threshold.current == pytest.approx(81e-6, rel=0.01)
    assert found.hold.voltage == pytest.approx(0.886, abs=5e-4)
    assert found.hold.current == pytest.approx(0.578e-3, rel=2e-3)
    assert found.hold.temperature == pytest.approx(708, abs=1)
    assert static_curve(device_model("nbo2"), np.array([1e-3])).voltage[0] == pytest.approx(0.93, abs=0.01)


def test_without_electrode_resistance_the_film_folds_at_one_volt_and_never_holds() -> None:
    found = folds(device_model("nbo2", {"re": 0.0}), highest=1.6e-3)   # up to about 1400 K
    assert found.threshold is not None
    assert found.threshold.voltage == pytest.approx(1.000, abs=1e-3)
    assert found.hold is None


def test_static_curve_is_odd_and_a_resistor_has_no_fold() -> None:
    model = device_model("nbo2")
    i = np.array([1e-6, 1e-4])
    assert static_curve(model, -i).voltage == pytest.approx(-static_curve(model, i).voltage)
    found = folds(device_model("resistor"))
    assert found.threshold is None and found.hold is None


def test_catalogue_states_sources_and_gaps() -> None:
    entry = catalogue()["nbo2"]
    assert {p.mark for p in entry.parameters} <= set(MARKS)
    assert all(p.unit and p.source for p in entry.parameters)
    assert entry.observables and entry.unknown
    assert {p.name: p.value for p in entry.parameters} == {
        "as_": AS, "d": D, "ea": EA, "epsr": EPSR, "re": RE, "rth": RTH, "cth": 1e-14, "t0": T0}


def test_specimens_differ_and_are_reproducible() -> None:
    entry = catalogue()["nbo2"]
    assert entry.specimen(1, "D1") == entry.specimen(1, "D1")
    assert entry.specimen(1, "D1") != entry.specimen(1, "D2")
    thresholds = [folds(entry.specimen(seed, "D1")).threshold for seed in range(5)]
    assert all(t is not None and 0.8 < t.voltage < 1.25 for t in thresholds)


def test_models_refuse_what_they_cannot_use() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean 'nbo2'"):
        device_model("nbo")
    with pytest.raises(ConfigurationError, match=r"no parameter 'rhh'.*Did you mean 'rth'"):
        device_model("nbo2", {"rhh": 1.0})
    with pytest.raises(ConfigurationError, match="cth = -1 must be positive"):
        device_model("nbo2", {"cth": -1.0})


# ------------------------------------------------------------------------------------------- one-dimensional form


def one_dimensional(v: float, t: float) -> float:
    """Return the film current [A] of the public netlist: v/R, R = R0 exp[(Ea - sqrt(q^3 F/(pi eps)))/kT]."""
    lowering = math.sqrt(elementary_charge**3 / (math.pi * epsilon_0 * 45.0) * abs(v) / 18e-9)
    return v / 34.0 * math.exp(-(0.215 * elementary_charge - lowering) / (Boltzmann * t))


@pytest.mark.parametrize(("v", "t"), [(1e-6, 298.0), (0.5, 298.0), (0.96, 405.0), (-0.82, 1215.0)])
def test_one_dimensional_form_is_the_netlist_s(v: float, t: float) -> None:
    model = film("nbo2_slesazeck")
    current, by_v, by_t = model.film(v, t)
    assert current == pytest.approx(one_dimensional(v, t), rel=1e-6)
    dv, dt = 1e-5 * abs(v), 1e-3
    high, low = model.film(v + dv, t)[0], model.film(v - dv, t)[0]
    assert by_v == pytest.approx((high - low) / (2 * dv), rel=1e-6)
    high, low = model.film(v, t + dt)[0], model.film(v, t - dt)[0]
    assert by_t == pytest.approx((high - low) / (2 * dt), rel=1e-6)


def test_the_public_preset_turns_where_it_was_evaluated_to() -> None:
    found = folds(device_model("nbo2_slesazeck"))
    assert found.threshold is not None and found.hold is not None
    assert found.threshold.voltage == pytest.approx(0.960, abs=1e-3)
    assert found.threshold.current == pytest.approx(0.634e-3, rel=2e-3)
    assert found.threshold.temperature == pytest.approx(405, abs=1)
    assert found.hold.voltage == pytest.approx(0.82, abs=2e-3)
    assert found.hold.temperature == pytest.approx(1215, abs=2)
    assert folds(device_model("nbo2_slesazeck", {"re": 330.0})).threshold is None


def test_forms_are_not_interchangeable() -> None:
    """The same numbers in the other form fold half as high again (PHYSICS.md III.1)."""
    own = device_model("nbo2_slesazeck")
    same = {field.name: getattr(own, field.name) for field in dataclasses.fields(own)}
    found = folds(device_model("nbo2", same)).threshold
    assert found is not None
    assert found.voltage == pytest.approx(1.445, abs=2e-3)


def test_the_half_volt_device() -> None:
    found = folds(device_model("tin_nbo2"))
    assert found.threshold is not None and found.hold is not None
    assert found.threshold.voltage == pytest.approx(0.5, abs=1e-3)
    assert found.hold.voltage < 0.8 * found.threshold.voltage
