"""The I-V sweep on the simulated bench: what is set in the world comes back in the numbers."""

import numpy as np
import pytest

from tsbench.records import Flag
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.static import static_curve

#: static fold and hold of the catalogue's nbo2 at its terminals, current at hold [PHYSICS: catalogue nbo2]
FOLD, HOLD = 1.023, 0.886

RESISTOR = (('model = "nbo2"', 'model = "resistor"\nparameters = { r = 10e3 }'),)


@pytest.mark.sabotage("resistor", "units", "output")
def test_threshold_and_hold_come_back(measure):
    done = measure("nbo2", "iv_sweep")
    assert done.outcome.status == "success" and done.outcome.safe and done.left_on == []
    assert len(done.run.points) == 601
    (threshold,) = done.values("threshold_voltage")
    (hold,) = done.values("hold_voltage")
    assert threshold.value == pytest.approx(FOLD, rel=0.02)
    assert hold.value == pytest.approx(HOLD, rel=0.02)
    assert threshold.low <= threshold.value <= threshold.high
    (on,), (slope,), (off,), (series,) = (done.values(name) for name in (
        "on_resistance", "differential_on_resistance", "off_resistance", "series_resistance"))
    curve = static_curve(device_model("nbo2"), np.geomspace(1e-6, 2e-3, 2000))
    rising = curve.current < 6e-5
    at = float(np.interp(0.5 * threshold.value, curve.voltage[rising], curve.current[rising]))
    assert off.low <= 0.5 * threshold.value / at <= off.high and off.value == pytest.approx(81e3, rel=0.02)
    assert on.value == pytest.approx(940.0, rel=0.01) and 0.0 < slope.low < slope.value < slope.high < 250.0
    # the jump ends in compliance: there is no load line
    assert series.value is None and Flag.COMPLIANCE in series.flags
    limited = (done.run.point_flags & Flag.COMPLIANCE) != 0
    assert limited.any() and not limited.all()
    assert done.run.column("current")[limited] == pytest.approx(1e-3, rel=0.02)


def test_a_sweep_gives_no_time_and_no_current_of_the_on_state(measure):
    """The source meter limits the current there, and is far slower than the device."""
    done = measure("nbo2", "iv_sweep", {"start": "0.8 V", "step": "10 mV", "nplc": 0.1})
    assert {(result.quantity, result.unit) for result in done.outcome.results} == {
        ("threshold_voltage", "V"), ("threshold_current", "A"), ("hold_voltage", "V"), ("hold_current", "A"),
        ("off_resistance", "Ohm"), ("on_resistance", "Ohm"), ("differential_on_resistance", "Ohm"),
        ("series_resistance", "Ohm")}
    (before,) = done.values("threshold_current")
    assert before.value < 0.1 * done.run.column("current").max()   # that of the off state


@pytest.mark.thorough
def test_the_ordinary_sweep_is_not_said_to_oscillate(measure):
    done = measure("nbo2", "iv_sweep", {"nplc": 0.1, "step": "10 mV"})
    assert not (done.run.point_flags & Flag.OSCILLATING).any()
    assert not (done.run.point_flags & Flag.UNCHECKED).any()
    assert not any("oscillates" in text for text in done.warnings())


@pytest.mark.thorough
@pytest.mark.sabotage("resistor", "output")
def test_a_sweep_over_an_oscillating_device_says_so(measure):
    done = measure(
        "nbo2_oscillating",
        "iv_sweep",
        {"start": "1 V", "stop": "2.5 V", "step": "250 mV", "check_every": 2, "nplc": 0.02, "dual": False},
    )
    flagged = (done.run.point_flags & Flag.OSCILLATING) != 0
    level = done.run.column("set_point")
    assert flagged[level > 1.9].all()
    assert not flagged[level < 1.2].any()
    assert any("the device oscillates at" in text and "Hz" in text for text in done.warnings())
    assert done.outcome.safe and done.left_on == []
    # on average the device stands somewhat below its threshold and takes what the load then lets through
    assert done.run.column("current")[level > 1.9] * 5052 == pytest.approx(level[level > 1.9] - 0.9, abs=0.15)


