"""Devices of the catalogue measured on the simulated bench as a user would: thresholds found, controls not."""

from collections.abc import Callable
from typing import Any

import pytest

from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.static import folds


def in_place_of_nbo2(device: str) -> tuple[tuple[str, str], ...]:
    return (('model = "nbo2"', f'model = "{device}"'),)


@pytest.mark.sabotage("resistor")
@pytest.mark.parametrize("device", ["vo2", "nb2o5"])
def test_threshold_and_hold_are_those_of_the_static_curve(measure: Callable[..., Any], device: str) -> None:
    done = measure("nbo2", "iv_sweep", {"stop": "2 V", "step": "20 mV"}, replace=in_place_of_nbo2(device))
    (threshold,), (hold,) = done.values("threshold_voltage"), done.values("hold_voltage")
    true = folds(device_model(device))
    assert true.threshold is not None and true.hold is not None
    assert threshold.value == pytest.approx(true.threshold.voltage, abs=0.02)
    assert hold.value == pytest.approx(true.hold.voltage, abs=0.03)


@pytest.mark.sabotage("resistor")
def test_slow_sweep_switches_an_ovonic_device_below_its_static_threshold(measure: Callable[..., Any]) -> None:
    done = measure("nbo2", "iv_sweep", {"stop": "2 V", "step": "20 mV"}, replace=in_place_of_nbo2("ots_gst"))
    (threshold,), (hold,) = done.values("threshold_voltage"), done.values("hold_voltage")
    assert 1.3 < threshold.value < 1.53
    assert hold.value == pytest.approx(0.4, abs=0.03)


@pytest.mark.parametrize("device", ["diode", "capacitor", "nmos_channel"])
def test_controls_show_no_threshold(measure: Callable[..., Any], device: str) -> None:
    done = measure("nbo2", "iv_sweep", {"stop": "1.2 V", "step": "20 mV"}, replace=in_place_of_nbo2(device))
    assert [r.value for r in done.values("threshold_voltage")] == [None]
    assert [r.value for r in done.values("hold_voltage")] == [None]
