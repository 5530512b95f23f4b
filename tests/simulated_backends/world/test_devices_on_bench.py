"""Devices of the catalogue measured on the simulated bench as a user would: thresholds found, controls not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.static import folds
from tsbench.simulated_backends.witness.log import WitnessLog


def in_place_of_nbo2(device: str) -> tuple[tuple[str, str], ...]:
    return (('model = "nbo2"', f'model = "{device}"'),)


@pytest.mark.thin(2)
@pytest.mark.sabotage("resistor")
@pytest.mark.parametrize("device", ["vo2", "nb2o5"])
def test_threshold_and_hold_are_those_of_the_static_curve(measure: Callable[..., Any], device: str) -> None:
    done = measure("nbo2", "iv_sweep", {"stop": "2 V", "step": "20 mV"}, replace=in_place_of_nbo2(device))
    (threshold,), (hold,) = done.values("threshold_voltage"), done.values("hold_voltage")
    true = folds(device_model(device))
    assert true.threshold is not None and true.hold is not None
    assert threshold.value == pytest.approx(true.threshold.voltage, abs=0.02)
    assert hold.value == pytest.approx(true.hold.voltage, abs=0.03)


@pytest.mark.thorough
@pytest.mark.sabotage("resistor")
def test_slow_sweep_switches_an_ovonic_device_below_its_static_threshold(measure: Callable[..., Any]) -> None:
    """It fires within picoseconds behind seven seconds; the last digit of such a time was too coarse for that."""
    done = measure("nbo2", "iv_sweep", {"stop": "2 V", "step": "20 mV"}, replace=in_place_of_nbo2("ots_gst"))
    (threshold,), (hold,) = done.values("threshold_voltage"), done.values("hold_voltage")
    assert 1.3 < threshold.value < 1.53
    assert hold.value == pytest.approx(0.4, abs=0.03)


@pytest.mark.thin(2)
@pytest.mark.parametrize("device", ["diode", "capacitor"])
def test_controls_show_no_threshold(measure: Callable[..., Any], device: str) -> None:
    done = measure("nbo2", "iv_sweep", {"stop": "1.2 V", "step": "20 mV"}, replace=in_place_of_nbo2(device))
    assert [r.value for r in done.values("threshold_voltage")] == [None]
    assert [r.value for r in done.values("hold_voltage")] == [None]


@pytest.mark.sabotage("resistor", "units")
def test_nanodot_switch_has_a_threshold_of_its_own_in_either_polarity(measure: Callable[..., Any]) -> None:
    """Published 0.267 and -0.119 V; the bench's sweep takes 2 s."""
    done = measure("nbo2", "iv_sweep", {
        "stop": "0.5 V", "step": "5 mV", "both_polarities": True, "compliance": "0.1 mA", "nplc": 0.05},
        replace=in_place_of_nbo2("ag_hfo2"))
    thresholds, holds = ([r.value for r in done.values(f"{what}_voltage")] for what in ("threshold", "hold"))
    assert thresholds == pytest.approx([0.267, -0.119], abs=7.5e-3)
    assert 0.080 < holds[0] < 0.120 and -0.050 < holds[1] < -0.006   # above the printed ones: a slow sweep
    on = WitnessLog(done.witness).switching_on()
    assert np.abs(thresholds) == pytest.approx([event.threshold for event in on], abs=5e-3)


@pytest.mark.thorough
@pytest.mark.sabotage("resistor", "units")
def test_nanodot_switch_spreads_from_cycle_to_cycle_as_a_world_says(measure: Callable[..., Any]) -> None:
    """What the catalogue says of the 20 published sweeps, 0.294 +- 0.038 V, put into a world and measured."""
    (was, now), = in_place_of_nbo2("ag_hfo2")
    tables = "parameters = { vth_p = 0.294 }\n[devices.D1.cycles]\nspread = { vth_p = 0.13 }"
    done = measure("nbo2", "iv_sweep", {
        "start": "0.05 V", "stop": "0.5 V", "step": "10 mV", "cycles": 10, "compliance": "0.1 mA", "nplc": 0.05},
        replace=((was, f"{now}\n{tables}"),))
    found = np.array([result.value for result in done.values("threshold_voltage")], dtype=float)
    true = np.array([event.threshold for event in WitnessLog(done.witness).switching_on()])
    print(f"{found.mean():.3f} +- {found.std(ddof=1):.3f} V")
    assert found.size == true.size == 10
    assert np.abs(found - true).max() < 15e-3   # a step and a half
    assert found.mean() == pytest.approx(0.294, abs=3 * 0.038 / 10**0.5)
    assert 0.038 * 0.3 < found.std(ddof=1) < 0.038 * 1.7   # 3 standard errors of a spread of 10
