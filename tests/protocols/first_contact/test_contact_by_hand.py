"""A first contact by hand: its settings, steps, times and plan, and where one remark gives way to another."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.fixtures.made_runs import run
from tsbench.extraction import ExtractionOptions
from tsbench.protocols.first_contact import extraction
from tsbench.protocols.first_contact.figure import contact_figures
from tsbench.protocols.first_contact.protocol import FirstContact
from tsbench.records import DeviceLimits, Flag, Result, Run

COLUMNS = tuple(column.name for column in FirstContact.columns)


def test_the_source_meter_and_the_steps(station: Any, recorder: Any) -> None:
    station.meter.resistance = 1e5
    protocol = FirstContact(highest=0.1, levels=5, compliance=1e-3, nplc=0.5, dwell=0.03)
    steps = [(step.done, step.total, step.message, step.idle) for step in protocol.run(station, recorder)]
    assert steps[:3] == [(0, 11, "output on at 0", True), (1, 11, "0.000 V", False), (2, 11, "20.00 mV", False)]
    assert steps[-2:] == [(11, 11, "-100.0 mV", False), (11, 11, "output off", True)] and len(steps) == 13
    (source,), (measure,) = station.meter.named("configure_source"), station.meter.named("configure_measure")
    assert (source.function, source.compliance, source.range) == ("voltage", 1e-3, 0.1)
    assert (measure.function, measure.range, measure.nplc) == ("current", 1e-3, 0.5)
    assert [point.values[:2] for point in recorder.points] == [
        pytest.approx((float(k), 0.05 * (k + 1))) for k in range(11)]


def contact_behind(
    station: Any, recorder: Any, before: float, behind: float, device: float, beside: float = 1e-6, wrong: float = 0.0,
) -> Run:
    """Return a first contact of a device [Ohm] with resistors [Ohm] on both sides, and scope inputs [S] between.

    ``wrong``: relative error of the conductance of the scope inputs.
    """
    station.fixture = replace(station.fixture, parallel_conductance=beside, low_side_resistance=behind,
                              path_resistance={"drive": before + behind})
    at_node = beside * (1.0 + wrong) + 1.0 / (device + behind)
    station.meter.resistance = before + 1.0 / at_node
    list(FirstContact(highest=0.1, levels=10).run(station, recorder))
    made = run("first_contact", COLUMNS, [point.values for point in recorder.points])
    return replace(made, header=replace(made.header, fixture=station.fixture))


@pytest.mark.parametrize("tolerance", [-0.015, 0.0, 0.015])
@pytest.mark.parametrize(("before", "behind"), [(0.0, 10e3), (10e3, 0.0), (100e3, 1e3)])
def test_a_device_that_is_open_beside_a_scope_looks_open(
    station: Any, recorder: Any, before: float, behind: float, tolerance: float,
) -> None:
    """The input of the scope takes 1 uA at 1 V, which does not flow through the device, or its shunt."""
    made = contact_behind(station, recorder, before, behind, 1e15, wrong=tolerance)
    resistance = extraction.first_contact(made, ExtractionOptions())[0]
    assert resistance.value is None and Flag.OPEN in resistance.flags
    assert resistance.low == pytest.approx(1e6 / (0.02 + tolerance), rel=0.03)


@pytest.mark.parametrize("device", [20e3, 1e6, 10e6])
@pytest.mark.parametrize(("before", "behind"), [(2.0, 50.0), (100e3, 50.0), (50.0, 100e3), (100e3, 100e3)])
def test_the_resistance_of_a_device_behind_resistors(
    station: Any, recorder: Any, before: float, behind: float, device: float,
) -> None:
    """The drop along a resistor in front of the scope's inputs contains their current, behind them it does not."""
    made = contact_behind(station, recorder, before, behind, device)
    resistance = extraction.first_contact(made, ExtractionOptions())[0]
    assert resistance.value == pytest.approx(device, rel=1e-9)
    assert resistance.low is not None and resistance.high is not None
    assert resistance.low < device - 0.02 * (before + behind) and resistance.high > device + 0.02 * (before + behind)
    (_, draw), = contact_figures(made, ExtractionOptions())
    voltage, current = draw().axes[0].lines[0].get_data()
    np.testing.assert_allclose(current, np.asarray(voltage) / device, rtol=1e-9)


@pytest.mark.parametrize("device", [5.0, 100.0, 500.0])
@pytest.mark.parametrize("wrong", [0.985, 1.0, 1.015])
@pytest.mark.parametrize(("before", "behind"), [(10e3, 50.0), (10e3, 10e3)])
def test_a_short_behind_a_path_that_is_a_little_wrong_looks_like_a_short(
    station: Any, recorder: Any, before: float, behind: float, wrong: float, device: float,
) -> None:
    """The voltage of the device is then an error, of either sign."""
    made = contact_behind(station, recorder, before * wrong, behind * wrong, device)
    believed = replace(made.header.fixture, low_side_resistance=behind, path_resistance={"drive": before + behind})
    points = made.points.copy()
    points[:, -1] = [believed.device_voltage("drive", *row) for row in points[:, 3:5]]
    made = replace(made, points=points, header=replace(made.header, fixture=believed))
    resistance = extraction.first_contact(made, ExtractionOptions())[0]
    if resistance.value is None:
        assert Flag.SHORT in resistance.flags and "looks like a short" in extraction.contact_remark(made)
    assert (resistance.low or 0.0) <= device <= (resistance.high or 0.0)


