"""First contact: order of levels and early end against a recording bench; resistances against the world's devices."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tsbench.protocols import protocol_named
from tsbench.protocols.first_contact.protocol import FirstContact
from tsbench.records import Flag
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.simulated_backends.witness.conductance import true_conductance

Measure = Callable[..., Any]


def test_levels_rise_from_zero_in_both_polarities_and_end_at_zero(station: Any, recorder: Any) -> None:
    settings = FirstContact(highest=0.1, levels=5, compliance=1e-3)
    station.meter.resistance = 1e5
    steps = list(settings.run(station, recorder))
    levels = station.meter.named("set_level")
    assert levels == pytest.approx(
        [0, 0, 0.02, -0.02, 0.04, -0.04, 0.06, -0.06, 0.08, -0.08, 0.1, -0.1, 0])
    assert station.meter.named("set_output") == [True, False] and not station.meter.output
    assert len(recorder.points) == 11 and steps[-1].idle and steps[0].idle
    device = [point.values[5] for point in recorder.points]
    assert device == pytest.approx([level * (1 - 52.0 / 1e5) for level in levels[1:12]])


def test_a_short_ends_the_run_after_few_readings(station: Any, recorder: Any) -> None:
    station.meter.resistance = 5.0
    list(FirstContact(compliance=1e-6).run(station, recorder))
    assert len(recorder.points) == 5   # the one at zero, and four in compliance
    assert not station.meter.output and station.meter.level == 0.0
    (said,) = recorder.texts("log")
    assert said == (
        "4 readings are in compliance. Larger levels would give no more information, so the run ends at -20.00 mV")


def test_the_plan_tells_stress_and_refuses_what_a_limit_forbids(new_station: Any) -> None:
    from tsbench.records import DeviceLimits

    plan = FirstContact().plan(new_station())
    worst = {item.quantity: item.value for item in plan.worst_case}
    assert worst["voltage"] == pytest.approx(0.1) and worst["current"] == pytest.approx(20e-6)
    assert plan.points == plan.steps == 21 and not plan.refusals
    assert plan.preview["level"][0] == 0.0 and np.abs(plan.preview["level"]).max() == pytest.approx(0.1)
    (refused,) = FirstContact().plan(new_station(limits=DeviceLimits(max_current=1e-6))).refusals
    assert "20" in refused and "Lower 'highest', lower 'compliance', or" in refused
    (refused,) = FirstContact().plan(new_station(limits=DeviceLimits(max_voltage=0.05))).refusals
    assert "Lower 'highest', or" in refused   # a lower compliance does not lower the voltage


@pytest.mark.thin(2)
@pytest.mark.parametrize(("ohm", "flags", "remark"), [
    (10e3, Flag.NONE, "the device is ohmic up to the highest voltage of this run. The resistance is 10.0 kOhm"),
    (30e3, Flag.NONE, "the device is ohmic up to the highest voltage of this run. The resistance is 30.0 kOhm"),
    (1e13, Flag.OPEN, "the device looks open (at most ")])
def test_resistors(measure: Measure, ohm: float, flags: Flag, remark: str) -> None:
    measured = measure(
        "resistor", "first_contact", device="R1",
        replace=(('parameters = { r = "10k" }', f"parameters = {{ r = {ohm} }}"),))
    (found,) = measured.values("resistance")
    assert found.flags & flags == flags
    assert (found.low or 0.0) < ohm and (found.high is None or ohm < found.high)
    if flags == Flag.NONE:
        assert found.value == pytest.approx(ohm, rel=0.02)
    assert remark in str(measured.outcome.remarks)
    assert measured.left_on == []


def test_a_film_is_no_resistor_and_its_conductance_is_the_true_one(measure: Measure) -> None:
    measured = measure("nbo2", "first_contact", {"highest": "0.2 V", "levels": 40})
    (found,) = measured.values("resistance")
    model = catalogue()["nbo2"].specimen(1, "D1")   # as the world file draws it
    currents = [volts * true_conductance(model, volts) for volts in (0.005, 0.09, 0.1)]
    assert 0.01 / (currents[2] - currents[1]) < found.low < found.high < 0.005 / currents[0]   # steepest, and near zero
    assert all(result.low > 0.02 for result in measured.values("nonlinearity"))
    assert "may switch" in str(measured.outcome.remarks)


def test_it_is_listed() -> None:
    assert protocol_named("first_contact") is FirstContact


@pytest.mark.parametrize("ohm", [200e3, 1e6])
def test_a_resistor_in_front_of_the_input_of_the_scope_does_not_change_the_resistance(
    measure: Measure, ohm: float,
) -> None:
    wire = ("R_drive  smu   dut  2", "R_drive  smu   dut  100k")
    model = ('model = "nbo2"', f'model = "resistor"\nparameters = {{ r = {ohm} }}')
    for protocol, name in (("first_contact", "resistance"), ("iv_sweep", "off_resistance")):
        measured = measure("nbo2", protocol, {} if name == "resistance" else {"step": "50 mV", "measure_range": "auto"},
                           replace=(model, wire), roles=(wire,))
        (found,) = measured.values(name)
        assert found.value == pytest.approx(ohm, rel=0.02), protocol
        assert found.low < ohm < found.high, protocol
        assert Flag.OPEN not in found.flags and "looks open" not in str(measured.outcome.remarks), protocol
