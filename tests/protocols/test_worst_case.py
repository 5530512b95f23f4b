"""Plans and guard have one worst case: what a plan allows, the guard lets pass."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsbench.instruments.guard.limits import WirePath, WorstCase, worst_case_of_voltage
from tsbench.protocols import IVSweep, PulseTrain, limit_refusals, worst_case_items
from tsbench.protocols.worst_case import load_remedy
from tsbench.records import DeviceDescription, DeviceLimits, Fixture
from tsbench.station.bench.bench import Bench


def values(worst: WorstCase, fixture: Fixture, seconds: float = 0.0) -> dict[str, float]:
    return {item.quantity: item.value for item in worst_case_items(worst, fixture, seconds)}


def test_the_capacitance_across_the_device_discharges_through_it() -> None:
    found = values(WorstCase(2.0, 1e-3, 1.5e-3), Fixture("", parallel_capacitance=80e-12), seconds=1e-6)
    assert found == pytest.approx({
        "voltage": 2.0, "current": 1e-3, "power": 1.5e-3, "charge": 1e-9 + 160e-12,
        "energy": 1.5e-9 + 160e-12}, rel=1e-6)


def test_a_steady_source_without_a_resistance_has_charge_and_energy_of_the_capacitance_alone() -> None:
    found = values(worst_case_of_voltage(1.0, WirePath()), Fixture("", parallel_capacitance=1e-9))
    assert math.isinf(found["current"]) and math.isinf(found["power"])
    assert (found["charge"], found["energy"]) == (1e-9, 0.5e-9)


@given(st.floats(0.01, 100), st.floats(1, 1e6), st.floats(0.1, 1), st.floats(1e-9, 1))
def test_no_resistance_of_the_device_takes_more(emf: float, resistance: float, gain: float, compliance: float) -> None:
    path = WirePath(resistance, gain)
    worst = worst_case_of_voltage(emf, path, compliance)
    for device in (0.0, path.thevenin_resistance, 1e9, emf / compliance):
        current = min(emf * gain / (path.thevenin_resistance + device), compliance)
        left = emf * gain - current * path.thevenin_resistance  # [V] for the device, in compliance
        power = current**2 * device if current < compliance else current * left
        assert current <= worst.current * (1 + 1e-9) and power <= worst.power * (1 + 1e-9)


def test_a_limit_that_is_passed_is_one_line() -> None:
    items = worst_case_items(WorstCase(2.0, 1e-3, 2e-3), Fixture(""))
    device = DeviceDescription("D1", limits=DeviceLimits(max_voltage=1.5, max_power=1.0))
    assert limit_refusals(items, device, "lower 'stop'") == [
        "device: voltage may reach 2.000 V, but max_voltage of D1 is 1.500 V. Lower 'stop', or change max_voltage in "
        "[devices.ID.limits] or [device.limits] of the bench file"]


def test_only_a_bench_that_can_set_the_load_is_told_to_set_it() -> None:
    items = worst_case_items(WorstCase(2.0, 1e-3, 2e-3), Fixture(""))
    device = DeviceDescription("D1", limits=DeviceLimits(max_voltage=1.5, max_current=1e-4))
    told = load_remedy(Fixture("", control={"load_resistance": 5e3}))
    voltage, current = limit_refusals(items, device, "lower 'amplitude'", told)
    assert "Lower 'amplitude', or change max_voltage" in voltage   # the load does not change the voltage
    assert f"Lower 'amplitude', {told}, or change max_current" in current
    assert "--fixture load_resistance=VALUE" in told
    assert load_remedy(Fixture("", control={"parallel_capacitance": 1e-9})) == load_remedy(Fixture("")) == ""


def test_a_shorter_pulse_is_a_remedy_for_charge_and_energy_alone() -> None:
    items = worst_case_items(WorstCase(2.0, 1e-3, 2e-3), Fixture(""), 1e-3)
    device = DeviceDescription("D1", limits=DeviceLimits(max_voltage=1.5, max_energy=1e-9))
    voltage, energy = limit_refusals(items, device, "lower 'amplitude'", "raise the load", "shorten 'width'")
    assert "Lower 'amplitude', or change max_voltage" in voltage
    assert "Lower 'amplitude', shorten 'width', raise the load, or change max_energy" in energy


def test_a_plan_takes_the_wiring_as_the_guard_does(resistor_bench: Path) -> None:
    with Bench.open(resistor_bench, "R1") as bench:
        sweep = {item.quantity: item.value for item in IVSweep(stop=2.0, compliance=1e-3).plan(bench).worst_case}
        train = PulseTrain(amplitude=(5.0,)).plan(bench)
    assert (sweep["voltage"], sweep["current"], sweep["power"]) == (2.0, 1e-3, 2e-3)
    exposed = [item for item in train.worst_case if item.quantity != "pulses"]
    assert all(item.value == 0.0 for item in exposed)  # this generator does not reach the device
    assert not any(line.startswith("device: ") for line in train.refusals)