def test_the_error_of_the_path_grows_with_the_current_of_the_scope_inputs(station: Any, recorder: Any) -> None:
    """At 1 MOhm, the path of 1 MOhm carries twice the current of the device."""
    made = contact_behind(station, recorder, 1e6, 0.0, 1e6)
    resistance = extraction.first_contact(made, ExtractionOptions())[0]
    assert resistance.high is not None and resistance.high > 1e6 + 0.04 * 1e6


def test_a_device_of_less_resistance_than_the_path_is_known_looks_like_a_short(station: Any, recorder: Any) -> None:
    made = contact_behind(station, recorder, 100e3, 50.0, 1e3)
    resistance = extraction.first_contact(made, ExtractionOptions())[0]
    assert resistance.value is None and resistance.low is None and Flag.SHORT in resistance.flags
    assert resistance.high == pytest.approx(1e3 + 0.02 * 100.05e3, rel=0.1)
    assert "looks like a short, because the resistance is less than 3.0 kOhm" in extraction.contact_remark(made)


@pytest.mark.parametrize(("compliance", "limited", "said"), [(0.9e-6, 2, 0), (0.7e-6, 4, 1)])
def test_three_readings_in_compliance_do_not_end_a_run(
    station: Any, recorder: Any, compliance: float, limited: int, said: int,
) -> None:
    station.meter.resistance = 1e5
    list(FirstContact(highest=0.1, levels=5, compliance=compliance).run(station, recorder))
    assert sum(Flag.COMPLIANCE in point.flags for point in recorder.points) == limited
    assert len(recorder.texts("log")) == said


def test_the_plan(new_station: Any) -> None:
    """At 50 Hz a level takes the dwell, two apertures of 10 ms and 20 ms."""
    plan = FirstContact(levels=5, nplc=0.5, dwell=0.03).plan(new_station())
    assert (plan.steps, plan.points, plan.bytes) == (11, 11, 1100) and plan.duration == pytest.approx(11 * 0.07)
    assert plan.preview["time"] == pytest.approx(0.07 * np.arange(11))
    refused = FirstContact(compliance=2.0).plan(new_station(limits=DeviceLimits())).refusals
    assert len(refused) == 1 and "compliance" in refused[0]


@pytest.mark.parametrize(("resistance", "bounds", "words"), [
    ((None, 1e9), [], "the device looks open, because the resistance is more than 1.0 GOhm"),
    ((None, None), [], "too few readings are below the compliance"),
    ((1e4, None), [(0.021, 0.05)], "the resistance is 10.0 kOhm at low voltage, and lower at higher voltage"),
    ((1e4, None), [(0.019, 0.05)], ""), ((1e4, None), [(0.021, 0.05), (0.019, 0.05)], ""),
    ((1e4, None), [(-0.019, 0.019)], "the device is ohmic up to the highest voltage of this run"),
    ((1e4, None), [(-0.021, 0.019)], ""), ((1e4, None), [(-0.019, 0.021)], ""),
    ((1e4, None), [(0.0, 0.01), (-0.03, 0.01)], ""), ((1e4, None), [(0.0, 0.01), (0.0, 0.03)], ""),
    ((1e4, None), [], ""), ((1e4, None), [(None, 0.01)], ""), ((1e4, None), [(0.03, None)], ""),
    ((1e4, None), [(0.03, 0.04), (None, 0.01)], "may switch"),
])
def test_what_is_said_of_what_is_connected(
    monkeypatch: pytest.MonkeyPatch, resistance: tuple[float | None, float | None],
    bounds: list[tuple[float | None, float | None]], words: str,
) -> None:
    """A non-linearity of 2 % is the bound on either side."""
    results = [Result("resistance", "Ohm", *resistance, None, "", {})]
    results += [Result("nonlinearity", "", None, low, high, "", {}) for low, high in bounds]
    monkeypatch.setattr(extraction, "first_contact", lambda run, options: results)
    line = extraction.contact_remark(run("first_contact", COLUMNS))
    assert words in line and bool(words) == bool(line)


def test_readings_in_compliance_are_left_out_and_the_results_say_so() -> None:
    level = 0.01 * np.array([0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 8, -8])
    current = np.clip(level / 1e3, -6.5e-5, 6.5e-5)
    points = np.column_stack([np.arange(17.0), np.arange(17.0), level, level, current, level])
    made = run("first_contact", COLUMNS, points, flags=np.where(np.abs(level) > 0.065, int(Flag.COMPLIANCE), 0))
    made = replace(made, header=replace(made.header, instruments={}))
    found = extraction.first_contact(made, ExtractionOptions())
    assert found[0].value == pytest.approx(1e3) and all(Flag.COMPLIANCE in result.flags for result in found)
    free = replace(made, points=made.points[:13], point_flags=made.point_flags[:13])
    found = extraction.first_contact(free, ExtractionOptions())
    assert found[0].value == pytest.approx(1e3) and not any(Flag.COMPLIANCE in result.flags for result in found)


def test_a_device_that_conducts_in_one_direction_is_told() -> None:
    size = 0.05 * np.repeat(np.arange(1, 11), 2)
    level = np.where(np.arange(size.size) % 2, -size, size)
    current = np.where(level > 0.2, 2e-5, 1e-9 * level)
    limited = np.where(level > 0.2, int(Flag.COMPLIANCE), 0)
    number = np.arange(float(level.size))
    points = np.column_stack([number, number, level, level, current, level])
    made = run("first_contact", COLUMNS, points, flags=limited)
    made = replace(made, header=replace(made.header, instruments={}))
    (positive,) = [one for one in extraction.first_contact(made, ExtractionOptions())
                   if one.conditions.get("polarity") == "+"]
    assert positive.value is None
    assert Flag.COMPLIANCE in positive.flags and Flag.TOO_FEW in positive.flags
    assert "at positive voltage, the current reached the compliance" in extraction.contact_remark(made)