@pytest.mark.thorough
@pytest.mark.sabotage("resistor")
def test_the_mean_of_an_oscillation_gives_no_threshold_without_a_doubt(measure):
    """Without a scope, the readings of an oscillation look like a negative resistance. The device has switched on at a
    higher voltage than any reading shows, and off at a lower one. Only the hold voltage said so.
    """
    settings = {"stop": "2.5 V", "step": "40 mV", "nplc": 0.01, "check_oscillation": False}
    done = measure("nbo2_oscillating", "iv_sweep", settings)
    for name in ("threshold_voltage", "threshold_current", "hold_voltage", "hold_current"):
        (found,) = done.values(name)
        assert Flag.AMBIGUOUS in found.flags, name


@pytest.mark.sabotage("resistor", "units", "output")
def test_both_polarities_and_cycles_each_give_a_threshold(measure):
    done = measure(
        "nbo2",
        "iv_sweep",
        {"both_polarities": True, "cycles": 2, "nplc": 0.1, "step": "10 mV", "check_every": 40},
    )
    thresholds = [result.value for result in done.values("threshold_voltage")]
    assert len(thresholds) == 4
    assert np.abs(thresholds) == pytest.approx([FOLD] * 4, rel=0.02)
    assert done.outcome.safe and done.left_on == []


@pytest.mark.sabotage("output")
def test_a_native_sweep_reads_the_same_as_single_readings(measure):
    single = measure("nbo2", "iv_sweep", {"nplc": 0.1, "step": "10 mV"})
    native = measure("nbo2", "iv_sweep", {"nplc": 0.1, "step": "10 mV", "check_oscillation": False})
    assert (native.run.point_flags & Flag.UNCHECKED).all()
    assert native.outcome.safe and native.left_on == []
    assert native.values("threshold_voltage")[0].value == pytest.approx(FOLD, rel=0.02)
    for quantity in ("threshold_voltage", "hold_voltage"):
        one, other = single.values(quantity)[0], native.values(quantity)[0]
        assert other.value == pytest.approx(one.value, abs=0.011)


@pytest.mark.thin(2)
@pytest.mark.parametrize("check", [True, False])
@pytest.mark.sabotage("units")
def test_a_resistor_is_read_as_what_it_is_and_has_no_threshold(measure, check):
    values = {"step": "50 mV", "check_oscillation": check}
    done = measure("nbo2", "iv_sweep", values, replace=RESISTOR)
    voltage, current = done.run.column("device_voltage"), done.run.column("current")
    slope = np.polyfit(voltage, current, 1)[0]
    assert 1 / slope == pytest.approx(10e3, rel=0.012)  # the scope's megaohm stands beside it
    (threshold,) = done.values("threshold_voltage")
    assert threshold.value is None and Flag.NO_EVENT in threshold.flags
    (off,), (on,) = done.values("off_resistance"), done.values("on_resistance")
    assert off.low <= 10e3 <= off.high and on.value is None and Flag.NO_EVENT in on.flags


@pytest.mark.thorough
@pytest.mark.sabotage("resistor", "units", "output")
def test_current_drive_shows_the_snapback(measure):
    done = measure("nbo2", "iv_sweep", {"drive": "current", "stop": "1 mA", "step": "20 uA", "nplc": 0.1})
    voltage, current = done.run.column("device_voltage"), done.run.column("current")
    away = done.run.column("direction") > 0
    assert voltage[away].max() == pytest.approx(FOLD, rel=0.03)
    assert voltage[away & (current > 0.9e-3)].mean() == pytest.approx(0.93, rel=0.03)
    assert done.outcome.safe and done.left_on == []


def test_an_element_that_only_oscillates_has_an_onset(measure):
    """Its readings are averages without a jump: no threshold, but a level from which on it oscillates."""
    measured = measure(
        "nbo2", "iv_sweep",
        {"start": "1.74 V", "stop": "1.84 V", "step": "20 mV", "check_every": "1", "dual": "false"},
        replace=(('model = "nbo2"', 'model = "nbox_third_order"'),))
    (onset,) = measured.values("oscillation_onset")
    assert 1.76 <= onset.low < onset.high <= 1.84 and onset.unit == "V"
    assert [result.value for result in measured.values("threshold_voltage")] == [None]
    assert not any("resistor" in event.message for event in measured.events if event.kind == "warning")
