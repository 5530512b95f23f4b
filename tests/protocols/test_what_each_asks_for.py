"""What each protocol asks for: defaults and bounds, what does not fit together, and the sizes of its plan by hand."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from annotated_types import Gt, Lt

from tsbench.errors import ConfigurationError
from tsbench.protocols import IVSweep, Oscillation, PairedPulse, PulseTrain, Relaxation, describe, protocol_named

E5, EDGES = 100_000, {"rise_time": (1e-6, 0, None), "fall_time": (1e-6, 0, None)}
PULSES = {"amplitude": ([1.4], None, None), "base": (0.1, None, None), "width": (1e-3, 0, None), **EDGES,
          "repeats": (20, 1, E5), "rest": (0.05, 0, 3600), "trigger": ("device", None, None),
          "external_level": (1.0, None, None)}
#: name -> (default, lowest, highest) of each parameter, in SI units
FIELDS: dict[str, dict[str, tuple[Any, Any, Any]]] = {
    "first_contact": {
        "highest": (0.1, 0, 1), "levels": (10, 5, 1000), "compliance": (20e-6, 0, None), "dwell": (0.01, 0, 100),
        "nplc": (1, 0.01, 10)},
    "iv_sweep": {
        "drive": ("voltage", None, None), "start": (0, None, None), "stop": (1.2, None, None), "step": (4e-3, 0, None),
        "points": (None, 2, E5), "spacing": ("linear", None, None), "levels": ([], None, None),
        "file": ("", None, None),
        "dual": (True, None, None), "both_polarities": (False, None, None),
        "cycles": (1, 1, E5), "compliance": (1e-3, 0, None), "dwell": (1e-3, 0, 100), "nplc": (1, 0.01, 10),
        "approach_rate": (10, 0, None), "measure_range": ("compliance", None, None),
        "stop_on_compliance": (False, None, None), "check_oscillation": (True, None, None),
        "check_every": (10, 1, 100)},
    "oscillation": {
        "bias": ([1.8, 2.2, 2.6], None, None), "start": (None, None, None), "stop": (None, None, None),
        "points": (None, 2, 10_000), "settle": (1e-3, 0, 3600), "record_span": (None, 0, 100),
        "periods": (100, 3, E5), "longest_period": (1e-3, 0, 10), "zero_between": (True, None, None),
        "compliance": (None, 0, None)},
    "paired_pulse": {
        **PULSES, "shortest": (0.3e-3, 0, None), "longest": (30e-3, 0, None), "points": (12, 2, 1000),
        "gaps": ([], None, None), "seed": (1, 0, 2**53), "resolution": (500, 20, E5)},
    "pulse_train": {
        **PULSES, "amplitude": ([1.15], None, None), "base": (0, None, None), "width": (1e-6, 0, None),
        "period": (50e-6, 0, None), "count": (20, 1, 1_000_000), "repeats": (1, 1, E5), "rest": (0, 0, 3600),
        "rise_time": (10e-9, 0, None), "fall_time": (10e-9, 0, None), "gaps": ([], None, None),
        "record_span": (None, 0, None), "probe": (True, None, None), "retries": (2, 0, 100)},
    "relaxation": {
        **PULSES, "window": (20e-3, 0, 1000), "level": (None, 0, None), "fraction": (0.5, 0, 1),
        "samples": (20_000, 1000, 4_000_000)},
}
#: parameters that must be more than their lowest, or less than their highest value
OPEN = {
    "first_contact": {"highest", "compliance"}, "iv_sweep": {"step", "compliance", "approach_rate"},
    "oscillation": {"record_span", "longest_period", "compliance"},
    "paired_pulse": {"width", "rise_time", "fall_time", "shortest", "longest"},
    "pulse_train": {"width", "rise_time", "fall_time", "period", "record_span"},
    "relaxation": {"width", "rise_time", "fall_time", "window", "level", "fraction"},
}


@pytest.mark.parametrize("name", FIELDS)
def test_defaults_and_bounds(name: str) -> None:
    described = describe(protocol_named(name))["parameters"]
    assert {one["name"]: (one["default"], one["low"], one["high"]) for one in described} == FIELDS[name]
    fields = protocol_named(name).model_fields
    assert {key for key, field in fields.items() if any(isinstance(m, Gt | Lt) for m in field.metadata)} == OPEN[name]


def test_a_current_driven_sweep_has_defaults_of_its_own() -> None:
    sweep = IVSweep.parse({"drive": "current"})
    assert (sweep.start, sweep.stop, sweep.step, sweep.compliance) == (0.0, 1e-3, 5e-6, 2.0)
    assert IVSweep.parse({"drive": "current", "stop": "2 mA", "compliance": "1 V"}).stop == 2e-3
    units = {name: value["unit"] for name, value in sweep.parameters().items()}
    assert (units["stop"], units["step"], units["compliance"], units["dwell"]) == ("A", "A", "V", "s")
    assert sweep.ramp_wait(0.5) == sweep.dwell and IVSweep(approach_rate=4.0).ramp_wait(0.5) == 0.125
    assert IVSweep(dwell=0.5, nplc=2.0).time_per_point(50.0) == pytest.approx(0.5 + 2 * 2 / 50 + 2e-3)


@pytest.mark.parametrize(("protocol", "good", "bad"), [
    (IVSweep, {"start": 1.1}, {"start": 1.2}),
    (IVSweep, {"points": 50_000, "cycles": 100}, {"points": 50_001, "cycles": 100}),
    (IVSweep, {"points": 25_000, "cycles": 100, "both_polarities": True},
     {"points": 25_001, "cycles": 100, "both_polarities": True}),
    (IVSweep, {"points": E5, "cycles": 100, "dual": False}, {"points": E5, "cycles": 101, "dual": False}),
    (IVSweep, {"spacing": "log", "start": 1e-3, "points": 10}, {"spacing": "log", "start": 0.0, "points": 10}),
    (IVSweep, {"spacing": "log", "start": -1e-3, "stop": -1.0, "points": 10}, {"spacing": "log", "start": 1e-3}),
    (IVSweep, {"levels": "0 V, 1 V"}, {"levels": "1 V"}),
    (IVSweep, {"levels": "0 V, 1 V"}, {"levels": "0 V, 0 V"}),
    (IVSweep, {"levels": "0 V, 1 V", "drive": "voltage"}, {"levels": "0 V, 1 V", "drive": "current"}),
    (IVSweep, {"levels": "0 V, 1 V"}, {"levels": "0 V, 1 V", "points": 3}),
    (PairedPulse, {"width": 2e-6, "rise_time": 2e-6, "fall_time": 1.2e-6},
     {"width": 2e-6, "rise_time": 2e-6, "fall_time": 1.21e-6}),   # the edges at 80 % take 2 us
    (PairedPulse, {"gaps": "1.25 us, 1 ms"}, {"gaps": "1.24 us, 1 ms"}),
    (PairedPulse, {"shortest": 1e-3, "longest": 1.01e-3}, {"shortest": 1e-3, "longest": 1e-3}),
    (PairedPulse, {"gaps": "1 s"}, {"gaps": "0 s"}),
    (PairedPulse, {"amplitude": "-1 V"}, {"amplitude": "1 V, 0 V"}),
    (PulseTrain, {"width": 40e-6, "period": 40.1e-6}, {"width": 40e-6, "period": 40.01e-6}),
    (PulseTrain, {"gaps": "1 us", "width": 60e-6}, {"gaps": "-1 us"}),
    (Relaxation, {"base": "-0.1 V"}, {"base": "0 V"}),
    (Oscillation, {"start": 1, "stop": 2, "points": 2}, {"stop": 2, "points": 2}),
    (Oscillation, {"bias": "1 V"}, {"bias": ""}),
])
def test_what_does_not_fit_together_is_refused(protocol: Any, good: dict[str, Any], bad: dict[str, Any]) -> None:
    protocol.parse(good)
    with pytest.raises(ConfigurationError):
        protocol.parse(bad)


def test_lists_of_quantities_are_read_in_every_form() -> None:
    for given in ("1 V, 1200 mV", "[1, 1.2]", [1.0, "1.2 V"], (1, 1.2)):
        assert Oscillation.parse({"bias": given}).bias == (1.0, 1.2)
    assert Oscillation.parse({"bias": 2}).bias == Oscillation.parse({"bias": "2"}).bias == (2.0,)
    assert Oscillation.parse({"start": 1, "stop": 2, "points": 3}).biases().tolist() == [1.0, 1.5, 2.0]
    with pytest.raises(ConfigurationError):
        Oscillation.parse({"bias": None})


def test_gaps_of_pairs() -> None:
    assert PairedPulse.parse({"gaps": "3 ms, 1 ms, 3 ms"}).gap_list() == (1e-3, 3e-3)
    spaced = PairedPulse.parse({"shortest": 1e-3, "longest": 1e-1, "points": 3})
    assert spaced.gap_list() == pytest.approx((1e-3, 1e-2, 1e-1))
    assert PairedPulse.parse({"points": 3, "repeats": 4, "amplitude": "1 V, 2 V"}).total == 24
    pulse = spaced.pulse(2.0, 5e-3)
    assert (pulse.base, pulse.amplitude, pulse.width, pulse.period) == (0.1, 2.0, 1e-3, 6e-3)
    assert (pulse.rise_time, pulse.fall_time) == (1e-6, 1e-6)


def test_times_of_a_train() -> None:
    train = PulseTrain.parse({"width": "1 us", "rise_time": "10 ns", "fall_time": "30 ns"})
    assert (train.lead, train.span) == (pytest.approx(0.2e-6), pytest.approx(0.4e-6 + 1.3e-6 + 60e-9))
    assert PulseTrain.parse({"width": "100 ns", "rise_time": "20 ns"}).lead == pytest.approx(100e-9)
    assert PulseTrain.parse({"width": "100 ns", "rise_time": "5 ns"}).lead == 50e-9
    assert PulseTrain.parse({"record_span": "3 us"}).span == 3e-6
    assert train.pulse(1.0).period == 50e-6
    assert PulseTrain.parse({"gaps": "10 us, 4 us"}).pulse(1.0).period == pytest.approx(1e-6 + 1.5 * 20e-9)
    assert PulseTrain.parse({"gaps": "40 ns"}).pulse(1.0).period == pytest.approx(1e-6 + 1.5 * 20e-9)
    counted = PulseTrain.parse({"count": 3, "amplitude": "1 V, 2 V", "repeats": 5})
    assert counted.total == 30 and counted.starts() == pytest.approx([0.0, 50e-6, 100e-6])
    assert PulseTrain.parse({"gaps": "2 us, 3 us"}).starts() == pytest.approx([0.0, 3e-6, 7e-6])
    assert counted.levels == (0.0, 1.0, 2.0) and PairedPulse(amplitude=(1.0,)).levels == (0.1, 1.1)


def test_the_plan_of_a_sweep(station: Any) -> None:
    """At 50 Hz a point takes 1 ms, two apertures of 20 ms and 2 ms."""
    plan = IVSweep(stop=1.0, step=0.25, dwell=1e-3, approach_rate=10.0).plan(station)
    assert (plan.steps, plan.points, plan.bytes) == (9, 9, 9 * 120)
    assert plan.duration == pytest.approx(9 * 0.043 + 1 * 0.05)   # one look with the scope
    assert plan.preview["level"].tolist() == [0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0]
    assert plan.preview["time"] == pytest.approx(0.043 * np.arange(9))
    rate = plan.worst_case[-1]
    assert (rate.quantity, rate.value, rate.unit) == ("sweep rate", pytest.approx(0.25 / 0.043), "V/s")
    away = IVSweep(start=1.0, stop=2.0, step=0.5, dual=False, check_every=2, approach_rate=10.0).plan(station)
    # two soft steps up to 1 V and four back from 2 V, of 50 ms each; two looks of 50 ms
    assert away.duration == pytest.approx(3 * 0.043 + 6 * 0.05 + 2 * 0.05)
    blind = IVSweep(stop=1.0, step=0.25, dwell=10e-6).plan(station.without_scope())
    assert blind.duration == pytest.approx(9 * 0.04201) and len(blind.warnings) == 2
    assert any("scope" in line for line in blind.warnings)
    assert any("dwell" in line and "5e-05 s" in line for line in blind.warnings)
    long = IVSweep(points=1251, check_oscillation=False).plan(station)
    assert any("2501 points" in line for line in long.warnings)
    assert len(long.preview["level"]) == 2000 and long.preview["level"][-1] == 0.0
    assert IVSweep(points=1250, check_oscillation=False).plan(station).warnings == ()


def test_the_plan_of_an_oscillation(station: Any) -> None:
    plan = Oscillation(bias=(1.0, 3.0, 2.0), settle=0.1).plan(station)
    assert (plan.steps, plan.points, plan.duration) == (3, 3, pytest.approx(3 * 0.5))
    assert plan.bytes == 3 * 100_000 * 2 and plan.warnings == ()
    assert plan.preview["level"].tolist() == [1, 1, 3, 3, 2, 2]
    assert plan.preview["time"] == pytest.approx([0, 0.5, 0.5, 1.0, 1.0, 1.5])
    short = Oscillation(record_span=1e-6, settle=0.0).plan(station)
    assert short.bytes == 3 * 2500 * 2 and short.duration == pytest.approx(3 * (1e-6 + 0.4))
    assert Oscillation(record_span=10.0).plan(station).bytes == 3 * 2_000_000 * 2   # all that the scope holds
    assert Oscillation(periods=3, longest_period=1e-6).plan(station).bytes == 3 * 7500 * 2
    station.fixture = dataclasses.replace(station.fixture, parallel_capacitance=0.0)
    assert any("capacitance" in line for line in Oscillation().plan(station).warnings)
    low, high = (Oscillation(bias=(level,)).plan(station).refusals for level in (-11.0, 11.0))
    assert any("-11.00 V" in line for line in low) and any("11.00 V" in line for line in high)


def test_the_plan_of_pairs(station: Any) -> None:
    """Of 1 ms, with 1000 samples in each: a record has 0.2 ms twice, 1.3 ms, 2 us, 1 ms and the gap."""
    pairs = PairedPulse(gaps=(1e-3, 3e-3, 5e-3), repeats=2, rest=0.5, resolution=1000, amplitude=(1.0, 2.0))
    plan = pairs.plan(station)
    assert plan.steps == plan.points == 12 and plan.duration == pytest.approx(12 * (2e-3 + 3e-3 + 0.5))
    assert plan.bytes == pytest.approx((3702 + 5702 + 7702) * 2 * 2 * 2, rel=1e-3)
    assert len(plan.warnings) == 1 and "3 gaps" in plan.warnings[0]
    assert plan.preview["time"][4:] == pytest.approx(plan.preview["time"][:4] + 1e-3 + 3e-3)
    assert max(plan.preview["level"]) == 2.1
    assert PairedPulse(gaps=(1e-3, 2e-3, 3e-3, 4e-3), rest=0.01).plan(station).duration == pytest.approx(
        80 * (2e-3 + 2.5e-3 + 0.1))   # a record takes 0.1 s at least
    assert PairedPulse(points=3).plan(station).warnings == ()   # only gaps that were chosen are told
    assert PairedPulse().plan(station.without_scope()).bytes == 0


def test_the_plan_of_a_train(station: Any) -> None:
    plan = PulseTrain(count=4, repeats=3, amplitude=(1.0, 2.0), rest=0.25, record_span=2e-6).plan(station)
    assert plan.steps == plan.points == 24 and plan.bytes == 24 * 5000 * 2
    assert plan.duration == pytest.approx(6 * (150e-6 + 2e-6 + 0.25) + 2 * 50e-6 + 8 * 0.1 + 24 * 0.005)
    assert len(plan.warnings) == 1 and "2 in all" in plan.warnings[0] and "24 recorded pulses" in plan.warnings[0]
    quiet = PulseTrain(count=30, probe=False, record_span=2e-6).plan(station)
    (again,) = quiet.warnings
    assert "sent again, up to 2 times" in again
    assert quiet.duration == pytest.approx(30 * 50e-6 + 0.1 + 30 * 0.005)
    assert len(quiet.preview["time"]) == 4 * 20
    assert PulseTrain(record_span=49e-6).plan(station).refusals == ()
    for span in (49.1e-6, 60e-6):
        assert any("record_span" in line for line in PulseTrain(record_span=span).plan(station).refusals)
    assert PulseTrain(record_span=1e-3, count=1).plan(station).refusals == ()
