"""The I-V sweep against a recording bench: levels, plan, stop at every step, compliance, oscillation."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.errors import ConfigurationError, InstrumentError
from tsbench.protocols import IVSweep
from tsbench.protocols.iv_sweep.path import branch_levels, soft_steps, sweep_path
from tsbench.records import DeviceLimits, Flag


def column(recorder, name):
    return np.array(
        [point.values[[c.name for c in IVSweep.columns].index(name)] for point in recorder.points]
    )


def test_levels_go_up_and_come_back(station, recorder):
    list(IVSweep(stop=1.0, step=0.25).run(station, recorder))
    np.testing.assert_allclose(column(recorder, "set_point"), [0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0])
    assert list(column(recorder, "direction")) == [1, 1, 1, 1, 1, -1, -1, -1, -1]
    np.testing.assert_allclose(column(recorder, "current"), column(recorder, "set_point") / 10e3)
    np.testing.assert_allclose(
        column(recorder, "device_voltage"), column(recorder, "voltage") - 52 * column(recorder, "current")
    )
    assert (np.diff(column(recorder, "time")) > 0).all()
    assert not station.meter.output


def test_both_polarities_and_cycles():
    path = sweep_path(branch_levels(0, 1, 0.5, None), dual=True, both_polarities=True, cycles=2)
    np.testing.assert_allclose(path.levels[:10], [0, 0.5, 1, 0.5, 0, 0, -0.5, -1, -0.5, 0])
    assert list(path.polarity[:10]) == [1] * 5 + [-1] * 5
    assert list(path.direction[:10]) == [1, 1, 1, -1, -1] * 2
    assert list(path.cycle) == [1] * 10 + [2] * 10


def test_a_sweep_through_zero_turns_its_direction_there():
    path = sweep_path(branch_levels(-1, 1, 0.5, None), dual=False, both_polarities=False, cycles=1)
    assert list(path.direction) == [-1, -1, -1, 1, 1]
    assert list(path.polarity) == [-1, -1, -1, 1, 1]


@given(
    start=st.floats(-5, 5),
    stop=st.floats(-5, 5),
    step=st.floats(1e-2, 10),
    dual=st.booleans(),
    both=st.booleans(),
    cycles=st.integers(1, 3),
    size=st.integers(1, 40),
)
@settings(max_examples=150, deadline=None)
def test_any_path_keeps_its_promises(start, stop, step, dual, both, cycles, size):
    if start == stop:
        return
    up = branch_levels(start, stop, step, None)
    path = sweep_path(up, dual, both, cycles)
    assert up[0] == start and up[-1] == stop
    assert np.abs(np.diff(up)).max() <= step * (1 + 1e-6)
    assert set(path.direction) <= {1.0, -1.0} and set(path.polarity) <= {1.0, -1.0}
    assert len(path) == cycles * (2 if both else 1) * (2 * len(up) - 1 if dual else len(up))
    blocks = list(path.blocks(size))
    assert sum(block.stop - block.start for block in blocks) == len(path)
    assert all(len(set(path.cycle[block])) == 1 and block.stop - block.start <= size for block in blocks)


@given(start=st.floats(-5, 5), stop=st.floats(-5, 5), step=st.floats(1e-2, 1))
def test_soft_steps_end_where_they_should(start, stop, step):
    levels = soft_steps(start, stop, step)
    if len(levels):
        assert levels[-1] == stop
        assert np.abs(np.diff([start, *levels])).max() <= step * (1 + 1e-6)
    else:
        assert abs(start - stop) <= step * 1e-6 or start == stop


def test_plan_counts_points_and_time(station):
    plan = IVSweep().plan(station)
    assert plan.points == plan.steps == 601
    assert plan.refusals == ()
    assert 601 * 0.041 < plan.duration < 601 * 0.041 * 1.3
    worst = {item.quantity: item.value for item in plan.worst_case}
    assert worst["voltage"] == pytest.approx(1.2)
    assert worst["current"] == pytest.approx(1e-3)
    assert worst["charge"] == pytest.approx(80e-12 * 1.2, rel=1e-6)
    assert plan.preview["level"].max() == pytest.approx(1.2)
    assert station.calls == []  # nothing is sent by a plan


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        (DeviceLimits(max_voltage=1.0), "max_voltage"),
        (DeviceLimits(max_current=0.5e-3), "max_current"),
        (DeviceLimits(max_power=1e-3), "max_power"),
        (DeviceLimits(max_charge=1e-12), "max_charge"),
        (DeviceLimits(max_energy=1e-12), "max_energy"),
    ],
)
def test_plan_refuses_beyond_each_device_limit(new_station, limits, word):
    refusals = IVSweep().plan(new_station(limits)).refusals
    assert len(refusals) == 1
    assert word in refusals[0] and "D1" in refusals[0]


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"stop": 300.0}, "stop"),
        ({"start": -300.0}, "start"),
        ({"compliance": 2.0}, "compliance"),
    ],
)
def test_plan_refuses_beyond_each_instrument_limit(new_station, values, word):
    refusals = IVSweep(**values).plan(new_station(DeviceLimits())).refusals
    assert any(word in refusal for refusal in refusals)


def test_current_drive_reads_its_units_and_defaults(station, recorder):
    sweep = IVSweep.parse({"drive": "current", "stop": "100 uA", "step": "50 uA"})
    assert sweep.parameters()["stop"] == {"value": pytest.approx(1e-4), "unit": "A"}
    assert sweep.parameters()["compliance"]["unit"] == "V"
    list(sweep.run(station, recorder))
    assert station.meter.source.function == "current"
    assert station.meter.measure_settings.function == "voltage"
    np.testing.assert_allclose(column(recorder, "voltage"), [0, 0.5, 1, 0.5, 0])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"stopp": 1}, "Did you mean 'stop'"),
        ({"stop": "1 mA"}, "the unit must be V"),
        ({"step": 0}, "step = 0 V must be above 0 V"),
        ({"step": "20 V"}, "'step' = 20.00 V is larger than the distance from 'start' to 'stop' (1.200 V)"),
        ({"drive": "current", "stop": "1 V"}, "the unit must be A"),
        ({"start": "1.2 V"}, "equal"),
        ({"nplc": 20}, "nplc"),
        ({"cycles": 0}, "cycles"),
        ({"drive": "power"}, "drive"),
        ({"nplc": math.nan}, "finite number"),
        ({"points": 5, "step": 1e-30}, "'points' = 5 and 'step' = 1.000e-30 V are both given"),
        ({"points": 5, "step": "10 mV"}, "Give only one of them"),
        ({"drive": "current", "points": 5, "step": "4 mA"}, "'step' = 4 mA are both given"),
    ],
)
def test_bad_parameters_get_one_clear_line(values, words):
    with pytest.raises(ConfigurationError) as caught:
        IVSweep.parse(values)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("values", [{}, {"drive": "current"}])
def test_points_go_with_the_step_that_a_form_or_a_run_file_also_gives(values):
    sweep = IVSweep.parse({"points": 5, **values})
    assert len(sweep.path()) == 9
    again = {name: one["value"] for name, one in sweep.parameters().items()}
    assert IVSweep.parse(again) == sweep


def test_starting_away_from_zero_goes_there_softly(station, recorder):
    list(IVSweep(start=0.5, stop=1.0, step=0.25, approach_rate=1.0).run(station, recorder))
    levels = station.meter.named("set_level")
    assert levels[:3] == [0.0, pytest.approx(0.25), pytest.approx(0.5)]
    assert levels[-3:] == [pytest.approx(0.25), 0.0, 0.0]


@pytest.mark.parametrize("check", [True, False])
def test_stop_at_every_step_keeps_what_was_read(new_station, new_recorder, check):
    sweep = IVSweep(stop=1.0, step=0.1, check_every=4, check_oscillation=check)
    whole = len(list(sweep.run(new_station(), new_recorder())))
    for stop_at in range(whole):
        station, recorder = new_station(), new_recorder()
        run = sweep.run(station, recorder)
        for _ in range(stop_at + 1):
            step = next(run)
        run.close()
        assert step.done <= step.total == 21
        indices = column(recorder, "index") if recorder.points else np.array([])
        np.testing.assert_array_equal(indices, np.arange(len(indices)))
        np.testing.assert_allclose(
            column(recorder, "set_point") if len(indices) else [], sweep.path().levels[: len(indices)]
        )


def test_compliance_is_flagged_and_can_end_the_sweep(new_station, new_recorder):
    station, recorder = new_station(), new_recorder()
    list(IVSweep(stop=1.0, step=0.1, compliance=50e-6).run(station, recorder))
    assert len(recorder.points) == 21
    limited = [bool(point.flags & Flag.COMPLIANCE) for point in recorder.points]
    assert limited == [abs(level) > 0.5 + 1e-9 for level in IVSweep(stop=1.0, step=0.1).path().levels]
    for values in ({"check_every": 1}, {"check_every": 4}, {"check_oscillation": False}):
        station, recorder = new_station(), new_recorder()
        sweep = IVSweep(stop=1.0, step=0.1, compliance=50e-6, stop_on_compliance=True, **values)
        list(sweep.run(station, recorder))
        assert len(recorder.points) == 7
        assert Flag.COMPLIANCE in recorder.points[-1].flags
        assert any("reached the compliance" in text for text in recorder.texts("log"))
        assert station.meter.level == 0.0 and not station.meter.output


def test_without_a_scope_every_reading_says_it_is_unchecked(station, recorder):
    station.without_scope()
    sweep = IVSweep(stop=1.0, step=0.01)
    assert any("no scope" in warning for warning in sweep.plan(station).warnings)
    list(sweep.run(station, recorder))
    assert all(point.flags == Flag.UNCHECKED for point in recorder.points)
    assert len(recorder.texts("warning")) == 1
    (levels,) = station.meter.named("start_sweep")
    np.testing.assert_array_equal(levels, sweep.path().levels)


def oscillates_above(station, level):
    """Make the device voltage swing by 0.3 V at 1 MHz while the source stands above ``level`` [V]."""

    def signal(channel, times):
        steady = station.meter.level if channel == 1 else station.meter.level / 10e3 * 50
        if station.meter.level <= level or channel != 1:
            return np.full_like(times, steady)
        return steady - 0.3 * np.mod(times * 1e6, 1.0)

    station.scope.signal = signal


@pytest.mark.parametrize("every", [1, 5])
def test_a_sweep_over_an_oscillating_device_says_so(station, recorder, every):
    oscillates_above(station, 0.6)
    list(IVSweep(stop=1.0, step=0.05, check_every=every).run(station, recorder))
    flagged = np.array([bool(point.flags & Flag.OSCILLATING) for point in recorder.points])
    truth = column(recorder, "set_point") > 0.6
    assert flagged[truth].all()
    assert np.count_nonzero(flagged & ~truth) <= 2 * (every - 1)
    (warning,) = recorder.texts("warning")
    assert "the device oscillates at" in warning and "1.00 MHz" in warning
    assert any("no longer" in text for text in recorder.texts("log"))


def test_a_quiet_device_is_not_said_to_oscillate(station, recorder):
    def signal(channel, times):
        return np.full_like(times, station.meter.level if channel == 1 else station.meter.level / 10e3 * 50)

    station.scope.signal = signal
    list(IVSweep().run(station, recorder))
    assert all(point.flags == Flag.NONE for point in recorder.points)
    assert recorder.texts("warning") == []


def test_a_stuck_sweep_is_given_up(station, recorder):
    station.without_scope().meter.stuck = True
    with pytest.raises(InstrumentError, match="has only 0 of"):
        list(IVSweep(stop=1.0, step=0.1).run(station, recorder))
    assert station.meter.named("abort")
    assert station.clock.now() < 60


def test_the_path_resistance_is_the_drive_roles(station, recorder):
    station.fixture = dataclasses.replace(station.fixture, path_resistance={})
    list(IVSweep(stop=1.0, step=0.5).run(station, recorder))
    np.testing.assert_allclose(column(recorder, "device_voltage"), column(recorder, "voltage"))


@pytest.mark.parametrize("check", [True, False])
def test_a_pause_is_offered_at_zero_only(station, recorder, check):
    sweep = IVSweep(stop=1.0, step=0.25, cycles=3, check_every=4, check_oscillation=check)
    idle = 0
    for step in sweep.run(station, recorder):
        if step.idle:
            idle += 1
            assert station.meter.level == 0.0
    assert idle == 5  # before, after each cycle, at the end


@pytest.mark.parametrize("behind", [0.0, 300.0, 1e3])
def test_what_scope_inputs_at_the_device_take_is_no_current_of_the_device(station, recorder, behind):
    station.fixture = dataclasses.replace(
        station.fixture, path_resistance={"drive": 1e3}, parallel_conductance=1e-5, low_side_resistance=behind)
    list(IVSweep(stop=1.0, step=0.5).run(station, recorder))
    voltage, current = column(recorder, "voltage"), column(recorder, "current")
    assert (np.abs(voltage[1:-1]) > 0).all()
    node = voltage - (1e3 - behind) * current
    np.testing.assert_allclose(
        column(recorder, "device_voltage"), node - behind * (current - 1e-5 * node), rtol=1e-12, atol=1e-15
    )


def test_a_source_meter_without_sweeps_is_refused_before_anything_is_sent(station):
    few = dataclasses.replace(station.meter.capabilities, maximum_sweep_points=1)
    assert IVSweep(check_oscillation=False).plan(station).refusals == ()
    station.meter.capabilities = few
    assert IVSweep().plan(station).refusals == ()   # the scope looks at the device between single readings
    (refusal,) = IVSweep(check_oscillation=False).plan(station).refusals
    assert "has no sweeps (maximum_sweep_points = 1)" in refusal
    assert IVSweep().plan(station.without_scope()).refusals == (refusal,)
    station.meter.capabilities = dataclasses.replace(few, maximum_sweep_points=2)
    assert IVSweep().plan(station).refusals == ()
