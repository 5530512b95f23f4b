"""Forming: a fresh device on the simulated bench beside the witness; others by arithmetic."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fixtures.kxci_bench import write_kxci_bench
from tests.fixtures.switching_meter import Switch, put, ran
from tsbench.analysis.threshold import switching_rule
from tsbench.errors import ConfigurationError
from tsbench.protocols import protocol_named
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.forming import acquisition
from tsbench.records import DeviceLimits, Flag, Run
from tsbench.station.runner import run_protocol

OPTIONS = ExtractionOptions()
FRESH = (('[devices.D1]\nmodel = "nbo2"', '[devices.D1]\nmodel = "nbo2"\n[devices.D1.cycles]\nvirgin = { as_ = 0.5 }'),)
QUICK = {"step": "20 mV", "stop": "1.6 V", "start": "0.9 V", "nplc": 0.1, "dwell": "1 ms",
         "compliance": "30 uA, 1 mA"}


def numbers(run: Run) -> dict[str, Any]:
    """Return the last result of each quantity."""
    return {result.quantity: result for result in protocol_named("forming").extract(run, OPTIONS)}


def formed(station: Any, recorder: Any, device: Switch, **values: Any) -> Run:
    given = {"stop": 2.0, "step": 0.02, "compliance": (5e-6, 50e-6, 1e-3), **values}
    put(station, device)
    return ran(protocol_named("forming").parse(given), station, recorder)


@pytest.mark.sabotage("resistor", "units", "output")
def test_a_fresh_device_is_formed_once_and_then_switches_lower(measure: Any) -> None:
    """The first stage cannot carry the current that it takes: the second forms the device."""
    measured = measure("nbo2", "forming", QUICK, replace=FRESH)
    true = [record["threshold"] for record in measured.witness if record["kind"] == "on"]
    (first,), (after,) = measured.values("forming_voltage"), measured.values("switching_voltage_after_forming")
    assert len(true) == 2 and first.low <= true[0] <= first.high and after.low <= true[1] <= after.high
    assert first.conditions["stage"] == 2 and first.conditions["compliance"] == 1e-3
    (shift,) = measured.values("forming_shift")
    assert 0 < shift.low <= true[0] - true[1] <= shift.high and Flag.AMBIGUOUS not in shift.flags
    assert not measured.values("threshold_voltage")   # it is in no statistics of thresholds
    changed = [record["state"] for record in measured.witness if record["kind"] == "changed"]
    assert changed[:1] == ["good"] and measured.outcome.safe and measured.left_on == []


@pytest.mark.thin(2)
@pytest.mark.parametrize(("resistance", "start", "stop"), [(500.0, "0.1 V", "0.8 V"), (5e3, "-0.1 V", "-0.8 V")])
def test_a_device_that_conducts_from_the_beginning_may_be_formed(
    measure: Any, resistance: float, start: str, stop: str,
) -> None:
    """In compliance or not, there is no lower bound of its forming voltage."""
    levels = {"start": start, "stop": stop, "step": "0.1 V", "confirm": False}
    done = measure("nbo2", "forming", {**QUICK, **levels}, replace=(
        ('model = "nbo2"', f'model = "resistor"\nparameters = {{ r = {resistance} }}'),))
    (formed,) = done.values("forming_voltage")
    assert (formed.value, formed.low, formed.high) == (None, None, None)
    assert Flag.AMBIGUOUS in formed.flags and Flag.CENSORED not in formed.flags
    said = "conducts already: " + ("493 Ohm" if resistance < 1e3 else "5")
    assert said in formed.method and any(said in line and "'start'" in line for line in done.warnings())
    assert not any("not formed" in line for line in done.warnings())


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_forming_voltage_of_either_polarity(station: Any, recorder: Any, sign: float) -> None:
    device = Switch(threshold=1.005, forming=1.513)
    run = formed(station, recorder, device, start=0.1 * sign, stop=2.0 * sign)
    found = numbers(run)
    for quantity, true in (("forming_voltage", 1.513), ("switching_voltage_after_forming", 1.005)):
        assert found[quantity].low < sign * true < found[quantity].high
        assert found[quantity].conditions["polarity"] == ("+" if sign > 0 else "-")
    assert found["forming_shift"].low < 0.508 < found["forming_shift"].high
    assert found["forming_voltage"].conditions["compliance"] == 50e-6   # 5 uA are reached before: no event
    assert found["read_resistance"].low < 100e3 < found["read_resistance"].high
    assert protocol_named("forming").device_remark(run) == ""


def test_a_device_that_was_formed_before_is_told(station: Any, recorder: Any) -> None:
    run = formed(station, recorder, Switch(threshold=1.005))
    shift = numbers(run)["forming_shift"]
    assert shift.low < 0 < shift.high and Flag.AMBIGUOUS in shift.flags
    assert "formed before" in protocol_named("forming").device_remark(run)


def test_what_never_switches_has_a_bound_only(station: Any, recorder: Any) -> None:
    run = formed(station, recorder, Switch(threshold=5.0))
    found = numbers(run)
    voltage = found["forming_voltage"]
    assert voltage.value is None and voltage.high is None and voltage.low == pytest.approx(2.0, rel=2e-3)
    assert {Flag.CENSORED, Flag.NO_EVENT} <= set(voltage.flags) and "forming_shift" not in found
    assert run.column("phase").max() == 1.0 and "not formed" in protocol_named("forming").device_remark(run)


def test_a_device_that_stays_on_is_told(station: Any, recorder: Any) -> None:
    device = Switch(forming=1.5)
    device.stuck = 5e4
    run = formed(station, recorder, device, confirm=False, compliance=(1e-3,), jump=2)
    assert "forming_voltage" in numbers(run)
    device = Switch(forming=1.5)
    device.stuck = 100.0
    run = formed(station, type(recorder)(), device, confirm=False)
    assert "in compliance" in protocol_named("forming").device_remark(run)


def test_a_knee_is_no_forming(station: Any, recorder: Any) -> None:
    """Both ways change at the same voltage, and in compliance the device keeps this voltage."""
    device = put(station, Switch(threshold=5.0))
    usual = station.meter._reading

    def knee(level: float, time: float) -> Any:
        device.off = 1e3 if level > 1.105 else 100e3
        reading = usual(level, time)
        return replace(reading, voltage=1.105) if level > 1.105 else reading

    station.meter._reading = knee
    run = ran(protocol_named("forming").parse({"stop": 2.0, "compliance": (1e-4,)}), station, recorder)
    voltage = numbers(run)["forming_voltage"]
    assert voltage.value is None and {Flag.NO_EVENT, Flag.AMBIGUOUS} & set(voltage.flags)
    assert voltage.low < 1.105 and (voltage.high is None or voltage.high > 1.105)
    assert "not" in protocol_named("forming").device_remark(run)


def test_a_compliance_that_is_too_low_is_told(station: Any, recorder: Any) -> None:
    run = formed(station, recorder, Switch(threshold=5.0, off=10e3), compliance=(5e-6, 50e-6))
    assert any("Use a higher compliance" in text for text in recorder.texts("warning"))
    assert run.column("set_point").max() < 0.7   # the ramp ends in compliance


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_device_that_oscillates_in_compliance_is_formed_where_its_voltage_collapses(
    station: Any, recorder: Any, sign: float,
) -> None:
    """The meter reads a mean current that is hardly above that before: by a virgin nbo2, 55 uA after 51 uA."""
    device = put(station, Switch(threshold=1.005, forming=1.513, off=27e3), noise=1e-8)
    usual = station.meter._reading

    def averaged(level: float, time: float) -> Any:
        reading = usual(level, time)
        return replace(reading, voltage=0.95 * sign, current=(62e-6 + 5e-6 * abs(level)) * sign,
                       flags=Flag.NONE) if device.is_on else reading

    station.meter._reading = averaged
    run = ran(protocol_named("forming").parse(
        {"start": 0.1 * sign, "stop": 3.0 * sign, "compliance": (1e-4,), "confirm": False}), station, recorder)
    voltage = numbers(run)["forming_voltage"]
    assert abs(run.column("set_point")).max() < 1.55   # two more readings confirm it, and the ramp ends
    assert voltage.low < sign * 1.513 < voltage.high and voltage.high - voltage.low < 0.03
    assert not {Flag.AMBIGUOUS, Flag.UNDER_SAMPLED} & set(voltage.flags)


def test_a_voltage_that_falls_slowly_ends_the_ramp_and_is_no_forming_voltage(station: Any, recorder: Any) -> None:
    """The run protects the device; the extraction asks for a fall in one step."""
    assert acquisition.COLLAPSE == switching_rule.COLLAPSE
    put(station, Switch(threshold=5.0, off=27e3), noise=1e-8)
    usual = station.meter._reading

    def slow(level: float, time: float) -> Any:
        reading = usual(level, time)
        return reading if level <= 1.0 else replace(reading, voltage=1.0 - 0.4 * (level - 1.0))

    station.meter._reading = slow
    run = ran(protocol_named("forming").parse(
        {"stop": 3.0, "compliance": (1e-3,), "confirm": False}), station, recorder)
    assert 1.7 < run.column("set_point").max() < 1.85   # 0.7 V at 1.75 V
    assert numbers(run)["forming_voltage"].value is None


def test_one_low_voltage_alone_forms_nothing(station: Any, recorder: Any) -> None:
    put(station, Switch(threshold=5.0))
    usual, count = station.meter._reading, iter(range(10_000))

    def wild(level: float, time: float) -> Any:
        reading = usual(level, time)
        return replace(reading, voltage=0.2, current=1.2 * reading.current) if next(count) == 70 else reading

    station.meter._reading = wild
    run = ran(protocol_named("forming").parse({"stop": 2.0, "compliance": (1e-4,)}), station, recorder)
    assert numbers(run)["forming_voltage"].value is None and run.column("set_point").max() == 2.0


def test_a_single_wild_reading_forms_nothing(station: Any, recorder: Any) -> None:
    device = put(station, Switch(threshold=5.0))
    usual = station.meter._reading
    count = iter(range(10_000))

    def wild(level: float, time: float) -> Any:
        reading = usual(level, time)
        return type(reading)(reading.time, level, level, 40e-6) if next(count) == 150 else reading

    station.meter._reading = wild
    run = ran(protocol_named("forming").parse({"stop": 2.0, "compliance": (5e-6, 50e-6)}), station, recorder)
    assert np.sum(run.column("current") > 39e-6) == 1 and not device.events
    assert numbers(run)["forming_voltage"].value is None


def test_stages_go_on_until_the_target_current(station: Any, recorder: Any) -> None:
    device = Switch(threshold=1.005, forming=1.513)
    run = formed(station, recorder, device, stop_at="current", target_current=9e-4)
    found = numbers(run)
    assert found["forming_voltage"].conditions["stage"] == 2
    assert found["switching_voltage_in_forming"].conditions["stage"] == 3
    assert run.column("current").max() > 8.8e-4 and len(device.events) == 3   # forming, stage 3, confirmation


def test_the_compliance_of_the_reads_may_be_far_below_that_of_the_stage_before(tmp_path: Path) -> None:
    """A 4200A-SCS takes no compliance of 11 % of its fixed measuring range or less."""
    bench = write_kxci_bench(tmp_path, model="nbo2")
    protocol = protocol_named("forming").parse({**QUICK, "compliance": "1 uA, 1 mA", "confirm": False})
    outcome = run_protocol(bench, "D1", protocol, out=tmp_path / "runs")
    assert outcome.status == "success" and outcome.safe
    assert {result.conditions["after stage"] for result in outcome.results if result.quantity == "read_resistance"} == {
        0, 1, 2}


def test_the_dose_is_told_and_limits_refuse(new_station: Any) -> None:
    plan = protocol_named("forming").parse({"stop": 2.0}).plan(new_station())
    items = {item.quantity: item.value for item in plan.worst_case}
    assert items["voltage"] == 2.0 and items["ramps"] == 4.0 and items["total charge"] > 0
    refused = protocol_named("forming").parse({"stop": 2.0}).plan(new_station(limits=DeviceLimits(max_voltage=1.9)))
    assert any("max_voltage" in line for line in refused.refusals)
    for bad in ({"compliance": "1 mA, 1 uA"}, {"start": "-1 V"}, {"stop": "0 V"}, {"target_current": "1 A"}):
        with pytest.raises(ConfigurationError):
            protocol_named("forming").parse(bad)


def test_a_figure_is_drawn_of_every_run(station: Any, recorder: Any) -> None:
    for device in (Switch(forming=1.5), Switch(threshold=5.0)):
        run = formed(station, type(recorder)(), device)
        ((name, draw),) = protocol_named("forming").figures(run, OPTIONS)
        assert name == "forming" and draw().axes
